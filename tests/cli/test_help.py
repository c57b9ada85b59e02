"""Help, usage errors, version, completion and start-up, in both languages."""

import json
import subprocess
import sys

import pytest
import typer.main
from typer.core import TyperGroup

from cli.lang import set_language
from cli.main import create_app
from tests.support.program import ENTRY, environment, run_process

LANGUAGES = ("en", "zh-CN")
HEAVY = (
    "base58", "contracts", "cryptography", "hypothesis", "ledger.core.canonical", "ledger.keys",
    "msgspec", "nacl", "node", "platformdirs", "pysqlite3", "rich", "sqlite3", "sqlite_utils",
    "tracing",
)  # fmt: skip


def all_commands():
    """The words of every command and group, the program itself first."""
    set_language("en")
    waiting = [((), typer.main.get_command(create_app()))]
    while waiting:
        words, command = waiting.pop()
        yield words
        if isinstance(command, TyperGroup):
            waiting += [((*words, name), child) for name, child in command.commands.items()]


COMMANDS = sorted(all_commands())


def width(line):
    return sum(2 if ord(character) >= 0x1100 else 1 for character in line)


def has_han(text):
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def test_the_commands_of_the_design_are_there():
    said = {" ".join(words) for words in COMMANDS}
    wanted = (
        "export dcat|export national|export prov|export vc|report|"
        "cosign|deliver|demo|grant accept|grant check|grant issue|grant list|grant revoke|grant show|"
        "order freeze|order unfreeze|party exit|pledge|query below|query grants|query holder|"
        "query holders|receive|release|submit|trace asset|trace grant|trace holder|transfer|"
        "use batch|use prove|use record|voucher present|wallet add|wallet check|wallet export|"
        "wallet list|"
        "init|register|fingerprint|verify|search|stats|key new|key list|key export|party enroll|"
        "party list|party show|party rotate|party recover|party suspend|party admit|"
        "registration accept|registration return|registration supplement|registration publish|"
        "registration withhold|registration withdraw|registration refuse|registration record|"
        "registration object|registration resolve|registration extend|registration terminate|"
        "registration revoke|voucher show|voucher export|query asset|query party|query voucher|"
        "query absent|log checkpoint|log show|log tail|log export|proof inclusion|"
        "proof consistency|proof absence|list publish|audit|backup|restore|party exit|pledge|release|"
        "order freeze|order unfreeze|list rescan|attest make|attest withdraw|attest list|"
        "filing important|filing end|filing list|object|objection file|objection notify|"
        "objection respond|objection conclude|objection list|objection show|party undertake|"
        "registration note|registration unnote|registration correct|registration confirm|"
        "log rotate|query private"
    )
    assert set(wanted.split("|")) <= said


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_in_english(program, fresh_commands, words):
    result = program.ok(*words, "--help")
    first, _, said, *_ = result.out.splitlines()
    assert first.startswith(" ".join(["Usage: muniment", *words]))
    assert said.strip(), "a sentence says what the command does"
    assert "Options:" in result.out
    assert result.err == ""
    assert max(map(len, result.out.splitlines())) <= 80


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_in_chinese(program, fresh_commands, words):
    result = program.ok(*words, "--help", "--lang", "zh-CN")
    first, _, said, *_ = result.out.splitlines()
    assert first.startswith(" ".join(["用法： muniment", *words]))
    assert has_han(said)
    assert max(map(width, result.out.splitlines())) <= 80
    for english in ("Options:", "Commands:", "Arguments:", "Usage:", "Show this", "[OPTIONS]"):
        assert english not in result.out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_option_is_explained_in_chinese(program, fresh_commands, words):
    result = program.ok(*words, "--help", "--lang", "zh-CN")
    options = result.out.partition("选项：\n")[2].partition("\n\n")[0]
    known = ("GB/T 4754", "en 或")
    for line in options.splitlines():
        explained = line.strip().partition("  ")[2]
        assert has_han(line) or any(word in explained for word in known) or not explained, line


@pytest.mark.parametrize(
    "locale", ["zh_CN.UTF-8", "zh_TW", "zh"], ids=["mainland", "taiwan", "bare"]
)
def test_the_locale_chooses_the_language(program, fresh_commands, locale):
    assert "用法" in program.ok("--help", locale=locale).out
    assert "Usage" in program.ok("--help", "--lang", "en", locale=locale).out


def test_another_locale_speaks_english(program, fresh_commands):
    assert "Usage" in program.ok("--help", locale="de_DE.UTF-8").out


@pytest.mark.parametrize("place", ["before", "after", "with an equals sign"])
def test_the_language_may_stand_anywhere(program, fresh_commands, place):
    argv = {
        "before": ["--lang", "zh-CN", "key", "--help"],
        "after": ["key", "--help", "--lang", "zh-CN"],
        "with an equals sign": ["key", "--lang=zh-CN", "--help"],
    }[place]
    assert "用法" in program.ok(*argv).out


def test_an_unknown_language_is_refused(program):
    result = program.ok("--lang", "fr", "stats", code=2)
    assert result.err == "muniment: usage: --lang is en or zh-CN, not fr\n"


@pytest.mark.parametrize("words", [(), ("key",), ("registration",)], ids=["none", "key", "reg"])
def test_a_group_without_a_command_shows_its_help_on_stderr(program, fresh_commands, words):
    result = program.ok(*words, code=2)
    assert result.out == ""
    assert result.err.startswith(" ".join(["Usage: muniment", *words]))
    assert program.refused(*words, code=2)["message"] == "Missing command."


USAGE_ERRORS = {
    "no such command": (["bogus"], "No such command 'bogus'.", "没有命令 bogus"),
    "no such subcommand": (["key", "bogus"], "No such command 'bogus'.", "没有命令 bogus"),
    "no such option": (["stats", "--bogus"], "No such option: --bogus", "没有选项 --bogus"),
    "a near option": (["stats", "--hepl"], "No such option: --hepl", "没有选项 --hepl"),
    "missing argument": (["verify"], "Missing argument 'file'", "缺少参数 file"),
    "missing option": (
        ["registration", "withhold", "x"],
        "Missing option '--reason'",
        "缺少选项 --reason",
    ),
    "option without its value": (
        ["search", "x", "--kind"],
        "Option '--kind' requires an argument.",
        "选项 --kind 须带一个值",
    ),
    "value for a flag": (
        ["stats", "--json=yes"],
        "Option '--json' does not take a value.",
        "选项 --json 不带值",
    ),
    "too many arguments": (
        ["log", "show", "1", "2"],
        "Got unexpected extra argument",
        "多余的参数",
    ),
    "not a number": (["log", "show", "x"], "Invalid value for 'index'", "index 的值无效"),
    "below the least": (["log", "tail", "-n", "0"], "Invalid value for '-n'", "-n 的值无效"),
}


@pytest.mark.parametrize("name", USAGE_ERRORS)
def test_a_usage_error_says_what_is_wrong_and_where_help_is(program, name):
    argv, english, chinese = USAGE_ERRORS[name]
    result = program.ok(*argv, code=2)
    assert result.out == ""
    *usage, said, hint = result.err.splitlines()
    assert english in said
    assert hint.startswith("  next: see muniment")
    assert all(line.startswith("Usage: muniment") for line in usage)
    *usage, said, hint = program.ok(*argv, "--lang", "zh-CN", code=2).err.splitlines()
    assert chinese in said
    assert "muniment" in f"{said}{hint}"
    assert all(line.startswith("用法：") for line in usage)


@pytest.mark.parametrize("name", [n for n in USAGE_ERRORS if n != "value for a flag"])
def test_a_usage_error_under_json_is_a_document_on_stdout(program, name):
    argv, english, _ = USAGE_ERRORS[name]
    error = program.ok("--json", *argv, code=2).error
    assert error["code"] == "usage"
    assert english in error["message"]
    assert error["hint"].startswith("see muniment")


@pytest.mark.parametrize("option", ["--home", "--lang", "--node", "--passphrase-file"])
def test_a_global_option_at_the_end_misses_its_value(program, option):
    error = program.ok("--json", "stats", option, code=2).error
    assert error == {"code": "usage", "message": f"{option} needs a value after it"}


def test_the_version_is_the_package_s(program):
    from importlib.metadata import version

    assert program.ok("--version").out == f"muniment {version('muniment')}\n"


def test_the_shell_gets_a_completion_script(tmp_path):
    env = environment(tmp_path, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    command = [sys.executable, "-c", ENTRY, "--show-completion", "bash"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "complete" in done.stdout
    assert "muniment" in done.stdout


def test_completion_offers_the_commands(tmp_path):
    ended = run_process(
        home=tmp_path,
        _MUNIMENT_COMPLETE="complete_bash",
        COMP_WORDS="muniment re",
        COMP_CWORD="1",
    )
    assert {"register", "registration"} <= set(ended.out.decode().split())


def test_starting_up_imports_nothing_heavy(tmp_path):
    script = (
        "import sys, json; from cli.main import main; code = main(['--version'])\n"
        "print(json.dumps([code, sorted(sys.modules)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stdout.splitlines()[1])
    assert code == 0
    heavy = {
        name for name in modules for root in HEAVY if name == root or name.startswith(f"{root}.")
    }
    assert heavy == set()
