"""Proofs as files: receipt and state (our formats, section 7); the dossier builds on them.

A bundle is read wholly before anything in it is believed, and everything in it is held against one
checkpoint, which a policy of the verifier's own has opened. The voucher bundle, which is about data
rights, is in `contracts.voucher`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.core.entry import Entry, Seal, decode_leaf
from ledger.core.event import verify_event_signatures
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_MAP_PROOF_BYTES
from ledger.core.mappages import hash_key
from ledger.core.members import take_format, take_text
from ledger.core.merkle import (
    verify_inclusion,
)
from ledger.core.opening import VerifiedCheckpoint, verify_seal_time
from ledger.core.state import (
    StateValue,
    encode_state,
    hash_state,
    parse_state,
    state_json,
)
from ledger.core.statemap import verify_map_proof
from ledger.core.subjects import parse_subject
from ledger.core.text import (
    format_base64url,
    parse_base64url,
)
from ledger.core.tlogproof import TlogProof, format_tlog_proof, parse_tlog_proof
from ledger.core.types import Digest, Json, JsonObject, LeafIndex, SubjectKey
from ledger.errors import BundleError, LimitError, MalformedError

RECEIPT: Final = "muniment/receipt/v1"
STATE: Final = "muniment/state/v1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A leaf with its proof of inclusion, as read; nothing is verified.

    Args:
        leaf: Bytes of the leaf.
        content: The same, read.
        proof: With the checkpoint it is held against, without an extra line.
    """

    leaf: bytes
    content: Entry | Seal
    proof: TlogProof


@dataclass(frozen=True, slots=True)
class StateBundle:
    """A subject's state, or its absence, under the last seal of a checkpoint; nothing is verified.

    Args:
        subject: Whose.
        value: The state; None claims that there is none.
        map_proof: Bytes of the proof in the state map.
        receipt: Of the seal.
    """

    subject: SubjectKey
    value: StateValue | None
    map_proof: bytes
    receipt: Receipt

    @property
    def seal(self) -> Seal:
        """The seal that the receipt holds.

        Raises:
            TypeError: parse_state_bundle did not make this value, and it holds an entry.
        """
        if not isinstance(self.receipt.content, Seal):
            raise TypeError("a state bundle is only made with a seal")
        return self.receipt.content


def parse_receipt(value: Json) -> Receipt:
    """Read a receipt.

    Args:
        value: From decode_bundle or a part of it.

    Raises:
        MalformedError: Not a receipt, or its leaf is neither entry nor seal.
        LimitError: The leaf or the proof is too large.
    """
    members = take_format(value, {"entry", "proof"}, RECEIPT, "a receipt")
    leaf = parse_base64url(take_text(members["entry"]))
    proof = parse_tlog_proof(take_text(members["proof"]).encode())
    if proof.extra is not None:
        raise MalformedError("a receipt's proof carries no extra line")
    return Receipt(leaf, decode_leaf(leaf), proof)


def format_receipt(receipt: Receipt) -> JsonObject:
    """The receipt as it stands in files."""
    return format_leaf_receipt(receipt.leaf, receipt.proof)


def format_leaf_receipt(leaf: bytes, proof: TlogProof) -> JsonObject:
    """The receipt of a leaf that need not be read for it, as it stands in files."""
    return {
        "format": RECEIPT,
        "entry": format_base64url(leaf),
        "proof": format_tlog_proof(proof).decode(),
    }


def parse_state_bundle(value: Json) -> StateBundle:
    """Read a state bundle.

    Raises:
        MalformedError: Not a state bundle, or its receipt's leaf is not a seal.
        LimitError: A part is too large.
    """
    names = {"subject", "value", "map_proof", "seal"}
    members = take_format(value, names, STATE, "a state bundle")
    receipt = parse_receipt(members["seal"])
    if not isinstance(receipt.content, Seal):
        raise MalformedError("the leaf under a state's seal is not a seal")
    proof = parse_base64url(take_text(members["map_proof"]))
    if len(proof) > MAX_MAP_PROOF_BYTES:
        raise LimitError(f"a map proof has at most {MAX_MAP_PROOF_BYTES} bytes, this {len(proof)}")
    state = None if members["value"] is None else parse_state(members["value"])
    if state is not None:
        encode_state(state)  # refuses here what the map could not hold, not while verifying
    return StateBundle(parse_subject(take_text(members["subject"])), state, proof, receipt)


def format_state_bundle(bundle: StateBundle) -> JsonObject:
    """The state bundle as it stands in files."""
    return {
        "format": STATE,
        "subject": bundle.subject,
        "value": None if bundle.value is None else state_json(bundle.value),
        "map_proof": format_base64url(bundle.map_proof),
        "seal": format_receipt(bundle.receipt),
    }


def find_checkpoint(receipts: Iterable[Receipt]) -> bytes:
    """The one checkpoint that all receipts of a bundle carry.

    Args:
        receipts: At least one.

    Raises:
        BundleError: They carry different ones.
    """
    checkpoints = {receipt.proof.checkpoint for receipt in receipts}
    if len(checkpoints) != 1:
        raise BundleError("the receipts of a bundle carry byte-equal checkpoints, these do not")
    return checkpoints.pop()


def verify_receipt(receipt: Receipt, opened: VerifiedCheckpoint) -> None:
    """Check that the log holds the leaf, and an entry's signatures.

    Args:
        receipt: As read; its own checkpoint is not looked at.
        opened: The checkpoint it carries, opened by the verifier's policy.

    Raises:
        InclusionError: The tree does not hold the leaf at this index.
        SignatureError: A signature of the entry does not verify.
        BundleError: The entry is meant for another ledger.
    """
    verify_leaf(receipt.leaf, receipt.proof.index, receipt.proof.path, opened)
    if isinstance(receipt.content, Entry):
        verify_entry(receipt.content, opened)
    else:
        _check_seal_place(receipt.content, receipt.proof.index)


def verify_entry(entry: Entry, opened: VerifiedCheckpoint) -> None:
    """Check that an entry is meant for this ledger and that its signatures verify.

    Raises:
        BundleError: It is meant for another ledger.
        SignatureError: A signature does not verify.
    """
    if entry.signed.event.log != opened.body.origin:
        raise BundleError(
            f"the event is meant for {entry.signed.event.log}, not for {opened.body.origin}"
        )
    verify_event_signatures(entry.signed)


def verify_state_bundle(bundle: StateBundle, opened: VerifiedCheckpoint) -> None:
    """Check that a subject has this state, or none, under the newest seal of the checkpoint.

    Args:
        bundle: As read; its own checkpoint is not looked at.
        opened: The checkpoint it carries, opened by the verifier's policy.

    Raises:
        InclusionError: The tree does not hold the seal.
        BundleError: The seal is not the last leaf, or is later than its cosignatures.
        MapProofError: The state map says otherwise.
    """
    seal = bundle.seal
    verify_last_seal(bundle.receipt, seal, opened)
    value_hash = None if bundle.value is None else hash_state(encode_state(bundle.value))
    verify_map_proof(
        root=seal.state_root,
        key_hash=hash_key(bundle.subject),
        value_hash=value_hash,
        proof=bundle.map_proof,
    )
    if bundle.value is not None and bundle.value.last >= seal.index:
        raise BundleError("a state's last event comes before the seal that commits it")


def verify_last_seal(receipt: Receipt, seal: Seal, opened: VerifiedCheckpoint) -> None:
    """Check that a seal is the last leaf of the opened tree, and not later than who saw it.

    Args:
        receipt: As read; its own checkpoint is not looked at.
        seal: What the receipt holds.
        opened: The checkpoint it carries, opened by the verifier's policy.

    Raises:
        InclusionError: The tree does not hold the seal.
        BundleError: The seal is not the last leaf, or is later than its cosignatures.
    """
    if receipt.proof.index != opened.body.size - 1:
        raise BundleError(
            f"the seal is leaf {receipt.proof.index}, not the last of {opened.body.size}: "
            "an older state than the checkpoint's"
        )
    verify_receipt(receipt, opened)
    verify_seal_time(opened, seal.time)


def verify_leaf(
    leaf: bytes, index: LeafIndex, path: tuple[Digest, ...], opened: VerifiedCheckpoint
) -> None:
    """Check that the opened tree holds the leaf with these bytes at this index.

    Raises:
        InclusionError: It does not.
    """
    verify_inclusion(
        leaf=hash_leaf(leaf),
        index=index,
        size=opened.body.size,
        path=path,
        root=opened.body.root,
    )


def _check_seal_place(seal: Seal, index: LeafIndex) -> None:
    if seal.index != index:
        raise BundleError(f"a seal at index {index} that closes a block ending at {seal.index}")
