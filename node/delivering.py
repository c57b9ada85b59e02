"""Delivering a copy and taking one in: no file without its record, no signature on another file.

First the copy is durable under a hidden name, then its salt is in the vault, then the record is on
the ledger, then the copy takes its place, then its delivery file is written. Whatever happens in
between, there is no copy without a record, and a record without its copy can be finished: the salt
is in the vault, so that the same copy is made again.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from msgspec import UNSET

from contracts.chain import Grant
from contracts.delivery import Copy, Delivery, Receive, Send
from contracts.deliverynote import (
    DeliveryNote,
    format_delivery_note,
    verify_copy,
    verify_sent,
)
from contracts.title import Asset
from ledger.core.entry import Entry
from ledger.core.subjects import derive_id
from ledger.core.text import format_base64url, parse_base64url
from ledger.core.types import JsonObject, SubjectKey
from ledger.errors import (
    CorruptionError,
    ExistsError,
    NotFoundError,
    RejectedError,
    StoreFailedError,
)
from ledger.keys import SigningKey, fresh_salt
from node.filings import find_filing
from node.granted import grantor_now
from node.issuing import read_content
from node.registryapi import RegistryApi, Written
from tracing.copies import FORM, MeasuredCopy, PendingCopy, measure_copy
from tracing.fingerprint import Progress

DELIVERED: Final = "delivered"
"""Kind of the vault's records about copies sent and taken in, by asset."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery that is on the ledger, with its copy in place."""

    delivery: SubjectKey
    written: Written
    note: JsonObject


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """What is delivered, and where to.

    Args:
        grant: Under which.
        source: The registered file, or the copy that the sender got.
        place: Where the copy is written.
        is_forced: Replace another file there.
        filing: Under which filing, where the data is important; None: the one that covers it.
    """

    grant: SubjectKey
    source: Path
    place: Path
    is_forced: bool = False
    filing: SubjectKey | None = None


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
    pending = _begin(order.place, is_forced=order.is_forced)
    try:
        measured = pending.write(order.source, parse_base64url(salt), progress)
        _check_registered(registry, grant, measured, order.source)
        copy = _format_copy(measured)
        filing = order.filing or find_filing(registry, order.grant, grant)
        body = Send(
            grant=order.grant,
            asset=grant.asset,
            recipient=grant.grantee,
            copy=copy,
            filing=filing or UNSET,
        )
        event = registry.build_event(grantor_now(registry, grant), body)
        key = derive_id("delivery", actor=event.actor, nonce=event.nonce)
        _keep(registry, grant.asset, key, salt, measured)
        with _unfinished(key):
            (written,) = registry.submit([registry.sign_event(event, keys)], {})
            pending.settle()
    finally:
        pending.discard()
    return _make_note(registry, key, written, salt, measured.size)


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
    salt, size = _find_salt(registry, key, delivery)
    pending = _begin(order.place, is_forced=order.is_forced)
    try:
        if not _is_in_place(order.place, salt, delivery.copy):
            measured = pending.write(order.source, parse_base64url(salt), progress)
            if _format_copy(measured) != delivery.copy:
                _refuse_file(
                    f"{order.source} is not the file that {key} delivered (its SHA-256 is "
                    f"{measured.digest}): give that one with --from",
                    f"{order.source} 不是 {key} 所交付的文件（SHA-256 为 {measured.digest}）："
                    "请用 --from 给出该文件",
                )
            pending.settle()
    finally:
        pending.discard()
    return _make_note(registry, key, _find_sent(registry, delivery), salt, size)


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
    _keep(registry, delivery.asset, note.delivery, format_base64url(note.salt), measured)
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


def _check_registered(
    registry: RegistryApi, grant: Grant, measured: MeasuredCopy, source: Path
) -> None:
    """Hold a file against what was registered, or against a copy that the sender has got.

    Raises:
        NotFoundError: This vault knows neither.
        RejectedError: It is another file.
    """
    known = _known_digests(registry, grant.asset)
    if not known:
        raise NotFoundError(
            f"this home knows no file of {grant.asset}: receive the copy here first, or deliver "
            "from the home that registered it"
        )
    if measured.digest not in known:
        _refuse_file(
            f"{source} is not the registered file: its SHA-256 is {measured.digest}; deliver the "
            "file that was registered, or register this one",
            f"{source} 不是所登记的文件（SHA-256 为 {measured.digest}）："
            "请交付所登记的文件，或先登记本文件",
        )


def _refuse_file(en: str, zh: str) -> NoReturn:
    """Refuse a file that is another than it should be.

    Raises:
        RejectedError: Always.
    """
    raise RejectedError("other_file", en, zh, rule="domain 4")


def _known_digests(registry: RegistryApi, asset: SubjectKey) -> set[str]:
    state = registry.need_state(Asset, asset)
    records = [opening["value"] for opening in read_content(registry, asset)]
    vault = registry.open_vault()
    try:
        records += [
            record
            for record in vault.find(DELIVERED, asset)
            if isinstance(record, dict) and _is_delivered(registry, record)
        ]
    finally:
        vault.close()
    named = [record.get("digest") for record in records if isinstance(record, dict)]
    return {digest for digest in (*named, *state.digests) if isinstance(digest, str)}


def _is_delivered(registry: RegistryApi, record: JsonObject) -> bool:
    """Whether the copy that the vault knows of is the one of a delivery on the ledger."""
    delivery = registry.find_state(Delivery, SubjectKey(str(record.get("delivery"))))
    return delivery is not None and delivery.copy.root == record.get("root")


def _keep(
    registry: RegistryApi, asset: SubjectKey, key: SubjectKey, salt: str, measured: MeasuredCopy
) -> None:
    vault = registry.open_vault()
    try:
        record: JsonObject = {
            "delivery": key,
            "digest": measured.digest,
            "root": measured.root.hex(),
            "salt": salt,
            "size": measured.size,
        }
        vault.add(DELIVERED, {asset: record})
    finally:
        vault.close()


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


def _find_salt(registry: RegistryApi, key: SubjectKey, delivery: Delivery) -> tuple[str, int]:
    """Salt and size of a copy that was delivered from this home.

    Raises:
        NotFoundError: This vault does not have them.
    """
    vault = registry.open_vault()
    try:
        for record in vault.find(DELIVERED, delivery.asset):
            if isinstance(record, dict) and record.get("delivery") == key:
                size = record["size"]
                return str(record["salt"]), size if isinstance(size, int) else 0
    finally:
        vault.close()
    raise NotFoundError(
        f"this home has no salt of {key}: finish it in the home that delivered it, or deliver anew"
    )


def _is_in_place(place: Path, salt: str, copy: Copy) -> bool:
    return place.is_file() and measure_salted(place, parse_base64url(salt)) == copy


def _begin(place: Path, *, is_forced: bool) -> PendingCopy:
    """A copy about to be written; what a process that died left of one is removed.

    Whoever holds the registry's lock is alone with it.
    """
    name = re.compile(rf"\.{re.escape(place.name)}\.[0-9]+\.part")
    with suppress(OSError):
        for left in place.parent.iterdir():
            if name.fullmatch(left.name):
                left.unlink(missing_ok=True)
    return PendingCopy(place, is_forced=is_forced)


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


def _make_note(
    registry: RegistryApi, key: SubjectKey, written: Written, salt: str, size: int
) -> Delivered:
    receipt = registry.prover().prove_leaf(written.index)
    note = DeliveryNote(key, parse_base64url(salt), size, receipt)
    return Delivered(key, written, format_delivery_note(note))


_FINISH: Final = "finish it with 'muniment deliver --finish {} --from FILE --out OUT'"
