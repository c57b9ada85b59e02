"""`trace file`: what is asked about a suspect file, and how the answer is shown and written."""

from dataclasses import dataclass
from importlib.metadata import version
from math import floor, log10
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from cli.chinese import translate
from cli.exitcodes import Exit, UsageError
from cli.files import check_place, is_stdin, write_bytes
from cli.lang import is_chinese, say
from cli.results import Made, choose_form, print_or_write
from cli.session import Session
from cli.subjects import find_asset, find_keys, find_party, has_key
from contracts.records import format_record
from contracts.title import Asset
from ledger.core.types import Json, SubjectKey, UnixMillis
from ledger.files import PRIVATE_MODE
from node.render.tracereport import list_rows, render_report
from node.tracing.bounds import MOST_BOUND, WEAK_BOUND, show_chance
from node.tracing.casefile import write_case
from node.tracing.compose import Composed, Request
from node.tracing.deliveries import read_flow
from node.tracing.finding import Custody, Finding
from node.tracing.search import Order, trace_file

if TYPE_CHECKING:
    from ledger.keys import SigningKey
    from node.registryapi import RegistryApi

Form = Literal["text", "html", "json"]
FORMS: Final[tuple[Form, ...]] = ("text", "html", "json")
_LEAST_BOUND: Final = 1e-300
_MAX_TEXT: Final = 500


@dataclass(frozen=True, slots=True)
class Inquest:
    """What was said on the command line.

    Args:
        suspect: The file that was found.
        original: The registered file; None: not at hand.
        asset: The only asset that is asked about; None: any.
        viewer: Whose marking keys are used; None: those of who registered the asset.
        act_at: Date of the act; None: not stated.
        custody: How the file was come by.
        bound: On naming any innocent delivery.
        case: Where the case goes; None: none is made.
        form: Of the report; None: by the ending of `out`.
        out: Where the report goes; None: it is printed.
        is_forced: Replace other content.
    """

    suspect: Path
    original: Path | None
    asset: str | None
    viewer: str | None
    act_at: UnixMillis | None
    custody: Custody
    bound: str
    case: Path | None
    form: str | None
    out: Path | None
    is_forced: bool


def answer_trace(session: Session, said: Inquest) -> Exit:
    """Say where a file comes from; write the report and the case that were asked for.

    Returns:
        DONE, whatever is found: that nobody can be named is an answer. NOT_FOUND where a case was
        asked for and the file derives from no asset known here, so that there is nothing to prove.

    Raises:
        UsageError: The file is a stream, the bound is none, the viewer's keys are not here, or
            something would be written over a registry's own files.
        NotFoundError: There is no such file, asset or party.
        RejectedError: The original is not the registered one, or the act comes before its delivery.
    """
    form, bound = choose_form(said.form, said.out, FORMS, "text"), parse_bound(said.bound)
    if is_stdin(said.suspect) or (said.original is not None and is_stdin(said.original)):
        raise UsageError(
            say(
                "a file is read more than once: give its name, not -",
                "文件须多次读取：请给出文件名，不能用 -",
            )
        )
    for place in filter(None, (said.case, said.out)):
        check_place(place)
    with session.registry() as registry:
        viewer = None if said.viewer is None else find_party(registry, said.viewer)
        key = _load_signer(registry, said, viewer)
        order = Order(
            suspect=said.suspect,
            original=said.original,
            asset=None if said.asset is None else find_asset(registry, said.asset),
            choose_viewer=lambda asset: viewer or _find_viewer(registry, asset),
            bound=10 ** (bound / 1000),
        )
        request = Request(
            made_at=registry.clock.now(),
            version=version("muniment"),
            viewer=None,
            bound=bound,
            custody=said.custody,
            signer=None if key is None else viewer,
            act_at=said.act_at,
        )
        with session.out.progress("Tracing", "追踪", None) as advance:
            composed = trace_file(registry, order, request, advance)
    _warn_of_bound(session, bound)
    _warn_of_fault(session, said.suspect, composed)
    _write_case(said, composed, key)
    _show(session, said, composed.finding, form)
    return _conclude(session, said, composed)


def take_custody(at: UnixMillis | None, **texts: str | None) -> Custody:
    """How a file was come by, as whoever had it traced says.

    Args:
        at: When it was found.
        texts: `by`, `where`, `how` and `notary`; empty ones are left out.

    Raises:
        UsageError: One is too long, or is no text.
    """
    for text in texts.values():
        is_text = text is None or not any("\ud800" <= character <= "\udfff" for character in text)
        if not is_text or len(text or "") > _MAX_TEXT:
            raise UsageError(
                say(
                    f"what is said of the file's custody is text of at most {_MAX_TEXT} characters",
                    f"关于取证过程的说明须为不超过 {_MAX_TEXT} 字的文本",
                )
            )
    return Custody(at=at, **{name: text or None for name, text in texts.items()})


def parse_bound(text: str) -> int:
    """A chance such as `1e-6`, as a finding has it: never more than was said.

    Raises:
        UsageError: No number above 0, or beyond what a name could be believed at.
    """
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not _LEAST_BOUND < value <= MOST_BOUND:
        raise UsageError(
            say(
                f"--bound {text[:40]} is no chance above 0 and up to {MOST_BOUND}: it is how often "
                "an innocent delivery may be named, and beyond one in ten a name says nothing; "
                "write 1e-6",
                f"--bound {text[:40]} 不是大于 0、不超过 {MOST_BOUND} 的概率；这是误指无关交付的"
                "概率上限，超过十分之一，指明即无意义：请写作 1e-6",
            ),
            "bound",
        )
    return floor(log10(value) * 1000)


def _warn_of_bound(session: Session, bound: int) -> None:
    """Say of a weak bound that whoever is named may well be innocent."""
    if bound > WEAK_BOUND:
        session.out.warn(
            f"the bound is weak: such a trace names an innocent delivery with a chance of up to "
            f"{show_chance(bound)}; without --bound it is one in a million",
            f"误指概率上限过宽：此次追踪误指无关交付的概率可达 {show_chance(bound)}；"
            "不给 --bound 则为百万分之一",
        )


def _find_viewer(registry: "RegistryApi", asset: SubjectKey) -> SubjectKey | None:
    """Who registered an asset, if its keys are here; else who delivered it, likewise."""
    flow = read_flow(registry.iterate_events(asset))
    senders = (one.sender for one in flow.dispatches)
    parties = dict.fromkeys([*registry.need_state(Asset, asset).parties, *senders])
    return next((party for party in parties if has_key(registry, party)), None)


def _warn_of_fault(session: Session, suspect: Path, composed: Composed) -> None:
    """Say of a file that is no table that rows and marks are found in tables alone."""
    fault = composed.fault
    if fault is not None:
        session.out.warn(
            f"{suspect} is compared by its bytes alone, as it is not read as a table: {fault}; if "
            "it is one, mend a copy of it, and trace that",
            f"{suspect} 无法按表格读取，仅按字节比对：{translate(fault.code, str(fault))}；"
            "如其确为表格，请修正一份副本后再追踪",
        )


def _load_signer(
    registry: "RegistryApi", said: Inquest, viewer: SubjectKey | None
) -> "SigningKey | None":
    """The key that signs the case: of the party that was named, if it lies here."""
    if said.case is None or viewer is None or not has_key(registry, viewer):
        return None
    return find_keys(registry, viewer, 1)[0]


def _write_case(said: Inquest, composed: Composed, key: "SigningKey | None") -> None:
    """Write the case that was asked for; who has it can tell the registered file from others."""
    if said.case is not None and composed.evidence is not None:
        data = write_case(composed.finding, composed.evidence, key)
        write_bytes(said.case, data, force=said.is_forced, mode=PRIVATE_MODE)


def _show(session: Session, said: Inquest, finding: Finding, form: Form) -> None:
    language = "zh-CN" if is_chinese() else "en"
    document: dict[str, Json] = {
        **format_record(finding),
        **_list_case(said, finding),
    }
    if form == "text" and said.out is None:
        rows = list_rows(finding, language)
        session.out.result(document, lambda: session.out.table("", rows))
        return
    text = _render(finding, form, language)
    told: dict[str, Json] = {"subject": finding.derivation.asset, **_list_case(said, finding)}
    made = Made(document, text, told=told)
    print_or_write(session, made, said.out, force=said.is_forced, mode=PRIVATE_MODE)


def _render(finding: Finding, form: Form, language: str) -> str:
    from cli.files import format_document

    if form == "html":
        return render_report(finding, language)
    if form == "json":
        return format_document(format_record(finding))
    return "".join(f"{name}: {value}\n" for name, value in list_rows(finding, language))


def _list_case(said: Inquest, finding: Finding) -> dict[str, Json]:
    return {} if said.case is None else {"case": _name_case(said, finding)}


def _name_case(said: Inquest, finding: Finding) -> str | None:
    return None if finding.derivation.asset is None else str(said.case)


def _conclude(session: Session, said: Inquest, composed: Composed) -> Exit:
    if said.case is None:
        return Exit.DONE
    if composed.evidence is None:
        session.out.warn(
            f"{said.case} is not written: the file derives from no asset known here, and a case "
            "proves what is registered; name the asset with --original FILE",
            f"未写出 {said.case}：未发现该文件源自此处已知的数据，案卷无可证明的内容；"
            "请用 --original 文件 给出原始数据",
        )
        return Exit.NOT_FOUND
    session.out.talk(
        f"Anybody can check it: muniment verify {said.case} --policy trust.policy. Whoever has it "
        "can tell the registered file from others.",
        f"任何人均可验证：muniment verify {said.case} --policy trust.policy。"
        "持有案卷者可辨认所登记的文件。",
    )
    return Exit.DONE
