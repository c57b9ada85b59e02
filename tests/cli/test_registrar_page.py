"""docs/registrar.md in both languages, run command by command at the dates it names."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.console import Command
from tests.support.dated_page import (
    CHINA,
    all_commands,
    find_differences,
    in_ms,
    read_page,
    run_page,
    write_anew,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("registrar.md", "registrar.zh-CN.md")


def read_blocks(name):
    return read_page((DOCS / name).read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_the_page_prints_what_it_says(name, tmp_path):
    blocks = read_blocks(name)
    commands = all_commands(blocks)
    assert len(commands) > 100
    outputs = run_page(blocks, tmp_path)
    assert len(outputs) == len(commands), f"the shell stopped after {outputs[-1:]}"
    differences = list(find_differences(blocks, outputs))
    assert not differences, "\n\n".join(["these really print:", *differences])


def test_both_pages_tell_the_same_story_on_the_same_days():
    english, chinese = map(read_blocks, PAGES)
    assert [block.date for block in english] == [block.date for block in chinese]
    told = [[list_parts(each) for each in all_commands(page)] for page in (english, chinese)]
    assert told[0] == told[1]


def list_parts(command):
    """Of a command the options, files, variables and numbers: what no language changes."""
    return re.findall(r"muniment|--[a-z-]+|SJ\d+|\$[a-z]+|[a-z-]+\.[a-z]+", command.text)


def test_the_story_goes_forward():
    dates = [block.date for block in read_blocks(PAGES[0]) if block.date]
    assert dates == sorted(dates)


# the comparison itself

PAGE = """words
```text note.txt
one
two
```
```console
# 2026-08-03 09:00 Monday
$ cat note.txt
one
two
$ export MUNIMENT_HOME=$PWD/registry
$ muniment init --solo --no-passphrase --quiet 2> /dev/null | tail -n 1
regulator  party/rmlzgf3i45bxau7bbcefhh6dsi
```
more
```console
# 2027-01-04 10:30 星期一
$ muniment stats | head -n 2
...
$ muniment log tail -n 1
0	2026-08-03 09:02:00 +08:00	ledger.open	...
```
"""


def test_the_program_s_clock_stands_at_the_date_of_the_block_and_a_minute_on_for_each_command(
    tmp_path,
):
    blocks = read_page(PAGE)
    outputs = run_page(blocks, tmp_path)
    assert outputs[0] == ["one", "two"]
    assert outputs[2][0].startswith("regulator  party/")
    tail = outputs[4][0].split("\t")
    assert tail[1] == "2026-08-03 09:02:00 +08:00"
    (wrong,) = find_differences(blocks, outputs)
    assert wrong.startswith("$ muniment log tail -n 1\n")


def test_the_page_is_written_anew_with_what_is_printed_but_for_what_is_left_out():
    outputs = [["one", "2"], [], ["party/x"], ["a", "b"], ["c "]]
    written = write_anew(PAGE, outputs)
    first, second = read_page(written)[1:]
    assert first.commands[0] == Command("cat note.txt", ["one", "2"])
    assert first.commands[2].output == ["party/x"]
    assert [each.output for each in second.commands] == [["..."], ["c"]]
    assert written.startswith("words\n```text note.txt\none\ntwo\n```\n")
    assert "\nmore\n" in written


def test_times_are_those_of_china():
    assert in_ms(datetime(2026, 8, 3, 8, tzinfo=CHINA)) == in_ms(datetime(2026, 8, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    "first", ["$ muniment", "# 2026-08-03 09:00 Tuesday", "# 2026-08-03 09:00", "# soon"]
)
def test_a_block_without_its_date_is_a_fault_of_the_page(first):
    with pytest.raises(AssertionError, match=r"2026-08-03 is|begins with its date|is a Monday"):
        read_page(f"```console\n{first}\n$ true\n```\n")
