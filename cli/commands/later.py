"""`muniment registration change`, `renew` and `cancel`: what is filed about a voucher."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import DRAFT, FORCE, VOUCHER, file_or_digest
from cli.lang import say
from ledger.core.types import Json

_AS = typer.Option("--as", help=say("Right-holder that files.", "提出申请的权利人。"))
_TITLE = typer.Option(help=say("Title, if it was never published.", "数据名称（未公示时）。"))
_EVIDENCE = file_or_digest(
    "Evidence; only its digest is committed to.", "证明材料，仅就其摘要作出承诺。"
)


def add_commands(group: typer.Typer) -> None:
    """Add the commands to the group `registration`."""
    group.command(
        "change",
        help=say(
            "File a change: the data is described otherwise (Article 35).\n\nAll right-holders sign; if a key is elsewhere, a draft is written for it. A new voucher with the same rights and the same end takes the place of the old one. Right-holders, rights and source never change.\n\nExample: muniment registration change TEST2026110001 --set summary='Occupancy by the minute'",
            "申请变更登记：数据描述变更（第三十五条）。\n\n须由全部权利人签署；密钥在别处时写成草稿。\n\n换发的凭证权利与有效期不变；权利人、权利与来源不得变更。\n\n示例：muniment registration change TEST2026110001 --set summary=车位占用",
        ),
    )(change)
    group.command(
        "renew",
        help=say(
            "File a renewal, from six months before the voucher expires (Article 36).\n\nAny one right-holder files it for all; no other signature is needed. Filed in time, the rights stay in force until it is decided.\n\nExample: muniment registration renew TEST2026110001 --years 3",
            "申请续期登记：有效期届满前六个月内提出（第三十六条）。\n\n任一权利人均可提出，无须其他权利人签署。按期提出的，办结前权利继续有效。\n\n示例：muniment registration renew TEST2026110001 --years 3",
        ),
    )(renew)
    group.command(
        "cancel",
        help=say(
            "File a cancellation: all rights end, the evidence stays (Article 37).\n\nAll right-holders sign. An expired voucher is cancelled too.\n\nExample: muniment registration cancel TEST2026110001 --reason 'the data was destroyed'",
            "申请注销登记：全部权利终止，存证保留（第三十七条）。\n\n须由全部权利人签署。已过期的凭证亦可注销。\n\n示例：muniment registration cancel TEST2026110001 --reason 数据已销毁",
        ),
    )(cancel)


def change(
    context: typer.Context,
    voucher: Annotated[str, VOUCHER],
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="MEMBER=VALUE",
            help=say(
                "form, industry, spatial, summary, temporal.start, temporal.end, title, update_frequency or volume; several times.",
                "变更项，可多次给出： form, industry, spatial, summary, temporal.start, temporal.end, title, update_frequency, volume。",
            ),
        ),
    ] = None,
    applicant_name: Annotated[
        str | None,
        typer.Option(
            help=say(
                "The applicant's new name; committed to, never published.",
                "申请人变更后的名称；仅作承诺，不予公开。",
            )
        ),
    ] = None,
    evidence: Annotated[str | None, _EVIDENCE] = None,
    party: Annotated[str | None, _AS] = None,
    title: Annotated[str | None, _TITLE] = None,
    out: Annotated[Path | None, DRAFT] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.later import LaterOptions, file_later, read_changes

    after = read_changes(set_ or [])
    if applicant_name is not None:
        after["name"] = applicant_name
    members: dict[str, Json] = {"after": after}
    options = LaterOptions(voucher, members, party, title, evidence, out, force)
    file_later(context.obj, "change", options)


def renew(
    context: typer.Context,
    voucher: Annotated[str, VOUCHER],
    years: Annotated[
        int | None,
        typer.Option(min=1, max=30, help=say("Years anew (default: all there are).", "续期年数。")),
    ] = None,
    evidence: Annotated[str | None, _EVIDENCE] = None,
    party: Annotated[str | None, _AS] = None,
    title: Annotated[str | None, _TITLE] = None,
    out: Annotated[Path | None, DRAFT] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.later import LaterOptions, file_later

    members: dict[str, Json] = {} if years is None else {"term": {"years": years}}
    options = LaterOptions(voucher, members, party, title, evidence, out, force)
    file_later(context.obj, "renewal", options)


def cancel(
    context: typer.Context,
    voucher: Annotated[str, VOUCHER],
    reason: Annotated[str, typer.Option(help=say("Why, in words.", "注销原因。"))],
    evidence: Annotated[str | None, _EVIDENCE] = None,
    party: Annotated[str | None, _AS] = None,
    title: Annotated[str | None, _TITLE] = None,
    out: Annotated[Path | None, DRAFT] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.later import LaterOptions, file_later

    members: dict[str, Json] = {"reason": reason}
    options = LaterOptions(voucher, members, party, title, evidence, out, force)
    file_later(context.obj, "cancellation", options)
