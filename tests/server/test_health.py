"""Health, readiness, metrics, and what becomes of our own bugs."""

import json
import logging
import os

import pytest

from ledger.errors import StoreFailedError
from node.server import logs
from node.server.settings import NodeSettings
from tests.support.note_signers import witness_signer
from tests.support.scribe import open_scribe

JSON = {"content-type": "application/json"}


@pytest.fixture
def logged():
    """What the node tells its operator, as JSON lines."""
    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append(json.loads(self.format(record)))

    handler = Keep()
    handler.setFormatter(logs._Json())
    logger = logging.getLogger("muniment")
    before = logger.handlers, logger.level, logger.propagate
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    yield lines
    logger.handlers, level, logger.propagate = before
    logger.setLevel(level)


def read_metrics(site):
    rows = site.get("/metrics").text.splitlines()
    return dict(row.rsplit(" ", 1) for row in rows if not row.startswith("#"))


def test_lines_that_nobody_read_are_counted_where_somebody_looks(home, monkeypatch):
    handler = logs.PatientHandler(os.open(os.devnull, os.O_WRONLY))
    handler.lost = 7
    monkeypatch.setattr(logging.getLogger("muniment"), "handlers", [handler])
    with open_scribe(home) as (site, _):
        assert read_metrics(site)["muniment_log_lines_dropped"] == "7.0"


def test_metrics_count_requests_events_and_refusals(home):
    with open_scribe(home) as (site, scribe):
        wire = scribe.wire(1)
        for body in (wire, wire, scribe.wire(1, version=7), b"{}"):
            site.ask("POST", "/v1/events", content=body, headers=JSON)
        site.get("/v1/state/ledger/self")
        site.get("/tile/0/000.p/2")
        site.get("/no/such/path")
        site.ask("BREW", "/add")
        rows = read_metrics(site)
    assert rows['muniment_requests_total{method="POST",route="/v1/events",status="200"}'] == "2.0"
    assert rows['muniment_requests_total{method="POST",route="/v1/events",status="422"}'] == "1.0"
    assert rows['muniment_requests_total{method="GET",route="/tile/{L}/{N}",status="200"}'] == "1.0"
    assert rows['muniment_requests_total{method="GET",route="other",status="404"}'] == "1.0"
    assert rows['muniment_requests_total{method="OTHER",route="/add",status="405"}'] == "1.0"
    assert rows['muniment_events_total{outcome="accepted"}'] == "1.0"
    assert rows['muniment_events_total{outcome="duplicate"}'] == "1.0"
    assert rows['muniment_refusals_total{code="wrong_version"}'] == "1.0"
    assert rows["muniment_log_size"] == rows["muniment_published_size"] == "4.0"
    assert rows["muniment_queue_events"] == "0.0"
    assert rows["muniment_block_events_count"] == "1.0"
    assert rows["muniment_commit_seconds_count"] == "3.0"
    assert rows["muniment_ready"] == "1.0"
    assert float(rows["muniment_published_age_seconds"]) >= 0
    assert not any("no/such" in row for row in rows)


def test_it_is_not_ready_once_a_write_has_failed_and_says_so_to_nobody_s_harm(home, logged):
    with open_scribe(home) as (site, scribe):
        assert site.get("/readyz").status_code == 200
        store = site.node.registry.store
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count = {pages}")
        wire = scribe.wire(1, filler="x" * 9000)
        problem = site.problem("/v1/events", 503, "POST", content=wire, headers=JSON)
        assert problem["code"] == "store_failed"
        assert "answer" not in problem
        assert str(home) not in json.dumps(problem)
        assert isinstance(site.node.failure, StoreFailedError)
        site.problem("/readyz", 503)
        site.problem("/v1/events", 503, "POST", content=scribe.wire(2), headers=JSON)
        assert site.get("/healthz").status_code == 200
        assert read_metrics(site)["muniment_ready"] == "0.0"
    failed = [line for line in logged if line["level"] == "error"]
    assert failed[0]["code"] == "store_failed"
    assert failed[0]["route"] == "/v1/events"


def test_it_is_not_ready_while_it_stops(home):
    with open_scribe(home) as (site, _):
        site.node.begin_stop()
        site.problem("/readyz", 503)
        assert site.get("/healthz").status_code == 200


def test_our_bug_is_told_to_the_operator_and_not_to_the_client(home, logged):
    with open_scribe(home) as (site, _):
        site.node.registry.store.close()  # what no code of ours expects of an open node
        site.node.reader.close()
        for path in ("/v1/state/ledger/self", "/v1/entries/0"):
            problem = site.problem(path, 500)
            assert "closed" not in json.dumps(problem)
    assert {line["level"] for line in logged if line["message"] != "request"} == {"error"}


def test_who_prefers_a_cosigned_receipt_waits_no_longer_than_the_node_lets_it(home):
    policy = (home / "trust.policy").read_text().replace("quorum none\n", "")
    vkey = witness_signer("far.example").vkey
    witness = f"witness far {vkey} http://127.0.0.1:9/\nquorum far\n"
    (home / "trust.policy").write_text(policy + witness)
    with open_scribe(home, NodeSettings(wait_seconds=0.2)) as (site, scribe):
        headers = JSON | {"prefer": "wait=cosigned"}
        response = site.ask("POST", "/v1/events", content=scribe.wire(1), headers=headers)
        assert response.status_code == 200
        assert response.json()["cosigned"] is False
        assert "preference-applied" not in response.headers
        site.problem("/v1/state/ledger/self", 503)  # nothing is published yet
        assert site.get("/v1/checkpoint/latest").status_code == 200


def test_a_request_id_is_kept_if_it_is_sane(home, logged):
    with open_scribe(home) as (site, _):
        assert (
            site.get("/healthz", **{"x-request-id": "a-1.b:c"}).headers["x-request-id"] == "a-1.b:c"
        )
        fresh = site.get("/healthz", **{"x-request-id": "x" * 65}).headers["x-request-id"]
        assert len(fresh) == 16
        assert site.get("/healthz", **{"x-request-id": "a b"}).headers["x-request-id"] != "a b"
    assert [line["request"] for line in logged if line["message"] == "request"][:2] == [
        "a-1.b:c",
        fresh,
    ]
