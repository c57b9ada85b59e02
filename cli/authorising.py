"""The yearly list of live authorisations of public data: printed, and written with its proofs."""

from datetime import datetime
from typing import TYPE_CHECKING

from cli.answering import ProofFiles, write_proofs
from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from cli.times import CHINA, format_local, parse_date
from contracts.publicdata import ROOTS
from contracts.queries import Query, format_query
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from node.answers import answer_only, prove_query
from node.granted import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from node.registryapi import RegistryApi


def list_authorisations(
    session: Session, year: int | None, size: int | None, files: ProofFiles
) -> None:
    """Print every authorisation of public data that was live at the end of a year.

    Of a year that is not over, as of the checkpoint. The same checkpoint gives the same list.

    Args:
        session: Prints.
        year: At UTC+08:00; None: that of the checkpoint.
        size: Of a signed checkpoint; None: the newest.
        files: Where proofs go.

    Raises:
        UsageError: The year had not begun.
        NotFoundError: No checkpoint was signed at this size.
        LimitError: A proof is asked for and would be more than one file can hold.
    """
    with session.registry() as registry:
        prover = registry.prover(size)
        year, at = _find_date(year, prover.anchor.time)
        query = Query(topic="authorisations", subject=ROOTS, at=at)
        written: JsonObject = {}
        if files.proof is None and files.certificate is None:
            answer = answer_only(prover, query)
        else:
            bundle = prove_query(prover, query)
            answer = bundle.answer
            written = write_proofs(prover, ROOTS, format_query(bundle), files)
        rows = [
            _show_row(registry, one)
            for one in _list(answer["authorisations"])
            if isinstance(one, dict)
        ]
        log: Json = {"origin": registry.origin, "size": prover.anchor.size}
    document = {"year": year, "at": at, **answer, "log": log, **written}
    session.out.result(document, lambda: session.out.list(_headers(), rows, whole=0))
    _talk(session, str(answer["status"]), at, prover.anchor.size)


def _find_date(year: int | None, reached: UnixMillis) -> tuple[int, UnixMillis]:
    """The year, and its last instant or that of the checkpoint, whichever came first.

    Raises:
        UsageError: The year had not begun.
    """
    current = datetime.fromtimestamp(reached / 1000, CHINA).year
    year = current if year is None else year
    if year > current:
        raise UsageError(
            say(
                f"the ledger has come to {current}: name that year or an earlier one",
                f"账本时间尚在 {current} 年：请给出该年或更早的年份",
            ),
            "year",
        )
    return year, UnixMillis(min(parse_date(f"{year:04}-12-31"), reached))


def _headers() -> list[str]:
    return [
        say("grant", "授权"),
        say("asset", "数据"),
        say("root", "授权主体"),
        say("operator", "运营机构"),
        say("developer", "开发主体"),
        say("purposes", "用途"),
        say("scenes", "场景"),
        say("since", "自"),
        say("until", "至"),
    ]


def _show_row(registry: "RegistryApi", one: "Mapping[str, Json]") -> list[str]:
    keys = (one[name] for name in ("asset", "root", "operator", "developer"))
    names = [name_of(registry, SubjectKey(key)) if isinstance(key, str) else "-" for key in keys]
    limits = [say(", ", "、").join(map(str, _list(one[name]))) for name in ("purposes", "scenes")]
    times = [_show_time(one[name]) for name in ("since", "until")]
    return [str(one["grant"]), *names, *limits, *times]


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else []


def _show_time(value: Json) -> str:
    return format_local(UnixMillis(value)) if isinstance(value, int) else "-"


def _talk(session: Session, status: str, at: UnixMillis, size: int) -> None:
    date = format_local(at)
    session.out.talk(
        f"As of {date}, by the log at {size} entries.", f"截至 {date}，账本共 {size} 条。"
    )
    if status == "absent":
        session.out.talk(
            "No authorised bodies are published: muniment list publish public-data roots FILE",
            "尚未公布获授权主体：muniment list publish public-data roots 文件",
        )
    if status == "unknown":
        session.out.talk(
            "A state does not reach back so far: ask at a checkpoint of that time (--size).",
            "有状态未保留至该日期：请用 --size 指定当时的检查点。",
        )
