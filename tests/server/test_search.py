"""The routes that look through many subjects, and the chain of title; the node's own word."""

import json
import shutil

import pytest

from ledger.core.rules import Listing
from ledger.core.subjects import parse_subject
from node.duties import find_duties, read_desk
from node.server.searching import _search
from tests.cli.conftest import TITLE, run_quietly
from tests.support.site import open_site


def test_subjects_are_found_by_any_part_of_a_chinese_title(site, trade):
    for text in (TITLE, "停车", "车数", "2026"):
        found = site.json(f"/v1/search?q={text}")
        assert trade.asset in [item["subject"] for item in found["items"]], text
        assert found["next"] is None
    (item,) = site.json("/v1/search?q=甲公司&type=party")["items"]
    assert item == site.json(f"/v1/listings/{trade.owner}")
    assert (item["subject"], item["label"], item["status"]) == (trade.owner, "甲公司", "active")


def test_a_search_is_told_by_type(site, trade):
    found = site.json(f"/v1/search?q={TITLE}&type=asset")["items"]
    assert [item["subject"] for item in found] == [trade.asset]
    assert site.json(f"/v1/search?q={TITLE}&type=party")["items"] == []


def test_a_search_goes_on_where_it_ended(site):
    everything = site.json("/v1/search?q=公司")["items"]
    assert len(everything) == 2
    found, after = [], ""
    while after is not None:
        page = site.json(f"/v1/search?q=公司&limit=1{after}")
        assert len(page["items"]) == 1
        found += page["items"]
        after = None if page["next"] is None else f"&after={page['next']}"
    assert found == everything


class Plenty:
    """A library in which a search finds more than it may show."""

    store = None

    def __init__(self):
        self.store = self

    def search_listings(self, text, *, kind, limit):
        return [(f"party/{n}", Listing(f"{n}", "active", ())) for n in range(5000)][:limit]


def test_a_search_ends_with_the_last_that_it_may_show():
    page = json.loads(_search(Plenty(), "x", None, (990, 999)).content)
    assert (len(page["items"]), page["next"]) == (9, "999")
    page = json.loads(_search(Plenty(), "x", None, (990, 1000)).content)
    assert (len(page["items"]), page["next"]) == (10, None)


@pytest.mark.parametrize(
    "text", ["", "%20", '"', "*", "AND", "a%00b", "%F0%9F%98%80", "%E2%80%AE", "%FF", "' OR 1=1 --",
             "x" * 200, "NEAR(a b)", "^", "-q0", "(", "col:a"]
)  # fmt: skip
def test_hostile_text_finds_nothing_and_breaks_nothing(site, text):
    assert site.json(f"/v1/search?q={text}") == {"items": [], "next": None}


def test_what_is_looked_for_has_a_bound(site):
    assert site.problem("/v1/search?q=" + "x" * 201, 413)["code"] == "limit"
    assert site.problem("/v1/search?q=x&limit=1001", 413)["code"] == "limit"
    assert site.problem("/v1/search", 400)["code"] == "malformed"
    assert site.problem("/v1/search?q=x&after=-1", 400)["code"] == "malformed"
    assert site.problem("/v1/search?q=x&after=1001", 400)["code"] == "malformed"


@pytest.fixture(scope="module")
def desk_site(national, tmp_path_factory):
    """A node of the national profile with two applications that wait for the registrar."""
    folder = tmp_path_factory.mktemp("desk")
    home = shutil.copytree(national[0], folder / "home")
    for name in ("one", "two"):
        table = folder / f"{name}.csv"
        table.write_text(f"hour,{name}\n8,120\n")
        said = ("--basis", "self-generated", "--class", "enterprise", "--level", "general-2")
        terms = ("--right", "hold", "--years", "3", "--as", national[1])
        run_quietly("--home", home, "register", table, "--title", name, *said, *terms)
    with open_site(home) as site:
        yield site


def test_what_is_due_is_what_the_desk_computes(desk_site):
    answer = desk_site.json("/v1/registrations")
    registry = desk_site.node.registry
    duties = find_duties(registry, read_desk(registry))
    assert len(duties) >= 2
    assert [item["subject"] for item in answer["items"]] == [duty.subject for duty in duties]
    assert [item["deadline"] for item in answer["items"]] == [duty.deadline for duty in duties]
    assert answer["total"] == len(duties)
    assert answer["overdue"] == 0


def test_what_is_due_is_told_by_role_status_and_time(desk_site):
    everything = desk_site.json("/v1/registrations")["items"]
    deadline = next(item["deadline"] for item in everything if item["what"] == "answer")

    def subjects(query):
        return [item["subject"] for item in desk_site.json(f"/v1/registrations?{query}")["items"]]

    filed = subjects("status=filed")
    assert len(filed) == 2
    assert all(parse_subject(key).startswith("registration/") for key in filed)
    assert subjects("role=registrar&status=filed") == filed
    assert subjects("role=applicant&status=filed") == []
    assert subjects("status=recorded") == []
    assert set(filed) & set(subjects(f"due={deadline}"))
    assert not set(filed) & set(subjects("due=0"))
    assert len(subjects("limit=1")) == 1


@pytest.mark.parametrize("query", ["status=Filed", "status=", "due=tomorrow", "due=-1", "role=R",
                                   "limit=0", "after=1", "role=registrar&role=registrar"])  # fmt: skip
def test_a_wrong_question_about_the_desk_is_refused(site, query):
    assert site.problem(f"/v1/registrations?{query}", 400)["code"] == "malformed"


def test_nobody_has_another_role(site):
    assert site.problem("/v1/registrations?role=witness", 400)["code"] == "malformed"


def kinds(step):
    yield step["kind"]
    for child in step["children"]:
        yield from kinds(child)


def test_the_chain_of_title_is_what_the_command_shows(site, trade, own_home):
    at = site.node.registry.read_leaf(site.node.publisher.published_size - 1).time
    chain = site.json(f"/v1/title/{trade.asset}?at={at}")
    shown = run_quietly(
        "--home", own_home, "trace", "asset", trade.asset, "--format", "json", "--at", _rfc3339(at)
    )
    assert chain == shown
    assert chain["subject"] == trade.asset
    assert {"asset", "voucher", "right", "grant"} <= set(kinds(chain))


def test_an_asset_may_be_named_by_its_voucher(site, trade):
    at = site.node.registry.read_leaf(site.node.publisher.published_size - 1).time
    chain = site.json(f"/v1/title/{trade.asset}?at={at}")
    assert site.json(f"/v1/title/{trade.number}?at={at}") == chain
    assert site.json(f"/v1/title/voucher/{trade.number}?at={at}") == chain


def test_the_chain_of_title_is_as_of_a_checkpoint(site, trade):
    issued, _ = site.node.registry.find_first(trade.grant)
    sizes = [row.size for row in site.node.reader.iterate_blocks()]
    before = max(size for size in sizes if size <= issued)
    early = site.json(f"/v1/title/{trade.asset}?size={before}")
    assert set(kinds(early)) == {"asset", "voucher", "right"}
    assert "grant" in kinds(site.json(f"/v1/title/{trade.asset}?size={sizes[-1]}"))


def test_a_title_of_nothing_is_not_found(site):
    for asset in ("asset/" + "a" * 26, "TEST9999999999"):
        assert site.problem(f"/v1/title/{asset}", 404)["code"] == "not_found"
    for wrong in ("asset/", "party/" + "a" * 26, "asset/" + "A" * 26):
        assert site.problem(f"/v1/title/{wrong}", 400)["code"] == "malformed"


def _rfc3339(ms):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
