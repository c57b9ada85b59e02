"""Holding a wallet against newer proofs: what changed, what still holds, what was rewritten."""

import json
import shutil
from dataclasses import replace

import pytest

from contracts.certificate import create_certificate
from contracts.check import format_check
from contracts.permission import Inquiry
from contracts.queries import Query, format_query
from contracts.verdict import Question
from ledger.core.bundle import format_receipt, parse_state_bundle
from ledger.core.policy import parse_policy
from ledger.errors import BundleError, ForkError, QuorumError, RollbackError, SignatureError
from node.answers import prove_act, prove_query
from node.pack import PACK, Pack, write_pack
from node.sources import FilesSource, RegistrySource, VerifiedFile
from node.verifier import verify_file
from node.wallet import Wallet
from node.walletcheck import Standing, check_item, compare_states, find_standing
from tests.support.office import Office
from tests.support.packs import make_packs, present
from tests.support.voucher_flow import with_witness

DAY = 86_400_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    made = make_packs(tmp_path_factory.mktemp)
    made.ours.run(
        "register", str(made.ours.files / "north.csv"), "--title", "all rights",
        "--right", "hold", "--right", "use", "--right", "operate",
    )  # fmt: skip
    made.operated = made.ours.numbers()[2]
    return made


@pytest.fixture
def office(made, tmp_path):
    """The registry, in a home that a test may change."""
    shutil.copytree(made.ours.home, tmp_path / "home")
    return Office(tmp_path / "home")


@pytest.fixture
def wallet(tmp_path):
    return Wallet(tmp_path / "holder")


def add(wallet, made, data, now=None):
    (added,) = wallet.add(data, "name", made.policy, now or made.now)
    return added.item


def check(wallet, made, item, office, now=None, policy=None):
    """What a check against the registry finds."""
    trusted = policy or made.policy
    with office.reading() as registry:
        source = RegistrySource(registry, trusted)
        return check_item(item, wallet.read(item), source, trusted, now or made.now)


def check_files(wallet, made, item, *files, now=None):
    """What a check against files finds."""
    found = [verified(made, data) for data in files]
    return check_item(item, wallet.read(item), FilesSource(found), made.policy, now or made.now)


def verified(made, data):
    report = verify_file(data, made.policy, Question(made.now))
    assert report.is_authentic, report.failure
    return VerifiedFile(data, report)


def changed(finding):
    """The lists that changed, by subject type."""
    return {(change.subject.partition("/")[0], change.member) for change in finding.changes}


def revoke(office, number):
    from cli.main import main

    argv = ["--home", str(office.home), "--quiet", "registration", "revoke", "--yes"]
    argv += [office.registration(number), "--ground", "by-law", "--reasons", "by order"]
    assert main(argv) == 0


def transfer_of_time(office):
    """Something else happens on the ledger."""
    office.enrol("somebody")


# against the registry


def test_where_nothing_happened_nothing_is_found(wallet, made, office):
    item = add(wallet, made, made.voucher)
    for later in (lambda: None, lambda: transfer_of_time(office)):
        later()
        finding = check(wallet, made, item, office)
        assert (finding.outcome, finding.status, finding.is_in_force) == (
            "unchanged",
            "valid",
            True,
        )
        assert (finding.changes, finding.missing, finding.failure) == ((), (), None)


def test_a_revoked_voucher_is_found_with_what_it_lost(wallet, made, office):
    item = add(wallet, made, made.voucher)
    revoke(office, made.number)
    finding = check(wallet, made, item, office)
    assert (finding.outcome, finding.status, finding.is_in_force) == ("changed", "revoked", False)
    assert changed(finding) == {("voucher", "status"), ("asset", "tuples"), ("asset", "vouchers")}
    status = next(change for change in finding.changes if change.member == "status")
    assert (status.before, status.after) == (("valid",), ("revoked",))


def test_a_voucher_expires_by_the_holder_s_clock(wallet, made, office):
    item = add(wallet, made, made.voucher)
    assert check(wallet, made, item, office, item.valid_until - 1).is_in_force
    finding = check(wallet, made, item, office, item.valid_until)
    assert (finding.outcome, finding.status, finding.is_in_force) == ("changed", "expired", False)
    assert finding.changes == ()
    late = check(wallet, made, item, office, made.now - 3 * DAY)
    assert late.is_in_force, "a clock behind the ledger's does not make it not yet valid"


def test_a_freeze_is_found_and_its_end_too(wallet, made, office):
    item = add(wallet, made, made.voucher)
    order = office.freeze(made.number)
    finding = check(wallet, made, item, office)
    assert (finding.outcome, finding.status, finding.is_in_force) == ("changed", "frozen", False)
    assert changed(finding) == {("asset", "freezes")}
    held = add(wallet, made, office.state(order))
    assert check(wallet, made, held, office).is_in_force
    office.unfreeze(made.number, order)
    assert check(wallet, made, item, office).outcome == "unchanged"
    finding = check(wallet, made, held, office)
    assert (finding.status, finding.is_in_force) == ("lifted", False)


def test_a_pledge_is_found_and_leaves_it_in_force(wallet, made, office):
    bank = office.enrol("bank")
    item = add(wallet, made, made.voucher)
    pledge = office.pledge(made.number, bank, "bank")
    finding = check(wallet, made, item, office)
    assert (finding.outcome, finding.status, finding.is_in_force) == ("changed", "valid", True)
    assert changed(finding) == {("asset", "pledges")}
    held = add(wallet, made, office.state(pledge))
    assert (held.status, check(wallet, made, held, office).is_in_force) == ("in-force", True)
    office.release(made.number, pledge, bank, "bank")
    assert check(wallet, made, held, office).status == "released"
    assert not check(wallet, made, held, office).is_in_force


def test_a_grant_lives_and_dies_with_everything_above_it(wallet, made, office):
    buyer = office.enrol("buyer")
    first = office.grant(made.operated, buyer, "buyer")
    second = office.grant(made.operated, buyer, "buyer")
    items = [add(wallet, made, office.state(first)), add(wallet, made, office.dossier(second))]
    for item in items:
        assert (item.status, item.holders) == ("live", (buyer,))
        finding = check(wallet, made, item, office)
        assert (finding.outcome, finding.is_in_force) == ("unchanged", True)
    office.revoke_grant(first)
    finding = check(wallet, made, items[0], office)
    assert (finding.outcome, finding.status, finding.is_in_force) == ("changed", "revoked", False)
    assert check(wallet, made, items[1], office).is_in_force
    revoke(office, made.operated)
    finding = check(wallet, made, items[1], office)
    assert (finding.outcome, finding.status, finding.is_in_force) == ("changed", "dead", False)
    assert finding.changes == (), "it died without an event of its own"


def test_a_grant_ends_with_its_term(wallet, made, office):
    buyer, until = office.enrol("buyer"), made.now + 100 * DAY
    item = add(wallet, made, office.state(office.grant(made.operated, buyer, "buyer", until=until)))
    assert check(wallet, made, item, office, until - DAY).is_in_force
    finding = check(wallet, made, item, office, until + DAY)
    assert (finding.status, finding.is_in_force) == ("expired", False)


def test_an_answer_is_asked_again(wallet, made, office):
    buyer = office.enrol("buyer")
    grant = office.grant(made.operated, buyer, "buyer")
    asset = office.asset(made.operated)

    def ask(action):
        inquiry = Inquiry(party=buyer, asset=asset, action=action, at=made.now + DAY, facts={})
        with office.reading() as registry:
            return json.dumps(format_check(prove_act(registry.prover(), inquiry))).encode()

    now = made.now + DAY
    allowed, denied = (add(wallet, made, ask(action), now) for action in ("read", "distribute"))
    assert (allowed.kind, allowed.status) == ("check", "permitted")
    assert check(wallet, made, allowed, office, now).is_in_force
    assert check(wallet, made, denied, office, now).is_in_force is None
    office.revoke_grant(grant)
    finding = check(wallet, made, allowed, office, now)
    assert (finding.outcome, finding.is_in_force) == ("changed", False)
    assert finding.status != "permitted"
    assert check(wallet, made, denied, office, now).failure is None
    found = check_files(wallet, made, allowed, made.voucher, now=now)
    assert found.outcome == "unchecked"
    with office.reading() as registry:
        source = RegistrySource(registry, made.policy)
        data = wallet.read(allowed)
        assert source.renew(data, verified(made, data).report) is None, "it is of its own date"


def test_the_state_of_an_asset_or_a_party_may_end(wallet, made, office):
    asset = add(wallet, made, office.state(office.asset(made.number)))
    assert check(wallet, made, asset, office).status == "registered"
    order = office.freeze(made.number)
    assert check(wallet, made, asset, office).is_in_force is False
    office.unfreeze(made.number, order)
    finding = check(wallet, made, asset, office, made.now + 4000 * DAY)
    assert (finding.status, finding.is_in_force) == ("expired", False)
    revoke(office, made.number)
    finding = check(wallet, made, asset, office)
    assert (finding.status, finding.is_in_force) == ("cancelled", False)


def test_what_was_absent_and_is_there_now_is_a_change(wallet, made, office):
    from ledger.core.subjects import derive_party
    from ledger.keys import KeyRing

    did = KeyRing(office.home / "keys", None).create("late").did
    party = derive_party([did])
    item = add(wallet, made, office.state(party))
    assert check(wallet, made, item, office).outcome == "unchanged"
    from contracts.party import Enroll

    office.act(Enroll(keys=(did,), party_kind="legal", name="late"), "late", actor=party)
    finding = check(wallet, made, item, office)
    assert (finding.outcome, finding.status) == ("changed", "active")
    assert changed(finding) == {("party", "present")}


def test_every_kind_of_subject_has_a_standing(wallet, made, office):
    buyer = office.enrol("buyer")
    registration = office.registration(made.number)
    held = add(wallet, made, office.state(buyer))
    assert check(wallet, made, held, office).status == "active"
    held = add(wallet, made, office.state(registration))
    finding = check(wallet, made, held, office)
    assert (finding.status, finding.is_in_force) == ("recorded", None)
    held = add(wallet, made, office.state(f"series/{made.number[:10]}"))
    finding = check(wallet, made, held, office)
    assert (finding.status, finding.is_in_force, finding.outcome) == ("", None, "unchanged")


ABSENT = [f"{kind}/{'a' * 26}" for kind in ("asset", "grant", "party", "encumbrance", "order")]


@pytest.mark.parametrize("key", ["voucher/TEST2026119999", f"delivery/{'a' * 26}", *ABSENT])
def test_what_is_absent_stays_absent(wallet, made, office, key):
    held = add(wallet, made, office.state(key))
    finding = check(wallet, made, held, office)
    assert (held.status, finding.outcome) == ("absent", "unchanged")
    assert finding.is_in_force is None, "an absence is nothing that could end"


def test_an_asset_that_was_never_registered_is_not_out_of_force(made):
    parts = made.forger.parts(json.loads(made.voucher))
    parts["values"]["asset"]["state"] |= {"vouchers": [], "tuples": []}
    data = json.dumps(made.forger.forge(parts)["asset"]).encode()
    source = FilesSource([verified(made, data)])
    key = json.loads(data)["subject"]
    assert find_standing(source, key, made.now) == Standing("filed", None)


def test_an_offer_is_not_in_force_and_never_was(wallet, made, office):
    buyer = office.enrol("buyer")
    offer = office.offer(made.operated, buyer)
    held = add(wallet, made, office.state(offer))
    finding = check(wallet, made, held, office)
    assert (finding.status, finding.is_in_force, finding.outcome) == ("offered", None, "unchanged")
    office.accept(offer, buyer, "buyer")
    finding = check(wallet, made, held, office)
    assert (finding.status, finding.is_in_force, finding.outcome) == ("live", True, "changed")


def test_a_certificate_is_compared_by_the_proof_inside(wallet, made, office):
    certificate = create_certificate(json.loads(office.state(f"voucher/{made.number}")))
    held = add(wallet, made, json.dumps(certificate).encode())
    assert held.subjects == (f"voucher/{made.number}",)
    revoke(office, made.number)
    assert changed(check(wallet, made, held, office)) == {("voucher", "status")}


def receipt_of(office, index):
    with office.reading() as registry:
        return json.dumps(format_receipt(registry.prover().prove_leaf(index))).encode()


def test_a_receipt_holds_as_long_as_the_log_does(wallet, made, office):
    item = add(wallet, made, receipt_of(office, 2))
    transfer_of_time(office)
    finding = check(wallet, made, item, office)
    assert (finding.outcome, finding.is_in_force) == ("unchanged", None)


def test_a_pack_is_in_force_if_all_its_vouchers_are(wallet, made, office):
    items = [
        add(wallet, made, made.pack),
        add(wallet, made, write_pack(Pack(PACK, {
            "a.voucher.json": made.voucher, "b.voucher.json": made.other, "page.txt": b"",
        }))),
    ]  # fmt: skip
    assert [check(wallet, made, item, office).outcome for item in items] == ["unchanged"] * 2
    revoke(office, made.number)
    for item in items:
        finding = check(wallet, made, item, office)
        assert (finding.status, finding.is_in_force) == ("revoked", False)
    only = write_pack(Pack(PACK, {"a.json": receipt_of(office, 2), "page.txt": b""}))
    assert check(wallet, made, add(wallet, made, only), office).is_in_force is None


# what must not happen to a log


def test_a_registry_that_was_set_back_is_found_out(wallet, made, office, tmp_path):
    shutil.copytree(office.home, tmp_path / "earlier")
    transfer_of_time(office)
    items = [
        add(wallet, made, office.voucher(made.number)),
        add(wallet, made, receipt_of(office, 2)),
    ]
    for item in items:
        finding = check(wallet, made, item, Office(tmp_path / "earlier"))
        assert isinstance(finding.failure, RollbackError)
        assert finding.outcome == "failed"


def test_a_registry_that_went_another_way_is_found_out(wallet, made, office, tmp_path):
    shutil.copytree(office.home, tmp_path / "other")
    other = Office(tmp_path / "other")
    office.enrol("one")
    other.enrol("another")
    item = add(wallet, made, office.voucher(made.number))
    finding = check(wallet, made, item, other)
    assert isinstance(finding.failure, ForkError), "two roots of one size"
    other.enrol("third")
    finding = check(wallet, made, item, other)
    assert finding.failure.code == "consistency"
    assert finding.failure.old != finding.failure.new
    fork = check_files(wallet, made, item, other.voucher(made.number))
    assert fork.failure is None, "of two sizes files alone show nothing"
    assert not fork.is_growth_checked, "and that is said"


def test_two_files_of_one_size_that_contradict_are_a_fork(wallet, made, office, tmp_path):
    shutil.copytree(office.home, tmp_path / "other")
    other = Office(tmp_path / "other")
    office.enrol("one")
    other.enrol("another")
    item = add(wallet, made, office.voucher(made.number))
    finding = check_files(wallet, made, item, other.voucher(made.number))
    assert isinstance(finding.failure, ForkError)


def test_a_stricter_policy_is_asked_again(wallet, made, office):
    item = add(wallet, made, made.voucher)
    strict = parse_policy(with_witness(made.ours.policy))
    data = wallet.read(item)
    finding = check_item(item, data, FilesSource([]), strict, made.now)
    assert isinstance(finding.failure, QuorumError)
    with office.reading() as registry, pytest.raises(QuorumError):
        RegistrySource(registry, strict)


STATES = {
    "vanished": (lambda v: None, "once was there"),
    "shorter history": (lambda v: replace(v, n=v.n - 1), "another history"),
    "other history": (lambda v: replace(v, history=bytes(32)), "another history"),
    "other history, longer": (lambda v: replace(v, n=v.n + 1, history=bytes(32)), None),
}


@pytest.mark.parametrize("name", STATES)
def test_a_history_that_was_rewritten_is_found_out(made, office, name):
    change, words = STATES[name]
    old = parse_state_bundle(json.loads(office.state(office.asset(made.number))))
    assert compare_states(old, old) == []
    new = replace(old, value=change(old.value))
    if words is None:
        assert compare_states(old, new) == []
        return
    with pytest.raises(BundleError, match=words):
        compare_states(old, new)


def test_growth_is_checked_by_a_registry_and_by_files_of_one_size(wallet, made, office):
    items = [
        add(wallet, made, office.voucher(made.number)),
        add(wallet, made, receipt_of(office, 2)),
    ]
    same = office.voucher(made.second)
    transfer_of_time(office)
    newer = office.voucher(made.number)
    for item in items:
        assert check(wallet, made, item, office).is_growth_checked
        assert check_files(wallet, made, item, same).is_growth_checked
        for files in ([newer], [same, newer], []):
            assert not check_files(wallet, made, item, *files).is_growth_checked


# answers about a date


def ask(office, topic, subject, at):
    with office.reading() as registry:
        query = Query(topic=topic, subject=subject, at=at)
        return format_query(prove_query(registry.prover(), query))


def test_an_answer_about_a_date_stays_what_it_is_whatever_happens_later(wallet, made, office):
    asset, buyer = office.asset(made.operated), office.enrol("buyer")
    grant = office.grant(made.operated, buyer, "buyer")
    with office.reading() as registry:
        then = registry.prover().prove_state(asset).seal.time
    queries = [
        ask(office, topic, subject, then)
        for topic, subject in (("holders", asset), ("grants", asset), ("below", grant))
    ]
    items = [add(wallet, made, json.dumps(one).encode()) for one in queries]
    items += [add(wallet, made, json.dumps(create_certificate(one)).encode()) for one in queries]
    office.revoke_grant(grant)
    office.freeze(made.operated)
    revoke(office, made.operated)
    for item in items:
        finding = check(wallet, made, item, office)
        assert (finding.outcome, finding.status) == ("unchanged", "answered"), item.kind
        assert finding.is_in_force is None


def test_an_answer_about_a_later_date_may_change(wallet, made, office):
    asset = office.asset(made.number)
    query = ask(office, "holders", asset, made.now + DAY)
    items = [
        add(wallet, made, json.dumps(one).encode()) for one in (query, create_certificate(query))
    ]
    revoke(office, made.number)
    for item in items:
        finding = check(wallet, made, item, office)
        assert (finding.outcome, changed(finding)) == ("changed", {("asset", "answer")})
        assert finding.changes[0].before[0]["rights"]
        assert not finding.changes[0].after[0]["rights"]


def test_files_answer_what_a_state_tells_and_no_more(wallet, made, office):
    asset = office.asset(made.number)
    with office.reading() as registry:
        then = registry.prover().prove_state(asset).seal.time
    holders, grants = (
        add(wallet, made, json.dumps(ask(office, topic, asset, then)).encode())
        for topic in ("holders", "grants")
    )
    revoke(office, made.number)
    newer = office.state(asset)
    assert check_files(wallet, made, holders, newer).outcome == "unchanged"
    assert check_files(wallet, made, grants, newer).outcome == "unchecked"
    assert check_files(wallet, made, holders, made.other).outcome == "unchecked"


def test_what_the_newer_states_do_not_know_any_more_is_unchecked(wallet, made, office):
    class Forgetful(RegistrySource):
        def ask(self, query):
            return {"status": "unknown", "rights": []}

    asset = office.asset(made.number)
    item = add(wallet, made, json.dumps(ask(office, "holders", asset, made.now)).encode())
    with office.reading() as registry:
        source = Forgetful(registry, made.policy)
        finding = check_item(item, wallet.read(item), source, made.policy, made.now)
    assert (finding.outcome, finding.missing) == ("unchecked", (asset,))


def test_a_certificate_of_a_check_is_asked_again_like_the_check(wallet, made, office):
    buyer = office.enrol("buyer")
    grant = office.grant(made.operated, buyer, "buyer")
    now, asset = made.now + DAY, office.asset(made.operated)
    inquiry = Inquiry(party=buyer, asset=asset, action="read", at=now, facts={})
    with office.reading() as registry:
        certificate = create_certificate(format_check(prove_act(registry.prover(), inquiry)))
    item = add(wallet, made, json.dumps(certificate).encode(), now)
    finding = check(wallet, made, item, office, now)
    assert (finding.outcome, finding.status, finding.is_in_force) == (
        "unchanged", "permitted", True,
    )  # fmt: skip
    office.revoke_grant(grant)
    finding = check(wallet, made, item, office, now)
    assert (finding.outcome, finding.is_in_force) == ("changed", False)


# no registry, or another


def test_of_another_ledger_nothing_is_said(wallet, made):
    item = add(wallet, made, made.voucher)
    finding = check_item(item, wallet.read(item), None, made.policy, made.now)
    assert (finding.outcome, finding.is_in_force) == ("unchecked", None)
    assert finding.missing == ("example.org/solo",)


def test_newer_files_do_for_a_registry(wallet, made, office):
    item = add(wallet, made, made.voucher)
    transfer_of_time(office)
    assert check_files(wallet, made, item, office.voucher(made.number)).outcome == "unchanged"
    revoke(office, made.number)
    for files in (
        [office.voucher(made.number)],
        [made.voucher, office.voucher(made.number)],
        [office.state(f"voucher/{made.number}"), office.state(item.subjects[0])],
        [office.dossier(f"voucher/{made.number}"), office.dossier(item.subjects[0])],
        [present(office.home, made.number, made.now + DAY)],
    ):
        finding = check_files(wallet, made, item, *files)
        assert (finding.outcome, finding.status, finding.is_in_force) == (
            "changed", "revoked", False,
        )  # fmt: skip
        assert finding.missing == ()


def test_files_that_do_not_show_everything_leave_it_unchecked(wallet, made, office):
    item = add(wallet, made, made.voucher)
    transfer_of_time(office)
    asset = office.asset(made.number)
    for files, missing in (
        ([], {asset, item.subject}),
        ([made.other], {asset, item.subject}),
        ([office.state(item.subject)], {asset}),
        ([office.state(asset)], {item.subject}),
    ):
        finding = check_files(wallet, made, item, *files)
        assert (finding.outcome, finding.is_in_force) == ("unchecked", None)
        assert set(finding.missing) == missing


def test_an_older_file_proves_nothing_new(wallet, made, office):
    transfer_of_time(office)
    item = add(wallet, made, office.voucher(made.number))
    finding = check_files(wallet, made, item, made.voucher)
    assert finding.outcome == "unchecked"


def test_a_grant_whose_chain_is_not_shown_is_unchecked(wallet, made, office):
    buyer = office.enrol("buyer")
    grant = office.grant(made.operated, buyer, "buyer")
    item = add(wallet, made, office.state(grant))
    asset = office.asset(made.operated)
    assert check_files(wallet, made, item, office.state(grant)).missing == (asset,)
    shown = (office.state(grant), office.state(asset))
    assert check_files(wallet, made, item, *shown).is_in_force


# newer proofs in the place of old ones


def test_the_registry_gives_a_newer_proof_of_each_kind(wallet, made, office):
    asset = office.asset(made.number)
    olds = {
        "voucher": made.voucher,
        "state": office.state(asset),
        "dossier": office.dossier(asset),
        "page": office.dossier(asset, 1),
        "receipt": receipt_of(office, 2),
    }
    transfer_of_time(office)
    office.freeze(made.number)
    with office.reading() as registry:
        source = RegistrySource(registry, made.policy)
        for kind, old in olds.items():
            item, report = add(wallet, made, old), verified(made, old).report
            fresh = source.renew(old, report)
            newer = verified(made, fresh).report
            assert (newer.kind, newer.subject) == (report.kind, report.subject)
            assert newer.opened.body.size == registry.prover().anchor.size, kind
            assert wallet.replace(item, fresh, made.policy, made.now).content != item.content
            assert source.renew(fresh, newer) is None, "it is the newest already"
    pages = [json.loads(wallet.read(item)) for item in wallet.list_items()]
    assert [page["from"]["n"] for page in pages if "from" in page] == [1], "a page stays a page"


def test_what_cannot_be_made_anew_is_left_as_it_is(wallet, made, office):
    transfer_of_time(office)
    with office.reading() as registry:
        source = RegistrySource(registry, made.policy)
        assert source.renew(made.pack, verified(made, made.pack).report) is None


def test_a_newer_file_never_takes_the_place_of_an_old_one(made, office):
    old = verified(made, made.voucher)
    transfer_of_time(office)
    newer = verified(made, office.voucher(made.number))
    assert FilesSource([newer]).renew(old.data, old.report) is None


def test_a_forged_file_in_the_wallet_folder_fails_its_check(wallet, made, office):
    """Somebody changed proof and item on the disk, digests and all."""
    item = add(wallet, made, made.voucher)
    forged = made.voucher.replace(b"north", b"west!")
    finding = check_item(item, forged, FilesSource([]), made.policy, made.now)
    assert isinstance(finding.failure, SignatureError)
