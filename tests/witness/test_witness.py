"""The witness as others see it: over HTTP, in the order of checks and with the answers of the text."""

import asyncio
import json
import threading
from base64 import b64encode
from contextlib import ExitStack
from hashlib import sha256
from itertools import pairwise

import httpx2
import pytest

from ledger.core.addcheckpoint import hash_origin
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.cosignature import decode_cosignature, verify_cosignature
from ledger.core.fork import decode_fork, verify_fork
from ledger.core.note import parse_note
from ledger.core.policy import Log, Policy
from ledger.errors import (
    ConflictError,
    CorruptionError,
    ForkError,
    NotFoundError,
    StoreFailedError,
    UnavailableError,
    VerificationError,
)
from ledger.keys import SigningKey
from node.witness.book import MAX_EVIDENCE, Book, open_book
from node.witness.keys import WitnessKey
from node.witness.witness import Witness
from tests.support.ledgers import FakeClock
from tests.support.note_signers import log_signer, mldsa_signer, note_bytes, spoil, witness_signer
from tests.support.shared import cases
from tests.support.witnesses import NAME, FixedLogs, SmallLog, app_of, serving, witness_key

LOG = SmallLog()
OTHER = SmallLog("example.org/other")
FORKED = SmallLog(history="another ")
KEY = witness_key().verifier


@pytest.fixture
def witness(tmp_path):
    with serving(tmp_path, LOG.signer, OTHER.signer) as made:
        yield made


def call(witness, method, path, content=b"", **headers):
    """One request over the real application, in this process."""

    async def send():
        transport = httpx2.ASGITransport(app_of(witness))
        async with httpx2.AsyncClient(transport=transport, base_url="http://witness") as client:
            return await client.request(method, path, content=content, headers=headers)

    return asyncio.run(send())


def add(witness, body):
    return call(witness, "POST", "/add-checkpoint", body)


def grow(witness, *sizes, log=LOG):
    """Have a log cosigned at one size after the other."""
    old = 0
    for size in sizes:
        answer = add(witness, log.request(old, size))
        assert answer.status_code == 200, answer.text
        old = size
    return answer


def cosignature(answer, text):
    """The one line of an answer, verified under a text."""
    note = parse_note(text.encode() + b"\n" + answer.content)
    (line,) = note.signatures
    verify_cosignature(KEY, text, line)
    return decode_cosignature(line.signature, KEY.algorithm)


def size_of(answer):
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "text/x.tlog.size"
    return answer.content


def test_a_first_checkpoint_is_cosigned_at_the_current_second(witness):
    answer = add(witness, LOG.request(0, 5))
    assert answer.status_code == 200
    assert answer.content.startswith("— witness.example/w1 ".encode())
    assert cosignature(answer, LOG.text(5)).timestamp == FakeClock().now() // 1000


@pytest.mark.parametrize("old", [1, 2, 3, 4, 5, 8, 12])
def test_a_log_that_grows_is_cosigned_all_the_way(witness, old):
    grow(witness, old)
    for before, after in pairwise([old, 13, 16, 21]):
        answer = add(witness, LOG.request(before, after))
        assert cosignature(answer, LOG.text(after))


def test_the_tree_without_leaves_may_be_cosigned(witness):
    assert cosignature(add(witness, LOG.request(0, 0)), LOG.text(0))
    assert cosignature(add(witness, LOG.request(0, 3)), LOG.text(3))


def test_the_same_checkpoint_is_cosigned_again_at_a_later_second(tmp_path):
    clock = FakeClock()
    with serving(tmp_path, LOG.signer, clock=clock) as witness:
        first = cosignature(grow(witness, 5), LOG.text(5))
        clock.pass_time(7000)
        again = cosignature(add(witness, LOG.request(5, 5)), LOG.text(5))
    assert again.timestamp == first.timestamp + 7


def test_a_clock_of_1970_states_a_time_nonetheless(tmp_path):
    with serving(tmp_path, LOG.signer, clock=FakeClock(0)) as witness:
        assert cosignature(grow(witness, 5), LOG.text(5)).timestamp == 1


def test_time_never_goes_back_for_a_log_even_in_the_next_process(tmp_path):
    clock = FakeClock()
    with serving(tmp_path, LOG.signer, clock=clock) as witness:
        first = cosignature(grow(witness, 5), LOG.text(5))
        clock.set_by(-3600_000)
        assert cosignature(add(witness, LOG.request(5, 6)), LOG.text(6)).timestamp == (
            first.timestamp
        )
    with serving(tmp_path, LOG.signer, clock=clock) as witness:
        answer = add(witness, LOG.request(6, 9))
        assert cosignature(answer, LOG.text(9)).timestamp == first.timestamp


def test_extension_lines_are_cosigned_with_the_rest(witness):
    text = LOG.text(4, "an extension", "— that looks like a signature")
    note = note_bytes(text, LOG.signer.sign(text))
    assert cosignature(add(witness, LOG.request(0, 4, note=note)), text)


def test_signatures_of_unknown_keys_are_ignored_and_not_kept(witness):
    text = LOG.text(4)
    stranger = witness_signer("stranger.example").sign(text, 1)
    answer = add(witness, LOG.request(0, 4, note=LOG.note(4, stranger, spoil(stranger))))
    assert answer.status_code == 200
    kept = witness.read_checkpoint(hash_origin(LOG.origin))
    assert {line.name for line in parse_note(kept).signatures} == {LOG.origin, NAME}


def test_a_log_that_signs_with_ml_dsa_is_cosigned(tmp_path):
    signer = mldsa_signer("example.org/pq")
    log = SmallLog(signer.name)
    text = log.text(3)
    with serving(tmp_path, signer) as witness:
        note = note_bytes(text, signer.sign(text))
        assert cosignature(add(witness, log.request(0, 3, note=note)), text)


def test_any_of_several_keys_of_a_log_is_enough(tmp_path):
    newer = SmallLog(LOG.origin, "the next key")
    with serving(tmp_path, LOG.signer, newer.signer) as witness:
        grow(witness, 4)
        assert add(witness, newer.request(4, 6)).status_code == 200
        text = LOG.text(7)
        both = note_bytes(text, LOG.signer.sign(text), newer.signer.sign(text))
        assert add(witness, LOG.request(6, 7, note=both)).status_code == 200


# In the order of the text: 404, 403, 400, 409, 422.


def resign(size, signer, log=LOG):
    text = log.text(size)
    return note_bytes(text, signer.sign(text))


UNKNOWN = SmallLog("example.org/unknown")
REFUSED = {
    "an unknown log": (404, UNKNOWN.request(0, 3)),
    "an unknown log, whatever else is wrong": (404, UNKNOWN.request(9, 3)),
    "a key that is not trusted": (403, LOG.request(5, 6, note=resign(6, log_signer(LOG.origin, "x")))),
    "another log's key": (403, LOG.request(5, 6, note=resign(6, OTHER.signer))),
    "a signature that does not verify": (
        403,
        LOG.request(5, 6, note=note_bytes(LOG.text(6), spoil(LOG.signer.sign(LOG.text(6))))),
    ),
    "no signature of the log, and a wrong old size": (
        403,
        LOG.request(9, 6, note=resign(6, OTHER.signer)),
    ),
    "an old size beyond the checkpoint": (400, LOG.request(7, 6)),
    "an old size beyond, which is not the known one either": (400, LOG.request(10, 6)),
    "a proof from the right size that is wrong": (422, LOG.request(5, 8, proof=LOG.proof(4, 8))),
    "no proof": (422, LOG.request(5, 8, proof=[])),
    "a proof too long": (422, LOG.request(5, 8, proof=[*LOG.proof(5, 8), bytes(32)])),
    "a proof for the same size": (422, LOG.request(5, 5, proof=[bytes(32)])),
    "another history": (422, FORKED.request(5, 8)),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_own_status_and_nothing_changed(witness, name):
    status, body = REFUSED[name]
    grow(witness, 5)
    before = witness.read_checkpoint(hash_origin(LOG.origin))
    answer = add(witness, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.content)["status"] == status
    assert witness.read_checkpoint(hash_origin(LOG.origin)) == before


@pytest.mark.parametrize("old", [0, 3, 6])
def test_another_old_size_is_answered_with_the_known_one(witness, old):
    grow(witness, 5)
    assert size_of(add(witness, LOG.request(old, 8))) == b"5\n"


def test_the_old_size_counts_before_the_proof(witness):
    grow(witness, 5)
    assert size_of(add(witness, LOG.request(4, 8, proof=[bytes(32)]))) == b"5\n"


def test_a_log_never_cosigned_is_at_size_zero(witness):
    assert size_of(add(witness, LOG.request(3, 8))) == b"0\n"
    assert add(witness, LOG.request(0, 8, proof=[bytes(32)])).status_code == 422


def test_an_older_checkpoint_is_never_cosigned(witness):
    grow(witness, 5, 8)
    assert size_of(add(witness, LOG.request(5, 6))) == b"8\n"
    assert size_of(add(witness, LOG.request(0, 5))) == b"8\n"
    assert add(witness, LOG.request(8, 5)).status_code == 400


def test_the_same_size_with_another_root_is_a_conflict_without_a_size(witness):
    grow(witness, 5)
    answer = add(witness, FORKED.request(5, 5))
    assert answer.status_code == 409
    assert json.loads(answer.content)["code"] == "fork"


MALFORMED = {
    "nothing": b"",
    "no blank line": LOG.request(0, 3).replace(b"\n\n", b"\n"),
    "no old line": LOG.request(0, 3).removeprefix(b"old 0\n"),
    "an old size with a zero in front": LOG.request(0, 3).replace(b"old 0", b"old 00"),
    "an old size with a sign": LOG.request(0, 3).replace(b"old 0", b"old +0"),
    "an old size of other digits": LOG.request(0, 3).replace(b"old 0", "old ٠".encode()),
    "an old size of 2**63": LOG.request(0, 3).replace(b"old 0", b"old %d" % 2**63),
    "two blanks": LOG.request(0, 3).replace(b"old 0", b"old  0"),
    "a line feed before": b"\n" + LOG.request(0, 3),
    "carriage returns": LOG.request(5, 8).replace(b"\n", b"\r\n", 1),
    "a hash of 31 bytes": LOG.request(5, 8, proof=[bytes(31)]),
    "a hash in url-safe base64": LOG.request(5, 8, proof=[b"\xff" * 32]).replace(b"/", b"_"),
    "a hash without padding": LOG.request(5, 8, proof=[bytes(32)]).replace(b"=\n\n", b"\n\n"),
    "64 hashes": LOG.request(5, 8, proof=[bytes(32)] * 64),
    "a note without signatures": LOG.request(0, 3).rsplit("—".encode(), 1)[0],
    "a note cut off": LOG.request(0, 3)[:-1],
    "a note with 65 signatures": LOG.request(
        0, 3, note=LOG.note(3) + b"".join([LOG.note(3).split(b"\n\n")[1]] * 64)
    ),
    "a root of 31 bytes": LOG.request(0, 3).replace(
        LOG.text(3).split("\n")[2].encode(), b64encode(bytes(31))
    ),
    "not UTF-8": LOG.request(0, 3).replace(b"example", b"ex\xffmple"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_is_400(witness, name):
    answer = add(witness, MALFORMED[name])
    assert answer.status_code == 400, answer.text
    assert add(witness, LOG.request(0, 3)).status_code == 200


def test_a_request_too_long_is_400_before_it_is_read_to_the_end(witness):
    assert add(witness, LOG.request(0, 3) + b"x" * 100_000).status_code == 400


def test_63_hashes_are_within_the_form(witness):
    grow(witness, 5)
    assert add(witness, LOG.request(5, 8, proof=[bytes(32)] * 63)).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/add-checkpoint", 405),
        ("PUT", "/add-checkpoint", 405),
        ("POST", f"/{hash_origin(LOG.origin)}/checkpoint", 405),
        ("GET", f"/{hash_origin('example.org/unknown')}/checkpoint", 404),
        ("GET", f"/{hash_origin(LOG.origin)}/checkpoint", 404),
        ("GET", f"/{hash_origin(LOG.origin).upper()}/checkpoint", 404),
        ("GET", f"/{hash_origin(LOG.origin)}/checkpoint/", 404),
        ("GET", "/../witness.key", 404),
        ("GET", "/", 404),
    ],
)
def test_other_paths_and_methods_are_not_there(witness, method, path, status):
    answer = call(witness, method, path)
    assert answer.status_code == status
    assert ("allow" in answer.headers) == (status == 405)


# For monitors.


def test_monitors_get_the_newest_note_with_both_signatures(witness):
    grow(witness, 5, 9)
    grow(witness, 2, log=OTHER)
    for log, size in ((LOG, 9), (OTHER, 2)):
        answer = call(witness, "GET", f"/{sha256(log.origin.encode()).hexdigest()}/checkpoint")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        text, _, lines = answer.content.decode().partition("\n\n")
        assert f"{text}\n" == log.text(size)
        assert [line.split()[1] for line in lines.splitlines()] == [log.origin, NAME]
    head = call(witness, "HEAD", f"/{hash_origin(LOG.origin)}/checkpoint")
    assert (head.status_code, head.content) == (200, b"")


def test_health_and_what_was_done_are_told(witness):
    grow(witness, 5)
    add(witness, LOG.request(3, 9))
    add(witness, b"")
    assert call(witness, "GET", "/healthz").content == b"ok\n"
    metrics = call(witness, "GET", "/metrics").text
    for line in ('{outcome="cosigned"} 1', '{outcome="conflict"} 1', '{outcome="malformed"} 1'):
        assert f"muniment_witness_outcomes_total{line}" in metrics
    assert "muniment_witness_logs 2" in metrics


# What is kept, and when.


def test_the_next_process_knows_what_was_cosigned(tmp_path):
    with serving(tmp_path, LOG.signer) as witness:
        grow(witness, 5)
    with serving(tmp_path, LOG.signer) as witness:
        assert size_of(add(witness, LOG.request(0, 8))) == b"5\n"
        assert add(witness, LOG.request(5, 8)).status_code == 200


def test_it_is_on_disk_before_the_cosignature_is_given_away(tmp_path):
    with serving(tmp_path, LOG.signer) as witness:
        answer = grow(witness, 5)
        kept = (tmp_path / "seen" / hash_origin(LOG.origin)).read_bytes()
    assert kept.endswith(answer.content)
    assert kept == LOG.note(5) + answer.content


def test_nothing_is_given_away_that_could_not_be_written(tmp_path):
    with serving(tmp_path, LOG.signer) as witness:
        grow(witness, 5)
        seen = tmp_path / "seen"
        seen.rename(tmp_path / "gone")
        answer = add(witness, LOG.request(5, 8))
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert str(tmp_path) not in answer.text
        (tmp_path / "gone").rename(seen)
        assert add(witness, LOG.request(5, 8)).status_code == 200


DAMAGES = {
    "cut off": lambda note: note[:-1],
    "empty": lambda note: b"",
    "another size": lambda note: note.replace(b"\n5\n", b"\n4\n"),
    "without our line": lambda note: LOG.note(5),
    "of another witness": lambda note: LOG.note(
        5, witness_signer("other.example").sign(LOG.text(5), 1)
    ),
    "too long": lambda note: note * 1000,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_note_is_never_believed(tmp_path, name):
    with serving(tmp_path, LOG.signer) as witness:
        grow(witness, 5)
    path = tmp_path / "seen" / hash_origin(LOG.origin)
    path.write_bytes(DAMAGES[name](path.read_bytes()))
    with serving(tmp_path, LOG.signer) as witness:
        answer = add(witness, LOG.request(5, 8))
        assert answer.status_code == 500
        assert "witness wrote" not in answer.text
        with pytest.raises(CorruptionError, match="not as this witness wrote it"):
            witness.add_checkpoint(LOG.request(5, 8))


def test_a_note_of_another_log_is_not_taken_for_ours(tmp_path):
    with serving(tmp_path, LOG.signer, OTHER.signer) as witness:
        grow(witness, 5)
    seen = tmp_path / "seen"
    (seen / hash_origin(LOG.origin)).rename(seen / hash_origin(OTHER.origin))
    with serving(tmp_path, LOG.signer, OTHER.signer) as witness:
        assert add(witness, OTHER.request(0, 8)).status_code == 500


def test_a_second_process_is_locked_out(tmp_path):
    with (
        serving(tmp_path, LOG.signer),
        pytest.raises(UnavailableError, match="another process is using this witness"),
        open_book(tmp_path, KEY),
    ):
        pass


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_crash_while_writing_leaves_the_note_before_or_after(tmp_path, monkeypatch, at):
    class Crash(BaseException):
        pass

    keep = Book.keep

    def crash(self, seen):
        if at == "after":
            keep(self, seen)
        raise Crash

    with serving(tmp_path, LOG.signer) as witness:
        grow(witness, 5)
        monkeypatch.setattr(Book, "keep", crash)
        with pytest.raises(Crash):
            witness.add_checkpoint(LOG.request(5, 8))
    monkeypatch.undo()
    with serving(tmp_path, LOG.signer) as witness:
        expected = b"8\n" if at == "after" else b"5\n"
        assert size_of(add(witness, LOG.request(0, 9))) == expected


# Concurrency.


def test_of_many_that_extend_one_checkpoint_exactly_one_wins(tmp_path):
    bodies = [LOG.request(5, size) for size in range(6, 22)]
    with serving(tmp_path, LOG.signer) as witness:
        grow(witness, 5)
        answers = at_once(witness, bodies)
        won = [index for index, answer in enumerate(answers) if isinstance(answer, bytes)]
        assert len(won) == 1
        assert size_of(add(witness, LOG.request(0, 30))) == b"%d\n" % (6 + won[0])


def test_histories_that_contradict_each_other_are_never_both_cosigned(tmp_path):
    logs = [SmallLog(history=f"{n} ") for n in range(8)]
    with serving(tmp_path, LOG.signer) as witness:
        answers = at_once(witness, [log.request(0, 7) for log in logs])
        assert sum(isinstance(answer, bytes) for answer in answers) == 1


def test_several_logs_are_cosigned_side_by_side(tmp_path):
    logs = [SmallLog(f"example.org/{n}") for n in range(12)]
    with serving(tmp_path, *(log.signer for log in logs)) as witness:
        answers = at_once(witness, [log.request(0, 7) for log in logs])
        assert all(isinstance(answer, bytes) for answer in answers)


def at_once(witness, bodies):
    """What many threads get that all start together."""
    answers = [None] * len(bodies)
    barrier = threading.Barrier(len(bodies))

    def ask(index):
        barrier.wait(10)
        try:
            answers[index] = witness.add_checkpoint(bodies[index])
        except (ConflictError, ForkError) as exc:
            answers[index] = exc

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return answers


# Evidence.


def evidence(folder, kind):
    return sorted((folder / "evidence").glob(f"*.{kind}"))


@pytest.mark.parametrize("old", [5, 0, 3])
def test_a_fork_of_one_size_is_kept_as_evidence_that_convicts(tmp_path, old):
    with serving(tmp_path, LOG.signer) as witness:
        grow(witness, 5)
        assert add(witness, FORKED.request(old, 5)).status_code == 409
        assert add(witness, FORKED.request(old, 5)).status_code == 409
        assert witness.counts["evidence.fork"] == 1
    (path,) = evidence(tmp_path, "fork")
    first, second = verify_fork(decode_fork(path.read_bytes()), Policy((Log(LOG.signer.key),)))
    assert (first.body.size, second.body.size) == (5, 5)
    assert first.body.root != second.body.root


def test_what_the_log_signed_without_a_proof_is_kept_too(tmp_path):
    with serving(tmp_path, LOG.signer) as witness:
        grow(witness, 5)
        assert add(witness, FORKED.request(5, 8)).status_code == 422
    (path,) = evidence(tmp_path, "unproved")
    assert path.read_bytes() == FORKED.note(8)


def test_evidence_is_bounded_and_forks_are_not_crowded_out(tmp_path):
    with serving(tmp_path, LOG.signer) as witness:
        grow(witness, 5)
        for size in range(6, 8 + MAX_EVIDENCE):
            assert add(witness, LOG.request(5, size, proof=[])).status_code == 422
        assert add(witness, FORKED.request(5, 5)).status_code == 409
    assert len(evidence(tmp_path, "unproved")) == MAX_EVIDENCE
    assert len(evidence(tmp_path, "fork")) == 1


def test_nothing_is_kept_of_whoever_is_not_the_log(tmp_path):
    with serving(tmp_path, LOG.signer) as witness:
        grow(witness, 5)
        for status, body in REFUSED.values():
            if status in {400, 403, 404}:
                add(witness, body)
        add(witness, LOG.request(3, 9))
    assert evidence(tmp_path, "*") == []


# The gate, for auditors.


class Gate:
    def __init__(self, error=None):
        self.error = error
        self.asked = []

    def admit(self, checkpoint, log):
        self.asked.append((checkpoint.size, log.key.name))
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (UnavailableError("executed 3 of 5 leaves so far"), 503, True),
        (VerificationError("leaf 3: event should be one that the rules accept"), 403, False),
    ],
)
def test_what_the_gate_does_not_admit_is_not_stored(tmp_path, error, status, retry):
    gate = Gate(error)
    with serving(tmp_path, LOG.signer, gate=gate) as witness:
        answer = add(witness, LOG.request(0, 5))
        assert answer.status_code == status
        assert ("retry-after" in answer.headers) == retry
        assert str(error) in json.loads(answer.content)["detail"]
        with pytest.raises(NotFoundError):
            witness.read_checkpoint(hash_origin(LOG.origin))
        gate.error = None
        assert add(witness, LOG.request(0, 5)).status_code == 200
    assert gate.asked == [(5, LOG.origin)] * 2


def test_the_gate_is_not_asked_for_what_is_refused_anyway(tmp_path):
    gate = Gate()
    with serving(tmp_path, LOG.signer, gate=gate) as witness:
        grow(witness, 5)
        gate.asked.clear()
        for _, body in REFUSED.values():
            add(witness, body)
    assert gate.asked == []


def test_what_came_first_while_the_gate_was_busy_counts(tmp_path):
    with ExitStack() as stack:
        witness = None

        class Overtaken:
            def admit(self, checkpoint, log):
                if checkpoint.size == 8:
                    witness.add_checkpoint(LOG.request(5, 9))

        witness = stack.enter_context(serving(tmp_path, LOG.signer, gate=Overtaken()))
        grow(witness, 5)
        assert size_of(add(witness, LOG.request(5, 8))) == b"9\n"


# Against others.


@pytest.mark.parametrize(
    "vector", cases("c2sp/cosignatures.json", lambda loaded: loaded["origin_hash"])
)
def test_logs_are_named_as_others_name_them(vector):
    assert hash_origin(vector["origin"]) == vector["sha256_hex"]


@pytest.mark.parametrize(
    "vector",
    cases("c2sp/cosignatures.json", lambda loaded: loaded["vectors"]),
    ids=lambda vector: vector["name"],
)
def test_a_known_key_signs_what_it_has_signed_elsewhere(vector):
    key = WitnessKey(vector["name"], SigningKey(sha256(vector["seed_string"].encode()).digest()))
    assert key.vkey == vector["vkey"]
    signed = parse_signed_checkpoint(vector["checkpoint"].encode())
    assert key.cosign(signed.note.text, vector["timestamp"]) in signed.note.signatures


def test_a_failed_read_is_not_taken_for_nothing_seen(tmp_path):
    with serving(tmp_path, LOG.signer) as witness:
        grow(witness, 5)
    with open_book(tmp_path, KEY) as book:
        path = tmp_path / "seen" / hash_origin(LOG.origin)
        path.unlink()
        path.mkdir()
        witness = Witness(book, witness_key(), FixedLogs([Log(LOG.signer.key)]))
        with pytest.raises(StoreFailedError):
            witness.add_checkpoint(LOG.request(0, 8))
