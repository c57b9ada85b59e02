"""Delivering a copy and taking one in: no file without its record, no signature on another file.

First the copy is durable under a hidden name, then its salt and its marks are in the vault, then
the record is on the ledger, then the copy takes its place, then the files beside it are written.
Whatever happens in between, there is no copy without a record, and a record without its copy can be
finished: salt and marks are in the vault, so that the same copy is made again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from msgspec import UNSET

from contracts.chain import Grant
from contracts.delivery import Copy, Delivery, Receive, Send
from contracts.deliverynote import (
    DeliveryNote,
    format_delivery_note,
    verify_copy,
    verify_sent,
)
from ledger.core.entry import Entry
from ledger.core.subjects import derive_id
from ledger.core.text import format_base64url, parse_base64url
from ledger.core.types import JsonObject, SubjectKey
from ledger.errors import (
    CorruptionError,
    ExistsError,
    MalformedError,
    NotFoundError,
    RejectedError,
    StoreFailedError,
)
from ledger.keys import SigningKey, fresh_salt
from node.copyrecords import DELIVERED as DELIVERED
from node.copyrecords import (
    Kept,
    Marked,
    Marking,
    find_kept,
    forgetting_refused,
    keep_copy,
    known_digests,
)
from node.filings import find_filing
from node.granted import grantor_now
from node.registryapi import RegistryApi, Written
from tracing.copies import FORM, MeasuredCopy, PendingCopy, begin_copy, measure_copy
from tracing.fingerprint import Progress, fingerprint_file

if TYPE_CHECKING:
    from node.marking import MarkedCopy


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery that is on the ledger, with its copy in place.

    Args:
        delivery: Its key.
        written: Where its record is.
        note: The delivery file.
        sealed: The sealed marking key that goes with it, if any.
        marked: How the copy was marked; None: it is exact, or was only finished.
    """

    delivery: SubjectKey
    written: Written
    note: JsonObject
    sealed: JsonObject | None = None
    marked: Marked | None = None


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """What is delivered, and where to.

    Args:
        grant: Under which.
        source: The registered file, or the copy that the sender got.
        place: Where the copy is written.
        is_forced: Replace another file there.
        filing: Under which filing, where the data is important; None: the one that covers it.
        marking: How the copy is marked; None: not at all.
    """

    grant: SubjectKey
    source: Path
    place: Path
    is_forced: bool = False
    filing: SubjectKey | None = None
    marking: Marking | None = None


def deliver_copy(
    registry: RegistryApi, order: CopyOrder, keys: Sequence[SigningKey], progress: Progress
) -> Delivered:
    """Write a copy and its record; the copy takes its place only once the record is durable.

    Args:
        registry: Opened for writing.
        order: What and where to.
        keys: One current key of who acts as the grantor now.
        progress: Told how many bytes were copied.

    Raises:
        RejectedError: A rule refuses, or the file is not the registered one; no file is left.
        ExistsError: There is a file in its place.
        StoreFailedError: The copy or its record could not be written; the message says whether
            there is something to finish.
    """
    grant = registry.need_state(Grant, order.grant)
    salt = fresh_salt()
    pending = begin_copy(order.place, is_forced=order.is_forced)
    try:
        measured, marked = _write(registry, grant, order, _Writing(pending, salt, progress))
        body = _describe(registry, grant, order, measured, marked)
        event = registry.build_event(grantor_now(registry, grant), body)
        key = derive_id("delivery", actor=event.actor, nonce=event.nonce)
        keep_copy(registry, key, salt, measured, (grant.asset, marked))
        signers = [*keys, *(order.marking.keys if order.marking else ())]
        with _unfinished(key), forgetting_refused(registry, key, grant.asset):
            (written,) = registry.submit([registry.sign_event(event, signers)], {})
            pending.settle()
    finally:
        pending.discard()
    kept = Kept(salt, measured.size, marked.sealed if marked else None)
    return _deliver_note(registry, key, written, kept, marked)


@dataclass(frozen=True, slots=True)
class _Writing:
    """Where a copy is written to, and with which salt."""

    pending: PendingCopy
    salt: str
    progress: Progress

    def copy(self, source: Path) -> MeasuredCopy:
        """Write a file as it is."""
        return self.pending.write(source, parse_base64url(self.salt), self.progress)

    def make(self, copy: "MarkedCopy") -> MeasuredCopy:
        """Write a marked copy."""
        parts = copy.parts(self.progress)
        return self.pending.write_made(copy.source, parts, parse_base64url(self.salt))


def _write(
    registry: RegistryApi, grant: Grant, order: CopyOrder, writing: _Writing
) -> tuple[MeasuredCopy, Marked | None]:
    """Write a copy of a file that may be delivered, durably but not yet in its place.

    Raises:
        NotFoundError: This home knows no such file.
        RejectedError: It is another file.
    """
    if order.marking is None:
        measured = writing.copy(order.source)
        _check_known(registry, grant, measured.digest, order)
        return measured, None
    from node.marking import MarkOrder, mark_source, read_source

    writing.pending.check()
    digest = fingerprint_file(order.source).digest
    _check_known(registry, grant, digest, order)
    table = read_source(order.source, order.place, writing.progress)
    wanted = MarkOrder(order.grant, grant, order.marking)
    copy, marked = mark_source(registry, wanted, (order.source, digest, table))
    return writing.make(copy), marked


def _describe(
    registry: RegistryApi,
    grant: Grant,
    order: CopyOrder,
    measured: MeasuredCopy,
    marked: Marked | None,
) -> Send:
    """What the record says."""
    filing = order.filing or find_filing(registry, order.grant, grant)
    return Send(
        grant=order.grant,
        asset=grant.asset,
        recipient=grant.grantee,
        copy=_format_copy(measured),
        filing=filing or UNSET,
        marks=UNSET if marked is None else marked.body,
        escrow=UNSET if marked is None else marked.escrow,
    )


def finish_delivery(
    registry: RegistryApi, key: SubjectKey, order: CopyOrder, progress: Progress
) -> Delivered:
    """Complete a delivery that is on the ledger and whose copy did not get to its place.

    The copy is made again with the salt that was kept; one that is in its place already is left
    there. Nothing is written to the ledger.

    Args:
        registry: Opened for writing, so that nobody else does the same.
        key: The delivery.
        order: What was delivered, and where to.
        progress: Told how many bytes were read.

    Raises:
        NotFoundError: There is no such delivery, or it was not made from this home.
        RejectedError: The file is not the one that was delivered; nothing is left.
        ExistsError: There is another file in its place.
        StoreFailedError: The copy could not be written.
    """
    delivery = registry.need_state(Delivery, key)
    kept = find_kept(registry, key, delivery.asset)
    pending = begin_copy(order.place, is_forced=order.is_forced)
    try:
        if not _is_in_place(order.place, kept.salt, delivery.copy):
            writing = _Writing(pending, kept.salt, progress)
            measured = _write_again(registry, key, delivery, order, writing)
            if _format_copy(measured) != delivery.copy:
                _refuse_other(order.source, key, measured.digest)
            pending.settle()
    finally:
        pending.discard()
    return _deliver_note(registry, key, _find_sent(registry, delivery), kept, None)


def _write_again(
    registry: RegistryApi,
    key: SubjectKey,
    delivery: Delivery,
    order: CopyOrder,
    writing: _Writing,
) -> MeasuredCopy:
    """Write the same copy again.

    Raises:
        NotFoundError: This vault does not have its marks.
        RejectedError: The file has not the rows or columns of the one that was delivered.
    """
    if delivery.marks is None:
        return writing.copy(order.source)
    from node.marking import read_source, remake_copy

    digest = fingerprint_file(order.source).digest
    try:
        table = read_source(order.source, order.place, writing.progress)
        copy = remake_copy(registry, key, (order.source, digest, table))
    except MalformedError:
        _refuse_other(order.source, key, digest)
    return writing.make(copy)


def _refuse_other(source: Path, key: SubjectKey, digest: str) -> NoReturn:
    _refuse_file(
        f"{source} is not the file that {key} delivered (its SHA-256 is {digest}): give that one "
        "with --from",
        f"{source} 不是 {key} 所交付的文件（SHA-256 为 {digest}）：请用 --from 给出该文件",
    )


def receive_copy(
    registry: RegistryApi,
    note: DeliveryNote,
    file: Path,
    keys: Sequence[SigningKey],
    progress: Progress,
) -> Written:
    """Countersign a copy, if the file is the one that was sent.

    Args:
        registry: Opened for writing.
        note: The delivery file that came with it.
        file: The copy.
        keys: One current key of the recipient.
        progress: Told how many bytes were read.

    Raises:
        BundleError: It is another file, or the delivery file is of another delivery.
        NotFoundError: There is no such delivery on this ledger.
        RejectedError: A rule refuses.
    """
    delivery = registry.need_state(Delivery, note.delivery)
    verify_sent(note)
    measured = measure_copy(file, note.salt, progress)
    verify_copy(note, _format_copy(measured), measured.size)
    body = Receive(
        delivery=note.delivery,
        grant=delivery.grant,
        asset=delivery.asset,
        copy=_format_copy(measured),
    )
    salt = format_base64url(note.salt)
    keep_copy(registry, note.delivery, salt, measured, (delivery.asset, None))
    event = registry.build_event(delivery.recipient, body)
    (written,) = registry.submit([registry.sign_event(event, keys)], {})
    return written


def measure_salted(file: Path, salt: bytes) -> Copy:
    """Root and count of a file as a delivered copy with this salt.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It cannot be read.
    """
    return _format_copy(measure_copy(file, salt))


def _format_copy(measured: MeasuredCopy) -> Copy:
    return Copy(form=FORM, root=measured.root.hex(), count=measured.count)


def _check_known(registry: RegistryApi, grant: Grant, digest: str, order: CopyOrder) -> None:
    """Hold a file against what was registered, or against a copy that the sender has got.

    Raises:
        NotFoundError: This vault knows neither.
        RejectedError: It is another file.
    """
    sender = None if order.marking is None else grantor_now(registry, grant)
    known = known_digests(registry, grant, sender)
    if not known:
        raise NotFoundError(
            f"this home knows no file of {grant.asset}: receive the copy here first, or deliver "
            "from the home that registered it"
        )
    if digest not in known and sender is not None and grant.parent is not None:
        _refuse_file(
            f"{order.source} is not the copy that the sender got: its SHA-256 is {digest}; what is "
            "handed on is made from the copy that was received",
            f"{order.source} 不是交付方收到的副本（SHA-256 为 {digest}）："
            "再交付的副本须由其收到的副本制成",
        )
    if digest not in known:
        _refuse_file(
            f"{order.source} is not the registered file: its SHA-256 is {digest}; deliver the file "
            "that was registered, or register this one",
            f"{order.source} 不是所登记的文件（SHA-256 为 {digest}）："
            "请交付所登记的文件，或先登记本文件",
        )


def _refuse_file(en: str, zh: str) -> NoReturn:
    """Refuse a file that is another than it should be.

    Raises:
        RejectedError: Always.
    """
    raise RejectedError("other_file", en, zh, rule="domain 4")


def _find_sent(registry: RegistryApi, delivery: Delivery) -> Written:
    """Where a delivery is in the log.

    Raises:
        CorruptionError: Its state points at something else.
    """
    index = delivery.status[0].index
    leaf = registry.read_leaf(index)
    if not isinstance(leaf, Entry):
        raise CorruptionError(f"a delivery points at the seal {index}: run an audit")
    return Written(index, leaf.signed.id)


def _is_in_place(place: Path, salt: str, copy: Copy) -> bool:
    return place.is_file() and measure_salted(place, parse_base64url(salt)) == copy


@contextmanager
def _unfinished(key: SubjectKey) -> Iterator[None]:
    """Say in errors how a delivery is finished that may be on the ledger.

    Raises:
        ExistsError: It is, and another file has come into the place of the copy.
        StoreFailedError: It may be.
    """
    try:
        yield
    except ExistsError as exc:
        raise ExistsError(f"{exc}; {key} is recorded: {_FINISH.format(key)}") from exc
    except StoreFailedError as exc:
        raise StoreFailedError(f"{exc}; {key} may be recorded: {_FINISH.format(key)}") from exc


def _deliver_note(
    registry: RegistryApi, key: SubjectKey, written: Written, kept: Kept, marked: Marked | None
) -> Delivered:
    receipt = registry.prover().prove_leaf(written.index)
    note = DeliveryNote(key, parse_base64url(kept.salt), kept.size, receipt)
    return Delivered(key, written, format_delivery_note(note), kept.sealed, marked)


_FINISH: Final = "finish it with 'muniment deliver --finish {} --from FILE --out OUT'"
