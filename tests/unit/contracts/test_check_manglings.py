"""Check bundles with anything changed, left out, or put in the place of something else."""

import json
from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from msgspec.structs import replace as change

from contracts.check import (
    CHECK,
    CheckBundle,
    find_grants,
    format_check,
    parse_check,
    verify_verdict,
)
from contracts.evidence import ProvedFacts
from contracts.permission import judge_act
from contracts.records import format_record
from ledger.errors import (
    BundleError,
    LedgerError,
    MalformedError,
    RejectedError,
    VerificationError,
)
from tests.support.checks import Story, files, judged, judged_file
from tests.support.grants import (
    LogFacts,
)
from tests.support.log_builder import LOG
from tests.support.manglings import edited, overwritten, without
from tests.support.note_signers import log_signer, note_bytes


@pytest.fixture(scope="module")
def story():
    return Story()


@pytest.fixture(scope="module")
def bundles(story):
    return files(story)


# What does not


def answer(**changes):
    return lambda value: edited(value, "answer", value=lambda old: {**old, **changes})


def asked(**changes):
    return lambda value: edited(value, "inquiry", value=lambda old: {**old, **changes})


def clause(**changes):
    return lambda value: edited(value, "answer", "clause", value=lambda old: {**old, **changes})


VERDICTS = ("permitted", "prohibited", "not covered")


def other_verdict(step):
    """The verdict that comes so many places after the one shown."""

    def mangle(value):
        place = VERDICTS.index(value["answer"]["verdict"]) + step
        return answer(verdict=VERDICTS[place % 3])(value)

    return mangle


ANSWERS = {
    "another verdict": other_verdict(1),
    "the third verdict": other_verdict(2),
    "another code": clause(code="x"),
    "another subject": clause(subject="asset/" + "a" * 26),
    "another path": clause(path="permission/9"),
    "other words": clause(en="fine"),
    "other Chinese words": clause(zh="可"),
    "no first hop": lambda value: edited(
        value, "answer", "chain", value=lambda old: old[1:] or [LINK]
    ),
    "no last hop": lambda value: edited(
        value, "answer", "chain", value=lambda old: old[:-1] or [LINK]
    ),
    "another duty": answer(duties=[{"action": "delete"}]),
    "an open fact": answer(unknown=["industry"]),
    "a count": answer(count={"limit": 1, "used": 0, "remaining": 1}),
}
LINK = {
    "subject": "asset/" + "a" * 26, "kind": "right", "giver": None, "taker": "party/" + "a" * 26,
    "index": 1, "clause": "use",
}  # fmt: skip


@pytest.mark.parametrize("name", ["own right", "chain", "prohibited", "not covered", "nothing"])
@pytest.mark.parametrize("mangle", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_does_not_follow_is_refused(bundles, name, mangle):
    mangled = mangle(bundles[name])
    assert mangled != bundles[name]
    with pytest.raises(VerificationError):
        judged_file(mangled)


OTHERS = {
    "another party": asked(party="party/" + "a" * 26),
    "another asset": asked(asset="asset/" + "a" * 26),
    "a time before all this": asked(at=1),
    "an act of the hierarchy": asked(action="transfer"),
}


@pytest.mark.parametrize("mangle", OTHERS.values(), ids=OTHERS)
def test_proofs_of_one_question_do_not_answer_another(bundles, mangle):
    with pytest.raises(VerificationError):
        judged_file(mangle(bundles["chain"]))


@pytest.mark.parametrize("name", ["chain", "own right"])
def test_the_facts_stated_are_part_of_the_question(bundles, name):
    assert bundles["chain"]["inquiry"]["facts"] == {"purpose": "research"}
    with pytest.raises(VerificationError):
        judged_file(asked(facts={})(bundles["chain"]))
    with pytest.raises(RejectedError):
        judged_file(asked(facts={"mood": "good"})(bundles[name]))
    with pytest.raises(RejectedError):
        judged_file(asked(action="play")(bundles[name]))


def left_out(part, place):
    return lambda value: edited(
        value, part, value=lambda old: [one for n, one in enumerate(old) if n != place]
    )


@pytest.mark.parametrize(
    ("name", "part", "count"),
    [
        ("own right", "states", 2),
        ("chain", "states", 4),
        ("prohibited", "states", 6),
        ("not covered", "states", 4),
        ("not covered", "dossiers", 1),
        ("nothing", "states", 1),
        ("nothing", "dossiers", 1),
    ],
)
def test_whatever_is_left_out_is_missed(bundles, name, part, count):
    assert len(bundles[name][part]) == count
    for place in range(count):
        with pytest.raises(LedgerError):
            judged_file(left_out(part, place)(bundles[name]))


def test_a_history_is_not_replaced_by_a_state(bundles):
    value = bundles["not covered"]
    moved = value | {"states": [*value["states"], value["dossiers"][0]["state"]], "dossiers": []}
    with pytest.raises(BundleError, match="whole history"):
        judged_file(moved)


def test_a_grant_left_out_of_the_history_is_caught(story):
    """ben may index; whoever says that he may not has to hide the grant, and cannot."""
    honest = story.prove(story.ben, "index")
    assert honest.answer.verdict == "permitted"
    bundle = story.prove(story.ben, "derive")
    (dossier,) = bundle.proofs.dossiers
    asking = change(bundle.inquiry, action="index")
    nothing = story.prove(story.dan, "index").answer
    words = json.loads(json.dumps(format_record(nothing)).replace(story.dan.party, story.ben.party))
    for drop in range(len(dossier.events)):
        events = tuple(e for n, e in enumerate(dossier.events) if n != drop)
        shorter = replace(bundle.proofs, dossiers=(replace(dossier, events=events),))
        value = format_check(CheckBundle(asking, bundle.answer, shorter)) | {"answer": words}
        with pytest.raises(VerificationError):
            judged_file(value)
    whole = format_check(CheckBundle(asking, bundle.answer, bundle.proofs)) | {"answer": words}
    with pytest.raises(BundleError, match="make the act permitted"):
        judged_file(whole)


def test_states_of_an_older_checkpoint_are_not_mixed_in(story, bundles):
    older = format_check(story.old)["states"]
    value = bundles["chain"]
    for place, state in enumerate(value["states"]):
        for old in older:
            if old["subject"] == state["subject"]:
                with pytest.raises(BundleError, match="byte-equal"):
                    judged_file(edited(value, "states", place, value=old))


def test_another_log_is_not_believed(story):
    text = story.world.log.checkpoint_text()
    other = log_signer("example.org/other")
    note = note_bytes(text, other.sign(text))
    with pytest.raises(VerificationError):
        judged(story.prove(story.ann, "read", note=note))
    judged(story.prove(story.ann, "read", note=note_bytes(text, LOG.sign(text))))


MALFORMED = {
    "no format": lambda value: without(value, "format"),
    "another format": lambda value: value | {"format": "muniment/query/v1"},
    "no inquiry": lambda value: without(value, "inquiry"),
    "no answer": lambda value: without(value, "answer"),
    "no proofs": lambda value: without(value, "states"),
    "a member more": lambda value: value | {"x": 1},
    "another verdict": answer(verdict="maybe"),
    "an answer member more": answer(x=1),
    "a party of another form": asked(party="ann"),
    "an asset of another form": asked(asset="asset/1"),
    "a negative time": asked(at=-1),
    "a fact of another type": asked(facts={"purpose": 1}),
    "an empty fact": asked(facts={"purpose": ""}),
    "an empty action": asked(action=""),
    "a clause in one language": lambda value: edited(
        value, "answer", "clause", value=lambda old: without(old, "zh")
    ),
}


@pytest.mark.parametrize("mangle", MALFORMED.values(), ids=MALFORMED)
def test_a_check_of_another_form_is_malformed(bundles, mangle):
    parse_check(bundles["chain"])
    with pytest.raises(MalformedError):
        parse_check(mangle(bundles["chain"]))


@pytest.mark.parametrize("value", [None, [], "x", {}, {"format": CHECK}])
def test_what_is_no_check_is_malformed(value):
    with pytest.raises(MalformedError):
        parse_check(value)


def test_a_check_survives_a_file(bundles):
    for value in bundles.values():
        assert json.loads(json.dumps(format_check(parse_check(value)))) == value


def test_no_change_anywhere_makes_a_bundle_say_what_is_not_so(story, bundles):
    """Whatever is put wherever: refused, or the verdict is the one that the ledger gives."""
    known = LogFacts(story.world.log)

    @settings(max_examples=150)
    @given(overwritten(list(bundles.values())))
    def check(pair):
        before, after = pair
        try:
            judged_file(after)
        except LedgerError:
            event("refused")
            return
        event("same" if before == after else "another question")
        bundle = parse_check(after)
        grants = find_grants(known, bundle.inquiry)
        assert bundle.answer.verdict == judge_act(known, bundle.inquiry, grants).verdict

    check()


# States that an operator signed although no rule makes them


def bent(proofs, subject, name, value):
    """Facts in which one member of one proved state is another."""
    states = []
    for one in proofs.states:
        if one.subject == subject:
            body = {**one.value.state.body, name: value}
            state = replace(one.value.state, body=body)
            one = replace(one, value=replace(one.value, state=state))
        states.append(one)
    return ProvedFacts(replace(proofs, states=tuple(states)))


def held(value):
    return [{"value": value, "from": 0, "to": None, "index": 1}]


SHAPES = {
    "a tuple of nobody": ("asset", "tuples", held({})),
    "a tuple that is text": ("asset", "tuples", held("ann")),
    "a voucher without an end": ("asset", "vouchers", held({"number": "N"})),
    "a grant without a status": ("grant", "status", []),
    "a grant without a status that is another thing": ("grant", "status", "live"),
    "a policy that is none": ("grant", "policy", {}),
    "a clause that is not there": ("below", "via", "permission/9"),
}


@pytest.mark.parametrize(("whose", "name", "value"), SHAPES.values(), ids=SHAPES)
def test_a_state_of_no_shape_that_the_rules_make_is_an_error_of_ours(story, whose, name, value):
    bundle = story.prove(story.cy, "sell")
    proofs = bundle.proofs
    subject = {"asset": story.asset.asset, "grant": story.top, "below": story.below}[whose]
    with pytest.raises(LedgerError):
        verify_verdict(bundle, bent(proofs, subject, name, value))
    verify_verdict(bundle, ProvedFacts(proofs))
