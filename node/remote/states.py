"""What rules may see of a node's ledger: its verified states."""

from typing_extensions import override

from ledger.core.rules import StateView
from ledger.core.state import State
from ledger.core.types import SubjectKey
from node.registryapi import Proofs


class ProvedStates(StateView):
    """States under one checkpoint, by key.

    Args:
        proofs: Of that checkpoint.
    """

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs

    @override
    def read(self, key: SubjectKey) -> State | None:
        value = self._proofs.read_state(key)
        return None if value is None else value.state
