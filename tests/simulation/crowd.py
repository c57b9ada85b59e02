"""Who is there, what can be done with what they have, and the events that they can write."""

from collections import Counter
from dataclasses import dataclass, field

from contracts.transfer import Move
from tests.support.people import Application, Key, Person, claim

DAY = 86_400_000
LEVELS = ("general-1", "general-2", "general-3", "general-4", "important")
BUSY = 0.05


@dataclass
class Draft:
    """An event that is not signed yet; `then` is told of it once it is accepted."""

    name: str
    kind: str
    body: dict
    actor: Person
    keys: tuple = ()
    reasons: frozenset = frozenset()
    then: object = None
    members: dict = field(default_factory=dict)

    @property
    def signing(self):
        return tuple(self.keys) or (self.actor.key,)


def may(*reasons):
    """The reasons of which one has to be given for a refusal."""
    return frozenset(reasons)


class Crowd:
    """People with what the simulation remembers of them beside the model.

    `random` decides, `stage` has the states, `model` says who holds what.
    """

    def __init__(self, random, stage, model):
        self.random, self.stage, self.model = random, stage, model
        self.people = {}  # party: Person
        self.applications = {}  # registration under way: Application
        self.recorded = {}  # voucher number: Application
        self.by_asset = {}  # asset: its first Application
        self.assets = []
        self.grants = []
        self.plans = {}  # grant: Plan
        self.valid, self.alive = [], []  # assets and grants that something can be done with
        self._fresh = Counter()

    @property
    def time(self):
        return self.stage.time

    def look_around(self):
        """See which assets and grants something can be done with at this time."""
        model = self.model
        self.valid = [key for key in self.assets if model.has_voucher(key, self.time)]
        self.alive = [
            key
            for key in self.grants
            if model.has_voucher(model.grants[key]["asset"], self.time)
            and model.grants[key]["status"] != "revoked"
        ]

    # --- choosing

    def pick(self, keys, test=lambda key: True):
        """One of some keys that passes a test, if a few tries find one.

        The first of them is busier than the others, so that its lists get long.
        """
        for _ in range(12 if keys else 0):
            key = keys[0] if self.random.random() < BUSY else self.random.choice(keys)
            if test(key):
                return key
        return None

    def somebody(self, test, but=None):
        """A person of the crowd that passes a test."""
        key = self.pick([*self.people], lambda party: party != but and test(party))
        return None if key is None else self.people[key]

    def several(self, count):
        """So many different active persons, if there are."""
        active = [key for key in self.people if self.is_active(key)]
        if len(active) < count:
            return []
        return [self.people[key] for key in self.random.sample(active, count)]

    def is_active(self, party):
        return self.model.is_active(party)

    def count(self, status):
        return sum(self.model.parties[key]["status"] == status for key in self.people)

    def suspended(self):
        return [key for key in self.people if self.model.parties[key]["status"] == "suspended"]

    def frozen(self):
        return [key for key in self.assets if self.model.assets[key]["freezes"]]

    def fresh(self, kind):
        self._fresh[kind] += 1
        return self._fresh[kind]

    def new_key(self):
        return Key(f"key {self.fresh('key')}")

    def digest(self):
        return f"{self.random.getrandbits(256):064x}"

    def live(self, asset):
        """The member `voucher` of a body about an asset."""
        number = self.model.assets[asset]["number"]
        return {} if number is None else {"voucher": number}

    # --- registrations

    def staying(self, application):
        """The applicants who have not left."""
        parties = self.model.parties
        return [one for one in application.applicants if parties[one.party]["status"] != "exited"]

    def choose_rights(self, application):
        """Claims of all applicants who are still there; the first of them may operate."""
        rights = []
        staying = self.staying(application)
        for one in staying:
            named = self.random.sample(("hold", "use", "operate"), self.random.randint(1, 3))
            if one is staying[0]:
                named = ["operate", *(right for right in named if right != "operate")]
            rights += [self._claim(one, right, application) for right in named]
        if any("sources" in one for one in rights):  # then what is fused names its sources too
            alone = {"basis": "self-generated"}
            rights = [one | alone if one["basis"] == "fused" else one for one in rights]
        return rights

    def _claim(self, person, right, application):
        until = {}
        if self.random.random() < 0.2:
            until = {"until": self.time + self.random.randint(300, 1800) * DAY}
        evidence = {"evidence": self.digest()} | until
        kinds = [("self-generated", until), ("contract", evidence | {"limits": "not abroad"})]
        kinds += [("commissioned", evidence), ("public-product", until | {"code": "P-1"})]
        if right != "operate":
            kinds.append(("crawled-public", evidence))
        if len(application.applicants) > 1:
            kinds.append(("fused", until))
        source = self.pick(
            self.assets, lambda key: (person.party, "use") in self.model.in_force(key, self.time)
        )
        if source is not None:
            kinds.append(("derived", until | {"sources": [source]}))
        basis, members = self.random.choice(kinds)
        return claim(person, right, basis, **members)

    def choose_classification(self, rights):
        sources = [key for right in rights for key in right.get("sources", ())]
        lowest = max([LEVELS.index(self.model.assets[key]["level"]) for key in sources], default=0)
        level = max(lowest, self.random.choice([0, 0, 0, 1, 2, 3, 4]))
        kind = self.random.choice(["enterprise", "enterprise", "public"])
        return self.stage.classification(level=LEVELS[level], **{"class": kind})

    def record(self, name, application, rights=None, reasons=frozenset(), **changes):
        """The record of an application, with evidence from the national system."""
        stage = self.stage
        evidence = {"system": "national", "record": "R-1", "digest": self.digest()}
        start = self.time // 1000 * 1000
        changes = {"national": evidence | {"evidence_time": start}} | changes
        body = stage.record_body(application, rights, **changes)

        def then(event):
            self.recorded[body["number"]] = application
            if application.asset not in self.by_asset:
                self.by_asset[application.asset] = application
                self.assets.append(application.asset)
                self.valid.append(application.asset)

        return Draft(
            name, "registration.record", body, stage.registrar, stage.officers, reasons, then
        )

    def obstacles(self, registration):
        """What keeps a transfer under way from being recorded, as reasons; none: nothing."""
        asset, moves = registration["asset"], registration["moves"]
        is_dated_back = self.model.held_until(asset, moves) > self.time // 1000 * 1000
        found = self.obstacles_of(asset, moves, is_ordered=registration["is_ordered"])
        return found | ({"held_then"} if is_dated_back else set())

    def obstacles_of(self, asset, moves, *, is_ordered):
        model, state = self.model, self.model.assets[asset]
        found = {"frozen"} if state["freezes"] else set()
        if not model.has_voucher(asset, self.time):
            return found | {"expired" if state["number"] else "no_voucher"}
        held = model.in_force(asset, self.time)
        left = [key for key in state["tuples"] if key not in {(g, r) for g, _, r in moves}]
        after = [*left, *((taker, right) for _, taker, right in moves)]
        if any((giver, right) not in held for giver, _, right in moves):
            found.add("right_not_held")
        if any(model.pledgees(asset, giver, right) for giver, _, right in moves):
            found.add("pledged")
        if len(set(after)) != len(after):
            found.add("already_held")
        if len({holder for holder, _ in after}) > 8:
            found.add("too_many_holders")
        taking = {taker for _, taker, _ in moves}
        giving = set() if is_ordered else {giver for giver, _, _ in moves}
        statuses = {model.parties[party]["status"] for party in taking | giving}
        return found | (statuses - {"active"})

    def file_transfer(self, name, asset, moves, ground, reasons=frozenset()):
        """A transfer signed by all who have to."""
        stage, people = self.stage, self.people
        triples = [(people[giver], people[taker], right) for giver, taker, right in moves]
        signers = stage.transfer_signers(*triples, ground=ground)
        openings = stage.transfer_openings()
        body = stage.transfer_body(self.by_asset[asset], *triples, ground=ground, openings=openings)
        made = tuple(Move(transferor=g, transferee=t, right=r) for g, t, r in moves)

        def then(event):
            (key,) = (each for each in event.subjects if each.startswith("registration/"))
            self.applications[key] = Application(signers, asset, key, openings, made)

        keys = [person.key for person in signers]
        return Draft(name, "registration.file", body, signers[0], keys, reasons, then)

    # --- pledges

    def pledge(self, name, asset, holder, bank, rights, consents=(), reasons=frozenset()):
        body = {"asset": asset, "pledgee": bank.party, "rights": rights, **self.live(asset)}
        if consents:
            body["consents"] = sorted(consents)
        signing = dict.fromkeys([holder, bank.party, *consents])
        keys = [self.people[party].key for party in signing]
        return Draft(name, "encumbrance.create", body, self.people[holder], keys, reasons)

    def release(self, name, key, reasons=frozenset(), actor=None, **members):
        one = self.model.encumbrances[key]
        body = {"encumbrance": key, "asset": one["asset"], **self.live(one["asset"]), **members}
        by = actor or self.people[one["pledgee"]]
        return Draft(name, "encumbrance.release", body, by, (), reasons)
