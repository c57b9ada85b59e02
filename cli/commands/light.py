"""`muniment light`: follow a log with nothing but a policy."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import FORCE, OUT
from cli.exitcodes import Exit
from cli.lang import say
from cli.lightclient import LIGHT_FILE, open_client, open_file, read_subject, repeat
from cli.session import Session
from cli.times import format_local, parse_age
from cli.words import show_word
from ledger.core.types import Json

if TYPE_CHECKING:
    from ledger.core.opening import VerifiedCheckpoint
    from ledger.light.client import Followed
    from ledger.light.state import StateFile

URL = typer.Argument(
    metavar="url",
    help=say(
        "Node, mirror or folder (default: --node, or the policy's).",
        "节点、镜像或目录（默认取 --node 或信任策略中的网址）。",
    ),
)
POLICY = typer.Option(
    help=say("Trust policy (default: the home's).", "信任策略（默认为本目录的）。")
)
STATE = typer.Option(
    help=say("What is remembered (default: in the home).", "记忆文件（默认在本目录）。")
)
ONCE = typer.Option("--once", help=say("One round, then end.", "仅检查一次。"))
EVERY = typer.Option(
    metavar="SECONDS",
    min=1,
    max=86_400,
    help=say("Pause between two rounds.", "两次检查之间的间隔（秒）。"),
)
MAX_AGE = typer.Option(
    help=say("Fail if nothing newer is shown, such as 15m or 1d.", "久无更新即报错，如 15m 或 1d。")
)


SUBJECT = typer.Argument(
    metavar="subject", help=say("A key or a voucher's number.", "主题标识或凭证编号。")
)


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say("Follow a log and keep it honest.", "跟踪日志并监督其诚实。"),
        no_args_is_help=True,
    )
    group.command(
        "follow",
        help=say(
            "Follow a log: trust nothing but the policy, and prove that the log only grew.\n\nA fork leaves both notes beside the state file; nothing is followed while they are there.\n\nExit code: 0 nothing wrong, 3 not to be trusted, 6 unreachable or frozen.\n\nExample: muniment light follow https://registry.example --policy trust.policy --once",
            "跟踪日志：只信任信任策略，并证明日志只增不改。\n\n发现分叉时将两份检查点保存在记忆文件旁；证据未移走前不再跟踪。\n\n退出码：0 正常，3 不可信，6 无法连接或久无更新。\n\n示例：muniment light follow https://registry.example --policy trust.policy --once",
        ),
    )(follow)
    group.command(
        "show",
        help=say(
            "Fetch the voucher or state of a subject as of now, and verify it.\n\nFollows the log first. A subject is a whole key such as asset/..., or a voucher's number.\n\nExit code: as 'muniment verify'.\n\nExample: muniment light show TEST2026110001 --node https://registry.example",
            "获取某主题当前的凭证或状态并予以验证。\n\n先跟踪日志。主题为完整标识（如 asset/...）或凭证编号。\n\n退出码同 muniment verify。\n\n示例：muniment light show TEST2026110001 --node https://registry.example",
        ),
    )(show)
    group.command(
        "status",
        help=say(
            "Show what is trusted and watched; asks nobody.\n\nExample: muniment light status --json",
            "显示已信任的检查点与所关注的主题；不联网。\n\n示例：muniment light status --json",
        ),
    )(status)
    return group


def follow(
    context: typer.Context,
    url: Annotated[str | None, URL] = None,
    policy: Annotated[Path | None, POLICY] = None,
    state: Annotated[Path | None, STATE] = None,
    max_age: Annotated[str | None, MAX_AGE] = None,
    every: Annotated[int, EVERY] = 5,
    once: Annotated[bool, ONCE] = False,
) -> None:
    session: Session = context.obj
    file = open_file(session, state, LIGHT_FILE)
    client = open_client(session, url, policy, file)
    max_age_ms = None if max_age is None else parse_age(max_age)
    if once:
        _show(session, client.follow_once(max_age_ms), file)
        return
    last = ""

    def step() -> None:
        nonlocal last
        line = _describe_line(session, client.follow_once(max_age_ms), file)
        if line != last:
            print(line, flush=True)
        last = line

    repeat(session, step, every)


def show(
    context: typer.Context,
    subject: Annotated[str, SUBJECT],
    out: Annotated[Path | None, OUT] = None,
    force: Annotated[bool, FORCE] = False,
    policy: Annotated[Path | None, POLICY] = None,
    state: Annotated[Path | None, STATE] = None,
    max_age: Annotated[str | None, MAX_AGE] = None,
) -> int:
    from cli.commands.verify import exit_of, show_reports
    from cli.files import write_bytes
    from contracts.verdict import Question
    from ledger.clock import SystemClock
    from node.lightfiles import fetch_verified

    session: Session = context.obj
    key = read_subject(subject)
    client = open_client(session, None, policy, open_file(session, state, LIGHT_FILE))
    max_age_ms = None if max_age is None else parse_age(max_age)
    under = client.follow_once(max_age_ms).opened
    question = Question(now=SystemClock().now(), max_age_ms=max_age_ms)
    data, report = fetch_verified(client, key, under, question)
    if out is not None:
        write_bytes(out, data, force=force)
    show_reports(session, [out or Path(key.partition("/")[2])], [report])
    return exit_of(report)


def status(context: typer.Context, state: Annotated[Path | None, STATE] = None) -> int:
    from ledger.light.advance import read_note

    session: Session = context.obj
    file = open_file(session, state, LIGHT_FILE)
    kept = file.load()
    is_forked = file.evidence_path.exists()
    document: dict[str, Json] = {"origin": None, "size": None, "root": None, "as_of": None}
    if kept.trusted is not None:
        body = read_note(kept.trusted.note)
        document |= {"origin": body.origin, "size": body.size, "root": body.root.hex()}
        document |= {"as_of": kept.trusted.as_of, "seen_at": kept.trusted.seen_at}
    watched: list[Json] = [
        {"subject": key, "n": each.n, "size": each.size} for key, each in kept.watched.items()
    ]
    document |= {"watched": watched, "file": str(file.path)}
    document["fork"] = str(file.evidence_path) if is_forked else None

    def human() -> None:
        rows = [(show_word(name), _show_value(name, value)) for name, value in document.items()]
        session.out.table("", rows)

    session.out.result(document, human)
    return Exit.NOT_AUTHENTIC if is_forked else Exit.DONE


def describe_checkpoint(opened: "VerifiedCheckpoint") -> dict[str, Json]:
    """A trusted checkpoint, as programs read it."""
    return {
        "origin": opened.body.origin,
        "size": opened.body.size,
        "root": opened.body.root.hex(),
        "cosigned_by": [cosigner.name for cosigner in opened.cosigners],
        "audited": opened.is_audited,
    }


def _describe(followed: "Followed", file: "StateFile") -> dict[str, Json]:
    document = describe_checkpoint(followed.opened)
    return {
        "outcome": followed.outcome.value,
        **document,
        "as_of": followed.as_of,
        "file": str(file.path),
    }


def _describe_line(session: Session, followed: "Followed", file: "StateFile") -> str:
    """What changes from round to round; the same line again is not printed."""
    document = _describe(followed, file)
    if session.out.is_json:
        told = {name: value for name, value in document.items() if name not in {"outcome", "as_of"}}
        return json.dumps(told, ensure_ascii=False)
    size, root = followed.opened.body.size, followed.opened.body.root.hex()
    return f"{size}\t{root}"


def _show(session: Session, followed: "Followed", file: "StateFile") -> None:
    document = _describe(followed, file)
    claim = say(" (the operator's claim)", "（运营方自述）")

    def human() -> None:
        rows = [(show_word(name), _show_value(name, value)) for name, value in document.items()]
        if followed.opened.is_operator_claim:
            rows = [
                (name, f"{value}{claim}" if name == show_word("as_of") else value)
                for name, value in rows
            ]
        session.out.table("", rows)

    session.out.result(document, human)


def _show_value(name: str, value: Json) -> str:
    if value is None or value == []:
        return ""
    if name in {"as_of", "seen_at"} and isinstance(value, int):
        from ledger.core.types import UnixMillis

        return format_local(UnixMillis(value))
    if isinstance(value, bool):
        return say("yes", "是") if value else say("no", "否")
    if isinstance(value, list):
        return ", ".join(str(each["subject"] if isinstance(each, dict) else each) for each in value)
    return show_word(str(value))
