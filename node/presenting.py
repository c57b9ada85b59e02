"""Makes the evidence pack of a voucher: its proofs under one checkpoint, and what they state."""

from dataclasses import dataclass
from typing import Final

from contracts.records import format_record, parse_state_record
from contracts.title import Asset
from contracts.verdict import Question, Report
from contracts.voucher import judge_voucher, parse_voucher
from ledger.core.bundle import format_state_bundle
from ledger.core.dossier import Dossier, format_dossier
from ledger.core.policy import Log, Policy
from ledger.core.types import JsonObject, SubjectKey, UnixMillis
from ledger.errors import LimitError
from node.bundles import encode_file, make_voucher, read_content_openings
from node.judges import VOUCHER_SUFFIX
from node.pack import PACK, Pack, write_pack
from node.registryapi import Proofs, RegistryApi
from node.statement import (
    STATEMENT_FILE,
    Evidence,
    Purpose,
    Statement,
    find_holders,
    make_statement,
)
from node.statementtext import TEXT_FILES, format_statement

OPENING_FILE: Final = "opening.json"
MAX_HISTORY_BYTES: Final = 24 * 1024 * 1024
"""Of one history in a pack: two of them and the rest stay within a pack's limit."""


@dataclass(frozen=True, slots=True)
class Presented:
    """An evidence pack.

    Args:
        data: Its bytes.
        statement: What it states.
    """

    data: bytes
    statement: Statement


def present_voucher(
    registry: RegistryApi, number: str, purpose: Purpose, as_of: UnixMillis, *, with_opening: bool
) -> Presented:
    """The evidence pack of a voucher.

    The policy of a verifier is not in it: whoever is shown a pack has his own.

    Args:
        registry: Read only.
        number: Of the voucher.
        purpose: What the pack is shown for.
        as_of: The date it speaks of.
        with_opening: Open the commitment to the registered content, from the vault.

    Raises:
        NotFoundError: There is no such voucher, or this vault has no openings of it.
        RejectedError: Nothing can be said of the date.
        VerificationError: The registry's own proofs do not hold.
        LimitError: The proofs are more than a pack holds.
    """
    prover = registry.prover()
    document = make_voucher(registry, number, prover)
    openings = read_content_openings(registry, number) if with_opening else None
    evidence = _gather(registry, prover, document, as_of, is_opened=with_opening)
    statement = make_statement(evidence, purpose, as_of)
    files = {
        f"{number.lower()}{VOUCHER_SUFFIX}": document,
        STATEMENT_FILE: format_record(statement),
        **_format_histories(prover, evidence),
        **{f"{key}.state.json": format_state_bundle(s) for key, s in evidence.states.items()},
        **({} if openings is None else {OPENING_FILE: openings}),
    }
    contents = {path: encode_file(content) for path, content in files.items()}
    for language, path in TEXT_FILES.items():
        contents[path] = format_statement(statement, language).encode()
    return Presented(write_pack(Pack(PACK, contents)), statement)


def _gather(
    registry: RegistryApi,
    prover: Proofs,
    document: JsonObject,
    as_of: UnixMillis,
    *,
    is_opened: bool,
) -> Evidence:
    """What the statement rests on, verified as a stranger would."""
    bundle, judged = parse_voucher(document), Report()
    policy = Policy(logs=(Log(registry.log_key),))
    judge_voucher(bundle, policy, Question(now=as_of, as_of=as_of), judged)
    keys = (bundle.state.subject, bundle.asset.subject)
    dossiers = {
        key: found
        for key in keys
        if (found := find_history(prover, key, MAX_HISTORY_BYTES)) is not None
    }
    value = bundle.asset.value
    holders = [] if value is None else find_holders(parse_state_record(Asset, value.state), as_of)
    states = {key: prover.prove_state(key) for key in holders}
    return Evidence(bundle, judged, dossiers, states, is_opened=is_opened)


def find_history(prover: Proofs, key: SubjectKey, max_bytes: int) -> Dossier | None:
    """The whole history of a subject; None if it is more than a pack should hold.

    Args:
        prover: Of the checkpoint.
        key: Of the subject.
        max_bytes: In the file, about twice what its entries have.
    """
    try:
        dossier = prover.prove_history(key)
    except LimitError:
        return None
    size = sum(len(event.leaf) for event in dossier.events)
    return dossier if 2 * size <= max_bytes else None


def _format_histories(prover: Proofs, evidence: Evidence) -> dict[str, JsonObject]:
    """The histories of voucher and asset as files, or where one is too long its present state."""
    files: dict[str, JsonObject] = {}
    for name, state in (("voucher", evidence.bundle.state), ("asset", evidence.bundle.asset)):
        dossier = evidence.dossiers.get(state.subject)
        if dossier is not None:
            files[f"{name}.dossier.json"] = format_dossier(dossier)
        else:
            proved = prover.prove_state(state.subject)
            files[f"{name}.state.json"] = format_state_bundle(proved)
    return files
