"""Honest events, spoiled: what hostile people try against the form, whatever it is about.

Each spoils an event that the rules would accept as it was, so what refuses it is the spoiling.
"""

from dataclasses import replace

from ledger.core.event import create_signed_event
from tests.simulation import honest, licensing
from tests.simulation.crowd import DAY
from tests.simulation.stage import Act
from tests.support.log_builder import toy_key

MINUTE = 60_000
MOST_SIGNATURES = 8
HONEST = {**honest.MOVES, **licensing.MOVES}


def honest_draft(sim):
    """Something that would be accepted now, as nobody has sent it yet."""
    (move,) = sim.random.choices([*HONEST], [*HONEST.values()])
    return move(sim)


def spoil(sim):
    draft = honest_draft(sim)
    if draft is None:
        return None
    name, (change, *reasons) = sim.random.choice([*SPOILINGS.items()])
    draft = replace(draft, name=f"{name}: {draft.kind}", reasons=frozenset(reasons), then=None)
    return change(sim, draft)


def replay(sim):
    """An event of any age once more."""
    if not sim.stage.sent:
        return None
    return Act("replay", sim.random.choice(sim.stage.sent), frozenset({"duplicate"}))


def dated(**bounds):
    """The event's own clock set to so many milliseconds from now."""

    def change(sim, draft):
        members = {name: sim.time + ms for name, ms in bounds.items()}
        return replace(draft, members=draft.members | members)

    return change


def of_another_ledger(sim, draft):
    return replace(draft, members=draft.members | {"log": "elsewhere.org/ledger"})


def with_other_subjects(sim, draft):
    found = event_of(sim, draft).subjects
    more = sim.random.choice([toy_key(sim.fresh("toy")), sim.random.choice([*sim.people])])
    if more in found:
        return None
    less = [key for key in found if key != sim.random.choice(found)]
    subjects = sim.random.choice([[*less, more], less or [more], [*found, more][:16]])
    if sorted(subjects) == sorted(found):
        return None
    return replace(draft, members=draft.members | {"subjects": subjects})


def with_a_stolen_name(sim, draft):
    """Signed by somebody else in the place of one who has to."""
    thief = _thief(sim, draft)
    return thief and replace(draft, keys=(*draft.signing[1:], thief.key))


def with_a_signature_less(sim, draft):
    return replace(draft, keys=draft.signing[1:]) if len(draft.signing) > 1 else None


def with_a_signature_more(sim, draft):
    thief = _thief(sim, draft)
    if thief is None or len(draft.signing) == MOST_SIGNATURES:
        return None
    return replace(draft, keys=(*draft.signing, thief.key))


def changed_after_signing(sim, draft):
    act = sim.sign(draft)
    event = replace(act.signed.event, until=act.signed.event.until - 1)
    return replace(act, signed=create_signed_event(event, act.signed.signatures))


def with_a_member_more(sim, draft):
    return _with_subjects(sim, draft, body=draft.body | {"please": True})


def of_an_unknown_kind(sim, draft):
    return _with_subjects(sim, draft, kind=f"{draft.kind.partition('.')[0]}.steal")


def event_of(sim, draft):
    return sim.stage.event(draft.kind, draft.body, draft.actor, **draft.members)


def _with_subjects(sim, draft, **changes):
    subjects = event_of(sim, draft).subjects
    return replace(draft, members=draft.members | {"subjects": subjects}, **changes)


def _thief(sim, draft):
    """Somebody whose signature has no place there."""
    signing = {key.did for key in draft.signing}
    return sim.somebody(lambda party: not signing & set(sim.people[party].dids))


SPOILINGS = {
    "too late": (dated(at=-2 * DAY, until=-1), "event_expired"),
    "too early": (dated(at=6 * MINUTE, until=DAY), "event_from_the_future"),
    "valid for too long": (dated(at=0, until=91 * DAY), "event_lifetime"),
    "another ledger": (of_another_ledger, "wrong_ledger"),
    "other subjects": (with_other_subjects, "wrong_subjects"),
    "a stolen name": (with_a_stolen_name, "wrong_signers"),
    "a signature less": (with_a_signature_less, "wrong_signers"),
    "a signature more": (with_a_signature_more, "wrong_signers"),
    "changed after signing": (changed_after_signing, "signature"),
    "a member more": (with_a_member_more, "malformed"),
    "unknown kind": (of_an_unknown_kind, "unknown_kind"),
}
MOVES = {spoil: 40, replay: 10}
