"""`muniment deliver` and `muniment receive`: copies of data, and who signs for them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from ledger.core.types import Json, SubjectKey

if TYPE_CHECKING:
    from node.registry import Registry

NOTE_SUFFIX = ".delivery.json"
_AS = typer.Option("--as", help=say("Party that acts.", "操作的主体。"))


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command(
        "deliver",
        help=say(
            "Deliver a copy under a grant: writes OUT and OUT.delivery.json, and records it.\n\n"
            "The recipient gets both files. Without the record no file is written.\n\n"
            "Example: muniment deliver TEST2026110001 --from flights.csv --to 乙公司 --out copy.csv",
            "依授权交付副本：写出 OUT 与 OUT.delivery.json，并登记交付。\n\n"
            "两个文件均交给接收方；未完成登记则不写出任何文件。\n\n"
            "示例：muniment deliver TEST2026110001 --from flights.csv --to 乙公司 --out copy.csv",
        ),
    )(deliver)
    app.command(
        "receive",
        help=say(
            "Countersign a delivered copy.\n\nExample: muniment receive copy.csv.delivery.json "
            "--file copy.csv",
            "签收交付的副本。\n\n示例：muniment receive copy.csv.delivery.json --file copy.csv",
        ),
    )(receive)


def deliver(
    context: typer.Context,
    asset: Annotated[
        str,
        typer.Argument(
            help=say("Asset: key, title or voucher number.", "数据：标识、名称或凭证编号。")
        ),
    ],
    source: Annotated[
        Path, typer.Option("--from", help=say("The registered file.", "所登记的文件。"))
    ],
    to: Annotated[str, typer.Option("--to", help=say("Recipient.", "接收方。"))],
    out: Annotated[Path, typer.Option("--out", help=say("Copy to write.", "写出的副本。"))],
    grant: Annotated[
        str | None,
        typer.Option(
            help=say("Grant to deliver under (default: found).", "所依据的授权（默认自动查找）。")
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help=say("Overwrite OUT.", "覆盖 OUT。"))
    ] = False,
    party: Annotated[str | None, _AS] = None,
) -> None:
    from cli.files import write_document
    from cli.subjects import find_asset, find_keys, find_party
    from contracts.chain import Grant
    from ledger.files import PRIVATE_MODE
    from node.delivering import CopyOrder, deliver_copy

    session: Session = context.obj
    note_path = out.with_name(out.name + NOTE_SUFFIX)
    if note_path.exists() and not force:
        raise UsageError(
            say(
                f"{note_path} exists: name another --out, or say --force",
                f"{note_path} 已存在：请另指定 --out，或使用 --force",
            ),
            "exists",
        )
    with session.registry(is_writer=True) as registry:
        subject = find_asset(registry, asset)
        recipient = find_party(registry, to)
        actor = None if party is None else find_party(registry, party)
        key = _find_grant(registry, (actor, recipient), subject, grant)
        state = registry.need_state(Grant, key)
        if state.asset != subject or state.grantee != recipient:
            raise UsageError(
                say(
                    f"{key} is a grant of {state.asset} to {state.grantee}",
                    f"{key} 是 {state.asset} 对 {state.grantee} 的授权",
                ),
                "wrong_grant",
            )
        keys = find_keys(registry, state.grantor, 1)
        size = source.stat().st_size if source.is_file() else None
        with session.out.progress("Copying", "复制", size) as advance:
            done = deliver_copy(registry, CopyOrder(key, source, out, force), keys, advance)
        write_document(note_path, done.note, force=force, mode=PRIVATE_MODE)
    document: dict[str, Json] = {
        "event": done.written.event,
        "index": done.written.index,
        "subject": done.delivery,
        "grant": key,
        "file": str(out),
        "note": str(note_path),
    }

    def human() -> None:
        session.out.table(
            "",
            [
                (say("delivered", "已交付"), done.delivery),
                (say("under", "依据"), key),
                (say("log index", "日志位置"), str(done.written.index)),
                (say("copy", "副本"), str(out)),
                (say("goes with it", "随附文件"), str(note_path)),
            ],
        )
        session.out.talk(
            f"The recipient signs for it: muniment receive {note_path} --file {out}",
            f"接收方签收：muniment receive {note_path} --file {out}",
        )

    session.out.result(document, human)


def receive(
    context: typer.Context,
    note: Annotated[
        Path, typer.Argument(help=say("OUT.delivery.json.", "OUT.delivery.json 文件。"))
    ],
    file: Annotated[Path, typer.Option("--file", help=say("The copy.", "副本。"))],
) -> None:
    from cli.files import read_capped
    from cli.subjects import find_keys
    from contracts.delivery import Delivery
    from contracts.deliverynote import parse_delivery_note
    from ledger.core.canonical import decode_bundle
    from ledger.core.limits import MAX_BUNDLE_BYTES
    from node.delivering import receive_copy

    session: Session = context.obj
    data = read_capped(note, MAX_BUNDLE_BYTES)
    parsed = parse_delivery_note(decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES))
    with session.registry(is_writer=True) as registry:
        recipient = registry.need_state(Delivery, parsed.delivery).recipient
        keys = find_keys(registry, recipient, 1)
        size = file.stat().st_size if file.is_file() else None
        with session.out.progress("Reading", "读取文件", size) as advance:
            written = receive_copy(registry, parsed, file, keys, advance)
    document: dict[str, Json] = {
        "event": written.event,
        "index": written.index,
        "subject": parsed.delivery,
    }
    rows = [
        (say("received", "已签收"), str(parsed.delivery)),
        (say("log index", "日志位置"), str(written.index)),
    ]
    session.out.result(document, lambda: session.out.table("", rows))


def _find_grant(
    registry: "Registry",
    sides: tuple[SubjectKey | None, SubjectKey],
    asset: SubjectKey,
    text: str | None,
) -> SubjectKey:
    """The grant to deliver under: named, or the only live one it can be.

    Raises:
        UsageError: There are several, or none.
    """
    from cli.subjects import find_subject
    from contracts.chain import Grant
    from node.chains import find_live_grants

    if text is not None:
        return find_subject(registry, "grant", text)
    sender, recipient = sides
    live = [
        key
        for key in find_live_grants(registry, recipient, asset)
        if sender in {None, registry.need_state(Grant, key).grantor}
    ]
    if len(live) == 1:
        return live[0]
    named = ", ".join(live)
    raise UsageError(
        say(
            f"{recipient} has several live grants of {asset}: name one with --grant ({named})"
            if live
            else f"{recipient} has no live grant of {asset}: issue one with 'muniment grant issue' "
            "and have it accepted",
            f"{recipient} 就 {asset} 有多项有效授权：请用 --grant 指明（{named}）"
            if live
            else f"{recipient} 就 {asset} 没有有效授权：请先用 muniment grant issue 授权并由其接受",
        ),
        "ambiguous" if live else "no_live_grant",
    )
