"""Files that go with data: deliveries, usage lines, drafts, packs; read once more, without the
product.

Spec: our formats, sections 2, 5 and 7; the decision records of the formats.
"""

import re
from hashlib import sha256

from tests.support.independent_proofs import check_place, new_id, read_file, tree_root
from tests.support.independent_signed import (
    b64url,
    canonical,
    check_signature,
    count,
    like,
    members,
    need,
    open_checkpoint,
    public_key,
    read_canonical,
    read_json,
    read_policy,
)
from tests.support.independent_verifier import (
    DIGEST,
    ID,
    check_event,
    check_receipt,
    split_proof,
)

BLOCK = 65_536
MAX_BYTES = 2 * 1024 * 1024
USAGE = "action count form from grant lines root to total"


def open_receipt(receipt, policy, kind):
    """Event of a kind that a receipt shows to be in the log."""
    note = split_proof(receipt)[1]
    opened = open_checkpoint(read_policy(policy), note.encode())
    leaf, _ = check_receipt(receipt, opened, note)
    need("event" in leaf and leaf["event"]["kind"] == kind, f"no {kind}")
    return leaf["event"]


# --- deliveries


def verify_delivery(data, policy):
    """A delivery file: `{"subject"}`."""
    need(len(data) <= MAX_BYTES, "size of the file")
    note = read_file(data, "delivery salt size sent", "muniment/delivery/v1")
    like(f"delivery/{ID}", note["delivery"], "delivery")
    need(len(b64url(note["salt"])) == 32, "salt")
    event = open_receipt(note["sent"], policy, "delivery.send")
    body = event["body"]
    names = ["asset copy grant recipient", *sorted({"escrow", "filing", "marks"} & body.keys())]
    copy = members(body, " ".join(names), "body of delivery.send")["copy"]
    members(copy, "count form root", "a copy")
    need(new_id("delivery", event) == note["delivery"], "another delivery")
    need(max(1, -(-count(note["size"], "size") // BLOCK)) == copy["count"], "another size")
    return {"subject": note["delivery"]}


def measure_copy(content, salt):
    """Root and count of `salted-blocks/1`."""
    blocks = [content[at : at + BLOCK] for at in range(0, max(1, len(content)), BLOCK)]
    return {"root": tree_root([salt + block for block in blocks]).hex(), "count": len(blocks)}


# --- usage lines


def read_line(line):
    """Canonical bytes of a usage line, and how many units it counts."""
    need(isinstance(line, dict) and len(line) <= 32, "a usage line")
    need(all(type(one) in (str, int) for one in line.values()), "a member of a line")
    need(all(abs(one) < 2**53 for one in line.values() if type(one) is int), "a number")
    count(line.get("at"), "at")
    like("[A-Za-z][A-Za-z0-9:]{0,63}", line.get("action"), "action")
    units = line.get("count", 1)
    need(type(units) is int and units >= 1, "count")
    leaf = canonical(line, 1)
    need(len(leaf) <= 4096, "size of a line")
    return leaf, units


def measure_lines(lines):
    """Root, number and sum of `usage-lines/1`."""
    found = [read_line(line) for line in lines]
    root = tree_root([leaf for leaf, _ in found]).hex()
    return {"root": root, "lines": len(found), "count": sum(units for _, units in found)}


def verify_usage_line(data, policy):
    """The proof of one line of a batch: `{"subject"}`."""
    need(len(data) <= MAX_BYTES, "size of the file")
    bundle = read_file(data, "line index path batch", "muniment/usage-line/v1")
    line = bundle["line"]
    leaf, units = read_line(line)
    index, path = count(bundle["index"], "index"), bundle["path"]
    need(isinstance(path, list) and len(path) <= 63, "path")
    event = open_receipt(bundle["batch"], policy, "usage.batch")
    body = event["body"]
    stated = [name for name in ("purpose", "scene", "spatial") if name in body]
    members(body, " ".join([USAGE, *stated]), "body of usage.batch")
    need(event["subjects"] == [body["grant"]], "subjects of the batch")
    root = bytes.fromhex(like(DIGEST, body["root"], "root"))
    check_place(leaf, index, path, count(body["lines"], "lines"), root)
    for name in ("action", *stated):
        need(line.get(name, body[name]) == body[name], f"another {name}")
    need(body["from"] <= line["at"] < body["to"], "a line of another time")
    need(units + body["lines"] - 1 <= body["count"], "more than the batch counts")
    return {"subject": body["grant"]}


# --- drafts


def read_draft(data):
    """The id of the event in a draft, and the keys that have signed it."""
    most = 48 * 1024 + len('"format":"muniment/draft/v1",')
    draft = members(read_canonical(data, most, 17), "event format signatures", "a draft")
    need(draft["format"] == "muniment/draft/v1", "format")
    check_event(draft["event"])
    signatures = draft["signatures"]
    need(isinstance(signatures, list) and len(signatures) <= 8, "signatures")
    for one in signatures:
        members(one, "key sig", "a signature")
        public_key(one["key"])
        need(len(b64url(one["sig"])) == 64, "a signature")
    keys = [one["key"] for one in signatures]
    need(keys == sorted(set(keys)), "order of signatures")
    message = canonical(draft["event"], 16)
    return {"id": sha256(message).hexdigest(), "keys": keys}


def verify_draft(data):
    """Whether the signatures that a draft has are good ones; some are there."""
    keys = read_draft(data)["keys"]
    need(keys, "nobody has signed")
    draft = read_canonical(data, MAX_BYTES, 17)
    message = b"muniment/event/v1\n" + canonical(draft["event"], 16)
    for one in draft["signatures"]:
        check_signature(public_key(one["key"]), message, b64url(one["sig"]))
    return True


def read_openings(data, draft):
    """The fields that a file of openings opens of a draft."""
    event = read_canonical(draft, MAX_BYTES, 17)["event"]
    need(len(data) <= MAX_BYTES, "size of the file")
    value = read_file(data, "event openings", "muniment/draft-opening/v1")
    need(value["event"] == sha256(canonical(event, 16)).hexdigest(), "of another draft")
    need(isinstance(value["openings"], list), "openings")
    made = set(list_commitments(event["body"]))
    for one in value["openings"]:
        members(one, "by field log salt value", "an opening")
        need((one["by"], one["log"]) == (event["actor"], event["log"]), "of another actor or log")
        need(isinstance(one["field"], str) and len(b64url(one["salt"])) == 32, "an opening")
        digest = sha256(b"muniment/commit/v1\n" + canonical(one, 20)).digest()
        need(digest in made, f"no commitment to {one['field']}")
    return [one["field"] for one in value["openings"]]


def list_commitments(value):
    """Digests of all commitments in a value."""
    if isinstance(value, dict):
        if set(value) == {"$commit"} and re.fullmatch("[A-Za-z0-9_-]{43}", str(value["$commit"])):
            yield b64url(value["$commit"])
            return
        value = list(value.values())
    for one in value if isinstance(value, list) else ():
        yield from list_commitments(one)


# --- packs


def read_manifest(manifest, files):
    """Format and paths of a pack, whose manifest lists exactly these files with their digests."""
    need(len(manifest) <= MAX_BYTES, "size of the manifest")
    value = members(read_json(manifest), "files format", "a manifest")
    canonical(value, 24, ".*")
    need(value["format"] in ("muniment/pack/v1", "muniment/case/v1"), "format")
    need(isinstance(value["files"], list), "files")
    listed = {}
    for one in value["files"]:
        members(one, "digest path", "a file")
        path = like("[a-z0-9._/-]{1,100}", one["path"], "path")
        need(path not in listed, "a path twice")
        listed[path] = like(DIGEST, one["digest"], "digest")
    for path in files:
        parts = path.split("/")
        need(re.fullmatch("[a-z0-9._/-]{1,100}", path), "path")
        need(".." not in path and not {"", "."} & set(parts), "path")
        need(path != "manifest.json", "path")
        folders = {"/".join(parts[:n]) for n in range(1, len(parts))}
        need(not folders & set(files), "a folder that is a file")
    need({path: sha256(one).hexdigest() for path, one in files.items()} == listed, "other files")
    return {"format": value["format"], "paths": sorted(files)}
