"""The JSON Schemas of the bodies, and the page of kinds, say what the classes say."""

import copy
import json
import re
from hashlib import sha256

import pytest

from contracts.records import parse_record
from contracts.rulebook import KINDS, STATES
from contracts.title import RightClaim
from ledger.core.canonical import digest_json
from ledger.errors import MalformedError
from node.rulebundle import hash_rule_files
from tests.support.generated import ROOT, find_differences
from tests.support.json_schema import is_valid
from tests.support.schema_files import FOLDER, PAGE, find_schema, make_files
from tests.support.schema_words import LISTS, MEMBERS, WORDS
from tests.support.schemas import find_shapes, list_members

VECTORS = ROOT / "tests" / "vectors"
EVENTS = json.loads((VECTORS / "events.json").read_text(encoding="utf-8"))
SAMPLES = [case["event"] for case in EVENTS["cases"] if case["what"] == "event"]
OTHERS = [None, True, False, 0, -1, 10**9, "", "x", "y" * 2001, [], ["x"], {}, {"x": 1}, "a\n"]


def is_parsed(kind, body):
    try:
        parse_record(KINDS[kind], body)
    except MalformedError:
        return False
    return True


def named(event):
    return f"{event['kind']} {' '.join(event['body'])}"


def places(value, way=()):
    """Where something may be changed: every member of every object, every item of every array."""
    members = {dict: dict.items, list: enumerate}.get(type(value))
    for name, member in members(value) if members else ():
        yield (*way, name)
        yield from places(member, (*way, name))


def spoilt(body):
    """The body with one member changed, left out or added, in all ways."""
    for way in places(body):
        for other in [*OTHERS, "drop", "double"]:
            changed = copy.deepcopy(body)
            at = changed
            for name in way[:-1]:
                at = at[name]
            if other == "drop":
                del at[way[-1]]
            elif other == "double" and isinstance(at[way[-1]], list):
                at[way[-1]] = at[way[-1]] * 9
            elif other == "double" and isinstance(at[way[-1]], dict):
                at[way[-1]]["more"] = 1
            else:
                at[way[-1]] = other
            yield changed
    yield body | {"more": 1}


def test_every_schema_and_the_page_are_what_the_classes_make():
    assert list(find_differences(make_files(), [(FOLDER, ".json")])) == []
    assert {path.stem for path in FOLDER.glob("*.json")} == set(KINDS)


@pytest.mark.parametrize("event", SAMPLES, ids=named)
def test_a_schema_accepts_the_bodies_that_the_class_reads_and_no_other(event):
    kind, schema = event["kind"], find_schema(event["kind"])
    assert is_valid(schema, event["body"])
    assert is_parsed(kind, event["body"])
    verdicts = set()
    for body in spoilt(event["body"]):
        verdict = is_valid(schema, body)
        assert verdict == is_parsed(kind, body), body
        verdicts.add(verdict)
    assert False in verdicts


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_named_after_its_kind_and_says_what_it_is_for(kind):
    schema = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    assert schema["$id"].endswith(f":{kind}")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert all(shape["description"] for shape in schema["$defs"].values())
    assert not any("\n" in shape["description"] for shape in schema["$defs"].values())


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_names_the_types_of_all_subjects_that_occur(kind):
    words = set(re.findall(r"`([a-z]+)/", WORDS[kind][0]))
    occur = {key.split("/")[0] for one in SAMPLES if one["kind"] == kind for key in one["subjects"]}
    assert occur == words


def test_the_page_says_of_every_kind_who_signs():
    page = PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"^\| \[`([a-z.]+)`\]", page, re.MULTILINE)) == set(KINDS) == set(WORDS)


def test_the_page_says_which_states_there_are_and_who_touches_them():
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`([a-z]+/1)`\]\(#\w+\) \| `\S+` \| (.*) \|", page, re.MULTILINE)
    assert dict(rows).keys() == set(STATES)
    for kind, words in WORDS.items():
        touched = set(re.findall(r"`([a-z]+)/", words[0]))
        assert touched == {name.partition("/")[0] for name, by in rows if f"`{kind}`" in by}


def test_every_link_of_the_page_leads_to_a_heading():
    page = PAGE.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    anchors = {re.sub(r"[./]", "", one).replace(" ", "-").lower() for one in headings}
    assert len(anchors) == len(headings)
    links = re.findall(r"\]\(([^)]*)\)", page)
    assert {one[1:] for one in links if one.startswith("#")} <= anchors
    outside = {one for one in links if not one.startswith("#")}
    assert all((PAGE.parent / one).is_file() for one in outside)


@pytest.mark.parametrize("kind", STATES)
def test_the_page_says_what_stands_in_every_list_of_intervals(kind):
    assert set(LISTS.get(kind, ())) == set(STATES[kind].interval_lists)
    said = list_members(STATES[kind])
    assert all(said.values()) or kind == "ledger/1"


def values_in(states, kind, name):
    return [
        each["value"]
        for state in states.values()
        if state["type"] == kind
        for each in state["state"][name]
    ]


@pytest.mark.parametrize("file", ["log", "market"])
def test_intervals_hold_what_the_page_says(file):
    states = json.loads((VECTORS / f"{file}.json").read_text(encoding="utf-8"))["states"]
    for kind, lists in LISTS.items():
        for name, words in lists.items():
            for value in values_in(states, kind, name):
                if words.startswith("`{"):
                    members = words[2 : words.index("}")].replace('"', "").split(",")
                    assert sorted(value) == sorted(members), (kind, name)
                elif words == "[RightClaim](#rightclaim)":
                    shape = find_shapes(RightClaim)[1]["RightClaim"]
                    assert set(shape["required"]) <= set(value) <= set(shape["properties"])
                else:
                    assert isinstance(value, str), (kind, name)
                    assert "no kind writes" not in words, (kind, name)


def test_words_stand_only_beside_members_that_there_are():
    classes = {**KINDS, **{cls.__name__: cls for cls in STATES.values()}}
    for kind, words in MEMBERS.items():
        if kind in classes:
            assert set(words) <= set(list_members(classes[kind])), kind
    known = {name for cls in classes.values() for name in find_shapes(cls)[1]}
    assert set(MEMBERS) <= set(KINDS) | known


def test_a_member_is_described_by_its_class_under_its_name_in_json():
    assert list_members(KINDS["usage.batch"])["from"].startswith("The period, Unix milliseconds")
    assert list_members(KINDS["usage.batch"])["to"] == "Likewise."
    assert list_members(KINDS["usage.batch"])["root"] == "RFC 6962 root, 64 hex digits."
    assert list_members(RightClaim)["from"].startswith("From whom the holder has it")
    assert list_members(STATES["grant/1"])["parent"].endswith(
        "`null`: it rests on his right to operate."
    )


def test_the_schemas_are_no_part_of_the_rule_bundle():
    counted = [*ROOT.glob("contracts/*.py"), *ROOT.glob("contracts/schemas/*.json")]
    counted += [*ROOT.glob("contracts/odrl/*.py"), *ROOT.glob("ledger/core/*.py")]
    assert not any(path.is_relative_to(FOLDER) for path in counted)
    listed = [
        {"digest": sha256(path.read_bytes()).hexdigest(), "path": str(path.relative_to(ROOT))}
        for path in counted
    ]
    assert digest_json(sorted(listed, key=lambda one: one["path"])) == hash_rule_files()


def test_an_unknown_keyword_is_not_passed_over():
    with pytest.raises(KeyError):
        is_valid({"type": "string", "format": "date"}, "x")
