"""`muniment witness`: cosigns the checkpoints of logs that only grow."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import HOST, PORT, UDS
from cli.exitcodes import UsageError
from cli.files import read_capped
from cli.lang import say
from cli.listening import need_extra
from cli.session import Session
from ledger.core.types import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.policy import Log
    from node.witness.keys import WitnessKey

DEFAULT_PORT = 8081
FOLDER = typer.Option(
    "--folder",
    metavar="DIR",
    help=say("The witness's folder (default: HOME/witness).", "见证方目录（默认 HOME/witness）。"),
)


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say(
            "Witness logs: cosign what only grows (c2sp.org/tlog-witness).",
            "见证日志：仅联署只增不改的日志（c2sp.org/tlog-witness）。",
        ),
        no_args_is_help=True,
    )
    group.command(
        "init",
        help=say(
            "Make a witness: a key of its own and an empty list of logs.\n\nNAME is part of the key: a URL without its scheme is usual.\n\nExample: muniment witness init witness.example.org/w1",
            "新建见证方：自有密钥与空的日志清单。\n\nNAME 为密钥的一部分：通常是不带协议的网址。\n\n示例：muniment witness init witness.example.org/w1",
        ),
    )(init)
    group.command(
        "key",
        help=say(
            "Print the witness's vkey, which policies name.\n\nExample: muniment witness key",
            "输出见证方的 vkey，供信任策略列出。\n\n示例：muniment witness key",
        ),
    )(show_key)
    group.command(
        "add-log",
        help=say(
            "Cosign these logs from now on, also while the witness serves.\n\nTake the vkeys from whoever runs the logs, or all of a trust policy's.\n\nExample: muniment witness add-log --policy trust.policy",
            "自此见证所列日志；见证方运行中亦可添加。\n\nvkey 取自日志运营者，或取信任策略所列的全部日志。\n\n示例：muniment witness add-log --policy trust.policy",
        ),
    )(add_log)
    group.command(
        "logs",
        help=say(
            "List the logs and what was cosigned of each.\n\nExample: muniment witness logs",
            "列出所见证的日志及各自最新联署。\n\n示例：muniment witness logs",
        ),
    )(show_logs)
    group.command(
        "serve",
        help=say(
            f"Serve the witness over HTTP, until Ctrl-C or SIGTERM.\n\nLogs post to /add-checkpoint; monitors read /<SHA-256 of the origin>/checkpoint.\n\nExample: muniment witness serve --port {DEFAULT_PORT}",
            f"以 HTTP 提供见证服务，直至 Ctrl-C 或 SIGTERM。\n\n日志向 /add-checkpoint 提交；监测方读取 /<来源的 SHA-256>/checkpoint。\n\n示例：muniment witness serve --port {DEFAULT_PORT}",
        ),
    )(serve)
    return group


def find_folder(session: Session, folder: Path | None) -> Path:
    """The folder that was named, else the home's own."""
    return folder if folder is not None else session.settings.home / "witness"


def init(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help=say("Under which it signs, such as witness.example.org/w1.", "签署所用名称。")
        ),
    ],
    folder: Annotated[Path | None, FOLDER] = None,
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help=say("Keep it in the clear.", "不设口令。"))
    ] = False,
) -> None:
    from node.witness.keys import create_witness_key

    session: Session = context.obj
    where = find_folder(session, folder)
    key = create_witness_key(where, name, session.new_passphrase(without=no_passphrase))
    document: Json = {"name": key.name, "vkey": key.vkey, "folder": str(where)}
    session.out.result(document, lambda: print(key.vkey))
    session.out.talk(
        "next: 'muniment witness add-log --policy trust.policy' with a registry's policy, then "
        "'muniment witness serve'; the registry adds this vkey with 'muniment policy add-witness'",
        "下一步：以登记系统的策略运行 muniment witness add-log --policy trust.policy，再运行 "
        "muniment witness serve；登记系统用 muniment policy add-witness 添加此 vkey",
    )


def show_key(context: typer.Context, folder: Annotated[Path | None, FOLDER] = None) -> None:
    from ledger.core.note import format_vkey
    from node.witness.keys import load_vkey

    session: Session = context.obj
    key = load_vkey(find_folder(session, folder))
    vkey = format_vkey(key)
    session.out.result({"name": key.name, "vkey": vkey}, lambda: print(vkey))


def add_log(
    context: typer.Context,
    vkeys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VKEY]...", help=say("Of logs: <origin>+<id>+<key>.", "日志的 vkey。")
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            metavar="FILE",
            help=say("Every log of this trust policy.", "此信任策略所列的全部日志。"),
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help=say("Where the log is read (auditors need it).", "日志的读取地址（审计方需要）。")
        ),
    ] = None,
    folder: Annotated[Path | None, FOLDER] = None,
) -> None:
    from ledger.core.note import format_vkey
    from node.witness.keys import load_vkey
    from node.witness.logs import LogsFile

    session: Session = context.obj
    where = find_folder(session, folder)
    load_vkey(where)
    added = LogsFile(where).add(_collect_logs(vkeys or [], policy, url))
    items: list[Json] = [{"origin": log.key.name, "vkey": format_vkey(log.key)} for log in added]
    session.out.result({"added": items}, lambda: _print_each([log.key.name for log in added]))
    if not added:
        session.out.talk("these logs are known already", "所列日志均已在清单中")


def show_logs(context: typer.Context, folder: Annotated[Path | None, FOLDER] = None) -> None:
    from ledger.core.note import format_vkey
    from node.witness.book import Book
    from node.witness.keys import load_vkey
    from node.witness.logs import LogsFile

    session: Session = context.obj
    where = find_folder(session, folder)
    book = Book(where, load_vkey(where))
    items: list[Json] = []
    rows = []
    for log in LogsFile(where).all():
        seen = book.read(log.key.name)
        size, root = seen.checkpoint.size, seen.checkpoint.root.hex()
        url = None if log.url is None else log.url.decode("utf-8", "backslashreplace")
        at = seen.timestamp * 1000 or None
        items.append(
            {"origin": log.key.name, "vkey": format_vkey(log.key), "url": url, "size": size}
            | ({} if at is None else {"root": root, "cosigned_at": at})
        )
        rows.append((log.key.name, str(size), root[:16] if at else "", url or ""))
    headers = [say("origin", "来源"), say("size", "大小"), say("root", "根哈希"), "URL"]
    session.out.items(items, headers, rows)


def serve(
    context: typer.Context,
    folder: Annotated[Path | None, FOLDER] = None,
    host: Annotated[str, HOST] = "127.0.0.1",
    port: Annotated[int, PORT] = DEFAULT_PORT,
    uds: Annotated[Path | None, UDS] = None,
) -> None:
    need_extra()
    from node.server.logs import set_up_logs  # heavy
    from node.serving import serve as serve_app
    from node.witness.app import create_witness_app
    from node.witness.book import open_book
    from node.witness.keys import load_vkey, load_witness_key
    from node.witness.logs import LogsFile
    from node.witness.witness import Witness

    session: Session = context.obj
    where = find_folder(session, folder)
    load_vkey(where)
    key = load_witness_key(where, session.passphrase(where))
    logs = LogsFile(where)
    if not logs.all():
        session.out.warn(
            "no log is known yet: add some with 'muniment witness add-log'",
            "尚无日志：请用 muniment witness add-log 添加",
        )
    with open_book(where, key.verifier) as book:
        set_up_logs("json", is_quiet=session.settings.is_quiet)
        app = create_witness_app(Witness(book, key, logs))
        serve_app(app, host=host, port=port, uds=uds, ready=lambda url: _tell(session, key, url))


def _print_each(lines: "Sequence[str]") -> None:
    for line in lines:
        print(line)


def _tell(session: Session, key: "WitnessKey", url: str) -> None:
    if session.out.is_json:
        print(json.dumps({"url": url, "name": key.name, "vkey": key.vkey}), flush=True)
    session.out.talk(
        f"{key.name} cosigns at {url}; Ctrl-C stops it",
        f"{key.name} 的见证地址：{url}；按 Ctrl-C 停止",
    )


def _collect_logs(vkeys: "Sequence[str]", policy: Path | None, url: str | None) -> "list[Log]":
    """The logs that the command line names.

    Raises:
        UsageError: It names none, or gives one URL to several.
    """
    from ledger.core.limits import MAX_POLICY_BYTES
    from ledger.core.note import parse_vkey
    from ledger.core.policy import Log, parse_policy

    where = None if url is None else url.encode("utf-8", "surrogateescape")
    logs = [Log(parse_vkey(vkey), where) for vkey in vkeys]
    if policy is not None:
        named = parse_policy(read_capped(policy, MAX_POLICY_BYTES)).logs
        logs += [Log(log.key, where or log.url) for log in named]
    if not logs:
        raise UsageError(
            say(
                "name a log: give its vkey, or --policy FILE with the registry's trust.policy",
                "请给出日志：其 vkey，或用 --policy 给出登记系统的 trust.policy",
            )
        )
    return logs
