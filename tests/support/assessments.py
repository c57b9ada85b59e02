"""Lists, attestations and filings in the tests of the rules."""

from contracts.attestation import Attestation
from contracts.filing import Filing
from contracts.lists import PublishedList, list_key
from ledger.core.subjects import derive_id
from tests.support.people import MS_PER_DAY

DOCUMENT = "d0" * 32


# Lists


def entry(name="N-1", **terms):
    return {"id": name, "reason": "not to be handed on"} | terms


def list_body(world, name, *entries, **changes):
    """Body of `list.publish` for the next version."""
    before = world.state(PublishedList, list_key(name, "all"))
    version = before.version + 1 if before else 1
    body = {"list": name, "part": "all", "version": version, "content": {"entries": [*entries]}}
    return body | changes


def publish_list(world, name, *entries, actor=None):
    body = list_body(world, name, *entries)
    return world.do("list.publish", body, actor or world.regulator)


# Attestations


def attest_body(world, application, what="downgrade", **changes):
    """Body of `attest.make`; of a downgrade down to the lowest level."""
    body = {"type": what, "asset": application.asset, "document": DOCUMENT}
    number = world.asset(application).voucher
    if number is not None:
        body["voucher"] = number
    if what == "downgrade":
        body["level"] = "general-1"
    return body | changes


def attest(world, application, issuer, what="downgrade", **changes):
    """An attestation; gives its key."""
    event = world.event("attest.make", attest_body(world, application, what, **changes), issuer)
    world.write(world.sign(event, issuer.key))
    return derive_id("attestation", actor=issuer.party, nonce=event.nonce)


def withdraw_body(world, application, key, **changes):
    """Body of `attest.withdraw`."""
    body = {"attestation": key, "asset": application.asset, "ground": "an error in the report"}
    number = world.asset(application).voucher
    return body | ({} if number is None else {"voucher": number}) | changes


def attestation_state(world, key):
    return world.state(Attestation, key)


# Filings


def filing_body(world, application, **changes):
    """Body of `filing.important`: to anybody, for a day."""
    body = {"asset": application.asset, "purpose": "research", "document": DOCUMENT}
    return body | {"until": world.time + MS_PER_DAY} | changes


def file_important(world, application, filer, **changes):
    """A filing; gives its key."""
    event = world.event("filing.important", filing_body(world, application, **changes), filer)
    world.write(world.sign(event, filer.key))
    return derive_id("filing", actor=filer.party, nonce=event.nonce)


def end_body(application, key, **changes):
    """Body of `filing.end`."""
    return {"filing": key, "asset": application.asset, "ground": "not needed any more"} | changes


def filing_state(world, key):
    return world.state(Filing, key)
