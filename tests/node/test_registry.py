"""Opening a registry to read and to write, beside others, after failures, under other rules."""

from contextlib import closing
from dataclasses import replace
from hashlib import sha256

import pysqlite3.dbapi2 as sqlite
import pytest

from contracts.foundation import Ledger
from contracts.party import Enroll, Party
from ledger.core.subjects import SELF, derive_party
from ledger.errors import (
    CorruptionError,
    NotFoundError,
    RejectedError,
    RollbackError,
    StoreFailedError,
    UnavailableError,
)
from ledger.keys import KeyRing, Passphrase, PassphraseRequiredError, WrongPassphraseError
from ledger.signer import CheckpointSigner
from ledger.storage.sqlite import create_store
from node import registry as registry_module
from node.founding import Charter, found_registry
from node.home import Home
from node.registry import open_registry
from node.registryapi import RegistryApi
from node.rulebundle import current_rules, read_profile
from tests.support.people import START


def enrol(registry, name, **changes):
    """A signed enrolment of a party with a new key."""
    key = registry.ring.create(name)
    party = derive_party([key.did])
    body = Enroll(**({"keys": (key.did,), "party_kind": "legal", "name": name} | changes))
    return registry.sign_event(registry.build_event(party, body), [key]), party


def test_a_written_event_is_read_at_once(home, clock):
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        event, party = enrol(registry, "Acme-1890")
        (written,) = registry.submit([event], {})
        assert (written.index, written.event) == (2, event.id)
        assert registry.need_state(Party, party).name == "Acme-1890"
        assert registry.read_leaf(2).signed == event
        assert registry.find_subjects(party[:18], 5) == [party]
        assert [key for key, _ in registry.search("Acme-1890", kind="party", limit=5)] == [party]
        assert registry.prover().anchor.size == 4
        api: RegistryApi = registry
        assert api.origin == "example.org/solo"


def test_the_same_event_again_gives_its_first_index(home, clock):
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        event, _ = enrol(registry, "a")
        first = registry.submit([event], {})
        assert registry.submit([event], {}) == first
        assert registry.store.read_head().size == 4


def test_events_that_belong_together_are_written_all_or_none(home, clock):
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        good, party = enrol(registry, "a")
        bad, _ = enrol(registry, "b", uscc="91440300708461136X")
        for events in ([good, bad], [bad, good]):
            with pytest.raises(RejectedError):
                registry.submit(events, {})
        assert registry.store.read_head().size == 2
        assert registry.read_state(party) is None
        other, _ = enrol(registry, "c")
        assert [w.index for w in registry.submit([good, other], {})] == [2, 3]
        # what is there already is no obstacle to what belongs to it
        third, _ = enrol(registry, "d")
        assert [w.index for w in registry.submit([good, third], {})] == [2, 5]


def test_readers_read_beside_a_writer_and_see_what_is_committed(home, clock):
    with (
        open_registry(home, None, is_writer=True, clock=clock) as writer,
        open_registry(home, None, is_writer=False) as reader,
    ):
        event, party = enrol(writer, "a")
        assert reader.find_state(Party, party) is None
        writer.submit([event], {})
        assert reader.need_state(Party, party).name == "a"
        assert reader.prover().anchor == writer.prover().anchor


def test_a_second_writer_is_told_to_try_again(home, clock):
    with (
        open_registry(home, None, is_writer=True, clock=clock),
        pytest.raises(UnavailableError),
        open_registry(home, None, is_writer=True, clock=clock),
    ):
        pass
    with open_registry(home, None, is_writer=True, clock=clock):
        pass


def test_a_reader_does_not_write(home):
    with open_registry(home, None, is_writer=False) as registry:
        event, _ = enrol(registry, "a")
        with pytest.raises(AssertionError):
            registry.submit([event], {})


def test_a_writer_s_failure_frees_the_lock(home, clock):
    with (
        pytest.raises(ZeroDivisionError),
        open_registry(home, None, is_writer=True, clock=clock),
    ):
        raise ZeroDivisionError
    with open_registry(home, None, is_writer=True, clock=clock):
        pass


def test_without_a_registry_it_says_how_to_make_one(tmp_path):
    with (
        pytest.raises(NotFoundError, match="muniment init"),
        open_registry(tmp_path, None, is_writer=False),
    ):
        pass


def test_a_ledger_without_its_first_event_is_corrupt(home):
    (home / "ledger.db").unlink()
    create_store(home / "ledger.db").close()
    for is_writer in (False, True):
        with pytest.raises(CorruptionError), open_registry(home, None, is_writer=is_writer):
            pass


def test_what_is_not_there_is_not_found(home):
    with open_registry(home, None, is_writer=False) as registry:
        assert registry.find_state(Party, "party/" + "a" * 26) is None
        with pytest.raises(NotFoundError):
            registry.need_state(Party, "party/" + "a" * 26)
        for index in (-1, 2):
            with pytest.raises(NotFoundError):
                registry.read_leaf(index)
        assert registry.need_state(Ledger, SELF) == registry.ledger


def test_under_other_rules_a_ledger_is_read_and_not_written(home, clock, monkeypatch):
    rules = current_rules()
    other = replace(rules, rule_sets={rules.name: "00" * 32})
    monkeypatch.setattr(registry_module, "current_rules", lambda: other)
    with open_registry(home, None, is_writer=False) as registry:
        assert registry.ledger.name == "单人试用"
    with (
        pytest.raises(RejectedError) as caught,
        open_registry(home, None, is_writer=True, clock=clock),
    ):
        pass
    assert caught.value.reason == "rules_changed"
    assert "muniment init" in caught.value.en
    assert "muniment init" in caught.value.zh


def test_after_a_failure_to_sign_the_next_writer_signs(home, clock, monkeypatch):
    def fail(*_):
        raise StoreFailedError("the disk is full")

    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        event, party = enrol(registry, "a")
        with monkeypatch.context() as patched:
            patched.setattr(CheckpointSigner, "sign", fail)
            with pytest.raises(StoreFailedError):
                registry.submit([event], {})
    with open_registry(home, None, is_writer=False) as reader:
        assert reader.store.read_head().size == 4
        assert reader.prover().anchor.size == 2, "only what was signed is proved"
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        assert registry.prover().anchor.size == 4
        assert registry.need_state(Party, party).name == "a"


def test_an_old_copy_of_the_ledger_is_not_written(home, clock):
    old = (home / "ledger.db").read_bytes()
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        registry.submit([enrol(registry, "a")[0]], {})
        with closing(sqlite.connect(str(home / "ledger.db"))) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in home.glob("ledger.db*"):
        path.unlink()
    (home / "ledger.db").write_bytes(old)
    with pytest.raises(RollbackError), open_registry(home, None, is_writer=True, clock=clock):
        pass


def test_sealed_keys_are_opened_when_they_are_needed(tmp_path):
    from ledger.clock import SystemClock

    home = tmp_path / "home"
    right, wrong = Passphrase("open sesame"), Passphrase("wrong")
    found_registry(home, Charter(read_profile("solo")), right, SystemClock())
    with open_registry(home, None, is_writer=False) as registry:
        assert registry.ledger.profile.is_solo
        with pytest.raises(PassphraseRequiredError):
            registry.open_vault()
    for passphrase, error in ((None, PassphraseRequiredError), (wrong, WrongPassphraseError)):
        with pytest.raises(error), open_registry(home, passphrase, is_writer=True):
            pass
    with open_registry(home, right, is_writer=True):
        pass


def test_an_event_lives_for_seven_days_from_the_clock(home, clock):
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        event, _ = enrol(registry, "a")
        assert (event.event.at, event.event.until) == (START, START + 7 * 86_400_000)
        clock.pass_time(8 * 86_400_000)
        with pytest.raises(RejectedError) as caught:
            registry.submit([event], {})
        assert caught.value.reason == "event_expired"


def test_documents_are_kept_by_their_digest_and_no_other(home, clock):
    with open_registry(home, None, is_writer=True, clock=clock) as registry:
        event, _ = enrol(registry, "a")
        data = b"a document"
        registry.submit([event], {sha256(data).hexdigest(): data})
        assert registry.store.read_document(sha256(data).hexdigest()) == data
        other, _ = enrol(registry, "b")
        with pytest.raises(Exception, match="digest"):
            registry.submit([other], {"00" * 32: data})


def test_the_home_names_its_files(tmp_path):
    home = Home(tmp_path)
    names = {path.name for path in (home.ledger, home.vault, home.keys, home.policy, home.lock)}
    assert names == {"ledger.db", "vault.db", "keys", "trust.policy", "lock"}
    assert home.signer.parent == home.keys
    assert KeyRing(home.keys, None).list_entries() == []
