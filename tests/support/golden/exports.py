"""Questions about what leaves a registry: files for the national system, and catalogues."""

import json
from functools import cache
from hashlib import sha256

from ledger.core.bundle import format_state_bundle
from node.exports.catalogue import Page, make_catalogue
from tests.support.golden.answers import POLICY, policies
from tests.support.golden.cases import ask, refuse
from tests.support.golden.office import office
from tests.support.golden.patches import append, drop, patched, put
from tests.support.people import MS_PER_DAY
from tests.support.reference_json import write

EVIDENCE = "evidence, with fingerprints"
NOTICE, UNPUBLISHED = "notice", "notice, not yet published"
WITHHELD = "evidence, withheld"
CATALOGUE = "catalogue"
OTHER = "evidence, another is recorded"
SOME = "A" * 43
WITNESSED = "the witness cosigns"
FIRST = "dcat:dataset"


@cache
def shared():
    world = office()
    listed = min(world.goods.asset, world.burdened.asset)
    pages = {
        CATALOGUE: (world.shelf, Page()),
        "catalogue, further page": (world.shelf, Page(listed, 1)),
        "catalogue, of nothing": (world.empty, Page()),
    }
    made = {
        name: make_catalogue(shelf, page, with_proofs=True).document
        for name, (shelf, page) in pages.items()
    }
    return json.loads(json.dumps({"policies": policies(), "bundles": world.files | made}))


def cases():
    for name in shared()["bundles"]:
        if name == OTHER:
            yield refuse("verdict", "bundle", name, **_asked(name))
        else:
            yield ask("verdict", name, **_asked(name))
    for name, spoilt in _spoilt().items():
        for desc, (error, changes) in spoilt.items():
            yield refuse("verdict", error, f"{name}: {desc}", **_asked(name), change=changes)
    for name in (EVIDENCE, CATALOGUE):
        asked = _asked(name) | {"policy": WITNESSED}
        yield refuse("verdict", "quorum", f"{name}: no cosignature where one is asked", **asked)


def _asked(name):
    return {"bundle": name, "policy": POLICY, "now": office().time + MS_PER_DAY}


def _spoilt():
    return {
        EVIDENCE: _spoilt_files() | _spoilt_evidence(),
        NOTICE: _spoilt_notice(),
        WITHHELD: _spoilt_withheld(),
        CATALOGUE: _spoilt_catalogue() | _spoilt_datasets() | _spoilt_states(),
    }


# --- files for the national system


def _said(name, *changes):
    """Changes of a document, and of its digest with it: whoever forges does both."""
    whole = json.loads(patched(shared()["bundles"][name], changes))
    return [*changes, put(["digest"], sha256(write(whole["document"])).hexdigest())]


def _spoilt_files():
    """What is wrong with the file, whatever the document says."""
    bundles = shared()["bundles"]
    whole = bundles[EVIDENCE]
    last = len(whole["states"])
    return {
        "another format": ("malformed", [put(["format"], "muniment/national/v2")]),
        "an unknown member": ("malformed", [put(["more"], 1)]),
        "no dossier": ("malformed", [drop("dossier")]),
        "no states": ("malformed", [drop("states")]),
        "no proofs": ("malformed", [drop("dossier"), drop("states")]),
        "another digest": ("bundle", [put(["digest"], "00" * 32)]),
        "another document": ("bundle", [put(["document", "log"], "example.org/x")]),
        "a state left out": ("bundle", [drop("states", 0)]),
        "a state twice": ("bundle", [append(["states"], whole["states"][0])]),
        "a state more": ("bundle", [append(["states"], whole["dossier"]["state"])]),
        "a state of another time": ("bundle", [put(["states", 0], bundles[OTHER]["states"][0])]),
        "another state": ("map_proof", [put(["states", last - 1, "value", "n"], 9)]),
        "a state proved absent": ("map_proof", [put(["states", 0, "value"], None)]),
        "the last event left out": ("bundle", [drop("dossier", "events", -1)]),
        "the first event left out": ("bundle", [drop("dossier", "events", 0)]),
    }


def _spoilt_evidence():
    """What is wrong with the document, whose digest is right."""
    evidence, shown = ["document", "evidence"], shared()["bundles"][EVIDENCE]["document"]
    deposit, result = [*evidence, "deposit"], [*evidence, "result"]
    opening = shown["evidence"]["deposit"]["openings"][0]
    document = {
        "an unknown member": ("malformed", put(["document", "more"], 1)),
        "the part of a notice": ("malformed", put(["document", "part"], "notice")),
        "another part": ("malformed", put(["document", "part"], "record")),
        "no evidence": ("malformed", drop(*evidence)),
        "another log": ("bundle", put(["document", "log"], "example.org/x")),
        "another registrar": ("bundle", put(["document", "registrar", "name"], "X")),
        "no catalogue entry": ("bundle", put(["document", "registrar", "catalogue"], None)),
        "another registration": (
            "bundle",
            put(["document", "registration"], "registration/" + "a" * 26),
        ),
        "another asset": ("bundle", put(["document", "asset"], "asset/" + "a" * 26)),
        "another type": ("bundle", put(["document", "type"], "transfer")),
        "of a voucher": ("bundle", put(["document", "voucher"], "SJ3212026110001")),
        "another name": ("bundle", put(["document", "applicants", 0, "name"], "X")),
        "another code": ("bundle", put(["document", "applicants", 0, "uscc"], "X")),
        "another kind": ("bundle", put(["document", "applicants", 0, "kind"], "unincorporated")),
        "applicants in another order": (
            "bundle",
            put(["document", "applicants"], shown["applicants"][::-1]),
        ),
        "an applicant less": ("bundle", drop("document", "applicants", 0)),
        "another title": ("bundle", put(["document", "fields", "title"], "X")),
        "a member that nobody opened": ("bundle", put(["document", "fields", "source"], "X")),
        "a member less": ("bundle", drop("document", "fields", "spatial")),
        "an event less": ("bundle", drop(*evidence, "process", 1)),
        "no events": ("malformed", put([*evidence, "process"], [])),
        "another time": ("bundle", put([*evidence, "process", 0, "time"], 1)),
        "another index": ("bundle", put([*evidence, "process", 0, "index"], 0)),
        "another actor": (
            "bundle",
            put([*evidence, "process", 0, "actor"], "party/" + "a" * 26),
        ),
        "another commitment": ("bundle", put([*evidence, "application", "title"], SOME)),
        "another notice": ("bundle", put([*evidence, "notice", "ref"], "N-2")),
        "no notice": ("bundle", put([*evidence, "notice"], None)),
        "another content": ("bundle", put([*deposit, "commitments", "content.0"], SOME)),
        "content more": ("bundle", put([*deposit, "commitments", "content.2"], SOME)),
        "no digest": ("bundle", put([*deposit, "digests"], [])),
        "another digest of a file": ("bundle", put([*deposit, "digests"], ["00" * 32])),
        "another fingerprint": (
            "bundle",
            put([*deposit, "openings", 0, "value", "digest"], "00" * 32),
        ),
        "another salt": ("bundle", put([*deposit, "openings", 0, "salt"], SOME)),
        "the opening of another member": (
            "bundle",
            put([*deposit, "openings", 0], opening | {"field": "title"}),
        ),
        "no openings, which the record's digest has": ("bundle", drop(*deposit, "openings")),
        "a right less": ("bundle", drop(*result, "rights", 0)),
        "another right": ("bundle", put([*result, "rights", 0, "right"], "use")),
        "a right declared": (
            "bundle",
            put([*result, "declared"], shown["evidence"]["result"]["rights"]),
        ),
        "nobody declared": ("bundle", put([*result, "declared"], [])),
        "another class": ("bundle", put([*result, "class"], "public")),
        "another level": ("bundle", put([*result, "level"], "core")),
        "no level": ("malformed", drop(*result, "level")),
    }
    return {
        f"document with {desc}": (error, _said(EVIDENCE, change))
        for desc, (error, change) in document.items()
    }


def _spoilt_notice():
    fields = ["document", "fields"]
    evidence = shared()["bundles"][OTHER]["document"]["evidence"]
    changes = {
        "another summary": ("bundle", put([*fields, "summary"], "X")),
        "null for an absent member": ("bundle", put([*fields, "source"], None)),
        "a member less": ("bundle", drop(*fields, "restrictions")),
        "evidence": ("malformed", put(["document", "evidence"], evidence)),
    }
    return {desc: (error, _said(NOTICE, change)) for desc, (error, change) in changes.items()}


def _spoilt_withheld():
    fields = {"title": "Parking 2026"}
    notice = {"system": "national", "ref": "N-1", "published_at": 1}
    changes = {
        "a title that was withheld": put(["document", "fields"], fields),
        "a notice that never stood": put(["document", "evidence", "notice"], notice),
    }
    return {desc: ("bundle", _said(WITHHELD, change)) for desc, change in changes.items()}


# --- catalogues


def _place(key):
    """Where the dataset of an asset stands in the whole catalogue."""
    sets = shared()["bundles"][CATALOGUE][FIRST]
    return [one["dct:identifier"] for one in sets].index(key)


def _spoilt_catalogue():
    sets = shared()["bundles"][CATALOGUE][FIRST]
    return {
        "another format": ("malformed", [put(["format"], "muniment/catalogue/v2")]),
        "an unknown member": ("malformed", [put(["more"], 1)]),
        "without its proofs": ("malformed", [drop("states")]),
        "another count": ("bundle", [put(["count"], 9)]),
        "another root": ("bundle", [put(["root"], "00" * 32)]),
        "another publisher": ("bundle", [put(["dct:publisher", "foaf:name"], "X")]),
        "another title": ("bundle", [put(["dct:title"], "X")]),
        "another time": ("bundle", [put(["dct:modified", "@value"], "2026-01-01T00:00:00+00:00")]),
        "another id": ("bundle", [put(["@id"], "urn:x")]),
        "another type": ("bundle", [put(["@type"], "dcat:Dataset")]),
        "another context": ("bundle", [put(["@context", "dct"], "http://example.org/")]),
        "a term more": ("bundle", [put(["@context", "x"], "http://example.org/")]),
        "another notice": ("bundle", [put(["rdfs:comment", 0, "@value"], "X")]),
        "a notice in one language": ("bundle", [drop("rdfs:comment", 1)]),
        "a dataset twice": ("bundle", [append([FIRST], sets[0])]),
        "a dataset less": ("bundle", [drop(FIRST, 0)]),
    }


def _spoilt_datasets():
    goods = [FIRST, _place(office().goods.asset)]
    burdened = [FIRST, _place(office().burdened.asset)]
    changes = {
        "another title": put([*goods, "dct:title"], "X"),
        "no description": drop(*goods, "dct:description"),
        "restrictions in words": put([*goods, "dct:accessRights"], {"rdfs:label": "X"}),
        "another place": put([*goods, "dct:spatial", "rdfs:label"], "X"),
        "another span": put([*goods, "dct:temporal", "dcat:endDate"], "2099-12-31"),
        "another frequency": put([*goods, "dct:accrualPeriodicity", "rdfs:label"], "X"),
        "another keyword": put([*goods, "dcat:keyword"], ["X"]),
        "another holder's name": put([*goods, "dct:rightsHolder", 0, "foaf:name"], "X"),
        "a holder less": drop(*goods, "dct:rightsHolder", 0),
        "a right less": drop(*goods, "muniment:rights", 0),
        "another basis": put([*goods, "muniment:rights", 0, "muniment:basis"], "contract"),
        "another number": put([*goods, "adms:identifier", "skos:notation"], "TEST2026110001"),
        "another voucher": put([*goods, "dcat:qualifiedRelation", "dct:relation", "@id"], "urn:x"),
        "a longer validity": put(
            [*goods, "muniment:validUntil", "@value"], "2099-01-01T00:00:00+00:00"
        ),
        "another status": put([*goods, "muniment:voucherStatus"], "superseded"),
        "another level": put([*goods, "muniment:level"], "core"),
        "a prohibition less": drop(*goods, "odrl:hasPolicy", "odrl:prohibition", 0),
        "a permission": put([*goods, "odrl:hasPolicy", "odrl:permission"], []),
        "another file": put(
            [*goods, "dcat:distribution", 0, "spdx:checksum", "spdx:checksumValue", "@value"],
            "00" * 32,
        ),
        "another state hash": put([*goods, "muniment:stateHash"], "00" * 32),
        "a member more": put([*goods, "more"], 1),
        "no marks": put([*burdened, "muniment:marks"], []),
        "marks in another order": put(
            [*burdened, "muniment:marks"], ["frozen", "disputed", "pledged"]
        ),
        "files that nobody published": put([*burdened, "dcat:distribution"], []),
    }
    return {f"dataset with {desc}": ("bundle", [change]) for desc, change in changes.items()}


def _spoilt_states():
    states = shared()["bundles"][CATALOGUE]["states"]
    places = {one["subject"]: place for place, one in enumerate(states)}
    goods, voucher = places[office().goods.asset], f"voucher/{_number()}"
    hidden = office().shelf.prove_state(office().hidden.asset)
    return {
        "an asset's state left out": ("bundle", [drop("states", goods)]),
        "a voucher's state left out": ("bundle", [drop("states", places[voucher])]),
        "no state of the ledger": ("malformed", [drop("states", places["ledger/self"])]),
        "a state twice": ("malformed", [append(["states"], states[0])]),
        "a state that nothing names": ("bundle", [append(["states"], _bare(hidden))]),
        "another state": (
            "map_proof",
            [put(["states", goods, "value", "state", "fields", "title"], "X")],
        ),
        "another proof": ("map_proof", [put(["states", goods, "map_proof"], "AAAA")]),
        "a state proved absent": ("malformed", [put(["states", goods, "value"], None)]),
        "a state with more": ("malformed", [put(["states", goods, "more"], 1)]),
        "no states at all": ("malformed", [put(["states"], [])]),
        "another seal": (
            "map_proof",
            [put(["seal"], shared()["bundles"]["catalogue, of nothing"]["seal"])],
        ),
    }


def _number():
    return office().asset(office().goods).voucher


def _bare(bundle):
    """A state as a catalogue carries it."""
    plain = json.loads(json.dumps(format_state_bundle(bundle)))
    return {name: plain[name] for name in ("subject", "value", "map_proof")}
