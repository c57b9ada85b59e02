"""`Prefer: wait=cosigned` against a witness on the network."""

import json
import threading

import pytest

from ledger.clock import SystemClock
from ledger.core.bundle import parse_receipt, verify_receipt
from ledger.core.note import format_vkey
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Log, parse_policy
from node.serving import Hooks, serve
from node.witness.app import create_witness_app
from node.witness.book import open_book
from node.witness.witness import Witness
from tests.support.scribe import open_scribe
from tests.support.witnesses import FixedLogs, witness_key

DEADLINE_S = 120
COSIGNED = {"content-type": "application/json", "prefer": "wait=cosigned"}


@pytest.fixture
def witnessed(home, tmp_path):
    """The home with a policy that needs a witness, which runs."""
    key = witness_key()
    plain = (home / "trust.policy").read_text()
    stop, ready, urls = threading.Event(), threading.Event(), []
    (log,) = parse_policy(plain.encode()).logs

    def note(url):
        urls.append(url)
        ready.set()

    def run():
        with open_book(tmp_path / "book", key.verifier) as book:
            witness = Witness(book, key, FixedLogs([Log(log.key)]), None, SystemClock())
            hooks = Hooks(ready=note, has_to_stop=stop.is_set)
            serve(create_witness_app(witness), port=0, hooks=hooks)

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(DEADLINE_S)
    line = f"witness near {format_vkey(key.verifier)} {urls[0]}/\nquorum near\n"
    (home / "trust.policy").write_text(plain.replace("quorum none\n", line))
    yield home
    stop.set()
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


@pytest.mark.enable_socket
def test_who_prefers_it_gets_a_receipt_that_the_node_s_policy_accepts(witnessed):
    with open_scribe(witnessed, clock=SystemClock()) as (site, scribe):
        wires = [scribe.wire(n) for n in range(3)]
        response = site.ask("POST", "/v1/events", content=wires[0], headers=COSIGNED)
        assert response.status_code == 200, response.text
        assert response.headers["preference-applied"] == "wait=cosigned"
        lines = site.ask(
            "POST",
            "/v1/events",
            content=b"\n".join(wires),
            headers=COSIGNED | {"content-type": "application/x-ndjson"},
        )
        results = [response.json(), *map(json.loads, lines.text.splitlines())]
        assert [result["cosigned"] for result in results] == [True] * 4
        assert [result["duplicate"] for result in results] == [False, True, False, False]
        policy = parse_policy((witnessed / "trust.policy").read_bytes())
        for result in results:
            receipt = parse_receipt(result["receipt"])
            verify_receipt(receipt, open_checkpoint(policy, receipt.proof.checkpoint))
