"""Transfers of one right to different parties, from many clients at once: one of them gets it."""

import json
from hashlib import sha256

import msgspec
import pytest

from contracts.title import Asset, tuple_values
from contracts.transfer import Move
from ledger.core.event import decode_signed_event, encode_signed_event
from ledger.core.text import format_base64url
from node.drafts import prepare_event
from node.recording import Recording, last_serial, read_openable, read_recorded_transfer
from node.registry import open_registry
from node.transferring import Wish, build_transfer
from tests.attack.process import NDJSON, check_answer, check_log, run_node
from tests.attack.test_many_clients import at_once
from tests.cli.conftest import run_quietly
from tests.support.national import FINDINGS

pytestmark = pytest.mark.slow
RIVALS, EACH = 6, 4


@pytest.fixture
def deal(home, tmp_path):
    """A registered table, and rivals for the right to use it: number, asset and parties."""
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")
    registered = run_quietly("--home", home, "register", table, "--title", "Flights")
    rivals = [
        run_quietly("--home", home, "party", "enroll", f"Rival {n}", "--no-passphrase")["subject"]
        for n in range(RIVALS)
    ]
    return registered["voucher"], registered["asset"], rivals


def write_filings(home, number, rivals):
    """A signed filing for each rival."""
    with open_registry(home, None, is_writer=True) as registry:
        giver = registry.ledger.registrar
        wires = []
        for rival in rivals:
            moves = (Move(transferor=giver, transferee=rival, right="use"),)
            wish = Wish(number, moves, None, "Flights", None, None)
            body, openings = build_transfer(registry, giver, wish)
            prepared = prepare_event(registry, giver, body, openings)
            assert prepared.missing == ()
            wires.append(encode_signed_event(prepared.signed))
        return wires


def write_records(home, filings):
    """For each filing, once it is published, a record of the transfer as the ledger stands now."""
    with open_registry(home, None, is_writer=True) as registry:
        keys = [registry.ring.load("operator")]
        recording = Recording(registry, registry.ledger.registrar, keys)
        bodies = []
        for filing in filings:
            key = next(
                one
                for one in decode_signed_event(filing).event.subjects
                if one.startswith("registration/")
            )
            registry.submit([recording.accept(key)], {})
            fields = read_openable(registry, key)
            registry.submit([recording.publish(key, fields)], {})
            asset = read_recorded_transfer(registry, key, FINDINGS)
            signed, credential, _ = recording.record(asset, None, last_serial(registry))
            line = msgspec.json.encode({"document": format_base64url(credential)})
            assert signed.event.body["credential"] == sha256(credential).hexdigest()
            bodies.append((line, encode_signed_event(signed)))
        return bodies


def holders(home, asset, right):
    with open_registry(home, None, is_writer=False) as registry:
        state = registry.need_state(Asset, asset)
        return [
            each["holder"]
            for each in tuple_values(state.tuples)
            if each["right"] == right and each.get("to") is None
        ]


def test_of_rival_transfers_one_is_recorded_and_all_are_answered_in_writing(home, deal):
    number, asset, rivals = deal
    filings = write_filings(home, number, rivals)
    with run_node(home) as node:
        answers = at_once(node.post, filings * EACH)
        node.stop()
    indexes = set()
    for wire, one in zip(filings * EACH, answers, strict=True):
        result = one.json()
        code = "duplicate" if result["duplicate"] else "accepted"
        check_answer(home, result["answer"], wire, "accepted", code)
        indexes.add((result["event"], result["index"]))
    assert len(indexes) == RIVALS  # a filing takes nothing from anybody: all are there, once
    records = write_records(home, filings)

    def send(record):
        return node.http.post("/v1/events", content=b"\n".join(record), headers=NDJSON)

    with run_node(home) as node:
        answers = at_once(send, records * EACH)
        node.stop()
    won = set()
    for place, one in enumerate(answers):
        wire, result = records[place % RIVALS][1], json.loads(one.text)
        if result["status"] == 200:
            code = "duplicate" if result["duplicate"] else "accepted"
            check_answer(home, result["answer"], wire, "accepted", code)
            won.add((rivals[place % RIVALS], result["event"], result["index"]))
        else:
            problem = result["problem"]
            assert (result["status"], problem["reason"]) == (422, "right_not_held")
            check_answer(home, problem["answer"], wire, "refused", "right_not_held")
    ((winner, event, index),) = won
    assert holders(home, asset, "use") == [winner]
    check_log(home, [*indexes, (event, index)])
