"""Every help has an example, and no example or advice names an option that is not there."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from cli.lang import set_language
from cli.main import create_app

ROOT = Path(__file__).resolve().parents[2]
GLOBAL = {"--help", "--version"}


def commands():
    """Every command that does something, by its words."""
    set_language("en")
    waiting = [((), typer.main.get_command(create_app()))]
    while waiting:
        words, command = waiting.pop()
        if isinstance(command, TyperGroup):
            waiting += [((*words, name), child) for name, child in command.commands.items()]
        else:
            yield " ".join(words), command


COMMANDS = dict(commands())


def options(command):
    return {name for each in command.params for name in (*each.opts, *each.secondary_opts)}


def top_options():
    set_language("en")
    return options(typer.main.get_command(create_app()))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_help_has_an_example_that_could_be_run(name):
    examples = re.findall(r"Example: muniment (.+)", COMMANDS[name].help or "")
    assert examples
    for example in examples:
        words = shlex.split(example)
        assert " ".join(words).startswith(name)
        given = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
        assert given <= options(COMMANDS[name]) | top_options()
        needed = {each.opts[0] for each in COMMANDS[name].params if each.required}
        assert {each for each in needed if each.startswith("--")} <= given


def test_every_help_has_an_example_in_chinese(program, fresh_commands):
    for name in ("grant accept", "stats", "registration record"):
        assert "示例：muniment" in program.ok(*name.split(), "--help", "--lang", "zh-CN").out


def test_no_sentence_names_an_option_that_is_not_there():
    known = {name for command in COMMANDS.values() for name in options(command)}
    known |= top_options() | GLOBAL
    for folder in ("cli", "node", "contracts", "ledger"):
        for path in (ROOT / folder).rglob("*.py"):
            named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", path.read_text()))
            assert named <= known, path
