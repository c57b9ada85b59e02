"""What right-holders at play file about their vouchers: changes and cancellations.

Renewals need years to pass, in which everything else of a game would expire; they are played in the
tests of renewals.
"""

from contracts.force import holders_of
from contracts.procedure import status_at

TYPES = ("change", "cancellation")
UNDER_WAY = ("filed", "accepted", "published", "confidential")


class Amending:
    """Moves of a game about vouchers that there are."""

    def file_about(self):
        application, of_type = self.registered(), self.random.choice(TYPES)
        if self.world.asset(application).voucher is None:
            self.file()
            return
        named = holders_of(self.world.asset(application), self.world.time)
        holders = [person for person in self.people if person.party in named]
        others = [person for person in self.people if person not in holders]
        more = others[:1] if self.random.random() < 0.1 or not holders else []
        filed = self.world.file_later(application, of_type, *(holders + more))
        self.applications.append(filed)

    def finish_about(self):
        """Mostly one that may be finished, from wherever it stands."""
        under_way = [
            each
            for each in self.applications
            if each.of_type
            and status_at(self.world.registration(each), self.world.time) in UNDER_WAY
        ]
        if not under_way:
            self.file_about()
            return
        fresh = [
            each
            for each in under_way
            if self.world.registration(each).about == self.world.asset(each).voucher
        ]
        filed = self.random.choice(fresh or under_way)
        if status_at(self.world.registration(filed), self.world.time) == "filed":
            self.world.step(filed, "accept")
        status = status_at(self.world.registration(filed), self.world.time)
        if status == "accepted" and filed.of_type == "change":
            self.world.step(filed, "withhold", reason="secret")
        end = self.world.registration(filed).notice_end
        self.world.time = max(self.world.time, end or 0)
        self.world.record(filed)


MOVES = [*[Amending.file_about] * 2, *[Amending.finish_about] * 2]
