"""Traces a file: climbs the ladder, reads the marks, and asks the ledger what was allowed.

Spec: tracing; surfaces, `trace file`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec.structs

from ledger.core.types import SubjectKey
from node.registryapi import RegistryApi
from node.tracing.bounds import encode_share
from node.tracing.compose import Composed, Measured, Request, compose
from node.tracing.deliveries import read_flow
from node.tracing.finding import Derivation, Overlap, Step, SuspectFile, Why
from node.tracing.ladder import Base, climb, find_base, find_record
from tracing.fingerprint import Fingerprint, Progress, fingerprint_file

if TYPE_CHECKING:
    from node.tracing.attribution import Compared
    from tracing.tables import Table

LEAST_ROWS: Final = 20
"""So many rows have to be aligned with an original before they alone say that a file derives."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be traced, and by whom.

    Args:
        suspect: The file that was found.
        original: The registered file, or a copy that was delivered, against which marks are read;
            None: not at hand.
        asset: The only one that is asked about; None: any.
        choose_viewer: Whose marking keys may be used, given the asset; None: nobody's.
        bound: On naming any innocent delivery, 0 to 1.
    """

    suspect: Path
    original: Path | None
    asset: SubjectKey | None
    choose_viewer: Callable[[SubjectKey], SubjectKey | None]
    bound: float


def trace_file(
    registry: RegistryApi, order: Order, request: Request, progress: Progress
) -> Composed:
    """Say from which asset and delivery a file comes, and whether that was allowed.

    Args:
        registry: Of this home.
        order: What is traced.
        request: What was said besides; its viewer is chosen by the order.
        progress: Told of the bytes read.

    Raises:
        NotFoundError: There is no such file, or no checkpoint was signed yet.
        RejectedError: The original is not the registered one, or the act comes before its delivery.
        TablesMissingError: The packages that tables need are not installed.
        MalformedError: A file cannot be read, or the original is no table.
        LimitError: A file is too large, or a proof is.
        BundleError: The vault opens something else than a delivery committed to.
    """
    file, base = fingerprint_file(order.suspect, progress), None
    if order.original is not None:
        digest = fingerprint_file(order.original, progress).digest
        base = find_base(registry, digest, order.asset)
    asset = order.asset if base is None else base.asset
    derivation, read = climb(registry, order.suspect, file, asset, progress)
    table = None if read.parts.table is None else read.parts.table.table
    suspect = _describe(file, table)
    compared = None
    if order.original is not None and base is not None and table is not None:
        compared = _compare(table, order.original, base, progress)
        derivation = _add_alignment(registry, derivation, compared)
    measured = Measured(suspect, derivation, why="no-asset")
    viewer = None
    if derivation.asset is not None:
        viewer = order.choose_viewer(derivation.asset)
        measured = _score(registry, measured, viewer, compared, order.bound)
    prover = registry.prover()
    composed = compose(registry, prover, measured, replace(request, viewer=viewer))
    return replace(composed, fault=read.fault)


def _describe(file: Fingerprint, table: "Table | None") -> SuspectFile:
    return SuspectFile(
        digest=file.digest,
        size=file.size,
        form="file" if table is None else table.form,
        rows=None if table is None else table.height,
        columns=None if table is None else len(table.columns),
    )


def _compare(suspect: "Table", original: Path, base: Base, progress: Progress) -> "Compared":
    from node.tracing.attribution import compare  # heavy

    return compare(suspect, original, base, progress)


def _add_alignment(
    registry: RegistryApi, derivation: Derivation, compared: "Compared"
) -> Derivation:
    """The derivation with what alignment says; enough aligned rows decide it by themselves."""
    outcome: Literal["match", "no-match"] = "match" if compared.aligned else "no-match"
    steps = [*derivation.steps, Step(rung="alignment", outcome=outcome)]
    overlaps, record = derivation.overlaps, derivation.record
    asset, own = compared.base.asset, measure_alignment(compared)
    if own is not None:
        overlaps = (own, *overlaps)
        record = record or find_record(registry, asset)
    return msgspec.structs.replace(
        derivation,
        asset=derivation.asset or (None if own is None else asset),
        record=record,
        overlaps=overlaps,
        steps=tuple(steps),
    )


def measure_alignment(compared: "Compared") -> Overlap | None:
    """The rows that a suspect and an original share; None: too few to say that it derives."""
    count = compared.aligned
    if not count or count < min(LEAST_ROWS, compared.suspect.height):
        return None
    return Overlap(
        asset=compared.base.asset,
        by="alignment",
        of_suspect=(encode_share(count / compared.suspect.height),) * 3,
        of_asset=(encode_share(count / compared.original.table.height),) * 3,
    )


def _score(
    registry: RegistryApi,
    measured: Measured,
    viewer: SubjectKey | None,
    compared: "Compared | None",
    bound: float,
) -> Measured:
    """What the marks say, or why they say nothing."""
    from node.tracing.attribution import attribute, explain_unscored  # heavy

    asset = measured.derivation.asset
    flow = read_flow(registry.iterate_events(SubjectKey(str(asset))))
    if compared is None:
        missing: Why = "no-table" if measured.suspect.rows is None else "no-original"
        return replace(measured, why=explain_unscored(flow) or missing)
    scored = attribute(registry, flow, viewer, compared, bound)
    return replace(
        measured,
        chances=scored.chances,
        sources=scored.sources,
        why=scored.why,
        rows=scored.rows,
        marks=scored.marks,
        invented=scored.invented,
        against=compared.base.delivery,
    )
