"""Keys and passphrases: where they come from, and that nothing of them ever leaks."""

import json
import shutil
import sys
from pathlib import Path

import pytest

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def sealed(program):
    """The program over a solo registry whose keys have a passphrase, which lies in `pass.txt`."""
    Path("pass.txt").write_text(f"{PASSPHRASE}\nsecond line\n")
    program.ok("init", "--solo", "--passphrase-file", "pass.txt", "--quiet")
    Path("table.csv").write_text("a,b\n")
    return program


def secrets(home):
    """Every secret string of a home with open keys."""
    seals = [json.loads(path.read_text())["seal"] for path in sorted((home / "keys").glob("*.key"))]
    return [seal["seed"] for seal in seals]


def test_a_new_key_is_printed_by_its_public_part_only(program):
    document = program.json("key", "new", "alice", "--no-passphrase")
    assert document == {"name": "alice", "did": document["did"]}
    (seed,) = secrets(program.home)
    result = program.ok("key", "export", "alice")
    assert result.out == f"{document['did']}\n"
    assert seed not in result.out + result.err


def test_keys_are_listed_with_how_they_are_kept(program):
    Path("pass.txt").write_text("x y z\n")
    bob = program.json("key", "new", "bob", "--passphrase-file", "pass.txt")["did"]
    alice = program.json("key", "new", "alice", "--no-passphrase")["did"]
    assert program.json("key", "list") == {
        "items": [
            {"name": "alice", "did": alice, "sealed": False},
            {"name": "bob", "did": bob, "sealed": True},
        ],
        "next": None,
    }
    assert program.ok("key", "list").out == f"alice\t{alice}\tin the clear\nbob\t{bob}\tsealed\n"
    assert "无口令" in program.ok("key", "list", "--lang", "zh-CN").out


def test_no_keys_are_an_empty_list(program):
    assert program.json("key", "list") == {"items": [], "next": None}
    assert program.ok("key", "list").out == ""


def test_a_key_that_is_there_is_not_overwritten(program):
    did = program.json("key", "new", "alice", "--no-passphrase")["did"]
    assert program.refused("key", "new", "alice", "--no-passphrase", code=2)["code"] == "exists"
    assert program.json("key", "export", "alice")["did"] == did


@pytest.mark.parametrize("name", ["../alice", "a/b", "", ".hidden", "a b", "键"])
def test_a_name_that_is_no_file_name_is_refused(program, name):
    error = program.refused("key", "new", name, "--no-passphrase", code=4)
    assert error["code"] == "malformed"
    assert not program.home.exists() or list(program.home.rglob("*.key")) == []


def test_an_unknown_key_says_where_keys_are_listed(program):
    error = program.refused("key", "export", "alice", code=5)
    assert error["message"] == "there is no key alice: see 'muniment key list'"
    assert error["hint"] == "see 'muniment key list'"
    assert "没有密钥 alice" in program.ok("key", "export", "alice", "--lang", "zh-CN", code=5).err


def test_a_new_key_without_terminal_and_passphrase_is_refused(program):
    assert program.refused("key", "new", "alice", code=2)["code"] == "passphrase_required"
    assert not program.home.exists()


def test_a_registry_with_a_passphrase_works_with_it(sealed):
    result = sealed.json("register", "table.csv", "--passphrase-file", "pass.txt")
    assert result["voucher"].startswith("TEST")
    assert secrets_are_sealed(sealed.home)


def secrets_are_sealed(home):
    seals = [json.loads(path.read_text())["seal"] for path in (home / "keys").glob("*.key")]
    return bool(seals) and all(seal["kdf"] == "argon2id" for seal in seals)


def test_the_passphrase_file_may_be_named_by_the_environment(sealed, monkeypatch):
    monkeypatch.setenv("MUNIMENT_PASSPHRASE_FILE", "pass.txt")
    assert sealed.json("register", "table.csv")["voucher"]


def test_reading_needs_no_passphrase(sealed):
    assert sealed.json("stats")["leaves"] == 2
    sealed.ok("party", "list")


def test_writing_without_the_passphrase_says_how_to_give_it(sealed):
    error = sealed.refused("register", "table.csv", code=2)
    assert error["code"] == "passphrase_required"
    assert error["hint"].startswith("give --passphrase-file FILE")
    chinese = sealed.ok("register", "table.csv", "--lang", "zh-CN", code=2).err
    assert "已加口令：请用 --passphrase-file" in chinese


def test_a_wrong_passphrase_opens_nothing_and_is_not_repeated(sealed):
    Path("wrong.txt").write_text("a wrong guess\n")
    result = sealed.ok("register", "table.csv", "--passphrase-file", "wrong.txt", "--json", code=4)
    assert result.error["code"] == "wrong_passphrase"
    assert "hint" in result.error
    assert "a wrong guess" not in result.out + result.err
    assert sealed.json("stats")["leaves"] == 2


BAD_PASSPHRASE_FILES = {
    "missing": None,
    "empty": b"",
    "an empty first line": b"\nsecond\n",
    "not UTF-8": b"\xff\xfe\n",
}


@pytest.mark.parametrize("name", BAD_PASSPHRASE_FILES)
def test_a_passphrase_file_without_a_passphrase_is_wrong_use(program, name):
    content = BAD_PASSPHRASE_FILES[name]
    if content is not None:
        Path("pass.txt").write_bytes(content)
    argv = ("init", "--solo", "--passphrase-file", "pass.txt")
    assert "pass.txt" in program.refused(*argv, code=2)["message"]
    assert "pass.txt" in program.ok(*argv, "--lang", "zh-CN", code=2).err
    assert not program.home.exists()


def test_only_the_first_line_counts_and_its_ending_does_not(program):
    Path("unix.txt").write_bytes(b"one phrase\n")
    Path("dos.txt").write_bytes(b"one phrase\r\nmore")
    Path("table.csv").write_text("a\n")
    program.ok("init", "--solo", "--passphrase-file", "unix.txt")
    assert program.json("register", "table.csv", "--passphrase-file", "dos.txt")["voucher"]


def test_secrets_never_reach_an_output(solo, founded):
    argvs = [
        ["register", "table.csv", "-v"],
        ["voucher", "export", founded.number, "--out", "-"],
        ["key", "list"],
        ["party", "list"],
        ["query", "party", "--", "party/"],
        ["log", "export"],
        ["stats", "-v"],
        ["key", "export", "operator"],
        ["init", "--solo", "--no-passphrase"],
    ]
    known = secrets(solo.home)
    assert len(known) == 4
    for argv in argvs:
        for flags in ([], ["--json"]):
            result = solo(*flags, *argv)
            assert not any(secret in result.out + result.err for secret in known), argv


def test_a_bug_report_shows_places_and_no_values(solo, monkeypatch):
    def fail(*_):
        raise RuntimeError("a secret value")

    monkeypatch.setattr("cli.session.Session.registry", fail)
    result = solo.ok("stats", code=1)
    assert result.err.startswith("muniment: this is a bug in Muniment")
    assert "RuntimeError" in result.err
    assert "test_keys.py" in result.err
    assert "a secret value" not in result.err
    assert result.out == ""
    assert solo.ok("--json", "stats", code=1).error["code"] == "bug"
    assert "程序错误" in solo.ok("stats", "--lang", "zh-CN", code=1).err


def test_a_changed_key_file_is_not_used(solo):
    path = solo.home / "keys" / "operator.key"
    other = json.loads((solo.home / "keys" / "node.key").read_text())
    content = json.loads(path.read_text()) | {"public": other["public"]}
    path.write_text(json.dumps(content, separators=(",", ":"), sort_keys=True))
    before = solo.json("stats")["leaves"]
    error = solo.refused("register", "table.csv", code=2)
    assert error["code"] == "key_required"
    assert solo.json("stats")["leaves"] == before


def test_without_its_key_a_party_cannot_write(solo):
    shutil.move(solo.home / "keys" / "operator.key", "elsewhere.key")
    error = solo.refused("register", "table.csv", code=2)
    assert error["code"] == "key_required"
    assert "muniment key list" in error["hint"]


class Typist:
    """Answers prompts on a terminal; the last answer is given again."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.prompts = []

    def __call__(self, prompt):
        self.prompts.append(prompt)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def at_a_terminal(monkeypatch, program):
    def sit_down(*answers):
        typist = Typist(*answers)
        monkeypatch.setattr("getpass.getpass", typist)
        for name in ("stdin", "stderr"):
            monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True)
        return typist

    return sit_down


def test_on_a_terminal_a_new_passphrase_is_asked_for_twice_and_an_old_one_once(
    program, at_a_terminal
):
    typist = at_a_terminal(PASSPHRASE)
    program.ok("init", "--solo")
    assert typist.prompts == ["New passphrase: ", "Once more: "]
    Path("table.csv").write_text("x\n")
    program.ok("register", "table.csv", "--lang", "zh-CN", "--quiet")
    assert typist.prompts[2:] == ["口令："]


def test_on_a_terminal_open_keys_ask_nothing(solo, at_a_terminal):
    typist = at_a_terminal(PASSPHRASE)
    solo.ok("stats")
    assert typist.prompts == []


@pytest.mark.parametrize("answers", [("one", "two"), ("",)], ids=["different", "empty"])
def test_what_was_mistyped_makes_nothing(program, at_a_terminal, answers):
    at_a_terminal(*answers)
    assert program.refused("init", "--solo", code=2)["code"] == "usage"
    assert not program.home.exists()
