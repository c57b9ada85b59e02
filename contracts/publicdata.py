"""Public data: who may license it, in which tiers, for what, and how that ends.

An authorised body (a root) stands on a list that the regulator publishes. It authorises operators,
and they license developers: two tiers, no third. Each hop names the purpose and the scene that it
is for. Whoever leaves one tier leaves everything below without effect from then on.

```text
list/public-data:roots           {"roots":[{"party":"party/<26>","document":"<64 hex>"}]}
list/public-data:free-purposes   {"purposes":["public-governance","public-welfare"]}
```

An operator or developer counts as admitted to a grant while it has had its role without a break
since the grant was issued, and may act. Being admitted anew revives nothing: the grants of before
are issued again. A suspension only pauses them. The list of roots says who is one at an instant,
and nothing else does.

Spec: domain, sections 4 and 7 (two-tier graded authorisation; sole authorising root).
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from contracts.clauses import Clause, States, fill_clause
from contracts.engine import Context, refuse
from contracts.force import is_known
from contracts.identity import HexDigest, Party, PartyKey
from contracts.intervals import current, values_at
from contracts.lists import PublishedList, list_key
from contracts.odrl import FREE_PURPOSES, Policy, is_free_of_charge, purposes_of, scenes_of
from contracts.records import AnyObject, Record, parse_record
from contracts.title import Asset
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.core.types import LeafIndex, SubjectKey, UnixMillis
from ledger.errors import MalformedError

PUBLIC_DATA: Final = "public-data"
ROOTS_PART: Final = "roots"
FREE_PART: Final = "free-purposes"
ROOTS: Final = list_key(PUBLIC_DATA, ROOTS_PART)
FREE: Final = list_key(PUBLIC_DATA, FREE_PART)
TIERS: Final = ("public-data-operator", "developer")
"""The role that the grantee of each tier has, the first tier first."""
PUBLIC_DEPTH: Final = len(TIERS)
UNKNOWN_RECIPIENT: Final = "unknown_recipient"
"""Code of a clause that hangs on the recipient, whom nobody stated."""
_RULE: Final = "domain 4"


class Root(Record, frozen=True, kw_only=True):
    """An authorised body.

    Args:
        party: Who.
        document: Digest of what authorises it.
    """

    party: PartyKey
    document: HexDigest | UnsetType = UNSET


class Roots(Record, frozen=True, kw_only=True):
    """Content of `list/public-data:roots`."""

    roots: Annotated[tuple[Root, ...], Meta(max_length=32)]


class FreePurposes(Record, frozen=True, kw_only=True):
    """Content of `list/public-data:free-purposes`."""

    purposes: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=32)
    ]


def is_public(asset: Asset) -> bool:
    """Whether an asset was recorded as public data."""
    return asset.classification is not None and asset.classification.data_class == "public"


def read_listed(context: Context, name: str, part: str, content: AnyObject) -> tuple[str, ...]:
    """What stands on a new version of a list that rules ask about as of a date.

    Args:
        context: Of its publication.
        name: Of the list.
        part: Of the list.
        content: Of the new version.

    Returns:
        Keys of the roots, or the free purposes; nothing for any other list.

    Raises:
        MalformedError: The content is not what this list holds, or says something twice.
        RejectedError: Reason `wrong_part`: the list has no such part; `unknown_subject`: a root is
            nobody here.
    """
    if name != PUBLIC_DATA:
        return ()
    if part not in _READERS:
        known = ", ".join(_READERS)
        refuse(
            "wrong_part",
            f"the list {PUBLIC_DATA} has the parts {known}: publish one of them",
            f"清单 {PUBLIC_DATA} 只有 {known} 两部分：请公布其中之一",
            _RULE,
        )
    listed = _READERS[part](content)
    if len(set(listed)) != len(listed):
        raise MalformedError(f"{PUBLIC_DATA}:{part} says something twice")
    if part == ROOTS_PART:
        for each in listed:
            context.need(Party, SubjectKey(each))
    return listed


def read_free_purposes(states: States) -> frozenset[str]:
    """The purposes that public data is provided for without payment.

    As published; before anything is, those of the vocabulary.
    """
    published = states.find(PublishedList, FREE)
    if published is None:
        return FREE_PURPOSES
    return frozenset(str(each) for each in current(published.listed))


def find_root_break(states: States, root: SubjectKey, time: UnixMillis) -> Clause | None:
    """Why a party was no authorised body at an instant; None: it was one.

    Args:
        states: As of the newest block.
        root: Holder of the right that a chain rests on.
        time: The instant asked about.
    """
    published = states.find(PublishedList, ROOTS)
    if published is not None and not is_known(published, "listed", time):
        return _clause("unknown_then", ROOTS, "listed")
    if published is not None and root in values_at(published.listed, time):
        return None
    return _clause("not_authorised", ROOTS, "listed", root, ROOTS)


def find_tier_break(
    states: States, taker: SubjectKey, depth: int, issued: LeafIndex, time: UnixMillis
) -> Clause | None:
    """Why the grantee of public data was not admitted to its tier at an instant; None: it was.

    Args:
        states: As of the newest block.
        taker: The grantee.
        depth: Of its grant; 1 = directly under a right.
        issued: Log index of the grant; the role was held from then on without a break.
        time: The instant asked about.
    """
    if depth > PUBLIC_DEPTH:
        return _clause("too_deep", taker, "", taker, str(depth))
    role = TIERS[depth - 1]
    party = states.find(Party, taker)
    if party is None:
        return _clause("not_admitted", taker, "roles", taker, role)
    if not (is_known(party, "roles", time) and is_known(party, "status", time)):
        return _clause("unknown_then", taker, "roles")
    is_admitted = any(
        each.value == role and each.index < issued and each.holds_at(time) for each in party.roles
    )
    if not is_admitted:
        return _clause("not_admitted", taker, "roles", taker, role)
    if "active" not in values_at(party.status, time):
        return _clause("tier_suspended", taker, "status")
    return None


def find_handing_break(
    states: States, giver: SubjectKey, depth: int, taker: str | None, time: UnixMillis
) -> Clause | None:
    """Why public data might not be handed on to a next tier at an instant; None: it might.

    Args:
        states: As of the newest block.
        giver: Who hands it on.
        depth: Of the grant that this would take; 1 = directly under a right.
        taker: To whom; None: not stated.
        time: The instant asked about.
    """
    if depth > PUBLIC_DEPTH:
        return _clause("last_tier", giver, "")
    broken = find_root_break(states, giver, time) if depth == 1 else None
    if broken is not None:
        return broken
    if taker is None:
        return _clause(UNKNOWN_RECIPIENT, giver, "", TIERS[depth - 1])
    return find_tier_break(states, SubjectKey(taker), depth, LeafIndex(MAX_SAFE_INTEGER), time)


def check_public_terms(states: States, policy: Policy) -> None:
    """Hold the terms of a grant of public data against what such a grant has to say.

    Args:
        states: As of the block before.
        policy: Of the grant.

    Raises:
        RejectedError: `purpose_missing`, `scene_missing`: a permission to use it names none.
            `must_be_free`: there is a payment, and a purpose that public data is free for.
    """
    purposes = purposes_of(policy.terms)
    if purposes is None:
        refuse(
            "purpose_missing",
            "public data is licensed for named purposes: limit every permission to use it by "
            "purpose",
            "公共数据须按明确用途授权：请为每项使用许可限定用途（purpose）",
            _RULE,
        )
    if scenes_of(policy.terms) is None:
        refuse(
            "scene_missing",
            "public data is licensed for named scenes: limit every permission to use it by "
            "muniment:scene",
            "公共数据须按明确场景授权：请为每项使用许可限定场景（muniment:scene）",
            _RULE,
        )
    free = sorted(purposes & read_free_purposes(states))
    if free and not is_free_of_charge(policy):
        names = ", ".join(free)
        refuse(
            "must_be_free",
            f"public data for {names} is provided without payment: leave the payment out, or limit "
            "every permission to other purposes",
            f"公共数据用于 {names} 的须无偿提供：请去掉收费条款，或将每项许可限定于其他用途",
            _RULE,
        )


def _read_roots(content: AnyObject) -> tuple[str, ...]:
    return tuple(each.party for each in parse_record(Roots, content).roots)


def _read_free(content: AnyObject) -> tuple[str, ...]:
    return parse_record(FreePurposes, content).purposes


_READERS: Final[Mapping[str, Callable[[AnyObject], tuple[str, ...]]]] = {
    ROOTS_PART: _read_roots,
    FREE_PART: _read_free,
}
_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "unknown_then": (
        "the state of {0} does not reach back so far: ask its dossier",
        "{0} 的状态未保留至该日期：请查阅其完整历史（dossier）",
    ),
    "not_authorised": (
        "{0} was no authorised body: public data is licensed by a body on {1}, which the regulator "
        "publishes",
        "{0} 当时不是获授权主体：公共数据须由监管方公布的 {1} 所列主体授权",
    ),
    "not_admitted": (
        "{0} was not admitted as {1}, or not without a break since the grant was issued: have it "
        "admitted, and the grant issued anew",
        "{0} 当时未获准入为 {1}，或自授权签发后准入曾中断：请先办理准入，再重新授权",
    ),
    "tier_suspended": (
        "{0} was suspended: until the suspension is lifted, nothing that it has or gave counts",
        "{0} 当时已被暂停：解除之前，其所获及所作授权均不生效",
    ),
    "last_tier": (
        "{0} is of the last of two tiers: it hands public data on to nobody; ask a body further up",
        "{0} 已处于两级授权的末级，不得再向他人提供公共数据：请由上级主体授权",
    ),
    UNKNOWN_RECIPIENT: (
        "public data goes on to a party that is admitted as {0}: state the recipient",
        "公共数据仅可提供给获准入为 {0} 的主体：请说明接收方",
    ),
    "too_deep": (
        "{0} has public data at tier {1}, and there are two: ask a body further up",
        "{0} 处于公共数据授权的第 {1} 级，而仅设两级：请由更上级主体授权",
    ),
}


def _clause(code: str, subject: SubjectKey, path: str, *names: str) -> Clause:
    return fill_clause(_SENTENCES, code, subject, path, *names)
