"""A registry at play: parties that try everything, sensible or not, at random from a seed.

Run as a program with a seed it prints every block's state root, on every machine the same.
"""

import sys
from collections import Counter
from random import Random

from contracts.procedure import objectors_of, status_at
from contracts.title import tuple_values
from ledger.core.subjects import derive_id
from ledger.errors import RejectedError
from tests.support.holds import freeze_body, pledge, release_body, unfreeze_body
from tests.support.people import Key, claim
from tests.support.playing_assessments import MOVES as ASSESSMENTS
from tests.support.playing_assessments import Assessing
from tests.support.playing_disputes import MOVES as DISPUTES
from tests.support.playing_disputes import Disputing
from tests.support.playing_grants import MOVES as DEALINGS
from tests.support.playing_grants import Dealing
from tests.support.playing_later import MOVES as AMENDMENTS
from tests.support.playing_later import Amending
from tests.support.rotations import next_log, rotate
from tests.support.world import World

HOUR = 3_600_000
RIGHTS = ("hold", "use", "operate")


class Play(Dealing, Disputing, Assessing, Amending):
    """One game; `seen` counts moves that went through, `kinds` events, `refused` refusals."""

    def __init__(self, seed, profile="solo", watch=None):
        Dealing.__init__(self)
        Disputing.__init__(self)
        Assessing.__init__(self)
        self.random = Random(seed)
        self.world = World(profile)
        self.people = [self.world.enroll(f"p{n}", 1 + n % 2) for n in range(3)]
        self.applications = [self.world.file(self.people[0])]
        self.pledges, self.orders = [], []
        self.seen, self.kinds, self.refused, self._labels = Counter(), Counter(), Counter(), 0
        self._watch(watch or (lambda before, event, after: None))

    def _watch(self, watch):
        """See every event that is written, with all states before and after."""
        write, self._states = self.world.write, self.world.all_states()

        def watched(signed):
            index = write(signed)
            self.kinds[_name(signed.event)] += 1
            before, self._states = self._states, self.world.all_states()
            watch(before, signed.event, self._states)
            return index

        self.world.write = watched

    def play(self, steps):
        for _ in range(steps):
            self.world.time += self.random.choice([0, 1, HOUR, 30 * HOUR])
            move = self.random.choice(MOVES)
            try:
                move(self)
            except RejectedError as exc:
                self.refused[exc.reason] += 1
                assert self.world.all_states() == self._states
            else:
                self.seen[move.__name__] += 1
        return self

    def label(self):
        self._labels += 1
        return f"made {self._labels}"

    def anybody(self):
        return self.random.choice(self.people)

    def actor(self, usual):
        """Mostly the one who may."""
        return self.anybody() if self.random.random() < 0.1 else usual

    def application(self, *statuses):
        """Mostly one where the step fits, if there is any."""
        fitting = [
            each
            for each in self.applications
            if status_at(self.world.registration(each), self.world.time) in statuses
        ]
        odd = self.random.random() < 0.1 and self.applications
        return self.random.choice(self.applications if odd else fitting or self.applications)

    def registered(self):
        """One whose voucher is the live one of its asset, if there is any."""
        live = [
            each
            for each in self.applications
            if self.world.asset(each).voucher
            and self.world.asset(each).voucher == self.world.registration(each).voucher
        ]
        return self.random.choice(live or self.applications)

    # --- moves

    def enroll(self):
        self.people.append(self.world.enroll(self.label(), self.random.randint(1, 3)))

    def file(self):
        count = self.random.randint(1, 3)
        applicants = self.random.sample(self.people, count)
        digests = [["d" * 64], ["e" * 64], None][self.random.randrange(3)]
        claims = {"digests": digests} if digests else {}
        self.applications.append(self.world.file(*applicants, **claims))

    def accept(self):
        self.step("accept", "filed")

    def give_back(self):
        until = self.world.time + self.random.choice([1, 100 * HOUR])
        self.step("return", "filed", missing=["x"], until=until)

    def ask(self):
        self.step("supplement", "accepted", ask="which?")

    def answer(self):
        application = self.application("returned", "supplement")
        actor = self.actor(application.applicants[0])
        self.world.step(application, "supplement", actor, answer="0f" * 32)

    def publish(self):
        application = self.application("accepted")
        fields = {"fields": application.statutory, **self.world.notice()}
        self.world.step(application, "publish", **fields)

    def withhold(self):
        self.step("withhold", "accepted", reason="secret")

    def withdraw(self):
        application = self.application("filed", "accepted")
        self.world.step(application, "withdraw", self.actor(application.applicants[0]))

    def object(self):
        application = self.application("published", "objected")
        others = [one for one in self.people if one not in application.applicants]
        evidence = {"reason": "it is ours", "evidence": "0e" * 32}
        actor = self.actor(self.random.choice(others or self.people))
        self.world.step(application, "object", actor, **evidence)

    def resolve(self):
        outcome = self.random.choice(["dismissed", "withdrawn", "upheld"])
        if outcome == "withdrawn":
            self.withdraw_objection()
        else:
            self.step("resolve", "objected", outcome=outcome, reasons="heard")

    def withdraw_objection(self):
        """One of them, by its objector or on its letter."""
        application = self.application("objected")
        objectors = objectors_of(self.world.registration(application))
        fitting = [one for one in self.people if one.party in objectors]
        party = self.random.choice(fitting or self.people)
        named = {"document": "0d" * 32} if self.random.random() < 0.5 else {}
        actor = self.world.registrar if named else party
        self.world.step(
            application,
            "resolve",
            self.actor(actor),
            outcome="withdrawn",
            reasons="settled",
            objector=party.party,
            **named,
        )

    def extend(self):
        application = self.application("accepted", "supplement", "published", "confidential")
        self.world.step(application, "extend", self.actor(self.world.registrar), reason="complex")

    def terminate(self):
        self.step("terminate", "accepted", reasons="unclear")

    def refuse(self):
        self.step("refuse", "accepted", ground="22-1", reasons="harm")

    def record(self):
        application = self.application("published", "confidential")
        deadline = self.world.registration(application).deadline
        if self.random.random() < 0.8:
            self.world.time = max(self.world.time, deadline or 0)
        if application.moves or application.of_type:
            self.world.record(application)
            return
        holders = self.random.sample(application.applicants, 1)
        holders += [one for one in application.applicants if self.random.random() < 0.5]
        rights = [
            claim(one, right)
            for one in holders
            for right in self.random.sample(RIGHTS, self.random.randint(1, 3))
        ]
        level = self.random.choice(["general-1", "important"])
        classification = self.world.classification(level=level)
        self.world.record(application, rights, classification=classification)

    def revoke(self):
        application = self.registered()
        number = self.world.asset(application).voucher or self.world.next_number()
        body = self.world.revocation(application, number)
        body["parties"] = body["parties"] or [application.applicants[0].party]
        registrar = self.world.registrar
        self.world.do("registration.revoke", body, registrar, *self.world.officers)

    def rotate(self):
        person = self.anybody()
        old, new = self.random.choice(person.keys), Key(self.label())
        body = {"add": [new.did], "remove": [old.did]}
        self.world.do("party.rotate", body, person, old, new)
        person.keys = [key for key in person.keys if key is not old] + [new]

    def change_log_key(self):
        """Sometimes to a key that the log has had."""
        rotate(self.world, next_log(self.random.randint(2, 9)))

    def recover(self):
        person, new = self.anybody(), Key(self.label())
        dids = [key.did for key in person.keys]
        check = {"method": "m", "evidence": "0e" * 32}
        body = {"party": person.party, "add": [new.did], "remove": dids, "check": check}
        registrar = self.world.registrar
        self.world.do("party.recover", body, registrar, registrar.key, new)
        effective = self.world.party(person).recovery.effective
        if effective > self.world.time and self.random.random() < 0.5:
            cancel = {k: v for k, v in body.items() if k != "check"} | {"cancel": True}
            self.world.do("party.recover", cancel, person, person.key)
        else:
            self.world.time = max(self.world.time, effective)
            person.keys = [new]

    def suspend(self):
        body = {"party": self.anybody().party, "ground": "inquiry"}
        self.world.do("party.suspend", body, self.actor(self.world.regulator))

    def lift(self):
        suspended = [one for one in self.people if not self.world.party(one).is_active]
        person = self.random.choice(suspended or self.people)
        body = {"party": person.party, "ground": "over", "lift": True}
        self.world.do("party.suspend", body, self.world.regulator)

    def admit(self):
        role = self.random.choice(["auditor", "notary"])
        end = {"end": True} if self.random.random() < 0.4 else {}
        body = {"party": self.anybody().party, "role": role} | end
        self.world.do("party.admit", body, self.actor(self.world.registrar))

    def pledge(self):
        application = self.registered()
        number = self.world.asset(application).voucher or self.world.next_number()
        tuples = tuple_values(self.world.asset(application).tuples)
        holders = {right["holder"] for right in tuples}
        owners = [person for person in self.people if person.party in holders]
        pledgor, bank = self.random.choice(owners or self.people), self.anybody()
        rights = sorted({r["right"] for r in tuples if r["holder"] == pledgor.party}) or ["use"]
        consents = [self.anybody()] if self.random.random() < 0.2 else []
        chosen = self.random.sample(rights, 1) if self.random.random() < 0.8 else ["operate"]
        made = pledge(self.world, application, pledgor, bank, chosen, consents, voucher=number)
        self.pledges.append((application, made, bank))

    def release(self):
        application, made, bank = self.random.choice(self.pledges or [self.unknown("encumbrance")])
        body = release_body(self.world, application, made)
        self.world.do("encumbrance.release", body, self.actor(bank))

    def freeze(self):
        application = self.random.choice(self.applications)
        body = freeze_body(self.world, application)
        actor = self.actor(self.world.regulator)
        event = self.world.event("order.freeze", body, actor)
        self.world.write(self.world.sign(event, actor.key))
        order = derive_id("order", actor=actor.party, nonce=event.nonce)
        self.orders.append((application, order))

    def unfreeze(self):
        chosen = self.random.choice(self.orders or [self.unknown("order")[:2]])
        body = unfreeze_body(self.world, *chosen)
        self.world.do("order.unfreeze", body, self.actor(self.world.regulator))
        if self.random.random() < 0.8:  # else it is tried once more
            self.orders.remove(chosen)

    def leave(self):
        """Somebody goes, and mostly nobody hears of them again."""
        if len(self.people) < 5:
            self.enroll()
        person = self.random.choice(self.people)
        self.world.do("party.exit", {}, person)
        if self.random.random() < 0.8:
            self.people.remove(person)

    def unknown(self, kind):
        return self.applications[0], f"{kind}/{'a' * 26}", self.people[0]

    def step(self, verb, status, **members):
        application = self.application(status)
        self.world.step(application, verb, self.actor(self.world.registrar), **members)


def _name(event):
    """Its kind, and of the beginning and the end of a registration the type."""
    if event.kind == "registration.file":
        return f"{event.kind} {event.body['type']}"
    if event.kind != "registration.record":
        return event.kind
    if "cancels" in event.body:
        return f"{event.kind} cancellation"
    if "supersedes" in event.body:
        return f"{event.kind} {'transfer' if event.body['parties'] else 'change'}"
    return event.kind


MOVES = [
    Play.enroll,
    *[Play.file] * 4,
    *[Play.accept] * 5,
    Play.give_back,
    Play.ask,
    Play.answer,
    *[Play.publish] * 5,
    Play.withhold,
    Play.withdraw,
    Play.refuse,
    *[Play.object] * 4,
    *[Play.resolve] * 2,
    *[Play.extend] * 3,
    Play.terminate,
    *[Play.record] * 7,
    Play.revoke,
    Play.rotate,
    Play.change_log_key,
    Play.recover,
    Play.suspend,
    *[Play.lift] * 2,
    Play.admit,
    *[Play.pledge] * 4,
    *[Play.release] * 2,
    Play.freeze,
    *[Play.unfreeze] * 3,
    Play.leave,
    *DEALINGS,
    *DISPUTES,
    *ASSESSMENTS,
    *AMENDMENTS,
]


if __name__ == "__main__":
    _profile, _seed = sys.argv[1:]
    _play = Play(int(_seed), _profile).play(100)
    for _block in _play.world.log.blocks:
        print(_block.seal.state_root.hex(), _block.head.frontier.root().hex())
    print(sorted(_play.refused.items()))
