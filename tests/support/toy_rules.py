"""The smallest rule set that a ledger can be tried with.

| kind | body | what it does |
|---|---|---|
| `toy.put` | `{"keys":[...],"value":...}` | sets each key's value and counts how often it was set |
| `toy.add` | `{"count":n,"value":...}` | sets n new assets, whose keys come from actor and nonce |
| `toy.note` | as `toy.put` | the same, but of a text it keeps only the length |
| `toy.last` | as `toy.put` | the same, and the block ends with it |
| `toy.refuse` | as `toy.put` | sets nothing: always refused, after reading all states |
| `toy.other` | as `toy.put` | breaks the contract: sets a key that is not the event's |
"""

from dataclasses import dataclass

from ledger.core.rules import Listing, Rules
from ledger.core.state import State
from ledger.core.subjects import SELF, derive_id, parse_subject
from ledger.errors import MalformedError, RejectedError

STATE_TYPE = "toy/1"
PUTS = {"toy.put", "toy.note", "toy.last", "toy.refuse", "toy.other"}


@dataclass(frozen=True)
class ToyRules(Rules):
    """A pure function like any rule set; two instances are the same."""

    label: str = "toy-rules/0"

    @property
    def name(self):
        return self.label

    def apply(self, signed, step):
        event = signed.event
        keys = toy_subjects(event)
        if event.subjects != keys:
            raise RejectedError("subjects", f"the subjects are {keys}", f"主体应为 {keys}")
        value = len(event.body["value"]) if event.kind == "toy.note" else event.body["value"]
        states = {key: _next(step.states.read(key), value) for key in keys}
        if event.kind == "toy.refuse":
            raise RejectedError("refused", "the event asks for it", "应事件要求")
        if event.kind == "toy.other":
            states[SELF] = State(STATE_TYPE, {})
        return states

    def is_last_of_block(self, signed):
        return signed.event.kind == "toy.last"

    def describe(self, key, state):
        if not key.startswith("asset/"):
            return None
        return Listing(key, f"set {state.body['sets']} times", (str(state.body["value"])[:40],))


def toy_subjects(event):
    """The one set of subjects that an event of a toy kind may have."""
    body = event.body
    if event.kind in PUTS and body.keys() == {"keys", "value"}:
        return tuple(sorted({parse_subject(key) for key in body["keys"]}))
    if event.kind == "toy.add" and body.keys() == {"count", "value"}:
        new = (
            derive_id("asset", actor=event.actor, nonce=event.nonce, n=n)
            for n in range(body["count"])
        )
        return tuple(sorted(new))
    raise MalformedError(f"not an event of the toy rules: {event.kind}")


def _next(before, value):
    sets = before.body["sets"] if before else 0
    return State(STATE_TYPE, {"sets": sets + 1, "value": value})
