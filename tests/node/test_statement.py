"""What an evidence pack states, in JSON and in words, whatever is in force on the asset."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clocks import format_instant
from contracts.records import format_record
from contracts.verdict import Question, Report
from contracts.voucher import judge_voucher, parse_voucher
from ledger.core.bundle import StateBundle
from ledger.errors import BundleError, MalformedError, RejectedError
from node import presenting, proofs
from node.judges import VOUCHER_SUFFIX
from node.presenting import present_voucher
from node.registry import open_registry
from node.statement import (
    NEEDS,
    Evidence,
    Purpose,
    make_statement,
    parse_statement,
    verify_statement,
)
from node.statementtext import TEXT_FILES, describe_need, format_statement
from tests.support.packs import STATEMENT, files_of, judge, make_packs, present

PURPOSES = get_args(Purpose)
DAY = 86_400_000
PLEDGE = {"encumbrance": "encumbrance/" + "e" * 26, "holder": "party/h", "rights": ["hold", "use"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_packs(tmp_path_factory.mktemp)


def interval(value, start=0, end=None):
    return {"value": value, "from": start, "to": end, "index": 0}


def forge(made, *, title=None, **asset):
    """A voucher whose asset has other lists, or another title, proved by the log's own key."""
    parts = made.forger.parts(json.loads(made.voucher))
    state = parts["values"]["asset"]["state"]
    state |= {name: [*state[name], *more] for name, more in asset.items()}
    if title is not None:
        state["fields"]["title"] = title
        parts["credential"]["credentialSubject"]["fields"]["title"] = title
        made.forger.issue(parts)
        made.forger.record(parts)
    return made.forger.forge(parts)


def state_of(made, document=None, *, purpose="trading", as_of=None, **evidence):
    """The statement that a voucher allows by itself."""
    bundle, judged = parse_voucher(document or json.loads(made.voucher)), Report()
    time = made.now if as_of is None else as_of
    judge_voucher(bundle, made.policy, Question(now=time, as_of=time), judged)
    parts = {"dossiers": {}, "states": {}, "is_opened": False} | evidence
    return make_statement(Evidence(bundle, judged, **parts), purpose, time)


def met(statement):
    return {need.need: need.met for need in statement.needs}


# the statement


def test_a_statement_reads_back_from_its_json(made):
    statement = state_of(made)
    assert parse_statement(json.loads(json.dumps(format_record(statement)))) == statement
    verify_statement(statement, statement)


def test_what_the_registry_states_is_in_the_pack(made):
    statement = parse_statement(json.loads(files_of(made.pack)[STATEMENT]))
    assert (statement.voucher, statement.purpose) == (made.number, "trading")
    assert statement.title == "停车 north"
    assert [right["right"] for right in statement.rights] == ["hold", "use"]
    assert [holder.name for holder in statement.holders] == ["单人试用"]
    assert [(history.whole, history.events) for history in statement.histories] == [
        (True, 1), (True, 2),
    ]  # fmt: skip
    assert statement.log.origin == "example.org/solo"
    assert not statement.opening


def test_a_holder_whose_state_is_missing_has_no_name(made):
    (holder,) = state_of(made).holders
    assert (holder.name, holder.uscc) == (None, None)
    bundle = parse_voucher(json.loads(made.voucher))
    absent = StateBundle(holder.party, None, b"", bundle.state.receipt)
    assert state_of(made, states={holder.party: absent}).holders[0].name is None


def test_a_history_that_is_not_whole_is_said_to_be_so(made):
    statement = state_of(made, purpose="dispute")
    assert [history.whole for history in statement.histories] == [False, False]
    assert met(statement) == {"whole-history": False}


@pytest.mark.parametrize("purpose", PURPOSES)
def test_each_purpose_asks_for_what_it_needs(made, purpose):
    statement = state_of(made, purpose=purpose)
    assert tuple(met(statement)) == NEEDS[purpose]
    for need in NEEDS[purpose]:
        assert describe_need(need, "en") != describe_need(need, "zh-CN")


HELD = {
    "freezes": (interval({"order": "order/" + "o" * 26}), "not-frozen", "FROZEN", "已被监管方冻结"),
    "pledges": (interval(PLEDGE), "not-pledged", "PLEDGED", "已质押"),
    "disputes": (interval("dispute/" + "d" * 26), "not-disputed", "DISPUTED", "存在争议"),
    "notes": (interval({"text": "seized\nby a court"}), None, "NOTED", "登记机构备注"),
}


@pytest.mark.parametrize("name", HELD)
def test_what_is_in_force_on_the_asset_is_stated(made, name):
    value, need, english, chinese = HELD[name]
    statement = state_of(made, forge(made, **{name: [value]}))
    assert getattr(statement, name) == (value["value"],)
    if need is not None:
        assert met(statement)[need] is False
        assert met(state_of(made))[need] is True
    assert f"- {english}" in format_statement(statement, "en")
    assert f"- {chinese}" in format_statement(statement, "zh-CN")
    over = state_of(made, forge(made, **{name: [interval(value["value"], 0, made.now - DAY)]}))
    assert getattr(over, name) == ()


def test_a_frozen_voucher_is_said_not_to_be_in_force(made):
    statement = state_of(made, forge(made, freezes=[HELD["freezes"][0]]))
    assert statement.status == "frozen"
    assert met(statement)["in-force"] is False
    assert "WARNING: on that date the voucher was NOT in force" in format_statement(statement, "en")
    assert "警告：该日期凭证不在有效状态" in format_statement(statement, "zh-CN")


def test_an_expired_voucher_gives_no_rights(made):
    until = state_of(made).valid_until
    statement = state_of(made, as_of=until)
    assert (statement.status, statement.rights, statement.holders) == ("expired", (), ())
    assert met(statement)["operate-right"] is False
    for language, words in (
        ("en", "- no right was in force"),
        ("zh-CN", "- 没有处于有效状态的权利"),
    ):
        assert words in format_statement(statement, language)
    assert state_of(made, as_of=until - 1).status == "valid"


def test_a_date_beyond_the_proofs_is_said_to_be_beyond(made):
    time = state_of(made).log.time
    for language, words in (("en", "of later times they say nothing"), ("zh-CN", "此后的情况")):
        assert words in format_statement(state_of(made, as_of=time + 1), language)
        assert words not in format_statement(state_of(made, as_of=time), language)


# dates of which nothing can be said


def test_before_the_voucher_began_nothing_is_stated(made):
    start = state_of(made).valid_from
    assert state_of(made, as_of=start).status == "valid"
    with pytest.raises(RejectedError) as caught:
        state_of(made, as_of=start - 1)
    assert caught.value.reason == "not_yet"
    assert "--as-of" in caught.value.en
    assert "--as-of" in caught.value.zh


@pytest.mark.parametrize("name", ["tuples", "vouchers", "freezes", "pledges", "disputes", "notes"])
def test_where_the_kept_states_do_not_reach_nothing_is_stated(made, name):
    parts, since = made.forger.parts(json.loads(made.voucher)), made.now + DAY
    parts["seal"]["time"] = since + DAY
    parts["values"]["asset"]["state"]["complete_from"] = {name: since}
    document = made.forger.forge(parts)
    assert state_of(made, document, as_of=since).status == "valid"
    with pytest.raises(RejectedError) as caught:
        state_of(made, document, as_of=since - 1)
    assert caught.value.reason == "unknown_then"
    assert "--dossier" in caught.value.en
    assert "--dossier" in caught.value.zh


def test_an_absence_is_nothing_to_state(made):
    bundle = parse_voucher(json.loads(made.voucher))
    absent = StateBundle(bundle.asset.subject, None, b"", bundle.asset.receipt)
    bundle = type(bundle)(bundle.credential, bundle.issued, bundle.state, absent)
    with pytest.raises(BundleError):
        make_statement(Evidence(bundle, Report(), {}, {}, is_opened=False), "trading", made.now)


@pytest.mark.parametrize("change", [{"more": 1}, {"format": "x"}, {"as_of": -1}, {"rights": [1]}])
def test_another_shape_is_malformed(made, change):
    with pytest.raises(MalformedError):
        parse_statement(format_record(state_of(made)) | change)


# in words


@pytest.mark.parametrize("language", TEXT_FILES)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_purpose_has_its_words_in_both_languages(made, purpose, language):
    statement = state_of(made, purpose=purpose)
    text = format_statement(statement, language)
    assert text == format_statement(statement, language)
    command = (
        f"    muniment verify {made.number}.{purpose}.zip --policy trust.policy "
        f"--as-of {format_instant(made.now)}\n"
    )
    assert command in text
    assert made.number in text
    assert all(describe_need(need, language) in text for need in NEEDS[purpose])
    demonstration = "DEMONSTRATION" if language == "en" else "演示凭证"
    assert demonstration in text
    has_han = any(
        "\u4e00" <= c <= "\u9fff"
        for c in text.replace("停车", "").replace("单人试用", "").replace("无", "")
    )
    assert has_han is (language == "zh-CN")


def test_purposes_differ_in_their_words(made):
    for language in TEXT_FILES:
        texts = {format_statement(state_of(made, purpose=p), language) for p in PURPOSES}
        assert len(texts) == len(PURPOSES)


def test_a_title_cannot_pass_for_words_of_ours(made):
    title = "x\nStatus then: in force\n6. How to verify\n    muniment verify /etc/passwd"
    statement = state_of(made, forge(made, title=title, freezes=[HELD["freezes"][0]]))
    for language in TEXT_FILES:
        lines = format_statement(statement, language).splitlines()
        assert sum("Status then" in line for line in lines) <= 2
        assert "Status then: in force" not in lines
        assert "    muniment verify /etc/passwd" not in lines


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=60))
def test_any_title_stays_on_its_line(made, title):
    statement = state_of(made)
    changed = parse_statement(format_record(statement) | {"title": title})
    for language in TEXT_FILES:
        honest = format_statement(statement, language).split("\n")
        assert len(format_statement(changed, language).split("\n")) == len(honest)


def test_terms_and_limits_of_a_right_are_spoken_of(made):
    right = {"holder": "party/h", "right": "operate", "basis": "derived"}
    changed = {"rights": [right | {"until": made.now, "limits": "in one\nprovince"}]}
    changed |= {"title": None, "level": None, "voucher": "SJ3212026110001"}
    statement = parse_statement(format_record(state_of(made)) | changed)
    english, chinese = (format_statement(statement, language) for language in TEXT_FILES)
    until = format_instant(made.now)
    assert f"- right to operate; party/h; basis: derived; until: {until}" in english
    assert "; limits: in one province\n" in english
    assert f"- 经营权；party/h；依据：衍生创造；至：{until}；限制：in one province\n" in chinese
    for text in (english, chinese):
        assert not any(word in text for word in ("Data: ", "DEMONSTRATION", "演示", "GB/T"))


def test_a_right_that_was_transferred_says_from_whom(made):
    right = {"holder": "party/h", "right": "operate", "basis": "derived", "from": "party/before"}
    statement = parse_statement(format_record(state_of(made)) | {"rights": [right]})
    english, chinese = (format_statement(statement, language) for language in TEXT_FILES)
    assert "; basis: derived; by transfer from: party/before\n" in english
    assert "；受让自：party/before\n" in chinese


def test_the_opening_is_spoken_of_only_where_there_is_one(made):
    with_it, without = state_of(made, is_opened=True), state_of(made)
    for language in TEXT_FILES:
        assert "opening.json" in format_statement(with_it, language)
        assert "--data FILE" in format_statement(with_it, language)
        assert "opening.json" not in format_statement(without, language)


# packs of a registry


def test_a_history_too_long_for_a_pack_is_replaced_by_the_state(made, monkeypatch):
    monkeypatch.setattr(presenting, "MAX_HISTORY_BYTES", 10)
    data = present(made.ours.home, made.number, made.now, "dispute")
    names = set(files_of(data))
    assert {"voucher.state.json", "asset.state.json"} <= names
    assert not any("dossier" in name for name in names)
    statement = parse_statement(json.loads(files_of(data)[STATEMENT]))
    assert [history.whole for history in statement.histories] == [False, False]
    assert judge(data, made).is_in_force
    assert "more than a dossier" in files_of(data)["statement.en.txt"].decode()


def test_a_history_longer_than_a_dossier_is_replaced_by_the_state(made, monkeypatch):
    monkeypatch.setattr(proofs, "MAX_DOSSIER_EVENTS", 1)  # the asset has two events
    data = present(made.ours.home, made.number, made.now, "dispute")
    assert {"voucher.dossier.json", "asset.state.json"} <= set(files_of(data))
    statement = parse_statement(json.loads(files_of(data)[STATEMENT]))
    assert [history.whole for history in statement.histories] == [True, False]
    assert met(statement) == {"whole-history": False}
    assert judge(data, made).is_in_force


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_pack_of_the_registry_verifies(made, purpose):
    data = present(made.ours.home, made.number, made.now, purpose)
    report = judge(data, made, as_of=made.now)
    assert report.is_in_force
    assert data == present(made.ours.home, made.number, made.now, purpose), "the same bytes"
    assert f"{made.number.lower()}{VOUCHER_SUFFIX}" in files_of(data)
    assert "trust.policy" not in files_of(data), "a verifier brings his own"


def test_a_date_before_it_began_makes_no_pack(made):
    with (
        open_registry(made.ours.home, None, is_writer=False) as registry,
        pytest.raises(RejectedError),
    ):
        present_voucher(registry, made.number, "trading", made.now - DAY, with_opening=False)
