"""A registry over years, played at random from a seed, and everything checked on the way.

The tables of moves are given from outside (`moves`). After every event and every block the
invariants are checked, and what was refused is held to the reasons that it had to be refused for.
"""

import json
from collections import Counter, defaultdict
from random import Random

from ledger.core.event import encode_event
from tests.simulation.crowd import DAY, Crowd, Draft
from tests.simulation.invariants import check_block, check_event, sweep
from tests.simulation.model import Model
from tests.simulation.stage import Act, Stage
from tests.simulation.verdicts import note

HOUR = 3_600_000
YEARS = 10
GAPS = (0, 0, 0, HOUR // 60, HOUR, 5 * HOUR, DAY, DAY, 3 * DAY, 7 * DAY, 30 * DAY, 90 * DAY)
MOST_IN_A_BLOCK = 24
SWEEP_EVERY = 25
QUESTIONS_A_BLOCK = 2


class BrokenError(AssertionError):
    """An invariant does not hold; says where, so that the run can be repeated."""


class Simulation(Crowd):
    """One run.

    `honest` and `hostile` are moves with their weights, `events` how many acts in how many `years`;
    `crowd` and `assets` how many parties and registered assets there are at most at a time;
    `profile` changes members of the national one.
    """

    def __init__(
        self, folder, seed, events, honest, hostile, *, crowd=100, assets=50, years=YEARS, **profile
    ):
        super().__init__(Random(seed), Stage(folder, **profile), Model())
        self.seed, self.events, self.most_people, self.most_assets = seed, events, crowd, assets
        self.curious = Random(f"questions {seed}")
        self.honest = [*honest], [*honest.values()]
        self.hostile = [*hostile], [*hostile.values()]
        self.moments = defaultdict(list)  # asset: ledger times at which something happened to it
        self.said = []
        self.seen, self.refused, self.number = Counter(), Counter(), 0
        self._tried, self._blocks, self._acts = Counter(), 0, []
        blocks = max(1, events * 2 // MOST_IN_A_BLOCK)
        self._percent = years * 365 * DAY * 100 * len(GAPS) // (blocks * sum(GAPS))

    # --- the run

    def play(self, progress=lambda _: None):
        """From the opening to the last event; gives itself."""
        self._open()
        while self.number < self.events:
            gap = self.random.choice(GAPS)
            self.stage.pass_time(gap * self._percent // 100 if gap > HOUR else gap)
            self.block(self.random.randint(1, MOST_IN_A_BLOCK))
            progress(self)
        sweep(self.stage, self.model, self.plans, self.random)
        return self

    def block(self, count):
        self.perform([self.next_act] * count)

    def perform(self, makers):
        """One block of acts, each made when the one before it is done."""
        self._acts = []
        self.look_around()
        for make in makers:
            act = make()
            if act is not None:
                self._perform(act)
        try:
            self._end_block()
        except (AssertionError, KeyError) as exc:
            raise BrokenError(
                f"seed {self.seed}, block that ends with event {self.number}: {exc}"
            ) from exc

    def next_act(self):
        """Something that somebody tries; of hostile acts now and then what was tried least."""
        is_hostile = self.random.random() < 0.2
        moves = self.hostile if is_hostile else self.honest
        tries = self.random.choices(*moves, k=60)
        if is_hostile and self.random.random() < 0.3:
            tries = sorted(moves[0], key=self._tried.__getitem__)
        for move in tries:
            made = move(self)
            if made is not None:
                self._tried[move] += 1
                return made if isinstance(made, Act) else self.sign(made)
        return None

    def sign(self, draft):
        stage = self.stage
        event = stage.event(draft.kind, draft.body, draft.actor, **draft.members)
        return Act(draft.name, stage.sign(event, *draft.signing), draft.reasons, draft.then)

    def _open(self):
        stage = self.stage
        opening = Draft("open", "ledger.open", stage.opening(), stage.operator, stage.founding_keys)
        self.perform([lambda: self.sign(opening)])
        years = range(2026, 2026 + YEARS + 15)
        self.stage.pass_time(1)
        self.perform([lambda year=year: self.sign(self._calendar(year)) for year in years])

    def _calendar(self, year):
        content = {"year": year, "off": [], "work": []}
        body = {"list": "calendar", "part": str(year), "version": 1, "content": content}
        return Draft("calendar", "list.publish", body, self.stage.registrar)

    def _perform(self, act):
        self.number += 1
        self._acts.append(act)
        try:
            moment = self.stage.perform(self.number, act)
            if moment is not None:
                self.take(moment)
        except Exception as exc:
            raise BrokenError(self._describe(act, exc)) from exc
        if moment is not None:
            self.seen[act.name] += 1
            if act.then is not None:
                act.then(moment.event)

    def take(self, moment):
        """Hold an accepted event against every invariant, and remember it."""
        check_event(self.stage, self.model, moment)
        for key in moment.event.subjects:
            if key.startswith("grant/") and moment.before[key] is None:
                self.grants.append(key)
                self.alive.append(key)
            if key.startswith("asset/"):
                self.moments[key].append(moment.time)
                self._follow(key, moment.after[key].body)

    def _follow(self, asset, body):
        if "tuples" in body.get("complete_from", {}):
            tuples = [one for one in body["tuples"] if one["value"]["right"] == "operate"]
            kept = {(one["value"]["holder"], one["index"]) for one in tuples}
            self.model.shorten(asset, kept)

    @property
    def tried(self):
        """The moves that came to something at least once."""
        return {move for move, count in self._tried.items() if count}

    def _end_block(self):
        outcomes, is_as_expected = self.stage.end_block()
        for act, reason in outcomes:
            if act.reasons:
                self.refused[act.name, reason] += 1
            if reason not in (act.reasons or {None}):
                said = f"{reason}, not {' or '.join(sorted(act.reasons)) or 'accepted'}"
                raise BrokenError(self._describe(act, said))
        assert is_as_expected, "something refused left a trace in the block"
        self._blocks += 1
        touched = {key for act in self._acts for key in act.signed.event.subjects}
        check_block(self.stage, self.model, touched)
        for _ in range(QUESTIONS_A_BLOCK):
            note(self, self.curious)
        if self._blocks % SWEEP_EVERY == 0:
            sweep(self.stage, self.model, self.plans, self.random)

    def _describe(self, act, why):
        event = json.dumps(json.loads(encode_event(act.signed.event)), ensure_ascii=False)
        return f"seed {self.seed}, event {self.number} ({act.name}) at {self.time}: {why}\n{event}"
