"""`submit`: a draft that everybody has signed is written, with what the ledger obliges to keep."""

from cli.cosigning import Draft, check_draft
from cli.exitcodes import UsageError
from cli.lang import say
from cli.later import submit_filing
from cli.session import Session
from cli.twosided import party_name
from cli.writing import submit_signed
from contracts.application import File
from contracts.recording import RecordRegistration
from contracts.revocation import Revoke
from ledger.core.event import SignedEvent
from ledger.core.types import Json
from ledger.errors import RejectedError
from node.drafts import (
    Missing,
    find_missing,
    has_openings,
    keep_openings,
    main_subject,
    read_body,
)
from node.later import is_later
from node.recorddrafts import find_documents
from node.registryapi import RegistryApi


def submit_draft(session: Session, draft: Draft) -> None:
    """Write a draft's event, once every signature is there; its openings go into the vault first.

    Raises:
        UsageError: The openings of a filing are neither given nor in the vault, or the credential
            of a record is not in it.
        RejectedError: A signature is missing, it is too late, it is for another ledger, or a rule
            refuses; nothing was written.
    """
    signed = draft.signed
    documents: dict[str, bytes] = {}
    with session.registry(is_writer=True) as registry:
        if registry.find_event(signed.id) is None:
            check_draft(signed, registry)
            _refuse_missing(registry, find_missing(registry, signed))
            keep_openings(registry, signed.event, draft.openings)
            _check_openings(registry, signed)
            documents = _find_documents(registry, signed)
        if is_later(signed):
            submit_filing(session, registry, signed)
            return
        subject, extra = main_subject(signed.event), _name_voucher(signed)
        submit_signed(session, registry, signed, subject, extra, documents)


def _refuse_missing(registry: RegistryApi, missing: tuple[Missing, ...]) -> None:
    """Refuse an event that still needs signatures, and say whose.

    Raises:
        RejectedError: Reason `signatures_missing`.
    """
    if not missing:
        return
    named = [
        f"{party_name(registry, each.party) if each.party else 'did:key'} ({each.count})"
        for each in missing
    ]
    raise RejectedError(
        "signatures_missing",
        f"signatures are missing: {', '.join(named)}; sign with 'muniment cosign FILE' where the "
        "keys are",
        f"尚缺签名：{'、'.join(named)}；请在密钥所在处用 muniment cosign 文件 签署",
        rule="formats 2",
    )


def _check_openings(registry: RegistryApi, signed: SignedEvent) -> None:
    """Make sure that a filing can be published: its openings are in the vault of this home.

    Raises:
        UsageError: They are not.
    """
    body = read_body(signed.event)
    if isinstance(body, File) and not has_openings(registry, signed.event, body.application):
        raise UsageError(
            say(
                "the openings of this filing are not here, and without them it is never published: "
                "give them with --opening FILE",
                "此处没有该申请的开示内容，缺少则无法公示：请用 --opening 给出开示文件",
            ),
            "opening_required",
        )


def _find_documents(registry: RegistryApi, signed: SignedEvent) -> dict[str, bytes]:
    """The credential that a record names, from the vault of this home.

    Raises:
        UsageError: It is not there.
    """
    documents = find_documents(registry, signed.event)
    if documents is None:
        raise UsageError(
            say(
                "the credential that this record names is not in this home: submit it in the home "
                "where 'registration record --out' made the draft, or make the draft again here",
                "此处没有该登记所指的凭证内容：请在用 registration record --out 制作草稿的目录中"
                "提交，或在此重新制作草稿",
            ),
            "credential_required",
        )
    return documents


def _name_voucher(signed: SignedEvent) -> dict[str, Json]:
    """What a completed registration, or a revocation, did to which voucher."""
    body = read_body(signed.event)
    if isinstance(body, RecordRegistration):
        return {"cancelled": body.cancels} if body.cancels else {"voucher": body.number or None}
    return {"voucher": body.number} if isinstance(body, Revoke) else {}
