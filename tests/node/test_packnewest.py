"""Proofs of different times in one pack: the newest of a subject speaks for it."""

import json
import shutil
from dataclasses import replace

import pytest

from ledger.core.bundle import parse_state_bundle
from ledger.errors import BundleError
from node.newest import size_of, verify_growth
from node.pack import PACK, Pack, write_pack
from tests.support.office import Office
from tests.support.packs import TEXTS, judge, make_packs, rebuilt

DAY = 86_400_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Packs, and proofs of the first voucher's asset after it was frozen and pledged."""
    made = make_packs(tmp_path_factory.mktemp)
    made.home = tmp_path_factory.mktemp("later") / "home"
    shutil.copytree(made.ours.home, made.home)
    office = Office(made.home)
    made.asset = office.asset(made.number)
    made.early = office.state(made.asset)
    bank = office.enrol("bank")
    office.pledge(made.number, bank, "bank")
    office.freeze(made.number)
    made.frozen = office.state(made.asset)
    made.history = office.dossier(made.asset)
    made.late = office.voucher(made.number)
    made.other_late = office.voucher(made.second)
    return made


def pack(**files):
    paths = {name.replace("__", "."): content for name, content in files.items()}
    return write_pack(Pack(PACK, paths))


def test_a_newer_proof_of_the_asset_speaks_for_it(made):
    for newer in (made.frozen, made.history):
        report = judge(pack(a__voucher__json=made.voucher, b__json=newer), made)
        assert (report.is_authentic, report.is_in_force) == (True, False)
        assert (report.status, report.marks) == ("frozen", ["pledged"])
        assert "newest states" in {check.name for check in report.checks}
    for same in (made.early, made.other):
        report = judge(pack(a__voucher__json=made.voucher, b__json=same), made)
        assert report.is_in_force
        assert "newest states" not in {check.name for check in report.checks}


def test_an_older_proof_beside_the_voucher_changes_nothing(made):
    report = judge(pack(a__voucher__json=made.late, b__json=made.early), made)
    assert (report.status, report.marks) == ("frozen", ["pledged"])
    about_another = judge(pack(a__voucher__json=made.voucher, b__json=made.other_late), made)
    assert about_another.is_in_force


def test_a_newer_proof_speaks_for_every_voucher_wherever_it_lies(made):
    two = judge(
        pack(a__voucher__json=made.voucher, b__voucher__json=made.other, c__json=made.frozen), made
    )
    assert (two.status, two.is_in_force) == ("", False)
    inner = pack(a__voucher__json=made.voucher)
    for files in (
        {"one__zip": inner, "c__json": made.frozen},
        {"one__zip": pack(c__json=made.frozen), "a__voucher__json": made.voucher},
        {"one__zip": inner, "two__zip": pack(c__json=made.frozen)},
        {"one__zip": made.pack, "c__json": made.frozen},
    ):
        report = judge(pack(**files), made)
        assert (report.is_authentic, report.is_in_force) == (True, False), list(files)


def test_of_an_earlier_date_the_older_proof_knows_enough(made):
    sealed = judge(made.voucher, made).seal.time
    files = pack(a__voucher__json=made.voucher, b__json=made.frozen)
    then = judge(files, made, as_of=sealed)
    assert (then.status, then.is_in_force) == ("valid", True)
    later = judge(files, made, as_of=made.now + DAY)
    assert (later.status, later.is_in_force) == ("frozen", False)


def test_a_pack_that_states_something_rests_on_one_checkpoint(made):
    for newer in (made.frozen, made.other_late):
        report = judge(rebuilt(made.pack, newer__json=newer), made)
        assert type(report.failure) is BundleError
        assert [one.name for one in report.checks if not one.is_ok] == ["one checkpoint"]
    bare = rebuilt(made.pack, newer__json=made.frozen, statement__json=None, **dict.fromkeys(TEXTS))
    assert judge(bare, made).status == "frozen"


GROWTHS = {
    "vanished": lambda v: None,
    "shorter": lambda v: replace(v, n=v.n - 1),
    "another": lambda v: replace(v, history=bytes(32)),
}


@pytest.mark.parametrize("name", GROWTHS)
def test_a_newer_proof_with_another_history_is_refused(made, name):
    old = parse_state_bundle(json.loads(made.early))
    verify_growth(old, parse_state_bundle(json.loads(made.frozen)))
    verify_growth(replace(old, value=None), old)
    with pytest.raises(BundleError):
        verify_growth(old, replace(old, value=GROWTHS[name](old.value)))


def test_a_pack_whose_proofs_contradict_each_other_is_not_authentic(made):
    """The log's own key proves, in a tree of two leaves, what the longer log denies."""
    parts = made.forger.parts(json.loads(made.late))
    parts["values"]["asset"]["n"] += 100
    forged = json.dumps(made.forger.forge(parts)["asset"]).encode()
    assert judge(forged, made).is_authentic
    assert size_of(parse_state_bundle(json.loads(forged))) < size_of(
        parse_state_bundle(json.loads(made.early))
    )
    report = judge(pack(a__voucher__json=made.voucher, b__json=forged), made)
    assert type(report.failure) is BundleError
    assert "another history" in str(report.failure)
