"""`muniment party ...`; `exit` and `undertake` have modules of their own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from cli.commands import leaving, mandates
from cli.commands.options import GROUND, LIMIT
from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from cli.words import show_label, show_word
from ledger.core.types import DidKey, Json, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from contracts.engine import Body
    from contracts.identity import IdentityCheck
    from ledger.keys import SigningKey
    from node.registryapi import RegistryApi

_PARTY = typer.Argument(
    help=say("Key, its beginning, name or USCC.", "标识、其开头、名称或统一社会信用代码。")
)
_METHOD = typer.Option(
    "--check-method", help=say("How the registrar checked the identity.", "身份核验方式。")
)
_EVIDENCE = typer.Option(
    "--check-evidence",
    help=say("File that shows it; only its digest is written.", "核验证据文件，仅登记其摘要。"),
)


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(help=say("Parties and their keys.", "主体及其密钥。"), no_args_is_help=True)
    group.command(
        "enroll",
        help=say(
            "Enrol a party; makes its key.\n\nExample: muniment party enroll 江苏数据有限公司 --uscc 91440300708461136T",
            "登记主体入册并生成其密钥。\n\n示例：muniment party enroll 江苏数据有限公司 --uscc 91440300708461136T",
        ),
    )(enroll)
    group.command("list", help=say("List the parties.", "列出主体。"))(show_all)
    group.command("show", help=say("Show a party.", "显示主体。"))(show)
    group.command("rotate", help=say("Add a new key and remove an old one.", "轮换密钥。"))(rotate)
    group.command(
        "recover", help=say("New keys for lost ones, by the registrar.", "由登记机构恢复密钥。")
    )(recover)
    group.command(
        "suspend", help=say("Stop a party from acting, or lift that.", "暂停主体，或解除暂停。")
    )(suspend)
    group.command("admit", help=say("Give a party a role.", "授予主体身份。"))(admit)
    leaving.add_commands(group)
    mandates.add_commands(group)
    return group


def enroll(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=say("Its name.", "名称。"))],
    uscc: Annotated[
        str | None, typer.Option(help=say("Unified social credit code.", "统一社会信用代码。"))
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            help=say("legal, natural or unincorporated.", "legal、natural 或 unincorporated。")
        ),
    ] = "legal",
    key: Annotated[
        str | None,
        typer.Option(help=say("Name of its key (default: made from the party's).", "密钥名称。")),
    ] = None,
    no_passphrase: Annotated[
        bool,
        typer.Option(
            "--no-passphrase", help=say("Keep a new key in the clear.", "新密钥不设口令。")
        ),
    ] = False,
    check_method: Annotated[str | None, _METHOD] = None,
    check_evidence: Annotated[Path | None, _EVIDENCE] = None,
    did: Annotated[
        str | None,
        typer.Option(
            help=say(
                "did:key of a key that is elsewhere: writes a draft for it to sign.",
                "密钥在别处时给出其 did:key，写成待其签署的草稿。",
            )
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help=say("Draft file, with --did.", "草稿文件（与 --did 同用）。")),
    ] = None,
) -> None:
    from cli.enrolling import (
        create_or_load_key,
        draft_enrolment,
        enroll_party,
        remove_if_new,
    )
    from contracts.uscc import check_uscc
    from ledger.core.text import parse_did_key
    from ledger.errors import InputError

    session: Session = context.obj
    check = _read_check(check_method, check_evidence)
    if uscc is not None:
        check_uscc(uscc)
    with session.registry(is_writer=True) as registry:
        if check is None and not registry.ledger.profile.is_solo:
            raise UsageError(
                say(
                    "enrolment needs --check-method and --check-evidence: how the identity was checked",
                    "入册须给出 --check-method 与 --check-evidence：身份核验方式与证据",
                ),
                "option_required",
            )
        if did is not None:
            parse_did_key(did)
            draft_enrolment(session, registry, (name, kind, uscc), DidKey(did), check, out)
            return
        identity, before = (name, kind, uscc), {each.name for each in registry.ring.list_entries()}
        signing_key, key_name = create_or_load_key(
            session, registry, identity, key, without=no_passphrase
        )
        try:
            enroll_party(session, registry, identity, signing_key, key_name, check)
        except InputError:  # nothing was written
            remove_if_new(registry, key_name, before)
            raise


def show_all(
    context: typer.Context,
    limit: Annotated[int, LIMIT] = 200,
    names: Annotated[
        bool,
        typer.Option(
            "--names",
            help=say(
                "Also the names of natural persons, from this home's vault; not public.",
                "同时显示自然人姓名（取自本目录的保险库，不公开）。",
            ),
        ),
    ] = False,
) -> None:
    from cli.subjects import read_listings
    from node.hiddennames import read_hidden_names

    session: Session = context.obj
    with session.registry() as registry:
        listed = read_listings(registry, "party", limit)
        keys = [key for key, _ in listed]
        hidden = dict(read_hidden_names(registry, keys)) if names else {}
    items: list[Json] = [
        {
            "party": key,
            "name": each.label,
            **({"name_here": hidden.get(key)} if names else {}),
            "status": each.status,
            "terms": list(each.terms),
        }
        for key, each in listed
    ]
    rows = [
        (
            key,
            _show_name(each.label, hidden.get(key)),
            show_word(each.status),
            ", ".join(map(show_word, each.terms)),
        )
        for key, each in listed
    ]
    headers = [
        say("party", "主体"),
        say("name", "名称"),
        say("status", "状态"),
        say("roles, codes", "身份、代码"),
    ]
    session.out.items(items, headers, rows)


def show(context: typer.Context, party: Annotated[str, _PARTY]) -> None:
    from cli.commands.query import show_subject

    session: Session = context.obj
    with session.registry() as registry:
        show_subject(session, registry, "party", party)


def rotate(
    context: typer.Context,
    party: Annotated[str, _PARTY],
    add: Annotated[
        list[str] | None,
        typer.Option(help=say("Name of a key in this home to add.", "要启用的密钥名称。")),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(
            help=say("Name or did:key of a key to remove.", "要停用的密钥名称或 did:key。"),
        ),
    ] = None,
) -> None:
    from cli.subjects import find_keys, find_party
    from cli.writing import write_event
    from contracts.party import Rotate

    session: Session = context.obj
    with session.registry(is_writer=True) as registry:
        subject = find_party(registry, party)
        added = [registry.ring.load(name) for name in add or ()]
        body = Rotate(
            add=tuple(sorted(each.did for each in added)),
            remove=tuple(sorted(_read_did(registry, each) for each in remove or ())),
        )
        ledger = registry.ledger
        count = ledger.profile.officers if subject == ledger.registrar else 1
        keys = [*find_keys(registry, subject, count), *added]
        write_event(session, registry, subject, body, keys, subject)


def recover(
    context: typer.Context,
    party: Annotated[str, _PARTY],
    add: Annotated[
        list[str],
        typer.Option(help=say("Name of a new key in this home.", "新密钥名称。")),
    ],
    cancel: Annotated[
        bool,
        typer.Option(
            "--cancel", help=say("An old key ends a pending recovery.", "由原密钥撤销在途的恢复。")
        ),
    ] = False,
    check_method: Annotated[str | None, _METHOD] = None,
    check_evidence: Annotated[Path | None, _EVIDENCE] = None,
) -> None:
    from msgspec import UNSET

    from cli.subjects import find_keys, find_party
    from cli.writing import write_event
    from contracts.party import Party, Recover

    session: Session = context.obj
    check = _read_check(check_method, check_evidence)
    with session.registry(is_writer=True) as registry:
        subject = find_party(registry, party)
        state = registry.need_state(Party, subject)
        added = [registry.ring.load(name) for name in add]
        body = Recover(
            party=subject,
            add=tuple(sorted(each.did for each in added)),
            remove=tuple(sorted(state.current_keys(registry.clock.now()))),
            check=UNSET if check is None or cancel else check,
            cancel=True if cancel else UNSET,
        )
        ledger = registry.ledger
        recoverer = ledger.regulator if subject == ledger.registrar else ledger.registrar
        actor = subject if cancel else recoverer
        keys: list[SigningKey] = find_keys(registry, actor, 1)
        write_event(session, registry, actor, body, keys if cancel else [*keys, *added], subject)


def suspend(
    context: typer.Context,
    party: Annotated[str, _PARTY],
    ground: Annotated[str, GROUND],
    lift: Annotated[
        bool, typer.Option("--lift", help=say("Let it act again.", "解除暂停。"))
    ] = False,
) -> None:
    from msgspec import UNSET

    from contracts.party import Suspend

    def body(subject: SubjectKey) -> Suspend:
        return Suspend(party=subject, ground=ground, lift=True if lift else UNSET)

    _write_as_regulator(context.obj, party, body)


def admit(
    context: typer.Context,
    party: Annotated[str, _PARTY],
    role: Annotated[
        str,
        typer.Option(help=say("Such as auditor, valuer, notary.", "如 auditor、valuer、notary。")),
    ],
    end: Annotated[
        bool, typer.Option("--end", help=say("Take the role away.", "撤销该身份。"))
    ] = False,
) -> None:
    from msgspec import UNSET

    from cli.registering import check_choice
    from contracts.identity import Role
    from contracts.party import Admit

    chosen: Role = check_choice("--role", role, get_args(Role))

    def body(subject: SubjectKey) -> Admit:
        return Admit(party=subject, role=chosen, end=True if end else UNSET)

    _write_as_regulator(context.obj, party, body)


def _write_as_regulator(session: Session, party: str, body: "Callable[[SubjectKey], Body]") -> None:
    from cli.subjects import find_party
    from cli.writing import write_alone

    with session.registry(is_writer=True) as registry:
        subject = find_party(registry, party)
        actor = registry.ledger.regulator
        write_alone(session, registry, actor, body(subject), subject)


def _show_name(label: str, hidden: str | None) -> str:
    if hidden is None:
        return show_label(label)
    return say(f"{hidden} (not public)", f"{hidden}（不公开）")


def _read_did(registry: "RegistryApi", text: str) -> DidKey:
    if text.startswith("did:key:"):
        return DidKey(text)
    return registry.ring.load(text).did


def _read_check(method: str | None, evidence: Path | None) -> "IdentityCheck | None":
    from contracts.identity import IdentityCheck
    from tracing.fingerprint import fingerprint_file

    if (method is None) != (evidence is None):
        raise UsageError(
            say(
                "--check-method and --check-evidence go together",
                "--check-method 与 --check-evidence 须同时给出",
            )
        )
    if method is None or evidence is None:
        return None
    return IdentityCheck(method=method, evidence=fingerprint_file(evidence).digest)
