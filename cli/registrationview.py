"""One registration, and the list of them: as they stand now, silence of the registrar included."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from cli.besides import describe_beside, describe_corrections, rows_beside, rows_corrections
from cli.commands.query import flatten_state
from cli.formview import describe_sheet, rows_sheet
from cli.lang import say
from cli.matters import NOT_PUBLISHED, read_hidden_title, read_title, show_applicants
from cli.session import Session
from cli.times import format_local
from cli.twosided import party_name
from cli.words import show_label, show_member, show_status, show_word
from contracts.duties import settle
from contracts.procedure import Registration, status_at
from contracts.records import format_record
from ledger.core.state import state_json
from ledger.core.types import Json, SubjectKey, UnixMillis
from ledger.errors import NotFoundError
from node.beside import read_corrections, read_live_beside
from node.duties import Reader, read_desk
from node.formsheet import FormSheet, read_sheet
from node.issuing import read_ref
from node.registryapi import RegistryApi
from node.standing import tell_voucher


@dataclass(frozen=True, slots=True)
class Filter:
    """Which registrations are listed; None: whatever it is.

    Args:
        status: As of now.
        type: Of the registration.
        party: An applicant, or who filed it.
        since: Filed at this instant or later.
        limit: At most so many.
    """

    status: str | None
    type: str | None
    party: SubjectKey | None
    since: UnixMillis | None
    limit: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list.

    Args:
        key: Of the registration.
        registration: As it stands now.
        proved: Its status as the ledger proves it.
        status: As of now.
        title: Published, or from the vault; None: neither.
        ref: The applicant's own reference, where a batch gave one and this vault has it.
    """

    key: SubjectKey
    registration: Registration
    proved: str
    status: str
    title: str | None
    ref: str | None


def show_registration(
    session: Session, registry: RegistryApi, key: SubjectKey, *, with_form: bool
) -> None:
    """Print a registration as it stands now, and what stands beside it.

    Args:
        session: Prints.
        registry: Opened for reading.
        key: The registration's.
        with_form: Also what the application says, from this home's vault.

    Raises:
        NotFoundError: There is no such registration.
        PassphraseRequiredError: The vault is asked, and there is no passphrase.
    """
    prover = registry.prover()
    value = prover.prove_state(key).value
    if value is None:
        raise NotFoundError(say(f"there is no {key} on this ledger", f"账本上没有 {key}"))
    desk = read_desk(registry)
    registration = settle(registry.need_state(Registration, key), desk)
    status = status_at(registration, desk.now)
    beside = read_live_beside(registry, registration.asset, registration.voucher)
    corrections = list(read_corrections(registry, key))
    sheet = read_sheet(registry, key) if with_form else None
    number = registration.voucher
    standing = None if number is None else tell_voucher(registry, number).status
    document: dict[str, Json] = {
        "subject": key,
        "present": True,
        "value": state_json(value),
        "log": {"origin": registry.origin, "size": prover.anchor.size},
        "status_now": status,
        "deadline_now": registration.deadline,
        "voucher_now": standing,
        "beside": None if beside is None else describe_beside(beside),
        "corrections": describe_corrections(corrections),
    }
    if sheet is not None:
        document["application"] = describe_sheet(sheet)

    def human() -> None:
        rows = [
            (say("subject", "主题"), str(key)),
            (say("status now", "目前状态"), show_word(status)),
            *_rows_state(registry, registration),
        ]
        if standing is not None:
            shown = show_status(standing, "voucher")
            rows.append((say("voucher now", "凭证目前状态"), f"{number} {shown}"))
        rows += [] if beside is None else rows_beside(registry, beside)
        rows += rows_corrections(corrections)
        rows.append((say("events", "事件数"), str(value.n)))
        session.out.table(str(key), rows)
        _show_form(session, sheet)

    session.out.result(document, human)


def read_list(registry: RegistryApi, wanted: Filter, *, with_form: bool) -> list[Listed]:
    """The registrations asked for, in the order of their keys.

    Args:
        registry: Opened for reading.
        wanted: Which.
        with_form: Take titles and references from this home's vault, too.

    Raises:
        PassphraseRequiredError: The vault is asked, and there is no passphrase.
    """
    reader, desk = Reader(registry), read_desk(registry)
    found: list[Listed] = []
    for key in reader.list_keys("registration"):
        proved = reader.need(Registration, key)
        registration = settle(proved, desk)
        status = status_at(registration, desk.now)
        if _fits(registration, status, wanted):
            title, held = read_title(registration), str(proved.status[-1].value)
            found.append(Listed(key, registration, held, status, title, None))
        if len(found) == wanted.limit:
            break
    return _add_hidden(registry, found) if with_form else found


def describe_listed(listed: Listed) -> dict[str, Json]:
    """A line of the list as programs read it."""
    registration = listed.registration
    return {
        "registration": listed.key,
        "title": listed.title,
        "type": registration.type,
        "parties": list(registration.parties),
        "filed": registration.status[0].start,
        "status": listed.proved,
        "status_now": listed.status,
        "deadline_now": registration.deadline,
        "voucher": registration.voucher,
        "ref": listed.ref,
    }


def row_listed(registry: RegistryApi, listed: Listed, *, with_form: bool) -> tuple[str, ...]:
    """A line of the list as people read it."""
    registration = listed.registration
    return (
        listed.key,
        show_label(listed.title or NOT_PUBLISHED),
        show_word(registration.type),
        show_applicants(registry, registration.parties, with_form=with_form),
        format_local(registration.status[0].start)[:10],
        show_word(listed.status),
        listed.ref or "",
    )


def _rows_state(registry: RegistryApi, registration: Registration) -> Iterator[tuple[str, str]]:
    applicants = show_member("parties")
    for label, value in flatten_state("registration", dict(format_record(registration))):
        shown = party_name(registry, SubjectKey(value)) if value.startswith("party/") else value
        yield (say("applicant", "申请人") if label == applicants else label), shown


def _show_form(session: Session, sheet: FormSheet | None) -> None:
    if sheet is None:
        return
    print()
    title = say("Application: not public", "申请内容：不公开")
    print(title)
    session.out.table("", list(rows_sheet(sheet)))


def _fits(registration: Registration, status: str, wanted: Filter) -> bool:
    parties = {*registration.parties, registration.filer}
    return (
        wanted.status in {None, status}
        and wanted.type in {None, registration.type}
        and (wanted.party is None or wanted.party in parties)
        and (wanted.since is None or registration.status[0].start >= wanted.since)
    )


def _add_hidden(registry: RegistryApi, found: list[Listed]) -> list[Listed]:
    """The same with titles and references from the vault, as far as it has them."""
    with closing(registry.open_vault()) as vault:
        return [
            replace(
                each,
                title=each.title or read_hidden_title(vault, each.key, each.registration),
                ref=read_ref(vault, each.key),
            )
            for each in found
        ]
