"""`muniment grant issue|accept|revoke|list|show|check`."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from cli.commands.options import ASSET, DRAFT, FORCE, LIMIT
from cli.exitcodes import Exit, UsageError
from cli.lang import say
from cli.session import Session
from cli.times import parse_date
from cli.words import show_status
from ledger.core.types import Json, UnixMillis

_GRANT = typer.Argument(help=say("Grant: key or its beginning.", "授权：标识或其开头。"))
_AS = typer.Option("--as", help=say("Party that acts.", "操作的主体。"))
_ASSET = say("Asset: key, title or voucher number.", "数据：标识、名称或凭证编号。")


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say("Grants: who may use, and resell, what.", "授权：谁可使用、可否再流通。"),
        no_args_is_help=True,
    )
    group.command(
        "issue",
        help=say(
            "Offer a grant on ODRL terms.\n\nTemplates: internal-use, one-onward-copy, "
            "public-data-operation, no-resale; --until, --purpose, --scene, --region and --count go with them.\n\n"
            "A template also says how strongly a copy may be marked, so that a leak can be traced: as the grant above says, "
            "else rows left out with a chance of 200 in 10,000 each and one cell changed in one row of 32. --withheld and --rows-per-mark say otherwise. "
            "Rows invented for a recipient (--invented-rows) are for small tables, and off unless said.\n\n"
            "Public data is licensed by a body on list/public-data:roots, to a public-data-operator, "
            "and by it to a developer; each grant names purpose and scene.\n\n"
            "A policy FILE has such limits as constraints. Its dateTime is Unix milliseconds, "
            "RFC 3339, or YYYY-MM-DD: a whole day at UTC+08:00, whose end lt and lteq reach.\n\n"
            "Example: muniment grant issue TEST2026110001 "
            "--to 乙公司 --template one-onward-copy --until 2027-12-31",
            "按 ODRL 条款发出授权要约。\n\n模板：\n\ninternal-use 内部使用\n\n"
            "one-onward-copy 可转授一次\n\npublic-data-operation 公共数据授权运营\n\n"
            "no-resale 禁止再流通\n\n"
            "--until、--purpose、--scene、--region、--count 仅用于模板；\n\n"
            "模板还约定副本的标记强度，用于追溯泄露：依上级授权，\n\n"
            "否则每行以万分之 200 的概率略去、每 32 行至多改动一格；\n\n"
            "可用 --withheld、--rows-per-mark 另定。\n\n"
            "小表可另约定虚构的行（--invented-rows），默认不用。\n\n"
            "策略文件中请写为约束，其 dateTime 可写毫秒数、\n\n"
            "RFC 3339 时间或 YYYY-MM-DD（UTC+08:00 的整日，lt、lteq 含当日）。\n\n"
            "公共数据由 list/public-data:roots 所列主体授权运营机构，\n\n"
            "再由其授权开发主体；每级均须写明用途与场景。\n\n"
            "示例：muniment grant issue TEST2026110001 --to 乙公司 --template no-resale",
        ),
    )(issue)
    group.command("accept", help=say("Accept an offer.", "接受授权要约。"))(accept)
    group.command(
        "revoke",
        help=say(
            "Revoke a grant; everything below it ends with it.\n\nExample: muniment grant revoke ID --ground breach",
            "撤回授权；其下各级授权随之终止。\n\n示例：muniment grant revoke 标识 --ground breach",
        ),
    )(revoke)
    group.command("list", help=say("List grants.", "列出授权。"))(show_all)
    group.command("show", help=say("Show a grant and its terms in words.", "显示授权及其条款。"))(
        show
    )
    group.command(
        "check",
        help=say(
            "May this party do this with this asset (then)?\n\nAnswers permitted, prohibited or "
            "not covered.\n\nExample: muniment grant check --action distribute --by 丙公司 --asset "
            "TEST2026110001",
            "该主体（当时）可否为该行为？\n\n回答：允许、禁止或未涵盖。\n\n"
            "示例：muniment grant check --action distribute --by 丙公司 --asset 2026",
        ),
    )(check)
    return group


def issue(
    context: typer.Context,
    asset: Annotated[str, ASSET],
    to: Annotated[str, typer.Option("--to", help=say("Party that gets the grant.", "被授权方。"))],
    template: Annotated[
        str | None, typer.Option(help=say("Ready-made terms.", "条款模板。"))
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help=say("File with an ODRL policy in JSON.", "ODRL 策略 JSON 文件。")),
    ] = None,
    parent: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Your own grant that this one rests on (default: found).",
                "所依据的上级授权（默认自动查找）。",
            )
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            help=say("Last day of the term; with --template.", "期限截止日期，用于模板。")
        ),
    ] = None,
    purpose: Annotated[
        list[str] | None,
        typer.Option(
            help=say("Purpose allowed; with --template; repeat.", "允许的用途，用于模板，可重复。")
        ),
    ] = None,
    scene: Annotated[
        list[str] | None,
        typer.Option(
            help=say("Scene of use; with --template; repeat.", "使用场景，用于模板，可重复。")
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "Region such as CN-32; with --template; repeat.",
                "地域，如 CN-32，用于模板，可重复。",
            )
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=say("At most so many uses in all; with --template.", "使用次数上限，用于模板。"),
        ),
    ] = None,
    withheld: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=2000,
            help=say(
                "Chance with which each row of a marked copy may be left out, per 10,000; 0: none; with --template.",
                "每行略去的万分概率，用于模板。",
            ),
        ),
    ] = None,
    rows_per_mark: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=1_000_000,
            help=say(
                "One row in so many may have a cell changed; 0: none; with --template.",
                "每多少行可有一行改动，用于模板。",
            ),
        ),
    ] = None,
    invented_rows: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=1_000,
            help=say(
                "Invented rows that a marked copy may hold; 0: none; with --template.",
                "副本可含的虚构行数，用于模板。",
            ),
        ),
    ] = None,
    agreement: Annotated[
        bool,
        typer.Option(
            "--agreement",
            help=say("Both sides sign; in force at once.", "双方共同签署，立即生效。"),
        ),
    ] = False,
    party: Annotated[str | None, _AS] = None,
    out: Annotated[Path | None, DRAFT] = None,
) -> None:
    from cli.granting import Terms, build_grant, choose_grantor, find_parent, write_grant
    from cli.subjects import find_asset, find_party

    session: Session = context.obj
    with session.registry(is_writer=True) as registry:
        subject = find_asset(registry, asset)
        actor = choose_grantor(registry, subject, party, parent)
        terms = Terms(
            template=template,
            file=policy,
            until=None if until is None else UnixMillis(parse_date(until) + 1),
            purposes=tuple(purpose or ()),
            scenes=tuple(scene or ()),
            regions=tuple(region or ()),
            count=count,
            kind="Agreement" if agreement else "Offer",
            withheld=withheld,
            rows_per_mark=rows_per_mark,
            invented=invented_rows,
        )
        body = build_grant(
            registry,
            (actor, find_party(registry, to)),
            subject,
            find_parent(registry, actor, subject, parent),
            terms,
        )
        write_grant(session, registry, actor, body, out)


def accept(
    context: typer.Context,
    grant: Annotated[str, _GRANT],
    party: Annotated[str | None, _AS] = None,
) -> None:
    from cli.subjects import find_party, find_subject
    from cli.writing import write_alone
    from contracts.chain import Grant
    from contracts.grant import Accept

    session: Session = context.obj
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "grant", grant)
        state = registry.need_state(Grant, key)
        actor = state.grantee if party is None else find_party(registry, party)
        write_alone(session, registry, actor, Accept(grant=key), key)


def revoke(
    context: typer.Context,
    grant: Annotated[str, _GRANT],
    ground: Annotated[
        str,
        typer.Option(
            help=say("withdrawn, breach, agreed or law.", "withdrawn、breach、agreed 或 law。")
        ),
    ] = "withdrawn",
    document: Annotated[
        Path | None,
        typer.Option(
            help=say("File that shows why; only its digest is written.", "依据文件，仅登记其摘要。")
        ),
    ] = None,
    party: Annotated[str | None, _AS] = None,
) -> None:
    from msgspec import UNSET

    from cli.subjects import find_party, find_subject
    from cli.writing import write_alone
    from contracts.chain import Grant
    from contracts.grant import RevocationGround, Revoke
    from node.granted import count_below, grantor_now
    from tracing.fingerprint import fingerprint_file

    session: Session = context.obj
    if ground not in get_args(RevocationGround):
        raise UsageError(
            say(
                f"--ground is one of {', '.join(get_args(RevocationGround))}",
                f"--ground 应为 {'、'.join(get_args(RevocationGround))} 之一",
            )
        )
    digest = UNSET if document is None else fingerprint_file(document).digest
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "grant", grant)
        grantor = grantor_now(registry, registry.need_state(Grant, key))
        actor = grantor if party is None else find_party(registry, party)
        below = count_below(registry, key)
        body = Revoke(grant=key, ground=ground, document=digest)  # type: ignore[arg-type]
        write_alone(session, registry, actor, body, key, {"below": below})


def show_all(
    context: typer.Context,
    asset: Annotated[str | None, typer.Option(help=_ASSET)] = None,
    party: Annotated[
        str | None, typer.Option(help=say("Given by or to this party.", "该主体授出或获得的。"))
    ] = None,
    limit: Annotated[int, LIMIT] = 200,
) -> None:
    from cli.subjects import find_asset, find_party
    from node.answers import StoredFacts
    from node.granted import find_grants, name_of, tell_status

    session: Session = context.obj
    items: list[Json] = []
    rows: list[list[str]] = []
    with session.registry() as registry:
        about = [
            *([] if asset is None else [find_asset(registry, asset)]),
            *([] if party is None else [find_party(registry, party)]),
        ]
        facts, now = StoredFacts(registry.prover()), registry.clock.now()
        found = find_grants(registry, about)
        for key, grant in found[:limit]:
            status = tell_status(facts, key, now)[0]
            item: dict[str, Json] = {
                "grant": key,
                "status": status,
                "grantor": grant.grantor,
                "grantee": grant.grantee,
                "asset": grant.asset,
                "parent": grant.parent,
            }
            items.append(item)
            sides = [name_of(registry, each) for each in (grant.grantor, grant.grantee)]
            asset_name = name_of(registry, grant.asset)
            rows.append([key, show_status(status, "grant"), " > ".join(sides), asset_name])
    left = [key for key, _ in found[limit:]]
    headers = [
        say("grant", "授权"),
        say("status", "状态"),
        say("from, to", "授权方、被授权方"),
        say("asset", "数据"),
    ]
    document: dict[str, Json] = {"items": items, "next": left[0] if left else None}
    session.out.result(document, lambda: session.out.list(headers, rows))
    if left:
        session.out.talk(
            f"{len(left)} older ones are not shown: say --limit {len(found)}",
            f"另有 {len(left)} 项较早的未显示：可用 --limit {len(found)}",
        )


def show(context: typer.Context, grant: Annotated[str, _GRANT]) -> None:
    from cli.granting import show_grant

    session: Session = context.obj
    with session.registry() as registry:
        show_grant(session, registry, grant)


def check(
    context: typer.Context,
    action: Annotated[
        str,
        typer.Option(help=say("ODRL action, such as distribute.", "ODRL 行为，如 distribute。")),
    ],
    by: Annotated[str, typer.Option("--by", help=say("Party that acts.", "行为主体。"))],
    asset: Annotated[str, typer.Option(help=_ASSET)],
    at: Annotated[
        str | None,
        typer.Option("--at", help=say("Date of the act (default: now).", "行为日期（默认现在）。")),
    ] = None,
    purpose: Annotated[str | None, typer.Option(help=say("Purpose stated.", "所述用途。"))] = None,
    scene: Annotated[str | None, typer.Option(help=say("Scene stated.", "所述场景。"))] = None,
    region: Annotated[str | None, typer.Option(help=say("Region stated.", "所述地域。"))] = None,
    recipient: Annotated[
        str | None, typer.Option(help=say("To whom, for an onward act.", "接收方。"))
    ] = None,
    industry: Annotated[str | None, typer.Option(help=say("Industry.", "行业。"))] = None,
    device: Annotated[
        str | None, typer.Option(help=say("System or device.", "系统或设备。"))
    ] = None,
    proof: Annotated[
        Path | None,
        typer.Option(
            "--proof",
            help=say("Write the proofs of every fact used.", "写出所依据全部事实的证明。"),
        ),
    ] = None,
    force: Annotated[bool, FORCE] = False,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help=say(
                "End with 7 unless permitted, or if the count is used up.",
                "未获允许或次数已用尽时以 7 退出。",
            ),
        ),
    ] = False,
) -> int:
    from cli.checking import Act, answer_check

    session: Session = context.obj
    act = Act(
        action=action,
        by=by,
        asset=asset,
        at=None if at is None else parse_date(at),
        recipient=recipient,
        facts={
            "purpose": purpose,
            "muniment:scene": scene,
            "spatial": region,
            "industry": industry,
            "systemDevice": device,
        },
    )
    is_open = answer_check(session, act, proof, force=force)
    return Exit.NOT_IN_FORCE if exit_code and not is_open else Exit.DONE
