"""Figures of grants: checks of acts with their proofs, whole histories, and deliveries."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from contracts.chain import Grant
from contracts.check import format_check
from contracts.permission import Inquiry
from contracts.verdict import Question
from ledger.clock import SystemClock
from ledger.core.dossier import format_dossier
from ledger.core.limits import MAX_DOSSIER_EVENTS
from ledger.core.policy import parse_policy
from ledger.core.types import SubjectKey, UnixMillis
from node.answers import prove_act
from node.home import Home
from node.registry import Registry
from node.verifier import verify_file
from scripts.benchlib.bulk import found_with_subjects
from scripts.benchlib.market import HOPS, Actor, Market
from scripts.benchlib.measure import Row, Scale, Stopwatch, at_least, at_most, time_each
from scripts.benchlib.reading import register_table
from scripts.benchlib.world import BLOCK, Desk, Events, found, opened
from scripts.benchlib.writing import scratch_folder

_CHECKS_PER_ROUND = 10
_GRANTS_OF_ONE = 50
_SUM = f"chain of {HOPS + 1}, a right and {HOPS} grants"


def measure_checks(home: Path, folder: Path, scale: Scale) -> list[Row]:
    """Checks of acts below a chain of grants, made with every proof, and verified.

    Args:
        home: Of a registry of scale.large loaded subjects.
        folder: For the table that is registered there.
        scale: Of this run.
    """
    asset = _register(home, folder)
    with opened(home) as desk:
        market = Market(desk, asset)
        holder = market.grant_chain()[-1].taker
        collector = market.grant_again(_GRANTS_OF_ONE)[-1].taker
        cases = [
            _Case(holder, "use", "permitted", _SUM, is_goal=True),
            _Case(holder, "distribute", "prohibited", _SUM, is_goal=True),
            _Case(collector, "grantUse", "prohibited", f"{_GRANTS_OF_ONE} grants", is_goal=False),
        ]
        return [
            row for case in cases for row in _measure_check(home, desk.registry, asset, case, scale)
        ]


@dataclass(frozen=True)
class _Case:
    """Who asks what, and what the answer is to be."""

    actor: Actor
    action: str
    verdict: str
    routes: str
    is_goal: bool


def _measure_check(
    home: Path, registry: Registry, asset: SubjectKey, case: _Case, scale: Scale
) -> Iterator[Row]:
    inquiry = Inquiry(
        party=case.actor.party,
        asset=asset,
        action=case.action,
        at=registry.store.read_head().time,
        facts={"purpose": "research"},
    )

    def make() -> bytes:
        return msgspec.json.encode(format_check(prove_act(registry.prover(), inquiry)))

    events = len(registry.prover().read_events(case.actor.party))
    file = make()
    verify = _Verifier(home, file, case.verdict)
    count = _CHECKS_PER_ROUND * scale.rounds
    made, verified = time_each(count, lambda _: make()), time_each(count, lambda _: verify())
    name = f"{case.verdict}, {case.routes}, {scale.large:,} subjects"
    whole = "" if case.verdict == "permitted" else f"the party's whole history of {events} events, "
    yield Row(
        "check",
        f"grant check with proof, {name}",
        made * 1000,
        "ms",
        at_most(20) if case.is_goal else None,
        f"median, from the newest checkpoint to the file: {whole}every state used, proved, in "
        f"{len(file):,} bytes",
    )
    yield Row(
        "check",
        f"grant check verified, {name}",
        verified * 1000,
        "ms",
        None,
        "median, from the bytes of that file to the verdict, which is worked out again",
    )


def measure_dossiers(folder: Path, scale: Scale) -> list[Row]:
    """Whole histories of as many events as a dossier may have, verified from their bytes."""
    home = folder / "dossiers"
    found(home)
    asset = _register(home, folder)
    with opened(home) as desk:
        registry, market = desk.registry, Market(desk, asset)
        (licence,) = market.grant_each(1)
        start = registry.need_state(Grant, licence.key).status[-1].start
        wires = market.use(licence, MAX_DOSSIER_EVENTS - 1, UnixMillis(start))
        _sleep_until(start + len(wires))
        desk.write(wires)
        # A dossier of the asset is as long once what it has already is counted in.
        (other,) = market.grant_each(1)
        history = registry.read_state(asset)
        have = 0 if history is None else history.n
        desk.write(market.deliver([other] * (MAX_DOSSIER_EVENTS - have)))
        files = {
            name: msgspec.json.encode(format_dossier(registry.prover().prove_history(key)))
            for name, key in (("a grant with its usage", licence.key), ("an asset", asset))
        }
        size = registry.store.read_head().size
    return [_measure_dossier(home, name, file, size, scale) for name, file in files.items()]


def _measure_dossier(home: Path, name: str, file: bytes, size: int, scale: Scale) -> Row:
    verify = _Verifier(home, file, "")
    took = time_each(scale.rounds, lambda _: verify())
    meaning = (
        f"median, from {len(file):,} bytes in memory to the verdict: read, every signature and "
        f"place in a log of {size:,} leaves checked, the history held against the state"
    )
    name = f"dossier of {MAX_DOSSIER_EVENTS:,} events verified, {name}"
    return Row("dossier", name, took * 1000, "ms", at_most(200), meaning)


def measure_deliveries(scale: Scale) -> list[Row]:
    """Deliveries a second, under many grants and far down one chain."""
    with scratch_folder(scale) as folder:
        home = folder / "home"
        found_with_subjects(home, scale.middle)
        asset = _register(home, folder)
        with opened(home) as desk:
            times = _time_deliveries(desk, Market(desk, asset), scale)
    many, deep, enrolled = (watch.median for watch in times)
    size = f"{scale.middle:,} subjects"
    how = (
        f"median over {scale.rounds} blocks of {BLOCK:,} signed events of 3 subjects each, from "
        "their bytes to the block being durable and its checkpoint signed; one asset, "
    )
    in_turn = f"{BLOCK:,} of both in turn; {many * 1000:.0f} ms and {enrolled * 1000:.0f} ms"
    return [
        Row(
            "deliveries",
            f"deliveries, {2 * BLOCK:,} grants, {size}",
            BLOCK / many,
            "events/s",
            at_least(1500),
            how + "each under another grant that rests on the right itself",
        ),
        Row(
            "deliveries",
            f"deliveries, {_SUM}, {size}",
            BLOCK / deep,
            "events/s",
            None,
            how + "all under the last grant of the chain, which has to be alive as a whole",
        ),
        Row(
            "deliveries",
            f"delivery cost / cost of an enrolment of 3 subjects, {size}",
            many / enrolled,
            "x",
            None,
            in_turn,
        ),
    ]


def _time_deliveries(desk: Desk, market: Market, scale: Scale) -> list[Stopwatch]:
    """Blocks of deliveries under many grants, down a chain, and of enrolments, in turn."""
    # Twice as many grants as are delivered under in a block: what was read of a policy for the
    # block before is no longer at hand.
    shares = [market.grant_each(BLOCK), market.grant_each(BLOCK)]
    deep = [market.grant_chain()[-1]] * BLOCK
    events = Events(desk.registry)
    watches = [Stopwatch() for _ in range(3)]
    for turn in range(scale.rounds + 2):
        makers = (
            partial(market.deliver, shares[turn % 2]),
            partial(market.deliver, deep),
            partial(events.enroll, BLOCK, has_code=True),
        )
        for make, watch in zip(makers, watches, strict=True):
            wires = make()
            with watch.lap():
                desk.write(wires)
            if turn < 2:  # warms up
                watch.times.clear()
    return watches


class _Verifier:
    """Verifies a file again and again.

    Raises:
        AssertionError: It does not hold, or says something else than it is to say.
    """

    def __init__(self, home: Path, file: bytes, status: str) -> None:
        self._file = file
        self._policy = parse_policy(Home(home).policy.read_bytes())
        self._question = Question(now=SystemClock().now())
        report = self()
        if not report.is_in_force or report.status != status:
            raise AssertionError(f"the file that is to be measured says: {report}")

    def __call__(self):
        return verify_file(self._file, self._policy, self._question)


def _register(home: Path, folder: Path) -> SubjectKey:
    return SubjectKey(register_table(home, folder / "licensed.csv")["asset"])


def _sleep_until(instant: int) -> None:
    """Wait for a time of the ledger that is not far away: usage lies in the past."""
    time.sleep(max(0, instant - SystemClock().now()) / 1000)
