"""A chain of title as one HTML page: the picture, the steps as nested lists, and a table.

The page stands alone: no scripts, nothing from outside, one style sheet that its own policy pins by
hash. It prints: the picture on a page by itself, the words below it in full.

Source: HTML Living Standard; Content Security Policy Level 3; WCAG 2.2.
"""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from node.render.chain import ChainStep, Place, Source, walk_chain
from node.render.looks import MARK_SIZE, PAPER, QUIET, TEXT, find_look
from node.render.sheet import FAMILIES, add_section, format_page, start_page
from node.render.svg import draw_svg
from node.render.text import plain
from node.render.words import (
    SEPARATOR,
    Words,
    show_details,
    show_event,
    show_heading,
    show_kind,
    show_parties,
    show_source,
    show_status,
    show_title,
)

_STYLE: Final = f"""
body {{ margin: 2rem auto; max-width: 75rem; padding: 0 1.5rem; color: {TEXT};
  background: {PAPER}; font: 1rem/1.5 {FAMILIES}; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.5rem; line-height: 1.3; margin: 0 0 .5rem; }}
h2 {{ font-size: 1.2rem; margin: 2.5rem 0 .75rem; }}
.quiet {{ color: {QUIET}; }}
figure {{ margin: 0; overflow-x: auto; border: 1px solid #d0d0d0; }}
figure svg {{ display: block; }}
.chain ul {{ list-style: none; margin: 0; padding: 0; }}
.chain ul ul {{ margin-left: .55rem; padding-left: 1.2rem; border-left: 2px solid #d0d0d0; }}
.chain li {{ padding: .45rem 0 0; }}
.chain p {{ margin: 0; }}
.chain dl {{ margin: .1rem 0 .3rem; color: {QUIET}; font-size: .875rem; }}
dl div {{ display: inline; margin-right: 1.2rem; }}
dt, dd {{ display: inline; margin: 0; }}
dt::after {{ content: ": "; }}
:lang(zh) dt::after {{ content: "："; }}
.status {{ border: 1.5px solid; border-radius: .25rem; padding: 0 .4rem; font-size: .875rem;
  font-weight: bold; white-space: nowrap; }}
.status svg {{ vertical-align: -1px; margin-right: .25rem; }}
.over {{ border-style: dashed; }}
table {{ border-collapse: collapse; width: 100%; font-size: .875rem; }}
th, td {{ border: 1px solid #b0b0b0; padding: .3rem .5rem; text-align: left;
  vertical-align: top; }}
th {{ background: #f0f0f0; }}
th, .short, .number {{ white-space: nowrap; }}
.number {{ text-align: right; }}
td ul {{ margin: 0; padding: 0; list-style: none; }}
@page {{ size: A4; margin: 15mm; }}
@page wide {{ size: A4 landscape; margin: 12mm; }}
@media print {{
  body {{ margin: 0; padding: 0; max-width: none; font-size: 10pt; }}
  .wide {{ page: wide; }}
  h1 {{ font-size: 14pt; }}
  h2 {{ margin: 1rem 0 .5rem; }}
  figure {{ overflow: visible; border: 0; break-inside: avoid; }}
  figure svg {{ max-width: 100%; height: auto; max-height: 125mm; }}
  h2, li > p, caption {{ break-after: avoid; }}
  li > p, li > dl, tr {{ break-inside: avoid; }}
  thead {{ display: table-header-group; }}
}}
"""


def render_html(root: ChainStep, source: Source, words: Words) -> str:
    """The chain as a page in the language of the words.

    Raises:
        ExtraMissingError: Graphviz is not installed.
        LimitError: Too many levels or steps for a picture.
    """
    places = list(walk_chain(root))
    html, main = start_page(words.language, show_heading(root, words), _STYLE)
    _add_opening(SubElement(main, "header", {"class": "wide"}), places, source, words)
    _add_picture(add_section(main, words.say("Picture", "图示"), "wide"), root, words)
    _add_steps(add_section(main, words.say("Steps", "步骤"), "chain"), places, words)
    _add_table(add_section(main, words.say("Table", "列表"), "wide"), places, words)
    return format_page(html)


def _add_opening(parent: Element, places: list[Place], source: Source, words: Words) -> None:
    SubElement(parent, "h1").text = show_heading(places[0].step, words)
    SubElement(parent, "p", {"class": "quiet"}).text = show_source(source, words)
    SubElement(parent, "p").text = words.say(
        "This page shows what a log holds. It is evidence, not legal advice; what it says can be "
        "proved from the log by the numbers behind #.",
        "本页展示日志所载内容，仅为证据，不构成法律意见；各项内容可凭 # 后的序号在日志中核验。",
    )
    for notice in dict.fromkeys(words.notice(place.step.subject) for place in places):
        if notice:
            SubElement(SubElement(parent, "p"), "strong").text = notice


def _add_picture(parent: Element, root: ChainStep, words: Words) -> None:
    figure = SubElement(parent, "figure", tabindex="0")
    svg = draw_svg(root, words)
    svg.set("aria-label", words.say("The steps listed below as a tree", "下列步骤的树状图"))
    figure.append(svg)


def _add_steps(parent: Element, places: list[Place], words: Words) -> None:
    lists: list[Element] = [SubElement(parent, "ul")]
    for place in places:
        del lists[place.level + 1 :]
        item = SubElement(lists[-1], "li")
        _add_step(item, place, words)
        if place.step.children:
            lists.append(SubElement(item, "ul"))


def _add_step(item: Element, place: Place, words: Words) -> None:
    step = place.step
    line = SubElement(item, "p")
    line.text = f"{place.number + 1} {show_kind(step, words)} "
    title = SubElement(line, "strong")
    SubElement(title, "bdi").text = show_title(step)
    title.tail = " "
    _add_status(line, step, words)
    facts = SubElement(item, "dl")
    for name, value in _facts(step, words):
        pair = SubElement(facts, "div")
        SubElement(pair, "dt").text = name
        _add_isolated(SubElement(pair, "dd"), value)


def _add_status(parent: Element, step: ChainStep, words: Words) -> None:
    look = find_look(step)
    status = SubElement(parent, "span", {"class": "status over" if look.is_dashed else "status"})
    mark = SubElement(
        status, "svg", {"width": str(MARK_SIZE), "height": str(MARK_SIZE), "aria-hidden": "true"}
    )
    SubElement(
        mark, "path", {"d": look.mark, "fill": "none", "stroke": look.ink, "stroke-width": "2"}
    )
    mark.tail = show_status(step, words)


def _facts(step: ChainStep, words: Words) -> Iterator[tuple[str, str]]:
    for role, key, name in step.parties:
        shown = plain(name).strip()
        yield plain(words.role(role)), f"{shown} ({plain(key)})" if shown else plain(key)
    event = SEPARATOR.join(show_event(step, words))
    if event:
        yield words.say("entry", "日志条目"), event
    yield from show_details(step, words)


def _add_table(parent: Element, places: list[Place], words: Words) -> None:
    table = SubElement(parent, "table")
    SubElement(table, "caption", {"class": "quiet"}).text = words.say(
        "All steps in reading order; “follows” is the number of the step above",
        "全部步骤，按阅读顺序；“承接”为上一步骤的编号",
    )
    head = SubElement(SubElement(table, "thead"), "tr")
    for name in (
        words.say("No.", "编号"),
        words.say("follows", "承接"),
        words.say("kind", "类别"),
        words.say("title", "名称"),
        words.say("parties", "主体"),
        words.say("status", "状态"),
        words.say("entry", "日志条目"),
        words.say("time", "时间"),
    ):
        SubElement(head, "th", scope="col").text = name
    body = SubElement(table, "tbody")
    for place in places:
        _add_row(body, place, words)


def _add_row(body: Element, place: Place, words: Words) -> None:
    step = place.step
    row = SubElement(body, "tr")
    for number in (place.number, place.parent):
        shown = "" if number is None else str(number + 1)
        SubElement(row, "td", {"class": "number"}).text = shown
    SubElement(row, "td", {"class": "short"}).text = show_kind(step, words)
    _add_isolated(SubElement(row, "td"), show_title(step))
    parties = SubElement(SubElement(row, "td"), "ul")
    for text in show_parties(step, words):
        _add_isolated(SubElement(parties, "li"), text)
    SubElement(row, "td", {"class": "short"}).text = show_status(step, words)
    index = "" if step.index is None else f"#{step.index}"
    SubElement(row, "td", {"class": "number"}).text = index
    time = "" if step.time is None else show_event(step, words)[-1]
    SubElement(row, "td", {"class": "short"}).text = time


def _add_isolated(parent: Element, text: str) -> None:
    """Text whose writing direction touches nothing beside it."""
    SubElement(parent, "bdi").text = text
