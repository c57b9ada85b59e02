"""What becomes of a voucher over the years: it is transferred, changed, renewed, cancelled, expires.

Each of these is an application of its own on the same desk. Whether the rights are in force is
worked out from the dates alone.
"""

from dataclasses import dataclass, field

from contracts.standing import standing_voucher
from contracts.title import Asset, tuple_values
from tests.support.people import Person
from tests.support.slow_clocks import UNDECIDED, renewal_opens, years_later

HOUR = 3_600_000
DAY = 24 * HOUR
MOST_LATER = 3


@dataclass
class Title:
    """A recorded asset, as the dates say."""

    asset: str
    owner: Person
    number: str
    until: int
    is_live: bool = True
    renewals: list = field(default_factory=list)
    """Story of each renewal that was filed in time."""
    laters: int = 0

    def is_in_force(self, now):
        """Whether its rights hold: within the term, or while a renewal is undecided (Art. 36)."""
        if not self.is_live:
            return False
        undecided = any(story.status(now) in UNDECIDED for story in self.renewals)
        return now < self.until or undecided


class Titles:
    """Later registrations; a part of the desk."""

    def take_title(self, case, number, until):
        """Somebody has a voucher now; perhaps he does something with it one day."""
        self.case_of(number, case)
        self.plan(Title(case.application.asset, case.application.applicants[0], number, until))

    def case_of(self, number, case):
        self.by_number[number] = case

    def plan(self, title):
        """Decide what is to become of a voucher, and look at the ends of its term."""
        for moment in (title.until - 1, title.until, title.until + 40 * DAY):
            self.later(max(moment, self.time + 1), self.look_at, title)
        if title.laters >= MOST_LATER:
            return
        title.laters += 1
        kinds = ["transfer", "change", "cancellation", "renewal", "nothing"]
        kind = self.random.choices(kinds, [18, 10, 8, 44, 20])[0]
        if kind == "nothing":
            return
        moment = self.random_moment(title)
        if kind == "renewal":
            moment = self.renewal_moment(title)
        self.later(max(moment, self.time + 1), self.file_later, title, kind)

    def random_moment(self, title):
        """Within the term; once in a while when it is over."""
        span = max(title.until - self.time, DAY)
        return self.time + self.random.randrange(int(span * 1.05) // HOUR) * HOUR

    def renewal_moment(self, title):
        """Around the beginning and the end of the six months in which a voucher is renewed."""
        opens, until = renewal_opens(title.until), title.until
        within = opens + self.random.randrange((until - opens) // HOUR) * HOUR
        return self.random.choice([opens - 1, opens, within, within, until - 1, until])

    def look_at(self, title):
        """Hold the rights in force against the dates."""
        asset = self.stage.state(Asset, title.asset)
        ours = standing_voucher(self.stage, asset, self.time)
        expected = title.number if title.is_in_force(self.time) else None
        self.same(f"in force: {expected is not None}", ours, expected, title.asset)
        if expected is not None and self.time >= title.until:
            self.compared["in force after its term"] += 1

    # --- filing

    def file_later(self, title, kind):
        """File a later registration, or see it refused."""
        if not title.is_live:
            return
        self.look_at(title)
        taker = self.random.choice([each for each in self.people if each is not title.owner])
        application, signed = self.draft_later(title, kind, taker)
        reasons = self.reasons_to_refuse(title, kind)
        self.send(f"file {kind}", signed, reasons)
        if reasons:
            if "renewal_early" in reasons:
                self.later(renewal_opens(title.until), self.file_later, title, kind)
            return
        case = self.new_case(application, kind, title, taker)
        if kind == "renewal":
            title.renewals.append(case.story)
        self.begin(case)

    def reasons_to_refuse(self, title, kind):
        """Why a filing is refused now; nothing: it is accepted."""
        is_over = not title.is_in_force(self.time)
        if kind == "renewal" and self.time >= title.until:
            return {"expired"}
        if kind == "renewal" and self.time < renewal_opens(title.until):
            return {"renewal_early"}
        return {"expired"} if kind in {"transfer", "change"} and is_over else set()

    def draft_later(self, title, kind, taker):
        """The application and its signed filing."""
        stage, owner = self.stage, title.owner
        first = self.by_number[title.number].application
        if kind == "transfer":
            moves = [
                (owner, taker, value["right"])
                for value in tuple_values(stage.state(Asset, title.asset).tuples)
            ]
            application = stage.file_transfer(first, *moves)
            return application, stage.written
        application = stage.file_later(first, kind, owner)
        return application, stage.written

    # --- completing

    def record_later(self, case):
        """Complete a later registration, or see that it is too early or too late."""
        title, now = case.title, self.time
        evidence = now // 1000 * 1000
        reasons = {"notice_running"} if evidence < case.story.recordable(now) else set()
        if case.type in {"transfer", "change"} and not title.is_in_force(now):
            reasons |= {"expired", "validity"}
        number, until, signed = self.draft_record(case, evidence)
        self.send(f"record {case.type}", signed, reasons, case.story)
        if "expired" in reasons:
            self.end(case, "refuse")
            return
        if reasons:
            return
        case.story.tell(now, "record")
        self.look_at(self.after(case, number, until))

    def draft_record(self, case, evidence):
        """Number and end of the voucher that a record issues, and the signed record."""
        stage, title, kind = self.stage, case.title, case.type
        if kind == "cancellation":
            stage.record(case.application)
            return None, None, stage.written
        if kind != "renewal":
            return stage.record(case.application), title.until, stage.written
        until = years_later(evidence, case.years)
        number = stage.record(case.application, valid_until=until)
        return number, until, stage.written

    def after(self, case, number, until):
        """What a record makes of the title."""
        title = case.title
        if number is None:
            title.is_live = False
            return title
        title.number, title.until = number, until
        self.case_of(number, case)
        if case.type == "transfer":
            title.owner = case.taker
        self.plan(title)
        return title
