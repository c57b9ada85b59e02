"""Verifying packs: everything in them, and that the statement says what it proves."""

import json
from hashlib import sha256

import pytest

from contracts.verdict import ASKED_DATE, REGISTERED_FILE
from ledger.errors import (
    BundleError,
    ForkError,
    LimitError,
    MalformedError,
    QuorumError,
    RejectedError,
    SignatureError,
    VerificationError,
)
from node import packjudge
from node.pack import CASE, PACK, Pack, write_pack
from node.packjudge import EXPLANATION
from node.suspects import OpeningRequiredError, Suspect
from node.verifier import UnanswerableError, verify_file
from tests.support.packs import (
    OPENING,
    STATEMENT,
    TEXTS,
    files_of,
    judge,
    make_packs,
    rebuilt,
    stated,
)
from tracing.fingerprint import Fingerprint

DAY = 86_400_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_packs(tmp_path_factory.mktemp)


def pack(files, form=PACK):
    return write_pack(Pack(form, files))


def voucher_path(made, number=None):
    return f"{(number or made.number).lower()}.voucher.json"


def suspect_for(made, openings=(), *, more=b""):
    content = (made.ours.files / "north.csv").read_bytes() + more
    fingerprint = Fingerprint(sha256(content).hexdigest(), len(content))
    return Suspect(fingerprint, lambda _key, _names: list(openings))


# the verdict


def test_a_pack_is_about_its_voucher_and_names_every_check_by_its_file(made):
    report = judge(made.pack, made)
    assert (report.kind, report.subject) == ("pack", f"voucher/{made.number}")
    assert (report.status, report.marks, report.is_in_force) == ("valid", [], True)
    assert report.as_of == report.seal.time
    assert ("purpose", "trading") in report.shown
    assert EXPLANATION not in report.not_checked, "the texts follow from the statement"
    assert REGISTERED_FILE in report.not_checked
    named = {check.name for check in report.checks}
    assert {"manifest", "statement", "voucher.dossier.json: history"} <= named
    assert f"{voucher_path(made)}: credential signature" in named
    assert any(name.startswith("party/") and name.endswith(".state.json: state") for name in named)


def test_a_case_is_the_same_container(made):
    report = judge(pack(files_of(made.pack), CASE), made)
    assert (report.kind, report.is_in_force) == ("case", True)


def test_the_asked_date_decides_whether_it_is_in_force(made):
    valid_until = judge(made.pack, made).valid_until
    assert judge(made.pack, made, as_of=valid_until - 1).is_in_force
    late = judge(made.pack, made, as_of=valid_until)
    assert (late.is_authentic, late.is_in_force, late.status) == (True, False, "expired")
    early = judge(made.pack, made, as_of=made.now - DAY)
    assert (early.is_authentic, early.is_in_force, early.status) == (True, False, "not-yet")
    assert ASKED_DATE not in early.not_checked


def test_a_pack_without_vouchers_cannot_answer_for_a_date(made):
    files = {p: c for p, c in files_of(made.pack).items() if p.endswith(".dossier.json")}
    report = judge(pack(files), made, as_of=made.now)
    assert report.is_in_force
    assert (report.subject, report.status) == ("", "")
    assert ASKED_DATE in report.not_checked


def test_pages_to_read_are_named_as_not_checked_each_by_its_path(made):
    for content in (b"<html>", b"%PDF-1.7", b'{"nodes": 1.5}', b'{"format": "dot"}', b"[1]", b""):
        report = judge(rebuilt(made.pack, page__html=content, a___b__pdf=b"%PDF"), made)
        assert report.is_in_force
        named = [name for name in report.not_checked if name.startswith(EXPLANATION)]
        assert named == [f"{EXPLANATION}: a/b.pdf", f"{EXPLANATION}: page.html"]
    inner = judge(pack({"one.zip": rebuilt(made.pack, page__html=b"")}), made)
    assert f"{EXPLANATION}: one.zip: page.html" in inner.not_checked


@pytest.mark.parametrize("path", TEXTS)
def test_a_text_of_the_statement_says_what_it_says_or_the_pack_is_not_authentic(made, path):
    text, name = files_of(made.pack)[path], path.replace(".", "__")
    bom = b"\xef\xbb\xbf"
    for changed in (text + b"PS: it is for sale\n", bom + text, text[:-1], b"", made.pack):
        report = judge(rebuilt(made.pack, **{name: changed}), made)
        assert type(report.failure) is BundleError, changed[:40]
        assert [one.name for one in report.checks if not one.is_ok] == ["statement texts"]
        inner = judge(pack({"one.zip": rebuilt(made.pack, **{name: changed})}), made)
        assert type(inner.failure) is BundleError
    bare = rebuilt(made.pack, statement__json=None, **{TEXTS[path == TEXTS[0]]: None})
    assert type(judge(bare, made).failure) is BundleError, "a text without a statement"
    assert judge(rebuilt(made.pack, **{name: None}), made).is_in_force, "silence is no lie"


def test_without_a_statement_the_only_voucher_is_what_it_is_about(made):
    bare = rebuilt(made.pack, statement__json=None, **dict.fromkeys(TEXTS))
    report = judge(bare, made)
    assert (report.subject, report.status) == (f"voucher/{made.number}", "valid")
    two = pack({"a.voucher.json": made.voucher, "b.voucher.json": made.other})
    report = judge(two, made)
    assert (report.subject, report.status, report.is_in_force) == ("", "", True)


def test_one_voucher_out_of_force_is_enough(made):
    until = judge(made.pack, made).valid_until
    two = pack({"a.voucher.json": made.voucher, "b.voucher.json": made.other})
    assert not judge(two, made, as_of=until).is_in_force


def test_what_it_must_be_is_asked_of_the_pack_and_not_of_its_files(made):
    subject = f"voucher/{made.number}"
    for asked in (subject, made.number):
        assert judge(made.pack, made, expect_kind="pack", expect_subject=asked).is_authentic
    for asked in ({"expect_kind": "voucher"}, {"expect_subject": made.second}):
        report = judge(made.pack, made, **asked)
        assert type(report.failure) is VerificationError
        assert (report.checks[-1].name, report.checks[-1].is_ok) == ("expected", False)


def test_its_proofs_may_be_too_old(made):
    assert judge(made.pack, made, max_age_ms=DAY).is_in_force
    report = judge(made.pack, made, now=made.now + 2 * DAY, max_age_ms=DAY)
    assert isinstance(report.failure, QuorumError)


# is this the registered file?


def test_the_opening_in_the_pack_tells_the_registered_file(made):
    report = judge(made.opened, made, suspect=suspect_for(made))
    assert report.is_in_force
    assert REGISTERED_FILE not in report.not_checked
    other = judge(made.opened, made, suspect=suspect_for(made, more=b"2,7\n"))
    assert "not the registered file" in str(other.failure)


def test_without_an_opening_it_cannot_be_told(made):
    with pytest.raises(OpeningRequiredError):
        judge(made.pack, made, suspect=suspect_for(made))
    openings = json.loads(files_of(made.opened)[OPENING])["openings"]
    assert judge(made.pack, made, suspect=suspect_for(made, openings)).is_in_force


def test_a_pack_about_no_voucher_is_not_about_a_file(made):
    for files in (
        {"a.voucher.json": made.voucher, "b.voucher.json": made.other},
        {p: c for p, c in files_of(made.pack).items() if p.endswith(".dossier.json")},
    ):
        with pytest.raises(UnanswerableError):
            judge(pack(files), made, suspect=suspect_for(made))


def test_an_opening_that_opens_nothing_is_not_counted(made):
    empty = rebuilt(made.pack, opening__json=opening_of(made, openings=[]))
    assert judge(empty, made).is_in_force, "the statement says that nothing is opened"
    report = judge(rebuilt(made.opened, opening__json=opening_of(made, openings=[])), made)
    assert str(report.failure).endswith("its opening")


# what is refused


def forged(made):
    """The voucher with another title."""
    return made.voucher.replace("停车 north".encode(), "停车 west".encode())


def forged_other(made):
    return made.other.replace("停车 south".encode(), "停车 west".encode())


def opening_of(made, **changes):
    opening = json.loads(files_of(made.opened)[OPENING])
    return opening | changes


def other_salt(made):
    opening = opening_of(made)
    opening["openings"][0]["salt"] = "A" * 43
    return opening


MANGLINGS = {
    "a forged voucher": (
        SignatureError, lambda m: rebuilt(m.pack, **{voucher_path(m).replace(".", "__"): forged(m)})
    ),
    "a forged second voucher": (
        SignatureError, lambda m: rebuilt(m.pack, more__voucher__json=forged_other(m))
    ),
    "a voucher of another ledger": (
        SignatureError,
        lambda m: pack({"a.voucher.json": m.voucher, "b.voucher.json": m.foreign}),
    ),
    "something else under a voucher's name": (
        VerificationError,
        lambda m: rebuilt(m.pack, more__voucher__json=files_of(m.pack)["asset.dossier.json"]),
    ),
    "a text under a voucher's name": (
        MalformedError, lambda m: rebuilt(m.pack, more__voucher__json=b"a letter")
    ),
    "a voucher that does not say whose it is": (
        MalformedError, lambda m: rebuilt(m.pack, x__json={"format": "muniment/voucher/v1"})
    ),
    "a dossier without its last event": (
        BundleError, lambda m: rebuilt(m.pack, asset__dossier__json=shortened(m))
    ),
    "a format nobody knows": (
        MalformedError, lambda m: rebuilt(m.pack, new__json={"format": "muniment/new/v1"})
    ),
    "a proof that is not JSON of ours": (
        MalformedError, lambda m: rebuilt(m.pack, x__json={"format": "muniment/state/v1"})
    ),
    "no proof at all": (MalformedError, lambda m: pack({"page.html": b"trust me"})),
    "only a statement": (
        MalformedError, lambda m: pack({STATEMENT: files_of(m.pack)[STATEMENT]})
    ),
    "the statement's voucher missing": (
        BundleError, lambda m: rebuilt(m.pack, **{voucher_path(m).replace(".", "__"): None})
    ),
    "the statement's voucher twice": (
        BundleError, lambda m: rebuilt(m.pack, again__voucher__json=m.voucher)
    ),
    "a statement elsewhere": (
        MalformedError, lambda m: rebuilt(m.pack, a___statement__json=files_of(m.pack)[STATEMENT])
    ),
    "a statement about another voucher": (BundleError, lambda m: stated(m.pack, voucher=m.second)),
    "a statement with more": (MalformedError, lambda m: stated(m.pack, value=7)),
    "a statement for nothing": (MalformedError, lambda m: stated(m.pack, purpose="fun")),
    "a statement of an early date": (
        RejectedError, lambda m: stated(m.pack, as_of=m.now - DAY)
    ),
    "a statement of a late date": (
        BundleError, lambda m: stated(m.pack, as_of=judge(m.pack, m).valid_until)
    ),
    "a statement without needs": (BundleError, lambda m: stated(m.pack, needs=[])),
    "a statement for another purpose": (
        BundleError, lambda m: stated(m.pack, purpose="dispute")
    ),
    "a statement of an opening that is not there": (
        BundleError, lambda m: stated(m.pack, opening=True)
    ),
    "a history that the statement calls whole": (
        BundleError, lambda m: rebuilt(m.pack, asset__dossier__json=None)
    ),
    "the state of a holder that it names": (
        BundleError, lambda m: without_holders(m)
    ),
    "an opening of another asset": (
        BundleError,
        lambda m: rebuilt(m.pack, opening__json=files_of(m.other_opened)[OPENING]),
    ),
    "an opening with another salt": (
        BundleError, lambda m: rebuilt(m.opened, opening__json=other_salt(m))
    ),
    "a statement of an opening that opens nothing": (
        BundleError,
        lambda m: stated(
            rebuilt(m.pack, opening__json=opening_of(m, openings=[])), opening=True
        ),
    ),
    "a malformed opening": (
        MalformedError, lambda m: rebuilt(m.opened, opening__json=opening_of(m, openings={}))
    ),
}  # fmt: skip


def shortened(made):
    dossier = json.loads(files_of(made.pack)["asset.dossier.json"])
    return dossier | {"events": dossier["events"][:-1]}


def without_holders(made):
    files = files_of(made.pack)
    return pack({p: c for p, c in files.items() if not p.startswith("party/")})


@pytest.mark.parametrize("name", MANGLINGS)
def test_a_pack_with_one_thing_wrong_is_not_authentic(made, name):
    error, mangle = MANGLINGS[name]
    report = judge(mangle(made), made)
    assert type(report.failure) is error, report.failure
    assert not report.is_in_force


def test_a_failing_check_says_in_which_file(made):
    report = judge(rebuilt(made.pack, more__voucher__json=forged_other(made)), made)
    assert [check.name for check in report.checks if not check.is_ok] == [
        "more.voucher.json: credential signature"
    ]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("title", "Gold"), ("asset", "asset/" + "a" * 26), ("issuer", "somebody"),
        ("status", "expired"), ("valid_until", 4_102_444_800_000), ("valid_from", 0),
        ("level", "general-2"), ("restrictions", "none"), ("rights", []), ("holders", []),
        ("pledges", [{}]), ("freezes", ["x"]), ("disputes", [1]), ("notes", ["sold"]),
        ("histories", []), ("log", {"origin": "example.org/solo", "size": 8, "time": 1}),
    ],
)  # fmt: skip
def test_no_member_of_a_statement_can_lie(made, member, value):
    report = judge(stated(made.pack, **{member: value}), made)
    assert isinstance(report.failure, BundleError)
    assert str(report.failure).endswith(f"its {member}")


def test_every_proof_in_a_pack_is_needed_whole(made):
    """Each changed in one character of each of its members: nothing of it goes unnoticed."""
    files = files_of(made.pack)
    for path in (p for p in files if p.endswith(("voucher.json", "dossier.json", "state.json"))):
        text = files[path].decode()
        for place in range(10, len(text), len(text) // 12):
            changed = text[:place] + ("Z" if text[place] != "Z" else "Y") + text[place + 1 :]
            mangled = pack(files | {path: changed.encode()})
            assert judge(mangled, made).failure is not None, (path, place)


BOM = b"\xef\xbb\xbf"
UNREADABLE = {
    "a byte order mark": lambda text: BOM + text,
    "a doubled format": lambda text: text.rstrip()[:-1] + b',"format":"x"}',
    "a doubled format of ours": lambda text: (
        text.rstrip()[:-1] + b',"format":"muniment/opening/v1"}'
    ),
    "a format in other letters": lambda text: text.replace(b'"muniment/', b'"Muniment/', 1),
    "a format with a joiner": lambda text: text.replace(b'"muniment/', b'"\\u2060muniment/', 1),
    "another format": lambda text: json.dumps(json.loads(text) | {"format": "x"}).encode(),
    "no format": lambda text: without_format(text),
    "format null": lambda text: json.dumps(json.loads(text) | {"format": None}).encode(),
    "format 0": lambda text: json.dumps(json.loads(text) | {"format": 0}).encode(),
    "format []": lambda text: json.dumps(json.loads(text) | {"format": []}).encode(),
    "a list": lambda text: b"[" + text + b"]",
    "a text": lambda text: b"trust me",
    "nothing": lambda text: b"",
    "a pack": lambda text: pack({"a.txt": text}),
}


def without_format(text):
    members = json.loads(text)
    del members["format"]
    return json.dumps(members).encode()


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_json_file_that_is_none_of_ours_makes_the_pack_malformed(made, name):
    for path in (STATEMENT, "asset.dossier.json", voucher_path(made)):
        content = UNREADABLE[name](files_of(made.pack)[path])
        report = judge(rebuilt(made.pack, **{path.replace(".", "__"): content}), made)
        expected = BundleError if path == voucher_path(made) else MalformedError
        assert isinstance(report.failure, MalformedError | expected), (path, report.failure)
        assert not report.is_authentic
    more = UNREADABLE[name](forged_other(made))
    for path in ("check__json", "a___statement__json"):
        report = judge(rebuilt(made.pack, **{path: more}), made)
        assert type(report.failure) is MalformedError, report.failure


# packs in packs


def test_a_pack_may_lie_in_a_pack_once(made):
    inner = judge(pack({"one.zip": made.pack, "b.voucher.json": made.other}), made)
    assert inner.is_in_force
    assert inner.subject == "", "it is about two"
    assert f"one.zip: {voucher_path(made)}: belonging" in {check.name for check in inner.checks}
    twice = judge(pack({"two.zip": pack({"one.zip": made.pack})}), made)
    assert isinstance(twice.failure, MalformedError)
    assert "only once" in str(twice.failure)


def test_what_is_wrong_in_an_inner_pack_is_wrong(made):
    wrong = rebuilt(made.pack, more__voucher__json=forged_other(made))
    report = judge(pack({"one.zip": wrong}), made)
    assert isinstance(report.failure, SignatureError)
    until = judge(made.pack, made).valid_until
    late = judge(pack({"one.zip": made.pack}), made, as_of=until)
    assert (late.is_authentic, late.is_in_force) == (True, False)


def test_inner_packs_share_one_limit(made, monkeypatch):
    size = sum(map(len, files_of(made.pack).values()))
    outer = pack({"one.zip": made.pack, "two.zip": made.pack})
    room = len(made.pack) * 2 + size + 20_000
    monkeypatch.setattr(packjudge, "MAX_UNPACKED_BYTES", room + size)
    assert judge(outer, made).is_in_force
    monkeypatch.setattr(packjudge, "MAX_UNPACKED_BYTES", room)
    assert isinstance(judge(outer, made).failure, LimitError)


# two histories of one log


def fork(made, more):
    """A voucher that the log's own key proves, in a tree of two leaves."""
    parts = made.forger.parts(json.loads(made.voucher))
    parts["seal"]["time"] += more
    return json.dumps(made.forger.forge(parts)).encode()


def test_two_roots_of_one_size_are_a_fork(made):
    one, other = fork(made, 0), fork(made, 1)
    for data in (one, other, pack({"a.voucher.json": one})):
        assert judge(data, made).is_authentic
    assert judge(pack({"a.voucher.json": one, "b.voucher.json": one}), made).is_authentic
    report = judge(pack({"a.voucher.json": one, "b.voucher.json": other}), made)
    assert isinstance(report.failure, ForkError)
    assert report.failure.old != report.failure.new
    assert [check.name for check in report.checks if not check.is_ok] == ["one log"]


def test_a_zip_that_is_no_pack_is_malformed(made):
    for data in (b"PK\x03\x04", b"PK\x05\x06" + bytes(18), made.pack + b" "):
        report = verify_file(data, made.policy, judge_question(made))
        assert isinstance(report.failure, MalformedError)
        assert report.kind == "pack"


def judge_question(made):
    from contracts.verdict import Question

    return Question(made.now)
