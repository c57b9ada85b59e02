"""A large suspect against many assets and deliveries: time, memory, and the case that is written.

The commands themselves are run and measured, each in a process of its own.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from os import urandom
from pathlib import Path

import numpy as np
from msgspec import UNSET

from contracts.delivery import Copy, Send
from contracts.forms import Commitment
from contracts.grant import Grant
from contracts.marking import Marks
from contracts.odrl import Disclosure
from ledger.core.event import SignedEvent
from ledger.core.subjects import derive_id
from ledger.core.types import SubjectKey
from ledger.keys import SigningKey, fresh_salt
from ledger.sequencer import Refused, Submission
from node.copyrecords import Marked as KeptMarks
from node.copyrecords import keep_copy
from node.fingerprinting import Fingerprinter
from node.marking import begin_marks, commit_marks
from node.registry import Registry, open_registry
from scripts.benchlib.measure import Row, at_most
from scripts.benchlib.resale.derivation import key_of, measure_table
from scripts.benchlib.resale.frames import settle_table, take_rows, write_delimited
from scripts.benchlib.resale.tables import load_table
from tracing.copies import FORM, MeasuredCopy
from tracing.fingerprint import fingerprint_file
from tracing.marking import apply_edits, edit_copy
from tracing.markopening import DeliveryMarks
from tracing.streams import STREAM_BYTES
from tracing.tables import Table, read_table

BLOCK_ROWS = 250
_ENTRY = """
import re, sys
from cli.main import run
try:
    run()
finally:
    with open("/proc/self/status") as file:
        print(re.search(r"VmHWM:\\s+(\\d+) kB", file.read())[1], file=sys.stderr)
"""
_STRENGTH = Disclosure(withheld=200, rows_per_mark=32)
_LOT = 250


@dataclass(frozen=True)
class Size:
    """How much there is.

    Args:
        table: That is leaked.
        suspect_rows: Of the suspect.
        assets: With fingerprints in the vault.
        deliveries: Of the leaked table, all marked.
    """

    table: str
    suspect_rows: int
    assets: int
    deliveries: int


@dataclass(frozen=True)
class Timed:
    """A command that was run.

    Args:
        document: What it said.
        seconds: It took.
        megabytes: Its largest resident set.
    """

    document: dict[str, object]
    seconds: float
    megabytes: float


def run_command(home: Path, *argv: object) -> Timed:
    """Run the program in a process of its own.

    Raises:
        RuntimeError: It failed.
    """
    command = [sys.executable, "-c", _ENTRY, "--home", home, "--json", *argv]
    begun = time.perf_counter()
    done = subprocess.run(list(map(str, command)), capture_output=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"{argv[0]}: {done.stdout[-500:]!r} {done.stderr[-2000:]!r}")
    peak = re.findall(rb"^(\d+)$", done.stderr, re.MULTILINE)
    return Timed(json.loads(done.stdout), seconds, int(peak[-1]) / 1024 if peak else 0.0)


class Site:
    """A registry with one table that was delivered often, and many other assets.

    Args:
        folder: For everything that is made.
        tables: Where tables are unpacked.
        size: How much there is.
    """

    def __init__(self, folder: Path, tables: Path, size: Size) -> None:
        self._tables, self._size = tables, size
        self.folder, self.home = folder, folder / "home"
        self.original = tables / f"{size.table}.csv"

    def found(self) -> tuple[SubjectKey, SubjectKey]:
        """Found the registry and register the table; the asset and the grant of its deliveries."""
        rights = ("--right", "hold", "--right", "use", "--right", "operate")
        self._run("init", "--solo", "--no-passphrase")
        for name in ("Holder Ltd", "Taker Ltd"):
            self._run("party", "enroll", name, "--no-passphrase")
        made = self._run(
            "register", self.original, "--title", "bench", *rights, "--as", "Holder Ltd"
        )
        terms = (
            "--to",
            "Taker Ltd",
            "--template",
            "no-resale",
            "--agreement",
            "--as",
            "Holder Ltd",
        )
        granted = self._run("grant", "issue", made["voucher"], *terms)
        return SubjectKey(str(made["asset"])), SubjectKey(str(granted["subject"]))

    def fill(self, asset: SubjectKey, grant: SubjectKey) -> tuple[str, Path]:
        """Make fingerprints and deliveries; the one that leaked, and its copy."""
        with open_registry(self.home, None, is_writer=True) as registry:
            self._add_assets(registry)
            return self._add_deliveries(registry, asset, grant)

    def _run(self, *argv: object) -> dict[str, object]:
        return run_command(self.home, *argv).document

    def _add_assets(self, registry: Registry) -> None:
        """Fingerprints of blocks of other tables: nothing of them is on the ledger."""
        numbered = zip(range(self._size.assets - 1), self._iterate_blocks(), strict=False)
        with (
            closing(registry.open_vault()) as vault,
            closing(Fingerprinter(vault, registry.home)) as fingerprinter,
        ):
            for number, block in numbered:
                name = f"block {number}"
                made = fingerprinter.make(key_of(name), "content.0", measure_table(block))
                for kind, records in made.list_records().items():
                    vault.add(kind, records)
            fingerprinter.refresh()

    def _iterate_blocks(self) -> Iterator[Table]:
        for name in ("movies", "diamonds", "countymurders", "labsup", "weather", "happiness"):
            table = load_table(name, self._tables)
            if table is None or name == self._size.table:
                continue
            for start in range(0, table.height - BLOCK_ROWS, BLOCK_ROWS):
                yield settle_table(take_rows(table, np.arange(start, start + BLOCK_ROWS)))

    def _add_deliveries(
        self, registry: Registry, asset: SubjectKey, grant: SubjectKey
    ) -> tuple[str, Path]:
        source = self.original
        table, digest = read_table(source), fingerprint_file(source).digest
        state = registry.need_state(Grant, grant)
        first = begin_marks(registry, asset, state.grantor, _STRENGTH, digest, table)
        key = registry.ring.load(_find_key(registry, state.grantor))
        leaked, path = "", self.folder / "copy.csv"
        events: list[SignedEvent] = []
        for number in range(self._size.deliveries):
            marks = replace(first, stream=urandom(STREAM_BYTES))
            event, name = self._prepare(registry, state, grant, marks, (key, digest, table.height))
            events.append(event)
            if number == self._size.deliveries // 2:
                leaked = name
                edits = edit_copy(table, marks)
                path.write_bytes(b"".join(apply_edits(source, table, edits, digest)))
            if len(events) == _LOT or number + 1 == self._size.deliveries:
                _write(registry, events)
                events = []
        return leaked, path

    def _prepare(
        self,
        registry: Registry,
        state: Grant,
        grant: SubjectKey,
        marks: DeliveryMarks,
        about: tuple[SigningKey, str, int],
    ) -> tuple[SignedEvent, str]:
        """A delivery's record; its copy is never written, its secrets are in the vault."""
        key, source, height = about
        opening = commit_marks(registry, state.grantor, marks)
        said = Marks(
            withheld=_STRENGTH.withheld,
            rows_per_mark=_STRENGTH.rows_per_mark,
            key=Commitment(digest=opening.commitment()),
            rows=height,
            marked_by=UNSET,
        )
        root = sha256(marks.stream).digest()
        copy = Copy(form=FORM, root=root.hex(), count=1)
        body = Send(grant=grant, asset=state.asset, recipient=state.grantee, copy=copy, marks=said)
        event = registry.build_event(state.grantor, body)
        delivery = derive_id("delivery", actor=event.actor, nonce=event.nonce)
        measured = MeasuredCopy(digest=root.hex(), size=1, root=root, count=1)
        kept = KeptMarks(said, opening, source, height, 0)
        keep_copy(registry, delivery, fresh_salt(), measured, (state.asset, kept))
        return registry.sign_event(event, [key]), delivery


def _find_key(registry: Registry, party: SubjectKey) -> str:
    from contracts.party import Party

    keys = registry.need_state(Party, party).current_keys(registry.clock.now())
    return next(entry.name for entry in registry.ring.list_entries() if entry.did in keys)


def _write(registry: Registry, events: list[SignedEvent]) -> None:
    for outcome in registry.submit_each(list(map(Submission, events))):
        if isinstance(outcome, Refused):
            raise outcome.error


def make_suspect(copy: Path, rows: int, out: Path) -> int:
    """So many rows of a copy, shuffled, as another file; how many there are."""
    table = read_table(copy)
    order = np.random.default_rng(3).permutation(table.height)[:rows]
    write_delimited(take_rows(table, order), out, delimiter="\t", encoding="utf-8-sig")
    return len(order)


def measure_speed(tables: Path, size: Size) -> list[Row]:
    """Trace a file and verify its case."""
    return list(_measure(tables, size))


def _measure(tables: Path, size: Size) -> Iterator[Row]:
    if load_table(size.table, tables) is None:
        return
    with tempfile.TemporaryDirectory() as made:
        site = Site(Path(made), tables, size)
        leaked, copy = site.fill(*site.found())
        suspect, case = Path(made, "suspect.tsv"), Path(made, "case.zip")
        rows = make_suspect(copy, size.suspect_rows, suspect)
        argv = ("trace", "file", suspect, "--original", site.original, "--case", case)
        traced = run_command(site.home, *argv, "--as", "Holder Ltd")
        named = [each["delivery"] for each in traced.document["named"]]  # type: ignore[attr-defined]
        meaning = (
            f"`trace file` of {rows:,} rows, {size.assets:,} assets, {size.deliveries:,} "
            "deliveries; a process of its own, the case written"
        )
        right = float(named == [leaked])
        yield Row("speed", "the right delivery named", right, "", None, meaning)
        yield Row("speed", "trace file", traced.seconds, "s", at_most(60), meaning)
        yield Row("speed", "trace file, memory", traced.megabytes, "MB", at_most(1000), meaning)
        size_mb = case.stat().st_size / 1e6
        yield Row("speed", "case file", size_mb, "MB", at_most(5), meaning)
        yield from _measure_verification(site, case)


def _measure_verification(site: Site, case: Path) -> Iterator[Row]:
    policy = site.home / "trust.policy"
    verified = run_command(site.folder / "nowhere", "verify", case, "--policy", policy)
    meaning = "`verify` of that case in a home that has nothing, with its policy alone"
    is_good = float(verified.document.get("authentic") is True)
    yield Row("speed", "case is authentic", is_good, "", None, meaning)
    yield Row("speed", "verify the case", verified.seconds, "s", at_most(1), meaning)
