"""Writes tests/vectors, or with `--check` compares; run by `scripts/vectors`."""

import sys

from tests.support.generated import ROOT, render_json, run
from tests.support.golden import (
    answers,
    buckets,
    bundles,
    companions,
    events,
    exports,
    forks,
    forms,
    policies,
    replies,
    trees,
)
from tests.support.golden.cases import settle
from tests.support.golden.product import ANSWERS

FOLDER = ROOT / "tests" / "vectors"
MAX_BYTES = 300_000
FILES = {
    "answers": (replies.cases, replies.shared),
    "bucket": (buckets.cases, buckets.shared),
    "bundles": (bundles.cases, bundles.shared),
    "canonical": (forms.canonical, dict),
    "checks": (answers.checks, answers.lasting_shared),
    "checkpoints": (policies.checkpoints, dict),
    "commitments": (forms.commitments, dict),
    "copies": (companions.copies, companions.copies_shared),
    "drafts": (companions.drafts, dict),
    "endings": (answers.ended_checks, answers.ended_shared),
    "events": (events.events, dict),
    "exports": (exports.cases, exports.shared),
    "fork": (forks.cases, forks.shared),
    "histories": (trees.histories, dict),
    "keys": (forms.keys, dict),
    "leaves": (events.leaves, dict),
    "log": (trees.log, trees.log_shared),
    "market": (trees.market_log, trees.market_shared),
    "maps": (trees.maps, trees.maps_shared),
    "packs": (companions.packs, dict),
    "policies": (policies.policies, dict),
    "queries": (answers.queries, answers.queries_shared),
    "subjects": (forms.subjects, dict),
    "text": (forms.text, dict),
    "tiles": (trees.tiles, dict),
}


def make_file(name):
    """Text of a vector file."""
    asked, share = FILES[name]
    shared = share()
    cases = [settle(case, ANSWERS, shared) for case in asked()]
    text = render_json({**shared, "cases": cases})
    assert len(text) < MAX_BYTES, f"{name} has {len(text)} bytes"
    return text


def make_files():
    """Text of every file, by path."""
    return {FOLDER / f"{name}.json": make_file(name) for name in FILES}


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], make_files(), [(FOLDER, ".json")]))
