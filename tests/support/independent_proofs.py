"""Sets of proofs under one checkpoint: states and whole histories, verified once more.

From our formats page, sections 4 to 7, without a line of the product.
"""

from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256

from tests.support.independent_signed import (
    NotAuthenticError,
    b64,
    b64url,
    canonical,
    count,
    members,
    need,
    open_checkpoint,
    read_json,
    read_policy,
)
from tests.support.independent_verifier import check_state, climb, read_leaf, split_proof

MAX_BYTES = 128 * 1024 * 1024


class UnsupportedError(NotAuthenticError):
    """Something that this verifier does not know how to judge; it says so and accepts nothing."""


@dataclass
class Proved:
    """What a set of proofs shows; who asks for more than that gets no answer.

    `values` are states by subject, None where one is proved absent; `events` the pairs of log index
    and event of whole histories.
    """

    values: dict
    events: dict
    seal: dict

    def state(self, key, kind):
        """Body of a state of this type, or None."""
        need(key in self.values, f"{key} is not proved")
        value = self.values[key]
        need(value is None or value["type"] == kind, f"{key} is of type {value and value['type']}")
        return None if value is None else value["state"]

    def history(self, key):
        need(key in self.events, f"the history of {key} is not proved")
        return self.events[key]


def read_file(data, names, form):
    """The members of a file of this format."""
    need(len(data) <= MAX_BYTES, "size of the file")
    value = read_json(data)
    canonical(value, 24, ".*")  # for the characters and the depth
    members(value, f"format {names}", f"a file {form}")
    need(value["format"] == form, "format")
    return value


def open_proofs(states, dossiers, policy):
    """Everything that the states and dossiers of a bundle prove.

    Args:
        states: The member of this name.
        dossiers: Likewise.
        policy: Bytes of the verifier's own policy.
    """
    need(isinstance(states, list) and isinstance(dossiers, list), "states or dossiers")
    need(1 <= len(states) + len(dossiers) <= 1000, "number of proofs")
    for one in dossiers:
        members(one, "format state events", "a whole dossier")
        need(one["format"] == "muniment/dossier/v1", "format of a dossier")
    bundles = [*states, *(one["state"] for one in dossiers)]
    for one in bundles:
        members(one, "format subject value map_proof seal", "a state")
    note = split_proof(bundles[0]["seal"])[1]
    opened = open_checkpoint(read_policy(policy), note.encode())
    newest = max(opened["cosigned"].values(), default=None)
    newest = None if newest is None else newest * 1000
    seals = [check_state(b, opened, note, newest, is_absent=b["value"] is None) for b in bundles]
    subjects = [one["subject"] for one in bundles]
    need(len(set(subjects)) == len(subjects), "a subject is proved twice")
    values = {one["subject"]: one["value"] for one in bundles}
    events = {one["state"]["subject"]: check_history(one, opened) for one in dossiers}
    return Proved(values, events, seals[0])


def check_history(dossier, opened):
    """The events of a dossier whose state is verified: all of them, in the order of the log."""
    subject, value = dossier["state"]["subject"], dossier["state"]["value"]
    listed = dossier["events"]
    need(isinstance(listed, list) and len(listed) <= 1000, "events")
    found = [check_event(one, subject, opened) for one in listed]
    if value is None:
        need(not found, "events of what is absent")
        return []
    places, times = [index for index, _ in found], [leaf["time"] for _, leaf in found]
    need(places == sorted(set(places)) and times == sorted(times), "order of events")
    need(len(found) == value["n"], "number of events")
    need(places[-1] == value["last"] and times[-1] == value["time"], "the newest event")
    ids = [sha256(canonical(leaf["event"], 16)).hexdigest() for _, leaf in found]
    leaves = [
        canonical({"event": one, "i": i, "index": index, "subject": subject}, 2)
        for i, (one, index) in enumerate(zip(ids, places, strict=True))
    ]
    need(tree_root(leaves).hex() == value["history"], "history")
    return [(index, leaf["event"]) for index, leaf in found]


def check_event(one, subject, opened):
    """Index and entry of one event of a history."""
    members(one, "index entry path", "an event of a dossier")
    need(isinstance(one["path"], list) and len(one["path"]) <= 126, "path")
    data, index = b64url(one["entry"]), count(one["index"], "index")
    check_place(data, index, one["path"], opened["size"], opened["root"])
    leaf = read_leaf(data)
    need("event" in leaf and leaf["event"]["log"] == opened["origin"], "no entry of this log")
    need(subject in leaf["event"]["subjects"], "an event of another subject")
    return index, leaf


def check_place(data, index, path, size, root):
    """Inclusion of a leaf in an RFC 6962 tree; the path in standard base64."""
    hashes = [b64(one) for one in path]
    need(index < size and all(len(one) == 32 for one in hashes), "a path")
    need(climb(sha256(b"\0" + data).digest(), index, size - 1, hashes) == root, "another leaf")


def tree_root(leaves):
    """RFC 6962 section 2.1, level by level: the last node of an odd level goes up as it is."""
    level = [sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [sha256(b"\1" + b"".join(one)).digest() if one[1:] else one[0] for one in pairs]
    return level[0] if level else sha256(b"").digest()


def new_id(kind, event):
    """Key of the first subject of a type that an event opens (section 5)."""
    claim = {"actor": event["actor"], "n": 0, "nonce": event["nonce"], "type": kind}
    digest = sha256(b"muniment/id/v1\n" + canonical(claim, 2)).digest()
    return f"{kind}/{b32encode(digest[:16]).decode().rstrip('=').lower()}"
