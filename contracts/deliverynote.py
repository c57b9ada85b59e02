"""The delivery file: what goes with a delivered copy, so that its recipient can check and sign it.

```text
{"format":"muniment/delivery/v1","delivery":"<key>","salt":"<43 characters>","size":n,
 "sent":{receipt}}
```

Whoever has the salt can tell whether a file is the copy; the ledger alone says nothing of it. Keep
it with the copy.

Spec: our formats, sections 5 and 7.
"""

from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from contracts.delivery import Copy, Send
from contracts.records import parse_record
from contracts.verdict import (
    KEY_OWNER,
    Question,
    Report,
    check_expectation,
    note_checkpoint,
    note_event_age,
)
from ledger.core.bundle import Receipt, format_receipt, parse_receipt, verify_receipt
from ledger.core.entry import Entry
from ledger.core.event import Event
from ledger.core.members import take_count, take_format, take_text
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Policy
from ledger.core.subjects import SALT_BYTES, derive_id, parse_subject
from ledger.core.text import format_base64url, parse_base64url
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import BundleError, MalformedError

DELIVERY: Final = "muniment/delivery/v1"
KIND: Final = "delivery"
BLOCK_BYTES: Final = 65_536
"""Of the file in each leaf of a copy, by the form `salted-blocks/1`."""
LATER_STATE: Final = "state after this event"


@dataclass(frozen=True, slots=True)
class DeliveryNote:
    """A delivery file as read; nothing is verified.

    Args:
        delivery: The delivery's key.
        salt: That the copy's leaves begin with, 32 bytes.
        size: Of the copy, in bytes.
        sent: Receipt of the `delivery.send` entry.
    """

    delivery: SubjectKey
    salt: bytes
    size: int
    sent: Receipt

    @override
    def __repr__(self) -> str:
        """Say which, without the salt."""
        return f"DeliveryNote({self.delivery})"

    @property
    def body(self) -> Send:
        """What the event says.

        Raises:
            BundleError: The receipt is of something else.
        """
        return parse_record(Send, _take_event(self.sent).body)


def parse_delivery_note(value: Json) -> DeliveryNote:
    """Read a delivery file.

    Raises:
        MalformedError: A member is missing, extra or mistyped.
        LimitError: The receipt is too large.
    """
    names = {"delivery", "salt", "size", "sent"}
    members = take_format(value, names, DELIVERY, "a delivery file")
    salt = parse_base64url(take_text(members["salt"]))
    if len(salt) != SALT_BYTES:
        raise MalformedError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return DeliveryNote(
        parse_subject(take_text(members["delivery"])),
        salt,
        take_count(members["size"], "a size"),
        parse_receipt(members["sent"]),
    )


def format_delivery_note(note: DeliveryNote) -> JsonObject:
    """The delivery file as it stands on disk."""
    return {
        "format": DELIVERY,
        "delivery": note.delivery,
        "salt": format_base64url(note.salt),
        "size": note.size,
        "sent": format_receipt(note.sent),
    }


def judge_delivery(note: DeliveryNote, policy: Policy, question: Question, report: Report) -> None:
    """Verify that the log holds the delivery that the file speaks of.

    Args:
        note: As read.
        policy: The verifier's own.
        question: What the verifier wants to know.
        report: Gets each check and what was not checked.

    Raises:
        VerificationError: It does not; the report says which check failed.
    """
    report.kind, report.subject = KIND, note.delivery
    report.note_unchecked(KEY_OWNER, LATER_STATE)
    check_expectation(report, question)
    opened = open_checkpoint(policy, note.sent.proof.checkpoint)
    note_checkpoint(report, opened, question)
    note_event_age(report, question)
    report.check("sent", "the delivery is in the log", lambda: verify_receipt(note.sent, opened))
    report.check("belonging", "the file is of this delivery", lambda: verify_sent(note))
    body = note.body
    report.shown = [
        ("sender", _take_event(note.sent).actor),
        ("recipient", body.recipient),
        ("asset", body.asset),
        ("grant", body.grant),
    ]
    report.is_authentic = report.is_in_force = True


def verify_sent(note: DeliveryNote) -> None:
    """Check that the receipt is of the delivery that the file names, and the size one of its copy.

    Raises:
        BundleError: It is of another event, or the copy has another number of blocks.
    """
    event = _take_event(note.sent)
    if derive_id("delivery", actor=event.actor, nonce=event.nonce) != note.delivery:
        raise BundleError(f"the receipt is not of the event that opened {note.delivery}")
    blocks = max(1, -(-note.size // BLOCK_BYTES))
    if blocks != note.body.copy.count:
        raise BundleError(
            f"{note.size} bytes make {blocks} blocks, the delivered copy has {note.body.copy.count}"
        )


def verify_copy(note: DeliveryNote, measured: Copy, size: int) -> None:
    """Check that a file is the delivered copy.

    Args:
        note: Verified.
        measured: Root and count of the file under the note's salt.
        size: Of the file, in bytes.

    Raises:
        BundleError: It is another file, or the note says another size.
    """
    if measured != note.body.copy:
        raise BundleError(f"this is not the copy that {note.delivery} delivered")
    if size != note.size:
        raise BundleError(f"the file has {size} bytes, the delivery file says {note.size}")


def _take_event(receipt: Receipt) -> Event:
    entry = receipt.content
    if not isinstance(entry, Entry) or entry.signed.event.kind != Send.kind:
        raise BundleError("what the receipt proves is not a delivery.send")
    return entry.signed.event
