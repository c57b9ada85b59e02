"""What parties at play try with attestations and filings."""

from contracts.attestation import ISSUERS
from contracts.force import rights_in_force
from ledger.core.subjects import derive_id
from tests.support import assessments
from tests.support.people import MS_PER_DAY

ROLES = sorted(set(ISSUERS.values()))


class Assessing:
    """Moves of a game about what third parties say of data, and what regulators are told."""

    def __init__(self):
        self.attestations, self.filings = [], []

    def attest(self):
        application = self.random.choice(self.applications)
        kind, issuer = self.random.choice([*ISSUERS]), self.anybody()
        if self.random.random() < 0.8 and not self.world.party(issuer).has_role(ISSUERS[kind]):
            body = {"party": issuer.party, "role": ISSUERS[kind]}
            self.world.do("party.admit", body, self.world.registrar)
        key = assessments.attest(self.world, application, issuer, kind)
        self.attestations.append((application, key, issuer))

    def unattest(self):
        first = (self.applications[0], "attestation/" + "a" * 26, self.people[0])
        application, key, issuer = self.random.choice(self.attestations or [first])
        body = assessments.withdraw_body(self.world, application, key)
        self.world.do("attest.withdraw", body, self.actor(issuer))

    def file_important(self):
        important = [each for each in self.applications if self.may_be_filed(each)]
        application = self.random.choice(important or self.applications)
        filer, _ = self.holder_of(application, "operate")
        until = self.world.time + self.random.choice([0, 1, 9]) * MS_PER_DAY
        to = {} if self.random.random() < 0.3 else {"recipient": self.anybody().party}
        body = assessments.filing_body(self.world, application, until=until, **to)
        event = self.world.event("filing.important", body, self.actor(filer))
        self.world.write(self.world.sign(event, filer.key))
        key = derive_id("filing", actor=event.actor, nonce=event.nonce)
        self.filings.append((application, key, filer))

    def end_filing(self):
        first = (self.applications[0], "filing/" + "a" * 26, self.people[0])
        application, key, filer = self.random.choice(self.filings or [first])
        actor = self.random.choice([filer, self.world.regulator])
        self.world.do("filing.end", assessments.end_body(application, key), self.actor(actor))

    def may_be_filed(self, application):
        """Whether it is important data that somebody may operate."""
        asset = self.world.asset(application)
        held = rights_in_force(asset, self.world.time)
        is_operated = any(value["right"] == "operate" for value in held)
        return is_operated and asset.classification.level == "important"

    def filing_for(self, application):
        """Member of a delivery: mostly a filing, where data is important."""
        made = [key for each, key, _ in self.filings if each.asset == application.asset]
        return {"filing": self.random.choice(made)} if made else {}


MOVES = [
    *[Assessing.attest] * 2,
    Assessing.unattest,
    *[Assessing.file_important] * 4,
    Assessing.end_filing,
]
