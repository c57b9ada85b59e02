"""What parties at play try with rights and grants: transfers, licences, deliveries, usage."""

from contracts.force import rights_in_force
from contracts.intervals import current
from tests.support import grants
from tests.support.grants import onward, permit, times
from tests.support.transfers import JUDGMENT

ACTS = ("read", "read", "derive", "use", "distribute", "sell")
TRACKED = ([], [grants.tracked(200, 32, 2)], [grants.tracked(200, 0)])
TERMS = (
    (permit("use"),),
    (permit("read", times(5)),),
    (permit("use"), onward(permit("use"), action="grantUse", count=2)),
    (permit(["read", "derive"]), onward()),
)


class Dealing:
    """Moves of a game about who holds, licenses, delivers and uses what."""

    def __init__(self):
        self.licences, self.deliveries = [], []

    def holder_of(self, application, *rights):
        """A party with one of these rights in the asset, and the right; else anybody's."""
        asset = self.world.asset(application)
        held = [
            (person, value["right"])
            for value in rights_in_force(asset, self.world.time)
            for person in self.people
            if value["holder"] == person.party and value["right"] in rights
        ]
        return self.random.choice(held or [(self.anybody(), rights[0])])

    def transfer(self):
        application = self.registered()
        if self.world.asset(application).voucher is None:
            self.file()
            return
        giver, right = self.holder_of(application, "hold", "use", "operate")
        ground = JUDGMENT if self.random.random() < 0.2 else None
        moves = [(self.actor(giver), self.anybody(), right)]
        self.applications.append(self.world.file_transfer(application, *moves, ground=ground))

    def issue(self):
        application = self.registered()
        grantor, _ = self.holder_of(application, "operate")
        self.license(application, self.actor(grantor))

    def issue_below(self):
        application, key, _, grantor = self.licence("live")
        self.license(application, self.actor(grantor), parent=key)

    def license(self, application, grantor, **members):
        grantee = self.random.choice([one for one in self.people if one is not grantor])
        terms, kind = self.random.choice(TERMS), self.random.choice(["Offer", "Agreement", "Set"])
        tracked = self.random.choice(TRACKED if kind != "Set" else TRACKED[:1])
        members |= {"obligation": tracked} if tracked else {}
        made = grants.issue(self.world, application, grantor, grantee, *terms, kind=kind, **members)
        self.licences.append((application, made, grantor, grantee))

    def licence(self, *statuses):
        """Asset, key, grantor and grantee of a grant, mostly in one of these states.

        Of none, if there is none yet.
        """
        first = (self.applications[0], "grant/" + "a" * 26, self.people[0], self.people[0])
        fitting = [each for each in self.licences if self.status_of(each[1]) in statuses]
        odd = self.random.random() < 0.2
        return self.random.choice((self.licences if odd else fitting) or [first])

    def status_of(self, key):
        return current(grants.grant_state(self.world, key).status)[-1]

    def take(self):
        _, key, _, grantee = self.licence("offered")
        grants.accept(self.world, key, self.actor(grantee))

    def end(self):
        _, key, grantor, _ = self.licence("live", "offered")
        grants.revoke(self.world, key, self.actor(grantor))

    def deliver(self):
        application, key, grantor, grantee = self.licence("live")
        parts = {"grant": key, "asset": application.asset, "recipient": grantee.party}
        body = parts | {"copy": grants.copy(self.label())} | self.filing_for(application)
        actor, marker = self.actor(grantor), self.random.choice([None, None, self.anybody()])
        body |= self.marks_for(key, marker)
        has_marker = "markedBy" in body.get("marks", {}) and marker is not actor
        keys = [actor.key, *([marker.key] if has_marker else [])]
        event = self.world.event("delivery.send", body, actor)
        self.world.write(self.world.sign(event, *keys))
        key = next(one for one in event.subjects if one.startswith("delivery/"))
        self.deliveries.append((key, body, grantee))

    def marks_for(self, key, marker):
        """Marks of a copy under a grant, mostly such as its terms ask for, and their escrow."""
        grant = grants.grant_state(self.world, key)
        tracked = [] if grant is None else grant.policy.get("obligation", [])
        is_odd = self.random.random() < 0.2
        if bool(tracked) is is_odd:
            return {}
        changed = self.random.choice([0, 32]) if len(tracked[:1]) and not is_odd else 2
        made = grants.marks(self.random.choice([1, 200]), changed)
        made |= {} if marker is None else {"markedBy": marker.party}
        made |= {"canaries": 2} if "inventedRows" in str(tracked) else {}
        keeper = self.anybody() if self.random.random() < 0.2 else self.world.registrar
        return {"marks": made, "escrow": grants.escrow(keeper)}

    def receive(self):
        if not self.deliveries:
            self.deliver()
            return
        key, sent, grantee = self.random.choice(self.deliveries)
        body = {name: sent[name] for name in ("grant", "asset", "copy")} | {"delivery": key}
        self.world.do("delivery.receive", body, self.actor(grantee))

    def use(self):
        _, key, _, grantee = self.licence("live")
        state = grants.grant_state(self.world, key)
        body = {"grant": key, "action": self.random.choice(ACTS), "count": 1, "total": 1}
        body |= {"from": self.world.time - 1, "to": self.world.time}
        if state is not None:
            body |= grants.use_body(self.world, key, body["action"], self.random.randint(1, 3))
        kind = "usage.record"
        if self.random.random() < 0.5:
            kind = "usage.batch"
            body |= {"form": "usage-lines/1", "root": "1e" * 32, "lines": 1}
        self.world.do(kind, body, self.actor(grantee))


MOVES = [
    *[Dealing.transfer] * 5,
    *[Dealing.issue] * 6,
    *[Dealing.issue_below] * 8,
    *[Dealing.take] * 5,
    Dealing.end,
    *[Dealing.deliver] * 3,
    *[Dealing.receive] * 2,
    *[Dealing.use] * 9,
]
