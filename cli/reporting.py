"""A registrar's report in words: Markdown in the chosen language, from its document alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias, get_args

from cli.lang import say
from cli.times import format_local
from cli.words import show_status, show_word
from contracts.profile import RegistrationType
from ledger.core.types import Json, JsonObject, UnixMillis
from node.exports.report import Report
from node.render.text import plain

_Table: TypeAlias = Sequence[Sequence[str]]

_WORDS: Final = {
    # steps
    "filed": ("filed", "申请"),
    "corrected": ("corrected after a return", "补正后重新提交"),
    "accepted": ("accepted", "受理"),
    "accepted_by_silence": ("of these by silence (Art. 17)", "其中逾期视为受理（第十七条）"),
    "returned": ("returned for correction", "一次性告知补正"),
    "lapsed": ("lapsed, not corrected in time", "逾期未补正，视为未申请"),
    "supplement_asked": ("asked for more", "要求补充材料"),
    "supplemented": ("supplemented", "补充材料已提交"),
    "published": ("put on public notice", "公示"),
    "withheld": ("notice withheld on a good reason", "有正当理由不予公示"),
    "objected": ("objected to", "被提出异议"),
    "recorded": ("recorded", "登记完成"),
    "withdrawn": ("withdrawn", "撤回"),
    "terminated": ("terminated (Art. 18)", "终止登记（第十八条）"),
    "refused": ("refused (Art. 22)", "不予登记（第二十二条）"),
    # types
    "transfer": ("transfer", "转让登记"),
    "change": ("change", "变更登记"),
    "renewal": ("renewal", "续期登记"),
    "cancellation": ("cancellation", "注销登记"),
    # durations and what was late
    "answer": ("filing to answer (Art. 17)", "申请至受理答复（第十七条）"),
    "completion": (
        "acceptance to record, pauses not counted (Art. 28)",
        "受理至登记完成，扣除不计期限（第二十八条）",
    ),
    "investigation": ("objection to outcome (Art. 25)", "异议提出至处理完毕（第二十五条）"),
    "count": ("cases", "件数"),
    "min": ("least", "最短"),
    "median": ("median", "中位数"),
    "p90": ("90 %", "90 分位"),
    "max": ("greatest", "最长"),
    "unknown": ("calendar unknown", "日历未公布"),
    "recorded_late": ("recorded after the deadline", "逾期登记完成"),
    "open_late": ("open and past the deadline", "未办结且已逾期"),
    "objection_resolved_late": ("objections resolved after the deadline", "异议逾期处理完毕"),
    "objection_open_late": ("objections open and past the deadline", "异议未处理且已逾期"),
    # decisions
    "objections": ("objections during the notice", "公示期异议"),
    "later_objections": ("later objections (Art. 29)", "登记后异议（第二十九条）"),
    "refusals": ("refusals by ground", "不予登记（按事由）"),
    "revocations": ("revocations by ground", "依职权注销（按事由）"),
    "upheld": ("upheld", "异议成立"),
    "dismissed": ("dismissed", "异议不成立"),
    "22-1": (
        "22-1: harm to security, the public or others",
        "22-1：危害国家安全、公共利益或他人权益",
    ),
    "22-2": ("22-2: unlawful source", "22-2：来源不合法"),
    "22-3": ("22-3: unresolved dispute of ownership", "22-3：权属争议未解决"),
    "22-4": ("22-4: concealment or false proof", "22-4：隐瞒或提供虚假材料"),
    "22-5": ("22-5: other law", "22-5：法律法规规定的其他情形"),
    "data-destroyed": ("the data was destroyed", "数据已灭失"),
    "objection-upheld": ("an objection was upheld", "异议成立"),
    "judgment": ("judgment", "生效裁判"),
    "obtained-by-deceit": ("obtained by deceit", "以欺骗手段取得"),
    "by-law": ("by law", "依法注销"),
    # vouchers, assets, burdens
    "issued": ("issued", "核发"),
    "superseded": ("superseded", "被替代"),
    "cancelled": ("cancelled", "申请注销"),
    "revoked": ("revoked", "依职权注销"),
    "expired": ("expired", "到期"),
    "renewal_pending": ("in force while its renewal is undecided", "续期审理中，继续有效"),
    "registered": ("registered assets", "已登记数据"),
    "frozen": ("frozen", "被冻结"),
    "pledged": ("pledged", "已质押"),
    "disputed": ("disputed", "有争议"),
    "by_level": ("by level", "按级别"),
    "by_class": ("by class", "按类别"),
    "by_kind": ("by kind", "按性质"),
    "by_status": ("by status", "按状态"),
    "freezes": ("orders of freezing", "冻结令"),
    "pledges": ("pledges", "质押"),
    "personal": ("personal data", "个人数据"),
}  # fmt: skip
"""What the report counts, for people; any other name is a word of the ledger."""


_NEVER_STATUSES: Final = frozenset(
    ("by_kind", "by_status", "freezes", "pledges", "renewal_pending")
)


def format_markdown(report: Report) -> str:
    """The report as a page of Markdown."""
    return "\n".join(_write(report)) + "\n"


def _write(report: Report) -> Iterator[str]:
    document = report.document
    registrations = _object(document["registrations"])
    yield f"# {say('Report of registration work', '数据产权登记工作报告')}"
    yield from _section("", _basis(report), heads=("", ""))
    yield from _section(
        say("Steps taken in the period", "期间办理情况"), _by_type(registrations["steps"])
    )
    yield from _section(
        say("Where registrations stand", "期末登记状态"),
        _by_type(registrations["standing"], is_status=True),
    )
    yield from _section(
        say("Durations, in working days", "办理时长（工作日）"), _durations(document)
    )
    late = _object(document["late"])
    yield from _section(
        say("Overdue", "逾期情况"), _rows({f"{name}_late": late[name] for name in late})
    )
    yield from _section(say("Decisions", "处理决定"), _named(document["decisions"]))
    vouchers = _object(document["vouchers"])
    yield from _section(say("Vouchers in the period", "期间凭证"), _rows(vouchers["period"]))
    yield from _section(
        say("Where vouchers stand", "期末凭证状态"), _rows(vouchers["standing"], is_status=True)
    )
    yield from _section(say("Assets", "数据"), _named(document["assets"]))
    yield from _section(say("Burdens", "权利负担"), _named(document["burdens"], is_status=True))
    yield from _section(say("Parties", "主体"), _named(document["parties"], is_status=True))
    yield from _section(say("Events in the period", "期间事件"), _rows(document["events"]))


def _basis(report: Report) -> _Table:
    document = report.document
    log, ledger, period = (_object(document[name]) for name in ("log", "ledger", "period"))
    return [
        (say("registry", "登记系统"), str(ledger["name"])),
        (say("rules", "规则"), str(ledger["profile"])),
        (say("from", "自"), _time(period["from"], say("the beginning", "开启之时"))),
        (say("to, exclusive", "至（不含）"), _time(period["to"], say("the end", "日志末尾"))),
        (say("statuses as of", "状态截至"), _time(period["as_of"], "")),
        (say("log", "账本"), str(log["origin"])),
        (say("checkpoint", "检查点"), say(f"{log['size']} leaves", f"{log['size']} 条")),
        (say("root", "根"), str(log["root"])),
        (say("digest of this report", "本报告摘要"), report.digest),
    ]


def _section(title: str, rows: _Table, heads: Sequence[str] = ()) -> Iterator[str]:
    yield ""
    if title:
        yield f"## {title}"
        yield ""
    if not rows:
        yield say("None.", "无。")
        return
    first, *rest = rows if not heads else (heads, *rows)
    yield _line(first)
    yield _line(["---", *["---:" if not heads else "---"] * (len(first) - 1)])
    yield from map(_line, rest)


def _line(cells: Sequence[str]) -> str:
    shown = (plain(cell).replace("\\", "\\\\").replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(shown)} |"


def _by_type(value: Json, *, is_status: bool = False) -> _Table:
    given = _object(value)
    counted = {name: _object(given[name]) for name in sorted(given, key=_type_order)}
    names = sorted({name for each in counted.values() for name in each}, key=_order)
    head = ["", *(_word(each) if each != "initial" else show_word(each) for each in counted)]
    rows = [
        [_word(name, is_status=is_status), *(str(each.get(name, 0)) for each in counted.values())]
        for name in names
    ]
    return [head, *rows] if rows else []


def _durations(document: JsonObject) -> _Table:
    durations = {name: _object(each) for name, each in _object(document["durations"]).items()}
    parts = ("count", "min", "median", "p90", "max", "unknown")
    rows = [
        [_word(name), *("-" if each[part] is None else str(each[part]) for part in parts)]
        for name, each in durations.items()
    ]
    return [["", *map(_word, parts)], *rows]


def _named(value: Json, *, is_status: bool = False) -> _Table:
    """Numbers by name, and what is counted by a further name below its own."""
    rows: list[Sequence[str]] = []
    for name, each in _object(value).items():
        if isinstance(each, Mapping):
            rows += [
                (_word(name) + say(": ", "：") + _word(inner, is_status=is_status), str(count))
                for inner, count in each.items()
            ]
        else:
            rows.append((_word(name), str(each)))
    return [("", _word("count")), *rows] if rows else []


def _rows(value: Json, *, is_status: bool = False) -> _Table:
    rows = [
        (_word(name, is_status=is_status), str(count)) for name, count in _object(value).items()
    ]
    return [("", _word("count")), *rows] if rows else []


def _word(name: str, *, is_status: bool = False) -> str:
    if is_status and name not in _NEVER_STATUSES:
        return show_status(name)
    return say(*_WORDS[name]) if name in _WORDS else show_word(name)


def _type_order(name: str) -> int:
    """Types in the order of the guideline; what is none comes last."""
    types = get_args(RegistrationType)
    return types.index(name) if name in types else len(types)


def _order(name: str) -> int:
    """Steps in the order of the procedure; what is no step comes last."""
    names = list(_WORDS)
    return names.index(name) if name in names else len(names)


def _time(value: Json, otherwise: str) -> str:
    return format_local(UnixMillis(value)) if isinstance(value, int) else otherwise


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
