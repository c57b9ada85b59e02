"""Delivering a copy and taking one in: no file without its record, no signature on another file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.chain import Grant
from contracts.delivery import Copy, Delivery, Receive, Send
from contracts.deliverynote import DeliveryNote, format_delivery_note, verify_copy
from contracts.title import Asset
from ledger.core.subjects import derive_id
from ledger.core.text import format_base64url, parse_base64url
from ledger.core.types import JsonObject, SubjectKey
from ledger.errors import NotFoundError, RejectedError
from ledger.keys import SigningKey, fresh_salt
from node.issuing import read_content
from node.registry import Registry, Written
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
    """

    grant: SubjectKey
    source: Path
    place: Path
    is_forced: bool = False


def deliver_copy(
    registry: Registry, order: CopyOrder, keys: Sequence[SigningKey], progress: Progress
) -> Delivered:
    """Write a copy and its record; the copy takes its place only once the record is durable.

    Args:
        registry: Opened for writing.
        order: What and where to.
        keys: One current key of the grantor.
        progress: Told how many bytes were copied.

    Raises:
        RejectedError: A rule refuses, or the file is not the registered one; no file is left.
        ExistsError: There is a file in its place.
        StoreFailedError: The copy could not be written; nothing was recorded.
    """
    grant = registry.need_state(Grant, order.grant)
    salt = fresh_salt()
    pending = PendingCopy(order.place, is_forced=order.is_forced)
    try:
        measured = pending.write(order.source, parse_base64url(salt), progress)
        _check_registered(registry, grant, measured, order.source)
        copy = _format_copy(measured)
        body = Send(grant=order.grant, asset=grant.asset, recipient=grant.grantee, copy=copy)
        event = registry.build_event(grant.grantor, body)
        key = derive_id("delivery", actor=event.actor, nonce=event.nonce)
        _keep(registry, grant.asset, key, salt, measured)
        (written,) = registry.submit([registry.sign_event(event, keys)], {})
        pending.settle()
    finally:
        pending.discard()
    receipt = registry.prover().prove_leaf(written.index)
    note = DeliveryNote(key, parse_base64url(salt), measured.size, receipt)
    return Delivered(key, written, format_delivery_note(note))


def receive_copy(
    registry: Registry,
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
        BundleError: It is another file.
        NotFoundError: There is no such delivery on this ledger.
        RejectedError: A rule refuses.
    """
    delivery = registry.need_state(Delivery, note.delivery)
    measured = measure_copy(file, note.salt, progress)
    verify_copy(note, _format_copy(measured))
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
    registry: Registry, grant: Grant, measured: MeasuredCopy, source: Path
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
        raise RejectedError(
            "other_file",
            f"{source} is not the registered file: its SHA-256 is {measured.digest}; deliver the "
            "file that was registered, or register this one",
            f"{source} 不是所登记的文件（SHA-256 为 {measured.digest}）："
            "请交付所登记的文件，或先登记本文件",
            rule="domain 4",
        )


def _known_digests(registry: Registry, asset: SubjectKey) -> set[str]:
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


def _is_delivered(registry: Registry, record: JsonObject) -> bool:
    """Whether the copy that the vault knows of is the one of a delivery on the ledger."""
    delivery = registry.find_state(Delivery, SubjectKey(str(record.get("delivery"))))
    return delivery is not None and delivery.copy.root == record.get("root")


def _keep(
    registry: Registry, asset: SubjectKey, key: SubjectKey, salt: str, measured: MeasuredCopy
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
