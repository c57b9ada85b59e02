"""Grants, deliveries and usage in the tests of the rules: bodies and events as honest parties send
them, and answers with their proofs from a log in memory.

A policy is built from small pieces: `permit("use", limit("count", "lteq", 3))`.
"""

from hashlib import sha256
from itertools import pairwise

from contracts.chain import Grant
from contracts.check import find_grants
from contracts.delivery import Delivery
from contracts.lists import PublishedList, list_key
from contracts.permission import Inquiry, judge_act
from contracts.records import parse_state_record
from ledger.core.entry import decode_leaf
from ledger.core.subjects import derive_id, format_urn
from node.answers import prove_act, prove_query
from tests.support.log_builder import ORIGIN
from tests.support.people import claim

PROFILE = "urn:muniment:odrl:1"
RIGHTS = ("hold", "use", "operate")
OPERATOR, DEVELOPER = "public-data-operator", "developer"
"""Roles of the two tiers of public data."""

# Policies


def limit(operand, operator, right):
    """One comparison."""
    return {"leftOperand": operand, "operator": operator, "rightOperand": right}


def until(time):
    """Before an instant, in Unix milliseconds."""
    return limit("dateTime", "lt", time)


def since(time):
    return limit("dateTime", "gteq", time)


def purpose(*names):
    return limit("purpose", "isAnyOf", list(names))


def scene(*names):
    return limit("muniment:scene", "isAnyOf", list(names))


def times(count):
    return limit("count", "lteq", count)


def permit(action, *constraints, duties=(), after=None):
    """A permission; `after` are the terms that whoever gets the data next is bound by."""
    listed = [{"action": each} if isinstance(each, str) else each for each in duties]
    if after is not None:
        listed.append({"action": "nextPolicy", "target": after})
    rule = {"action": action, "constraint": list(constraints), "duty": listed}
    return {name: member for name, member in rule.items() if member}


def forbid(action, *constraints):
    rule = {"action": action, "constraint": list(constraints)}
    return {name: member for name, member in rule.items() if member}


def terms(*permissions, **rules):
    """Rules as a next policy has them."""
    return {"permission": list(permissions), **rules}


def onward(*permissions, action="distribute", count=None, duties=(), **rules):
    """A permission to hand on, under these permissions; under the default ones if none is given."""
    constraints = [] if count is None else [times(count)]
    after = terms(*permissions, **rules) if permissions else None
    return permit(action, *constraints, duties=duties, after=after)


def policy(application, grantor, grantee, *permissions, kind="Agreement", **rules):
    """An ODRL policy about an asset; it permits use unless told."""
    sides = {"assigner": grantor.party, "assignee": grantee.party}
    return {
        "type": kind,
        "profile": PROFILE,
        "conflict": "prohibit",
        "target": format_urn(ORIGIN, application.asset),
        **({} if kind == "Set" else sides),
        "permission": list(permissions or [permit("use")]),
        **rules,
    }


def public_use(*constraints, purposes=("public-welfare",), scenes=("bus-routes",), duties=()):
    """A permission as public data is licensed: for named purposes and scenes."""
    return permit("use", purpose(*purposes), scene(*scenes), *constraints, duties=duties)


# Grants


def issue_body(application, grantor, grantee, *permissions, parent=None, **rules):
    """Body of `grant.issue`."""
    body = {
        "asset": application.asset,
        "grantee": grantee.party,
        "policy": policy(application, grantor, grantee, *permissions, **rules),
    }
    return body | ({"parent": parent} if parent else {})


def signers(body, grantor, grantee):
    """The keys that a `grant.issue` needs."""
    people = [grantor, grantee] if body["policy"]["type"] == "Agreement" else [grantor]
    return [person.key for person in people]


def issue(world, application, grantor, grantee, *permissions, parent=None, **rules):
    """A grant that everybody signs who has to; gives its key."""
    body = issue_body(application, grantor, grantee, *permissions, parent=parent, **rules)
    return issue_as(world, body, grantor, *signers(body, grantor, grantee))


def issue_as(world, body, actor, *keys):
    """The grant of any body, signed with any keys; gives its key."""
    event = world.event("grant.issue", body, actor)
    world.write(world.sign(event, *keys))
    return derive_id("grant", actor=actor.party, nonce=event.nonce)


def issue_refused(world, application, grantor, grantee, *permissions, parent=None, **rules):
    """See a grant refused that everybody signs who has to; gives the reason."""
    body = issue_body(application, grantor, grantee, *permissions, parent=parent, **rules)
    return world.refused("grant.issue", body, grantor, *signers(body, grantor, grantee))


def chain_of(world, application, *people, **rules):
    """Grants from each to the next, each of which may hand on as far as there are people."""
    made, parent = [], None
    for place, (grantor, grantee) in enumerate(pairwise(people)):
        left = len(people) - 2 - place
        permissions = passing(left)
        made.append(
            issue(world, application, grantor, grantee, *permissions, parent=parent, **rules)
        )
        parent = made[-1]
    return made


def passing(levels):
    """Permissions to use, and to hand on so many levels further."""
    if levels == 0:
        return [permit("use")]
    return [permit("use"), onward(*passing(levels - 1), action="grantUse")]


def accept(world, grant, grantee):
    return world.do("grant.accept", {"grant": grant}, grantee)


def accept_refused(world, grant, grantee):
    return world.refused("grant.accept", {"grant": grant}, grantee)


def revoke_body(grant, ground="withdrawn", **changes):
    return {"grant": grant, "ground": ground} | changes


def revoke(world, grant, grantor, **changes):
    return world.do("grant.revoke", revoke_body(grant, **changes), grantor)


def revoke_refused(world, grant, actor, **changes):
    return world.refused("grant.revoke", revoke_body(grant, **changes), actor)


def grant_state(world, key):
    return world.state(Grant, key)


# Deliveries


def copy(label="copy", count=3):
    """What a delivery says of a copy."""
    root = sha256(label.encode()).hexdigest()
    return {"form": "salted-blocks/1", "root": root, "count": count}


def tracked(withheld=200, rows_per_mark=32, invented=0):
    """The duty that discloses marks; 0 leaves a bound out."""
    bounds = [
        *([limit("muniment:withheldShare", "lteq", withheld)] if withheld else []),
        *([limit("muniment:rowsPerMark", "gteq", rows_per_mark)] if rows_per_mark else []),
        *([limit("muniment:inventedRows", "lteq", invented)] if invented else []),
    ]
    duty = {"action": "acceptTracking"}
    return duty | ({"constraint": bounds} if bounds else {})


def marks(e=200, g=32, rows=330_041, **changes):
    """What a delivery says of the marks in its copy."""
    return {"e": e, "g": g, "key": {"$commit": "A" * 43}, "rows": rows} | changes


def escrow(person, label="sealed"):
    """What a delivery says of a marking key that lies with somebody, sealed."""
    return {"party": person.party, "digest": sha256(label.encode()).hexdigest()}


def send_body(world, grant, /, **changes):
    """Body of `delivery.send`."""
    state = grant_state(world, grant)
    parts = {"grant": grant, "asset": state.asset, "recipient": state.grantee, "copy": copy()}
    return parts | changes


def send(world, grant, sender, /, *keys, **changes):
    """A delivery by the grantor, signed by him and with these keys too; gives its key."""
    event = world.event("delivery.send", send_body(world, grant, **changes), sender)
    world.write(world.sign(event, sender.key, *keys))
    return derive_id("delivery", actor=sender.party, nonce=event.nonce)


def send_refused(world, grant, sender, /, *keys, **changes):
    body = send_body(world, grant, **changes)
    return world.refused("delivery.send", body, sender, sender.key, *keys)


def receive_body(world, delivery, /, **changes):
    """Body of `delivery.receive`."""
    state = delivery_state(world, delivery)
    sent = {"form": state.copy.form, "root": state.copy.root, "count": state.copy.count}
    parts = {"delivery": delivery, "grant": state.grant, "asset": state.asset, "copy": sent}
    return parts | changes


def receive(world, delivery, recipient, /, **changes):
    return world.do("delivery.receive", receive_body(world, delivery, **changes), recipient)


def receive_refused(world, delivery, actor, /, **changes):
    return world.refused("delivery.receive", receive_body(world, delivery, **changes), actor)


def delivery_state(world, key):
    return world.state(Delivery, key)


# Usage


def use_body(world, grant, /, action="read", count=1, **changes):
    """Body of `usage.record`: from where the action's newest period ended up to now."""
    state = grant_state(world, grant)
    return {
        "grant": grant,
        "action": action,
        "count": count,
        "total": state.meters.get(action, 0) + count,
        "from": max(state.status[-1].start, state.periods.get(action, 0)),
        "to": world.time,
    } | changes


def use(world, grant, grantee, /, action="read", count=1, **changes):
    return world.do("usage.record", use_body(world, grant, action, count, **changes), grantee)


def use_refused(world, grant, actor, /, action="read", count=1, **changes):
    return world.refused("usage.record", use_body(world, grant, action, count, **changes), actor)


def batch_body(world, grant, /, action="read", count=1, lines=1, **changes):
    """Body of `usage.batch`."""
    root = sha256(b"lines").hexdigest()
    lists = {"form": "usage-lines/1", "root": root, "lines": lines}
    return use_body(world, grant, action, count) | lists | changes


def use_batch(world, grant, grantee, /, action="read", count=1, **changes):
    return world.do("usage.batch", batch_body(world, grant, action, count, **changes), grantee)


def use_batch_refused(world, grant, actor, /, action="read", count=1, **changes):
    return world.refused("usage.batch", batch_body(world, grant, action, count, **changes), actor)


# Scenes


def registered(world, *owners, rights=RIGHTS, basis="self-generated", members=None, **changes):
    """An asset that each owner has these rights in.

    Args:
        world: Where.
        owners: Who applies and has the rights.
        rights: Which.
        basis: On what.
        members: Of the form, such as its restrictions.
        changes: Members of the classification, such as `class`.
    """
    application = world.published(*owners, members=members)
    tuples = [claim(owner, right, basis) for owner in owners for right in rights]
    world.record(application, tuples, classification=world.classification(**changes))
    return application


def publish_public(world, part="roots", **content):
    """A new version of a part of the list of public data, by the regulator; gives its index."""
    before = world.state(PublishedList, list_key("public-data", part))
    version = before.version + 1 if before else 1
    body = {"list": "public-data", "part": part, "version": version, "content": content}
    return world.do("list.publish", body, world.regulator)


def publish_roots(world, *people):
    """Exactly these are authorised bodies from now on."""
    return publish_public(world, roots=[{"party": person.party} for person in people])


def admit(world, person, role=OPERATOR, **changes):
    body = {"party": person.party, "role": role} | changes
    return world.do("party.admit", body, world.registrar)


def suspend(world, person, **changes):
    body = {"party": person.party, "ground": "inquiry"} | changes
    return world.do("party.suspend", body, world.regulator)


def lift(world, person):
    return suspend(world, person, lift=True)


# Answers


class LogProver:
    """What node.proofs.Prover gives, from a log in memory, under one note.

    Args:
        log: A MemoryLog.
        note: Signed checkpoint of its present size; without cosignatures unless given.
    """

    def __init__(self, log, note=None):
        self._log, self._note = log, log.note() if note is None else note

    def read_state(self, key):
        return self._log.state(key, self._note).value

    def read_events(self, key):
        return [decode_leaf(self._log.leaves[place]) for place in self._log.places(key)]

    def prove_state(self, key):
        return self._log.state(key, self._note)

    def prove_history(self, key):
        return self._log.dossier(key, note=self._note)


class LogFacts:
    """Facts as a log in memory has them now, without proofs; fast enough to ask them often."""

    def __init__(self, log):
        self._builder, self._log = log.builder(), log

    def find(self, cls, key):
        state = self._builder.read(key)
        return None if state is None else parse_state_record(cls, state)

    def read_events(self, key):
        return [decode_leaf(self._log.leaves[place]) for place in self._log.places(key)]


def inquiry(world, person, application, action, at=None, **facts):
    """What is asked; about now unless told."""
    return Inquiry(
        party=person.party,
        asset=application.asset,
        action=action,
        at=world.time if at is None else at,
        facts=facts,
    )


def ask(world, person, application, action, at=None, **facts):
    """The answer to it."""
    known = LogFacts(world.log)
    asked = inquiry(world, person, application, action, at, **facts)
    return judge_act(known, asked, find_grants(known, asked))


def prove(world, person, application, action, at=None, note=None, **facts):
    """The check bundle of it."""
    asked = inquiry(world, person, application, action, at, **facts)
    return prove_act(LogProver(world.log, note), asked)


def prove_answer(world, query, note=None):
    """The query bundle."""
    return prove_query(LogProver(world.log, note), query)
