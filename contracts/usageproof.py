"""The proof of one usage line: that a batch on the ledger holds it, verified offline.

```text
{"format":"muniment/usage-line/v1","line":{},"index":n,"path":[b64],"batch":{receipt}}
```

`line` is the line as `contracts.usagelines` describes it, in any spelling: what is hashed is its
canonical form. `index` counts from 0; `path` is its inclusion path in the tree of the batch, from
the leaf's sibling upwards; `batch` is the receipt of the `usage.batch` entry, whose body names root
and number of leaves.

Spec: our formats, section 7; RFC 9162 section 2.1.3.
"""

from dataclasses import dataclass
from typing import Final

from contracts.clocks import describe_instant
from contracts.records import parse_record
from contracts.usage import UsageBatch
from contracts.usagelines import UsageLine, batch_terms, find_contradiction, parse_usage_line
from contracts.verdict import (
    ASKED_DATE,
    KEY_OWNER,
    Question,
    Report,
    check_expectation,
    note_checkpoint,
    note_event_age,
)
from ledger.core.bundle import Receipt, format_receipt, parse_receipt, verify_receipt
from ledger.core.entry import Entry
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_TREE_LEVELS
from ledger.core.members import take_count, take_format, take_text
from ledger.core.merkle import verify_inclusion
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Policy
from ledger.core.text import DIGEST_BYTES, format_base64, parse_base64, parse_digest
from ledger.core.types import Digest, Json, JsonObject, LeafIndex, TreeSize
from ledger.errors import BundleError, MalformedError, RejectedError

USAGE_LINE: Final = "muniment/usage-line/v1"
KIND: Final = "usage-line"

LINE_TRUTH: Final = "what the line says"
"""Not checked: a line is the word of whoever recorded the batch."""
BATCH_SUM: Final = "sum of the batch"
"""Not checked: one line does not show how many there are, nor what they add up to."""


@dataclass(frozen=True, slots=True)
class UsageLineBundle:
    """One line with its proof, as read; nothing is verified.

    Args:
        line: The line.
        index: Claimed position in the batch, from 0.
        path: Siblings in the batch's tree, from the leaf's upwards, at most 63.
        batch: Receipt of the `usage.batch` entry.
    """

    line: UsageLine
    index: LeafIndex
    path: tuple[Digest, ...]
    batch: Receipt


def parse_usage_line_bundle(value: Json) -> UsageLineBundle:
    """Read the proof of one line.

    Args:
        value: From decode_bundle.

    Raises:
        MalformedError: A member is missing, extra or mistyped, or the line is none.
        LimitError: The receipt is too large.
    """
    names = {"line", "index", "path", "batch"}
    members = take_format(value, names, USAGE_LINE, "a proof of a usage line")
    try:
        line = parse_usage_line(members["line"])
    except RejectedError as exc:
        raise MalformedError(exc.en) from exc
    return UsageLineBundle(
        line=line,
        index=LeafIndex(take_count(members["index"], "an index")),
        path=_parse_path(members["path"]),
        batch=parse_receipt(members["batch"]),
    )


def format_usage_line_bundle(bundle: UsageLineBundle) -> JsonObject:
    """The proof of one line as it stands in files."""
    return {
        "format": USAGE_LINE,
        "line": bundle.line.members,
        "index": bundle.index,
        "path": [format_base64(digest) for digest in bundle.path],
        "batch": format_receipt(bundle.batch),
    }


def take_batch(receipt: Receipt) -> tuple[Entry, UsageBatch]:
    """The `usage.batch` entry that a receipt is of, and its body.

    Raises:
        BundleError: It is of something else.
        MalformedError: The body is none of a `usage.batch`.
    """
    entry = receipt.content
    if not isinstance(entry, Entry) or entry.signed.event.kind != UsageBatch.kind:
        raise BundleError("what batch proves is not a usage.batch")
    return entry, parse_record(UsageBatch, entry.signed.event.body)


def verify_usage_line(bundle: UsageLineBundle, batch: UsageBatch) -> None:
    """Check that a line is one of a batch's.

    Args:
        bundle: As read; its receipt is not looked at.
        batch: Body of the `usage.batch` event that a verified receipt holds.

    Raises:
        InclusionError: The tree of the batch does not hold this line at this index.
        MalformedError: The batch names no root.

    Cost: one hash for each sibling.
    """
    verify_inclusion(
        leaf=hash_leaf(bundle.line.leaf),
        index=bundle.index,
        size=TreeSize(batch.lines),
        path=bundle.path,
        root=parse_digest(batch.root),
    )


def verify_agreement(bundle: UsageLineBundle, batch: UsageBatch) -> None:
    """Check that a line and its batch do not contradict each other.

    Args:
        bundle: Its line is known to be one of the batch's.
        batch: Body of the `usage.batch` event.

    Raises:
        BundleError: They do.
    """
    line, event = bundle.line, take_batch(bundle.batch)[0].signed.event
    contradiction = find_contradiction(line, batch_terms(batch))
    facts = (
        (event.subjects == (batch.grant,), f"the batch is not about {batch.grant} alone"),
        (contradiction is None, (contradiction or ("", ""))[0]),
        (
            batch.start <= line.at < batch.end,
            f"the line is of {line.at}, the batch from {batch.start} to before {batch.end}",
        ),
        (
            # Every other line counts at least one.
            line.count + batch.lines - 1 <= batch.count,
            f"the line counts {line.count}, too many for {batch.lines} lines that count "
            f"{batch.count}",
        ),
    )
    for holds, sentence in facts:
        if not holds:
            raise BundleError(sentence)


def judge_usage_line(
    bundle: UsageLineBundle, policy: Policy, question: Question, report: Report
) -> None:
    """Verify the proof of one line; everything goes into the report.

    That the line is true, and that the batch has as many lines as it says and these add up to what
    it says, is not to be seen from one line and is named as not checked.

    Args:
        bundle: As read.
        policy: The verifier's own.
        question: What the verifier wants to know.
        report: Gets each check, what was not checked, and the verdict.

    Raises:
        VerificationError: A proof does not hold; the report says which.
        MalformedError: What the receipt holds is not a batch's body.
    """
    report.kind = KIND
    report.note_unchecked(KEY_OWNER, LINE_TRUTH, BATCH_SUM)
    if question.as_of is not None:
        report.note_unchecked(ASKED_DATE)
    entry, batch = take_batch(bundle.batch)
    report.subject = batch.grant
    check_expectation(report, question)
    opened = open_checkpoint(policy, bundle.batch.proof.checkpoint)
    note_checkpoint(report, opened, question)
    note_event_age(report, question)
    report.check(
        "usage batch", "the batch is in the log", lambda: verify_receipt(bundle.batch, opened)
    )
    detail = f"line {bundle.index + 1} of {batch.lines} is under the root of the batch"
    report.check("usage line", detail, lambda: verify_usage_line(bundle, batch))
    report.check(
        "agreement",
        "line and batch say the same",
        lambda: verify_agreement(bundle, batch),
    )
    report.is_authentic = report.is_in_force = True
    report.shown = _show(bundle.line, entry)


def _show(line: UsageLine, entry: Entry) -> list[tuple[str, str]]:
    return [
        ("actor", entry.signed.event.actor),
        ("action", line.action),
        ("count", str(line.count)),
        ("at", describe_instant(line.at)),
    ]


def _parse_path(value: Json) -> tuple[Digest, ...]:
    if not isinstance(value, list) or len(value) > MAX_TREE_LEVELS:
        raise MalformedError(f"a path is an array of at most {MAX_TREE_LEVELS} hashes")
    path = tuple(Digest(parse_base64(take_text(one))) for one in value)
    if any(len(digest) != DIGEST_BYTES for digest in path):
        raise MalformedError("a hash in a path has 32 bytes")
    return path
