"""A registry at play: parties that try everything, sensible or not, at random from a seed.

Run as a program with a seed it prints every block's state root, on every machine the same.
"""

import sys
from collections import Counter
from random import Random

from contracts.procedure import status_at
from ledger.errors import RejectedError
from tests.support.people import Key, claim
from tests.support.world import World

HOUR = 3_600_000


class Play:
    """One game; `seen` counts accepted events by kind, `refused` refusals by reason."""

    def __init__(self, seed, profile="solo", watch=None):
        self.random = Random(seed)
        self.world = World(profile)
        self.people = [self.world.enroll(f"p{n}", 1 + n % 2) for n in range(3)]
        self.applications = [self.world.file(self.people[0])]
        self.seen, self.refused, self._labels = Counter(), Counter(), 0
        self._watch(watch or (lambda before, event, after: None))

    def _watch(self, watch):
        """See every event that is written, with all states before and after."""
        write, self._states = self.world.write, self.world.all_states()

        def watched(signed):
            index = write(signed)
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

    def refuse(self):
        self.step("refuse", "accepted", ground="22-1", reasons="harm")

    def record(self):
        application = self.application("published", "confidential")
        deadline = self.world.registration(application).deadline
        if self.random.random() < 0.8:
            self.world.time = max(self.world.time, deadline or 0)
        holders = self.random.sample(application.applicants, 1)
        holders += [one for one in application.applicants if self.random.random() < 0.5]
        rights = [claim(one, self.random.choice(["hold", "use", "operate"])) for one in holders]
        self.world.record(application, rights)

    def revoke(self):
        live = [each for each in self.applications if self.world.asset(each).voucher]
        application = self.random.choice(live or self.applications)
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
        body = {"party": self.anybody().party, "ground": "over", "lift": True}
        self.world.do("party.suspend", body, self.world.regulator)

    def admit(self):
        role = self.random.choice(["auditor", "notary"])
        end = {"end": True} if self.random.random() < 0.4 else {}
        body = {"party": self.anybody().party, "role": role} | end
        self.world.do("party.admit", body, self.actor(self.world.registrar))

    def step(self, verb, status, **members):
        application = self.application(status)
        self.world.step(application, verb, self.actor(self.world.registrar), **members)


MOVES = [
    Play.enroll,
    *[Play.file] * 4,
    *[Play.accept] * 4,
    Play.give_back,
    Play.ask,
    Play.answer,
    *[Play.publish] * 4,
    Play.withhold,
    Play.withdraw,
    Play.refuse,
    *[Play.record] * 5,
    *[Play.revoke] * 2,
    Play.rotate,
    Play.recover,
    Play.suspend,
    *[Play.lift] * 2,
    Play.admit,
]


if __name__ == "__main__":
    _profile, _seed = sys.argv[1:]
    _play = Play(int(_seed), _profile).play(100)
    for _block in _play.world.log.blocks:
        print(_block.seal.state_root.hex(), _block.head.frontier.root().hex())
    print(sorted(_play.refused.items()))
