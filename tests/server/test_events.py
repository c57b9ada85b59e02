"""The routes that write: what is accepted, what is refused and how that is said."""

import asyncio
import json
import shutil
from dataclasses import replace
from hashlib import sha256

import pytest

from contracts.foundation import Ledger
from ledger.clock import SystemClock
from ledger.core.answer import parse_answer, verify_answer
from ledger.core.bundle import parse_receipt, verify_receipt
from ledger.core.entry import Entry
from ledger.core.event import encode_signed_event
from ledger.core.opening import open_checkpoint
from ledger.core.policy import parse_policy
from ledger.core.subjects import SELF
from ledger.core.text import format_base64url
from ledger.errors import MalformedError
from ledger.keys import SigningKey, fresh_nonce
from node.server.batches import find_missing, read_lines
from node.server.settings import NodeSettings
from tests.support.ledgers import FakeClock
from tests.support.log_builder import AUTHOR
from tests.support.people import START
from tests.support.scribe import open_scribe

SAMPLE = encode_signed_event(
    AUTHOR.sign(
        AUTHOR.draft(
            "registration.record", {"credential": "0" * 64}, subjects=("asset/" + "a" * 26,)
        )
    )
)
JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}
SMALL = NodeSettings(batch_events=4, request_bytes=16 * 1024)


@pytest.fixture
def desk(home):
    with open_scribe(home) as (site, scribe):
        yield Desk(site, scribe)


class Desk:
    """A node with its scribe; every answer is held against the ledger's own node key."""

    def __init__(self, site, scribe):
        self.site, self.scribe = site, scribe
        self.registry = site.node.registry
        self.policy = parse_policy(self.registry.home.policy.read_bytes())

    @property
    def size(self):
        return self.registry.store.count_leaves()

    def post(self, body, headers=JSON, path="/v1/events"):
        return self.site.ask("POST", path, content=body, headers=headers)

    def accepted(self, wire, headers=JSON):
        response = self.post(wire, headers)
        assert response.status_code == 200, response.text
        return self.check(response.json(), json.loads(wire)["event"])

    def lines(self, *lines, path="/v1/events"):
        response = self.post(b"".join(line + b"\n" for line in lines), NDJSON, path)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/x-ndjson"
        return [json.loads(line) for line in response.text.splitlines()]

    def refused(self, response, status, code, *, is_signed):
        problem = response if isinstance(response, dict) else response.json()
        assert problem["status"] == status
        assert problem.get("reason", problem["code"]) == code
        assert ("answer" in problem) is is_signed
        if is_signed:
            answer = self.verify(problem["answer"])
            assert (answer.outcome, answer.code) == ("refused", code)
        return problem

    def check(self, result, event):
        """A result of something accepted: the receipt holds, the answer is the node's."""
        receipt = parse_receipt(result["receipt"])
        opened = open_checkpoint(self.policy, receipt.proof.checkpoint)
        verify_receipt(receipt, opened)
        assert json.loads(receipt.content.signed.event_bytes) == event
        assert receipt.content.signed.id == result["event"]
        assert receipt.proof.index == result["index"]
        assert result["index"] < result["block"] <= opened.body.size
        answer = self.verify(result["answer"])
        code = "duplicate" if result["duplicate"] else "accepted"
        assert (answer.event, answer.outcome, answer.code) == (result["event"], "accepted", code)
        return result

    def verify(self, plain):
        signed = parse_answer(plain)
        node = self.registry.need_state(Ledger, SELF).node
        verify_answer(signed, node=node, log=self.registry.origin)
        return signed.answer


def test_one_event_is_answered_with_receipt_and_signed_answer(desk):
    result = desk.accepted(desk.scribe.wire(1))
    assert result.keys() == {
        "event", "index", "block", "duplicate", "cosigned", "receipt", "answer",
    }  # fmt: skip
    assert (result["index"], result["block"], result["duplicate"]) == (2, 4, False)
    assert result["cosigned"] is False  # the policy asks for no cosignature: nobody gave any


def test_an_event_sent_again_gets_the_first_index_and_writes_nothing(desk):
    wire = desk.scribe.wire(1)
    first = desk.accepted(wire)
    desk.accepted(desk.scribe.wire(2))
    size = desk.size
    again = desk.accepted(wire)
    assert (again["index"], again["block"], again["duplicate"]) == (2, first["block"], True)
    assert desk.size == size


def test_add_answers_with_the_decimal_index_alone(desk):
    wire = desk.scribe.wire(1)
    for _ in range(2):
        response = desk.post(wire, {}, "/add")
        assert (response.status_code, response.content) == (200, b"2")
    refused = desk.post(desk.scribe.wire(1), {}, "/add")
    assert refused.status_code == 422
    desk.refused(refused, 422, "wrong_version", is_signed=True)


def test_a_refusal_says_in_both_languages_what_would_be_needed(desk):
    response = desk.post(desk.scribe.wire(1, version=3))
    problem = desk.refused(response, 422, "wrong_version", is_signed=True)
    assert all(problem[name] for name in ("detail", "zh", "rule"))
    assert response.headers["content-type"] == "application/problem+json"
    assert "retry-after" not in response.headers


STRANGER = SigningKey(sha256(b"a stranger").digest())
REFUSED = {
    "a key of nobody": (lambda s: s.wire(1, key=STRANGER), "wrong_signers"),
    "an event of another ledger": (lambda s: s.wire(1, origin="example.org/other"), "wrong_ledger"),
    "an event whose time is over": (lambda s: s.wire(1, until=1), "event_expired"),
    "a broken signature": (lambda s: _break_signature(s.signed(1)), "signature"),
}


def _break_signature(signed):
    plain = json.loads(encode_signed_event(signed))
    sig = plain["signatures"][0]["sig"]
    plain["signatures"][0]["sig"] = ("A" if sig[0] != "A" else "B") + sig[1:]
    return json.dumps(plain, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_well_formed_and_refused_gets_a_signed_answer(desk, name):
    make, code = REFUSED[name]
    size = desk.size
    response = desk.post(make(desk.scribe))
    assert response.status_code == 422, response.text
    problem = response.json()
    answer = desk.verify(problem["answer"])
    assert answer.outcome == "refused"
    assert answer.code == problem.get("reason", problem["code"])
    assert answer.code == code
    assert desk.size == size


MALFORMED = {
    "nothing": lambda wire: b"",
    "no JSON": lambda wire: b"{",
    "blanks in it": lambda wire: wire.replace(b":", b": ", 1),
    "a line break behind it": lambda wire: wire + b"\n",
    "another order": lambda wire: (
        b'{"signatures":' + wire.split(b'"signatures":')[1][:-1] + b',"event":{}}'
    ),
    "a member twice": lambda wire: b'{"event":{},' + wire[1:],
    "an unknown member": lambda wire: wire[:-1] + b',"x":1}',
    "a float": lambda wire: wire.replace(b'"v":1', b'"v":1.0'),
    "no UTF-8": lambda wire: wire.replace(b"noticeboard", b"noti\xffeboard", 1),
    "a text that turns its direction": lambda wire: wire.replace(
        b"noticeboard", "notice\u202eboard".encode(), 1
    ),
    "a noncharacter": lambda wire: wire.replace(b"noticeboard", "notice\uffff".encode(), 1),
    "half a surrogate pair": lambda wire: wire.replace(b"noticeboard", b"notice\\ud800", 1),
    "an escape that is not needed": lambda wire: wire.replace(b"noticeboard", b"n\\u006f", 1),
    "a draft": lambda wire: wire[: wire.index(b'"signatures"')] + b'"signatures":[]}',
    "too deep": lambda wire: b'{"event":' + b"[" * 5000 + b"]" * 5000 + b"}",
}


@pytest.mark.parametrize("path", ["/add", "/v1/events"])
@pytest.mark.parametrize("name", MALFORMED)
def test_what_does_not_parse_gets_no_signed_answer(desk, name, path):
    size = desk.size
    response = desk.post(MALFORMED[name](desk.scribe.wire(1)), JSON, path)
    assert response.status_code in {400, 413}, response.text
    problem = response.json()
    assert problem["code"] in {"malformed", "limit"}
    assert "answer" not in problem
    assert desk.size == size


def test_each_line_is_answered_in_order_and_a_bad_one_holds_up_no_other(desk):
    good = [desk.scribe.wire(n) for n in range(3)]
    results = desk.lines(good[0], b"{}", desk.scribe.wire(9, version=2), good[1], good[0], good[2])
    assert [one["line"] for one in results] == [1, 2, 3, 4, 5, 6]
    assert [one["status"] for one in results] == [200, 400, 422, 200, 200, 200]
    assert [one.get("duplicate") for one in results] == [False, None, None, False, True, False]
    desk.refused(results[1]["problem"], 400, "malformed", is_signed=False)
    desk.refused(results[2]["problem"], 422, "wrong_version", is_signed=True)
    for place, wire in ((0, good[0]), (3, good[1]), (4, good[0]), (5, good[2])):
        desk.check(results[place], json.loads(wire)["event"])
    assert (
        len({one["receipt"]["proof"].split("\n\n")[1] for one in results if "receipt" in one}) == 1
    )


def test_a_block_of_a_thousand_is_answered_line_by_line(desk):
    wires = [desk.scribe.wire(n) for n in range(1000)]
    results = desk.lines(*wires)
    assert [one["index"] for one in results] == list(range(2, 1002))
    assert {one["block"] for one in results} == {1003}
    for place in (0, 7, 8, 499, 999):
        desk.check(results[place], json.loads(wires[place])["event"])


def test_events_that_go_together_are_all_written_or_none(desk):
    path = "/v1/events?together=true"
    size = desk.size
    results = desk.lines(desk.scribe.wire(1), desk.scribe.wire(2, version=7), path=path)
    desk.refused(results[0]["problem"], 422, "together", is_signed=True)
    desk.refused(results[1]["problem"], 422, "wrong_version", is_signed=True)
    assert desk.size == size
    results = desk.lines(desk.scribe.wire(1), desk.scribe.wire(1, version=2), path=path)
    assert [one["index"] for one in results] == [2, 3]
    results = desk.lines(desk.scribe.wire(3), _break_signature(desk.scribe.signed(4)), path=path)
    desk.refused(results[1]["problem"], 422, "signature", is_signed=True)
    assert desk.size == size + 3
    response = desk.post(desk.scribe.wire(3) + b"\n{}\n", NDJSON, path)
    assert response.status_code == 400
    assert "line 2" in response.json()["detail"]
    assert desk.size == size + 3


def test_events_that_go_together_may_have_been_written_before(desk):
    wires = [desk.scribe.wire(1), desk.scribe.wire(2)]
    desk.lines(wires[0])
    results = desk.lines(*wires, wires[1], path="/v1/events?together=true")
    assert [one["duplicate"] for one in results] == [True, False, True]


BAD_REQUESTS = {
    "another type": ("/v1/events", {"content-type": "text/plain"}, b"{}", 415),
    "no type": ("/v1/events", {}, b"{}", 415),
    "compressed": ("/v1/events", JSON | {"content-encoding": "gzip"}, b"{}", 415),
    "an unknown parameter": ("/v1/events?wait=1", JSON, b"{}", 400),
    "together twice": ("/v1/events?together=true&together=true", JSON, b"{}", 400),
    "together and something else": ("/v1/events?together=yes", JSON, b"{}", 400),
    "a parameter of add": ("/add?x=1", {}, b"{}", 400),
    "no lines": ("/v1/events", NDJSON, b"", 400),
    "an empty line alone": ("/v1/events", NDJSON, b"\n", 400),
    "more events than a request has": ("/v1/events", NDJSON, b"{}\n" * 5, 413),
    "more lines than a request has": ("/v1/events", NDJSON, b"{}\n" * 9, 413),
    "a body that is too large": ("/v1/events", NDJSON, b" " * 16 * 1024 + b"x", 413),
    "an event that is too large": ("/add", {}, b" " * 48 * 1024 + b"x", 413),
    "a document that nobody names": ("/v1/events", NDJSON, b'{"document":"AAAA"}\n{}\n', 400),
    "a document that is none": ("/v1/events", NDJSON, b'{"document":"A=="}\n{}\n', 400),
    "a document with more in it": ("/v1/events", NDJSON, b'{"document":"AAAA","x":1}\n{}', 400),
}


@pytest.fixture(scope="module")
def narrow(founded, tmp_path_factory):
    home = shutil.copytree(founded, tmp_path_factory.mktemp("narrow") / "home")
    with open_scribe(home, SMALL) as (site, scribe):
        yield Desk(site, scribe)


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_a_request_that_is_wrong_is_refused_whole_and_nothing_is_signed(narrow, name):
    path, headers, body, status = BAD_REQUESTS[name]
    size = narrow.size
    response = narrow.post(body, headers, path)
    assert response.status_code == status, response.text
    assert "answer" not in response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert narrow.size == size


def test_a_record_is_not_taken_without_the_credential_that_it_names(own_home):
    with open_scribe(own_home, clock=SystemClock()) as (site, scribe):
        desk = Desk(site, scribe)
        credential = b"not the one that it names"
        event = find_record(site.node.registry).event
        body = event.body | {"credential": sha256(credential).hexdigest()}
        wire = encode_signed_event(
            site.node.registry.sign_event(
                replace(event, body=body, nonce=fresh_nonce()), [scribe.key]
            )
        )
        desk.refused(desk.post(wire), 422, "document_missing", is_signed=False)
        desk.refused(desk.post(wire, {}, "/add"), 422, "document_missing", is_signed=False)
        line = b'{"document":"%b"}' % format_base64url(credential).encode()
        (result,) = desk.lines(line, wire)
        assert result["line"] == 2
        reason = result["problem"]["reason"]
        desk.refused(
            result["problem"], 422, reason, is_signed=True
        )  # by a rule, not for want of it
        assert site.node.reader.read_document(sha256(credential).hexdigest()) is None


def test_a_record_that_is_in_the_log_already_needs_no_credential(own_home):
    with open_scribe(own_home, clock=SystemClock()) as (site, scribe):
        wire = encode_signed_event(find_record(site.node.registry))
        assert Desk(site, scribe).accepted(wire)["duplicate"] is True


def find_record(registry):
    leaves = map(registry.read_leaf, range(registry.read_end().size))
    entries = (leaf.signed for leaf in leaves if isinstance(leaf, Entry))
    return next(signed for signed in entries if signed.event.kind == "registration.record")


def test_a_document_goes_to_the_later_events_that_name_it():
    document = b"a credential"
    line = b'{"document":"%b"}' % format_base64url(document).encode()
    record = SAMPLE.replace(b"0" * 64, sha256(document).hexdigest().encode())
    with pytest.raises(MalformedError, match="no later event names the document in line 2"):
        read_lines(record + b"\n" + line, 10)
    first, second = read_lines(line + b"\n" + record + b"\n" + record + b"\n", 10)
    assert (first.number, second.number) == (2, 3)
    kept = {sha256(document).hexdigest(): document}
    assert first.submission.documents == second.submission.documents == kept
    assert list(find_missing(first)) == []
    (bare,) = read_lines(record, 10)
    assert list(find_missing(bare)) == list(kept)


def test_a_clock_that_was_set_back_is_a_reason_to_wait_and_no_refusal(home):
    clock = FakeClock(START + 1000)
    with open_scribe(home, clock=clock) as (site, scribe):
        desk = Desk(site, scribe)
        wires = [scribe.wire(n) for n in range(2)]
        desk.accepted(wires[0])
        clock.set_by(-11 * 60 * 1000)
        problem = desk.refused(desk.post(wires[1]), 503, "unavailable", is_signed=False)
        assert "clock" in problem["detail"]
        assert problem["retry_after"] == 1
        clock.set_by(11 * 60 * 1000)
        desk.accepted(wires[1])


def test_who_prefers_a_cosigned_receipt_is_not_told_that_one_is_where_nobody_cosigns(desk):
    response = desk.post(desk.scribe.wire(1), JSON | {"prefer": "respond-async, wait=cosigned"})
    assert response.status_code == 200
    assert response.json()["cosigned"] is False
    assert "preference-applied" not in response.headers


def test_many_clients_with_the_same_and_with_conflicting_events_get_correct_answers(desk):
    same = desk.scribe.wire("same")
    rivals = [desk.scribe.wire("prize") for _ in range(8)]
    wires = [same, rivals[0], same, *rivals[1:], same] * 2

    async def send_all():
        client = desk.site._client
        posts = (client.post("/v1/events", content=wire, headers=JSON) for wire in wires)
        return await asyncio.gather(*posts)

    responses = desk.site.run(send_all())
    by_wire = {}
    for wire, response in zip(wires, responses, strict=True):
        by_wire.setdefault(wire, []).append(response)
    assert {r.json()["index"] for r in by_wire[same]} == {by_wire[same][0].json()["index"]}
    assert sum(not r.json()["duplicate"] for r in by_wire[same]) == 1
    winners = [wire for wire in rivals if by_wire[wire][0].status_code == 200]
    assert len(winners) == 1
    for wire in rivals:
        for response in by_wire[wire]:
            if wire in winners:
                desk.check(response.json(), json.loads(wire)["event"])
            else:
                desk.refused(response, 422, "wrong_version", is_signed=True)
