"""The table of docs/forms.md, from the forms' own: `python -m tests.support.forms_page` writes it."""

from pathlib import Path

from contracts.forms import FORMS as MEMBERS
from node.forms.annexes import FORMS
from node.forms.shape import LISTS, Field, join_path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "forms.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
_HEAD = (
    "| blank · 填写项 | what to write | 填写内容 | needed · 必填 | committed to under · 承诺项 |\n"
    "| --- | --- | --- | --- | --- |\n"
)
_INITIAL = {
    "files": "`content.0`, `content.1`, ...",
    "years": "`rights` (each)",
    "basis": "`basis`, `rights` (where none is said)",
    "classification.openness": "`openness`",
}


def render_table():
    """Every blank of the five forms: its path, what to write, and where its value goes."""
    text = ""
    for kind, form in FORMS.items():
        text += f"\n**{kind}**: {form.en} · {form.zh}\n\n{_HEAD}"
        text += "".join(_row(kind, *field) for field in _fields(form))
    return f"{text}\n"


def member_of(kind, path):
    """The member of the application that a blank is committed to under, as the page says it."""
    if kind == "initial" and path in _INITIAL:
        return _INITIAL[path]
    first, _, rest = path.replace("[]", "").partition(".")
    name = rest.partition(".")[0] if first == "data" else first
    name = {"ground": "evidence"}.get(name, name)
    assert name in MEMBERS[kind].members, (kind, path)
    return f"`{name}`"


def splice(page):
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + render_table() + END + rest.partition(END)[2]


def _fields(group, path="", *, is_optional=False):
    """Each blank with its path, and whether the table that it stands in may be left out."""
    for part in group.parts:
        name = join_path(path, part.name)
        if isinstance(part, Field):
            yield name, part, is_optional
        else:
            inner = f"{name}[]" if part.is_many else name
            yield from _fields(part, inner, is_optional=is_optional or not part.is_needed)


def _row(kind, path, each, is_optional):
    codes = ", ".join(f"`{code}`" for code in each.choices)
    names = "、".join(each.choices.values())
    some, several = ("some of ", "可多选：") if each.kind in LISTS else ("", "")
    en = f"{each.en}: {some}{codes}" if codes else each.en
    zh = f"{each.zh}：{several}{names}" if names else each.zh
    always = "in this table · 填写本组时" if is_optional else "yes · 是"
    needed = always if each.is_needed else ""
    return f"| `{path}` | {en} | {zh} | {needed} | {member_of(kind, path)} |\n"


if __name__ == "__main__":
    PAGE.write_text(splice(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
