"""A solo registry at work: what its people do to a voucher, each act an event of its own."""

import json

from contracts import grant
from contracts.encumbrance import Create, Release
from contracts.odrl import build_policy
from contracts.party import Enroll
from contracts.supervision import Freeze, Unfreeze
from contracts.title import Asset
from ledger.core.bundle import format_state_bundle
from ledger.core.dossier import format_dossier
from ledger.core.subjects import derive_id, derive_party
from node.bundles import make_voucher
from node.registry import open_registry


class Office:
    """Acts on the registry in a home folder, as its one operator or as a party enrolled here."""

    def __init__(self, home):
        self.home = home

    def reading(self):
        return open_registry(self.home, None, is_writer=False)

    def act(self, body, *names, actor=None):
        """Write one event, signed by these keys; gives it."""
        with open_registry(self.home, None, is_writer=True) as registry:
            keys = [registry.ring.load(name) for name in names or ("operator",)]
            event = registry.build_event(actor or registry.ledger.operator, body)
            registry.submit([registry.sign_event(event, keys)], {})
        return event

    def enrol(self, name):
        """A party with a key of its name."""
        with open_registry(self.home, None, is_writer=True) as registry:
            key = registry.ring.create(name)
        party = derive_party([key.did])
        self.act(Enroll(keys=(key.did,), party_kind="legal", name=name), name, actor=party)
        return party

    def asset(self, number):
        with self.reading() as registry:
            found = registry.search(number, kind="asset", limit=1)
        return found[0][0]

    def freeze(self, number):
        body = Freeze(asset=self.asset(number), voucher=number, ground="suspected breach")
        event = self.act(body)
        return derive_id("order", actor=event.actor, nonce=event.nonce)

    def unfreeze(self, number, order):
        self.act(Unfreeze(order=order, asset=self.asset(number), voucher=number))

    def pledge(self, number, pledgee, name):
        asset = self.asset(number)
        body = Create(asset=asset, voucher=number, pledgee=pledgee, rights=("use",))
        event = self.act(body, "operator", name)
        return derive_id("encumbrance", actor=event.actor, nonce=event.nonce)

    def release(self, number, encumbrance, pledgee, name):
        body = Release(encumbrance=encumbrance, asset=self.asset(number), voucher=number)
        self.act(body, name, actor=pledgee)

    def grant(self, number, grantee, name, **limits):
        """An agreement on internal use, signed by both."""
        return self._issue(number, grantee, ("operator", name), type="Agreement", **limits)

    def offer(self, number, grantee):
        """An offer of internal use."""
        return self._issue(number, grantee, ("operator",), type="Offer")

    def accept(self, key, grantee, name):
        self.act(grant.Accept(grant=key), name, actor=grantee)

    def _issue(self, number, grantee, names, **parts):
        asset = self.asset(number)
        with self.reading() as registry:
            operator, origin = registry.ledger.operator, registry.origin
        target = f"urn:muniment:{origin}:{asset}"
        sides = {"assigner": operator, "assignee": grantee}
        policy = build_policy("internal-use", target=target, **sides, **parts)
        event = self.act(grant.Issue(asset=asset, grantee=grantee, policy=policy), *names)
        return derive_id("grant", actor=event.actor, nonce=event.nonce)

    def revoke_grant(self, key):
        self.act(grant.Revoke(grant=key, ground="withdrawn"))

    def registration(self, number):
        with self.reading() as registry:
            return registry.need_state(Asset, self.asset(number)).registration

    # proofs as files

    def voucher(self, number):
        with self.reading() as registry:
            return json.dumps(make_voucher(registry, number)).encode()

    def state(self, key):
        with self.reading() as registry:
            return json.dumps(format_state_bundle(registry.prover().prove_state(key))).encode()

    def dossier(self, key, start=0):
        with self.reading() as registry:
            return json.dumps(format_dossier(registry.prover().prove_history(key, start))).encode()
