"""Sets of proofs: read strictly, verified whole, and silent about what they do not prove."""

import json
from dataclasses import replace

import pytest

from contracts.chain import Grant
from contracts.evidence import (
    MAX_PROOFS,
    ProofSet,
    ProvedFacts,
    format_proof_set,
    note_date,
    open_proofs,
    parse_proof_set,
    verify_proofs,
)
from contracts.identity import Party
from contracts.title import Asset
from contracts.verdict import (
    FRESHNESS,
    KEY_OWNER,
    LATER_DATE,
    REEXECUTED,
    RULES_FOLLOWED,
    SPLIT_VIEW,
    Question,
    Report,
)
from ledger.core.state import State
from ledger.errors import (
    BundleError,
    InclusionError,
    LimitError,
    MalformedError,
    MapProofError,
    QuorumError,
    SignatureError,
    VerificationError,
)
from tests.support.forgery import AUDITED, AUDITOR, POLICY, QUORUM, WITNESSES
from tests.support.grants import issue, onward, permit, registered
from tests.support.log_builder import LOG
from tests.support.note_signers import log_signer, note_bytes
from tests.support.world import World

NOWHERE = "grant/" + "a" * 26


class Scene:
    """ann has an asset and licenses ben, who licenses cy."""

    def __init__(self):
        self.world = world = World()
        self.ann, self.ben, self.cy = (world.enroll(name) for name in ("ann", "ben", "cy"))
        self.asset = registered(world, self.ann)
        self.top = issue(world, self.asset, self.ann, self.ben, permit("use"), onward())
        self.before = world.log.state(self.top)
        self.below = issue(world, self.asset, self.ben, self.cy, parent=self.top)
        self.log = world.log

    def proofs(self, note=None):
        states = (self.top, self.below, self.asset.asset, NOWHERE)
        return ProofSet(
            tuple(self.log.state(key, note) for key in states),
            (self.log.dossier(self.cy.party, note=note),),
        )

    def note(self, *signers):
        text, seconds = self.log.checkpoint_text(), self.world.time // 1000
        return note_bytes(text, LOG.sign(text), *(one.sign(text, seconds) for one in signers))


@pytest.fixture(scope="module")
def scene():
    return Scene()


@pytest.fixture(scope="module")
def proofs(scene):
    return scene.proofs()


@pytest.fixture(scope="module")
def plain(proofs):
    return format_proof_set(proofs)


def read(plain):
    return parse_proof_set(plain["states"], plain["dossiers"])


def opened(proofs, policy=POLICY, **question):
    report = Report()
    open_proofs(proofs, policy, Question(**({"now": 0} | question)), report)
    return report


# Reading


def test_a_set_survives_a_file(proofs, plain):
    again = json.loads(json.dumps(plain))
    assert read(again) == proofs
    assert format_proof_set(read(again)) == plain


def test_a_set_is_two_arrays_with_something_in_them(plain):
    for states, dossiers in (({}, []), ([], {}), (None, []), ("", [])):
        with pytest.raises(MalformedError, match="arrays"):
            parse_proof_set(states, dossiers)
    with pytest.raises(LimitError, match="1 to 1000"):
        parse_proof_set([], [])


def test_a_set_has_a_thousand_proofs_at_most_and_counts_before_it_reads():
    with pytest.raises(LimitError, match="1 to 1000"):
        parse_proof_set([None] * MAX_PROOFS, [None])
    with pytest.raises(MalformedError):
        parse_proof_set([None] * MAX_PROOFS, [])


def test_a_subject_is_proved_once(scene, plain):
    for states, dossiers in (
        ([plain["states"][0]] * 2, []),
        ([], plain["dossiers"] * 2),
        ([plain["dossiers"][0]["state"]], plain["dossiers"]),
    ):
        with pytest.raises(MalformedError, match="once"):
            parse_proof_set(states, dossiers)


def test_a_page_is_no_whole_history(scene):
    page = scene.log.dossier(scene.asset.asset, start=2)
    shown = format_proof_set(ProofSet((), (page,)))
    with pytest.raises(MalformedError, match="first event"):
        read(shown)
    nothing_left_out = scene.log.dossier(scene.asset.asset, start=0)
    with pytest.raises(MalformedError, match="first event"):
        read(format_proof_set(ProofSet((), (nothing_left_out,))))


def test_what_is_not_a_proof_is_malformed(plain):
    for states, dossiers in (
        ([{}], []),
        ([], [{}]),
        (plain["dossiers"], []),
        ([], plain["states"]),
    ):
        with pytest.raises(MalformedError):
            parse_proof_set(states, dossiers)


# Verifying


def test_an_honest_set_is_opened_and_says_what_was_not_checked(proofs):
    report = opened(proofs)
    (check,) = report.checks
    assert (check.name, check.is_ok) == ("proofs", True)
    assert check.detail == "4 states and 1 whole histories"
    assert set(report.not_checked) == {
        KEY_OWNER, SPLIT_VIEW, REEXECUTED, RULES_FOLLOWED, FRESHNESS,
    }  # fmt: skip
    assert report.seal == proofs.bundles[0].seal
    assert report.as_of == report.seal.time


def test_cosigned_and_audited_sets_say_so(scene):
    report = opened(scene.proofs(scene.note(*WITNESSES[:2])), QUORUM)
    assert [check.name for check in report.checks] == ["quorum", "proofs"]
    assert SPLIT_VIEW not in report.not_checked
    report = opened(scene.proofs(scene.note(AUDITOR)), AUDITED)
    assert REEXECUTED not in report.not_checked


def test_too_few_cosignatures_are_not_enough(scene):
    with pytest.raises(QuorumError):
        opened(scene.proofs(scene.note(WITNESSES[0])), QUORUM)


def test_a_set_that_is_too_old_is_refused(proofs):
    time = proofs.bundles[0].seal.time
    assert FRESHNESS not in opened(proofs, now=time + 5000, max_age_ms=5000).not_checked
    with pytest.raises(QuorumError, match="old"):
        opened(proofs, now=time + 5001, max_age_ms=5000)


def with_state(proofs, place, **changes):
    states = list(proofs.states)
    states[place] = replace(states[place], **changes)
    return replace(proofs, states=tuple(states))


def with_value(proofs, place, **changes):
    value = proofs.states[place].value
    return with_state(proofs, place, value=replace(value, **changes))


def with_body(proofs, place, **changes):
    state = proofs.states[place].value.state
    return with_value(proofs, place, state=State(state.type, {**state.body, **changes}))


def with_events(proofs, events):
    (dossier,) = proofs.dossiers
    return replace(proofs, dossiers=(replace(dossier, events=tuple(events)),))


def events_of(proofs):
    return proofs.dossiers[0].events


FORGERIES = {
    "another grantee": lambda s, p: with_body(p, 0, grantee=s.cy.party),
    "a longer term": lambda s, p: with_body(p, 1, policy={}),
    "another type": lambda s, p: with_value(p, 0, state=State("grant/2", p.states[0].value.state.body)),
    "an event fewer": lambda s, p: with_value(p, 0, n=p.states[0].value.n - 1),
    "another last event": lambda s, p: with_value(p, 0, last=p.states[0].value.last - 1),
    "another time": lambda s, p: with_value(p, 0, time=p.states[0].value.time - 1),
    "a state that is there said to be absent": lambda s, p: with_state(p, 0, value=None),
    "an absent state said to be there": lambda s, p: with_state(p, 3, value=p.states[0].value),
    "another subject's state": lambda s, p: with_state(p, 0, subject=s.below),
    "another proof": lambda s, p: with_state(p, 0, map_proof=p.states[1].map_proof),
    "an older state": lambda s, p: replace(p, states=(s.before, *p.states[1:])),
    "an event left out": lambda s, p: with_events(p, events_of(p)[:-1]),
    "the first event left out": lambda s, p: with_events(p, events_of(p)[1:]),
    "an event twice": lambda s, p: with_events(p, [*events_of(p), events_of(p)[-1]]),
    "events in another order": lambda s, p: with_events(p, events_of(p)[::-1]),
    "an event of somebody else": lambda s, p: with_events(
        p, [s.log.dossier(s.ben.party).events[0], *events_of(p)[1:]]
    ),
    "an event at another index": lambda s, p: with_events(
        p, [replace(events_of(p)[0], index=events_of(p)[0].index - 1), *events_of(p)[1:]]
    ),
    "a history without its events": lambda s, p: with_events(p, []),
}  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_set_is_refused(scene, proofs, forge):
    forged = forge(scene, proofs)
    report = Report()
    with pytest.raises(VerificationError):
        open_proofs(forged, POLICY, Question(now=0), report)
    with pytest.raises(VerificationError):
        verify_proofs(forged, scene.log.opened())


def test_the_class_of_the_error_says_what_does_not_hold(scene, proofs):
    for name, error in (
        ("another grantee", MapProofError),
        ("an older state", BundleError),
        ("an event left out", BundleError),
        ("an event at another index", InclusionError),
    ):
        with pytest.raises(error):
            opened(FORGERIES[name](scene, proofs))


def test_a_checkpoint_of_another_log_is_not_believed(scene):
    other = log_signer("example.org/other")
    text = scene.log.checkpoint_text()
    note = note_bytes(text, other.sign(text))
    with pytest.raises(SignatureError):
        opened(scene.proofs(note))


def test_proofs_under_two_checkpoints_are_no_set(scene, proofs):
    mixed = with_state(proofs, 0, **{
        name: getattr(scene.log.state(scene.top, scene.note(WITNESSES[0])), name)
        for name in ("receipt", "map_proof")
    })  # fmt: skip
    with pytest.raises(BundleError, match="byte-equal"):
        opened(mixed)


def test_the_failing_check_is_in_the_report(scene, proofs):
    report = Report()
    with pytest.raises(VerificationError):
        open_proofs(FORGERIES["another grantee"](scene, proofs), POLICY, Question(now=0), report)
    assert [(check.name, check.is_ok) for check in report.checks] == [("proofs", False)]
    assert report.is_authentic is False


# What it proves


def test_what_is_proved_is_found_and_what_is_absent_is_none(scene, proofs):
    facts = ProvedFacts(proofs)
    assert facts.find(Grant, scene.top).grantee == scene.ben.party
    assert facts.find(Party, scene.cy.party).status
    assert facts.find(Grant, NOWHERE) is None
    assert facts.has_history(scene.cy.party)
    assert not facts.has_history(scene.top)
    entries = facts.read_events(scene.cy.party)
    assert [entry.signed.event.kind for entry in entries] == ["party.enroll", "grant.issue"]


def test_what_is_not_proved_is_not_guessed(scene, proofs):
    facts = ProvedFacts(proofs)
    with pytest.raises(BundleError, match=f"rests on {scene.ann.party}"):
        facts.find(Party, scene.ann.party)
    for key in (scene.ann.party, scene.top):
        with pytest.raises(BundleError, match=f"whole history of {key}"):
            facts.read_events(key)


def test_a_state_of_another_type_is_not_taken_for_it(scene, proofs):
    with pytest.raises(MalformedError, match="asset/1"):
        ProvedFacts(proofs).find(Grant, scene.asset.asset)
    assert ProvedFacts(proofs).find(Asset, scene.asset.asset)


def test_an_absent_party_has_no_events(scene):
    dossier = scene.log.dossier("party/" + "a" * 26)
    facts = ProvedFacts(read(format_proof_set(ProofSet((), (dossier,)))))
    assert facts.read_events("party/" + "a" * 26) == []
    assert facts.has_history("party/" + "a" * 26)
    assert opened(ProofSet((), (dossier,))).checks[0].is_ok


# Dates


def test_a_date_behind_the_proofs_is_named_as_not_checked(scene, proofs):
    time = proofs.bundles[0].seal.time
    for date, is_later in ((time - 1, False), (time, False), (time + 1, True)):
        report = opened(proofs)
        note_date(proofs, date, report)
        assert (LATER_DATE in report.not_checked) is is_later


def test_a_cosignature_carries_the_proofs_up_to_its_own_time(scene):
    cosigned = scene.proofs(scene.note(*WITNESSES[:2]))
    as_of = scene.world.time // 1000 * 1000
    assert as_of > cosigned.bundles[0].seal.time
    for date, is_later in ((as_of, False), (as_of + 1, True)):
        report = opened(cosigned, QUORUM)
        note_date(cosigned, date, report)
        assert (LATER_DATE in report.not_checked) is is_later
