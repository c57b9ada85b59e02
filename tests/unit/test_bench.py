"""The benchmark's own parts: what it loads is a map, what it reports is what it measured."""

import json

import pytest

from contracts.lists import PublishedList
from ledger.core.dossier import parse_dossier
from ledger.core.mappages import hash_key
from ledger.core.state import hash_state
from ledger.core.statemap import EMPTY_MAP, Change, prove, update, verify_map_proof, walk
from ledger.errors import LimitError
from node.registry import open_registry
from scripts.benchlib import bulk, grants, market
from scripts.benchlib.bulk import Pages, found_with_subjects, load_numbers, number_leaf
from scripts.benchlib.measure import Goal, Row, Scale, at_least, at_most, describe_machine
from scripts.benchlib.reading import register_table
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


# grants


@pytest.fixture
def scale(tmp_path):
    return Scale(large=40, middle=40, small=0, rounds=2, window_block=0, folder=tmp_path)


def test_checks_are_made_and_verified_and_the_chain_has_a_goal(home, tmp_path, scale):
    rows = grants.measure_checks(home, tmp_path, scale)
    routes = ["chain of 5, a right and 4 grants"] * 2 + ["50 grants"]
    verdicts = ["permitted", "prohibited", "prohibited"]
    assert [row.name for row in rows] == [
        f"grant check {what}, {verdict}, {route}, 40 subjects"
        for verdict, route in zip(verdicts, routes, strict=True)
        for what in ("with proof", "verified")
    ]
    assert [str(row.goal or "") for row in rows] == ["<= 20", "", "<= 20", "", "", ""]
    assert all(row.value > 0 and row.unit == "ms" for row in rows)
    assert "history" not in rows[0].meaning
    assert "whole history of 2 events" in rows[2].meaning
    assert "whole history of 51 events" in rows[4].meaning


def test_dossiers_are_as_long_as_they_may_be_and_say_what_they_should(tmp_path, scale, monkeypatch):
    measure, files = grants._measure_dossier, []

    def keep(folder, name, file, *rest):
        files.append(file)
        return measure(folder, name, file, *rest)

    monkeypatch.setattr(grants, "MAX_DOSSIER_EVENTS", 12)
    monkeypatch.setattr(grants, "_measure_dossier", keep)
    rows = grants.measure_dossiers(tmp_path, scale)
    assert [row.name for row in rows] == [
        "dossier of 12 events verified, a grant with its usage",
        "dossier of 12 events verified, an asset",
    ]
    assert all(row.value > 0 and str(row.goal) == "<= 200" for row in rows)
    dossiers = [parse_dossier(json.loads(file)) for file in files]
    kinds = [[each.entry.signed.event.kind for each in one.events] for one in dossiers]
    assert kinds[0] == ["grant.issue", *["usage.record"] * 11]
    assert len(kinds[1]) == 12
    assert kinds[1][-1] == "delivery.send"
    with pytest.raises(AssertionError, match="is to be measured"):
        grants._Verifier(tmp_path / "dossiers", files[0], "permitted")


def test_deliveries_are_measured_beside_enrolments(scale, monkeypatch):
    monkeypatch.setattr(grants, "BLOCK", 3)
    rows = grants.measure_deliveries(scale)
    assert [(row.name, row.unit, str(row.goal or "")) for row in rows] == [
        ("deliveries, 6 grants, 40 subjects", "events/s", ">= 1,500"),
        ("deliveries, chain of 5, a right and 4 grants, 40 subjects", "events/s", ""),
        ("delivery cost / cost of an enrolment of 3 subjects, 40 subjects", "x", ""),
    ]
    assert all(row.value > 0 for row in rows)
    assert list(scale.folder.iterdir()) == []


def test_an_event_has_no_depth_for_the_terms_of_one_more_hop(home, tmp_path, monkeypatch):
    monkeypatch.setattr(market, "HOPS", market.HOPS + 1)
    asset = register_table(home, tmp_path / "table.csv")["asset"]
    with opened(home) as desk, pytest.raises(LimitError, match="too deep"):
        market.Market(desk, asset).grant_chain()


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
