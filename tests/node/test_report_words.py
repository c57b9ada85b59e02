"""Words of reports and ways of scoring have versions, which stand in each finding."""

from hashlib import sha256
from math import log10

import numpy as np

from node.render.tracereport import render_report
from node.tracing.bounds import encode_chance
from node.tracing.finding import METHOD, REPORT_FILES, WORDS
from tests.support.findings import list_findings
from tests.support.scoring import draw_code, draw_withheld, judge_suspect, mix_at_random

WORDED = {1: "e8a7a5e7d66ae00f64d7543d563b5dae0670944194bd937860c5aae3c0c48ccc"}
"""By version of the words: SHA-256 over all reports of all sample findings."""


def test_whoever_changes_a_byte_of_a_report_counts_the_version_of_the_words_up():
    """A case holds its reports, and they are written again and compared when it is verified.

    Cases that were made earlier with this version would be refused. So: raise WORDS in
    node/tracing/finding.py, and add a line here.
    """
    reports = [render_report(each, lang) for each in list_findings() for lang in REPORT_FILES]
    assert {WORDS: sha256("\0".join(reports).encode()).hexdigest()} == {WORDS: WORDED[WORDS]}


SCORED = {
    "score/1": (
        (-10_714, "one/40/40", 1),
        (-7_094, "random/3", 1),
        (-4_925, "coin/3", 1),
        (-351, "coin/5", 2),
    ),
}
"""By version of the method: chance, pattern and round of the likeliest four, for a seeded suspect."""


def test_whoever_changes_a_score_counts_the_version_of_the_method_up():
    """An examiner works stated scores out again, and another method would call them wrong.

    So: raise METHOD in node/tracing/finding.py, and add a line here. One thousandth is rounding.
    """
    rng = np.random.default_rng(17)
    biases, code = draw_code(rng, 20, 400)
    withheld = draw_withheld(rng, 20, 300)
    present = ~withheld[:3].all(axis=0)
    seen = mix_at_random(rng, code[:3])
    scores = judge_suspect(biases, code, seen, withheld[:, present], bound=1e-3)
    found = sorted(
        (encode_chance(one.log_p * log10(np.e)), one.hypothesis.code, one.round)
        for one in scores.deliveries
    )[: len(SCORED[METHOD])]
    for (chance, *rest), (stated, *wanted) in zip(found, SCORED[METHOD], strict=True):
        assert rest == wanted
        assert abs(chance - stated) <= 1
