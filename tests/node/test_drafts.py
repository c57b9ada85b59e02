"""Events that several sign: who is missing, what a home with keys alone can tell, and the vault."""

import json
from dataclasses import replace

import pytest

from contracts.party import Enroll, IdentityCheck, Rotate, Suspend
from contracts.registration import Refuse
from contracts.revocation import Revoke
from ledger.core.draft import DraftOpening
from ledger.core.event import create_signed_event
from ledger.core.subjects import derive_party
from ledger.errors import MalformedError, RejectedError
from ledger.keys import KeyRing, fresh_salt
from node.drafts import (
    Missing,
    add_signatures,
    choose_keys,
    find_missing,
    find_offline_keys,
    has_openings,
    keep_openings,
    main_subject,
    prepare_event,
    read_body,
    rehearse,
    sign_here,
)
from node.issuing import OPENING
from tests.node.test_transferring import Deal

CHECK = IdentityCheck(method="licence seen", evidence="11" * 32)


@pytest.fixture
def deal(office, tmp_path):
    return Deal(office, tmp_path)


def unsigned(registry, actor, body):
    return create_signed_event(registry.build_event(actor, body), ())


def revocation(deal):
    parties = (deal.giver,)
    return Revoke(
        registration=deal.first, asset=deal.asset, number=deal.number, parties=parties,
        ground="judgment", reasons="by the court",
    )  # fmt: skip


# Who signs


def test_as_many_officers_are_missing_as_the_profile_asks_for(deal):
    registry, registrar = deal.registry, deal.registry.ledger.registrar
    signed = unsigned(registry, registrar, revocation(deal))
    dids = {key.did for key in deal.office.officers}
    assert find_missing(registry, signed) == (Missing(registrar, 2, frozenset(dids)),)
    entries = choose_keys(registry.ring, [Missing(registrar, 1, frozenset(dids))])
    once = add_signatures(signed, registry.ring, entries)
    (left,) = find_missing(registry, once)
    assert (left.count, left.keys) == (1, dids - {entries[0].did})
    twice = sign_here(registry, once)
    assert {each.key for each in twice.signatures} == dids
    assert find_missing(registry, twice) == ()
    assert sign_here(registry, twice) is twice


def test_of_a_partys_two_keys_one_signs(deal):
    new = deal.registry.ring.create("applicant-2")
    party, old = deal.office.applicant
    deal.office.submit(party, Rotate(add=(new.did,), remove=()), old, new)
    prepared, _ = deal.prepare("use")
    assert len(prepared.signed.signatures) == 1
    deal.office.submit(party, Rotate(add=(), remove=(old.did,)), old)
    prepared, _ = deal.prepare("hold")
    assert [each.key for each in prepared.signed.signatures] == [new.did]


def test_a_key_that_has_signed_signs_no_more(deal):
    prepared, _ = deal.prepare("use")
    entries = [
        e for e in deal.registry.ring.list_entries() if e.did == deal.office.applicant[1].did
    ]
    assert add_signatures(prepared.signed, deal.registry.ring, entries) is prepared.signed


def test_what_a_rule_refuses_is_refused_before_anybody_signs(deal):
    registry = deal.registry
    before = registry.store.read_head().size
    body = Suspend(party=deal.giver, ground="x", lift=True)
    with pytest.raises(RejectedError) as caught:
        prepare_event(registry, registry.ledger.regulator, body)
    assert caught.value.reason == "not_suspended"
    event = registry.build_event(registry.ledger.registrar, revocation(deal))
    rehearse(registry, event)
    assert registry.store.read_head().size == before


def test_openings_of_something_else_are_refused_and_not_kept(deal):
    registry = deal.registry
    _, openings = deal.prepare("use")
    with pytest.raises(RejectedError) as caught:
        prepare_event(registry, registry.ledger.registrar, revocation(deal), openings)
    assert caught.value.reason == "wrong_opening"


# A home with keys and no ledger


@pytest.fixture
def keys(tmp_path):
    return KeyRing(tmp_path / "lonely" / "keys", None)


def names(entries):
    return [entry.name for entry in entries]


def test_without_a_ledger_a_key_signs_for_the_party_that_it_made(deal, keys):
    prepared, _ = deal.prepare("use")
    keys.create("other")
    assert names(find_offline_keys(keys, prepared.signed.event, None)) == []
    assert names(find_offline_keys(deal.ring, prepared.signed.event, None)) == ["taker"]
    assert names(find_offline_keys(deal.ring, prepared.signed.event, deal.taker)) == ["taker"]
    assert names(find_offline_keys(deal.ring, prepared.signed.event, deal.giver)) == []


def test_where_the_rule_asks_the_ledger_every_party_and_key_that_is_named_may_sign(deal, keys):
    registry, new = deal.registry, keys.create("new")
    rotation = registry.build_event(deal.giver, Rotate(add=(new.did,), remove=()))
    assert names(find_offline_keys(keys, rotation, None)) == ["new"]
    body = Enroll(keys=(new.did,), party_kind="legal", name="N", check=CHECK)
    enrolment = registry.build_event(derive_party([new.did]), body)
    assert names(find_offline_keys(keys, enrolment, None)) == ["new"]
    assert names(find_offline_keys(keys, enrolment, derive_party([new.did]))) == ["new"]
    revoked = registry.build_event(registry.ledger.registrar, revocation(deal))
    assert names(find_offline_keys(deal.registry.ring, revoked, deal.giver)) == ["applicant"]


# What an event is, and what it is about


def test_an_event_of_an_unknown_kind_or_with_other_subjects_is_none(deal):
    prepared, _ = deal.prepare("use")
    event = prepared.signed.event
    for changed in (
        replace(event, kind="registration.fill"),
        replace(event, subjects=event.subjects[:1]),
        replace(event, body=event.body | {"more": 1}),
    ):
        with pytest.raises(MalformedError):
            read_body(changed)


def test_each_event_is_about_what_it_opens_or_is_named_after(deal):
    registry, registrar = deal.registry, deal.registry.ledger.registrar
    prepared, _ = deal.prepare("use")
    filed = prepared.signed.event
    assert main_subject(filed) in filed.subjects
    assert main_subject(filed) != deal.first
    revoked = registry.build_event(registrar, revocation(deal))
    assert main_subject(revoked) == deal.first
    refused = registry.build_event(
        registrar, Refuse(registration=deal.first, ground="22-1", reasons="x")
    )
    assert main_subject(refused) == deal.first
    suspended = registry.build_event(registrar, Suspend(party=deal.giver, ground="x"))
    assert main_subject(suspended) == deal.giver
    toy = replace(suspended, kind="usage.record")
    assert main_subject(toy) == suspended.subjects[0]


# Openings in the vault


def test_openings_are_kept_once_under_what_they_belong_to(deal):
    registry = deal.registry
    prepared, openings = deal.prepare("use")
    event, key = prepared.signed.event, main_subject(prepared.signed.event)
    keep_openings(registry, event, openings)
    vault = registry.open_vault()
    kept = vault.find(OPENING, f"{key} title")
    vault.close()
    assert [each["value"] for each in kept] == ["航班数据 2013"]
    fields = [each.field for each in openings]
    assert has_openings(registry, event, fields)
    assert not has_openings(registry, event, [*fields, "more"])


def test_the_name_of_a_natural_person_is_kept_and_not_shown(deal, keys):
    registry, new = deal.registry, keys.create("new")
    party = derive_party([new.did])
    opening = DraftOpening(
        by=party, field="name", log=registry.origin, salt=fresh_salt(), value="王小明"
    )
    name = {"$commit": opening.commitment()}
    body = Enroll(keys=(new.did,), party_kind="natural", name=name, check=CHECK)
    prepared = prepare_event(registry, party, body, [opening])
    assert has_openings(registry, prepared.signed.event, ["name"])
    assert "王小明" not in json.dumps(prepared.signed.event.body, ensure_ascii=False)
