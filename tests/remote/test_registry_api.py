"""One interface, two registries: in the home folder, and behind the node that serves it."""

import shutil
from contextlib import ExitStack
from hashlib import sha256

import pytest

from contracts.party import Enroll, Party
from contracts.title import Asset, Voucher, voucher_key
from ledger.core.bundle import format_receipt, format_state_bundle
from ledger.core.dossier import format_dossier
from ledger.core.event import Signature, create_signed_event, encode_event
from ledger.core.subjects import SELF, derive_party
from ledger.core.types import SubjectKey
from ledger.errors import NotFoundError, RejectedError, SignatureError
from ledger.sequencer import Accepted, Refused, Submission
from node.registry import open_registry
from tests.cli.conftest import TITLE
from tests.support.clients import open_client
from tests.support.running import run_node

NOBODY = SubjectKey("party/" + "a" * 26)


@pytest.fixture(scope="session")
def served(market, tmp_path_factory):
    """The registry with a licensed table, read in place and behind its node."""
    home = shutil.copytree(market.home, tmp_path_factory.mktemp("served") / "home")
    client = shutil.copytree(
        home, home.with_name("client"), ignore=shutil.ignore_patterns("ledger.db*")
    )
    with ExitStack() as stack:
        url = stack.enter_context(run_node(home))
        here = stack.enter_context(open_registry(home, None, is_writer=False))
        there = stack.enter_context(open_client(url, client))
        yield market, here, there


@pytest.fixture(params=["embedded", "http"])
def registry(request, founded, tmp_path):
    """A solo registry of the test's own, to be written to."""
    home = shutil.copytree(founded.home, tmp_path / "own")
    with ExitStack() as stack:
        if request.param == "embedded":
            yield stack.enter_context(open_registry(home, None, is_writer=True))
            return
        client = shutil.copytree(home, tmp_path / "client")
        url = stack.enter_context(run_node(home))
        yield stack.enter_context(open_client(url, client))


def keys_of(here):
    return [*here.find_subjects("", 1000)] or [
        key
        for kind in ("asset", "grant", "key", "ledger", "party", "registration", "voucher")
        for key in here.find_subjects(f"{kind}/", 1000)
    ]


def test_both_say_what_they_are_and_where_the_log_ends(served):
    _, here, there = served
    assert there.origin == here.origin
    assert there.read_end() == here.read_end()
    assert there.ledger == here.ledger
    assert there.log_key == here.log_key


def test_both_have_the_same_states_histories_and_listings(served):
    _, here, there = served
    keys = keys_of(here)
    assert len(keys) > 10
    for key in [*keys, NOBODY]:
        assert there.read_state(key) == here.read_state(key), key
        assert list(there.iterate_events(key)) == list(here.iterate_events(key)), key
        assert there.find_first(key) == here.find_first(key), key
        assert there.read_listing(key) == here.read_listing(key), key


def test_what_is_no_subject_is_nowhere(served):
    for each in served[1:]:
        assert each.find_state(Voucher, voucher_key("asset/x")) is None
        assert each.find_subjects("party/江苏", 3) == []
        with pytest.raises(NotFoundError):
            each.need_state(Party, NOBODY)


def test_both_list_and_find_the_same(served):
    market, here, there = served
    for kinds in ({"party"}, {"asset", "grant", "registration"}, {"dispute"}):
        ours = sorted(
            (each.key, each.kind, each.label, each.status) for each in here.iterate_listed(kinds)
        )
        theirs = [
            (each.key, each.kind, each.label, each.status) for each in there.iterate_listed(kinds)
        ]
        assert theirs == ours
    for prefix in ("party/", market.asset, market.asset[:12], "asset/zzzzzz"):
        for limit in (1, 3, 1000):
            assert there.find_subjects(prefix, limit) == here.find_subjects(prefix, limit)
    for text, kind in ((TITLE, None), (TITLE, "asset"), ("甲公司", "party"), ("nothing", None)):
        found = here.search(text, kind=kind, limit=5)
        assert there.search(text, kind=kind, limit=5) == found
    assert [key for key, _ in there.search(TITLE, kind=None, limit=100)] == [
        key for key, _ in here.search(TITLE, kind=None, limit=100)
    ]


def test_what_is_only_claimed_is_told_once(served):
    _, _, there = served
    there.find_subjects("party/", 3)
    there.search("x", kind=None, limit=3)
    assert there.claims == [1]


def test_both_read_the_same_leaves_and_find_the_same_events(served):
    _, here, there = served
    size = here.read_end().size
    for start, stop in ((0, 1), (0, 8), (0, size), (3, size + 10), (5, 5), (size, size + 1)):
        assert list(there.read_leaves(start, stop)) == list(here.read_leaves(start, stop))
    for index, entry in here.iterate_events(SELF):
        assert there.find_event(entry.signed.id) == here.find_event(entry.signed.id) == index
    assert there.find_event("0" * 64) is here.find_event("0" * 64) is None
    with pytest.raises(NotFoundError):
        there.read_leaf(size)


def test_both_have_the_same_documents(served):
    market, here, there = served
    digest = here.need_state(Voucher, voucher_key(market.number)).credential
    assert there.read_document(digest) == here.read_document(digest) is not None
    assert there.read_document("0" * 64) is here.read_document("0" * 64) is None


def test_both_prove_the_same_byte_for_byte(served):
    market, here, there = served
    ours, theirs = here.prover(), there.prover()
    assert theirs.anchor == ours.anchor
    for index in (0, 1, ours.anchor.size - 1):
        assert format_receipt(theirs.prove_leaf(index)) == format_receipt(ours.prove_leaf(index))
    for key in (SELF, market.asset, NOBODY):
        state = format_state_bundle(ours.prove_state(key))
        assert format_state_bundle(theirs.prove_state(key)) == state
        assert theirs.read_state(key) == ours.read_state(key)
        assert theirs.read_events(key) == ours.read_events(key)
    for start in (0, 1):
        dossier = format_dossier(ours.prove_history(market.asset, start))
        assert format_dossier(theirs.prove_history(market.asset, start)) == dossier
    for old, new in ((0, 3), (3, 3), (3, ours.anchor.size)):
        assert theirs.prove_growth(old, new) == ours.prove_growth(old, new)


def test_both_prove_under_older_checkpoints(served):
    market, here, there = served
    opened = here.find_first(market.grant)[0]
    older = next(n for n in range(opened, 0, -1) if has_checkpoint(here, n))
    ours, theirs = here.prover(older), there.prover(older)
    assert theirs.anchor == ours.anchor
    assert theirs.read_state(market.grant) is None is ours.read_state(market.grant)
    assert theirs.read_state(market.asset) == ours.read_state(market.asset)


def has_checkpoint(registry, size):
    try:
        return registry.prover(size) is not None
    except NotFoundError:
        return False


def test_neither_proves_what_is_not_there(served):
    market, *both = served
    for each in both:
        prover, size = each.prover(), each.read_end().size
        with pytest.raises(NotFoundError):
            prover.prove_leaf(size)
        with pytest.raises(NotFoundError):
            prover.prove_growth(3, size + 1)
        with pytest.raises(NotFoundError):
            prover.prove_history(market.asset, 99)
        with pytest.raises(NotFoundError):
            each.prover(size + 1)


def test_both_see_the_same_states_before_the_next_event(served):
    market, here, there = served
    ours, theirs = here.next_step(), there.next_step()
    assert theirs.index == ours.index
    assert abs(theirs.time - ours.time) < 60_000
    for key in (SELF, market.asset, NOBODY):
        assert theirs.states.read(key) == ours.states.read(key)


# Writing


def enrol(registry, name, **changes):
    """A signed enrolment of a party with a new key."""
    key = registry.ring.create(name)
    party = derive_party([key.did])
    body = Enroll(**({"keys": (key.did,), "party_kind": "legal", "name": name} | changes))
    return registry.sign_event(registry.build_event(party, body), [key]), party


def test_a_written_event_is_read_at_once(registry):
    size = registry.read_end().size
    event, party = enrol(registry, "Acme-1890")
    (written,) = registry.submit([event], {})
    assert (written.index, written.event) == (size, event.id)
    assert registry.read_end().size == size + 2
    assert registry.need_state(Party, party).name == "Acme-1890"
    assert registry.read_leaf(size).signed == event
    assert registry.find_subjects(party[:18], 5) == [party]
    assert [key for key, _ in registry.search("Acme-1890", kind="party", limit=5)] == [party]
    assert registry.prover().anchor.size == size + 2


def test_the_same_event_again_gives_its_first_index(registry):
    event, _ = enrol(registry, "a")
    first = registry.submit([event], {})
    size = registry.read_end().size
    assert registry.submit([event], {}) == first
    assert registry.read_end().size == size


def test_events_that_belong_together_are_written_all_or_none(registry):
    size = registry.read_end().size
    good, party = enrol(registry, "a")
    bad, _ = enrol(registry, "b", uscc="91440300708461136X")
    for events in ([good, bad], [bad, good]):
        with pytest.raises(RejectedError) as caught:
            registry.submit(events, {})
        assert caught.value.reason == "uscc", "the reason is the bad event's own"
    assert registry.read_end().size == size
    assert registry.read_state(party) is None
    other, _ = enrol(registry, "c")
    assert [w.index for w in registry.submit([good, other], {})] == [size, size + 1]


def test_each_on_its_own_holds_up_nothing_else(registry):
    good, party = enrol(registry, "a")
    bad, _ = enrol(registry, "b", uscc="91440300708461136X")
    other, _ = enrol(registry, "c")
    forged = create_signed_event(other.event, [Signature(other.signatures[0].key, bytes(64))])
    outcomes = registry.submit_each([Submission(one) for one in (bad, good, forged, good)])
    assert [type(each) for each in outcomes] == [Refused, Accepted, Refused, Accepted]
    assert isinstance(outcomes[0].error, RejectedError)
    assert isinstance(outcomes[2].error, SignatureError)
    assert (outcomes[1].is_duplicate, outcomes[3].is_duplicate) == (False, True)
    assert outcomes[1].index == outcomes[3].index
    assert registry.need_state(Party, party).name == "a"


def test_more_events_than_a_block_holds_are_written_in_order(registry):
    size = registry.read_end().size
    events = [enrol(registry, f"p{n}")[0] for n in range(3)]
    submissions = [Submission(events[n % 3]) for n in range(1500)]
    outcomes = registry.submit_each(submissions)
    assert [each.index for each in outcomes] == [size + n % 3 for n in range(1500)]
    assert registry.submit_each([]) == []


def test_a_document_is_written_with_the_event_that_names_it(registry, founded):
    voucher = registry.need_state(Voucher, voucher_key(founded.number))
    document = registry.read_document(voucher.credential)
    assert sha256(document).hexdigest() == voucher.credential
    assert registry.need_state(Asset, voucher.asset).voucher == founded.number


def test_a_refusal_is_the_same_error_from_both(registry):
    bad, _ = enrol(registry, "b", uscc="91440300708461136X")
    with pytest.raises(RejectedError) as caught:
        registry.submit([bad], {})
    error = caught.value
    assert (error.reason, bool(error.en), bool(error.zh)) == ("uscc", True, True)
    assert sha256(encode_event(bad.event)).hexdigest() == bad.id
