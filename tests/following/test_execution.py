"""A log executed again from afar: an honest one passes, each lie is named, nobody else is accused."""

from contextlib import closing
from dataclasses import replace

import pytest

from ledger.core.fork import decode_fork, verify_fork
from ledger.core.policy import Log, Policy
from ledger.errors import (
    AnswerError,
    CorruptionError,
    ForkError,
    SignatureError,
    UnavailableError,
)
from ledger.keys import SigningKey
from ledger.replay import DifferenceError
from ledger.storage.sqlite import SqliteStore, create_store
from node.following.auditor import program_rules
from node.following.execution import Execution, UnknownRulesError
from node.following.source import LogSource, open_signed
from tests.following.nodes import BackInTime, Lenient, WithoutHistory, sealed
from tests.support.ledgers import FakeClock


@pytest.fixture
def scratch(tmp_path):
    with closing(create_store(tmp_path / "executed.db")) as store:
        yield store


class Audit:
    """An execution of what an operator serves."""

    def __init__(self, operator, store, clock=None, rules=None):
        self.served = operator.serve()
        self.source = LogSource(self.served, [operator.verifier])
        self.execution = Execution(
            store, self.source, rules or program_rules(), clock or FakeClock()
        )

    def __call__(self, budget_ms=10_000):
        return self.execution.advance(self.source.fetch_newest(), budget_ms)


def test_an_honest_log_is_executed_to_its_very_root(operator, scratch):
    assert Audit(operator, scratch)()
    head = operator.store.read_head()
    assert scratch.read_head() == head


def test_it_goes_on_where_it_was_and_fetches_nothing_twice(operator, scratch, tmp_path):
    assert Audit(operator, scratch)()
    scratch.close()
    operator.write("g", "h")
    with closing(SqliteStore(tmp_path / "executed.db")) as again:
        assert Audit(operator, again)()
        assert again.read_head() == operator.store.read_head()


class Ticking(FakeClock):
    """Each look takes a second."""

    def monotonic(self):
        self.pass_time(1000)
        return super().monotonic()


def test_it_stops_when_its_time_is_over_and_goes_on_from_there(operator, scratch):
    audit = Audit(operator, scratch, Ticking())
    reached = [audit(0) for _ in range(4)]
    assert reached == [False, False, False, True]


def test_an_older_checkpoint_of_the_same_history_is_confirmed(operator, scratch):
    old = operator.sign()
    operator.write("g")
    audit = Audit(operator, scratch)
    assert audit()
    assert audit.execution.advance(open_signed(old, [operator.verifier]), 0)


def suspended(operator):
    """The party g, which can be suspended once."""
    event, party = operator.enrol("g")
    operator.write(event)
    return party


LIES = {
    "a wrong state root": (
        lambda o: o.write("x", builder=sealed(state_root=bytes(32))),
        "seal at leaf 12",
        "state.root",
    ),
    "a wrong number of subjects": (
        lambda o: o.write("x", builder=sealed(state_size=lambda n: n + 1)),
        "seal at leaf 12",
        "state.size",
    ),
    "an omitted history leaf": (
        lambda o: o.write(o.suspend(suspended(o)), builder=WithoutHistory),
        "seal at leaf 14",
        "state.root",
    ),
    "an accepted event that the rules refuse": (
        lambda o: suspend_twice(o, suspended(o)),
        "leaf 15",
        "event",
    ),
    "an entry earlier than the one before it": (
        lambda o: o.write("x", "y", builder=BackInTime),
        "leaf 12",
        "time",
    ),
    "a wrong count": (
        lambda o: o.write("x", builder=sealed(count=lambda n: n + 1)),
        "seal at leaf 12",
        "count",
    ),
    "a seal that names another seal before it": (
        lambda o: o.write("x", builder=sealed(prev=b"1" * 32)),
        "seal at leaf 12",
        "prev",
    ),
    "a seal of a later time": (
        lambda o: o.write("x", builder=sealed(time=lambda ms: ms + 5)),
        "seal at leaf 12",
        "time",
    ),
}


def suspend_twice(operator, party):
    operator.write(operator.suspend(party))
    operator.write(operator.suspend(party), rules=Lenient())


@pytest.mark.parametrize("name", LIES)
def test_each_lie_that_the_log_signed_is_named_where_it_is(operator, scratch, name):
    lie, where, what = LIES[name]
    honest = operator.size
    lie(operator)
    audit = Audit(operator, scratch)
    for _ in range(2):
        with pytest.raises(DifferenceError) as caught:
            audit()
        assert (caught.value.where, caught.value.what) == (where, what)
    assert scratch.read_head().size >= honest, "what is right stays executed"


@pytest.mark.parametrize("name", LIES)
def test_each_lie_is_found_also_below_honest_blocks(operator, scratch, name):
    lie, where, _ = LIES[name]
    lie(operator)
    operator.write("after")
    with pytest.raises(DifferenceError) as caught:
        Audit(operator, scratch)()
    assert caught.value.where == where


def test_a_checkpoint_within_a_block_is_no_checkpoint(operator, scratch):
    audit = Audit(operator, scratch)
    audit.served.note = operator.sign(size=operator.size - 1)
    with pytest.raises(DifferenceError, match="seal"):
        audit()
    audit.served.note = operator.sign()
    assert audit()
    audit.served.note = operator.sign(size=operator.size - 1)
    with pytest.raises(DifferenceError, match="end of a block"):
        audit()


def test_a_ledger_that_names_another_log_key_is_found_out(operator, scratch):
    operator.key = SigningKey(bytes(32))
    operator.verifier = replace_key(operator.verifier, operator.key)
    with pytest.raises(DifferenceError) as caught:
        Audit(operator, scratch)()
    assert caught.value.what == "log key"


def test_a_log_that_changes_its_key_is_followed_across_the_change(operator, scratch):
    old = operator.verifier
    audit = Audit(operator, scratch)
    assert audit()
    audit.served.show(operator, operator.rotate())
    assert audit(), "both keys have signed, and the old one is known"
    audit.execution.change_source(LogSource(audit.served, [old, operator.verifier]))
    audit.served.show(operator.write("after"))
    target = open_signed(audit.served.note, [operator.verifier])
    assert audit.execution.advance(target, 10_000)


def test_the_old_key_alone_signs_nothing_after_the_change(operator, scratch):
    old, key = operator.verifier, operator.key
    operator.rotate()
    operator.write("after")
    operator.key, operator.verifier = key, old
    with pytest.raises(DifferenceError) as caught:
        Audit(operator, scratch)()
    assert caught.value.what == "log key"


def replace_key(verifier, key):
    from ledger.core.note import create_verifier_key

    return create_verifier_key(verifier.name, verifier.algorithm, key.public_key)


# forks


def forked(operator, *, ours, theirs):
    """Two operators whose logs are the same but for the newest blocks."""
    twin = operator.fork()
    for name in ours:
        operator.write(name)
    for name in theirs:
        twin.write(f"other {name}")
    return twin


@pytest.mark.parametrize(
    ("ours", "theirs"), [("g", "h"), ("g", "hi"), ("gh", "i")], ids=["same", "longer", "shorter"]
)
def test_another_history_is_a_fork_with_evidence_that_convinces_anyone(
    operator, scratch, ours, theirs
):
    twin = forked(operator, ours=ours, theirs=theirs)
    audit = Audit(operator, scratch)
    assert audit()
    audit.served.show(twin)
    with pytest.raises(ForkError) as caught:
        audit()
    assert {caught.value.old, caught.value.new} == {o.sign().decode() for o in (operator, twin)}
    verify_fork(decode_fork(caught.value.evidence), Policy((Log(operator.verifier),)))


def test_a_fork_below_what_is_half_executed_is_found(operator, scratch):
    twin = operator.fork()
    operator.write("g").write("h")
    twin.write("i").write("j").write("k")
    audit = Audit(operator, scratch, Ticking())
    assert not audit(0)
    audit.served.show(twin)
    with pytest.raises(ForkError):
        audit()


def test_a_smaller_checkpoint_than_one_that_is_known_has_to_be_within_it(operator, scratch):
    """What is half executed says nothing yet; the note that it was begun for does."""
    twin = operator.fork().write("j")
    operator.write("g").write("h").write("i")
    within = operator.sign(size=operator.size - 2)
    audit = Audit(operator, scratch, Ticking())
    assert not audit(0)
    audit.served.show(twin)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            audit(0)
    audit.served.show(operator, within)
    audit.served.lies["tile/0/000.p/17"] = operator.store.read_tile(0, 0)
    assert not audit(0), "this one is"
    audit.served.show(twin.write("k").write("l"))
    audit.served.lies.clear()
    with pytest.raises(ForkError) as caught:
        audit(0)
    verify_fork(decode_fork(caught.value.evidence), Policy((Log(operator.verifier),)))


def test_a_scratch_file_of_something_else_convicts_nobody(operator, scratch):
    twin = operator.fork().write("g")
    assert Audit(twin, scratch)()
    operator.write("h")
    scratch.save_checkpoint(operator.size, operator.sign())
    with pytest.raises(CorruptionError, match="from its beginning"):
        Audit(operator, scratch)()


# what is nobody's fault, or not the log's


def spoil(served, path, change):
    served.lies[path] = change(served.get(path, max_bytes=1 << 24))


FALSE_ACCUSATIONS = {
    "a bundle with another leaf": ("tile/entries/000.p/11", lambda d: d.replace(b"Ltd", b"Inc") if b"Ltd" in d else d.replace(b'"kind"', b'"kinx"')),
    "a bundle cut off": ("tile/entries/000.p/11", lambda d: d[:-1]),
    "a tile with another hash": ("tile/0/000.p/11", lambda d: bytes(32) + d[32:]),
    "a tile cut off": ("tile/0/000.p/11", lambda d: d[:-32]),
    "an empty tile": ("tile/0/000.p/11", lambda _: b""),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE_ACCUSATIONS)
def test_what_the_log_has_not_signed_convicts_nobody(operator, scratch, name):
    path, change = FALSE_ACCUSATIONS[name]
    audit = Audit(operator, scratch)
    spoil(audit.served, path, change)
    with pytest.raises(AnswerError):
        audit()
    audit.served.lies.clear()
    assert audit(), "and nothing of it stays"


def test_a_log_that_is_not_served_whole_may_be_so_later(operator, scratch):
    audit = Audit(operator, scratch)
    audit.served.lies["tile/entries/000.p/11"] = None
    with pytest.raises(UnavailableError):
        audit()


def test_a_checkpoint_of_another_key_is_not_looked_at(operator, scratch):
    audit = Audit(operator, scratch)
    operator.key = SigningKey(bytes(32))
    audit.served.note = operator.sign()
    with pytest.raises(SignatureError):
        audit()
    assert audit.served.asked == ["v1/checkpoint/latest"]


def test_rules_that_are_not_here_are_said_and_convict_nobody(operator, scratch):
    with pytest.raises(UnknownRulesError, match="which this program does not have"):
        Audit(operator, scratch, rules={"other": next(iter(program_rules().values()))})()
    (rules,) = program_rules().values()
    newer = replace(rules, rule_sets={rules.name: "ab" * 32})
    with pytest.raises(UnknownRulesError, match="leaf 0"):
        Audit(operator, scratch, rules={rules.name: newer})()
