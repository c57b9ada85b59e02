"""Who the parties are and which keys speak for them: states, signers and claims.

A party is named by its first keys. Which keys speak for it is part of its state; a key belongs to
one party once and for all, and never to the log or the node as well.

Spec: domain, sections 3 and 4; our formats, sections 2 and 5.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from msgspec.structs import replace
from typing_extensions import override

from contracts.clocks import format_instant
from contracts.engine import Changes, Context, Signers, refuse
from contracts.foundation import Ledger, read_ledger
from contracts.intervals import close_all, close_interval, current, open_interval
from contracts.records import AnyJson, Intervals, Record, StateRecord, whole
from contracts.uscc import check_uscc
from ledger.core.note import parse_vkey
from ledger.core.rules import Listing
from ledger.core.subjects import SELF, is_commitment, key_subject
from ledger.core.text import format_did_key
from ledger.core.types import DidKey, SubjectKey, UnixMillis

Did = Annotated[DidKey, whole("did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}")]
PartyKey = Annotated[SubjectKey, whole("party/[a-z2-7]{26}")]
HexDigest = Annotated[str, whole("[0-9a-f]{64}")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Reason = Annotated[str, Meta(min_length=1, max_length=2000)]
PartyKind = Literal["natural", "legal", "unincorporated"]
Role = Literal[
    "auditor",
    "valuer",
    "notary",
    "certifier",
    "arbitrator",
    "assessor",
    "developer",
    "public-data-operator",
]
"""What a party may be admitted to; the founding roles come from `ledger.open` alone."""

FOUNDING_ROLES = ("operator", "registrar", "regulator")


class IdentityCheck(Record, frozen=True):
    """How the registrar made sure who enrols; the evidence stays off the ledger."""

    method: Annotated[str, Meta(min_length=1, max_length=80)]
    evidence: HexDigest


class Identity(Record, frozen=True):
    """Who a party is, as far as the ledger says it.

    Args:
        kind: As the forms name them.
        name: Public name, or a `$commit` (always so of a natural person).
        uscc: Unified social credit code, if it has one.
    """

    kind: PartyKind
    name: AnyJson
    uscc: str | None


class Recovery(Record, frozen=True):
    """New keys that take the place of lost ones at an instant, unless an old key objects."""

    keys: tuple[DidKey, ...]
    effective: int


class Party(StateRecord, frozen=True, kw_only=True):
    """State of `party/<id>`.

    Args:
        kind: As the forms name them.
        name: Public name, or a `$commit` (always so of a natural person).
        uscc: Unified social credit code, if it has one.
        keys: Which keys spoke for it, from when to when.
        status: `active`, `suspended`, `exited`.
        roles: What it was admitted to.
        recovery: Pending, or come into effect and not yet written into `keys`.
        tuples: Number of right tuples it holds.
        mandates: Which agents file for it: `{"agent","mandate","types","until"}` each.
    """

    state_type: ClassVar[str] = "party/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("keys", "status", "roles", "mandates")

    kind: PartyKind
    name: AnyJson
    uscc: str | None
    keys: Intervals
    status: Intervals
    roles: Intervals
    recovery: Recovery | None
    tuples: int
    mandates: Intervals

    def current_keys(self, time: UnixMillis) -> frozenset[DidKey]:
        """The keys that speak for the party at this time."""
        if self.recovery is not None and self.recovery.effective <= time:
            return frozenset(self.recovery.keys)
        return frozenset(DidKey(str(key)) for key in current(self.keys))

    def has_role(self, role: str) -> bool:
        """Whether the party is admitted to a role now."""
        return role in current(self.roles)

    @property
    def is_founder(self) -> bool:
        """Whether the party is operator, registrar or regulator."""
        return any(self.has_role(role) for role in FOUNDING_ROLES)

    @property
    def is_active(self) -> bool:
        """Whether the party may act."""
        return "active" in current(self.status)

    @property
    def has_exited(self) -> bool:
        """Whether the party has left for good."""
        return "exited" in current(self.status)

    @override
    def describe(self, key: SubjectKey) -> Listing:
        label = self.name if isinstance(self.name, str) else "(natural person)"
        terms = [self.uscc] if self.uscc else []
        status = ", ".join(map(str, current(self.status)))
        return Listing(label, status, (*terms, *map(str, current(self.roles))))


class Key(StateRecord, frozen=True, kw_only=True):
    """State of `key/z6Mk...`: whose it is, from and until which log index."""

    state_type: ClassVar[str] = "key/1"

    party: SubjectKey
    since: int
    until: int | None


class NameClaim(StateRecord, frozen=True, kw_only=True):
    """State of `name/...`: who claimed it, from when to when."""

    state_type: ClassVar[str] = "name/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("claims",)

    claims: Intervals


def check_signers(context: Context, signers: Signers) -> None:
    """Hold an event's signatures against the keys current just before it (the engine's Authority).

    Raises:
        RejectedError: A party is unknown, has left or may not act, a signature is missing, or one
            is of a key that has no part in this event.
    """
    left = set(context.keys)
    missing = signers.keys - left
    left -= signers.keys
    for key, count in signers.parties.items():
        party = context.need(Party, key)
        refuse_if_exited(key, party)
        if not party.is_active:
            refuse(
                "suspended",
                f"{key} is suspended and may not act: have the suspension lifted first",
                f"{key} 已被暂停，不得操作：请先解除暂停",
                "domain 4",
            )
        own = left & party.current_keys(context.time)
        if len(own) != count:
            refuse(
                "wrong_signers",
                f"{context.event.kind} needs {count} signature(s) by current keys of {key}, "
                f"not {len(own)}",
                f"{context.event.kind} 需要 {key} 现行密钥的 {count} 个签名，实有 {len(own)} 个",
                "formats 2",
            )
        left -= own
    if missing or left:
        keys = ", ".join(sorted(missing or left))
        refuse(
            "wrong_signers",
            f"the signatures of {keys} are {'missing' if missing else 'not asked for'}",
            f"{'缺少' if missing else '不需要'}以下密钥的签名：{keys}",
            "formats 2",
        )


def refuse_if_exited(key: SubjectKey, party: Party) -> None:
    """Let a party through that has not left.

    Raises:
        RejectedError: Reason `exited`.
    """
    if party.has_exited:
        refuse(
            "exited",
            f"{key} has left this ledger for good: it needs a party that is still there",
            f"{key} 已永久退出本账本：须由未退出的主体参与",
            "domain 4",
        )


def refuse_if_recovering(context: Context, key: SubjectKey, party: Party) -> None:
    """Let a party through that waits for no new keys: until then it disposes of nothing.

    Whoever found or stole the lost keys could otherwise be quicker than the recovery.

    Raises:
        RejectedError: Reason `recovery_pending`.
    """
    recovery = party.recovery
    if recovery is not None and context.time < recovery.effective:
        until = format_instant(UnixMillis(recovery.effective))
        refuse(
            "recovery_pending",
            f"the keys of {key} are being recovered: wait until {until}, or cancel the recovery "
            "with an old key",
            f"{key} 的密钥正在恢复：请待 {until} 之后，或由原密钥撤销恢复",
            "domain 4",
        )


def need_role(context: Context, *roles: str) -> Party:
    """The actor's state, if it has one of these roles.

    Raises:
        RejectedError: It has none of them.
    """
    actor = context.need(Party, context.actor)
    if not any(actor.has_role(role) for role in roles):
        refuse(
            "wrong_role",
            f"{context.event.kind} is for the {' or '.join(roles)}, which {context.actor} is not",
            f"{context.event.kind} 仅限{'、'.join(roles)}，{context.actor} 不具备该身份",
            "domain 4",
        )
    return actor


def create_party(
    context: Context,
    identity: Identity,
    keys: Iterable[DidKey],
    roles: Iterable[str] = (),
) -> Party:
    """A new party, active, with its first keys."""

    def opened(values: Iterable[str]) -> Intervals:
        intervals: Intervals = ()
        for value in sorted(values):
            intervals = open_interval(intervals, value, context.time, context.index)
        return intervals

    return Party(
        kind=identity.kind,
        name=identity.name,
        uscc=identity.uscc,
        keys=opened(keys),
        status=opened(["active"]),
        roles=opened(roles),
        recovery=None,
        tuples=0,
        mandates=(),
    )


def create_key(context: Context, did: DidKey, party: SubjectKey) -> Key:
    """A key's first state.

    Raises:
        RejectedError: The key was used before, by a party, the log or the node.
    """
    if context.find(Key, key_subject(did)) is not None or did in _reserved_keys(context):
        refuse(
            "key_in_use",
            f"the key {did} is in use already: make a new one with 'muniment key new'",
            f"密钥 {did} 已被使用：请用 muniment key new 生成新密钥",
            "formats 1",
        )
    return Key(party=party, since=context.index, until=None)


def check_name(kind: PartyKind, name: AnyJson) -> None:
    """Keep the names of natural persons off the ledger.

    Raises:
        RejectedError: A natural person in the clear, or something that is no name.
    """
    if is_commitment(name):
        return
    is_name = isinstance(name, str) and 1 <= len(name) <= 200
    if kind == "natural" or not is_name or "\n" in str(name) or str(name).strip(" ") != name:
        refuse(
            "name",
            "the name of a natural person is a $commit; any other is 1 to 200 characters in one "
            "line, without blanks at its ends",
            "自然人姓名须以 $commit 承诺形式提交；其他名称为单行 1 至 200 个字符，首尾不得为空格",
            "domain 3",
        )


def claim_uscc(context: Context, uscc: str, party: SubjectKey) -> NameClaim:
    """The claim of a party's code.

    Raises:
        RejectedError: A wrong check character, or another party has the code.
    """
    check_uscc(uscc)
    claim = context.find(NameClaim, SubjectKey(f"name/uscc:{uscc}")) or NameClaim(claims=())
    owners = [*current(claim.claims), *_founders_with(context, uscc)]
    if owners:
        refuse(
            "uscc_claimed",
            f"the code {uscc} belongs to {owners[0]}",
            f"统一社会信用代码 {uscc} 已由 {owners[0]} 使用",
            "domain 4",
        )
    return NameClaim(claims=open_interval(claim.claims, party, context.time, context.index))


def _founders_with(context: Context, uscc: str) -> list[SubjectKey]:
    """Founders of this code; `ledger.open` has no `name/` subjects to claim it with."""
    ledger = read_ledger(context)
    founders = (ledger.operator, ledger.registrar, ledger.regulator, *ledger.former)
    return [key for key in founders if context.need(Party, key).uscc == uscc]


def settle_recovery(party: Party, context: Context) -> Party:
    """The party with a recovery in effect written into its keys; its mandates end with old ones."""
    recovery = party.recovery
    if recovery is None or recovery.effective > context.time:
        return party
    effective = UnixMillis(recovery.effective)
    keys = close_all(party.keys, effective)
    for new in recovery.keys:
        keys = open_interval(keys, new, effective, context.index)
    # Whoever had stolen the old keys could have given mandates with them.
    mandates = close_all(party.mandates, effective)
    return replace(party, keys=keys, mandates=mandates, recovery=None)


def replace_keys(
    context: Context,
    key: SubjectKey,
    party: Party,
    add: Iterable[DidKey],
    remove: Iterable[DidKey],
) -> Changes:
    """The party and the key subjects after some keys came and others went."""
    keys = party.keys
    changes: dict[SubjectKey, StateRecord] = {}
    for did in remove:
        keys = close_interval(keys, did, context.time)
        changes[key_subject(did)] = end_key(context, did)
    for did in add:
        keys = open_interval(keys, did, context.time, context.index)
        changes[key_subject(did)] = create_key(context, did, key)
    changes[key] = replace(party, keys=keys)
    return changes


def need_key(context: Context, did: DidKey) -> Key:
    """State of a key that some party has or had.

    Raises:
        RejectedError: Nobody had it.
    """
    return context.need(Key, key_subject(did))


def end_key(context: Context, did: DidKey) -> Key:
    """State of a key that speaks for its party no longer.

    Raises:
        RejectedError: Nobody had it.
    """
    key = need_key(context, did)
    return Key(party=key.party, since=key.since, until=context.index)


def _reserved_keys(context: Context) -> set[str]:
    ledger = context.find(Ledger, SELF)
    if ledger is None:
        return set()
    return {ledger.node, *map(log_did, ledger.known_logs)}


def log_did(vkey: str) -> DidKey:
    """The log's note key as a did:key, to notice that it is used for something else."""
    return format_did_key(parse_vkey(vkey).public_key)
