"""`muniment init`: what it makes, what it says, and when it refuses before making anything."""

import json
import stat
from pathlib import Path

import pytest

from ledger.core.policy import parse_policy
from tests.support.program import run_process

CATALOGUED = ("--registrar-name", "江苏省数据登记中心", "--region", "32", "--registrar-digit", "1")
OPEN = "--no-passphrase"


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_solo_registry_names_one_party_for_all_roles(program):
    document = program.json("init", "--solo", OPEN)
    party = document["parties"]["operator"]
    assert document == {
        "home": str(program.home),
        "origin": document["origin"],
        "profile": "solo",
        "policy": str(program.home / "trust.policy"),
        "parties": dict.fromkeys(("operator", "registrar", "regulator", "applicant"), party),
    }
    assert document["origin"].startswith("muniment.invalid/")
    assert party.startswith("party/")


def test_a_national_registry_has_three_parties_and_no_applicant(program):
    document = program.json("init", *CATALOGUED, "--origin", "example.org/js", OPEN)
    parties = document["parties"]
    assert (document["profile"], document["origin"]) == ("national-2026", "example.org/js")
    assert parties.pop("applicant") is None
    assert len(set(parties.values())) == 3


def test_the_home_folder_holds_what_the_design_says_and_only_its_owner_reads_it(program):
    program.ok("init", "--solo", OPEN)
    keys = [f"keys/{name}.key" for name in ("log", "node", "operator", "vault")]
    rest = [
        "keys/.log.signed.lock",
        "keys/log.signed",
        "ledger.db",
        "lock",
        "trust.policy",
        "vault.db",
    ]
    assert files(program.home) == sorted([*keys, *rest])
    for name in files(program.home):
        mode = stat.S_IMODE((program.home / name).stat().st_mode)
        assert mode == (0o644 if name == "trust.policy" else 0o600), name
    policy = parse_policy((program.home / "trust.policy").read_bytes())
    assert policy.logs[0].key.name.startswith("muniment.invalid/")
    assert (program.home / "trust.policy").read_text().endswith("quorum none\n")


def test_two_registries_never_share_an_origin(program):
    first = program.json("init", "--solo", OPEN)
    second = program.json("init", "--solo", OPEN, "--home", program.home.with_name("other"))
    assert first["origin"] != second["origin"]


def test_people_see_a_table_and_what_to_do_with_the_policy(program):
    result = program.ok("init", "--solo", OPEN)
    assert result.row("home") == str(program.home)
    assert result.row("profile") == "solo (Solo: for trying out)"
    warning, advice = result.err.splitlines()
    assert warning.startswith("warning: the keys are kept without a passphrase")
    assert advice.startswith("Give trust.policy to whoever")


def test_the_same_in_chinese(program):
    result = program.ok("init", "--solo", OPEN, "--lang", "zh-CN")
    assert result.row("规则") == "solo (单人试用)"
    assert result.err.startswith("警告：密钥未设口令")


def test_quiet_leaves_the_warning_and_drops_the_talk(program):
    result = program.ok("init", "--solo", OPEN, "--quiet")
    assert result.err.splitlines() == [
        "warning: the keys are kept without a passphrase: whoever reads the files can sign"
    ]


def test_json_leaves_stdout_to_the_document(program):
    result = program.ok("--json", "init", "--solo", OPEN)
    assert json.loads(result.out)["profile"] == "solo"
    assert result.err.startswith("warning: ")


def test_a_folder_that_is_not_empty_is_left_alone(program):
    program.home.mkdir()
    (program.home / "letter.txt").write_text("dear\n")
    error = program.refused("init", "--solo", OPEN, code=2)
    assert error["code"] == "exists"
    assert error["message"].startswith(f"{program.home} is not empty")
    assert error["hint"].startswith("name another folder with --home")
    assert files(program.home) == ["letter.txt"]


def test_a_file_in_the_home_s_place_is_left_alone(program):
    program.home.write_text("a file")
    assert program.refused("init", "--solo", OPEN, code=2)["code"] == "exists"
    assert program.home.read_text() == "a file"


def test_an_empty_folder_becomes_the_home(program):
    program.home.mkdir()
    program.ok("init", "--solo", OPEN)
    assert (program.home / "ledger.db").is_file()


def test_a_second_init_changes_nothing(program):
    program.ok("init", "--solo", OPEN)
    before = {name: (program.home / name).read_bytes() for name in files(program.home)}
    assert program.refused("init", "--solo", OPEN, code=2)["code"] == "exists"
    assert {name: (program.home / name).read_bytes() for name in files(program.home)} == before


def test_missing_folders_above_the_home_are_made(program):
    home = program.home / "a" / "b"
    program.ok("--home", home, "init", "--solo", OPEN)
    assert (home / "ledger.db").is_file()


def test_without_terminal_and_passphrase_source_nothing_is_asked(program):
    error = program.refused("init", "--solo", code=2)
    assert error["code"] == "passphrase_required"
    assert "--passphrase-file" in error["hint"]
    assert not program.home.exists()


def test_the_same_in_a_process_of_its_own(tmp_path):
    ended = run_process("init", "--solo", home=tmp_path / "home")
    assert ended.code == 2
    assert "no terminal to ask for a passphrase" in ended.err
    assert not (tmp_path / "home").exists()


def test_the_folder_is_looked_at_before_anybody_is_asked_for_a_passphrase(program):
    program.home.mkdir()
    (program.home / "x").touch()
    assert program.refused("init", "--solo", code=2)["code"] == "exists"


@pytest.mark.parametrize(
    "given",
    [(), CATALOGUED[:2], CATALOGUED[2:], CATALOGUED[:4]],
    ids=["nothing", "name", "no name", "no digit"],
)
def test_a_national_registry_without_its_place_in_the_catalogue_says_what_to_give(program, given):
    error = program.refused("init", *given, code=2)
    assert error["code"] == "option_required"
    names = ("--registrar-name", "--region", "--registrar-digit")
    missing = ", ".join(name for name in names if name not in given)
    assert f"give {missing}, such as --registrar-name" in error["message"]
    assert error["hint"].startswith(f"give {missing}")
    chinese = program.ok("init", *given, "--lang", "zh-CN", code=2).err
    assert "适用于列入目录的登记机构：请给出" in chinese
    assert not program.home.exists()


BAD_OPTIONS = {
    "region of three digits": (["--region", "320"], 2, "option_value"),
    "region in letters": (["--region", "js"], 2, "option_value"),
    "region in other digits": (["--region", "３２"], 2, "option_value"),
    "digit of two": (["--registrar-digit", "10"], 2, "option_value"),
    "unknown profile": (["--profile", "national-1999"], 5, "not_found"),
    "a path as profile": (["--profile", "../../etc/passwd"], 5, "not_found"),
    "origin in capitals": (["--origin", "Example.org"], 4, "malformed"),
    "empty origin": (["--origin", ""], 4, "malformed"),
    "origin of 129 bytes": (["--origin", "a" * 129], 4, "limit"),
    "solo of another profile": (["--solo", "--profile", "national-2026"], 2, "usage"),
}


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_a_bad_option_is_refused_and_nothing_is_made(program, name):
    argv, code, reason = BAD_OPTIONS[name]
    words = argv if "--solo" in argv else [*CATALOGUED, *argv]  # the last of two counts
    assert program.refused("init", *words, OPEN, code=code)["code"] == reason
    assert not program.home.exists()
    assert list(Path().resolve().parent.glob(".home*")) == []


def test_a_home_that_cannot_be_made_is_no_bug(program):
    Path("file").write_text("x")
    error = program.refused("init", "--solo", OPEN, "--home", "file/home", code=6)
    assert error["code"] == "store_failed"


def test_a_name_that_is_too_long_for_the_system_is_no_bug(program):
    error = program.refused("init", "--solo", OPEN, "--home", "h" * 300, code=6)
    assert error["code"] == "store_failed"
    assert "File name too long" in error["message"]
