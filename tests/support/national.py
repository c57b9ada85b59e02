"""The registrar of a national registry in a home: what it does, and what an applicant brings.

2 November 2026 is a Monday; the calendar has no other days off.
"""

import json
from dataclasses import replace
from hashlib import sha256

from msgspec import structs

from contracts import recording
from contracts.party import Enroll, IdentityCheck
from contracts.procedure import National, Notice
from contracts.registration import PublishNotice
from contracts.supervision import Publish
from contracts.title import Classification
from contracts.verdict import Question
from ledger.core.policy import parse_policy
from ledger.core.subjects import derive_party
from node.bundles import make_voucher
from node.issuing import Application, Filing
from node.recording import (
    Recording,
    build_revocation,
    read_openable,
    read_recorded_asset,
    record_until_numbered,
)
from node.verifier import verify_file
from tests.support.people import ms
from tracing.fingerprint import Fingerprint

DAY = 86_400_000
NOTICE_ENDS = ms("2026-11-10T00:00")  # five working days after Monday the 2nd end on Monday the 9th
CONTENT = Fingerprint(sha256(b"flights").hexdigest(), 7)
FINDINGS = recording.Tests(accuracy="exact", compliance="lawful", clarity="clear")


class Office:
    """A registrar at work on one registry, with everything an applicant brings."""

    def __init__(self, registry, clock):
        self.registry, self.clock = registry, clock
        ledger = registry.ledger
        self.officers = [registry.ring.load(f"registrar-{n}") for n in (1, 2)]
        self.recording = Recording(registry, ledger.registrar, self.officers)
        self.applicant = None

    def submit(self, actor, body, *keys):
        event = self.registry.sign_event(self.registry.build_event(actor, body), keys)
        self.clock.pass_time(1000)
        return self.registry.submit([event], {})[0]

    def publish_calendar(self, year):
        content = {"year": year, "off": [], "work": []}
        body = Publish(list="calendar", part=str(year), version=1, content=content)
        self.submit(self.registry.ledger.regulator, body, self.registry.ring.load("regulator"))

    def enrol(self, name):
        key = self.registry.ring.create("applicant")
        party = derive_party([key.did])
        check = IdentityCheck(method="licence seen", evidence="11" * 32)
        body = Enroll(keys=(key.did,), party_kind="legal", name=name, check=check)
        self.submit(party, body, key, self.officers[0])
        self.applicant = (party, key)

    def file(self, **changes):
        party, key = self.applicant
        members = {
            "title": "航班数据 2013",
            "summary": "All flights",
            "restrictions": "无",
        } | changes
        form = Application(
            members=members, rights=("hold", "use"), basis="self-generated", level="general-2",
            data_class="enterprise", years=3,
        )  # fmt: skip
        vault = self.registry.open_vault()
        try:
            filing = Filing(self.registry, vault, party, form, [CONTENT])
            found = filing.find_duplicates()
            signed = filing.file([key], publish_digests=False)
        finally:
            vault.close()
        self.registry.submit([signed], {})
        self.clock.pass_time(1000)
        return (*filing.keys(signed), found)

    def accept(self, registration):
        self.registry.submit([self.recording.accept(registration)], {})
        self.clock.pass_time(1000)

    def publish(self, registration, *also):
        notice = Notice(system="national", ref="N-1", published_at=self.clock.now())
        fields = read_openable(self.registry, registration, also)
        body = PublishNotice(registration=registration, fields=fields, notice=notice)
        self.submit(self.registry.ledger.registrar, body, self.officers[0])

    def evidence(self, record="R-1"):
        """What the national system says of evidence that it stores now."""
        time = self.clock.now() // 1000 * 1000
        return National(system="national", record=record, evidence_time=time, digest="22" * 32)

    def record(self, registration, use_until=None):
        """The voucher's number; the right to use may have a term of its own."""
        national = self.evidence()
        classification = Classification(
            standard="GB/T 43697-2024", industry="G", data_class="enterprise", level="general-2", openness="conditional",
            assessed_by=self.registry.ledger.registrar, list_version="none",
        )  # fmt: skip
        asset = read_recorded_asset(self.registry, registration, classification, FINDINGS)
        if use_until is not None:
            rights = (
                structs.replace(each, until=use_until) if each.right == "use" else each
                for each in asset.rights
            )
            asset = replace(asset, rights=tuple(rights))
        return record_until_numbered(self.registry, self.recording, asset, (), national)[1]

    def revoke(self, registration):
        body = build_revocation(self.registry, registration, "judgment", "by the court")
        self.submit(self.registry.ledger.registrar, body, *self.officers)

    def voucher(self, number):
        return json.dumps(make_voucher(self.registry, number)).encode()

    def verify(self, data, **question):
        policy = parse_policy(self.registry.home.policy.read_bytes())
        suspect = question.pop("suspect", None)
        asked = Question(**({"now": self.clock.now()} | question))
        return verify_file(data, policy, asked, suspect=suspect)

    def registered(self, use_until=None):
        """From the filing to the voucher: asset, registration, number."""
        asset, registration, _ = self.file()
        self.accept(registration)
        self.publish(registration)
        self.clock.pass_time(max(NOTICE_ENDS - self.clock.now(), 0))
        return asset, registration, self.record(registration, use_until)
