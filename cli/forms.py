"""`register --form`: a form file is read, held against its annex, and filed."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from cli.exitcodes import Exit, UsageError
from cli.files import is_stdin, read_capped
from cli.fingerprints import fingerprint_files
from cli.lang import is_chinese, say
from cli.later import submit_or_draft_filing
from cli.output import show_plain
from cli.registering import (
    Wanted,
    hint_application,
    register_application,
    show_registered,
)
from cli.session import Session
from cli.subjects import find_party
from cli.twosided import DraftFile
from contracts.profile import RegistrationType
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import RejectedError
from node.drafts import prepare_event
from node.forms.annexes import FORMS
from node.forms.checking import check_form
from node.forms.filling import fill_initial
from node.forms.following import build_filled_later, fill_later
from node.forms.moving import build_filled_transfer, fill_transfer
from node.forms.reading import MAX_FORM_BYTES, parse_json_form, parse_toml_form
from node.forms.resolving import Resolver
from node.forms.shape import Finding
from node.registryapi import RegistryApi

if TYPE_CHECKING:
    from contracts.application import File
    from ledger.core.draft import DraftOpening

TYPES: tuple[RegistrationType, ...] = get_args(RegistrationType)


@dataclass(frozen=True, slots=True)
class FormOptions:
    """The options of `register --form`, as given.

    Args:
        form: The form's file.
        files: Content, beside what the form names.
        party: Who files.
        publishes_digest: Claim the files' digests in the clear.
        is_dry: Check, and file nothing.
        out: Where a draft goes.
    """

    form: Path
    files: Sequence[Path]
    party: str | None
    publishes_digest: bool
    is_dry: bool
    out: Path | None


def register_form(session: Session, options: FormOptions) -> None:
    """File what a form asks for; if others have to sign too, write it as a draft for them.

    Raises:
        UsageError: An option is missing or has no such value.
        RejectedError: The form has to be mended, or a rule refuses; nothing was written.
    """
    kind, form = _read(options.form)
    if options.files and kind != "initial":
        raise UsageError(
            say(
                f"the form is of type {kind}, which registers no files: leave them out",
                f"该申请表类型为 {kind}，不登记文件：请去掉文件参数",
            ),
            "option_conflict",
        )
    with session.registry(is_writer=not options.is_dry) as registry:
        is_lenient = registry.ledger.profile.is_solo and kind == "initial"
        checked, findings = check_form(form, FORMS[kind], is_lenient=is_lenient)
        folder = Path() if is_stdin(options.form) else options.form.parent
        work = _Work(session, registry, options, Resolver(registry, folder))
        if findings:
            work.refuse(findings)
        elif kind == "initial":
            work.register(checked)
        elif kind == "transfer":
            work.transfer(checked)
        else:
            work.file_later(kind, checked)


def print_template(kind: str) -> None:
    """Print an empty form in the chosen language, or the table of a batch.

    Raises:
        UsageError: There is no such type.
    """
    from node.batchtemplate import render_table
    from node.forms.template import render_template

    if kind == "batch":
        print(render_table(), end="")
        return
    print(render_template(_choose_type(kind), is_chinese=is_chinese()), end="")


def finding_json(finding: Finding) -> Json:
    """A finding as programs read it."""
    return {"path": finding.path, "message": say(finding.en, finding.zh)}


def _read(path: Path) -> tuple[RegistrationType, JsonObject]:
    data = read_capped(path, MAX_FORM_BYTES)
    is_json = path.suffix == ".json" or (is_stdin(path) and data.lstrip().startswith(b"{"))
    form = dict(parse_json_form(data) if is_json else parse_toml_form(data))
    return _choose_type(str(form.pop("type", ""))), form


def _choose_type(text: str) -> RegistrationType:
    for kind in TYPES:
        if text == kind:
            return kind
    raise UsageError(
        say(
            f"the type of a form is one of {', '.join(TYPES)}, not {text[:40]!r}: write it as "
            'type = "initial"',
            f"申请表类型（type）须为 {'、'.join(TYPES)} 之一，而非 {text[:40]!r}："
            '请写作 type = "initial"',
        ),
        "form_type",
    )


class _Work:
    """One form on its way."""

    def __init__(
        self, session: Session, registry: RegistryApi, options: FormOptions, resolver: Resolver
    ) -> None:
        self._session = session
        self._registry = registry
        self._options = options
        self._resolver = resolver

    def register(self, form: JsonObject) -> None:
        """File an initial registration.

        Raises:
            UsageError: No file is named.
        """
        filled = fill_initial(form, self._resolver, self._registry.ledger, self._find_filer())
        if filled is None:
            self.refuse(self._resolver.findings)
            return
        hints = hint_application(self._session, filled.application.members)
        folder = Path() if is_stdin(self._options.form) else self._options.form.parent
        named = [folder / name for name in filled.files]
        for place, path in enumerate(named, 1):
            if not path.is_file():
                self._resolver.say(
                    f"files.{place}", "names a file that is not there", "所列文件不存在"
                )
        if self._resolver.findings:
            self.refuse(self._resolver.findings)
            return
        files = [*self._options.files, *named]
        if not files:
            raise UsageError(
                say(
                    "name the data: files in the form, or as arguments",
                    "请指明数据文件：在申请表 files 中，或作为参数",
                ),
                "files_required",
            )
        if self._options.is_dry:
            self._say_valid(hints)
            return
        wanted = Wanted(
            application=filled.application,
            filer=filled.filer,
            parties=filled.parties,
            files=fingerprint_files(self._session, files),
            publishes_digest=self._options.publishes_digest,
            out=self._options.out,
            paths=files,
        )
        done = register_application(self._session, self._registry, wanted)
        if done is not None:
            show_registered(self._session, done)

    def transfer(self, form: JsonObject) -> None:
        """File a transfer, or write its draft."""
        filled = fill_transfer(form, self._resolver, self._find_filer())
        if filled is None:
            self.refuse(self._resolver.findings)
            return
        body, openings = build_filled_transfer(self._registry, filled)
        self._file(f"{filled.wish.number}-transfer", filled.filer, body, openings)

    def file_later(self, kind: RegistrationType, form: JsonObject) -> None:
        """File a change, renewal or cancellation, or write its draft."""
        filled = fill_later(kind, form, self._resolver, self._find_filer())
        if filled is None:
            self.refuse(self._resolver.findings)
            return
        body, openings = build_filled_later(kind, filled, self._registry)
        self._file(f"{filled.number}-{kind}", filled.filer, body, openings)

    def refuse(self, findings: Sequence[Finding]) -> None:
        """Say all that has to be mended.

        Raises:
            RejectedError: Always, unless it was only to be checked.
        """
        if self._options.is_dry:
            self._show_check(findings, ())
            return
        if self._session.out.is_json:
            said = "; ".join(f"{each.path} {each.en}" for each in findings)
            said_zh = "；".join(f"{each.path} {each.zh}" for each in findings)
        else:
            for each in findings:
                print(show_plain(f"  {each.path}: {say(each.en, each.zh)}"), file=sys.stderr)
            said, said_zh = "see above", "见上文"
        raise RejectedError(
            "form",
            f"{len(findings)} blank(s) of the form have to be mended: {said}",
            f"申请表有 {len(findings)} 处须更正：{said_zh}",
            rule="annexes 1 to 5",
        )

    def _file(
        self, name: str, filer: SubjectKey, body: "File", openings: "list[DraftOpening]"
    ) -> None:
        if self._options.is_dry:
            self._say_valid(())
            return
        prepared = prepare_event(self._registry, filer, body, openings)
        file = DraftFile(name, self._options.out)
        submit_or_draft_filing(self._session, self._registry, prepared, file, openings)

    def _find_filer(self) -> SubjectKey | None:
        text = self._options.party
        return None if text is None else find_party(self._registry, text)

    def _say_valid(self, hints: Sequence[Finding]) -> None:
        self._show_check((), hints)

    def _show_check(self, findings: Sequence[Finding], hints: Sequence[Finding]) -> None:
        """Show what a check of the form found.

        Raises:
            Exit: With the code of a refusal, if something has to be mended.
        """
        import typer

        document: dict[str, Json] = {
            "valid": not findings,
            "findings": [finding_json(each) for each in findings],
            "hints": [finding_json(each) for each in hints],
        }

        def human() -> None:
            for each in findings:
                print(show_plain(f"{each.path}: {say(each.en, each.zh)}"))
            if not findings:
                print(say("the form can be filed", "申请表可以提交"))

        self._session.out.result(document, human)
        if findings:
            raise typer.Exit(Exit.REFUSED)
