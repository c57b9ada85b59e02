"""The log tree against RFC 6962's formulas, public known answers, and every mangled proof."""

import base64
import json
from dataclasses import replace
from functools import cache
from hashlib import sha512

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.hashing import EMPTY_ROOT, SUITE, hash_leaf, hash_node
from ledger.core.merkle import (
    EMPTY_FRONTIER,
    Frontier,
    NodeId,
    consistency_nodes,
    decode_frontier,
    hash_pairs,
    hash_tree,
    inclusion_nodes,
    prove_consistency,
    prove_inclusion,
    prove_inclusions,
    read_root,
    verify_consistency,
    verify_inclusion,
)
from ledger.errors import InclusionError, MalformedError, NotFoundError, VerificationError
from tests.support import reference
from tests.support.reference import ReferenceNodes
from tests.support.shared import VECTORS, cases

MOST = 64
SIZES = range(MOST + 1)
ENTRIES = [f"entry {index}".encode() for index in range(MOST)]
LEAVES = [hash_leaf(entry) for entry in ENTRIES]
MANGLED_SIZES = [5, 8, 21, 33]
BEYOND = 2**63

OTHER_SUITE = replace(
    SUITE, digest=lambda data: sha512(data).digest()[:32], leaf_tag=b"L", node_tag=b"N"
)


@cache
def root_of(size):
    return reference.mth(ENTRIES[:size])


def flip(digest):
    return bytes([digest[0] ^ 1]) + digest[1:]


# --- growing a tree


@pytest.mark.parametrize("size", SIZES)
def test_the_root_is_that_of_the_rfc(size):
    assert hash_tree(LEAVES[:size]) == root_of(size)
    assert read_root(ReferenceNodes(ENTRIES), size) == root_of(size)


def test_the_tree_without_leaves_has_the_hash_of_nothing_as_root():
    assert EMPTY_FRONTIER.root() == hash_tree([]) == EMPTY_ROOT


def test_appending_one_by_one_gives_the_root_of_every_size():
    frontier = EMPTY_FRONTIER
    for size, leaf in enumerate(LEAVES):
        assert frontier.size == size
        assert frontier.root() == root_of(size)
        frontier = frontier.append(leaf)
    assert frontier.root() == root_of(MOST)


def test_a_frontier_is_not_changed_by_growing():
    frontier = EMPTY_FRONTIER.extend(LEAVES[:7])
    before = frontier.encode()
    frontier.append(LEAVES[7])
    frontier.extend(LEAVES[7:20])
    assert (frontier.size, frontier.encode()) == (7, before)


def test_the_nodes_are_the_roots_of_the_maximal_perfect_subtrees_left_to_right():
    nodes = EMPTY_FRONTIER.extend(LEAVES[:13]).nodes
    assert nodes == tuple(reference.mth(ENTRIES[a:b]) for a, b in [(0, 8), (8, 12), (12, 13)])


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), max_size=8))
def test_any_batches_give_the_tree_that_appending_one_by_one_gives(batches):
    extended = appended = EMPTY_FRONTIER
    for number, batch in enumerate(batches):
        leaves = [hash_leaf(b"%d/%d" % (number, step)) for step in range(batch)]
        extended = extended.extend(iter(leaves))
        for leaf in leaves:
            appended = appended.append(leaf)
    assert extended == appended
    assert extended.size == sum(batches)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=4), max_size=300))
def test_the_tree_of_any_leaves_has_the_root_of_the_rfc(entries):
    assert hash_tree(map(hash_leaf, entries)) == reference.mth(entries)


def test_pairs_without_a_partner_have_no_parent():
    assert hash_pairs([]) == hash_pairs(LEAVES[:1]) == []
    assert hash_pairs(LEAVES[:3]) == hash_pairs(LEAVES[:2]) == [hash_node(*LEAVES[:2])]


def test_another_suite_hashes_and_tags_every_node_in_its_own_way():
    def other(entries):
        if not entries:
            return sha512(b"").digest()[:32]
        if len(entries) == 1:
            return entries[0]
        k = reference.largest_power_of_two_below(len(entries))
        return sha512(b"N" + other(entries[:k]) + other(entries[k:])).digest()[:32]

    class OtherNodes:
        def read_nodes(self, nodes):
            return [other(LEAVES[n.index << n.level : (n.index + 1) << n.level]) for n in nodes]

    suite, frontier = OTHER_SUITE, EMPTY_FRONTIER
    for size in range(21):
        assert frontier.root(suite=suite) == other(LEAVES[:size])
        assert hash_tree(LEAVES[:size], suite=suite) == other(LEAVES[:size])
        assert read_root(OtherNodes(), size, suite=suite) == other(LEAVES[:size])
        for index in range(size):
            path = prove_inclusion(OtherNodes(), index, size, suite=suite)
            honest = {"leaf": LEAVES[index], "index": index, "size": size, "path": path}
            verify_inclusion(**honest, root=other(LEAVES[:size]), suite=suite)
        for old in range(size + 1):
            verify_consistency(
                old_size=old,
                new_size=size,
                old_root=other(LEAVES[:old]),
                new_root=other(LEAVES[:size]),
                path=prove_consistency(OtherNodes(), old, size, suite=suite),
                suite=suite,
            )
        frontier = frontier.append(LEAVES[size], suite=suite)


# --- the frontier as bytes


@pytest.mark.parametrize("size", SIZES)
def test_decode_is_the_inverse_of_encode(size):
    frontier = EMPTY_FRONTIER.extend(LEAVES[:size])
    encoded = frontier.encode()
    assert len(encoded) == 32 * size.bit_count()
    assert decode_frontier(size, encoded) == frontier


FRONTIER_MANGLINGS = {
    "a byte missing": lambda size, data: (size, data[:-1]),
    "a byte more": lambda size, data: (size, data + b"\x00"),
    "a node missing": lambda size, data: (size, data[32:]),
    "a node more": lambda size, data: (size, data + data[:32]),
    "no bytes": lambda size, data: (size, b""),
    "size of more nodes": lambda size, data: (size + 2, data),
    "size below zero": lambda size, data: (-size, data),
    "size beyond the limit": lambda size, data: (BEYOND + size - 1, data),
}


@pytest.mark.parametrize("name", FRONTIER_MANGLINGS)
def test_every_mangled_frontier_is_refused(name):
    honest = (5, EMPTY_FRONTIER.extend(LEAVES[:5]).encode())
    decode_frontier(*honest)
    with pytest.raises(MalformedError):
        decode_frontier(*FRONTIER_MANGLINGS[name](*honest))


def test_the_largest_frontier_is_read_and_sizes_beside_the_range_are_refused():
    assert decode_frontier(BEYOND - 1, LEAVES[0] * 63).nodes == (LEAVES[0],) * 63
    for size in (BEYOND, -1):  # both have a single one bit
        with pytest.raises(MalformedError):
            decode_frontier(size, LEAVES[0])


def test_a_frontier_with_a_wrong_number_of_nodes_cannot_be_made():
    with pytest.raises(AssertionError):
        Frontier(3, (LEAVES[0],))


# --- proofs made


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_is_the_path_of_the_rfc(size):
    for index in range(size):
        path = prove_inclusion(ReferenceNodes(ENTRIES[:size]), index, size)
        assert list(path) == reference.path(index, ENTRIES[:size])


@pytest.mark.parametrize("size", [1, 2, 21, 47])
def test_proofs_of_neighbours_are_those_of_each_alone(size):
    nodes = ReferenceNodes(ENTRIES)
    for start in range(size):
        for stop in range(start + 1, size + 1):
            alone = [prove_inclusion(nodes, index, size) for index in range(start, stop)]
            assert prove_inclusions(nodes, start, stop, size) == alone


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (3, 3), (4, 3), (0, 22), (21, 22)])
def test_neighbours_that_the_tree_does_not_have_are_not_proved(start, stop):
    with pytest.raises(NotFoundError):
        prove_inclusions(ReferenceNodes(ENTRIES), start, stop, 21)


@pytest.mark.parametrize("new", SIZES)
def test_every_consistency_proof_is_the_proof_of_the_rfc(new):
    for old in range(1, new + 1):
        path = prove_consistency(ReferenceNodes(ENTRIES[:new]), old, new)
        assert list(path) == reference.proof(old, ENTRIES[:new])


@pytest.mark.parametrize("size", SIZES)
def test_growth_from_the_empty_tree_has_an_empty_path(size):
    assert prove_consistency(ReferenceNodes([]), 0, size) == ()


def test_a_proof_in_an_older_tree_needs_nothing_that_came_later():
    assert prove_inclusion(ReferenceNodes(ENTRIES), 3, 21) == prove_inclusion(
        ReferenceNodes(ENTRIES[:21]), 3, 21
    )


def test_each_proof_is_read_in_one_call():
    for prove in (
        lambda reader: prove_inclusion(reader, 3, 47),
        lambda reader: prove_inclusions(reader, 3, 47, 47),
        lambda reader: prove_consistency(reader, 5, 47),
        lambda reader: read_root(reader, 47),
    ):
        reader = ReferenceNodes(ENTRIES)
        prove(reader)
        assert reader.calls == 1


def test_the_ragged_edge_is_the_only_subtree_folded_from_parts():
    assert inclusion_nodes(0, 7) == (
        (NodeId(0, 1),),
        (NodeId(1, 1),),
        (NodeId(1, 2), NodeId(0, 6)),
    )
    assert consistency_nodes(3, 7) == (
        (NodeId(0, 2),),
        (NodeId(0, 3),),
        (NodeId(1, 0),),
        (NodeId(1, 2), NodeId(0, 6)),
    )


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (5, 5), (6, 5), (-1, 5), (0, BEYOND), (BEYOND, BEYOND + 1)]
)
def test_there_is_no_proof_for_a_leaf_outside_the_tree(index, size):
    with pytest.raises(NotFoundError):
        prove_inclusion(ReferenceNodes(ENTRIES), index, size)


@pytest.mark.parametrize(("old", "new"), [(6, 5), (1, 0), (-1, 5), (-2, -1), (0, BEYOND)])
def test_there_is_no_proof_that_a_tree_shrank(old, new):
    with pytest.raises(NotFoundError):
        prove_consistency(ReferenceNodes(ENTRIES), old, new)


@pytest.mark.parametrize("size", [-1, BEYOND])
def test_there_is_no_root_of_an_impossible_size(size):
    with pytest.raises(NotFoundError):
        read_root(ReferenceNodes(ENTRIES), size)


class ShortReader(ReferenceNodes):
    def read_nodes(self, nodes):
        return super().read_nodes(nodes)[:-1]


def test_a_reader_that_gives_fewer_nodes_than_asked_is_a_bug_found():
    with pytest.raises(AssertionError):
        prove_inclusion(ShortReader(ENTRIES), 3, 21)
    with pytest.raises(AssertionError):
        read_root(ShortReader(ENTRIES), 21)


# --- inclusion verified


def honest_inclusion(index, size):
    return {
        "leaf": LEAVES[index],
        "index": index,
        "size": size,
        "path": reference.path(index, ENTRIES[:size]),
        "root": root_of(size),
    }


@cache
def every_inclusion(size):
    return [honest_inclusion(index, size) for index in range(size)]


@pytest.mark.parametrize("size", SIZES)
def test_every_honest_inclusion_proof_is_accepted(size):
    for honest in every_inclusion(size):
        verify_inclusion(**honest)


@pytest.mark.parametrize("index", [0, 1, 2**62, 2**63 - 3, 2**63 - 2])
def test_inclusion_in_the_largest_tree_is_accepted_and_one_leaf_more_refused(index):
    leaf = root = LEAVES[0]
    size, path = 2**63 - 1, []
    for groups in inclusion_nodes(index, size):
        sibling = LEAVES[len(path)]
        is_left = groups[0].index << groups[0].level < index
        root = hash_node(sibling, root) if is_left else hash_node(root, sibling)
        path.append(sibling)
    assert len(path) <= 63
    honest = {"leaf": leaf, "index": index, "size": size, "path": path, "root": root}
    verify_inclusion(**honest)
    with pytest.raises(InclusionError):
        verify_inclusion(**honest | {"size": BEYOND})


INCLUSION_MANGLINGS = {
    "another leaf": lambda p: p | {"leaf": flip(p["leaf"])},
    "another root": lambda p: p | {"root": flip(p["root"])},
    "root of the empty tree": lambda p: p | {"root": EMPTY_ROOT},
    "index one up": lambda p: p | {"index": p["index"] + 1},
    "index one down": lambda p: p | {"index": p["index"] - 1},
    "index of the neighbour": lambda p: p | {"index": p["index"] ^ 1},
    "index past the end": lambda p: p | {"index": p["size"]},
    "index below zero": lambda p: p | {"index": p["index"] - p["size"]},
    "size doubled": lambda p: p | {"size": p["size"] * 2},
    "size halved": lambda p: p | {"size": p["size"] // 2},
    "size zero": lambda p: p | {"size": 0},
    "size below zero": lambda p: p | {"size": -p["size"]},
    "size beyond the limit": lambda p: p | {"size": p["size"] + BEYOND},
    "path empty": lambda p: p | {"path": []},
    "path without its first": lambda p: p | {"path": p["path"][1:]},
    "path without its last": lambda p: p | {"path": p["path"][:-1]},
    "path with the root after it": lambda p: p | {"path": [*p["path"], p["root"]]},
    "path with the leaf before it": lambda p: p | {"path": [p["leaf"], *p["path"]]},
    "path reversed": lambda p: p | {"path": p["path"][::-1]},
    "path twice": lambda p: p | {"path": p["path"] * 2},
    "first sibling changed": lambda p: p | {"path": [flip(p["path"][0]), *p["path"][1:]]},
    "last sibling changed": lambda p: p | {"path": [*p["path"][:-1], flip(p["path"][-1])]},
    "sibling a byte short": lambda p: p | {"path": [p["path"][0][:-1], *p["path"][1:]]},
    "sibling a byte long": lambda p: p | {"path": [*p["path"][:-1], p["path"][-1] + b"\0"]},
    "leaf of no bytes": lambda p: p | {"leaf": b""},
    "leaf a byte long": lambda p: p | {"leaf": p["leaf"] + b"\0"},
    "root of no bytes": lambda p: p | {"root": b""},
    "root as leaf, no path": lambda p: p | {"leaf": p["root"], "path": []},
    "bytes moved from sibling to leaf": lambda p: (
        p | {"leaf": p["leaf"] + p["path"][0][:1], "path": [p["path"][0][1:], *p["path"][1:]]}
    ),
}


@pytest.mark.parametrize("size", MANGLED_SIZES)
@pytest.mark.parametrize("name", INCLUSION_MANGLINGS)
def test_every_mangled_inclusion_proof_is_refused(name, size):
    refused = 0
    for honest in every_inclusion(size):
        mangled = INCLUSION_MANGLINGS[name](honest)
        if mangled == honest:
            continue
        with pytest.raises(InclusionError):
            verify_inclusion(**mangled)
        refused += 1
    assert refused


@pytest.mark.parametrize("size", MANGLED_SIZES)
def test_a_change_of_any_sibling_is_refused(size):
    for honest in every_inclusion(size):
        for step in range(len(honest["path"])):
            path = list(honest["path"])
            path[step] = flip(path[step])
            with pytest.raises(InclusionError):
                verify_inclusion(**honest | {"path": path})


REFUSED_INCLUSION_REASONS = {
    "index": ({"index": 5}, "outside a tree of 5"),
    "path": ({"path": []}, "path has 0 hashes"),
    "length": ({"leaf": b""}, "not 32 bytes"),
    "root": ({"root": EMPTY_ROOT}, "not to the trusted root"),
}


@pytest.mark.parametrize("name", REFUSED_INCLUSION_REASONS)
def test_the_refusal_of_an_inclusion_proof_says_why(name):
    change, words = REFUSED_INCLUSION_REASONS[name]
    with pytest.raises(InclusionError, match=words):
        verify_inclusion(**honest_inclusion(2, 5) | change)


# --- consistency verified


def honest_consistency(old, new):
    return {
        "old_size": old,
        "new_size": new,
        "old_root": root_of(old),
        "new_root": root_of(new),
        "path": reference.proof(old, ENTRIES[:new]) if old else [],
    }


@cache
def every_consistency(new):
    return [honest_consistency(old, new) for old in range(1, new)]


@pytest.mark.parametrize("new", SIZES)
def test_every_honest_consistency_proof_is_accepted(new):
    for old in range(new + 1):
        verify_consistency(**honest_consistency(old, new))


CONSISTENCY_MANGLINGS = {
    "another old root": lambda p: p | {"old_root": flip(p["old_root"])},
    "another new root": lambda p: p | {"new_root": flip(p["new_root"])},
    "roots exchanged": lambda p: p | {"old_root": p["new_root"], "new_root": p["old_root"]},
    "old root twice": lambda p: p | {"new_root": p["old_root"]},
    "new root twice": lambda p: p | {"old_root": p["new_root"]},
    "old root of the empty tree": lambda p: p | {"old_root": EMPTY_ROOT},
    "sizes exchanged": lambda p: p | {"old_size": p["new_size"], "new_size": p["old_size"]},
    "old size one up": lambda p: p | {"old_size": p["old_size"] + 1},
    "old size one down": lambda p: p | {"old_size": p["old_size"] - 1},
    "old size zero": lambda p: p | {"old_size": 0},
    "old size below zero": lambda p: p | {"old_size": -p["old_size"]},
    "old size the new": lambda p: p | {"old_size": p["new_size"]},
    "new size the old": lambda p: p | {"new_size": p["old_size"]},
    "new size doubled": lambda p: p | {"new_size": p["new_size"] * 2},
    "new size beyond the limit": lambda p: p | {"new_size": p["new_size"] + BEYOND},
    "path empty": lambda p: p | {"path": []},
    "path without its first": lambda p: p | {"path": p["path"][1:]},
    "path without its last": lambda p: p | {"path": p["path"][:-1]},
    "path with the old root before it": lambda p: p | {"path": [p["old_root"], *p["path"]]},
    "path with the new root after it": lambda p: p | {"path": [*p["path"], p["new_root"]]},
    "path reversed": lambda p: p | {"path": p["path"][::-1]},
    "path twice": lambda p: p | {"path": p["path"] * 2},
    "first hash changed": lambda p: p | {"path": [flip(p["path"][0]), *p["path"][1:]]},
    "last hash changed": lambda p: p | {"path": [*p["path"][:-1], flip(p["path"][-1])]},
    "hash a byte short": lambda p: p | {"path": [p["path"][0][:-1], *p["path"][1:]]},
    "hash a byte long": lambda p: p | {"path": [*p["path"][:-1], p["path"][-1] + b"\0"]},
    "old root of no bytes": lambda p: p | {"old_root": b""},
    "new root a byte long": lambda p: p | {"new_root": p["new_root"] + b"\0"},
}


@pytest.mark.parametrize("size", MANGLED_SIZES)
@pytest.mark.parametrize("name", CONSISTENCY_MANGLINGS)
def test_every_mangled_consistency_proof_is_refused(name, size):
    refused = 0
    for honest in every_consistency(size):
        mangled = CONSISTENCY_MANGLINGS[name](honest)
        if mangled == honest:
            continue
        with pytest.raises(VerificationError):
            verify_consistency(**mangled)
        refused += 1
    assert refused


@pytest.mark.parametrize("size", MANGLED_SIZES)
def test_a_change_of_any_hash_of_a_consistency_proof_is_refused(size):
    for honest in every_consistency(size):
        for step in range(len(honest["path"])):
            path = list(honest["path"])
            path[step] = flip(path[step])
            with pytest.raises(VerificationError):
                verify_consistency(**honest | {"path": path})


@pytest.mark.parametrize("size", MANGLED_SIZES)
def test_a_tree_that_changed_one_old_leaf_has_no_proof_of_growth(size):
    for old in range(1, size):
        forged = [b"another", *ENTRIES[1:size]]
        with pytest.raises(VerificationError):
            verify_consistency(
                old_size=old,
                new_size=size,
                old_root=root_of(old),
                new_root=reference.mth(forged),
                path=reference.proof(old, forged),
            )


def test_growth_to_the_largest_tree_is_accepted_and_to_one_leaf_more_refused():
    old_root = new_root = LEAVES[0]
    path = LEAVES[1:64]
    for sibling in path:
        new_root = hash_node(new_root, sibling)
    honest = {"old_size": 1, "old_root": old_root, "new_root": new_root, "path": path}
    verify_consistency(**honest, new_size=BEYOND - 1)
    with pytest.raises(VerificationError, match="does not extend"):
        verify_consistency(**honest, new_size=BEYOND)


def test_an_old_size_just_below_zero_is_refused_as_no_size():
    with pytest.raises(VerificationError, match="does not extend"):
        verify_consistency(**honest_consistency(1, 5) | {"old_size": -1})


WITHOUT_PATH = {
    "old size 0, another old root": (honest_consistency(0, 5), {"old_root": LEAVES[0]}),
    "old size 0, a path": (honest_consistency(0, 5), {"path": [EMPTY_ROOT]}),
    "old size 0, a new root of another length": (honest_consistency(0, 5), {"new_root": b""}),
    "both 0, another root": (
        honest_consistency(0, 0),
        {"old_root": LEAVES[0], "new_root": LEAVES[0]},
    ),
    "both 0, another new root": (honest_consistency(0, 0), {"new_root": LEAVES[0]}),
    "equal sizes, another new root": (honest_consistency(5, 5), {"new_root": LEAVES[0]}),
    "equal sizes, another old root": (honest_consistency(5, 5), {"old_root": LEAVES[0]}),
    "equal sizes, a path": (honest_consistency(5, 5), {"path": [root_of(5)]}),
    "equal sizes, both roots too short": (
        honest_consistency(1, 1),
        {"old_root": b"short", "new_root": b"short"},
    ),
    "smaller new size": (honest_consistency(4, 5), {"old_size": 6, "path": []}),
}


@pytest.mark.parametrize("name", WITHOUT_PATH)
def test_every_mangling_of_a_proof_that_needs_no_path_is_refused(name):
    honest, change = WITHOUT_PATH[name]
    verify_consistency(**honest)
    with pytest.raises(VerificationError):
        verify_consistency(**honest | change)


REFUSED_CONSISTENCY_REASONS = {
    "sizes": ({"old_size": 6}, "does not extend one of 6"),
    "path": ({"path": []}, "path has 0 hashes"),
    "length": ({"new_root": b""}, "not 32 bytes"),
    "roots": ({"new_root": EMPTY_ROOT}, "does not lead to"),
}


@pytest.mark.parametrize("name", REFUSED_CONSISTENCY_REASONS)
def test_the_refusal_of_a_consistency_proof_says_why(name):
    change, words = REFUSED_CONSISTENCY_REASONS[name]
    with pytest.raises(VerificationError, match=words):
        verify_consistency(**honest_consistency(3, 5) | change)


def test_the_verifier_looks_at_the_number_of_hashes_before_it_looks_at_any():
    class Endless:
        def __len__(self):
            return 2**40

        def __iter__(self):
            raise AssertionError("read a path of the wrong length")

    with pytest.raises(InclusionError):
        verify_inclusion(**honest_inclusion(2, 5) | {"path": Endless()})
    with pytest.raises(VerificationError):
        verify_consistency(**honest_consistency(3, 5) | {"path": Endless()})


# --- known answers of public origin


def rfc6962_roots(vectors):
    leaves = [bytes.fromhex(text) for text in vectors["leaves_hex"]]
    for size, root in enumerate(vectors["roots_hex"], start=1):
        yield leaves[:size], bytes.fromhex(root)
    yield [], bytes.fromhex(vectors["empty_root"])
    yield [b""], bytes.fromhex(vectors["empty_leaf"])
    yield [vectors["leaf"]["data_utf8"].encode()], bytes.fromhex(vectors["leaf"]["hash"])


@pytest.mark.shared
@pytest.mark.parametrize(("leaves", "root"), cases("c2sp/rfc6962.json", rfc6962_roots))
def test_roots_of_public_origin(leaves, root):
    assert hash_tree(map(hash_leaf, leaves)) == root
    assert reference.mth(leaves) == root


@pytest.mark.shared
@pytest.mark.parametrize("node", cases("c2sp/rfc6962.json", lambda vectors: [vectors["node"]]))
def test_inner_node_of_public_origin(node):
    children = [node["left_utf8"].encode(), node["right_utf8"].encode()]
    assert hash_pairs(children) == [bytes.fromhex(node["hash"])]


def probes(kind):
    paths = sorted((VECTORS / "merkle/testdata" / kind).rglob("*.json"))
    return [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in paths]


def probe_bytes(text):
    return base64.b64decode(text, validate=True)


def probe_path(probe):
    return [probe_bytes(text) for text in probe["proof"] or []]


# Its roots have 12 bytes; the verifier refuses what is no hash, whatever else is right.
NO_HASHES = {"sizes are equal (one) and proof is empty"}


@pytest.mark.shared
@pytest.mark.parametrize("path", probes("inclusion"))
def test_inclusion_probe_of_public_origin(path):
    probe = json.loads(path.read_text(encoding="utf-8"))
    claim = {
        "leaf": probe_bytes(probe["leafHash"]),
        "index": probe["leafIdx"],
        "size": probe["treeSize"],
        "path": probe_path(probe),
        "root": probe_bytes(probe["root"]),
    }
    if probe["wantErr"]:
        with pytest.raises(InclusionError):
            verify_inclusion(**claim)
    else:
        verify_inclusion(**claim)


@pytest.mark.shared
@pytest.mark.parametrize("path", probes("consistency"))
def test_consistency_probe_of_public_origin(path):
    probe = json.loads(path.read_text(encoding="utf-8"))
    claim = {
        "old_size": probe["size1"],
        "new_size": probe["size2"],
        "old_root": probe_bytes(probe["root1"]),
        "new_root": probe_bytes(probe["root2"]),
        "path": probe_path(probe),
    }
    if probe["wantErr"] or probe["desc"] in NO_HASHES:
        with pytest.raises(VerificationError):
            verify_consistency(**claim)
    else:
        verify_consistency(**claim)


@pytest.mark.shared
def test_every_probe_of_public_origin_is_run():
    assert len(probes("inclusion")) == len(probes("consistency")) == 98
