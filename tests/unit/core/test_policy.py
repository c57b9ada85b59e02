from dataclasses import replace
from hashlib import sha256
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import policy as module
from ledger.core.note import Algorithm, create_verifier_key, format_vkey, hash_key_id
from ledger.core.policy import (
    Group,
    Log,
    Policy,
    Witness,
    format_policy,
    has_quorum,
    parse_policy,
)
from ledger.errors import LimitError, MalformedError
from tests.support.note_signers import log_signer, mldsa_signer, witness_signer

LOG = log_signer("example.org/ledger")
X1, X2, X3, Y1, Y2, Y3 = (
    witness_signer(f"{name}.example") for name in ("x1", "x2", "x3", "y1", "y2", "y3")
)
MLDSA_LOG = mldsa_signer("example.org/ledger")
MLDSA_WITNESS = mldsa_signer("m.example")
EXAMPLE = f"""# The example of the C2SP text.
log {LOG.vkey}

witness X1 {X1.vkey}
witness X2 {X2.vkey}
witness X3 {X3.vkey}
group X-witnesses 2 X1 X2 X3

witness Y1 {Y1.vkey}
witness Y2 {Y2.vkey}
witness Y3 {Y3.vkey}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""
EXAMPLE_POLICY = Policy(
    logs=(Log(LOG.key),),
    witnesses=tuple(
        Witness(name, signer.key)
        for name, signer in zip(
            [b"X1", b"X2", b"X3", b"Y1", b"Y2", b"Y3"], [X1, X2, X3, Y1, Y2, Y3], strict=True
        )
    ),
    groups=(
        Group(b"X-witnesses", 2, (b"X1", b"X2", b"X3")),
        Group(b"Y-witnesses", 1, (b"Y1", b"Y2", b"Y3")),
        Group(b"X-and-Y", 2, (b"X-witnesses", b"Y-witnesses")),
    ),
    quorum=b"X-and-Y",
)


def test_the_example_of_the_c2sp_text_is_read():
    assert parse_policy(EXAMPLE.encode()) == EXAMPLE_POLICY


def test_the_quorum_of_the_example_is_two_of_x_and_one_of_y():
    names = [witness.name for witness in EXAMPLE_POLICY.witnesses]
    for count in range(len(names) + 1):
        for present in combinations(names, count):
            xs = sum(name.startswith(b"X") for name in present)
            expected = xs >= 2 and count > xs
            assert has_quorum(EXAMPLE_POLICY, present) == expected


def test_neither_groups_nor_strangers_count_as_cosigners():
    assert not has_quorum(EXAMPLE_POLICY, [b"X-and-Y", b"X-witnesses", b"Y-witnesses"])
    assert not has_quorum(EXAMPLE_POLICY, [b"X1", b"Z", b"Y1"])


def test_what_init_writes_is_a_log_and_no_quorum():
    policy = Policy(logs=(Log(LOG.key),))
    assert format_policy(policy) == f"log {LOG.vkey}\nquorum none\n".encode()
    assert parse_policy(format_policy(policy)) == policy
    assert has_quorum(policy, [])


def test_the_quorum_may_be_one_witness():
    policy = parse_policy(f"witness w {X1.vkey}\nquorum w\n".encode())
    assert policy.logs == ()
    assert has_quorum(policy, [b"w"])
    assert not has_quorum(policy, [])


def test_blanks_comments_and_urls_are_read_as_the_text_says():
    data = (
        f"\t log \t {LOG.vkey} https://example.org/ \t\n"
        f"  # comment\twith \x7b\n\t\n#\nwitness w {X1.vkey} url\n"
    ).encode() + b"# \xff\xe7\n quorum\tnone \n"
    policy = parse_policy(data)
    assert policy.logs == (Log(LOG.key, b"https://example.org/"),)
    assert policy.witnesses == (Witness(b"w", X1.key, b"url"),)


def test_lines_may_follow_the_quorum():
    policy = parse_policy(f"quorum none\nlog {LOG.vkey}\n".encode())
    assert policy.logs == (Log(LOG.key),)


def test_names_are_octets_and_only_ascii_blanks_part_them():
    names = [
        b"K",
        b"\xe2\x84\xaa",
        b"\xff",
        b"\xc2\xa0",
        b"\xe3\x80\x80",
        b"\x85",
        b"all",
        b"1",
        b"#",
    ]
    lines = [
        b"witness %s %s\n" % (name, witness_signer(f"w{i}").vkey.encode())
        for i, name in enumerate(names)
    ]
    data = b"".join(lines) + b"group any any " + b" ".join(names) + b"\nquorum any\n"
    policy = parse_policy(data)
    assert [witness.name for witness in policy.witnesses] == names
    assert policy.groups[0].members == tuple(names)
    assert parse_policy(format_policy(policy)) == policy
    assert has_quorum(policy, [b"\xe2\x84\xaa"])
    assert not has_quorum(policy, [b"\xe2\x84"])


def test_names_are_told_apart_by_case():
    data = f"witness w {X1.vkey}\nwitness W {X2.vkey}\nquorum W\n".encode()
    assert not has_quorum(parse_policy(data), [b"w"])


def test_ml_dsa_keys_are_for_logs_and_witnesses():
    data = (
        f"log {LOG.vkey}\nlog {MLDSA_LOG.vkey}\nwitness m {MLDSA_WITNESS.vkey}\nquorum m\n"
    ).encode()
    policy = parse_policy(data)
    assert [log.key.algorithm for log in policy.logs] == [1, 6]
    assert format_policy(policy) == data


def test_a_policy_with_keys_that_cannot_be_verified_here_is_refused(monkeypatch):
    monkeypatch.setattr(module, "is_mldsa44_supported", lambda: False)
    with pytest.raises(MalformedError, match="cannot verify ML-DSA-44"):
        parse_policy(f"witness m {MLDSA_WITNESS.vkey}\nquorum none\n".encode())
    assert parse_policy(EXAMPLE.encode()) == EXAMPLE_POLICY


def unknown_vkey(algorithm):
    vkey = create_verifier_key("example.org/other", 1, X1.key.public_key)
    key_id = hash_key_id(vkey.name, algorithm, vkey.public_key)
    return format_vkey(replace(vkey, algorithm=algorithm, key_id=key_id))


def line_before(mark, line):
    return lambda text: text.replace(mark, f"{line}\n{mark}", 1)


QUORUM = "quorum X-and-Y"
MANGLINGS = {
    "empty": lambda text: "",
    "no quorum": lambda text: text.replace(QUORUM, ""),
    "two quorums": line_before(QUORUM, "quorum none"),
    "the same quorum twice": line_before(QUORUM, QUORUM),
    "no newline at the end": lambda text: text[:-1],
    "cut off in a name": lambda text: text[:-3],
    "a quorum that nothing defines": lambda text: text.replace(QUORUM, "quorum X"),
    "a quorum above its definition": lambda text: f"quorum X1\n{text.replace(QUORUM, '')}",
    "a quorum of two names": lambda text: text.replace(QUORUM, "quorum X-and-Y X1"),
    "a quorum without a name": lambda text: text.replace(QUORUM, "quorum"),
    "a keyword in upper case": lambda text: text.replace("quorum", "Quorum"),
    "an unknown keyword": line_before(QUORUM, "wittness"),
    "an old Sigsum keyword": line_before(QUORUM, "log 00ff"),
    "a byte order mark": lambda text: f"\ufeff{text}",
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "a NUL in a comment": lambda text: text.replace("# The", "# \0The"),
    "a DEL in a comment": lambda text: text.replace("# The", "# \x7fThe"),
    "a vertical tab": lambda text: text.replace("group X", "group\x0bX"),
    "a form feed": lambda text: text.replace("group X", "group\x0cX"),
    "a no-break space": lambda text: text.replace("group X-w", "group\xa0X-w"),
    "the log twice": line_before(QUORUM, f"log {LOG.vkey}"),
    "a log's key under another name": line_before(
        QUORUM, f"log {log_signer('example.org/b', label=LOG.name).vkey}"
    ),
    "a witness's key under another name": line_before(
        QUORUM, f"witness Z {witness_signer('z.example', label=X1.name).vkey}"
    ),
    "a log's key for a witness": line_before(
        QUORUM, f"witness Z {witness_signer('z.example', label=LOG.name).vkey}"
    ),
    "a witness's key for a log": line_before(
        QUORUM, f"log {log_signer('example.org/b', label=X1.name).vkey}"
    ),
    "an ML-DSA-44 log's key for a witness": line_before(
        QUORUM, f"log {MLDSA_LOG.vkey}\nwitness Z {MLDSA_LOG.vkey}"
    ),
    "a witness with a log's type": line_before(QUORUM, f"witness Z {log_signer('z.example').vkey}"),
    "a log with a witness's type": line_before(QUORUM, f"log {witness_signer('z.example').vkey}"),
    "a log without a key": line_before(QUORUM, "log"),
    "a log with two URLs": line_before(QUORUM, f"log {log_signer('z').vkey} a b"),
    "a witness without a key": line_before(QUORUM, "witness Z"),
    "a witness with two URLs": line_before(QUORUM, f"witness Z {witness_signer('z').vkey} a b"),
    "a witness without a name": line_before(QUORUM, f"witness {witness_signer('z').vkey}"),
    "a vkey with another ID": lambda text: text.replace(X1.key.key_id.hex(), "00000000"),
    "a vkey that is cut off": lambda text: text.replace(X1.vkey, X1.vkey[:-4]),
    "an ECDSA key": line_before(QUORUM, f"witness Z {unknown_vkey(2)}"),
    "a CT log's key": line_before(QUORUM, f"log {unknown_vkey(5)}"),
    "a key of no type": line_before(QUORUM, f"log {unknown_vkey(255)}"),
    "a witness twice": line_before(QUORUM, f"witness X1 {witness_signer('z.example').vkey}"),
    "a witness called as a group": line_before(
        QUORUM, f"witness X-and-Y {witness_signer('z.example').vkey}"
    ),
    "a group called as a witness": lambda text: text.replace("group Y-witnesses", "group X1"),
    "a witness called none": line_before(QUORUM, f"witness none {witness_signer('z').vkey}"),
    "a group called none": lambda text: text.replace("group X-and-Y", "group none"),
    "none in a group": lambda text: text.replace("any Y1 Y2", "any Y1 none"),
    "a member twice in a group": lambda text: text.replace("any Y1 Y2", "any Y1 Y1"),
    "a member of two groups": lambda text: text.replace("any Y1 Y2", "any Y1 X2"),
    "a group in two groups": line_before(QUORUM, "group Z any X-witnesses"),
    "a group in itself": lambda text: text.replace("all X-witnesses", "all X-and-Y X-witnesses"),
    "a member defined below": lambda text: text.replace("2 X1 X2 X3", "2 X1 X2 Y1"),
    "a member that nothing defines": lambda text: text.replace("2 X1 X2 X3", "2 X1 X2 X4"),
    "a group without members": line_before(QUORUM, "group Z any"),
    "a group without a threshold": line_before(QUORUM, "group Z"),
    "0 of 3": lambda text: text.replace("2 X1", "0 X1"),
    "4 of 3": lambda text: text.replace("2 X1", "4 X1"),
    "-1 of 3": lambda text: text.replace("2 X1", "-1 X1"),
    "02 of 3": lambda text: text.replace("2 X1", "02 X1"),
    "+2 of 3": lambda text: text.replace("2 X1", "+2 X1"),
    "hexadecimal": lambda text: text.replace("2 X1", "0x2 X1"),
    "other digits": lambda text: text.replace("2 X1", "\u0662 X1"),
    "most": lambda text: text.replace("2 X1", "most X1"),
    "ANY": lambda text: text.replace("any Y1", "ANY Y1"),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_policy_is_refused(name):
    mangled = MANGLINGS[name](EXAMPLE)
    assert mangled != EXAMPLE
    with pytest.raises(MalformedError):
        parse_policy(mangled.encode())


def test_no_truncated_policy_is_read():
    for length in range(len(EXAMPLE)):
        with pytest.raises(MalformedError):
            parse_policy(EXAMPLE[:length].encode())


def test_a_last_line_that_may_be_cut_off_is_refused():
    with pytest.raises(MalformedError, match="not ended by a newline"):
        parse_policy(f"quorum none\nlog {LOG.vkey}".encode())


def test_the_message_names_the_line():
    with pytest.raises(MalformedError, match="line 2 of the policy: not a log"):
        parse_policy(b"# fine\nwhat\nquorum none\n")
    with pytest.raises(MalformedError, match="0x0d; save the file with LF"):
        parse_policy(b"quorum none\r\n")


def test_two_keys_of_one_name_and_one_id_are_refused():
    # Found by trying numbers from 0 until an ID came twice.
    key, twin = (
        create_verifier_key("w", 4, sha256(number).digest()) for number in (b"129766", b"141208")
    )
    assert key.key_id == twin.key_id
    assert key.public_key != twin.public_key
    data = f"witness a {format_vkey(key)}\nwitness b {format_vkey(twin)}\nquorum none\n"
    with pytest.raises(MalformedError, match="has its ID"):
        parse_policy(data.encode())


def many(count, line):
    keys = [create_verifier_key(f"k{i}", 4, sha256(b"%d" % i).digest()) for i in range(count)]
    return "".join(line(i, format_vkey(key)) for i, key in enumerate(keys)) + "quorum none\n"


def log_line(i, vkey):
    return f"log {format_vkey(create_verifier_key(f'k{i}', 1, sha256(b'%d' % i).digest()))}\n"


def witness_line(i, vkey):
    return f"witness w{i} {vkey}\n"


def group_line(i, vkey):
    return f"witness w{i} {vkey}\ngroup g{i} any w{i}\n"


@pytest.mark.parametrize("line", [log_line, witness_line], ids=["logs", "witnesses"])
def test_a_policy_may_have_256_of_each_and_no_more(line):
    parse_policy(many(256, line).encode())
    with pytest.raises(LimitError):
        parse_policy(many(257, line).encode())


def test_a_policy_may_have_256_groups_and_no_more():
    text = many(256, group_line)
    deep = "".join(f"group h{i} any h{i - 1}\n" for i in range(1, 255))
    chain = f"witness w {X1.vkey}\ngroup h0 all w\n{deep}group top all h254\nquorum top\n"
    assert has_quorum(parse_policy(chain.encode()), [b"w"])
    parse_policy(text.encode())
    with pytest.raises(LimitError):
        parse_policy(f"{text}group more any g1\n".encode())


def test_a_policy_of_more_than_256_kib_is_refused_unread():
    parse_policy(b"#" * (256 * 1024 - 13) + b"\nquorum none\n")
    with pytest.raises(LimitError):
        parse_policy(b"#" * (256 * 1024 - 12) + b"\nquorum none\n")


SMALL_POLICY = Policy((Log(LOG.key),), (Witness(b"X1", X1.key),), (Group(b"g", 1, (b"X1",)),), b"g")
FORMAT_MANGLINGS = {
    "a name with a space": {"witnesses": (*SMALL_POLICY.witnesses, Witness(b"a b", X2.key))},
    "an empty name": {"witnesses": (*SMALL_POLICY.witnesses, Witness(b"", X2.key))},
    "a newline in a URL": {"logs": (Log(LOG.key, b"a\n#"),)},
    "a space in a URL": {"logs": (Log(LOG.key, b"a b"),)},
    "an empty URL": {"logs": (Log(LOG.key, b""),)},
    "a log with a witness's key": {"logs": (Log(X2.key),)},
    "a key whose name is no text": {"logs": (Log(replace(LOG.key, name="\ud800")),)},
    "a key with another ID": {"logs": (Log(replace(LOG.key, key_id=b"abcd")),)},
    "a threshold of 0": {"groups": (Group(b"g", 0, (b"X1",)),)},
    "a group without members": {"groups": (Group(b"g", 1, ()),)},
    "an undefined quorum": {"quorum": b"Z"},
    "an empty quorum": {"quorum": b""},
}


@pytest.mark.parametrize("name", FORMAT_MANGLINGS)
def test_nothing_is_written_that_would_not_be_read(name):
    assert parse_policy(format_policy(SMALL_POLICY)) == SMALL_POLICY
    with pytest.raises(MalformedError):
        format_policy(replace(SMALL_POLICY, **FORMAT_MANGLINGS[name]))


def test_a_comment_in_a_url_does_not_hide_the_rest():
    policy = Policy((Log(LOG.key, b"#x"),))
    assert parse_policy(format_policy(policy)) == policy


octets = st.binary(min_size=1, max_size=4).map(
    lambda name: bytes(octet for octet in name if octet > 0x20 and octet != 0x7F) or b"n"
)


@given(
    st.lists(octets.filter(lambda name: name != b"none"), min_size=1, max_size=5, unique=True),
    st.data(),
)
def test_a_policy_that_is_written_is_read_back(names, data):
    signers = [X1, X2, X3, Y1, Y2]
    witnesses = tuple(
        Witness(name, signer.key, data.draw(st.none() | octets))
        for name, signer in zip(names, signers, strict=False)
    )
    group = Group(b"group", data.draw(st.integers(1, len(names))), tuple(names))
    policy = Policy((Log(LOG.key),), witnesses, (group,), data.draw(st.sampled_from(names)))
    assert parse_policy(format_policy(policy)) == policy


def test_a_policy_knows_the_three_types_and_no_more():
    assert list(Algorithm) == [0x01, 0x04, 0x06]
