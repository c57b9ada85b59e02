"""The ledger's own kinds: opened once, by those who run it, and upgraded by two of them."""

from dataclasses import replace

import pytest

from contracts.foundation import Ledger
from contracts.identity import Key as KeyState
from contracts.intervals import current
from contracts.rulebook import RULES_NAME, create_rules
from ledger.core.entry import decode_leaf
from ledger.core.note import Algorithm, create_verifier_key, format_vkey
from ledger.core.subjects import SELF, derive_party
from ledger.errors import LimitError, MalformedError, NotFoundError, RejectedError
from tests.support.log_builder import LOG, ORIGIN
from tests.support.note_signers import log_signer, witness_signer
from tests.support.people import CODES, DIGEST, Key, Person
from tests.support.world import World

NEXT, NEXT_DIGEST = "muniment-rules/1", "b6" * 32


def unopened(profile="solo", **options):
    return World(profile, is_open=False, **options)


def refuse_opening(world, *keys, actor=None, **changes):
    body = world.opening(**changes)
    actor = actor or world.operator
    return world.refused("ledger.open", body, actor, *(keys or world.founding_keys))


def parties(world, **changes):
    """The founders, each role with changes to its identity."""
    roles = {role: getattr(world, role) for role in ("operator", "registrar", "regulator")}
    return {role: one.founder(**changes.get(role, {})) for role, one in roles.items()}


# What an opening leaves behind


def test_in_solo_one_party_has_every_founding_role():
    world = World()
    ledger, party = world.state(Ledger, SELF), world.party(world.operator)
    assert ledger.operator == ledger.registrar == ledger.regulator == world.operator.party
    assert set(current(party.roles)) == {"operator", "registrar", "regulator"}
    assert (party.is_active, party.tuples, party.recovery) == (True, 0, None)
    assert set(world.all_states()) == {SELF, world.operator.party, world.operator.key.subject}


def test_otherwise_three_parties_have_one_role_each():
    world = World("national-2026")
    for role in ("operator", "registrar", "regulator"):
        person = getattr(world, role)
        assert getattr(world.state(Ledger, SELF), role) == person.party
        assert current(world.party(person).roles) == (role,)
        for key in person.keys:
            state = world.state(KeyState, key.subject)
            assert (state.party, state.since, state.until) == (person.party, 0, None)


def test_the_ledger_holds_the_whole_profile_and_the_rules_in_force():
    world = World("national-2026")
    ledger = world.state(Ledger, SELF)
    assert ledger.profile == world.profile
    assert current(ledger.rules) == ({"digest": DIGEST, "name": RULES_NAME},)
    assert (ledger.node, ledger.log) == (world.node.did, LOG.vkey)
    assert ledger.scheme.prefix == "SJ321"
    assert World().state(Ledger, SELF).scheme.prefix == "TEST"


def test_a_natural_person_founds_under_a_commitment():
    world = unopened()
    world.operator = world.registrar = world.regulator = Person("ann", kind="natural")
    world.open()
    assert world.party(world.operator).name == world.operator.name


# What is no opening

SETTINGS = {
    "another suite": ({"suite": "sm3-sm2/1"}, "unknown_suite"),
    "unknown rules": ({"rules": "muniment-rules/9"}, "unknown_rules"),
    "rules with another digest": ({"rules_digest": "00" * 32}, "unknown_rules"),
    "a log key of another name": ({"log": log_signer("example.org/b").vkey}, "wrong_log_key"),
    "a log key of another type": ({"log": witness_signer(ORIGIN).vkey}, "wrong_log_key"),
    "a catalogue entry without SJ": (
        {"catalogue": {"name": "x", "region": "32", "digit": "1"}},
        "catalogue",
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_wrong_setting_is_refused(name):
    changes, reason = SETTINGS[name]
    assert refuse_opening(unopened(), **changes) == reason


def test_sj_numbers_need_a_catalogue_entry():
    assert refuse_opening(unopened("national-2026"), catalogue=None) == "catalogue"


MALFORMED = {
    "a region of one digit": {"catalogue": {"name": "x", "region": "3", "digit": "21"}},
    "a registrar of two digits": {"catalogue": {"name": "x", "region": "32", "digit": "12"}},
    "a region in letters": {"catalogue": {"name": "x", "region": "JS", "digit": "1"}},
    "a registrar without a name": {"catalogue": {"name": "", "region": "32", "digit": "1"}},
    "a log key that is none": {"log": "example.org/ledger+00000000+AAAA"},
    "rules without a version": {"rules": "muniment-rules"},
    "rules with a newline": {"rules": "muniment-rules/0\n"},
    "a digest in capitals": {"rules_digest": DIGEST.upper()},
    "a node key that is none": {"node": "did:key:z6Mk"},
    "a name of nothing": {"name": ""},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_mangled_opening_is_malformed(name):
    world = unopened("national-2026")
    subjects = world.event("ledger.open", world.opening(), world.operator).subjects
    body = world.opening(**MALFORMED[name])
    event = world.event("ledger.open", body, world.operator, subjects=subjects)
    with pytest.raises((MalformedError, LimitError)):
        world.log.builder().add(world.sign(event, *world.founding_keys), world.time)


def test_the_operator_opens():
    world = unopened("national-2026")
    assert refuse_opening(world, actor=world.regulator) == "wrong_actor"


def test_every_key_listed_and_the_nodes_sign():
    world = unopened("national-2026")
    for key in world.founding_keys:
        keys = [each for each in world.founding_keys if each is not key]
        assert refuse_opening(world, *keys) == "wrong_signers"
    assert refuse_opening(world, *world.founding_keys, Key("stranger")) == "wrong_signers"


def test_outside_solo_nobody_has_two_founding_roles():
    for shared in ("registrar", "regulator"):
        world = unopened("national-2026", officers=1)
        setattr(world, shared, world.operator)
        assert refuse_opening(world) == "shared_party"


def test_two_officers_need_two_keys():
    world = unopened("national-2026")
    world.registrar = Person("registrar")
    assert refuse_opening(world) == "officers"


def test_founders_with_the_same_keys_are_written_alike():
    world = unopened()
    changes = parties(world, regulator={"name": "Somebody else"})
    assert refuse_opening(world, parties=changes) == "founders_differ"


def test_a_natural_founder_is_not_named_in_the_clear():
    world = unopened("national-2026")
    changes = parties(world, regulator={"kind": "natural", "name": "Ann"})
    assert refuse_opening(world, parties=changes) == "name"


def test_a_founders_code_is_checked():
    world = unopened("national-2026")
    wrong = CODES[0][:-1] + "U"
    changes = parties(world, regulator={"uscc": wrong})
    assert refuse_opening(world, parties=changes) == "uscc"


def test_two_founders_do_not_share_a_code():
    world = unopened("national-2026")
    changes = parties(world, operator={"uscc": CODES[0]}, regulator={"uscc": CODES[0]})
    assert refuse_opening(world, parties=changes) == "uscc_claimed"


def test_founders_with_codes_of_their_own_open():
    world = unopened("national-2026")
    changes = parties(world, operator={"uscc": CODES[0]}, regulator={"uscc": CODES[1]})
    world.do("ledger.open", world.opening(parties=changes), world.operator, *world.founding_keys)
    assert world.party(world.operator).uscc == CODES[0]


# One key, one role


def log_key_as_party():
    """A log whose note key is a party's key."""
    key = Key("solo 0")
    return format_vkey(create_verifier_key(ORIGIN, Algorithm.ED25519, key.public))


def test_the_logs_key_is_no_partys():
    assert refuse_opening(unopened(), log=log_key_as_party()) == "key_in_use"


def test_the_logs_key_is_not_the_nodes():
    world = unopened()
    vkey = format_vkey(create_verifier_key(ORIGIN, Algorithm.ED25519, world.node.public))
    assert refuse_opening(world, log=vkey) == "key_in_use"


def test_the_nodes_key_is_no_partys():
    world = unopened()
    world.node = world.operator.key
    assert refuse_opening(world, world.operator.key) == "key_in_use"


def test_two_founders_do_not_share_a_key():
    world = unopened("national-2026")
    shared = Person("regulator", 2)
    shared.keys = sorted([world.operator.key, Key("other")], key=lambda key: key.did)
    shared.party = Person("regulator", 2).party
    world.regulator = shared
    keys = {key.did: key for key in world.founding_keys}.values()
    assert refuse_opening(world, *keys) == "key_in_use"


def test_a_founder_does_not_list_a_key_twice():
    world = unopened()
    did = world.operator.key.did
    twice = Person("solo", kind="unincorporated").founder(keys=[did, did])
    body = world.opening(parties=dict.fromkeys(("operator", "registrar", "regulator"), twice))
    event = world.event("ledger.open", body, derive_party([did, did]))
    assert world.refuse(world.sign(event, world.operator.key, world.node)) == "already_in_force"


# Upgrades


def upgradable(profile="national-2026"):
    return World(profile, rule_sets={NEXT: NEXT_DIGEST})


UPGRADE = {"rules": NEXT, "rules_digest": NEXT_DIGEST}


def test_an_upgrade_is_signed_by_operator_and_regulator_and_kept_as_an_interval():
    world = upgradable()
    keys = [world.operator.key, world.regulator.key]
    index = world.do("ledger.upgrade", UPGRADE, world.operator, *keys)
    rules = world.state(Ledger, SELF).rules
    assert [each.value["name"] for each in rules] == [RULES_NAME, NEXT]
    assert current(rules) == ({"digest": NEXT_DIGEST, "name": NEXT},)
    assert rules[0].end == rules[1].start == decode_leaf(world.log.leaves[index]).time


def test_in_solo_one_signature_is_enough_for_an_upgrade():
    world = upgradable("solo")
    world.do("ledger.upgrade", UPGRADE, world.operator)
    assert current(world.state(Ledger, SELF).rules)[0]["name"] == NEXT


def test_an_upgrade_ends_its_block_and_is_sealed_under_the_old_rules():
    world = upgradable("solo")
    builder = world.log.builder()
    event = world.event("ledger.upgrade", UPGRADE, world.operator)
    builder.add(world.sign(event, world.operator.key), world.time)
    assert not builder.has_room(0)
    assert builder.build().seal.rules == RULES_NAME


def test_after_an_upgrade_the_old_rules_write_nothing_more():
    world = upgradable("solo")
    world.do("ledger.upgrade", UPGRADE, world.operator)
    body = {"list": "positive", "part": "1", "version": 1, "content": {}}
    event = world.event("list.publish", body, world.operator)
    with pytest.raises(RejectedError) as caught:
        world.write(world.sign(event, world.operator.key))
    assert caught.value.reason == "other_rules"


@pytest.mark.parametrize("who", ["operator", "regulator"])
def test_an_upgrade_by_one_of_the_two_is_refused(who):
    world = upgradable()
    key = getattr(world, who).key
    assert world.refused("ledger.upgrade", UPGRADE, world.operator, key) == "wrong_signers"


@pytest.mark.parametrize("who", ["registrar", "regulator"])
def test_an_upgrade_by_another_than_the_operator_is_refused(who):
    world = upgradable()
    actor = getattr(world, who)
    keys = {key.did: key for key in (actor.key, world.regulator.key)}.values()
    assert world.refused("ledger.upgrade", UPGRADE, actor, *keys) == "wrong_role"


def test_a_party_admitted_as_anything_does_not_become_the_operator():
    world = upgradable()
    ann = world.enroll("ann")
    for role in ("developer", "public-data-operator"):
        world.do("party.admit", {"party": ann.party, "role": role}, world.regulator)
    keys = [ann.key, world.regulator.key]
    assert world.refused("ledger.upgrade", UPGRADE, ann, *keys) == "wrong_role"


UPGRADES = {
    "unknown rules": ({"rules": "muniment-rules/2", "rules_digest": NEXT_DIGEST}, "unknown_rules"),
    "another digest": ({"rules": NEXT, "rules_digest": DIGEST}, "unknown_rules"),
    "the rules in force": ({"rules": RULES_NAME, "rules_digest": DIGEST}, "same_rules"),
}


@pytest.mark.parametrize("name", UPGRADES)
def test_an_upgrade_to_nothing_new_or_known_is_refused(name):
    body, reason = UPGRADES[name]
    world = upgradable()
    keys = [world.operator.key, world.regulator.key]
    assert world.refused("ledger.upgrade", body, world.operator, *keys) == reason


def test_the_rules_of_the_next_block_are_those_that_the_ledger_names():
    world = upgradable("solo")
    digests = {RULES_NAME: "0" * 64, NEXT: NEXT_DIGEST}
    later = replace(create_rules("0" * 64, name=NEXT), rule_sets=digests)
    now = replace(create_rules("0" * 64), rule_sets=digests, others={NEXT: later})
    assert now.successor(world.log.builder()) is now
    world.do("ledger.upgrade", UPGRADE, world.operator)
    assert now.successor(world.log.builder()) is later
    assert later.successor(world.log.builder()) is later
    with pytest.raises(NotFoundError, match="use a newer one"):
        replace(now, others={}).successor(world.log.builder())


def test_before_the_ledger_is_open_a_rule_set_is_its_own_successor():
    rules = create_rules("0" * 64)
    assert rules.successor(World("solo", is_open=False).log.builder()) is rules
