"""Works out answers with their proofs: checks of acts, and queries.

An answer is worked out from the store by the same function that a verifier runs over the proofs.
What the function asked for is what gets proved.
"""

from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from contracts.check import CheckBundle, find_grants, find_route
from contracts.evidence import MAX_PROOFS, Facts, ProofSet
from contracts.permission import Answer, Inquiry, judge_act
from contracts.queries import Query, QueryBundle, answer_query
from contracts.records import StateRecord, StateT, parse_state_record
from ledger.core.entry import Entry
from ledger.core.limits import MAX_DOSSIER_EVENTS
from ledger.core.types import JsonObject, SubjectKey
from ledger.errors import LimitError
from node.registryapi import Proofs


class StoredFacts(Facts):
    """Facts as a store has them under one checkpoint; remembers what was asked for.

    Args:
        prover: Of that checkpoint.
    """

    def __init__(self, prover: Proofs) -> None:
        self._prover = prover
        self._found: dict[SubjectKey, StateRecord | None] = {}
        self._events: dict[SubjectKey, Sequence[Entry]] = {}

    @override
    def find(self, cls: type[StateT], key: SubjectKey) -> StateT | None:
        if key not in self._found:
            value = self._prover.read_state(key)
            self._found[key] = None if value is None else parse_state_record(cls, value.state)
        found = self._found[key]
        return found if isinstance(found, cls) else None

    @override
    def read_events(self, key: SubjectKey) -> Sequence[Entry]:
        if key not in self._events:
            self._events[key] = self._prover.read_events(key)
        return self._events[key]

    def prove(self) -> ProofSet:
        """Proofs of everything that was asked for.

        Raises:
            LimitError: A whole history is longer than a dossier may be, or there is more to prove
                than one file holds.
        """
        self._check_size()
        states = sorted(self._found.keys() - self._events.keys())
        return ProofSet(
            tuple(self._prover.prove_state(key) for key in states),
            tuple(self._prover.prove_history(key) for key in sorted(self._events)),
        )

    def _check_size(self) -> None:
        """Refuse before the work what no reader would take.

        Raises:
            LimitError: Too many events of one subject, or too many subjects.
        """
        for key, events in sorted(self._events.items()):
            if len(events) > MAX_DOSSIER_EVENTS:
                raise LimitError(
                    f"the answer rests on the whole history of {key}, {len(events)} events, and a "
                    f"proof holds {MAX_DOSSIER_EVENTS}: {_NARROWER}"
                )
        count = len(self._found.keys() | self._events.keys())
        if count > MAX_PROOFS:
            raise LimitError(
                f"the answer rests on {count} subjects, and a proof holds {MAX_PROOFS}: {_NARROWER}"
            )


_NARROWER: Final = (
    "ask without a proof, or about less, such as the holders of one asset, one grant, or what is "
    "below it"
)


def check_act(prover: Proofs, inquiry: Inquiry) -> Answer:
    """Whether a party may do an act; nothing is proved.

    Args:
        prover: Of the checkpoint that the answer is as of.
        inquiry: What is asked.
    """
    facts = StoredFacts(prover)
    return judge_act(facts, inquiry, find_grants(facts, inquiry), facts.read_events)


def prove_act(prover: Proofs, inquiry: Inquiry) -> CheckBundle:
    """The same with the proofs of every fact used; one route is enough for a permission.

    Raises:
        LimitError: The answer needs more than one file can prove, such as a long history.
    """
    facts = StoredFacts(prover)
    answer = judge_act(facts, inquiry, find_grants(facts, inquiry), facts.read_events)
    if answer.verdict == "permitted":
        facts = StoredFacts(prover)
        judge_act(facts, inquiry, find_route(answer), facts.read_events)
    return CheckBundle(inquiry, answer, facts.prove())


def answer_only(prover: Proofs, query: Query) -> JsonObject:
    """The answer to a query; nothing is proved, and no history is too long.

    Args:
        prover: Of the checkpoint that the answer is as of.
        query: What is asked.
    """
    return answer_query(StoredFacts(prover), query)


def prove_query(prover: Proofs, query: Query) -> QueryBundle:
    """The answer to a query with the proofs of every fact used.

    Raises:
        LimitError: It needs more than one file can prove.
    """
    facts = StoredFacts(prover)
    answer = answer_query(facts, query)
    return QueryBundle(query, answer, facts.prove())
