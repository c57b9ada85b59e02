"""Verifies packs: the manifest, every proof in them, and that the statement says what they prove.

A pack is authentic if everything in it that can be verified is, and in force if every voucher in it
is at the asked date. What cannot be verified, such as a page to read, is named as not checked.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from contracts.records import parse_state_record
from contracts.title import Asset
from contracts.verdict import Check, Question, Report, check_expectation, note_failure
from contracts.voucher import (
    VOUCHER,
    VoucherBundle,
    judge_newer_states,
    parse_voucher,
)
from ledger.core.bundle import StateBundle
from ledger.core.types import JsonObject, SubjectKey
from ledger.errors import (
    BundleError,
    ForkError,
    InputError,
    MalformedError,
    VerificationError,
)
from node.judges import (
    VOUCHER_SUFFIX,
    Ask,
    Formats,
    judge_document,
    note_other_questions,
)
from node.newest import find_states_in, size_of, verify_growth
from node.pack import CASE, MAX_UNPACKED_BYTES, read_pack
from node.packparts import Parts, read_parts
from node.packstatement import check_statement
from node.suspects import Suspect, open_contents
from node.tracing.casejudge import check_case

if TYPE_CHECKING:
    from ledger.core.opening import VerifiedCheckpoint

KIND: Final = "pack"
CASE_KIND: Final = "case"
NEWEST: Final = "status and marks are those of the newest proof of each subject"
EXPLANATION: Final = "explanatory text"
"""Named as not checked, with its path: a file that proves nothing, such as a page to read."""


class _PeekState(msgspec.Struct):
    subject: str = ""


class _PeekVoucher(msgspec.Struct):
    """Whom a voucher says it is about."""

    state: _PeekState


@dataclass(frozen=True, slots=True)
class _Level:
    """A pack, or one within it, whose files are verified.

    Args:
        parts: Its files.
        main: Path of the voucher that it is about, if it is about one.
        found: What the verification of each file said, by path.
        report: On the whole of it.
    """

    parts: Parts
    main: str | None
    found: Mapping[str, Report]
    report: Report


@dataclass(slots=True)
class _Walk:
    """What a pack shares with those within it.

    Args:
        left: Bytes that may still be unpacked.
        levels: Packs judged so far, inner ones first.
    """

    left: int
    levels: list[_Level] = field(default_factory=list)


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
    walk = _Walk(MAX_UNPACKED_BYTES)
    _judge(data, ask, report, formats, walk, is_inner=False)
    _check_forks(report, walk.levels)
    _heed_newer(report, walk.levels, ask.question)
    for level in walk.levels:
        _conclude(level)


def _judge(
    data: bytes, ask: Ask, report: Report, formats: Formats, walk: _Walk, *, is_inner: bool
) -> None:
    report.kind = KIND
    pack = read_pack(data, max_unpacked=walk.left)
    walk.left -= sum(map(len, pack.files.values()))
    report.kind = CASE_KIND if pack.form == CASE else KIND
    detail = f"{len(pack.files)} files, as listed"
    report.checks.append(Check("manifest", is_ok=True, detail=detail))
    parts = read_parts(pack.files)
    if not (parts.documents or parts.packs):
        raise MalformedError("a pack without a single proof: there is nothing to verify")
    if is_inner and parts.packs:
        raise MalformedError("packs lie in packs only once: verify the inner one by itself")
    main = _find_main(parts)
    report.subject = _name_subject(parts, main)
    check_expectation(report, ask.question)
    is_traced = parts.finding is not None
    knows_date = not is_traced and bool(parts.list_paths(VOUCHER) or parts.packs)
    knows_file = is_traced or main is not None
    note_other_questions(
        ask, report, knows_date=knows_date, knows_file=knows_file, knows_scores=is_traced
    )
    found: dict[str, Report] = {}
    for path, content in parts.documents.items():
        with _judging(report, path) as found[path]:
            part_ask = _part_ask(path, parts, ask, main, formats)
            judge_document(parts.read(path), len(content), part_ask, found[path], formats)
    for path, content in parts.packs.items():
        found[path] = _judge_inner(path, content, ask, report, formats, walk)
    _check_openings(report, parts, main)
    check_statement(report, parts, main, found, ask.policy)
    check_case(report, pack.form, parts, found, ask)
    report.note_unchecked(*(f"{EXPLANATION}: {path}" for path in parts.texts))
    walk.levels.append(_Level(parts, main, found, report))


def _judge_inner(
    path: str, content: bytes, ask: Ask, report: Report, formats: Formats, walk: _Walk
) -> Report:
    """Verify a pack within the pack, on what is left of the same limits."""
    question = replace(ask.question, expect_kind=None, expect_subject=None)
    with _judging(report, path) as part:
        _judge(content, Ask(ask.policy, question), part, formats, walk, is_inner=True)
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
        report.note_unchecked(*(_name_within(path, name) for name in part.not_checked))


def _name_within(path: str, name: str) -> str:
    """What was not checked in a file of a pack: of a text in an inner pack, where that lies."""
    what, colon, text = name.partition(": ")
    return f"{what}: {path}: {text}" if colon and what == EXPLANATION else name


def _part_ask(path: str, parts: Parts, ask: Ask, main: str | None, formats: Formats) -> Ask:
    form = formats.get(parts.forms[path])
    question = replace(
        ask.question,
        as_of=ask.question.as_of if form is not None and form.knows_date else None,
        expect_kind="voucher" if path.endswith(VOUCHER_SUFFIX) else None,
        expect_subject=None,
    )
    suspect = None
    if path == main and ask.suspect is not None and parts.finding is None:
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


def _name_subject(parts: Parts, main: str | None) -> str:
    """Whom a pack is about: the asset of its finding, or its voucher."""
    if parts.finding is not None:
        return parts.finding.derivation.asset or ""
    return "" if main is None else _subject_of(parts.documents[main])


def _subject_of(content: bytes) -> str:
    """Whom a voucher says it is about; not verified, empty if it does not say."""
    try:
        return msgspec.json.decode(content, type=_PeekVoucher).state.subject
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _check_forks(report: Report, levels: Sequence[_Level]) -> None:
    """Hold the checkpoints of all files against each other, as far as they are of one size.

    Raises:
        ForkError: The log signed two roots for one size.
    """
    seen: dict[tuple[str, int], VerifiedCheckpoint] = {}
    for opened in _list_opened(levels):
        first = seen.setdefault((opened.body.origin, opened.body.size), opened)
        if first.body.root != opened.body.root:
            notes = (first.data.decode(), opened.data.decode())
            report.checks.append(Check("one log", is_ok=False, detail=ForkError.reason))
            raise ForkError(*notes)


def _list_opened(levels: Sequence[_Level]) -> list["VerifiedCheckpoint"]:
    parts = [part for level in levels for part in level.found.values()]
    return [part.opened for part in parts if part.opened is not None]


def _heed_newer(report: Report, levels: Sequence[_Level], question: Question) -> None:
    """Let the newest proof of a subject speak for it, wherever in the pack it lies.

    Raises:
        BundleError: A newer proof contradicts the history that an older one shows.
    """
    if len({opened.body.size for opened in _list_opened(levels)}) > 1:
        report.check("newest states", NEWEST, lambda: _judge_by_newest(levels, question))


def _judge_by_newest(levels: Sequence[_Level], question: Question) -> None:
    newest: dict[tuple[str, SubjectKey], StateBundle] = {}
    for origin, state in _list_states(levels):
        known = newest.setdefault((origin, state.subject), state)
        old, new = sorted((known, state), key=size_of)
        verify_growth(old, new)
        newest[origin, state.subject] = new
    for level in levels:
        for path in level.parts.list_paths(VOUCHER):
            found, bundle = level.found[path], parse_voucher(level.parts.read(path))
            origin = bundle.credential.origin
            state = newest[origin, bundle.state.subject]
            asset = newest[origin, bundle.asset.subject]
            if _is_newer(bundle, state, asset, question):
                renewed = replace(bundle, state=state, asset=asset)
                judge_newer_states(renewed, question, found)


def _is_newer(
    bundle: VoucherBundle, state: StateBundle, asset: StateBundle, question: Question
) -> bool:
    """Whether newer states can say more of the asked date than the voucher's own do."""
    if question.as_of is not None and question.as_of <= bundle.state.seal.time:
        return False
    return max(size_of(state), size_of(asset)) > size_of(bundle.state)


def _list_states(levels: Sequence[_Level]) -> Iterator[tuple[str, StateBundle]]:
    """The proved states of all files, with the ledger that each is of."""
    for level in levels:
        for path in level.parts.documents:
            opened = level.found[path].opened
            if opened is not None:
                for state in find_states_in(level.parts.read(path)):
                    yield opened.body.origin, state


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


def _conclude(level: _Level) -> None:
    report, found, main = level.report, level.found, level.main
    parts = list(found.values())
    chosen = found[main] if main is not None else parts[0]
    report.opened, report.seal = chosen.opened, chosen.seal
    if main is not None and level.parts.finding is None:
        report.status, report.marks = chosen.status, list(chosen.marks)
        report.valid_until = chosen.valid_until
        report.shown = [*chosen.shown, *report.shown]
        report.notice = chosen.notice
    times = [part.as_of for part in parts if part.as_of is not None]
    report.as_of = min(times, default=None)
    report.is_authentic = True
    # A finding speaks of a past act: whether the voucher is still in force makes it no less true.
    is_past = level.parts.finding is not None
    report.is_in_force = is_past or all(part.is_in_force for part in parts)
