"""Enrolling a party: its key, its name or a commitment to it, and the registrar's word."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import TypeAlias

from msgspec import UNSET

from cli.registering import check_choice
from cli.session import Session
from cli.subjects import find_keys
from cli.twosided import DraftFile, submit_or_draft
from cli.writing import write_event
from contracts.identity import IdentityCheck, PartyKind
from contracts.party import Enroll
from ledger.core.draft import DraftOpening, opening_json
from ledger.core.subjects import derive_party
from ledger.core.types import DidKey, Json
from ledger.errors import NotFoundError
from ledger.keys import KeyRing, SigningKey, fresh_salt
from node.drafts import prepare_event
from node.issuing import OPENING
from node.registryapi import RegistryApi

Identity: TypeAlias = tuple[str, str, str | None]
"""Name, kind and USCC as given."""

KINDS: tuple[PartyKind, ...] = ("legal", "natural", "unincorporated")


def create_or_load_key(
    session: Session, registry: RegistryApi, identity: Identity, key: str | None, *, without: bool
) -> tuple[SigningKey, str]:
    """The key of a party to be: an existing one by name, else a new one.

    A name without Latin letters or digits makes no file name: then its code does.

    Returns:
        The key and its name in the ring.
    """
    name, _, uscc = identity
    chosen = key or _key_name((name, uscc), {entry.name for entry in registry.ring.list_entries()})
    try:
        return registry.ring.load(chosen), chosen
    except NotFoundError:
        ring = KeyRing(registry.home.keys, session.new_passphrase(without=without))
        return ring.create(chosen), chosen


def enroll_party(
    session: Session,
    registry: RegistryApi,
    identity: Identity,
    key: SigningKey,
    key_name: str,
    check: IdentityCheck | None,
) -> None:
    """Write `party.enroll`; a natural person's name goes into the vault and not on the ledger.

    Args:
        session: Prints.
        registry: Opened for writing.
        identity: Name, kind and USCC.
        key: Its first key.
        key_name: In the ring.
        check: How the registrar made sure; needed outside solo.

    Raises:
        UsageError: There is no such kind.
        RejectedError: A rule refuses.
    """
    party = derive_party([key.did])
    body, openings = _build_enrolment(registry, identity, key.did, check)
    if openings:
        vault = registry.open_vault()
        try:
            vault.add(OPENING, {f"{party} {each.field}": opening_json(each) for each in openings})
        finally:
            vault.close()
    signers = [key]
    ledger = registry.ledger
    if not ledger.profile.is_solo:
        signers += find_keys(registry, ledger.registrar, 1)
    session.out.talk(f"key {key_name}: {key.did}", f"密钥 {key_name}：{key.did}")
    write_event(session, registry, party, body, signers, party, {"key": key_name})


def remove_if_new(registry: RegistryApi, name: str, before: Collection[str]) -> None:
    """Remove the key of a party that was refused, if it was made for it.

    Args:
        registry: Its ring has the key.
        name: Of the key.
        before: Names of the keys that were there before.
    """
    if name not in before:
        registry.ring.remove(name)


def draft_enrolment(
    session: Session,
    registry: RegistryApi,
    identity: Identity,
    did: DidKey,
    check: IdentityCheck | None,
    out: Path | None,
) -> None:
    """Enrol a party whose key is elsewhere: a draft, signed by the registrar, for it to sign.

    Args:
        session: Prints.
        registry: Opened for writing.
        identity: Name, kind and USCC.
        did: Its first key.
        check: How the registrar made sure; needed outside solo.
        out: The draft's file.

    Raises:
        UsageError: There is no such kind.
        RejectedError: A rule refuses.
        ExistsError: The draft's file has other content.
    """
    body, openings = _build_enrolment(registry, identity, did, check)
    prepared = prepare_event(registry, derive_party([did]), body, openings)
    file = DraftFile(f"enrolment-{prepared.signed.id[:8]}", out)
    submit_or_draft(session, registry, prepared, file, openings)


def _build_enrolment(
    registry: RegistryApi, identity: Identity, did: DidKey, check: IdentityCheck | None
) -> tuple[Enroll, list[DraftOpening]]:
    """The body, and for a natural person the opening of its name."""
    name, kind, uscc = identity
    party_kind = check_choice("--kind", kind, KINDS)
    written: Json = name
    openings: list[DraftOpening] = []
    if party_kind == "natural":
        opening = DraftOpening(
            by=derive_party([did]), field="name", log=registry.origin, salt=fresh_salt(), value=name
        )
        written, openings = {"$commit": opening.commitment()}, [opening]
    body = Enroll(
        keys=(did,),
        party_kind=party_kind,
        name=written,
        uscc=UNSET if uscc is None else uscc,
        check=UNSET if check is None else check,
    )
    return body, openings


def _key_name(names: tuple[str, str | None], taken: set[str]) -> str:
    plain = next(filter(None, map(_plain, names)), "party")
    number = 1
    chosen = plain
    while chosen in taken:
        number += 1
        chosen = f"{plain}-{number}"
    return chosen


def _plain(name: str | None) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name or "").strip("-").lower()[:40]
