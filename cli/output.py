"""What the program prints: data to stdout, talk and progress to stderr."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from cli.chinese import translate
from cli.exitcodes import UsageError
from cli.hints import find_hint
from cli.lang import is_chinese, say
from cli.plainer import explain, name_commands
from cli.words import show_rule
from ledger.core.types import Json
from ledger.errors import LedgerError, MalformedError, RejectedError

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
            print(show_plain(say(en, zh)), file=sys.stderr)

    def warn(self, en: str, zh: str) -> None:
        """Say something on stderr that must not be missed, also when quiet."""
        print(show_plain(say(f"warning: {en}", f"警告：{zh}")), file=sys.stderr)

    def error(self, error: LedgerError) -> None:
        """Print an error: on stdout as a document under --json, else on stderr."""
        self.show_error(describe_error(error))

    def show_error(self, document: Mapping[str, str]) -> None:
        """Print an error that is described already."""
        if self.is_json:
            print(json.dumps({"error": document}, ensure_ascii=False, indent=2))
            return
        message = document["message"]
        rule = _cite(document["rule"]) if "rule" in document else ""
        print(show_plain(f"muniment: {document['code']}: {message}{rule}"), file=sys.stderr)
        if document.get("hint", message) not in message:
            print(say("  next: ", "  下一步：") + show_plain(document["hint"]), file=sys.stderr)

    def table(self, title: str, rows: Sequence[Row]) -> None:
        """Print names and values, those that are empty left out; aligned, and bold on a terminal.

        Long values are folded, never cut: whoever copies an identifier gets all of it.
        """
        rows = [(show_plain(name), show_plain(value)) for name, value in rows if value]
        width = max((_width(name) for name, _ in rows), default=0)
        if not sys.stdout.isatty():
            for name, value in rows:
                print(f"{name}{' ' * (width - _width(name))}  {value}".rstrip())
            return
        from rich.console import Console  # only on a terminal
        from rich.table import Table
        from rich.text import Text

        from node.render.text import fold

        console = Console()
        # Rich breaks a line of Chinese before its full stop, and within a number.
        room = max(1, console.width - width - 2)
        table = Table.grid(padding=(0, 2), pad_edge=False)
        table.add_column(no_wrap=True, style="bold")
        table.add_column(overflow="fold")
        for name, value in rows:
            table.add_row(Text(name), Text("\n".join(fold(value, room, _width))))
        if title:
            console.print(Text(title, style="bold underline"))
        console.print(table)

    def list(
        self, headers: Sequence[str], rows: Sequence[Sequence[str]], *, whole: int = 1
    ) -> None:
        """Print rows under headers; tab-separated and without headers where it is no terminal.

        Args:
            headers: Of the columns.
            rows: Of the same length.
            whole: So many columns from the left are never folded: they identify the row.
        """
        if not sys.stdout.isatty():
            for row in rows:
                print("\t".join(map(show_plain, row)))
            return
        if not rows:
            self.talk("nothing found", "没有内容")
            return
        from rich.console import Console  # only on a terminal
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for i, header in enumerate(headers):
            table.add_column(Text(header), no_wrap=i < whole, overflow="fold")
        for row in rows:
            table.add_row(*(Text(show_plain(cell)) for cell in row))
        Console().print(table)

    def items(
        self, items: Sequence[Json], headers: Sequence[str], rows: Sequence[Sequence[str]]
    ) -> None:
        """Print a command's result that is a list: items for programs, rows for people."""
        self.result({"items": items, "next": None}, lambda: self.list(headers, rows))

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

    @contextmanager
    def counted(self, en: str, zh: str) -> Iterator[Callable[[int, int], None]]:
        """A bar that is told how much is done so far, of how much.

        Args:
            en: What is being done.
            zh: The same in Chinese.
        """
        told = 0
        with self.progress(en, zh, None) as advance:

            def show(done: int, _total: int) -> None:
                nonlocal told
                advance(done - told)
                told = done

            yield show


def _cite(rule: str) -> str:
    """A rule behind the sentence that rests on it."""
    shown = show_rule(rule)
    return say(f" ({shown})", f"（{shown}）")


def describe_error(error: LedgerError) -> dict[str, str]:
    """An error as it stands in JSON: code, message and, where there are any, rule and hint."""
    hint = None
    match error:
        case RejectedError():
            document = {"code": error.reason, "message": name_commands(say(error.en, error.zh))}
            if error.rule:
                document["rule"] = error.rule
        case UsageError():
            document = {"code": error.reason, "message": str(error)}
            hint = error.hint
        case _:
            document = {"code": error.code, "message": str(error)}
    plainer = explain(str(error)) if isinstance(error, MalformedError) else None
    if plainer is not None:
        document["message"] = say(*plainer)
    elif is_chinese() and not isinstance(error, RejectedError):
        document["message"] = translate(document["code"], document["message"])
    hint = hint or find_hint(document["code"], document["message"])
    return document if hint is None else document | {"hint": hint}


def show_plain(text: str) -> str:
    """The text in one cell: line breaks would pass for rows, control characters for anything."""
    from node.render.text import plain

    return plain(text)


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
