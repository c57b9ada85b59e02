"""Questions about files that go with data: copies, usage lines, drafts and their openings, packs."""

import copy
import json
from functools import cache
from hashlib import sha256

from contracts.deliverynote import DeliveryNote, format_delivery_note
from contracts.usageproof import UsageLineBundle, format_usage_line_bundle, parse_usage_line
from ledger.core.bundle import format_receipt
from ledger.core.draft import encode_draft
from ledger.core.event import create_signed_event
from tests.support import reference
from tests.support.golden.answers import POLICY, policies
from tests.support.golden.cases import ask, bytes_case, refuse
from tests.support.golden.market import CONTENT, SALT, market
from tests.support.golden.patches import drop, put
from tests.support.golden.scenario import entries, solo
from tests.support.people import MS_PER_DAY, Key
from tests.support.reference_json import b64url, from_b64url, write

LINE = {"action": "read", "at": 1_793_599_200_000, "count": 3, "device": "gate-17"}


# --- copies and usage lines


@cache
def copies_shared():
    world = market()
    sent = world.log.receipt(world.sent_at)
    note = DeliveryNote(world.delivery, SALT, len(CONTENT), sent)
    bundles = {"delivery": format_delivery_note(note), "another receipt": _batch()}
    named = {f"line {n}": line for n, line in enumerate(world.lines, 1)}
    bundles |= _prove_lines(named, world.batch_at)
    bundles |= _prove_lines(_odd_lines(), world.odd_batch_at)
    return json.loads(json.dumps({"policies": policies(), "bundles": bundles}))


def _odd_lines():
    return {f"a line, {name}": line for name, line in market().odd_lines.items()}


def _prove_lines(lines, batch_at):
    leaves, receipt = [write(line) for line in lines.values()], market().log.receipt(batch_at)
    proofs = {
        name: UsageLineBundle(
            parse_usage_line(line), index, tuple(reference.path(index, leaves)), receipt
        )
        for index, (name, line) in enumerate(lines.items())
    }
    return {name: format_usage_line_bundle(proof) for name, proof in proofs.items()}


def _batch():
    return format_receipt(market().log.receipt(market().batch_at))


def copies():
    for size in (0, 1, 65_535, 65_536, 65_537, 200_000):
        yield ask("copy", f"{size} bytes", salt=SALT.hex(), size=size)
    yield ask("copy", "another salt", salt="ff" * 32, size=65_537)
    for desc, lines in _batches().items():
        yield ask("usage lines", desc, lines=lines)
    for desc, line in _bad_lines().items():
        yield refuse("usage lines", "rejected", desc, lines=[LINE, line])
    odd = list(_odd_lines())[1:]
    for name in copies_shared()["bundles"]:
        if name in odd:
            yield refuse("verdict", "bundle", name, **_asked(name))
        else:
            yield ask("verdict", name, **_asked(name))
    for desc, (error, name, changes) in (_spoilt_delivery() | _spoilt_lines()).items():
        yield refuse("verdict", error, f"{name}: {desc}", **_asked(name), change=changes)


def _asked(name):
    return {"bundle": name, "policy": POLICY, "now": market().time + MS_PER_DAY}


def _batches():
    lines = market().lines
    sizes = {f"{n} lines": lines[:n] for n in range(1, len(lines) + 1)}
    return sizes | {
        "nothing but what there has to be": [{"action": "read", "at": 0}],
        "a count of 1 written out": [{"action": "read", "at": 0, "count": 1}],
        "one line twice": [LINE, LINE],
        "in another order": lines[::-1],
        "an action of no profile": [{"action": "x:resell", "at": 1}],
        "a number below zero": [LINE | {"balance": -5}],
        "32 members": [LINE | {f"m{n:02}": n for n in range(28)}],
        "the largest count": [LINE | {"count": 2**53 - 1}],
    }


def _bad_lines():
    return {
        "a text": "read",
        "an array": [LINE],
        "without an action": {"at": 1},
        "without a time": {"action": "read"},
        "a time in words": LINE | {"at": "2026-11-22"},
        "a time before 1970": LINE | {"at": -1},
        "true for a time": LINE | {"at": True},
        "an action of no letters": LINE | {"action": "1"},
        "an action with a blank": LINE | {"action": "read it"},
        "an action of 65 letters": LINE | {"action": "r" * 65},
        "no count at all": LINE | {"count": 0},
        "a count in words": LINE | {"count": "3"},
        "true for a count": LINE | {"count": True},
        "true for a member": LINE | {"is_new": True},
        "null for a member": LINE | {"device": None},
        "an object for a member": LINE | {"device": {}},
        "an array for a member": LINE | {"device": ["gate-17"]},
        "33 members": LINE | {f"m{n:02}": n for n in range(29)},
        "a line of 4,097 bytes": LINE | {"ref": "x" * (4097 - len(write(LINE | {"ref": ""})))},
        "a name with a blank": LINE | {"my device": 1},
        "a tab": LINE | {"device": "\t"},
        "a number too large": LINE | {"device": 2**53},
    }


def _spoilt_delivery():
    name, sent = "delivery", copies_shared()["bundles"]["delivery"]["sent"]
    return {
        "another format": ("malformed", name, [put(["format"], "muniment/delivery/v2")]),
        "an unknown member": ("malformed", name, [put(["more"], 1)]),
        "no salt": ("malformed", name, [drop("salt")]),
        "a salt of 31 bytes": ("malformed", name, [put(["salt"], b64url(SALT[1:]))]),
        "another delivery": ("bundle", name, [put(["delivery"], "delivery/" + "a" * 26)]),
        "a grant for a delivery": ("bundle", name, [put(["delivery"], market().offer)]),
        "a block more": ("bundle", name, [put(["size"], 131_073)]),
        "a block less": ("bundle", name, [put(["size"], 65_536)]),
        "a size below zero": ("malformed", name, [put(["size"], -1)]),
        "another event": ("bundle", name, [put(["sent"], _batch())]),
        "a seal": ("bundle", name, [put(["sent"], format_receipt(market().log.receipt(1)))]),
        "another index": (
            "inclusion",
            name,
            [{"at": ["sent", "proof"], "replace": [f"index {market().sent_at}\n", "index 0\n"]}],
        ),
        "another root": ("inclusion", name, [put(["sent", "entry"], _rewrite(sent["entry"]))]),
    }


def _rewrite(entry):
    """The entry with another root of the copy; nobody signed that."""
    data = json.loads(from_b64url(entry))
    data["event"]["body"]["copy"]["root"] = "0" * 64
    return b64url(write(data))


def _spoilt_lines():
    name, bundles = "line 3", copies_shared()["bundles"]
    other = bundles["line 1"]
    return {
        "another format": ("malformed", name, [put(["format"], "muniment/usage-line/v2")]),
        "an unknown member": ("malformed", name, [put(["more"], 1)]),
        "no path": ("malformed", name, [drop("path")]),
        "another count": ("inclusion", name, [put(["line", "count"], 2)]),
        "its count left out": ("inclusion", name, [drop("line", "count")]),
        "a member more": ("inclusion", name, [put(["line", "device"], "gate-17")]),
        "a member that no line has": ("malformed", name, [put(["line", "device"], None)]),
        "another line": ("inclusion", name, [put(["line"], other["line"])]),
        "another place": ("inclusion", name, [put(["index"], 1)]),
        "a place past the end": ("inclusion", name, [put(["index"], 5)]),
        "a place below zero": ("malformed", name, [put(["index"], -1)]),
        "a path cut off": ("inclusion", name, [drop("path", -1)]),
        "a path in another order": (
            "inclusion",
            name,
            [put(["path"], bundles[name]["path"][::-1])],
        ),
        "a hash of 31 bytes": ("malformed", name, [put(["path", 0], "A" * 42 + "==")]),
        "a receipt of another event": (
            "bundle",
            name,
            [put(["batch"], bundles["delivery"]["sent"])],
        ),
        "a batch that the log does not hold": (
            "inclusion",
            name,
            [
                {
                    "at": ["batch", "proof"],
                    "replace": [f"index {market().batch_at}\n", "index 0\n"],
                }
            ],
        ),
    }


# --- drafts


@cache
def _signed():
    """An agreement of two parties, and a filing with commitments."""
    kinds = {"grant.issue": market(), "registration.file": solo()}
    return {
        kind: next(
            one.signed
            for one in entries(world)
            if one.signed.event.kind == kind and len(one.signed.signatures) == (kind[0] == "g") + 1
        )
        for kind, world in kinds.items()
    }


def drafts():
    agreement = _signed()["grant.issue"]
    first = create_signed_event(agreement.event, agreement.signatures[:1])
    texts = {
        "nobody has signed": encode_draft(create_signed_event(agreement.event, ())),
        "one has signed": encode_draft(first),
        "both have signed": encode_draft(agreement),
    }
    for desc, data in texts.items():
        yield ask("draft", desc, **bytes_case(data))
    for desc in ("one has signed", "both have signed"):
        yield ask("draft signatures", desc, **bytes_case(texts[desc]))
    data = texts["nobody has signed"]
    yield refuse("draft signatures", "signature", "nobody has signed", **bytes_case(data))
    for desc, (error, change) in _DRAFT_CHANGES.items():
        value = json.loads(texts["both have signed"])
        value = change(value) or value
        yield refuse("draft", error, desc, **bytes_case(write(value)))
    data = texts["both have signed"]
    yield refuse("draft", "malformed", "a blank", text=data.decode().replace(":", ": ", 1))
    yield refuse("draft", "malformed", "a newline at the end", text=data.decode() + "\n")
    swapped = json.loads(data)
    one, other = swapped["signatures"]
    one["sig"], other["sig"] = other["sig"], one["sig"]
    yield refuse("draft signatures", "signature", "swapped", **bytes_case(write(swapped)))
    yield from _openings()


def _sign_again(whole):
    whole["signatures"] = whole["signatures"][:1] * 2


def _turn(whole):
    whole["signatures"] = whole["signatures"][::-1]


def _nine(whole):
    dids = sorted(Key(f"more {n}").did for n in range(9))
    whole["signatures"] = [{"key": did, "sig": b64url(bytes(64))} for did in dids]


def _set(name, value):
    def change(whole):
        whole[name] = value

    return change


def _lengthen(whole):
    whole["event"]["body"] = {"a": "x" * 49_152}


_DRAFT_CHANGES = {
    "another format": ("malformed", _set("format", "muniment/draft/v2")),
    "an unknown member": ("malformed", _set("more", 1)),
    "without its format": ("malformed", lambda whole: whole.pop("format") and None),
    "null for signatures": ("malformed", _set("signatures", None)),
    "a signature twice": ("malformed", _sign_again),
    "signatures in another order": ("malformed", _turn),
    "nine signatures": ("limit", _nine),
    "an event that is none": ("malformed", _set("event", {})),
    "too large": ("limit", _lengthen),
    "an array around it": ("malformed", lambda whole: [whole]),
}


def _openings():
    filing = _signed()["registration.file"]
    draft = encode_draft(create_signed_event(filing.event, ())).decode()
    event = filing.event
    shown = solo().first.openings
    listed = [
        {"by": event.actor, "field": name, "log": event.log, **shown[name]}
        for name in ("title", "summary", "content.0")
    ]
    whole = {"format": "muniment/draft-opening/v1", "event": filing.id, "openings": listed}
    yield ask("draft openings", "three members", draft=draft, openings=whole)
    yield ask("draft openings", "none", draft=draft, openings=whole | {"openings": []})
    for desc, (error, changes) in _OPENING_CHANGES.items():
        value = copy.deepcopy(whole)
        *way, last = changes[0]
        at = value
        for name in way:
            at = at[name]
        at[last] = changes[1]
        yield refuse("draft openings", error, desc, draft=draft, openings=value)


_FIRST = ("openings", 0)
_OPENING_CHANGES = {
    "of another draft": ("rejected", (("event",), "0" * 64)),
    "of an event that is none": ("malformed", (("event",), "0")),
    "another format": ("malformed", (("format",), "muniment/draft-opening/v2")),
    "an unknown member": ("malformed", (("more",), 1)),
    "another value": ("rejected", ((*_FIRST, "value"), "another title")),
    "another member": ("rejected", ((*_FIRST, "field"), "summary")),
    "another salt": ("rejected", ((*_FIRST, "salt"), b64url(bytes(32)))),
    "a salt of 31 bytes": ("malformed", ((*_FIRST, "salt"), b64url(bytes(31)))),
    "of another party": ("rejected", ((*_FIRST, "by"), "party/" + "a" * 26)),
    "of no party": ("malformed", ((*_FIRST, "by"), "nobody")),
    "of another ledger": ("rejected", ((*_FIRST, "log"), "example.org/other")),
    "an opening with more": ("malformed", ((*_FIRST, "more"), 1)),
    "an object for openings": ("malformed", (("openings",), {})),
}


# --- manifests of packs


def packs():
    files = {"voucher.json": "{}", "asset/a.json": "[1]\n", "statement.zh-cn.txt": "停车\n"}
    yield ask("manifest", "three files", files=files, manifest=_manifest(files))
    yield ask("manifest", "no file", files={}, manifest=_manifest({}))
    case = _manifest(files) | {"format": "muniment/case/v1"}
    yield ask("manifest", "of a case", files=files, manifest=case)
    turned = case | {"files": case["files"][::-1]}
    yield ask("manifest", "in another order", files=files, manifest=turned)
    long = {"a" * 100: "x"}
    yield ask("manifest", "a path of 100 characters", files=long, manifest=_manifest(long))
    for desc, (error, found, manifest) in _spoilt_manifests(files).items():
        yield refuse("manifest", error, desc, files=found, manifest=manifest)
    for path in ("a" * 101, "../a", "a/../b", "/a", "a//b", "a/", "./a", "A", "a b", "a/./b"):
        listed = {path: "x"}
        shown = path if len(path) < 60 else "101 characters"
        yield refuse(
            "manifest", "malformed", f"the path {shown!r}", files=listed, manifest=_manifest(listed)
        )


def _manifest(files):
    listed = [
        {"digest": sha256(text.encode()).hexdigest(), "path": path} for path, text in files.items()
    ]
    return {"format": "muniment/pack/v1", "files": listed}


def _spoilt_manifests(files):
    whole = _manifest(files)
    first, *rest = whole["files"]
    inside = files | {"voucher.json/a": "x"}
    return {
        "another format": ("malformed", files, whole | {"format": "muniment/pack/v2"}),
        "an unknown member": ("malformed", files, whole | {"more": 1}),
        "a file with more": ("malformed", files, whole | {"files": [first | {"more": 1}, *rest]}),
        "a file without a digest": ("malformed", files, whole | {"files": [{"path": "a"}]}),
        "a digest in capitals": (
            "malformed",
            files,
            whole | {"files": [first | {"digest": first["digest"].upper()}, *rest]},
        ),
        "a file twice": ("malformed", files, whole | {"files": [first, first, *rest]}),
        "a file that it does not list": ("malformed", files, whole | {"files": rest}),
        "a file that is not there": ("malformed", {"voucher.json": "{}"}, whole),
        "a file of other bytes": ("bundle", files | {"voucher.json": "{} "}, whole),
        "a folder that is a file": ("malformed", inside, _manifest(inside)),
        "an object for files": ("malformed", files, whole | {"files": {}}),
    }
