"""May this party do this with this asset, then? The verdict, from states alone.

A party may have several routes to an act: right tuples of its own, and grants. One route that
permits it is enough. If none does, and one prohibits it, it is prohibited; else it is not covered.
A freeze, a suspension, and the restrictions that were registered with the asset stand above all
routes; where the data would be handed on also published lists, its openness and, for important
data, the filing that a delivery needs.

The same function answers for the registry and for whoever holds only proofs.

Spec: domain, section 5; Art. 4, 21, 34; ODRL 2.2.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Final, Literal

from msgspec import Meta
from msgspec.structs import replace

from contracts.bars import DISPOSALS, Handing, find_handing_bar, is_disposal
from contracts.chain import UNKNOWN, Clause, Hop, States, find_break, find_chain, find_root
from contracts.classification import ReadEvents
from contracts.clauses import fill_clause
from contracts.force import ASSET_LISTS, as_object, is_known, is_prolonged, objects_at
from contracts.identity import Party, PartyKey
from contracts.intervals import Interval, values_at
from contracts.odrl import (
    ONWARD,
    UNOPENED,
    CountLimit,
    Finding,
    Situation,
    Terms,
    Verdict,
    describe_clause,
    evaluate,
    is_included,
    next_terms,
    parse_policy,
    restriction_terms,
)
from contracts.publicdata import UNKNOWN_RECIPIENT, find_handing_break, is_public
from contracts.records import AnyJson, Record
from contracts.standing import read_pending, standing_tuples
from contracts.title import Asset, AssetKey
from ledger.core.types import JsonObject, SubjectKey, UnixMillis

RIGHT_ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "hold": ("archive", "index"),
    "use": ("use",),
    "operate": ONWARD,
}
"""What a right lets its holder do by himself; every holder may transfer or pledge his right."""
Fact = Annotated[str, Meta(min_length=1, max_length=200)]


class Inquiry(Record, frozen=True, kw_only=True):
    """What is asked.

    Args:
        party: Who acts.
        asset: On what.
        action: An ODRL action of our profile.
        at: When, Unix milliseconds.
        facts: What is known of the act, by ODRL left operand, such as `purpose`.
    """

    party: PartyKey
    asset: AssetKey
    action: Annotated[str, Meta(min_length=1, max_length=64)]
    at: Annotated[int, Meta(ge=0)]
    facts: Mapping[str, Fact]


class Link(Record, frozen=True, kw_only=True):
    """One hop of the chain that a verdict rests on, from the right downwards.

    Args:
        subject: The asset for a right tuple, else the grant.
        kind: `right` or `grant`.
        giver: Who gave it; None for a right.
        taker: Who has it.
        index: Log index of the event that made it.
        clause: The right, or the clause of the policy that lets the chain go on.
    """

    subject: SubjectKey
    kind: Literal["right", "grant"]
    giver: SubjectKey | None
    taker: SubjectKey
    index: int
    clause: str


class Answer(Record, frozen=True, kw_only=True):
    """A verdict with its grounds.

    Args:
        verdict: As of the time asked about.
        clause: The words it rests on.
        chain: Hop by hop, up to the right; empty if no route came near.
        duties: What the permission asks for in return, as the policy has it; whether it was done
            is not known to the ledger.
        unknown: Operands that a constraint asks for and nobody stated.
        count: The tightest limit on the number of acts, with what is recorded up to now.
    """

    verdict: Verdict
    clause: Clause
    chain: tuple[Link, ...]
    duties: tuple[AnyJson, ...]
    unknown: tuple[str, ...]
    count: CountLimit | None


def judge_act(
    states: States,
    inquiry: Inquiry,
    grants: Iterable[SubjectKey],
    read_events: ReadEvents | None = None,
) -> Answer:
    """Whether a party may, or might then, do an act.

    Args:
        states: As of one block.
        inquiry: What is asked, not about a time after that block.
        grants: Keys of the party's grants of this asset; for an answer other than `permitted` all
            of them.
        read_events: Whole history of a subject, for published lists as they were at a date; without
            it only their newest versions are known.

    Raises:
        RejectedError: Reason `unknown_term` or `malformed_fact`: the profile has no such act or
            fact, so there is nothing to ask, whoever acts.
    """
    evaluate(Terms(), _situation(inquiry))
    asset = states.find(Asset, inquiry.asset)
    above = _find_bar(states, inquiry, asset)
    if above is None and asset is not None:
        above = _find_handing_bar(states, inquiry, asset, read_events)
    if above is not None or asset is None:
        return above or _bare("not covered", "unknown_asset", inquiry.asset)
    answers = [*_judge_rights(states, asset, inquiry)]
    answers += [_judge_grant(states, asset, inquiry, key) for key in sorted(set(grants))]
    answers.append(_bare("not covered", "no_route", inquiry.party))
    return min(answers, key=_distance)


def _distance(answer: Answer) -> int:
    """How much an answer weighs beside others, 0 most.

    A route that may have been open outweighs what the others prohibit: nobody can say that there
    was none.
    """
    if answer.verdict != "not covered":
        return 0 if answer.verdict == "permitted" else 2
    if answer.clause.code in UNKNOWN:
        return 1
    return 3 if answer.chain else 4


def _find_bar(states: States, inquiry: Inquiry, asset: Asset | None) -> Answer | None:
    """What stands above all routes."""
    time = UnixMillis(inquiry.at)
    party = states.find(Party, inquiry.party)
    if party is not None and not is_known(party, "status", time):
        return _bare("not covered", "unknown_then", inquiry.party, "status")
    status = () if party is None else values_at(party.status, time)
    if not status:
        return _bare("not covered", "unknown_party", inquiry.party)
    if asset is None:
        return None
    for name in ASSET_LISTS:
        if not is_known(asset, name, time):
            return _bare("not covered", "unknown_then", inquiry.asset, name)
    if "active" not in status:
        return _bare("prohibited", "inactive", inquiry.party, "status")
    return _find_order(asset, inquiry)


def _find_handing_bar(
    states: States, inquiry: Inquiry, asset: Asset, read_events: ReadEvents | None
) -> Answer | None:
    """What the lists, the openness and the filings say, where the act hands the data on."""
    time, recipient = UnixMillis(inquiry.at), inquiry.facts.get("recipient")
    handing = Handing(inquiry.asset, asset, inquiry.action, time, recipient)
    bar = find_handing_bar(states, handing, read_events)
    return None if bar is None else _plain(bar.verdict, bar.clause, bar.unknown)


def _find_order(asset: Asset, inquiry: Inquiry) -> Answer | None:
    """A freeze, or a restriction that was registered with the asset."""
    if objects_at(asset.freezes, UnixMillis(inquiry.at)):
        return _bare("prohibited", "frozen", inquiry.asset, "freezes")
    is_opened = "restrictions" in asset.fields or not asset.vouchers
    restrictions = restriction_terms(
        asset.fields.get("restrictions", None if is_opened else UNOPENED)
    )
    if evaluate(restrictions, _situation(inquiry)).verdict != "prohibited":
        return None
    if not is_opened:
        return _bare("not covered", "unopened", inquiry.asset, "fields/restrictions")
    return _bare("prohibited", "restricted", inquiry.asset, "fields/restrictions")


def _judge_rights(states: States, asset: Asset, inquiry: Inquiry) -> Iterable[Answer]:
    time = UnixMillis(inquiry.at)
    for each in standing_tuples(states, asset, time):
        value = as_object(each)
        right = str(value["right"])
        if value["holder"] != inquiry.party or not _right_reaches(right, inquiry.action):
            continue
        code, path = _find_hold(asset, inquiry, right)
        verdict: Verdict = "permitted" if code == "own_right" else "prohibited"
        link = _link_right(inquiry.asset, each)
        own = replace(_bare(verdict, code, inquiry.asset, path), chain=(link,))
        yield _hold_to_tiers(states, asset, inquiry, 1, own)


def _find_hold(asset: Asset, inquiry: Inquiry, right: str) -> tuple[str, str]:
    """Code and place of what keeps a holder from disposing of his right; or the right itself."""
    time = UnixMillis(inquiry.at)
    if is_disposal(inquiry.action) and any(
        pledge["holder"] == inquiry.party and right in _texts(pledge["rights"])
        for pledge in objects_at(asset.pledges, time)
    ):
        return "pledged", "pledges"
    if is_included(DISPOSALS[0], inquiry.action) and is_prolonged(asset, time):
        return "expired", "vouchers"
    return "own_right", "tuples"


def _right_reaches(right: str, action: str) -> bool:
    if is_disposal(action):
        return True
    if action in ONWARD:
        return action in RIGHT_ACTS[right]
    return any(is_included(act, action) for act in RIGHT_ACTS[right])


def _judge_grant(states: States, asset: Asset, inquiry: Inquiry, key: SubjectKey) -> Answer:
    chain = find_chain(states, key)
    grant = chain[0].grant if chain else None
    if grant is None or (grant.grantee, grant.asset) != (inquiry.party, inquiry.asset):
        return _bare("not covered", "no_route", inquiry.party)
    broken = find_break(states, chain, UnixMillis(inquiry.at))
    if broken is not None:
        return replace(_bare("not covered", "no_route", inquiry.party), clause=broken)
    answer = _hold_to_tiers(states, asset, inquiry, len(chain) + 1, _apply_terms(chain, inquiry))
    return replace(answer, chain=_links(states, chain, UnixMillis(inquiry.at)))


def _hold_to_tiers(
    states: States, asset: Asset, inquiry: Inquiry, depth: int, answer: Answer
) -> Answer:
    """The answer, unless it permits public data to go on to who may not have it."""
    if answer.verdict != "permitted" or inquiry.action not in ONWARD or not is_public(asset):
        return answer
    taker, time = inquiry.facts.get("recipient"), UnixMillis(inquiry.at)
    if not (broken := find_handing_break(states, inquiry.party, depth, taker, time)):
        return answer
    unknown = ("recipient",) if broken.code == UNKNOWN_RECIPIENT else ()
    bare = _bare("not covered", "no_route", inquiry.party)
    return replace(bare, clause=broken, chain=answer.chain, unknown=unknown)


def _apply_terms(chain: Sequence[Hop], inquiry: Inquiry) -> Answer:
    """What the lowest grant and the terms that it was given under say of the act."""
    own = chain[0]
    policy = parse_policy(own.grant.policy)
    situation = _situation(inquiry, own.grant.meters)
    finding = evaluate(policy.terms, situation)
    if finding.verdict == "not covered":
        # What a hop may not hand on binds everything below it, named there again or not.
        for below, above in pairwise(chain):
            handed = next_terms(parse_policy(above.grant.policy), below.grant.via or "")
            outer = evaluate(handed, _situation(inquiry))
            if outer.verdict == "prohibited":
                return _found(outer, above.key)
    return _found(finding, own.key)


def _found(finding: Finding, subject: SubjectKey) -> Answer:
    en, zh = describe_clause(finding)
    clause = Clause(code=finding.code, subject=subject, path=finding.path, en=en, zh=zh)
    return Answer(
        verdict=finding.verdict,
        clause=clause,
        chain=(),
        duties=finding.duties,
        unknown=finding.unknown,
        count=finding.count,
    )


def _links(states: States, chain: Sequence[Hop], time: UnixMillis) -> tuple[Link, ...]:
    """The hops of a chain that is alive at an instant."""
    top = chain[-1].grant
    asset = states.find(Asset, top.asset)
    root = None
    if asset is not None:
        root = find_root(asset, top, time, read_pending(states, asset, time))
    right = () if root is None else (_link_right(top.asset, root),)
    below = [
        Link(
            subject=hop.key,
            kind="grant",
            giver=hop.grant.grantor,
            taker=hop.grant.grantee,
            index=hop.grant.status[0].index,
            clause=hop.grant.via or "",
        )
        for hop in reversed(chain)
    ]
    return (*right, *below)


def _link_right(asset: SubjectKey, interval: Interval) -> Link:
    value = as_object(interval)
    return Link(
        subject=asset,
        kind="right",
        giver=None,
        taker=SubjectKey(str(value["holder"])),
        index=interval.index,
        clause=str(value["right"]),
    )


def _situation(inquiry: Inquiry, tally: Mapping[str, int] | None = None) -> Situation:
    facts: JsonObject = dict(inquiry.facts)
    return Situation(inquiry.action, UnixMillis(inquiry.at), facts, tally or {})


def _texts(value: AnyJson) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "unknown_asset": ("there is no {0} on this ledger", "本账本上没有 {0}"),
    "unknown_party": (
        "{0} was not enrolled then: it had no rights here",
        "{0} 当时尚未入册，不享有任何权利",
    ),
    "unknown_then": (
        "the state of {0} does not reach back so far: ask its dossier",
        "{0} 的状态未保留至该日期：请查阅其完整历史（dossier）",
    ),
    "inactive": (
        "{0} was suspended or had left, and might not act",
        "{0} 当时已被暂停或已退出，不得操作",
    ),
    "frozen": (
        "{0} was frozen by order of a regulator: until it is lifted nobody may",
        "{0} 当时被监管方冻结：解除之前任何人均不得为之",
    ),
    "restricted": (
        "the restrictions registered with {0} prohibit it, whoever acts",
        "{0} 登记的限制范围禁止该行为，对任何人均适用",
    ),
    "unopened": (
        "the restrictions registered with {0} were never opened, and may prohibit it: have the "
        "registrar open them",
        "{0} 登记的限制范围未予公开，可能禁止该行为：请由登记机构公开",
    ),
    "own_right": (
        "the party held a registered right in {0} that covers it",
        "该主体对 {0} 享有涵盖该行为的登记权利",
    ),
    "pledged": (
        "the right in {0} was pledged: until the pledgee releases it, it does not move, and is "
        "pledged again only with the pledgee's signature",
        "{0} 上的该项权利已出质：质权人解除之前不得转让，再次出质须经其签署同意",
    ),
    "expired": (
        "the term of the voucher of {0} was over and its renewal undecided: the right is "
        "transferred once the renewal is recorded",
        "{0} 的凭证有效期已届满，续期申请尚未办结：待续期登记后方可转让该项权利",
    ),
    "no_route": (
        "{0} had neither a right nor a grant that says anything of it: it would need a grant from "
        "whoever may license",
        "{0} 没有涵盖该行为的权利或授权：须由有权许可的一方授权",
    ),
}


def _bare(verdict: Verdict, code: str, subject: SubjectKey, path: str = "") -> Answer:
    return _plain(verdict, fill_clause(_SENTENCES, code, subject, path))


def _plain(verdict: Verdict, clause: Clause, unknown: tuple[str, ...] = ()) -> Answer:
    return Answer(verdict=verdict, clause=clause, chain=(), duties=(), unknown=unknown, count=None)
