"""What an evidence pack states: rights, holders and marks as of a date, for one purpose.

A statement is worked out from the proofs beside it and from nothing else. A verifier works it out
again, so it can neither say more than the proofs do nor leave out what they show.

Spec: Art. 4, 21, 31 and 34; our surfaces, `voucher present`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta
from msgspec.structs import replace

from contracts.force import is_known, rights_in_force
from contracts.identity import Party
from contracts.intervals import values_at
from contracts.records import (
    AnyJson,
    AnyObject,
    Record,
    StateT,
    format_record,
    parse_record,
    parse_state_record,
)
from contracts.title import Asset, Voucher
from contracts.verdict import Report
from contracts.voucher import VoucherBundle
from ledger.core.bundle import StateBundle
from ledger.core.canonical import encode_canonical
from ledger.core.dossier import Dossier
from ledger.core.types import Json, SubjectKey, UnixMillis
from ledger.errors import BundleError, RejectedError

STATEMENT: Final = "muniment/statement/v1"
STATEMENT_FILE: Final = "statement.json"

Purpose = Literal[
    "trading", "accounting", "financing", "contribution", "dispute", "enterprise-support"
]
Instant = Annotated[int, Meta(ge=0)]

NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "trading": ("in-force", "operate-right", "not-frozen", "not-pledged", "not-disputed"),
    "accounting": ("in-force", "any-right", "not-frozen", "not-disputed"),
    "financing": ("in-force", "operate-right", "not-frozen", "not-pledged", "not-disputed"),
    "contribution": ("in-force", "operate-right", "not-frozen", "not-pledged", "not-disputed"),
    "dispute": ("whole-history",),
    "enterprise-support": ("in-force", "any-right", "not-disputed"),
}
"""What whoever is shown the pack will look for. Providing data to others, by transfer, licence,
contribution or as security, takes the right to operate it (Art. 4)."""

_LISTS: Final = ("tuples", "vouchers", "freezes", "pledges", "disputes", "notes")


class Place(Record, frozen=True, kw_only=True):
    """Which block of which ledger the proofs are of."""

    origin: str
    size: int
    time: Instant


class History(Record, frozen=True, kw_only=True):
    """How much of a subject's history lies in the pack.

    Args:
        subject: Whose.
        events: How many it has had.
        whole: All of them are proved in the pack; else only the present state is.
    """

    subject: SubjectKey
    events: int
    whole: bool


class Holder(Record, frozen=True, kw_only=True):
    """A right-holder, as far as a state in the pack shows who it is.

    Args:
        party: Its key.
        name: Public name; None if it is not public, or its state not in the pack.
        uscc: Unified social credit code, likewise.
    """

    party: SubjectKey
    name: str | None
    uscc: str | None


class Need(Record, frozen=True, kw_only=True):
    """One thing that the purpose asks for, and whether it was so on the date."""

    need: str
    met: bool


class Statement(Record, frozen=True, kw_only=True):
    """What a pack states.

    Args:
        format: Always STATEMENT.
        purpose: What the pack is shown for.
        voucher: Number of the voucher it is about.
        asset: What is registered.
        title: As published, if it is.
        issuer: The registrar, in words.
        log: Where the proofs stand; what is later than its time is not known to them.
        as_of: The date, Unix milliseconds.
        status: Of the voucher on the date.
        valid_from: Of the voucher.
        valid_until: First instant at which it has expired.
        level: Of the data, by GB/T 43697-2024.
        restrictions: As registered.
        rights: Right tuples in force on the date.
        holders: Whose rights they are, each once.
        pledges: In force on the date, as the asset's state has them; likewise the next three.
        freezes: By regulators.
        disputes: Open.
        notes: By the registrar (Art. 23).
        histories: Of voucher and asset.
        opening: Whether the pack opens the commitment to the registered content.
        needs: What the purpose asks for.
    """

    format: Literal["muniment/statement/v1"]
    purpose: Purpose
    voucher: str
    asset: SubjectKey
    title: AnyJson
    issuer: str
    log: Place
    as_of: Instant
    status: str
    valid_from: Instant
    valid_until: Instant
    level: str | None
    restrictions: AnyJson
    rights: tuple[AnyObject, ...]
    holders: tuple[Holder, ...]
    pledges: tuple[AnyJson, ...]
    freezes: tuple[AnyJson, ...]
    disputes: tuple[AnyJson, ...]
    notes: tuple[AnyJson, ...]
    histories: tuple[History, ...]
    opening: bool
    needs: tuple[Need, ...]


def parse_statement(value: Json) -> Statement:
    """Read a statement; nothing is verified.

    Raises:
        MalformedError: Not a statement.
    """
    return parse_record(Statement, value)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a statement is worked out from: parts of one pack, all under one checkpoint.

    Args:
        bundle: The voucher, verified.
        judged: What its verification as of the date said.
        dossiers: Verified histories, by subject.
        states: Verified states, by subject.
        is_opened: The pack opens the commitment to the registered content.
    """

    bundle: VoucherBundle
    judged: Report
    dossiers: Mapping[SubjectKey, Dossier]
    states: Mapping[SubjectKey, StateBundle]
    is_opened: bool


def make_statement(evidence: Evidence, purpose: Purpose, as_of: UnixMillis) -> Statement:
    """The statement that the evidence allows.

    Args:
        evidence: Verified.
        purpose: What it is for.
        as_of: The date.

    Raises:
        RejectedError: Nothing can be said of the date: the voucher began later, or the kept
            intervals do not reach back so far.
        BundleError: The voucher or its asset is proved absent.
    """
    bundle, judged = evidence.bundle, evidence.judged
    voucher, asset = _take(Voucher, bundle.state), _take(Asset, bundle.asset)
    _check_date(bundle, voucher, asset, judged, as_of)
    data = asset.classification
    statement = Statement(
        format=STATEMENT,
        purpose=purpose,
        voucher=bundle.state.subject.partition("/")[2],
        asset=bundle.asset.subject,
        title=asset.fields.get("title"),
        issuer=bundle.credential.issuer_name,
        log=Place(
            origin=bundle.credential.origin,
            size=bundle.state.receipt.proof.index + 1,
            time=bundle.state.seal.time,
        ),
        as_of=as_of,
        status=judged.status,
        valid_from=voucher.valid_from,
        valid_until=voucher.valid_until,
        level=None if data is None else data.level,
        restrictions=asset.fields.get("restrictions"),
        rights=tuple(dict(value) for value in rights_in_force(asset, as_of)),
        holders=tuple(_describe_holder(evidence, key) for key in find_holders(asset, as_of)),
        pledges=values_at(asset.pledges, as_of),
        freezes=values_at(asset.freezes, as_of),
        disputes=values_at(asset.disputes, as_of),
        notes=values_at(asset.notes, as_of),
        histories=tuple(
            _describe_history(evidence, state) for state in (bundle.state, bundle.asset)
        ),
        opening=evidence.is_opened,
        needs=(),
    )
    met = _meet(statement)
    needs = tuple(Need(need=need, met=met[need]) for need in NEEDS[purpose])
    return replace(statement, needs=needs)


def find_holders(asset: Asset, time: UnixMillis) -> list[SubjectKey]:
    """Whose rights were in force at an instant, each once, sorted."""
    held = rights_in_force(asset, time)
    return [SubjectKey(key) for key in sorted({str(value["holder"]) for value in held})]


def verify_statement(claimed: Statement, proved: Statement) -> None:
    """Check that a statement says what the proofs beside it say.

    Args:
        claimed: As it lies in the pack.
        proved: Made from the verified parts of the pack.

    Raises:
        BundleError: They differ; names the first member that does.
    """
    said, shown = format_record(claimed), format_record(proved)
    for name in shown:
        if encode_canonical({name: said[name]}) != encode_canonical({name: shown[name]}):
            raise BundleError(f"the statement says something else than the proofs: its {name}")


def _take(cls: type[StateT], bundle: StateBundle) -> StateT:
    if bundle.value is None:
        raise BundleError(f"{bundle.subject} is proved absent: nothing can be stated of it")
    return parse_state_record(cls, bundle.value.state)


def _describe_holder(evidence: Evidence, party: SubjectKey) -> Holder:
    bundle = evidence.states.get(party)
    if bundle is None or bundle.value is None:
        return Holder(party=party, name=None, uscc=None)
    state = parse_state_record(Party, bundle.value.state)
    name = state.name if isinstance(state.name, str) else None
    return Holder(party=party, name=name, uscc=state.uscc)


def _describe_history(evidence: Evidence, bundle: StateBundle) -> History:
    dossier = evidence.dossiers.get(bundle.subject)
    return History(
        subject=bundle.subject,
        events=0 if bundle.value is None else bundle.value.n,
        whole=dossier is not None and dossier.start is None,
    )


def _check_date(
    bundle: VoucherBundle, voucher: Voucher, asset: Asset, judged: Report, as_of: UnixMillis
) -> None:
    number = bundle.state.subject.partition("/")[2]
    if as_of < voucher.valid_from:
        raise RejectedError(
            "not_yet",
            f"{number} was not in force before it began: give a later date with --as-of, or "
            "present the voucher that it replaced",
            f"{number} 在该日期尚未生效：请用 --as-of 给出更晚的日期，或出示其所替代的凭证",
            "Art. 26",
        )
    if judged.status == "unknown" or not all(is_known(asset, name, as_of) for name in _LISTS):
        raise RejectedError(
            "unknown_then",
            "the kept states do not reach back to this date: give a later date with --as-of, or "
            f"hand over the whole history with 'muniment query asset {bundle.asset.subject} "
            "--dossier FILE'",
            "现存状态未保留至该日期：请用 --as-of 给出更晚的日期，或用 "
            f"muniment query asset {bundle.asset.subject} --dossier 文件 提供完整历史",
            "formats 5",
        )


def _meet(statement: Statement) -> dict[str, bool]:
    rights = {str(value.get("right")) for value in statement.rights}
    return {
        "in-force": statement.status == "valid",
        "any-right": bool(rights),
        "operate-right": "operate" in rights,
        "not-frozen": not statement.freezes,
        "not-pledged": not statement.pledges,
        "not-disputed": not statement.disputes,
        "whole-history": all(history.whole for history in statement.histories),
    }
