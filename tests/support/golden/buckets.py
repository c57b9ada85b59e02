"""Questions about buckets: how a map is cut into them, and what one says of a key."""

from functools import cache
from hashlib import sha256

from ledger.core.bucket import format_bucket
from ledger.core.bucketpages import read_bucket
from ledger.core.bundle import format_receipt
from ledger.core.mappages import hash_key
from ledger.core.text import format_base64url, parse_base64url
from tests.support.golden import trees
from tests.support.golden.cases import ask, refuse
from tests.support.golden.patches import put
from tests.support.golden.scenario import policy_text, solo
from tests.support.log_builder import LOG
from tests.support.note_signers import log_signer

MAPS = (
    "0 keys",
    "1 keys",
    "2 keys",
    "33 keys",
    "two keys that differ in the last bit",
    "keys of one long prefix",
    "a deep pair among others",
)
HASHES = sorted(hash_key(key).hex() for key in solo().log.keys)
KEY = max(HASHES, key=lambda one: (sum(one[0] == other[0] for other in HASHES), one))
"""A subject whose first digit others share."""
BESIDE = sha256(b"nobody").hexdigest()


@cache
def shared():
    world = solo()
    note, cosigned = world.log.note(), world.log.note(world.cosigned_at)
    deep, beside = KEY[:6], _beside(world)
    bundles = {
        "whole": _bucket(world, "", note),
        "one digit": _bucket(world, KEY[:1], note),
        "one digit, cosigned": _bucket(world, KEY[:1], cosigned),
        "six digits": _bucket(world, deep, note),
        "all digits": _bucket(world, KEY, note),
        "another subject's leaf alone": _bucket(world, beside, note),
    }
    policies = {
        "nobody cosigns": policy_text(),
        "the witness cosigns": policy_text(quorum="w"),
        "another log": policy_text().replace(LOG.vkey, log_signer("example.org/x").vkey),
    }
    maps = trees.maps_shared()["maps"]
    return {"policies": policies, "bundles": bundles, "maps": {name: maps[name] for name in MAPS}}


def _bucket(world, prefix, note):
    log = world.log
    receipt = log.receipt(len(log.leaves) - 1, note)
    return format_bucket(read_bucket(log, log.head.map_root, prefix, receipt))


def _beside(world):
    """Six digits that no subject has, where the way ends at a lone leaf of another."""
    for n in range(16):
        prefix = KEY[:5] + f"{n:x}"
        bucket = read_bucket(world.log, world.log.head.map_root, prefix, world.log.receipt(0))
        if prefix != KEY[:6] and len(bucket.leaves) == 1:
            return prefix
    raise AssertionError("the way of six digits ends at a lone leaf in so small a map")


def cases():
    for name in MAPS:
        for prefix in ("", "0", "5", "5a", "f", "ff", "ffff", "5a" * 31 + "0", "5a" * 32):
            yield ask("bucket of a map", f"{name}: {prefix or 'all'}", map=name, prefix=prefix)
    yield from _lookups()
    yield from _mangled()


def _lookup(desc, bundle="one digit", policy="nobody cosigns", key=KEY, **more):
    return ask("bucket", desc, bundle=bundle, policy=policy, key=key, **more)


def _refused(error, desc, bundle="one digit", policy="nobody cosigns", key=KEY, **more):
    return refuse("bucket", error, desc, bundle=bundle, policy=policy, key=key, **more)


def _lookups():
    for bundle in ("whole", "one digit", "six digits", "all digits"):
        yield _lookup(f"a subject in {bundle}", bundle)
    beside = shared()["bundles"]["another subject's leaf alone"]["prefix"]
    lone = "another subject's leaf alone"
    yield _lookup("nobody in the whole map", "whole", key=BESIDE)
    yield _lookup("nobody under six digits", "six digits", key=KEY[:6] + BESIDE[6:])
    yield _lookup("nobody where another's leaf lies", lone, key=beside + BESIDE[6:])
    yield _lookup("cosigned", "one digit, cosigned", "the witness cosigns")
    yield _refused("malformed", "a key of another prefix", "six digits", key=BESIDE)
    yield _refused("malformed", "the leaf that is of another prefix", lone)
    yield _refused("signature", "another log", policy="another log")
    yield _refused("quorum", "not cosigned", policy="the witness cosigns")


def _mangled():
    bundles = shared()["bundles"]
    one, whole = bundles["one digit"], bundles["whole"]
    world = solo()
    early = format_receipt(world.log.receipt(1, world.log.note()))
    changes = {
        "a leaf less": ("malformed", _shorter(one)),
        "another value": ("map_proof", _other_value(one)),
        "no leaves": ("malformed", put(["leaves"], "")),
        "half a leaf": ("malformed", put(["leaves"], "A" * 43)),
        "leaves of the whole map": ("malformed", put(["leaves"], whole["leaves"])),
        "another prefix": ("malformed", put(["prefix"], format(int(KEY[0], 16) ^ 8, "x"))),
        "a prefix in capitals": ("malformed", put(["prefix"], "A")),
        "a prefix of 65 digits": ("malformed", put(["prefix"], "0" * 65)),
        "no way": ("malformed", put(["siblings"], "AAA")),
        "a way cut off": ("malformed", put(["siblings"], one["siblings"][:-4])),
        "another way": ("map_proof", put(["siblings"], one["siblings"][:-4] + "AAAA")),
        "an earlier seal": ("bundle", put(["seal"], early)),
        "another format": ("malformed", put(["format"], "muniment/bucket/v2")),
        "a member more": ("malformed", put(["note"], "")),
    }
    for desc, (error, change) in changes.items():
        yield _refused(error, desc, change=[change])
    for name in ("format", "prefix", "leaves", "siblings", "seal"):
        yield _refused("malformed", f"without its {name}", change=[{"at": [name], "drop": True}])
    yield _refused("bundle", "a whole map with a leaf less", "whole", change=[_shorter(whole)])


def _shorter(bundle):
    return put(["leaves"], format_base64url(parse_base64url(bundle["leaves"])[:-64]))


def _other_value(bundle):
    raw = parse_base64url(bundle["leaves"])
    return put(["leaves"], format_base64url(raw[:-1] + bytes([raw[-1] ^ 1])))
