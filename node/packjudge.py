"""Verifies packs: the manifest, every proof in them, and that the statement says what they prove.

A pack is authentic if everything in it that can be verified is, and in force if every voucher in it
is at the asked date. What cannot be verified, such as a page to read, is named as not checked.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from contracts.records import parse_state_record
from contracts.title import Asset
from contracts.verdict import Check, Question, Report, check_expectation, note_failure
from contracts.voucher import VOUCHER, VoucherBundle, judge_voucher, parse_voucher
from ledger.core.bundle import STATE, StateBundle, parse_state_bundle
from ledger.core.canonical import decode_bundle
from ledger.core.dossier import DOSSIER, Dossier, parse_dossier
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.policy import Policy
from ledger.core.types import JsonObject, SubjectKey, UnixMillis
from ledger.errors import (
    BundleError,
    ForkError,
    InputError,
    MalformedError,
    VerificationError,
)
from node.judges import (
    MAX_FILE_BYTES,
    VOUCHER_SUFFIX,
    Ask,
    Formats,
    judge_document,
    note_other_questions,
)
from node.pack import CASE, MAX_UNPACKED_BYTES, is_pack, read_pack
from node.statement import (
    STATEMENT,
    STATEMENT_FILE,
    Evidence,
    Statement,
    make_statement,
    parse_statement,
    verify_statement,
)
from node.statementtext import TEXT_FILES, format_statement
from node.suspects import OPENING_FORMAT, Suspect, open_contents, parse_opening_file

if TYPE_CHECKING:
    from ledger.core.opening import VerifiedCheckpoint

KIND: Final = "pack"
CASE_KIND: Final = "case"
EXPLANATION: Final = "explanatory text"
"""Named as not checked: a file of a pack that proves nothing, such as a page to read."""
_OURS: Final = "muniment/"


class _Peek(msgspec.Struct):
    """The member that says what a JSON file is; everything else is left alone."""

    format: str = ""


class _PeekState(msgspec.Struct):
    subject: str = ""


class _PeekVoucher(msgspec.Struct):
    """Whom a voucher says it is about."""

    state: _PeekState


@dataclass(slots=True)
class Parts:
    """The files of a pack by what they are.

    Args:
        documents: Proofs, by path; read one at a time, so that memory holds one of them.
        forms: Their formats.
        packs: Packs within the pack.
        texts: Files that prove nothing.
        openings: Opening files: asset and openings.
        statement: What the pack states, if it does.
    """

    documents: dict[str, bytes] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    packs: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    openings: list[tuple[str, list[JsonObject]]] = field(default_factory=list)
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


@dataclass(slots=True)
class _Budget:
    """How many bytes may still be unpacked, from this pack and those within it."""

    left: int


def judge_pack(data: bytes, ask: Ask, report: Report, formats: Formats) -> None:
    """Verify a pack or a case.

    Args:
        data: Begins as a ZIP does.
        ask: What it is held against; the date is asked of its vouchers, the suspect of the
            voucher it is about.
        report: Gets each check under the path of its file.
        formats: How single files are judged.

    Raises:
        MalformedError: Not a pack, or a file in it does not parse.
        LimitError: Too many files or bytes.
        VerificationError: A proof in it does not hold, or its statement says something else.
        UnanswerableError: A suspect was given for a pack that is not about one voucher.
    """
    _judge(data, ask, report, formats, _Budget(MAX_UNPACKED_BYTES), is_inner=False)


def read_parts(files: Mapping[str, bytes]) -> Parts:
    """Sort the files of a pack.

    Raises:
        MalformedError: A file that says it is one of ours is not.
        LimitError: It is too large.
    """
    parts = Parts()
    for path, content in files.items():
        form = _peek_format(content)
        if is_pack(content):
            parts.packs[path] = content
        elif not (form.startswith(_OURS) or path.endswith(VOUCHER_SUFFIX)):
            parts.texts[path] = content
        else:
            _sort_document(parts, path, content, form)
    return parts


def _sort_document(parts: Parts, path: str, content: bytes, form: str) -> None:
    if form == STATEMENT:
        if path != STATEMENT_FILE:
            raise MalformedError(f"a statement lies at {STATEMENT_FILE}, not at {path}")
        parts.statement = parse_statement(decode_bundle(content, max_bytes=MAX_BUNDLE_BYTES))
    elif form == OPENING_FORMAT:
        value = decode_bundle(content, max_bytes=MAX_BUNDLE_BYTES)
        parts.openings.append(parse_opening_file(value))
    else:
        parts.documents[path], parts.forms[path] = content, form


def _judge(
    data: bytes, ask: Ask, report: Report, formats: Formats, budget: _Budget, *, is_inner: bool
) -> None:
    report.kind = KIND
    pack = read_pack(data, max_unpacked=budget.left)
    budget.left -= sum(map(len, pack.files.values()))
    report.kind = CASE_KIND if pack.form == CASE else KIND
    detail = f"{len(pack.files)} files, as listed"
    report.checks.append(Check("manifest", is_ok=True, detail=detail))
    parts = read_parts(pack.files)
    if not (parts.documents or parts.packs):
        raise MalformedError("a pack without a single proof: there is nothing to verify")
    if is_inner and parts.packs:
        raise MalformedError("packs lie in packs only once: verify the inner one by itself")
    main = _find_main(parts)
    if main is not None:
        report.subject = _subject_of(parts.documents[main])
    check_expectation(report, ask.question)
    knows_date = bool(parts.list_paths(VOUCHER) or parts.packs)
    note_other_questions(ask, report, knows_date=knows_date, knows_file=main is not None)
    found: dict[str, Report] = {}
    for path, content in parts.documents.items():
        with _judging(report, path) as found[path]:
            part_ask = _part_ask(path, parts, ask, main, formats)
            judge_document(parts.read(path), len(content), part_ask, found[path], formats)
    for path, content in parts.packs.items():
        found[path] = _judge_inner(path, content, ask, report, formats, budget)
    _check_forks(report, list(found.values()))
    _check_openings(report, parts, main)
    _check_statement(report, parts, main, ask.policy)
    _conclude(report, found, main)


def _judge_inner(
    path: str, content: bytes, ask: Ask, report: Report, formats: Formats, budget: _Budget
) -> Report:
    """Verify a pack within the pack, on what is left of the same limits."""
    question = replace(ask.question, expect_kind=None, expect_subject=None)
    with _judging(report, path) as part:
        _judge(content, Ask(ask.policy, question), part, formats, budget, is_inner=True)
    return part


@contextmanager
def _judging(report: Report, path: str) -> Iterator[Report]:
    """A report on one file of a pack; its checks go into the pack's under the file's path.

    Raises:
        VerificationError: The file is not authentic.
        InputError: It does not parse, or cannot answer.
    """
    part = Report()
    try:
        yield part
    except (VerificationError, InputError) as exc:
        note_failure(part, exc)
        raise
    finally:
        named = [Check(f"{path}: {one.name}", one.is_ok, one.detail) for one in part.checks]
        report.checks += named
        report.note_unchecked(*part.not_checked)


def _part_ask(path: str, parts: Parts, ask: Ask, main: str | None, formats: Formats) -> Ask:
    form = formats.get(parts.forms[path])
    question = replace(
        ask.question,
        as_of=ask.question.as_of if form is not None and form.knows_date else None,
        expect_kind="voucher" if path.endswith(VOUCHER_SUFFIX) else None,
        expect_subject=None,
    )
    suspect = None
    if path == main and ask.suspect is not None:
        suspect = _knowing(ask.suspect, [one for _, found in parts.openings for one in found])
    return Ask(ask.policy, question, None, suspect)


def _knowing(suspect: Suspect, openings: list[JsonObject]) -> Suspect:
    """The suspect, with the openings that lie in the pack."""
    return Suspect(
        suspect.fingerprint,
        lambda key, names: [*openings, *suspect.find_openings(key, names)],
    )


def _find_main(parts: Parts) -> str | None:
    """Path of the voucher that the pack is about: the one it states something of, or the only one.

    Raises:
        BundleError: It states something of a voucher that is not in it exactly once.
    """
    vouchers = parts.list_paths(VOUCHER)
    if parts.statement is None:
        return vouchers[0] if len(vouchers) == 1 and not parts.packs else None
    wanted = f"voucher/{parts.statement.voucher}"
    about = [path for path in vouchers if _subject_of(parts.documents[path]) == wanted]
    if len(about) != 1:
        raise BundleError(f"the statement is about {wanted}, of which the pack holds {len(about)}")
    return about[0]


def _subject_of(content: bytes) -> str:
    """Whom a voucher says it is about; not verified, empty if it does not say."""
    try:
        return msgspec.json.decode(content, type=_PeekVoucher).state.subject
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _check_forks(report: Report, parts: list[Report]) -> None:
    """Hold the checkpoints of the parts against each other, as far as they are of one size.

    Raises:
        ForkError: The log signed two roots for one size.
    """
    seen: dict[tuple[str, int], VerifiedCheckpoint] = {}
    for opened in (part.opened for part in parts if part.opened is not None):
        first = seen.setdefault((opened.body.origin, opened.body.size), opened)
        if first.body.root != opened.body.root:
            notes = (first.data.decode(), opened.data.decode())
            report.checks.append(Check("one log", is_ok=False, detail=ForkError.reason))
            raise ForkError(*notes)


def _check_openings(report: Report, parts: Parts, main: str | None) -> None:
    for asset, openings in parts.openings:
        bundle = None if main is None else parse_voucher(parts.read(main))
        detail = f"{len(openings)} commitments opened"
        report.check("opening", detail, partial(verify_openings, bundle, asset, openings))


def verify_openings(bundle: VoucherBundle | None, asset: str, openings: list[JsonObject]) -> None:
    """Check that every opening opens a commitment of the asset of a voucher.

    Args:
        bundle: Verified; None: there is no voucher to hold them against.
        asset: Whom the opening file says it is about.
        openings: As read.

    Raises:
        BundleError: One opens nothing of it.
        MalformedError: One has a salt of another form.
    """
    value = None if bundle is None else bundle.asset.value
    if bundle is None or value is None or bundle.asset.subject != asset:
        raise BundleError(f"the opening is of {asset}, which the pack is not about")
    opened = open_contents(parse_state_record(Asset, value.state), openings)
    if len(opened) != len(openings):
        raise BundleError(f"an opening opens nothing of {asset}")


def _check_statement(report: Report, parts: Parts, main: str | None, policy: Policy) -> None:
    statement = parts.statement
    if statement is not None and main is not None:
        evidence = _gather(parts, main, policy, UnixMillis(statement.as_of))
        proved = make_statement(evidence, statement.purpose, UnixMillis(statement.as_of))
        detail = "says what the proofs show"
        report.check("statement", detail, lambda: verify_statement(statement, proved))
        report.shown.append(("purpose", statement.purpose))
        for language, path in TEXT_FILES.items():
            if parts.texts.get(path) == format_statement(statement, language).encode():
                del parts.texts[path]
    if parts.texts:
        report.note_unchecked(EXPLANATION)


def _gather(parts: Parts, main: str, policy: Policy, as_of: UnixMillis) -> Evidence:
    """What the statement may rest on: verified parts under the voucher's own checkpoint."""
    bundle = parse_voucher(parts.read(main))
    judged = Report()
    judge_voucher(bundle, policy, Question(now=as_of, as_of=as_of), judged)
    return Evidence(
        bundle,
        judged,
        *_same_block(bundle, parts),
        is_opened=bool(parts.openings),
    )


def _same_block(
    bundle: VoucherBundle, parts: Parts
) -> tuple[dict[SubjectKey, Dossier], dict[SubjectKey, StateBundle]]:
    """Dossiers and states under the checkpoint of a voucher, by subject."""
    note = bundle.state.receipt.proof.checkpoint
    dossiers = [parse_dossier(parts.read(path)) for path in parts.list_paths(DOSSIER)]
    states = [parse_state_bundle(parts.read(path)) for path in parts.list_paths(STATE)]
    return (
        {d.state.subject: d for d in dossiers if d.state.receipt.proof.checkpoint == note},
        {s.subject: s for s in states if s.receipt.proof.checkpoint == note},
    )


def _conclude(report: Report, found: Mapping[str, Report], main: str | None) -> None:
    parts = list(found.values())
    chosen = found[main] if main is not None else parts[0]
    report.opened, report.seal = chosen.opened, chosen.seal
    if main is not None:
        report.status, report.marks = chosen.status, list(chosen.marks)
        report.valid_until = chosen.valid_until
        report.shown = [*chosen.shown, *report.shown]
    times = [part.as_of for part in parts if part.as_of is not None]
    report.as_of = min(times, default=None)
    report.is_authentic = True
    report.is_in_force = all(part.is_in_force for part in parts)


def _peek_format(content: bytes) -> str:
    """What a JSON file says it is; empty if it is none, or says nothing."""
    try:
        return msgspec.json.decode(content, type=_Peek).format
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
