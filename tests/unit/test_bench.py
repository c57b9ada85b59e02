"""The benchmark's own parts: what it loads is a map, what it reports is what it measured."""

import json

import pytest

from contracts.lists import PublishedList
from ledger.core.mappages import hash_key
from ledger.core.state import hash_state
from ledger.core.statemap import EMPTY_MAP, Change, prove, update, verify_map_proof, walk
from node.registry import open_registry
from scripts.benchlib import bulk
from scripts.benchlib.bulk import Pages, found_with_subjects, load_numbers, number_leaf
from scripts.benchlib.measure import Goal, Row, Scale, at_least, at_most, describe_machine
from scripts.benchlib.report import format_json, format_markdown, format_table
from scripts.benchlib.usage import measure_usage
from scripts.benchlib.world import Events, opened, part

MACHINE = {"cpu": "a", "cores": 2}
ROWS = [
    Row("a", "fast enough", 4123.4, "events/s", at_least(3500), "counted"),
    Row("b", "too slow", 0.0125, "s", at_most(0.01), "timed"),
    Row("b", "for comparison", 1.5, "x", None, "compared"),
    Row("c", "unknown", None, "MB", at_most(400), "not here"),
]


# loading


@pytest.mark.parametrize("chunk", [1, 7, 50, 51])
def test_a_map_loaded_in_chunks_is_the_map_of_all_its_keys(monkeypatch, chunk):
    monkeypatch.setattr(bulk, "_CHUNK", chunk)
    pages, root, next_page = load_numbers(50)
    leaves = [number_leaf(number) for number in range(50)]
    changes = [Change(leaf[:32], leaf[32:64], int.from_bytes(leaf[64:], "big")) for leaf in leaves]
    assert (root.root, root.size) == (update(Pages(), EMPTY_MAP, changes, 1).root.root, 50)
    assert [key + value for key, value, _ in walk(pages, root)] == sorted(x[:64] for x in leaves)
    assert max(pages.pages) < next_page


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(bulk, "_CHUNK", 16)
    found_with_subjects(tmp_path / "home", 40)
    return tmp_path / "home"


def test_a_loaded_subject_is_proved_like_any_other(home):
    with open_registry(home, None, is_writer=False) as registry:
        store, root = registry.store, registry.store.read_head().map_root
        keys = registry.find_subjects("list/", 99)
        assert len(keys) == 40
        for key in keys:
            stored = store.read_stored_state(root, key)
            assert store.read_history(stored.number, 0, 9) == [0]
            assert registry.find_state(PublishedList, key).version == 1
            assert store.read_listing(key).status == "version 1"
            verify_map_proof(
                root=root.root,
                key_hash=hash_key(key),
                value_hash=hash_state(stored.raw),
                proof=prove(store, root, hash_key(key)),
            )
        store.check()


def test_every_kind_of_event_is_written_on_a_loaded_ledger(home):
    with opened(home) as desk:
        events = Events(desk.registry, 40)
        wires = [*events.update(50), *events.create(3)]
        wires += [*events.enroll(2, has_code=False), *events.enroll(3, has_code=True)]
        assert len(desk.write(wires)) == 58
        assert len(desk.registry.find_subjects("list/", 99)) == 43
        assert len(desk.registry.find_subjects("name/uscc:", 99)) == 3
        found = desk.registry.find_state(PublishedList, f"list/bench:{part(0)}")
        assert found.version == 3, "updated once in each round over the 40"
        with pytest.raises(AssertionError, match="not accepted"):
            desk.write(wires[:1])


# usage lines


def test_usage_lines_are_read_and_proved_and_the_goal_shrinks_with_their_number(tmp_path):
    scale = Scale(2_000, 0, 0, 0, 0, tmp_path)
    rows = measure_usage(tmp_path, scale)
    assert [row.name for row in rows] == [
        "usage lines of a batch, 2,000 lines",
        "usage lines of a batch, CSV, 2,000 lines",
        "proof of one usage line, 2,000 lines",
    ]
    assert [str(row.goal or "") for row in rows] == ["<= 0.06", "<= 0.06", ""]
    assert all(row.value > 0 and row.unit == "s" for row in rows)
    assert list(tmp_path.iterdir()) == []


# reporting


@pytest.mark.parametrize(
    ("goal", "met", "missed"), [(at_least(5), [5, 6], [4.99]), (at_most(5), [5, 4], [5.01])]
)
def test_a_goal_is_met_at_its_bound(goal, met, missed):
    assert all(map(goal.is_met, met))
    assert not any(map(goal.is_met, missed))


def test_a_goal_shows_its_direction():
    assert (str(at_least(3500)), str(Goal(1.6, is_least=False))) == (">= 3,500", "<= 1.6")


def test_the_json_has_exactly_the_members_that_programs_expect():
    document = json.loads(format_json(MACHINE, ROWS))
    assert document.keys() == {"machine", "rows"}
    assert document["machine"] == MACHINE
    assert document["rows"][:2] == [
        {
            "name": "fast enough",
            "value": 4123.4,
            "unit": "events/s",
            "goal": ">= 3,500",
            "ok": True,
        },
        {"name": "too slow", "value": 0.0125, "unit": "s", "goal": "<= 0.01", "ok": False},
    ]
    assert [(row["value"], row["goal"], row["ok"]) for row in document["rows"][2:]] == [
        (1.5, None, None),
        (None, "<= 400", None),
    ]


def test_table_and_page_say_what_was_met_and_what_was_missed():
    table = format_table(MACHINE, ROWS).splitlines()
    page = format_markdown(MACHINE, ROWS, "scripts/bench --markdown")
    for row, verdict in zip(ROWS, ("met", "missed", "", ""), strict=True):
        (line,) = (one for one in table if one.startswith(row.name))
        assert line.endswith(verdict or row.unit) or str(row.goal) in line
        assert ("met" in line, "missed" in line) == (verdict == "met", verdict == "missed")
        assert f"| {row.name} |" in page
        assert f"- **{row.name}**: {row.meaning}." in page
    assert "`scripts/bench --markdown`" in page


def test_the_machine_is_described_without_its_name_or_folders():
    machine = describe_machine()
    assert {"cpu", "cores", "python", "sqlite", "pynacl"} <= machine.keys()
    assert not any("/" in str(value) for value in machine.values())
