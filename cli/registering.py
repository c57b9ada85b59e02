"""What `register` and `registration record` make of the options: forms, rights and keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, get_args

from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from cli.subjects import choose_party, find_keys
from contracts.forms import SUMMARY_HINT, TITLE_HINT
from contracts.foundation import Ledger
from contracts.recording import Tests
from contracts.title import Basis, Classification, DataClass, Level, Right
from ledger.core.types import Json, SubjectKey
from node.issuing import Application, Filing, Registered, claim_rights
from node.recording import RecordedAsset, Recording, record_until_numbered
from node.registry import Registry
from tracing.fingerprint import Fingerprint

ChoiceT = TypeVar("ChoiceT", bound=str)
RIGHTS: tuple[Right, ...] = get_args(Right)
BASES: tuple[Basis, ...] = get_args(Basis)
LEVELS: tuple[Level, ...] = get_args(Level)
CLASSES: tuple[DataClass, ...] = get_args(DataClass)
SOLO_TESTS = Tests(
    accuracy="solo: stated by the applicant",
    compliance="solo: stated by the applicant",
    clarity="solo: stated by the applicant",
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of `register`, as given."""

    title: str | None
    rights: tuple[str, ...]
    basis: str | None
    data_class: str | None
    level: str | None
    party: str | None
    summary: str | None
    industry: str | None
    source: str | None
    evidence: str | None
    years: int | None
    is_resale_forbidden: bool
    publishes_digest: bool
    default_title: str


def register_files(
    session: Session, registry: Registry, wishes: Wishes, files: Sequence[Fingerprint]
) -> Registered:
    """File an application and, under the solo profile, complete it.

    Raises:
        UsageError: An option is missing or has no such value.
        RejectedError: A rule refuses.
    """
    ledger = registry.ledger
    application = _fill_in(wishes, ledger)
    _hint(session, application)
    filer = choose_party(registry, wishes.party)
    keys = find_keys(registry, filer, 1)
    vault = registry.open_vault()
    try:
        filing = Filing(registry, vault, filer, application, files)
        duplicates = filing.find_duplicates()
        filed = filing.file(keys, publish_digests=wishes.publishes_digest)
    finally:
        vault.close()
    asset, registration = filing.keys(filed)
    if not ledger.profile.is_solo:
        (written,) = registry.submit([filed], {})
        return Registered(asset, registration, None, written, duplicates)
    officers = find_keys(registry, ledger.registrar, ledger.profile.officers)
    recording = Recording(registry, ledger.registrar, officers)
    opened = filing.openings()
    recorded = RecordedAsset(
        asset=asset,
        registration=registration,
        fields={name: opening.value for name, opening in opened.items()},
        rights=claim_rights(application, filer),
        classification=classify(application, ledger.registrar),
        commitments=filing.commitments(filed),
        tests=SOLO_TESTS,
        years=application.years,
    )
    before = [filed, recording.accept(registration), recording.publish(registration, opened)]
    written, number = record_until_numbered(registry, recording, recorded, before)
    return Registered(asset, registration, number, written, duplicates)


def classify(application: Application, assessor: SubjectKey) -> Classification:
    """Classification as the registrar assesses it from the form."""
    industry = application.members.get("industry")
    return Classification(
        standard="GB/T 43697-2024",
        industry=industry if isinstance(industry, str) else "",
        data_class=application.data_class,
        level=application.level,
        openness="conditional",
        assessed_by=assessor,
        list_version="",
    )


def _fill_in(wishes: Wishes, ledger: Ledger) -> Application:
    solo = ledger.profile.is_solo
    needed = {
        "--title": wishes.title,
        "--right": wishes.rights or None,
        "--basis": wishes.basis,
        "--class": wishes.data_class,
        "--level": wishes.level,
    }
    missing = [name for name, value in needed.items() if value is None]
    if missing and not solo:
        raise UsageError(
            say(f"give {', '.join(missing)}", f"请给出 {'、'.join(missing)}"), "option_required"
        )
    rights = tuple(check_choice("--right", right, RIGHTS) for right in wishes.rights)
    basis = check_choice("--basis", wishes.basis or "self-generated", BASES)
    level = check_choice("--level", wishes.level or "general-1", LEVELS)
    data_class = check_choice("--class", wishes.data_class or "enterprise", CLASSES)
    years = ledger.profile.max_years if wishes.years is None else wishes.years
    if not 1 <= years <= ledger.profile.max_years:
        most = ledger.profile.max_years
        raise UsageError(
            say(f"--years is 1 to {most}, not {years}", f"--years 为 1 至 {most}，而非 {years}"),
            "option_value",
        )
    title = wishes.title or wishes.default_title
    rights = tuple(dict.fromkeys(rights)) or RIGHTS
    members: dict[str, Json] = {
        "title": title,
        "summary": wishes.summary or title,
        "restrictions": {"resale": False} if wishes.is_resale_forbidden else "无",
        "industry": wishes.industry,
        "source": wishes.source,
        "evidence": wishes.evidence,
        "basis": basis,
        "rights": list(rights),
        "classification": {"class": data_class, "level": level},
        "openness": "conditional",
    }
    return Application(
        members={name: value for name, value in members.items() if value is not None},
        rights=rights,
        basis=basis,
        level=level,
        data_class=data_class,
        years=years,
    )


def check_choice(option: str, value: str, choices: tuple[ChoiceT, ...]) -> ChoiceT:
    """The value, if it is one of the choices.

    Raises:
        UsageError: It is not.
    """
    for choice in choices:
        if value == choice:
            return choice
    raise UsageError(
        say(
            f"{option} is one of {', '.join(choices)}, not {value[:40]}",
            f"{option} 须为 {'、'.join(choices)} 之一，而非 {value[:40]}",
        ),
        "option_value",
    )


def _hint(session: Session, application: Application) -> None:
    title, summary = str(application.members["title"]), str(application.members["summary"])
    if len(title) > TITLE_HINT:
        session.out.warn(
            f"the title has {len(title)} characters; the form says not above {TITLE_HINT}",
            f"数据名称 {len(title)} 个字，不宜超过 {TITLE_HINT} 个字",
        )
    if len(summary) > SUMMARY_HINT:
        session.out.warn(
            f"the summary has {len(summary)} characters; the form says not above {SUMMARY_HINT}",
            f"数据概述 {len(summary)} 个字，不宜超过 {SUMMARY_HINT} 个字",
        )
