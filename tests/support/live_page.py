"""Pages whose console blocks are run now, in one real shell with the real program.

Ports that a page names are moved to free ones, and whatever it leaves running is ended.
`python -m tests.support.live_page PAGE...` runs pages and writes anew what their commands print, but
where `...` was written for a part of it.
"""

import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.console import (
    MARK,
    agrees,
    find_free_ports,
    move_ports,
    read_blocks,
    split_output,
)

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 600
HOME = "/home/you/tour"
"""Where the pages say that they are."""


def read_all(text):
    """The commands of all blocks of a page."""
    return [command for block in read_blocks(text) for command in block]


def bring_up_to_date(command):
    """The command as somebody would type it today: this month's numbers, a year that is over then."""
    now = datetime.now(UTC) + timedelta(hours=8)
    command = re.sub(r"TEST\d{6}(?=\d{4})", f"TEST{now:%Y%m}", command)
    return re.sub(r"--as-of \d{4}", f"--as-of {now.year + 6}", command)


def run_all(commands, folder):
    """Run the commands in one shell; the lines that each printed."""
    ports = find_free_ports(commands)
    texts = [move_ports(bring_up_to_date(command.text), ports) for command in commands]
    marked = "".join(f"mark\n{text}\n" for text in texts)
    end = "trap 'kill $(jobs -p) 2> /dev/null; wait' EXIT"
    script = f"exec 2>&1\n{end}\nmark() {{ local s=$?; printf '{MARK}'; return $s; }}\n{marked}"
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
        timeout=DEADLINE_S,
    )
    back = {free: named for named, free in ports.items()}
    return split_output(move_ports(done.stdout.decode(), back))


def write_anew(text, outputs):
    """The page with these outputs, but where `...` is written and what is said is right."""
    left = iter(outputs)

    def fill(block):
        lines = []
        for command in read_blocks(block[0])[0]:
            printed, said = [line.rstrip() for line in next(left)], command.output
            keeps = agrees(said, printed) if "..." in said else said == printed
            lines += [f"$ {command.text}", *(said if keeps else printed)]
        return "\n".join(["```console", *lines, "```\n"])

    return re.sub(r"^```console\n.*?^```\n", fill, text, flags=re.MULTILINE | re.DOTALL)


def main(paths):
    for path in map(Path, paths):
        text = path.read_text(encoding="utf-8")
        wanted = read_all(text)
        with tempfile.TemporaryDirectory() as folder:
            printed = run_all(wanted, Path(folder))
            outputs = [[line.replace(folder, HOME) for line in each] for each in printed]
        assert len(outputs) == len(wanted), f"the shell stopped after {outputs[-1:]}"
        path.write_text(write_anew(text, outputs), encoding="utf-8")
        print(f"{path}: {len(wanted)} commands")


if __name__ == "__main__":
    main(sys.argv[1:])
