"""What `use batch` and `use prove` do: read usage lines, record their root, prove one line."""

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import UNSET

from cli.exitcodes import UsageError
from cli.files import is_stdin, write_document
from cli.lang import say
from cli.session import Session
from cli.subjects import find_keys, find_party, find_subject
from cli.times import format_local
from cli.words import show_action
from contracts.chain import Grant
from contracts.records import format_record
from contracts.usage import UsageBatch
from contracts.usagelines import batch_terms
from contracts.usageproof import (
    UsageLineBundle,
    format_usage_line_bundle,
    take_batch,
    verify_agreement,
)
from ledger.core.bundle import Receipt
from ledger.core.entry import Entry
from ledger.core.text import parse_digest
from ledger.core.types import Json, LeafIndex, SubjectKey, UnixMillis
from ledger.errors import NotFoundError
from node.registryapi import RegistryApi, Written
from node.usagefile import UsageSummary, open_usage_file, prove_usage_line, read_usage
from node.usagerows import SUFFIXES, Layout

_INDEX: Final = re.compile("[0-9]{1,16}")
_EVENT_ID: Final = re.compile("[0-9a-f]{64}")


def choose_layout(
    file: Path, form: str | None, columns: Sequence[str], terms: Mapping[str, str]
) -> Layout:
    """How a file holds usage lines.

    Args:
        file: Its ending tells the form, unless `form` does.
        form: `ndjson` or `csv`.
        columns: Each `MEMBER=HEADER`, of a CSV file.
        terms: What the batch says of all lines.

    Raises:
        UsageError: The form is unknown, or columns are given that there cannot be.
    """
    found = SUFFIXES.get(file.suffix.lower()) if form is None else None
    chosen = next((known for known in SUFFIXES.values() if known == form), found)
    if chosen is None:
        raise UsageError(
            say(
                "say how FILE is written: --format ndjson or --format csv",
                "请用 --format ndjson 或 --format csv 指明文件格式",
            ),
            "format_required",
        )
    if columns and chosen != "csv":
        raise UsageError(
            say(
                "only a CSV file has columns: leave --column out",
                "只有 CSV 文件有列：请去掉 --column",
            )
        )
    return Layout(chosen, terms, _read_columns(columns))


def record_batch(
    session: Session, file: Path, layout: Layout, grant: str, party: str | None
) -> None:
    """Read a file, record its root and totals as a `usage.batch`, and print where that went.

    Args:
        session: Prints.
        file: NDJSON or CSV; `-` is stdin.
        layout: How it holds the lines.
        grant: Key of the grant, or its beginning.
        party: Who acts; None: the grantee.

    Raises:
        NotFoundError: There is no such grant, party or file.
        RejectedError: A line cannot be taken, or a rule refuses; nothing was written.
    """
    # A wrong grant shows before a long file is read; no lock is held and no key opened for it.
    with session.registry(opens_keys=False) as registry:
        key = find_subject(registry, "grant", grant)
    with _reading(session, file) as (stream, advance):
        summary = read_usage(stream, layout, advance)
    with session.registry(is_writer=True) as registry:
        state = registry.need_state(Grant, key)
        actor = state.grantee if party is None else find_party(registry, party)
        body = _make_batch(key, state, summary, layout.terms)
        event = registry.build_event(actor, body)
        signed = registry.sign_event(event, find_keys(registry, actor, 1))
        (written,) = registry.submit([signed], {})
    command = _prove_command(file, layout, written)
    _show_batch(session, command, body, written)


def find_batch(registry: RegistryApi, text: str) -> Receipt:
    """Receipt of a `usage.batch` under the newest checkpoint.

    Args:
        registry: Read only.
        text: Log index of the event, or its id.

    Raises:
        NotFoundError: There is no such event, or it is of another kind.
        UsageError: Neither an index nor an event id.
    """
    if _INDEX.fullmatch(text):
        index: int | None = int(text)
    elif _EVENT_ID.fullmatch(text):
        index = registry.find_event(parse_digest(text).hex())
    else:
        raise UsageError(
            say(
                "--batch is a log index, or an event id of 64 hex digits",
                "--batch 应为日志位置，或 64 位十六进制的事件标识",
            )
        )
    receipt = None if index is None else registry.prover().prove_leaf(index)
    content = None if receipt is None else receipt.content
    is_batch = isinstance(content, Entry) and content.signed.event.kind == UsageBatch.kind
    if receipt is None or not is_batch:
        raise NotFoundError(
            say(
                f"there is no {UsageBatch.kind} {text} in the log: see 'muniment log tail'",
                f"日志中没有 {UsageBatch.kind} {text}：见 muniment log tail",
            )
        )
    return receipt


def prove_line(
    session: Session,
    receipt: Receipt,
    number: int,
    file: Path,
    written: tuple[str | None, Sequence[str]],
) -> UsageLineBundle:
    """The proof of one line of a batch.

    Args:
        session: Shows progress.
        receipt: Of the batch.
        number: Of the line, from 1.
        file: The one that the batch was made from; `-` is stdin.
        written: Its form and columns, as for choose_layout.

    Raises:
        NotFoundError: There is no such line or file.
        RejectedError: The file is not the batch's.
        BundleError: The batch says of its lines what is not so.
    """
    batch = take_batch(receipt)[1]
    if number > batch.lines:
        raise NotFoundError(
            say(
                f"the batch has {batch.lines} lines: choose one from 1 to {batch.lines}",
                f"该批次共 {batch.lines} 条：请选 1 至 {batch.lines}",
            )
        )
    layout = choose_layout(file, *written, batch_terms(batch))
    with _reading(session, file) as (stream, advance):
        proved = prove_usage_line(stream, layout, batch, number - 1, advance)
    bundle = UsageLineBundle(proved.line, LeafIndex(number - 1), proved.path, receipt)
    verify_agreement(bundle, batch)
    return bundle


def write_proof(session: Session, bundle: UsageLineBundle, out: str | None, *, force: bool) -> None:
    """Write the proof of a line to a file, or to stdout, and say so.

    Args:
        session: Prints.
        bundle: The proof.
        out: Where; `-` for stdout, None for `INDEX-LINE.usage-line.json`.
        force: Overwrite other content.

    Raises:
        ExistsError: Other content is there.
    """
    shown = format_usage_line_bundle(bundle)
    if out == "-":
        session.out.result(shown, lambda: print(json.dumps(shown, ensure_ascii=False, indent=2)))
        return
    (entry, batch), index = take_batch(bundle.batch), bundle.batch.proof.index
    number = bundle.index + 1
    path = Path(out or f"{index}-{number}.usage-line.json")
    write_document(path, shown, force=force)
    document: dict[str, Json] = {
        "event": entry.signed.id,
        "index": index,
        "subject": batch.grant,
        "line": number,
        "file": str(path),
    }
    place = say(f"{number} of {batch.lines}", f"第 {number} 条，共 {batch.lines} 条")
    rows = [
        (say("line", "明细"), place),
        (say("about", "主题"), str(batch.grant)),
        (say("log index", "日志位置"), str(index)),
        (say("file", "文件"), str(path)),
    ]

    def human() -> None:
        session.out.table("", rows)
        session.out.talk(
            f"Anybody can check it: muniment verify {path} --policy trust.policy",
            f"任何人均可验证：muniment verify {path} --policy trust.policy",
        )

    session.out.result(document, human)


def _read_columns(columns: Sequence[str]) -> dict[str, str]:
    """Member by header of each `MEMBER=HEADER`.

    Raises:
        UsageError: One is written otherwise, or a header stands twice.
    """
    pairs = [column.partition("=") for column in columns]
    named = {header: member for member, _, header in pairs if member and header}
    if len(named) != len(pairs):
        raise UsageError(
            say(
                "--column is MEMBER=HEADER, each header once, such as --column at=time",
                "--column 应写作 成员=表头，每个表头一次，如 --column at=时间",
            )
        )
    return named


@contextmanager
def _reading(session: Session, file: Path) -> Iterator[tuple[BinaryIO, Callable[[int], None]]]:
    """The file, or stdin, and what to tell how much of it was read."""
    total = file.stat().st_size if file.is_file() else None
    with session.out.progress("Reading", "读取", total) as advance:
        if is_stdin(file):
            yield sys.stdin.buffer, advance
            return
        with open_usage_file(file) as stream:
            yield stream, advance


def _make_batch(
    key: SubjectKey, grant: Grant, summary: UsageSummary, terms: Mapping[str, str]
) -> UsageBatch:
    return UsageBatch(
        grant=key,
        action=summary.action,
        count=summary.count,
        total=grant.meters.get(summary.action, 0) + summary.count,
        start=summary.start,
        end=summary.end,
        purpose=terms.get("purpose", UNSET),
        scene=terms.get("scene", UNSET),
        spatial=terms.get("spatial", UNSET),
        form="usage-lines/1",
        root=summary.root.hex(),
        lines=summary.lines,
    )


def _prove_command(file: Path, layout: Layout, written: Written) -> str:
    """What proves the first line of a batch, as it can be pasted into a shell."""
    words = ["muniment", "use", "prove", "1", "--file", "FILE" if is_stdin(file) else str(file)]
    words += ["--batch", str(written.index)]
    words += [] if SUFFIXES.get(file.suffix.lower()) == layout.form else ["--format", layout.form]
    for header, member in layout.columns.items():
        words += ["--column", f"{member}={header}"]
    return shlex.join(words)


def _show_batch(session: Session, command: str, batch: UsageBatch, written: Written) -> None:
    members = {name: value for name, value in format_record(batch).items() if name != "grant"}
    document: dict[str, Json] = {
        "event": written.event,
        "index": written.index,
        "subject": batch.grant,
        **members,
    }
    period = [format_local(UnixMillis(time)) for time in (batch.start, batch.end - 1)]
    units = say(f"{batch.count}, {batch.total} in all", f"{batch.count}，累计 {batch.total}")
    rows = [
        (say("written", "已写入"), batch.kind),
        (say("about", "主题"), str(batch.grant)),
        (say("log index", "日志位置"), str(written.index)),
        (say("action", "行为"), show_action(batch.action)),
        (say("lines", "条数"), str(batch.lines)),
        (say("units", "数量"), units),
        (say("period", "期间"), say(" to ", " 至 ").join(period)),
        (say("root", "根"), batch.root),
    ]

    def human() -> None:
        session.out.table("", rows)
        session.out.talk(
            f"Keep the file: no line can be proved without it. For the first: {command}",
            f"请保存原文件：缺之则无法证明任何一条。如证明第一条：{command}",
        )

    session.out.result(document, human)
