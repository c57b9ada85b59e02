"""Questions about tiles, a whole small log, the state map and histories."""

import json
from hashlib import sha256

from tests.support import reference, reference_map
from tests.support.golden.cases import ask, refuse
from tests.support.golden.market import market
from tests.support.golden.scenario import solo
from tests.support.log_builder import ORIGIN, WITNESS
from tests.support.people import DIGEST

SIZES = (1, 2, 255, 256, 257, 511, 512, 700)
LARGE = 65_537


def tiles():
    for size in SIZES:
        full, rest = divmod(size, 256)
        paths = [f"{kind}/{n:03}" for kind in ("0", "entries") for n in range(full)]
        if rest:
            paths += [f"{kind}/{full:03}.p/{rest}" for kind in ("0", "entries")]
        paths += [f"1/000.p/{full}"] if full else []
        for path in paths:
            yield ask("tile", f"{path} of {size} leaves", size=size, path=f"tile/{path}")
    yield ask("tile", "a part of a tile that has grown", size=700, path="tile/0/000.p/7")
    yield ask("tile", "a part of a bundle that has grown", size=700, path="tile/entries/002.p/1")
    for path in ("0/000", "0/255", "0/256.p/1", "1/000", "2/000.p/1", "entries/256.p/1"):
        yield ask("tile", f"{path} of {LARGE} leaves", size=LARGE, path=f"tile/{path}")
    for path in ("0/003", "0/002.p/189", "1/001", "1/000.p/3", "2/000", "entries/003"):
        yield refuse("tile", "not_found", f"{path} is not there", size=700, path=f"tile/{path}")
    bad = ["", "0", "0/0", "0/0000", "00/000", "64/000", "0/x000/000", "0/000.p/0", "0/000.p/256"]
    bad += [
        "0/000.p/01",
        "0/000.p/",
        "0/x001",
        "0/1/000",
        "entries/000/",
        "0//000",
        "-1/000",
        "0/000\n",
    ]
    for path in bad:
        yield refuse("tile", "malformed", f"{path!r} is no path", size=700, path=f"tile/{path}")


def log():
    """The solo log, its shared leaves, and the states at its end."""
    size = len(solo().log.leaves)
    for n in range(size + 1):
        yield ask("log root", f"of the first {n}", size=n)
    for n in (1, 2, 8, 17, size - 1, size):
        for index in sorted({0, n // 3, n // 2, n - 1}):
            yield ask("inclusion", f"leaf {index} of {n}", index=index, size=n)
    yield refuse("inclusion", "not_found", "past the end", index=size, size=size)
    yield refuse("inclusion", "not_found", "in a size to come", index=0, size=size + 1)
    for new in (1, 2, 7, 16, size):
        for old in sorted({0, 1, new // 2, new - 1, new}):
            yield ask("consistency", f"from {old} to {new}", old=old, new=new)
    for n in (2, 16, size):
        yield ask("log tile", f"of the first {n}", size=n)
    for n in (2, size):
        root = reference.mth(solo().log.leaves[:n]).hex()
        signed = {"origin": ORIGIN, "size": n, "root": root, "seed": _seed(ORIGIN)}
        yield ask("note", f"the checkpoint of {n}", **signed, cosigners=[])
    witness = {"name": WITNESS.name, "seed": _seed(WITNESS.name), "time": solo().cosigned_at}
    yield ask("note", f"the checkpoint of {n}, cosigned", **signed, cosigners=[witness])
    yield ask("seals", "every block executed again", rules_digest=DIGEST)
    yield ask("states root", "every state with its history")


def log_shared():
    return share_log(solo())


def market_log():
    """The log of the market, executed again; its leaves, and the states at its end."""
    size = len(market().log.leaves)
    for n in (size // 2, size):
        yield ask("log root", f"of the first {n}", size=n)
    for index in (0, size // 2, size - 1):
        yield ask("inclusion", f"leaf {index} of {size}", index=index, size=size)
    yield ask("consistency", f"from {size // 2} to {size}", old=size // 2, new=size)
    root = reference.mth(market().log.leaves).hex()
    signed = {"origin": ORIGIN, "size": size, "root": root, "seed": _seed(ORIGIN)}
    witness = {"name": WITNESS.name, "seed": _seed(WITNESS.name), "time": market().cosigned_at}
    yield ask("note", f"the checkpoint of {size}, cosigned", **signed, cosigners=[witness])
    yield ask("seals", "every block executed again", rules_digest=DIGEST)
    yield ask("states root", "every state with its history")


def market_shared():
    return share_log(market())


def share_log(world):
    """Every leaf of a log, and every state at its end."""
    stored = (world.log.read_stored_state(world.log.head.map_root, key) for key in world.log.keys)
    states = {key: json.loads(one.raw) for key, one in zip(world.log.keys, stored, strict=True)}
    leaves = [one.decode() for one in world.log.leaves]
    return {"leaves": leaves, "states": dict(sorted(states.items()))}


def _seed(name):
    """Secret of a log or witness of this name."""
    return sha256(name.encode()).hexdigest()


# --- the state map


def key(n):
    return sha256(b"key %d" % n).hexdigest()


def value(n):
    return sha256(b"value %d" % n).hexdigest()


def near(prefix, last):
    """A key hash that agrees with others up to its last byte."""
    return prefix * 31 + f"{last:02x}"


def maps_shared():
    maps = {f"{n} keys": {key(i): value(i) for i in range(n)} for n in (0, 1, 2, 3, 8, 33, 100)}
    maps["two keys that differ in the last bit"] = {near("00", n): value(n) for n in (0, 1)}
    maps["keys of one long prefix"] = {near("5a", n): value(n) for n in (0, 1, 2, 128, 255)}
    maps["every first byte"] = {f"{n:02x}" + "0" * 62: value(n) for n in range(256)}
    maps["a deep pair among others"] = maps["8 keys"] | {
        near("ff", n): value(n) for n in (254, 255)
    }
    return {"maps": maps}


def maps():
    for name, content in maps_shared()["maps"].items():
        yield ask("map root", name, map=name)
        held = sorted(content)
        step = max(1, len(held) // 5)
        for one in held[::step]:
            yield ask("map proof", f"{name}: {_short(one)} is there", map=name, key=one)
        for one in ("0" * 63 + "2", "f" * 64, key(1000), key(1001)):
            if one not in content:
                yield ask("map proof", f"{name}: {_short(one)} is not there", map=name, key=one)
    yield from _checked()
    for subject, state in _states():
        yield ask("state leaf", f"of {subject}", subject=subject, value=state)


def _short(digest):
    return f"{digest[:4]}...{digest[-4:]}"


def _states():
    example = {"history": "0a" * 32, "last": 7, "n": 2, "time": 1_793_599_200_000}
    yield "ledger/self", example | {"type": "ledger/1", "state": {}}
    yield (
        "voucher/TEST2026110001",
        example | {"type": "voucher/1", "state": {"a": None, "title": ["停车"]}},
    )


def _checked():
    content = {
        bytes.fromhex(k): bytes.fromhex(v) for k, v in maps_shared()["maps"]["33 keys"].items()
    }
    root = reference_map.build(content).hex()
    asked = bytes.fromhex(key(5))
    absent = _absent_beside_a_leaf(content)
    empty = _absent_in_nothing(content)
    proofs = {
        "there": (asked, content[asked], reference_map.prove(content, asked)),
        "not there, beside a leaf": (absent, None, reference_map.prove(content, absent)),
        "not there, in nothing": (empty, None, reference_map.prove(content, empty)),
    }
    for desc, (where, found, proof) in proofs.items():
        yield ask("check map proof", desc, **_inputs(root, where, found, proof))
        for spoilt, changed in _spoilt(proof).items():
            inputs = _inputs(root, where, found, changed)
            yield refuse("check map proof", "map_proof", f"{desc}, but {spoilt}", **inputs)
    where, found, proof = proofs["there"]
    absence = proofs["not there, beside a leaf"]
    for desc, inputs in {
        "another root": _inputs("00" * 32, where, found, proof),
        "another value": _inputs(root, where, bytes(32), proof),
        "absence of what is there": _inputs(root, where, None, proof),
        "presence of what is not there": _inputs(root, absence[0], bytes(32), absence[2]),
        "another key's proof": _inputs(root, bytes.fromhex(key(6)), found, proof),
        "no proof at all": _inputs(root, where, found, b""),
        "257 levels": _inputs(root, where, found, b"\x01\x01" + bytes(33) + b"\0"),
    }.items():
        yield refuse("check map proof", "map_proof", desc, **inputs)
    yield ask(
        "check map proof", "nothing in an empty map", **_inputs("00" * 32, where, None, b"\0\0\0")
    )


def _absent_beside_a_leaf(content):
    keys = (sha256(b"absent %d" % n).digest() for n in range(1000))
    return next(one for one in keys if reference_map.descend(content, one, 0)[1] != b"\0")


def _absent_in_nothing(content):
    keys = (sha256(b"absent %d" % n).digest() for n in range(10_000))
    return next(one for one in keys if reference_map.descend(content, one, 0)[1] == b"\0")


def _inputs(root, where, found, proof):
    value = None if found is None else found.hex()
    return {"root": root, "key": where.hex(), "value": value, "proof": proof.hex()}


def _spoilt(proof):
    depth, _, terminal = reference_map.read_proof(proof)
    start = 2 + (depth + 7) // 8
    end = len(proof) - (65 if terminal else 1)
    assert depth % 8, "the bitmap has a spare bit"
    spare = bytes([proof[start - 1] | 128])
    return {
        "cut off": proof[:-1],
        "longer": proof + b"\0",
        "a level less": (depth - 1).to_bytes(2, "big") + proof[2:],
        "a level more": (depth + 1).to_bytes(2, "big") + proof[2:],
        "a spare bit": proof[: start - 1] + spare + proof[start:],
        "an empty sibling written out": proof[:start] + bytes(32) + proof[start + 32 :],
        "a sibling changed": proof[: start + 5]
        + bytes([proof[start + 5] ^ 1])
        + proof[start + 6 :],
        "a sibling left out": proof[:start] + proof[start + 32 :],
        "an unknown terminal": proof[:end] + b"\2" + proof[end + 1 :],
    }


# --- histories


def histories():
    subject = "asset/" + "a" * 26
    for size in (0, 1, 2, 3, 4, 7, 8, 33):
        events = [
            {"event": sha256(b"event %d" % n).hexdigest(), "index": 3 * n + 1} for n in range(size)
        ]
        yield ask("history", f"{size} events", subject=subject, events=events)
    yield ask("history", "another subject", subject="ledger/self", events=events[:2])
    moved = [events[0], events[1] | {"index": 99}]
    yield ask("history", "another place in the log", subject=subject, events=moved)
