"""A set of proofs from which an answer is worked out again: states and whole histories.

Whoever answers works out the answer with a function that asks for states and histories by key. The
same function runs over the proofs; whatever it asks for has to be among them. So an answer that
verifies follows from the ledger, and nothing that matters was left out.

Spec: our formats, sections 6 and 7.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from typing_extensions import override

from contracts.chain import States
from contracts.records import StateT, parse_state_record
from contracts.verdict import (
    KEY_OWNER,
    LATER_DATE,
    Question,
    Report,
    note_checkpoint,
    note_seal,
)
from ledger.core.bundle import (
    StateBundle,
    find_checkpoint,
    format_state_bundle,
    parse_state_bundle,
    verify_state_bundle,
)
from ledger.core.dossier import Dossier, format_dossier, parse_dossier, verify_dossier
from ledger.core.entry import Entry
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.policy import Policy
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import BundleError, LimitError, MalformedError

if TYPE_CHECKING:
    from ledger.core.state import StateValue

MAX_PROOFS = 1_000
"""States and dossiers of one set."""


class Facts(States, Protocol):
    """What an answer is worked out from."""

    def read_events(self, key: SubjectKey) -> Sequence[Entry]:
        """Every event of a subject so far, in the order of the log; none if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ProofSet:
    """Proofs under one checkpoint, as read; nothing is verified.

    Args:
        states: At most one for each subject.
        dossiers: Whole histories; likewise.
    """

    states: tuple[StateBundle, ...]
    dossiers: tuple[Dossier, ...]

    @property
    def bundles(self) -> tuple[StateBundle, ...]:
        """All states, those of the dossiers too."""
        return (*self.states, *(dossier.state for dossier in self.dossiers))


class ProvedFacts(Facts):
    """Facts from verified proofs; what is not proved is not guessed.

    Args:
        proofs: Verified by verify_proofs.
    """

    def __init__(self, proofs: ProofSet) -> None:
        self._values: Mapping[SubjectKey, StateValue | None] = {
            bundle.subject: bundle.value for bundle in proofs.bundles
        }
        self._events = {
            dossier.state.subject: [event.entry for event in dossier.events]
            for dossier in proofs.dossiers
        }

    @override
    def find(self, cls: type[StateT], key: SubjectKey) -> StateT | None:
        if key not in self._values:
            raise BundleError(f"the answer rests on {key}, whose state is not proved here")
        value = self._values[key]
        return None if value is None else parse_state_record(cls, value.state)

    @override
    def read_events(self, key: SubjectKey) -> Sequence[Entry]:
        if key not in self._events:
            raise BundleError(f"the answer rests on the whole history of {key}, which is not here")
        return self._events[key]

    def has_history(self, key: SubjectKey) -> bool:
        """Whether every event of a subject is proved here."""
        return key in self._events


def parse_proof_set(states: Json, dossiers: Json) -> ProofSet:
    """Read the members `states` and `dossiers` of a bundle.

    Raises:
        MalformedError: Not such a set, a subject is there twice, or a dossier is a page only.
        LimitError: More than 1,000 proofs, or a part is too large.
    """
    if not isinstance(states, list) or not isinstance(dossiers, list):
        raise MalformedError("states and dossiers are arrays")
    if not 1 <= len(states) + len(dossiers) <= MAX_PROOFS:
        raise LimitError(f"a set holds 1 to {MAX_PROOFS} proofs")
    proofs = ProofSet(
        tuple(parse_state_bundle(one) for one in states),
        tuple(parse_dossier(one) for one in dossiers),
    )
    subjects = [bundle.subject for bundle in proofs.bundles]
    if len(set(subjects)) != len(subjects):
        raise MalformedError("a subject is proved once")
    if any(dossier.start is not None for dossier in proofs.dossiers):
        raise MalformedError("a dossier in a set of proofs begins with the first event")
    return proofs


def format_proof_set(proofs: ProofSet) -> JsonObject:
    """The members `states` and `dossiers` as they stand in files."""
    return {
        "states": [format_state_bundle(one) for one in proofs.states],
        "dossiers": [format_dossier(one) for one in proofs.dossiers],
    }


def verify_proofs(proofs: ProofSet, opened: VerifiedCheckpoint) -> None:
    """Check every state and every history.

    Raises:
        VerificationError: One does not hold.
    """
    for state in proofs.states:
        verify_state_bundle(state, opened)
    for dossier in proofs.dossiers:
        verify_dossier(dossier, opened)


def open_proofs(
    proofs: ProofSet, policy: Policy, question: Question, report: Report
) -> ProvedFacts:
    """Verify a set of proofs under a policy, and give what it proves.

    Args:
        proofs: As read.
        policy: The verifier's own.
        question: What the verifier wants to know.
        report: Gets each check and what was not checked.

    Raises:
        VerificationError: A proof does not hold; the report says which.
    """
    report.note_unchecked(KEY_OWNER)
    checkpoint = find_checkpoint([bundle.receipt for bundle in proofs.bundles])
    opened = open_checkpoint(policy, checkpoint)
    note_checkpoint(report, opened, question)
    detail = f"{len(proofs.states)} states and {len(proofs.dossiers)} whole histories"
    report.check("proofs", detail, lambda: verify_proofs(proofs, opened))
    note_seal(report, proofs.bundles[0].seal, question)
    return ProvedFacts(proofs)


def note_date(proofs: ProofSet, time: UnixMillis, report: Report) -> None:
    """Name a date that proofs do not reach as not checked.

    Args:
        proofs: Opened by open_proofs.
        time: What was asked about.
        report: Of the same opening.
    """
    # A cosignature's time is in whole seconds and may lie just before the seal that it proves.
    if time > max(report.as_of or 0, proofs.bundles[0].seal.time):
        report.note_unchecked(LATER_DATE)
