"""A registrar's desk over five years: applications come in at random and go every way they can.

Whoever is to act does so early, on the last day, in the last millisecond, too late or never. What
must happen then is asked of the slow clocks (tests.support.slow_clocks), never of our own.
"""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from random import Random

from contracts import duties
from contracts.clocks import create_calendar, parse_calendar
from contracts.duties import registration_duties, settle
from contracts.forms import FORMS
from contracts.lists import PublishedList, list_key
from contracts.periods import Periods
from contracts.procedure import Registration, status_at
from ledger.errors import RejectedError
from tests.simulation.stage import Act, Stage
from tests.support.people import Application, Person
from tests.support.slow_clocks import STEPS, Story, WallCalendar, years_later
from tests.years.titles import Title, Titles

HOUR = 3_600_000
DAY = 24 * HOUR
YEARS = 5
FIRST_YEAR = 2026
ENDS = {"withdrawn", "terminated", "refused", "lapsed", "recorded"}


class Paper(Stage):
    """A stage whose verbs leave the event that they make on the desk."""

    written = None

    def write(self, signed):
        self.written = signed
        return signed


class WrongClockError(AssertionError):
    """The registry and the slow clocks differ; says where, so that the run can be repeated."""


@dataclass
class Case:
    """One application on the desk."""

    application: Application
    story: Story
    type: str = "initial"
    years: int = 5
    title: Title | None = None
    taker: Person | None = None
    objectors: set = field(default_factory=set)

    @property
    def fields(self):
        """What its public notice opens."""
        openings = self.application.openings
        return {name: openings[name] for name in FORMS[self.type].statutory}


class Desk(Titles):
    """One run: so many applications in five years, from a seed."""

    def __init__(self, folder, seed, applications, people=40):
        self.random = Random(seed)
        self.stage = Paper(folder)
        self.wall = WallCalendar()
        self.seed, self.applications = seed, applications
        self.seen, self.refused, self.number = Counter(), Counter(), 0
        self.compared, self.ended = Counter(), Counter()
        self.by_number = {}  # voucher: the case that led to it
        self.cases, self._queue, self._order = [], [], 0
        self._calendar = None
        self._begin(people)

    @property
    def time(self):
        return self.stage.time

    def close(self):
        self.stage.close()

    # --- the run

    def play(self, progress=lambda _: None):
        """From the first application until nothing is left to do; gives itself."""
        first, span = self.time + DAY, YEARS * 365 * DAY
        for _ in range(self.applications):
            self.later(first + self.random.randrange(span // HOUR) * HOUR, self.file)
        while self._queue:
            time, _, act, parts = heapq.heappop(self._queue)
            if time > self.time:
                self.stage.pass_time(time - self.time)
            act(*parts)
            progress(self)
        return self

    def later(self, time, act, *parts):
        """Do something at a time."""
        self._order += 1
        heapq.heappush(self._queue, (time, self._order, act, parts))

    def send(self, name, signed, reasons=frozenset(), told=""):
        """Write an event in a block of its own; it is refused for one of the reasons, if any."""
        self.number += 1
        try:
            self.stage.perform(self.number, Act(name, signed, frozenset(reasons)))
        except RejectedError as exc:
            where = f"seed {self.seed}, event {self.number}: {name} at {self.time}"
            raise WrongClockError(f"{where} was refused: {exc}; {told}") from exc
        ((_, reason),), is_as_expected = self.stage.end_block()
        if (reason is None) == bool(reasons) or (reasons and reason not in reasons):
            raise WrongClockError(
                f"seed {self.seed}, event {self.number}: {name} at {self.time} gave {reason}, "
                f"not {sorted(reasons) or 'accepted'}; {told}"
            )
        assert is_as_expected, "something refused left a trace in the block"
        if reason is None:
            self.seen[name] += 1
        else:
            self.refused[name, reason] += 1
        self.stage.pass_time(1)

    def _begin(self, count):
        stage = self.stage
        opening = stage.event("ledger.open", stage.opening(), stage.operator)
        self.send("open", stage.sign(opening, *stage.founding_keys))
        self.people = [Person(f"person {n}") for n in range(count)]
        for person in self.people:
            self.send("enrol", stage.do(
                "party.enroll", stage.enrolment(person), person, *stage.enrolment_keys(person)
            ))  # fmt: skip
        self.publish_calendar(FIRST_YEAR)
        for year in range(FIRST_YEAR + 1, FIRST_YEAR + YEARS + 8):
            # usually in November of the year before, now and then only when the year has begun
            late = self.random.choice([-50, -40, -30, -20, 3, 9])
            start = self.time + (year - FIRST_YEAR) * 365 * DAY - 305 * DAY
            self.later(start + late * DAY, self.publish_calendar, year)

    def publish_calendar(self, year):
        """The working days of a year, which nobody can foresee."""
        random, off, work = self.random, set(), set()
        while len(off) < 12 or len(work) < 6:
            day = f"{year}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
            is_weekend = _weekday(day) > 5
            (work if is_weekend else off).add(day)
        content = {"year": year, "off": sorted(off), "work": sorted(work)}
        body = {"list": "calendar", "part": str(year), "version": 1, "content": content}
        self.send("calendar", self.stage.do("list.publish", body, self.stage.registrar))
        self.wall.publish(content)
        self._calendar = self.read_calendar()

    # --- an application

    def file(self):
        """Somebody applies."""
        application = self.stage.file(self.random.choice(self.people))
        self.send("file", self.stage.written)
        self.begin(Case(application, self.new_story(), years=self.random.choice([1, 1, 2, 3, 5])))

    def new_case(self, application, kind, title, taker):
        """A later registration that was filed a moment ago."""
        story = self.new_story(is_noticed=kind in self.stage.profile.notice_types)
        years = self.random.choice([1, 2, 5])
        return Case(application, story, kind, years, title, taker)

    def new_story(self, *, is_noticed=True):
        clocks = self.stage.profile.clocks
        names = ("acceptance", "notice", "objection", "completion", "extension")
        days = {name: getattr(clocks, name) for name in names}
        return Story(self.time - 1, days, self.wall, is_noticed=is_noticed)

    def begin(self, case):
        self.cases.append(case)
        self.compare(case)
        self.go_on(case)

    def go_on(self, case):
        """Decide when somebody looks at the case again."""
        status = case.story.status(self.time)
        if status in ENDS:
            self.settle(case, status)
            return
        self.later(self.moment(case, status), self.act, case)

    def moment(self, case, status):
        """When to act next: any day, or around the instant that matters."""
        random, now = self.random, self.time
        soon = _whole(now) + random.randint(1, 60) * HOUR
        matters = {
            "filed": case.story.silence(case.story.spans(now)[-1][1]),
            "returned": case.story.spans(now)[-1][1] + 7 * DAY,
            "published": case.story.recordable(now),
            "objected": case.story.inquiry_end(now),
            "accepted": case.story.completion(now),
        }.get(status)
        if matters is None or matters - now > 60 * DAY:
            return soon
        choice = random.random()
        if choice < 0.15:
            chosen = matters - 1
        elif choice < 0.45:
            chosen = matters
        elif choice < 0.6:
            chosen = matters + random.randint(1, 200) * HOUR
        else:
            chosen = soon
        return max(chosen, now + 1)

    def act(self, case):
        """Somebody does something with the case, or sees that it may not be done."""
        self.compare(case)
        status = case.story.status(self.time)
        if status in ENDS:
            self.settle(case, status)
            return
        if self.random.random() < 0.12:
            self.probe(case, status)  # a moment goes by, which may be the one that matters
            status = case.story.status(self.time)
        if status in ENDS:
            self.go_on(case)
            return
        getattr(self, f"when_{status}")(case)
        self.compare(case)
        self.go_on(case)

    def probe(self, case, status):
        """Try a step that may not be taken in this state."""
        verb = self.random.choice(
            [name for name in _BODIES if status not in STEPS[_STEP.get(name, name)][0]]
        )
        kind, members = _BODIES[verb]
        actor = case.application.applicants[0] if verb in _BY_APPLICANT else self.stage.registrar
        if verb == "object":
            actor = self.stranger(case)
        body = members(self, case)
        signed = self.stage.step(case.application, kind, actor, **body)
        self.send(f"{verb} too early or too late", signed, {"wrong_step"})

    def stranger(self, case):
        """Somebody who did not apply."""
        others = [each for each in self.people if each not in case.application.applicants]
        return self.random.choice(others)

    def step(self, case, verb, what=None, actor=None, refused=(), details=None, **body):
        """Take a step; told to the story under another name where the articles have one."""
        signed = self.stage.step(case.application, verb, actor, **body)
        time = self.time
        self.send(verb, signed, refused, case.story)
        if not refused:
            case.story.tell(time, what or verb, **(details or {}))

    def by_applicant(self, case, verb, what=None, **body):
        self.step(case, verb, what, case.application.applicants[0], **body)

    # --- each state

    def when_filed(self, case):
        random = self.random
        was_returned = any(what == "return" for _, what, _ in case.story.told)
        match random.choices(["accept", "return", "withdraw", "wait"], [60, 15, 3, 22])[0]:
            case "accept":
                self.step(case, "accept")
            case "return":
                until = self.time + 7 * DAY - 1  # act() runs once more around this moment
                reasons = {"returned_once"} if was_returned else self.too_short(until)
                body = {"missing": ["the contract"], "until": until}
                details = {"until": until}
                self.step(case, "return", refused=reasons, details=details, **body)
            case "withdraw":
                self.by_applicant(case, "withdraw")

    def too_short(self, until):
        """Why a correction may not be asked for until then: a working day is the least."""
        end = self.wall.after_working_days(self.time, 1)
        return {"mend_time"} if until < (self.time + DAY if end is None else end) else set()

    def when_returned(self, case):
        if self.random.random() < 0.5:
            self.by_applicant(case, "supplement", "mend", answer="ab" * 32)
        elif self.random.random() < 0.1:
            self.by_applicant(case, "withdraw")

    def when_accepted(self, case):
        choices = {"publish": 60, "withhold": 8, "ask": 14, "extend": 8, "refuse": 3,
                   "terminate": 2, "withdraw": 2}  # fmt: skip
        match self.random.choices([*choices], [*choices.values()])[0]:
            case "publish" if not case.story.is_noticed and self.random.random() < 0.8:
                self.record(case)
            case "publish":
                self.publish(case)
            case "withhold":
                self.step(case, "withhold", reason="trade secrets")
            case "ask":
                self.step(case, "supplement", "ask", ask="the licence")
            case "extend":
                self.extend(case)
            case other:
                self.end(case, other)

    def publish(self, case):
        since = case.story.spans(self.time)[-1][1]
        published_at = max(self.time - self.random.randrange(20) * HOUR, since)
        end = self.wall.after_working_days(published_at, case.story.days["notice"])
        notice = {"system": "national", "ref": "N-1", "published_at": published_at}
        reasons = {"calendar_unknown"} if end is None else set()
        fields = case.fields
        self.step(case, "publish", refused=reasons, details={"published_at": published_at},
                  fields=fields, notice=notice)  # fmt: skip

    def extend(self, case):
        """More time: once, and not once it is overdue (Art. 28)."""
        end = case.story.completion(self.time)
        reasons = set()
        if any(what == "extend" for _, what, _ in case.story.told):
            reasons = {"extended_once"}
        elif end is None:
            reasons = {"calendar_unknown"}
        elif self.time >= end:
            reasons = {"overdue"}
        self.step(case, "extend", refused=reasons, reason="several sources")

    def when_supplement(self, case):
        if self.random.random() < 0.85:
            self.by_applicant(case, "supplement", "answer", answer="cd" * 32)
        else:
            self.end(case, self.random.choice(["terminate", "refuse", "withdraw"]))

    def when_published(self, case):
        notice_end = case.story.notice_end()
        if self.random.random() < 0.2:
            reasons = set() if self.time < notice_end else {"notice_over"}
            self.object(case, reasons)
        elif self.random.random() < 0.05:
            self.end(case, self.random.choice(["terminate", "refuse", "withdraw"]))
        else:
            self.record(case)

    def object(self, case, reasons=()):
        """Somebody objects; who has an objection open already makes no second one."""
        stranger = self.stranger(case)
        if not reasons and stranger.party in case.objectors:
            reasons = {"objection_open"}
        self.step(
            case,
            "object",
            actor=stranger,
            refused=reasons,
            reason="the data is ours",
            evidence="ef" * 32,
        )
        if not reasons:
            case.objectors.add(stranger.party)

    def when_objected(self, case):
        chance = self.random.random()
        if chance < 0.15:
            over = self.time >= case.story.notice_end()
            self.object(case, {"notice_over"} if over else set())
        elif chance < 0.9:
            outcome = self.random.choice(["dismissed", "dismissed", "withdrawn", "upheld"])
            if outcome == "withdrawn":
                self.withdraw_objections(case)
                return
            what = "uphold" if outcome == "upheld" else "dismiss"
            self.step(case, "resolve", what, outcome=outcome, reasons="heard both")
            case.objectors.clear()
        else:
            self.end(case, self.random.choice(["terminate", "refuse", "withdraw"]))

    def withdraw_objections(self, case):
        """Each by its own letter; only with the last does the inquiry end."""
        for objector in sorted(case.objectors):
            case.objectors.discard(objector)
            body = {"outcome": "withdrawn", "reasons": "settled", "document": "ed" * 32}
            body["objector"] = objector
            if case.objectors:  # the story goes on with the last one
                signed = self.stage.step(case.application, "resolve", None, **body)
                self.send("resolve", signed, (), case.story)
            else:
                self.step(case, "resolve", "dismiss", **body)

    def when_confidential(self, case):
        self.record(case)

    def record(self, case):
        """Complete it, or see that it is too early or for too long."""
        if case.title is not None:
            self.record_later(case)
            return
        if self.random.random() < 0.05:
            self.record_too_long(case)
        now, stage = self.time, self.stage
        evidence = now // 1000 * 1000
        reasons = {"notice_running"} if evidence < case.story.recordable(now) else set()
        until = years_later(evidence, case.years)
        number = stage.record(case.application, valid_until=until)
        self.send("record", stage.written, reasons, case.story)
        if not reasons:
            case.story.tell(now, "record")
            self.take_title(case, number, until)

    def record_too_long(self, case):
        """See a voucher refused that would be valid for a second more than five years."""
        evidence = self.time // 1000 * 1000
        reasons = {"validity"}
        if evidence < case.story.recordable(self.time):
            reasons.add("notice_running")
        self.stage.record(case.application, valid_until=years_later(evidence, 5) + 1000)
        self.send("record for too long", self.stage.written, reasons)

    def settle(self, case, status):
        """Nothing is left to do with the application; perhaps with what it led to."""
        self.ended[case.type, status] += 1
        if case.title is not None and status != "recorded":
            self.look_at(case.title)
            if case.title.is_live:
                self.plan(case.title)

    def end(self, case, how):
        if how == "withdraw":
            self.by_applicant(case, "withdraw")
        elif how == "refuse":
            self.step(case, "refuse", ground="22-3", reasons="a dispute over ownership")
        else:
            self.step(case, "terminate", reasons="the source stays unclear")

    # --- the clocks

    def compare(self, case):
        """Hold the state of a registration, and what is due on it, against what happened to it."""
        key, now, story = case.application.registration, self.time, case.story
        desk = self.desk()
        state = settle(self.stage.state(Registration, key), desk)
        status = story.status(now)
        self._same(case, "status", status_at(state, now), status)
        since = story.spans(now)[-1][1]
        if status == "filed":
            self._same(case, "silence", state.deadline, story.silence(since))
        if status in {"accepted", "supplement", "published", "confidential", "objected"}:
            ours = desk.periods.completion_end(state)
            self._same(case, "completion", ours, story.completion(now))
        if status in {"published", "objected"}:
            self._same(case, "notice", state.notice_end, story.notice_end())
        for duty in registration_duties(key, state, desk):
            self._compare_duty(case, duty, status)

    def _compare_duty(self, case, duty, status):
        """Hold what is due on a registration against the slow clocks: until when, how long yet."""
        now, story = self.time, case.story
        if status == "published" and now < story.notice_end():
            status = "in public"
        deadline = {
            "in public": story.notice_end,
            "filed": lambda: story.silence(story.spans(now)[-1][1]),
            "returned": story.until,
            "supplement": lambda: None,
            "objected": lambda: story.inquiry_end(now),
        }.get(status, lambda: story.completion(now))()
        self._same(case, f"due: {duty.what}", duty.deadline, deadline)
        late = deadline is not None and now >= deadline
        self._same(case, "overdue" if late else "in time", duty.is_overdue, late)
        if deadline is not None:
            self._same(case, "days left", duty.days_left, self.wall.days_left(now, deadline))

    def desk(self):
        """By what the registry reckons what is due."""
        stage = self.stage
        profile = stage.profile
        periods = Periods(profile.clocks, self._calendar, profile.offset_minutes)
        return duties.Desk(stage.registrar.party, stage.regulator.party, periods, self.time)

    def _same(self, case, what, ours, slow):
        self.same(what, ours, slow, case.application.registration, case.story)

    def same(self, what, ours, slow, key, story=""):
        """Hold what the registry says against what the slow clocks say."""
        self.compared[what] += 1
        if slow is None:
            self.compared[f"{what}: none or unknown"] += 1
        if ours != slow:
            raise WrongClockError(
                f"seed {self.seed}, event {self.number}, {key}: {what} is {ours}, the slow clocks "
                f"say {slow} at {self.time}; {story}"
            )

    def read_calendar(self):
        """The published years as the rules read them."""
        lists = [
            self.stage.state(PublishedList, list_key("calendar", str(year)))
            for year in range(FIRST_YEAR, FIRST_YEAR + YEARS + 8)
        ]
        return create_calendar(parse_calendar(each.content) for each in lists if each is not None)


_STEP = {"mend": "mend", "resolve": "dismiss"}
_BY_APPLICANT = {"withdraw", "answer"}
_BODIES = {
    "accept": ("accept", lambda *_: {}),
    "return": ("return", lambda desk, _: {"missing": ["all"], "until": desk.time + DAY}),
    "ask": ("supplement", lambda *_: {"ask": "the licence"}),
    "publish": ("publish", lambda desk, case: {
        "fields": case.fields, **desk.stage.notice(),
    }),
    "withhold": ("withhold", lambda *_: {"reason": "trade secrets"}),
    "object": ("object", lambda *_: {"reason": "the data is ours", "evidence": "ef" * 32}),
    "resolve": ("resolve", lambda *_: {"outcome": "dismissed", "reasons": "heard both"}),
    "refuse": ("refuse", lambda *_: {"ground": "22-1", "reasons": "harm"}),
    "terminate": ("terminate", lambda *_: {"reasons": "unclear"}),
}  # fmt: skip
"""Steps that are tried where they may not be taken: the kind's verb, and the rest of its body."""


def _weekday(day):
    return date.fromisoformat(day).isoweekday()


def _whole(ms):
    return -(-ms // 1000) * 1000
