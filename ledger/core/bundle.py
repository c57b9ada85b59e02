"""Proofs as files: receipt, state and dossier (our formats, section 7).

A bundle is read wholly before anything in it is believed, and everything in it is held against one
checkpoint, which a policy of the verifier's own has opened. The voucher bundle, which is about data
rights, is in `contracts.voucher`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.core.entry import Entry, Seal, decode_leaf
from ledger.core.event import verify_event_signatures
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_DOSSIER_EVENTS, MAX_MAP_PROOF_BYTES, MAX_TREE_LEVELS
from ledger.core.mappages import hash_key
from ledger.core.merkle import (
    Frontier,
    consistency_nodes,
    verify_consistency,
    verify_inclusion,
)
from ledger.core.opening import VerifiedCheckpoint, verify_seal_time
from ledger.core.state import (
    StateValue,
    encode_state,
    hash_history_leaf,
    hash_state,
    parse_state,
    state_json,
)
from ledger.core.statemap import verify_map_proof
from ledger.core.subjects import parse_subject
from ledger.core.text import (
    DIGEST_BYTES,
    format_base64,
    format_base64url,
    parse_base64,
    parse_base64url,
    parse_digest,
)
from ledger.core.tlogproof import TlogProof, format_tlog_proof, parse_tlog_proof
from ledger.core.types import Digest, Json, JsonObject, LeafIndex, SubjectKey, TreeSize
from ledger.errors import BundleError, LimitError, MalformedError

RECEIPT: Final = "muniment/receipt/v1"
STATE: Final = "muniment/state/v1"
DOSSIER: Final = "muniment/dossier/v1"


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


@dataclass(frozen=True, slots=True)
class DossierEvent:
    """One event of a subject with its inclusion path under the state's checkpoint."""

    index: LeafIndex
    leaf: bytes
    entry: Entry
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class DossierStart:
    """The earlier state that a page of a dossier goes on from.

    Args:
        n: Events before the page.
        history: Root of their tree.
        proof: Consistency of the history from there.
    """

    n: int
    history: Digest
    proof: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """All events of a subject, or all after a known state; nothing is verified."""

    state: StateBundle
    events: tuple[DossierEvent, ...]
    start: DossierStart | None


def take_members(value: Json, members: set[str], what: str) -> JsonObject:
    """The object, if it has exactly these members.

    Raises:
        MalformedError: Another member, or one is missing.
    """
    if not isinstance(value, dict) or value.keys() != members:
        raise MalformedError(f"a {what} has exactly the members {', '.join(sorted(members))}")
    return value


def parse_receipt(value: Json) -> Receipt:
    """Read a receipt.

    Args:
        value: From decode_bundle or a part of it.

    Raises:
        MalformedError: Not a receipt, or its leaf is neither entry nor seal.
        LimitError: The leaf or the proof is too large.
    """
    members = _take_format(value, {"entry", "proof"}, RECEIPT, "receipt")
    leaf = parse_base64url(_text(members["entry"]))
    proof = parse_tlog_proof(_text(members["proof"]).encode())
    if proof.extra is not None:
        raise MalformedError("a receipt's proof carries no extra line")
    return Receipt(leaf, decode_leaf(leaf), proof)


def format_receipt(receipt: Receipt) -> JsonObject:
    """The receipt as it stands in files."""
    return {
        "format": RECEIPT,
        "entry": format_base64url(receipt.leaf),
        "proof": format_tlog_proof(receipt.proof).decode(),
    }


def parse_state_bundle(value: Json) -> StateBundle:
    """Read a state bundle.

    Raises:
        MalformedError: Not a state bundle, or its receipt's leaf is not a seal.
        LimitError: A part is too large.
    """
    names = {"subject", "value", "map_proof", "seal"}
    members = _take_format(value, names, STATE, "state bundle")
    receipt = parse_receipt(members["seal"])
    if not isinstance(receipt.content, Seal):
        raise MalformedError("the leaf under a state's seal is not a seal")
    proof = parse_base64url(_text(members["map_proof"]))
    if len(proof) > MAX_MAP_PROOF_BYTES:
        raise LimitError(f"a map proof has at most {MAX_MAP_PROOF_BYTES} bytes, this {len(proof)}")
    state = None if members["value"] is None else parse_state(members["value"])
    if state is not None:
        encode_state(state)  # refuses here what the map could not hold, not while verifying
    return StateBundle(parse_subject(_text(members["subject"])), state, proof, receipt)


def format_state_bundle(bundle: StateBundle) -> JsonObject:
    """The state bundle as it stands in files."""
    return {
        "format": STATE,
        "subject": bundle.subject,
        "value": None if bundle.value is None else state_json(bundle.value),
        "map_proof": format_base64url(bundle.map_proof),
        "seal": format_receipt(bundle.receipt),
    }


def parse_dossier(value: Json) -> Dossier:
    """Read a dossier, or a page of one.

    Raises:
        MalformedError: Not a dossier.
        LimitError: More than 1,000 events, or a part is too large.
    """
    is_page = isinstance(value, dict) and "from" in value
    names = {"state", "events"} | ({"from"} if is_page else set())
    members = _take_format(value, names, DOSSIER, "dossier")
    events = members["events"]
    if not isinstance(events, list):
        raise MalformedError("a dossier's events are an array")
    if len(events) > MAX_DOSSIER_EVENTS:
        raise LimitError(f"a dossier has at most {MAX_DOSSIER_EVENTS} events, this {len(events)}")
    return Dossier(
        state=parse_state_bundle(members["state"]),
        events=tuple(_parse_dossier_event(event) for event in events),
        start=_parse_dossier_start(members["from"]) if is_page else None,
    )


def format_dossier(dossier: Dossier) -> JsonObject:
    """The dossier as it stands in files."""
    events: list[Json] = [
        {
            "index": event.index,
            "entry": format_base64url(event.leaf),
            "path": [format_base64(digest) for digest in event.path],
        }
        for event in dossier.events
    ]
    plain: dict[str, Json] = {
        "format": DOSSIER,
        "state": format_state_bundle(dossier.state),
        "events": events,
    }
    if dossier.start is not None:
        plain["from"] = {
            "n": dossier.start.n,
            "history": dossier.start.history.hex(),
            "proof": [format_base64(digest) for digest in dossier.start.proof],
        }
    return plain


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
    _verify_leaf(receipt.leaf, receipt.proof.index, receipt.proof.path, opened)
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
    receipt, seal = bundle.receipt, bundle.seal
    if receipt.proof.index != opened.body.size - 1:
        raise BundleError(
            f"the seal is leaf {receipt.proof.index}, not the last of {opened.body.size}: "
            "an older state than the checkpoint's"
        )
    verify_receipt(receipt, opened)
    verify_seal_time(opened, seal.time)
    value_hash = None if bundle.value is None else hash_state(encode_state(bundle.value))
    verify_map_proof(
        root=seal.state_root,
        key_hash=hash_key(bundle.subject),
        value_hash=value_hash,
        proof=bundle.map_proof,
    )
    if bundle.value is not None and bundle.value.last >= seal.index:
        raise BundleError("a state's last event comes before the seal that commits it")


def verify_dossier(dossier: Dossier, opened: VerifiedCheckpoint) -> None:
    """Check that these are all events of the subject, or all after the start of the page.

    Args:
        dossier: As read.
        opened: The checkpoint it carries, opened by the verifier's policy.

    Raises:
        BundleError: An event is missing, of another subject, out of order, or of another ledger.
        InclusionError: The log does not hold an event at its index.
        SignatureError: A signature of an event does not verify.
        MapProofError: The state map does not hold the state.
        VerificationError: The history does not grow out of the start.
    """
    verify_state_bundle(dossier.state, opened)
    value = dossier.state.value
    if value is None:
        if dossier.events or dossier.start is not None:
            raise BundleError("a subject that is absent has no events")
        return
    first = 0 if dossier.start is None else dossier.start.n
    if first + len(dossier.events) != value.n:
        raise BundleError(
            f"the state counts {value.n} events, the dossier shows {first + len(dossier.events)}"
        )
    _check_order(dossier.events, value, is_complete=dossier.start is None)
    leaves = []
    for i, event in enumerate(dossier.events, start=first):
        _verify_dossier_event(event, dossier.state.subject, opened)
        event_id = event.entry.signed.id
        subject = dossier.state.subject
        leaf = hash_history_leaf(event_id=event_id, i=i, index=event.index, subject=subject)
        leaves.append(leaf)
    frontier = Frontier(TreeSize(0), ())
    if dossier.start is not None:
        frontier = _open_start(dossier.start, value)
    if frontier.extend(leaves).root() != value.history:
        raise BundleError("the events shown do not make the history that the state commits")


def _verify_dossier_event(
    event: DossierEvent, subject: SubjectKey, opened: VerifiedCheckpoint
) -> None:
    _verify_leaf(event.leaf, event.index, event.path, opened)
    verify_entry(event.entry, opened)
    if subject not in event.entry.signed.event.subjects:
        raise BundleError(f"the event at index {event.index} is not about {subject}")


def _check_order(events: Sequence[DossierEvent], value: StateValue, *, is_complete: bool) -> None:
    places = [event.index for event in events]
    times = [event.entry.time for event in events]
    if places != sorted(set(places)) or times != sorted(times):
        raise BundleError("the events of a dossier are in the order of the log")
    if (events or is_complete) and (places[-1:] != [value.last] or times[-1:] != [value.time]):
        raise BundleError(f"the newest event of the subject is at index {value.last}")


def _open_start(start: DossierStart, value: StateValue) -> Frontier:
    """The frontier of the earlier history; a consistency proof holds its nodes.

    Raises:
        BundleError: There is nothing after the start.
    """
    old, new = TreeSize(start.n), TreeSize(value.n)
    verify_consistency(
        old_size=old,
        new_size=new,
        old_root=start.history,
        new_root=value.history,
        path=start.proof,
    )
    if old == new:
        raise BundleError("a page after the whole history shows nothing")
    if old & (old - 1) == 0:
        return Frontier(old, (start.history,) if old else ())
    nodes = zip(consistency_nodes(old, new), start.proof, strict=True)
    left = {
        parts[0].index << parts[0].level: digest
        for parts, digest in nodes
        if len(parts) == 1 and (parts[0].index + 1) << parts[0].level <= old
    }
    return Frontier(old, tuple(left[first] for first in sorted(left)))


def _verify_leaf(
    leaf: bytes, index: LeafIndex, path: tuple[Digest, ...], opened: VerifiedCheckpoint
) -> None:
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


def _parse_dossier_event(value: Json) -> DossierEvent:
    members = take_members(value, {"index", "entry", "path"}, "dossier event")
    leaf = parse_base64url(_text(members["entry"]))
    entry = decode_leaf(leaf)
    if not isinstance(entry, Entry):
        raise MalformedError("the leaves of a dossier are entries")
    return DossierEvent(
        LeafIndex(_count(members["index"])), leaf, entry, _parse_path(members["path"])
    )


def _parse_dossier_start(value: Json) -> DossierStart:
    members = take_members(value, {"n", "history", "proof"}, "dossier's from")
    history = parse_digest(_text(members["history"]))
    return DossierStart(_count(members["n"]), history, _parse_path(members["proof"]))


def _parse_path(value: Json) -> tuple[Digest, ...]:
    if not isinstance(value, list) or len(value) > 2 * MAX_TREE_LEVELS:
        raise MalformedError(f"a path is an array of at most {2 * MAX_TREE_LEVELS} hashes")
    path = tuple(Digest(parse_base64(_text(one))) for one in value)
    if any(len(digest) != DIGEST_BYTES for digest in path):
        raise MalformedError("a hash in a path has 32 bytes")
    return path


def _take_format(value: Json, names: set[str], form: str, what: str) -> JsonObject:
    members = take_members(value, names | {"format"}, what)
    if members["format"] != form:
        raise MalformedError(f"not a {what}: format {members['format']!r:.40}, not {form}")
    return members


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise MalformedError(f"not a string: {value!r:.40}")
    return value


def _count(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedError(f"not a count: {value!r:.40}")
    return value
