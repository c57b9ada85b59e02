"""What a world needs to play transfers; `World` has all of it."""

from contracts.force import ended_holders, settle_terms
from contracts.forms import TRANSFER_MEMBERS
from contracts.transfer import Move, rights_after, touched_parties
from ledger.core.subjects import derive_id
from tests.support.people import Application, claim, commit_all, open_all

JUDGMENT = {"kind": "judgment", "document": "d0" * 32}


EVIDENCE = "0f" * 32


def move(giver, taker, right="use"):
    """One move as a body names it."""
    return {"from": giver.party, "to": taker.party, "right": right}


def play(world):
    """Ann with all rights, Ben with the right to use, Cy with none; the asset and its number."""
    ann, ben, cy = (world.enroll(name) for name in ("ann", "ben", "cy"))
    application = world.published(ann, ben)
    rights = [claim(ann, "hold", "contract", evidence=EVIDENCE, limits="not abroad")]
    rights += [claim(ann, "use"), claim(ann, "operate"), claim(ben, "use", "fused")]
    return ann, ben, cy, application, world.record(application, rights)


class Transfers:
    """Transfers of an asset's rights; each move is (giver, taker, right)."""

    def transfer_openings(self, **members):
        """Openings of the form for a transfer by name; the salts come from the names."""
        filled = {"title": "Parking 2026", "content": {"rights": "whole"}} | members
        values = dict.fromkeys(TRANSFER_MEMBERS) | filled
        return open_all(values, "transfer", self._nonces)

    def transfer_body(self, application, *moves, ground=None, openings=None, filer=None, **changes):
        """Body of a `registration.file` of type transfer; the first giver files unless told."""
        signers = self.transfer_signers(*moves, ground=ground)
        openings = openings or self.transfer_openings()
        body = {
            "type": "transfer",
            "parties": sorted(person.party for person in signers),
            "application": commit_all(openings, filer or signers[0]),
            "asset": application.asset,
            "voucher": self.asset(application).voucher,
            "moves": [move(*each) for each in moves],
        }
        return body | ({"ground": ground} if ground else {}) | changes

    def transfer_signers(self, *moves, ground=None):
        """Who signs, each once; the first is the filer."""
        givers = [] if ground else [giver for giver, *_ in moves]
        people = [*givers, *(taker for _, taker, *_ in moves)]
        return list({person.party: person for person in people}.values())

    def file_transfer(self, application, *moves, ground=None, **members):
        """File a transfer signed by all who have to; gives it as an application of its own."""
        signers = self.transfer_signers(*moves, ground=ground)
        openings = self.transfer_openings(**members)
        body = self.transfer_body(application, *moves, ground=ground, openings=openings)
        event = self.event("registration.file", body, signers[0])
        self.write(self.sign(event, *(person.key for person in signers)))
        key = derive_id("registration", actor=event.actor, nonce=event.nonce)
        made = tuple(Move(transferor=g.party, transferee=t.party, right=r) for g, t, r in moves)
        return Application(signers, application.asset, key, openings, made)

    def file_transfer_refused(self, application, *moves, ground=None, **changes):
        """See a transfer refused that is signed by all who have to; gives the reason."""
        signers = self.transfer_signers(*moves, ground=ground)
        body = self.transfer_body(application, *moves, ground=ground, **changes)
        keys = [person.key for person in signers]
        return self.refused("registration.file", body, signers[0], *keys)

    def published_transfer(self, application, *moves, ground=None, **members):
        """A transfer whose public notice has run out."""
        filed = self.file_transfer(application, *moves, ground=ground, **members)
        self.step(filed, "accept")
        self.publish(filed)
        return filed

    def transfer(self, application, *moves, ground=None):
        """From the filing to the new voucher: the transfer as an application, and the number."""
        filed = self.published_transfer(application, *moves, ground=ground)
        return filed, self.record(filed)

    def rights_after(self, transfer):
        """All tuples once a transfer is recorded."""
        return rights_after(settle_terms(self.asset(transfer), self.time), transfer.moves)

    def transfer_parts(self, transfer):
        """The members of a record's body that a transfer decides."""
        asset = self.asset(transfer)
        return {
            "classification": self.log.builder().read(transfer.asset).body["classification"],
            "parties": sorted({*touched_parties(transfer.moves), *ended_holders(asset, self.time)}),
            "supersedes": asset.voucher,
            "valid_until": self.voucher(asset.voucher).valid_until,
        }
