"""Finding subjects by what people type, in every store."""

from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.rules import Listing
from ledger.storage.sqlite import create_store
from ledger.storage.terms import MAX_QUERY_CHARACTERS, format_query, split_terms
from tests.support.ledgers import toy_key, write_block
from tests.support.log_builder import AUTHOR
from tests.support.memory_store import MemoryStore
from tests.support.toy_rules import ToyRules

LISTINGS = {
    "water": Listing(
        "城市供水管网日监测数据", "valid", ("上海数据集团有限公司", "SJ1131012026110001")
    ),
    "traffic": Listing(
        "公交客流统计表 2026", "valid", ("Shanghai Public Transit", "SJ1131012026110002")
    ),
    "shop": Listing("零售门店销售流水", "cancelled", ("上海零售集团", "TEST2026110003")),
    "latin": Listing(
        "Daily sales, north-east region", "valid", ("ACME Data Ltd.", "TEST2026120004")
    ),
    "rare": Listing("𠮷野家门店数据", "valid", ("㐀字头公司",)),
}


class LabelledRules(ToyRules):
    """Lists a subject under the name that its value says."""

    def describe(self, key, state):
        return LISTINGS.get(state.body["value"])


@pytest.fixture
def listed(store):
    events = [
        AUTHOR.put(toy_key(name, "grant" if name == "shop" else "asset"), value=name)
        for name in LISTINGS
    ]
    write_block(store, *events, rules=LabelledRules())
    return store


def found(store, text, kind=None, limit=100):
    """Names of the listings that a search gives."""
    names = {listing.label: name for name, listing in LISTINGS.items()}
    hits = store.search_listings(text, kind=kind, limit=limit)
    for key, listing in hits:
        assert store.read_listing(key) == listing
    return [names[listing.label] for _, listing in hits]


def every_pair(text):
    return [text[i : i + 2] for i in range(len(text) - 1) if " " not in text[i : i + 2]]


@pytest.mark.parametrize("name", ["water", "shop", "rare"])
def test_every_two_characters_of_a_title_or_holder_find_it(listed, name):
    listing = LISTINGS[name]
    chinese = [term for term in (listing.label, *listing.terms) if not term.isascii()]
    for text in chinese:
        for pair in every_pair(text):
            assert name in found(listed, pair), pair


FINDS = {
    "one ideograph": ("水", {"water", "shop"}),
    "a phrase": ("供水管网", {"water"}),
    "two phrases anywhere": ("上海 数据", {"water"}),
    "the same, other order": ("数据 上海", {"water"}),
    "characters that are not neighbours": ("供网", set()),
    "a character of the second plane": ("𠮷", {"rare"}),
    "a character of extension A": ("㐀字", {"rare"}),
    "a certificate number": ("SJ1131012026110002", {"traffic"}),
    "its beginning": ("SJ113101", {"water", "traffic"}),
    "its beginning in small letters": ("sj113101", {"water", "traffic"}),
    "not its middle": ("2026110002", set()),
    "an unfinished word": ("Shang", {"traffic"}),
    "unfinished words": ("pub tran", {"traffic"}),
    "a phrase over a mark": ("north-east", {"latin"}),
    "Latin and Chinese": ("2026 客流", {"traffic"}),
    "a word that nobody has": ("客流 nothing", set()),
    "nothing": ("", set()),
    "blanks": (" \t\n", set()),
    "marks only": ('"*-()', set()),
    "a full stop after it": ("ACME Data Ltd.", {"latin"}),
}


@pytest.mark.parametrize("case", FINDS)
def test_a_search_finds_exactly(listed, case):
    text, expected = FINDS[case]
    assert set(found(listed, text)) == expected


HOSTILE = [
    '"', '""', "'", "*", "a*", "^a", "-a", "a AND", "AND", "OR NOT", "NEAR(a b)", "label:a",
    "words : 水", "{a b}", "a + b", "(", "a)", "\\", "%", "_", "a;DROP TABLE entry", "\x00", "水\x00管",
    "\ud800", "水\udfff", "\u202e水", "🙂", "a" * 10_000, "水 " * 10_000, '"水"*', "水*管", "NULL",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_no_text_is_taken_for_a_query_language(listed, text):
    assert set(found(listed, text)) <= set(LISTINGS)
    assert set(found(listed, f"供水 {text[:20]}")) <= {"water"}


def test_a_search_keeps_to_a_type_and_a_number_of_hits(listed):
    assert set(found(listed, "上海")) == {"water", "shop"}
    assert found(listed, "上海", kind="grant") == ["shop"]
    assert found(listed, "上海", kind="party") == []
    assert len(found(listed, "上海", limit=1)) == 1
    assert found(listed, "上海", limit=0) == []


def test_only_the_beginning_of_a_long_text_is_used():
    assert format_query("水" * MAX_QUERY_CHARACTERS + " x") == format_query(
        "水" * MAX_QUERY_CHARACTERS
    )


def test_words_and_ideographs_are_told_apart():
    assert split_terms("城市water管网2026-11") == "城 市 water 管 网 2026 11"
    assert format_query('管网 "x') == '"管 网"* AND "x"*'
    assert format_query("，。") is None


IDEOGRAPHS = "水管网数𠮷"
texts = st.text(IDEOGRAPHS + "abAB -.12", max_size=8)


@settings(max_examples=30, deadline=None)
@given(label=texts, query=texts)
def test_both_stores_find_the_same(tmp_path_factory, label, query):
    class OneListing(ToyRules):
        def describe(self, key, state):
            return Listing(label, "", ())

    memory = MemoryStore()
    with closing(create_store(tmp_path_factory.mktemp("search") / "ledger.db")) as sqlite:
        for store in (memory, sqlite):
            write_block(store, AUTHOR.put(toy_key(1)), rules=OneListing())
        hits = sqlite.search_listings(query, kind=None, limit=9)
    assert hits == memory.search_listings(query, kind=None, limit=9)
    if query and set(query) <= set(IDEOGRAPHS):
        assert bool(hits) == (query in label)
