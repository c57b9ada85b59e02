"""A registry in memory under the real rules, with real keys: where the tests of the rules play.

Every event is signed, verified and executed in a block of its own, at a ledger time that the test
sets. A refusal is held to what refusals promise: two sentences, and nothing changed.
"""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from contracts.forms import INITIAL_MEMBERS
from contracts.foundation import Ledger
from contracts.identity import Party
from contracts.procedure import Registration
from contracts.profile import profile_json
from contracts.records import parse_record, parse_state_record
from contracts.rulebook import KINDS, RULES_NAME, create_rules
from contracts.title import Asset, Voucher
from contracts.voucher import format_voucher
from ledger.core.event import (
    Event,
    Signature,
    create_signed_event,
    encode_event,
    event_message,
    verify_event_signatures,
)
from ledger.core.hashing import SUITE
from ledger.core.subjects import SELF, derive_id
from ledger.core.text import format_base64url
from ledger.errors import RejectedError
from tests.support.later import Later
from tests.support.log_builder import LOG, ORIGIN, MemoryLog
from tests.support.people import (
    CALENDARS,
    DIGEST,
    MS_PER_DAY,
    START,
    Application,
    Key,
    Person,
    commit_all,
    open_all,
    read_profile,
)
from tests.support.records import Records
from tests.support.transfers import Transfers


class World(Records, Transfers, Later):
    """A ledger under a profile; opened, and outside solo with its calendar, unless told."""

    def __init__(self, profile="solo", *, is_open=True, rule_sets=None, time=START, **changes):
        self.profile = read_profile(profile, **changes)
        rules = create_rules(DIGEST)
        known = {RULES_NAME: DIGEST} | (rule_sets or {})
        self.log = MemoryLog(replace(rules, rule_sets=known))
        self.time = time
        self._nonces = 0
        self.node = Key("node")
        self.operator = self.registrar = self.regulator = Person("solo", kind="unincorporated")
        if not self.profile.is_solo:
            self.operator, self.regulator = Person("operator"), Person("regulator")
            self.registrar = Person("registrar", max(2, self.profile.officers))
        if is_open:
            self.open()
        if is_open and not self.profile.is_solo:
            for year in CALENDARS:
                self.publish_calendar(year)

    # --- events

    def event(self, kind, body, actor, *, nonce=None, subjects=None, **members):
        """An unsigned event; its subjects are the kind's own unless given."""
        if nonce is None:
            self._nonces += 1
            nonce = format_base64url(sha256(f"nonce {self._nonces}".encode()).digest()[:16])
        party = actor if isinstance(actor, str) else actor.party
        if subjects is None:
            record = parse_record(KINDS[kind], json.loads(json.dumps(body)))
            subjects = record.subjects(party, nonce)
        return Event(
            actor=party,
            at=members.get("at", self.time),
            body=body,
            kind=kind,
            log=members.get("log", ORIGIN),
            nonce=nonce,
            subjects=tuple(sorted(set(subjects))),
            until=members.get("until", self.time + MS_PER_DAY),
        )

    def sign(self, event, *keys):
        message = event_message(encode_event(event))
        signed = create_signed_event(event, [Signature(k.did, k.sign(message)) for k in keys])
        verify_event_signatures(signed)
        return signed

    def write(self, signed):
        """Execute in a block of its own at the present time; gives the index of the entry."""
        builder = self.log.builder()
        index = builder.add(signed, self.time)
        self.log.append(builder.build())
        self.time += 1000
        return index

    def do(self, kind, body, actor, *keys, **members):
        """Sign (with the actor's first key unless told) and write; gives the index."""
        event = self.event(kind, body, actor, **members)
        return self.write(self.sign(event, *(keys or (actor.key,))))

    def refused(self, kind, body, actor, *keys, **members):
        """Sign and see it refused with nothing changed; gives the stable reason."""
        return self.refuse(
            self.sign(self.event(kind, body, actor, **members), *(keys or (actor.key,)))
        )

    def refuse(self, signed):
        builder = self.log.builder()
        states = {key: builder.read(key) for key in signed.event.subjects}
        with pytest.raises(RejectedError) as caught:
            builder.add(signed, self.time)
        error = caught.value
        assert str(error) == error.en != ""
        assert error.en.isascii() is not error.zh.isascii(), "one sentence in each language"
        assert builder.count == 0
        assert {key: builder.read(key) for key in states} == states
        self._check_next_block(builder)
        return error.reason

    def _check_next_block(self, builder):
        """After a refusal the next event makes the block that it makes without one."""
        if not self.log.leaves:
            return
        probe = self.probe(self.state(Ledger, SELF).regulator)
        fresh = self.log.builder()
        for each in (builder, fresh):
            each.add(probe, max(self.time, each.earliest_time))
        assert builder.build() == fresh.build()

    def probe(self, actor):
        body = {"list": "probe", "part": "1", "version": 1, "content": {}}
        event = self.event("list.publish", body, actor, nonce="A" * 22)
        return self.sign(event, self.regulator.key)

    # --- states

    def state(self, cls, key):
        """State of a subject as a record, or None."""
        state = self.log.builder().read(key)
        return None if state is None else parse_state_record(cls, state)

    def party(self, person):
        return self.state(Party, person.party)

    def asset(self, application):
        return self.state(Asset, application.asset)

    def registration(self, application):
        return self.state(Registration, application.registration)

    def voucher(self, number):
        return self.state(Voucher, f"voucher/{number}")

    def all_states(self):
        builder = self.log.builder()
        return {key: builder.read(key) for key in self.log.keys}

    # --- opening and parties

    def opening(self, **changes):
        """Body of `ledger.open`."""
        catalogue = None
        if self.profile.scheme == "SJ":
            catalogue = {"name": "Jiangsu data registry", "region": "32", "digit": "1"}
        return {
            "name": "Test registry",
            "suite": SUITE.name,
            "catalogue": catalogue,
            "profile": profile_json(self.profile),
            "rules": RULES_NAME,
            "rules_digest": DIGEST,
            "parties": {
                "operator": self.operator.founder(),
                "registrar": self.registrar.founder(),
                "regulator": self.regulator.founder(),
            },
            "node": self.node.did,
            "log": LOG.vkey,
        } | changes

    @property
    def founding_keys(self):
        people = {p.party: p for p in (self.operator, self.registrar, self.regulator)}
        return [*(key for person in people.values() for key in person.keys), self.node]

    def open(self):
        self.do("ledger.open", self.opening(), self.operator, *self.founding_keys)

    def publish_calendar(self, year, version=1, actor=None):
        body = {"list": "calendar", "part": year, "version": version, "content": CALENDARS[year]}
        return self.do("list.publish", body, actor or self.registrar)

    def enrolment(self, person, **changes):
        """Body of `party.enroll`."""
        body = {"keys": person.dids, "party_kind": person.kind, "name": person.name}
        if not self.profile.is_solo:
            body["check"] = {"method": "in person", "evidence": "0e" * 32}
        return body | changes

    def enrolment_keys(self, person):
        return [*person.keys, *([] if self.profile.is_solo else [self.registrar.key])]

    def enroll(self, label, count=1, kind="legal", **changes):
        person = Person(label, count, kind)
        body = self.enrolment(person, **changes)
        self.do("party.enroll", body, person, *self.enrolment_keys(person))
        return person

    # --- registration

    def draft(self, *applicants, files=1, members=None):
        """Openings of an application by name; the salts come from the values."""
        filled = {"title": "Parking 2026", "summary": "Occupancy by hour", "restrictions": "none"}
        values = dict.fromkeys(INITIAL_MEMBERS) | filled | (members or {})
        values |= {f"content.{n}": {"digest": "c0" * 32, "size": n} for n in range(files)}
        return open_all(values, "salt", self._nonces)

    def filing(self, openings, *applicants, **changes):
        """Body of `registration.file`; the first applicant files."""
        application = commit_all(openings, applicants[0])
        parties = sorted(person.party for person in applicants)
        return {"type": "initial", "parties": parties, "application": application} | changes

    def file(self, *applicants, files=1, members=None, nonce=None, **changes):
        openings = self.draft(*applicants, files=files, members=members)
        body = self.filing(openings, *applicants, **changes)
        event = self.event("registration.file", body, applicants[0], nonce=nonce)
        self.write(self.sign(event, *(person.key for person in applicants)))
        ids = (
            derive_id(k, actor=event.actor, nonce=event.nonce) for k in ("asset", "registration")
        )
        return Application(list(applicants), *ids, openings)

    def step(self, application, verb, actor=None, *keys, **members):
        """One step of the machine, by the registrar unless told."""
        body = {"registration": application.registration, **members}
        return self.do(f"registration.{verb}", body, actor or self.registrar, *keys)

    def step_refused(self, application, verb, actor=None, *keys, **members):
        body = {"registration": application.registration, **members}
        return self.refused(f"registration.{verb}", body, actor or self.registrar, *keys)

    def notice(self, **changes):
        notice = {"system": "national", "ref": "N-1", "published_at": self.time}
        return {"notice": notice | changes} if self.profile.clocks.notice else {}

    def publish(self, application):
        self.step(application, "publish", fields=application.statutory, **self.notice())
        deadline = self.registration(application).deadline
        self.time = max(self.time, deadline or 0)

    def published(self, *applicants, **options):
        """An application whose public notice has run out."""
        application = self.file(*applicants, **options)
        self.step(application, "accept")
        self.publish(application)
        return application

    def register(self, *applicants, rights=None, **changes):
        """From the application to the voucher."""
        application = self.published(*applicants)
        return application, self.record(application, rights, **changes)

    def revocation(self, application, number, **changes):
        asset = self.asset(application)
        held = {right.value["holder"] for right in asset.tuples if right.end is None}
        return {
            "registration": application.registration,
            "asset": application.asset,
            "number": number,
            "parties": sorted(held),
            "ground": "by-law",
            "reasons": "by order",
        } | changes

    def revoke(self, application, number):
        body = self.revocation(application, number)
        return self.do("registration.revoke", body, self.registrar, *self.officers)

    # --- bundles

    def bundle(self, application, number, note=None):
        """The voucher bundle under the newest seal."""
        return format_voucher(
            application.credential,
            self.log.receipt(application.index, note),
            self.log.state(f"voucher/{number}", note),
            self.log.state(application.asset, note),
        )
