"""Many applications from one file, each filed once, however often the run dies and begins again.

What makes a row itself is what it says and the digests of its files. Before anything is filed, the
event of each row goes into the vault under that identity, after the openings that it commits to; a
run that finds a row there submits that very event, which the log takes once and then only names.
So the log and the vault are the journal, and the file of results follows from them:

```text
row ──► checked ──► known to the vault? ──► its event, again ──────┐
                         │ no                                       ├──► log: written, or there
                         └► openings ──► vault ──► event ──► vault ─┘
```

An event that the log did not take while it was valid never enters it: only then a row gets a new
one. Signatures are no part of an event's name and are made anew each time.

What a row's content is near to is looked for among the rows filed before its chunk; rows of the
same content find each other within a chunk too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Final, TypeVar

from contracts.title import Asset
from ledger.core.canonical import digest_json
from ledger.core.event import Event, encode_event
from ledger.core.subjects import derive_id
from ledger.core.types import LeafIndex, SubjectKey
from ledger.errors import InputError, UnavailableError
from ledger.keys import SigningKey
from ledger.sequencer import Accepted, Outcome, Submission
from ledger.vault import Doomed, Vault
from node.batchfile import BatchFile, BatchRow
from node.batchresult import RowResult
from node.duplicates import Duplicate
from node.fingerprinting import Fingerprinter
from node.forgetting import doom_filing
from node.forms.annexes import FORMS
from node.forms.checking import check_form
from node.forms.filling import Filled, fill_initial
from node.forms.resolving import Resolver
from node.forms.shape import Finding
from node.issuing import (
    BATCH,
    REF,
    Filing,
    Records,
    keep_records,
    read_row_event,
)
from node.registryapi import RegistryApi
from node.room import explain_excess, find_excess
from tracing.extra import has_extra
from tracing.fingerprint import Fingerprint

CHUNK: Final = 500
"""Rows whose secrets go into the vault together, and whose events into one block."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a batch is filed.

    Args:
        filer: For all rows; None: each row's applicant.
        keys: Of a party, if they are here.
        publishes_digests: Claim the files' digests in the clear.
    """

    filer: SubjectKey | None
    keys: Callable[[SubjectKey], Sequence[SigningKey]]
    publishes_digests: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    """A row that can be filed: its event, and what the vault has to keep before."""

    result: RowResult
    ready: "_Ready"
    event: Event
    records: Records = field(repr=False)


class Batch:
    """The rows of a file on their way into the log.

    Args:
        registry: Opened for writing, unless rows are only checked.
        vault: Of the same home.
        file: The rows.
        terms: How they are filed.
    """

    def __init__(self, registry: RegistryApi, vault: Vault, file: BatchFile, terms: Terms) -> None:
        self._registry = registry
        self._vault = vault
        self._file = file
        self._terms = terms
        self._ledger = registry.ledger
        self._resolver = Resolver(registry, file.path.parent, is_confined=True)
        self._keys: dict[SubjectKey, Sequence[SigningKey]] = {}
        self._seen: dict[str, int] = {}
        self._content: dict[str, SubjectKey] = {}
        self._fingerprinter: Fingerprinter | None = None
        self._has_discarded = False

    def check(self) -> Iterator[RowResult]:
        """Every row, held against the form and the ledger's parties; nothing is filed."""
        for row in self._file.rows():
            prepared = self._prepare(row)
            yield prepared if isinstance(prepared, RowResult) else prepared.result

    def file(self) -> Iterator[list[RowResult]]:
        """File the rows, a chunk at a time; what is yielded is durable.

        Raises:
            StoreFailedError: A write failed; running again goes on where this run ended.
            UnavailableError: The clock is not to be trusted, or another process is writing.
        """
        if not has_extra():
            yield from self._file_chunks()
        else:
            with closing(Fingerprinter(self._vault, self._registry.home)) as self._fingerprinter:
                yield from self._file_chunks()
        if self._has_discarded:
            with suppress(UnavailableError):  # it is deleted; the next erasure cleans up
                self._vault.forget()

    def _file_chunks(self) -> Iterator[list[RowResult]]:
        for rows in _chunks(self._file.rows(), CHUNK):
            yield self._file_chunk(rows)
            if self._fingerprinter is not None:
                self._fingerprinter.refresh()

    def _file_chunk(self, rows: Sequence[BatchRow]) -> list[RowResult]:
        prepared = [self._prepare(row) for row in rows]
        ready = [each for each in prepared if isinstance(each, _Ready)]
        plans = [self._plan(each) for each in ready]
        keep_records(self._vault, [plan.records for plan in plans])
        waiting = [plan for plan in plans if plan.result.index is None]
        submissions = [
            Submission(self._registry.sign_event(plan.event, self._find_keys(plan.event.actor)))
            for plan in waiting
        ]
        outcomes = self._registry.submit_each(submissions) if submissions else ()
        for plan, outcome in zip(waiting, outcomes, strict=True):
            _settle(plan.result, outcome)
        self._discard([plan for plan in waiting if plan.result.status == "refused"])
        return [each.result if isinstance(each, _Ready) else each for each in prepared]

    def _discard(self, plans: Sequence[_Plan]) -> None:
        """Destroy what the vault keeps of rows that were refused: the ledger names none of it."""
        doomed = list[Doomed]()
        for plan in plans:
            digests = [each.digest for each in plan.ready.files]
            doomed += doom_filing(plan.event, digests, plan.ready.identity)
        if doomed:
            self._vault.discard(doomed)
            self._has_discarded = True

    def _prepare(self, row: BatchRow) -> "_Ready | RowResult":
        """The row as an application, or what is wrong with it."""
        result = RowResult(row.number, row.ref, "invalid", line=row.line)
        if row.fault is not None:
            result.findings = (Finding("", *row.fault),)
            return result
        is_solo = self._ledger.profile.is_solo
        form, findings = check_form(row.form, FORMS["initial"], is_lenient=is_solo)
        self._resolver.begin()
        filled = files = None
        if not findings:
            filled = fill_initial(form, self._resolver, self._ledger, self._terms.filer)
            files = self._read_files(filled) if filled is not None else []
            findings = self._resolver.findings
        if filled is None or not files or findings:
            result.findings = tuple(findings)
            return result
        identity = digest_json(
            {
                "filer": filled.filer,
                "files": self._resolver.digests,
                "form": form,
                "ref": row.ref,
                "v": 1,
            }
        )
        first = self._seen.setdefault(identity, row.number)
        if first != row.number:
            result.status = "repeated"
            result.findings = (
                Finding(
                    "",
                    f"is the same as row {first}: give it another ref to file it once more",
                    f"与第 {first} 行相同：如确需再次申请，请填写不同的 ref",
                ),
            )
            return result
        result.status = "valid"
        result.application = filled.application
        return _Ready(result, identity, filled, files)

    def _read_files(self, filled: Filled) -> list[Fingerprint]:
        """The fingerprints of the row's files; a finding if there is none, or no single filer."""
        resolver = self._resolver
        if not filled.files:
            resolver.say("file", "is missing: name the row's file", "未填写：请填写该行的数据文件")
        if len(filled.parties) > 1:
            resolver.say(
                "applicants",
                "are several: file joint applications one by one, with --form",
                "有多个申请人：共同申请请用 --form 逐件提交",
            )
        try:
            self._find_keys(filled.filer)
        except InputError as exc:
            resolver.say("applicants", str(exc), str(exc))
        application, count = filled.application, len(filled.files)
        published = count if self._terms.publishes_digests else 0
        excess = find_excess(application.members, application.named, count, published)
        if excess:
            resolver.say("file", *explain_excess(excess))
        found = [
            resolver.read_file("file" if len(filled.files) == 1 else f"file.{place}", name)
            for place, name in enumerate(filled.files, 1)
        ]
        return [each for each in found if each is not None]

    def _plan(self, ready: "_Ready") -> _Plan:
        """The event of a row: the one that the vault has, if the log could still take it."""
        result, name = ready.result, ready.identity
        known = self._find_event(name)
        if known is not None:
            event, index = known
            _name(result, event, encode_event(event))
            if index is not None:
                result.index, result.status = index, "done"
                result.voucher = self._find_voucher(result)
            return _Plan(result, ready, event, {})
        filing = Filing(
            self._registry,
            self._vault,
            ready.filled.filer,
            ready.filled.application,
            ready.files,
            ready.filled.parties,
        )
        if self._fingerprinter is not None:
            measured = [
                self._fingerprinter.measure(self._file.path.parent / name, file)
                for name, file in zip(ready.filled.files, ready.files, strict=True)
            ]
            filing.fingerprint(self._fingerprinter, measured)
        result.duplicates = self._find_duplicates(filing, ready.files)
        result.openings = filing.openings()
        event = filing.build(publish_digests=self._terms.publishes_digests)
        raw = encode_event(event)
        _name(result, event, raw)
        for file in ready.files:
            self._content[file.digest] = _asset_of(event)
        records = {**filing.records(event), BATCH: {name: raw.decode()}}
        if result.ref and result.registration is not None:
            records[REF] = {result.registration: result.ref}
        return _Plan(result, ready, event, records)

    def _find_event(self, name: str) -> tuple[Event, LeafIndex | None] | None:
        """The event that a row has had, and where it is in the log.

        None if it has had none, or one that the log did not take while it could.
        """
        kept = self._vault.find(BATCH, name)
        if not kept:
            return None
        event = read_row_event(kept[-1])
        index = self._registry.find_event(sha256(encode_event(event)).hexdigest())
        earliest = max(self._registry.clock.now(), self._registry.read_end().time)
        return None if index is None and event.until < earliest else (event, index)

    def _find_duplicates(self, filing: Filing, files: Sequence[Fingerprint]) -> Sequence[Duplicate]:
        """Assets of the same content: on the ledger, or of an earlier row of this run."""
        found = {each.asset: each for each in filing.find_duplicates()}
        for file in files:
            asset = self._content.get(file.digest)
            if asset is not None:
                found.setdefault(asset, Duplicate(asset, None, "exact"))
        return list(found.values())

    def _find_voucher(self, result: RowResult) -> str | None:
        state = None if result.asset is None else self._registry.find_state(Asset, result.asset)
        return None if state is None else state.voucher

    def _find_keys(self, party: SubjectKey) -> Sequence[SigningKey]:
        if party not in self._keys:
            self._keys[party] = self._terms.keys(party)
        return self._keys[party]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A row that is in order.

    Args:
        result: To be filled in.
        identity: What makes the row itself, 64 hex digits.
        filled: Its application.
        files: Fingerprints of its files.
    """

    result: RowResult
    identity: str
    filled: Filled
    files: Sequence[Fingerprint]


def _settle(result: RowResult, outcome: Outcome) -> None:
    if isinstance(outcome, Accepted):
        result.index, result.status = outcome.index, "filed"
    else:
        result.error, result.status = outcome.error, "refused"


def _name(result: RowResult, event: Event, raw: bytes) -> None:
    result.event = sha256(raw).hexdigest()
    result.asset = _asset_of(event)
    result.registration = derive_id("registration", actor=event.actor, nonce=event.nonce)


def _asset_of(event: Event) -> SubjectKey:
    return derive_id("asset", actor=event.actor, nonce=event.nonce)


def _chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
