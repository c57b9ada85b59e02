"""`muniment tiles`: the log as files for a static server or an object store."""

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.lang import say
from cli.session import Session
from cli.trust import read_policy
from ledger.core.types import JsonObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from node.tiles.export import Exported


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say(
            "The log as files that any web server can serve.",
            "将日志导出为任何网页服务器均可发布的静态文件。",
        ),
        no_args_is_help=True,
    )
    group.command(
        "export",
        help=say(
            "Bring a folder up to the published log: c2sp.org/tlog-tiles, the checkpoint last.\n\nOnly what is new is written; interrupted at any moment it is whole and goes on where it was.\n\nExample: muniment tiles export /srv/log --every 5",
            "将已发布的日志导出到目录（c2sp.org/tlog-tiles），检查点最后写入。\n\n仅写入新增内容；任何时刻中断，目录都保持完整，再次运行即可接续。\n\n示例：muniment tiles export /srv/log --every 5",
        ),
    )(export)
    return group


def export(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(
            help=say(
                "New, empty, or left by an earlier export.", "新目录、空目录或此前导出的目录。"
            )
        ),
    ],
    every: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS",
            min=1,
            max=86_400,
            help=say(
                "Go on, and look for something new so often; one line each time.",
                "按此间隔（秒）持续导出，每次输出一行。",
            ),
        ),
    ] = None,
) -> None:
    from ledger.storage.sqlite import SqliteStore
    from node.home import Home
    from node.tiles.editions import export_log

    session: Session = context.obj
    session.refuse_node("tiles export")
    home = Home(session.settings.home)
    home.check()
    policy = read_policy(session, None)
    with closing(SqliteStore(home.ledger)) as store:

        def run(progress: "Callable[[int, int], None]") -> "Exported":
            return export_log(store, policy, folder, progress)

        if every is None:
            _show(session, _export_once(session, run), folder)
        else:
            _export_forever(session, run, folder, every)


def _export_once(
    session: Session, run: "Callable[[Callable[[int, int], None]], Exported]"
) -> "Exported":
    with session.out.counted("Exporting", "正在导出") as progress:
        return run(progress)


def _export_forever(
    session: Session,
    run: "Callable[[Callable[[int, int], None]], Exported]",
    folder: Path,
    seconds: int,
) -> None:
    """Export again and again, until the process is ended; anything but nothing new is said."""
    from time import sleep

    from ledger.errors import NotFoundError

    is_first = True
    while True:
        try:
            done = _export_once(session, run)
        except NotFoundError as exc:  # its witnesses may be slow; the next round tells
            if is_first:
                session.out.warn(str(exc), "尚无符合信任策略的检查点，等待见证方签署")
        else:
            if is_first or done.files:
                _show_line(session, done, folder)
        is_first = False
        sleep(seconds)


def _describe(done: "Exported", folder: Path) -> JsonObject:
    return {"size": done.size, "files": done.files, "folder": str(folder)}


def _show(session: Session, done: "Exported", folder: Path) -> None:
    rows = [
        (say("leaves", "条目"), str(done.size)),
        (say("files written", "写入文件"), str(done.files)),
        (say("folder", "目录"), str(folder)),
    ]
    session.out.result(_describe(done, folder), lambda: session.out.table("", rows))


def _show_line(session: Session, done: "Exported", folder: Path) -> None:
    line = f"{done.size}\t{done.files}\t{folder}"
    if session.out.is_json:
        line = json.dumps(_describe(done, folder), ensure_ascii=False)
    print(line, flush=True)
