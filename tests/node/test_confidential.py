"""What the vault keeps: held against the ledger, and destroyed without a proof being lost."""

import json
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest

from cli.registering import Wanted, register_application
from cli.session import Session
from cli.settings import Settings
from cli.subjects import find_keys
from contracts.party import Enroll
from contracts.registration import Withdraw
from contracts.title import Asset
from contracts.verdict import Question
from ledger.core.dossier import format_dossier
from ledger.core.draft import DraftOpening, opening_json
from ledger.core.policy import parse_policy
from ledger.core.subjects import derive_party
from ledger.errors import CorruptionError, NotFoundError, RejectedError
from ledger.keys import fresh_salt
from ledger.vault import Vault
from node.bundles import make_voucher
from node.duplicates import CONTENT, find_duplicates
from node.erasure import ERASED, Erased, erase_openings
from node.issuing import FORM, OPENING, Application, Filing
from node.maintenance import audit_registry, back_up_registry
from node.registry import open_registry
from node.vaultcheck import Extra, Place, check_vault
from node.verifier import verify_file
from tracing.fingerprint import Fingerprint

WHO, PRICE = "张龘靐 13800000000", "the price is 4,711.00"
CONTENTS = Fingerprint(sha256(b"flights").hexdigest(), 7)
WHY = "request of the person"
FORM_MEMBERS = 20
"""Members of the form, absent ones too, and one file."""


class Desk:
    """A solo registry with one voucher, whose form says what is to stay secret."""

    def __init__(self, registry, clock):
        self.registry, self.clock = registry, clock
        self.session = Session(Settings(registry.home.path, None, True, True, 0))
        form = application(applicants=WHO, prior=PRICE)
        owner = registry.ledger.operator
        wanted = Wanted(form, owner, (owner,), [CONTENTS], publishes_digest=False)
        self.done = register_application(self.session, registry, wanted)
        clock.pass_time(1000)

    @property
    def key(self):
        return self.done.registration

    def submit(self, body, actor=None, *keys):
        actor = actor or self.registry.ledger.operator
        keys = keys or find_keys(self.registry, actor, 1)
        event = self.registry.build_event(actor, body)
        self.registry.submit([self.registry.sign_event(event, keys)], {})
        self.clock.pass_time(1000)

    def file(self, *, is_submitted=True):
        """An application that waits; its registration."""
        with self.vault() as vault:
            filing = Filing(
                self.registry, vault, self.registry.ledger.operator, application(), [CONTENTS]
            )
            signed = filing.file(find_keys(self.registry, self.registry.ledger.operator, 1),
                                 publish_digests=False)  # fmt: skip
        if is_submitted:
            self.registry.submit([signed], {})
            self.clock.pass_time(1000)
        return filing.keys(signed)[1]

    def enrol(self, name):
        """A natural person, whose name is in the vault."""
        key = self.registry.ring.create("person")
        party = derive_party([key.did])
        opening = DraftOpening(party, "name", self.registry.origin, fresh_salt(), name)
        with self.vault() as vault:
            vault.add(OPENING, {f"{party} name": opening_json(opening)})
        body = Enroll(keys=(key.did,), party_kind="natural", name={"$commit": opening.commitment()})
        self.submit(body, party, key)
        return party

    def vault(self):
        return closing(self.registry.open_vault())

    def erase(self, subject=None, *fields):
        return erase_openings(self.registry, subject or self.key, fields, WHY)

    def find(self, kind, name):
        with self.vault() as vault:
            return vault.find(kind, name)

    def boxes(self):
        """All sealed records as they lie in the file."""
        with closing(sqlite.connect(str(self.registry.home.vault))) as database:
            return {box for (box,) in database.execute("SELECT box FROM record")}

    def proofs(self):
        """Every kind of proof of what was registered, and the roots of an audit."""
        registry = self.registry
        dossiers = [
            format_dossier(registry.prover().prove_history(key, 0))
            for key in (self.done.asset, self.key, f"voucher/{self.done.voucher}")
        ]
        voucher = make_voucher(registry, self.done.voucher)
        report = verify_file(
            json.dumps(voucher).encode(), parse_policy(registry.home.policy.read_bytes()),
            Question(now=self.clock.now()),
        )  # fmt: skip
        assert (report.failure, report.is_in_force) == (None, True)
        audit = audit_registry(registry.home, lambda *_: None)
        return voucher, dossiers, (audit.size, audit.root, audit.state_root)


def application(**members):
    told = {"title": "航班数据", "summary": "All flights", "restrictions": "无"} | members
    return Application(
        members=told, rights=("hold", "use"), basis="self-generated", level="general-2",
        data_class="enterprise", years=3,
    )  # fmt: skip


@pytest.fixture
def desk(home, clock):
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        yield Desk(registry, clock)


# erasure


def test_after_an_erasure_every_proof_is_what_it_was(desk):
    before = desk.proofs()
    done = desk.erase()
    assert len(done.fields) == FORM_MEMBERS
    assert done.records == FORM_MEMBERS + 2, "the form and the index of content go too"
    assert set(done.published) == {"title", "summary", "restrictions"}
    assert desk.proofs() == before


def test_what_was_erased_lies_nowhere_in_the_vaults_files(desk):
    before = desk.boxes()
    desk.erase()
    gone = before - desk.boxes()
    assert len(gone) == FORM_MEMBERS + 2
    content = b"".join(path.read_bytes() for path in desk.registry.home.path.glob("vault.db*"))
    assert not [box for box in gone if box[:16] in content or box[-16:] in content]


def test_a_backup_made_before_still_has_it(desk, tmp_path):
    """So the command says: what was erased has to be destroyed there too."""
    back_up_registry(desk.registry.home, tmp_path / "before")
    desk.erase()
    back_up_registry(desk.registry.home, tmp_path / "after")
    secret = desk.registry.ring.load_secret("vault")
    kept = {}
    for name in ("before", "after"):
        with closing(Vault(tmp_path / name / "vault.db", secret)) as vault:
            kept[name] = [each["value"] for each in vault.find(OPENING, f"{desk.key} applicants")]
    assert kept == {"before": [WHO], "after": []}


def test_one_member_goes_with_the_form_that_repeats_it_and_the_others_stay(desk):
    done = desk.erase(desk.key, "applicants")
    assert done == Erased(desk.key, ("applicants",), 2, (), is_repeated=False)
    assert desk.find(OPENING, f"{desk.key} applicants") == desk.find(FORM, desk.key) == []
    (prior,) = desk.find(OPENING, f"{desk.key} prior")
    assert prior["value"] == PRICE
    (mark,) = desk.find(ERASED, f"{desk.key} applicants")
    assert mark["reason"] == WHY


def test_erased_content_is_found_as_a_duplicate_no_more(desk):
    other = desk.file()
    desk.erase(desk.key, "content.0")
    with desk.vault() as vault:
        found = find_duplicates(desk.registry, vault, [CONTENTS.digest])
    kept = desk.registry.need_state(Asset, found[0].asset).registration
    assert (len(found), kept) == (1, other), "the other registration of it is found as before"


def test_what_is_not_decided_yet_is_not_erased(desk):
    filed = desk.file()
    with pytest.raises(RejectedError) as caught:
        desk.erase(filed)
    assert caught.value.reason == "still_open"
    assert len(desk.find(OPENING, f"{filed} title")) == 1
    desk.submit(Withdraw(registration=filed))
    assert desk.erase(filed).published == ()


def test_a_natural_persons_name_is_erased_and_an_organisations_is_public(desk):
    party = desk.enrol(WHO)
    assert desk.erase(party) == Erased(party, ("name",), 1, (), is_repeated=False)
    assert desk.find(OPENING, f"{party} name") == []
    with pytest.raises(RejectedError) as caught:
        desk.erase(desk.registry.ledger.operator)
    assert caught.value.reason == "public_name"


def test_erasing_again_destroys_nothing_and_is_no_error(desk):
    desk.erase(desk.key, "prior")
    assert desk.erase(desk.key, "prior") == Erased(desk.key, (), 0, (), is_repeated=True)
    assert len(desk.find(ERASED, f"{desk.key} prior")) == 1


def test_what_is_not_there_cannot_be_erased(desk):
    with pytest.raises(NotFoundError, match="commits to no contact"):
        desk.erase(desk.key, "contact", "prior")
    with pytest.raises(NotFoundError, match="there is no registration"):
        desk.erase("registration/" + "a" * 26)
    desk.registry.home.vault.unlink()
    with pytest.raises(NotFoundError, match="not in this vault"):
        desk.erase()


# the vault held against the ledger


def test_a_vault_that_opens_every_commitment_is_whole(desk):
    desk.enrol(WHO)
    desk.file()
    report = check_vault(desk.registry)
    assert (report.commitments, report.opened) == (2 * FORM_MEMBERS + 1, 2 * FORM_MEMBERS + 1)
    assert (report.missing, report.wrong, report.erased, report.extra) == ((), (), (), ())
    assert report.is_whole


def test_a_missing_opening_is_named(desk):
    with desk.vault() as vault:
        vault.erase(OPENING, f"{desk.key} prior")
    report = check_vault(desk.registry)
    assert report.missing == (Place(desk.key, "prior"),)
    assert (report.opened, report.is_whole) == (FORM_MEMBERS - 1, False)


CHANGES = {
    "another value": lambda opening: opening | {"value": "the price is 9,999.00"},
    "another salt": lambda opening: opening | {"salt": "A" * 43},
    "another field": lambda opening: opening | {"field": "applicants"},
    "another party": lambda opening: opening | {"by": "party/" + "a" * 26},
    "another ledger": lambda opening: opening | {"log": "example.org/other"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_wrong_opening_is_named(name, desk):
    (opening,) = desk.find(OPENING, f"{desk.key} prior")
    with desk.vault() as vault:
        vault.erase(OPENING, f"{desk.key} prior")
        vault.add(OPENING, {f"{desk.key} prior": CHANGES[name](opening)})
    report = check_vault(desk.registry)
    assert report.wrong == (Place(desk.key, "prior"),)
    assert (len(report.extra), report.is_whole) == (1, False)


def test_an_erased_opening_is_no_missing_one(desk):
    desk.erase(desk.key, "prior")
    report = check_vault(desk.registry)
    assert report.erased == (Place(desk.key, "prior"),)
    assert (report.missing, report.is_whole) == ((), True)


def test_an_opening_of_nothing_on_the_ledger_is_shown_and_no_fault(desk):
    desk.file(is_submitted=False)
    report = check_vault(desk.registry)
    assert len(report.extra) == FORM_MEMBERS
    assert {each.field for each in report.extra} > {"applicants", "content.0"}
    assert isinstance(report.extra[0], Extra)
    assert report.is_whole


def test_a_changed_vault_is_corrupt(desk):
    with closing(sqlite.connect(str(desk.registry.home.vault), isolation_level=None)) as database:
        database.execute("UPDATE record SET box = zeroblob(200) WHERE id = 3")
    with pytest.raises(CorruptionError, match="restore the vault from a backup"):
        check_vault(desk.registry)


@pytest.mark.parametrize("record", ["text", {}, {"by": "x"}, {"salt": "short"}])
def test_a_record_that_is_no_opening_is_corrupt(record, desk):
    with desk.vault() as vault:
        vault.add(OPENING, {"anything": record})
    with pytest.raises(CorruptionError, match="no opening"):
        check_vault(desk.registry)


def test_every_leaf_is_counted_as_it_is_read(desk):
    counted = []
    check_vault(desk.registry, counted.append)
    assert sum(counted) == desk.registry.store.read_head().size


def test_the_index_of_content_is_sealed_like_the_rest(desk):
    assert desk.find(CONTENT, CONTENTS.digest)
    content = b"".join(Path(path).read_bytes() for path in desk.registry.home.path.glob("vault*"))
    for secret in (WHO, PRICE, "航班数据", desk.key, CONTENTS.digest):
        assert str(secret).encode() not in content
