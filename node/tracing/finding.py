"""What a trace of a suspect file found, as data: what reports are written from and cases are about.

A finding says which registered asset a file derives from, from which delivery of it, and whether
the ledger knows of a permission. Numbers are integers: shares are parts of 10,000, and a chance is
its common logarithm in thousandths, rounded up, so that -6000 is one in a million.

Spec: tracing, sections 2 to 4; our formats, section 7, "case".
"""

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta

from contracts.chain import GrantKey
from contracts.delivery import DeliveryKey
from contracts.identity import HexDigest, PartyKey
from contracts.records import Record, parse_record, whole
from contracts.title import AssetKey
from ledger.core.types import Json, SubjectKey

FINDING: Final = "muniment/finding/v1"
FINDING_FILE: Final = "finding.json"
SIGNATURE_FILE: Final = "signature.json"
REPORT_FILES: Final = {"en": "report.en.html", "zh-CN": "report.zh-cn.html"}
"""Where the report lies in a case, by language; paths of a pack are in lower case."""
WORDS: Final = 1
"""How this program words reports: whoever changes a byte of one counts this up."""
MAX_WORDS: Final = 1_000_000
METHOD: Final = "score/1"
"""How chances are worked out (docs/tracing-method.md): with other hypotheses, another version."""
ACTION: Final = "distribute"
"""The act that a leak is: handing a copy on to others."""

MAX_EARLIER: Final = 9
"""Files of earlier history in a case."""
MAX_CANDIDATES: Final = 3_000
"""Deliveries that a finding lists; of more, those that score best."""
PARTS: Final = 10_000
"""A share of the whole is so many parts."""

Instant: TypeAlias = Annotated[int, Meta(ge=0, le=253_402_214_400_000)]
"""Unix milliseconds before the last day of the year 9999."""
Count: TypeAlias = Annotated[int, Meta(ge=0)]
Share: TypeAlias = Annotated[int, Meta(ge=0, le=PARTS)]
Chance: TypeAlias = Annotated[int, Meta(ge=-1_000_000_000, le=0)]
"""Common logarithm of a chance, in thousandths, rounded up."""
Bound: TypeAlias = Annotated[int, Meta(ge=-300_000, le=-1_000)]
"""A chance of naming anybody wrongly; beyond one in ten a name would say nothing."""
Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500)]
Word: TypeAlias = Annotated[str, whole("[a-z0-9][a-z0-9/-]{0,39}")]

Rung: TypeAlias = Literal["exact", "table", "rows", "shingles", "chunks", "words", "alignment"]
"""Steps of the ladder, from the surest to the widest."""
Outcome: TypeAlias = Literal["named", "none", "not-scored"]
Why: TypeAlias = Literal[
    "no-asset",
    "no-table",
    "no-deliveries",
    "no-marks",
    "no-key",
    "no-original",
    "no-rows",
    "too-weak",
    "",
]
Verdict: TypeAlias = Literal["permitted", "prohibited", "not covered"]


class Place(Record, frozen=True, kw_only=True):
    """Which block of which ledger the proofs are of."""

    origin: Annotated[str, Meta(max_length=128)]
    size: Count
    time: Instant


class SuspectFile(Record, frozen=True, kw_only=True):
    """The file that was traced.

    Args:
        digest: SHA-256 of its bytes.
        size: In bytes.
        form: `csv`, `tsv`, `jsonl`, `xlsx`, `parquet`; `file` if it is no table.
        rows: Of the table; None: it is none.
        columns: Of the table; likewise.
    """

    digest: HexDigest
    size: Count
    form: Word
    rows: Count | None = None
    columns: Count | None = None


class Custody(Record, frozen=True, kw_only=True):
    """How the file came to whoever had it traced, in their own words; nothing of it is proved.

    Args:
        by: Who found it.
        at: When, Unix milliseconds.
        where: Place or address.
        how: How it was obtained and kept.
        notary: Number of the notary's deed over it.
    """

    by: Text | None = None
    at: Instant | None = None
    where: Text | None = None
    how: Text | None = None
    notary: Text | None = None

    @property
    def is_stated(self) -> bool:
        """Whether who, when, where and how are all said."""
        return None not in {self.by, self.at, self.where, self.how}


class Overlap(Record, frozen=True, kw_only=True):
    """How much of a file and of a registered asset lie in each other.

    Args:
        asset: The asset.
        by: The rung that says so.
        of_suspect: Share of the suspect's rows that are the asset's, with the interval that holds
            the true share in 95 of 100 cases.
        of_asset: Share of the asset's rows that are the suspect's, likewise.
    """

    asset: AssetKey
    by: Rung
    of_suspect: tuple[Share, Share, Share]
    of_asset: tuple[Share, Share, Share]


class Step(Record, frozen=True, kw_only=True):
    """A rung of the ladder: what came of it."""

    rung: Rung
    outcome: Literal["match", "no-match", "not-tested"]


class Derivation(Record, frozen=True, kw_only=True):
    """From which registered asset a file derives.

    Args:
        asset: Which; None: none that is known here.
        record: Digest of the fingerprint record that was committed to at registration; None: the
            asset was registered with its exact digest alone.
        overlaps: Assets with something in common, the likeliest first.
        steps: What was tried, in order.
    """

    asset: AssetKey | None
    record: HexDigest | None
    overlaps: Annotated[tuple[Overlap, ...], Meta(max_length=20)]
    steps: Annotated[tuple[Step, ...], Meta(max_length=12)]


class Candidate(Record, frozen=True, kw_only=True):
    """A delivery of the asset, with what its marks say of the file.

    Args:
        delivery: Its key.
        grant: Under which.
        sender: Who delivered.
        recipient: To whom.
        index: Log index of the `delivery.send`.
        time: Its ledger time.
        received: When the recipient countersigned; None: not yet.
        is_marked: The delivery commits to a marking key.
        marked_by: Third party that made the marks; None: the sender.
        invented: Rows that were invented for the recipient, as the log says.
        source: Delivery by which the sender had got its copy; None: the registered file.
        chance: That an innocent delivery scores so; None: it was not scored.
        pattern: The assumption under which it scored best.
        made_from: The deliveries of whose copies it was scored as made from, several where that is
            not known; null for what the file was compared with. Empty: it was not scored.
        invented_found: How many of its invented rows are in the file; None: that says nothing.
    """

    delivery: DeliveryKey
    grant: GrantKey
    sender: PartyKey
    recipient: PartyKey
    index: Count
    time: Instant
    received: Instant | None
    is_marked: bool
    marked_by: PartyKey | None
    source: DeliveryKey | None
    chance: Chance | None = None
    pattern: Word | None = None
    made_from: Annotated[tuple[DeliveryKey | None, ...], Meta(max_length=MAX_CANDIDATES)] = ()
    invented: Count = 0
    invented_found: Count | None = None


class Attribution(Record, frozen=True, kw_only=True):
    """From which delivery the file came, as far as that can be said.

    Args:
        outcome: `named`, `none` (no delivery can be named) or `not-scored`.
        why: Why no delivery is named; empty if one is.
        method: How chances are worked out; another version may give others.
        bound: Chance, over all deliveries together, of naming an innocent one; at most 0.1.
        threshold: A delivery is named at this chance or below: the bound shared among all scored.
        scored: Deliveries that were scored.
        rows: Rows of the file that were found in the original.
        marks: Marked cells among them.
        against: The delivery with whose copy the file was compared; None: with the original.
        is_whole: The candidates are all deliveries of the asset, and the case proves that.
        earlier: Files of the asset's history before its newest 1,000 events.
        candidates: In the order of the log.
        cleared: Deliveries that score below the threshold only because the file came through them:
            an onward delivery is named instead.
    """

    outcome: Outcome
    why: Why
    method: Word
    bound: Bound
    threshold: Chance
    scored: Count
    rows: Count
    marks: Count
    against: DeliveryKey | None
    is_whole: bool
    earlier: Annotated[int, Meta(ge=0, le=MAX_EARLIER)]
    candidates: Annotated[tuple[Candidate, ...], Meta(max_length=MAX_CANDIDATES)]
    cleared: tuple[DeliveryKey, ...]


class Clause(Record, frozen=True, kw_only=True):
    """The words that a verdict rests on."""

    code: Annotated[str, Meta(max_length=64)]
    subject: Annotated[str, Meta(max_length=140)]
    path: Annotated[str, Meta(max_length=200)]
    en: Annotated[str, Meta(max_length=2_000)]
    zh: Annotated[str, Meta(max_length=2_000)]


class Named(Record, frozen=True, kw_only=True):
    """A delivery that the file came from, and whether its recipient might hand it on.

    Args:
        delivery: Its key.
        onward: Later deliveries that came down from it, in the order of the log.
        unscored: Those of them whose marking keys were not at hand. If there are any, the file came
            from this delivery or from one of them, and nobody can say which.
        verdict: Whether the recipient might distribute the data at the date of the act.
        is_spent: The permission is for a number of acts, and so many are recorded by now.
        clause: Why.
    """

    delivery: DeliveryKey
    onward: tuple[DeliveryKey, ...]
    unscored: tuple[DeliveryKey, ...]
    verdict: Verdict
    is_spent: bool
    clause: Clause


class Act(Record, frozen=True, kw_only=True):
    """The act that is judged.

    Args:
        at: Its date, Unix milliseconds.
        source: Where the date comes from: said so, when the file was found, or the day of the
            trace.
    """

    at: Instant
    source: Literal["stated", "found", "traced"]


class PartyName(Record, frozen=True, kw_only=True):
    """A party's public name, as its state has it."""

    party: PartyKey
    name: Annotated[str, Meta(max_length=400)]


class Finding(Record, frozen=True, kw_only=True):
    """What a trace found.

    Args:
        format: Always FINDING.
        version: Of the program.
        words: Of its reports: the same finding and version of words give the same reports.
        made_at: When, by the machine's clock.
        log: Where the proofs stand.
        viewer: Whose marking keys were used; None: nobody's.
        signer: Who signs the case; None: nobody.
        title: Of the asset, as published; None: it is not, or there is no asset.
        voucher: Number of its voucher, the live one or the newest; None: it has none.
        is_opened: The case opens the commitment to the registered content.
        suspect: The file.
        custody: How it was come by.
        derivation: From which asset.
        attribution: From which delivery.
        act: What is judged.
        named: The deliveries that the file came from, in the order of the log.
        names: Of the parties that the report speaks of, as far as they are public.
    """

    format: Literal["muniment/finding/v1"]
    version: Annotated[str, Meta(max_length=64)]
    words: Annotated[int, Meta(ge=1, le=MAX_WORDS)]
    made_at: Instant
    log: Place
    viewer: PartyKey | None
    signer: PartyKey | None
    title: Annotated[str, Meta(max_length=200)] | None
    voucher: Annotated[str, Meta(max_length=40)] | None
    is_opened: bool
    suspect: SuspectFile
    custody: Custody
    derivation: Derivation
    attribution: Attribution
    act: Act
    named: Annotated[tuple[Named, ...], Meta(max_length=MAX_CANDIDATES)]
    names: Annotated[tuple[PartyName, ...], Meta(max_length=200)]

    def name_of(self, party: str) -> str:
        """What a party is called; its key where it has no public name."""
        known = {each.party: each.name for each in self.names}
        return known.get(SubjectKey(party), party)

    def find(self, delivery: str) -> Candidate:
        """A candidate by its key.

        Raises:
            LookupError: It is none.
        """
        for each in self.attribution.candidates:
            if each.delivery == delivery:
                return each
        raise LookupError(f"{delivery} is no candidate")


def parse_finding(value: Json) -> Finding:
    """Read a finding; nothing is verified.

    Raises:
        MalformedError: Not a finding.
    """
    return parse_record(Finding, value)
