"""What became of the rows of a batch, and how their lines say it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from contracts.forms import Opening
from ledger.core.types import Json, JsonObject, LeafIndex, SubjectKey
from ledger.errors import LedgerError, RejectedError
from node.duplicates import Duplicate, duplicate_json
from node.forms.shape import Finding
from node.issuing import Application

Status = Literal["valid", "filed", "done", "repeated", "invalid", "refused"]


@dataclass(slots=True)
class RowResult:
    """What became of one row.

    Args:
        row: From 1, the header not counted.
        line: Where it begins in the file, from 1.
        ref: The applicant's own reference.
        status: `filed` now, `done` in an earlier run, `repeated` from an earlier row, `invalid` as
            it stands, `refused` by a rule, `valid` where it was only checked.
        event, index: Of the filing, once it is in the log.
        asset, registration: What it opened.
        voucher: Number, where there is one.
        duplicates: Assets of the same content.
        findings: What has to be mended.
        error: Why a rule refused.
        application, openings: Filled in, and what a notice of it would open, where this run made
            them; not part of what is shown.
    """

    row: int
    ref: str
    status: Status
    line: int = 0
    event: str | None = None
    index: LeafIndex | None = None
    asset: SubjectKey | None = None
    registration: SubjectKey | None = None
    voucher: str | None = None
    duplicates: Sequence[Duplicate] = ()
    findings: Sequence[Finding] = ()
    error: LedgerError | None = None
    application: Application | None = field(default=None, repr=False)
    openings: Mapping[str, Opening] | None = field(default=None, repr=False)


def result_json(result: RowResult, say: Callable[[str, str], str]) -> JsonObject:
    """A row's result as its line says it.

    Args:
        result: Of the row.
        say: Chooses between English and Chinese.
    """
    error = result.error
    document: dict[str, Json] = {
        "row": result.row,
        "line": result.line,
        "ref": result.ref or None,
        "status": result.status,
        "event": result.event if result.index is not None else None,
        "index": result.index,
        "asset": result.asset if result.index is not None else None,
        "registration": result.registration if result.index is not None else None,
        "voucher": result.voucher,
        "duplicates": [duplicate_json(each) for each in result.duplicates] or None,
        "findings": [
            {"path": each.path, "message": say(each.en, each.zh)} for each in result.findings
        ]
        or None,
        "error": None if error is None else describe_refusal(error, say),
    }
    return {name: value for name, value in document.items() if value is not None}


def describe_refusal(error: LedgerError, say: Callable[[str, str], str]) -> JsonObject:
    """Why the rules refused a row."""
    if isinstance(error, RejectedError):
        return {"code": error.reason, "message": say(error.en, error.zh), "rule": error.rule}
    return {"code": error.code, "message": str(error)}
