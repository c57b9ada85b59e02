"""What a world needs to play records and their vouchers; `World` has all of it."""

from contracts.changing import changed_fields
from contracts.clocks import end_of_validity
from contracts.credential import Issue, issue_credential, parse_credential
from contracts.eligibility import MADE
from contracts.foundation import Ledger
from contracts.numbering import series_key
from contracts.procedure import Registration
from contracts.series import Series, next_number
from contracts.title import Asset
from ledger.core.subjects import SELF
from tests.support.log_builder import ORIGIN
from tests.support.people import claim


class Records:
    """What the registrar records, with the credential that it issues."""

    @property
    def officers(self):
        return self.registrar.keys[: self.profile.officers]

    def next_number(self):
        ledger = self.state(Ledger, SELF)
        series = self.state(Series, series_key(ledger.scheme, self.time))
        return next_number(ledger, series.last if series else None, self.time)

    def record_body(self, application, rights=None, issue=None, **changes):
        """Body of `registration.record` with a real credential, which stays in the application."""
        if rights is None and not application.moves and not application.of_type:
            rights = [claim(application.applicants[0], right) for right in ("hold", "use")]
        if application.of_type == "cancellation":
            return self.cancellation_body(application, **changes)
        if rights is None:
            is_later = bool(application.of_type)
            rights = self.held(application) if is_later else self.rights_after(application)
        start = self.time // 1000 * 1000
        body = {
            "registration": application.registration,
            "asset": application.asset,
            "number": self.next_number(),
            "issuer": self.officers[0].did,
            "valid_from": start,
            "valid_until": end_of_validity(start, years=self.profile.max_years),
            "rights": rights,
            "parties": sorted({right["holder"] for right in rights}),
            "classification": self.classification(),
            "tests": {"accuracy": "exact", "compliance": "lawful", "clarity": "clear"},
        }
        body |= self.evidence(start) | self._stage(application, body, changes)
        body |= self.transfer_parts(application) if application.moves else {}
        body |= (self.later_parts(application) if application.of_type else {}) | changes
        application.credential = self.credential(body, **(issue or {}))
        digest = parse_credential(application.credential).digest
        return {"credential": digest} | body

    def _stage(self, application, body, changes):
        """The stage of made data, where the notice opens none and the test says none."""
        claims = [*changes.get("rights", body["rights"]), *changes.get("declared", ())]
        made = [each for each in claims if each["basis"] in MADE]
        is_initial = not application.moves and not application.of_type
        if not made or not is_initial or "stage" in self.registration(application).fields:
            return {}
        return {"stage": "product" if any("sources" in each for each in made) else "raw"}

    def credential(self, body, **changes):
        key = next((key for key in self.registrar.keys if key.did == body["issuer"]), self.node)
        subject = {
            "id": f"urn:muniment:{ORIGIN}:{body['asset']}",
            **{name: body[name] for name in ("asset", "registration", "rights", "classification")},
            "fields": self._opened_fields(body["registration"]),
            "commitments": self._content(body["asset"]),
            **({"declared": body["declared"]} if "declared" in body else {}),
        }
        parts = {
            "origin": ORIGIN,
            "number": body["number"],
            "issuer": key.did,
            "issuer_name": "Test registry",
            "valid_from": body["valid_from"] // 1000 * 1000,
            "valid_until": body["valid_until"] // 1000 * 1000,
            "subject": subject,
            "terms": {"type": "Set", "prohibition": []},
            "schema_digest": "5c" * 32,
        }
        return issue_credential(Issue(**(parts | changes)), key.sign)

    def _opened_fields(self, key):
        registration = self.state(Registration, key)
        if registration is not None and registration.type != "initial":
            fields = self.state(Asset, registration.asset).fields
            return changed_fields(fields, registration.fields)
        return {} if registration is None else dict(registration.fields)

    def _content(self, asset):
        state = self.log.builder().read(asset)
        content = {} if state is None else state.body["content"]
        return {name: {"$commit": digest} for name, digest in content.items()}

    def classification(self, **changes):
        return {
            "standard": "GB/T 43697-2024",
            "industry": "transport",
            "class": "enterprise",
            "level": "general-1",
            "openness": "conditional",
            "assessed_by": self.registrar.party,
            "list_version": "none",
        } | changes

    def record(self, application, rights=None, **changes):
        """Record at the present time; gives the number."""
        body = self.record_body(application, rights, **changes)
        application.index = self.do("registration.record", body, self.registrar, *self.officers)
        return body.get("number")

    def record_refused(self, application, *keys, rights=None, **changes):
        body = self.record_body(application, rights, **changes)
        return self.refused("registration.record", body, self.registrar, *(keys or self.officers))
