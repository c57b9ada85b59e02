"""A store held against its own log: every row of every table, checkpoints and documents."""

import shutil
from contextlib import closing
from dataclasses import replace
from hashlib import sha256

import pysqlite3.dbapi2 as sqlite
import pytest

from ledger.audit import Auditor, AuditResult, compare_rows, read_numbered
from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.note import SignatureLine, SignedNote, create_verifier_key, format_note
from ledger.errors import CorruptionError, NotFoundError
from ledger.keys import SigningKey
from ledger.replay import DifferenceError
from ledger.sequencer import Submission
from ledger.storage.base import COLUMNS, DERIVED, Table
from ledger.storage.scratch import open_scratch
from ledger.storage.sqlite import SqliteStore
from tests.support.ledgers import (
    AUDITOR,
    LOG_KEY,
    LOG_VERIFIER,
    RULE_SETS,
    Home,
    execute_again,
    fill,
    put,
    toy_key,
    write_block,
)
from tests.support.log_builder import ORIGIN
from tests.support.memory_store import MemoryStore

A, B = toy_key("A"), toy_key("B")
DOCUMENT = b"a credential"
DIGEST = sha256(DOCUMENT).hexdigest()


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A ledger of four blocks, three of them signed together with their events."""
    home = Home(tmp_path_factory.mktemp("audit") / "home").found()
    with home.open() as (_, sequencer):
        sequencer.submit([Submission(put(n, A, toy_key(n))) for n in range(4)])
        sequencer.submit([Submission(put(9, A), {DIGEST: DOCUMENT})])
        sequencer.submit([Submission(put(n, B, toy_key(n))) for n in range(10, 13)])
        sequencer.submit([Submission(put(20, A, B, toy_key("C", "grant")))])
    return home.ledger


@pytest.fixture
def copy(honest, tmp_path):
    path = tmp_path / "ledger.db"
    shutil.copy(honest, path)
    return path


def change(path, *statements):
    """What a person with the file and no respect for triggers can do."""
    with closing(sqlite.connect(str(path), isolation_level=None)) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            if name.startswith(("entry", "document")):
                db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)


def audit(path, auditor=AUDITOR, scratch=None):
    with closing(SqliteStore(path)) as store:
        return auditor.audit(store, scratch or MemoryStore())


def audit_tail(path, blocks=2, auditor=AUDITOR):
    with closing(SqliteStore(path)) as store:
        return auditor.audit_tail(store, blocks)


def test_an_honest_store_passes_and_is_counted(honest):
    result = audit(honest)
    with closing(SqliteStore(honest)) as store:
        head = store.read_head()
        assert result == AuditResult(
            size=13,
            height=4,
            root=head.frontier.root(),
            state_root=head.map_root.root,
            checkpoints=4,
            documents=1,
        )
        with open_scratch() as scratch:
            assert AUDITOR.audit(store, scratch) == result
    assert replace(audit_tail(honest), checkpoints=4, documents=1) == result


def test_an_empty_store_passes(tmp_path):
    home = Home(tmp_path / "home").found()
    assert home.audit().size == 0
    assert audit_tail(home.ledger).size == 0
    assert AUDITOR.audit(MemoryStore(), MemoryStore()).height == 0


def test_an_audit_changes_nothing(honest):
    before = honest.read_bytes()
    audit(honest)
    audit_tail(honest)
    assert honest.read_bytes() == before


def test_an_audit_goes_on_from_an_earlier_one(copy):
    scratch = MemoryStore()
    audit(copy, scratch=scratch)
    seen = []
    with closing(SqliteStore(copy)) as store:
        write_block(store, put(50, A), put(51))
    auditor = replace(AUDITOR, progress=lambda done, total: seen.append((done, total)))
    assert audit(copy, auditor, scratch).size == 16
    assert seen == [(16, 16)], "only the new block was executed"


def test_progress_is_told_after_each_block(honest):
    seen = []
    audit(honest, replace(AUDITOR, progress=lambda done, total: seen.append((done, total))))
    assert seen == [(5, 13), (7, 13), (11, 13), (13, 13)]


def test_a_store_may_grow_during_its_audit(copy):
    with closing(SqliteStore(copy)) as store, closing(SqliteStore(copy)) as writer:

        def write(done, total):
            write_block(writer, put(100 + done, A, toy_key(done)))

        result = replace(AUDITOR, progress=write).audit(store, MemoryStore())
        assert (result.size, result.height) == (13, 4)
        assert store.read_head().height == 8
    assert audit(copy).height == 8


# every row of every table

CHANGED = {
    int: lambda value: value + 1,
    str: lambda value: f"{value}x",
    bytes: lambda value: value + b"x",
}


def literal(value):
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def where(table, row):
    columns = COLUMNS[table][: table.key_columns]
    return " AND ".join(f"{c} = {literal(v)}" for c, v in zip(columns, row, strict=False))


def rows_of(path, table):
    with closing(SqliteStore(path)) as store:
        return list(store.iterate_rows(table))


def is_noticed(path):
    try:
        audit(path)
    except DifferenceError as exc:
        return str(exc)
    except CorruptionError as exc:
        return str(exc)
    return None


def every_change(path, table):
    """Each row of a table deleted, and each of its columns changed."""
    for row in rows_of(path, table):
        yield f"DELETE FROM {table} WHERE {where(table, row)}"
        for column, value in zip(COLUMNS[table], row, strict=True):
            other = literal(CHANGED[type(value)](value))
            yield f"UPDATE OR IGNORE {table} SET {column} = {other} WHERE {where(table, row)}"


def sample(statements, count=15):
    every = list(statements)
    return every[:: max(1, len(every) // count)]


@pytest.mark.slow
@pytest.mark.parametrize("table", [*DERIVED, Table.ENTRY])
def test_every_row_counts(honest, tmp_path, table):
    statements = sample(every_change(honest, table))
    assert statements
    path, before, changed = tmp_path / "ledger.db", rows_of(honest, table), 0
    for statement in statements:
        shutil.copy(honest, path)
        change(path, statement)
        if rows_of(path, table) != before:
            changed += 1
            assert is_noticed(path), statement
    assert changed > len(statements) // 2


EXTRA = {
    Table.EVENT: "INSERT INTO event VALUES (-1, 3)",
    Table.TILE: "INSERT INTO tile VALUES (1, x'00')",
    Table.SUBJECT: "INSERT INTO subject VALUES (99, 'asset/aaaaaaaaaaaaaaaaaaaaaaaaaa')",
    Table.STATE: "INSERT INTO state VALUES (99, 1, '{}', x'')",
    Table.HISTORY: "INSERT INTO history VALUES (0, 99, 3)",
    Table.PAGE: "INSERT INTO page VALUES (99, x'00')",
    Table.STALE: "INSERT INTO stale VALUES (3, 0, 1)",
    Table.LISTING: "INSERT INTO listing VALUES ('party/x', 'party', 'l', 's', '[]', 'w')",
    Table.BLOCK: "INSERT INTO block VALUES (4, 14, 1, 1, x'00', 1, 1, 1)",
}


@pytest.mark.parametrize("table", EXTRA)
def test_a_row_too_many_is_named(copy, table):
    change(copy, EXTRA[table])
    with pytest.raises((DifferenceError, CorruptionError)) as caught:
        audit(copy)
    if isinstance(caught.value, DifferenceError):
        assert caught.value.where.split()[0] == table
        assert (caught.value.expected, caught.value.found) == ("not there", "there")


NAMED = {
    "a leaf": ("UPDATE entry SET leaf = leaf || ' ' WHERE idx = 2", "leaf 2", "leaf hash"),
    "a tile": ("UPDATE tile SET data = zeroblob(32) WHERE id = 0", "leaf 0", "leaf hash"),
    "a tile cut short": ("UPDATE tile SET data = substr(data, 1, 320) WHERE id = 0", "leaf 10", "leaf hash"),
    "a missing entry": ("DELETE FROM entry WHERE idx = 5", "leaf 5", "index"),
    "a block's root": ("UPDATE block SET map_root = zeroblob(32) WHERE height = 2", "block 2", "map_root"),
    "a subject's key": ("UPDATE subject SET key = 'asset/z' WHERE number = 2", "subject 2", "key"),
    "a history": ("UPDATE history SET idx = 99 WHERE number = 0 AND i = 0", "history 0/0", "idx"),
    "a missing event": ("DELETE FROM event WHERE idx = 9", "event", "row"),
    "a state": ("UPDATE state SET value = '{}' WHERE locator = 1", "state 1", "value"),
    "a frontier": ("UPDATE state SET frontier = x'' WHERE locator = 2", "state 2", "frontier"),
    "a page": ("UPDATE page SET data = x'00' WHERE id = 1", "page 1", "data"),
    "a missing page": ("DELETE FROM page WHERE id = 1", "page 1", "row"),
    "a listing": ("UPDATE listing SET status = 'valid' WHERE label >= ''", "listing", "status"),
    "a page marked for removal": ("UPDATE stale SET id = 7 WHERE kind = 0 AND height = 1", "stale 1/0", "row"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_what_is_wrong_is_named(copy, name):
    statement, place, what = NAMED[name]
    change(copy, statement)
    with pytest.raises(DifferenceError) as caught:
        audit(copy)
    assert caught.value.where.startswith(place)
    assert caught.value.what == what


def test_a_leaf_and_its_tile_changed_together_are_still_noticed(copy):
    with closing(SqliteStore(copy)) as store:
        leaf = store.read_leaves(2, 3)[0].replace(b'"value":2', b'"value":3')
        tile = bytearray(store.read_tile(0, 0))
    tile[64:96] = sha256(b"\x00" + leaf).digest()
    change(
        copy,
        f"UPDATE entry SET leaf = {literal(leaf.decode())} WHERE idx = 2",
        f"UPDATE tile SET data = {literal(bytes(tile))} WHERE id = 0",
    )
    with pytest.raises(DifferenceError) as caught:
        audit(copy)
    assert (caught.value.where, caught.value.what) == ("leaf 2", "signatures")


def test_a_search_index_that_lags_behind_is_noticed(copy):
    with closing(sqlite.connect(str(copy), isolation_level=None)) as db:
        db.execute("INSERT INTO listing_fts (listing_fts) VALUES ('delete-all')")
    with pytest.raises(CorruptionError):
        audit(copy)


# checkpoints


def note(size, root, origin=ORIGIN, key=LOG_KEY, name=None, algorithm=1):
    text = format_checkpoint(Checkpoint(origin, size, root))
    verifier = create_verifier_key(name or origin, algorithm, key.public_key)
    line = SignatureLine(verifier.name, verifier.key_id, key.sign(text.encode()))
    return format_note(SignedNote(text, (line,))).decode()


OTHER_KEY = SigningKey(bytes([5]) * 32)
ROOTS = {}


def root_at(path, size):
    with closing(SqliteStore(path)) as store:
        from tests.support import reference

        return reference.mth(store.read_leaves(0, size))


CHECKPOINTS = {
    "of another root": (lambda path: note(5, bytes(32)), 5, "root"),
    "of another size": (lambda path: note(7, root_at(path, 7)), 5, "size"),
    "of another origin": (
        lambda path: note(5, root_at(path, 5), "example.org/b", name=ORIGIN),
        5,
        "origin",
    ),
    "signed by another key": (lambda path: note(5, root_at(path, 5), key=OTHER_KEY), 5, "note"),
    "signed wrongly": (lambda path: note(5, root_at(path, 5))[:-8] + "AAAAAAA\n", 5, "note"),
    "that is no note": (lambda path: "no note", 5, "note"),
    "where no block ends": (lambda path: note(6, root_at(path, 6)), 6, "note"),
    "beyond the log": (lambda path: note(14, bytes(32)), 14, "note"),
    "of the empty log": (lambda path: note(0, sha256(b"").digest()), 0, "note"),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_is_refused(copy, name):
    make, size, what = CHECKPOINTS[name]
    change(copy, f"INSERT OR REPLACE INTO checkpoint VALUES ({size}, {literal(make(copy))})")
    with pytest.raises(DifferenceError) as caught:
        audit(copy)
    assert (caught.value.where, caught.value.what) == (f"checkpoint {size}", what)


def test_a_log_key_that_the_caller_does_not_know_is_refused(honest):
    stranger = create_verifier_key(ORIGIN, 1, OTHER_KEY.public_key)
    with pytest.raises(DifferenceError, match="checkpoint 5"):
        audit(honest, Auditor(RULE_SETS, stranger))


def test_further_signatures_on_a_checkpoint_do_no_harm(copy):
    cosigned = note(5, root_at(copy, 5)) + note(5, root_at(copy, 5), key=OTHER_KEY).split("\n\n")[1]
    change(copy, f"UPDATE checkpoint SET note = {literal(cosigned)} WHERE size = 5")
    assert audit(copy).checkpoints == 4


def test_a_log_that_was_never_signed_is_refused(copy):
    change(copy, "DELETE FROM checkpoint WHERE size < 13")
    assert audit(copy).checkpoints == 1
    change(copy, "DELETE FROM checkpoint")
    with pytest.raises(DifferenceError, match="checkpoints"):
        audit(copy)


# documents


def test_a_document_that_was_changed_is_named(copy):
    change(copy, "UPDATE document SET data = x'00'")
    with pytest.raises(DifferenceError) as caught:
        audit(copy)
    assert (caught.value.where, caught.value.expected) == (f"document {DIGEST}", DIGEST)
    assert caught.value.found == sha256(b"\x00").hexdigest()


def test_documents_that_events_name_must_be_there(copy):
    def documents_of(event):
        return [DIGEST] if event.body["value"] == 9 else []

    auditor = replace(AUDITOR, documents_of=documents_of)
    assert audit(copy, auditor).documents == 1
    assert audit_tail(copy, 4, auditor).size == 13
    change(copy, "DELETE FROM document")
    assert audit(copy).documents == 0, "nobody said that it was needed"
    with pytest.raises(DifferenceError) as caught:
        audit(copy, auditor)
    assert (caught.value.where, caught.value.what) == ("leaf 5", "document")
    with pytest.raises(DifferenceError):
        audit_tail(copy, 4, auditor)
    assert audit_tail(copy, 2, auditor).size == 13, "it is not in the tail"


# the tail

TAIL_LIES = {
    "a leaf": "UPDATE entry SET leaf = replace(leaf, '2', '3') WHERE idx = 11",
    "a tile": "UPDATE tile SET data = substr(data, 1, 384) WHERE id = 0",
    "a block": "UPDATE block SET next_page = next_page + 1 WHERE height = 3",
    "a page": "UPDATE page SET data = zeroblob(length(data)) WHERE id = (SELECT max(id) FROM page)",
    "a state": "UPDATE state SET value = value || ' ' WHERE locator = (SELECT max(locator) FROM state)",
    "a subject": "DELETE FROM subject WHERE number = (SELECT max(number) FROM subject)",
    "what is to be removed": "DELETE FROM stale WHERE height = 3 AND kind = 0",
    "the newest checkpoint": "UPDATE checkpoint SET note = 'x' WHERE size = 13",
    "the seal before": "UPDATE entry SET leaf = replace(leaf, 'seal', 'seel') WHERE idx = 6",
    "the block before": "UPDATE block SET map_root = zeroblob(32) WHERE height = 1",
    "the time of the block before": "UPDATE block SET time = 1 WHERE height = 1",
    "the block before, missing": "DELETE FROM block WHERE height = 1",
    "the seal before, missing": "DELETE FROM entry WHERE idx = 6",
}


@pytest.mark.parametrize("name", TAIL_LIES)
def test_the_tail_is_held_against_its_own_log(copy, name):
    assert audit_tail(copy).height == 4
    change(copy, TAIL_LIES[name])
    with pytest.raises((DifferenceError, CorruptionError)):
        audit_tail(copy)


@pytest.mark.parametrize("blocks", [1, 2, 3, 4, 5, 999])
def test_any_number_of_blocks_may_be_looked_at(honest, blocks):
    assert audit_tail(honest, blocks).height == 4


def test_a_store_without_the_block_before_is_damaged():
    class Hollow(MemoryStore):
        def iterate_rows(self, table, start=0):
            return iter(())

    store = Hollow()
    fill(store, blocks=3)
    with pytest.raises(CorruptionError, match="lacks block 1"):
        AUDITOR.audit_tail(store, 1)


def test_a_lie_before_the_tail_is_not_looked_for(copy):
    change(copy, "UPDATE entry SET leaf = replace(leaf, '2', '3') WHERE idx = 2")
    assert audit_tail(copy, 2).size == 13
    with pytest.raises(DifferenceError):
        audit(copy)


@pytest.mark.slow
def test_the_tail_of_a_long_log_stands_on_what_is_kept(tmp_path):
    store = MemoryStore()
    fill(store, blocks=300, per_block=3, subjects=40)
    for blocks in (1, 32, 999):
        assert AUDITOR.audit_tail(store, blocks).height == 300
    execute_again(store)


# comparing


@pytest.fixture
def held(tmp_path, monkeypatch):
    """A store that keeps two blocks' pages, or those from the second block on while it holds them."""
    for module in ("ledger.storage.writing", "tests.support.memory_store"):
        monkeypatch.setattr(f"{module}.KEPT_BLOCKS", 2)
        monkeypatch.setattr(f"{module}.PRUNE_EVERY", 2)
    home = Home(tmp_path / "held").found()
    home.write(put(0, A), put(1, A))
    with home.open() as (store, _):
        store.hold_pages(4)
    home.write(*(put(number, A) for number in range(2, 11)))
    return home


def test_a_store_that_holds_pages_for_its_witnesses_passes(held):
    with closing(SqliteStore(held.ledger)) as store:
        root = store.read_block(4).map_root
        assert store.read_stored_state(root, A) is not None
        assert AUDITOR.audit(store, MemoryStore()).height == 11
        with open_scratch() as scratch:
            assert AUDITOR.audit(store, scratch).height == 11


def test_a_store_that_has_given_up_a_hold_passes_before_and_after_it_caught_up(held):
    with held.open() as (store, _):
        store.hold_pages(12)
    assert held.audit().height == 11
    held.write(put(11, A))
    assert held.audit().height == 12
    with closing(SqliteStore(held.ledger)) as store:
        store.hold_pages(None)
    held.write(put(12, A), put(13, A))
    assert held.audit().height == 14


def test_a_hold_that_came_after_the_pages_were_gone_is_no_lie_of_the_store(held):
    """As when witnesses wake up only then: the store holds what it still has."""
    with closing(SqliteStore(held.ledger)) as store:
        store.hold_pages(None)
    held.write(*(put(number, A) for number in range(20, 26)))
    with closing(SqliteStore(held.ledger)) as store:
        store.hold_pages(4)
        assert store.read_hold() > 4
    assert held.audit().height == 17
    held.write(*(put(number, A) for number in range(30, 36)))
    assert held.audit().height == 23


LOSSES = {
    "a held page": "DELETE FROM page WHERE id = (SELECT min(id) FROM page)",
    "a held state": "DELETE FROM state WHERE locator = (SELECT min(locator) FROM state)",
    "what stands for it": "DELETE FROM stale WHERE height = (SELECT min(height) FROM stale)",
    "all that is older than the newest": (
        "DELETE FROM page WHERE id IN (SELECT id FROM stale WHERE kind = 0);"
        "DELETE FROM state WHERE locator IN (SELECT id FROM stale WHERE kind = 1);"
        "DELETE FROM stale"
    ),
    "what the hold promises": (
        "DELETE FROM page WHERE id IN (SELECT id FROM stale WHERE kind = 0 AND height <= 4);"
        "DELETE FROM state WHERE locator IN (SELECT id FROM stale WHERE kind = 1 AND height <= 4);"
        "DELETE FROM stale WHERE height <= 4"
    ),
    "more than may go, and the hold": (
        "DELETE FROM page WHERE id IN (SELECT id FROM stale WHERE kind = 0 AND height <= 9);"
        "DELETE FROM state WHERE locator IN (SELECT id FROM stale WHERE kind = 1 AND height <= 9);"
        "DELETE FROM stale WHERE height <= 9;"
        "DELETE FROM hold"
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_store_that_lost_what_it_has_to_keep_is_refused(held, name):
    change(held.ledger, *LOSSES[name].split(";"))
    with pytest.raises(DifferenceError):
        held.audit()


def test_streams_of_rows_are_compared_to_their_ends():
    rows = [(1, "a"), (2, "b"), (4, "d")]
    compare_rows(Table.SUBJECT, rows, rows)
    for found, place, what in (
        (rows[:2], "subject 4", "missing"),
        (rows[1:], "subject 1", "missing"),
        ([*rows, (5, "e")], "subject 5", "there"),
        ([rows[0], (2, "x"), rows[2]], "subject 2", "x"),
        ([rows[0], (3, "b"), rows[2]], "subject 2", "missing"),
        ([], "subject 1", "missing"),
    ):
        with pytest.raises(DifferenceError) as caught:
            compare_rows(Table.SUBJECT, rows, found)
        assert (caught.value.where, caught.value.found) == (place, what)


def test_rows_of_another_type_are_no_log():
    class Odd(MemoryStore):
        def iterate_rows(self, table, start=0):
            yield b"0", "leaf"

    with pytest.raises(CorruptionError, match="entry"):
        list(read_numbered(Odd(), Table.ENTRY))


def test_unknown_rules_are_said_to_be_missing(honest):
    with pytest.raises(NotFoundError, match="toy-rules/0"):
        audit(honest, Auditor({}, LOG_VERIFIER))
