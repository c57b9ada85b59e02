"""The report of a registrar's work over a period, made from the log alone.

Whoever has the same log, the same checkpoint and the same period gets the same bytes: canonical
JSON, so that two people compare one digest.

Spec: Art. 11 and 12; docs/exports.md.
"""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from contracts.clocks import start_of_day
from contracts.foundation import Ledger
from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.checkpoint import Checkpoint, parse_signed_checkpoint
from ledger.core.members import take_count, take_text
from ledger.core.note import open_note
from ledger.core.subjects import SELF
from ledger.core.text import parse_digest
from ledger.core.types import JsonObject, TreeSize, UnixMillis
from ledger.errors import MalformedError, NotFoundError, RejectedError, VerificationError
from node.exports.counts import count_everything
from node.exports.fold import Folded, Progress, fold_log
from node.exports.tally import EventTally, Period
from node.registryapi import RegistryApi
from node.rulebundle import current_rules

REPORT: Final = "muniment/report/v1"
MAX_REPORT_BYTES: Final = 1024 * 1024
_WANTED: Final = "give the file that 'muniment report --out FILE.json' wrote"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which period is reported.

    Args:
        start: First instant; None: from the beginning of the log.
        end: First instant after it; None: up to the end of the log.
    """

    start: UnixMillis | None
    end: UnixMillis | None


@dataclass(frozen=True, slots=True)
class Report:
    """A report: its document, and the bytes that its digest is of."""

    document: JsonObject

    @property
    def data(self) -> bytes:
        """Canonical JSON of the document."""
        return encode_canonical(self.document)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, 64 hex digits."""
        return sha256(self.data).hexdigest()


def ask_year(registry: RegistryApi, year: int) -> Asked:
    """The days of a year, by the offset of the ledger's profile.

    Args:
        registry: Whose profile counts.
        year: 1970 to 9998.
    """
    offset = registry.ledger.profile.offset_minutes
    first, after = (start_of_day(date(each, 1, 1), offset) for each in (year, year + 1))
    return Asked(first, after)


def find_checkpoint(registry: RegistryApi, size: int | None) -> Checkpoint:
    """A checkpoint that this registry's log signed.

    Args:
        registry: Whose.
        size: Of the log; None: the newest.

    Raises:
        NotFoundError: None was signed at this size.
        VerificationError: The log's key did not sign it.
    """
    try:
        note = registry.prover(size).anchor.note
    except NotFoundError as exc:
        raise NotFoundError(
            "no checkpoint was signed yet: the ledger is empty or was cut off"
            if size is None
            else f"no checkpoint was signed at the size {size}: leave out --at, or give the size "
            "of one that was"
        ) from exc
    return read_checkpoint(registry, note)


def read_checkpoint(registry: RegistryApi, note: bytes) -> Checkpoint:
    """A checkpoint from outside, signed by this registry's log.

    Args:
        registry: Whose key has to have signed it.
        note: From outside, any bytes.

    Raises:
        MalformedError: Not a signed checkpoint.
        LimitError: Too large.
        SignatureError: The log's key did not sign it.
        VerificationError: It is of another log, or newer than this copy of it.
    """
    signed = parse_signed_checkpoint(note)
    open_note(signed.note, [registry.log_key])
    _check_place(registry, signed.body)
    return signed.body


def _check_place(registry: RegistryApi, checkpoint: Checkpoint) -> None:
    """Refuse a checkpoint that this copy of the log cannot be held against.

    Raises:
        VerificationError: It is of another log, or newer than this copy.
    """
    if checkpoint.origin != registry.origin:
        raise VerificationError(
            f"this is of the log {checkpoint.origin}, and this log is {registry.origin}"
        )
    size = registry.read_end().size
    if checkpoint.size > size:
        raise VerificationError(
            f"this is of {checkpoint.size} leaves, and this copy of the log has {size}: use a "
            "newer copy"
        )


def make_report(
    registry: RegistryApi, checkpoint: Checkpoint, asked: Asked, progress: Progress
) -> Report:
    """The report of a period.

    Args:
        registry: Of its ledger only the log is read.
        checkpoint: Of its log, verified; what is later is not looked at.
        asked: Which period.
        progress: Told how many more leaves are done.

    Raises:
        RejectedError: Reason `empty_period`: the log has nothing of it.
        ReplayError: The log is not that of the checkpoint, or not what rules make.
        NotFoundError: This program lacks the rules of a block.
        CorruptionError: The log cannot be read.
    """
    rules = current_rules()
    events = EventTally(_start(asked))
    folded = fold_log(registry, checkpoint, {rules.name: rules}, asked.end, events, progress)
    return describe_report(folded, checkpoint, asked, events)


def describe_report(
    folded: Folded, checkpoint: Checkpoint, asked: Asked, events: EventTally
) -> Report:
    """The report of a log that was executed already.

    Args:
        folded: Up to the end of the period.
        checkpoint: Of the log, verified.
        asked: Which period.
        events: Counted from its start on.

    Raises:
        RejectedError: Reason `empty_period`: the log has nothing of it.
    """
    period = _limit(asked, folded)
    return Report(
        {
            "format": REPORT,
            "log": {
                "origin": checkpoint.origin,
                "root": checkpoint.root.hex(),
                "size": checkpoint.size,
                "time": folded.time,
            },
            "period": {"as_of": period.as_of, "from": asked.start, "to": asked.end},
            **count_everything(folded.states, period, events),
        }
    )


def _start(asked: Asked) -> UnixMillis:
    return UnixMillis(0) if asked.start is None else asked.start


def check_report(registry: RegistryApi, data: bytes, progress: Progress) -> Report:
    """Make a report again from this copy of the log, and hold the two against each other.

    Args:
        registry: Of its ledger only the log is read.
        data: From outside, the bytes of a report.
        progress: As make_report.

    Returns:
        The report, byte for byte the same.

    Raises:
        MalformedError: Not a report.
        LimitError: More than 1 MiB.
        VerificationError: It is of another log, or says something else than this log; the message
            names the first member that does.
        RejectedError: As make_report.
        ReplayError: As make_report.
        NotFoundError: As make_report.
        CorruptionError: As make_report.
    """
    offered, asked, checkpoint = _parse_report(data)
    _check_place(registry, checkpoint)
    made = make_report(registry, checkpoint, asked, progress)
    for name, shown in made.document.items():
        if offered.get(name) != shown:
            raise VerificationError(f"the report says something else than this log: its {name}")
    if made.data != data:
        raise VerificationError("the report has a member that no report has")
    return made


def _parse_report(data: bytes) -> tuple[JsonObject, Asked, Checkpoint]:
    """What a report says, what it was asked for, and of which log; its counts are not looked at.

    Raises:
        MalformedError: Not a report.
        LimitError: More than 1 MiB.
    """
    try:
        value = decode_canonical(data, max_bytes=MAX_REPORT_BYTES)
    except MalformedError as exc:
        raise MalformedError(f"not a report, or not its bytes: {_WANTED}") from exc
    if not isinstance(value, dict) or value.get("format") != REPORT:
        raise MalformedError(f"not a report: {_WANTED}")
    log, period = value.get("log"), value.get("period")
    if not isinstance(log, dict) or not isinstance(period, dict):
        raise MalformedError("a report has the objects log and period")
    start, end = (
        None if period.get(name) is None else UnixMillis(take_count(period[name]))
        for name in ("from", "to")
    )
    origin, root = take_text(log.get("origin")), parse_digest(take_text(log.get("root")))
    checkpoint = Checkpoint(origin, TreeSize(take_count(log.get("size"))), root)
    return value, Asked(start, end), checkpoint


def _limit(asked: Asked, folded: Folded) -> Period:
    """The part of the period that the log covers.

    Raises:
        RejectedError: There is none.
    """
    covered = UnixMillis(folded.time + 1)
    start, end = _start(asked), asked.end
    last = covered if end is None else min(end, covered)
    if last <= start or folded.states.find(Ledger, SELF) is None:
        raise RejectedError(
            "empty_period",
            "the log has nothing of this period: it ends before it begins, or before the ledger "
            "was opened, or begins after the log ends; choose another with --from and --to",
            "日志中没有该期间的内容：期间结束早于开始或早于账本开启，或开始晚于日志末尾；"
            "请用 --from 与 --to 另选期间",
            rule="Art. 11",
        )
    return Period(start, last)
