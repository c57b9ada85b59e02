"""Every error a caller can meet; the class says who must act.

```text
LedgerError
├── InputError            the caller must change the input
│   ├── MalformedError    does not parse
│   ├── LimitError        parses, but is too large, too deep or too many
│   ├── ExistsError       something is there already and is left alone
│   └── RejectedError     a rule said no; carries the rule and what would be needed
├── NotFoundError         no such entry, subject, proof or file
├── ConflictError         somebody appended first; carries the size now
├── VerificationError     do not trust it, do not try again
│   ├── SignatureError    a signature is missing, of another key or wrong
│   ├── InclusionError    the tree does not hold this leaf here
│   ├── MapProofError     the state map does not hold this state
│   ├── BundleError       the parts of a bundle do not belong together
│   ├── QuorumError       too few cosignatures for the policy
│   ├── ReplayError       re-executing the log gives something else
│   ├── RollbackError     the log shrank or changed behind its signer
│   ├── OriginError       a checkpoint of another log than the policy's
│   ├── AnswerError       a node's answer is not what its own checkpoint commits to
│   ├── BackdatedError    an entry claims a time before a cosignature that precedes it
│   └── ConsistencyError  no proof of extension; carries both signed notes
│       └── ForkError     two histories signed: publish both notes
├── UnavailableError      try again later
│   ├── FrozenError       whoever answers has shown nothing newer for too long
│   └── StoreFailedError  a write or fsync failed: this process has to exit, the next one reopens
└── CorruptionError       our own store contradicts itself; the process stops
```

Messages are for a person: lower case, no full stop, never a secret. Programs look at `code`.
"""

from typing import ClassVar


class LedgerError(Exception):
    """Root of every error that Muniment raises on purpose; `code` is API."""

    code: ClassVar[str] = "ledger"


class InputError(LedgerError):
    """The caller must change the input."""

    code = "input"


class MalformedError(InputError):
    """The input does not parse; nothing was done."""

    code = "malformed"


class LimitError(InputError):
    """The input exceeds a limit of our formats, section 2; nothing was done."""

    code = "limit"


class ExistsError(InputError):
    """Something is there already; it is left alone."""

    code = "exists"


class RejectedError(InputError):
    """A rule refused the event; nothing was written.

    Args:
        reason: Stable code of the refusal, for programs.
        en: What would be needed, in English.
        zh: The same in Chinese.
        rule: The article or the rule that refuses, such as ``Art. 21``.
    """

    code = "rejected"

    def __init__(self, reason: str, en: str, zh: str, rule: str = "") -> None:
        super().__init__(en)
        self.reason = reason
        self.en = en
        self.zh = zh
        self.rule = rule


class NotFoundError(LedgerError):
    """There is no such thing here."""

    code = "not_found"


class ConflictError(LedgerError):
    """Somebody appended first; nothing was written.

    Args:
        size_now: Number of leaves that the store holds.
    """

    code = "conflict"

    def __init__(self, size_now: int) -> None:
        super().__init__(f"the log has grown to {size_now} leaves meanwhile; load it and try again")
        self.size_now = size_now


class VerificationError(LedgerError):
    """Not authentic: do not trust it and do not try again."""

    code = "verification"


class SignatureError(VerificationError):
    """A signature is missing, of another key or wrong."""

    code = "signature"


class InclusionError(VerificationError):
    """The tree does not hold this leaf at this index."""

    code = "inclusion"


class MapProofError(VerificationError):
    """The state map does not hold (or does hold) this state."""

    code = "map_proof"


class BundleError(VerificationError):
    """The parts of a bundle do not belong together."""

    code = "bundle"


class QuorumError(VerificationError):
    """The checkpoint has too few cosignatures for the policy."""

    code = "quorum"


class ReplayError(VerificationError):
    """Re-executing the log gives something else than the log or the store says."""

    code = "replay"


class RollbackError(VerificationError):
    """The log shrank, or changed below what was signed; nothing is appended or signed."""

    code = "rollback"


class OriginError(VerificationError):
    """This is a checkpoint of another log than the policy names."""

    code = "origin"


class AnswerError(VerificationError):
    """What a node serves is not what it was asked for, or not what its checkpoint commits to."""

    code = "answer"


class BackdatedError(VerificationError):
    """An entry claims a time at which cosigners already knew the log without it."""

    code = "backdated"


class ConsistencyError(VerificationError):
    """Nothing shows that the new checkpoint extends the trusted one.

    Args:
        old: Signed note of the checkpoint trusted so far, as received.
        new: Signed note of the checkpoint that was offered, as received.
    """

    code = "consistency"
    reason: ClassVar[str] = "no valid proof that the log only grew; keep the trusted checkpoint"

    def __init__(self, old: str, new: str) -> None:
        super().__init__(self.reason)
        self.old = old
        self.new = new


class ForkError(ConsistencyError):
    """The log signed two histories, and this convinces anyone.

    Args:
        old: Signed note of the one history, as received.
        new: Signed note of the other, as received.
        evidence: A `muniment/fork/v1` file that holds both, or nothing where they have one size
            and need no more.
        place: Where that file lies.
    """

    code = "fork"
    reason = "the log signed two histories; publish both notes"

    def __init__(self, old: str, new: str, evidence: bytes = b"", place: str = "") -> None:
        super().__init__(old, new)
        self.evidence = evidence
        if place:
            self.args = (f"{self.reason}, which 'muniment verify' confirms: they are in {place}",)


class UnavailableError(LedgerError):
    """Try again later; what is known of the outcome is in the message."""

    code = "unavailable"


class FrozenError(UnavailableError):
    """Whoever answers has shown nothing newer for longer than the caller allows."""

    code = "frozen"


class StoreFailedError(UnavailableError):
    """A write or an fsync failed; what was being written is there wholly or not at all.

    The process has to exit: the next one reopens the store and finds out. The same events may be
    submitted again, none is ever written twice.
    """

    code = "store_failed"


class CorruptionError(LedgerError):
    """Our own store contradicts itself; stop, keep the files, run an audit."""

    code = "corruption"
