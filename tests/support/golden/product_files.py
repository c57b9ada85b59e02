"""What the shipping code says of files that go with data: copies, usage lines, drafts, packs."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.usagelines import parse_usage_line
from ledger.core.draft import decode_draft, parse_draft_openings
from ledger.core.event import verify_event_signatures
from ledger.core.hashing import hash_leaf
from ledger.core.merkle import hash_tree
from node.pack import MANIFEST, read_pack
from node.zipped import write_zip
from tests.support.golden.cases import data_of
from tracing.copies import measure_copy


def content_of(case):
    """The bytes 0, 1, ..., 250, 0, 1, ..."""
    return bytes(n % 251 for n in range(case["size"]))


def copy(case, shared):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "copy"
        path.write_bytes(content_of(case))
        found = measure_copy(path, bytes.fromhex(case["salt"]))
    return {"root": found.root.hex(), "count": found.count}


def usage_lines(case, shared):
    lines = [parse_usage_line(line) for line in case["lines"]]
    root = hash_tree([hash_leaf(line.leaf) for line in lines]).hex()
    return {"root": root, "lines": len(lines), "count": sum(line.count for line in lines)}


def draft(case, shared):
    signed = decode_draft(data_of(case))
    return {"id": signed.id, "keys": [one.key for one in signed.signatures]}


def draft_signatures(case, shared):
    verify_event_signatures(decode_draft(data_of(case)))
    return True


def draft_openings(case, shared):
    signed = decode_draft(case["draft"].encode())
    openings = parse_draft_openings(json.dumps(case["openings"]).encode(), signed)
    return [one.field for one in openings]


def manifest(case, shared):
    files = {path: text.encode() for path, text in case["files"].items()}
    listed = json.dumps(case["manifest"]).encode()
    pack = read_pack(write_zip({MANIFEST: listed} | files))
    return {"format": pack.form, "paths": sorted(pack.files)}


ANSWERS = {
    "copy": copy,
    "usage lines": usage_lines,
    "draft": draft,
    "draft signatures": draft_signatures,
    "draft openings": draft_openings,
    "manifest": manifest,
}
