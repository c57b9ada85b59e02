"""An auditor over the witness protocol: cosigns what it executed, and never what it found wrong."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from ledger.core.addcheckpoint import hash_origin
from ledger.core.canonical import encode_canonical
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.fork import decode_fork, verify_fork
from ledger.core.note import SignedNote, format_note, parse_note
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Log, Policy
from ledger.errors import (
    ConflictError,
    ConsistencyError,
    CorruptionError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)
from ledger.replay import DifferenceError
from node.following.auditor import open_logs
from node.following.findings import Finding, FindingError, FindingFile, describe
from node.following.source import open_signed
from tests.following.auditors import Auditor
from tests.following.nodes import founded, sealed
from tests.following.test_execution import LIES, Ticking
from tests.support.ledgers import FakeClock
from tests.support.witnesses import FixedLogs


def create(folder, operator, **settings):
    return Auditor(folder / "auditor", operator.verifier, operator.serve(), **settings)


@pytest.fixture
def auditor(operator, tmp_path):
    with create(tmp_path, operator) as made:
        yield made


def test_an_honest_log_is_cosigned_and_counts_as_audited(auditor, operator):
    opened = open_checkpoint(auditor.policy, auditor.ask(operator))
    assert opened.is_audited
    assert auditor.logs.find(operator.origin).executed().size == operator.size
    assert auditor.finding() is None


@pytest.mark.parametrize("name", LIES)
def test_each_lie_is_named_kept_and_never_cosigned(auditor, operator, name):
    auditor.ask(operator)
    cosigned = operator.size
    lie, where, what = LIES[name]
    lie(operator)
    auditor.served.show(operator)
    for _ in range(2):
        with pytest.raises(FindingError, match=where):
            auditor.ask(operator, cosigned)
    finding = auditor.finding()
    assert (finding.where, finding.what, finding.code) == (where, what, "difference")
    assert finding.notes == (operator.sign().decode(),), "signed by the log"
    note = auditor.witness.read_checkpoint(hash_origin(operator.origin))
    assert parse_signed_checkpoint(note).body.size == cosigned, "what is honest stays cosigned"


def test_a_fork_after_cosigning_is_never_cosigned_and_proved(auditor, operator):
    twin = operator.fork()
    operator.write("g")
    auditor.served.show(operator)
    auditor.ask(operator)
    twin.write("h").write("i")
    auditor.served.show(twin)
    with pytest.raises(ConsistencyError):  # the witness's own check, with an honest proof
        auditor.ask(twin, operator.size)
    with pytest.raises(ConsistencyError):  # what it sees by following
        auditor.logs.find(operator.origin).follow(1000)
    finding = auditor.finding()
    assert finding.code == "fork"
    assert set(finding.notes) == {operator.sign().decode(), twin.sign().decode()}
    evidence = auditor.logs.findings(operator.origin).evidence.read_bytes()
    verify_fork(decode_fork(evidence), Policy((Log(operator.verifier),)))


def test_a_fork_ahead_of_what_was_cosigned_is_found_by_the_gate(auditor, operator):
    """The log shows one history to who follows, and has another one cosigned."""
    old = operator.size
    auditor.ask(operator)
    twin = operator.fork()
    operator.write("g")
    auditor.served.show(operator)
    assert auditor.logs.find(operator.origin).follow(5000)
    twin.write("h").write("i")
    auditor.served.show(twin)
    with pytest.raises(FindingError):
        auditor.ask(twin, old)
    assert auditor.finding().code == "fork"


def test_nothing_is_cosigned_again_until_the_operator_clears_the_finding(auditor, operator):
    twin = operator.fork().write("x", builder=sealed(state_root=bytes(32)))
    auditor.served.show(twin)
    with pytest.raises(FindingError):
        auditor.ask(twin)
    auditor.served.show(operator)
    with pytest.raises(FindingError, match="clears"):
        auditor.ask(operator)
    auditor.logs.findings(operator.origin).clear()
    with pytest.raises(NotFoundError):
        auditor.logs.findings(operator.origin).clear()
    auditor.served.show(operator.write("y"))
    with pytest.raises(FindingError):  # the two notes still contradict each other
        auditor.ask(operator)
    assert auditor.finding().code == "fork"


def test_a_finding_outlives_the_process_and_a_damaged_one_is_not_overlooked(operator, tmp_path):
    twin = operator.fork().write("x", builder=sealed(state_root=bytes(32)))
    auditor = create(tmp_path, twin)
    with auditor, pytest.raises(FindingError):
        auditor.ask(twin)
    with auditor:
        with pytest.raises(FindingError):
            auditor.ask(operator)
        (file,) = (tmp_path / "auditor" / "findings").glob("*.json")
        file.write_bytes(file.read_bytes()[:-3])
        with pytest.raises(CorruptionError):
            auditor.ask(operator)


def test_what_is_not_executed_in_time_is_asked_for_again(operator, tmp_path):
    with create(tmp_path, operator, clock=Ticking(), budget_ms=1) as auditor:
        said = []
        for _ in range(3):
            with pytest.raises(UnavailableError) as caught:
                auditor.ask(operator)
            said.append(str(caught.value))
        assert [text.split()[1] for text in said] == ["2", "6", "9"], "further each time"
        assert open_checkpoint(auditor.policy, auditor.ask(operator)).is_audited


def test_it_goes_on_after_a_restart_from_what_it_executed(operator, tmp_path):
    auditor = create(tmp_path, operator)
    with auditor:
        auditor.ask(operator)
        old = operator.size
    operator.write("g")
    auditor.served.show(operator)
    with auditor:
        assert open_checkpoint(auditor.policy, auditor.ask(operator, old)).is_audited


def test_a_log_without_an_address_is_not_cosigned(operator, tmp_path):
    auditor = create(tmp_path, operator)
    auditor.log = Log(operator.verifier)
    with auditor, pytest.raises(NotFoundError, match="behind its key"):
        auditor.ask(operator)


def test_a_log_that_is_not_to_be_had_is_not_cosigned(auditor, operator):
    for path in ("tile/0/000.p/11", "tile/entries/000.p/11"):
        auditor.served.lies[path] = UnavailableError("nobody answers")
        with pytest.raises(UnavailableError):
            auditor.ask(operator)
        auditor.served.lies.clear()
    assert auditor.finding() is None


def test_many_who_ask_at_once_all_get_the_cosignature(auditor, operator):
    with ThreadPoolExecutor(8) as pool:
        notes = list(pool.map(lambda _: ask_patiently(auditor, operator), range(8)))
    assert all(open_checkpoint(auditor.policy, note).is_audited for note in notes)
    assert auditor.logs.find(operator.origin).executed().size == operator.size


def ask_patiently(auditor, operator):
    """As a log does: what another has cosigned meanwhile is where the proof begins."""
    try:
        return auditor.ask(operator)
    except ConflictError as exc:
        return auditor.ask(operator, exc.size_now)


def test_who_asks_while_another_executes_waits_no_longer_than_its_time(operator, tmp_path):
    with create(tmp_path, operator, budget_ms=50) as auditor:
        audited = auditor.logs.find(operator.origin)
        with audited._turn, pytest.raises(UnavailableError, match="being executed"):
            auditor.ask(operator)
        assert open_checkpoint(auditor.policy, auditor.ask(operator)).is_audited


def test_what_is_wrong_with_one_log_holds_up_no_other(operator, tmp_path):
    other = founded(tmp_path / "other")
    lying = operator.fork().write("x", builder=sealed(state_root=bytes(32)))
    served = {lying.origin: lying.serve(), other.origin: other.serve()}
    known = FixedLogs([Log(each.verifier, b"http://a.example") for each in (lying, other)])
    folder = tmp_path / "auditor"
    with open_logs(folder, known, lambda log: served[log.key.name], FakeClock()) as logs:
        for _ in range(2):
            with pytest.raises(VerificationError):
                logs.follow(5000)
        assert logs.find(other.origin).executed().size == other.size
        assert logs.find(other.origin).finding() is None
        assert logs.find(lying.origin).finding() is not None


def test_a_key_that_is_added_while_it_serves_is_known_at_once(operator, tmp_path):
    old, served, lines = operator.verifier, operator.serve(), []

    class Changing(FixedLogs):
        def find(self, origin):
            return [log for log in lines if log.key.name == origin]

        def all(self):
            return lines

    lines.append(Log(old, b"http://a.example"))
    with open_logs(tmp_path / "auditor", Changing(lines), lambda _: served, FakeClock()) as logs:
        assert logs.follow(5000)
        operator.rotate()
        served.show(operator.write("after"))
        with pytest.raises(VerificationError):
            logs.follow(5000)
        lines.append(Log(operator.verifier))
        assert logs.follow(5000)
        assert logs.find(operator.origin).executed().size == operator.size


def without_line(note, key):
    """The note without the signature of a key: anybody can leave a line out."""
    signed = parse_note(note)
    kept = [line for line in signed.signatures if line.key_id != key.key_id]
    assert len(kept) == len(signed.signatures) - 1
    return format_note(SignedNote(signed.text, tuple(kept)))


@pytest.mark.parametrize("left_out", ["old", "new"])
def test_who_leaves_out_one_of_the_two_signatures_of_a_change_convicts_nobody(
    operator, tmp_path, left_out
):
    old = operator.verifier
    with create(tmp_path, operator) as auditor:
        both = operator.rotate()
        auditor.served.show(operator, both)
        auditor.witness.logs = FixedLogs([Log(old), Log(operator.verifier)])
        shown = without_line(both, old if left_out == "old" else operator.verifier)
        with pytest.raises(VerificationError, match="without the signature"):
            auditor.ask_for(shown, operator.store)
        assert auditor.finding() is None
        auditor.ask_for(both, operator.store)


# the file of a finding


FINDING = Finding(
    origin="example.org/a",
    code="difference",
    message="leaf 3: leaf should be a seal, but is one more entry",
    where="leaf 3",
    what="leaf",
    expected="a seal",
    found="one more entry",
    notes=("one\n",),
    time=1_763_800_000_000,
)
MANGLINGS = {
    "another format": lambda c: c | {"format": "muniment/finding/v2"},
    "a member more": lambda c: c | {"more": "x"},
    "a member less": lambda c: {name: c[name] for name in c if name != "where"},
    "a text that is a number": lambda c: c | {"where": 3},
    "a time that is a text": lambda c: c | {"time": "3"},
    "a time that is a truth": lambda c: c | {"time": True},
    "notes that are a text": lambda c: c | {"notes": "one"},
    "a note that is a number": lambda c: c | {"notes": [1]},
    "a list": lambda c: [c],
}


def test_a_finding_is_read_as_it_was_kept_and_the_first_one_stays(tmp_path):
    file = FindingFile(tmp_path / "one.json")
    assert file.read() is None
    file.check()
    file.keep(FINDING, b"evidence")
    file.keep(replace(FINDING, message="another"), b"other")
    assert file.read() == FINDING
    assert file.evidence.read_bytes() == b"evidence"
    with pytest.raises(FindingError, match="one more entry"):
        file.check()
    file.clear()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", MANGLINGS)
def test_a_mangled_finding_is_not_taken_for_none(tmp_path, name):
    mangled = MANGLINGS[name](dict(FINDING.document()))
    (tmp_path / "one.json").write_bytes(encode_canonical(mangled))
    with pytest.raises(CorruptionError, match="put the file back"):
        FindingFile(tmp_path / "one.json").check()


def test_words_from_a_log_are_made_harmless(operator):
    error = DifferenceError("leaf 1", "event", expected="a\u202eb", found="x" * 5000)
    made = describe(error, open_signed(operator.sign(), [operator.verifier]), 5)
    assert (made.expected, len(made.found)) == ("a\ufffdb", 2000)
    encode_canonical(made.document())
