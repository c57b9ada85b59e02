"""docs/network.md, run command by command in one shell; its translation has the same commands."""

from pathlib import Path

import pytest

from tests.support.console import Command, find_free_ports, list_disagreeing, move_ports, show
from tests.support.live_page import read_all, run_all, write_anew

DOCS = Path(__file__).resolve().parents[2] / "docs"


def read(name):
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.enable_socket
def test_every_command_of_the_page_prints_what_it_says(tmp_path):
    commands = read_all(read("network.md"))
    assert len(commands) > 40
    outputs = run_all(commands, tmp_path)
    assert len(outputs) == len(commands), f"the shell stopped after {outputs[-1:]}"
    wrong = list_disagreeing(commands, outputs)
    assert not wrong, f"these print something else: {wrong}\nreally:\n{show(commands, outputs)}"


def test_the_translation_has_the_same_commands_and_as_many_lines_of_output():
    english, chinese = (read_all(read(f"network{suffix}.md")) for suffix in ("", ".zh-CN"))
    language, *chinese = chinese
    assert language.text == "export LANG=zh_CN.UTF-8"
    assert [command.text for command in english] == [command.text for command in chinese]
    lengths = [[len(command.output) for command in page] for page in (english, chinese)]
    assert lengths[0] == lengths[1]


# the means


@pytest.mark.enable_socket
def test_ports_are_moved_to_free_ones_and_back():
    commands = [Command("x serve --port 8080 &"), Command("y http://127.0.0.1:8080/a --port 8081")]
    ports = find_free_ports(commands)
    assert ports.keys() == {"8080", "8081"}
    assert len({*ports.values()}) == 2
    text = commands[1].text
    moved = move_ports(text, ports)
    assert moved == f"y http://127.0.0.1:{ports['8080']}/a --port {ports['8081']}"
    assert move_ports(moved, {free: named for named, free in ports.items()}) == text


def test_a_page_is_written_anew_but_for_what_it_leaves_out():
    page = "a\n```console\n$ x\nold\n$ y\none\n...\n```\nb\n```toml\n$ z\n```\n"
    assert write_anew(page, [["new "], ["one", "two"]]) == page.replace("old", "new")
    assert write_anew(page, [["old"], ["two"]]) == page.replace("one\n...", "two")
