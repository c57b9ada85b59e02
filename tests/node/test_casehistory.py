"""Cases of assets with long histories: in pages, none of which can be changed or left out."""

import json

import pytest

from contracts.verdict import EARLIER_HISTORY
from ledger.errors import BundleError, MalformedError, VerificationError
from node.tracing.casefile import MAX_CASE_BYTES
from node.tracing.casehistory import format_page, parse_page
from node.tracing.casejudge import LEFT_OUT
from node.tracing.finding import FINDING_FILE, REPORT_FILES, parse_finding
from tests.cli.conftest import market as market
from tests.support.desk import FIRST, SECOND, THIRD
from tests.support.leaks import (
    SURE,
    WEAK,
    edited,
    files_of,
    judge,
    make_case,
    open_leak,
    rebuilt,
)

CHANCES = {FIRST: SURE, THIRD: WEAK, SECOND: SURE}
FIRST_PAGE, SECOND_PAGE = "asset.history.1.json", "asset.history.2.json"
NEWEST = "asset.dossier.json"


@pytest.fixture(scope="module")
def leak(market, tmp_path_factory):
    with open_leak(market, tmp_path_factory.mktemp("leak") / "home") as leak:
        yield leak


@pytest.fixture(scope="module")
def whole(leak):
    return make_case(leak, CHANCES)


@pytest.fixture(scope="module")
def paged(leak):
    """The same case with pages of so few events that there are two before the newest."""
    count = len(json.loads(files_of(make_case(leak, CHANCES))[NEWEST])["events"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("node.tracing.casefile.MAX_DOSSIER_EVENTS", (count + 2) // 3)
        return make_case(leak, CHANCES)


def read(case, path):
    return json.loads(files_of(case)[path])


def put(case, **documents):
    """The case with other files in place of some, by the name of the file without its ending."""
    files = files_of(case)
    for name, document in documents.items():
        files[f"asset.{name.replace('_', '.')}.json"] = json.dumps(document).encode()
    return rebuilt(files)


def test_a_long_history_lies_in_pages_and_no_delivery_is_missing(paged, whole, leak):
    assert {FIRST_PAGE, SECOND_PAGE} <= files_of(paged).keys()
    report = judge(paged, leak)
    assert report.is_in_force
    assert not {LEFT_OUT, EARLIER_HISTORY} & {*report.not_checked}
    (check,) = [each for each in report.checks if each.name == "earlier history"]
    pages = [read(paged, path)["events"] for path in (FIRST_PAGE, SECOND_PAGE)]
    assert check.detail == f"{sum(map(len, pages))} events, none left out"
    listed = [event["index"] for page in (*pages, read(paged, NEWEST)["events"]) for event in page]
    assert listed == [event["index"] for event in read(whole, NEWEST)["events"]]


def drop_event(place):
    def change(case):
        page = read(case, FIRST_PAGE)
        del page["events"][place]
        return put(case, history_1=page)

    return change


def repeat_event(case):
    page = read(case, FIRST_PAGE)
    page["events"].append(page["events"][-1])
    return put(case, history_1=page)


def swap_events(case):
    page = read(case, FIRST_PAGE)
    page["events"][:2] = page["events"][1::-1]
    return put(case, history_1=page)


def count_from(number):
    return lambda case: put(case, history_2=read(case, SECOND_PAGE) | {"from": number})


def empty_page(case):
    return put(case, history_2=read(case, SECOND_PAGE) | {"events": []})


def of_another(case):
    return put(case, history_1=read(case, FIRST_PAGE) | {"subject": "asset/" + "a" * 26})


def swap_pages(case):
    return put(case, history_1=read(case, SECOND_PAGE), history_2=read(case, FIRST_PAGE))


def own_entry(case):
    """An event of the newest page stands for one of the first."""
    page, newest = read(case, FIRST_PAGE), read(case, NEWEST)
    page["events"][-1] = newest["events"][-1]
    return put(case, history_1=page)


def wrong_path(case):
    page = read(case, FIRST_PAGE)
    page["events"][0]["path"] = page["events"][1]["path"]
    return put(case, history_1=page)


def fewer_pages(count):
    """The finding and the files speak of fewer pages."""

    def change(case):
        files = files_of(edited(case, lambda f: f["attribution"].update(earlier=count)))
        for path in (FIRST_PAGE, SECOND_PAGE)[count:]:
            del files[path]
        return rebuilt(files)

    return change


MANGLINGS = {
    "the first event left out": drop_event(0),
    "the last event left out": drop_event(-1),
    "an event twice": repeat_event,
    "two events swapped": swap_events,
    "a page that begins earlier": count_from(0),
    "a page that begins nowhere": count_from(1),
    "an empty page": empty_page,
    "a page of another asset": of_another,
    "two pages swapped": swap_pages,
    "another event of the asset": own_entry,
    "the path of another event": wrong_path,
    "one page less": fewer_pages(1),
    "no page at all": fewer_pages(0),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_pages_that_are_not_the_whole_history_are_refused(paged, leak, name):
    report = judge(MANGLINGS[name](paged), leak)
    assert isinstance(report.failure, VerificationError), report.failure
    assert (report.checks[-1].name, report.checks[-1].is_ok) == ("earlier history", False)


def test_a_page_is_no_file_by_itself_and_belongs_to_its_case(paged, whole, leak):
    page = files_of(paged)[FIRST_PAGE]
    for path in (FIRST_PAGE, "more.json", "note.txt"):
        assert isinstance(judge(rebuilt(files_of(whole) | {path: page}), leak).failure, BundleError)
    missing = {path: data for path, data in files_of(paged).items() if path != FIRST_PAGE}
    assert isinstance(judge(rebuilt(missing), leak).failure, BundleError)
    strays = {path: data for path, data in files_of(whole).items() if path != FINDING_FILE}
    for path in REPORT_FILES.values():
        del strays[path]
    assert isinstance(judge(rebuilt(strays | {FIRST_PAGE: page}), leak).failure, BundleError)
    assert isinstance(judge(page, leak).failure, MalformedError)


ODD = {
    "another format": lambda d: d.update(format="muniment/history/v2"),
    "a member more": lambda d: d.update(more=1),
    "no subject": lambda d: d.update(subject="x"),
    "a negative number": lambda d: d.update({"from": -1}),
    "no list": lambda d: d.update(events={}),
    "too many events": lambda d: d.update(events=d["events"] * 1001),
}


@pytest.mark.parametrize("name", ODD)
def test_a_page_has_one_form(paged, leak, name):
    document = read(paged, FIRST_PAGE)
    assert format_page(parse_page(document)) == document
    ODD[name](document)
    assert isinstance(judge(put(paged, history_1=document), leak).failure, Exception)


def test_a_case_that_is_large_is_packed_and_says_the_same(whole, leak, monkeypatch):
    monkeypatch.setattr("node.tracing.casefile.MAX_STORED_BYTES", 1_000)
    data = make_case(leak, CHANCES)
    assert files_of(data).keys() == files_of(whole).keys()
    assert len(data) < len(whole) / 2 < MAX_CASE_BYTES
    assert judge(data, leak).is_in_force


def test_more_deliveries_than_a_finding_lists_are_not_said_to_be_all(leak, monkeypatch):
    for module in ("compose", "casechecks"):
        monkeypatch.setattr(f"node.tracing.{module}.MAX_CANDIDATES", 2)
    data = make_case(leak, CHANCES)
    told = parse_finding(read(data, FINDING_FILE)).attribution
    assert (len(told.candidates), told.is_whole, told.earlier) == (2, False, 0)
    report = judge(data, leak)
    assert report.is_in_force, report.failure
    assert LEFT_OUT in report.not_checked
