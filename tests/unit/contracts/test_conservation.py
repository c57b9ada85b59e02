"""Conservation: whatever is transferred, no right is made, lost or changed, and nobody unnamed gains."""

from collections import Counter

from hypothesis import event, given, settings
from hypothesis import strategies as st

from contracts.intervals import current
from ledger.core.canonical import encode_canonical
from ledger.errors import RejectedError
from tests.support.people import claim
from tests.support.transfers import JUDGMENT
from tests.support.world import World

RIGHTS = ("hold", "use", "operate")
PEOPLE = 4


def without_hands(value):
    """A tuple without who has it: what no transfer may change."""
    return encode_canonical({k: v for k, v in value.items() if k not in {"holder", "from"}})


def by_holder(world, asset):
    """The tuples in force by holder and right; there is one of each at most."""
    values = current(world.asset(asset).tuples)
    held = {(each["holder"], each["right"]): each for each in values}
    assert len(held) == len(values)
    return held


class Game:
    """An asset of two holders, four people, and transfers that overtake each other."""

    def __init__(self, shared):
        self.world = World()
        self.people = {p.party: p for p in (self.world.enroll(f"p{n}") for n in range(PEOPLE))}
        ann, ben, *_ = self.people.values()
        self.asset = self.world.published(ann, ben)
        rights = [claim(ann, right, "fused", limits=f"first {right}") for right in RIGHTS]
        rights += [claim(ben, right, limits=f"second {right}") for right in sorted(shared)]
        self.world.record(self.asset, rights)
        self.pending, self.recorded, self.refused = [], 0, Counter()

    def file(self, picks, ground):
        """File moves of tuples that are in force, each to one of the people."""
        held = sorted(by_holder(self.world, self.asset))
        people = list(self.people.values())
        moves = [
            (self.people[held[n % len(held)][0]], people[taker], held[n % len(held)][1])
            for n, taker in picks
        ]
        filed = self.world.published_transfer(
            self.asset, *moves, ground=JUDGMENT if ground else None
        )
        self.pending.append(filed)

    def record(self, which):
        """Record one of the pending ones; the others may have overtaken it."""
        if not self.pending:
            return ()
        transfer = self.pending.pop(which % len(self.pending))
        held = by_holder(self.world, self.asset)
        if any((each.transferor, each.right) not in held for each in transfer.moves):
            self.see_refused(transfer)
            return ()
        self.world.record(transfer)
        self.recorded += 1
        return transfer.moves

    def see_refused(self, transfer):
        """What nobody holds any more cannot even be named; with the present tuples it is refused."""
        rights = list(by_holder(self.world, self.asset).values())
        body = self.world.record_body(transfer, rights)
        reason = self.world.refused("registration.record", body, self.world.registrar)
        assert reason == "right_not_held"
        self.refused[reason] += 1

    def step(self, what, first, second):
        try:
            if what != "record":
                self.file(first, second)
            return self.record(-1 if what == "transfer" else first) if what != "file" else ()
        except RejectedError as exc:
            self.refused[exc.reason] += 1
            return ()


PICKS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, PEOPLE - 1)), min_size=1, max_size=2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["file", "transfer"]), PICKS, st.booleans()),
        st.tuples(st.just("record"), st.integers(0, 9), st.just(0)),
    ),
    min_size=8,
    max_size=20,
)


@settings(deadline=None, max_examples=60)
@given(steps=STEPS, shared=st.sets(st.sampled_from(RIGHTS)))
def test_whatever_is_transferred_no_right_is_made_lost_or_changed(steps, shared):
    game = Game(shared)
    always = sorted(map(without_hands, by_holder(game.world, game.asset).values()))
    for step in steps:
        before = by_holder(game.world, game.asset)
        moves = game.step(*step)
        after = by_holder(game.world, game.asset)
        assert sorted(map(without_hands, after.values())) == always
        lost = {(each.transferor, each.right) for each in moves}
        gained = {(each.transferee, each.right) for each in moves}
        untouched = {key: value for key, value in before.items() if key not in lost}
        assert {key: value for key, value in after.items() if key not in gained} == untouched
        for each in moves:
            moved = after[each.transferee, each.right]
            assert moved["from"] == each.transferor
            assert without_hands(moved) == without_hands(before[each.transferor, each.right])
        held = Counter(holder for holder, _ in after)
        for party, person in game.people.items():
            assert game.world.party(person).tuples == held[party]
    event(f"recorded {min(game.recorded, 3)}")


def test_the_game_of_conservation_records_and_refuses():
    game = Game({"use"})
    for what, first, second in (
        ("file", [(0, 2)], False),
        ("file", [(0, 3)], False),
        ("record", 0, 0),
        ("record", 0, 0),
        ("file", [(0, 1), (0, 2)], True),
        ("file", [(1, 2)], True),
        ("record", 0, 0),
    ):
        game.step(what, first, second)
    assert game.recorded >= 1
    assert set(game.refused) >= {"right_not_held", "doubled_move"}
