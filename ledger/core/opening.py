"""Opening a checkpoint: from bytes that anyone may send to a tree head that a policy vouches for.

A witness whose name in the policy starts with `auditor.` states more than others: every entry up to
the size that it cosigns was re-executed, and all state roots are equal.

Spec: c2sp.org/signed-note, c2sp.org/tlog-policy; our formats section 4.
"""

from dataclasses import dataclass
from typing import Final

from ledger.core.checkpoint import Checkpoint, SignedCheckpoint, parse_signed_checkpoint
from ledger.core.cosignature import decode_cosignature, verify_checkpoint_line
from ledger.core.limits import MAX_SEAL_AFTER_COSIGNATURE_MS
from ledger.core.note import Algorithm, OpenedNote, VerifierKey, open_note
from ledger.core.policy import NO_QUORUM, Policy, Witness, has_quorum
from ledger.core.types import UnixMillis
from ledger.errors import BundleError, QuorumError, SignatureError

AUDITOR_PREFIX: Final = b"auditor."
_END_OF_YEAR_9999: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness of the policy that has cosigned.

    Args:
        witness: As in the policy.
        timestamp: Of its newest cosignature, in seconds since 1970-01-01T00:00:00Z; 0 with
            ML-DSA-44 may mean that it states no time.
    """

    witness: Witness
    timestamp: int

    @property
    def name(self) -> str:
        r"""Name in the policy, to be shown; octets that are not UTF-8 as `\\xNN`."""
        return self.witness.name.decode("utf-8", "backslashreplace")

    @property
    def key_name(self) -> str:
        """Name under which it signs."""
        return self.witness.key.name

    @property
    def is_auditor(self) -> bool:
        """Whether its cosignature also says: re-executed up to here, all state roots equal."""
        return self.witness.name.startswith(AUDITOR_PREFIX)


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A checkpoint that is signed as a policy demands; only open_checkpoint makes one.

    Args:
        policy: By which it was judged.
        data: Bytes of the note, as received.
        body: What the log and the cosigners signed.
        cosigners: Witnesses of the policy with a valid cosignature, in the policy's order.
    """

    policy: Policy
    data: bytes
    body: Checkpoint
    cosigners: tuple[Cosigner, ...]

    @property
    def is_operator_claim(self) -> bool:
        """Whether the policy asks for no cosignature: time and single view are the log's word."""
        return self.policy.quorum == NO_QUORUM

    @property
    def is_audited(self) -> bool:
        """Whether an auditor of the policy has cosigned this very checkpoint.

        Whoever writes the policy decides whose word counts by listing it, so one auditor is enough
        even where the quorum could do without. To demand auditors, make the quorum need them.
        """
        return any(cosigner.is_auditor for cosigner in self.cosigners)

    def as_of(self, seal_time: UnixMillis) -> UnixMillis:
        """Time up to which this checkpoint is known to have been the newest.

        Args:
            seal_time: `time` of the checkpoint's last seal.

        Returns:
            The largest time such that the cosigners of this time or later meet the quorum; with
            `quorum none` the seal's time, which is the operator's claim.

        Raises:
            AssertionError: open_checkpoint did not make this value.
        """
        if self.is_operator_claim:
            return seal_time
        newest_first = sorted(self.cosigners, key=lambda cosigner: -cosigner.timestamp)
        names: set[bytes] = set()
        for cosigner in newest_first:
            names.add(cosigner.witness.name)
            if has_quorum(self.policy, names):
                return UnixMillis(cosigner.timestamp * 1000)
        raise AssertionError("the cosigners of a verified checkpoint meet the quorum")


def open_checkpoint(policy: Policy, data: bytes) -> VerifiedCheckpoint:
    """The checkpoint, once it is signed as the policy demands.

    Args:
        policy: Of whoever verifies; never from the one who shows the checkpoint.
        data: From outside: a note of at most 64 KiB with at most 64 signature lines.

    Raises:
        MalformedError: Not a checkpoint.
        LimitError: Too many bytes or lines.
        SignatureError: No log of the policy with this origin has signed it, or a line of any key
            of the policy does not verify.
        QuorumError: Too few witnesses of the policy have cosigned it.

    Cost: one signature for each different line of a key of the policy.
    """
    offered = parse_signed_checkpoint(data)
    origins = {log.key.name for log in policy.logs}
    if offered.body.origin not in origins:
        raise SignatureError(
            f"this is of the log {offered.body.origin}, and the policy trusts "
            f"{' and '.join(sorted(origins)) or 'no log'}"
        )
    keys = [log.key for log in policy.logs] + [witness.key for witness in policy.witnesses]
    _check_log_keys(policy, offered)
    opened = open_note(offered.note, keys, verify_checkpoint_line)
    _check_log_signature(policy, opened, offered.body)
    cosigners = _find_cosigners(policy, opened)
    if not has_quorum(policy, [cosigner.witness.name for cosigner in cosigners]):
        names = ", ".join(cosigner.name for cosigner in cosigners) or "no witness"
        quorum = policy.quorum.decode("utf-8", "backslashreplace")
        raise QuorumError(f"cosigned by {names} of the policy, which does not meet {quorum}")
    return VerifiedCheckpoint(policy, data, offered.body, cosigners)


def verify_seal_time(opened: VerifiedCheckpoint, seal_time: UnixMillis) -> None:
    """Refuse a seal that claims to be much later than those who have seen it.

    Without any cosignature (`quorum none`) there is nothing to compare with.

    Args:
        opened: Checkpoint whose last leaf is the seal.
        seal_time: `time` of that seal.

    Raises:
        BundleError: More than 5 minutes later than the newest cosignature.
    """
    if not opened.cosigners:
        return
    newest = 1000 * max(cosigner.timestamp for cosigner in opened.cosigners)
    if seal_time > newest + MAX_SEAL_AFTER_COSIGNATURE_MS:
        raise BundleError(
            f"the seal's time {seal_time} is more than 5 minutes after the newest cosignature, "
            f"{newest}"
        )


def _check_log_keys(policy: Policy, offered: SignedCheckpoint) -> None:
    """Say which key is missing, if the log signs with one that the policy does not have.

    Raises:
        SignatureError: Lines under the log's name are there, and none is of a key of the policy.
    """
    origin = offered.body.origin
    trusted = {log.key.key_id for log in policy.logs if log.key.name == origin}
    claimed = {line.key_id for line in offered.note.signatures if line.name == origin}
    if claimed and not claimed & trusted:
        missing, known = (
            " or ".join(f"{origin}+{key_id.hex()}" for key_id in sorted(ids))
            for ids in (claimed, trusted)
        )
        raise SignatureError(
            f"signed with the key {missing}, and the policy has {known}: if the log has changed "
            "its key, get its new policy line from the registrar; the checkpoint that both keys "
            "signed shows it"
        )


def _check_log_signature(policy: Policy, opened: OpenedNote, body: Checkpoint) -> None:
    log_keys = {log.key for log in policy.logs if log.key.name == body.origin}
    types = {key.algorithm for key, _ in opened.verified if key in log_keys}
    if not types:
        raise SignatureError(f"no log of the policy has signed this checkpoint of {body.origin!r}")
    if body.extensions and Algorithm.ED25519 not in types:
        raise SignatureError("the log's signature does not cover the extension lines")


def _find_cosigners(policy: Policy, opened: OpenedNote) -> tuple[Cosigner, ...]:
    newest: dict[VerifierKey, int] = {}
    for key, line in opened.verified:
        if key.algorithm is not Algorithm.ED25519:
            time = decode_cosignature(line.signature, key.algorithm).timestamp
            if time > _END_OF_YEAR_9999:
                raise SignatureError(f"{key.name} cosigned in the far future, at {time} s")
            newest[key] = max(time, newest.get(key, 0))
    return tuple(
        Cosigner(witness, newest[witness.key])
        for witness in policy.witnesses
        if witness.key in newest
    )
