"""`muniment policy show|add-witness|remove-witness|quorum`: the trust policy of this home."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.lang import say
from cli.session import Session
from ledger.core.types import Json, JsonObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.core.policy import Policy

POLICY = typer.Option(
    "--policy",
    metavar="FILE",
    help=say("Another policy file than the home's.", "改用其他策略文件。"),
)
QUORUM_HELP = say(
    "all, any or a number of the witnesses; or the name of one; or none.",
    "全部 all、任一 any 或数量；或名称；或 none。",
)


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say(
            "Whom to believe: logs, witnesses, and how many must cosign.",
            "信任策略：日志、见证方及须联署的数量。",
        ),
        no_args_is_help=True,
    )
    group.command(
        "show",
        help=say(
            "Show the policy.\n\nExample: muniment policy show",
            "显示策略。\n\n示例：muniment policy show",
        ),
    )(show)
    group.command(
        "add-witness",
        help=say(
            "Add a witness; with a URL this registry's node asks it for cosignatures.\n\nIt counts once the quorum names it: give --quorum, or see 'muniment policy quorum'.\n\nExample: muniment policy add-witness w1 VKEY http://127.0.0.1:8081 --quorum all",
            "添加见证方；给出网址时，本登记系统的节点向其请求联署。\n\n纳入 quorum 后方计数：用 --quorum，或见 muniment policy quorum。\n\n示例：muniment policy add-witness w1 VKEY http://127.0.0.1:8081",
        ),
    )(add_witness)
    group.command(
        "remove-witness",
        help=say(
            "Remove a witness, such as one that is lost.\n\nA quorum of all, any or a number is then of those who are left. Hand the new policy out to all who rely on it.\n\nExample: muniment policy remove-witness w1",
            "移除见证方，例如已永久丢失者。\n\nquorum 为 all、any 或数量时，随后由其余见证方计数。请将新策略交给所有依赖者。\n\n示例：muniment policy remove-witness w1",
        ),
    )(remove_witness)
    group.command(
        "quorum",
        help=say(
            "Say how many witnesses must have cosigned.\n\nExample: muniment policy quorum 2",
            "设定须联署的见证方数量。\n\n示例：muniment policy quorum 2",
        ),
    )(set_quorum)
    return group


def show(context: typer.Context, policy: Annotated[Path | None, POLICY] = None) -> None:
    session: Session = context.obj
    path = _find(session, policy)
    _show(session, path, _read(path))


def add_witness(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help=say(
                "What the policy calls it; auditor.NAME if it also re-executes.",
                "策略中的名称；若亦重新执行账本，则为 auditor.名称。",
            )
        ),
    ],
    vkey: Annotated[
        str, typer.Argument(help=say("As 'muniment witness key' prints it.", "见证方的 vkey。"))
    ],
    url: Annotated[
        str | None,
        typer.Argument(
            help=say(
                "Where it takes checkpoints, without /add-checkpoint.",
                "其接收检查点的网址（不含 /add-checkpoint）。",
            )
        ),
    ] = None,
    quorum: Annotated[str | None, typer.Option("--quorum", help=QUORUM_HELP)] = None,
    policy: Annotated[Path | None, POLICY] = None,
) -> None:
    from ledger.core.note import parse_vkey
    from node.policyedit import add_witness as add
    from node.policyedit import set_quorum as require

    key = parse_vkey(vkey)

    def change(data: bytes) -> bytes:
        changed = add(data, name, key, url)
        return changed if quorum is None else require(changed, quorum)

    _change(context.obj, policy, change)


def remove_witness(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help=say("As 'muniment policy show' has it.", "策略中的名称。"))
    ],
    policy: Annotated[Path | None, POLICY] = None,
) -> None:
    from node.policyedit import remove_witness as remove

    _change(context.obj, policy, lambda data: remove(data, name))


def set_quorum(
    context: typer.Context,
    quorum: Annotated[str, typer.Argument(help=QUORUM_HELP)],
    policy: Annotated[Path | None, POLICY] = None,
) -> None:
    from node.policyedit import set_quorum as require

    _change(context.obj, policy, lambda data: require(data, quorum))


def _change(session: Session, policy: Path | None, change: "Callable[[bytes], bytes]") -> None:
    from ledger.core.policy import parse_policy
    from ledger.files import replace_file
    from node.server.asking import parse_submission_url

    path = _find(session, policy)
    data = change(_read(path))
    for witness in parse_policy(data).witnesses:
        if witness.url:
            parse_submission_url(witness)
    replace_file(path, data, 0o644)
    _show(session, path, data)


def _find(session: Session, policy: Path | None) -> Path:
    return policy if policy is not None else session.settings.home / "trust.policy"


def _read(path: Path) -> bytes:
    from cli.files import read_capped
    from ledger.core.limits import MAX_POLICY_BYTES

    return read_capped(path, MAX_POLICY_BYTES)


def _show(session: Session, path: Path, data: bytes) -> None:
    from ledger.core.policy import parse_policy
    from node.policyedit import describe_quorum

    policy = parse_policy(data)
    document = {"file": str(path), **_describe(policy)}

    def human() -> None:
        rows = [(say("log", "日志"), log.key.name) for log in policy.logs]
        rows += [
            (say("witness", "见证方"), f"{one['name']}  {one['vkey']}  {one['url'] or ''}".rstrip())
            for one in _witnesses(policy)
        ]
        session.out.table(str(path), [*rows, ("quorum", describe_quorum(policy))])

    session.out.result(document, human)
    if policy.witnesses and policy.quorum == b"none":
        session.out.talk(
            "no witness counts yet: see 'muniment policy quorum'",
            "见证方尚不计数：见 muniment policy quorum",
        )


def _describe(policy: "Policy") -> JsonObject:
    from ledger.core.note import format_vkey
    from node.policyedit import show_octets

    logs: list[Json] = [
        {"origin": log.key.name, "vkey": format_vkey(log.key), "url": _text(log.url)}
        for log in policy.logs
    ]
    groups: list[Json] = [
        {
            "name": show_octets(group.name),
            "threshold": group.threshold,
            "members": [*map(show_octets, group.members)],
        }
        for group in policy.groups
    ]
    return {
        "logs": logs,
        "witnesses": _witnesses(policy),
        "groups": groups,
        "quorum": show_octets(policy.quorum),
    }


def _witnesses(policy: "Policy") -> "list[dict[str, Json]]":
    from ledger.core.note import format_vkey
    from node.policyedit import show_octets

    return [
        {"name": show_octets(one.name), "vkey": format_vkey(one.key), "url": _text(one.url)}
        for one in policy.witnesses
    ]


def _text(url: bytes | None) -> str | None:
    from node.policyedit import show_octets

    return None if url is None else show_octets(url)
