"""What `registration record` does: findings, evidence in the national system, number, voucher."""

from dataclasses import dataclass

from cli.exitcodes import UsageError
from cli.lang import say
from cli.registering import classify
from cli.session import Session
from cli.subjects import find_keys, find_subject
from cli.times import parse_date
from contracts.procedure import National
from contracts.recording import Tests
from contracts.registration import Registration
from ledger.core.text import parse_digest
from ledger.core.types import Json, SubjectKey
from node.issuing import read_application
from node.recording import (
    RecordedAsset,
    Recording,
    read_recorded_asset,
    read_recorded_transfer,
    record_until_numbered,
)
from node.registry import Registry


@dataclass(frozen=True, slots=True)
class Findings:
    """What the registrar found, and where the national system keeps the evidence.

    Args:
        accuracy, compliance, clarity: The three tests (Art. 18).
        national: System, record, time and digest; all or none.
    """

    accuracy: str
    compliance: str
    clarity: str
    national: tuple[str | None, str | None, str | None, str | None]


def record_registration(session: Session, text: str, findings: Findings) -> None:
    """Record a registration, issue its voucher, and print both.

    Raises:
        UsageError: The evidence in the national system is named only in part.
        RejectedError: A rule refuses; nothing was written.
    """
    national = _read_national(findings.national)
    tests = Tests(
        accuracy=findings.accuracy, compliance=findings.compliance, clarity=findings.clarity
    )
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "registration", text)
        ledger = registry.ledger
        keys = find_keys(registry, ledger.registrar, ledger.profile.officers)
        asset = _read_recorded(registry, key, tests)
        recording = Recording(registry, ledger.registrar, keys)
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


def _read_recorded(registry: Registry, key: SubjectKey, tests: Tests) -> RecordedAsset:
    if registry.need_state(Registration, key).type == "transfer":
        return read_recorded_transfer(registry, key, tests)
    vault = registry.open_vault()
    try:
        application = read_application(vault, key)
    finally:
        vault.close()
    classification = classify(application, registry.ledger.registrar)
    return read_recorded_asset(registry, key, classification, tests)


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
