"""What the tests of the command line share: a program, and a solo registry to copy."""

import io
import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.lang import set_language
from cli.main import main
from tests.support.program import Program

TABLE = b"hour,cars\n8,120\n9,97\n"
TITLE = "停车数据 2026"


@dataclass(frozen=True)
class Founded:
    """A solo registry with one voucher, made once; tests work on copies.

    Args:
        home: Its home folder.
        registered: What `register --json` said.
        voucher: The exported voucher file.
        opening: The opening of its content.
        policy: Its trust policy.
    """

    home: Path
    registered: dict
    voucher: Path
    opening: Path
    policy: Path

    @property
    def number(self):
        return self.registered["voucher"]


def run_quietly(*argv):
    """A run outside of any test; gives its document."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
        assert main([*map(str, argv), "--json"]) == 0, out.getvalue()
    return json.loads(out.getvalue())


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solo")
    home, table = folder / "home", folder / "table.csv"
    table.write_bytes(TABLE)
    voucher, opening = folder / "one.voucher.json", folder / "opening.json"
    run_quietly("--home", home, "init", "--solo", "--no-passphrase")
    registered = run_quietly("--home", home, "register", table, "--title", TITLE)
    number = registered["voucher"]
    export = ("voucher", "export", number, "--out", voucher, "--opening", opening)
    run_quietly("--home", home, *export)
    return Founded(home, registered, voucher, opening, home / "trust.policy")


@pytest.fixture
def program(tmp_path, monkeypatch, capsys):
    """The program in an empty folder; its home folder is not there yet."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    for name in ("MUNIMENT_PASSPHRASE_FILE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    yield Program(capsys, tmp_path / "home")
    set_language("en")


@pytest.fixture
def solo(program, founded):
    """The program over a copy of the solo registry, with the registered table beside it."""
    shutil.copytree(founded.home, program.home)
    Path("table.csv").write_bytes(TABLE)
    return program


@pytest.fixture
def stranger(program, founded):
    """The program where nothing is but a voucher, its opening and the policy."""
    shutil.copy(founded.voucher, "one.voucher.json")
    shutil.copy(founded.opening, "opening.json")
    shutil.copy(founded.policy, "trust.policy")
    return program


@pytest.fixture
def fresh_commands(monkeypatch):
    """Commands imported anew by the next run: help is made in the language of the first one."""
    for name in [name for name in sys.modules if name.startswith("cli.commands")]:
        monkeypatch.delitem(sys.modules, name)


@dataclass(frozen=True)
class Market:
    """A solo registry with a table that is licensed to one of four parties, made once.

    Args:
        home: Its home folder; the keys of all four lie in it.
        registered: What `register --json` said; 甲公司 has all three rights.
        parties: Keys of 甲公司, 乙公司, 丙公司 and 丁公司, by name.
        grant: The live grant of 甲公司 to 乙公司: use, and one onward copy.
    """

    home: Path
    registered: dict
    parties: dict
    grant: str

    @property
    def asset(self):
        return self.registered["asset"]

    @property
    def number(self):
        return self.registered["voucher"]


@pytest.fixture(scope="session")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    home, table = ("--home", folder / "home"), folder / "table.csv"
    table.write_bytes(TABLE)
    run_quietly(*home, "init", "--solo", "--no-passphrase")
    parties = {
        name: run_quietly(*home, "party", "enroll", name, "--no-passphrase")["subject"]
        for name in ("甲公司", "乙公司", "丙公司", "丁公司")
    }
    rights = ("--right", "hold", "--right", "use", "--right", "operate")
    registered = run_quietly(*home, "register", table, "--title", TITLE, *rights, "--as", "甲公司")
    terms = ("--to", "乙公司", "--template", "one-onward-copy", "--until", "2030-12-31")
    grant = run_quietly(*home, "grant", "issue", registered["asset"], *terms)["subject"]
    run_quietly(*home, "grant", "accept", grant)
    return Market(home[1], registered, parties, grant)


@pytest.fixture
def licensed(program, market):
    """The program over a copy of that registry, with the registered table beside it."""
    shutil.copytree(market.home, program.home)
    Path("table.csv").write_bytes(TABLE)
    return program


@pytest.fixture(scope="session")
def national(tmp_path_factory):
    """The home of a registry under national-2026: a calendar, and an applicant with its key."""
    folder = tmp_path_factory.mktemp("national")
    home, licence = folder / "home", folder / "licence.pdf"
    licence.write_bytes(b"licence")
    catalogued = (
        "--registrar-name",
        "江苏省数据登记中心",
        "--region",
        "32",
        "--registrar-digit",
        "1",
    )
    run_quietly("--home", home, "init", *catalogued, "--no-passphrase")
    this_year = datetime.now(UTC).year
    for year in (this_year, this_year + 1):
        calendar = folder / f"{year}.json"
        calendar.write_text(json.dumps({"year": year, "off": [], "work": []}))
        run_quietly("--home", home, "list", "publish", "calendar", year, calendar)
    checked = ("--check-method", "licence seen", "--check-evidence", licence)
    enroll = ("party", "enroll", "Applicant", "--no-passphrase", *checked)
    return home, run_quietly("--home", home, *enroll)["subject"]


@pytest.fixture
def national_program(program, national):
    """The program over a copy of the national registry."""
    shutil.copytree(national[0], program.home)
    return program


@pytest.fixture
def applicant(national):
    """The party that may apply there."""
    return national[1]
