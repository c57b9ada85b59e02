"""What the program prints: data to stdout, talk and progress to stderr."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from cli.exitcodes import UsageError
from cli.lang import is_chinese, say
from ledger.core.types import Json
from ledger.errors import LedgerError, RejectedError

Row: TypeAlias = tuple[str, str]


class Output:
    """One run's voice.

    Args:
        is_json: One JSON document on stdout, nothing else there.
        is_quiet: No talk.
    """

    def __init__(self, *, is_json: bool, is_quiet: bool) -> None:
        self.is_json = is_json
        self.is_quiet = is_quiet

    def result(self, document: Json, human: Callable[[], None]) -> None:
        """Print a command's result: the document under --json, else what `human` prints."""
        if self.is_json:
            print(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            human()

    def talk(self, en: str, zh: str) -> None:
        """Say something on stderr that is not the result."""
        if not self.is_quiet and not self.is_json:
            print(say(en, zh), file=sys.stderr)

    def warn(self, en: str, zh: str) -> None:
        """Say something on stderr that must not be missed, also when quiet."""
        print(say(f"warning: {en}", f"警告：{zh}"), file=sys.stderr)

    def error(self, error: LedgerError) -> None:
        """Print an error: on stdout as a document under --json, else on stderr."""
        document = describe_error(error)
        if self.is_json:
            print(json.dumps({"error": document}, ensure_ascii=False, indent=2))
            return
        rule = f" ({document['rule']})" if "rule" in document else ""
        print(f"muniment: {document['code']}: {document['message']}{rule}", file=sys.stderr)

    def table(self, title: str, rows: Sequence[Row]) -> None:
        """Print names and values, in a frame on a terminal and bare elsewhere."""
        if not sys.stdout.isatty():
            width = max((_width(name) for name, _ in rows), default=0)
            for name, value in rows:
                print(f"{name}{' ' * (width - _width(name))}  {value}".rstrip())
            return
        from rich.console import Console  # only on a terminal
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(title), title_justify="left", show_header=False)
        for name, value in rows:
            table.add_row(Text(name), Text(value))
        Console().print(table)

    def list(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print rows under headers, in a frame on a terminal and tab-separated elsewhere."""
        if not sys.stdout.isatty():
            for row in rows:
                print("\t".join(row))
            return
        from rich.console import Console  # only on a terminal
        from rich.table import Table
        from rich.text import Text

        table = Table(*headers)
        for row in rows:
            table.add_row(*map(Text, row))
        Console().print(table)

    @contextmanager
    def progress(self, en: str, zh: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """A bar on stderr for long work, only on a terminal.

        Args:
            en: What is being done.
            zh: The same in Chinese.
            total: How much there is, None if unknown.
        """
        if self.is_json or self.is_quiet or not sys.stderr.isatty():
            yield lambda _: None
            return
        from rich.console import Console  # only on a terminal
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(say(en, zh), total=total)
            yield lambda done: bar.advance(task, done)


def describe_error(error: LedgerError) -> dict[str, str]:
    """An error as it stands in JSON: code, message, rule."""
    match error:
        case RejectedError():
            message = error.zh if is_chinese() else error.en
            document = {"code": error.reason, "message": message}
            if error.rule:
                document["rule"] = error.rule
            return document
        case UsageError():
            return {"code": error.reason, "message": str(error)}
        case _:
            return {"code": error.code, "message": str(error)}


def _width(text: str) -> int:
    return sum(2 if ord(character) >= 0x1100 else 1 for character in text)
