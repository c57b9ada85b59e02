"""The report of a trace: a page for people, and rows for a terminal.

The page follows from the finding alone, so whoever verifies a case writes it again and compares.

Source: HTML Living Standard; WCAG 2.2.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from node.render.looks import PAPER, QUIET, STOPPED, TEXT
from node.render.sheet import FAMILIES, add_section, format_page, start_page
from node.render.text import plain
from node.render.tracepictures import draw_chances, draw_shares
from node.render.tracewords import RUNGS, Teller
from node.tracing.bounds import show_chance
from node.tracing.finding import Candidate, Finding, Overlap

_STYLE: Final = f"""
body {{ margin: 2rem auto; max-width: 60rem; padding: 0 1.5rem; color: {TEXT};
  background: {PAPER}; font: 1rem/1.55 {FAMILIES}; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.5rem; line-height: 1.3; margin: 0 0 .5rem; }}
h2 {{ font-size: 1.15rem; margin: 2rem 0 .5rem; }}
.quiet {{ color: {QUIET}; }}
.answer p {{ font-size: 1.1rem; }}
.caution {{ border: 2px solid {STOPPED.ink}; padding: .2rem 1rem; border-radius: .3rem; }}
figure {{ margin: .5rem 0; overflow-x: auto; border: 1px solid #d0d0d0; }}
figcaption {{ padding: .2rem .5rem .4rem; }}
table {{ border-collapse: collapse; width: 100%; font-size: .875rem; }}
th, td {{ border: 1px solid #b0b0b0; padding: .3rem .5rem; text-align: left; vertical-align: top; }}
.table {{ overflow-x: auto; }}
.table td:nth-child(2) {{ min-width: 8.5rem; }}
.table td:nth-child(n+3) {{ min-width: 3.5rem; overflow-wrap: break-word; }}
.table td:nth-child(5), .table td:nth-child(6) {{ min-width: 5.6rem; }}
.table td:nth-child(8) {{ white-space: nowrap; }}
th {{ background: #f0f0f0; white-space: nowrap; }}
@page {{ size: A4; margin: 15mm; }}
@media print {{
  html {{ font-size: 10pt; }}
  body {{ margin: 0; padding: 0; max-width: none; }}
  .table {{ overflow: visible; }}
  .table table {{ font-size: 7.5pt; }}
  .table th, .table td {{ padding: .2rem .3rem; }}
  .table td:nth-child(1) {{ white-space: nowrap; }}
  .table td:nth-child(2) {{ min-width: 7rem; }}
  .table td:nth-child(n+3) {{ min-width: 2.5rem; }}
  .table td:nth-child(5), .table td:nth-child(6) {{ min-width: 4.5rem; }}
  figure {{ overflow: visible; border: 0; break-inside: avoid; }}
  figure svg {{ max-width: 100%; height: auto; }}
  h2 {{ break-after: avoid; }}
  tr {{ break-inside: avoid; }}
  thead {{ display: table-header-group; }}
}}
"""


def render_report(finding: Finding, language: str) -> str:
    """The report as an HTML page that stands alone.

    Args:
        finding: What was found.
        language: `en` or `zh-CN`.
    """
    teller = Teller(finding, language)
    title = teller.say("Where a file came from", "文件溯源报告")
    html, main = start_page(language, title, _STYLE)
    header = SubElement(main, "header")
    SubElement(header, "h1").text = title
    SubElement(header, "p", {"class": "quiet"}).text = teller.say(
        "Evidence from a ledger, not legal advice.", "本报告为账本证据，不构成法律意见。"
    )
    for add in (_add_answer, _add_caution, _add_pictures, _add_candidates, _add_facts):
        add(main, teller)
    for add in (_add_custody, _add_limits, _add_checking):
        add(main, teller)
    return format_page(html)


def list_rows(finding: Finding, language: str) -> list[tuple[str, str]]:
    """The finding as names and values, for a terminal."""
    teller = Teller(finding, language)
    say = teller.say
    told = finding.attribution
    chances = [
        (
            say("p", "p"),
            f"{show_chance(each.chance)}  {each.delivery}  {teller.party(each.recipient)}",
        )
        for each in _find_strongest(told.candidates)
        if each.chance is not None
    ]
    answers = [
        *((say("delivery", "交付"), text) for text in teller.attribution()),
        *((say("allowed", "是否许可"), text) for text in teller.legality()),
    ]
    cautions = teller.caution() if told.scored else ()
    return [
        (say("file", "文件"), _describe_file(teller)),
        (say("asset", "数据"), teller.derivation()),
        *answers,
        *chances,
        *_list_steps(teller),
        *((say("mind", "注意"), text) for text in cautions),
        *((say("custody", "取证"), text) for text in teller.custody()),
        *((say("not tested", "未检验"), text) for text in teller.untested()),
    ]


def _find_strongest(candidates: Iterable[Candidate], count: int = 5) -> list[Candidate]:
    scored = [each for each in candidates if each.chance is not None]
    return sorted(scored, key=lambda each: (each.chance or 0, each.index))[:count]


def _list_steps(teller: Teller) -> list[tuple[str, str]]:
    steps = teller.finding.derivation.steps
    return [(teller.say("tested", "检验"), teller.step(each)) for each in steps]


def _describe_file(teller: Teller) -> str:
    it = teller.finding.suspect
    size = teller.say(f"{it.size:,} bytes", f"{it.size:,} 字节")
    parts = [f"SHA-256 {it.digest}", size, it.form]
    if it.rows is not None and it.columns is not None:
        parts.append(
            teller.say(
                f"{it.rows:,} rows, {it.columns} columns", f"{it.rows:,} 行，{it.columns} 列"
            )
        )
    return teller.say(", ", "，").join(parts)


def _add_answer(main: Element, teller: Teller) -> None:
    section = add_section(main, teller.say("Answer", "结论"), "answer")
    _add_paragraphs(section, [teller.derivation(), *teller.attribution(), *teller.legality()])


def _add_caution(main: Element, teller: Teller) -> None:
    if not teller.finding.attribution.scored:
        return
    heading = teller.say("What this does not say", "本结论不说明什么")
    _add_paragraphs(add_section(main, heading, "caution"), teller.caution())


def _add_pictures(main: Element, teller: Teller) -> None:
    finding = teller.finding
    if not (finding.derivation.overlaps or finding.attribution.scored):
        return
    section = add_section(main, teller.say("Evidence in pictures", "证据图示"), "pictures")
    drawings: list[tuple[bool, Callable[[Teller], Element], str]] = [
        (
            bool(finding.derivation.overlaps),
            draw_shares,
            teller.say(
                "Rows in common; the line through a bar is its 95 % interval.",
                "共有行占比；条中横线为 95 % 区间。",
            ),
        ),
        (
            bool(finding.attribution.scored),
            draw_chances,
            teller.say(
                "Chance that an innocent delivery scores so; the longer, the less likely.",
                "无关交付得到该分数的概率；越长概率越低。",
            ),
        ),
    ]
    for is_there, draw, words in drawings:
        if is_there:
            figure = SubElement(section, "figure", tabindex="0")
            figure.append(draw(teller))
            SubElement(figure, "figcaption", {"class": "quiet"}).text = words


def _add_candidates(main: Element, teller: Teller) -> None:
    finding, say = teller.finding, teller.say
    if not finding.attribution.candidates:
        return
    section = add_section(main, say("All deliveries of the asset", "该数据的全部交付"), "table")
    if not finding.attribution.is_whole:
        _add_paragraphs(
            section,
            [
                say(
                    "The asset's history is too long for this case, so that none is missing is not "
                    "proved here.",
                    "该数据历史过长，未收入案卷，故此处不能证明无遗漏。",
                )
            ],
        )
    heads = [
        say("entry", "日志条目"),
        say("delivery", "交付"),
        say("from", "交付方"),
        say("to", "接收方"),
        say("time", "时间"),
        say("signed for", "签收"),
        say("marks", "标记"),
        "p",
        say("scored best as", "最佳假设"),
        say("result", "结果"),
    ]
    _add_table(section, heads, [_list_cells(teller, e) for e in finding.attribution.candidates])


def _describe_marks(teller: Teller, one: Candidate) -> str:
    say = teller.say
    if not one.is_marked:
        return say("none", "无")
    return ", ".join(filter(None, (say("yes", "有"), teller.invented(one))))


def _list_cells(teller: Teller, one: Candidate) -> list[str]:
    say = teller.say
    is_named = one.delivery in {each.delivery for each in teller.finding.named}
    result = say("named", "指明") if is_named else ""
    if one.delivery in teller.finding.attribution.cleared:
        result = say("cleared", "已排除")
    unsigned = say("no", "否")
    return [
        f"#{one.index}",
        one.delivery,
        teller.party(one.sender),
        teller.party(one.recipient),
        teller.date(one.time),
        unsigned if one.received is None else teller.date(one.received),
        _describe_marks(teller, one),
        say("not scored", "未评分") if one.chance is None else show_chance(one.chance),
        teller.pattern(one.pattern) if one.pattern and one.chance else "",
        result,
    ]


def _add_facts(main: Element, teller: Teller) -> None:
    finding, say = teller.finding, teller.say
    told = finding.attribution
    section = add_section(main, say("Facts", "事实"), "facts")
    rows = [
        [say("file", "文件"), _describe_file(teller)],
        [say("traced", "追踪时间"), teller.date(finding.made_at)],
        [say("marking keys of", "所用标记密钥"), teller.party(finding.viewer or "")],
        [say("signed by", "签名人"), teller.party(finding.signer or "") or say("nobody", "无")],
        [say("compared with", "比对对象"), told.against or say("the original", "原始数据")],
        [say("rows found in it", "其中找到的行"), f"{told.rows:,}"],
        [say("marked cells read", "读取的标记单元格"), f"{told.marks:,}"],
        [
            say("ledger", "账本"),
            say(", ", "，").join(
                (
                    finding.log.origin,
                    say(f"{finding.log.size:,} entries", f"{finding.log.size:,} 条"),
                    teller.date(finding.log.time),
                )
            ),
        ],
        [say("program", "程序"), f"muniment {finding.version}, {told.method}"],
        *([name, value] for name, value in _list_steps(teller)),
    ]
    rows += [
        [f"{say('asset', '数据')} {each.asset}", _describe_overlap(teller, each)]
        for each in finding.derivation.overlaps
    ]
    _add_table(section, [say("what", "项目"), say("value", "内容")], rows)


def _describe_overlap(teller: Teller, overlap: Overlap) -> str:
    how = teller.pair(RUNGS[overlap.by])
    return teller.say(
        f"{teller.share(overlap.of_suspect)} of the file, {teller.share(overlap.of_asset)} of the "
        f"asset; {how}",
        f"占该文件 {teller.share(overlap.of_suspect)}，占该数据 {teller.share(overlap.of_asset)}；"
        f"{how}",
    )


def _add_custody(main: Element, teller: Teller) -> None:
    it, say = teller.finding.custody, teller.say
    section = add_section(main, say("How the file was come by", "取证过程"), "custody")
    stated = [
        [say("found by", "发现人"), it.by],
        [say("when", "时间"), None if it.at is None else teller.date(it.at)],
        [say("where", "地点"), it.where],
        [say("how", "方式"), it.how],
        [say("notary's deed", "公证书编号"), it.notary],
    ]
    rows = [[str(name), plain(value)] for name, value in stated if value is not None]
    if rows:
        _add_table(
            section, [say("what", "项目"), say("as stated, not proved", "所述内容，未经证明")], rows
        )
    _add_paragraphs(section, teller.custody())


def _add_limits(main: Element, teller: Teller) -> None:
    heading = teller.say("What was not tested", "未检验的情形")
    section = add_section(main, heading, "limits")
    items = SubElement(section, "ul")
    for text in teller.untested():
        SubElement(items, "li").text = text


def _add_checking(main: Element, teller: Teller) -> None:
    section = add_section(main, teller.say("How to check this", "如何核验"), "checking")
    _add_paragraphs(
        section,
        [
            teller.say(
                "Take the registry's trust.policy from the registry itself, never from whoever "
                "shows you this, and run: muniment verify CASE.zip --policy trust.policy. It needs "
                "no network. It checks every proof, and that this report says nothing that they "
                "contradict. Who is handed the file, the original and the opened marking keys of "
                "the deliveries named or cleared works the scores out again: add --data FILE "
                "--original FILE --opening KEY, the last once for each.",
                "请直接向登记系统索取信任策略 trust.policy，切勿使用出示人提供的，然后运行："
                "muniment verify 案卷.zip --policy trust.policy。无须联网。该命令核验全部证明，"
                "并核对本报告与之无矛盾。持有该文件、原始数据以及所指明与所排除交付的开启标记密钥者，"
                "可重新计算得分：加上 --data 文件 --original 原始数据 --opening 密钥"
                "（每次交付各一）。",
            )
        ],
    )


def _add_paragraphs(parent: Element, texts: Iterable[str]) -> None:
    for text in texts:
        SubElement(parent, "p").text = text


def _add_table(parent: Element, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = SubElement(parent, "table")
    head = SubElement(SubElement(table, "thead"), "tr")
    for text in heads:
        SubElement(head, "th", scope="col").text = text
    body = SubElement(table, "tbody")
    for cells in rows:
        row = SubElement(body, "tr")
        for text in cells:
            SubElement(SubElement(row, "td"), "bdi").text = text
