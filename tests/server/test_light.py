"""The light client against the real node: its states, dossiers and vouchers, and what it hides."""

import json

import pytest

from contracts.verdict import Question
from ledger.core.policy import parse_policy
from ledger.core.types import SubjectKey
from ledger.errors import AnswerError, LedgerError, NotFoundError, UnavailableError
from ledger.light.client import LightClient
from ledger.light.fetch import Fetcher
from ledger.light.state import StateFile
from ledger.light.watch import Watcher
from node.lightfiles import fetch_verified
from tests.support.ledgers import FakeClock

QUESTION = Question(now=1_800_000_000_000)


class SiteRoad(Fetcher):
    """Asks a node in this process; `lie` changes what it answers."""

    def __init__(self, site):
        self.site = site
        self.lie = None

    def get(self, path, *, max_bytes):
        response = self.site.get(f"/{path}")
        if response.status_code in {404, 410}:
            raise NotFoundError(path)
        if response.status_code != 200:
            raise UnavailableError(f"{path}: {response.status_code} {response.text}")
        assert len(response.content) <= max_bytes
        return self.lie(path, response.content) if self.lie else response.content


@pytest.fixture
def road(site):
    return SiteRoad(site)


def make_client(road, policy, folder):
    file = StateFile(folder / "light.state")
    return LightClient(parse_policy(policy), road, file, FakeClock())


@pytest.fixture
def client(road, trade, tmp_path):
    return make_client(road, trade.policy, tmp_path)


def test_a_node_is_followed_and_its_states_and_vouchers_verify(client, trade):
    under = client.follow_once().opened
    assert client.fetch_state(SubjectKey(trade.asset), under).value.n >= 1
    data, report = fetch_verified(client, SubjectKey(f"voucher/{trade.number}"), under, QUESTION)
    assert report.failure is None
    assert (report.kind, report.is_authentic) == ("voucher", True)
    assert json.loads(data)["format"] == "muniment/voucher/v1"
    _, report = fetch_verified(client, SubjectKey(trade.asset), under, QUESTION)
    assert (report.kind, report.is_in_force) == ("state", True)
    absent = SubjectKey("voucher/TEST2026119999")
    with pytest.raises(NotFoundError):
        fetch_verified(client, absent, under, QUESTION)
    assert client.fetch_state(absent, under).value is None


LIES = {
    "another voucher": lambda data: data.replace(b'"status"', b'"sutats"'),
    "another format": lambda data: b'{"format":"muniment/receipt/v1"}',
    "nothing": lambda data: b"",
}


@pytest.mark.parametrize("name", LIES)
def test_a_voucher_that_was_changed_on_the_way_is_not_authentic(client, trade, road, name):
    under = client.follow_once().opened
    road.lie = lambda path, data: LIES[name](data) if "vouchers" in path else data
    _, report = fetch_verified(client, SubjectKey(f"voucher/{trade.number}"), under, QUESTION)
    assert isinstance(report.failure, LedgerError)
    assert not report.is_authentic


def test_a_voucher_under_another_checkpoint_is_refused(client, trade, road, site):
    under = client.follow_once().opened
    older = next(
        block.size for block in site.node.reader.iterate_blocks() if block.size < under.body.size
    )
    state = SubjectKey("ledger/self")
    other = site.get(f"/v1/state/{state}?size={older}").content
    road.lie = lambda path, data: other if "/state/" in path else data
    _, report = fetch_verified(client, state, under, QUESTION)
    assert isinstance(report.failure, AnswerError)


def test_what_happened_to_a_grant_a_party_and_an_asset_is_reported(client, trade):
    watcher, under = Watcher(client, is_from_start=True), client.follow_once().opened
    kinds = {
        subject: [
            change.entry.signed.event.kind
            for page in watcher.find_pages(SubjectKey(subject), under)
            for change in page.changes
        ]
        for subject in (trade.grant, trade.owner, trade.asset)
    }
    assert kinds[trade.grant] == ["grant.issue", "grant.accept"]
    assert kinds[trade.owner][0] == "party.enroll"
    assert "registration.record" in kinds[trade.asset]


def test_a_history_of_thousands_is_read_from_the_node_in_parts(long_site, long_home, tmp_path):
    policy = (long_home / "trust.policy").read_bytes()
    client = make_client(SiteRoad(long_site), policy, tmp_path)
    watcher, under = Watcher(client, is_from_start=True), client.follow_once().opened
    pages = list(watcher.find_pages(SubjectKey("list/calendar:2027"), under))
    assert [len(page.changes) for page in pages] == [1000, 100, 1000]
    assert pages[-1].after.n == 2_100
