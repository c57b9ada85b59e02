"""Verifies a file for the national system, offline, by the proofs that it may carry.

Without proofs a file proves nothing: its digest says that nobody changed it since it was made, not
that the ledger says so.

Spec: Art. 26 and 27; docs/exports.md.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from contracts.foundation import Ledger
from contracts.identity import Party
from contracts.procedure import Registration, status_at
from contracts.recording import RecordRegistration
from contracts.records import StateT, format_record, parse_state_record
from contracts.title import Asset
from contracts.verdict import (
    KEY_OWNER,
    NATIONAL_SYSTEM,
    check_expectation,
    note_checkpoint,
    note_seal,
)
from contracts.verdict import Report as Verdict
from ledger.core.bundle import StateBundle, find_checkpoint, verify_state_bundle
from ledger.core.canonical import encode_canonical
from ledger.core.dossier import Dossier, DossierEvent, verify_dossier
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.subjects import SELF, commit
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import BundleError, MalformedError
from node.exports.national import (
    Applicant,
    Deposit,
    Evidence,
    NationalDocument,
    NationalProofs,
    choose_statutory,
    describe_applicant,
    describe_fact,
    describe_registrar,
    is_reviewed,
    parse_national,
    read_result,
)
from node.judges import Ask

KIND: Final = "national"
NOT_YET_OPENED: Final = "members not yet published"
SILENCE: Final = "acceptance by silence"
NOT_YET_RECORDED: Final = "result not yet recorded"
_CAME_TO_NOTHING: Final = frozenset(("withdrawn", "terminated", "refused", "lapsed"))
_OPENING: Final = {"by", "field", "log", "salt", "value"}


def judge_national_file(value: JsonObject, ask: Ask, report: Verdict) -> None:
    """Verify a file for the national system.

    Raises:
        VerificationError: A proof does not hold, or the document says something else.
        MalformedError: Not such a file, or one without proofs.
        LimitError: A part is too large.
    """
    file = parse_national(value)
    document, proofs = file.document, file.proofs
    report.kind, report.subject = KIND, document.registration
    report.note_unchecked(NATIONAL_SYSTEM, KEY_OWNER)
    check_expectation(report, ask.question)
    if proofs is None:
        raise MalformedError(
            "the file carries no proofs, only a digest: ask for one that was made with "
            "'muniment export national --with-proofs'"
        )
    dossier = proofs.dossier
    receipts = (dossier.state.receipt, *(state.receipt for state in proofs.states))
    opened = open_checkpoint(ask.policy, find_checkpoint(receipts))
    note_checkpoint(report, opened, ask.question)
    detail = f"{len(dossier.events)} events, none left out"
    report.check("history", detail, lambda: verify_dossier(dossier, opened))
    report.check("state", "proved", lambda: _verify_states(proofs.states, opened))
    report.check(
        "what is sent", "says what the proofs show", lambda: verify_document(document, proofs)
    )
    if _is_silence_unknown(proofs):
        report.note_unchecked(SILENCE)
    if document.evidence is not UNSET:
        now = ask.question.now
        report.check("ready", "reviewed", lambda: _check_reviewed(proofs, now))
    _judge_record(document, dossier, report)
    if document.evidence is UNSET and not _read(Registration, dossier.state).fields:
        report.note_unchecked(NOT_YET_OPENED)
    note_seal(report, dossier.state.seal, ask.question)
    report.status = status_at(_read(Registration, dossier.state), dossier.state.seal.time)
    report.is_authentic = True
    report.is_in_force = report.status not in _CAME_TO_NOTHING


def verify_document(document: NationalDocument, proofs: NationalProofs) -> None:
    """Check that a document says of a registration what its proved history and states say.

    Args:
        document: As read.
        proofs: Verified, all under one checkpoint.

    Raises:
        BundleError: They differ; names the first member that does.
    """
    dossier = proofs.dossier
    if dossier.start is not None or dossier.state.subject != document.registration:
        raise BundleError(f"the proofs are not the whole history of {document.registration}")
    state, states = (
        _read(Registration, dossier.state),
        {each.subject: each for each in proofs.states},
    )
    if states.keys() != {SELF, state.asset, *state.parties} or len(states) != len(proofs.states):
        raise BundleError("the states are those of ledger, asset and applicants, once each")
    applicants = tuple(describe_applicant(key, _read(Party, states[key])) for key in state.parties)
    proved = _plain(state.asset, state.type, state.about, applicants)
    said = _plain(document.asset, document.type, document.voucher, document.applicants)
    registrar = describe_registrar(_read(Ledger, states[SELF]))
    proved |= {"log": _origin(dossier), "registrar": format_record(registrar)}
    said |= {"log": document.log, "registrar": format_record(document.registrar)}
    if document.evidence is not UNSET:
        proved |= _prove_evidence(state, _read(Asset, states[state.asset]), dossier)
        said |= _say_evidence(document, document.evidence)
        _verify_deposit(document.evidence.deposit)
    elif state.fields:
        proved["fields"] = choose_statutory(state.type, state.fields)
        said["fields"] = dict(document.fields)
    else:
        proved["fields"] = sorted(choose_statutory(state.type, {}))
        said["fields"] = sorted(document.fields)
    for name, shown in proved.items():
        if encode_canonical([said[name]]) != encode_canonical([shown]):
            raise BundleError(f"the document says something else than the proofs: its {name}")


def _is_silence_unknown(proofs: NationalProofs) -> bool:
    """Whether only the calendar, which is not proved here, says if silence was an acceptance."""
    state, ledger = _read(Registration, proofs.dossier.state), _read_ledger(proofs)
    is_filed = state.status[-1].value == "filed" and state.deadline is None
    return is_filed and ledger.profile.clocks.acceptance > 0


def _check_reviewed(proofs: NationalProofs, now: UnixMillis) -> None:
    """Refuse evidence of what is still under review or notice, or came to nothing.

    Raises:
        BundleError: It was not ready to be recorded.
    """
    state = _read(Registration, proofs.dossier.state)
    has_notice = state.type in _read_ledger(proofs).profile.notice_types
    if not has_notice and _is_silence_unknown(proofs):
        return
    if not is_reviewed(state, now, has_notice=has_notice):
        raise BundleError(
            "evidence is sent of what may be recorded: its notice over or withheld, every "
            "objection decided"
        )


def _read_ledger(proofs: NationalProofs) -> Ledger:
    return next(_read(Ledger, each) for each in proofs.states if each.subject == SELF)


def _verify_states(states: Sequence[StateBundle], opened: VerifiedCheckpoint) -> None:
    for state in states:
        verify_state_bundle(state, opened)


def _verify_deposit(deposit: Deposit) -> None:
    """Check that deposited fingerprints open the commitments beside them.

    Raises:
        BundleError: One does not.
    """
    for opening in () if deposit.openings is UNSET else deposit.openings:
        if set(opening) != _OPENING:
            raise BundleError("a deposited fingerprint has the members of an opening and no other")
        field = str(opening.get("field"))
        made = commit(
            by=SubjectKey(str(opening.get("by"))),
            field=field,
            log=str(opening.get("log")),
            salt=str(opening.get("salt")),
            value=opening.get("value"),
        )
        if made["$commit"] != deposit.commitments.get(field):
            raise BundleError(f"a deposited fingerprint does not open the commitment of {field}")


def _plain(
    asset: SubjectKey, kind: str, voucher: str | None, applicants: Sequence[Applicant]
) -> dict[str, Json]:
    return {
        "asset": asset,
        "type": kind,
        "voucher": voucher,
        "applicants": [format_record(each) for each in applicants],
    }


def _origin(dossier: Dossier) -> str:
    return dossier.events[0].entry.signed.event.log


def _judge_record(document: NationalDocument, dossier: Dossier, report: Verdict) -> None:
    """Hold the evidence against the record, once there is one.

    Raises:
        BundleError: The record names other evidence, or registers something else.
    """
    evidence, (_, record) = document.evidence, _split(dossier)
    if evidence is UNSET:
        return
    if record is None:
        report.note_unchecked(NOT_YET_RECORDED)
        return
    national = record.entry.signed.event.body.get("national")
    named = national.get("digest") if isinstance(national, dict) else None
    detail = "registers this result" if named is None else "names this digest, and its result"
    report.check(
        "recorded result", detail, lambda: _verify_record(document, evidence, record, named)
    )


def _verify_record(
    document: NationalDocument, evidence: Evidence, record: DossierEvent, named: Json
) -> None:
    if named is not None and named != document.digest:
        raise BundleError(f"the record names other evidence, of the digest {named!s:.64}")
    if format_record(evidence.result) != format_record(read_result(record.entry)):
        raise BundleError("the record registers something else than the document says")


def _prove_evidence(state: Registration, asset: Asset, dossier: Dossier) -> dict[str, Json]:
    before, _ = _split(dossier)
    return {
        "commitments": dict(asset.content),
        "digests": list(asset.digests),
        "fields": dict(state.fields),
        "application": dict(state.application),
        "notice": None if state.notice is None else format_record(state.notice),
        "process": [format_record(describe_fact(each.index, each.entry)) for each in before],
    }


def _say_evidence(document: NationalDocument, evidence: Evidence) -> dict[str, Json]:
    return {
        "commitments": dict(evidence.deposit.commitments),
        "digests": list(evidence.deposit.digests),
        "fields": dict(document.fields),
        "application": dict(evidence.application),
        "notice": None if evidence.notice is None else format_record(evidence.notice),
        "process": [format_record(each) for each in evidence.process],
    }


def _split(dossier: Dossier) -> tuple[list[DossierEvent], DossierEvent | None]:
    """The events before the record, and the record."""
    before: list[DossierEvent] = []
    for each in dossier.events:
        if each.entry.signed.event.kind == RecordRegistration.kind:
            return before, each
        before.append(each)
    return before, None


def _read(cls: type[StateT], bundle: StateBundle) -> StateT:
    """The state, which has to be there.

    Raises:
        BundleError: It is proved absent.
    """
    if bundle.value is None:
        raise BundleError(f"{bundle.subject} is proved absent")
    return parse_state_record(cls, bundle.value.state)
