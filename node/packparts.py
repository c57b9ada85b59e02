"""Sorts the files of a pack by what they are: proofs, packs, openings, the statement, texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.types import JsonObject
from ledger.errors import MalformedError
from node.judges import MAX_FILE_BYTES
from node.pack import is_pack
from node.statement import STATEMENT, STATEMENT_FILE, Statement, parse_statement
from node.statementtext import TEXT_FILES
from node.suspects import OPENING_FORMAT, parse_opening_file
from node.tracing.casehistory import HISTORY
from node.tracing.finding import (
    FINDING,
    FINDING_FILE,
    REPORT_FILES,
    SIGNATURE_FILE,
    Finding,
    parse_finding,
)
from node.tracing.signing import SIGNATURE, FindingSignature, parse_signature

_OURS: Final = "muniment/"
_JSON_SUFFIX: Final = ".json"


class _Peek(msgspec.Struct):
    """The member that says what a JSON file is; everything else is left alone."""

    format: str = ""


@dataclass(slots=True)
class Parts:
    """The files of a pack by what they are.

    Args:
        documents: Whatever has to be a proof, by path; read one at a time, so that memory holds
            one of them.
        forms: The formats that they name, not verified; empty if they name none.
        packs: Packs within the pack.
        texts: Files that prove nothing.
        stated: The statement's texts, by path; they have to say what it says.
        openings: Opening files: asset and openings.
        opening_paths: Where they lie.
        finding: What a case found, if it is one of a trace.
        found: The file that it was read from.
        earlier: Pages of an asset's history before the newest, by path; read with that.
        signature: Of that finding; None: nobody signed it.
        reports: The finding's reports, by path; they have to say what it says.
        statement: What the pack states, if it does.
    """

    documents: dict[str, bytes] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    packs: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    stated: dict[str, bytes] = field(default_factory=dict)
    openings: list[tuple[str, list[JsonObject]]] = field(default_factory=list)
    opening_paths: list[str] = field(default_factory=list)
    finding: Finding | None = None
    found: bytes = b""
    earlier: dict[str, bytes] = field(default_factory=dict)
    signature: FindingSignature | None = None
    reports: dict[str, bytes] = field(default_factory=dict)
    statement: Statement | None = None

    def read(self, path: str) -> JsonObject:
        """A proof as JSON.

        Raises:
            MalformedError: It is no JSON of ours.
            LimitError: It is too large.
        """
        return decode_bundle(self.documents[path], max_bytes=MAX_FILE_BYTES)

    def list_paths(self, form: str) -> list[str]:
        """Paths of the proofs of a format."""
        return [path for path, each in self.forms.items() if each == form]


def read_parts(files: Mapping[str, bytes]) -> Parts:
    """Sort the files of a pack.

    A path that ends in `.json` promises a file of ours, and a file that names a format of ours is
    one under any name: both have to be read by the one strict reader later.

    Raises:
        MalformedError: The statement, the finding, its signature or an opening is none, or lies
            elsewhere.
        LimitError: It is too large.
    """
    parts = Parts()
    for path, content in files.items():
        if path == STATEMENT_FILE:
            value = decode_bundle(content, max_bytes=MAX_BUNDLE_BYTES)
            parts.statement = parse_statement(value)
        elif path == FINDING_FILE:
            parts.finding = parse_finding(decode_bundle(content, max_bytes=MAX_BUNDLE_BYTES))
            parts.found = content
        elif path == SIGNATURE_FILE:
            value = decode_bundle(content, max_bytes=MAX_BUNDLE_BYTES)
            parts.signature = parse_signature(value)
        elif path in REPORT_FILES.values():
            parts.reports[path] = content
        elif path in TEXT_FILES.values():
            parts.stated[path] = content
        elif is_pack(content) and not path.endswith(_JSON_SUFFIX):
            parts.packs[path] = content
        else:
            _sort_document(parts, path, content)
    return parts


def _sort_document(parts: Parts, path: str, content: bytes) -> None:
    form = _peek_format(content)
    if form == STATEMENT:
        raise MalformedError(f"a statement lies at {STATEMENT_FILE}, not at {path}")
    if form == FINDING:
        raise MalformedError(f"a finding lies at {FINDING_FILE}, not at {path}")
    if form == SIGNATURE:
        raise MalformedError(f"a finding's signature lies at {SIGNATURE_FILE}, not at {path}")
    if form == HISTORY:
        parts.earlier[path] = content
    elif form == OPENING_FORMAT:
        parts.opening_paths.append(path)
        value = decode_bundle(content, max_bytes=MAX_BUNDLE_BYTES)
        parts.openings.append(parse_opening_file(value))
    elif form.startswith(_OURS) or path.endswith(_JSON_SUFFIX):
        parts.documents[path], parts.forms[path] = content, form
    else:
        parts.texts[path] = content


def _peek_format(content: bytes) -> str:
    """What a JSON file says it is; empty if it is none, or says nothing."""
    try:
        return msgspec.json.decode(content, type=_Peek).format
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
