"""Mandates, filings by agents, and a registrar's successor in the tests of the rules."""

from ledger.core.subjects import derive_id
from tests.support.people import MS_PER_DAY, Application

MANDATE = "4a" * 32


def mandate_body(world, who, types=("initial",), **changes):
    """Body of a `party.undertake` that gives a mandate; a change to None leaves a member out."""
    body = {"agent": who.party, "mandate": MANDATE, "types": types and list(types)}
    body |= {"until": world.time + 30 * MS_PER_DAY} | changes
    return {name: value for name, value in body.items() if value is not None}


def give_mandate(world, principal, agent, types=("initial",), **changes):
    body = mandate_body(world, agent, types, **changes)
    return world.do("party.undertake", body, principal, *mandate_keys(principal, agent))


def mandate_keys(principal, agent):
    """Who gives a mandate and who takes it on; a party under a solo profile may be both."""
    return list(dict.fromkeys((principal.key, agent.key)))


def take_mandate(world, principal, agent, **changes):
    body = {"agent": agent.party, "mandate": MANDATE, "end": True} | changes
    return world.do("party.undertake", body, principal)


def by_agent(body, agent, *applicants, mandate=MANDATE, **changes):
    """The body of a filing that the agent made, as one for these applicants."""
    parties = sorted(one.party for one in applicants)
    return (
        body | {"parties": parties, "agent": {"party": agent.party, "mandate": mandate}} | changes
    )


def agent_filing(world, agent, *applicants, **changes):
    """Body of an initial registration that an agent files, with its openings."""
    openings = world.draft()
    return by_agent(world.filing(openings, agent), agent, *applicants, **changes), openings


def file_by_agent(world, agent, *applicants, signing=(), **changes):
    """An initial registration filed by an agent and signed by it and `signing`."""
    body, openings = agent_filing(world, agent, *applicants, **changes)
    event = world.event("registration.file", body, agent)
    world.write(world.sign(event, agent.key, *(one.key for one in signing)))
    ids = (
        derive_id(kind, actor=agent.party, nonce=event.nonce) for kind in ("asset", "registration")
    )
    return Application(list(applicants), *ids, openings)


SUCCESSOR = {"name": "Suzhou data registry", "region": "32", "digit": "2"}


def succession_body(world, successor, **changes):
    """Body of a registrar's `party.exit`; a change to None leaves a member out."""
    body = {"successor": successor.party, "document": "6d" * 32}
    body |= ({"catalogue": SUCCESSOR} if world.profile.scheme == "SJ" else {}) | changes
    return {name: value for name, value in body.items() if value is not None}


def succession_keys(world, successor):
    return [*world.officers, world.regulator.key, successor.key]


def hand_over(world, successor, **changes):
    """The registrar leaves to a successor, who is the world's registrar from then on."""
    body = succession_body(world, successor, **changes)
    world.do("party.exit", body, world.registrar, *succession_keys(world, successor))
    gone, world.registrar = world.registrar, successor
    return gone
