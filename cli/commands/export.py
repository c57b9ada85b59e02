"""`muniment export`: what leaves the registry for the national system and for data catalogues."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.commands.options import FORCE, OUT, VOUCHER
from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from ledger.core.types import SubjectKey

if TYPE_CHECKING:
    from node.registryapi import RegistryApi


def create_group() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(
        help=say(
            "What leaves the registry: for the national system, for catalogues.",
            "对外导出：报送国家系统、数据目录等。",
        ),
        no_args_is_help=True,
    )
    group.command(
        "national",
        help=say(
            "What the national system is sent of a registration (Article 24, 26).\n\nIts notice or its evidence, whichever is due. The digest is what 'registration record' names.\n\nExample: muniment export national rdydrlpl --out rdydrlpl.national.json",
            "导出报送国家系统的内容（第二十四、二十六条）。\n\n按进度导出公示信息或存证信息；所附摘要即 registration record 所载摘要。\n\n示例：muniment export national rdydrlpl --out rdydrlpl.national.json",
        ),
    )(national)
    group.command(
        "dcat",
        help=say(
            "A DCAT 3 catalogue of what is registered and published, with proofs.\n\nExample: muniment export dcat --out catalogue.jsonld",
            "导出已登记并公示数据的目录（DCAT 3），附证明。\n\n示例：muniment export dcat --out catalogue.jsonld",
        ),
    )(dcat)
    group.command(
        "vc",
        help=say(
            "The bare credential of a voucher, without proofs of the ledger.\n\nExample: muniment export vc TEST2026110001 --out TEST2026110001.vc.json",
            "仅导出凭证的 W3C 凭据，不含账本证明。\n\n示例：muniment export vc TEST2026110001 --out TEST2026110001.vc.json",
        ),
    )(credential)
    group.command(
        "prov",
        help=say(
            "The chain of title of an asset as W3C PROV, as of now.\n\nExample: muniment export prov TEST2026110001 --out chain.prov.json",
            "以 W3C PROV 导出数据的权利链（截至目前）。\n\n示例：muniment export prov TEST2026110001 --out chain.prov.json",
        ),
    )(prov)
    return group


def national(
    context: typer.Context,
    text: Annotated[
        str,
        typer.Argument(
            metavar="registration",
            help=say("Registration, or number of a voucher.", "登记，或凭证编号。"),
        ),
    ],
    part: Annotated[
        str | None,
        typer.Option(
            help=say(
                "notice or evidence (default: what is due).",
                "notice 公示信息，evidence 存证信息（默认按进度）。",
            )
        ),
    ] = None,
    with_proofs: Annotated[
        bool,
        typer.Option(
            "--with-proofs",
            help=say("Carry proofs that 'verify' checks.", "附可离线验证的证明。"),
        ),
    ] = False,
    with_fingerprints: Annotated[
        bool,
        typer.Option(
            "--with-fingerprints",
            help=say(
                "Deposit the fingerprints of the content, as the applicant wishes.",
                "按申请人意愿存入数据指纹。",
            ),
        ),
    ] = False,
    out: Annotated[Path | None, OUT] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.files import PUBLIC_MODE, format_document
    from cli.results import Made, print_or_write
    from ledger.files import PRIVATE_MODE
    from node.exports.national import format_national
    from node.exports.sending import make_national, prove_national

    session: Session = context.obj
    wanted = _choose_part(part)
    with session.registry() as registry:
        key = _find_registration(registry, text)
        made = make_national(registry, key, wanted, with_openings=with_fingerprints)
        proofs = prove_national(registry, made) if with_proofs else None
    document = format_national(made, proofs)
    result = Made(
        document,
        format_document(document),
        told={"subject": key, "part": made.part, "digest": made.digest},
        rows=[
            (say("part", "内容"), _show_part(made.part)),
            (say("digest", "摘要"), made.digest),
        ],
    )
    mode = PRIVATE_MODE if with_fingerprints else PUBLIC_MODE
    print_or_write(session, result, out, force=force, mode=mode)


def dcat(
    context: typer.Context,
    limit: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help=say("At most so many assets.", "最多数据个数。")),
    ] = None,
    after: Annotated[
        str, typer.Option(help=say("Only assets after this key.", "仅列此标识之后的数据。"))
    ] = "",
    without_proofs: Annotated[
        bool,
        typer.Option(
            "--without-proofs",
            help=say("Leave out what 'verify' needs.", "不附验证所需的证明。"),
        ),
    ] = False,
    out: Annotated[Path | None, OUT] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.files import format_document
    from cli.results import Made, print_or_write
    from node.exports.catalogue import Page, make_catalogue

    session: Session = context.obj
    with session.registry() as registry:
        made = make_catalogue(registry, Page(after, limit), with_proofs=not without_proofs)
    count, root = made.document["count"], made.document["root"]
    result = Made(
        made.document,
        format_document(made.document),
        made.data,
        told={"datasets": count, "root": root, "digest": made.digest},
        rows=[
            (say("datasets", "数据个数"), str(count)),
            (say("root", "根"), str(root)),
            (say("digest", "摘要"), made.digest),
        ],
    )
    print_or_write(session, result, out, force=force)


def credential(
    context: typer.Context,
    number: Annotated[str, VOUCHER],
    out: Annotated[Path | None, OUT] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.files import format_document
    from cli.results import Made, print_or_write
    from cli.subjects import find_voucher
    from node.bundles import read_credential

    session: Session = context.obj
    with session.registry() as registry:
        full = find_voucher(registry, number)
        document = read_credential(registry, full)
    result = Made(document, format_document(document), told={"voucher": full})
    print_or_write(session, result, out, force=force)


def prov(
    context: typer.Context,
    text: Annotated[
        str,
        typer.Argument(
            metavar="asset", help=say("Asset, or number of a voucher.", "数据，或凭证编号。")
        ),
    ],
    out: Annotated[Path | None, OUT] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    import json

    from cli.results import Made, print_or_write
    from cli.subjects import find_asset
    from node.chains import Tracer
    from node.render.chain import Source
    from node.render.provenance import render_prov

    session: Session = context.obj
    with session.registry() as registry:
        now = registry.clock.now()
        step = Tracer(registry, now).trace_asset(find_asset(registry, text))
        drawn = render_prov(step, Source(registry.origin, now))
    made = Made(json.loads(drawn), drawn, told={"subject": step.subject})
    print_or_write(session, made, out, force=force)


def _choose_part(part: str | None) -> Literal["notice", "evidence"] | None:
    """The part asked for.

    Raises:
        UsageError: There is no such part.
    """
    match part:
        case None | "notice" | "evidence":
            return part
        case _:
            raise UsageError(
                say("--part is notice or evidence", "--part 应为 notice 或 evidence"),
                "option_value",
            )


def _find_registration(registry: "RegistryApi", text: str) -> SubjectKey:
    from cli.subjects import find_subject
    from node.exports.sending import find_registration

    found = find_registration(registry, text)
    return find_subject(registry, "registration", text) if found is None else found


def _show_part(part: str) -> str:
    return {
        "notice": say("public notice (Art. 24)", "公示信息（第二十四条）"),
        "evidence": say("evidence (Art. 26)", "存证信息（第二十六条）"),
    }[part]
