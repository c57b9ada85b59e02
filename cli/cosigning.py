"""`cosign`: a draft is read, shown, and signed with the keys here."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.draftkinds import check_kind
from cli.draftwords import count_hidden, describe_draft
from cli.exitcodes import UsageError
from cli.files import check_place, is_stdin, read_capped, write_bytes
from cli.lang import say
from cli.session import Session
from cli.subjects import find_party
from cli.twosided import missing_json, missing_rows
from ledger.clock import SystemClock
from ledger.core.draft import (
    MAX_DRAFT_BYTES,
    DraftOpening,
    decode_draft,
    encode_draft,
    parse_draft_openings,
)
from ledger.core.event import SignedEvent, check_event_time, verify_event_signatures
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.subjects import parse_subject
from ledger.core.types import DidKey, Json, SubjectKey
from ledger.errors import RejectedError
from ledger.files import replace_file
from ledger.keys import KeyEntry, KeyRing
from node.drafts import (
    Missing,
    add_signatures,
    choose_keys,
    find_missing,
    find_offline_keys,
    main_subject,
    read_body,
    rehearse,
)
from node.home import Home
from node.registryapi import RegistryApi


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it was read, with the openings that came with it."""

    path: Path
    signed: SignedEvent
    openings: tuple[DraftOpening, ...]


def read_draft(path: Path, opening: Path | None) -> Draft:
    """A draft and its openings: well-formed, of a known kind, with signatures that verify.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: Not a draft, or not openings.
        LimitError: Too large.
        SignatureError: A signature that is there does not verify.
        RejectedError: The openings are not of this draft.
    """
    signed = decode_draft(read_capped(path, MAX_DRAFT_BYTES))
    read_body(signed.event)
    if signed.signatures:
        verify_event_signatures(signed)
    openings: tuple[DraftOpening, ...] = ()
    if opening is not None:
        openings = parse_draft_openings(read_capped(opening, MAX_BUNDLE_BYTES), signed)
    return Draft(path, signed, openings)


@dataclass(frozen=True, slots=True)
class Signing:
    """Who is to sign.

    Args:
        party: For this party alone; None: for whoever's keys are here.
        key: With the key of this name; None: with those that the event needs.
        out: The signed draft's file; None: the draft's own.
        kind: The kind of event that whoever signs expects; needed for those that one party signs.
        is_shown_only: Say what it is, and sign nothing.
    """

    party: str | None
    key: str | None
    out: Path | None
    is_shown_only: bool
    kind: str | None = None


def cosign_draft(session: Session, draft: Draft, signing: Signing) -> None:
    """Show a draft and add the signatures that the keys of this home can make.

    Works in a home that has keys and no ledger; what only the ledger knows is then not checked.

    Raises:
        UsageError: No key here fits, or those that do have signed already.
        RejectedError: It is too late, it is for another ledger, or the rules would refuse it.
    """
    with _own_ledger(session) as registry:
        check_draft(draft.signed, registry)
        if not session.out.is_json:
            rows = describe_draft(draft.signed, draft.openings, registry)
            session.out.table(say("To be signed", "待签署内容"), rows)
        _warn_hidden(session, draft)
        if signing.is_shown_only:
            _show_result(session, registry, draft, draft.signed, None)
            return
        check_kind(draft.signed.event.kind, signing.kind)
        ring = registry.ring if registry is not None else _own_keys(session)
        entries = _choose(registry, ring, draft.signed, signing)
        signed = add_signatures(draft.signed, ring, entries)
        out = signing.out or draft.path
        if is_stdin(out):
            raise UsageError(
                say(
                    "a draft from stdin needs --out FILE", "从标准输入读取草稿时须用 --out 指定文件"
                ),
                "option_required",
            )
        _write_draft(draft.path, out, encode_draft(signed))
        _show_result(session, registry, draft, signed, out)


def _write_draft(source: Path, out: Path, data: bytes) -> None:
    """Put the signed draft in its file; another file there is left alone."""
    if out == source:
        check_place(out)
        replace_file(out, data, stat.S_IMODE(source.stat().st_mode))
    else:
        write_bytes(out, data, force=False)


@contextmanager
def _own_ledger(session: Session) -> "Iterator[RegistryApi | None]":
    """The registry of this home, or None where there are only keys."""
    if not session.has_registry:
        yield None
        return
    with session.registry() as registry:
        yield registry


def _own_keys(session: Session) -> KeyRing:
    return KeyRing(Home(session.settings.home).keys, session.passphrase())


def check_draft(signed: SignedEvent, registry: RegistryApi | None) -> None:
    """Hold a draft against the clock and, where there is one, the ledger of this home.

    Raises:
        RejectedError: It is too late, for another ledger, or refused by the rules.
    """
    clock = registry.clock if registry is not None else SystemClock()
    check_event_time(signed.event, clock.now())
    if registry is None:
        return
    if signed.event.log != registry.origin:
        raise RejectedError(
            "wrong_ledger",
            f"the draft is meant for the ledger {signed.event.log}, this home's is "
            f"{registry.origin}: name another home with --home",
            f"该草稿针对账本 {signed.event.log}，而本目录的账本为 {registry.origin}："
            "请用 --home 另指定目录",
            rule="formats 2",
        )
    rehearse(registry, signed.event, signed.signatures)


def _choose(
    registry: RegistryApi | None, ring: KeyRing, signed: SignedEvent, signing: Signing
) -> list[KeyEntry]:
    """The keys that sign, none of which has signed before.

    Raises:
        UsageError: There is none.
        NotFoundError: There is no key of this name.
    """
    done = {signature.key for signature in signed.signatures}
    only = _read_party(registry, signing.party)
    missing = None if registry is None else find_missing(registry, signed)
    if signing.key is not None:
        fitting = _find_named(ring, signing.key, done, missing)
    elif missing is None:
        fitting = find_offline_keys(ring, signed.event, only)
    else:
        fitting = choose_keys(ring, [each for each in missing if only in {None, each.party}])
    fresh = [entry for entry in fitting if entry.did not in done]
    if fresh:
        return fresh
    if fitting or missing == () or any(entry.did in done for entry in ring.list_entries()):
        raise UsageError(_say_signed(registry, missing), "already_signed")
    raise UsageError(
        say(
            "no key here is one that this draft needs, as far as can be seen: name one with --key "
            "(see 'muniment key list')",
            "此处没有可辨识为本草稿所需的密钥：请用 --key 指明（见 muniment key list）",
        ),
        "key_required",
    )


def _say_signed(registry: RegistryApi | None, missing: tuple[Missing, ...] | None) -> str:
    """That the keys here have signed already, and who has not, as far as that is known."""
    if registry is None or missing is None:
        return say(
            "the keys here that this draft needs have signed it already; the next to sign are "
            "others, or submit it with 'muniment submit FILE'",
            "此处可签署的密钥均已签署：请由其他方签署，或用 muniment submit 文件 提交",
        )
    if not missing:
        return say(
            "every signature is there already: submit it with 'muniment submit FILE'",
            "签名均已齐备：请用 muniment submit 文件 提交",
        )
    others = [value for _, value in missing_rows(registry, missing)]
    return say(
        f"the keys here that this draft needs have signed it already; still to sign: "
        f"{'; '.join(others)}",
        f"此处可签署的密钥均已签署；尚待签署：{'；'.join(others)}",
    )


def _find_named(
    ring: KeyRing, name: str, done: set[DidKey], missing: tuple[Missing, ...] | None
) -> list[KeyEntry]:
    """The key of this name; offline the user knows better than the program whether it is needed.

    Raises:
        UsageError: The ledger says that it is not.
        NotFoundError: There is no key of this name.
    """
    did = ring.load(name).did
    is_needed = missing is None or any(did in each.keys for each in missing)
    if not is_needed and did not in done:
        raise UsageError(
            say(
                f"the draft needs no signature by the key {name}: leave out --key",
                f"本草稿不需要密钥 {name} 的签名：请省去 --key",
            ),
            "key_required",
        )
    return [entry for entry in ring.list_entries() if entry.did == did]


def _read_party(registry: RegistryApi | None, text: str | None) -> SubjectKey | None:
    if text is None:
        return None
    return find_party(registry, text) if registry is not None else parse_subject(text)


def _warn_hidden(session: Session, draft: Draft) -> None:
    hidden = count_hidden(draft.signed, draft.openings)
    if hidden:
        session.out.warn(
            f"{hidden} values are committed to and not shown: ask whoever drafted this for the "
            "opening file, and give it with --opening FILE",
            f"有 {hidden} 项承诺未开示：请向起草方索取开示文件，并用 --opening 给出",
        )


def _show_result(
    session: Session,
    registry: RegistryApi | None,
    draft: Draft,
    signed: SignedEvent,
    out: Path | None,
) -> None:
    before = {signature.key for signature in draft.signed.signatures}
    fresh = [each.key for each in signed.signatures if each.key not in before]
    missing = None if registry is None else find_missing(registry, signed)
    document: dict[str, Json] = {
        "event": signed.id,
        "index": None,
        "subject": main_subject(signed.event),
        "kind": signed.event.kind,
        "actor": signed.event.actor,
        "body": signed.event.body,
        "signed": tuple(fresh),
        "missing": None if missing is None else tuple(missing_json(each) for each in missing),
        "opened": {each.field: each.value for each in draft.openings},
        "hidden": count_hidden(signed, draft.openings),
        **({} if out is None else {"file": str(out)}),
    }

    def human() -> None:
        rows: list[tuple[str, str]] = [(say("signed with", "本次签署密钥"), key) for key in fresh]
        rows += missing_rows(registry, missing or ())
        rows.append((say("draft", "草稿"), "" if out is None else str(out)))
        session.out.table("", rows)
        if missing is None:
            session.out.talk(
                "Who else has to sign, only the ledger knows: 'muniment cosign FILE --show' there "
                "names them.",
                "尚待何方签署只有账本可知：请在账本所在处用 muniment cosign 文件 --show 查看。",
            )
        if out is not None and not missing:
            session.out.talk(
                f"Next, where the ledger is: muniment submit {out}",
                f"下一步，在账本所在处：muniment submit {out}",
            )

    session.out.result(document, human)
