"""Pledges and freezes in the tests of the rules: bodies as honest parties would send them."""

from ledger.core.subjects import derive_id
from tests.support.people import claim

GROUND = "suspected breach"


def live(world, application):
    """The member `voucher` of a body about an asset: its live voucher, if it has one."""
    number = world.asset(application).voucher
    return {} if number is None else {"voucher": number}


def pledge_body(world, application, pledgee, rights=("use",), **changes):
    """Body of `encumbrance.create`; a change to None leaves a member out."""
    body = {"asset": application.asset, **live(world, application)}
    body |= {"pledgee": pledgee.party, "rights": list(rights)} | changes
    return {name: value for name, value in body.items() if value is not None}


def pledge(world, application, pledgor, pledgee, rights=("use",), consents=(), **changes):
    """A pledge that everybody signs; gives its key."""
    if consents:
        changes["consents"] = sorted(each.party for each in consents)
    body = pledge_body(world, application, pledgee, rights, **changes)
    event = world.event("encumbrance.create", body, pledgor)
    signing = {each.party: each.key for each in (pledgor, pledgee, *consents)}
    world.write(world.sign(event, *signing.values()))
    return derive_id("encumbrance", actor=pledgor.party, nonce=event.nonce)


def release_body(world, application, encumbrance, **changes):
    """Body of `encumbrance.release`."""
    body = {"encumbrance": encumbrance, "asset": application.asset}
    return body | live(world, application) | changes


def release(world, application, encumbrance, pledgee):
    return world.do("encumbrance.release", release_body(world, application, encumbrance), pledgee)


def freeze_body(world, application, **changes):
    """Body of `order.freeze`."""
    body = {"asset": application.asset, "ground": GROUND}
    return body | live(world, application) | changes


def freeze(world, application, **changes):
    """A freeze by the regulator; gives the order's key."""
    body = freeze_body(world, application, **changes)
    event = world.event("order.freeze", body, world.regulator)
    world.write(world.sign(event, world.regulator.key))
    return derive_id("order", actor=world.regulator.party, nonce=event.nonce)


def unfreeze_body(world, application, order, **changes):
    """Body of `order.unfreeze`."""
    body = {"order": order, "asset": application.asset}
    return body | live(world, application) | changes


def unfreeze(world, application, order):
    return world.do("order.unfreeze", unfreeze_body(world, application, order), world.regulator)


def held_by(world, person, rights=("hold", "use", "operate"), *others, **options):
    """An asset that a person has these rights in, and others the right to use."""
    tuples = [claim(person, right) for right in rights] + [claim(one, "use") for one in others]
    application = world.published(person, *others, **options)
    world.record(application, tuples)
    return application
