"""Voucher bundles and openings from a registry."""

import json

import msgspec

from contracts.credential import parse_credential
from contracts.recording import RecordRegistration, Voucher, voucher_key
from contracts.records import parse_state_record
from contracts.voucher import format_voucher
from ledger.core.types import JsonObject, LeafIndex
from ledger.errors import CorruptionError, NotFoundError
from node.issuing import read_content
from node.registryapi import Proofs, RegistryApi
from node.verifier import format_openings


def make_voucher(registry: RegistryApi, number: str, prover: Proofs | None = None) -> JsonObject:
    """The voucher bundle of a number.

    Args:
        registry: That issued it.
        number: Of the voucher.
        prover: Of the checkpoint to prove it under; None: the newest.

    Raises:
        NotFoundError: There is no such voucher.
        CorruptionError: Its credential is missing from the store.
    """
    prover = prover or registry.prover()
    state = prover.prove_state(voucher_key(number))
    if state.value is None:
        raise NotFoundError(f"there is no voucher {number}")
    voucher = parse_state_record(Voucher, state.value.state)
    issued = prover.prove_leaf(_find_record(registry, number))
    credential = read_credential(registry, number)
    return format_voucher(credential, issued, state, prover.prove_state(voucher.asset))


def read_credential(registry: RegistryApi, number: str) -> JsonObject:
    """The credential of a voucher by itself: without the ledger's proofs it is no voucher.

    Raises:
        NotFoundError: There is no such voucher.
        CorruptionError: Its credential is missing from the store.
    """
    voucher = registry.need_state(Voucher, voucher_key(number))
    document = registry.read_document(voucher.credential)
    if document is None:
        raise CorruptionError(f"the credential of {number} is missing: restore it from a backup")
    return parse_credential(msgspec.json.decode(document)).document


def read_content_openings(registry: RegistryApi, number: str) -> JsonObject:
    """The opening file of a voucher's registered content, from the vault.

    Raises:
        NotFoundError: This vault has no openings of it.
    """
    voucher = registry.need_state(Voucher, voucher_key(number))
    found = read_content(registry, voucher.asset)
    if not found:
        raise NotFoundError(f"the openings of {number} are not in this vault")
    return format_openings(voucher.asset, found)


def encode_file(document: JsonObject) -> bytes:
    """A proof as it stands in files."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _find_record(registry: RegistryApi, number: str) -> LeafIndex:
    """Index of the record of a voucher: the first event of its history.

    Raises:
        NotFoundError: There is no such voucher.
        CorruptionError: Its history begins with something else.
    """
    first = registry.find_first(voucher_key(number))
    if first is None:
        raise NotFoundError(f"there is no voucher {number}")
    index, entry = first
    if entry.signed.event.kind != RecordRegistration.kind:
        raise CorruptionError(f"the history of {number} does not begin with its record: audit")
    return index
