"""The engine: which kinds of event there are, who must sign them, and what a rule may see.

A kind is a class: its fields are the schema of the body, and three methods say which subjects it
touches (a function of body, actor and nonce alone), who must sign, and what it makes of the states.

Spec: our formats section 2; domain, section 4.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NoReturn

from typing_extensions import override

from contracts.intervals import current, fit_state, parse_intervals
from contracts.records import (
    Record,
    StateRecord,
    StateT,
    format_state,
    parse_record,
    parse_state_record,
)
from ledger.core.canonical import encode_canonical
from ledger.core.event import Event, SignedEvent
from ledger.core.limits import MAX_STATE_BYTES
from ledger.core.logkeys import LogKey
from ledger.core.note import VerifierKey, parse_vkey
from ledger.core.rules import Listing, Rules, StateView, Step
from ledger.core.state import State
from ledger.core.subjects import SELF, derive_id
from ledger.core.types import DidKey, LeafIndex, SubjectKey, UnixMillis
from ledger.errors import InputError, NotFoundError, RejectedError

_STATE_ENVELOPE_BYTES = 512
"""More than history, last, n, time and type take beside a state."""

Changes = Mapping[SubjectKey, StateRecord]


def refuse(reason: str, en: str, zh: str, rule: str = "") -> NoReturn:
    """Refuse the event.

    Args:
        reason: Stable code.
        en: What would be needed.
        zh: The same in Chinese.
        rule: The article or rule that says so.

    Raises:
        RejectedError: Always.
    """
    raise RejectedError(reason, en, zh, rule)


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures an event needs; any other is refused.

    Args:
        parties: How many current keys of each party sign.
        keys: Keys that sign although they are not yet, or not any more, current.
    """

    parties: Mapping[SubjectKey, int] = field(default_factory=dict)
    keys: frozenset[DidKey] = frozenset()


class Context:
    """What a rule may see of an event: the event, the ledger's time, and states by key."""

    __slots__ = ("_found", "_step", "event", "keys", "rule_sets")

    def __init__(self, signed: SignedEvent, step: Step, rule_sets: Mapping[str, str]) -> None:
        self.event: Event = signed.event
        self.keys = frozenset(signature.key for signature in signed.signatures)
        self.rule_sets = rule_sets
        self._step = step
        self._found: dict[SubjectKey, StateRecord] = {}

    @property
    def actor(self) -> SubjectKey:
        """The party that speaks."""
        return self.event.actor

    @property
    def time(self) -> UnixMillis:
        """The ledger's time."""
        return self._step.time

    @property
    def index(self) -> LeafIndex:
        """The leaf that the event becomes."""
        return self._step.index

    def new_id(self, kind: str, n: int = 0) -> SubjectKey:
        """Key of the n-th subject of a type that this event opens.

        Raises:
            RejectedError: An earlier event of this actor with the same nonce has opened it.
        """
        key = derive_id(kind, actor=self.actor, nonce=self.event.nonce, n=n)
        if self._step.states.read(key) is not None:
            raise RejectedError(
                "nonce_used",
                f"{key} is there already: sign the event again with a fresh nonce",
                f"{key} 已存在：请换用新的 nonce 重新签署",
                rule="formats 5",
            )
        return key

    def find(self, cls: type[StateT], key: SubjectKey) -> StateT | None:
        """State of a subject, or None if there is none yet."""
        found = self._found.get(key)
        if isinstance(found, cls):  # states do not change while a rule decides
            return found
        state = self._step.states.read(key)
        if state is None:
            return None
        record = self._found[key] = parse_state_record(cls, state)
        return record

    def need(self, cls: type[StateT], key: SubjectKey) -> StateT:
        """State of a subject that has to be there.

        Raises:
            RejectedError: There is none.
        """
        state = self.find(cls, key)
        if state is None:
            raise RejectedError(
                "unknown_subject",
                f"there is no {key} on this ledger",
                f"本账本上没有 {key}",
                rule="formats 2",
            )
        return state

    def settle(self, key: SubjectKey, record: StateRecord) -> State:
        """The state that a record becomes.

        What the rule only read and gives back fits its limits already: it stays as it was.

        Raises:
            RejectedError: Reason `state_full`: what is open there takes too much.
        """
        state = self._step.states.read(key) if record is self._found.get(key) else None
        return _fit(record) if state is None else state


class Body(Record, frozen=True, kw_only=True):
    """Base of all kinds: the fields are the body's schema."""

    kind: ClassVar[str] = ""
    is_last_of_block: ClassVar[bool] = False
    names_log_key: ClassVar[bool] = False
    """Whether the member `log` is the key that the log signs with from this event on."""

    @abstractmethod
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        """The subjects of an event with this body; nothing else decides them."""

    def signers(self, context: Context) -> Signers:
        """Who must sign; by default one current key of the actor."""
        return Signers({context.actor: 1})

    @abstractmethod
    def apply(self, context: Context) -> Changes:
        """New states of exactly the event's subjects.

        Raises:
            RejectedError: The rule refuses.
        """


Authority = Callable[[Context, Signers], None]
"""Holds an event's signatures against the keys that are current for the parties that must sign;
raises RejectedError. The party family provides it."""


@dataclass(frozen=True, slots=True)
class RuleSet(Rules):
    """One released set of rules.

    Args:
        title: Name as seals carry it, such as `muniment-rules/0`.
        kinds: Every kind of event, by its name.
        authority: Which keys speak for whom.
        states: The state types that listings are made from, by type.
        rule_sets: Digest of each rule set that this program knows, by name.
        others: The other rule sets of this program, by name.
    """

    title: str
    kinds: Mapping[str, type[Body]]
    authority: Authority
    states: Mapping[str, type[StateRecord]]
    rule_sets: Mapping[str, str]
    others: Mapping[str, Rules] = field(default_factory=dict)

    @property
    @override
    def name(self) -> str:
        return self.title

    @override
    def apply(self, signed: SignedEvent, step: Step) -> Mapping[SubjectKey, State]:
        event = signed.event
        kind = self.kinds.get(event.kind)
        if kind is None:
            refuse(
                "unknown_kind",
                f"the rules {self.title} know no event of kind {event.kind}",
                f"规则集 {self.title} 中没有 {event.kind} 这种事件",
                "domain 4",
            )
        body = parse_record(kind, event.body)
        expected = tuple(sorted(set(body.subjects(event.actor, event.nonce))))
        if expected != event.subjects:
            refuse(
                "wrong_subjects",
                f"{event.kind} with this body has the subjects {', '.join(expected)}",
                f"该 {event.kind} 事件的主题应为 {', '.join(expected)}",
                "formats 2",
            )
        context = Context(signed, step, self.rule_sets)
        _check_ledger(event, step, self.title)
        self.authority(context, body.signers(context))
        changes = body.apply(context)
        return {key: context.settle(key, record) for key, record in changes.items()}

    @override
    def successor(self, states: StateView) -> Rules:
        ledger = states.read(SELF)
        in_force = self.title if ledger is None else _rules_in_force(ledger)
        if in_force == self.title:
            return self
        if in_force not in self.others:
            raise NotFoundError(
                f"the ledger is under the rules {in_force}, which this program does not have: "
                "use a newer one"
            )
        return self.others[in_force]

    @override
    def is_last_of_block(self, signed: SignedEvent) -> bool:
        return self.kinds[signed.event.kind].is_last_of_block

    @override
    def log_keys(self, states: StateView) -> Sequence[LogKey]:
        ledger = states.read(SELF)
        intervals = () if ledger is None else parse_intervals(ledger.body["log_keys"])
        return [LogKey(parse_vkey(str(each.value)), each.index) for each in intervals]

    @override
    def named_log_key(self, signed: SignedEvent) -> VerifierKey | None:
        kind = self.kinds.get(signed.event.kind)
        if kind is None or not kind.names_log_key:
            return None
        try:
            return parse_vkey(str(signed.event.body.get("log")))
        except InputError:  # the rule refuses it
            return None

    @override
    def describe(self, key: SubjectKey, state: State) -> Listing | None:
        cls = self.states.get(state.type)
        return None if cls is None else cls.describe(parse_state_record(cls, state), key)


def _check_ledger(event: Event, step: Step, title: str) -> None:
    is_open = step.index > 0
    if is_open != (event.kind != "ledger.open"):
        refuse(
            "not_open" if not is_open else "already_open",
            "a ledger begins with one ledger.open and has no second",
            "账本以唯一的 ledger.open 开始，不得有第二个",
            "formats 3",
        )
    ledger = step.states.read(SELF)
    origin = event.log if ledger is None else str(ledger.body["log"]).partition("+")[0]
    if origin != event.log:
        refuse(
            "wrong_ledger",
            f"the event is meant for the ledger {event.log}, this is {origin}",
            f"该事件针对账本 {event.log}，而本账本为 {origin}",
            "formats 2",
        )
    in_force = title if ledger is None else _rules_in_force(ledger)
    if in_force != title:
        refuse(
            "other_rules",
            f"the ledger has been under the rules {in_force} since its last upgrade, not {title}",
            f"账本自上次升级后适用规则集 {in_force}，而非 {title}",
            "formats 3",
        )


def _rules_in_force(ledger: State) -> str:
    (rule_set,) = current(parse_intervals(ledger.body["rules"]))
    return str(rule_set["name"]) if isinstance(rule_set, dict) else ""


def _fit(record: StateRecord) -> State:
    state = format_state(record)
    if not record.interval_lists:
        return state
    body = fit_state(
        state.body,
        record.interval_lists,
        encode=encode_canonical,
        max_bytes=MAX_STATE_BYTES - _STATE_ENVELOPE_BYTES,
        kept_longest=record.kept_longest,
    )
    return State(state.type, body)
