"""The wallet: what is let in, what survives a fault, and that two at once do not hurt each other."""

import json
import resource
import shutil
import stat
from hashlib import sha256

import pytest

from ledger.core.bundle import format_receipt
from ledger.errors import (
    BundleError,
    LimitError,
    MalformedError,
    SignatureError,
    StoreFailedError,
)
from node import pack as pack_module
from node.pack import PACK, Pack, read_pack, write_pack
from node.wallet import DamagedError, Wallet
from tests.support.faults import KILLED, Countdown, fork, run, wait
from tests.support.packs import files_of, judge, make_packs, rebuilt

MODES = {"folder": 0o700, "file": 0o600}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_packs(tmp_path_factory.mktemp)


@pytest.fixture
def wallet(tmp_path):
    return Wallet(tmp_path / "home")


def add(wallet, made, data, name="a.json", now=None):
    return wallet.add(data, name, made.policy, made.now if now is None else now)


def folder_of(wallet):
    return wallet._folder


def names(wallet):
    return sorted(path.name for path in folder_of(wallet).iterdir())


def digest(data):
    return sha256(data).hexdigest()


# what is let in


def test_a_voucher_is_kept_under_its_digest_with_what_it_is_about(wallet, made):
    (added,) = add(wallet, made, made.voucher, "one.voucher.json")
    item = added.item
    assert added.is_new
    assert added.report.is_in_force
    assert wallet.list_items() == [item]
    assert wallet.read(item) == made.voucher
    assert (item.kind, item.subject, item.title) == (
        "voucher", f"voucher/{made.number}", "停车 north",
    )  # fmt: skip
    assert (item.status, item.origin, item.name) == (
        "valid",
        "example.org/solo",
        "one.voucher.json",
    )
    assert len(item.holders) == 1
    assert item.as_of is not None
    assert item.valid_until > made.now == item.added
    assert item.id == item.content == digest(made.voucher)
    assert {f"{item.id}.json", f"{item.id}.item", "lock"} == set(names(wallet))


def test_nobody_else_may_look_into_it(wallet, made):
    add(wallet, made, made.voucher)
    assert stat.S_IMODE(folder_of(wallet).stat().st_mode) == MODES["folder"]
    for path in folder_of(wallet).iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == MODES["file"]


def test_an_empty_wallet_is_no_folder(wallet):
    assert wallet.list_items() == []
    assert not folder_of(wallet).exists()


def test_the_same_proof_is_there_once(wallet, made):
    (first,) = add(wallet, made, made.voucher)
    (again,) = add(wallet, made, made.voucher, "other name", made.now + 1)
    assert not again.is_new
    assert again.item == first.item
    assert len(wallet.list_items()) == 1


NOT_LET_IN = {
    "forged": (SignatureError, lambda m: m.voucher.replace(b"north", b"west!")),
    "of another ledger": (SignatureError, lambda m: m.foreign),
    "no proof": (MalformedError, lambda m: b"{}"),
    "no JSON": (MalformedError, lambda m: b"a letter"),
    "an opening": (MalformedError, lambda m: files_of(m.opened)["opening.json"]),
    "a pack with something forged": (
        SignatureError,
        lambda m: rebuilt(m.pack, x__voucher__json=m.other.replace(b"south", b"west!")),
    ),
    "a collection with something forged": (
        SignatureError,
        lambda m: collection(m.voucher, m.other.replace(b"south", b"west!")),
    ),
    "a pack that does not unpack": (MalformedError, lambda m: m.pack[:-1]),
    "a tlog proof": (MalformedError, lambda m: b"c2sp.org/tlog-proof@v1\nindex 0\n\n"),
}


def collection(*proofs):
    return write_pack(Pack(PACK, {f"p{n}.json": data for n, data in enumerate(proofs)}))


@pytest.mark.parametrize("name", NOT_LET_IN)
def test_what_is_not_authentic_is_not_let_in(wallet, made, name):
    error, mangle = NOT_LET_IN[name]
    add(wallet, made, made.pack)
    before = names(wallet)
    with pytest.raises(error):
        add(wallet, made, mangle(made))
    assert names(wallet) == before, "nothing was added, not even in part"


def test_what_is_authentic_but_expired_is_let_in_as_that(wallet, made):
    late = judge(made.pack, made).valid_until
    (added,) = add(wallet, made, made.voucher, now=late)
    assert not added.report.is_in_force
    assert added.item.status == "expired"


def proofs_of(made):
    """A proof of each kind, by the kind."""
    from node.registry import open_registry

    files = files_of(made.pack)
    with open_registry(made.ours.home, None, is_writer=False) as registry:
        receipt = json.dumps(format_receipt(registry.prover().prove_leaf(2))).encode()
    party = next(path for path in files if path.startswith("party/"))
    return {
        "pack": made.pack,
        "dossier": files["asset.dossier.json"],
        "state": files[party],
        "receipt": receipt,
        "voucher": made.voucher,
    }


def test_every_kind_of_proof_is_kept(wallet, made):
    for kind, data in proofs_of(made).items():
        (added,) = add(wallet, made, data, kind)
        assert added.item.kind == kind
        assert wallet.read(added.item) == data
    by_kind = {item.kind: item for item in wallet.list_items()}
    assert by_kind["pack"].title == by_kind["dossier"].title == "停车 north"
    assert by_kind["dossier"].holders == by_kind["voucher"].holders
    assert (by_kind["state"].title, by_kind["state"].status) == ("单人试用", "active")
    assert (by_kind["receipt"].title, by_kind["receipt"].as_of) == ("", None)
    assert by_kind["pack"].suffix == "zip"


def test_the_absence_of_something_is_kept_too(wallet, made):
    from tests.support.office import Office

    (added,) = add(wallet, made, Office(made.ours.home).state("voucher/TEST2026119999"))
    assert (added.item.kind, added.item.status, added.item.title) == ("state", "absent", "")


def test_of_a_collection_each_proof_is_kept_by_itself(wallet, made):
    data = collection(made.voucher, made.other, made.pack)
    added = add(wallet, made, data, "all.zip")
    assert [one.item.kind for one in added] == ["voucher", "voucher", "pack"]
    assert [one.item.name for one in added] == ["p0.json", "p1.json", "p2.json"]
    assert {item.content for item in wallet.list_items()} == {
        digest(made.voucher), digest(made.other), digest(made.pack),
    }  # fmt: skip


def test_a_pack_with_more_than_proofs_stays_whole(wallet, made):
    page = write_pack(Pack(PACK, {"a.voucher.json": made.voucher, "page.html": b"<p>"}))
    assert [one.item.kind for one in add(wallet, made, page)] == ["pack"]
    assert [one.item.kind for one in add(wallet, made, made.opened)] == ["pack"]


# export


def test_an_export_is_a_pack_that_verifies_and_fills_another_wallet(wallet, made, tmp_path):
    for data in proofs_of(made).values():
        add(wallet, made, data)
    exported = wallet.export(wallet.list_items())
    assert judge(exported, made).is_in_force
    paths = sorted(read_pack(exported).files)
    assert any(path.startswith(f"{made.number.lower()}.") for path in paths)
    other = Wallet(tmp_path / "other")
    added = add(other, made, exported, "wallet.zip")
    assert all(one.is_new for one in added)
    assert {i.content for i in other.list_items()} == {i.content for i in wallet.list_items()}
    assert not any(one.is_new for one in add(other, made, exported))


def test_too_much_for_one_pack_is_not_exported(wallet, made, monkeypatch):
    add(wallet, made, made.voucher)
    monkeypatch.setattr(pack_module, "MAX_UNPACKED_BYTES", 100)
    with pytest.raises(LimitError):
        wallet.export(wallet.list_items())


# damage


def test_a_proof_that_was_changed_is_noticed(wallet, made):
    (added,) = add(wallet, made, made.voucher)
    path = folder_of(wallet) / f"{added.item.content}.json"
    for damage in (lambda: path.write_bytes(b"x"), path.unlink):
        damage()
        assert wallet.list_items() == [added.item]
        for act in (lambda: wallet.read(added.item), lambda: wallet.export([added.item])):
            with pytest.raises(DamagedError, match="is not the proof that was added"):
                act()


BAD_ITEMS = {
    "cut off": lambda raw: raw[:-1],
    "empty": lambda raw: b"",
    "another format": lambda raw: raw.replace(b"wallet-item/v1", b"wallet-item/v2"),
    "one member more": lambda raw: raw.replace(b'{"added"', b'{"aaa":1,"added"'),
    "not canonical": lambda raw: raw + b" ",
    "a digest that is none": lambda raw: raw.replace(b'"content":"', b'"content":"g'),
    "of another item": lambda raw: raw.replace(raw[raw.index(b'"id":"') + 6 :][:64], b"0" * 64),
    "too large": lambda raw: raw + b" " * 100_000,
}


@pytest.mark.parametrize("name", BAD_ITEMS)
def test_a_damaged_item_is_not_passed_over(wallet, made, name):
    (added,) = add(wallet, made, made.voucher)
    path = folder_of(wallet) / f"{added.item.id}.item"
    path.write_bytes(BAD_ITEMS[name](path.read_bytes()))
    with pytest.raises(DamagedError, match="add the proof again"):
        wallet.list_items()


def test_what_else_lies_in_the_folder_is_not_shown(wallet, made):
    add(wallet, made, made.voucher)
    for name in ("notes.txt", f"{'0' * 64}.json", ".x.item.new", f".{'1' * 64}.item.new"):
        (folder_of(wallet) / name).write_bytes(b"x")
    assert len(wallet.list_items()) == 1


# a newer proof


def test_a_newer_proof_takes_the_place_of_the_old_one(wallet, made):
    (added,) = add(wallet, made, made.voucher, "one", made.now)
    fresh = json.dumps(json.loads(made.voucher), indent=7).encode()  # other bytes of the same
    item = wallet.replace(added.item, fresh, made.policy, made.now + 1)
    assert wallet.list_items() == [item]
    assert (item.id, item.name, item.added) == (added.item.id, "one", made.now)
    assert wallet.read(item) == wallet.read(added.item) == fresh, "also for who read it before"
    assert f"{digest(made.voucher)}.json" not in names(wallet), "the old one is gone"
    for data in (made.voucher, fresh):
        assert not add(wallet, made, data)[0].is_new, "either is known"


@pytest.mark.parametrize(
    ("error", "name"),
    [(SignatureError, "foreign"), (BundleError, "other"), (BundleError, "pack")],
)
def test_only_an_authentic_proof_about_the_same_takes_its_place(wallet, made, error, name):
    (added,) = add(wallet, made, made.voucher)
    with pytest.raises(error):
        wallet.replace(added.item, getattr(made, name), made.policy, made.now)
    assert wallet.list_items() == [added.item]
    assert wallet.read(added.item) == made.voucher


def test_a_proof_that_two_items_share_stays_for_the_other(wallet, made):
    """Two older proofs, replaced by the same newer one, of which one is replaced again."""
    versions = [json.dumps(json.loads(made.voucher), indent=n).encode() for n in range(4)]
    first, second = (add(wallet, made, data)[0].item for data in versions[:2])
    first = wallet.replace(first, versions[2], made.policy, made.now)
    second = wallet.replace(second, versions[2], made.policy, made.now)
    wallet.replace(first, versions[3], made.policy, made.now)
    assert wallet.read(second) == versions[2]


# faults


def deaths(work, most=60):
    """Run work in children that die at their first, second, ... operation, until one survives."""
    for n in range(1, most):

        def child(n=n):
            Countdown(n).arm()
            work()

        status = run(child)
        yield
        if status == 0:
            assert n > 5, "there was hardly anything to count"
            return
        assert status == KILLED
    raise AssertionError("the work never came to an end")


def test_killed_at_any_moment_an_item_is_there_wholly_or_not_at_all(tmp_path, made):
    seen = set()
    for n, _ in enumerate(deaths(lambda: add(Wallet(tmp_path / "dying"), made, made.voucher))):
        wallet = Wallet(tmp_path / "dying")
        items = wallet.list_items()
        seen.add(len(items))
        assert [wallet.read(item) for item in items] == [made.voucher] * len(items)
        add(wallet, made, made.voucher)  # whoever comes after finishes
        assert [wallet.read(item) for item in wallet.list_items()] == [made.voucher]
        shutil.rmtree(tmp_path / "dying")
        assert n < 60
    assert seen == {0, 1}


def test_killed_while_replacing_the_old_or_the_new_is_there(tmp_path, made):
    fresh = json.dumps(json.loads(made.voucher), indent=7).encode()
    template = Wallet(tmp_path / "template")
    (added,) = add(template, made, made.voucher)
    home, seen = tmp_path / "dying", set()
    shutil.copytree(tmp_path / "template", home)
    for _ in deaths(lambda: Wallet(home).replace(added.item, fresh, made.policy, made.now)):
        (item,) = Wallet(home).list_items()
        seen.add(digest(Wallet(home).read(item)))
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "template", home)
    assert seen == {digest(made.voucher), digest(fresh)}


def test_on_a_full_disk_nothing_is_shown_and_later_it_is(wallet, made):
    def work():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        with pytest.raises(StoreFailedError):
            add(wallet, made, made.voucher)

    assert run(work) == 0
    assert wallet.list_items() == []
    assert names(wallet) == ["lock"], "nothing half written is left"
    add(wallet, made, made.voucher)
    assert len(wallet.list_items()) == 1


def test_on_a_disk_full_for_the_item_alone_nothing_is_shown(wallet, made, monkeypatch):
    def fails(self, item):
        raise StoreFailedError("cannot write: no space left on device")

    with monkeypatch.context() as patched, pytest.raises(StoreFailedError):
        patched.setattr(Wallet, "_write_item", fails)
        add(wallet, made, made.voucher)
    assert wallet.list_items() == []
    assert add(wallet, made, made.voucher)[0].is_new


def test_a_file_in_the_way_of_the_folder_is_said_so(tmp_path, made):
    (tmp_path / "home").write_bytes(b"x")
    with pytest.raises(StoreFailedError):
        add(Wallet(tmp_path / "home"), made, made.voucher)


def test_many_at_once_lose_nothing_and_double_nothing(wallet, made):
    versions = [json.dumps(json.loads(made.voucher), indent=n).encode() for n in range(4)]
    children = [
        fork(lambda data=data: [add(wallet, made, data), add(wallet, made, made.pack)])
        for data in versions * 2
    ]
    assert [wait(child) for child in children] == [0] * len(children)
    items = wallet.list_items()
    assert {item.content for item in items} == {digest(d) for d in (*versions, made.pack)}
    assert len(items) == len(versions) + 1
    assert not [name for name in names(wallet) if name.endswith(".new")]
