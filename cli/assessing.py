"""What `attest` and `filing` share: the end of a term, and lists of what was made."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from cli.lang import say
from cli.times import format_local, is_day, parse_date
from cli.words import show_status, show_word
from ledger.core.types import Json, SubjectKey, UnixMillis

if TYPE_CHECKING:
    from cli.session import Session
    from contracts.attestation import Attestation
    from contracts.filing import Filing
    from node.registryapi import RegistryApi

StateT = TypeVar("StateT", "Attestation", "Filing")
MAX_LISTED = 10_000


def parse_end(text: str) -> UnixMillis:
    """First instant after a date: a day counts wholly.

    Raises:
        UsageError: It is no date.
    """
    return UnixMillis(parse_date(text) + 1) if is_day(text) else parse_date(text)


def find_about(registry: "RegistryApi", kind: str, asset: str | None) -> Sequence[SubjectKey]:
    """Keys of subjects of a type, all of them or those about one asset.

    Args:
        registry: Read only.
        kind: Such as `filing`.
        asset: As people name it.

    Raises:
        NotFoundError: There is no such asset.
        UsageError: More than one fits.
    """
    from cli.subjects import find_asset

    if asset is None:
        return registry.find_subjects(f"{kind}/", MAX_LISTED)
    key = find_asset(registry, asset)
    return [found for found, _ in registry.search(key, kind=kind, limit=MAX_LISTED)]


def list_attestations(session: "Session", registry: "RegistryApi", asset: str | None) -> None:
    """Print attestations, of one asset or all, with what they are now.

    Raises:
        NotFoundError: There is no such asset.
        UsageError: More than one fits.
    """
    from contracts.attestation import Attestation

    keys = find_about(registry, "attestation", asset)
    named = _read_states(registry, Attestation, keys, lambda each: each.valid_until)
    items: list[Json] = [
        {
            "attestation": key,
            "type": each.type,
            "status": status,
            "asset": each.asset,
            "issuer": each.issuer,
            "document": each.document,
            "level": each.level,
            "statement": each.statement,
            "valid_until": each.valid_until,
        }
        for key, each, status in named
    ]
    rows = [
        (key, show_word(each.type), show_status(status), each.asset, each.issuer)
        for key, each, status in named
    ]
    headers = [
        say("attestation", "证明"),
        say("type", "类型"),
        say("status", "状态"),
        say("asset", "数据"),
        say("issuer", "出具方"),
    ]
    session.out.items(items, headers, rows)


def list_filings(session: "Session", registry: "RegistryApi", asset: str | None) -> None:
    """Print filings of important data, of one asset or all, with what they are now.

    Raises:
        NotFoundError: There is no such asset.
        UsageError: More than one fits.
    """
    from contracts.filing import Filing

    keys = find_about(registry, "filing", asset)
    named = _read_states(registry, Filing, keys, lambda each: each.until)
    items: list[Json] = [
        {
            "filing": key,
            "status": status,
            "asset": each.asset,
            "filer": each.filer,
            "recipient": each.recipient,
            "grant": each.grant,
            "purpose": each.purpose,
            "document": each.document,
            "until": each.until,
            "ground": each.ground,
        }
        for key, each, status in named
    ]
    rows = [
        (
            key,
            show_status(status, "filing"),
            each.asset,
            each.recipient or say("anybody", "任何人"),
            format_local(UnixMillis(each.until)),
        )
        for key, each, status in named
    ]
    headers = [
        say("filing", "备案"),
        say("status", "状态"),
        say("asset", "数据"),
        say("recipient", "接收方"),
        say("until", "截止"),
    ]
    session.out.items(items, headers, rows)


def _read_states(
    registry: "RegistryApi",
    cls: type[StateT],
    keys: Sequence[SubjectKey],
    end: Callable[[StateT], int | None],
) -> list[tuple[SubjectKey, StateT, str]]:
    """States, each with what it is now; `end` gives the first instant at which one has expired."""
    from contracts.intervals import current

    now, named = registry.clock.now(), []
    for key in keys:
        state = registry.need_state(cls, key)
        status, until = str(current(state.status)[-1]), end(state)
        is_over = status == "in-force" and until is not None and now >= until
        named.append((key, state, "expired" if is_over else status))
    return named
