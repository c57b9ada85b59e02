import stat
from contextlib import closing
from random import Random

import pysqlite3.dbapi2 as sqlite
import pytest

from ledger.errors import CorruptionError, MalformedError, StoreFailedError, UnavailableError
from ledger.storage.connection import create_copy
from ledger.vault import Doomed, Vault

SECRET = bytes(range(32))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vault.db"


@pytest.fixture
def vault(path):
    opened = Vault(path, SECRET)
    yield opened
    opened.close()


def test_what_was_added_is_found_under_its_name_oldest_first(vault):
    vault.add("opening", {"a title": {"value": "一"}, "b": 2})
    vault.add("opening", {"a title": {"value": "二"}})
    assert vault.find("opening", "a title") == [{"value": "一"}, {"value": "二"}]
    assert vault.find("opening", "b") == [2]
    assert vault.find("form", "b") == []


def test_records_of_several_kinds_are_kept_together_or_not_at_all(path, vault):
    vault.add_all({"opening": {"a": 1}, "form": [("a", 2), ("a", 3)], "none": {}})
    assert (vault.find("opening", "a"), vault.find("form", "a")) == ([1], [2, 3])
    with closing(sqlite.connect(str(path))) as db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON record WHEN NEW.kind = 'form' "
            "BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(StoreFailedError):
        vault.add_all({"opening": {"b": 1}, "form": {"b": 2}})
    assert vault.find("opening", "b") == []


def test_records_survive_reopening_with_the_same_secret(path, vault):
    vault.add("form", {"r": {"title": "航班"}})
    vault.close()
    again = Vault(path, SECRET)
    assert again.find("form", "r") == [{"title": "航班"}]
    again.close()


def test_another_secret_finds_nothing_and_reads_nothing(path, vault):
    vault.add("form", {"r": 1})
    other = Vault(path, bytes(32))
    assert other.find("form", "r") == []
    other.close()


def test_neither_values_nor_names_lie_in_the_file_in_the_clear(path, vault):
    vault.add("opening", {"registration/abc title": {"value": "张三的手机号 13800000000"}})
    vault.close()
    for file in path.parent.iterdir():
        content = file.read_bytes()
        assert "张三".encode() not in content
        assert b"13800000000" not in content
        assert b"registration/abc" not in content


def test_the_file_is_for_its_owner_alone(path, vault):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_erased_record_is_gone_from_the_file(path, vault):
    vault.add("opening", {"x": 1, "y": 2})
    (box,) = sqlite.connect(str(path)).execute("SELECT box FROM record ORDER BY id").fetchone()
    assert vault.erase("opening", "x") == 1
    assert vault.find("opening", "x") == []
    assert vault.find("opening", "y") == [2]
    assert vault.erase("opening", "x") == 0
    vault.close()
    for file in path.parent.iterdir():
        assert box not in file.read_bytes()


@pytest.mark.parametrize("place", [0, 24, -1])
def test_a_changed_record_is_noticed(path, vault, place):
    vault.add("form", {"r": {"a": 1}})
    database = sqlite.connect(str(path), isolation_level=None)
    (box,) = database.execute("SELECT box FROM record").fetchone()
    changed = bytearray(box)
    changed[place] ^= 1
    database.execute("UPDATE record SET box = ?", (bytes(changed),))
    with pytest.raises(CorruptionError):
        vault.find("form", "r")


def test_a_record_moved_to_another_kind_is_noticed(path, vault):
    vault.add("form", {"r": 1})
    database = sqlite.connect(str(path), isolation_level=None)
    (name,) = database.execute("SELECT name FROM record").fetchone()
    vault.add("opening", {"r": 2})
    database.execute("UPDATE record SET box = (SELECT box FROM record WHERE kind = 'form')")
    assert vault.find("form", "r") == [1]
    assert name is not None
    with pytest.raises(CorruptionError):
        vault.find("opening", "r")


def test_a_batch_with_one_bad_record_writes_none(vault):
    with pytest.raises(MalformedError):
        vault.add("form", {"a": 1, "b": 1.5})
    assert vault.find("form", "a") == []


def test_a_copy_opens_with_the_secret_and_is_private(path, vault, tmp_path):
    vault.add("form", {"r": {"a": [1, None]}})
    copy = tmp_path / "copy.db"
    create_copy(path, copy, is_ledger=False)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    restored = Vault(copy, SECRET)
    assert restored.find("form", "r") == [{"a": [1, None]}]
    restored.close()


def test_an_erasure_that_another_reader_holds_up_is_not_called_done(path, monkeypatch):
    monkeypatch.setattr("ledger.vault._BUSY_TIMEOUT_S", 0.01)
    vault = Vault(path, SECRET)
    vault.add("form", {"r": 1})
    reader = sqlite.connect(str(path), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT box FROM record").fetchall()
    with pytest.raises(UnavailableError, match="erase it again"):
        vault.erase("form", "r")
    reader.execute("COMMIT")
    assert vault.erase("form", "r") == 0
    vault.close()


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(StoreFailedError):
        Vault(tmp_path / "missing" / "vault.db", SECRET)


def test_the_vault_is_not_printed(vault):
    assert repr(vault) == "Vault(...)"


def test_a_vault_that_another_process_writes_to_is_busy(path, monkeypatch):
    monkeypatch.setattr("ledger.vault._BUSY_TIMEOUT_S", 0.01)
    opened = Vault(path, SECRET)
    writer = sqlite.connect(str(path), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="try again"):
        opened.add("form", {"r": 1})
    writer.execute("ROLLBACK")
    opened.add("form", {"r": 1})
    assert opened.find("form", "r") == [1]
    opened.close()


def test_a_batch_that_fails_in_the_middle_writes_none(path, vault):
    other = sqlite.connect(str(path), isolation_level=None)
    other.execute(
        "CREATE TRIGGER full BEFORE INSERT ON record WHEN (SELECT count(*) FROM record) > 0 "
        "BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(StoreFailedError):
        vault.add("form", {"a": 1, "b": 2})
    other.execute("DROP TRIGGER full")
    assert vault.find("form", "a") == []
    vault.add("form", {"a": 3})
    assert vault.find("form", "a") == [3]


def test_many_records_go_at_once_and_only_those_that_are_meant(vault):
    vault.add("form", {"r": 1})
    vault.add("content", [("d", "mine"), ("d", "yours"), ("e", "mine")])
    doomed = [Doomed("form", "r"), Doomed("content", "d", lambda value: value == "mine")]
    assert vault.erase_all(doomed, {"erased": {"r": "gone"}}) == 2
    assert vault.find("form", "r") == []
    assert vault.find("content", "d") == ["yours"]
    assert vault.find("content", "e") == ["mine"]
    assert vault.find("erased", "r") == ["gone"]
    assert vault.erase_all(doomed, {"erased": {"r": "again"}}) == 0
    assert vault.find("erased", "r") == ["gone"], "where nothing goes nothing is marked"


def test_an_erasure_that_meets_a_changed_record_destroys_nothing(path, vault):
    vault.add("form", {"r": 1, "s": 2})
    database = sqlite.connect(str(path), isolation_level=None)
    database.execute("UPDATE record SET box = zeroblob(100) WHERE id = 2")
    doomed = [Doomed("form", "r"), Doomed("form", "s", lambda _: True)]
    with pytest.raises(CorruptionError):
        vault.erase_all(doomed, {"erased": {"r": 1}})
    assert vault.find("form", "r") == [1]
    assert vault.find("erased", "r") == []


def test_all_records_of_a_kind_are_read_without_their_names(path, vault):
    vault.add("form", [("r", 1), ("s", 2), ("r", 3)])
    vault.add("opening", {"r": 4})
    assert list(vault.scan("form")) == [1, 2, 3]
    assert list(vault.scan("content")) == []
    database = sqlite.connect(str(path), isolation_level=None)
    database.execute("UPDATE record SET box = zeroblob(100) WHERE id = 2")
    with pytest.raises(CorruptionError):
        list(vault.scan("form"))


def test_nothing_of_an_erased_record_lies_in_a_corner_of_the_file(path, vault):
    """Pages fill and empty, so that the database moves records about and leaves copies of them."""
    random, names = Random(12), []
    for n in range(60):
        made = {f"{n} {each}": "x" * random.choice([10, 400, 6000]) for each in range(20)}
        vault.add(random.choice(["form", "opening"]), made)
        names += made
    database = sqlite.connect(str(path))
    query = "SELECT box FROM record WHERE id % 7 = 3 ORDER BY id"
    boxes = [box for (box,) in database.execute(query)]
    database.close()
    doomed = [
        Doomed(kind, name) for place, name in enumerate(names, 1) if place % 7 == 3
        for kind in ("form", "opening")
    ]  # fmt: skip
    assert vault.erase_all(doomed, {}) == len(boxes) > 100
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert not [box for box in boxes if box[:16] in content or box[-16:] in content]


def test_records_of_any_name_go_but_those_that_are_spared(vault):
    vault.add("form", {"r": 1, "s": 2, "t": 3})
    vault.add("other", {"r": 1})
    assert vault.discard([Doomed("form", None, lambda value: value != 3, spared={"s"})]) == 1
    vault.forget()
    assert [vault.find("form", name) for name in "rst"] == [[], [2], [3]]
    assert vault.find("other", "r") == [1]
