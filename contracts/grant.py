"""Grants: permissions derived from an `operate` right or from another grant, as ODRL policies.

A grant moves no right. What it may give is what its parent gives, and only less: every hop is held
against the terms that the hop before hands on. When a grant ends, everything below it is dead.

Spec: domain, sections 4 and 5; ODRL 2.2.
"""

from collections.abc import Iterable
from typing import ClassVar, Literal

from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.chain import (
    MAX_GRANT_DEPTH,
    Grant,
    GrantKey,
    find_grantor,
    list_turns,
    need_live_chain,
    refuse_clause,
)
from contracts.chinese import GRANTS
from contracts.classification import refuse_if_listed
from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.force import rights_in_force
from contracts.holds import refuse_if_held
from contracts.identity import HexDigest, Party, PartyKey, refuse_if_recovering
from contracts.intervals import current, open_interval, switch_interval
from contracts.odrl import (
    UNOPENED,
    Policy,
    check_narrower,
    find_onward,
    is_within_term,
    next_terms,
    parse_policy,
    root_terms,
)
from contracts.openness import refuse_onward_if_closed
from contracts.publicdata import (
    PUBLIC_DEPTH,
    check_public_terms,
    find_root_break,
    find_tier_break,
    is_public,
)
from contracts.records import AnyObject, StateRecord
from contracts.standing import read_pending
from contracts.title import Asset, AssetKey
from ledger.core.subjects import derive_id, format_urn
from ledger.core.types import SubjectKey, UnixMillis

RevocationGround = Literal["withdrawn", "breach", "agreed", "law"]


class Issue(Body, frozen=True, kw_only=True):
    """`grant.issue`: an offer, an agreement that both sign, or a one-sided permission.

    Args:
        asset: What is licensed.
        grantee: Who may.
        policy: An ODRL Offer, Agreement or Set with the asset as its target.
        parent: The grantor's own grant; absent: it rests on his right to operate.
    """

    kind: ClassVar[str] = "grant.issue"

    asset: AssetKey
    grantee: PartyKey
    policy: AnyObject
    parent: GrantKey | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        parent = [] if self.parent is UNSET else [self.parent]
        grant = derive_id("grant", actor=actor, nonce=nonce)
        return [grant, self.asset, *parent, self.grantee]

    @override
    def signers(self, context: Context) -> Signers:
        both = (context.actor, self.grantee)
        is_agreement = self.policy.get("type") == "Agreement"
        return Signers(dict.fromkeys(both if is_agreement else both[:1], 1))

    @override
    def apply(self, context: Context) -> Changes:
        asset, grantee = context.need(Asset, self.asset), context.need(Party, self.grantee)
        refuse_if_held(asset, self.asset)
        refuse_if_listed(context, self.asset, asset)
        refuse_if_recovering(context, context.actor, context.need(Party, context.actor))
        policy = self._check_policy(context, grantee)
        refuse_onward_if_closed(self.asset, asset, policy)
        changes: dict[SubjectKey, StateRecord] = {self.asset: asset, self.grantee: grantee}
        depth, via = 1, None
        if self.parent is UNSET:
            self._check_root(context, asset, policy)
        else:
            parent, via = self._take_from(context, self.parent, policy)
            depth = parent.depth + 1
            changes[self.parent] = parent
        _check_term(context, policy)
        self._check_public(context, asset, policy, depth)
        status = "offered" if policy.type == "Offer" else "live"
        changes[context.new_id("grant")] = Grant(
            grantor=context.actor,
            grantee=self.grantee,
            asset=self.asset,
            parent=None if self.parent is UNSET else self.parent,
            via=via,
            depth=depth,
            policy=self.policy,
            status=open_interval((), status, context.time, context.index),
            meters={},
            periods={},
        )
        return changes

    def _check_policy(self, context: Context, grantee: Party) -> Policy:
        policy = parse_policy(self.policy)
        named = (context.actor, self.grantee)
        parties = named if policy.type != "Set" else (None, None)
        target = format_urn(context.event.log, self.asset)
        if policy.target != target or (policy.assigner, policy.assignee) != parties:
            refuse(
                "wrong_parts",
                f"the policy's target is {target}; an Offer and an Agreement name the grantor as "
                "assigner and the grantee as assignee, a Set names neither",
                f"策略的 target 须为 {target}；Offer 与 Agreement 的 assigner、assignee "
                "须为授权方与被授权方，Set 两者皆不列",
                "domain 5",
            )
        if policy.type == "Set" and policy.binds_assignee:
            refuse(
                "one_sided",
                "a Set binds nobody: duties, obligations and prohibitions need the other side's "
                "consent, so offer it (Offer) or sign it together (Agreement)",
                "Set 为单方许可，不得设定义务或禁止：请改用 Offer（由对方接受）或 "
                "Agreement（双方签署）",
                "domain 5",
            )
        if self.grantee == context.actor or not grantee.is_active:
            refuse(
                "wrong_grantee",
                "a grant is given to another party that may act; lift its suspension, or name "
                "somebody else",
                "被授权方须为可操作的其他主体：请先解除其暂停，或改为其他主体",
                "domain 4",
            )
        return policy

    def _check_root(self, context: Context, asset: Asset, policy: Policy) -> None:
        held = [
            value
            for value in rights_in_force(
                asset, context.time, read_pending(context, asset, context.time)
            )
            if (value["holder"], value["right"]) == (context.actor, "operate")
        ]
        if not held:
            refuse(
                "no_operate_right",
                f"{context.actor} has no right to operate {self.asset} in force: register or "
                "renew it, or name the grant that this one is to rest on (parent)",
                f"{context.actor} 对 {self.asset} 没有有效的经营权：请先登记或续期，"
                "或指明所依据的上级授权（parent）",
                "domain 5",
            )
        until = held[0].get("until")
        term = UnixMillis(until) if isinstance(until, int) else None
        check_narrower(policy.terms, root_terms(asset.fields.get("restrictions", UNOPENED), term))

    def _take_from(self, context: Context, key: SubjectKey, policy: Policy) -> tuple[Grant, str]:
        """The parent with one more onward grant counted, and the clause that allows it."""
        parent = context.need(Grant, key)
        if parent.grantee != context.actor or parent.asset != self.asset:
            refuse(
                "wrong_parent",
                f"{key} is a grant of {parent.asset} to {parent.grantee}: name one that "
                f"{context.actor} has for {self.asset}",
                f"{key} 是 {parent.asset} 对 {parent.grantee} 的授权：请指明 {context.actor} "
                f"就 {self.asset} 所获的授权",
                "domain 4",
            )
        chain = need_live_chain(context, key, context.time)
        if self.grantee in {hop.grant.grantor for hop in chain}:
            refuse(
                "circle",
                f"{self.grantee} stands above in the chain of {key}: what it gave does not come "
                "back to it as a new count",
                f"{self.grantee} 位于 {key} 的上级授权链中：不得循环授权",
                "domain 4",
            )
        terms = parse_policy(parent.policy)
        onward = find_onward(
            terms,
            context.time,
            parent.meters,
            key,
            facts={"recipient": self.grantee},
            child=policy.terms,
        )
        check_narrower(policy.terms, next_terms(terms, onward.path))
        meters = dict(parent.meters)
        meters[onward.action] = meters.get(onward.action, 0) + 1
        return replace(parent, meters=meters), onward.path

    def _check_public(self, context: Context, asset: Asset, policy: Policy, depth: int) -> None:
        deepest = PUBLIC_DEPTH if is_public(asset) else MAX_GRANT_DEPTH
        if depth > deepest:
            refuse(
                "too_deep",
                f"this grant would be {depth} deep, {self.asset} allows {deepest}: ask a grantor "
                "further up",
                f"该授权将达第 {depth} 层，而 {self.asset} 最多 {deepest} 层：请由更上级授权方授权",
                "domain 4",
            )
        if not is_public(asset):
            return
        broken = None
        if self.parent is UNSET:  # a chain above was held against the same already
            broken = find_root_break(context, context.actor, context.time)
        if broken is None:
            broken = find_tier_break(context, self.grantee, depth, context.index, context.time)
        if broken is not None:
            refuse_clause(broken)
        check_public_terms(context, policy)


def _check_term(context: Context, policy: Policy) -> None:
    """Refuse terms that are over already; they may begin later."""
    turns = [turn for turn in list_turns(policy) if turn > context.time]
    if not any(is_within_term(policy, time) for time in (context.time, *turns)):
        refuse(
            "term_over",
            "the terms end before they begin to count: give a term that is still to come",
            "该条款的期限已过：请给出尚未届满的期限",
            "domain 5",
        )


class Accept(Body, frozen=True, kw_only=True):
    """`grant.accept`: the grantee takes the offer as it stands."""

    kind: ClassVar[str] = "grant.accept"

    grant: GrantKey

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.grant]

    @override
    def apply(self, context: Context) -> Changes:
        grant = context.need(Grant, self.grant)
        if grant.grantee != context.actor or current(grant.status) != ("offered",):
            refuse(
                "not_offered",
                f"{self.grant} is {current(grant.status)[-1]} and for {grant.grantee}: only an "
                "open offer is accepted, by whom it was made to",
                f"{self.grant} 现为“{GRANTS[str(current(grant.status)[-1])]}”，"
                f"被授权方为 {grant.grantee}："
                "仅被要约方可接受尚未了结的要约",
                "domain 4",
            )
        asset = context.need(Asset, grant.asset)
        refuse_if_held(asset, grant.asset)
        refuse_if_listed(context, grant.asset, asset)
        need_live_chain(context, self.grant, context.time, is_offer=True)
        _refuse_if_grantor_changed(context, self.grant, grant)
        status = switch_interval(grant.status, "live", context.time, context.index)
        return {self.grant: replace(grant, status=status)}


def _refuse_if_grantor_changed(context: Context, key: SubjectKey, grant: Grant) -> None:
    """Hold an offer to its own grantor: he may still act, and still has what it rests on."""
    grantor = context.need(Party, grant.grantor)
    if not grantor.is_active or find_grantor(context, grant) != grant.grantor:
        refuse(
            "offer_lapsed",
            f"{grant.grantor}, who made the offer {key}, may not act or has handed its right on: "
            "ask the present holder for an offer",
            f"要约 {key} 的授权方 {grant.grantor} 已不得操作或已转让其权利："
            "请由现权利人重新发出要约",
            "domain 4",
        )


class Revoke(Body, frozen=True, kw_only=True):
    """`grant.revoke`: by the grantor, or by who took over the right that the grant rests on."""

    kind: ClassVar[str] = "grant.revoke"

    grant: GrantKey
    ground: RevocationGround
    document: HexDigest | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.grant]

    @override
    def apply(self, context: Context) -> Changes:
        grant = context.need(Grant, self.grant)
        grantor = find_grantor(context, grant)
        if context.actor != grantor:
            refuse(
                "wrong_role",
                f"{self.grant} is revoked by {grantor}, who gave it or took over the right behind "
                "it",
                f"{self.grant} 仅可由授权方（或承受其经营权者）{grantor} 撤回",
                "domain 4",
            )
        if current(grant.status) == ("revoked",):
            refuse(
                "already_revoked",
                f"{self.grant} was revoked before: nothing is left to do",
                f"{self.grant} 此前已撤回，无须再次操作",
                "domain 4",
            )
        status = switch_interval(grant.status, "revoked", context.time, context.index)
        return {self.grant: replace(grant, status=status)}
