"""Questions about receipts, states, dossiers and vouchers: authentic or not, and in force when."""

import copy
from functools import cache

from ledger.core.bundle import format_receipt, format_state_bundle
from ledger.core.dossier import format_dossier
from tests.support.forger import Forger
from tests.support.golden.cases import ask, refuse
from tests.support.golden.market import market
from tests.support.golden.patches import drop, put
from tests.support.golden.scenario import policy_text, solo
from tests.support.log_builder import LOG, WITNESS
from tests.support.note_signers import log_signer
from tests.support.people import MS_PER_DAY, Key

ABSENT = "asset/" + "a" * 26


@cache
def shared():
    world = solo()
    note, cosigned = world.log.note(), world.log.note(world.cosigned_at)
    asset = world.third.asset
    bundles = {
        "voucher": world.bundle(world.first, world.first_number, note),
        "voucher, cosigned": world.bundle(world.first, world.first_number, cosigned),
        "voucher, revoked": world.bundle(world.second, world.second_number, note),
        "voucher, early": world.early_bundle,
        "receipt of an entry": format_receipt(world.log.receipt(world.third.index, note)),
        "receipt of a seal": format_receipt(world.log.receipt(1, note)),
        "state": format_state_bundle(world.log.state(asset, cosigned)),
        "state, absent": format_state_bundle(world.log.state(ABSENT, note)),
        "dossier": format_dossier(world.log.dossier(asset, note=note)),
        "dossier, second page": format_dossier(world.log.dossier(asset, 1, note)),
        "dossier, absent": format_dossier(world.log.dossier(ABSENT, note=note)),
    }
    sold, kept = market(), market().log.note()
    bundles |= {
        "voucher, superseded": sold.bundle(sold.goods, sold.first_number, kept),
        "voucher, transferred": sold.bundle(sold.takeover, sold.second_number, kept),
        "voucher, transferred again": sold.bundle(sold.sale, sold.third_number, kept),
    }
    policies = {
        "nobody cosigns": policy_text(),
        "the witness cosigns": policy_text(quorum="w"),
        "another log": policy_text().replace(LOG.vkey, log_signer("example.org/x").vkey),
    }
    return {"policies": policies, "bundles": bundles | _said_later()}


class _NoteKey:
    """The key of a log or a witness, to sign bytes with."""

    def __init__(self, signer):
        self._signer = signer
        self.line = (signer.key.name, signer.key.key_id)

    def sign(self, message):
        return self._signer._secret.sign(message).signature


@cache
def _forger():
    log, witness = _NoteKey(LOG), _NoteKey(WITNESS)
    return Forger(log, log.line, solo().registrar.key, witness, witness.line)


def _said_later():
    """What a ledger may say of a voucher: each held from the tenth to the twentieth day."""
    lists = {
        "frozen": ("freezes", "order/" + "a" * 26),
        "pledged": ("pledges", "encumbrance/" + "a" * 26),
        "disputed": ("disputes", "dispute/" + "a" * 26),
        "noted": ("notes", "under seizure"),
    }
    made = {}
    for name, (member, value) in lists.items():
        parts = _later()
        held = {"from": _day(10), "index": 9, "to": _day(20), "value": value}
        parts["values"]["asset"]["state"][member] = [held]
        made[f"voucher, {name}"] = _forger().forge(parts)
    parts = _later()
    parts["values"]["asset"]["state"]["tuples"][0]["to"] = _day(10)
    made["voucher, a right ended"] = _forger().forge(parts)
    parts = _later()
    parts["values"]["state"]["state"]["complete_from"] = {"status": _day(10)}
    made["voucher, a list shortened"] = _forger().forge(parts)
    return made


def _later():
    """Parts of the first voucher, sealed a hundred days after its record."""
    world = solo()
    parts = _forger().parts(copy.deepcopy(world.early_bundle))
    parts["seal"]["time"] = _day(100)
    return parts


def _recorded():
    world = solo()
    return world.voucher(world.first_number).valid_from


def _day(n):
    return _recorded() + n * MS_PER_DAY


def cases():
    yield from _vouchers()
    yield from _transferred()
    yield from _others()
    for desc, (error, bundle, change) in _refused().items():
        asked = {"bundle": bundle, "policy": "nobody cosigns", "now": _day(1), "change": change}
        yield refuse("verdict", error, f"{bundle}: {desc}", **asked)
    early = {"bundle": "voucher", "policy": "the witness cosigns", "now": _day(1)}
    yield refuse("verdict", "quorum", "voucher: no cosignature where one is asked", **early)
    other = {"bundle": "voucher", "policy": "another log", "now": _day(1)}
    yield refuse("verdict", "signature", "voucher: of a log that is not in the policy", **other)


def _vouchers():
    end = solo().voucher(solo().first_number).valid_until
    nobody = {"policy": "nobody cosigns"}
    whole = {"bundle": "voucher", **nobody}
    for desc, now in (("today", _day(1)), ("its last millisecond", end - 1), ("its end", end)):
        yield ask("verdict", f"voucher: {desc}", now=now, **whole)
    for desc, date in (
        ("a millisecond before it began", _recorded() - 1),
        ("when it began", _recorded()),
        ("its last millisecond", end - 1),
        ("its end", end),
    ):
        yield ask("verdict", f"voucher: asked about {desc}", now=_day(1), as_of=date, **whole)
    cosigned = {"bundle": "voucher, cosigned", "now": _day(1)}
    yield ask("verdict", "voucher, cosigned: by whom nobody asks", **cosigned, **nobody)
    yield ask("verdict", "voucher, cosigned: as asked", policy="the witness cosigns", **cosigned)
    revoked = solo().voucher(solo().second_number).status[-1].start
    for desc, date in (("before", revoked - 1), ("when it was revoked", revoked)):
        asked = {"bundle": "voucher, revoked", "now": _day(1), "as_of": date, **nobody}
        yield ask("verdict", f"voucher, revoked: {desc}", **asked)
    yield ask(
        "verdict", "voucher, revoked: today", bundle="voucher, revoked", now=_day(1), **nobody
    )
    yield ask(
        "verdict", "voucher, early: still true", bundle="voucher, early", now=_day(1), **nobody
    )
    for name in ("frozen", "pledged", "disputed", "noted", "a right ended", "a list shortened"):
        for day in (9, 10, 19, 20):
            asked = {"bundle": f"voucher, {name}", "now": _day(100), "as_of": _day(day), **nobody}
            yield ask("verdict", f"voucher, {name}: day {day}", **asked)


def _transferred():
    """What the rules themselves came to write: a pledge, a freeze, a transfer."""
    world = market()
    first, second = (world.voucher(n).valid_from for n in (world.second_number, world.third_number))
    dates = {
        "before": world.licensed_at,
        "while pledged": world.pledged_at,
        "while frozen": world.frozen_at,
        "just before the transfer": first - 1,
        "when it was transferred": first,
        "just before the next": second - 1,
        "when it was transferred again": second,
    }
    for name in ("voucher, superseded", "voucher, transferred", "voucher, transferred again"):
        asked = {"bundle": name, "policy": "nobody cosigns", "now": world.time}
        yield ask("verdict", f"{name}: today", **asked)
        for desc, date in dates.items():
            yield ask("verdict", f"{name}: {desc}", **asked, as_of=date)


def _others():
    for name in shared()["bundles"]:
        if not name.startswith("voucher"):
            asked = {"bundle": name, "policy": "nobody cosigns", "now": _day(1)}
            yield ask("verdict", name, **asked)
    asked = {"bundle": "state", "policy": "the witness cosigns", "now": _day(1)}
    yield ask("verdict", "state: cosigned as asked", **asked)


def _refused():
    """Changes that are data; what `tests/unit/test_independent.py` changes besides is not here."""
    state, asset = ["state", "value"], ["asset", "value"]
    shown = ["credential", "credentialSubject"]
    flipped = {"at": ["map_proof"], "set": "AAAA"}
    entry = shared()["bundles"]["receipt of a seal"]["entry"]
    return {
        "another format": ("malformed", "voucher", [put(["format"], "muniment/voucher/v2")]),
        "an unknown member": ("malformed", "voucher", [put(["more"], 1)]),
        "no asset": ("malformed", "voucher", [drop("asset")]),
        "a longer validity": (
            "signature",
            "voucher",
            [put(["credential", "validUntil"], "2099-01-01T00:00:00Z")],
        ),
        "another title": ("signature", "voucher", [put([*shown, "fields", "title"], "x")]),
        "another cryptosuite": (
            "malformed",
            "voucher",
            [put(["credential", "proof", "cryptosuite"], "eddsa-rdfc-2022")],
        ),
        "another key": (
            "malformed",
            "voucher",
            [put(["credential", "issuer", "id"], Key("somebody").did)],
        ),
        "another status": ("map_proof", "voucher", [put([*state, "state", "status"], [])]),
        "another count": ("map_proof", "voucher", [put([*asset, "n"], 99)]),
        "proved absent": ("map_proof", "voucher", [put(state, None)]),
        "another subject": ("map_proof", "voucher", [put(["state", "subject"], "voucher/X1")]),
        "the right of another holder": (
            "map_proof",
            "voucher, transferred",
            [put([*asset, "state", "tuples", -1, "value", "holder"], "party/" + "a" * 26)],
        ),
        "the state of the voucher before it": (
            "bundle",
            "voucher, transferred again",
            [put(["state"], shared()["bundles"]["voucher, transferred"]["state"])],
        ),
        "the record of the voucher before it": (
            "bundle",
            "voucher, transferred again",
            [put(["issued"], shared()["bundles"]["voucher, transferred"]["issued"])],
        ),
        "another checkpoint in one part": (
            "bundle",
            "voucher",
            [{"at": ["issued", "proof"], "replace": ["\u2014 example.org/ledger", "\u2014 x"]}],
        ),
        "an extra line": (
            "malformed",
            "receipt of an entry",
            [{"at": ["proof"], "replace": ["\nindex", "\nextra YQ==\nindex"]}],
        ),
        "another index": (
            "inclusion",
            "receipt of an entry",
            [{"at": ["proof"], "replace": ["\nindex 2", "\nindex 1"]}],
        ),
        "another leaf": ("inclusion", "receipt of an entry", [put(["entry"], entry)]),
        "no leaf": ("malformed", "receipt of an entry", [put(["entry"], "")]),
        "an entry under the seal": (
            "malformed",
            "state",
            [put(["seal"], shared()["bundles"]["receipt of an entry"])],
        ),
        "a seal that is not the last leaf": (
            "bundle",
            "state, absent",
            [put(["seal"], shared()["bundles"]["receipt of a seal"])],
        ),
        "a proof of nothing": ("map_proof", "state", [flipped]),
        "the claim that it is there": (
            "map_proof",
            "state, absent",
            [put(["value"], shared()["bundles"]["state"]["value"])],
        ),
        "the claim that it is not there": ("map_proof", "state", [put(["value"], None)]),
        "the last event left out": ("bundle", "dossier", [drop("events", -1)]),
        "the first event left out": ("bundle", "dossier", [drop("events", 0)]),
        "an event twice": ("bundle", "dossier", [_event(1, 0)]),
        "events in another order": ("bundle", "dossier", [_event(0, 1), _event(1, 0)]),
        "an event without its path": ("inclusion", "dossier", [put(["events", 0, "path"], [])]),
        "an event at another index": ("inclusion", "dossier", [put(["events", 0, "index"], 0)]),
        "a page without its start": (
            "bundle",
            "dossier, second page",
            [drop("from")],
        ),
        "a page after another start": (
            "verification",
            "dossier, second page",
            [put(["from", "history"], "0" * 64)],
        ),
        "a page after more than it says": (
            "bundle",
            "dossier, second page",
            [put(["from", "n"], 2)],
        ),
        "events of what is absent": (
            "bundle",
            "dossier, absent",
            [put(["events"], shared()["bundles"]["dossier"]["events"])],
        ),
    }


def _event(place, other):
    """The event at a place is another one of the dossier."""
    return put(["events", place], shared()["bundles"]["dossier"]["events"][other])
