"""Two readers, one written from the texts alone, say the same of what travels between nodes.

Signed answers (docs/adr/0024), evidence of forks (0025), buckets (0026) and requests to a witness
(c2sp.org/tlog-witness): honest ones, and thousands that somebody has changed.
"""

import ast
import asyncio
import json
import random
from importlib import import_module
from pathlib import Path

import httpx2
import pytest

from contracts.verdict import Question
from ledger.core.answer import (
    Answer,
    AnswerOutcome,
    SignedAnswer,
    answer_message,
    format_answer,
    parse_answer,
    verify_answer,
)
from ledger.core.bucket import format_bucket
from ledger.core.canonical import decode_bundle
from ledger.core.fork import decode_fork, verify_fork
from ledger.core.policy import parse_policy
from ledger.errors import LedgerError
from node.verifier import verify_file
from tests.support import independent_answer, independent_fork, independent_signed
from tests.support.bucket_maps import SealedMap, hashes
from tests.support.golden import forks
from tests.support.hostile_json import mangle
from tests.support.independent_signed import NotAuthenticError
from tests.support.independent_witness import IndependentWitness
from tests.support.manglings import PIECES
from tests.support.reference_json import RefusedError, read_bundle
from tests.support.scribe import found, open_scribe
from tests.support.witnesses import SmallLog, app_of, serving
from tests.witness import test_witness as mistakes

TIMES = 1000
REFUSED = "refused"
NO = (NotAuthenticError, RefusedError)


def mangled_bytes(dice, data):
    """The bytes with some taken out, a piece put in, or one bit changed."""
    start = dice.randrange(len(data))
    how = dice.randrange(3)
    if how == 0:
        return data[:start] + bytes([data[start] ^ 1 << dice.randrange(8)]) + data[start + 1 :]
    stop = min(len(data), start + dice.randrange(5))
    return data[:start] + (dice.choice(PIECES) if how == 1 else b"") + data[stop:]


def mangled_files(dice, documents):
    """Thousands of files: JSON with something else in one place, or bytes that were damaged."""
    for _ in range(TIMES):
        document = dice.choice(documents)
        changed = mangle(dice, document)
        yield json.dumps(changed).encode()
        yield mangled_bytes(dice, json.dumps(document).encode())


def agree(product, reference, files):
    """What both say of each file; how many were accepted and refused."""
    seen = {True: 0, False: 0}
    for data in files:
        said = product(data)
        assert said == reference(data), data
        seen[said != REFUSED] += 1
    return seen[True], seen[False]


# Answers.


class Told:
    """A node's answers, its ledger's own state, and what both readers make of them.

    Args:
        folder: For a ledger.
    """

    def __init__(self, folder):
        home = found(folder / "home", "example.org/told")
        headers = {"content-type": "application/json"}
        with open_scribe(home) as (site, scribe):
            good, bad = scribe.wire(1), scribe.wire(1, version=9)
            answers = [
                site.ask("POST", "/v1/events", content=one, headers=headers).json()["answer"]
                for one in (good, good, bad)
            ]
            self.state = json.dumps(site.json("/v1/state/ledger/self")).encode()
            self.other = json.dumps(site.json("/v1/state/list/noticeboard:1")).encode()
            self.node = site.node.registry.ring.load("node")
        self.answers = answers
        self.policy = (home / "trust.policy").read_bytes()

    def sign(self, **members):
        """An answer of this node that says anything."""
        said = self.answers[0]["answer"] | members
        outcome = AnswerOutcome(said["outcome"])
        answer = Answer(said["code"], said["event"], said["log"], outcome, said["time"])
        return format_answer(
            SignedAnswer(answer, self.node.did, self.node.sign(answer_message(answer)))
        )

    def product(self, data, ledger=None):
        """The whole way of `muniment verify FILE --ledger FILE`."""
        question = Question(now=1_800_000_000_000)
        policy = parse_policy(self.policy)
        report = verify_file(data, policy, question, ledger=ledger or self.state)
        return REFUSED if report.failure or not report.is_authentic else report.subject

    def reference(self, data, ledger=None):
        try:
            said = independent_answer.verify_answer(data, ledger or self.state, self.policy)
        except NO:
            return REFUSED
        return said["event"]

    def product_alone(self, data):
        """Without the ledger's state, by a key that is known."""
        try:
            signed = parse_answer(decode_bundle(data, max_bytes=4096))
            verify_answer(signed, node=self.node.did, log="example.org/told")
        except LedgerError:
            return REFUSED
        return format_answer(signed)["answer"]

    def reference_alone(self, data):
        try:
            value = read_bundle(data)
            return independent_answer.check_answer(value, self.node.did, "example.org/told")
        except NO:
            return REFUSED


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("told"))


def test_both_accept_what_the_node_answered(told):
    codes = [each["answer"]["code"] for each in told.answers]
    assert codes[:2] == ["accepted", "duplicate"]
    assert codes[2] not in {"accepted", "duplicate"}
    for each in told.answers:
        data = json.dumps(each).encode()
        assert told.product(data) == told.reference(data) == each["answer"]["event"]


ANSWERED = {
    "a time of zero": ({"time": 0}, True),
    "the largest time": ({"time": 2**53 - 1}, True),
    "refused for any reason": ({"outcome": "refused", "code": "a" * 64}, True),
    "refused as accepted": ({"outcome": "refused"}, False),
    "refused as duplicate": ({"outcome": "refused", "code": "duplicate"}, False),
    "accepted for a reason": ({"code": "signature"}, False),
    "a code too long": ({"outcome": "refused", "code": "a" * 65}, False),
    "a code of another form": ({"outcome": "refused", "code": "No"}, False),
    "a code with a line feed": ({"outcome": "refused", "code": "no\n"}, False),
    "no code": ({"outcome": "refused", "code": ""}, False),
    "an event in capitals": ({"event": "AB" * 32}, False),
    "half an event": ({"event": "ab" * 16}, False),
    "another ledger": ({"log": "example.org/other"}, False),
    "no ledger": ({"log": ""}, False),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_both_say_the_same_of_what_the_node_itself_signs(told, name):
    members, is_right = ANSWERED[name]
    data = json.dumps(told.sign(**members)).encode()
    assert told.product(data) == told.reference(data)
    assert (told.product(data) != REFUSED) == is_right


def test_both_refuse_another_subject_s_state_and_no_state(told):
    data = json.dumps(told.answers[0]).encode()
    for ledger in (told.other, b"{}", told.state[:-1], told.state.replace(b"state", b"stale")):
        assert told.product(data, ledger) == told.reference(data, ledger) == REFUSED


def test_both_say_the_same_of_thousands_of_changed_answers(told):
    files = mangled_files(random.Random(24), told.answers)
    accepted, refused = agree(told.product_alone, told.reference_alone, files)
    assert refused > 1.9 * TIMES
    assert accepted < refused


def test_both_say_the_same_of_an_answer_under_hundreds_of_changed_states(told):
    dice, data = random.Random(25), json.dumps(told.answers[0]).encode()
    state = json.loads(told.state)
    changed = [json.dumps(mangle(dice, state)).encode() for _ in range(TIMES // 4)]
    changed += [mangled_bytes(dice, told.state) for _ in range(TIMES // 4)]
    for ledger in changed:
        assert told.product(data, ledger) == told.reference(data, ledger), ledger


# Forks.

POLICY = forks.shared()["policies"]["two logs"].encode()


def fork_product(data):
    try:
        opened = verify_fork(decode_fork(data), parse_policy(POLICY))
    except LedgerError:
        return REFUSED
    return [(each.body.size, each.body.root) for each in opened]


def fork_reference(data):
    try:
        policy = independent_signed.read_policy(POLICY)
        notes = independent_fork.check_fork(read_bundle(data), policy)
    except NO:
        return REFUSED
    return [(note["size"], note["root"]) for note in notes]


def test_both_are_convinced_by_every_fork_of_two_histories():
    dice, files = random.Random(1), []
    for _ in range(200):
        old = dice.randrange(forks.COMMON + 1, 40)
        files.append(json.dumps(forks._evidence(old, dice.randrange(old, 41))).encode())
    assert agree(fork_product, fork_reference, files) == (200, 0)


def test_both_say_the_same_of_thousands_of_changed_forks():
    documents = list(forks.shared()["bundles"].values())
    accepted, refused = agree(
        fork_product, fork_reference, mangled_files(random.Random(2), documents)
    )
    assert refused > 1.5 * TIMES
    assert accepted < refused


def test_both_say_the_same_of_notes_and_prefixes_put_together_at_random():
    """All signatures and all paths hold; few of them belong together."""
    dice, documents = random.Random(3), list(forks.shared()["bundles"].values())
    parts = {name: [each[name] for each in documents] for name in ("first", "second", "prefix")}
    files = [
        json.dumps(
            {
                "format": "muniment/fork/v1",
                "first": dice.choice(parts["first"] + parts["second"]),
                "second": dice.choice(parts["first"] + parts["second"]),
                "prefix": dice.choice(parts["prefix"]),
            }
        ).encode()
        for _ in range(TIMES)
    ]
    accepted, refused = agree(fork_product, fork_reference, files)
    assert accepted > 10
    assert refused > TIMES / 2


# Buckets.


def test_both_say_the_same_of_thousands_of_changed_buckets():
    dice = random.Random(26)
    maps = [SealedMap(hashes(count)) for count in (0, 1, 2, 17, 60)]
    accepted = 0
    for _ in range(TIMES):
        sealed = dice.choice(maps)
        prefix = "".join(dice.choice("0123456789abcdef") for _ in range(dice.randrange(4)))
        document = format_bucket(sealed.bucket(prefix))
        assert isinstance(sealed.judge(document), dict)
        accepted += isinstance(sealed.judge(mangle(dice, document)), dict)
    assert accepted < TIMES / 10


# Requests to a witness.

LOGS = (SmallLog(), SmallLog("example.org/other"), SmallLog(history="another "))
SIGNERS = (LOGS[0].signer, LOGS[1].signer)
STRANGER = SmallLog("example.org/unknown")


def requests(dice):
    """What honest and dishonest logs ask, some of it damaged on the way."""
    for _ in range(TIMES):
        log, old = dice.choice((*LOGS, STRANGER)), dice.randrange(24)
        size = dice.choice((old, old + 1, dice.randrange(24)))
        proof = None if dice.random() < 0.8 else log.proof(dice.randrange(24), size)
        body = log.request(old, size, proof=proof)
        yield body if dice.random() < 0.7 else mangled_bytes(dice, body)


class Pair:
    """Our witness over its HTTP application, and the other one."""

    def __init__(self, witness):
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app_of(witness)), base_url="http://witness"
        )
        self.other = IndependentWitness(*{log.signer.vkey for log in LOGS})

    async def compare(self, bodies):
        """How often each status was given."""
        seen = {}
        for body in bodies:
            answer = await self.client.post("/add-checkpoint", content=body)
            is_size = answer.headers["content-type"] == "text/x.tlog.size"
            said = (answer.status_code, int(answer.content) if is_size else None)
            assert said == self.other.add_checkpoint(body), body
            seen[said[0]] = seen.get(said[0], 0) + 1
        return seen


def test_both_witnesses_answer_thousands_of_requests_alike(tmp_path):
    with serving(tmp_path, *SIGNERS) as witness:
        seen = asyncio.run(Pair(witness).compare(steps(random.Random(4))))
    assert {200, 400, 403, 404, 409, 422} == set(seen)
    assert min(seen.values()) > 10


def test_both_witnesses_answer_each_known_mistake_alike(tmp_path):
    bodies = [*(body for _, body in mistakes.REFUSED.values()), *mistakes.MALFORMED.values()]
    short = LOGS[0].note(3).rpartition(b" ")[0] + b" AAAA\n"
    bodies += [LOGS[0].request(0, 3, note=short), LOGS[0].request(0, 3) + b"x" * 100_000]
    with serving(tmp_path, *SIGNERS) as witness:
        seen = asyncio.run(Pair(witness).compare([LOGS[0].request(0, 5), *bodies]))
    assert seen.pop(200) == 1
    assert set(seen) == {400, 403, 404, 422}


def steps(dice):
    """Random requests, and now and then one that goes on from where a log stands."""
    known = dict.fromkeys((log.origin for log in LOGS), 0)
    for count, body in enumerate(requests(dice)):
        yield body
        if count % 20 == 0:
            log = dice.choice(LOGS)
            known[log.origin] = known[log.origin] + 1
            yield log.request(known[log.origin] - 1, known[log.origin])
            yield resigned(log, dice.randrange(24))


def resigned(log, size):
    """A note whose signature is of another one."""
    note = log.note(size).replace(b"\n%d\n" % size, b"\n%d\n" % (size + 1), 1)
    return log.request(0, size, note=note)


# The other readers stand alone.


@pytest.mark.parametrize(
    "name", ["independent_answer", "independent_bucket", "independent_fork", "independent_witness"]
)
def test_the_other_readers_import_nothing_of_the_product(name):
    module = import_module(f"tests.support.{name}")
    for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
        names = [each.name for each in getattr(node, "names", [])]
        names += [getattr(node, "module", None) or ""] if isinstance(node, ast.ImportFrom) else []
        roots = {
            each.partition(".")[0]
            for each in names
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert not roots & {"ledger", "contracts", "node", "cli", "tracing"}
        for each in names:
            if isinstance(node, ast.ImportFrom) and each.startswith("tests"):
                assert each.split(".")[-1].startswith(("independent", "reference")), each
