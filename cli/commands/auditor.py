"""`muniment auditor`: executes logs again and cosigns only what it executed."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import EVERY, HOST, PORT, UDS, YES
from cli.confirming import confirm
from cli.exitcodes import Exit, UsageError
from cli.lang import say
from cli.listening import Place, serve_beside
from cli.session import Session
from cli.times import format_local
from cli.trust import read_policy
from cli.words import show_word
from ledger.core.types import Json, JsonObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.core.note import VerifierKey
    from ledger.core.policy import Log
    from node.following.auditor import AuditedLogs
    from node.following.overview import LogOverview
    from node.witness.book import Book

_FOLDER = typer.Option(
    help=say("The auditor's folder (default: in the home).", "审计方目录（默认在本目录下）。")
)


_NAME = typer.Argument(
    metavar="name",
    help=say("Of its key, such as audit.example.org.", "密钥名称，如 audit.example.org。"),
)
_POLICY = typer.Option(
    help=say(
        "Policy with the logs to audit (default: the home's).",
        "列有待审计日志的策略（默认为本目录的）。",
    )
)
_URL = typer.Option(
    help=say(
        "Where the logs are to be had (default: the policy's).",
        "日志的获取网址（默认取策略所列）。",
    )
)
_NO_PASSPHRASE = typer.Option(
    "--no-passphrase", help=say("Keep the key in the clear.", "不设口令。")
)


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say(
            "Execute a log again, and cosign only what is right.",
            "重新执行日志，仅联署无误的部分。",
        ),
        no_args_is_help=True,
    )
    group.command(
        "init",
        help=say(
            "Make an auditor: a key, and the logs of a policy to audit.\n\nPrints the line for the trust policies of those who rely on it; its name there starts with auditor.\n\nExample: muniment auditor init audit.example.org --policy trust.policy --url https://registry.example",
            "新建审计方：一把密钥，以及策略中所列的待审计日志。\n\n输出供依赖者写入信任策略的一行；其名称以 auditor. 开头。\n\n示例：muniment auditor init audit.example.org --policy trust.policy --url https://registry.example",
        ),
    )(init)
    group.command(
        "serve",
        help=say(
            "Follow the logs, and cosign over c2sp.org/tlog-witness what was executed again.\n\nWhat is found wrong is kept, shown by 'auditor status', and nothing of that log is cosigned again until it is cleared.\n\nExample: muniment auditor serve --port 8091",
            "跟踪日志，并按 c2sp.org/tlog-witness 联署已重新执行的部分。\n\n发现的问题将保存并由 auditor status 显示；清除前不再联署该日志。\n\n示例：muniment auditor serve --port 8091",
        ),
    )(serve)
    group.command(
        "follow",
        help=say(
            "Execute the logs again up to their newest checkpoint, without serving.\n\nExit code: 0 all is as it must be, 3 something is wrong, 6 unreachable.\n\nExample: muniment auditor follow --once",
            "将日志重新执行到最新检查点，不提供服务。\n\n退出码：0 无误，3 有误，6 无法连接。\n\n示例：muniment auditor follow --once",
        ),
    )(follow)
    group.command(
        "status",
        help=say(
            "Show how far the logs were executed, and what was found wrong; asks nobody.\n\nExit code: 3 if something was found.\n\nExample: muniment auditor status --json",
            "显示日志已重新执行到何处、发现了什么问题；不联网。\n\n退出码：发现问题时为 3。\n\n示例：muniment auditor status --json",
        ),
    )(status)
    group.command(
        "clear",
        help=say(
            "Let a log be cosigned again of which something was found: only if the auditor erred.\n\nExample: muniment auditor clear example.org/ledger --yes",
            "允许再次联署曾发现问题的日志：仅限审计方有误时使用。\n\n示例：muniment auditor clear example.org/ledger --yes",
        ),
    )(clear)
    return group


def init(
    context: typer.Context,
    name: Annotated[str, _NAME],
    folder: Annotated[Path | None, _FOLDER] = None,
    policy: Annotated[Path | None, _POLICY] = None,
    url: Annotated[str | None, _URL] = None,
    no_passphrase: Annotated[bool, _NO_PASSPHRASE] = False,
) -> None:
    from node.witness.keys import create_witness_key
    from node.witness.logs import LogsFile

    session: Session = context.obj
    chosen, logs = _folder(session, folder), _locate(session, policy, url)
    passphrase = session.new_passphrase(without=no_passphrase)
    key = create_witness_key(chosen, name, passphrase)
    LogsFile(chosen).add(logs)
    label = name if name.startswith("auditor.") else f"auditor.{name}"
    document: dict[str, Json] = {
        "name": name,
        "vkey": key.vkey,
        "policy_line": f"witness {label} {key.vkey}",
        "logs": sorted({log.key.name for log in logs}),
        "folder": str(chosen),
    }

    def human() -> None:
        shown = [*document.items()][:3]
        rows = [(show_word(word), str(value)) for word, value in shown]
        rows += [(show_word("origin"), log.key.name) for log in logs]
        session.out.table("", [*rows, (show_word("folder"), str(chosen))])

    session.out.result(document, human)
    session.out.talk(
        f"Serve it with 'muniment auditor serve', then at the registry: muniment policy add-witness "
        f"{label} VKEY URL --quorum all",
        f"请用 muniment auditor serve 提供服务，再在登记系统运行：muniment policy add-witness "
        f"{label} VKEY 网址 --quorum all",
    )


def serve(
    context: typer.Context,
    folder: Annotated[Path | None, _FOLDER] = None,
    every: Annotated[int, EVERY] = 5,
    host: Annotated[str, HOST] = "127.0.0.1",
    port: Annotated[int, PORT] = 8091,
    uds: Annotated[Path | None, UDS] = None,
) -> None:
    from node.following.auditor import SLICE_MS, AuditGate, AuditingWitness
    from node.following.loop import Loop
    from node.witness.app import create_witness_app
    from node.witness.keys import load_witness_key
    from node.witness.logs import LogsFile

    session: Session = context.obj
    chosen = _folder(session, folder)
    _load_vkey(chosen)
    key = load_witness_key(chosen, session.passphrase(chosen))
    with _opened(chosen) as (book, logs):
        witness = AuditingWitness(book, key, LogsFile(chosen), AuditGate(logs))
        loop = Loop(lambda: logs.follow(SLICE_MS), every)
        told: JsonObject = {"name": key.name, "vkey": key.vkey}
        app, place = create_witness_app(witness), Place(host, port, uds)
        serve_beside(session, app, place, loop, told)


def follow(
    context: typer.Context,
    folder: Annotated[Path | None, _FOLDER] = None,
    every: Annotated[int, EVERY] = 5,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help=say("To the newest checkpoint, then end.", "执行到最新检查点后结束。")
        ),
    ] = False,
) -> int | None:
    from node.following.auditor import SLICE_MS
    from node.following.loop import Loop

    session: Session = context.obj
    chosen = _folder(session, folder)
    with _opened(chosen) as (_, logs):
        if once:
            while not logs.follow(SLICE_MS):
                pass
            return _show(session, chosen)
        from node.server.logs import set_up_logs

        set_up_logs("text", is_quiet=session.settings.is_quiet)
        loop = Loop(lambda: logs.follow(SLICE_MS), every)
        loop.run()
        if loop.failure is not None:
            raise loop.failure
    return None


def status(context: typer.Context, folder: Annotated[Path | None, _FOLDER] = None) -> int:
    session: Session = context.obj
    return _show(session, _folder(session, folder))


def clear(
    context: typer.Context,
    origin: Annotated[
        str,
        typer.Argument(metavar="origin", help=say("Of the log.", "日志的标识。")),
    ],
    folder: Annotated[Path | None, _FOLDER] = None,
    yes: Annotated[bool, YES] = False,
) -> None:
    session: Session = context.obj
    confirm(
        "whoever relies on this auditor will trust that log again",
        "清除后，依赖本审计方者将再次信任该日志",
        is_sure=yes,
    )
    chosen = _folder(session, folder)
    with _opened(chosen) as (_, logs):
        logs.findings(origin).clear()
    session.out.result({"cleared": origin}, lambda: print(origin))


def _folder(session: Session, folder: Path | None) -> Path:
    return folder if folder is not None else session.settings.home / "auditor"


def _locate(session: Session, policy: Path | None, url: str | None) -> "list[Log]":
    """The logs of a policy, each with the address where it is to be had.

    Raises:
        UsageError: One has no address.
    """
    from ledger.core.policy import Log

    logs = [
        Log(log.key, log.url if url is None else url.encode())
        for log in read_policy(session, policy).logs
    ]
    if any(log.url is None for log in logs):
        raise UsageError(
            say(
                "the policy does not say where its log is to be had: give --url",
                "策略未写明日志的网址：请用 --url 给出",
            ),
            "url_required",
        )
    return logs


@contextmanager
def _opened(folder: Path) -> "Iterator[tuple[Book, AuditedLogs]]":
    """The auditor's book and logs; no other process uses them meanwhile."""
    from ledger.light.fetch import open_fetcher
    from node.following.auditor import open_logs
    from node.witness.book import open_book
    from node.witness.logs import LogsFile

    with (
        open_book(folder, _load_vkey(folder)) as book,
        open_logs(
            folder,
            LogsFile(folder),
            lambda log: open_fetcher((log.url or b"").decode("utf-8", "replace")),
        ) as logs,
    ):
        yield book, logs


def _load_vkey(folder: Path) -> "VerifierKey":
    """The auditor's public key.

    Raises:
        NotFoundError: There is no auditor.
    """
    from ledger.errors import NotFoundError
    from node.witness.keys import VKEY_FILE, load_vkey

    if not (folder / VKEY_FILE).exists():
        raise NotFoundError(
            say(
                f"there is no auditor in {folder}: make one with 'muniment auditor init NAME', or "
                "name another folder with --folder",
                f"{folder} 中没有审计方：请用 muniment auditor init 名称 新建，或用 --folder "
                "另指定目录",
            )
        )
    return load_vkey(folder)


def _show(session: Session, folder: Path) -> int:
    from node.following.overview import read_overviews

    key, overviews = _load_vkey(folder), read_overviews(folder)
    logs: list[Json] = [each.document() for each in overviews]
    document: dict[str, Json] = {"name": key.name, "logs": logs}

    def human() -> None:
        for each in overviews:
            session.out.table("", _rows(each))

    session.out.result(document, human)
    found = any(each.finding is not None for each in overviews)
    return Exit.NOT_AUTHENTIC if found else Exit.DONE


def _rows(overview: "LogOverview") -> list[tuple[str, str]]:
    executed, finding = overview.executed, overview.finding
    rows = [
        (show_word("origin"), overview.origin),
        (show_word("url"), overview.url or ""),
        (show_word("executed"), str(executed.size if executed else 0)),
        (show_word("last_time"), format_local(executed.time) if executed and executed.size else ""),
        (show_word("cosigned"), str(overview.cosigned or "")),
    ]
    if finding is None:
        return [*rows, (show_word("finding"), show_word("no finding"))]
    return [
        *rows,
        (show_word("finding"), finding.message),
        (show_word("found_at"), format_local(finding.time)),
        (show_word("evidence"), str(overview.evidence or "")),
    ]
