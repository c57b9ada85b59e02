"""`muniment mirror`: a verified copy of a log that serves on when the log is gone."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import EVERY, HOST, PORT, UDS
from cli.exitcodes import Exit
from cli.lang import say
from cli.listening import Place, serve_beside
from cli.session import Session
from cli.times import format_local
from cli.trust import read_policy
from cli.words import show_word
from ledger.core.types import Json, JsonObject, UnixMillis

if TYPE_CHECKING:
    from node.following.mirror import Followed, Mirror

_FOLDER = typer.Argument(
    metavar="folder",
    help=say("Folder of the mirror; made if missing.", "镜像目录；不存在则新建。"),
)
_POLICY = typer.Option(
    help=say("Trust policy (default: the home's).", "信任策略（默认为本目录的）。")
)


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say(
            "Keep and serve a verified copy of a log.",
            "保存并提供经验证的日志副本。",
        ),
        no_args_is_help=True,
    )
    group.command(
        "follow",
        help=say(
            "Bring a folder up to what a log has published, with the documents that it names.\n\nEverything is verified by the policy before it is written, the checkpoint last: the folder is whole at any moment and may be served by any web server. Another history, or an older one, changes nothing.\n\nExit code: 3 not to be trusted, 6 unreachable.\n\nExample: muniment mirror follow https://registry.example /srv/mirror --policy trust.policy --once",
            "将日志已发布的内容及其所指文件复制到目录。\n\n写入前均按信任策略验证，检查点最后写入，目录随时保持完整。\n\n目录可由任何网页服务器发布；遇到不同或较旧的历史，目录不变。\n\n退出码：3 不可信，6 无法连接。\n\n示例：muniment mirror follow https://registry.example /srv/mirror --policy trust.policy --once",
        ),
    )(follow)
    group.command(
        "serve",
        help=say(
            "Serve a mirror's folder over HTTP, and go on following with --from.\n\nWhen the log is gone it serves on; /healthz and the header Muniment-Confirmed say how old the copy is.\n\nExample: muniment mirror serve /srv/mirror --from https://registry.example --policy trust.policy --port 8090",
            "以 HTTP 提供镜像目录，并可用 --from 持续跟踪。\n\n原日志不可用时仍继续服务。\n\n副本的新旧见 /healthz 与 Muniment-Confirmed 标头。\n\n示例：muniment mirror serve /srv/mirror --from https://registry.example --policy trust.policy --port 8090",
        ),
    )(serve)
    group.command(
        "status",
        help=say(
            "Show how large and how old a mirror is; asks nobody.\n\nExit code: 3 if the log was seen to fork.\n\nExample: muniment mirror status /srv/mirror",
            "显示镜像的大小与新旧；不联网。\n\n退出码：发现日志分叉时为 3。\n\n示例：muniment mirror status /srv/mirror",
        ),
    )(status)
    return group


def follow(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="source",
            help=say("Node or mirror: address or folder.", "节点或镜像：网址或目录。"),
        ),
    ],
    folder: Annotated[Path, _FOLDER],
    policy: Annotated[Path | None, _POLICY] = None,
    every: Annotated[int, EVERY] = 5,
    once: Annotated[
        bool, typer.Option("--once", help=say("One round, then end.", "仅检查一次。"))
    ] = False,
) -> None:
    from node.following.loop import Loop

    session: Session = context.obj
    mirror = _open_mirror(session, source, folder, policy)
    if once:
        with session.out.counted("Mirroring", "正在镜像") as progress:
            done = mirror.follow(progress)
        _show(session, done, folder)
        return
    from node.server.logs import set_up_logs

    set_up_logs("text", is_quiet=session.settings.is_quiet)
    loop = Loop(lambda: _step(session, mirror, folder), every)
    loop.run()
    if loop.failure is not None:
        raise loop.failure


def serve(
    context: typer.Context,
    folder: Annotated[Path, _FOLDER],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SOURCE",
            help=say(
                "Node or mirror to follow meanwhile: address or folder.",
                "同时跟踪的节点或镜像：网址或目录。",
            ),
        ),
    ] = None,
    policy: Annotated[Path | None, _POLICY] = None,
    every: Annotated[int, EVERY] = 5,
    host: Annotated[str, HOST] = "127.0.0.1",
    port: Annotated[int, PORT] = 8090,
    uds: Annotated[Path | None, UDS] = None,
) -> None:
    from ledger.clock import SystemClock
    from node.following.loop import Loop
    from node.following.mirrorapp import MirrorFolder, create_mirror_app

    session: Session = context.obj
    loop = None
    if source is not None:
        mirror = _open_mirror(session, source, folder, policy)
        loop = Loop(lambda: _step(session, mirror, folder), every)
    served = MirrorFolder(folder, SystemClock(), loop)
    app, place = create_mirror_app(served), Place(host, port, uds)
    serve_beside(session, app, place, loop, {"folder": str(folder)})


def status(context: typer.Context, folder: Annotated[Path, _FOLDER]) -> int:
    from ledger.clock import SystemClock
    from ledger.errors import NotFoundError
    from node.following.mirrorapp import MirrorFolder

    session: Session = context.obj
    document = MirrorFolder(folder, SystemClock()).describe()
    if document["origin"] is None:
        raise NotFoundError(
            say(
                f"there is no mirror in {folder}: make one with 'muniment mirror follow'",
                f"{folder} 中没有镜像：请用 muniment mirror follow 建立",
            )
        )
    _print(session, {name: value for name, value in document.items() if name != "trouble"})
    return Exit.NOT_AUTHENTIC if document["forked"] else Exit.DONE


def _open_mirror(session: Session, source: str, folder: Path, policy: Path | None) -> "Mirror":
    from ledger.clock import SystemClock
    from ledger.light.fetch import open_fetcher
    from node.following.mirror import Mirror

    return Mirror(folder, read_policy(session, policy), open_fetcher(source), SystemClock())


def _step(session: Session, mirror: "Mirror", folder: Path) -> bool:
    """One of many rounds; something new is said in a line: on stdout under --json."""
    done = mirror.follow()
    if done.files and session.out.is_json:
        print(json.dumps(_describe(done, folder), ensure_ascii=False), flush=True)
    elif done.files:
        session.out.talk(f"holds {done.size} leaves", f"现有 {done.size} 条")
    return True


def _describe(done: "Followed", folder: Path) -> JsonObject:
    return {
        "size": done.size,
        "files": done.files,
        "documents": done.documents,
        "missing": done.missing,
        "folder": str(folder),
    }


def _show(session: Session, done: "Followed", folder: Path) -> None:
    if done.missing:
        session.out.warn(
            f"{done.missing} documents that the log names are not served: they are asked for again "
            "next time",
            f"日志所指的 {done.missing} 份文件对方未提供：下次将再次索取",
        )
    _print(session, _describe(done, folder))


def _print(session: Session, document: JsonObject) -> None:
    rows = [(show_word(name), _show_value(name, value)) for name, value in document.items()]
    session.out.result(document, lambda: session.out.table("", rows))


def _show_value(name: str, value: Json) -> str:
    match value:
        case None:
            return ""
        case bool():
            return say("yes", "是") if value else say("no", "否")
        case int() if name == "confirmed":
            return format_local(UnixMillis(value))
    return str(value)
