"""Notes, corrections and objections in the tests of the rules: bodies as honest parties send them."""

from ledger.core.subjects import derive_id

SEIZURE = {"kind": "seizure", "text": "seized by the court", "document": "5e" * 32}
LIMITS = {"kind": "agreed-limits", "text": "only within the province"}


def beside(world, application, **members):
    """Members of a body that stands beside a registration, by the newest record of its asset."""
    asset = world.asset(application)
    parts = {"registration": asset.registration, "asset": application.asset}
    return parts | {"number": asset.voucher} | members


def note(world, application, remark=SEIZURE, **changes):
    """A note by the registrar; gives the log index that names it."""
    body = beside(world, application, note=remark, **changes)
    return world.do("registration.note", body, world.registrar)


def unnote_body(world, application, index, **changes):
    members = {"note": index, "reasons": "lifted by the court", "document": "5f" * 32}
    return beside(world, application, **(members | changes))


def unnote(world, application, index, **changes):
    body = unnote_body(world, application, index, **changes)
    return world.do("registration.unnote", body, world.registrar)


def correct_body(world, application, **changes):
    """Body of `registration.correct`: another industry, unless told."""
    members = {"reasons": "a slip of the pen", **changes}
    if not {"classification", "notice", "national"} & set(changes):
        members["classification"] = world.classification(industry="logistics")
    return beside(world, application, **members)


def correct(world, application, *keys, **changes):
    body = correct_body(world, application, **changes)
    return world.do("registration.correct", body, world.registrar, *(keys or world.officers))


def objection_body(world, application, **changes):
    """Body of `objection.file`; a change to None leaves a member out."""
    body = {"asset": application.asset, "voucher": world.asset(application).voucher}
    body |= {"reason": "it was collected by us", "evidence": "0b" * 32} | changes
    return {name: value for name, value in body.items() if value is not None}


def object_to(world, application, who, **changes):
    """An objection to what is registered; gives its key."""
    event = world.event("objection.file", objection_body(world, application, **changes), who)
    world.write(world.sign(event, who.key))
    return derive_id("objection", actor=who.party, nonce=event.nonce)


def objection_step(application, objection, **members):
    return {"objection": objection, "asset": application.asset, **members}


def notify(world, application, objection, **members):
    body = objection_step(application, objection, **members)
    return world.do("objection.notify", body, world.registrar)


def response(application, objection, *, agrees=False, statement="0c" * 32):
    return objection_step(application, objection, agrees=agrees, statement=statement)


def respond(world, application, objection, who, **members):
    return world.do("objection.respond", response(application, objection, **members), who)


def conclusion(application, objection, outcome="dismissed", **members):
    return objection_step(application, objection, outcome=outcome, reasons="on inquiry", **members)


def conclude(world, application, objection, outcome="dismissed", **members):
    body = conclusion(application, objection, outcome, **members)
    keys = world.officers if outcome == "upheld" else world.officers[:1]
    return world.do("objection.conclude", body, world.registrar, *keys)
