"""The table of the procedure: complete, without contradiction, and what the guideline says."""

import pytest

from contracts.edges import EDGES, OPEN_STATUSES, PAUSED, STATES, find_edges
from contracts.rulebook import KINDS
from tests.support.procedure import AFTERWARDS, MEMBERS, find_path

REVIEWED = "accepted supplement published confidential objected"
GUIDELINE = {
    ("file", "applicant", "Art. 16"): "-> filed",
    ("accept", "registrar", "Art. 17"): "filed -> accepted",
    ("silence", "nobody", "Art. 17"): "filed -> accepted",
    ("return", "registrar", "Art. 17"): "filed -> returned",
    ("supplement.answer", "applicant", "Art. 17"): "returned -> filed",
    ("lapse", "nobody", "Art. 17"): "returned -> lapsed",
    ("supplement.ask", "registrar", "Art. 18"): "accepted -> supplement",
    ("supplement.answer", "applicant", "Art. 18"): "supplement -> accepted",
    ("publish", "registrar", "Art. 24"): "accepted -> published",
    ("withhold", "registrar", "Art. 24"): "accepted -> confidential",
    ("object", "anybody", "Art. 25"): "published objected -> objected",
    ("resolve.dismissed", "registrar", "Art. 25"): "objected -> published",
    ("resolve.withdrawn", "registrar", "Art. 25"): "objected -> published",
    ("resolve.own", "objector", "Art. 25"): "objected -> published",
    ("resolve.upheld", "registrar", "Art. 25"): "objected -> refused",
    ("extend", "registrar", "Art. 28"): f"{REVIEWED} ->",
    ("withdraw", "applicant", "Art. 16"): f"filed returned {REVIEWED} -> withdrawn",
    ("terminate", "registrar", "Art. 18"): f"{REVIEWED} -> terminated",
    ("refuse", "registrar", "Art. 22"): f"{REVIEWED} -> refused",
    ("record", "registrar", "Art. 26, 27"): "published confidential accepted -> recorded",
    ("confirm", "holder", "Art. 21"): "recorded ->",
    ("note", "registrar", "Art. 23"): "recorded ->",
    ("unnote", "registrar", "Art. 23"): "recorded ->",
    ("correct", "registrar", "Art. 38"): "recorded ->",
    ("revoke", "registrar", "Art. 37"): "recorded ->",
}
"""Written from the articles; of `record`, its two edges together."""


def test_the_table_is_the_procedure_of_the_guideline():
    found = {}
    for edge in EDGES:
        key = (edge.step, edge.by, edge.article)
        sources = [*found.get(key, ((), None))[0], *edge.sources]
        found[key] = (sources, edge.target)
    said = {
        key: " ".join([*sources, "->", *([target] if target else [])])
        for key, (sources, target) in found.items()
    }
    assert said == GUIDELINE


def test_the_clock_of_completion_stands_still_in_a_supplement_and_an_inquiry():
    assert {"supplement", "objected"} == PAUSED
    assert [edge.step for edge in EDGES if edge.pause == "notice"] == ["publish"]


CLOCKS = {
    "acceptance": {"file", "supplement.answer"},
    "completion": {"accept", "silence"},
    "notice": {"publish"},
    "objection": {"object"},
    "extension": {"extend"},
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_clock_starts_with_its_steps(clock):
    assert {edge.step for edge in EDGES if edge.clock == clock} == CLOCKS[clock]


def test_the_table_knows_every_state_and_leads_to_each():
    named = {state for edge in EDGES for state in (*edge.sources, edge.target) if state}
    assert named == set(STATES)
    assert all(find_path(state) is not None for state in STATES)


def test_the_table_has_every_kind_of_the_family_and_no_other():
    kinds = {kind for kind in KINDS if kind.startswith("registration.")}
    assert {edge.kind for edge in EDGES} - {None} == kinds
    steps = {edge.step for edge in EDGES if edge.kind} - {"file"}
    assert steps == set(MEMBERS) | set(AFTERWARDS)


def test_a_step_leads_from_a_state_to_one_other_and_is_for_one_kind_of_actor():
    for step in {edge.step for edge in EDGES}:
        edges = find_edges(step)
        sources = [state for edge in edges for state in edge.sources]
        assert len(sources) == len(set(sources)), step
        assert len({edge.by for edge in edges}) == 1, step


def test_an_end_is_left_by_nothing_and_an_open_state_may_be_withdrawn():
    left = {state for edge in EDGES for state in edge.sources}
    assert set(STATES) - left == {"withdrawn", "terminated", "refused", "lapsed"}
    assert left - {"recorded"} == OPEN_STATUSES


def test_every_edge_speaks_both_languages_and_names_its_article():
    for edge in EDGES:
        said = [each for each in (edge.says, edge.silence, edge.consequence) if each]
        assert all(each.en.isascii() and not each.zh.isascii() for each in said), edge.step
        assert edge.article.startswith("Art. ")
