"""Policies changed line by line: what a person wrote stays, and what no reader takes is not written."""

import pytest

from ledger.core.note import format_vkey
from ledger.core.policy import Witness, parse_policy
from ledger.errors import InputError, MalformedError, NotFoundError
from node.policyedit import (
    add_witness,
    describe_quorum,
    remove_witness,
    set_quorum,
    show_octets,
)
from tests.support.note_signers import log_signer, mldsa_signer, witness_signer

LOG = format_vkey(log_signer().key)
A, B, C = (witness_signer(f"{name}.example").key for name in "abc")
BARE = f"log {LOG}\nquorum none\n".encode()
WRITTEN = f"""# our registry
log {LOG} https://registry.example
  # the witnesses
witness a {format_vkey(A)}\thttps://a.example

group old any a
quorum old
# the end
""".encode()


def test_a_witness_is_added_before_the_quorum_and_all_else_stays():
    changed = add_witness(WRITTEN, "b", B, "https://b.example")
    line = f"witness b {format_vkey(B)} https://b.example\n".encode()
    assert changed == WRITTEN.replace(b"group old", line + b"group old")
    policy = parse_policy(changed)
    assert policy.witnesses[1] == Witness(b"b", B, b"https://b.example")
    assert policy.quorum == b"old"


def test_a_witness_may_be_without_a_url_and_of_either_type():
    changed = add_witness(
        add_witness(BARE, "a", A, None), "pq", mldsa_signer("pq.example").key, None
    )
    assert [one.url for one in parse_policy(changed).witnesses] == [None, None]


@pytest.mark.parametrize(
    ("quorum", "threshold"), [("all", 3), ("any", 1), ("2", 2), ("1", 1), ("3", 3)]
)
def test_a_count_of_witnesses_becomes_a_group_of_all_of_them(quorum, threshold):
    data = BARE
    for name, key in (("a", A), ("b", B), ("c", C)):
        data = add_witness(data, name, key, None)
    policy = parse_policy(set_quorum(data, quorum))
    (group,) = policy.groups
    assert (group.threshold, group.members) == (threshold, (b"a", b"b", b"c"))
    assert policy.quorum == group.name
    assert describe_quorum(policy) == f"{threshold} of 3: a b c"


@pytest.mark.parametrize(("quorum", "left"), [("all", "2 of 2: a c"), ("any", "1 of 2: a c")])
def test_a_witness_is_removed_and_the_rest_count(quorum, left):
    data = BARE
    for name, key in (("a", A), ("b", B), ("c", C)):
        data = add_witness(data, name, key, None)
    changed = remove_witness(set_quorum(data, quorum), "b")
    assert describe_quorum(parse_policy(changed)) == left
    assert [one.name for one in parse_policy(changed).witnesses] == [b"a", b"c"]
    assert remove_witness(add_witness(WRITTEN, "b", B, None), "b") == WRITTEN


def test_a_witness_that_the_quorum_needs_stays():
    both = add_witness(add_witness(BARE, "a", A, None), "b", B, None)
    needing = [set_quorum(both, "2"), set_quorum(both, "a"), WRITTEN]
    needing += [set_quorum(add_witness(BARE, "a", A, None), "all")]
    for data in needing:
        with pytest.raises(MalformedError, match="the quorum cannot do without a: change it first"):
            remove_witness(data, "a")
    with pytest.raises(NotFoundError, match="names no witness c"):
        remove_witness(both, "c")


def test_a_later_count_takes_the_place_of_the_earlier_one():
    data = set_quorum(add_witness(BARE, "a", A, None), "all")
    data = set_quorum(add_witness(data, "b", B, None), "all")
    policy = parse_policy(data)
    assert [group.members for group in policy.groups] == [(b"a", b"b")]
    assert data.count(b"quorum") == 1
    assert parse_policy(set_quorum(data, "none")).quorum == b"none"


def test_a_quorum_may_be_a_name_and_comments_stay():
    changed = set_quorum(WRITTEN, "a")
    assert parse_policy(changed).quorum == b"a"
    assert changed == WRITTEN.replace(b"quorum old\n", b"") + b"quorum a\n"
    assert describe_quorum(parse_policy(changed)) == "a"
    assert describe_quorum(parse_policy(BARE)) == "none"


BAD_WITNESSES = {
    "a name taken": ("a", B, None),
    "a group's name": ("old", B, None),
    "none": ("none", B, None),
    "a blank in the name": ("b c", B, None),
    "a newline in the name": ("b\nquorum none", B, None),
    "a comment": ("#b", B, None),
    "no name": ("", B, None),
    "a blank in the URL": ("b", B, "https://b.example x"),
    "a newline in the URL": ("b", B, "https://b.example\nquorum none"),
    "an empty URL": ("b", B, ""),
    "a key that is there": ("b", A, None),
    "the log's key": ("b", log_signer().key, None),
    "a log's key": ("b", log_signer("other.example").key, None),
}


@pytest.mark.parametrize("name", BAD_WITNESSES)
def test_a_witness_that_no_reader_takes_is_refused(name):
    with pytest.raises(MalformedError):
        add_witness(WRITTEN, *BAD_WITNESSES[name])


@pytest.mark.parametrize("quorum", ["b", "0", "2", "", "a b", "a\nlog x", "all"])
def test_a_quorum_that_no_reader_takes_is_refused(quorum):
    with pytest.raises(MalformedError):
        set_quorum(WRITTEN, quorum)  # a is a member of the group `old` already


def test_a_quorum_of_no_witnesses_says_what_is_missing():
    with pytest.raises(MalformedError, match="add one"):
        set_quorum(BARE, "all")


@pytest.mark.parametrize("data", [b"", b"quorum none", b"nonsense\n"])
def test_what_is_no_policy_is_not_changed(data):
    for change in (lambda: add_witness(data, "a", A, None), lambda: set_quorum(data, "none")):
        with pytest.raises(InputError):
            change()


def test_names_that_are_no_text_are_shown_as_octets():
    assert show_octets(b"w\xff") == "w\\xff"
