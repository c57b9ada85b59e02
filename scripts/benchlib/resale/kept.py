"""What was measured already, kept line by line: a run of hours can be stopped and gone on with.

```text
build/resale/kept/attacks.jsonl    {"code":"1f0c...","given":{...},"made":{...}}
```

A line says of which state of the code it is; the page says it of each group.
"""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

Given = TypeVar("Given")
Made = TypeVar("Made")


class Line(msgspec.Struct, Generic[Given, Made]):
    """One result.

    Args:
        code: The state of the code that it is of.
        given: What was to be done.
        made: What came of it.
    """

    code: str
    given: Given
    made: Made


def describe_code(root: Path) -> str:
    """The commit that is checked out, with a plus where files differ from it."""
    asked = ("rev-parse", "--short=12", "HEAD"), ("status", "--porcelain", "--untracked-files=no")
    commit, changed = (
        subprocess.run(
            ["git", "-C", str(root), *each], capture_output=True, text=True, check=True
        ).stdout.strip()
        for each in asked
    )
    return commit + ("+" if changed else "")


class Kept(Generic[Given, Made]):
    """The results of one group of things to do.

    Args:
        path: Of their lines.
        code: The state of the code that measures now.
        line: Type of what is given and of what is made of it.

    Attributes:
        codes: States of the code that what was used is of.
    """

    def __init__(self, path: Path, code: str, line: type[Line[Given, Made]]) -> None:
        self._path, self._code = path, code
        self._decoder = msgspec.json.Decoder(line)
        self.codes: set[str] = set()

    def map(
        self, work: Callable[[Sequence[Given]], Iterator[Made]], given: Sequence[Given]
    ) -> Iterator[Made]:
        """What each gives, in order; what is kept is not done again."""
        kept = self._read()
        made = work([each for each in given if _key(each) not in kept])
        with self._path.open("ab") as file:
            for each in given:
                line = kept.get(_key(each))
                if line is None:
                    line = Line(self._code, each, next(made))
                    file.write(msgspec.json.encode(line) + b"\n")
                    file.flush()
                self.codes.add(line.code)
                yield line.made
        yield from made

    def _read(self) -> dict[bytes, Line[Given, Made]]:
        """Whole lines by what was given; the last one of an interrupted run may be torn."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        raw = self._path.read_bytes() if self._path.exists() else b""
        whole = raw[: raw.rfind(b"\n") + 1]
        if whole != raw:
            self._path.write_bytes(whole)
        lines = [self._decoder.decode(line) for line in whole.splitlines()]
        return {_key(line.given): line for line in lines}


def _key(given: Given) -> bytes:
    return msgspec.json.encode(given)
