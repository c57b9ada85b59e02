"""Sections 2 to 7 of our formats once more, deliberately slow: from their text, not the product.

Shares no code with the product. What is refused raises RefusedError. Trees are those of reference.py
and reference_map.py, signatures those of ed25519_reference.py.
"""

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from tests.support import ed25519_reference, reference, reference_map
from tests.support.reference_json import (
    b64url,
    base32,
    count,
    depth,
    exactly,
    from_b64,
    from_b64url,
    hash_text,
    need,
    public_key,
    read,
    text_of,
    write,
)

DAY_MS = 24 * 3600 * 1000
KIND = re.compile(r"[a-z]{1,32}\.[a-z]{1,32}")
ORIGIN = re.compile(r"[a-z0-9.-]+(/[A-Za-z0-9._~-]+)*")
RULES = re.compile(r"[a-z0-9-]{1,40}/[a-z0-9.-]{1,20}")
STATE_TYPE = re.compile(r"[a-z]{1,32}/[1-9][0-9]{0,2}")
ID_TYPES = (
    "party asset registration grant delivery encumbrance dispute objection listing attestation "
    "order consent filing complaint mandate incident registry"
)
SUBJECTS = [
    r"ledger/self",
    r"key/z6Mk[1-9A-HJ-NP-Za-km-z]{44}",
    r"name/uscc:[0-9A-Z]{18}",
    r"name/sha256:[0-9a-f]{64}",
    r"(voucher|series)/[A-Z0-9]{1,40}",
    r"list/[a-z0-9-]{1,40}:[A-Za-z0-9.-]{1,40}",
    rf"({ID_TYPES.replace(' ', '|')})/[a-z2-7]{{26}}",
]


@cache
def is_signed(key, message, signature):
    return ed25519_reference.is_valid(key, message, signature)


# --- 2. events


def check_event(event):
    names = "actor at body kind log nonce subjects until v"
    exactly(event, names, "event")
    need(depth(event) <= 16, "depth")
    write(event)
    need(type(event["v"]) is int and event["v"] == 1, "version")
    need(isinstance(event["body"], dict), "body")
    text_of(event["kind"], KIND, "kind")
    text_of(event["actor"], r"party/[a-z2-7]{26}", "actor")
    text_of(event["log"], ORIGIN, "log")
    need(len(event["log"]) <= 128, "log")
    need(len(from_b64url(event["nonce"])) == 16, "nonce")
    need(count(event["at"]) is not None and count(event["until"]) is not None, "times")
    subjects = event["subjects"]
    need(isinstance(subjects, list) and 1 <= len(subjects) <= 16, "subjects")
    for subject in subjects:
        check_subject(subject)
    need(subjects == sorted(set(subjects)), "subjects")


def check_signatures(signatures):
    need(isinstance(signatures, list) and 1 <= len(signatures) <= 8, "signatures")
    for signature in signatures:
        exactly(signature, "key sig", "signature")
        public_key(signature["key"])
        need(len(from_b64url(signature["sig"])) == 64, "signature")
    keys = [signature["key"] for signature in signatures]
    need(keys == sorted(set(keys)), "order of signatures")


def read_signed_event(data):
    need(len(data) <= 48 * 1024, "size")
    signed = exactly(read(data, max_depth=17), "event signatures", "signed event")
    check_event(signed["event"])
    check_signatures(signed["signatures"])
    return signed


def verify_signatures(signed):
    message = b"muniment/event/v1\n" + write(signed["event"])
    for one in signed["signatures"]:
        signature = from_b64url(one["sig"])
        need(is_signed(public_key(one["key"]), message, signature), "wrong signature")


def is_in_time(event, time):
    return (
        time <= event["until"]
        and event["until"] - event["at"] <= 90 * DAY_MS
        and event["at"] <= time + 5 * 60 * 1000
    )


# --- 3. leaves


def read_leaf(data):
    need(len(data) <= 65_535, "size")
    leaf = read(data, max_depth=17)
    need(isinstance(leaf, dict) and type(leaf.get("v")) is int and leaf["v"] == 1, "version")
    if "seal" in leaf:
        check_seal(exactly(leaf, "seal v", "leaf")["seal"])
        return leaf
    exactly(leaf, "event signatures time v", "leaf")
    count(leaf["time"])
    read_signed_event(write({"event": leaf["event"], "signatures": leaf["signatures"]}))
    return leaf


def check_seal(seal):
    exactly(seal, "count first height prev rules state time", "seal")
    exactly(seal["state"], "root size", "state of a seal")
    need(1 <= count(seal["count"]) <= 1000, "count")
    is_first = count(seal["height"]) == 0
    need(is_first == (count(seal["first"]) == 0), "height and first")
    need(is_first == (hash_text(seal["prev"]) == bytes(32)), "height and prev")
    text_of(seal["rules"], RULES, "rules")
    hash_text(seal["state"]["root"])
    count(seal["state"]["size"])
    count(seal["time"])


# --- 5. subjects, ids and commitments


def check_subject(key):
    need(isinstance(key, str) and any(re.fullmatch(form, key) for form in SUBJECTS), "subject")


NEW_ID = b"muniment/id/v1\n"


def new_id(kind, actor, nonce, n):
    claim = write({"actor": actor, "n": n, "nonce": nonce, "type": kind})
    return f"{kind}/{base32(sha256(NEW_ID + claim).digest()[:16])}"


def party_id(keys):
    return f"party/{base32(sha256(write(sorted(keys))).digest()[:16])}"


def commitment(**opening):
    digest_bytes = sha256(b"muniment/commit/v1\n" + write(opening)).digest()
    return {"$commit": b64url(digest_bytes)}


# --- 6. states and histories


def history_leaf(key, i, event_id, index):
    return write({"event": event_id, "i": i, "index": index, "subject": key})


def history_root(key, events):
    """Root of a history; `events` are pairs of event id and log index."""
    return reference.mth([history_leaf(key, i, *event) for i, event in enumerate(events)])


def map_root(values):
    """Root of the map of subject key to canonical value."""
    return reference_map.build(
        {sha256(key.encode()).digest(): sha256(value).digest() for key, value in values.items()}
    )


def check_state_value(value):
    exactly(value, "history last n state time type", "state value")
    hash_text(value["history"])
    need(count(value["last"]) >= 0 and count(value["n"], 1) and count(value["time"]) >= 0, "state")
    text_of(value["type"], STATE_TYPE, "type")
    need(isinstance(value["state"], dict) and depth(value) <= 20, "state")
    need(len(write(value)) <= 16 * 1024, "size of a state")


# --- 7. bundles


@dataclass(frozen=True)
class Trusted:
    """A checkpoint that somebody has opened with a policy: its note and what the note says.

    `newest` is the time of the newest cosignature in Unix milliseconds, if there is one.
    """

    note: str
    newest: int | None = None

    @property
    def origin(self):
        return self.note.split("\n")[0]

    @property
    def size(self):
        return int(self.note.split("\n")[1])

    @property
    def root(self):
        return from_b64(self.note.split("\n")[2])


def verify(bundle, trusted):
    """Verify a bundle of any of the three kinds."""
    kinds = {"receipt": verify_receipt, "state": verify_state, "dossier": verify_dossier}
    names = {f"muniment/{name}/v1": check for name, check in kinds.items()}
    need(isinstance(bundle.get("format"), str) and bundle["format"] in names, "format")
    names[bundle["format"]](bundle, trusted)


def verify_receipt(receipt, trusted):
    """The leaf that the receipt shows, and its index."""
    exactly(receipt, "format entry proof", "receipt")
    need(receipt["format"] == "muniment/receipt/v1", "format")
    data = from_b64url(receipt["entry"])
    leaf = read_leaf(data)
    index, path, note = read_tlog_proof(receipt["proof"])
    need(note == trusted.note, "another checkpoint")
    verify_place(data, index, path, trusted)
    if "seal" in leaf:
        need(leaf["seal"]["first"] + leaf["seal"]["count"] == index, "place of the seal")
    else:
        verify_entry(leaf, trusted)
    return leaf, index


def read_tlog_proof(text):
    """Index, path and note of a .tlog-proof without an extra line."""
    need(isinstance(text, str), "proof")
    head, blank, note = text.partition("\n\n")
    version, *lines = head.split("\n")
    need(blank and note and version == "c2sp.org/tlog-proof@v1" and lines, "proof")
    need(re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines[0]), "index line")
    path = [from_b64(line) for line in lines[1:]]
    need(len(path) <= 63 and all(len(one) == 32 for one in path), "path")
    return int(lines[0][6:]), path, note


def verify_place(data, index, path, trusted):
    need(0 <= index < trusted.size, "index")
    root = climb(reference.leaf_hash(data), index, trusted.size, path)
    need(root == trusted.root, "root")


def climb(leaf, m, n, path):
    """Root of the tree of n leaves that PATH(m, D[n]) leads to."""
    if n == 1:
        need(path == [], "length of the path")
        return leaf
    need(path, "length of the path")
    k = reference.largest_power_of_two_below(n)
    if m < k:
        return node(climb(leaf, m, k, path[:-1]), path[-1])
    return node(path[-1], climb(leaf, m - k, n - k, path[:-1]))


def node(left, right):
    return sha256(b"\x01" + left + right).digest()


def verify_entry(leaf, trusted):
    need(leaf["event"]["log"] == trusted.origin, "another ledger")
    verify_signatures(leaf)


def verify_state(bundle, trusted):
    exactly(bundle, "format subject value map_proof seal", "state")
    need(bundle["format"] == "muniment/state/v1", "format")
    check_subject(bundle["subject"])
    leaf, index = verify_receipt(bundle["seal"], trusted)
    need("seal" in leaf and index == trusted.size - 1, "last leaf")
    seal, value, value_hash = leaf["seal"], bundle["value"], None
    if value is not None:
        check_state_value(value)
        need(value["last"] < index, "a seal commits what comes before it")
        value_hash = sha256(write(value)).digest()
    if trusted.newest is not None:
        need(seal["time"] <= trusted.newest + 5 * 60 * 1000, "time of the seal")
    root, key_hash = hash_text(seal["state"]["root"]), sha256(bundle["subject"].encode()).digest()
    proof = from_b64url(bundle["map_proof"])
    need(reference_map.verify(root, key_hash, value_hash, proof), "map proof")


def verify_dossier(dossier, trusted):
    is_page = "from" in dossier
    exactly(dossier, "format state events" + " from" * is_page, "dossier")
    need(dossier["format"] == "muniment/dossier/v1", "format")
    need(isinstance(dossier["events"], list) and len(dossier["events"]) <= 1000, "events")
    verify_state(dossier["state"], trusted)
    subject, value = dossier["state"]["subject"], dossier["state"]["value"]
    events = [read_dossier_event(one, subject, trusted) for one in dossier["events"]]
    if value is None:
        need(not events and not is_page, "an absent subject has no events")
        return
    places, times = [index for index, _ in events], [leaf["time"] for _, leaf in events]
    need(places == sorted(set(places)) and times == sorted(times), "order")
    need(places[-1:] == [value["last"]] and times[-1:] == [value["time"]], "the newest event")
    known, first = {}, 0
    if is_page:
        start = exactly(dossier["from"], "n history proof", "from")
        need(count(start["n"]) < value["n"] and isinstance(start["proof"], list), "from")
        first, path = start["n"], [from_b64(one) for one in start["proof"]]
        need(all(len(one) == 32 for one in path), "from")
        known = grow(hash_text(start["history"]), first, value, path)
    need(first + len(events) == value["n"], "count")
    ids = [sha256(write(leaf["event"])).hexdigest() for _, leaf in events]
    leaves = [
        history_leaf(subject, i, *event)
        for i, event in enumerate(zip(ids, places, strict=True), start=first)
    ]
    root = fold_history(0, value["n"], first, leaves, known)
    need(root == hash_text(value["history"]), "history")


def read_dossier_event(event, subject, trusted):
    exactly(event, "index entry path", "event of a dossier")
    data = from_b64url(event["entry"])
    leaf = read_leaf(data)
    need("event" in leaf and subject in leaf["event"]["subjects"], "another subject")
    need(isinstance(event["path"], list), "path")
    verify_place(data, count(event["index"]), [from_b64(one) for one in event["path"]], trusted)
    verify_entry(leaf, trusted)
    return event["index"], leaf


def grow(old_root, old, value, path):
    """Hashes that PROOF(old, D[n]) names, by (start, stop), once it leads to both roots."""
    if old == 0:
        need(path == [] and old_root == sha256(b"").digest(), "nothing to start from")
        return {}
    known = {}
    roots = both_roots(old, 0, value["n"], path, True, old_root, known)
    need(roots == (old_root, hash_text(value["history"])), "growth")
    return known


def both_roots(m, start, n, path, b, old_root, known):
    """Old and new root of the subtree of n leaves from start, as SUBPROOF(m, D[n], b) shows them."""
    if m == n:
        need(len(path) == (not b), "length of the proof")
        known[start, start + n] = old_root if b else path[-1]
        return (known[start, start + n],) * 2
    need(path, "length of the proof")
    k = reference.largest_power_of_two_below(n)
    if m <= k:
        old, new = both_roots(m, start, k, path[:-1], b, old_root, known)
        return old, node(new, path[-1])
    old, new = both_roots(m - k, start + k, n - k, path[:-1], False, old_root, known)
    known[start, start + k] = path[-1]
    return node(path[-1], old), node(path[-1], new)


def fold_history(start, stop, first, leaves, known):
    """Root of leaves start..stop, of which those from `first` on are shown."""
    if (start, stop) in known:
        return known[start, stop]
    need(start >= first or stop - start > 1, "a hash that the proof does not name")
    if stop - start == 1:
        return reference.leaf_hash(leaves[start - first])
    k = reference.largest_power_of_two_below(stop - start)
    return node(
        fold_history(start, start + k, first, leaves, known),
        fold_history(start + k, stop, first, leaves, known),
    )
