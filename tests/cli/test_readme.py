"""The tour in README.md, run command by command in one shell, says what README.md says.

What differs from run to run (identifiers, dates, digests, sizes, the month in a certificate's number)
is masked on both sides.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.console import Command, agrees, list_disagreeing, read_blocks, show
from tests.support.live_page import bring_up_to_date, read_all, run_all

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.enable_socket
@pytest.mark.slow
def test_every_command_of_the_tour_prints_what_the_readme_says(tmp_path):
    commands = read_all(README.read_text(encoding="utf-8"))
    assert len(commands) > 40
    outputs = run_all(commands, tmp_path)
    assert len(outputs) == len(commands), f"the shell stopped after {outputs[-1:]}"
    wrong = list_disagreeing(commands, outputs)
    assert not wrong, f"these print something else: {wrong}\nreally:\n{show(commands, outputs)}"


# the comparison itself


def test_commands_and_their_output_are_told_apart():
    text = "words\n```console\n$ echo a \\\n> b\na b\n$ true\n```\n```sh\n$ no\n```\n```console\n$ c\n```\n"
    first, second = read_blocks(text)
    assert first == [Command("echo a \\\nb", ["a b"]), Command("true")]
    assert second == [Command("c")]


def test_commands_share_one_shell_and_errors_are_part_of_the_output(tmp_path):
    commands = [
        Command("x=1; cd /"),
        Command("echo $x; pwd"),
        Command("echo no >&2; false"),
        Command("echo $?"),
    ]
    assert run_all(commands, tmp_path) == [[], ["1", "/"], ["no"], ["1"]]


@pytest.mark.parametrize(
    ("said", "printed", "is_same"),
    [
        (["a"], ["a"], True),
        (["a"], ["b"], False),
        (["a"], ["a", "b"], False),
        (["a", "..."], ["a", "b", "c"], True),
        (["..."], [], True),
        (["a", "...", "d"], ["a", "d"], True),
        (["a", "...", "d"], ["a", "b", "c"], False),
        ([f"x  {'a' * 26}"], [f"x  {'b' * 26}"], True),
        ([f"x  {'a' * 25}"], [f"x  {'b' * 25}"], False),
        (["d0" * 32], ["ab" * 32], True),
        (["as of 2026-11-22 10:00:00 +08:00"], ["as of 2030-01-01 00:00:00 +08:00"], True),
        (["TEST2026110001"], ["TEST2030010001"], True),
        (["TEST2026110001"], ["TEST2030010002"], False),
        (["ledger.db  139,264 bytes"], ["ledger.db  5 bytes"], True),
        (["rows  330,047 of 336,776"], ["rows  330,001 of 336,776"], True),
        (["rows  330,047"], ["rows  none"], False),
        (["a chance of at most 3.7e-239."], ["a chance of at most 1.0e-241."], True),
        (["4.79 % of its rows"], ["5 % of its rows"], True),
        (
            ["may lack rows (each with a chance of up to 2 %)"],
            ["may lack rows (each with a chance of up to 3 %)"],
            False,
        ),
        (["valid  "], ["valid\t"], True),
        (["home  /home/ann/registry"], ["home  /tmp/x/registry"], True),
        (["home  /home/ann/registry"], ["home  /tmp/x/register"], False),
        (["(a|b)"], ["a"], False),
    ],
)
def test_only_what_differs_from_run_to_run_is_masked(said, printed, is_same):
    assert agrees(said, printed) is is_same


def test_commands_are_brought_to_the_present_month():
    year = datetime.now(UTC).year
    shown = bring_up_to_date("muniment voucher show TEST2026110001")
    found = re.fullmatch(r"muniment voucher show TEST(\d{4})(\d{2})0001", shown)
    assert int(found[1]) - year in {0, 1}  # another year may have begun in China
    assert 1 <= int(found[2]) <= 12
    asked = bring_up_to_date("x --as-of 2032-01-01")
    assert asked in {f"x --as-of {year + 6}-01-01", f"x --as-of {year + 7}-01-01"}
