"""The tour in README.md, run command by command in one shell, says what README.md says.

What differs from run to run (identifiers, dates, digests, sizes, the month in a certificate's number)
is masked on both sides.
"""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.console import MARK, Command, agrees, read_blocks, show, split_output

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
NOW = datetime.now(UTC) + timedelta(hours=8)


def bring_up_to_date(command):
    """The command as somebody would type it today: this month's numbers, a year that is over then."""
    command = re.sub(r"TEST\d{6}(?=\d{4})", f"TEST{NOW:%Y%m}", command)
    return re.sub(r"--as-of \d{4}", f"--as-of {NOW.year + 6}", command)


def run_all(commands, folder):
    """Run the commands in one shell; the lines that each printed."""
    marked = "".join(f"mark\n{bring_up_to_date(command.text)}\n" for command in commands)
    script = f"exec 2>&1\nmark() {{ local s=$?; printf '{MARK}'; return $s; }}\n{marked}"
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return split_output(done.stdout.decode())


@pytest.mark.slow
def test_every_command_of_the_tour_prints_what_the_readme_says(tmp_path):
    blocks = read_blocks(README.read_text(encoding="utf-8"))
    if not blocks:
        pytest.skip("README.md has no console block yet")
    commands = [command for block in blocks for command in block]
    outputs = run_all(commands, tmp_path)
    assert len(outputs) == len(commands), f"the shell stopped after {outputs[-1:]}"
    wrong = [
        command.text
        for command, output in zip(commands, outputs, strict=True)
        if not agrees(command.output, output)
    ]
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
        (["valid  "], ["valid\t"], True),
        (["home  /home/ann/registry"], ["home  /tmp/x/registry"], True),
        (["home  /home/ann/registry"], ["home  /tmp/x/register"], False),
        (["(a|b)"], ["a"], False),
    ],
)
def test_only_what_differs_from_run_to_run_is_masked(said, printed, is_same):
    assert agrees(said, printed) is is_same


def test_commands_are_brought_to_the_present_month():
    assert bring_up_to_date("muniment voucher show TEST2026110001").endswith(f"TEST{NOW:%Y%m}0001")
    assert bring_up_to_date("x --as-of 2032-01-01") == f"x --as-of {NOW.year + 6}-01-01"
