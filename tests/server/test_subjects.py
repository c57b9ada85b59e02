"""The routes to subjects: states, histories and listings, verified by two programs."""

import json

import pytest

from ledger.core.bundle import (
    parse_receipt,
    parse_state_bundle,
    verify_receipt,
    verify_state_bundle,
)
from ledger.core.dossier import (
    Dossier,
    parse_dossier,
    parse_dossier_events,
    verify_dossier,
)
from ledger.core.opening import open_checkpoint
from ledger.core.policy import parse_policy
from ledger.errors import VerificationError
from ledger.storage.base import KEPT_BLOCKS
from node.server.settings import NodeSettings
from tests.server.conftest import LONG
from tests.support.independent_proofs import open_proofs
from tests.support.independent_queries import verify_state as verify_independently
from tests.support.site import open_site

ABSENT = "asset/" + "a" * 26
CALENDAR = "list/calendar:2027"


def keys_of(site):
    return site.node.reader.find_subjects("", 1000)


def opened(receipt, policy):
    return open_checkpoint(parse_policy(policy), receipt.proof.checkpoint)


def verified_state(site, path, policy):
    """A state bundle that a route answers with, once both verifiers accept it."""
    response = site.get(path)
    assert response.status_code == 200, response.text
    bundle = parse_state_bundle(response.json())
    verify_state_bundle(bundle, opened(bundle.receipt, policy))
    verify_independently(response.content, policy)
    return bundle


def test_every_subject_has_a_state_that_both_verifiers_accept(site, trade):
    keys = keys_of(site)
    assert {trade.asset, trade.registration, trade.grant, trade.owner} <= set(keys)
    for key in keys:
        bundle = verified_state(site, f"/v1/state/{key}", trade.policy)
        assert bundle.subject == key
        assert bundle.value == site.node.registry.read_state(key)


def test_a_subject_that_is_not_there_is_proved_absent(site, trade):
    bundle = verified_state(site, f"/v1/state/{ABSENT}", trade.policy)
    assert (bundle.subject, bundle.value) == (ABSENT, None)


def test_a_slash_may_come_escaped(site, trade):
    escaped = trade.asset.replace("/", "%2F")
    assert site.json(f"/v1/state/{escaped}") == site.json(f"/v1/state/{trade.asset}")


def test_a_state_is_proved_as_of_any_size_that_is_kept(site, trade):
    seen = set()
    for row in site.node.reader.iterate_blocks():
        path = f"/v1/state/{trade.asset}?size={row.size}"
        bundle = verified_state(site, path, trade.policy)
        assert bundle.receipt.proof.index == row.size - 1
        seen.add(None if bundle.value is None else bundle.value.n)
    assert None in seen, "before it was registered"
    assert max(n for n in seen if n is not None) > 1, "and its history grew"


def test_every_dossier_is_the_whole_history(site, trade):
    for key in keys_of(site):
        document = site.json(f"/v1/dossier/{key}")
        dossier = parse_dossier(document)
        verify_dossier(dossier, opened(dossier.state.receipt, trade.policy))
        proved = open_proofs([], [document], trade.policy)
        assert len(proved.events[key]) == len(dossier.events) == dossier.state.value.n


def test_a_dossier_may_start_after_what_one_has(site, trade):
    n = site.node.registry.read_state(trade.asset).n
    assert n > 2
    for start in range(1, n):
        dossier = parse_dossier(site.json(f"/v1/dossier/{trade.asset}?from={start}"))
        verify_dossier(dossier, opened(dossier.state.receipt, trade.policy))
        assert (dossier.start.n, len(dossier.events)) == (start, n - start)


def test_the_dossier_of_what_is_absent_proves_that(site, trade):
    document = site.json(f"/v1/dossier/{ABSENT}")
    assert open_proofs([], [document], trade.policy).values == {ABSENT: None}


def test_events_beyond_the_last_are_not_found(site, trade):
    n = site.node.registry.read_state(trade.asset).n
    assert site.problem(f"/v1/dossier/{trade.asset}?from={n}", 404)["code"] == "not_found"
    assert site.problem(f"/v1/dossier/{ABSENT}?from=1", 404)["code"] == "not_found"


def read_parts(site, key):
    """Parts of a long history, and the dossier that ends it; all under one checkpoint."""
    size = site.node.publisher.published_size
    parts, start = [], 0
    while True:
        answer = site.json(f"/v1/dossier/{key}?from={start}&size={size}")
        if "format" in answer:
            return parts, answer
        assert (answer["subject"], answer["size"], answer["from"]) == (key, size, start)
        assert len(answer["events"]) == 1000
        parts.append(answer)
        start = answer["next"]


def joined(parts, last):
    """One dossier of all events, as whoever collected the parts holds it."""
    events = [event for part in parts for event in parse_dossier_events(part["events"])]
    rest = parse_dossier(last)
    return Dossier(rest.state, (*events, *rest.events), None)


def test_a_long_history_is_read_part_by_part_and_proved_whole(long_site, long_home):
    policy = (long_home / "trust.policy").read_bytes()
    parts, last = read_parts(long_site, CALENDAR)
    assert len(parts) == 2
    rest = parse_dossier(last)
    assert rest.start.n == 2000
    verify_dossier(rest, opened(rest.state.receipt, policy))
    whole = joined(parts, last)
    verify_dossier(whole, opened(whole.state.receipt, policy))
    assert len(whole.events) == whole.state.value.n == LONG


def test_a_thousand_events_are_a_dossier_and_one_more_are_not(long_site):
    whole = long_site.json(f"/v1/dossier/{CALENDAR}?from={LONG - 1000}")
    assert len(parse_dossier(whole).events) == 1000
    part = long_site.json(f"/v1/dossier/{CALENDAR}?from={LONG - 1001}")
    assert (len(part["events"]), part["next"]) == (1000, LONG - 1)


CHANGES = {
    "an event left out": lambda parts: parts[0]["events"].pop(500),
    "an event twice": lambda parts: parts[1]["events"].__setitem__(3, parts[1]["events"][2]),
    "two events in another order": lambda parts: parts[0]["events"].reverse(),
    "a path of another event": lambda parts: parts[0]["events"][7].update(
        path=parts[0]["events"][8]["path"]
    ),
    "the parts in another order": lambda parts: parts.reverse(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_part_that_was_tampered_with_does_not_make_the_history(long_site, long_home, name):
    policy = (long_home / "trust.policy").read_bytes()
    parts, last = read_parts(long_site, CALENDAR)
    CHANGES[name](parts)
    whole = joined(parts, last)
    with pytest.raises(VerificationError):
        verify_dossier(whole, opened(whole.state.receipt, policy))


def test_states_of_old_blocks_are_gone_and_their_receipts_are_not(long_site, long_home):
    policy = (long_home / "trust.policy").read_bytes()
    blocks = list(long_site.node.reader.iterate_blocks())
    old, newest = blocks[-KEPT_BLOCKS - 1].size, blocks[-1].size
    for path in (f"/v1/state/{CALENDAR}", f"/v1/state/{ABSENT}", f"/v1/dossier/{CALENDAR}"):
        problem = long_site.problem(f"{path}?size={old}", 410)
        assert problem["code"] == "gone"
        assert f"size={newest}" in problem["detail"], "it says what to ask for"
    receipt = parse_receipt(long_site.json(f"/v1/entries/{old - 1}?size={old}"))
    verify_receipt(receipt, opened(receipt, policy))
    kept = blocks[-KEPT_BLOCKS].size
    verified_state(long_site, f"/v1/state/{CALENDAR}?size={kept}", policy)


def test_a_size_at_which_no_block_ends_is_not_found(site, trade):
    assert site.problem(f"/v1/state/{trade.asset}?size=1", 404)["code"] == "not_found"
    assert site.problem(f"/v1/dossier/{trade.asset}?size=99999", 404)["code"] == "not_found"


def test_subjects_are_listed_page_by_page(site):
    everything = keys_of(site)
    found, after = [], ""
    while True:
        page = site.json(f"/v1/subjects?prefix=&limit=3{after}")
        assert len(page["items"]) <= 3
        found += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == everything


def test_subjects_begin_with_the_prefix(site, trade):
    assert site.json("/v1/subjects?prefix=asset/")["items"] == [trade.asset]
    assert site.json(f"/v1/subjects?prefix={trade.owner[:12]}")["items"] == [trade.owner]
    assert site.json("/v1/subjects?prefix=%E7%94%B2")["items"] == []


def test_listings_say_how_people_find_subjects(site, trade):
    one = site.json(f"/v1/listings/{trade.owner}")
    assert one.keys() == {"subject", "label", "status", "terms"}
    assert (one["subject"], one["label"], one["status"]) == (trade.owner, "甲公司", "active")
    page = site.json("/v1/listings?type=party")
    assert one in page["items"]
    assert len(page["items"]) == 3
    first = site.json("/v1/listings?type=party&limit=1")
    rest = site.json(f"/v1/listings?type=party&after={first['next']}")
    assert first["items"] + rest["items"] == page["items"]
    assert site.json("/v1/listings?type=nothing")["items"] == []


def test_what_nobody_looks_for_has_no_listing(site):
    assert site.problem(f"/v1/listings/{ABSENT}", 404)["code"] == "not_found"


WRONG = {
    "no type": "/v1/state/nothing",
    "an unknown type": "/v1/state/unknown/" + "a" * 26,
    "capitals": "/v1/state/asset/" + "A" * 26,
    "a step upwards": "/v1/state/asset/../" + "a" * 26,
    "a newline": "/v1/state/ledger/self%0A",
    "hostile text": "/v1/state/asset/%F0%9F%98%80",
    "no subject": "/v1/state/",
    "a dossier of nothing": "/v1/dossier/ledger/other",
    "a listing of nothing": "/v1/listings/ledger",
    "no prefix": "/v1/subjects",
    "no items": "/v1/subjects?prefix=&limit=0",
    "a type in capitals": "/v1/listings?type=Party",
    "listings of no type": "/v1/listings",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_subject_is_refused(site, name):
    assert site.problem(WRONG[name], 400)["code"] == "malformed"


def test_a_page_has_a_bound(site):
    assert site.problem("/v1/subjects?prefix=&limit=1001", 413)["code"] == "limit"
    assert site.problem("/v1/subjects?prefix=" + "a" * 201, 413)["code"] == "limit"


def test_an_operator_may_allow_smaller_pages(own_home):
    with open_site(own_home, NodeSettings(page_items=1)) as site:
        for path in (
            "/v1/subjects?prefix=&limit=5",
            "/v1/listings?type=party",
            "/v1/search?q=公司",
        ):
            page = site.json(path)
            assert len(page["items"]) == 1
            assert page["next"] is not None, path
        assert len(site.json("/v1/registrations")["items"]) <= 1


def test_a_state_says_the_same_as_the_log(site, trade):
    """What is answered is the bytes of the ledger, not somebody's rendering of them."""
    value = site.json(f"/v1/state/voucher/{trade.number}")["value"]
    raw = site.node.registry.read_state(f"voucher/{trade.number}")
    assert value["state"] == json.loads(json.dumps(raw.state.body))
