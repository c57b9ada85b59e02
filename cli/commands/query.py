"""`muniment query asset|party|voucher|holder|grants|below|authorisations|absent`, and `search`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.answering import ProofFiles
from cli.commands.options import FORCE
from cli.exitcodes import Exit, UsageError
from cli.lang import say
from cli.session import Session
from cli.times import format_local
from cli.words import show_fact, show_label, show_member, show_role, show_status, show_word
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis

if TYPE_CHECKING:
    from collections.abc import Callable

    from node.registryapi import RegistryApi

_PROOF = typer.Option(
    "--proof", help=say("Write a proof anybody can verify.", "写出可验证的证明文件。")
)
_DOSSIER = typer.Option(
    "--dossier", help=say("Write the whole history, proved.", "写出完整且经证明的历史。")
)
_START = typer.Option(
    "--from",
    min=0,
    help=say("Leave so many of the first events out of the history.", "历史略去开头的若干事件。"),
)
_CERTIFICATE = typer.Option(
    "--certificate",
    help=say(
        "Write a query certificate: the answer in words, with its proof inside.",
        "写出查询证明：以文字说明结果，并内含证明。",
    ),
)
_AT = typer.Option(
    "--at", help=say("As of this date (default: newest block).", "截至该日期（默认最新区块）。")
)


_TIMES = frozenset(
    (
        "deadline",
        "effective",
        "evidence_time",
        "notice_end",
        "published_at",
        "until",
        "valid_from",
        "valid_until",
    )
)
_COMMITMENTS = "application"


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    group = typer.Typer(
        help=say("Ask the registry, with a proof.", "查询，并可附证明。"), no_args_is_help=True
    )
    for kind, help_text in (
        ("asset", say("State of an asset, by key, title or voucher number.", "数据的状态。")),
        ("party", say("State of a party, by key, name or USCC.", "主体的状态。")),
        ("voucher", say("State of a voucher, by number.", "凭证的状态。")),
    ):
        group.command(kind, help=help_text)(_create_query(kind))
    group.command(
        "absent",
        help=say(
            "Prove that there is no such registration.\n\nExample: muniment query absent --number SJ3212026110001 --proof none.json",
            "证明不存在某项登记。\n\n示例：muniment query absent --number SJ3212026110001 --proof none.json",
        ),
    )(absent)
    for topic, kind, help_text in (
        (
            "holders",
            "asset",
            say(
                "Who held which right in an asset on a date.\n\nExample: muniment query holders "
                "TEST2026110001 --at 2026-12-31 --certificate holders.json",
                "某日期各权利由谁享有。\n\n示例：muniment query holders TEST2026110001 "
                "--at 2026-12-31 --certificate holders.json",
            ),
        ),
        ("holder", "party", say("What a party held on a date.", "主体于某日期享有的权利。")),
        (
            "grants",
            "asset",
            say("All grants of an asset in force on a date.", "数据于某日期的全部有效授权。"),
        ),
        ("below", "grant", say("Everything below a grant.", "某授权的全部下级授权。")),
    ):
        group.command(topic, help=help_text)(_create_topic(topic, kind))
    group.command(
        "authorisations",
        help=say(
            "Every authorisation of public data that was live at the end of a year.\n\n"
            "Of a year that is not over: now. The same checkpoint gives the same list.\n\n"
            "Example: muniment query authorisations --year 2026 --proof live-2026.json",
            "某年年末有效的全部公共数据授权。\n\n"
            "当年未结束的，截至目前；同一检查点的结果相同。\n\n"
            "示例：muniment query authorisations --year 2026 --proof live-2026.json",
        ),
    )(authorisations)
    group.command(
        "private",
        help=say(
            "Is it registered? Without telling a node what is meant.\n\nThe node learns a prefix that at least a thousand subjects are expected to share; of a small registry everything is fetched. WHAT is a whole key, a voucher number or a voucher file; of a file also whether its states are the newest.\n\nExample: muniment query private SJ3212026110001",
            "私密查询：是否登记，且不告知节点所查为何。\n\n节点只得知一个预计至少千个主题共有的前缀；\n\n登记量小时取回全部。\n\n可给出完整标识、凭证编号或凭证文件；\n\n文件还可得知其状态是否为最新。\n\n示例：muniment --node 网址 query private SJ3212026110001",
        ),
    )(private)
    app.add_typer(group, name="query")
    app.command(
        "search",
        help=say(
            "Find by title, holder or number.\n\nExample: muniment search 航班",
            "按名称、权利人或编号查找。\n\n示例：muniment search 航班",
        ),
    )(search)


def _create_query(kind: str) -> "Callable[..., None]":
    def query(
        context: typer.Context,
        text: Annotated[
            str,
            typer.Argument(help=say("Key, its beginning, or a name.", "标识、其开头部分或名称。")),
        ],
        proof: Annotated[Path | None, _PROOF] = None,
        dossier: Annotated[Path | None, _DOSSIER] = None,
        start: Annotated[int, _START] = 0,
        certificate: Annotated[Path | None, _CERTIFICATE] = None,
        force: Annotated[bool, FORCE] = False,
    ) -> None:
        session: Session = context.obj
        files = ProofFiles(proof, dossier, certificate, is_forced=force, start=start)
        with session.registry() as registry:
            show_subject(session, registry, kind, text, files)

    return query


def _create_topic(topic: str, kind: str) -> "Callable[..., None]":
    def query(
        context: typer.Context,
        text: Annotated[
            str,
            typer.Argument(help=say("Key, its beginning, or a name.", "标识、其开头部分或名称。")),
        ],
        at: Annotated[str | None, _AT] = None,
        proof: Annotated[Path | None, _PROOF] = None,
        certificate: Annotated[Path | None, _CERTIFICATE] = None,
        force: Annotated[bool, FORCE] = False,
    ) -> None:
        from cli.answering import answer_topic
        from cli.subjects import find_asset, find_subject

        session: Session = context.obj
        files = ProofFiles(proof, None, certificate, is_forced=force)
        with session.registry() as registry:
            is_asset = kind == "asset"
            key = find_asset(registry, text) if is_asset else find_subject(registry, kind, text)
            answer_topic(session, registry, topic, key, at, files)

    return query


def authorisations(
    context: typer.Context,
    year: Annotated[
        int | None,
        typer.Option(min=1970, max=9998, help=say("Year (default: newest).", "年份（默认最新）。")),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(min=1, help=say("Size of a signed checkpoint.", "某一签名检查点的大小。")),
    ] = None,
    proof: Annotated[Path | None, _PROOF] = None,
    certificate: Annotated[Path | None, _CERTIFICATE] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.authorising import list_authorisations

    session: Session = context.obj
    files = ProofFiles(proof, None, certificate, is_forced=force)
    list_authorisations(session, year, size, files)


def absent(
    context: typer.Context,
    key: Annotated[
        str | None, typer.Argument(help=say("A whole subject key.", "完整的主题标识。"))
    ] = None,
    uscc: Annotated[
        str | None,
        typer.Option(help=say("No party has this code.", "无主体使用该统一社会信用代码。")),
    ] = None,
    number: Annotated[
        str | None, typer.Option(help=say("No voucher has this number.", "无此编号的凭证。"))
    ] = None,
    digest: Annotated[
        str | None, typer.Option(help=say("Nobody published this SHA-256.", "无人公布过该摘要。"))
    ] = None,
    proof: Annotated[Path | None, _PROOF] = None,
    certificate: Annotated[Path | None, _CERTIFICATE] = None,
    force: Annotated[bool, FORCE] = False,
) -> int:
    from contracts.numbering import parse_number
    from ledger.core.subjects import parse_subject

    session: Session = context.obj
    if number is not None:
        parse_number(number)
    named = [
        key,
        None if uscc is None else f"name/uscc:{uscc}",
        None if number is None else f"voucher/{number}",
        None if digest is None else f"name/sha256:{digest}",
    ]
    asked = [name for name in named if name is not None]
    if len(asked) != 1:
        raise UsageError(
            say(
                "name one thing: KEY, --uscc, --number or --digest",
                "请给出一项：标识、--uscc、--number 或 --digest",
            )
        )
    subject = parse_subject(asked[0])
    with session.registry() as registry:
        files = ProofFiles(proof, None, certificate, is_forced=force)
        found = _answer(session, registry, subject, files, wants_absence=True)
    return Exit.NOT_FOUND if found else Exit.DONE


def private(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(
            help=say(
                "Whole keys, voucher numbers or voucher files.", "完整标识、凭证编号或凭证文件。"
            )
        ),
    ],
    proof: Annotated[Path | None, _PROOF] = None,
    force: Annotated[bool, FORCE] = False,
) -> int:
    from cli.lookingup import look_up

    is_all_there = look_up(context.obj, what, proof, force=force)
    return Exit.DONE if is_all_there else Exit.NOT_FOUND


def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help=say("What to look for.", "查找内容。"))],
    kind: Annotated[
        str | None,
        typer.Option(help=say("asset, party, voucher, ...", "asset、party、voucher 等。")),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help=say("At most so many.", "最多条数。"))
    ] = 50,
) -> None:
    session: Session = context.obj
    with session.registry() as registry:
        found = registry.search(text, kind=kind, limit=limit)
    items: list[Json] = [
        {"subject": key, "label": listing.label, "status": listing.status} for key, listing in found
    ]
    rows = [
        (key, show_label(listing.label), show_status(listing.status, key.partition("/")[0]))
        for key, listing in found
    ]
    headers = [say("subject", "主题"), say("name", "名称"), say("status", "状态")]
    session.out.items(items, headers, rows)


def show_subject(
    session: Session,
    registry: "RegistryApi",
    kind: str,
    text: str,
    files: ProofFiles = ProofFiles(),
) -> None:
    """Print the state of what people call by this text, and write the proofs asked for."""
    from cli.subjects import find_asset, find_subject

    is_asset = kind == "asset"
    key = find_asset(registry, text) if is_asset else find_subject(registry, kind, text)
    _answer(session, registry, key, files)


def _answer(
    session: Session,
    registry: "RegistryApi",
    key: SubjectKey,
    files: ProofFiles,
    *,
    wants_absence: bool = False,
) -> bool:
    """Print a subject's state and write the proofs asked for; whether there is such a subject."""
    from cli.answering import write_proofs
    from ledger.core.bundle import format_state_bundle
    from ledger.core.state import state_json

    prover = registry.prover()
    bundle = prover.prove_state(key)
    document: dict[str, Json] = {
        "subject": key,
        "present": bundle.value is not None,
        "value": None if bundle.value is None else state_json(bundle.value),
        "log": {"origin": registry.origin, "size": prover.anchor.size},
    }
    document |= write_proofs(prover, key, format_state_bundle(bundle), files)

    def human() -> None:
        rows = [(say("subject", "主题"), str(key))]
        if bundle.value is None:
            rows.append(
                (
                    say("present", "存在"),
                    say("no: there is no such registration", "否：不存在该项登记"),
                )
            )
        else:
            rows += flatten_state(key.partition("/")[0], bundle.value.state.body)
            rows.append((say("events", "事件数"), str(bundle.value.n)))
        for name in ("file", "dossier", "certificate"):
            if name in document:
                rows.append((show_word(name), str(document[name])))
        session.out.table(str(key), rows)
        if bundle.value is not None and wants_absence:
            session.out.talk(
                "It is registered: its absence cannot be proved.", "该项已登记，无法证明其不存在。"
            )

    session.out.result(document, human)
    return bundle.value is not None


def flatten_state(kind: str, body: "Json", prefix: str = "") -> list[tuple[str, str]]:
    """Members of the state of a kind of subject as rows; intervals with their dates."""
    rows: list[tuple[str, str]] = []
    if isinstance(body, dict):
        if body.keys() == {"value", "from", "to", "index"}:
            return [(show_member(prefix), _show_interval(kind, prefix, body))]
        for name, member in body.items():
            if name == _COMMITMENTS and isinstance(member, dict):  # digests say little to people
                counted = say(f"{len(member)} commitments", f"{len(member)} 项")
                rows.append((show_member(name), counted))
            else:
                rows += flatten_state(kind, member, f"{prefix}.{name}" if prefix else name)
    elif isinstance(body, list | tuple):
        for member in body:
            rows += flatten_state(kind, member, prefix)
    elif body is not None:
        rows.append((show_member(prefix), show_value(kind, prefix, body)))
    return rows


def _show_interval(kind: str, path: str, interval: "JsonObject") -> str:
    since = format_local(_as_time(interval["from"]))
    end = interval["to"]
    until = "" if end is None else say(" until ", "，至 ") + format_local(_as_time(end))
    value = interval["value"]
    if isinstance(value, dict):
        said = {name: member for name, member in sorted(value.items()) if member is not None}
        members = [f"{show_role(n, path)} {show_value(kind, n, m)}" for n, m in said.items()]
        shown = say(", ", "，").join(members)
    else:
        shown = show_value(kind, path, value)
    return f"{shown}  [{say('since ', '自 ')}{since}{until}]"


def show_value(kind: str, path: str, value: "Json") -> str:
    """A value for people: times as dates, the ledger's own words in the chosen language."""
    import json

    name = path.rpartition(".")[2]
    if name in _TIMES and isinstance(value, int):
        return format_local(_as_time(value))
    if isinstance(value, bool):
        return say("yes", "是") if value else say("no", "否")
    if isinstance(value, str):
        return show_status(value, kind) if name == "status" else show_fact(name, value)
    if name == "rights" and isinstance(value, list | tuple):
        return say(", ", "、").join(show_word(str(each)) for each in value)
    return json.dumps(value, ensure_ascii=False)


def _as_time(value: "Json") -> UnixMillis:
    return UnixMillis(int(str(value)))
