"""What parties at play try beside registrations: notes, objections, and agents' mandates."""

from contracts.objection import Objection
from tests.support import disputes
from tests.support.agents import file_by_agent, give_mandate, take_mandate
from tests.support.people import claim

OUTCOMES = ("dismissed", "withdrawn", "upheld", "to-court")


class Disputing:
    """Moves of a game about what stands beside a registration."""

    def __init__(self):
        self.remarks, self.objections, self.named = [], [], []

    def recorded(self):
        """A registered asset; files another one if none has a voucher."""
        application = self.registered()
        if self.world.asset(application).voucher is None:
            self.file()
            application = None
        return application

    def note(self):
        application = self.recorded()
        if application is not None:
            remark = self.random.choice([disputes.SEIZURE, disputes.LIMITS])
            body = disputes.beside(self.world, application, note=remark)
            index = self.world.do("registration.note", body, self.actor(self.world.registrar))
            self.remarks.append((application, index))

    def unnote(self):
        if self.remarks:
            application, index = self.random.choice(self.remarks)
            if self.world.asset(application).voucher is not None:
                disputes.unnote(self.world, application, index)

    def correct(self):
        application = self.recorded()
        if application is not None:
            level = self.random.choice(["general-1", "general-2", "core"])
            mended = self.world.classification(level=level, industry=self.label())
            disputes.correct(self.world, application, classification=mended)

    def object_later(self):
        application = self.recorded()
        if application is not None:
            who, evidence = self.anybody(), self.random.choice(["0b" * 32, "1b" * 32])
            key = disputes.object_to(self.world, application, who, evidence=evidence)
            self.objections.append((application, key, who))

    def tell(self):
        application, key, _ = self.objection("filed")
        body = disputes.objection_step(application, key)
        self.world.do("objection.notify", body, self.actor(self.world.registrar))

    def respond(self):
        application, key, _ = self.objection("notified", "responded")
        holder, _ = self.holder_of(application, "hold", "use", "operate")
        agrees = self.random.random() < 0.5
        disputes.respond(self.world, application, key, self.actor(holder), agrees=agrees)

    def conclude(self):
        application, key, who = self.objection("filed", "notified", "responded", "to-court")
        outcome = self.random.choice(OUTCOMES)
        if outcome == "withdrawn":
            body = disputes.conclusion(application, key, outcome)
            self.world.do("objection.conclude", body, self.actor(who))
        else:
            named = {"document": "0d" * 32} if self.random.random() < 0.7 else {}
            disputes.conclude(self.world, application, key, outcome, **named)

    def undertake(self):
        principal, agent = self.random.choice(self.people), self.anybody()
        types = self.random.choice([("initial",), ("initial", "transfer")])
        until = self.world.time + self.random.choice([1, 10**9])
        give_mandate(self.world, principal, agent, types, until=until)
        if self.random.random() < 0.5:
            self.applications.append(file_by_agent(self.world, agent, principal))
        if self.random.random() < 0.5:
            take_mandate(self.world, principal, agent)

    def declare(self):
        """Somebody is named as a right-holder who has not signed."""
        filer, other = self.random.sample(self.people, 2)
        application = self.world.file(filer)
        self.applications.append(application)
        self.world.step(application, "accept")
        fields = {"fields": application.statutory, **self.world.notice()}
        self.world.step(application, "publish", **fields)
        deadline = self.world.registration(application).deadline
        self.world.time = max(self.world.time, deadline or 0)
        declared = [claim(other, right) for right in ("hold", "use")]
        self.world.record(application, [claim(filer, "hold")], declared=declared)
        self.named.append((application, other))

    def confirm(self):
        if not self.named:
            self.declare()
        application, other = self.random.choice(self.named)
        if self.world.asset(application).voucher is not None:
            rights = self.random.choice([["hold"], ["use"], ["hold", "use"]])
            body = disputes.beside(self.world, application, rights=rights)
            self.world.do("registration.confirm", body, self.actor(other))

    def objection(self, *stages):
        """Asset, key and filer of an objection, mostly in one of these states, or of none."""
        first = (self.applications[0], "objection/" + "a" * 26, self.people[0])
        fitting = [
            each for each in self.objections if self.world.state(Objection, each[1]).stage in stages
        ]
        odd = self.random.random() < 0.2
        return self.random.choice((self.objections if odd else fitting) or [first])


MOVES = [
    Disputing.note,
    Disputing.unnote,
    Disputing.correct,
    Disputing.undertake,
    Disputing.declare,
    Disputing.confirm,
    *[Disputing.object_later] * 2,
    *[Disputing.tell] * 2,
    *[Disputing.respond] * 2,
    *[Disputing.conclude] * 2,
]
