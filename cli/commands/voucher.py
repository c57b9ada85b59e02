"""`muniment voucher show|export|present`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import FORCE
from cli.lang import say
from cli.session import Session
from cli.times import format_local, parse_date
from cli.words import find_notice, show_label, show_word
from ledger.core.types import Json, UnixMillis

if TYPE_CHECKING:
    from node.registryapi import RegistryApi


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(help=say("Vouchers.", "登记凭证。"), no_args_is_help=True)
    group.command(
        "show",
        help=say(
            "Show a voucher's state.\n\nExample: muniment voucher show TEST2026110001",
            "显示凭证状态。",
        ),
    )(show)
    group.command(
        "export",
        help=say(
            "Write a voucher that anybody can verify offline.\n\nExample: muniment voucher export TEST2026110001",
            "将凭证写成任何人可离线验证的文件。\n\n示例：muniment voucher export TEST2026110001",
        ),
    )(export)
    group.command(
        "present",
        help=say(
            "Make an evidence pack about a voucher: proofs, and what they state, for one purpose.\n\n"
            "It speaks of the date given with --as-of, by default of now. Whoever is shown it verifies it offline with his own trust policy.\n\n"
            "Example: muniment voucher present TEST2026110001 --purpose financing",
            "制作关于凭证的证据包：证明及其陈述，针对某一用途。\n\n"
            "以 --as-of 所给日期为准，默认为当前。接收方以自己的信任策略离线验证。\n\n"
            "示例：muniment voucher present TEST2026110001 --purpose financing",
        ),
    )(present)
    return group


_NUMBER = typer.Argument(help=say("Number, such as TEST2026110001.", "凭证编号。"))


def show(context: typer.Context, number: Annotated[str, _NUMBER]) -> None:
    from cli.besides import describe_beside, describe_corrections, rows_beside, rows_corrections
    from cli.subjects import find_voucher
    from contracts.recording import Voucher, voucher_key
    from contracts.records import format_record
    from node.beside import read_corrections, read_live_beside
    from node.standing import tell_voucher

    session: Session = context.obj
    with session.registry() as registry:
        full = find_voucher(registry, number)
        state = registry.need_state(Voucher, voucher_key(full))
        listing = registry.read_listing(state.asset)
        notice = _find_notice(registry, full)
        standing = tell_voucher(registry, full)
        beside = read_live_beside(registry, state.asset, full)
        corrections = list(read_corrections(registry, state.registration))
        stands = [] if beside is None else [*rows_beside(registry, beside)]
    rows = [
        (say("notice", "提示"), notice),
        (say("asset", "数据"), state.asset),
        (say("title", "名称"), show_label(listing.label) if listing else ""),
        (say("registration", "登记"), state.registration),
        (say("status", "状态"), show_word(standing.status)),
        (say("valid from", "有效期自"), format_local(UnixMillis(state.valid_from))),
        (say("valid until", "有效期至"), format_local(UnixMillis(state.valid_until))),
        (say("issuer", "签发密钥"), state.issuer),
    ]
    if standing.successor is not None:
        rows.append((say("superseded by", "现行凭证"), standing.successor))
    if standing.renewal is not None:
        kept = say("kept in force by", "因在途续期继续有效")
        rows.append((kept, standing.renewal))
    rows += [*stands, *rows_corrections(corrections)]
    document: dict[str, Json] = {
        "voucher": full,
        **format_record(state),
        "standing": standing.status,
        "renewal": standing.renewal,
        "declared": standing.declared,
        "successor": standing.successor,
        "beside": None if beside is None else describe_beside(beside),
        "corrections": describe_corrections(corrections),
    }
    session.out.result(document, lambda: session.out.table(full, rows))


def export(
    context: typer.Context,
    number: Annotated[str, _NUMBER],
    out: Annotated[
        str | None,
        typer.Option("--out", help=say("File to write, - for stdout.", "输出文件，- 为标准输出。")),
    ] = None,
    force: Annotated[bool, FORCE] = False,
    opening: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Also write the opening of the registered content.", "同时写出登记内容的开示文件。"
            )
        ),
    ] = None,
) -> None:
    from cli.files import write_document
    from cli.subjects import find_voucher
    from ledger.files import PRIVATE_MODE
    from node.bundles import make_voucher, read_content_openings

    session: Session = context.obj
    with session.registry() as registry:
        full = find_voucher(registry, number)
        bundle = make_voucher(registry, full)
        openings = read_content_openings(registry, full) if opening is not None else None
        notice = _find_notice(registry, full)
    if out == "-":
        session.out.result(bundle, lambda: print(_pretty(bundle)))
        return
    path = Path(out) if out is not None else Path(f"{full}.voucher.json")
    write_document(path, bundle, force=force)
    document: dict[str, Json] = {"voucher": full, "file": str(path)}
    if opening is not None and openings is not None:
        write_document(opening, openings, force=force, mode=PRIVATE_MODE)
        document["opening"] = str(opening)

    def human() -> None:
        rows = [(show_word(name), str(value)) for name, value in document.items()]
        session.out.table("", [*rows, (say("notice", "提示"), notice)])
        session.out.talk(
            f"Anybody can check it: muniment verify {path} --policy trust.policy",
            f"任何人均可验证：muniment verify {path} --policy trust.policy",
        )

    session.out.result(document, human)


def present(
    context: typer.Context,
    number: Annotated[str, _NUMBER],
    purpose: Annotated[
        str,
        typer.Option(
            help=say(
                "trading, accounting, financing, contribution, dispute or enterprise-support.",
                "用途：trading, accounting, financing, contribution, dispute, enterprise-support。",
            )
        ),
    ],
    as_of: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Date it speaks of: RFC 3339 or YYYY-MM-DD.", "截至日期：RFC 3339 或 YYYY-MM-DD。"
            )
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help=say("File to write (NUMBER.PURPOSE.zip).", "输出文件（默认 编号.用途.zip）。")
        ),
    ] = None,
    opening: Annotated[
        bool,
        typer.Option(
            "--opening",
            help=say(
                "Also open which content was registered, to whoever has the pack.",
                "同时向持有证据包者开示所登记的内容。",
            ),
        ),
    ] = False,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.files import PUBLIC_MODE, write_bytes
    from cli.presenting import show_presented, take_purpose
    from cli.subjects import find_voucher
    from ledger.files import PRIVATE_MODE
    from node.presenting import present_voucher
    from node.statementtext import pack_name

    session: Session = context.obj
    wanted = take_purpose(purpose)
    date = None if as_of is None else parse_date(as_of)
    with session.registry() as registry:
        full = find_voucher(registry, number)
        now = registry.clock.now()
        time = now if date is None else date
        made = present_voucher(registry, full, wanted, time, with_opening=opening)
    path = out if out is not None else Path(pack_name(full, wanted))
    write_bytes(path, made.data, force=force, mode=PRIVATE_MODE if opening else PUBLIC_MODE)
    show_presented(session, made.statement, path, now)


def _pretty(document: Json) -> str:
    import json

    return json.dumps(document, ensure_ascii=False, indent=2)


def _find_notice(registry: "RegistryApi", number: str) -> str:
    """What has to be said of a voucher: under solo a demonstration, else what the profile says."""
    profile = registry.ledger.profile
    said = find_notice(number) if profile.is_solo else ""
    return said or say(profile.notice.en, profile.notice.zh)
