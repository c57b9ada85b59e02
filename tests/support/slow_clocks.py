"""The clocks of the registration procedure once more, slowly, from the articles alone.

Everything is worked out anew from the list of what happened, day by day on a wall calendar; nothing
of ours is imported, and nothing is remembered between two questions. Where this and the shipping
rules differ, one of the two has misread the guideline.

Times come in and go out as Unix milliseconds; in between they are dates and hours at UTC+08:00.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

UNDECIDED = {"filed", "returned", "accepted", "supplement", "published", "confidential", "objected"}

STEPS = {
    # what happened: the statuses before it, and the one after it
    "accept": ({"filed"}, "accepted"),
    "return": ({"filed"}, "returned"),
    "mend": ({"returned"}, "filed"),
    "ask": ({"accepted"}, "supplement"),
    "answer": ({"supplement"}, "accepted"),
    "publish": ({"accepted"}, "published"),
    "withhold": ({"accepted"}, "confidential"),
    "object": ({"published", "objected"}, "objected"),
    "dismiss": ({"objected"}, "published"),
    "uphold": ({"objected"}, "refused"),
    "withdraw": (UNDECIDED, "withdrawn"),
    "refuse": ({"accepted", "supplement", "published", "confidential", "objected"}, "refused"),
    "terminate": ({"accepted", "supplement", "published", "confidential", "objected"}, "terminated"),
    "record": ({"accepted", "published", "confidential"}, "recorded"),
}  # fmt: skip
COUNTS_NOT = {"supplement", "objected"}
"""While these last, and while the public notice stands, the days of Art. 28 do not run."""


def on_the_wall(ms):
    """Date and hour in China."""
    return (BEGINNING + timedelta(milliseconds=ms)).astimezone(CHINA)


def in_ms(moment):
    return (moment - BEGINNING) // MILLISECOND


def midnight(day):
    """00:00 of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)


@dataclass
class WallCalendar:
    """What has been published of working days: by year, which days are off, which are worked."""

    off: dict = field(default_factory=dict)
    work: dict = field(default_factory=dict)

    def publish(self, content):
        """Take over the content of a list as it stands in the event."""
        year = content["year"]
        self.off[year] = {date.fromisoformat(day) for day in content["off"]}
        self.work[year] = {date.fromisoformat(day) for day in content["work"]}

    def is_worked(self, day):
        """Whether a day is worked; None where nobody has said so."""
        if day.year not in self.off:
            return None
        if day in self.work[day.year]:
            return True
        return day.isoweekday() <= 5 and day not in self.off[day.year]

    def after_working_days(self, ms, count, stops=()):
        """24:00 of the count-th working day after the day of `ms`; None: nobody can know.

        A day on which the clock stood still, if only for a moment, is not one of them.
        """
        day = on_the_wall(ms).date()
        while count:
            day += DAY
            worked = self.is_worked(day)
            if worked is None:
                return None
            if worked and not any(_touches(stop, day) for stop in stops):
                count -= 1
        return in_ms(midnight(day + DAY))

    def days_left(self, now, deadline):
        """On how many working days something can be done before a deadline, today's rest too."""
        left, moment = 0, on_the_wall(now)
        while moment < on_the_wall(deadline):
            worked = self.is_worked(moment.date())
            if worked is None:
                return None
            left += worked
            moment = midnight(moment.date()) + DAY
        return left


def _touches(stop, day):
    """Whether a stop of the clock has at least a moment in common with a day."""
    since, until = on_the_wall(stop[0]), None if stop[1] is None else on_the_wall(stop[1])
    if until is not None and until <= since:
        return False
    return since < midnight(day + DAY) and (until is None or until > midnight(day))


def years_later(ms, years, months=0):
    """24:00 of the same-numbered day so many years (and months) on, or of that month's last."""
    day = on_the_wall(ms).date()
    year, month = day.year + years, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    number = min(day.day, monthrange(year, month)[1])
    return in_ms(midnight(date(year, month, number) + DAY))


def renewal_opens(valid_until):
    """00:00 of the same-numbered day six months before the last day of a voucher (Art. 36)."""
    last = on_the_wall(valid_until - 1).date()
    year, month = last.year, last.month - 6
    if month < 1:
        year, month = year - 1, month + 12
    number = min(last.day, monthrange(year, month)[1])
    return in_ms(midnight(date(year, month, number)))


@dataclass
class Story:
    """What happened to one application, in order; every answer is worked out from it anew.

    `days` are the lengths of the profile by the names of its clocks; 0: nothing is waited for.
    `is_noticed` says whether its type is recorded only after a public notice.
    """

    filed: int
    days: dict
    wall: WallCalendar
    told: list = field(default_factory=list)
    is_noticed: bool = True

    def tell(self, ms, what, **details):
        """Add something that happened, with where the application stood as one knew it then.

        A calendar that comes out later does not change what was done in good faith before.
        """
        self.told.append((ms, what, {**details, "stood": self.status(ms)}))

    # --- what the articles say

    def spans(self, now):
        """Each status with its beginning and end (None: it lasts), silence and lapse included."""
        spans = [["filed", self.filed, None]]
        for ms, what, details in [*self.told, (now, None, {})]:
            if spans[-1][0] != details.get("stood"):
                self._pass(spans, ms)
            if what is None or what == "extend":
                continue
            spans[-1][2] = ms
            spans.append([STEPS[what][1], ms, None])
        return spans

    def _pass(self, spans, ms):
        """Let time go by until `ms`: nobody answered (Art. 17), or nothing was mended."""
        status, since, _ = spans[-1]
        if status == "filed":
            silent = self.silence(since)
            if silent is not None and ms >= silent:
                spans[-1][2] = silent
                spans.append(["accepted", silent, None])
        elif status == "returned" and ms >= self.until():
            spans[-1][2] = self.until()
            spans.append(["lapsed", self.until(), None])

    def until(self):
        """Until when a correction was asked for."""
        return next(details["until"] for _, what, details in self.told if what == "return")

    def status(self, now):
        """The status at a moment that is not before the last thing told."""
        return self.spans(now)[-1][0]

    def silence(self, filed):
        """00:00 of the first working day after the last one to answer on (Art. 17)."""
        if not self.days["acceptance"]:
            return None
        end = self.wall.after_working_days(filed, self.days["acceptance"] + 1)
        return None if end is None else in_ms(on_the_wall(end) - DAY)

    def accepted(self, now):
        """When it was accepted, by word or by silence; None: it was not."""
        return next((since for name, since, _ in self.spans(now) if name == "accepted"), None)

    def completion(self, now):
        """Until when it is to be completed (Art. 28); None: no such clock, or unknown."""
        count = self.days["completion"]
        count += self.days["extension"] * any(what == "extend" for _, what, _ in self.told)
        accepted = self.accepted(now)
        if not self.days["completion"] or accepted is None:
            return None
        stops = [(since, end) for name, since, end in self.spans(now) if name in COUNTS_NOT]
        stops += [
            (details["published_at"], self.notice_end())
            for _, what, details in self.told
            if what == "publish" and self.days["notice"]
        ]
        return self.wall.after_working_days(accepted, count, stops)

    def notice_end(self):
        """First moment after the public notice (Art. 24); None: there is none."""
        for _, what, details in self.told:
            if what == "publish" and self.days["notice"]:
                return self.wall.after_working_days(details["published_at"], self.days["notice"])
        return None

    def recordable(self, now):
        """The first moment at which it may be complete; None: not from where it stands."""
        status, since, _ = self.spans(now)[-1]
        if status == "confidential" or (status == "accepted" and not self.is_noticed):
            return since
        return max(since, self.notice_end() or since) if status == "published" else None

    def inquiry_end(self, now):
        """Until when the objection is to be investigated (Art. 25); None: there is none."""
        status, since, _ = self.spans(now)[-1]
        if status != "objected" or not self.days["objection"]:
            return None
        first = since
        for name, begun, _ in reversed(self.spans(now)):
            if name != "objected":
                break
            first = begun
        return self.wall.after_working_days(first, self.days["objection"])
