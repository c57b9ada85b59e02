"""What `register` and `registration record` make of the options: forms, rights and keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from cli.exitcodes import UsageError
from cli.fingerprints import add_fingerprints
from cli.following import tell_next
from cli.lang import say
from cli.listed import warn_listed
from cli.session import Session
from cli.subjects import choose_party, find_keys
from cli.twosided import DraftFile, write_draft
from contracts.foundation import Ledger
from contracts.recording import Tests
from contracts.title import Basis, Classification, DataClass, Level, Openness, Right
from ledger.core.event import SignedEvent
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import InputError
from node.drafts import Prepared, find_missing, rehearse, sign_here
from node.duplicates import Duplicate, Near, duplicate_json
from node.forgetting import forget_refused
from node.forms.codes import CODES
from node.forms.hints import hint_lengths, hint_title
from node.forms.shape import Finding
from node.issuing import (
    Application,
    Filing,
    Registered,
    claim_rights,
    keep_records,
)
from node.listed import read_list_version
from node.recorded import RecordedAsset
from node.recording import Recording, record_until_numbered
from node.registryapi import RegistryApi
from tracing.containment import Share
from tracing.fingerprint import Fingerprint

ChoiceT = TypeVar("ChoiceT", bound=str)
RIGHTS: tuple[Right, ...] = get_args(Right)
BASES: tuple[Basis, ...] = get_args(Basis)
LEVELS: tuple[Level, ...] = get_args(Level)
CLASSES: tuple[DataClass, ...] = get_args(DataClass)
OPENNESS: tuple[Openness, ...] = get_args(Openness)
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """An application that is ready to be filed.

    Args:
        application: Filled in.
        filer: Who speaks.
        parties: Whose application it is.
        files: Content, at least one.
        publishes_digest: Claim the files' digests in the clear.
        out: Where a draft goes, if others have to sign elsewhere.
        paths: Of the files, where fingerprints of what is in them are to be made.
    """

    application: Application
    filer: SubjectKey
    parties: tuple[SubjectKey, ...]
    files: Sequence[Fingerprint]
    publishes_digest: bool
    out: Path | None = None
    paths: Sequence[Path] = ()


def register_files(
    session: Session,
    registry: RegistryApi,
    wishes: Wishes,
    files: Sequence[Fingerprint],
    paths: Sequence[Path],
) -> Registered | None:
    """File an application and, under the solo profile, complete it.

    Args:
        session: Speaks.
        registry: Opened for writing.
        wishes: The options.
        files: Content.
        paths: Where it lies.

    Raises:
        UsageError: An option is missing or has no such value.
        RejectedError: A rule refuses.
    """
    application = _fill_in(wishes, registry.ledger)
    hint_application(session, application.members, has_title=wishes.title is not None)
    filer = choose_party(registry, wishes.party)
    wanted = Wanted(
        application, filer, (filer,), files, wishes.publishes_digest, out=None, paths=paths
    )
    return register_application(session, registry, wanted)


def register_application(
    session: Session, registry: RegistryApi, wanted: Wanted
) -> Registered | None:
    """File an application and, under the solo profile, complete it.

    Returns:
        None where keys are missing here: then its draft is written for those who have them.

    Raises:
        UsageError: The filer's key is not here, or under the solo profile the one person's.
        InputError: A rule refuses; nothing was written, and nothing of it kept.
    """
    _check_officers(registry.ledger, registry)
    own = find_keys(registry, wanted.filer, 1)
    warn_listed(session, registry, classify(registry, wanted.application))
    vault = registry.open_vault()
    try:
        filing = Filing(
            registry,
            vault,
            wanted.filer,
            wanted.application,
            wanted.files,
            wanted.parties,
        )
        add_fingerprints(session, registry.home, vault, filing, wanted.paths)
        duplicates = filing.find_duplicates()
        event = filing.build(publish_digests=wanted.publishes_digest)
        filed = registry.sign_event(event, own)
        if wanted.parties != (wanted.filer,):
            rehearse(registry, event)
            filed = sign_here(registry, filed)
        keep_records(vault, [filing.records(event)])
    finally:
        vault.close()
    missing = find_missing(registry, filed) if wanted.parties != (wanted.filer,) else ()
    if missing:
        file = DraftFile(f"registration-{filed.id[:8]}", wanted.out)
        openings = filing.draft_openings()
        write_draft(session, registry, Prepared(filed, missing), file, openings)
        return None
    try:
        return _complete(registry, wanted, filing, filed, duplicates)
    except InputError:
        forget_refused(registry, filed, wanted.files)
        raise


def _check_officers(ledger: Ledger, registry: RegistryApi) -> None:
    """Before anything is kept, see that it can be completed where it is to be completed at once.

    Raises:
        UsageError: Under the solo profile, without the keys of the one person who registers.
    """
    if not ledger.profile.is_solo:
        return
    try:
        find_keys(registry, ledger.registrar, ledger.profile.officers)
    except UsageError as exc:
        raise UsageError(
            say(
                "under the solo profile one person registers at once, whose key keys/operator.key "
                "is not here: see 'muniment key list', and copy it from the registry's home, or "
                "register there",
                "solo 规则下由同一人立即登记，而其密钥 keys/operator.key 不在此处：见 muniment "
                "key list，并请从登记系统的目录复制该密钥，或在该目录中登记",
            ),
            "key_required",
        ) from exc


def _complete(
    registry: RegistryApi,
    wanted: Wanted,
    filing: Filing,
    filed: SignedEvent,
    duplicates: Sequence[Duplicate],
) -> Registered:
    ledger = registry.ledger
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
        rights=claim_rights(wanted.application, wanted.filer),
        classification=classify(registry, wanted.application),
        commitments=filing.commitments(filed),
        tests=SOLO_TESTS,
        years=wanted.application.years,
        declared=wanted.application.declared,
        stage=wanted.application.stage,
    )
    before = [filed, recording.accept(registration), recording.publish(registration, opened)]
    written, number = record_until_numbered(registry, recording, recorded, before)
    return Registered(asset, registration, number, written, duplicates)


def classify(registry: RegistryApi, application: Application) -> Classification:
    """Classification as the registrar assesses it from the form, against the newest catalogue."""
    industry = application.members.get("industry")
    stated = application.members.get("openness")
    return Classification(
        standard="GB/T 43697-2024",
        industry=industry if isinstance(industry, str) else "",
        data_class=application.data_class,
        level=application.level,
        openness=next((each for each in OPENNESS if each == stated), "conditional"),
        assessed_by=registry.ledger.registrar,
        list_version=read_list_version(registry),
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
        "restrictions": {"resale": False} if wishes.is_resale_forbidden else None,
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
    """The value, if it is one of the choices; the Chinese names that forms take will do too.

    Raises:
        UsageError: It is not.
    """
    for choice in choices:
        if value == choice or value in {table.get(choice) for table in CODES}:
            return choice
    raise UsageError(
        say(
            f"{option} is one of {', '.join(choices)}, not {value[:40]}",
            f"{option} 须为 {'、'.join(choices)} 之一，而非 {value[:40]}",
        ),
        "option_value",
    )


def hint_application(
    session: Session, members: JsonObject, *, has_title: bool = True
) -> list[Finding]:
    """Say what is longer than the form likes, and what the title seems to lack; hints only.

    Args:
        session: Speaks.
        members: Of the application.
        has_title: Somebody chose the title.
    """
    found = hint_lengths(members)
    for each in found:
        session.out.warn(each.en, each.zh)
    title = hint_title(str(members.get("title"))) if has_title else None
    if title is None:
        return found
    session.out.talk(f"hint: the title {title.en}", f"提示：数据名称{title.zh}")
    return [*found, title]


def tell_match(duplicate: Duplicate) -> tuple[str, str]:
    """What an earlier filing has in common with a later one, in English and Chinese."""
    if duplicate.near is None:
        return "the same content", "相同内容"
    of_new, of_earlier = show_containment(duplicate.near)
    return (
        f"much the same content ({of_new} of the new in the earlier, {of_earlier} of the earlier "
        "in the new)",
        f"大部分相同的内容（新内容有 {of_new} 见于在先者，在先内容有 {of_earlier} 见于新者）",
    )


def show_containment(near: Near) -> tuple[str, str]:
    """How much of the new content is in the earlier one, and the other way round."""
    containment = near.containment
    return show_share(containment.of_new), show_share(containment.of_earlier)


def show_share(share: Share) -> str:
    """A share with its interval, in per cent."""
    if share.low == share.high:
        return f"{share.estimate:.1%}"
    return f"{share.estimate:.1%} [{share.low:.1%}, {share.high:.1%}]"


def show_registered(session: Session, done: Registered) -> None:
    """Print what a filing led to."""
    for duplicate in done.duplicates:
        voucher = duplicate.voucher or say("no voucher", "无凭证")
        en, zh = tell_match(duplicate)
        session.out.warn(
            f"{en} was filed before: {duplicate.asset} ({voucher})",
            f"{zh}此前已申请登记：{duplicate.asset}（{voucher}）",
        )
    document: dict[str, Json] = {
        "asset": done.asset,
        "registration": done.registration,
        **({"voucher": done.voucher} if done.voucher else {}),
        "index": done.written.index,
        "event": done.written.event,
        "duplicates": [duplicate_json(each) for each in done.duplicates],
    }

    def human() -> None:
        rows: list[tuple[str, str]] = [
            (say("asset", "数据"), done.asset),
            (say("registration", "登记"), done.registration),
        ]
        if done.voucher:
            rows.append((say("voucher", "凭证"), done.voucher))
        rows.append((say("log index", "日志位置"), str(done.written.index)))
        session.out.table(say("Registered", "已登记"), rows)
        if done.voucher:
            session.out.talk(
                f"Next: muniment voucher export {done.voucher}",
                f"下一步：muniment voucher export {done.voucher}",
            )
        else:
            tell_next(session, done.registration, "filed")

    session.out.result(document, human)
