"""Two small ledgers with fixed keys, nonces, salts and times, which the vectors are taken from."""

from functools import cache

from ledger.core.entry import Entry, decode_leaf
from ledger.core.event import encode_signed_event
from tests.support.log_builder import LOG, WITNESS
from tests.support.people import CODES, Key, claim
from tests.support.rotations import rotate
from tests.support.world import World

UPGRADE = "b7" * 32
MINUTE_S = 60


@cache
def solo():
    """A registry for trying out: two parties, three vouchers, of which one is revoked."""
    world = World("solo")
    applicant = world.enroll("applicant")
    world.first, world.first_number = world.register(world.operator)
    world.second, world.second_number = world.register(
        applicant, rights=[claim(applicant, right) for right in ("hold", "use", "operate")]
    )
    world.early_note = world.log.note()
    world.early_bundle = world.bundle(world.first, world.first_number)
    world.third = world.file(applicant, files=2)
    _accept_and_publish(world, world.third)
    world.third_number = world.record(world.third)
    world.revoke(world.second, world.second_number)
    world.cosigned_at = world.time // 1000 + MINUTE_S
    return world


def _accept_and_publish(world, application):
    """Two events of one block."""
    builder = world.log.builder()
    registration = {"registration": application.registration}
    for verb, more in (("accept", {}), ("publish", {"fields": application.statutory})):
        event = world.event(f"registration.{verb}", registration | more, world.registrar)
        builder.add(world.sign(event, world.registrar.key), world.time)
        world.time += 1
    world.log.append(builder.build())


@cache
def national():
    """A registry under the national rules, where every kind of event occurs."""
    world = World("national-2026", rule_sets={"muniment-rules/1": UPGRADE})
    applicant = world.enroll("applicant", count=2, uscc=CODES[0])
    person = world.enroll("person", kind="natural")
    _change_keys(world, applicant, person)
    world.do("party.admit", {"party": person.party, "role": "notary"}, world.regulator)
    world.do("party.admit", {"party": person.party, "role": "notary", "end": True}, world.regulator)
    suspension = {"party": person.party, "ground": "at the party's own wish"}
    world.do("party.suspend", suspension, world.registrar)
    world.do("party.suspend", suspension | {"lift": True}, world.registrar)
    _register(world, applicant, person)
    rotate(world)
    upgrade = {"rules": "muniment-rules/1", "rules_digest": UPGRADE}
    keys = (world.operator.key, world.regulator.key)
    world.do("ledger.upgrade", upgrade, world.operator, *keys)
    return world


def _change_keys(world, applicant, person):
    new, second = Key("applicant new"), applicant.keys[1]
    rotation = {"add": [new.did], "remove": [second.did]}
    world.do("party.rotate", rotation, applicant, applicant.key, new)
    lost = {"add": [Key("person new").did], "remove": person.dids, "party": person.party}
    check = {"check": {"method": "in person", "evidence": "1d" * 32}}
    world.do("party.recover", lost | check, world.registrar, world.registrar.key, Key("person new"))
    world.do("party.recover", lost | {"cancel": True}, person)


def _register(world, applicant, person):
    first = world.file(applicant, digests=["c0" * 32])
    world.step(first, "return", missing=["a clearer summary"], until=world.time + 7 * 86_400_000)
    world.step(first, "supplement", applicant, answer="0a" * 32)
    world.step(first, "accept")
    world.step(first, "supplement", ask="a sample")
    world.step(first, "supplement", applicant, answer="0b" * 32)
    world.publish(first)
    number = world.record(first)
    world.revoke(first, number)
    second = world.file(person)
    world.step(second, "accept")
    world.step(second, "withhold", reason="a trade secret")
    world.step(second, "refuse", ground="22-3", reasons="not clear")
    world.step(world.file(applicant, person), "withdraw", person)


def entries(world):
    """Every entry of a world's log."""
    read = map(decode_leaf, world.log.leaves)
    return [one for one in read if isinstance(one, Entry)]


def signed_texts(world):
    return [encode_signed_event(one.signed).decode() for one in entries(world)]


def policy_text(*lines, quorum="none"):
    """A policy of the worlds' log and witness, and of what is said besides."""
    return "\n".join(
        [f"log {LOG.vkey}", f"witness w {WITNESS.vkey}", *lines, f"quorum {quorum}", ""]
    )
