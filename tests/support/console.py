"""Pages whose console blocks are run: what is said there, and whether the same is printed.

In a ```console block a line `$ ...` is a command (to the end of a last backslash) and what follows
is its output, errors included; a line `...` stands for any lines.
"""

import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field

MARK = "\x1e"
"""Printed by the shell before each command, to tell their outputs apart."""

NAMES = (
    (r"did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}", "did:key:KEY"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"\b[a-z2-7]{26}\b", "ID"),
    (r"\+[0-9a-f]{8}\+[A-Za-z0-9+/]{43,}=*", "+VKEY"),
    (r"\b[0-9a-f]{16}\b", "SHORT"),
    (r"\b[\d,]+ bytes\b", "SIZE bytes"),
    (r"\b(rows|cells changed)( +)[\d,]+(?: of [\d,]+)?", r"\1\2N"),
    (r"\b[\d,]+ rows\b", "N rows"),
    (r"\b\d+(\.\d+)? %(?= of (its|the asset's) rows)", "SHARE"),
    (r"\b\d\.\de-\d+\b", "CHANCE"),
    (r"(?:/[\w.-]+)+(?=/registry\b)", "FOLDER"),
    (r"[ \t]+$", ""),
)
"""What is by chance, or the folder's."""

DATES = (
    (r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d+)? ?\+08:00", "TIME"),
    (r"TEST\d{6}(?=\d{4})", "TESTYYYYMM"),
    (r"SJ(\d{3})\d{6}(?=\d{4})", r"SJ\1YYYYMM"),
    (r"series/(TEST|SJ\d{3})\d{6}", r"series/\1YYYYMM"),
)
"""What follows from the day of the run."""

LOWEST_PORT, SPAN = 10_000, 20_000
"""Where free ports are looked for; each process begins elsewhere."""

PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+|(?<=--port )\d+")

MASKS = (*NAMES, *DATES)


@dataclass
class Command:
    """A command of a page with what is said to come of it."""

    text: str
    output: list = field(default_factory=list)


def read_blocks(text):
    """The commands of each console block."""
    return [
        read_commands(block)
        for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


def read_commands(block):
    commands = []
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:]))
        elif commands and not commands[-1].output and commands[-1].text.endswith("\\"):
            commands[-1].text += f"\n{line.removeprefix('> ')}"
        else:
            assert commands, f"a block begins with a command, not with {line!r}"
            commands[-1].output.append(line)
    return commands


def mask(line, masks=MASKS):
    for pattern, stand_in in masks:
        line = re.sub(pattern, stand_in, line)
    return line


def agrees(said, printed, masks=MASKS):
    """Whether lines are the same but for what is masked or left out by `...`."""
    parts = [re.escape(mask(line, masks)) if line != "..." else None for line in said]
    pattern = "".join(r"(?:.*\n)*?" if part is None else f"{part}\n" for part in parts)
    return re.fullmatch(pattern, "".join(f"{mask(line, masks)}\n" for line in printed)) is not None


def find_free_ports(commands):
    """For every port that commands name, as `127.0.0.1:N` or `--port N`, one that is free here."""
    named = {port for command in commands for port in PORT.findall(command.text)}
    return dict(zip(named, find_free(len(named)), strict=True))


def find_free(count):
    """So many free ports below those that the system gives out: nobody else gets one by chance."""
    found, port = [], LOWEST_PORT + os.getpid() * 101 % SPAN
    while len(found) < count:
        port += 1
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.append(str(port))
    return found


def move_ports(text, ports):
    """A text with other ports."""
    return PORT.sub(lambda found: ports.get(found[0], found[0]), text)


def list_disagreeing(commands, outputs):
    """The commands that printed something else than the page says."""
    return [
        command.text
        for command, output in zip(commands, outputs, strict=True)
        if not agrees(command.output, output)
    ]


def show(commands, outputs):
    """The commands with what they really printed, to paste into the page."""
    lines = [
        line
        for command, output in zip(commands, outputs, strict=True)
        for line in (f"$ {command.text}", *output)
    ]
    return "\n".join(lines)


def split_output(text):
    """The lines that each command printed, from what a shell with marks printed."""
    _, *outputs = text.split(MARK)
    return [output.splitlines() for output in outputs]
