"""`muniment registration object|resolve|extend|terminate`: what a review may run into."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from cli.commands.options import DRAFT, REASONS, REGISTRATION, file_or_digest
from cli.exitcodes import UsageError
from cli.lang import say

if TYPE_CHECKING:
    from ledger.core.types import SubjectKey
    from node.registryapi import RegistryApi


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
    out: Annotated[Path | None, DRAFT] = None,
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
        out,
    )


def resolve(
    context: typer.Context,
    registration: Annotated[str, REGISTRATION],
    outcome: Annotated[
        str,
        typer.Option(
            help=say(
                "dismissed or upheld, of all that are open; withdrawn, of one.",
                "dismissed、upheld（全部）或 withdrawn。",
            )
        ),
    ],
    reasons: Annotated[str, REASONS],
    objector: Annotated[
        str | None,
        typer.Option(
            help=say("Whose objection is withdrawn, if several.", "撤回何人的异议（有多项时）。")
        ),
    ] = None,
    document: Annotated[
        str | None,
        file_or_digest(
            "The letter that withdraws it; only its digest is written.",
            "撤回异议的书面材料（文件或摘要），仅登记其摘要。",
        ),
    ] = None,
    as_party: Annotated[
        str | None,
        typer.Option("--as", help=say("Who objected, to withdraw.", "异议人（撤回时）。")),
    ] = None,
    out: Annotated[Path | None, DRAFT] = None,
) -> None:
    from msgspec import UNSET

    from cli.fingerprints import read_digest
    from cli.registering import check_choice
    from cli.steps import write_step
    from cli.subjects import find_party
    from contracts.objecting import Outcome, Resolve

    chosen: Outcome = check_choice("--outcome", outcome, get_args(Outcome))
    digest = UNSET if document is None else read_digest(document)

    def make_body(registry: "RegistryApi", key: "SubjectKey") -> Resolve:
        named = objector or as_party
        whose = _find_objector(registry, key, named) if named or chosen == "withdrawn" else None
        return Resolve(
            registration=key,
            outcome=chosen,
            reasons=reasons,
            objector=whose or UNSET,
            document=digest,
        )

    def find_actor(registry: "RegistryApi", _: "SubjectKey") -> "SubjectKey":
        return registry.ledger.registrar if as_party is None else find_party(registry, as_party)

    write_step(context.obj, registration, make_body, find_actor, out)


def _find_objector(
    registry: "RegistryApi", key: "SubjectKey", named: str | None
) -> "SubjectKey | None":
    """Whose objection is meant, by default the only open one; None: none is open.

    Raises:
        UsageError: Several are open, and none is named.
        NotFoundError: There is no such party.
    """
    from cli.subjects import find_party
    from contracts.procedure import Registration, objectors_of

    if named is not None:
        return find_party(registry, named)
    objectors = objectors_of(registry.need_state(Registration, key))
    if len(objectors) > 1:
        listed = ", ".join(objectors)
        raise UsageError(
            say(
                f"{len(objectors)} objections are open: name with --objector whose is withdrawn, "
                f"of {listed}",
                f"现有 {len(objectors)} 项未结异议：请以 --objector 指明撤回何人的异议：{listed}",
            ),
            "party_required",
        )
    return objectors[0] if objectors else None


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
