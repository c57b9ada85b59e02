"""What `registration record` does: findings, evidence in the national system, number, voucher."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from cli.duplicates import read_findings
from cli.exitcodes import UsageError
from cli.files import read_capped
from cli.lang import say
from cli.registering import LEVELS, check_choice, classify
from cli.session import Session
from cli.subjects import find_officers, find_subject
from cli.times import parse_date
from cli.twosided import DraftFile, submit_or_draft, write_draft
from contracts.procedure import National
from contracts.recording import Tests
from contracts.registration import Registration
from contracts.title import Classification
from ledger.core.event import SignedEvent
from ledger.core.text import parse_digest
from ledger.core.types import Json, SubjectKey
from node.exports.sending import match_national
from node.issuing import read_application
from node.judges import MAX_FILE_BYTES
from node.later import read_cancelled, read_recorded_later
from node.recorddrafts import prepare_record
from node.recording import (
    RecordedAsset,
    Recording,
    last_serial,
    read_recorded_asset,
    read_recorded_transfer,
    record_until_numbered,
)
from node.registryapi import RegistryApi


@dataclass(frozen=True, slots=True)
class Findings:
    """What the registrar found, and where the national system keeps the evidence.

    Args:
        accuracy, compliance, clarity: The three tests (Art. 18).
        national: System, record, time and digest; all or none.
        national_file: What was stored there, instead of its digest.
        level: As the registrar assessed it; None: as the form says.
        downgrade: Attestation that lets the level be below a source's.
        duplicates: What was decided about earlier assets of the same content, as given.
    """

    accuracy: str
    compliance: str
    clarity: str
    national: tuple[str | None, str | None, str | None, str | None]
    national_file: Path | None = None
    level: str | None = None
    downgrade: str | None = None
    duplicates: tuple[str, ...] = ()


def record_registration(
    session: Session, text: str, findings: Findings, out: Path | None = None
) -> None:
    """Record a registration, issue its voucher, and print both; or draft it for another officer.

    Args:
        session: Prints.
        text: Key of the registration, or its beginning.
        findings: What the registrar found.
        out: Where the draft goes, if another officer's key is elsewhere.

    Raises:
        UsageError: The evidence in the national system is named only in part, or an officer's key
            is elsewhere and there is nowhere to put a draft.
        RejectedError: A rule refuses; nothing was written.
    """
    tests = Tests(
        accuracy=findings.accuracy, compliance=findings.compliance, clarity=findings.clarity
    )
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "registration", text)
        national = _read_national(_name_evidence(registry, key, findings))
        ledger = registry.ledger
        keys = find_officers(registry, out)
        recording = Recording(registry, ledger.registrar, keys)
        of_type = registry.need_state(Registration, key).type
        _check_initial_only(of_type, findings)
        if of_type == "cancellation":
            event = recording.cancel(read_cancelled(registry, key, tests), national)
            _cancel(session, registry, event, out)
            return
        asset = _read_recorded(registry, key, tests, findings)
        if out is not None and len(keys) < ledger.profile.officers:
            made, credential, number = recording.record(asset, national, last_serial(registry))
            prepared = prepare_record(registry, made, credential)
            file = DraftFile(number, out)
            write_draft(session, registry, prepared, file, extra={"voucher": number})
            return
        written, number = record_until_numbered(registry, recording, asset, (), national)
    document: dict[str, Json] = {
        "event": written.event,
        "index": written.index,
        "subject": key,
        "voucher": number,
    }
    rows: list[tuple[str, str]] = [
        (say("registration", "登记"), key),
        (say("voucher", "凭证"), number),
        (say("log index", "日志位置"), str(written.index)),
    ]
    session.out.result(document, lambda: session.out.table(say("Recorded", "已登记"), rows))


def _cancel(session: Session, registry: RegistryApi, event: SignedEvent, out: Path | None) -> None:
    """Write the record of a cancellation, or its draft."""
    ended = str(event.event.body["cancels"])
    prepared = prepare_record(registry, event, None)
    submit_or_draft(session, registry, prepared, DraftFile(ended, out), extra={"cancelled": ended})


def _check_initial_only(of_type: str, findings: Findings) -> None:
    """Refuse what is decided once, with the initial registration, where another type is recorded.

    Raises:
        UsageError: An option is not for this type.
    """
    if of_type != "initial" and (findings.level or findings.downgrade or findings.duplicates):
        raise UsageError(
            say(
                "--level, --downgrade and --duplicate go with an initial registration; a "
                f"{of_type} leaves classification and content as they are: leave them out",
                "--level、--downgrade 与 --duplicate 仅用于初次登记；其他类型不改变分类分级与内容："
                "请去掉",
            )
        )


def _read_recorded(
    registry: RegistryApi, key: SubjectKey, tests: Tests, findings: Findings
) -> RecordedAsset:
    of_type = registry.need_state(Registration, key).type
    if of_type == "transfer":
        return read_recorded_transfer(registry, key, tests)
    if of_type != "initial":
        return read_recorded_later(registry, key, tests)
    vault = registry.open_vault()
    try:
        application = read_application(vault, key)
    finally:
        vault.close()
    classification = _assess(registry, classify(registry, application), findings)
    decided = read_findings(registry, key, findings.duplicates)
    recorded = read_recorded_asset(registry, key, classification, tests)
    return dataclasses.replace(recorded, duplicates=decided)


def _assess(registry: RegistryApi, stated: Classification, findings: Findings) -> Classification:
    """The classification as the registrar found it, where that differs from the form."""
    if findings.level is not None:
        stated = replace(stated, level=check_choice("--level", findings.level, LEVELS))
    if findings.downgrade is not None:
        key = find_subject(registry, "attestation", findings.downgrade)
        stated = replace(stated, downgrade=key)
    return stated


def _name_evidence(
    registry: RegistryApi, key: SubjectKey, findings: Findings
) -> tuple[str | None, str | None, str | None, str | None]:
    """What was said of the evidence, with the digest of the file that was stored.

    Raises:
        UsageError: Both the file and a digest were given.
        RejectedError: The file is not what the ledger makes it.
    """
    system, record, time, digest = findings.national
    path = findings.national_file
    if path is None:
        return findings.national
    if digest is not None:
        raise UsageError(
            say(
                "give --national-digest or --national-file, not both",
                "--national-digest 与 --national-file 只能择一",
            )
        )
    return system, record, time, match_national(registry, key, read_capped(path, MAX_FILE_BYTES))


def _read_national(
    parts: tuple[str | None, str | None, str | None, str | None],
) -> National | None:
    system, record, time, digest = parts
    if system is None and record is None and time is None and digest is None:
        return None
    if system is None or record is None or time is None or digest is None:
        raise UsageError(
            say(
                "give all four: --national-system, --national-record, --national-time and "
                "--national-digest",
                "请同时给出 --national-system、--national-record、--national-time 与 "
                "--national-digest",
            )
        )
    parse_digest(digest)
    return National(system=system, record=record, evidence_time=parse_date(time), digest=digest)
