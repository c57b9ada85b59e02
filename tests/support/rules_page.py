"""docs/rules.md: the procedure of registration as a book, from the tables that drive it.

Run by `scripts/rules`. Whatever is the same in every table of the page is said in its texts here;
who may do what, when, and for how long comes from contracts.edges, contracts.disputes and the
shipped profiles.
"""

import re
import sys

from contracts.disputes import OBJECTION_EDGES, OPEN_STAGES, STAGES
from contracts.edges import EDGES, OPEN_STATUSES, PAUSED, STATES
from contracts.profile import parse_profile
from tests.support.generated import ROOT, run
from tests.support.rules_words import BOOK

PAGE = ROOT / "docs" / "rules.md"
PROFILES = ("national-2026", "exchange", "solo")
CLOCKS = {
    "acceptance": "Art. 17",
    "notice": "Art. 24",
    "objection": "Art. 25",
    "completion": "Art. 28",
    "extension": "Art. 28",
}
"""Which article gives each clock its length."""
_EVENT_LESS = {"silence", "lapse"}
_HAN = "[\u3000-\u9fff\uff00-\uffef]"
_WRAPPED = re.compile(f"(?<={_HAN})\n *(?={_HAN})")
"""A line's end inside a Chinese sentence, which would be shown as a blank."""


def read_profiles():
    folder = ROOT / "contracts" / "profiles"
    return [parse_profile((folder / f"{name}.toml").read_text("utf-8")) for name in PROFILES]


def render_page():
    """Text of the page: the English part, then the Chinese."""
    profiles = read_profiles()
    parts = [BOOK["head"], _render("en", profiles), _render("zh", profiles)]
    return "\n".join(parts).rstrip("\n") + "\n"


def _render(language, profiles):
    say = BOOK[language]
    return _WRAPPED.sub("", "\n".join([
        say["title"],
        say["reading"],
        _table(say["state_heads"], _list_states(language)),
        say["diagram"],
        "```text",
        *_draw(say, EDGES),
        "```",
        say["steps"],
        *(line for edge in EDGES for line in _tell(edge, language)),
        say["clocks"],
        _table([*say["clock_heads"], *(f"`{each.name}`" for each in profiles)],
               _list_clocks(language, profiles)),
        say["counting"],
        say["types"],
        _table([*say["type_heads"], *(f"`{each.name}`" for each in profiles)],
               _list_types(language, profiles)),
        say["actors"],
        _table(say["actor_heads"], _list_actors(language)),
        say["objections"],
        _table(say["state_heads"][:3], _list_stages(language)),
        "```text",
        *_draw(say, OBJECTION_EDGES),
        "```\n",
        *(line for edge in OBJECTION_EDGES for line in _tell(edge, language)),
    ]))  # fmt: skip


def _table(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _list_states(language):
    say = BOOK[language]["stands"]
    for state, words in STATES.items():
        stands = "open" if state in OPEN_STATUSES else "done" if state == "recorded" else "end"
        clock = "stops" if state in PAUSED else "notice" if state == "published" else "none"
        runs = clock if stands == "open" and state not in {"filed", "returned"} else "before"
        runs = "runs" if runs == "none" else runs if stands == "open" else "over"
        yield [f"`{state}`", getattr(words, language), say[stands], say[runs]]


def _list_stages(language):
    say = BOOK[language]["stands"]
    for stage, words in STAGES.items():
        stands = "open" if stage in OPEN_STAGES else "end"
        yield [f"`{stage}`", getattr(words, language), say[stands]]


def _draw(say, table):
    """A table as lines, by the state that each step leaves."""
    sources = dict.fromkeys(state for edge in table for state in edge.sources or ("",))
    longest = max(len(edge.step) for edge in table) + 2
    for source in sources:
        yield source or say["start"]
        edges = [edge for edge in table if source in (edge.sources or ("",))]
        for edge in edges:
            corner = "└" if edge is edges[-1] else "├"
            name = f"({edge.step})" if edge.step in _EVENT_LESS else edge.step
            yield f"  {corner}─ {name.ljust(longest, ' ')} ──► {edge.target or source}"


def _tell(edge, language):
    """One step as an entry of the book."""
    say = BOOK[language]
    sources = say["or"].join(f"`{state}`" for state in edge.sources) or say["start"]
    target = f"`{edge.target}`" if edge.target else say["stays"]
    event = say["no_event"] if edge.step in _EVENT_LESS else f"`{edge.kind}`"
    yield f"**{edge.step}**{say['colon']}{sources} → {target}"
    yield ""
    yield f"- {say['by'][edge.by]}{say['comma']}{event}{say['comma']}{show_article(edge.article, language)}"
    yield f"- {getattr(edge.says, language)}"
    if edge.consequence:
        yield f"- {getattr(edge.consequence, language)}"
    if edge.clock:
        yield f"- {say['starts'].format(say['clock_names'][edge.clock])}"
    if edge.pause:
        yield f"- {say['pauses'][edge.pause]}"
    if edge.silence:
        yield f"- {say['silence']}{getattr(edge.silence, language)}"
    yield ""


def show_article(article, language):
    """`Art. 26, 27` in words of the language."""
    numbers = article.removeprefix("Art. ")
    return f"Art. {numbers}" if language == "en" else f"第 {numbers.replace(', ', '、')} 条"


def _list_clocks(language, profiles):
    say = BOOK[language]
    for clock, article in CLOCKS.items():
        edges = [edge for edge in EDGES if edge.clock == clock]
        steps = say["list"].join(dict.fromkeys(f"`{edge.step}`" for edge in edges))
        over = next((edge.silence for edge in edges if edge.silence), None)
        text = getattr(over, language) if over else say["overdue"]
        lengths = [_show_days(getattr(each.clocks, clock), say) for each in profiles]
        yield [say["clock_names"][clock], steps, show_article(article, language), text, *lengths]


def _list_types(language, profiles):
    say = BOOK[language]
    for kind, name in say["type_names"].items():
        yield [f"`{kind}`", name, *(_show_type(kind, each, say) for each in profiles)]


def _show_type(kind, profile, say):
    if kind not in profile.types:
        return say["no_type"]
    return say["noticed"] if kind in profile.notice_types else say["unnoticed"]


def _show_days(days, say):
    return say["days"].format(days) if days else say["no_clock"]


def _list_actors(language):
    say = BOOK[language]
    for by in say["by"]:
        steps = dict.fromkeys(f"`{edge.step}`" for edge in EDGES if edge.by == by)
        if not steps:
            continue
        yield [say["by"][by], say["list"].join(steps)]


def make_files():
    """Text of every file, by path."""
    return {PAGE: render_page()}


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], make_files()))
