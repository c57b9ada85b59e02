"""Cases of traced files: what verifies, and that nothing in one can be changed unnoticed."""

import json
from hashlib import sha256
from itertools import combinations

import pytest

from contracts.verdict import ASKED_DATE
from ledger.errors import BundleError, MalformedError, RejectedError, VerificationError
from node.pack import PACK
from node.suspects import Suspect
from node.tracing.casefile import MAX_CASE_BYTES
from node.tracing.casejudge import CUSTODY, LEFT_OUT, REPORTS, SCORES, SHARES, UNSCORED
from node.tracing.finding import REPORT_FILES, WORDS, Custody, parse_finding
from tests.cli.conftest import market as market
from tests.support.desk import FIRST, SECOND, THIRD
from tests.support.leaks import (
    FINDING,
    SURE,
    SUSPECT,
    WEAK,
    edited,
    files_of,
    judge,
    make,
    make_case,
    open_leak,
    rebuilt,
)
from tracing.fingerprint import Fingerprint

CHANCES = {FIRST: SURE, THIRD: WEAK, SECOND: SURE}
DAY = 86_400_000


@pytest.fixture(scope="module")
def leak(market, tmp_path_factory):
    with open_leak(market, tmp_path_factory.mktemp("leak") / "home") as leak:
        yield leak


@pytest.fixture(scope="module")
def case(leak):
    """乙公司 and 丙公司 score: 丙公司's copy is named, and 乙公司's cleared."""
    return make_case(leak, CHANCES)


def finding_of(data):
    return parse_finding(json.loads(files_of(data)[FINDING]))


def suspect(content):
    fingerprint = Fingerprint(sha256(content).hexdigest(), len(content))
    return Suspect(fingerprint, lambda _key, _names: [])


# what verifies


def test_a_case_verifies_with_the_policy_alone(case, leak):
    report = judge(case, leak)
    assert (report.kind, report.subject) == ("case", leak.asset)
    assert report.is_in_force
    assert report.failure is None
    names = [check.name for check in report.checks]
    for name in (
        "manifest",
        "parts",
        "one checkpoint",
        "asset",
        "deliveries",
        "naming",
        "named",
        "legality",
        "dates",
        "names",
        "reports",
    ):
        assert name in names
    assert {SCORES, SHARES, CUSTODY} <= set(report.not_checked)
    assert LEFT_OUT not in report.not_checked
    assert ("named", leak.sent[SECOND]) in report.shown


def test_an_onward_delivery_is_named_and_the_one_above_it_cleared(case, leak):
    finding = finding_of(case)
    (named,) = finding.named
    assert named.delivery == leak.sent[SECOND]
    assert finding.attribution.cleared == (leak.sent[FIRST],)
    assert (named.onward, named.unscored) == ((), ())
    assert named.verdict == "not covered"
    english, chinese = (files_of(case)[path].decode() for path in REPORT_FILES.values())
    assert "Cleared: the copy that 甲公司 delivered to 乙公司" in english
    assert "已排除" in chinese
    assert "Cleared means that an onward delivery explains the marks, not that" in english
    assert "接收方由其选定" in chinese
    assert named.clause.en in english.replace("&amp;", "&")


def test_without_the_escrowed_key_it_is_the_delivery_or_its_onward_ones_and_no_person(leak):
    data = make_case(leak, {FIRST: SURE, THIRD: WEAK})
    (named,) = finding_of(data).named
    assert named.delivery == leak.sent[FIRST]
    assert named.unscored == named.onward == (leak.sent[SECOND],)
    english = files_of(data)["report.en.html"].decode()
    assert "or from an onward delivery below it whose marking key was not at hand" in english
    assert judge(data, leak).is_in_force


def test_two_who_put_their_copies_together_are_both_named(leak):
    data = make_case(leak, {FIRST: SURE, THIRD: SURE})
    assert {each.delivery for each in finding_of(data).named} == {
        leak.sent[FIRST],
        leak.sent[THIRD],
    }
    assert judge(data, leak).is_in_force


@pytest.mark.parametrize(
    ("chances", "why", "outcome", "told"),
    [({FIRST: WEAK}, "", "none", "too-weak"), ({}, "no-key", "not-scored", "no-key")],
)
def test_that_nobody_can_be_named_is_a_case_too(leak, chances, why, outcome, told):
    data = make_case(leak, chances, why=why)
    attribution = finding_of(data).attribution
    assert (attribution.outcome, attribution.why) == (outcome, told)
    assert judge(data, leak).is_in_force
    assert "No delivery can be named" in files_of(data)["report.en.html"].decode()


def test_what_p_is_and_is_not_and_that_a_seller_could_leak_stands_in_both_reports(case):
    english, chinese = (files_of(case)[path].decode() for path in REPORT_FILES.values())
    assert "NOT the chance that anybody is innocent" in english
    assert "could have leaked it himself" in english
    assert "并非任何人无辜的概率" in chinese
    assert "取证过程未说明" in english
    assert "取证过程未说明" in chinese
    assert "synthetic" in english
    assert "合成数据" in chinese
    assert "<svg" in english


def test_custody_that_is_stated_is_not_called_missing(leak):
    custody = Custody(
        by="王某", at=leak.desk.now, where="https://example.org", how="购买", notary="9"
    )
    data = make_case(leak, CHANCES, custody=custody)
    text = files_of(data)["report.zh-cn.html"].decode()
    assert "取证过程未说明" not in text
    assert "王某" in text
    assert finding_of(data).act.source == "found"
    assert judge(data, leak).is_in_force


def test_the_file_of_the_case_is_told_from_others(case, leak):
    assert judge(case, leak, suspect=suspect(SUSPECT)).is_in_force
    report = judge(case, leak, suspect=suspect(SUSPECT + b" "))
    assert isinstance(report.failure, BundleError)
    assert (report.checks[-1].name, report.checks[-1].is_ok) == ("suspect", False)


def test_a_date_is_not_answered_by_a_case_of_the_past(case, leak):
    assert ASKED_DATE in judge(case, leak, as_of=leak.desk.now).not_checked


def test_an_act_before_its_delivery_is_refused(leak):
    with pytest.raises(RejectedError) as caught:
        make(leak, CHANCES, act_at=leak.desk.now - 30 * DAY)
    assert caught.value.reason == "act_before_delivery"


def test_the_same_finding_gives_the_same_bytes(leak):
    first, second = (make_case(leak, CHANCES, act_at=leak.desk.now) for _ in range(2))
    assert first == second


# what does not


def test_every_file_left_out_is_noticed(case, leak):
    for path in files_of(case):
        files = files_of(case)
        del files[path]
        assert judge(rebuilt(files), leak).failure is not None, path


def test_every_byte_range_changed_is_noticed_by_the_manifest(case, leak):
    step = len(case) // 60
    for place in range(0, len(case), step):
        mangled = bytearray(case)
        mangled[place] ^= 1
        failure = judge(bytes(mangled), leak).failure
        assert failure is not None or files_of(bytes(mangled)) == files_of(case), place


def test_every_file_changed_under_an_honest_manifest_is_noticed(case, leak):
    for path, content in files_of(case).items():
        place = len(content) // 2
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        assert judge(rebuilt(files_of(case) | {path: changed}), leak).failure is not None, path


def test_every_pair_of_files_swapped_is_noticed(case, leak):
    files = files_of(case)
    for left, right in combinations(files, 2):
        swapped = files | {left: files[right], right: files[left]}
        assert judge(rebuilt(swapped), leak).failure is not None, (left, right)


@pytest.mark.parametrize(
    "path",
    [
        "note.txt",
        "more.json",
        "statement.json",
        "named/2/check.json",
        "named/1/note.html",
        "statement.en.txt",
    ],
)
def test_a_file_added_is_noticed(case, leak, path):
    for content in (b"hello", files_of(case)["named/1/check.json"]):
        assert judge(rebuilt(files_of(case) | {path: content}), leak).failure is not None


def test_a_finding_makes_no_evidence_pack(case, leak):
    report = judge(rebuilt(files_of(case), PACK), leak)
    assert isinstance(report.failure, BundleError)


def test_a_report_without_a_finding_is_noticed(case, leak):
    files = files_of(case)
    del files[FINDING]
    assert isinstance(judge(rebuilt(files), leak).failure, BundleError)


def put(path, value):
    """A change of one member of a finding, by its dotted path; a function gets the old value."""

    def change(finding):
        *folders, name = [int(part) if part.isdigit() else part for part in path.split(".")]
        for folder in folders:
            finding = finding[folder]
        finding[name] = value(finding[name]) if callable(value) else value

    return change


def name_instead(finding):
    """Another delivery is named: the chances change places."""
    candidates = finding["attribution"]["candidates"]
    for each in candidates:
        each["chance"] = SURE if each["chance"] == WEAK else WEAK
    finding["named"][0]["delivery"] = candidates[1]["delivery"]
    finding["attribution"]["cleared"] = []


def hide(finding):
    """No delivery is named, though one scored."""
    finding["named"], finding["attribution"]["cleared"] = [], []
    finding["attribution"] |= {"outcome": "none", "why": "too-weak"}


def drop_candidate(finding):
    del finding["attribution"]["candidates"][1]
    finding["attribution"] |= {"scored": 2, "threshold": -6_302}


def name_above(finding):
    """乙公司 is named as well, though 丙公司's copy explains all."""
    attribution = finding["attribution"]
    attribution["cleared"] = []
    first = attribution["candidates"][0]["delivery"]
    finding["named"].insert(0, finding["named"][0] | {"delivery": first})


LIES = {
    "another asset": put("derivation.asset", "asset/" + "a" * 26),
    "no asset": put("derivation.asset", None),
    "another title": put("title", "别的数据"),
    "no title": put("title", None),
    "another voucher": put("voucher", "TEST2026110009"),
    "it is the registered file": put("derivation.steps.0.outcome", "match"),
    "another fingerprint record": put("derivation.record", "1" * 64),
    "another ledger": put("log.origin", "example.org/other"),
    "a longer log": put("log.size", lambda size: size + 1),
    "another time": put("log.time", lambda time: time + 1),
    "another sender": put("attribution.candidates.1.sender", "party/" + "a" * 26),
    "another recipient": put("attribution.candidates.2.recipient", "party/" + "a" * 26),
    "an earlier delivery": put("attribution.candidates.2.time", lambda time: time - 1),
    "another index": put("attribution.candidates.2.index", lambda index: index - 1),
    "not countersigned": put("attribution.candidates.2.received", None),
    "countersigned": put("attribution.candidates.1.received", 1),
    "unmarked": put("attribution.candidates.2.is_marked", False),
    "made by a third party": put("attribution.candidates.2.marked_by", "party/" + "a" * 26),
    "from another copy": put("attribution.candidates.2.source", None),
    "made from a copy that the sender never had": put(
        "attribution.candidates.2.made_from", ["delivery/" + "a" * 26]
    ),
    "made from a copy below it": lambda finding: finding["attribution"]["candidates"][0].update(
        made_from=[finding["attribution"]["candidates"][2]["delivery"]]
    ),
    "scored as made from nothing": put("attribution.candidates.2.made_from", []),
    "a candidate left out": drop_candidate,
    "another named": name_instead,
    "nobody named": hide,
    "one more named": name_above,
    "a kinder threshold": put("attribution.threshold", -1_000),
    "another bound": put("attribution.bound", -2_000),
    "fewer scored": put("attribution.scored", 2),
    "weak after all": put("attribution.candidates.2.chance", WEAK),
    "a score where there was none": put("attribution.candidates.1.chance", SURE),
    "nobody cleared": put("attribution.cleared", []),
    "more rows than the file has": put("attribution.rows", 5_001),
    "rows of what is no table": put("suspect.rows", None),
    "named by nothing": lambda finding: finding["attribution"].update(rows=0, marks=0),
    "compared with another copy": put("attribution.against", "delivery/" + "a" * 26),
    "an outcome beside it": put("attribution.outcome", "none"),
    "a reason beside it": put("attribution.why", "no-key"),
    "onward deliveries": put("named.0.onward", ["delivery/" + "a" * 26]),
    "unscored onward deliveries": put("named.0.unscored", ["delivery/" + "a" * 26]),
    "it was permitted": put("named.0.verdict", "permitted"),
    "it was prohibited": put("named.0.verdict", "prohibited"),
    "another clause": put("named.0.clause.en", "the party held a registered right"),
    "another clause in Chinese": put("named.0.clause.zh", "该主体享有登记权利"),
    "another act": put("act.at", lambda time: time - 1),
    "an act before the delivery": put("act", {"at": 1, "source": "stated"}),
    "an act when it was found": put("act.source", "found"),
    "another name": put("names.0.name", "无关公司"),
    "the name of another": put("names.0.party", "party/" + "a" * 26),
    "the history is not there": put("attribution.is_whole", False),
    "the opening is not there": put("is_opened", False),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_finding_that_its_proofs_contradict_is_not_authentic(case, leak, lie):
    try:
        mangled = edited(case, LIES[lie])
    except LookupError:
        pytest.skip("no report could be written of it")
    report = judge(mangled, leak)
    assert isinstance(report.failure, VerificationError | MalformedError), report.failure


def test_a_bound_beyond_one_in_ten_is_in_no_finding(case):
    document = json.loads(files_of(case)[FINDING])
    document["attribution"]["bound"] = -1_000
    assert parse_finding(document).attribution.bound == -1_000
    document["attribution"]["bound"] = -999
    with pytest.raises(MalformedError, match=r"attribution\.bound"):
        parse_finding(document)


def test_editing_alone_breaks_nothing(case, leak):
    assert judge(edited(case, lambda finding: None), leak).is_in_force


def test_a_report_that_says_more_than_the_finding_is_noticed(case, leak):
    for path in REPORT_FILES.values():
        changed = files_of(case)[path].replace("甲公司".encode(), "无关公司".encode(), 1)
        assert changed != files_of(case)[path]
        report = judge(rebuilt(files_of(case) | {path: changed}), leak)
        assert isinstance(report.failure, BundleError)
        assert report.checks[-1].name == "reports"


def test_reports_of_a_version_that_is_not_known_are_not_compared_and_that_is_said(case, leak):
    later = edited(case, lambda finding: finding.update(words=WORDS + 1))
    for data in (later, rebuilt(files_of(later) | {REPORT_FILES["en"]: b"<p>other words"})):
        report = judge(data, leak)
        assert report.is_in_force
        assert REPORTS in report.not_checked
        assert "reports" not in [check.name for check in report.checks]
    assert REPORTS not in judge(case, leak).not_checked


def test_a_verdict_about_somebody_else_is_noticed(case, leak):
    other = files_of(make_case(leak, {THIRD: SURE}))
    for path in ("named/1/check.json", "named/1/delivery.dossier.json"):
        mangled = rebuilt(files_of(case) | {path: other[path]})
        assert isinstance(judge(mangled, leak).failure, BundleError)


def test_a_case_is_within_its_size(case):
    assert len(case) < MAX_CASE_BYTES / 10


def leaves(value, path=()):
    """Every member of a finding that is no container, by its path."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, each in pairs:
        if isinstance(each, dict | list) and each:
            yield from leaves(each, (*path, name))
        else:
            yield (*path, name)


def test_no_member_of_a_finding_can_be_anything_else_and_none_breaks_the_verifier(case, leak):
    files = files_of(case)
    finding = json.loads(files[FINDING])
    for path in leaves(finding):
        changed = json.loads(json.dumps(finding))
        place = changed
        for part in path[:-1]:
            place = place[part]
        old = place[path[-1]]
        for odd in (None, 2**53 - 1, -1, "x", [], {}):
            # That a copy was made from the original is shown wrong by the score alone.
            if odd == old or (odd is None and "made_from" in path[:-1]):
                continue
            place[path[-1]] = odd
            data = rebuilt(files | {FINDING: json.dumps(changed).encode()})
            failure = judge(data, leak).failure
            assert isinstance(failure, VerificationError | MalformedError), (path, odd)


def test_marked_deliveries_that_were_not_scored_are_counted(leak):
    told = judge(make_case(leak, {THIRD: WEAK}), leak).not_checked
    assert f"{UNSCORED}: 2" in told
    assert not [
        each for each in judge(make_case(leak, CHANCES), leak).not_checked if UNSCORED in each
    ]


def test_a_history_too_long_for_a_case_is_left_out_and_that_is_said(leak, monkeypatch):
    monkeypatch.setattr("node.tracing.casefile.MAX_HISTORY_BYTES", 100)
    data = make_case(leak, CHANCES)
    assert "asset.dossier.json" not in files_of(data)
    report = judge(data, leak)
    assert report.is_in_force
    assert LEFT_OUT in report.not_checked
    assert "deliveries" not in [check.name for check in report.checks]
    assert "none is missing is not proved" in files_of(data)["report.en.html"].decode()
    for lie in ("another named", "nobody named", "another recipient", "an act before the delivery"):
        assert judge(edited(data, LIES[lie]), leak).failure is not None, lie
