"""Writes the case of a finding: its proofs under one checkpoint, and reports for people.

Spec: our formats, section 7, "case"; tracing, section 4.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Final

from contracts.check import CheckBundle, format_check
from contracts.records import format_record
from ledger.core.bundle import StateBundle, format_state_bundle
from ledger.core.dossier import Dossier, DossierEvent, format_dossier
from ledger.core.entry import Entry
from ledger.core.limits import MAX_DOSSIER_EVENTS
from ledger.core.types import JsonObject, LeafIndex, SubjectKey
from ledger.errors import CorruptionError, LimitError
from ledger.keys import SigningKey
from node.bundles import encode_file, make_voucher, read_content_openings
from node.pack import CASE, Pack, write_pack
from node.registryapi import Proofs, RegistryApi
from node.render.tracereport import render_report
from node.tracing.casehistory import History, Page, format_page
from node.tracing.casepaths import (
    HISTORY_PATH,
    OPENING_PATH,
    SIGNATURE_PATH,
    SIGNER_PATH,
    VOUCHER_PATH,
    check_path,
    delivery_path,
    earlier_path,
    list_paths,
    name_path,
)
from node.tracing.finding import FINDING_FILE, REPORT_FILES, Finding
from node.tracing.signing import format_signature, sign_finding, verify_signature

MAX_CASE_BYTES: Final = 5 * 1024 * 1024
MAX_STORED_BYTES: Final = 1024 * 1024
MAX_EVENTS: Final = 10_000
"""Of an asset whose history a case holds: ten files."""
MAX_HISTORY_BYTES: Final = 3_500_000
"""Of that history, as it is packed: with the rest the case stays within its limit."""


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
        signer: State of who signs the case; None: nobody does.
    """

    voucher: JsonObject | None
    opening: JsonObject | None
    history: History | None
    deliveries: Sequence[Dossier] = field(default=())
    checks: Sequence[CheckBundle] = field(default=())
    parties: Sequence[StateBundle] = field(default=())
    signer: StateBundle | None = None


def prove_asset(
    registry: RegistryApi,
    prover: Proofs,
    asset: SubjectKey,
    number: str | None,
    *,
    is_opened: bool,
    is_whole: bool,
) -> Evidence:
    """What every case of an asset holds.

    Args:
        registry: Read only.
        prover: Of the checkpoint.
        asset: Its key.
        number: Of its voucher; None: it has none.
        is_opened: Open the commitment to its content, from the vault.
        is_whole: Prove its history, if that is not more than a case holds.

    Raises:
        NotFoundError: This vault has no opening of it.
    """
    voucher = None if number is None else make_voucher(registry, number, prover)
    opening = read_content_openings(registry, number) if number and is_opened else None
    history = find_asset_history(registry, prover, asset) if is_whole else None
    return Evidence(voucher, opening, history)


def find_asset_history(registry: RegistryApi, prover: Proofs, key: SubjectKey) -> History | None:
    """The whole history of an asset; None if it is more than a case should hold.

    Args:
        registry: Read only.
        prover: Of the checkpoint that everything is proved under.
        key: Of the asset.

    Raises:
        CorruptionError: The ledger has fewer events of it than its state counts.
    """
    value = prover.read_state(key)
    known = 0 if value is None else value.n
    if known > MAX_EVENTS:
        return None
    first = max(0, known - MAX_DOSSIER_EVENTS)
    events = islice(registry.iterate_events(key), first)
    pages = tuple(_prove_pages(prover, key, events))
    if sum(len(page.events) for page in pages) != first:
        raise CorruptionError(f"the history of {key} is shorter than its state says: audit")
    history = History(prover.prove_history(key, first), pages)
    documents = [format_dossier(history.newest), *map(format_page, pages)]
    packed = sum(len(zlib.compress(encode_file(each))) for each in documents)
    return history if packed <= MAX_HISTORY_BYTES else None


def _prove_pages(
    prover: Proofs, key: SubjectKey, events: Iterator[tuple[LeafIndex, Entry]]
) -> Iterator[Page]:
    for first in count(0, MAX_DOSSIER_EVENTS):
        part = islice(events, MAX_DOSSIER_EVENTS)
        proved = tuple(_prove_event(prover, index, entry) for index, entry in part)
        if not proved:
            return
        yield Page(key, first, proved)


def _prove_event(prover: Proofs, index: LeafIndex, entry: Entry) -> DossierEvent:
    receipt = prover.prove_leaf(index)
    return DossierEvent(index, receipt.leaf, entry, receipt.proof.path)


def write_case(finding: Finding, evidence: Evidence, key: SigningKey | None = None) -> bytes:
    """The case.

    The same finding and proofs give the same files on every machine, and up to MAX_STORED_BYTES the
    same bytes; a larger case is compressed, which libraries do differently.

    Args:
        finding: What it says.
        evidence: What that rests on.
        key: Of the signer that the finding names; None: it names none.

    Raises:
        LimitError: It would be larger than MAX_CASE_BYTES.
        SignatureError: The key was not yet, or no longer, the signer's at the checkpoint.
        AssertionError: The proofs are not those that the finding speaks of.
    """
    files = {FINDING_FILE: encode_file(format_record(finding))}
    if key is not None:
        files[SIGNATURE_PATH] = _sign(files[FINDING_FILE], finding, evidence, key)
    for language, path in REPORT_FILES.items():
        files[path] = render_report(finding, language).encode()
    files |= {path: encode_file(document) for path, document in _format_proofs(evidence)}
    if files.keys() != list_paths(finding):
        odd = sorted(files.keys() ^ list_paths(finding))
        raise AssertionError(f"a case holds what its finding speaks of: not so {odd}")
    data = write_pack(Pack(CASE, files))
    if len(data) > MAX_STORED_BYTES:
        data = write_pack(Pack(CASE, files), is_packed=True)
    if len(data) > MAX_CASE_BYTES:
        raise LimitError(
            f"the case would have {len(data)} bytes, more than {MAX_CASE_BYTES}: the recipient's "
            "history is too long for one file; ask 'muniment grant check --proof' by itself"
        )
    return data


def _sign(data: bytes, finding: Finding, evidence: Evidence, key: SigningKey) -> bytes:
    if finding.signer is None or evidence.signer is None:
        raise AssertionError("who signs a case is named by its finding")
    signed = sign_finding(data, finding.log.origin, finding.signer, key)
    verify_signature(signed, finding, data, evidence.signer)
    return encode_file(format_signature(signed))


def _format_proofs(evidence: Evidence) -> Iterator[tuple[str, JsonObject]]:
    history = evidence.history
    single: Mapping[str, JsonObject | None] = {
        VOUCHER_PATH: evidence.voucher,
        OPENING_PATH: evidence.opening,
        HISTORY_PATH: None if history is None else format_dossier(history.newest),
        SIGNER_PATH: None if evidence.signer is None else format_state_bundle(evidence.signer),
    }
    yield from ((path, document) for path, document in single.items() if document is not None)
    for number, page in enumerate(() if history is None else history.earlier, 1):
        yield earlier_path(number), format_page(page)
    for number, dossier in enumerate(evidence.deliveries, 1):
        yield delivery_path(number), format_dossier(dossier)
    for number, check in enumerate(evidence.checks, 1):
        yield check_path(number), format_check(check)
    for number, state in enumerate(evidence.parties, 1):
        yield name_path(number), format_state_bundle(state)
