"""The known answers of our own formats: given by the shipping code, and once more without it."""

import json
import re

import pytest

from contracts.rulebook import KINDS
from ledger.core.draft import DRAFT, DRAFT_OPENING
from ledger.errors import LedgerError
from node.pack import CASE, PACK
from node.statement import STATEMENT
from node.verifier import FORMATS
from tests.support.generated import ROOT, find_differences, render_json, run
from tests.support.golden import product, reference
from tests.support.golden.__main__ import FILES, FOLDER, MAX_BYTES, make_file, make_files
from tests.support.golden.cases import ask, refuse, settle
from tests.support.golden.patches import patched

REFUSED = "refused"


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def product_answer(case, shared):
    try:
        return product.ANSWERS[case["what"]](case, shared)
    except LedgerError as exc:
        return REFUSED, exc.code


def reference_answer(case, shared):
    """Of a refusal it says only that it is one."""
    try:
        return reference.ANSWERS[case["what"]](case, shared)
    except reference.REFUSED:
        return REFUSED, case.get("want_error")


def wrong_answers(name, answer):
    whole = load(name)
    for case in whole["cases"]:
        given = answer({n: one for n, one in case.items() if n != "want"}, whole)
        if given != case.get("want", (REFUSED, case.get("want_error"))):
            yield f"{case['what']}: {case['desc']}: {given!r:.200}"


@pytest.mark.parametrize("name", FILES)
def test_the_shipping_code_gives_every_answer(name):
    assert list(wrong_answers(name, product_answer)) == []


@pytest.mark.parametrize("name", FILES)
def test_the_references_give_every_answer(name):
    assert list(wrong_answers(name, reference_answer)) == []


@pytest.mark.parametrize("answer", [product_answer, reference_answer])
@pytest.mark.parametrize("name", FILES)
def test_another_answer_is_noticed(name, answer, monkeypatch):
    whole = load(name)
    changed = {"answered": 0, "refused": 0}
    for case in whole["cases"]:
        if "want" in case and not changed["answered"]:
            case["want"] = [case["want"]]
            changed["answered"] = 1
        elif "want_error" in case and not changed["refused"]:
            del case["want_error"]
            case["want"] = None
            changed["refused"] = 1
    monkeypatch.setitem(globals(), "load", lambda _: whole)
    assert len(list(wrong_answers(name, answer))) == sum(changed.values()) > 0


def test_the_vectors_are_what_the_code_makes():
    assert list(find_differences(make_files(), [(FOLDER, ".json")])) == []


def test_every_kind_of_event_has_a_vector():
    kinds = {case["event"]["kind"] for case in load("events")["cases"] if case["what"] == "event"}
    assert kinds == set(KINDS)


@pytest.mark.parametrize("name", FILES)
def test_every_case_has_a_name_of_its_own_and_one_answer(name):
    whole = load(name)
    named = [(case["what"], case["desc"]) for case in whole["cases"]]
    assert len(set(named)) == len(named)
    assert all(("want" in case) != ("want_error" in case) for case in whole["cases"])
    assert (FOLDER / f"{name}.json").stat().st_size < MAX_BYTES


def test_both_know_the_same_questions_and_all_are_asked():
    asked = {case["what"] for name in FILES for case in load(name)["cases"]}
    assert asked == set(product.ANSWERS) == set(reference.ANSWERS)


def test_the_page_beside_the_vectors_names_each_file():
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)\.json`", page, re.MULTILINE)) == set(FILES)
    assert "scripts/vectors --check" in page


def test_every_format_that_is_verified_has_vectors_and_stands_on_the_page_of_formats():
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    shown = {
        bundle["format"] for name in FILES for bundle in load(name).get("bundles", {}).values()
    }
    assert shown == set(FORMATS)
    for name in {*FORMATS, DRAFT, DRAFT_OPENING, PACK, CASE, STATEMENT}:
        assert re.search(rf'["`]{re.escape(name)}["`]', page), name


# --- the generator


def test_a_question_is_settled_only_as_its_author_expects():
    good, bad = ask("decimal", "seven", text="7"), refuse("decimal", "malformed", "x", text="x")
    assert settle(good, product.ANSWERS, {})["want"] == 7
    assert settle(bad, product.ANSWERS, {}) == bad
    for wrong in (
        ask("decimal", "x", text="x"),
        refuse("decimal", "malformed", "seven", text="7"),
        refuse("decimal", "limit", "x", text="x"),
    ):
        with pytest.raises(AssertionError):
            settle(wrong, product.ANSWERS, {})


def test_what_differs_is_named_and_written(tmp_path, capsys):
    files = {tmp_path / "a.json": "[1]\n", tmp_path / "b.json": "[2]\n"}
    folders = [(tmp_path, ".json")]
    (tmp_path / "b.json").write_text("[3]\n")
    (tmp_path / "c.json").write_text("[]\n")
    (tmp_path / "README.md").write_text("kept\n")
    assert run(["--check"], files, folders) == 1
    said = capsys.readouterr().out
    assert [line.rpartition("/")[2] for line in said.splitlines()[:3]] == [
        "a.json is missing",
        "b.json is not what the code makes",
        "c.json is made by nothing",
    ]
    assert not (tmp_path / "a.json").exists()
    assert run([], files, folders) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "a.json", "b.json"]
    assert run(["--check"], files, folders) == 0
    assert run(["--chekc"], files, folders) == 2


def test_a_file_of_vectors_reads_back_as_it_was():
    for value in (
        {},
        [],
        {"a": []},
        [["x" * 200], {"b": {"c": ["y" * 99, {}]}}],
        make_file("keys"),
    ):
        assert json.loads(render_json(value)) == value


def test_a_bundle_is_changed_as_the_case_says():
    bundle = {"a": [1, {"b": "xyx"}], "c": 2}
    for change, expected in (
        ({"at": ["a", 0], "set": 5}, {"a": [5, {"b": "xyx"}], "c": 2}),
        ({"at": ["c"], "drop": True}, {"a": [1, {"b": "xyx"}]}),
        ({"at": ["a"], "append": 3}, {"a": [1, {"b": "xyx"}, 3], "c": 2}),
        ({"at": ["a", 1, "b"], "replace": ["x", "z"]}, {"a": [1, {"b": "zyx"}], "c": 2}),
    ):
        assert json.loads(patched(bundle, [change])) == expected
    with pytest.raises(AssertionError):
        patched(bundle, [{"at": ["c"], "set": 2}])
    assert bundle == {"a": [1, {"b": "xyx"}], "c": 2}
