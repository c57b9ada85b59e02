"""What `registration change`, `renew` and `cancel` make of their options; what follows a filing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.exitcodes import UsageError
from cli.fingerprints import read_digest
from cli.following import tell_next
from cli.lang import say
from cli.registering import SOLO_TESTS
from cli.session import Session
from cli.subjects import find_keys, find_party, find_subject
from cli.twosided import DraftFile, write_draft
from cli.writing import show_written, submit_signed
from contracts.force import holders_of
from contracts.forms import CHANGEABLE
from contracts.identity import Party
from contracts.profile import RegistrationType
from contracts.title import Asset, Voucher, voucher_key
from ledger.core.draft import DraftOpening
from ledger.core.event import SignedEvent
from ledger.core.types import Json, SubjectKey
from node.drafts import Prepared, main_subject, prepare_event
from node.later import build_later, complete_later, refuse_no_voucher
from node.recording import Recording
from node.registryapi import RegistryApi


@dataclass(frozen=True, slots=True)
class LaterOptions:
    """The options of a later registration, as given.

    Args:
        voucher: Number of the voucher that it is about.
        members: Of its form, filled in.
        party: Who files; None: the right-holder whose key is here.
        title: Of the data, if it was never published.
        document: Evidence, file or digest.
        out: The draft's file, if a key is elsewhere.
        is_forced: Overwrite other content there.
    """

    voucher: str
    members: Mapping[str, Json]
    party: str | None
    title: str | None
    document: str | None
    out: Path | None
    is_forced: bool


def file_later(session: Session, of_type: RegistrationType, options: LaterOptions) -> None:
    """File it, or write it as a draft for the right-holders who sign and whose keys are elsewhere.

    Under the solo profile it goes straight through to the result.

    Raises:
        UsageError: It is not clear who files, or the title is needed.
        NotFoundError: There is no such voucher or party.
        RejectedError: A rule refuses; nothing was written.
    """
    with session.registry(is_writer=True) as registry:
        number = find_subject(registry, "voucher", options.voucher).removeprefix("voucher/")
        voucher = registry.need_state(Voucher, voucher_key(number))
        asset = registry.need_state(Asset, voucher.asset)
        if asset.voucher is None:
            refuse_no_voucher(voucher.asset)
        filer = _find_filer(registry, options.party, holders_of(asset, registry.clock.now()))
        _check_years(options.members, registry.ledger.profile.max_years)
        members: dict[str, Json] = {**options.members, "title": _find_title(asset, options.title)}
        if options.document is not None:
            members["evidence"] = [read_digest(options.document)]
        body, openings = build_later(registry, filer, of_type, number, members)
        prepared = prepare_event(registry, filer, body, openings)
        file = DraftFile(f"{number}-{of_type}", options.out, options.is_forced)
        submit_or_draft_filing(session, registry, prepared, file, openings)


def _check_years(members: Mapping[str, Json], most: int) -> None:
    """Refuse a longer term than the profile has.

    Raises:
        UsageError: It is longer.
    """
    term = members.get("term")
    years = term.get("years") if isinstance(term, Mapping) else None
    if isinstance(years, int) and years > most:
        raise UsageError(
            say(f"--years is 1 to {most}, not {years}", f"--years 为 1 至 {most}，而非 {years}"),
            "option_value",
        )


def submit_or_draft_filing(
    session: Session,
    registry: RegistryApi,
    prepared: Prepared,
    file: DraftFile,
    openings: Sequence[DraftOpening],
) -> None:
    """As submit_filing if nothing is missing, else write its draft.

    Raises:
        RejectedError: A rule refuses; nothing was written.
        ExistsError: A file of this name has other content.
    """
    if prepared.missing:
        write_draft(session, registry, prepared, file, openings)
    else:
        submit_filing(session, registry, prepared.signed)


def submit_filing(session: Session, registry: RegistryApi, signed: SignedEvent) -> None:
    """Submit the filing of a type other than the initial one; in solo through to the result.

    Args:
        session: Prints.
        registry: Opened for writing; its vault has the openings.
        signed: With every signature it needs.

    Raises:
        RejectedError: A rule refuses; nothing was written.
    """
    ledger, subject = registry.ledger, main_subject(signed.event)
    if not ledger.profile.is_solo or registry.find_event(signed.id):
        submit_signed(session, registry, signed, subject)
        tell_next(session, subject, "filed")
        return
    officers = find_keys(registry, ledger.registrar, ledger.profile.officers)
    recording = Recording(registry, ledger.registrar, officers)
    written, number = complete_later(registry, recording, signed, SOLO_TESTS)
    if number is None:
        ended = str(signed.event.body["voucher"])
        show_written(session, written, "registration.record", subject, {"cancelled": ended})
        return
    show_written(session, written, "registration.record", subject, {"voucher": number})
    session.out.talk(
        f"Next: muniment voucher export {number}", f"下一步：muniment voucher export {number}"
    )


def read_changes(pairs: Sequence[str]) -> dict[str, Json]:
    """What `--set MEMBER=VALUE` says, as the form's member `after` has it.

    Raises:
        UsageError: A member that no change reaches, one twice, or no value.
    """
    after: dict[str, Json] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        member, _, part = name.partition(".")
        is_part = member == "temporal" and part in {"start", "end"}
        known = is_part or (member in CHANGEABLE and not part and member != "temporal")
        if not known or not sign or not value:
            _refuse_change(pair)
        if is_part:
            before = after.get(member)
            after[member] = {**(before if isinstance(before, dict) else {}), part: value}
        else:
            after[member] = value
    return after


def _refuse_change(pair: str) -> None:
    """Refuse what is no change of a description.

    Raises:
        UsageError: Always.
    """
    named = ", ".join(name for name in CHANGEABLE if name != "temporal")
    raise UsageError(
        say(
            f"not a change: {pair[:80]!r}; write MEMBER=VALUE with one of {named}, temporal.start "
            "or temporal.end (right-holders, rights and source never change, Article 35)",
            f"不是有效的变更项：{pair[:80]!r}；请写作 项目=内容，项目为 {named}、temporal.start 或 "
            "temporal.end 之一（权利人、权利与来源不得变更，第三十五条）",
        )
    )


def _find_filer(
    registry: RegistryApi, text: str | None, holders: Sequence[SubjectKey]
) -> SubjectKey:
    """Who files: named, else the one right-holder there is, else the first whose key is here.

    Raises:
        UsageError: No key of theirs is here.
        NotFoundError: There is no such party.
    """
    if text is not None:
        return find_party(registry, text)
    if len(holders) == 1:
        return holders[0]
    dids = {entry.did for entry in registry.ring.list_entries()}
    now = registry.clock.now()
    for holder in holders:
        if registry.need_state(Party, holder).current_keys(now) & dids:
            return holder
    raise UsageError(
        say(
            "say which right-holder files: --as PARTY",
            "请用 --as 指明由哪一权利人申请",
        ),
        "party_required",
    )


def _find_title(asset: Asset, given: str | None) -> str:
    """The title as it is given, else as it was published.

    Raises:
        UsageError: Neither.
    """
    published = asset.fields.get("title")
    title = given if given is not None else published
    if isinstance(title, str):
        return title
    raise UsageError(
        say(
            "the title of this data was never published: give it with --title",
            "该数据的名称未公示：请用 --title 给出",
        ),
        "option_required",
    )
