"""Pages that tell a story over months: each console block begins with the date of its commands.

    ```console
    # 2026-08-03 09:00 Monday
    $ muniment registration todo

The block's commands are run at that time at UTC+08:00, each a minute after the one before. A block
like ```toml initial.toml is a file that lies there when the commands after it are run. Everything
runs in one real shell; only `muniment` is the program with a clock that stands at the told time.

Dates, certificate numbers and positions in the log are compared as they are; only what is by chance
is masked. `python -m tests.support.dated_page PAGE...` runs the pages and writes anew what their commands
print, but where `...` was written for a part of it.
"""

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from tests.support.console import MARK, NAMES, Command, agrees, read_commands, split_output
from tests.support.warm_program import keep_warm

CHINA = timezone(timedelta(hours=8))
MINUTE = timedelta(minutes=1)
DAYS = ("一", "二", "三", "四", "五", "六", "日")
DEADLINE_S = 300
HOME = "/home/you"
"""Where the page says that it is."""
_BLOCK = re.compile(r"^```(console|[a-z]+ [\w.-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DATE = re.compile(r"# (\d{4}-\d{2}-\d{2} \d{2}:\d{2}) (\S+)")


@dataclass
class Block:
    """Commands of one date, or a file.

    Args:
        span: Where its inside stands in the page.
        date: When the first command is run; None: a file.
        commands: In order.
        file: Name and text.
    """

    span: tuple
    date: datetime | None = None
    commands: list = field(default_factory=list)
    file: tuple | None = None


def read_page(text):
    """The blocks of a page, in order."""
    return [_read_block(found) for found in _BLOCK.finditer(text)]


def _read_block(found):
    head, inside = found.groups()
    if head != "console":
        return Block(found.span(2), file=(head.split()[1], inside))
    first, _, rest = inside.partition("\n")
    dated = _DATE.fullmatch(first)
    assert dated, f"a console block begins with its date, not with {first!r}"
    date = datetime.strptime(dated[1], "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)
    days = (date.strftime("%A"), f"星期{DAYS[date.weekday()]}")
    assert dated[2] in days, f"{dated[1]} is a {days[0]}, not {dated[2]}"
    return Block(found.span(2), date, read_commands(rest))


def all_commands(blocks):
    return [command for block in blocks for command in block.commands]


def run_page(blocks, folder):
    """Run a page in a folder; the lines that each command printed."""
    tools, story = folder / "tools", folder / "story"
    tools.mkdir()
    story.mkdir()
    clock = tools / "now"
    environment = {
        "PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(story),
        "LANG": "C.UTF-8",
    }
    with keep_warm(tools / "muniment", clock):
        done = subprocess.run(
            ["bash", "--norc", "-c", "\n".join(_write_script(blocks, clock))],
            cwd=story,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=DEADLINE_S,
        )
    return split_output(done.stdout.decode())


def _write_script(blocks, clock):
    yield "exec 2>&1"
    yield f"at() {{ local s=$?; printf '%s' $1 > '{clock}'; printf '{MARK}'; return $s; }}"
    for block in blocks:
        if block.file:
            name, text = block.file
            yield f"cat > {name} << 'END OF FILE'\n{text}END OF FILE"
        for place, command in enumerate(block.commands):
            yield f"at {in_ms(block.date + place * MINUTE)}\n{command.text}"


def in_ms(time):
    """Unix milliseconds."""
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def find_differences(blocks, outputs):
    """The commands that print something else than the page says, with what they really print."""
    for command, printed in zip(all_commands(blocks), outputs, strict=True):
        if not agrees(command.output, printed, NAMES):
            yield "\n".join([f"$ {command.text}", *printed])


def write_anew(text, outputs):
    """The page with these outputs, but where `...` is written and what is said is right."""
    blocks, left = read_page(text), iter(outputs)
    for block in blocks:
        for command in block.commands:
            printed = next(left)
            if "..." not in command.output or not agrees(command.output, printed, NAMES):
                command.output = [line.rstrip() for line in printed]
    for block in reversed(blocks):
        if block.commands:
            start, end = block.span
            date = text[start:end].partition("\n")[0]
            lines = [line for command in block.commands for line in _show(command)]
            text = text[:start] + "\n".join([date, *lines, ""]) + text[end:]
    return text


def _show(command: Command):
    return [f"$ {command.text}", *command.output]


def main(paths):
    for path in map(Path, paths):
        text = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            printed = run_page(read_page(text), Path(folder))
            outputs = [[line.replace(f"{folder}/story", HOME) for line in each] for each in printed]
        wanted = len(all_commands(read_page(text)))
        assert len(outputs) == wanted, f"the shell stopped after {outputs[-1:]}"
        assert not any("Traceback" in line for lines in outputs for line in lines), outputs
        path.write_text(write_anew(text, outputs), encoding="utf-8")
        print(f"{path}: {wanted} commands")


if __name__ == "__main__":
    main(sys.argv[1:])
