"""Where newer proofs come from: the registry of this home, or files that somebody handed over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override

from contracts.chain import States
from contracts.evidence import Facts
from contracts.permission import Answer, Inquiry
from contracts.queries import Query, answer_query
from contracts.records import StateT, parse_state_record
from contracts.verdict import Report
from ledger.core.bundle import (
    RECEIPT,
    STATE,
    StateBundle,
    format_receipt,
    format_state_bundle,
    parse_receipt,
    verify_state_bundle,
)
from ledger.core.canonical import decode_bundle
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.dossier import DOSSIER, format_dossier, parse_dossier
from ledger.core.entry import Entry
from ledger.core.merkle import verify_consistency
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Policy
from ledger.core.types import JsonObject, SubjectKey, UnixMillis
from ledger.errors import (
    ConsistencyError,
    ForkError,
    NotFoundError,
    RollbackError,
    VerificationError,
)
from node.answers import StoredFacts, answer_only, check_act
from node.bundles import encode_file, make_voucher
from node.embedded import find_states
from node.judges import MAX_FILE_BYTES
from node.newest import size_of
from node.pack import is_pack
from node.registryapi import RegistryApi

VOUCHER_KIND = "voucher"


class UnprovedError(NotFoundError):
    """No newer proof of a subject is at hand.

    Args:
        subject: Whose.
    """

    code = "unproved"

    def __init__(self, subject: str) -> None:
        super().__init__(f"no newer proof of {subject} is at hand: ask the registry for one")
        self.subject = subject


class Source(States, Protocol):
    """Newer proofs of one ledger; asked for a state that it does not prove, it raises."""

    def prove(self, key: SubjectKey) -> StateBundle | None:
        """The newest proved state of a subject; None if this source proves nothing of it."""
        ...

    def check_growth(self, note: bytes) -> bool:
        """Hold an older checkpoint against this source's.

        Returns:
            Whether that shows that the log only grew; False: this source cannot tell.

        Raises:
            ConsistencyError: The log did not only grow.
            RollbackError: This source is older.
        """
        ...

    def renew(self, data: bytes, report: Report) -> bytes | None:
        """A newer file of the same kind about the same subject; None if it has none."""
        ...

    def answer(self, inquiry: Inquiry) -> Answer:
        """Whether an act is permitted, by the newest states.

        Raises:
            UnprovedError: This source cannot tell.
        """
        ...

    def ask(self, query: Query) -> JsonObject:
        """The answer to a query, by the newest states.

        Raises:
            UnprovedError: This source cannot tell.
        """
        ...


class RegistrySource(Source):
    """The newest checkpoint of a registry.

    Args:
        registry: Read only.
        policy: By which its checkpoint has to be signed.

    Raises:
        VerificationError: It is not.
    """

    def __init__(self, registry: RegistryApi, policy: Policy) -> None:
        self._registry = registry
        self._prover = registry.prover()
        self._opened = open_checkpoint(policy, self._prover.anchor.note)
        self._facts = StoredFacts(self._prover)

    @override
    def find(self, cls: type[StateT], key: SubjectKey) -> StateT | None:
        return self._facts.find(cls, key)

    @override
    def prove(self, key: SubjectKey) -> StateBundle | None:
        bundle = self._prover.prove_state(key)
        verify_state_bundle(bundle, self._opened)
        return bundle

    @override
    def check_growth(self, note: bytes) -> bool:
        old, new = parse_signed_checkpoint(note).body, self._opened.body
        if old.size > new.size:
            raise RollbackError(
                f"this registry has {new.size} leaves and had {old.size} when the proof was made: "
                "it was set back, or is not the one that made it"
            )
        path = self._prover.prove_growth(old.size, new.size)
        try:
            verify_consistency(
                old_size=old.size,
                new_size=new.size,
                old_root=old.root,
                new_root=new.root,
                path=path,
            )
        except VerificationError as exc:
            same_size = old.size == new.size
            error = ForkError if same_size else ConsistencyError
            raise error(note.decode(), self._prover.anchor.note.decode()) from exc
        return True

    @override
    def renew(self, data: bytes, report: Report) -> bytes | None:
        if is_pack(data) or _log_size(report) >= self._opened.body.size:
            return None
        value = decode_bundle(data, max_bytes=MAX_FILE_BYTES)
        fresh = self._renew(value, report)
        return None if fresh is None else encode_file(fresh)

    @override
    def answer(self, inquiry: Inquiry) -> Answer:
        return check_act(self._prover, inquiry)

    @override
    def ask(self, query: Query) -> JsonObject:
        return answer_only(self._prover, query)

    def _renew(self, value: JsonObject, report: Report) -> JsonObject | None:
        key = SubjectKey(report.subject)
        if report.kind == VOUCHER_KIND:
            return make_voucher(self._registry, key.partition("/")[2], self._prover)
        match value.get("format"):
            case str() as form if form == STATE:
                return format_state_bundle(self._prover.prove_state(key))
            case str() as form if form == DOSSIER:
                start = parse_dossier(value).start
                first = 0 if start is None else start.n
                return format_dossier(self._prover.prove_history(key, first))
            case str() as form if form == RECEIPT:
                return format_receipt(self._prover.prove_leaf(parse_receipt(value).proof.index))
            case _:
                return None


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """A file and what its verification said."""

    data: bytes
    report: Report


class FilesSource(Source, Facts):
    """What some verified files prove: states, but neither whole histories nor that a log grew.

    Args:
        files: All of one ledger.
    """

    def __init__(self, files: Sequence[VerifiedFile]) -> None:
        states = [state for file in files for state in find_states(file.data)]
        self._states: Mapping[SubjectKey, StateBundle] = {
            state.subject: state for state in sorted(states, key=size_of)
        }
        self._notes = {state.receipt.proof.checkpoint for state in states} | {
            file.report.opened.data for file in files if file.report.opened is not None
        }

    @override
    def find(self, cls: type[StateT], key: SubjectKey) -> StateT | None:
        bundle = self._states.get(key)
        if bundle is None:
            raise UnprovedError(key)
        return None if bundle.value is None else parse_state_record(cls, bundle.value.state)

    @override
    def prove(self, key: SubjectKey) -> StateBundle | None:
        return self._states.get(key)

    @override
    def check_growth(self, note: bytes) -> bool:
        old = parse_signed_checkpoint(note).body
        is_one_size = bool(self._notes)
        for other in sorted(self._notes):
            new = parse_signed_checkpoint(other).body
            if (old.origin, old.size) != (new.origin, new.size):
                is_one_size = False
            elif old.root != new.root:
                raise ForkError(note.decode(), other.decode())
        return is_one_size

    @override
    def renew(self, data: bytes, report: Report) -> bytes | None:
        return None  # a newer file does not show that its log grew from the old proof's

    @override
    def answer(self, inquiry: Inquiry) -> Answer:
        raise UnprovedError(inquiry.party)

    @override
    def ask(self, query: Query) -> JsonObject:
        return answer_query(self, query)

    @override
    def read_events(self, key: SubjectKey) -> Sequence[Entry]:
        raise UnprovedError(key)


def time_of(bundle: StateBundle) -> UnixMillis:
    """Time of the block that a state is proved under."""
    return bundle.seal.time


def _log_size(report: Report) -> int:
    return 0 if report.opened is None else report.opened.body.size
