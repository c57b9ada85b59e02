"""Fingerprints in the vault: made, found, forgotten; and what those who steal things learn of them."""

import hmac
import random
from base64 import urlsafe_b64decode
from contextlib import closing
from dataclasses import replace
from itertools import count
from statistics import mean

import pytest

from cli.subjects import find_keys
from contracts.registration import Withdraw
from ledger.core.subjects import commit
from ledger.core.types import SubjectKey
from ledger.errors import CorruptionError, ExistsError, MalformedError
from node.erasure import erase_openings
from node.fingerprinting import (
    FINGERPRINT,
    Fingerprinter,
    find_secret,
    keep_secret,
    name_record,
    need_secret,
    read_fingerprint,
    read_id,
    read_sketch,
)
from node.forgetting import doom_filing
from node.issuing import FORM, Application, Filing, read_openings
from node.nearduplicates import NEAR, read_near
from node.registry import open_registry
from node.sketchindex import SKETCH, forget_sketches
from node.vaultcheck import Place, check_vault
from tests.support.tables import Sample, make_sales, make_sensors, write_csv
from tracing.canon import encode_cell, encode_row, fold_cell
from tracing.fingerprint import fingerprint_file
from tracing.keys import TraceSecret, derive_hash_keys
from tracing.record import format_fingerprint
from tracing.sketch import fold_table, sketch_table
from tracing.tables import digest_rows, read_table

FIELD = "content.0"


@pytest.fixture
def registry(home, clock):
    with open_registry(home, None, is_writer=True, clock=clock) as opened:
        yield opened


@pytest.fixture
def vault(registry):
    with closing(registry.open_vault()) as opened:
        yield opened


class Desk:
    """Files tables in one home."""

    def __init__(self, registry, vault, folder):
        self.registry, self.vault, self.folder = registry, vault, folder
        self.numbers = count()

    def write(self, sample):
        return write_csv(self.folder / f"{next(self.numbers)}.csv", sample)

    def prepare(self, path):
        """A filing of a file, fingerprinted and not built yet."""
        form = Application(
            members={"title": "T", "summary": "S", "restrictions": "R"}, rights=("hold",),
            basis="self-generated", level="general-1", data_class="enterprise", years=1,
        )  # fmt: skip
        exact = fingerprint_file(path)
        filing = Filing(self.registry, self.vault, self.registry.ledger.operator, form, [exact])
        with closing(Fingerprinter(self.vault, self.registry.home)) as fingerprinter:
            filing.fingerprint(fingerprinter, [fingerprinter.measure(path, exact)])
        return filing

    def file(self, sample):
        """A table on the ledger: its asset, its registration, and what it was found near to."""
        filing = self.prepare(self.write(sample))
        near = {each.asset: each for each in filing.find_duplicates()}
        keys = find_keys(self.registry, self.registry.ledger.operator, 1)
        signed = filing.file(keys, publish_digests=False)
        self.registry.submit([signed], {})
        return *filing.keys(signed), near

    def search(self, path):
        exact = fingerprint_file(path)
        with closing(Fingerprinter(self.vault, self.registry.home)) as fingerprinter:
            return fingerprinter.search(fingerprinter.measure(path, exact))


@pytest.fixture
def desk(registry, vault, tmp_path):
    return Desk(registry, vault, tmp_path)


# What is made


def test_the_ledger_commits_to_the_record_that_the_vault_keeps(desk):
    asset, registration, _ = desk.file(make_sales(300))
    record = read_fingerprint(desk.vault, asset, FIELD)
    (opening,) = read_openings(desk.vault, registration, [FIELD])
    assert opening["value"]["fingerprint"] == {"form": "canon-1", "record": record.digest}
    made = commit(
        by=opening["by"], field=FIELD, log=opening["log"], salt=opening["salt"],
        value=opening["value"],
    )  # fmt: skip
    first = desk.registry.find_first(asset)[1].signed.event
    assert first.body["application"][FIELD] == made


def test_a_record_that_is_not_the_one_committed_to_is_told(desk):
    asset, _, _ = desk.file(make_sales(300))
    other, _, _ = desk.file(make_sensors(300))
    report = check_vault(desk.registry)
    assert (report.unnamed, report.is_whole) == ((), True)
    swapped = format_fingerprint(read_fingerprint(desk.vault, other, FIELD)) | {"asset": asset}
    desk.vault.add(FINGERPRINT, {name_record(asset, FIELD): swapped})
    report = check_vault(desk.registry)
    assert (report.unnamed, report.is_whole) == ((Place(asset, FIELD),), False)


@pytest.mark.parametrize("kind", [FINGERPRINT, SKETCH])
def test_a_record_that_the_vault_has_lost_is_told(desk, kind):
    asset, registration, _ = desk.file(make_sales(300))
    kept, _, _ = desk.file(make_sensors(300))
    assert check_vault(desk.registry).unprinted == ()
    desk.vault.erase(kind, name_record(asset, FIELD))
    report = check_vault(desk.registry)
    assert (report.unprinted, report.is_whole) == ((Place(asset, FIELD),), False)
    desk.vault.erase(kind, name_record(kept, FIELD))
    assert len(check_vault(desk.registry).unprinted) == 2
    desk.vault.erase(FORM, registration)  # as with a registrar, who is shown the opening alone
    assert check_vault(desk.registry).unprinted == (Place(kept, FIELD),)


def test_what_was_erased_is_missed_by_nobody(desk):
    _, registration, _ = desk.file(make_sales(300))
    keys = find_keys(desk.registry, desk.registry.ledger.operator, 1)
    event = desk.registry.build_event(
        desk.registry.ledger.operator, Withdraw(registration=registration)
    )
    desk.registry.submit([desk.registry.sign_event(event, keys)], {})
    erase_openings(desk.registry, registration, (), "request")
    assert check_vault(desk.registry).unprinted == ()


def test_the_record_follows_from_the_secret_the_file_and_the_asset(desk):
    """Whoever has the master secret and the file can make it again from nothing else."""
    sample = make_sales(300)
    asset, _, _ = desk.file(sample)
    table = read_table(desk.write(sample))
    keys = derive_hash_keys(need_secret(desk.vault).derive_asset_key(read_id(asset)))
    again = sketch_table(fold_table(table), digest_rows(table).digest, keys)
    assert again == read_fingerprint(desk.vault, asset, FIELD).content.table


def test_two_assets_of_the_same_table_share_no_hash_under_their_own_keys(desk):
    sample = make_sales(300)
    first, second = desk.file(sample)[0], desk.file(sample)[0]
    one, two = (read_fingerprint(desk.vault, each, FIELD).content for each in (first, second))
    for left, right in zip(one.sketches, two.sketches, strict=True):
        assert not split_hashes(left) & split_hashes(right)
    for mine, theirs in zip(one.table.columns, two.table.columns, strict=True):
        assert not split_cells(mine) & split_cells(theirs)


def split_cells(column):
    raw = column.cells.whole
    return {raw[at : at + 4] for at in range(0, len(raw), 4)} - {bytes(4)}


def split_hashes(sketch):
    return {sketch.hashes[at : at + 8] for at in range(0, len(sketch.hashes), 8)}


def test_a_part_of_it_is_found_near_it_and_both_ways(desk):
    sample = make_sales(400)
    first, _, near = desk.file(sample)
    assert near == {}
    second, _, near = desk.file(sample.take(range(0, 400, 4)))
    (found,) = near.values()
    assert (found.asset, found.match) == (first, "near")
    assert found.near.containment.of_new.estimate == 1
    assert found.near.containment.of_earlier.estimate == 0.25
    assert read_near(desk.vault, second).keys() == {first}
    back = read_near(desk.vault, first)[second].containment
    assert (back.of_new.estimate, back.of_earlier.estimate) == (0.25, 1)


def test_the_same_file_is_the_same_and_not_merely_near(desk):
    sample = make_sales(300)
    first, _, _ = desk.file(sample)
    _, _, near = desk.file(sample)
    assert near[first].match == "exact"
    assert near[first].near is None


def test_a_file_that_changed_meanwhile_is_refused(desk):
    path = desk.write(make_sales(30))
    exact = fingerprint_file(path)
    write_csv(path, make_sales(31))
    with (
        closing(Fingerprinter(desk.vault, desk.registry.home)) as fingerprinter,
        pytest.raises(MalformedError, match="changed"),
    ):
        fingerprinter.measure(path, exact)


def test_a_broken_table_is_taken_by_its_bytes_and_the_line_is_told(desk):
    path = desk.folder / "broken.csv"
    path.write_text("a,b\n1,2\n3\n")
    exact = fingerprint_file(path)
    with closing(Fingerprinter(desk.vault, desk.registry.home)) as fingerprinter:
        measured = fingerprinter.measure(path, exact)
    assert "3" in str(measured.fault)
    assert measured.parts.table is None
    assert len(measured.parts.chunks) == 1


# The master secret


def test_a_secret_is_made_once_and_never_replaced(vault):
    assert find_secret(vault) is None
    made = need_secret(vault)
    assert need_secret(vault).reveal() == made.reveal()
    assert not keep_secret(vault, made)
    with pytest.raises(ExistsError, match=made.check):
        keep_secret(vault, TraceSecret(bytes(32)))
    assert need_secret(vault).reveal() == made.reveal()


def test_of_two_made_at_the_same_moment_both_use_the_first(vault):
    vault.add("trace-secret", {"master": "A" * 43})
    vault.add("trace-secret", {"master": "E" * 43})
    assert need_secret(vault).reveal() == bytes(32)


def test_a_damaged_secret_is_not_replaced(vault):
    vault.add("trace-secret", {"master": "short"})
    with pytest.raises(CorruptionError):
        need_secret(vault)


# The index follows the vault


def test_a_lost_or_damaged_index_is_made_anew(desk, home):
    sample = make_sales(200)
    asset, _, _ = desk.file(sample)
    desk.search(desk.write(sample))
    for damage in (lambda path: path.unlink(), lambda path: path.write_bytes(b"x" * 5000)):
        damage(home / "trace.db")
        (found,) = desk.search(desk.write(sample.take(range(0, 200, 2))))
        assert found.record.asset == asset


def test_a_number_that_comes_again_is_another_record(desk):
    sample = make_sales(200)
    first, _, _ = desk.file(sample)
    desk.search(desk.write(sample))
    desk.vault.erase(SKETCH, name_record(first, FIELD))
    desk.file(make_sales(200, seed=9))
    assert desk.search(desk.write(sample)) == []


def test_an_erasure_takes_the_fingerprints_and_their_hashes_too(desk, home):
    asset, registration, _ = desk.file(make_sales(200))
    sketch = read_sketch(desk.vault, asset, FIELD).content.table.rows
    desk.file(make_sales(200).take(range(100)))
    raw = sketch.hashes[:8]
    assert any(raw in path.read_bytes() for path in home.glob("trace.db*"))
    settle(desk, registration)
    erase_openings(desk.registry, registration, [FIELD], "asked for")
    for kind in (FINGERPRINT, SKETCH):
        assert desk.vault.find(kind, name_record(asset, FIELD)) == []
    assert desk.vault.find(NEAR, asset) == []
    assert not [each for each in desk.vault.scan(NEAR) if asset in each.values()]
    with closing(desk.registry.open_vault()) as again:
        forget_sketches(again, desk.registry.home)
    assert desk.search(desk.write(make_sales(200).take(range(100, 200)))) == []


def settle(desk, registration):
    """Withdraw it, so that its form is needed no more."""
    registry = desk.registry
    body = Withdraw(registration=registration)
    keys = find_keys(registry, registry.ledger.operator, 1)
    event = registry.build_event(registry.ledger.operator, body)
    registry.submit([registry.sign_event(event, keys)], {})


def test_what_a_refused_filing_hid_goes_with_it(desk):
    filing = desk.prepare(desk.write(make_sales(50)))
    event = filing.build(publish_digests=False)
    for kind, records in filing.records(event).items():
        desk.vault.add(kind, records)
    assert [*desk.vault.scan(FINGERPRINT)]
    desk.vault.erase_all(doom_filing(event, []), {})
    for kind in (FINGERPRINT, SKETCH, NEAR):
        assert not [*desk.vault.scan(kind)]


# Dictionary attacks: a phone number has a known prefix and one of 10,000 ends

CANDIDATES = [f"1380013{number:04}" for number in range(10_000)]


DEVIATION = 2887  # of a rank drawn from 10,000


def hidden_table(trial):
    """A table of which the attacker knows all but one phone number, and that number."""
    chosen = random.Random(trial)
    phone = chosen.choice(CANDIDATES)
    names = ("phone", "plan")
    return Sample(
        names, [("13900000000", "basic"), (phone, "gold"), ("13911111111", "plus")]
    ), phone


def guess(material, keys):
    """Rank all candidates by how well they explain some bytes; the best explained first.

    The attacker makes, for each candidate, all that a fingerprint would hold of its row, its cells
    and their pairs, and looks for it. Ties are broken by a draw, as a guess is.
    """
    names = ("phone", "plan")
    scores = {}
    for phone in CANDIDATES:
        made = [
            hmac.digest(keys.rows, encode_row(names, (fold_cell(phone), "gold")), "sha256")[:8],
            hmac.digest(keys.values, phone.encode(), "sha256")[:8],
            hmac.digest(keys.values, phone.encode(), "sha256")[:4],
            hmac.digest(keys.cells, encode_cell("phone", phone), "sha256")[:8],
        ]
        scores[phone] = sum(each in material for each in made)
    draw = random.SystemRandom()
    return sorted(CANDIDATES, key=lambda phone: (-scores[phone], draw.random()))


def runs(raw):
    """All runs of eight and of four bytes in some bytes."""
    return {raw[at : at + size] for size in (4, 8) for at in range(len(raw) - size + 1)}


def everything_public(registry):
    """The ledger, each base64 text in it decoded too, and the openings that a notice publishes."""
    leaves = b"".join(registry.read_leaves(0, registry.read_end().size))
    decoded = [
        urlsafe_b64decode(text + b"=" * (-len(text) % 4))
        for text in leaves.replace(b'"', b" ").replace(b":", b" ").split()
        if len(text) in {22, 43, 86} and b"," not in text and b"{" not in text
    ]
    return runs(leaves + b"".join(decoded))


def known_keys(registry, asset):
    """Keys that somebody without any secret might try."""
    return [bytes(32), registry.origin.encode().ljust(32, b"\0")[:32], read_id(asset) * 2]


def ranks(material, phone, keys):
    return [guess(material, derive_hash_keys(key)).index(phone) for key in keys]


@pytest.mark.slow
def test_the_ledger_gives_no_better_guess_at_a_phone_number_than_none(desk):
    """The mean rank of the right number is that of a draw, four standard errors allowed for."""
    found = []
    for trial in range(3):
        sample, phone = hidden_table(trial)
        asset, _, _ = desk.file(sample)
        material = everything_public(desk.registry)
        right = need_secret(desk.vault).derive_asset_key(read_id(asset))
        found += ranks(material, phone, [*known_keys(desk.registry, asset), right])
    assert mean(found) > 5000 - 4 * DEVIATION / len(found) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("stolen", ["record", "sample", "index"])
def test_a_stolen_fingerprint_gives_no_better_guess_without_its_key_and_all_with_it(
    desk, home, stolen
):
    """The counter-test: the same attack with the key in hand names the number at once."""
    found = []
    for trial in range(3):
        sample, phone = hidden_table(trial)
        asset, _, _ = desk.file(sample)
        secret = need_secret(desk.vault)
        if stolen in {"record", "sample"}:
            content = read_fingerprint(desk.vault, asset, FIELD).content
            sketches = content.sketches if stolen == "record" else ()
            material = runs(b"".join(each.hashes for each in sketches))
            material |= runs(b"".join(raw for each in content.table.columns
                                      for raw in (each.cells.whole, each.cells.digits)))  # fmt: skip
            key = secret.derive_asset_key(read_id(asset))
        else:
            desk.search(desk.write(sample))
            material = runs(b"".join(path.read_bytes() for path in home.glob("trace.db*")))
            key = secret.derive_index_key()
        found += ranks(material, phone, known_keys(desk.registry, asset))
        with_key = guess(material, derive_hash_keys(key)).index(phone)
        assert with_key <= (trial if stolen == "index" else 0), "an index holds earlier ones too"
    assert mean(found) > 5000 - 4 * DEVIATION / len(found) ** 0.5


# Near-twins


def test_of_many_tables_of_one_schema_the_right_one_is_first_whatever_was_done(desk):
    """The same stations and hours in each: only what was measured tells them apart."""
    tables = [make_sensors(120, seed) for seed in range(12)]
    with closing(Fingerprinter(desk.vault, desk.registry.home)) as fingerprinter:
        for number, table in enumerate(tables):
            path = desk.write(table)
            measured = fingerprinter.measure(path, fingerprint_file(path))
            asset = SubjectKey(f"asset/{number:026}")
            made = fingerprinter.sketch(asset, FIELD, measured)
            desk.vault.add(SKETCH, {name_record(asset, FIELD): format_fingerprint(made)})
    own, names = tables[7], [f"c{place}" for place in range(9)]
    rounded = [(*row[:2], *(f"{float(cell):.1e}" for cell in row[2:])) for row in own.rows]
    for made in (own.rename(names), replace(own, rows=rounded)):
        found = desk.search(desk.write(made))
        assert found[0].record.asset == f"asset/{7:026}"
    assert desk.search(desk.write(make_sensors(120, 99))) == []
