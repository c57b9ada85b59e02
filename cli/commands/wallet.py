"""`muniment wallet add|list|export|check`: proofs that a holder keeps (凭证归集)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import FORCE
from cli.exitcodes import UsageError
from cli.files import read_capped, write_bytes
from cli.lang import say
from cli.session import Session
from cli.trust import read_policy
from cli.walletview import exit_of_check, show_added, show_check, show_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.core.policy import Policy
    from ledger.core.types import UnixMillis
    from node.sources import Source
    from node.wallet import Item, Wallet
    from node.walletcheck import Finding

_POLICY = typer.Option(
    help=say("Trust policy (default: the home's).", "信任策略（默认为本目录的）。")
)
_SUBJECT = typer.Option(
    help=say(
        "Only what is about this voucher number or subject key.", "仅限关于此凭证编号或主题标识的。"
    )
)


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say("Proofs that you keep.", "凭证归集：保管各项证明。"), no_args_is_help=True
    )
    group.command(
        "add",
        help=say(
            "Verify files and keep them.\n\n"
            "Knows everything that 'muniment verify' knows. What is not authentic is not added; what is authentic but no longer in force is.\n\n"
            "Example: muniment wallet add TEST2026110001.voucher.json",
            "验证文件并归集保管。\n\n"
            "支持 muniment verify 所支持的全部文件。\n\n"
            "不真实的不予收入；真实但已不在有效状态的予以收入。\n\n"
            "示例：muniment wallet add TEST2026110001.voucher.json",
        ),
    )(add)
    group.command("list", help=say("List what is in the wallet.", "列出归集的内容。"))(show_all)
    group.command(
        "export",
        help=say(
            "Write what is in the wallet into one pack.\n\nExample: muniment wallet export --out wallet.zip",
            "将归集的内容写成一个证据包。\n\n示例：muniment wallet export --out wallet.zip",
        ),
    )(export)
    group.command(
        "check",
        help=say(
            "Verify everything again, against the newest state: what changed, what is still in force?\n\n"
            "The newest state comes from the registry of this home, or from files given with --against.\n\n"
            "Files of another time do not show that the log only grew since: --fix then replaces nothing.\n\n"
            "Exit code: 0 all in force, 3 not authentic, 6 some could not be checked, 7 some no longer in force.\n\n"
            "Example: muniment wallet check --against newer.voucher.json",
            "以最新状态重新验证全部内容：有何变化，是否仍然有效？\n\n"
            "最新状态取自本目录的登记系统，或 --against 给出的文件。\n\n"
            "不同时间的文件不能证明日志此后只增不改：此时 --fix 不作替换。\n\n"
            "退出码：0 全部有效，3 不真实，6 有内容无法检查，7 有内容已失效。\n\n"
            "示例：muniment wallet check --against newer.voucher.json",
        ),
    )(check)
    return group


def add(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="file", help=say("Files to keep.", "待归集的文件。"))
    ],
    policy: Annotated[Path | None, _POLICY] = None,
) -> None:
    from ledger.clock import SystemClock
    from ledger.errors import LedgerError
    from node.judges import MAX_FILE_BYTES

    session: Session = context.obj
    trusted, now = read_policy(session, policy), SystemClock().now()
    wallet, added = _wallet(session), []
    for path in files:
        try:
            added += wallet.add(read_capped(path, MAX_FILE_BYTES), path.name, trusted, now)
        except LedgerError:
            session.out.warn(f"{path} was not added", f"{path} 未收入")
            raise
    show_added(session, added)


def show_all(context: typer.Context, subject: Annotated[str | None, _SUBJECT] = None) -> None:
    session: Session = context.obj
    show_items(session, _choose(_wallet(session), subject))


def export(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help=say("File to write.", "输出文件。"))] = Path(
        "wallet.zip"
    ),
    subject: Annotated[str | None, _SUBJECT] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from ledger.errors import NotFoundError
    from ledger.files import PRIVATE_MODE

    session: Session = context.obj
    wallet = _wallet(session)
    items = _choose(wallet, subject)
    if not items:
        raise NotFoundError(
            say(
                "there is nothing of it in the wallet: see 'muniment wallet list'",
                "归集内容中没有：见 muniment wallet list",
            )
        )
    write_bytes(out, wallet.export(items), force=force, mode=PRIVATE_MODE)
    session.out.result(
        {"items": [item.id for item in items], "file": str(out)},
        lambda: session.out.table(
            "",
            [
                (say("file", "文件"), str(out)),
                (say("proofs", "证明"), str(len(items))),
            ],
        ),
    )


def check(
    context: typer.Context,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            "--refresh",
            help=say("Put newer proofs in place of the old ones.", "以新的证明替换旧的证明。"),
        ),
    ] = False,
    against: Annotated[
        list[Path] | None,
        typer.Option(help=say("Newer files to check against.", "据以检查的较新文件。")),
    ] = None,
    policy: Annotated[Path | None, _POLICY] = None,
) -> int:
    from ledger.clock import SystemClock

    session: Session = context.obj
    wallet = _wallet(session)
    items = wallet.list_items()
    if not items:
        show_check(session, [], {})
        return 0
    trusted, now = read_policy(session, policy), SystemClock().now()
    if against:
        sources = _read_sources(against, trusted, now)
        found = _check_all(session, wallet, items, sources, trusted, now, fix=fix)
    elif session.has_registry:
        from node.sources import RegistrySource

        with session.registry() as registry:
            sources = {registry.origin: RegistrySource(registry, trusted)}
            found = _check_all(session, wallet, items, sources, trusted, now, fix=fix)
    else:
        raise UsageError(
            say(
                "there is no registry in this home to check against: give newer files with "
                "--against FILE (ask the registry for them)",
                "本目录没有登记系统可供核对：请用 --against 给出较新的文件（可向登记系统索取）",
            ),
            "no_source",
        )
    return exit_of_check(found)


def _check_all(
    session: Session,
    wallet: "Wallet",
    items: "Sequence[Item]",
    sources: "Mapping[str, Source]",
    policy: "Policy",
    now: "UnixMillis",
    *,
    fix: bool,
) -> "list[Finding]":
    """Check each item, replace what may be replaced, and print what was found."""
    from node.walletcheck import check_item

    found: list[Finding] = []
    replaced: dict[str, Item] = {}
    for item in items:
        data, source = wallet.read(item), sources.get(item.origin)
        finding = check_item(item, data, source, policy, now)
        found.append(finding)
        if fix and source is not None and finding.is_growth_checked:
            fresh = source.renew(data, finding.report)
            if fresh is not None:
                replaced[item.id] = wallet.replace(item, fresh, policy, now)
    show_check(session, found, replaced)
    return found


def _read_sources(paths: list[Path], policy: "Policy", now: "UnixMillis") -> "Mapping[str, Source]":
    """What newer files prove, by the ledger they are from; each has to be authentic."""
    from contracts.verdict import Question
    from node.judges import MAX_FILE_BYTES
    from node.sources import FilesSource, VerifiedFile
    from node.verifier import verify_file

    files: dict[str, list[VerifiedFile]] = {}
    for path in paths:
        data = read_capped(path, MAX_FILE_BYTES)
        report = verify_file(data, policy, Question(now))
        if report.failure is not None:
            raise report.failure
        origin = "" if report.opened is None else report.opened.body.origin
        files.setdefault(origin, []).append(VerifiedFile(data, report))
    return {origin: FilesSource(some) for origin, some in files.items()}


def _wallet(session: Session) -> "Wallet":
    from node.wallet import Wallet

    return Wallet(session.settings.home)


def _choose(wallet: "Wallet", subject: str | None) -> "list[Item]":
    """The items about a subject, or all."""
    items = wallet.list_items()
    if subject is None:
        return items
    wanted = {subject, f"voucher/{subject}"}
    return [item for item in items if wanted & {item.subject, *item.subjects}]
