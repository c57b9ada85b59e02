"""Questions about fork evidence: what convinces, and what does not."""

from functools import cache

from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.fork import find_fork, format_fork
from ledger.core.hashing import hash_leaf
from ledger.core.merkle import Frontier, hash_tree
from ledger.core.text import format_base64url
from tests.support.golden.cases import ask, refuse
from tests.support.golden.patches import put
from tests.support.golden.scenario import policy_text
from tests.support.log_builder import LOG, ORIGIN, WITNESS
from tests.support.note_signers import log_signer, note_bytes

OTHER = log_signer("example.org/x")
COMMON = 5


class Tree:
    """Leaves `0`, `1`, ... in decimal; from the sixth on of a history by its name."""

    def __init__(self, name):
        texts = (f"{n}" if n < COMMON else f"{name} {n}" for n in range(40))
        self.leaves = [hash_leaf(text.encode()) for text in texts]

    def read_nodes(self, nodes):
        spans = (slice(one.index << one.level, (one.index + 1) << one.level) for one in nodes)
        return [Frontier(0, ()).extend(self.leaves[span]).root() for span in spans]

    def pair(self, size, *, signer=LOG, cosigned=False):
        """The note of so many leaves, and what it says."""
        body = Checkpoint(signer.name, size, hash_tree(self.leaves[:size]))
        text = format_checkpoint(body)
        lines = [signer.sign(text)] + [WITNESS.sign(text, 1_763_800_000)] * cosigned
        return note_bytes(text, *lines), body


ONE, TWO = Tree("one"), Tree("two")


@cache
def shared():
    bundles = {
        "one size": _evidence(9, 9),
        "two sizes": _evidence(9, 21),
        "two sizes, cosigned": _evidence(9, 21, cosigned=True),
        "from a power of two": _evidence(8, 33),
        "next to each other": _evidence(6, 7),
    }
    policies = {
        "nobody cosigns": policy_text(),
        "the witness cosigns": policy_text(quorum="w"),
        "another log": policy_text().replace(LOG.vkey, OTHER.vkey),
        "two logs": f"log {OTHER.vkey}\n{policy_text()}",
    }
    return {"policies": policies, "bundles": bundles}


def _evidence(old, new, **members):
    first, second = ONE.pair(old, **members), TWO.pair(new, **members)
    fork = find_fork(first, second, TWO)
    assert fork is not None
    return format_fork(fork)


def cases():
    for bundle in shared()["bundles"]:
        yield _ask(bundle, bundle)
    yield _ask("a quorum that nobody meets makes no difference", policy="the witness cosigns")
    yield _ask("a policy of two logs", policy="two logs")
    yield _refuse("origin", "another log", policy="another log")
    yield from _not_forks()
    yield from _mangled()


def _ask(desc, bundle="two sizes", policy="nobody cosigns", **more):
    return ask("fork", desc, bundle=bundle, policy=policy, **more)


def _refuse(error, desc, bundle="two sizes", policy="nobody cosigns", **more):
    return refuse("fork", error, desc, bundle=bundle, policy=policy, **more)


def _note(name, pair):
    return put([name], format_base64url(pair[0]))


def _not_forks():
    changes = {
        "one history of one size": ("one size", _note("first", TWO.pair(9))),
        "one history of two sizes": ("two sizes", _note("first", TWO.pair(9))),
        "before they part": ("two sizes", _note("first", ONE.pair(COMMON))),
        "an empty log": ("two sizes", _note("first", ONE.pair(0))),
        "the larger note first": ("two sizes", _note("second", ONE.pair(8))),
        "a prefix where none is needed": ("two sizes", _note("second", TWO.pair(9))),
        "no prefix where one is needed": ("two sizes", put(["prefix"], None)),
        "two logs": ("one size", _note("second", TWO.pair(9, signer=OTHER))),
    }
    for desc, (bundle, change) in changes.items():
        yield _refuse("bundle", desc, bundle, "two logs", change=[change])


def _mangled():
    path = shared()["bundles"]["two sizes"]["prefix"]["path"]
    own, root = ONE.pair(9)[1].root.hex(), ["prefix", "root"]
    forged = TWO.pair(9, signer=log_signer(ORIGIN, "another key"))
    changes = {
        "the smaller note's own root": ("bundle", put(root, own)),
        "an invented root": ("bundle", put(root, "ab" * 32)),
        "a path too short": ("bundle", put(["prefix", "path"], path[:-1])),
        "a path too long": ("bundle", put(["prefix", "path"], [*path, path[0]])),
        "a path in the other order": ("bundle", put(["prefix", "path"], path[::-1])),
        "a path of 127 hashes": ("limit", put(["prefix", "path"], path[:1] * 127)),
        "half a hash": ("malformed", put(["prefix", "path", 0], path[0][:20])),
        "a root in capitals": ("malformed", put(root, own.upper())),
        "a key of the log's name": ("signature", _note("second", forged)),
        "no note": ("malformed", put(["first"], "")),
        "half a note": ("malformed", put(["first"], format_base64url(ONE.pair(9)[0][:60]))),
        "another format": ("malformed", put(["format"], "muniment/fork/v2")),
        "a member more": ("malformed", put(["note"], "")),
    }
    for desc, (error, change) in changes.items():
        yield _refuse(error, desc, change=[change])
    for name in ("format", "first", "second", "prefix"):
        yield _refuse("malformed", f"without its {name}", change=[{"at": [name], "drop": True}])
    yield _refuse(
        "bundle",
        "an invented root of 2^k leaves",
        "from a power of two",
        change=[put(root, "ab" * 32)],
    )
