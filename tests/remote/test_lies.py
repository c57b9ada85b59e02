"""A client of a node that lies, breaks off, or is somebody else: nothing false is ever believed."""

import json
import re
import shutil
from contextlib import ExitStack

import httpx2
import pytest

from contracts.party import Enroll, Party
from ledger.core.draft import decode_draft
from ledger.core.subjects import derive_party
from ledger.core.types import SubjectKey
from ledger.errors import (
    AnswerError,
    ForkError,
    LedgerError,
    LimitError,
    NotFoundError,
    RejectedError,
    UnavailableError,
    VerificationError,
)
from ledger.keys import KeyRing
from node.founding import Charter, found_registry
from node.registry import open_registry
from node.rulebundle import read_profile
from tests.support.clients import Between, open_client, stream
from tests.support.ledgers import FakeClock
from tests.support.running import run_node

NOBODY = SubjectKey("party/" + "a" * 26)


def ask_everything(market, registry):
    """What a client may ask, by name."""
    digest = "voucher/" + market.number
    return {
        "state": lambda: registry.read_state(market.asset),
        "absence": lambda: registry.read_state(NOBODY),
        "history": lambda: list(registry.iterate_events(market.asset)),
        "leaf": lambda: registry.read_leaf(3),
        "leaves": lambda: registry.read_leaves(0, 1000),
        "event": lambda: registry.find_event(registry.read_leaf(0).signed.id),
        "document": lambda: registry.read_document(
            registry.read_state(SubjectKey(digest)).state.body["credential"]
        ),
        "end": registry.read_end,
    }


def flip_last_letter(body):
    """Another letter in the last word of base64 or hex of some length."""
    words = list(re.finditer(rb"[A-Za-z0-9_-]{40,}", body))
    if not words:
        return body[:-1] + bytes([body[-1] ^ 1])
    place = words[-1].start() + 5
    return body[:place] + (b"A" if body[place : place + 1] != b"A" else b"B") + body[place + 1 :]


LIES = {
    "nothing": lambda body: b"",
    "an empty object": lambda body: b"{}",
    "no JSON": lambda body: b"hello",
    "half of it": lambda body: body[: len(body) // 2],
    "another letter": flip_last_letter,
}


@pytest.mark.parametrize("name", LIES)
def test_no_changed_answer_is_believed(reader, name):
    market, registry, between = reader
    registry.read_end()
    honest = {what: ask() for what, ask in ask_everything(market, registry).items()}
    del honest["end"]
    for what in honest:
        registry._proofs, registry._tiles = None, None  # nothing is remembered
        between.change = None
        ask = ask_everything(market, registry)[what]
        registry.read_end()
        between.change = lambda path, status, body: LIES[name](body) if status == 200 else body
        with pytest.raises(VerificationError):
            assert ask() == honest[what], what
            raise VerificationError  # the flip hit what nothing rests on, and nothing was believed


def swap(between, pattern, other):
    """Answer what matches with the answer to another path."""

    def change(path, status, body):
        if not re.search(pattern, path):
            return body
        request = httpx2.Request("GET", "http://node/" + re.sub(pattern, other, path, count=1))
        return between._real.handle_request(request).read()

    between.change = change


def test_another_subject_s_state_is_not_taken(reader):
    market, registry, between = reader
    registry.read_end()
    swap(between, f"state/{market.asset}", f"state/{market.grant}")
    with pytest.raises(VerificationError):
        registry.read_state(market.asset)
    swap(between, f"state/{market.asset}", f"state/{NOBODY}")
    with pytest.raises(VerificationError):
        registry.read_state(market.asset)


def test_an_older_state_is_not_taken(reader):
    market, registry, between = reader
    registry.read_end()
    swap(between, r"size=\d+", "size=2")
    with pytest.raises(VerificationError):
        registry.read_state(market.grant)


def test_a_state_that_is_denied_is_an_error_and_no_absence(reader):
    market, registry, between = reader
    registry.read_end()
    real, between.change = between.handle_request, None

    def deny(request):
        answer = real(request)
        return answer if market.asset not in str(request.url) else stream(404)

    between.handle_request = deny
    with pytest.raises(NotFoundError):
        registry.read_state(market.asset)


def test_another_leaf_or_event_is_not_taken(reader):
    _, registry, between = reader
    event = registry.read_leaf(0).signed.id
    swap(between, "entries/3", "entries/2")
    with pytest.raises(VerificationError):
        registry.read_leaf(3)
    swap(between, f"events/{event}", "entries/2")
    with pytest.raises(AnswerError):
        registry.find_event(event)


def test_an_omitted_event_of_a_history_is_noticed(reader):
    market, registry, between = reader
    registry.read_end()

    def omit(path, status, body):
        if "dossier" not in path:
            return body
        dossier = json.loads(body)
        del dossier["events"][0]
        return json.dumps(dossier).encode()

    between.change = omit
    with pytest.raises(VerificationError):
        list(registry.iterate_events(market.asset))


def test_growth_is_never_taken_from_the_node(reader):
    _, registry, between = reader
    size = registry.read_end().size
    assert registry.prover().prove_growth(3, size)
    between.change = lambda path, status, body: bytes(len(body)) if "tile/" in path else body
    with pytest.raises(AnswerError):
        registry.prover().prove_growth(3, size)


def test_listings_of_another_kind_or_form_are_refused(reader):
    _, registry, between = reader
    registry.read_end()
    swap(between, "type=party", "type=asset")
    with pytest.raises(AnswerError):
        list(registry.iterate_listed({"party"}))
    for page in (
        b"[]",
        b'{"items":1,"next":null}',
        b'{"items":[1],"next":null}',
        b'{"items":["x"]}',
    ):
        between.change = lambda path, status, body, page=page: page
        with pytest.raises(AnswerError):
            registry.find_subjects("party/", 3)
        with pytest.raises(AnswerError):
            registry.search("x", kind=None, limit=3)


def test_what_is_due_is_looked_for_where_the_node_names_not_all(reader):
    _, registry, between = reader
    assert registry.find_due() == frozenset()
    between.change = lambda path, status, body: b'{"items":[],"total":1}'
    assert registry.find_due() is None
    for page in (b"{}", b'{"items":[{"subject":"x"}],"total":1}', b'{"items":[1],"total":1}'):
        between.change = lambda path, status, body, page=page: page
        with pytest.raises(AnswerError):
            registry.find_due()


def test_a_listing_that_never_ends_ends(reader):
    _, registry, between = reader
    registry.read_end()
    between.change = lambda path, status, body: b'{"items":[],"next":"party/a"}'
    assert registry.find_subjects("party/", 3) == []
    pages = []

    def go_on(path, status, body):
        pages.append(path)
        items = [{"subject": NOBODY, "label": "x", "status": "y"}] * 1000
        return json.dumps({"items": items, "next": f"party/{len(pages)}"}).encode()

    between.change = go_on
    with pytest.raises(AnswerError, match="than the ledger has subjects"):
        for _ in registry.iterate_listed({"party"}):
            pass
    assert len(pages) < 110


def test_an_empty_page_is_not_taken_for_the_last(reader):
    _, registry, between = reader
    found = {each.key for each in registry.iterate_listed({"party"})}
    empty = [b'{"items":[],"next":"party/a"}', b'{"items":[],"next":"party/b"}']
    between.change = lambda path, status, body: empty.pop() if empty else body
    assert {each.key for each in registry.iterate_listed({"party"})} <= found
    assert not empty, "it was asked on"


def test_an_endless_answer_is_given_up(reader):
    market, registry, between = reader
    registry.read_end()
    between.change = lambda path, status, body: b" " * (3 * 1024 * 1024)
    with pytest.raises(LimitError):
        registry.read_state(market.asset)


@pytest.mark.parametrize("status", [301, 404, 429, 500, 502, 503])
def test_what_is_no_answer_is_an_error(reader, status, monkeypatch):
    market, registry, between = reader
    monkeypatch.setattr("node.remote.client.time.sleep", lambda _: None)
    registry.read_end()
    between.handle_request = lambda request: stream(status, b"<html>")
    with pytest.raises(LedgerError) as caught:
        registry.read_state(market.asset)
    expected = {301: UnavailableError, 404: NotFoundError, 429: UnavailableError}
    assert isinstance(caught.value, expected.get(status, LedgerError))


def test_a_busy_node_is_asked_again(reader, monkeypatch):
    market, registry, between = reader
    monkeypatch.setattr("node.remote.client.time.sleep", lambda _: None)
    registry.read_end()
    real, refused = between.handle_request, []

    def busy_once(request):
        if refused:
            return real(request)
        refused.append(1)
        return stream(429, b'{"code":"too_many","detail":"x","retry_after":1}')

    between.handle_request = busy_once
    assert registry.read_state(market.asset) is not None


# Which log


def test_a_node_of_another_log_is_refused(reading, tmp_path):
    _, url, client = reading
    found_registry(
        tmp_path / "other", Charter(read_profile("solo"), "example.org/x"), None, FakeClock()
    )
    policy = (tmp_path / "other" / "trust.policy").read_bytes()
    with (
        pytest.raises(VerificationError),
        open_client(url, shutil.copytree(client, tmp_path / "mine"), policy=policy),
    ):
        pass


def test_a_log_that_was_set_back_or_forked_is_noticed(market, tmp_path):
    first = shutil.copytree(market.home, tmp_path / "first")
    second = shutil.copytree(market.home, tmp_path / "second")
    client = shutil.copytree(market.home, tmp_path / "client")
    with run_node(first) as url, open_client(url, client) as registry:
        enrol(registry, "a")
        registry.read_end()
    with open_registry(second, None, is_writer=True) as other:
        enrol(other, "b")
    with run_node(second) as url, pytest.raises(ForkError), open_client(url, client):
        pass
    evidence = tmp_path / "client" / "remote.state.fork.json"
    assert json.loads(evidence.read_bytes())["format"] == "muniment/fork/v1"


def test_a_receipt_of_another_history_than_the_trusted_one_is_a_fork(market, tmp_path):
    first = shutil.copytree(market.home, tmp_path / "first")
    second = shutil.copytree(market.home, tmp_path / "second")
    client = shutil.copytree(market.home, tmp_path / "client")
    with run_node(first) as one, run_node(second) as other:
        between = Between(one)
        with open_client(one, client, between) as registry:
            enrol(registry, "a")
            registry.read_end()
            event, _ = make_enrolment(registry, "b")
            assert registry.ledger is not None
            real, twin = between._real, Between(other)._real
            between.handle_request = lambda request: (
                twin if request.method == "POST" or "tile/" in str(request.url) else real
            ).handle_request(request)
            with pytest.raises(ForkError):
                registry.submit([event], {})
            between.handle_request = real.handle_request
            size = registry.prover().anchor.size
            between.handle_request = twin.handle_request
            with pytest.raises(ForkError):
                registry.prover(size)
            twin.close()
    evidence = tmp_path / "client" / "remote.state.fork.json"
    assert json.loads(evidence.read_bytes())["format"] == "muniment/fork/v1"


# Writing


@pytest.fixture
def writing(founded, tmp_path):
    """A solo registry behind a node, and a client with somebody in between."""
    home = shutil.copytree(founded.home, tmp_path / "own")
    client = shutil.copytree(home, tmp_path / "client")
    with ExitStack() as stack:
        url = stack.enter_context(run_node(home))
        between = Between(url)
        yield stack.enter_context(open_client(url, client, between)), between


def make_enrolment(registry, name, **changes):
    key = registry.ring.create(name)
    party = derive_party([key.did])
    body = Enroll(**({"keys": (key.did,), "party_kind": "legal", "name": name} | changes))
    return registry.sign_event(registry.build_event(party, body), [key]), party


def enrol(registry, name):
    event, _ = make_enrolment(registry, name)
    registry.submit([event], {})


def test_an_event_whose_answer_was_lost_is_sent_again_and_written_once(writing, monkeypatch):
    registry, between = writing
    monkeypatch.setattr("node.remote.client.time.sleep", lambda _: None)
    size = registry.read_end().size
    event, party = make_enrolment(registry, "a")
    lost = []

    def lose(path):
        if path.startswith("v1/events") and len(lost) < 2:
            lost.append(path)
            raise httpx2.ReadError("gone")

    between.fail = lose
    (written,) = registry.submit([event], {})
    assert (len(lost), written.index) == (2, size)
    posted = [body for method, _, body in between.asked if method == "POST"]
    assert len(posted) == 3
    assert len(set(posted)) == 1, "the same signed event each time"
    assert registry.read_end().size == size + 2
    assert registry.need_state(Party, party).name == "a"


def test_a_node_that_does_not_come_back_is_unavailable(writing, monkeypatch):
    registry, between = writing
    monkeypatch.setattr("node.remote.client.time.sleep", lambda _: None)
    event, _ = make_enrolment(registry, "a")
    other, _ = make_enrolment(registry, "b")
    assert registry.ledger is not None

    def lose(path):
        if path.startswith("v1/events"):
            raise httpx2.ConnectError("gone")

    between.fail = lose
    with pytest.raises(UnavailableError) as caught:
        registry.submit([event], {})
    (kept,) = registry.home.unsent.iterdir()
    assert str(kept) in str(caught.value)
    assert decode_draft(kept.read_bytes()) == event, "the very event, to be submitted again"
    with pytest.raises(UnavailableError):
        registry.submit([event, other], {})
    assert [*registry.home.unsent.iterdir()] == [kept]


def change_line(between, change):
    """Change the node's answer about an event."""

    def changed(path, status, body):
        if not path.startswith("v1/events"):
            return body
        line = json.loads(body)
        change(line)
        return json.dumps(line).encode() + b"\n"

    between.change = changed


def sign_as_stranger(line):
    stranger = KeyRing.__new__(KeyRing)  # never touched
    del stranger
    line["answer"]["key"] = "did:key:z6MkjEa6JXFKRzxFaaW4sX41kJumFNTGbCd2QLBRTrKDqstS"


ACCEPTED_LIES = {
    "no signed answer": lambda line: line.pop("answer"),
    "no receipt": lambda line: line.pop("receipt"),
    "another index": lambda line: line.update(index=line["index"] - 1),
    "another event": lambda line: line["answer"]["answer"].update(event="0" * 64),
    "another key": sign_as_stranger,
    "another time": lambda line: line["answer"]["answer"].update(time=1),
    "refused, though signed accepted": lambda line: line.update(
        status=422, problem={"code": "rejected", "detail": "no", "answer": line["answer"]}
    ),
    "a status that is none": lambda line: line.update(status="200"),
}


@pytest.mark.parametrize("name", ACCEPTED_LIES)
def test_no_false_word_about_a_written_event_is_believed(writing, name):
    registry, between = writing
    event, _ = make_enrolment(registry, "a")
    change_line(between, ACCEPTED_LIES[name])
    with pytest.raises(VerificationError):
        registry.submit([event], {})


def test_a_refusal_that_the_node_does_not_sign_is_no_refusal(writing):
    registry, between = writing
    event, _ = make_enrolment(registry, "a")
    problem = {"code": "rejected", "reason": "x", "detail": "no"}

    def refuse(line):
        line.clear()
        line.update(line=1, status=422, problem=problem)

    change_line(between, refuse)
    with pytest.raises(AnswerError, match="not signed that it refuses"):
        registry.submit([event], {})


def test_another_event_s_receipt_is_not_taken(writing):
    registry, between = writing
    first, _ = make_enrolment(registry, "a")
    registry.submit([first], {})
    said = []
    change_line(between, lambda line: said.append(dict(line)))
    registry.submit([first], {})
    second, _ = make_enrolment(registry, "b")
    change_line(
        between, lambda line: line.update(receipt=said[0]["receipt"], index=said[0]["index"])
    )
    with pytest.raises(AnswerError):
        registry.submit([second], {})


def test_answers_about_fewer_events_are_refused(writing):
    registry, between = writing
    events = [make_enrolment(registry, name)[0] for name in "ab"]
    between.change = lambda path, status, body: body.split(b"\n")[0] + b"\n"
    with pytest.raises(AnswerError):
        registry.submit(events, {})


def test_what_the_node_said_is_kept(writing):
    registry, _ = writing
    good, _ = make_enrolment(registry, "a")
    bad, _ = make_enrolment(registry, "b", uscc="91440300708461136X")
    registry.submit([good], {})
    with pytest.raises(RejectedError):
        registry.submit([bad], {})
    kept = {
        path.name.partition(".")[0]: json.loads(path.read_bytes())["answer"]["outcome"]
        for path in registry.home.answers.iterdir()
    }
    assert kept == {good.id: "accepted", bad.id: "refused"}
    assert (registry.home.answers.stat().st_mode & 0o777) == 0o700
