"""The proof of one usage line: verified, and each part of it broken alone."""

import json
from dataclasses import dataclass, field

import pytest

from contracts.records import format_record
from contracts.usage import UsageBatch
from contracts.usagelines import parse_usage_line
from contracts.usageproof import (
    BATCH_SUM,
    LINE_TRUTH,
    UsageLineBundle,
    format_usage_line_bundle,
    judge_usage_line,
    parse_usage_line_bundle,
    verify_usage_line,
)
from contracts.verdict import (
    ASKED_DATE,
    FRESHNESS,
    KEY_OWNER,
    Question,
    Report,
    format_report,
)
from ledger.core.canonical import decode_bundle
from ledger.core.entry import Entry, encode_entry
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.text import format_base64
from ledger.errors import (
    BundleError,
    InclusionError,
    LedgerError,
    MalformedError,
    QuorumError,
    SignatureError,
    VerificationError,
)
from tests.support import reference
from tests.support.forgery import POLICY, QUORUM, WITNESSES, Forgery
from tests.support.log_builder import LOG, ORIGIN
from tests.support.manglings import edited, without
from tests.support.note_signers import log_signer
from tests.support.people import START, Person
from tests.support.world import World

TIME = START + 3600_000
GRANT = f"grant/{'a' * 26}"
ANN = Person("ann")
SIZES = (1, 2, 3, 5, 8, 11)


def line(number):
    """A line of the batch; every third leaves its count out, every other its purpose."""
    members = {"at": START + number * 10, "action": "read", "ref": f"req-{number}"}
    members |= {"count": number + 1} if number % 3 else {}
    return members | ({"purpose": "research"} if number % 2 else {})


def leaf(members):
    return parse_usage_line(members).leaf


@dataclass
class Parts:
    """Everything a proof is made of; a test bends one part and makes the bundle."""

    lines: list = field(default_factory=lambda: [line(number) for number in range(11)])
    index: int = 4
    shown: dict | None = None
    body: dict = field(default_factory=dict)
    kind: str = "usage.batch"
    subjects: tuple = (GRANT,)
    meant_for: str = ORIGIN
    log: object = LOG
    cosigned: tuple = ()

    def batch(self):
        """Body of the event, in JSON; it says of the lines what is so, unless told."""
        read = [parse_usage_line(members) for members in self.lines]
        record = UsageBatch(
            grant=GRANT,
            action="read",
            count=sum(one.count for one in read),
            total=1000,
            start=min(one.at for one in read),
            end=max(one.at for one in read) + 1,
            form="usage-lines/1",
            root=reference.mth([one.leaf for one in read]).hex(),
            lines=len(read),
            purpose="research",
        )
        return format_record(record) | self.body

    def entry(self):
        world = World(is_open=False, time=TIME)
        event = world.event(
            self.kind, self.batch(), ANN, nonce="A" * 22, subjects=self.subjects, log=self.meant_for
        )
        return encode_entry(Entry(world.sign(event, ANN.key), TIME))

    def bundle(self):
        """The proof as it would be read from a file."""
        ledger = Forgery([self.entry()], {}, TIME)
        receipt = ledger.receipt(0, ledger.note(self.log, *self.cosigned))
        line_ = parse_usage_line(self.lines[self.index] if self.shown is None else self.shown)
        path = tuple(reference.path(self.index, [leaf(members) for members in self.lines]))
        bundle = UsageLineBundle(line_, self.index, path, receipt)
        return json.loads(json.dumps(format_usage_line_bundle(bundle)))


def judge(value, policy=POLICY, **question):
    report = Report()
    asked = Question(**({"now": TIME + 1000} | question))
    judge_usage_line(parse_usage_line_bundle(value), policy, asked, report)
    return report


# What verifies


def test_an_honest_proof_is_verified():
    report = judge(Parts().bundle())
    assert (report.is_authentic, report.is_in_force) == (True, True)
    assert (report.kind, report.subject) == ("usage-line", GRANT)
    assert [check.name for check in report.checks] == ["usage batch", "usage line", "agreement"]
    assert report.checks[1].detail == "line 5 of 11 is under the root of the batch"
    assert dict(report.shown) == {
        "actor": ANN.party,
        "action": "read",
        "count": "5",
        "at": "2026-11-02T10:00:00.040+08:00",
    }


@pytest.mark.parametrize("size", SIZES)
def test_every_line_of_a_batch_is_proved(size):
    for index in range(size):
        parts = Parts([line(number) for number in range(size)], index)
        assert judge(parts.bundle()).is_authentic


def test_what_one_line_cannot_show_is_named():
    report = judge(Parts().bundle())
    assert report.not_checked[:3] == [KEY_OWNER, LINE_TRUTH, BATCH_SUM]
    assert FRESHNESS in report.not_checked
    assert ASKED_DATE not in report.not_checked
    assert ASKED_DATE in judge(Parts().bundle(), as_of=TIME).not_checked


def test_a_proof_survives_a_file_in_another_spelling():
    value = Parts().bundle()
    value["line"] = dict(reversed(value["line"].items()))
    read = decode_bundle(json.dumps(value, indent=2).encode(), max_bytes=MAX_BUNDLE_BYTES)
    assert format_report(judge(read)) == format_report(judge(Parts().bundle()))


def test_what_is_read_is_written_again():
    value = Parts().bundle()
    assert format_usage_line_bundle(parse_usage_line_bundle(value)) == value


def test_a_line_after_the_year_9999_is_shown_in_milliseconds():
    parts = Parts()
    parts.lines[4]["at"] = 2**53 - 2
    assert dict(judge(parts.bundle()).shown)["at"] == f"{2**53 - 2} ms"


# Whose word, and how old


def test_cosigners_say_as_of_when():
    seconds = TIME // 1000 + 5
    parts = Parts(cosigned=tuple((witness, seconds) for witness in WITNESSES[:2]))
    report = judge(parts.bundle(), QUORUM, max_age_ms=60_000)
    assert report.as_of == seconds * 1000
    assert FRESHNESS in [check.name for check in report.checks]
    with pytest.raises(QuorumError, match="more than the 60 s allowed"):
        judge(parts.bundle(), QUORUM, max_age_ms=60_000, now=TIME + 100_000)


def test_without_cosigners_nobody_says_how_old_a_proof_is():
    assert judge(Parts().bundle()).as_of is None
    with pytest.raises(QuorumError, match="nobody but the operator says"):
        judge(Parts().bundle(), max_age_ms=60_000)


def test_too_few_cosigners_are_refused():
    with pytest.raises(QuorumError, match="does not meet"):
        judge(Parts().bundle(), QUORUM)


@pytest.mark.parametrize(
    "question", [{"expect_kind": "voucher"}, {"expect_subject": "grant/other"}], ids=["kind", "who"]
)
def test_a_proof_of_something_else_than_expected_is_refused(question):
    with pytest.raises(VerificationError, match="not a"):
        judge(Parts().bundle(), **question)


# Each part broken alone


def with_body(changes=(), **more):
    return lambda parts: parts.body.update(changes, **more)


def with_line(**changes):
    """One line changed, and the batch made of the changed lines."""
    return lambda parts: parts.lines[4].update(changes)


def set_parts(**changes):
    def change(parts):
        for name, value in changes.items():
            setattr(parts, name, value)

    return change


BENT = {
    "another line": (set_parts(shown=line(5)), InclusionError, "not to the trusted root"),
    "another count": (
        lambda parts: set_parts(shown=line(4) | {"count": 4})(parts),
        InclusionError,
        "not to the trusted root",
    ),
    "a line with a member more": (
        set_parts(shown=line(4) | {"x": 1}),
        InclusionError,
        "not to the trusted root",
    ),
    "another root": (with_body(root="ab" * 32), InclusionError, "not to the trusted root"),
    "fewer leaves": (with_body(lines=8), InclusionError, "path has"),
    "more leaves": (with_body(lines=17), InclusionError, "path has"),
    "as many leaves as its index": (with_body(lines=4), InclusionError, "outside a tree of 4"),
    "another action in the batch": (
        with_body(action="index"),
        BundleError,
        "the action of this line is 'read'",
    ),
    "another purpose in the batch": (
        lambda parts: parts.body.update(purpose="marketing") or set_parts(index=5)(parts),
        BundleError,
        "the purpose of this line is 'research'",
    ),
    "another purpose in the line": (
        with_line(purpose="marketing"),
        BundleError,
        "the purpose of this line is 'marketing'",
    ),
    "a period that begins later": (
        with_body({"from": START + 41}),
        BundleError,
        "the batch from",
    ),
    "a period that ends with the line": (with_body({"to": START + 40}), BundleError, "to before"),
    "a line that counts too much": (with_body(count=14), BundleError, "too many for 11 lines"),
    "another grant": (
        with_body(grant=f"grant/{'b' * 26}"),
        BundleError,
        "not about grant/b",
    ),
    "a subject more": (
        set_parts(subjects=(f"asset/{'a' * 26}", GRANT)),
        BundleError,
        "not about grant/a",
    ),
    "an event of another kind": (
        set_parts(kind="usage.record"),
        BundleError,
        "not a usage.batch",
    ),
    "an event for another ledger": (
        set_parts(meant_for="example.org/other"),
        BundleError,
        "meant for example.org/other",
    ),
    "a log of another key": (
        set_parts(log=log_signer(label="other secret")),
        SignatureError,
        "signed with the key .* and the policy has",
    ),
    "a log of another name": (
        set_parts(log=log_signer("example.org/other")),
        SignatureError,
        "and the policy trusts",
    ),
    "a body with a member more": (with_body(extra=1), MalformedError, "unknown field"),
    "a body of another form": (with_body(form="usage-lines/2"), MalformedError, "usage-lines/2"),
    "a body without leaves": (with_body(lines=0), MalformedError, "lines"),
    "a body whose root is none": (with_body(root="AB" * 32), MalformedError, "root"),
}


@pytest.mark.parametrize("name", BENT)
def test_a_proof_with_one_wrong_part_is_refused(name):
    change, error, message = BENT[name]
    parts = Parts()
    change(parts)
    with pytest.raises(error, match=message):
        judge(parts.bundle())


@pytest.mark.parametrize("name", BENT)
def test_a_refused_proof_is_neither_authentic_nor_in_force(name):
    parts, report = Parts(), Report()
    BENT[name][0](parts)
    with pytest.raises(LedgerError):
        judge_usage_line(
            parse_usage_line_bundle(parts.bundle()), POLICY, Question(now=TIME), report
        )
    answer = format_report(report)
    assert (answer["verified"], answer["authentic"], report.shown) == (False, False, [])


def test_a_line_counts_as_much_as_the_others_leave():
    parts = Parts()
    parts.body["count"] = 5 + 10
    assert judge(parts.bundle()).is_authentic


HASH = format_base64(bytes(32))
MANGLINGS = {
    "not an object": lambda value: [value],
    "another format": lambda value: value | {"format": "muniment/usage-line/v2"},
    "no format": lambda value: without(value, "format"),
    "no line": lambda value: without(value, "line"),
    "no index": lambda value: without(value, "index"),
    "no path": lambda value: without(value, "path"),
    "no batch": lambda value: without(value, "batch"),
    "a member more": lambda value: value | {"x": 1},
    "a line that is none": lambda value: edited(value, "line", "at", value="now"),
    "a line with a float": lambda value: edited(value, "line", "count", value=1.5),
    "an index below 0": lambda value: value | {"index": -1},
    "an index in quotes": lambda value: value | {"index": "4"},
    "an index that is true": lambda value: value | {"index": True},
    "a path that is no array": lambda value: value | {"path": HASH},
    "a path of numbers": lambda value: value | {"path": [1]},
    "a path with a short hash": lambda value: value | {"path": [format_base64(bytes(31))]},
    "a path in base64url": lambda value: value | {"path": ["_" * 43 + "="]},
    "a path with spare bits": lambda value: value | {"path": [HASH[:-2] + "B="]},
    "too long a path": lambda value: value | {"path": [HASH] * 64},
    "a receipt that is a note": lambda value: value | {"batch": "note"},
    "a receipt of another format": lambda value: edited(
        value, "batch", "format", value="muniment/state/v1"
    ),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_what_is_no_proof_of_a_line_does_not_parse(name):
    with pytest.raises(MalformedError):
        parse_usage_line_bundle(MANGLINGS[name](Parts().bundle()))


def test_the_longest_path_parses():
    value = Parts().bundle() | {"path": [HASH] * 63}
    assert len(parse_usage_line_bundle(value).path) == 63


PROOFS = {
    "index one up": lambda value: value | {"index": value["index"] + 1},
    "index one down": lambda value: value | {"index": value["index"] - 1},
    "index past the end": lambda value: value | {"index": 11},
    "huge index": lambda value: value | {"index": 2**62},
    "path reversed": lambda value: value | {"path": value["path"][::-1]},
    "path too short": lambda value: value | {"path": value["path"][:-1]},
    "path too long": lambda value: value | {"path": [*value["path"], HASH]},
    "no path": lambda value: value | {"path": []},
    "another hash": lambda value: value | {"path": [HASH, *value["path"][1:]]},
    "another line": lambda value: value | {"line": line(3)},
}


@pytest.mark.parametrize("name", PROOFS)
@pytest.mark.parametrize("size", [5, 8, 11])
def test_every_mangled_proof_is_refused(name, size):
    for index in range(1, size):
        honest = Parts([line(number) for number in range(size)], index).bundle()
        mangled = PROOFS[name](honest)
        if mangled == honest:
            continue
        bundle = parse_usage_line_bundle(mangled)
        batch = UsageBatch(**_fields(Parts([line(number) for number in range(size)]).batch()))
        with pytest.raises(InclusionError):
            verify_usage_line(bundle, batch)


def _fields(body):
    """Members of a body by the names of its record."""
    names = {"from": "start", "to": "end"}
    return {names.get(name, name): value for name, value in body.items()}


def test_a_seal_is_no_batch():
    value = Parts().bundle()
    ledger = Forgery([Parts().entry()], {}, TIME)
    receipt = ledger.receipt(1, ledger.note(LOG))
    bundle = parse_usage_line_bundle(value)
    forged = UsageLineBundle(bundle.line, bundle.index, bundle.path, receipt)
    with pytest.raises(BundleError, match=r"not a usage\.batch"):
        judge(json.loads(json.dumps(format_usage_line_bundle(forged))))
