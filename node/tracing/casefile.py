"""Writes the case of a finding: its proofs under one checkpoint, and reports for people.

Spec: our formats, section 7, "case"; tracing, section 4.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.check import CheckBundle, format_check
from contracts.records import format_record
from ledger.core.bundle import StateBundle, format_state_bundle
from ledger.core.dossier import Dossier, format_dossier
from ledger.core.types import JsonObject, SubjectKey
from ledger.errors import LimitError
from node.bundles import encode_file, make_voucher, read_content_openings
from node.pack import CASE, Pack, write_pack
from node.presenting import find_history
from node.registryapi import Proofs, RegistryApi
from node.render.tracereport import render_report
from node.tracing.casepaths import (
    HISTORY_PATH,
    OPENING_PATH,
    VOUCHER_PATH,
    check_path,
    delivery_path,
    list_paths,
    name_path,
)
from node.tracing.finding import FINDING_FILE, REPORT_FILES, Finding

MAX_CASE_BYTES: Final = 5 * 1024 * 1024
MAX_HISTORY_BYTES: Final = 4 * 1024 * 1024
"""Of the asset's history; a longer one is left out, and the finding says so."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The proofs that a finding rests on, all under one checkpoint.

    Args:
        voucher: Of the asset; None: it has none.
        opening: Of the registered content; None: not opened.
        history: Of the asset; None: it is more than a case holds.
        deliveries: Histories of the named deliveries, in their order.
        checks: What their recipients were allowed, likewise.
        parties: States of the parties that the finding names, in their order.
    """

    voucher: JsonObject | None
    opening: JsonObject | None
    history: Dossier | None
    deliveries: Sequence[Dossier] = field(default=())
    checks: Sequence[CheckBundle] = field(default=())
    parties: Sequence[StateBundle] = field(default=())


def prove_asset(
    registry: RegistryApi, prover: Proofs, asset: SubjectKey, number: str | None, *, is_opened: bool
) -> Evidence:
    """What every case of an asset holds.

    Args:
        registry: Read only.
        prover: Of the checkpoint.
        asset: Its key.
        number: Of its voucher; None: it has none.
        is_opened: Open the commitment to its content, from the vault.

    Raises:
        NotFoundError: This vault has no opening of it.
    """
    voucher = None if number is None else make_voucher(registry, number, prover)
    opening = read_content_openings(registry, number) if number and is_opened else None
    return Evidence(voucher, opening, find_history(prover, asset, MAX_HISTORY_BYTES))


def write_case(finding: Finding, evidence: Evidence) -> bytes:
    """The case: the same finding and proofs give the same bytes on every machine.

    Raises:
        LimitError: It would be larger than MAX_CASE_BYTES.
        AssertionError: The proofs are not those that the finding speaks of.
    """
    files = {FINDING_FILE: encode_file(format_record(finding))}
    for language, path in REPORT_FILES.items():
        files[path] = render_report(finding, language).encode()
    files |= {path: encode_file(document) for path, document in _format_proofs(evidence)}
    if files.keys() != list_paths(finding):
        odd = sorted(files.keys() ^ list_paths(finding))
        raise AssertionError(f"a case holds what its finding speaks of: not so {odd}")
    data = write_pack(Pack(CASE, files))
    if len(data) > MAX_CASE_BYTES:
        raise LimitError(
            f"the case would have {len(data)} bytes, more than {MAX_CASE_BYTES}: the recipient's "
            "history is too long for one file; ask 'muniment grant check --proof' by itself"
        )
    return data


def _format_proofs(evidence: Evidence) -> Iterator[tuple[str, JsonObject]]:
    single: Mapping[str, JsonObject | None] = {
        VOUCHER_PATH: evidence.voucher,
        OPENING_PATH: evidence.opening,
        HISTORY_PATH: None if evidence.history is None else format_dossier(evidence.history),
    }
    yield from ((path, document) for path, document in single.items() if document is not None)
    for number, dossier in enumerate(evidence.deliveries, 1):
        yield delivery_path(number), format_dossier(dossier)
    for number, check in enumerate(evidence.checks, 1):
        yield check_path(number), format_check(check)
    for number, state in enumerate(evidence.parties, 1):
        yield name_path(number), format_state_bundle(state)
