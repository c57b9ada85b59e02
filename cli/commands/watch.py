"""`muniment watch`: every change of chosen subjects, with its proof."""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.light import EVERY, MAX_AGE, ONCE, POLICY, STATE
from cli.exitcodes import UsageError
from cli.lang import say
from cli.lightclient import WATCH_FILE, open_client, open_file, read_subject, repeat
from cli.session import Session
from cli.times import format_local, parse_age
from ledger.core.types import JsonObject, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.light.client import LightClient
    from ledger.light.hook import Hook
    from ledger.light.waking import Waker
    from ledger.light.watch import Change, Page, Watcher

CHANGE = "muniment/change/v1"
_MAX_SUBJECTS = 1_000


def add_commands(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command(
        "watch",
        help=say(
            "Report every event of chosen subjects, proved and at least once.\n\nA subject is a whole key such as asset/..., or a voucher's number. Lines on stdout, JSON lines with --json; after an absence nothing is left out. The first look reports nothing unless --from-start.\n\nExample: muniment watch TEST2026110001 --node https://registry.example --proofs proofs",
            "报告所关注主题的每个事件，附带证明，至少报告一次。\n\n主题为完整标识（如 asset/...）或凭证编号。逐行输出，--json 时每行一个 JSON；离线期间的事件不会遗漏。首次查看不报告既往事件，除非使用 --from-start。\n\n示例：muniment watch TEST2026110001 --node https://registry.example --proofs proofs",
        ),
    )(watch)


def watch(
    context: typer.Context,
    subjects: Annotated[
        list[str],
        typer.Argument(
            metavar="subject", help=say("Keys or voucher numbers.", "主题标识或凭证编号。")
        ),
    ],
    policy: Annotated[Path | None, POLICY] = None,
    state: Annotated[Path | None, STATE] = None,
    hook: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=say("Also POST each change there.", "同时将每项变化 POST 至此网址。"),
        ),
    ] = None,
    proofs: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help=say(
                "Keep the proofs, for 'muniment verify'.", "保存证明，可用 muniment verify 验证。"
            ),
        ),
    ] = None,
    max_age: Annotated[str | None, MAX_AGE] = None,
    every: Annotated[int, EVERY] = 5,
    from_start: Annotated[
        bool,
        typer.Option("--from-start", help=say("Report the past too.", "同时报告既往事件。")),
    ] = False,
    once: Annotated[bool, ONCE] = False,
) -> None:
    from ledger.light.hook import Hook
    from ledger.light.watch import Watcher

    session: Session = context.obj
    keys = _read_subjects(subjects)
    client = open_client(session, None, policy, open_file(session, state, WATCH_FILE))
    watcher = Watcher(client, is_from_start=from_start)
    desk = _Desk(session, watcher, None if hook is None else Hook(hook), proofs)
    max_age_ms = None if max_age is None else parse_age(max_age)

    def step() -> None:
        under = client.follow_once(max_age_ms).opened
        for key in keys:
            for page in watcher.find_pages(key, under):
                desk.report(page)

    if once:
        step()
        return
    with closing(_open_waker(client)) as waker:
        repeat(session, step, every, waker.wait)


def _read_subjects(texts: "Sequence[str]") -> list[SubjectKey]:
    """The keys that were named, once each.

    Raises:
        MalformedError: One is no key.
        UsageError: Too many.
    """
    if len(texts) > _MAX_SUBJECTS:
        raise UsageError(
            say(
                f"one run watches at most {_MAX_SUBJECTS} subjects: start another with its --state",
                f"每次最多关注 {_MAX_SUBJECTS} 个主题：请另行启动，并用 --state 指定其记忆文件",
            )
        )
    return list(dict.fromkeys(map(read_subject, texts)))


class _Desk:
    """Reports pages: proofs first, then lines and posts, and then it is remembered.

    A process that dies before the last step reports the same again, never nothing.
    """

    def __init__(
        self, session: Session, watcher: "Watcher", hook: "Hook | None", proofs: Path | None
    ) -> None:
        self._session = session
        self._watcher = watcher
        self._hook = hook
        self._proofs = proofs

    def report(self, page: "Page") -> None:
        """Report all changes of a page and remember them.

        Raises:
            UnavailableError: The hook does not take one; those before it are remembered.
            StoreFailedError: A proof or the state file could not be written.
        """
        if not page.changes:
            n = page.after.n
            self._session.out.talk(
                f"watching {page.subject}: {n} events so far",
                f"开始关注 {page.subject}：已有 {n} 个事件",
            )
        files = self._keep_proofs(page)
        for count, change in enumerate(page.changes, start=1):
            self._print(change, files[count - 1])
            if self._hook is not None:
                self._hook.post(_body(page, change), f"{change.subject}#{change.n}")
                self._watcher.remember_change(page, count)
        if self._hook is None or not page.changes:
            self._watcher.remember(page)

    def _print(self, change: "Change", file: str | None) -> None:
        if self._session.out.is_json:
            line = json.dumps({**describe_change(change), "proof": file}, ensure_ascii=False)
        else:
            event, time = change.entry.signed.event, format_local(change.entry.time)
            line = f"{time}\t{change.subject}\t{change.n}\t{event.kind}\t{change.index}"
        print(line)
        sys.stdout.flush()

    def _keep_proofs(self, page: "Page") -> "Sequence[str | None]":
        """Names of the files that prove the changes, one for each.

        Raises:
            UsageError: They would lie among a registry's own files.
            StoreFailedError: One could not be written.
        """
        from cli.files import PUBLIC_MODE, check_place, format_document
        from ledger.core.bundle import format_receipt
        from ledger.core.dossier import format_dossier
        from ledger.files import replace_file

        if self._proofs is None or not page.changes:
            return [None] * len(page.changes)
        self._proofs.mkdir(parents=True, exist_ok=True)
        stem = page.subject.replace("/", "-").replace(":", "_")
        documents: dict[str, JsonObject] = {}
        if page.dossier is not None:
            name = f"{stem}.{page.changes[0].n}-{page.changes[-1].n}.dossier.json"
            documents[name] = format_dossier(page.dossier)
            names = [name] * len(page.changes)
        else:
            names = [f"{stem}.{change.n}.receipt.json" for change in page.changes]
            documents = {
                name: format_receipt(change.receipt)
                for name, change in zip(names, page.changes, strict=True)
            }
        for name, document in documents.items():
            check_place(self._proofs / name)
            replace_file(self._proofs / name, format_document(document).encode(), PUBLIC_MODE)
        return [str(self._proofs / name) for name in names]


def describe_change(change: "Change") -> JsonObject:
    """A change, as programs read it."""
    event = change.entry.signed.event
    return {
        "subject": change.subject,
        "n": change.n,
        "index": change.index,
        "time": change.entry.time,
        "kind": event.kind,
        "actor": event.actor,
        "event": change.entry.signed.id,
    }


def _body(page: "Page", change: "Change") -> bytes:
    """What a hook is sent: the change with its receipt; with the last one of a page its dossier."""
    from ledger.core.bundle import format_receipt
    from ledger.core.dossier import format_dossier
    from ledger.light.hook import MAX_HOOK_BYTES

    document: JsonObject = {
        "format": CHANGE,
        **describe_change(change),
        "receipt": format_receipt(change.receipt),
        "dossier": None,
    }
    body = json.dumps(document).encode()
    if page.dossier is not None and change is page.changes[-1]:
        whole = json.dumps({**document, "dossier": format_dossier(page.dossier)}).encode()
        body = whole if len(whole) <= MAX_HOOK_BYTES else body
    return body


def _open_waker(client: "LightClient") -> "Waker":
    from ledger.light.fetch import HttpFetcher
    from ledger.light.waking import Waker

    fetcher = client.fetcher
    return Waker(fetcher.url if isinstance(fetcher, HttpFetcher) else None)
