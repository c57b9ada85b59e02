"""Events that several parties sign: submitted if the keys are here, else a draft for elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.draftkinds import is_shared
from cli.exitcodes import UsageError
from cli.files import write_bytes, write_document
from cli.lang import say
from cli.session import Session
from cli.subjects import has_key
from cli.words import show_word
from cli.writing import submit_signed
from contracts.engine import Body
from contracts.identity import Party
from ledger.core.draft import DraftOpening, encode_draft, format_draft_openings
from ledger.core.types import Json, SubjectKey
from ledger.files import PRIVATE_MODE
from node.drafts import Missing, Prepared, main_subject, prepare_event
from node.registryapi import RegistryApi

DRAFT_SUFFIX = ".draft.json"
OPENING_SUFFIX = ".opening.json"


@dataclass(frozen=True, slots=True)
class DraftFile:
    """Where a draft goes.

    Args:
        name: What the file is called if nothing else is said, without its suffix.
        out: What was said.
        is_forced: Overwrite other content.
    """

    name: str
    out: Path | None = None
    is_forced: bool = False

    @property
    def path(self) -> Path:
        """The draft's file."""
        return self.out if self.out is not None else Path(f"{self.name}{DRAFT_SUFFIX}")

    @property
    def opening(self) -> Path:
        """The file of its openings, beside it."""
        plain = self.path.name.removesuffix(".json").removesuffix(".draft")
        return self.path.with_name(f"{plain}{OPENING_SUFFIX}")


def write_or_draft(
    session: Session,
    registry: RegistryApi,
    actor: SubjectKey,
    body: Body,
    out: Path | None = None,
    *,
    name: str | None = None,
) -> None:
    """Write an event if every key it needs is here, else a draft for the others to sign.

    The rule is asked first: what it would refuse becomes no draft.

    Args:
        session: Prints.
        registry: Opened for writing.
        actor: The party that speaks.
        body: What it says; it commits to nothing.
        out: The draft's file (default: NAME-xxxxxxxx.draft.json).
        name: What the draft is about (default: its kind); its file is called after it.

    Raises:
        RejectedError: A rule refuses; nothing was written.
        ExistsError: The draft's file has other content.
    """
    prepared = prepare_event(registry, actor, body)
    file = DraftFile(f"{name or body.kind}-{prepared.signed.id[:8]}", out)
    submit_or_draft(session, registry, prepared, file)


def write_own(
    session: Session, registry: RegistryApi, actor: SubjectKey, body: Body, out: Path | None
) -> None:
    """Write what one party says, or draft it for that party to sign elsewhere.

    Args:
        session: Prints.
        registry: Opened for writing.
        actor: The party that speaks.
        body: What it says; it commits to nothing.
        out: The draft's file; None: the party's key is here.

    Raises:
        UsageError: It is not, and nowhere to put a draft was named.
        RejectedError: A rule refuses; nothing was written.
        ExistsError: The draft's file has other content.
    """
    if out is None and not has_key(registry, actor):
        raise UsageError(
            say(
                f"1 key(s) of {actor} are needed here, 0 found: give --out FILE to draft it for "
                "that party to sign where its key is",
                f"此处没有 {actor} 的密钥：请用 --out 文件 写出草稿，由该主体在密钥所在处签署",
            ),
            "key_required",
        )
    write_or_draft(session, registry, actor, body, out)


def submit_or_draft(
    session: Session,
    registry: RegistryApi,
    prepared: Prepared,
    file: DraftFile,
    openings: Sequence[DraftOpening] = (),
    extra: Mapping[str, Json] | None = None,
) -> None:
    """Write a prepared event if nothing is missing, else its draft.

    Args:
        session: Prints.
        registry: Opened for writing.
        prepared: Rehearsed, with the signatures that could be made here.
        file: Where its draft goes.
        openings: Of its commitments.
        extra: Further members of the result.

    Raises:
        RejectedError: A rule refuses; nothing was written.
        ExistsError: A file of this name has other content.
    """
    if prepared.missing:
        write_draft(session, registry, prepared, file, openings, extra)
    else:
        subject = main_subject(prepared.signed.event)
        submit_signed(session, registry, prepared.signed, subject, extra)


def write_draft(
    session: Session,
    registry: RegistryApi,
    prepared: Prepared,
    file: DraftFile,
    openings: Sequence[DraftOpening] = (),
    extra: Mapping[str, Json] | None = None,
) -> None:
    """Write a draft and, for this user's eyes only, its openings; say what to do with them.

    Args:
        session: Prints.
        registry: Knows the parties' names.
        prepared: The event.
        file: Where it goes.
        openings: Of its commitments.
        extra: Further members of the result.

    Raises:
        ExistsError: A file of this name has other content.
        StoreFailedError: A file could not be written.
    """
    signed = prepared.signed
    document: dict[str, Json] = {
        "event": signed.id,
        "index": None,
        "subject": main_subject(signed.event),
        "file": str(file.path),
        "missing": [missing_json(each) for each in prepared.missing],
        **(extra or {}),
    }
    write_bytes(file.path, encode_draft(signed), force=file.is_forced)
    if openings:
        content = format_draft_openings(signed.id, openings)
        write_document(file.opening, content, force=file.is_forced, mode=PRIVATE_MODE)
        document["opening"] = str(file.opening)

    def human() -> None:
        rows: list[tuple[str, str]] = [
            (say("draft", "草稿"), str(file.path)),
            (say("openings", "开示文件"), str(file.opening) if openings else ""),
            (say("event", "事件"), signed.event.kind),
            (say("about", "主题"), str(document["subject"])),
            *((show_word(name), str(value)) for name, value in (extra or {}).items()),
            *missing_rows(registry, prepared.missing),
        ]
        session.out.table(say("Not yet on the ledger", "尚未写入账本"), rows)
        _say_next(session, file, signed.event.kind, has_openings=bool(openings))

    session.out.result(document, human)


def _say_next(session: Session, file: DraftFile, kind: str, *, has_openings: bool) -> None:
    extra = "" if is_shared(kind) else f" --kind {kind}"
    extra += f" --opening {file.opening}" if has_openings else ""
    secret = (
        say(" (the openings privately: they are secret)", "（开示文件须保密传送）")
        if has_openings
        else ""
    )
    session.out.talk(
        f"Next: the other side signs{secret}: muniment cosign {file.path}{extra}",
        f"下一步：由对方签署{secret}：muniment cosign {file.path}{extra}",
    )
    session.out.talk(
        f"Then, where the ledger is: muniment submit {file.path}",
        f"然后在账本所在处：muniment submit {file.path}",
    )


def missing_json(missing: Missing) -> Json:
    """A missing signature as programs read it."""
    return {"party": missing.party, "count": missing.count, "keys": tuple(sorted(missing.keys))}


def missing_rows(registry: RegistryApi | None, missing: Sequence[Missing]) -> list[tuple[str, str]]:
    """Missing signatures as people read them: whose, and by which keys."""
    return [
        (
            say("still to sign", "尚待签署"),
            say(
                f"{_name(registry, each)}, {each.count} signature(s) by {_keys(each)}",
                f"{_name(registry, each)}，{each.count} 个签名，密钥 {_keys(each)}",
            ),
        )
        for each in missing
    ]


def party_name(registry: RegistryApi | None, party: SubjectKey) -> str:
    """A party as people know it: its public name, if it has one here, and its key."""
    state = registry.find_state(Party, party) if registry is not None else None
    name = state.name if state is not None else None
    return f"{name} ({party})" if isinstance(name, str) else party


def _name(registry: RegistryApi | None, missing: Missing) -> str:
    if missing.party is None:
        return say("a new key", "新密钥")
    return party_name(registry, missing.party)


def _keys(missing: Missing) -> str:
    return say(" or ", " 或 ").join(sorted(missing.keys))
