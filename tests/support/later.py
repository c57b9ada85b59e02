"""What a world needs to play changes, renewals and cancellations; `World` has all of it."""

from contracts.force import ended_holders, holders_of, settle_terms
from contracts.forms import FORMS
from contracts.intervals import current
from contracts.renewal import renewal_opens
from ledger.core.subjects import derive_id
from tests.support.people import Application, claim, commit_all, open_all

FILLED = {
    "change": {"after": {"summary": "Occupancy by the quarter of an hour"}},
    "renewal": {"term": {"years": 5}},
    "cancellation": {"reason": "the data was destroyed"},
}


class Later:
    """Registrations that all right-holders of an asset sign."""

    def later_openings(self, of_type, **members):
        """Openings of the form by name; the salts come from the names."""
        filled = {"title": "Parking 2026"} | FILLED[of_type] | members
        values = dict.fromkeys(FORMS[of_type].members) | filled
        return open_all(values, of_type, self._nonces)

    def later_body(self, application, of_type, *signers, openings=None, **changes):
        """Body of a `registration.file` of this type; the first signer files."""
        openings = openings or self.later_openings(of_type)
        return {
            "type": of_type,
            "parties": sorted(person.party for person in signers),
            "application": commit_all(openings, signers[0]),
            "asset": application.asset,
            "voucher": self.asset(application).voucher,
        } | changes

    def file_later(self, application, of_type, *signers, **members):
        """File it, signed by all of these; gives it as an application of its own."""
        openings = self.later_openings(of_type, **members)
        body = self.later_body(application, of_type, *signers, openings=openings)
        event = self.event("registration.file", body, signers[0])
        self.write(self.sign(event, *(person.key for person in signers)))
        key = derive_id("registration", actor=event.actor, nonce=event.nonce)
        return Application([*signers], application.asset, key, openings, of_type=of_type)

    def file_later_refused(self, application, of_type, *signers, **changes):
        """See it refused; gives the reason."""
        body = self.later_body(application, of_type, *signers, **changes)
        keys = [person.key for person in signers]
        return self.refused("registration.file", body, signers[0], *keys)

    def reviewed_later(self, application, of_type, *signers, **members):
        """One that may be recorded: accepted and, where the profile asks, noticed."""
        filed = self.file_later(application, of_type, *signers, **members)
        self.step(filed, "accept")
        if of_type in self.profile.notice_types:
            self.publish(filed)
        return filed

    def later(self, application, of_type, *signers, **members):
        """From the filing to the record: it as an application, and the number of its voucher."""
        filed = self.reviewed_later(application, of_type, *signers, **members)
        return filed, self.record(filed)

    def held(self, application):
        """The tuples in force on an asset; of one that has none, what would be one."""
        tuples = list(current(settle_terms(self.asset(application), self.time).tuples))
        return tuples or [claim(application.applicants[0])]

    def later_parts(self, filed):
        """The members of a record's body that a change or a renewal decides."""
        live = self.asset(filed).voucher or self.registration(filed).about
        parts = {
            "classification": self.log.builder().read(filed.asset).body["classification"],
            "parties": sorted({*ended_holders(self.asset(filed), self.time)}),
            "supersedes": live,
        }
        if filed.of_type == "change":
            parts["valid_until"] = self.voucher(live).valid_until
        return parts

    def cancellation_body(self, filed, **changes):
        """Body of the record of a cancellation."""
        asset = self.asset(filed)
        return {
            "registration": filed.registration,
            "asset": filed.asset,
            "parties": sorted({*holders_of(asset, self.time), *ended_holders(asset, self.time)}),
            "tests": {"accuracy": "exact", "compliance": "lawful", "clarity": "clear"},
            "cancels": asset.voucher or self.registration(filed).about,
            **self.evidence(self.time // 1000 * 1000),
        } | changes

    def evidence(self, time):
        """What the national system says, where it completes a registration."""
        if self.profile.completion != "national":
            return {}
        named = {"system": "national", "record": "R-1", "digest": "e1" * 32}
        return {"national": named | {"evidence_time": time}}

    def wait_for_renewal(self, application):
        """Let the time come in which its voucher is renewed."""
        until = self.voucher(self.asset(application).voucher).valid_until
        self.time = max(self.time, renewal_opens(until, self.profile.offset_minutes))
