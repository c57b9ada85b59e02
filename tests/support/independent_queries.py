"""Answers to queries and certificates of them, worked out once more, without a line of the product.

It covers what `independent_answers` covers, and with the same words says where it does not.

Spec: domain, section 6.
"""

from tests.support.independent_answers import (
    UNKNOWN,
    find_break,
    find_chain,
    follow_right,
    list_turns,
    live_voucher,
    may_hold,
    proved_asset,
    tuples_in_force,
    verify_check,
)
from tests.support.independent_proofs import new_id, open_proofs, read_file
from tests.support.independent_public import ROOTS, is_public
from tests.support.independent_signed import canonical, count, like, members, need
from tests.support.independent_terms import ONWARD, USES, acts_of, is_known
from tests.support.independent_verifier import ID, SUBJECT, read_intervals, values_at
from tests.support.independent_words import certify_check, certify_query, certify_state

ABOUT = {"holders": "asset", "rights": "party", "grants": "asset", "below": "grant"}

GAINS = ("registration.record", "registration.confirm")
"""Events by which a party gets rights."""


def verify_query(data, policy):
    """The answer of a query file, if its proofs hold and make it: `{"subject","status"}`.

    Args:
        data: Bytes of the file.
        policy: Bytes of the verifier's own policy.
    """
    bundle = read_file(data, "query answer states dossiers", "muniment/query/v1")
    query = members(bundle["query"], "topic subject at", "a query")
    like("|".join(TOPICS), query["topic"], "a topic")
    about = ABOUT.get(query["topic"])
    like(f"{about}/{ID}" if about else ROOTS, query["subject"], "subject of the query")
    count(query["at"], "at")
    proved = open_proofs(bundle["states"], bundle["dossiers"], policy)
    found = TOPICS[query["topic"]](proved, query["subject"], query["at"])
    need(canonical(found, 20) == canonical(bundle["answer"], 20), "another answer")
    return {"subject": query["subject"], "status": found["status"]}


def find_holders(proved, key, date):
    asset = proved_asset(proved, key)
    if asset is None:
        return {"status": "absent", "rights": []}
    shown = show_asset(asset, date, lambda right: True)
    known = is_known(asset, "declared", date)
    declared = values_at(read_intervals(asset, "declared"), date) if known else []
    return shown | {"declared": declared} if declared else shown


def find_rights(proved, key, date):
    history = proved.history(key)
    named = [event["body"] for _, event in history if event["kind"] in GAINS]
    held = []
    for asset in sorted({body["asset"] for body in named}):
        state = proved_asset(proved, asset)
        if state is not None:
            shown = show_asset(state, date, lambda right: right["holder"] == key)
            held.append({"asset": asset} | shown)
    return {"status": sum_up(held) if history else "absent", "assets": held}


def show_asset(asset, date, is_wanted):
    if not all(is_known(asset, n, date) for n in ("freezes", "pledges", "tuples", "vouchers")):
        return {"status": "unknown", "rights": []}
    rights = [one["value"] for one in tuples_in_force(asset, date)]
    return {
        "status": "answered",
        "voucher": live_voucher(asset, date),
        "rights": [one for one in rights if is_wanted(one)],
        "freezes": values_at(asset["freezes"], date),
        "pledges": values_at(asset["pledges"], date),
    }


def find_grants(proved, key, date):
    issued = [each for each, body in list_issues(proved.history(key)) if body["asset"] == key]
    shown = [show_grant(proved, each, date) for each in issued]
    is_absent = proved_asset(proved, key) is None
    alive = [one for one in shown if one["status"] == "alive"]
    return {"status": "absent" if is_absent else sum_up(shown), "grants": alive}


def find_below(proved, key, date):
    if proved.state(key, "grant/1") is None:
        return {"status": "absent", "grants": []}
    found, waiting = [], [key]
    for above in waiting:
        found.append(show_grant(proved, above, date))
        issued = list_issues(proved.history(above))
        below = [each for each, body in issued if body.get("parent") == above]
        waiting += [each for each in below if not is_later(proved, each, date)]
    return {"status": sum_up(found), "grants": found}


def find_authorisations(proved, key, date):
    listed = proved.state(key, "list/1")
    if listed is None:
        return {"status": "absent", "authorisations": []}
    if not is_known(listed, "listed", date):
        return {"status": "unknown", "authorisations": []}
    bodies = values_at(read_intervals(listed, "listed"), date)
    records = [
        event["body"]["asset"]
        for body in bodies
        for _, event in proved.history(body)
        if event["kind"] in GAINS
    ]
    public = [key for key in sorted(set(records)) if is_public(proved_asset(proved, key))]
    issued = [
        (key, each, body) for key in public for each, body in list_issues(proved.history(key))
    ]
    chains = [find_chain(proved, each) for key, each, body in issued if body["asset"] == key]
    ends = [find_break(proved, chain, date) for chain in chains]
    is_unknown = any(end is not None and end["code"] in UNKNOWN for end in ends)
    live = [chain for chain, end in zip(chains, ends, strict=True) if end is None]
    rows = [show_authorisation(proved, chain, date) for chain in live]
    return {"status": "unknown" if is_unknown else "answered", "authorisations": rows}


def show_authorisation(proved, chain, date):
    (key, own), (_, top) = chain[0], chain[-1]
    in_force = tuples_in_force(proved_asset(proved, own["asset"]), date)
    hands = follow_right(proved_asset(proved, own["asset"]), top)
    uses = [
        one
        for one in own["policy"]["permission"]
        if any(act in USES and act not in ONWARD for act in acts_of(one))
    ]
    ends = [turn for turn in list_turns(own["policy"]) if turn > date]
    over = [turn for turn in ends if not any(may_hold(one["constraint"], turn) for one in uses)]
    return {
        "asset": own["asset"],
        "root": next(one["value"]["holder"] for one in hands if one in in_force),
        "operator": top["grantee"],
        "developer": own["grantee"] if own["depth"] == len(("operator", "developer")) else None,
        "grant": key,
        "parent": own["parent"],
        "purposes": list_named(uses, "purpose"),
        "scenes": list_named(uses, "muniment:scene"),
        "since": next(one["from"] for one in own["status"] if one["value"] == "live"),
        "until": over[0] if over else None,
    }


def list_named(uses, operand):
    """The texts that the permissions name for an operand: each names some of its own."""
    limits = [one for rule in uses for one in rule["constraint"] if one["leftOperand"] == operand]
    need(all(one["operator"] == "isAnyOf" for one in limits), "a list of texts")
    return sorted({text for one in limits for text in one["rightOperand"]})


def is_later(proved, key, date):
    """Whether a grant was not there yet, so that a question about the date passes it over."""
    grant = proved.state(key, "grant/1")
    return is_known(grant, "status", date) and date < read_intervals(grant, "status")[0]["from"]


def list_issues(history):
    """Key and body of each grant that some events opened."""
    issues = [event for _, event in history if event["kind"] == "grant.issue"]
    return [(new_id("grant", event), event["body"]) for event in issues]


def show_grant(proved, key, date):
    chain = find_chain(proved, key)
    grant, broken = chain[0][1], find_break(proved, chain, date)
    held = values_at(read_intervals(grant, "status"), date)
    status = "alive"
    if broken is not None:
        status = "unknown" if broken["code"] in UNKNOWN else "dead"
    named = {name: grant[name] for name in ("grantor", "grantee", "parent")}
    own = held[-1] if held else "not-yet"
    return {"grant": key, **named, "status": status, "own_status": own, "because": broken}


def sum_up(shown):
    return "unknown" if any(one["status"] == "unknown" for one in shown) else "answered"


TOPICS = {
    "holders": find_holders,
    "rights": find_rights,
    "grants": find_grants,
    "below": find_below,
    "authorisations": find_authorisations,
}


# --- certificates


def verify_certificate(data, policy):
    """What the proof in a certificate is about, if the words follow from it: as verify_query."""
    bundle = read_file(data, "title statement proof", "muniment/certificate/v1")
    proof = bundle["proof"]
    need(isinstance(proof, dict) and isinstance(proof.get("format"), str), "a proof")
    need(proof["format"] in PROOFS, "a proof of this format")
    judge, certify = PROOFS[proof["format"]]
    found = judge(canonical(proof, 24, ".*"), policy)
    title, sentences = certify(proof)
    statement = {"en": [en for en, _ in sentences], "zh": [zh for _, zh in sentences]}
    need(bundle["title"] == dict(zip(("en", "zh"), title, strict=True)), "another title")
    need(bundle["statement"] == statement, "another statement")
    return found


def verify_state(data, policy):
    """A state bundle by itself."""
    bundle = read_file(data, "subject value map_proof seal", "muniment/state/v1")
    like(SUBJECT, bundle["subject"], "subject")
    open_proofs([bundle], [], policy)
    status = "absent" if bundle["value"] is None else ""
    return {"subject": bundle["subject"], "status": status}


PROOFS = {
    "muniment/state/v1": (verify_state, certify_state),
    "muniment/query/v1": (verify_query, certify_query),
    "muniment/check/v1": (verify_check, certify_check),
}
