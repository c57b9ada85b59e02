"""`muniment registration object|resolve|extend|terminate`: what a review may run into."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from cli.commands.options import REASONS, REGISTRATION
from cli.lang import say


def object_to(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    reason: Annotated[str, typer.Option(help=say("In a sentence or two.", "理由，一两句话说明。"))],
    evidence: Annotated[
        Path,
        typer.Option(
            help=say(
                "What it rests on, a file; only its digest is written.",
                "所依据的材料文件，仅登记其摘要。",
            )
        ),
    ],
    as_party: Annotated[
        str | None, typer.Option("--as", help=say("Party that objects.", "提出异议的主体。"))
    ] = None,
) -> None:
    from cli.steps import write_as_anybody
    from contracts.objecting import Object
    from tracing.fingerprint import fingerprint_file

    digest = fingerprint_file(evidence).digest
    write_as_anybody(
        context.obj,
        registration,
        as_party,
        lambda _, key: Object(registration=key, reason=reason, evidence=digest),
    )


def resolve(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    outcome: Annotated[
        str,
        typer.Option(
            help=say(
                "dismissed, withdrawn or upheld; of all that are open.",
                "dismissed 驳回、withdrawn 撤回或 upheld 成立。",
            )
        ),
    ],
    reasons: Annotated[str, REASONS],
) -> None:
    from cli.registering import check_choice
    from cli.steps import write_as_registrar
    from contracts.objecting import Outcome, Resolve

    chosen: Outcome = check_choice("--outcome", outcome, get_args(Outcome))
    write_as_registrar(
        context.obj,
        registration,
        lambda _, key: Resolve(registration=key, outcome=chosen, reasons=reasons),
    )


def extend(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    reason: Annotated[
        str,
        typer.Option(help=say("Such as complex sources.", "理由，如数据来源复杂、规模较大。")),
    ],
) -> None:
    from cli.steps import write_as_registrar
    from contracts.registration import Extend

    write_as_registrar(
        context.obj, registration, lambda _, key: Extend(registration=key, reason=reason)
    )


def terminate(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    reasons: Annotated[str, REASONS],
) -> None:
    from cli.steps import write_as_registrar
    from contracts.registration import Terminate

    write_as_registrar(
        context.obj, registration, lambda _, key: Terminate(registration=key, reasons=reasons)
    )
