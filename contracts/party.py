"""Parties come, change their keys, are admitted and suspended: `party.*`.

Spec: domain, sections 3 and 4; our formats, sections 2 and 5.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Final, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.foundation import read_ledger
from contracts.identity import (
    Did,
    Identity,
    PartyKey,
    PartyKind,
    Reason,
    Recovery,
    Role,
    check_name,
    claim_uscc,
    create_key,
    create_party,
    end_key,
    need_key,
    need_role,
    refuse_if_exited,
    replace_keys,
    settle_recovery,
)
from contracts.identity import IdentityCheck as IdentityCheck
from contracts.identity import Key as Key
from contracts.identity import NameClaim as NameClaim
from contracts.identity import Party as Party
from contracts.intervals import close_interval, open_interval, switch_interval
from contracts.lists import need_deadline
from contracts.records import AnyJson, StateRecord
from ledger.core.subjects import derive_party, key_subject
from ledger.core.types import DidKey, SubjectKey, UnixMillis

INDEPENDENT_ROLES: Final = ("auditor", "valuer", "notary", "certifier", "arbitrator", "assessor")
"""What no founder is admitted to outside solo: they check or decide what founders rest on."""


class Enroll(Body, frozen=True, kw_only=True):
    """`party.enroll`: signed by every key it lists, outside solo also by the registrar."""

    kind: ClassVar[str] = "party.enroll"

    keys: Annotated[tuple[Did, ...], Meta(min_length=1, max_length=7)]
    party_kind: PartyKind
    name: AnyJson
    uscc: Annotated[str, Meta(max_length=18)] | UnsetType = UNSET
    check: IdentityCheck | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        names = [] if self.uscc is UNSET else [SubjectKey(f"name/uscc:{self.uscc}")]
        return [actor, *map(key_subject, self.keys), *names]

    @override
    def signers(self, context: Context) -> Signers:
        ledger = read_ledger(context)
        parties = {} if ledger.profile.is_solo else {ledger.registrar: 1}
        return Signers(parties, frozenset(self.keys))

    @override
    def apply(self, context: Context) -> Changes:
        if len(set(self.keys)) != len(self.keys) or derive_party(self.keys) != context.actor:
            refuse(
                "wrong_party",
                f"these keys make {derive_party(self.keys)}, not {context.actor}",
                f"这些密钥对应 {derive_party(self.keys)}，而非 {context.actor}",
                "formats 5",
            )
        if context.find(Party, context.actor) is not None:
            refuse(
                "already_enrolled", f"{context.actor} is enrolled", f"{context.actor} 已登记入册"
            )
        if self.check is UNSET and not read_ledger(context).profile.is_solo:
            refuse(
                "identity_check",
                "enrolment needs check: the method and the evidence's digest of the identity check",
                "入册须附身份核验的方式与证据摘要（check）",
                "domain 4",
            )
        check_name(self.party_kind, self.name)
        uscc = None if self.uscc is UNSET else self.uscc
        identity = Identity(kind=self.party_kind, name=self.name, uscc=uscc)
        party = create_party(context, identity, self.keys)
        changes: dict[SubjectKey, StateRecord] = {context.actor: party}
        for did in self.keys:
            changes[key_subject(did)] = create_key(context, did, context.actor)
        if uscc is not None:
            changes[SubjectKey(f"name/uscc:{uscc}")] = claim_uscc(context, uscc, context.actor)
        return changes


class Rotate(Body, frozen=True, kw_only=True):
    """`party.rotate`: signed by a current key and by each key it adds.

    The registrar's keys are its officers': as many sign as a record needs, so that none of them can
    make a second officer alone.
    """

    kind: ClassVar[str] = "party.rotate"

    add: Annotated[tuple[Did, ...], Meta(max_length=7)]
    remove: Annotated[tuple[Did, ...], Meta(max_length=7)]

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [actor, *map(key_subject, (*self.add, *self.remove))]

    @override
    def signers(self, context: Context) -> Signers:
        ledger = read_ledger(context)
        count = ledger.profile.officers if context.actor == ledger.registrar else 1
        return Signers({context.actor: count}, frozenset(self.add))

    @override
    def apply(self, context: Context) -> Changes:
        party = settle_recovery(context.need(Party, context.actor), context)
        _check_rotation(party, self.add, self.remove, context.time)
        return replace_keys(context, context.actor, party, self.add, self.remove)


class Recover(Body, frozen=True, kw_only=True):
    """`party.recover`: new keys for lost ones by the registrar; an old key may cancel in time.

    `remove` names every current key, so that the subjects follow from the body alone.
    """

    kind: ClassVar[str] = "party.recover"

    party: PartyKey
    add: Annotated[tuple[Did, ...], Meta(min_length=1, max_length=6)]
    remove: Annotated[tuple[Did, ...], Meta(min_length=1, max_length=7)]
    check: IdentityCheck | UnsetType = UNSET
    cancel: Literal[True] | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.party, *map(key_subject, (*self.add, *self.remove))]

    @override
    def signers(self, context: Context) -> Signers:
        if self.cancel is not UNSET:
            return Signers({context.actor: 1})
        return Signers({context.actor: 1}, frozenset(self.add))

    @override
    def apply(self, context: Context) -> Changes:
        party = settle_recovery(context.need(Party, self.party), context)
        refuse_if_exited(self.party, party)
        if party.current_keys(context.time) != set(self.remove):
            refuse(
                "wrong_keys",
                "remove has to name every current key of the party",
                "remove 须列出该主体的全部现行密钥",
                "domain 4",
            )
        if self.cancel is not UNSET:
            return self._cancel(context, party)
        # No officer alone may put his keys in the place of the others'.
        is_registrar = self.party == read_ledger(context).registrar
        need_role(context, "regulator" if is_registrar else "registrar")
        if self.check is UNSET or party.recovery is not None:
            refuse(
                "identity_check" if self.check is UNSET else "recovery_pending",
                "recovery needs the identity check's method and digest, and none pending",
                "密钥恢复须附身份核验方式与证据摘要，且无其他恢复在途",
                "domain 4",
            )
        days = read_ledger(context).profile.clocks.recovery
        effective = need_deadline(context, context.time, days)
        keys = tuple(sorted(set(self.add)))
        pending = replace(party, recovery=Recovery(keys=keys, effective=effective))
        changes: dict[SubjectKey, StateRecord] = {self.party: pending}
        changes |= {key_subject(did): create_key(context, did, self.party) for did in self.add}
        changes |= {key_subject(did): need_key(context, did) for did in self.remove}
        return changes

    def _cancel(self, context: Context, party: Party) -> Changes:
        pending = party.recovery
        if context.actor != self.party or pending is None or set(pending.keys) != set(self.add):
            refuse(
                "no_recovery",
                "an old key of the party cancels a pending recovery and names its new keys in add",
                "须由该主体的原密钥撤销在途的恢复，并在 add 中列出拟启用的密钥",
                "domain 4",
            )
        changes: dict[SubjectKey, StateRecord] = {self.party: replace(party, recovery=None)}
        changes |= {key_subject(did): end_key(context, did) for did in self.add}
        changes |= {key_subject(did): need_key(context, did) for did in self.remove}
        return changes


class Admit(Body, frozen=True, kw_only=True):
    """`party.admit`: a role, given or (with `end`) taken away, by regulator or registrar."""

    kind: ClassVar[str] = "party.admit"

    party: PartyKey
    role: Role
    end: Literal[True] | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.party]

    @override
    def apply(self, context: Context) -> Changes:
        need_role(context, "regulator", "registrar")
        party = context.need(Party, self.party)
        refuse_if_exited(self.party, party)
        if self.end is UNSET and self.role in INDEPENDENT_ROLES:
            refuse_if_founder(context, self.party, party, self.role)
        roles = (
            open_interval(party.roles, self.role, context.time, context.index)
            if self.end is UNSET
            else close_interval(party.roles, self.role, context.time)
        )
        return {self.party: replace(party, roles=roles)}


class Suspend(Body, frozen=True, kw_only=True):
    """`party.suspend`: the party may not act until (with `lift`) it may again."""

    kind: ClassVar[str] = "party.suspend"

    party: PartyKey
    ground: Reason
    lift: Literal[True] | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.party]

    @override
    def apply(self, context: Context) -> Changes:
        actor = need_role(context, "regulator", "registrar")
        party = context.need(Party, self.party)
        refuse_if_exited(self.party, party)
        if party.is_founder and not actor.has_role("regulator"):
            refuse(
                "founder",
                "operator and registrar are suspended by the regulator, and it by nobody",
                "运营方与登记机构仅可由监管方暂停，监管方不得被暂停",
                "domain 4",
            )
        if self.party == context.actor or party.is_active == (self.lift is not UNSET):
            refuse(
                "not_suspended" if self.lift is not UNSET else "already_suspended",
                "a party is suspended once and by another, and lifted when it is suspended",
                "暂停须由他方作出且不得重复；解除须以已暂停为前提",
                "domain 4",
            )
        status = "suspended" if self.lift is UNSET else "active"
        switched = switch_interval(party.status, status, context.time, context.index)
        return {self.party: replace(party, status=switched)}


def refuse_if_founder(context: Context, key: SubjectKey, party: Party, role: str) -> None:
    """Keep operator, registrar and regulator from attesting what they rest on; in solo they may.

    Args:
        context: Of the event.
        key: The party's.
        party: Its state.
        role: One of INDEPENDENT_ROLES, for the sentence.

    Raises:
        RejectedError: Reason `role_conflict`.
    """
    if party.is_founder and not read_ledger(context).profile.is_solo:
        refuse(
            "role_conflict",
            f"{key} is operator, registrar or regulator, and never {role} of this ledger: let "
            "another party be admitted",
            f"{key} 为运营方、登记机构或监管方，不得兼任本账本的 {role}：请核准其他主体",
            "domain 4",
        )


def _check_rotation(
    party: Party, add: tuple[DidKey, ...], remove: tuple[DidKey, ...], time: UnixMillis
) -> None:
    own = party.current_keys(time)
    named = [*add, *remove]
    left = (own - set(remove)) | set(add)
    if (
        not named
        or len(set(named)) != len(named)
        or not own >= set(remove)
        or not 1 <= len(left) <= 7
    ):
        refuse(
            "wrong_keys",
            "a rotation adds new keys, removes current ones, and leaves 1 to 7",
            "轮换须增加新密钥、移除现行密钥，且最终保留 1 至 7 个",
            "domain 4",
        )
