"""Making a marked copy: its key, columns and stream, and the source as a table.

Spec: design of tracing, section 3.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from os import urandom
from pathlib import Path
from typing import Final

from msgspec import UNSET

from contracts.chain import Grant
from contracts.delivery import Delivery
from contracts.forms import Commitment
from contracts.marking import Escrow, Marks, escrow_parties
from contracts.odrl import Disclosure
from ledger.core.draft import DraftOpening
from ledger.core.types import SubjectKey
from ledger.errors import InputError, MalformedError, NotFoundError
from ledger.keys import fresh_salt
from ledger.vault import Vault
from node.answers import StoredFacts
from node.copyrecords import DELIVERED, Marked, Marking
from node.escrow import MARKS_FIELD, find_opening, hash_sealed, seal_opening
from node.fingerprinting import need_secret, read_id
from node.granted import grantor_now
from node.registryapi import RegistryApi
from tracing.extra import need_extra
from tracing.fingerprint import Progress
from tracing.markdata import MarkColumn, MarkingKey, MarkTerms
from tracing.marking import TEXT_FORMS, Edits, apply_edits, edit_copy
from tracing.markopening import DeliveryMarks, format_marks, parse_marks
from tracing.marks import choose_columns, make_plan
from tracing.plan import Forecast, forecast
from tracing.streams import KEY_BYTES, STREAM_BYTES
from tracing.tables import Table, read_table

_TRIAL_KEY: Final = bytes(KEY_BYTES)
"""Under which a plan is worked out, the same each time; no copy is ever marked with it."""


@dataclass(frozen=True, slots=True)
class MarkedCopy:
    """A copy that is about to be written.

    Args:
        source: The file that it is made from.
        digest: SHA-256 of that file, 64 hex digits.
        table: What it holds.
        marks: Secrets of the delivery.
        edits: How the copy differs.
    """

    source: Path
    digest: str
    table: Table = field(repr=False)
    marks: DeliveryMarks
    edits: Edits = field(repr=False)

    def parts(self, progress: Progress) -> Iterator[bytes]:
        """The copy's bytes.

        Raises:
            MalformedError: The source changed meanwhile, or cannot be written back.
        """
        return apply_edits(self.source, self.table, self.edits, self.digest, progress)


def _read_table(source: Path, progress: Progress) -> Table:
    """A table that has rows.

    Raises:
        ExtraMissingError: The packages that tables need are not installed.
        MalformedError: It is no table, or has no rows.
        LimitError: It is too large.
    """
    need_extra()
    try:
        table = read_table(source, progress=progress)
    except InputError as exc:
        raise type(exc)(f"{exc}; deliver what is no table with --exact") from exc
    if not table.height:
        raise MalformedError(f"{source} has no rows to tell copies by: deliver it with --exact")
    return table


@dataclass(frozen=True, slots=True)
class MarkOrder:
    """For whom a copy is marked, and how strongly."""

    key: SubjectKey
    grant: Grant
    marking: Marking


def read_source(source: Path, place: Path, progress: Progress) -> Table:
    """The table that is to be marked.

    Args:
        source: Of it.
        place: Of the copy; what its name says has to be what will be in it.
        progress: Told how many bytes were read.

    Raises:
        ExtraMissingError: The packages that tables need are not installed.
        MalformedError: It is no table that can be marked, or the copy would be of another form.
        LimitError: It is too large.
    """
    table = _read_table(source, progress)
    if table.form not in TEXT_FORMS and place.suffix.lower() != ".csv":
        raise MalformedError(
            f"the marked copy of a {table.form.upper()} file is a CSV file: name it with --out "
            "NAME.csv, or deliver the file as it is with --exact"
        )
    return table


def mark_source(
    registry: RegistryApi,
    order: MarkOrder,
    source: tuple[Path, str, Table],
) -> tuple[MarkedCopy, Marked]:
    """Fresh marks for one delivery, and the copy that they make.

    Args:
        registry: Of this home.
        order: For whom, and how strongly.
        source: The file, its SHA-256 in hex and the table in it.

    Raises:
        MalformedError: Nothing would be left of the table.
    """
    file, digest, table = source
    grant, sender = order.grant, grantor_now(registry, order.grant)
    maker = order.marking.maker
    strength = order.marking.strength
    marks = begin_marks(registry, grant.asset, maker or sender, strength, digest, table)
    copy = prepare_copy(file, digest, table, marks)
    opening = commit_marks(registry, sender, marks)
    body = Marks(
        withheld=strength.withheld,
        rows_per_mark=strength.rows_per_mark,
        key=Commitment(digest=opening.commitment()),
        rows=copy.edits.rows,
        canaries=strength.invented or UNSET,
        marked_by=maker or UNSET,
    )
    made = Marked(body, opening, digest, table.height, len(copy.edits.changes))
    return copy, _deposit(registry, order, made)


def _deposit(registry: RegistryApi, order: MarkOrder, made: Marked) -> Marked:
    """Seal the marking key of a copy that is handed on to who licensed its sender."""
    parties = escrow_parties(StoredFacts(registry.prover()), order.grant)
    if order.grant.parent is None or not parties:
        return made
    keeper = parties[0]
    sealed = seal_opening(registry, (order.key, order.grant.asset), keeper, made.opening)
    return replace(made, escrow=Escrow(party=keeper, digest=hash_sealed(sealed)), sealed=sealed)


def forecast_copy(source: Path, strength: Disclosure, progress: Progress) -> Forecast:
    """What marks of this strength would be worth and cost; nothing is written or kept.

    Args:
        source: The file.
        strength: Of the marks.
        progress: Told how many bytes were read.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is no table that can be marked.
        LimitError: It is too large.
    """
    table = _read_table(source, progress)
    terms = terms_of(strength)
    columns = choose_columns(table) if terms.rows_per_mark else ()
    key = MarkingKey(_TRIAL_KEY)
    return forecast(table, terms, columns, make_plan(table, key, terms, columns))


def remake_copy(
    registry: RegistryApi, key: SubjectKey, source: tuple[Path, str, Table]
) -> MarkedCopy:
    """The copy of a delivery once more, from what the vault keeps of its marks.

    Args:
        registry: Of the home that delivered it.
        key: The delivery.
        source: The file, its SHA-256 in hex and the table in it.

    Raises:
        NotFoundError: This vault does not have its marks.
        MalformedError: They are the marks of another table.
    """
    with closing(registry.open_vault()) as vault:
        opening = find_opening(vault, key)
    if opening is None:
        raise NotFoundError(
            f"this home has no marks of {key}: finish it in the home that delivered it, or deliver "
            "anew"
        )
    return prepare_copy(*source, parse_marks(opening.value))


def begin_marks(
    registry: RegistryApi,
    asset: SubjectKey,
    maker: SubjectKey,
    strength: Disclosure,
    digest: str,
    table: Table,
) -> DeliveryMarks:
    """The maker's key for this asset, and a stream for one delivery.

    Args:
        registry: Of this home.
        asset: Whose copy it is.
        maker: Who marks it.
        strength: How strongly.
        digest: SHA-256 of the source, 64 hex digits.
        table: What it holds.
    """
    with closing(registry.open_vault()) as vault:
        key = MarkingKey(need_secret(vault).derive_marking_key(_key_id(asset, maker)))
        columns: tuple[MarkColumn, ...] | None = ()
        if strength.rows_per_mark:
            columns = _find_columns(registry, vault, asset, key, digest)
    found = choose_columns(table) if columns is None else columns
    return DeliveryMarks(key, urandom(STREAM_BYTES), terms_of(strength), found)


def terms_of(strength: Disclosure) -> MarkTerms:
    """Marks as strong as terms allow."""
    return MarkTerms(strength.withheld, strength.rows_per_mark, strength.invented)


def commit_marks(registry: RegistryApi, sender: SubjectKey, marks: DeliveryMarks) -> DraftOpening:
    """What the sender commits to, with a fresh salt."""
    value = format_marks(marks)
    return DraftOpening(sender, MARKS_FIELD, registry.origin, fresh_salt(), value)


def prepare_copy(source: Path, digest: str, table: Table, marks: DeliveryMarks) -> MarkedCopy:
    """How one delivery's copy differs from its source; always the same for the same marks.

    Raises:
        MalformedError: They are the marks of another table, leave nothing of this one, or it has
            no room for invented rows.
    """
    edits = edit_copy(table, marks)
    if not edits.kept:
        raise MalformedError(
            f"all {table.height} rows would be withheld: withhold fewer, or deliver with --exact"
        )
    return MarkedCopy(source, digest, table, marks, edits)


def _key_id(asset: SubjectKey, maker: SubjectKey) -> bytes:
    """16 bytes for one asset and one maker: two parties of a home never mark with one key."""
    return sha256(read_id(asset) + maker.encode()).digest()[:16]


def _find_columns(
    registry: RegistryApi, vault: Vault, asset: SubjectKey, key: MarkingKey, digest: str
) -> tuple[MarkColumn, ...] | None:
    """The columns of an earlier delivery from the same source: all of them share one plan."""
    for record in vault.find(DELIVERED, asset):
        if not isinstance(record, dict) or record.get("source") != digest:
            continue
        delivery = SubjectKey(str(record.get("delivery")))
        opening = find_opening(vault, delivery)
        if opening is None or registry.find_state(Delivery, delivery) is None:
            continue
        marks = parse_marks(opening.value)
        if marks.key == key and marks.terms.rows_per_mark:
            return marks.columns
    return None
