"""Makes what the national system is sent, from ledger and vault.

Spec: Art. 24 and 26; docs/exports.md.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import UNSET

from contracts.clocks import describe_instant
from contracts.edges import STATES
from contracts.force import settle_terms
from contracts.identity import Party
from contracts.procedure import Registration, status_at
from contracts.recording import RecordRegistration
from contracts.records import AnyJson, AnyObject, format_record
from contracts.title import Asset, RightClaim, Voucher, tuple_values, voucher_key
from contracts.transfer import rights_after
from ledger.core.canonical import decode_bundle
from ledger.core.entry import Entry
from ledger.core.subjects import SELF
from ledger.core.types import LeafIndex, SubjectKey, UnixMillis
from ledger.errors import NotFoundError, RejectedError
from node.duties import read_settled
from node.exports.national import (
    MAX_NATIONAL_BYTES,
    Deposit,
    Evidence,
    NationalDocument,
    NationalProofs,
    Part,
    Result,
    choose_statutory,
    describe_applicant,
    describe_fact,
    describe_registrar,
    is_reviewed,
    parse_national,
    read_result,
)
from node.issuing import claim_rights, read_application, read_content
from node.recording import read_openable
from node.registryapi import RegistryApi

_ENDS: Final = frozenset(("withdrawn", "terminated", "refused", "lapsed"))


def find_registration(registry: RegistryApi, text: str) -> SubjectKey | None:
    """The registration that led to the voucher of this number, if there is such a voucher."""
    voucher = registry.find_state(Voucher, voucher_key(text.removeprefix("voucher/")))
    return None if voucher is None else voucher.registration


def make_national(
    registry: RegistryApi, key: SubjectKey, part: Part | None, *, with_openings: bool
) -> NationalDocument:
    """What the national system is sent of a registration.

    Args:
        registry: With the vault that holds the form, until the registration is recorded.
        key: The registration's.
        part: Which part; None: the one that is due.
        with_openings: Deposit the fingerprints of the content (Art. 26).

    Raises:
        RejectedError: The registration is not so far, or has no such part.
        NotFoundError: There is no such registration, or the vault lacks its form.
    """
    registration = read_settled(registry, key)
    wanted = _choose_part(registry, key, registration, part)
    return NationalDocument(
        part=wanted,
        log=registry.origin,
        registrar=describe_registrar(registry.ledger),
        registration=key,
        asset=registration.asset,
        type=registration.type,
        voucher=registration.about,
        applicants=tuple(
            describe_applicant(each, registry.need_state(Party, each))
            for each in registration.parties
        ),
        fields=_read_fields(registry, key, registration, wanted),
        evidence=(
            _make_evidence(registry, key, registration, with_openings=with_openings)
            if wanted == "evidence"
            else UNSET
        ),
    )


def prove_national(registry: RegistryApi, document: NationalDocument) -> NationalProofs:
    """Proofs of what a document says, under the newest checkpoint.

    Raises:
        LimitError: The registration has more than 1,000 events.
    """
    prover = registry.prover()
    parties = (each.party for each in document.applicants)
    subjects = sorted({SELF, document.asset, *parties})
    states = tuple(map(prover.prove_state, subjects))
    return NationalProofs(prover.prove_history(document.registration), states)


def match_national(registry: RegistryApi, key: SubjectKey, data: bytes) -> str:
    """The digest of a file for the national system, if it is what the ledger makes it now.

    Args:
        registry: As for make_national.
        key: Of the registration that is to be recorded.
        data: From outside, the bytes of the file.

    Raises:
        MalformedError: Not such a file.
        LimitError: Too large.
        BundleError: Its digest is of another document.
        RejectedError: Reason `national_file`: it says something else than the ledger does now, or
            as make_national.
        NotFoundError: As make_national.
    """
    offered = parse_national(decode_bundle(data, max_bytes=MAX_NATIONAL_BYTES)).document
    evidence = offered.evidence
    has_openings = evidence is not UNSET and evidence.deposit.openings is not UNSET
    made = make_national(registry, key, "evidence", with_openings=has_openings)
    if offered.digest != made.digest:
        raise RejectedError(
            "national_file",
            f"the file is not the evidence of {key} as the ledger stands now: make it again with "
            "'muniment export national', and have the national system store that",
            f"该文件不是 {key} 目前应存证的内容：请用 muniment export national 重新导出，"
            "并将其存入国家系统",
            rule="Art. 26",
        )
    return made.digest


def _choose_part(
    registry: RegistryApi, key: SubjectKey, registration: Registration, part: Part | None
) -> Part:
    """The part asked for, or the one that is due, if the registration is so far.

    Raises:
        RejectedError: It is not, or has no such part.
    """
    now = registry.clock.now()
    status = status_at(registration, now)
    if status in _ENDS or status in {"filed", "returned"}:
        raise RejectedError(
            "not_accepted",
            f"{key} is {status}: the national system is sent what is accepted, and nothing of what "
            "came to nothing",
            f"{key} 现为“{STATES[status].zh}”：仅已受理的登记须报送国家系统，未予登记的不报送",
            rule="Art. 24",
        )
    has_notice = registration.type in registry.ledger.profile.notice_types
    is_over = is_reviewed(registration, now, has_notice=has_notice)
    wanted = part or ("evidence" if is_over else "notice")
    if wanted == "notice" and (status == "confidential" or not has_notice):
        raise RejectedError(
            "no_notice",
            f"{key} has no public notice: nothing of it is published",
            f"{key} 不予公示：无公示内容可报送",
            rule="Art. 24",
        )
    if wanted == "evidence" and not is_over:
        raise RejectedError(
            "not_ready",
            _say_why(key, registration, status),
            _say_why_zh(key, registration),
            rule="Art. 26",
        )
    return wanted


def _say_why_zh(key: SubjectKey, registration: Registration) -> str:
    end = registration.notice_end
    until = "" if end is None else f"（至 {describe_instant(UnixMillis(end))}）"
    return f"{key} 尚不能报送存证信息：须待公示期届满{until}或决定不予公示，且异议均已办结"


def _say_why(key: SubjectKey, registration: Registration, status: str) -> str:
    end = registration.notice_end
    until = "" if end is None else f", which is at {describe_instant(UnixMillis(end))}"
    return (
        f"{key} is {status}: evidence is sent when the public notice is over{until}, or withheld, "
        "and every objection decided"
    )


def _read_fields(
    registry: RegistryApi, key: SubjectKey, registration: Registration, part: Part
) -> dict[str, AnyJson]:
    """As evidence all that the ledger has opened; for a notice what it has to open (Art. 24)."""
    if part == "evidence":
        return dict(registration.fields)
    if registration.fields:
        return choose_statutory(registration.type, registration.fields)
    openings = read_openable(registry, key)
    return choose_statutory(
        registration.type, {name: each.value for name, each in openings.items()}
    )


def _make_evidence(
    registry: RegistryApi, key: SubjectKey, registration: Registration, *, with_openings: bool
) -> Evidence:
    before, record = _read_process(registry, key)
    asset = registry.need_state(Asset, registration.asset)
    opened = read_content(registry, registration.asset) if with_openings else None
    if opened is not None and len(opened) != len(asset.content):
        raise NotFoundError(f"the openings of {registration.asset} are not in this vault")
    return Evidence(
        process=tuple(describe_fact(index, entry) for index, entry in before),
        application=dict(registration.application),
        notice=registration.notice,
        deposit=Deposit(
            commitments=dict(asset.content),
            digests=asset.digests,
            openings=UNSET if opened is None else tuple(map(dict, opened)),
        ),
        result=(
            _expect_result(registry, key, registration, asset)
            if record is None
            else read_result(record)
        ),
    )


def _read_process(
    registry: RegistryApi, key: SubjectKey
) -> tuple[list[tuple[LeafIndex, Entry]], Entry | None]:
    """The events of a registration before its record, and the record if there is one.

    Raises:
        NotFoundError: There is no such registration.
        CorruptionError: Its history points at a seal.
    """
    before: list[tuple[LeafIndex, Entry]] = []
    for index, entry in registry.iterate_events(key):
        if entry.signed.event.kind == RecordRegistration.kind:
            return before, entry
        before.append((index, entry))
    if not before:
        raise NotFoundError(f"there is no {key} on this ledger")
    return before, None


def _expect_result(
    registry: RegistryApi, key: SubjectKey, registration: Registration, asset: Asset
) -> Result:
    """What a record would register as things stand: nothing of it is decided yet."""
    if registration.type == "initial":
        vault = registry.open_vault()
        try:
            form = read_application(vault, key)
        finally:
            vault.close()
        return Result(
            rights=_format_rights(claim_rights(form, registration.filer)),
            declared=_format_rights(form.declared),
            data_class=form.data_class,
            level=form.level,
        )
    data = asset.classification
    if registration.type == "cancellation" or data is None:
        return Result(rights=(), declared=(), data_class=None, level=None)
    settled = settle_terms(asset, registry.clock.now())
    held = tuple_values(settled.tuples)
    moved = rights_after(settled, registration.moves) if registration.moves else held
    return Result(
        rights=tuple(map(dict, moved)), declared=(), data_class=data.data_class, level=data.level
    )


def _format_rights(claims: Iterable[RightClaim]) -> tuple[AnyObject, ...]:
    return tuple(dict(format_record(claim)) for claim in claims)
