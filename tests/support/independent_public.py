"""Who may license public data, and who is admitted to its two tiers, worked out once more.

Spec: domain, sections 4 and 7.
"""

from tests.support.independent_terms import ONWARD, clause, is_known
from tests.support.independent_verifier import read_intervals, values_at

ROOTS = "list/public-data:roots"
ROLES = {1: "public-data-operator", 2: "developer"}
SENTENCES = {
    "last_tier": (
        "{0} is of the last of two tiers: it hands public data on to nobody; ask a body further up",
        "{0} 已处于两级授权的末级，不得再向他人提供公共数据：请由上级主体授权",
    ),
    "unknown_recipient": (
        "public data goes on to a party that is admitted as {0}: state the recipient",
        "公共数据仅可提供给获准入为 {0} 的主体：请说明接收方",
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
    "too_deep": (
        "{0} has public data at tier {1}, and there are two: ask a body further up",
        "{0} 处于公共数据授权的第 {1} 级，而仅设两级：请由更上级主体授权",
    ),
}


def is_public(asset):
    return (asset["classification"] or {}).get("class") == "public"


def find_unlisted(proved, root, date):
    """Why a party was no authorised body at a date, or None."""
    listed = proved.state(ROOTS, "list/1")
    if listed is not None:
        if not is_known(listed, "listed", date):
            return clause("unknown_then", ROOTS, "listed")
        if root in values_at(read_intervals(listed, "listed"), date):
            return None
    return named("not_authorised", ROOTS, "listed", root, ROOTS)


def find_unadmitted(proved, grant, date):
    """Why the grantee of a grant was not admitted to its tier at a date, or None."""
    taker, tier, issued = grant["grantee"], grant["depth"], grant["status"][0]["index"]
    if tier not in ROLES:
        return named("too_deep", taker, "", taker, tier)
    party = proved.state(taker, "party/1")
    if party is None:
        return named("not_admitted", taker, "roles", taker, ROLES[tier])
    if not (is_known(party, "roles", date) and is_known(party, "status", date)):
        return clause("unknown_then", taker, "roles")
    held = [one for one in read_intervals(party, "roles") if one["value"] == ROLES[tier]]
    if not any(one["index"] < issued and values_at([one], date) for one in held):
        return named("not_admitted", taker, "roles", taker, ROLES[tier])
    is_active = "active" in values_at(read_intervals(party, "status"), date)
    return None if is_active else named("tier_suspended", taker, "status", taker)


def hold_to_tiers(proved, asset, inquiry, tier, found):
    """An answer, unless it permits public data to go on; nobody states to whom."""
    is_handing = found["verdict"] == "permitted" and inquiry["action"] in ONWARD
    if not is_handing or not is_public(asset):
        return found
    giver = inquiry["party"]
    broken = find_unlisted(proved, giver, inquiry["at"]) if tier == 1 else None
    kept = {"verdict": "not covered", "duties": [], "count": None}
    if tier not in ROLES:
        broken = named("last_tier", giver, "", giver)
    if broken is None:
        broken = named("unknown_recipient", giver, "", ROLES[tier])
        kept |= {"unknown": ["recipient"]}
    return found | kept | {"clause": broken}


def named(code, subject, path, *names):
    en, zh = (one.format(*names) for one in SENTENCES[code])
    return {"code": code, "subject": subject, "path": path, "en": en, "zh": zh}
