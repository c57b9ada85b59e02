"""The index of registered content: what finds a duplicate, and what a stolen vault shows."""

from contextlib import closing
from hashlib import sha256

import pytest

from cli.subjects import find_keys
from node.drafts import keep_openings
from node.duplicates import (
    CONTENT,
    doom_content,
    find_duplicates,
    index_content,
    review_duplicates,
)
from node.issuing import Application, Filing, read_content
from node.registry import open_registry
from tests.support.national import DAY
from tracing.fingerprint import Fingerprint

DIGEST = sha256(b"flights").hexdigest()
OTHER = sha256(b"trains").hexdigest()


@pytest.fixture
def registry(home, clock):
    with open_registry(home, None, is_writer=True, clock=clock) as opened:
        yield opened


@pytest.fixture
def vault(registry):
    with closing(registry.open_vault()) as opened:
        yield opened


def draft(registry, vault, *digests):
    form = Application(
        members={"title": "T", "summary": "S", "restrictions": "R"}, rights=("hold",),
        basis="self-generated", level="general-1", data_class="enterprise", years=1,
    )  # fmt: skip
    files = [Fingerprint(digest, 7) for digest in digests]
    return Filing(registry, vault, registry.ledger.operator, form, files)


def submit(registry, event):
    keys = find_keys(registry, registry.ledger.operator, 1)
    registry.submit([registry.sign_event(event, keys)], {})


def file(registry, vault, *digests, is_published=False):
    """A filing on the ledger; its asset."""
    filing = draft(registry, vault, *digests)
    keys = find_keys(registry, registry.ledger.operator, 1)
    signed = filing.file(keys, publish_digests=is_published)
    registry.submit([signed], {})
    return filing.keys(signed)[0]


def found(registry, vault, *digests, own=None):
    duplicates = find_duplicates(registry, vault, digests, own)
    return {each.asset: (each.voucher, each.match) for each in duplicates}


def test_content_is_found_by_any_of_its_files(registry, vault):
    asset = file(registry, vault, DIGEST, OTHER)
    assert found(registry, vault, OTHER) == {asset: (None, "exact")}
    assert found(registry, vault, "00" * 32) == {}


def test_an_asset_is_no_duplicate_of_itself(registry, vault):
    first, second = (file(registry, vault, DIGEST) for _ in range(2))
    assert found(registry, vault, DIGEST, own=second) == {first: (None, "exact")}


def test_a_published_digest_is_found_without_any_index(registry, vault):
    asset = file(registry, vault, DIGEST, is_published=True)
    vault.erase(CONTENT, DIGEST)
    assert found(registry, vault, DIGEST) == {asset: (None, "published")}


def test_a_filing_that_came_as_a_draft_is_in_the_index_of_who_submits_it(registry, vault):
    """Its openings come in a file of their own, to a vault that never saw them."""
    with closing(registry.open_vault()) as elsewhere:
        filing = draft(registry, elsewhere, DIGEST, OTHER)
        event = filing.build(publish_digests=False)
    for _ in range(2):
        keep_openings(registry, event, filing.draft_openings())
    submit(registry, event)
    assert len(vault.find(CONTENT, DIGEST)) == 1, "what is there already is not kept twice"
    assert len(found(registry, vault, DIGEST)) == len(found(registry, vault, OTHER)) == 1


def test_one_entry_of_the_index_goes_and_the_others_of_the_same_content_stay(registry, vault):
    vault.add(CONTENT, [*index_content("asset/a", "registration/a", [DIGEST]).items()])
    vault.add(CONTENT, [*index_content("asset/b", "registration/b", [DIGEST]).items()])
    assert vault.erase_all([doom_content("registration/a", DIGEST)], {}) == 1
    assert [each["asset"] for each in vault.find(CONTENT, DIGEST)] == ["asset/b"]


def test_a_stolen_vault_does_not_tell_whether_a_file_was_registered(registry, vault, home):
    """Neither the digest nor a hash of it that somebody without the key could make lies there."""
    asset = file(registry, vault, DIGEST)
    raw = bytes.fromhex(DIGEST)
    made = [raw, DIGEST.encode(), sha256(raw).digest(), sha256(DIGEST.encode()).digest()]
    content = b"".join(path.read_bytes() for path in home.glob("vault.db*"))
    assert not [each for each in made if each[:16] in content]
    assert asset.encode() not in content


def test_an_earlier_application_that_silence_accepted_is_shown_as_accepted(office):
    office.file()
    office.clock.pass_time(7 * DAY)
    asset, second, _ = office.file()
    contents = read_content(office.registry, asset)
    (match,) = review_duplicates(office.registry, second, contents)
    assert match.status == "accepted"
