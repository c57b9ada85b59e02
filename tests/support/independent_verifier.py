"""Verifies voucher files; written from our formats page alone, without a line of the product.

A second implementation, to find out whether the page is enough: it imports nothing of the product,
and nothing of the tests but `independent_signed`. What rests on more than vouchers is in
`independent_proofs` and `independent_answers`. It knows no ML-DSA-44, so it refuses a policy with
such a key, as section 4 demands. Sections are those of our formats; the order of the statuses is
that of the surfaces page, `verify`.
"""

from hashlib import sha256

from tests.support.independent_signed import (
    ORIGIN,
    b64,
    b64url,
    canonical,
    check_credential,
    check_signature,
    count,
    find_as_of,
    like,
    members,
    need,
    open_checkpoint,
    public_key,
    read_canonical,
    read_json,
    read_policy,
)

MINUTE = 60_000
ID = "[a-z2-7]{26}"
DIGEST = "[0-9a-f]{64}"
ID_TYPES = (
    "party|asset|registration|grant|delivery|encumbrance|dispute|objection|listing|attestation|"
    "order|consent|filing|complaint|mandate|incident|registry"
)
SUBJECT = (
    rf"ledger/self|(?:{ID_TYPES})/{ID}|key/z6Mk[1-9A-HJ-NP-Za-km-z]{{44}}|name/uscc:[0-9A-Z]{{18}}|"
    rf"name/sha256:{DIGEST}|(?:voucher|series)/[A-Z0-9]{{1,40}}|"
    r"list/[a-z0-9-]{1,40}:[A-Za-z0-9.-]{1,40}"
)


# --- 2, 3. events and leaves


def read_leaf(data):
    """An entry or a seal."""
    leaf = read_canonical(data, 65_535, 17)
    need(isinstance(leaf, dict) and type(leaf.get("v")) is int and leaf["v"] == 1, "v of a leaf")
    if "seal" in leaf:
        check_seal(members(leaf, "seal v", "a leaf")["seal"])
    else:
        members(leaf, "event signatures time v", "a leaf")
        count(leaf["time"], "time")
        check_event(leaf["event"])
        check_signatures(leaf)
        signed = {"event": leaf["event"], "signatures": leaf["signatures"]}
        need(len(canonical(signed, 17)) <= 48 * 1024, "size of the event")
    return leaf


def check_seal(seal):
    members(seal, "count first height prev rules state time", "a seal")
    members(seal["state"], "root size", "state of a seal")
    need(1 <= count(seal["count"], "count") <= 1000, "count")
    like("[a-z0-9-]{1,40}/[a-z0-9.-]{1,20}", seal["rules"], "rules")
    is_first = like(DIGEST, seal["prev"], "prev") == "0" * 64
    need(is_first == (count(seal["height"], "height") == 0), "height")
    need(is_first == (count(seal["first"], "first") == 0), "first")
    like(DIGEST, seal["state"]["root"], "root")
    count(seal["state"]["size"], "size")
    count(seal["time"], "time")


def check_event(event):
    members(event, "actor at body kind log nonce subjects until v", "an event")
    need(type(event["v"]) is int and event["v"] == 1 and isinstance(event["body"], dict), "event")
    canonical(event, 16)
    like(f"party/{ID}", event["actor"], "actor")
    like(r"[a-z]{1,32}\.[a-z]{1,32}", event["kind"], "kind")
    need(len(like(ORIGIN, event["log"], "log")) <= 128, "log")
    need(len(b64url(event["nonce"])) == 16, "nonce")
    count(event["at"], "at")
    count(event["until"], "until")
    subjects = event["subjects"]
    need(isinstance(subjects, list) and 1 <= len(subjects) <= 16, "subjects")
    need(subjects == sorted({like(SUBJECT, one, "a subject") for one in subjects}), "subjects")


def check_signatures(leaf):
    """Whether they verify, too: an entry that nobody signed is none."""
    signatures = leaf["signatures"]
    need(isinstance(signatures, list) and 1 <= len(signatures) <= 8, "signatures")
    message = b"muniment/event/v1\n" + canonical(leaf["event"], 16)
    for one in signatures:
        members(one, "key sig", "a signature")
        check_signature(public_key(one["key"]), message, b64url(one["sig"]))
    keys = [one["key"] for one in signatures]
    need(keys == sorted(set(keys)), "order of signatures")


# --- 6, 7. receipts and states


def check_receipt(receipt, opened, note):
    """Leaf and index of a receipt under the opened checkpoint."""
    members(receipt, "format entry proof", "a receipt")
    need(receipt["format"] == "muniment/receipt/v1", "format of a receipt")
    need(split_proof(receipt)[1] == note, "receipts with different checkpoints")
    head = split_proof(receipt)[0].split("\n")
    need(head[0] == "c2sp.org/tlog-proof@v1" and len(head) > 1, "a tlog-proof")
    index = int(like("index (0|[1-9][0-9]{0,18})", head[1], "index line")[6:])
    path = [b64(line) for line in head[2:]]
    need(index < opened["size"] and all(len(one) == 32 for one in path), "a tlog-proof")
    data = b64url(receipt["entry"])
    root = climb(sha256(b"\0" + data).digest(), index, opened["size"] - 1, path)
    need(root == opened["root"], "the log does not hold this leaf here")
    leaf = read_leaf(data)
    if "seal" in leaf:
        need(leaf["seal"]["first"] + leaf["seal"]["count"] == index, "place of the seal")
    else:
        need(leaf["event"]["log"] == opened["origin"], "an event for another ledger")
    return leaf, index


def split_proof(receipt):
    proof = receipt["proof"] if isinstance(receipt, dict) and "proof" in receipt else None
    need(isinstance(proof, str) and "\n\n" in proof, "a proof")
    head, _, note = proof.partition("\n\n")
    return head, note


def climb(node, index, last, path):
    """RFC 9162 section 2.1.3.2."""
    for sibling in path:
        need(last > 0, "a path that is too long")
        if index & 1 or index == last:
            node = sha256(b"\1" + sibling + node).digest()
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\1" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    need(last == 0, "a path that is too short")
    return node


def check_state(bundle, opened, note, newest, *, is_absent=False):
    """Seal of a state bundle whose subject has this value, or with `is_absent` has none."""
    members(bundle, "format subject value map_proof seal", "a state")
    need(bundle["format"] == "muniment/state/v1", "format of a state")
    like(SUBJECT, bundle["subject"], "subject of a state")
    leaf, index = check_receipt(bundle["seal"], opened, note)
    need("seal" in leaf and index == opened["size"] - 1, "the last leaf is the seal")
    need(newest is None or leaf["seal"]["time"] <= newest + 5 * MINUTE, "a seal from the future")
    digest = None
    if is_absent:
        need(bundle["value"] is None, "a state, not an absence")
    else:
        digest = sha256(check_value(bundle["value"], index)).digest()
    key = sha256(bundle["subject"].encode()).digest()
    root = bytes.fromhex(leaf["seal"]["state"]["root"])
    check_map_proof(root, key, digest, b64url(bundle["map_proof"]))
    return leaf["seal"]


def check_value(value, sealed_at):
    """Canonical bytes of a state with its history."""
    members(value, "history last n state time type", "a value")
    like(DIGEST, value["history"], "history")
    need(count(value["n"], "n") >= 1 and count(value["last"], "last") < sealed_at, "n or last")
    count(value["time"], "time")
    need(isinstance(value["state"], dict), "state")
    raw = canonical(value, 20)
    need(len(raw) <= 16 * 1024, "size of a state")
    return raw


def check_map_proof(root, key, value, proof):
    """Membership of a value hash, where the terminal is the asked leaf; with None absence."""
    depth = int.from_bytes(proof[:2], "big")
    need(len(proof) > 2 and depth <= 256, "depth")
    marks, rest = proof[2 : 2 + (depth + 7) // 8], proof[2 + (depth + 7) // 8 :]
    present = [bool(marks[i // 8] >> i % 8 & 1) for i in range(depth) if i // 8 < len(marks)]
    need(len(present) == depth and sum(present) == sum(one.bit_count() for one in marks), "bitmap")
    siblings = [rest[i : i + 32] for i in range(0, 32 * sum(present), 32)]
    node = find_terminal(key, value, rest[32 * sum(present) :], depth, not present or present[-1])
    need(bytes(32) not in siblings, "an empty sibling")
    for level in reversed(range(depth)):
        beside = siblings.pop() if present[level] else bytes(32)
        is_right = key[level // 8] >> (7 - level % 8) & 1
        node = sha256(b"\3" + (beside + node if is_right else node + beside)).digest()
    need(node == root, "the state map does not hold this value")


def find_terminal(key, value, terminal, depth, has_neighbour):
    """Hash of what stands where the key's path ends: a leaf, or nothing."""
    if terminal == b"\0":
        need(value is None, "nothing is there")
        return bytes(32)
    need(len(terminal) == 65 and terminal[:1] == b"\1" and has_neighbour, "terminal")
    shift = 256 - depth
    found = int.from_bytes(terminal[1:33], "big") >> shift
    need(found == int.from_bytes(key, "big") >> shift, "a leaf of another path")
    is_there = terminal[1:33] == key
    need(is_there == (value is not None), "another terminal")
    need(not is_there or terminal[33:] == value, "another value")
    return sha256(b"\2" + terminal[1:]).digest()


# --- 7. the voucher


def verify_voucher(data, policy, *, now, as_of=None):
    """Verdict on a voucher file at a date.

    Args:
        data: Bytes of the file.
        policy: Bytes of the verifier's own policy.
        now: The verifier's clock in Unix milliseconds.
        as_of: The date asked about.

    Returns:
        `{"subject","status","marks","as_of","valid_until","in_force"}`.
    """
    policy = read_policy(policy)
    need(len(data) <= 2 * 1024 * 1024, "size of the file")
    value = read_json(data)
    canonical(value, 24, ".*")  # for the characters and the depth
    bundle = members(value, "format credential issued state asset", "a voucher")
    need(bundle["format"] == "muniment/voucher/v1", "format of a voucher")
    note = split_proof(bundle["issued"])[1]
    opened = open_checkpoint(policy, note.encode())
    newest = max(opened["cosigned"].values(), default=None)
    newest = None if newest is None else newest * 1000
    said = check_credential(bundle["credential"])
    entry, index = check_receipt(bundle["issued"], opened, note)
    seal = check_state(bundle["state"], opened, note, newest)
    check_state(bundle["asset"], opened, note, newest)
    body = check_belonging(bundle, said, entry, index, opened["origin"])
    proved = find_as_of(policy, opened, seal["time"])
    verdict = judge(bundle, body, now, as_of, max(proved, seal["time"]))
    return {"subject": said["subject"], "as_of": proved, **verdict}


def check_belonging(bundle, said, entry, index, origin):
    """Body of the record, once all parts are of one voucher."""
    need("event" in entry and entry["event"]["kind"] == "registration.record", "no record")
    body, value = entry["event"]["body"], bundle["state"]["value"]
    check_body(body)
    need(value["type"] == "voucher/1" and bundle["asset"]["value"]["type"] == "asset/1", "types")
    state = value["state"]
    check_voucher_state(state)
    subject, asset = bundle["state"]["subject"], bundle["asset"]["subject"]
    need(said["origin"] == origin, "a credential of another ledger")
    need(said["subject"] == subject == f"voucher/{body['number']}", "another number")
    need(said["digest"] == body["credential"] == state["credential"], "not what was recorded")
    need(said["issuer"] == state["issuer"], "another issuer")
    need(said["issuer"] in [one["key"] for one in entry["signatures"]], "not signed by the issuer")
    need(asset == state["asset"] == body["asset"], "another asset")
    need(state["registration"] == body["registration"], "another registration")
    need({subject, asset} <= set(entry["event"]["subjects"]), "a record of something else")
    need(index <= value["last"], "a record newer than the state")
    need(said["times"] == (body["valid_from"], body["valid_until"]), "other times")
    need(state["valid_until"] == body["valid_until"], "another end")
    shown, held = bundle["credential"]["credentialSubject"], bundle["asset"]["value"]["state"]
    check_shown(shown, body, origin)
    if held.get("registration") == state["registration"]:  # a later one may open other members
        check_opened(shown, held)
    return body


def check_body(body):
    """Of registration.record, as far as a voucher rests on it."""
    names = (
        "asset classification credential issuer number parties registration rights tests "
        "valid_from valid_until"
    )
    optional = ("declared", "duplicates", "national", "supersedes")
    names += "".join(f" {name}" for name in optional if name in body)
    members(body, names, "body of the record")
    like(DIGEST, body["credential"], "credential of the record")
    need(isinstance(body["classification"], dict), "classification of the record")
    need(isinstance(body["rights"], list) and 1 <= len(body["rights"]) <= 24, "rights")
    count(body["valid_from"], "valid_from")
    count(body["valid_until"], "valid_until")


def check_voucher_state(state):
    names = "asset registration credential issuer status valid_from valid_until"
    members(state, names + " complete_from" * ("complete_from" in state), "state of a voucher")
    count(state["valid_from"], "valid_from")
    count(state["valid_until"], "valid_until")


def check_shown(shown, body, origin):
    """If credential and ledger differ, the ledger is right (section 8)."""
    standard = {"standard": "GB/T 43697-2024"}
    recorded = {
        "id": f"urn:muniment:{origin}:{body['asset']}",
        "asset": body["asset"],
        "registration": body["registration"],
        "rights": body["rights"],
        "classification": standard | body["classification"],
        **({"declared": body["declared"]} if "declared" in body else {}),
    }
    compare_shown(shown, recorded)


def check_opened(shown, asset):
    """Members that a notice has opened, and the commitments to the content."""
    need(isinstance(asset.get("content"), dict), "content of the asset")
    made = {name: {"$commit": one} for name, one in asset["content"].items()}
    compare_shown(shown, {"fields": asset.get("fields"), "commitments": made})


def compare_shown(shown, recorded):
    need(isinstance(shown, dict), "credentialSubject")
    for name, value in recorded.items():
        need(name in shown, f"no {name} in the credential")
        need(canonical(shown[name], 20) == canonical(value, 20), f"another {name}")


NOT_STATUS = ("tuples", "freezes", "pledges", "disputes", "notes")


def judge(bundle, body, now, asked, proved):
    """Status and marks at the asked date; expiry without one is judged at the verifier's clock."""
    state, asset = (bundle[name]["value"]["state"] for name in ("state", "asset"))
    date, expiry = (proved, now) if asked is None else (min(asked, proved), asked)
    lists = {n: read_intervals(asset, n) for n in NOT_STATUS}
    status = read_intervals(state, "status")
    known = [(state, "status"), (asset, "tuples"), (asset, "freezes")]
    if any(date < complete_from(one).get(name, date) for one, name in known):
        verdict = "unknown"
    else:
        number = bundle["state"]["subject"].partition("/")[2]
        stayed = values_at(read_intervals(asset, "vouchers"), expiry)
        is_live = any(one["number"] == number and expiry < one["until"] for one in stayed)
        end = expiry + 1 if is_live else state["valid_until"]
        state = {**state, "valid_until": end}
        verdict = find_status(state, values_at(status, date), lists["freezes"], date, expiry)
    held = [canonical(one, 20) for one in values_at(lists["tuples"], date)]
    if verdict == "valid" and any(canonical(one, 20) not in held for one in body["rights"]):
        verdict = "superseded"
    named = {"pledged": "pledges", "disputed": "disputes", "noted": "notes"}
    return {
        "status": verdict,
        "marks": [mark for mark, name in named.items() if values_at(lists[name], date)],
        "valid_until": bundle["state"]["value"]["state"]["valid_until"],
        "in_force": verdict == "valid",
    }


def complete_from(state):
    """From when a list that was shortened is complete, by its name."""
    marks = state.get("complete_from", {})
    need(isinstance(marks, dict), "complete_from")
    return {name: count(mark, "complete_from") for name, mark in marks.items()}


def find_status(state, held, freezes, date, expiry):
    for ended in ("revoked", "cancelled", "superseded"):
        if ended in held:
            return ended
    if min(date, expiry) < state["valid_from"]:
        return "not-yet"
    if expiry >= state["valid_until"]:
        return "expired"
    if values_at(freezes, date):
        return "frozen"
    return "valid" if "valid" in held else "unknown"


def read_intervals(state, name):
    """Section 5: half-open, in the order of opening."""
    intervals = state.get(name)
    need(isinstance(intervals, list), f"no list {name}")
    for one in intervals:
        members(one, "from index to value", "an interval")
        need(one["to"] is None or count(one["to"], "to") >= count(one["from"], "from"), "interval")
        count(one["from"], "from")
    places = [count(one["index"], "index") for one in intervals]
    need(places == sorted(places), "order of intervals")
    return intervals


def values_at(intervals, date):
    return [
        one["value"]
        for one in intervals
        if one["from"] <= date and (one["to"] is None or date < one["to"])
    ]
