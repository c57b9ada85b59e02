"""What honest people do: come and go, register, transfer, pledge, freeze.

Each function proposes one event that the rules have to accept, or None if there is nothing of the
kind to do now. It decides by the model, not by asking the rules.
"""

from contracts.clocks import end_of_validity
from contracts.procedure import OPEN_STATUSES, status_at
from tests.simulation.crowd import DAY, Draft
from tests.support.people import Application, Person
from tests.support.transfers import JUDGMENT

RESTRICTIONS = ("none", "none", {"resale": False}, {"export": False})
GROUNDS = ("judgment", "arbitration", "merger", "succession", "liquidation")

# --- parties


def enroll(sim):
    if len(sim.people) - sim.count("exited") >= sim.most_people:
        return None
    number = sim.fresh("party")
    person = Person(
        f"p {number}", 1 + number % 2, ("legal", "natural", "unincorporated")[number % 3]
    )
    body, keys = sim.stage.enrolment(person), sim.stage.enrolment_keys(person)

    def then(_):
        sim.people[person.party] = person

    return Draft("enroll", "party.enroll", body, person, keys, then=then)


def suspend(sim):
    person = sim.somebody(lambda party: sim.is_active(party))
    if person is None or len(sim.suspended()) >= 1 + sim.most_people // 16:
        return None
    return _suspension(sim, person, "suspend")


def lift(sim):
    suspended = sim.suspended()
    if not suspended:
        return None
    return _suspension(sim, sim.people[sim.random.choice(suspended)], "lift", lift=True)


def _suspension(sim, person, name, **members):
    actor = sim.random.choice([sim.stage.regulator, sim.stage.registrar])
    body = {"party": person.party, "ground": "inquiry", **members}
    return Draft(name, "party.suspend", body, actor)


def leave(sim):
    person = sim.somebody(lambda party: sim.is_active(party) and not sim.model.held[party])
    if person is None or sim.count("exited") > sim.most_people // 5:
        return None
    return Draft("exit", "party.exit", {}, person)


def admit(sim):
    person = sim.somebody(lambda party: sim.model.parties[party]["status"] != "exited")
    if person is None:
        return None
    roles = sim.model.parties[person.party]["roles"]
    role = sim.random.choice(["public-data-operator", "developer", "developer"])
    body = {"party": person.party, "role": role}
    if role in roles and sim.random.random() < 0.6:
        return None
    body |= {"end": True} if role in roles else {}
    actor = sim.random.choice([sim.stage.regulator, sim.stage.registrar])
    return Draft("admit", "party.admit", body, actor)


def publish_roots(sim):
    """The authorised bodies of public data: mostly those that operate it."""
    holders = {
        holder
        for key in sim.valid
        if sim.model.assets[key]["class"] == "public"
        for holder, right in sim.model.in_force(key, sim.time)
        if right == "operate" and sim.random.random() < 0.9
    }
    roots = sorted(holders)[:32]
    if set(roots) == sim.model.roots:
        return None
    body = {"list": "public-data", "part": "roots", "version": sim.model.root_lists + 1}
    body["content"] = {"roots": [{"party": party} for party in roots]}
    return Draft("publish roots", "list.publish", body, sim.stage.regulator)


def rotate(sim):
    person = sim.somebody(sim.is_active)
    if person is None:
        return None
    old, new = person.key, sim.new_key()
    body = {"add": [new.did], "remove": [old.did]}

    def then(_):
        person.keys = [*person.keys[1:], new]

    return Draft("rotate", "party.rotate", body, person, (old, new), then=then)


# --- registrations


def file(sim):
    applicants = sim.several(sim.random.choice([1, 1, 2, 3]))
    pending = sum(not one.moves for one in sim.applications.values())
    if not applicants or len(sim.valid) + pending >= sim.most_assets:
        return None
    stage, first = sim.stage, applicants[0]
    openings = stage.draft(*applicants, members={"restrictions": sim.random.choice(RESTRICTIONS)})
    extra = {"digests": [sim.digest()]} if sim.random.random() < 0.2 else {}
    body = stage.filing(openings, *applicants, **extra)

    def then(event):
        keys = {key.partition("/")[0]: key for key in event.subjects}
        made = Application(applicants, keys["asset"], keys["registration"], openings)
        sim.applications[made.registration] = made

    keys = [person.key for person in applicants]
    return Draft("file", "registration.file", body, first, keys, then=then)


def advance(sim):
    """The next step of some registration under way."""
    key = sim.pick([*sim.applications][:40])
    if key is None:
        return None
    application = sim.applications[key]
    status = status_at(sim.stage.registration(application), sim.time)
    if status not in OPEN_STATUSES:
        del sim.applications[key]
        return None
    return {
        "filed": _filed,
        "returned": _answer,
        "supplement": _answer,
        "accepted": _accepted,
        "published": _record,
        "confidential": _record,
    }[status](sim, application)


def _filed(sim, application):
    if sim.random.random() < 0.05:
        state = sim.stage.registration(application)
        until = sim.time + sim.random.choice([12 * DAY, 30 * DAY])
        if not state.was_returned:
            return _step(sim, application, "return", missing=["the contract"], until=until)
    if sim.random.random() < 0.05:
        return _withdraw(sim, application)
    return _step(sim, application, "accept")


def _accepted(sim, application):
    roll = sim.random.random()
    if roll < 0.05:
        return _step(sim, application, "supplement", ask="which period?")
    if roll < 0.08:
        return _step(sim, application, "refuse", ground="22-1", reasons="it harms others")
    if roll < 0.15:
        return _step(sim, application, "withhold", reason="trade secret")
    status = sim.stage.registration(application).status[-1]
    published_at = max(status.start, sim.time - DAY) if status.value == "accepted" else sim.time
    notice = sim.stage.notice(published_at=published_at)
    return _step(sim, application, "publish", fields=application.statutory, **notice)


def _answer(sim, application):
    return _by_applicant(sim, application, "supplement", answer=sim.digest())


def _withdraw(sim, application):
    return _by_applicant(sim, application, "withdraw")


def _by_applicant(sim, application, verb, **members):
    active = [one for one in application.applicants if sim.is_active(one.party)]
    if not active:
        return None
    return _step(sim, application, verb, sim.random.choice(active), **members)


def _step(sim, application, verb, actor=None, **members):
    body = {"registration": application.registration, **members}
    return Draft(verb, f"registration.{verb}", body, actor or sim.stage.registrar)


def _record(sim, application):
    state = sim.stage.registration(application)
    earliest = state.deadline or state.status[-1].start
    if sim.time // 1000 * 1000 < earliest:
        return None
    if application.moves:
        return _record_transfer(sim, application)
    if not sim.staying(application):
        return _step(sim, application, "refuse", ground="22-1", reasons="nobody is left")
    rights = sim.choose_rights(application)
    ends = end_of_validity(sim.time // 1000 * 1000, years=sim.random.choice([1, 2, 5, 5]))
    terms = [right["until"] for right in rights if "until" in right]
    changes = {
        "valid_until": min([ends, *terms]) // 1000 * 1000,
        "classification": sim.choose_classification(rights),
    }
    return sim.record("record", application, rights, **changes)


def _record_transfer(sim, application):
    registration = sim.model.registrations[application.registration]
    obstacles = sim.obstacles(registration)
    if obstacles:
        is_passing = (
            obstacles <= {"frozen", "suspended", "pledged", "held_then"}
            and sim.random.random() < 0.9
        )
        return None if is_passing else _withdraw(sim, application)
    return sim.record("record transfer", application)


def revoke(sim):
    asset = sim.pick(sim.assets, lambda key: sim.model.assets[key]["number"])
    if asset is None or sim.random.random() < 0.5:
        return None
    number = sim.model.assets[asset]["number"]
    body = sim.stage.revocation(sim.recorded[number], number)
    stage = sim.stage
    return Draft("revoke", "registration.revoke", body, stage.registrar, stage.officers)


def transfer(sim):
    return _transfer(sim, None)


def judgment(sim):
    return _transfer(sim, JUDGMENT | {"kind": sim.random.choice(GROUNDS)})


def _transfer(sim, ground):
    asset = sim.pick(sim.valid, lambda key: sim.model.in_force(key, sim.time))
    pending = [one.asset for one in sim.applications.values() if one.moves]
    if asset is None or (asset in pending and sim.random.random() < 0.7):
        return None
    held = sorted(sim.model.in_force(asset, sim.time))
    moves = []
    for holder, right in sim.random.sample(held, min(len(held), sim.random.choice([1, 1, 2, 3]))):
        taker = sim.somebody(lambda party: sim.is_active(party), but=holder)
        if taker is not None:
            moves.append((holder, taker.party, right))
    if not moves or sim.obstacles_of(asset, moves, is_ordered=ground is not None):
        return None
    return sim.file_transfer("judgment" if ground else "transfer", asset, moves, ground)


# --- pledges and orders


def pledge(sim):
    asset = sim.pick(sim.valid, lambda key: sim.model.in_force(key, sim.time))
    if asset is None or sim.model.is_frozen(asset) or len(sim.model.assets[asset]["pledges"]) > 3:
        return None
    holders = sorted({h for h, _ in sim.model.in_force(asset, sim.time) if sim.is_active(h)})
    if not holders:
        return None
    holder = sim.random.choice(holders)
    own = sorted(r for h, r in sim.model.in_force(asset, sim.time) if h == holder)
    rights = sim.random.sample(own, sim.random.randint(1, len(own)))
    earlier = set().union(*(sim.model.pledgees(asset, holder, right) for right in rights))
    bank = sim.somebody(lambda party: sim.is_active(party) and party not in earlier, but=holder)
    if bank is None:
        return None
    earlier = sorted(earlier)
    if not all(map(sim.is_active, earlier)):
        return None
    return sim.pledge("pledge", asset, holder, bank, rights, earlier)


def release(sim):
    model = sim.model
    open_ones = [key for asset in sim.assets for key in sorted(model.assets[asset]["pledges"])]
    key = sim.pick(open_ones)
    if key is None:
        return None
    if sim.is_active(model.encumbrances[key]["pledgee"]):
        return sim.release("release", key)
    members = {"actor": sim.stage.regulator, "document": sim.digest()}
    return sim.release("release by order", key, **members)


def freeze(sim):
    asset = sim.pick(sim.valid, lambda key: len(sim.model.assets[key]["freezes"]) < 3)
    if asset is None or len(sim.frozen()) > 1 + len(sim.valid) // 6:
        return None
    body = {"asset": asset, "ground": "suspected breach", **sim.live(asset)}
    return Draft("freeze", "order.freeze", body, sim.stage.regulator)


def unfreeze(sim):
    frozen = sim.frozen()
    if not frozen:
        return None
    asset = sim.random.choice(frozen)
    order = sim.random.choice(sorted(sim.model.assets[asset]["freezes"]))
    body = {"order": order, "asset": asset, **sim.live(asset)}
    return Draft("unfreeze", "order.unfreeze", body, sim.stage.regulator)


MOVES = {
    enroll: 14,
    suspend: 2,
    lift: 3,
    leave: 1,
    admit: 8,
    publish_roots: 3,
    rotate: 1,
    file: 8,
    advance: 60,
    revoke: 2,
    transfer: 8,
    judgment: 4,
    pledge: 6,
    release: 4,
    freeze: 3,
    unfreeze: 5,
}
