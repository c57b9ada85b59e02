"""Questions about files that carry an answer: checks of acts, queries, certificates."""

import json
from functools import cache

from contracts.certificate import create_certificate
from contracts.check import format_check
from contracts.queries import Query, format_query
from ledger.core.bundle import format_state_bundle
from tests.support import grants
from tests.support.golden.cases import ask, refuse
from tests.support.golden.market import market
from tests.support.golden.patches import drop, put
from tests.support.golden.scenario import policy_text
from tests.support.people import MS_PER_DAY, Person

NOBODY = Person("nobody")
ABSENT = "asset/" + "a" * 26
ENDED = ("revoked by the next holder", "revoked", "frozen", "pledged", "left", "expired")
"""Checks of what has ended or is held, which have a file of their own."""

POLICY, _WITNESS = "nobody cosigns", "the witness cosigns"


def policies():
    return {POLICY: policy_text(), _WITNESS: policy_text(quorum="w")}


@cache
def checks_shared():
    world = market()
    start, end, note = world.licensed_at, world.time, world.log.note(world.cosigned_at)
    asked = {
        "own right": ("north", "read", start),
        "a grant": ("south", "derive", start),
        "a grant below": ("west", "read", end),
        "a right since the transfer": ("south", "derive", end),
        "prohibited": ("south", "sell", start),
        "prohibited above": ("desk", "grantUse", end),
        "no permission": ("bank", "read", start),
        "revoked by the next holder": ("bank", "index", end),
        "revoked": ("guest", "read", start),
        "frozen": ("north", "read", world.frozen_at),
        "pledged": ("north", "transfer", world.pledged_at),
        "left": ("guest", "read", end),
        "expired": ("west", "read", end + 2000 * MS_PER_DAY),
        "nobody": (None, "read", end),
        "a count": ("south", "grantUse", end),
    }
    bundles = {
        name: _check(world.goods, *about, note if name == "own right" else None)
        for name, about in asked.items()
    }
    bundles["a count used up"] = _check(world.withheld, "desk", "read", end)
    bundles["restrictions never opened"] = _check(world.withheld, "bank", "transfer", end)
    return _plain({"policies": policies(), "bundles": bundles})


def _check(application, who, action, at, note=None):
    world = market()
    person = NOBODY if who is None else world.people[who]
    return format_check(grants.prove(world, person, application, action, at=at, note=note))


def lasting_shared():
    bundles = checks_shared()["bundles"]
    return {
        "policies": policies(),
        "bundles": {name: each for name, each in bundles.items() if name not in ENDED},
    }


def ended_shared():
    bundles = checks_shared()["bundles"]
    return {"policies": policies(), "bundles": {name: bundles[name] for name in ENDED}}


def checks():
    for name in lasting_shared()["bundles"]:
        yield ask("verdict", name, **_asked(name))
    yield ask("verdict", "own right: cosigned as asked", **_asked("own right", _WITNESS))
    yield refuse("verdict", "quorum", "a grant: not cosigned", **_asked("a grant", _WITNESS))
    yield from _refuse_spoilt(lasting_shared()["bundles"])


def ended_checks():
    for name in ENDED:
        yield ask("verdict", name, **_asked(name))
    yield from _refuse_spoilt(ENDED)


def _refuse_spoilt(names):
    for desc, (error, name, changes) in _spoilt_checks().items():
        if name in names:
            yield refuse("verdict", error, f"{name}: {desc}", **_asked(name), change=changes)


def _asked(name, policy=POLICY):
    return {"bundle": name, "policy": policy, "now": market().time + MS_PER_DAY}


def _spoilt_checks():
    world, bundles = market(), checks_shared()["bundles"]
    inquiry, said = ["inquiry"], ["answer", "clause"]
    denied, south = put(["answer", "verdict"], "not covered"), world.people["south"].party
    return {
        "another format": ("malformed", "own right", [put(["format"], "muniment/check/v2")]),
        "an unknown member": ("malformed", "own right", [put(["more"], 1)]),
        "no answer": ("malformed", "own right", [drop("answer")]),
        "no proofs": ("limit", "own right", [put(["states"], [])]),
        "an unknown verdict": ("malformed", "own right", [put(["answer", "verdict"], "maybe")]),
        "permitted instead": ("bundle", "prohibited", [put(["answer", "verdict"], "permitted")]),
        "not covered instead": ("bundle", "a grant", [denied]),
        "not covered instead, with the history": ("bundle", "prohibited", [denied]),
        "another clause": ("bundle", "prohibited", [put([*said, "path"], "prohibition/1")]),
        "another sentence": ("bundle", "prohibited", [put([*said, "en"], "it may")]),
        "another sentence in Chinese": ("bundle", "frozen", [put([*said, "zh"], "可以")]),
        "a duty kept back": ("bundle", "a grant", [put(["answer", "duties"], [])]),
        "a count that is higher": ("bundle", "a count", [put(["answer", "count", "limit"], 4)]),
        "permitted by what nobody opened": (
            "bundle",
            "restrictions never opened",
            [put(["answer", "verdict"], "permitted")],
        ),
        "a chain without its right": ("bundle", "a grant", [drop("answer", "chain", 0)]),
        "a link from another event": (
            "bundle",
            "a grant below",
            [put(["answer", "chain", 1, "index"], 3)],
        ),
        "a duty that nobody has": (
            "bundle",
            "a grant",
            [put(["answer", "duties"], [{"action": "compensate"}])],
        ),
        "another act": ("bundle", "own right", [put([*inquiry, "action"], "sell")]),
        "an act of no profile": ("rejected", "own right", [put([*inquiry, "action"], "resell")]),
        "another party": ("bundle", "own right", [put([*inquiry, "party"], south)]),
        "another asset": ("bundle", "own right", [put([*inquiry, "asset"], ABSENT)]),
        "before it was registered": ("bundle", "own right", [put([*inquiry, "at"], 0)]),
        "before it was transferred": (
            "bundle",
            "a right since the transfer",
            [put([*inquiry, "at"], world.licensed_at)],
        ),
        "after it was lifted": ("bundle", "frozen", [put([*inquiry, "at"], world.time)]),
        "a date before 1970": ("malformed", "own right", [put([*inquiry, "at"], -1)]),
        "a state left out": ("bundle", "a grant below", [drop("states", 1)]),
        "a state twice": (
            "malformed",
            "own right",
            [put(["states"], [bundles["own right"]["states"][0]] * 2)],
        ),
        "a state said to be absent": (
            "map_proof",
            "own right",
            [put(["states", 0, "value"], None)],
        ),
        "an absence said to be a state": (
            "map_proof",
            "nobody",
            [put(["dossiers", 0, "state", "value"], bundles["own right"]["states"][0]["value"])],
        ),
        "a grant with wider terms": (
            "map_proof",
            "a grant",
            [put(["states", 1, "value", "state", "policy", "prohibition"], [])],
        ),
        "the history left out": ("bundle", "prohibited", [put(["dossiers"], [])]),
        "an event of the history left out": (
            "bundle",
            "no permission",
            [drop("dossiers", 0, "events", 1)],
        ),
        "no event at all": ("bundle", "no permission", [put(["dossiers", 0, "events"], [])]),
        "a page of the history": (
            "malformed",
            "no permission",
            [put(["dossiers", 0, "from"], {"n": 0, "history": "0" * 64, "proof": []})],
        ),
        "a state under another checkpoint": (
            "bundle",
            "a grant",
            [put(["states", 0], bundles["own right"]["states"][0])],
        ),
        "another party's history": (
            "bundle",
            "no permission",
            [put(["dossiers"], bundles["prohibited"]["dossiers"])],
        ),
    }


@cache
def queries_shared():
    world = market()
    south, start, end = world.people["south"], world.licensed_at, world.time
    asked = {
        "holders": ("holders", world.goods.asset, end),
        "holders before": ("holders", world.goods.asset, start),
        "holders, frozen": ("holders", world.goods.asset, world.frozen_at),
        "holders, pledged": ("holders", world.goods.asset, world.pledged_at),
        "holders of nothing": ("holders", ABSENT, end),
        "rights": ("rights", south.party, end),
        "rights before": ("rights", south.party, start),
        "rights of nobody": ("rights", NOBODY.party, end),
        "below": ("below", world.offer, end),
        "below, ended": ("below", world.ended, end),
        "below, after the voucher": ("below", world.below, end + 2000 * MS_PER_DAY),
    }
    queries = {name: _query(*about) for name, about in asked.items()}
    voucher = f"voucher/{world.third_number}"
    proofs = {
        "holders before": queries["holders before"],
        "holders, pledged": queries["holders, pledged"],
        "rights": queries["rights"],
        "holders of nothing": queries["holders of nothing"],
        "below, ended": queries["below, ended"],
        "a check": checks_shared()["bundles"]["revoked"],
        "a count": checks_shared()["bundles"]["a count"],
        "a voucher": format_state_bundle(world.log.state(voucher)),
        "an asset": format_state_bundle(world.log.state(world.goods.asset)),
        "no voucher": format_state_bundle(world.log.state("voucher/TEST2026119999")),
    }
    made = {f"certificate, {name}": create_certificate(proof) for name, proof in proofs.items()}
    return _plain({"policies": policies(), "bundles": queries | made})


def _query(topic, subject, at):
    query = Query(topic=topic, subject=subject, at=at)
    return format_query(grants.prove_answer(market(), query))


def queries():
    for name in queries_shared()["bundles"]:
        yield ask("verdict", name, **_asked(name))
    for desc, (error, name, changes) in _spoilt_queries().items():
        yield refuse("verdict", error, f"{name}: {desc}", **_asked(name), change=changes)


def _spoilt_queries():
    world, bundles = market(), queries_shared()["bundles"]
    title = put(["title"], {"en": "Certificate of no record", "zh": "无登记记录证明"})
    return {
        "another format": ("malformed", "holders", [put(["format"], "muniment/query/v2")]),
        "an unknown member": ("malformed", "holders", [put(["more"], 1)]),
        "an unknown topic": ("malformed", "holders", [put(["query", "topic"], "owners")]),
        "a topic of other subjects": ("malformed", "holders", [put(["query", "topic"], "rights")]),
        "a holder left out": ("bundle", "holders", [drop("answer", "rights", 0)]),
        "another holder": (
            "bundle",
            "holders",
            [put(["answer", "rights", 0, "holder"], world.people["bank"].party)],
        ),
        "another date": ("bundle", "holders", [put(["query", "at"], world.licensed_at)]),
        "a freeze kept back": ("bundle", "holders, frozen", [put(["answer", "freezes"], [])]),
        "a pledge kept back": ("bundle", "holders, pledged", [put(["answer", "pledges"], [])]),
        "said to be absent": (
            "bundle",
            "holders",
            [put(["answer"], bundles["holders of nothing"]["answer"])],
        ),
        "another asset": (
            "bundle",
            "holders of nothing",
            [put(["query", "subject"], world.goods.asset)],
        ),
        "an asset left out": ("bundle", "rights", [put(["answer", "assets"], [])]),
        "its history left out": ("limit", "rights of nobody", [put(["dossiers"], [])]),
        "a grant left out": ("bundle", "below", [drop("answer", "grants", -1)]),
        "a dead grant said to be alive": (
            "bundle",
            "below, ended",
            [put(["answer", "grants", 0, "status"], "alive")],
        ),
        "the event of a grant left out": (
            "bundle",
            "below",
            [drop("dossiers", 0, "events", 2)],
        ),
        "another title": ("bundle", "certificate, holders before", [title]),
        "a sentence left out": (
            "bundle",
            "certificate, holders before",
            [drop("statement", "en", -1)],
        ),
        "a sentence more": (
            "bundle",
            "certificate, no voucher",
            [put(["statement", "zh"], ["不存在任何登记。"])],
        ),
        "another sentence": (
            "bundle",
            "certificate, a check",
            [{"at": ["statement", "en", 1], "replace": ["not covered", "permitted"]}],
        ),
        "a pledge left unsaid": (
            "bundle",
            "certificate, holders, pledged",
            [drop("statement", "en", -1)],
        ),
        "a duty left unsaid": (
            "bundle",
            "certificate, a count",
            [drop("statement", "en", -2)],
        ),
        "another sentence in Chinese": (
            "bundle",
            "certificate, a voucher",
            [{"at": ["statement", "zh", 2], "replace": ["有效；", "已依职权注销；"]}],
        ),
        "another proof": (
            "bundle",
            "certificate, a voucher",
            [put(["proof"], bundles["certificate, an asset"]["proof"])],
        ),
        "a proof of another format": (
            "malformed",
            "certificate, a voucher",
            [put(["proof", "format"], "muniment/receipt/v1")],
        ),
        "a proof whose format is no text": (
            "malformed",
            "certificate, a voucher",
            [put(["proof", "format"], ["muniment/state/v1"])],
        ),
        "a proof that does not hold": (
            "map_proof",
            "certificate, a voucher",
            [put(["proof", "value", "state", "valid_until"], 9_999_999_999_000)],
        ),
        "a proof in which the answer was changed too": (
            "bundle",
            "certificate, a check",
            [put(["proof", "answer", "clause", "en"], "it was live")],
        ),
    }


def _plain(value):
    """As it is read from a file."""
    return json.loads(json.dumps(value))
