"""A fourth small ledger, under the national rules: what is sent to the national system, and listed.

Every registration is evidenced as it would be: the document first, then the record that names it.
"""

from functools import cache

from msgspec import UNSET

from contracts.foundation import Ledger
from contracts.identity import Party
from ledger.core.entry import decode_leaf
from ledger.core.subjects import SELF
from node.exports.national import (
    Deposit,
    Evidence,
    NationalDocument,
    NationalProofs,
    Result,
    choose_statutory,
    describe_applicant,
    describe_fact,
    describe_registrar,
    format_national,
)
from tests.support import holds
from tests.support.disputes import object_to
from tests.support.log_builder import ORIGIN
from tests.support.people import CODES, MS_PER_DAY, claim
from tests.support.world import World

RIGHTS = ("hold", "use", "operate")
DIGEST = "c0" * 32
MEMBERS = {
    "industry": "G 交通运输",
    "restrictions": {"export": False, "resale": False},
    "spatial": "全国",
    "summary": "Every hour, by district",
    "temporal": {"start": "2025-01-01", "end": "2025-12-31"},
    "title": "停车 2025",
    "update_frequency": "日",
}
"""Members of a form that a notice opens beyond what it must."""


@cache
def office():
    """The ledger at its end; its attributes say what was filed, and which files were made when."""
    world = World("national-2026")
    world.north = world.enroll("north", uscc=CODES[0])
    world.south = world.enroll("south")
    world.person = world.enroll("person", kind="natural")
    world.files = {}
    world.empty = _Shelf(world)
    _register_goods(world)
    _notice(world)
    _withhold(world)
    _move(world)
    _burden(world)
    _cancel(world)
    _contradict(world)
    world.shelf = _Shelf(world)
    return world


def _register_goods(world):
    """Two holders and one declared, much opened, digests published and fingerprints deposited."""
    goods = world.file(world.north, world.person, files=2, members=MEMBERS, digests=[DIGEST])
    world.step(goods, "accept")
    world.step(
        goods, "publish", fields={name: goods.openings[name] for name in MEMBERS}, **world.notice()
    )
    world.time = world.registration(goods).deadline
    term = world.time + 6 * 366 * MS_PER_DAY
    evidence = {"evidence": "3c" * 32, "limits": "not abroad", "until": term}
    rights = [claim(world.north, each) for each in RIGHTS]
    rights.append(claim(world.person, "use", "contract", **evidence))
    declared = [claim(world.south, "use")]
    document = _complete(world, goods, rights, with_openings=True, declared=declared)
    world.files["evidence, with fingerprints"] = _prove(world, document)
    world.goods = goods


def _notice(world):
    """One that is accepted, then published; its notice still runs at the end."""
    asked = world.file(world.south, members={"restrictions": None})
    world.step(asked, "accept")
    world.files["notice, not yet published"] = _prove(world, describe(world, asked))
    world.step(asked, "publish", fields=asked.statutory, **world.notice())
    world.files["notice"] = _prove(world, describe(world, asked))


def _withhold(world):
    hidden = world.hidden = world.file(world.north)
    world.step(hidden, "accept")
    world.step(hidden, "withhold", reason="a trade secret")
    result = _result(world.record_body(hidden))
    document = describe(world, hidden, "evidence", result)
    world.files["evidence, withheld"] = _prove(world, document)
    _complete(world, hidden)


def _move(world):
    given = (world.north, world.south, "operate")
    moved = world.published_transfer(world.goods, given, title=MEMBERS["title"])
    document = _complete(world, moved)
    world.files["evidence, of a transfer"] = _prove(world, document)


def _burden(world):
    """Data that is frozen, pledged and disputed; opened is only what must be."""
    world.burdened = world.published(world.south)
    _complete(world, world.burdened)
    holds.pledge(world, world.burdened, world.south, world.north)
    holds.freeze(world, world.burdened)
    object_to(world, world.burdened, world.north)


def _cancel(world):
    ended = world.published(world.south)
    _complete(world, ended)
    cancelled = world.reviewed_later(ended, "cancellation", world.south)
    document = _complete(world, cancelled)
    world.files["evidence, of a cancellation"] = _prove(world, document)


def _contradict(world):
    """One whose record names another document."""
    other = world.published(world.south)
    document = describe(world, other, "evidence", _result(world.record_body(other)))
    world.record(other)
    world.files["evidence, another is recorded"] = _prove(world, document)


def _complete(world, application, rights=None, *, with_openings=False, **changes):
    """Record what the national system has stored; gives the document."""
    body = world.record_body(application, rights, **changes)
    document = describe(world, application, "evidence", _result(body), with_openings=with_openings)
    national = world.evidence(world.time // 1000 * 1000)["national"]
    national |= {"digest": document.digest}
    world.record(application, rights, national=national, **changes)
    return document


def _result(body):
    data = body.get("classification", {})
    return Result(
        rights=tuple(body.get("rights", ())),
        declared=tuple(body.get("declared", ())),
        data_class=data.get("class"),
        level=data.get("level"),
    )


def describe(world, application, part="notice", result=None, *, with_openings=False):
    """The document as the ledger stands; the result as given."""
    registration = world.registration(application)
    opened = {name: one["value"] for name, one in application.openings.items()}
    shown = choose_statutory(registration.type, registration.fields or opened)
    evidence = UNSET
    if part == "evidence":
        shown = dict(registration.fields)
        evidence = _evidence(world, application, result, with_openings=with_openings)
    return NationalDocument(
        part=part,
        log=ORIGIN,
        registrar=describe_registrar(world.state(Ledger, SELF)),
        registration=application.registration,
        asset=application.asset,
        type=registration.type,
        voucher=registration.about,
        applicants=tuple(
            describe_applicant(key, world.state(Party, key)) for key in registration.parties
        ),
        fields=shown,
        evidence=evidence,
    )


def _evidence(world, application, result, *, with_openings):
    registration, asset = world.registration(application), world.asset(application)
    by = application.applicants[0].party
    openings = tuple(
        {"by": by, "field": name, "log": ORIGIN, **one}
        for name, one in application.openings.items()
        if name in asset.content
    )
    places = world.log.places(application.registration)
    return Evidence(
        process=tuple(describe_fact(each, decode_leaf(world.log.leaves[each])) for each in places),
        application=dict(registration.application),
        notice=registration.notice,
        deposit=Deposit(
            commitments=dict(asset.content),
            digests=asset.digests,
            openings=openings if with_openings else UNSET,
        ),
        result=result,
    )


def _prove(world, document):
    """The file with its proofs as of now."""
    parties = (each.party for each in document.applicants)
    note = world.log.note()
    states = [world.log.state(key, note) for key in sorted({SELF, document.asset, *parties})]
    dossier = world.log.dossier(document.registration, note=note)
    return format_national(document, NationalProofs(dossier, tuple(states)))


class _Shelf:
    """What a catalogue is made from, proved as of now."""

    origin = ORIGIN

    def __init__(self, world):
        log, note = world.log, world.log.note()
        wanted = ("asset/", "voucher/", "party/", SELF)
        self._proved = {key: log.state(key, note) for key in log.keys if key.startswith(wanted)}

    def prover(self):
        return self

    def prove_state(self, key):
        return self._proved[key]

    def read_state(self, key):
        return self._proved[key].value

    def find_subjects(self, prefix, most):
        return sorted(key for key in self._proved if key.startswith(prefix))[:most]
