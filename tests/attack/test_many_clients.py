"""Many clients at once: the same event, events that exclude each other, rates of a party."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.attack.process import (
    JSON,
    NDJSON,
    check_answer,
    check_log,
    make_wires,
    run_node,
)

pytestmark = pytest.mark.slow
CLIENTS = 64


def at_once(work, things):
    """What each thing gives, all begun at the same moment."""
    barrier = threading.Barrier(len(things))

    def begin(thing):
        barrier.wait()
        return work(thing)

    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(begin, things))


def test_the_same_event_from_64_clients_is_written_once_and_all_get_its_index(home):
    (wire,) = make_wires(home, [1])
    with run_node(home) as node:
        answers = at_once(lambda _: node.post(wire), range(CLIENTS))
        assert {one.status_code for one in answers} == {200}
        results = [one.json() for one in answers]
        assert {one["index"] for one in results} == {2}
        assert sorted(one["duplicate"] for one in results) == [False] + [True] * (CLIENTS - 1)
        for one in results:
            code = "duplicate" if one["duplicate"] else "accepted"
            check_answer(home, one["answer"], wire, "accepted", code)
        node.stop()
    check_log(home, [(results[0]["event"], 2)])


def test_of_64_that_exclude_each_other_one_wins_and_the_others_are_refused_in_writing(home):
    rivals = [make_wires(home, ["prize"], filler=str(n))[0] for n in range(4)] * 16
    with run_node(home) as node:
        answers = at_once(node.post, rivals)
        good = {one.json()["event"]: one.json()["index"] for one in answers if one.is_success}
        assert len(good) == 1
        for wire, one in zip(rivals, answers, strict=True):
            plain = one.json()["answer"]
            if one.is_success:
                code = "duplicate" if one.json()["duplicate"] else "accepted"
                check_answer(home, plain, wire, "accepted", code)
            else:
                assert one.status_code == 422
                check_answer(home, plain, wire, "refused", "wrong_version")
        node.stop()
    check_log(home, good.items())


def test_both_of_two_batches_that_exclude_each_other_are_whole_or_not_there(home):
    wires = make_wires(home, ["prize", "left", "right"])
    rival = make_wires(home, ["prize"], filler="rival")[0]
    bodies = [wires[0] + b"\n" + wires[1], rival + b"\n" + wires[2]] * 8

    def send(body):
        return node.http.post("/v1/events?together=true", content=body, headers=NDJSON)

    with run_node(home) as node:
        answers = at_once(send, bodies)
        found = {}
        for body, one in zip(bodies, answers, strict=True):
            lines = [json.loads(line) for line in one.text.splitlines()]
            assert len({line["status"] for line in lines}) == 1
            found.setdefault(body, set()).add(lines[0]["status"])
        assert sorted(map(sorted, found.values())) == [[200], [422]]
        node.stop()
    check_log(home, [])


def test_nobody_is_told_that_an_event_in_the_log_was_refused(home):
    """By sending it again with a spoilt signature, or together with one that is refused."""
    first, bad = make_wires(home, [1])[0], make_wires(home, [2], version=5)[0]
    plain = json.loads(first)
    sig = plain["signatures"][0]["sig"]
    plain["signatures"][0]["sig"] = ("A" if sig[0] != "A" else "B") + sig[1:]
    spoilt = json.dumps(plain, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    with run_node(home) as node:
        early = node.post(spoilt).json()["answer"]
        check_answer(home, early, first, "refused", "signature")  # it was not there yet
        assert node.post(first).json()["index"] == 2
        again = node.post(spoilt).json()
        assert (again["index"], again["duplicate"]) == (2, True)
        check_answer(home, again["answer"], first, "accepted", "duplicate")
        response = node.http.post(
            "/v1/events?together=true", content=first + b"\n" + bad, headers=NDJSON
        )
        lines = [json.loads(line) for line in response.text.splitlines()]
        assert [line["status"] for line in lines] == [200, 422]
        check_answer(home, lines[0]["answer"], first, "accepted", "duplicate")
        check_answer(home, lines[1]["problem"]["answer"], bad, "refused", "wrong_version")
        assert node.http.post("/add", content=spoilt).text == "2"
        node.stop()


def test_a_party_that_writes_too_fast_waits_while_others_write(home):
    config = home.parent / "node.toml"
    config.write_text("party_events_per_second = 0.01\nparty_events_burst = 5\n")
    wires = make_wires(home, range(40))
    with run_node(home, "--config", config) as node:
        answers = [node.post(wire) for wire in wires]
        statuses = [one.status_code for one in answers]
        assert statuses == [200] * 5 + [429] * 35
        late = answers[-1]
        assert int(late.headers["retry-after"]) > 30
        assert "answer" not in late.json()
        assert node.http.get("/v1/checkpoint/latest").status_code == 200
        assert node.post(wires[0]).status_code == 429  # also what is there: nothing is looked up
        node.stop()
    check_log(home, [(one.json()["event"], one.json()["index"]) for one in answers[:5]])


def test_an_event_of_another_ledger_is_refused_by_all_roads(home):
    (wire,) = make_wires(home, [1], origin="example.org/other")
    with run_node(home) as node:
        for path, headers in (("/add", {}), ("/v1/events", JSON)):
            one = node.http.post(path, content=wire, headers=headers)
            assert (one.status_code, one.json()["reason"]) == (422, "wrong_ledger")
            assert one.json()["answer"]["answer"]["log"] == "example.org/scribe"
        (line,) = node.http.post("/v1/events", content=wire, headers=NDJSON).text.splitlines()
        assert json.loads(line)["problem"]["reason"] == "wrong_ledger"
        node.stop()


def test_only_what_is_answered_from_memory_may_be_asked_without_end(home):
    config = home.parent / "node.toml"
    config.write_text("requests_per_second = 0.01\nrequests_burst = 3\n")
    with run_node(home, "--config", config) as node:
        paths = ("/checkpointx", "/healthz/x", "/metricsx", "/readyzx")
        assert [node.http.get(path).status_code for path in paths] == [404, 404, 404, 429]
        for path in ("/checkpoint", "/healthz", "/readyz", "/metrics", "/tile/entries/000.p/2"):
            assert node.http.get(path).status_code == 200
