"""Events that several parties sign: who has to, who still has to, and signing with the keys here.

Which signatures an event needs is what its rule says over the present states. Where keys lie in
several homes, the event travels as a draft; a home with keys and no ledger signs what names its
keys' parties.

Spec: our formats, section 2.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from typing_extensions import override

from contracts.application import File
from contracts.engine import Body, Context, Signers
from contracts.forms import CONTENT_FIELD
from contracts.identity import Party
from contracts.records import parse_record
from contracts.rulebook import KINDS
from ledger.core.draft import DraftOpening, check_openings, opening_json
from ledger.core.event import (
    Event,
    Signature,
    SignedEvent,
    create_signed_event,
    event_message,
)
from ledger.core.rules import StateView, Step
from ledger.core.state import State
from ledger.core.subjects import derive_id, derive_party
from ledger.core.types import DidKey, Json, LeafIndex, SubjectKey
from ledger.errors import MalformedError, RejectedError
from ledger.keys import KeyEntry, KeyRing
from node.duplicates import CONTENT, index_content, read_digests
from node.issuing import OPENING
from node.registryapi import RegistryApi
from node.room import check_opened
from node.rulebundle import current_rules


@dataclass(frozen=True, slots=True)
class Missing:
    """Signatures that an event still needs.

    Args:
        party: Whose; None for a key that is nobody's yet.
        count: How many.
        keys: Any of these may sign, those that have signed left out.
    """

    party: SubjectKey | None
    count: int
    keys: frozenset[DidKey]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event with the signatures that could be made, and what it still needs."""

    signed: SignedEvent
    missing: tuple[Missing, ...]


def prepare_event(
    registry: RegistryApi, actor: SubjectKey, body: Body, openings: Sequence[DraftOpening] = ()
) -> Prepared:
    """An event that the rules would take, signed with the keys of this home that it needs.

    Its openings are in this home's vault afterwards; nothing is on the ledger yet.

    Args:
        registry: The ledger it is meant for.
        actor: The party that speaks.
        body: What it says.
        openings: Of its commitments; none where it has none.

    Raises:
        RejectedError: A rule refuses it, whoever signs, or an opening is not one of the event.
        MalformedError: The body is none that a reader would accept.
        LimitError: It is too large.
    """
    if isinstance(body, File):
        check_opened(body.type, openings)
    event = registry.build_event(actor, body)
    rehearse(registry, event)
    check_openings(event, openings)
    signed = sign_here(registry, create_signed_event(event, ()))
    keep_openings(registry, event, openings)
    return Prepared(signed, find_missing(registry, signed))


def rehearse(registry: RegistryApi, event: Event, signatures: Sequence[Signature] = ()) -> None:
    """Hold an event to everything that its rule asks but whose signatures are there.

    Nothing is written.

    Args:
        registry: The ledger it is meant for.
        event: Unsigned.
        signatures: Those it has, where the rule itself looks for one: a credential's issuer signs.

    Raises:
        RejectedError: The rule refuses it as the ledger stands now.
        MalformedError: The body is not of its kind's schema.
    """
    rules = replace(current_rules(), authority=lambda _context, _signers: None)
    step = registry.next_step()
    rules.apply(create_signed_event(event, signatures), step)


def find_missing(registry: RegistryApi, signed: SignedEvent) -> tuple[Missing, ...]:
    """The signatures that an event still needs, as the ledger stands now.

    Raises:
        RejectedError: A party that has to sign is not on this ledger.
        MalformedError: The kind is unknown, or the body not of its schema.
    """
    body = read_body(signed.event)
    signers = body.signers(_context(signed, registry.next_step()))
    done = {signature.key for signature in signed.signatures}
    time = registry.clock.now()
    missing = [Missing(None, 1, frozenset({key})) for key in sorted(signers.keys - done)]
    for party, count in signers.parties.items():
        keys = registry.need_state(Party, party).current_keys(time) - signers.keys
        left = count - len(keys & done)
        if left > 0:
            missing.append(Missing(party, left, keys - done))
    return tuple(missing)


def sign_here(registry: RegistryApi, signed: SignedEvent) -> SignedEvent:
    """The event with every missing signature that a key of this home can make."""
    entries = choose_keys(registry.ring, find_missing(registry, signed))
    return add_signatures(signed, registry.ring, entries)


def choose_keys(ring: KeyRing, missing: Iterable[Missing]) -> list[KeyEntry]:
    """As many keys of a home as are missing, each once."""
    entries, chosen = ring.list_entries(), list[KeyEntry]()
    for each in missing:
        own = [entry for entry in entries if entry.did in each.keys and entry not in chosen]
        chosen += own[: each.count]
    return chosen


def find_offline_keys(ring: KeyRing, event: Event, only: SubjectKey | None) -> list[KeyEntry]:
    """Keys that an event may need, as far as a home without its ledger can tell.

    A key speaks for the party that it made alone; keys that came to a party later, or made it
    together, cannot be told without the ledger and have to be named.

    Args:
        ring: Keys of the home.
        event: Of any kind that this program knows.
        only: Sign for this party alone; None: for whoever's keys are here.

    Raises:
        MalformedError: The kind is unknown, or the body not of its schema.
    """
    signers = _offline_signers(event)
    parties = signers.parties if only is None else {only} & signers.parties.keys()
    return [
        entry
        for entry in ring.list_entries()
        if derive_party([entry.did]) in parties or (only is None and entry.did in signers.keys)
    ]


def add_signatures(signed: SignedEvent, ring: KeyRing, entries: Iterable[KeyEntry]) -> SignedEvent:
    """The event with the signatures of these keys added; a key that has signed does not sign again.

    Raises:
        NotFoundError: A key is gone.
        PassphraseRequiredError: A key is sealed and no passphrase was given.
        LimitError: More than 8 signatures.
    """
    done = {signature.key for signature in signed.signatures}
    message = event_message(signed.event_bytes)
    fresh = [entry for entry in entries if entry.did not in done]
    made = [Signature(entry.did, ring.load(entry.name).sign(message)) for entry in fresh]
    return create_signed_event(signed.event, [*signed.signatures, *made]) if made else signed


def read_body(event: Event) -> Body:
    """The body of an event as its kind reads it, with the subjects that the kind asks for.

    Raises:
        MalformedError: This program knows no such kind, the body is not of its schema, or the
            event names other subjects than it touches.
        RejectedError: The body names a subject that cannot be.
    """
    kind = KINDS.get(event.kind)
    if kind is None:
        raise MalformedError(f"not a kind of event that this program knows: {event.kind}")
    body = parse_record(kind, event.body)
    if tuple(sorted(set(body.subjects(event.actor, event.nonce)))) != event.subjects:
        raise MalformedError(f"the event names other subjects than a {event.kind} touches")
    return body


def main_subject(event: Event) -> SubjectKey:
    """What an event is mainly about: what it opens, else what its kind is named after.

    The openings of an event's commitments lie under this key in the vault.
    """
    family = event.kind.partition(".")[0]
    opened = derive_id(family, actor=event.actor, nonce=event.nonce)
    if opened in event.subjects:
        return opened
    named = [key for key in event.subjects if key.startswith(f"{family}/")]
    return (named or event.subjects)[0]


def keep_openings(registry: RegistryApi, event: Event, openings: Iterable[DraftOpening]) -> None:
    """Put an event's openings into this home's vault, those that are there already left out.

    Content that is filed goes into the index of duplicates too.

    Raises:
        StoreFailedError: The vault could not be written.
        UnavailableError: Another process is writing to it.
    """
    owner = main_subject(event)
    listed = tuple(openings)
    named: dict[str, Json] = {f"{owner} {each.field}": opening_json(each) for each in listed}
    vault = registry.open_vault()
    try:
        kept = {name for name, value in named.items() if value in vault.find(OPENING, name)}
        fresh = [each for each in listed if f"{owner} {each.field}" not in kept]
        vault.add(CONTENT, _index(event, fresh))
        vault.add(OPENING, {name: value for name, value in named.items() if name not in kept})
    finally:
        vault.close()


def has_openings(registry: RegistryApi, event: Event, fields: Iterable[str]) -> bool:
    """Whether this home's vault has the openings of all these members of an event."""
    owner = main_subject(event)
    vault = registry.open_vault()
    try:
        return all(vault.find(OPENING, f"{owner} {field}") for field in fields)
    finally:
        vault.close()


def _index(event: Event, openings: Sequence[DraftOpening]) -> dict[str, Json]:
    """What the index of duplicates has of the openings of an initial filing; nothing of others."""
    contents = [opening_json(each) for each in openings if CONTENT_FIELD.fullmatch(each.field)]
    if event.kind != File.kind or not contents:
        return {}
    asset = derive_id("asset", actor=event.actor, nonce=event.nonce)
    return index_content(asset, main_subject(event), read_digests(contents))


class _NoStates(StateView):
    """What a home without a ledger knows of it."""

    @override
    def read(self, key: SubjectKey) -> State | None:
        return None


def _offline_signers(event: Event) -> Signers:
    """Who may have to sign, where the states that would say it are not here."""
    signed, step = create_signed_event(event, ()), Step(event.at, LeafIndex(1), _NoStates())
    try:
        return read_body(event).signers(_context(signed, step))
    except RejectedError:  # the kind asks the ledger
        named = set(_texts(event.body)) | {event.actor}
        parties = [SubjectKey(text) for text in sorted(named) if text.startswith("party/")]
        keys = (DidKey(text) for text in named if text.startswith("did:key:"))
        return Signers(dict.fromkeys(parties, 1), frozenset(keys))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _context(signed: SignedEvent, step: Step) -> Context:
    return Context(signed, step, current_rules().rule_sets)
