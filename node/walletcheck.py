"""Holds what lies in a wallet against newer proofs: what changed, and what is still in force?

Nothing is taken on trust: the stored proof is verified again, its checkpoint has to be a beginning
of the newer log, and each state in it is compared with the newer one, which is proved too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from msgspec.structs import replace

from contracts.certificate import CERTIFICATE, parse_certificate
from contracts.certificate import KIND as CERTIFICATE_KIND
from contracts.chain import Grant, find_break, find_chain
from contracts.check import CHECK, parse_check
from contracts.encumbrance import Encumbrance
from contracts.force import objects_at
from contracts.identity import Party
from contracts.intervals import current, parse_intervals
from contracts.queries import KIND as QUERY_KIND
from contracts.queries import QUERY, UNKNOWN_THEN, QueryBundle, parse_query
from contracts.records import Intervals, StateT
from contracts.rulebook import STATES
from contracts.standing import read_pending, standing_voucher
from contracts.supervision import Order
from contracts.title import Asset, Voucher
from contracts.verdict import Question, Report
from contracts.voucher import voucher_status
from ledger.core.bundle import StateBundle
from ledger.core.canonical import decode_bundle, encode_canonical
from ledger.core.policy import Policy
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import LedgerError, VerificationError
from node.embedded import find_states
from node.judges import MAX_FILE_BYTES
from node.newest import size_of, verify_growth
from node.pack import is_pack
from node.sources import Source, UnprovedError, time_of
from node.verifier import verify_file
from node.wallet import Item

Outcome = Literal["failed", "unchecked", "changed", "unchanged"]
_UNKNOWN: Final = frozenset({"unknown_chain", "unknown_then"})


@dataclass(frozen=True, slots=True)
class Change:
    """What became different in a list of a subject's state.

    Args:
        subject: Whose state.
        member: Which list.
        before: Values that were in force and are not any more.
        after: Values that are in force and were not.
    """

    subject: SubjectKey
    member: str
    before: tuple[Json, ...]
    after: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check of an item found.

    Args:
        item: That was checked.
        status: Now; empty where nothing is in force or not.
        is_in_force: Now; None where that is no question, or not known.
        changes: Since the proof was made.
        missing: Subjects of which no newer proof was at hand.
        failure: Why it is not authentic, or contradicts the newer proofs.
        report: Of its own verification.
        is_growth_checked: The log of the newer proofs is shown to have only grown since; files
            under checkpoints of several sizes cannot show that.
    """

    item: Item
    status: str
    is_in_force: bool | None
    changes: tuple[Change, ...]
    missing: tuple[str, ...]
    failure: LedgerError | None
    report: Report
    is_growth_checked: bool = False

    @property
    def outcome(self) -> Outcome:
        """In a word."""
        if self.failure is not None:
            return "failed"
        if self.missing:
            return "unchecked"
        is_same = not self.item.status or self.status == self.item.status
        return "unchanged" if is_same and not self.changes else "changed"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subject stands at an instant; `is_in_force` None: that is no question."""

    status: str
    is_in_force: bool | None


def check_item(
    item: Item, data: bytes, source: Source | None, policy: Policy, now: UnixMillis
) -> Finding:
    """Hold an item against newer proofs.

    Args:
        item: Of the wallet.
        data: Its proof.
        source: Of the same ledger; None: there is none.
        policy: The holder's.
        now: The holder's clock; by it things expire.
    """
    report = verify_file(data, policy, Question(now))
    if report.failure is not None:
        return _fail(item, report, report.failure)
    if source is None:
        return Finding(item, "", None, (), (item.origin,), None, report)
    try:
        return _compare(item, data, source, report, now)
    except VerificationError as exc:
        return _fail(item, report, exc)


def _compare(item: Item, data: bytes, source: Source, report: Report, now: UnixMillis) -> Finding:
    states = find_states(data)
    notes = {state.receipt.proof.checkpoint for state in states}
    notes |= {report.opened.data} if report.opened is not None else set()
    grown = [source.check_growth(note) for note in sorted(notes)]
    changes: list[Change] = []
    missing: set[str] = set()
    for old in states:
        new = source.prove(old.subject)
        if new is None or size_of(new) < size_of(old):
            missing.add(old.subject)
        else:
            changes += compare_states(old, new)
    try:
        query = _find_query(item, data)
        if query is None:
            standing = _stand(item, data, states, source, now)
        else:
            standing, changes = _ask_again(query, source)
    except UnprovedError as exc:
        standing = Standing("", None)
        missing.add(exc.subject)
    return Finding(
        item,
        standing.status,
        standing.is_in_force,
        tuple(changes),
        tuple(sorted(missing)),
        None,
        report,
        is_growth_checked=all(grown),
    )


def compare_states(old: StateBundle, new: StateBundle) -> list[Change]:
    """What became different in the interval lists of a subject.

    Args:
        old: Verified.
        new: Verified, of a log that extends the old one's.

    Raises:
        BundleError: The subject vanished, or its history became another.
    """
    verify_growth(old, new)
    before, after = old.value, new.value
    if before is None or after is None:
        present = () if after is None else ("present",)
        return [Change(old.subject, "present", (), present)] if present else []
    is_same = before.n == after.n
    cls = STATES.get(after.state.type)
    changes = []
    for name in () if cls is None or is_same else cls.interval_lists:
        held = current(parse_intervals(before.state.body.get(name, [])))
        holds = current(parse_intervals(after.state.body.get(name, [])))
        ended, begun = _without(held, holds), _without(holds, held)
        if ended or begun:
            changes.append(Change(old.subject, name, ended, begun))
    return changes


def find_standing(source: Source, key: SubjectKey, now: UnixMillis) -> Standing:
    """How a subject stands now.

    Args:
        source: Of newer proofs.
        key: Whose standing.
        now: The holder's clock; where it is behind the proofs, their time counts.

    Raises:
        UnprovedError: The source proves nothing of a state that this rests on.
    """
    proved = source.prove(key)
    if proved is None:
        raise UnprovedError(key)
    if proved.value is None:
        return Standing("absent", None)
    stand = _STANDINGS.get(key.partition("/")[0])
    if stand is None:
        return Standing(_open_status(proved.value.state.body), None)
    return stand(source, key, UnixMillis(max(now, time_of(proved))))


def _stand(
    item: Item, data: bytes, states: Sequence[StateBundle], source: Source, now: UnixMillis
) -> Standing:
    """How an item stands: its vouchers, the act it allows, or the subject that it is about."""
    vouchers = sorted({s.subject for s in states if s.subject.startswith("voucher/")})
    subject = SubjectKey(item.subject)
    if item.kind in {"pack", "case"}:
        standings = [find_standing(source, key, now) for key in vouchers]
        worst = next((one for one in standings if not one.is_in_force), None)
        return worst or (standings[0] if standings else Standing(item.status, None))
    document = None if is_pack(data) else _open_certificate(data)
    if document is not None and document.get("format") == CHECK:
        return _stand_check(document, source, now)
    if subject in {state.subject for state in states}:
        return find_standing(source, subject, now)
    return Standing(item.status, None)


def _stand_voucher(source: Source, key: SubjectKey, time: UnixMillis) -> Standing:
    voucher = _need(source, Voucher, key)
    asset, number = _need(source, Asset, voucher.asset), key.partition("/")[2]
    pending = read_pending(source, asset, time)
    status = voucher_status(number, voucher, asset, time, time, pending)
    return Standing(status, status == "valid")


def _stand_grant(source: Source, key: SubjectKey, time: UnixMillis) -> Standing:
    """A grant stands while everything above it does.

    Raises:
        UnprovedError: Something above it is not proved.
    """
    grant = _need(source, Grant, key)
    broken = find_break(source, find_chain(source, key), time)
    held = [str(value) for value in current(grant.status)]
    if broken is None:
        return Standing(held[-1], is_in_force=True)
    if broken.code in _UNKNOWN:
        raise UnprovedError(broken.subject)
    if broken.code == "grant_offered" and broken.subject == key:
        return Standing("offered", None)
    status = held[-1] if broken.subject == key and held[-1] != "live" else "dead"
    return Standing("expired" if broken.code == "grant_expired" else status, is_in_force=False)


def _stand_asset(source: Source, key: SubjectKey, time: UnixMillis) -> Standing:
    asset = _need(source, Asset, key)
    if not asset.vouchers:
        return Standing("filed", None)
    if standing_voucher(source, asset, time) is None:
        return Standing("expired" if asset.voucher else "cancelled", is_in_force=False)
    is_frozen = bool(objects_at(asset.freezes, time))
    return Standing("frozen" if is_frozen else "registered", not is_frozen)


def _stand_party(source: Source, key: SubjectKey, _: UnixMillis) -> Standing:
    return _stand_open(_need(source, Party, key).status, "active")


def _stand_encumbrance(source: Source, key: SubjectKey, _: UnixMillis) -> Standing:
    return _stand_open(_need(source, Encumbrance, key).status, "in-force")


def _stand_order(source: Source, key: SubjectKey, _: UnixMillis) -> Standing:
    return _stand_open(_need(source, Order, key).status, "in-force")


def _stand_open(status: Intervals, wanted: str) -> Standing:
    held = current(status)
    return Standing(str(held[-1]), wanted in held)


def _need(source: Source, cls: type[StateT], key: SubjectKey) -> StateT:
    """A state that another one, which is there, says is there.

    Raises:
        UnprovedError: The source shows none.
    """
    record = source.find(cls, key)
    if record is None:
        raise UnprovedError(key)
    return record


_STANDINGS: Final[Mapping[str, Callable[[Source, SubjectKey, UnixMillis], Standing]]] = {
    "voucher": _stand_voucher,
    "grant": _stand_grant,
    "asset": _stand_asset,
    "party": _stand_party,
    "encumbrance": _stand_encumbrance,
    "order": _stand_order,
}


def _open_certificate(data: bytes) -> JsonObject:
    """A file, or the proof in it if it is a certificate: the words around that change nothing."""
    value = decode_bundle(data, max_bytes=MAX_FILE_BYTES)
    return parse_certificate(value).proof if value.get("format") == CERTIFICATE else value


def _find_query(item: Item, data: bytes) -> QueryBundle | None:
    """The query that an item answers, in a certificate or not."""
    if item.kind not in {QUERY_KIND, CERTIFICATE_KIND}:
        return None
    document = _open_certificate(data)
    return parse_query(document) if document.get("format") == QUERY else None


def _ask_again(bundle: QueryBundle, source: Source) -> tuple[Standing, list[Change]]:
    """The same question about the same date: whatever happened later does not change its answer.

    Raises:
        UnprovedError: The newer states do not show it, or do not reach back so far any more.
    """
    subject, before = SubjectKey(bundle.query.subject), bundle.answer
    after = source.ask(bundle.query)
    if after["status"] == UNKNOWN_THEN != before["status"]:
        raise UnprovedError(subject)
    is_same = encode_canonical(after) == encode_canonical(before)
    changes = [] if is_same else [Change(subject, "answer", (before,), (after,))]
    return Standing(str(after["status"]), None), changes


def _stand_check(document: JsonObject, source: Source, now: UnixMillis) -> Standing:
    """The same question again, about now."""
    bundle = parse_check(document)
    verdict = source.answer(replace(bundle.inquiry, at=now)).verdict
    was_permitted = bundle.answer.verdict == "permitted"
    return Standing(verdict, verdict == "permitted" if was_permitted else None)


def _open_status(body: Mapping[str, Json]) -> str:
    status = body.get("status")
    held = current(parse_intervals(status)) if isinstance(status, list) else ()
    return str(held[-1]) if held else ""


def _without(values: Sequence[Json], others: Sequence[Json]) -> tuple[Json, ...]:
    known = {encode_canonical(value) for value in others}
    return tuple(value for value in values if encode_canonical(value) not in known)


def _fail(item: Item, report: Report, failure: LedgerError) -> Finding:
    return Finding(item, "", None, (), (), failure, report)
