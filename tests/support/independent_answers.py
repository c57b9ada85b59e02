"""Checks of acts (`muniment/check/v1`), judged once more, without a line of the product.

It covers rights of one's own and chains of grants of any length whose policies have no constraint
on the act but counts; terms of grants, freezes, pledges, restrictions that were registered or never
opened, published lists, openness, filings, and the state of the party. It does not cover other constraints and stated facts: where an
answer would rest on one, it raises UnsupportedError and accepts nothing.

Spec: domain, section 5; the profile `urn:muniment:odrl:1`.
"""

from itertools import pairwise

from tests.support.independent_lists import find_handing_bar
from tests.support.independent_proofs import UnsupportedError, new_id, open_proofs, read_file
from tests.support.independent_public import (
    find_unadmitted,
    find_unlisted,
    hold_to_tiers,
    is_public,
)
from tests.support.independent_signed import canonical, count, like, members, need
from tests.support.independent_terms import (
    ACTIONS,
    ONWARD,
    TRANSFERS,
    USES,
    answer,
    bars,
    clause,
    evaluate,
    handed_down,
    is_known,
)
from tests.support.independent_verifier import (
    ID,
    SUBJECT,
    read_intervals,
    values_at,
)

DISPOSALS = [*TRANSFERS, "muniment:encumber"]
REACH = {"hold": ["archive", "index"], "use": USES, "operate": ONWARD}
"""What a right lets its holder do, besides disposing of it."""
UNKNOWN = ("unknown_chain", "unknown_then")
MAX_DEPTH = 8


def verify_check(data, policy):
    """The verdict of a check file, if its proofs hold and make it.

    Args:
        data: Bytes of the file.
        policy: Bytes of the verifier's own policy.

    Returns:
        `{"subject","status"}`.
    """
    bundle = read_file(data, "inquiry answer states dossiers", "muniment/check/v1")
    inquiry, answer = read_inquiry(bundle["inquiry"]), bundle["answer"]
    members(answer, "verdict clause chain duties unknown count", "an answer")
    proved = open_proofs(bundle["states"], bundle["dossiers"], policy)
    if inquiry["party"] in proved.events:
        grants = find_grants(proved, inquiry)
    else:
        need(answer["verdict"] == "permitted", "an answer that needs the party's whole history")
        grants = [one["subject"] for one in last_link(answer) if one["kind"] == "grant"]
    found = judge(proved, inquiry, grants)
    need(canonical(found, 20) == canonical(answer, 20), f"the proofs make it {found['verdict']}")
    return {"subject": inquiry["asset"], "status": found["verdict"]}


def last_link(answer):
    """The link of a permission's chain that is nearest to the party, in a list."""
    need(isinstance(answer["chain"], list), "a chain")
    for one in answer["chain"]:
        members(one, "subject kind giver taker index clause", "a link")
        like(SUBJECT, one["subject"], "subject of a link")
    return answer["chain"][-1:]


def read_inquiry(inquiry):
    members(inquiry, "party asset action at facts", "an inquiry")
    like(f"party/{ID}", inquiry["party"], "party")
    like(f"asset/{ID}", inquiry["asset"], "asset")
    need(inquiry["action"] in ACTIONS, "an action of the profile")
    count(inquiry["at"], "at")
    need(isinstance(inquiry["facts"], dict), "facts")
    if inquiry["facts"]:
        raise UnsupportedError("stated facts")
    return inquiry


def find_grants(proved, inquiry):
    """Every grant of the asset that the party's history names it as grantee of."""
    return [
        new_id("grant", event)
        for _, event in proved.history(inquiry["party"])
        if event["kind"] == "grant.issue"
        and event["body"]["grantee"] == inquiry["party"]
        and event["body"]["asset"] == inquiry["asset"]
    ]


# --- the verdict


def judge(proved, inquiry, grants):
    """The answer to an inquiry."""
    party, asset = inquiry["party"], proved_asset(proved, inquiry["asset"])
    above = find_bar(proved, inquiry, asset)
    if above is None and asset is not None:
        above = find_handing_bar(proved, inquiry, asset)
    if above or asset is None:
        return above or answer("not covered", "unknown_asset", inquiry["asset"])
    routes = [hold_to_tiers(proved, asset, inquiry, 1, one) for one in judge_rights(inquiry, asset)]
    routes += [judge_grant(proved, inquiry, key) for key in sorted(set(grants))]
    return min([*routes, answer("not covered", "no_route", party)], key=distance)


def proved_asset(proved, key):
    """State of an asset, with the proofs in which its renewal is looked up where it matters."""
    asset = proved.state(key, "asset/1")
    for name in () if asset is None else ("tuples", "vouchers", "freezes", "pledges"):
        read_intervals(asset, name)
    return asset if asset is None else {**asset, "@proved": proved}


def distance(one):
    """A permission first, then what may have been open, then prohibitions, then the rest."""
    if one["verdict"] == "permitted":
        return 0
    if one["verdict"] == "prohibited":
        return 2
    if one["clause"]["code"] in UNKNOWN:
        return 1
    return 3 if one["chain"] else 4


def find_bar(proved, inquiry, asset):
    """What stands above all routes, or None."""
    key, date = inquiry["party"], inquiry["at"]
    party = proved.state(key, "party/1")
    if party is not None and not is_known(party, "status", date):
        return answer("not covered", "unknown_then", key, "status")
    held = [] if party is None else values_at(read_intervals(party, "status"), date)
    if not held:
        return answer("not covered", "unknown_party", key)
    if asset is None:
        return None
    for name in ("freezes", "pledges", "tuples", "vouchers"):
        if not is_known(asset, name, date):
            return answer("not covered", "unknown_then", inquiry["asset"], name)
    if "active" not in held:
        return answer("prohibited", "inactive", key, "status")
    if values_at(asset["freezes"], date):
        return answer("prohibited", "frozen", inquiry["asset"], "freezes")
    return find_restriction(asset, inquiry)


def find_restriction(asset, inquiry):
    """A registered restriction, or one that may be registered where nobody opened the field."""
    barred = {"resale": [*ONWARD, *TRANSFERS], "export": ["muniment:export"]}
    reaching = [name for name, acts in barred.items() if inquiry["action"] in acts]
    limits = asset["fields"].get("restrictions")
    if "restrictions" not in asset["fields"]:
        said = ("not covered", "unopened") if reaching and asset["vouchers"] else None
    else:
        is_barred = isinstance(limits, dict) and any(limits.get(n) is False for n in reaching)
        said = ("prohibited", "restricted") if is_barred else None
    return said and answer(*said, inquiry["asset"], "fields/restrictions")


def live_voucher(asset, date):
    """Number of the voucher in force: one that has not expired, or whose renewal is undecided."""
    vouchers = values_at(asset["vouchers"], date)
    live = [one["number"] for one in vouchers if date < one["until"]]
    if live or asset["renewal"] is None:
        return live[0] if live else None
    renewal = asset["@proved"].state(asset["renewal"], "registration/1")
    status = read_intervals(renewal, "status")
    newest, end = status[-1], None
    if newest["value"] in ("recorded", "withdrawn", "terminated", "refused", "lapsed"):
        end = newest["from"]
    elif newest["value"] == "returned":
        end = renewal["deadline"]
    is_undecided = status[0]["from"] <= date and (end is None or date < end)
    return vouchers[0]["number"] if is_undecided and vouchers else None


def tuples_in_force(asset, date):
    """Intervals of the rights in force: of an asset with a voucher in force."""
    if live_voucher(asset, date) is None:
        return []
    return [
        one
        for one in asset["tuples"]
        if values_at([one], date) and date < one["value"].get("until", date + 1)
    ]


def judge_rights(inquiry, asset):
    party, action = inquiry["party"], inquiry["action"]
    for one in tuples_in_force(asset, inquiry["at"]):
        right = one["value"]["right"]
        reaches = action in DISPOSALS or action in REACH[right]
        if one["value"]["holder"] != party or not reaches:
            continue
        *said, path = judge_hold(inquiry, asset, right)
        yield answer(*said, inquiry["asset"], path, chain=[right_link(inquiry["asset"], one)])


def judge_hold(inquiry, asset, right):
    """Verdict, code and place: a pledge, or the end of the term where a renewal is undecided."""
    date, action = inquiry["at"], inquiry["action"]
    pledges = values_at(asset["pledges"], date)
    pledged = any(p["holder"] == inquiry["party"] and right in p["rights"] for p in pledges)
    if pledged and action in DISPOSALS:
        return "prohibited", "pledged", "pledges"
    terms = [one.get("term", one["until"]) for one in values_at(asset["vouchers"], date)]
    if action in TRANSFERS and any(term <= date for term in terms):
        return "prohibited", "expired", "vouchers"
    return "permitted", "own_right", "tuples"


def right_link(asset, one):
    value = one["value"]
    link = {"subject": asset, "kind": "right", "giver": None, "taker": value["holder"]}
    return link | {"index": one["index"], "clause": value["right"]}


# --- grants


def find_chain(proved, key):
    """The grant and everything above it, as pairs of key and state."""
    chain = []
    while key is not None and len(chain) < MAX_DEPTH:
        state = proved.state(key, "grant/1")
        if state is None:
            break
        chain.append((key, state))
        key = state["parent"]
    return chain


def judge_grant(proved, inquiry, key):
    chain = find_chain(proved, key)
    named = chain and (chain[0][1]["grantee"], chain[0][1]["asset"])
    none = answer("not covered", "no_route", inquiry["party"])
    if named != (inquiry["party"], inquiry["asset"]):
        return none
    broken = find_break(proved, chain, inquiry["at"])
    if broken:
        return none | {"clause": broken}
    found = apply_terms(chain, inquiry["action"])
    found |= {"chain": list_links(proved, chain, inquiry["at"])}
    asset = proved_asset(proved, inquiry["asset"])
    return hold_to_tiers(proved, asset, inquiry, len(chain) + 1, found)


def find_break(proved, chain, date):
    """The clause that says why a chain is not alive, from the right downwards; or None."""
    top_key, top = chain[-1]
    asset = proved_asset(proved, top["asset"])
    if top["parent"] is not None or asset is None:
        return clause("unknown_chain", top_key, "parent")
    if not (is_known(asset, "tuples", date) and is_known(asset, "vouchers", date)):
        return clause("unknown_then", top["asset"], "tuples")
    hands = follow_right(asset, top)
    if not hands:
        return clause("unknown_then", top["asset"], "tuples")
    if not any(one in tuples_in_force(asset, date) for one in hands):
        return clause("no_operate_right", top["asset"], "tuples")
    ends = (find_ends(proved, asset, key, grant, date) for key, grant in reversed(chain))
    return find_root_end(proved, asset, top, date) or next(filter(None, ends), None)


def find_root_end(proved, asset, top, date):
    """Why the body behind a chain of public data was none, or None."""
    in_force = tuples_in_force(asset, date)
    root = next(one for one in follow_right(asset, top) if one in in_force)
    return find_unlisted(proved, root["value"]["holder"], date) if is_public(asset) else None


def find_ends(proved, asset, key, grant, date):
    """Why a grant does not live: it ended itself, or its grantee is not admitted."""
    ended = find_end(key, grant, date)
    return ended or (find_unadmitted(proved, grant, date) if is_public(asset) else None)


def find_end(key, grant, date):
    if not is_known(grant, "status", date):
        return clause("unknown_then", key, "status")
    held = values_at(read_intervals(grant, "status"), date)
    if "live" not in held:
        return clause(f"grant_{held[-1]}" if held else "grant_not_yet", key, "status")
    if is_within_term(grant["policy"], date):
        return None
    later = [turn for turn in list_turns(grant["policy"]) if turn > date]
    is_to_come = any(is_within_term(grant["policy"], turn) for turn in later)
    return clause("grant_not_begun" if is_to_come else "grant_expired", key, "policy")


def is_within_term(policy, date):
    """Whether some permission may hold at a date, whatever else is done and where."""
    return any(may_hold(one.get("constraint", []), date) for one in policy["permission"])


def may_hold(constraints, date):
    for one in constraints:
        if "leftOperand" not in one:
            raise UnsupportedError("constraints in groups")
        if one["leftOperand"] == "dateTime":
            limit = one["rightOperand"]
            early, late = date < limit, date > limit
            is_met = {"lt": early, "lteq": not late, "gt": late, "gteq": not early}
            if not is_met[one["operator"]]:
                return False
    return True


def list_turns(policy):
    """When a policy may begin or cease to hold."""
    rules = [*policy["permission"], *policy.get("prohibition", [])]
    limits = [one for rule in rules for one in rule.get("constraint", [])]
    dates = [one["rightOperand"] for one in limits if one.get("leftOperand") == "dateTime"]
    return sorted({date + after for date in dates for after in (0, 1)})


def follow_right(asset, top):
    """The tuple that a grant was issued from, and what it became since, hand to hand."""
    tuples = [one for one in asset["tuples"] if one["value"]["right"] == "operate"]
    before = top["status"][0]["index"]
    own = [o for o in tuples if o["value"]["holder"] == top["grantor"] and o["index"] < before]
    hands = own[-1:]
    while hands:
        last = hands[-1]
        taken = [
            one
            for one in tuples
            if one["value"].get("from") == last["value"]["holder"]
            and one["index"] > last["index"]
            and one["from"] == last["to"]
        ]
        if not taken:
            break
        hands.append(taken[0])
    return hands


def list_links(proved, chain, date):
    key, top = chain[-1][1]["asset"], chain[-1][1]
    asset = proved_asset(proved, key)
    in_force = tuples_in_force(asset, date)
    root = next(one for one in follow_right(asset, top) if one in in_force)
    links = [right_link(key, root)]
    for grant_key, grant in reversed(chain):
        link = {"subject": grant_key, "kind": "grant", "giver": grant["grantor"]}
        link |= {"taker": grant["grantee"], "index": grant["status"][0]["index"]}
        links.append(link | {"clause": grant["via"] or ""})
    return links


# --- terms


def apply_terms(chain, action):
    """What the lowest grant says of an act, and what may not be handed on to it."""
    key, grant = chain[0]
    found = evaluate(key, grant["policy"], action, grant["meters"])
    if found["verdict"] != "not covered":
        return found
    for (_, below), (above_key, above) in pairwise(chain):
        for path, rule in handed_down(above["policy"], below["via"]):
            if bars(rule, action):
                return answer("prohibited", "prohibited", above_key, path)
    return found
