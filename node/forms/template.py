"""A form to fill in: TOML with what to write above each blank, in either language.

What has to be filled in stands there empty; what may stay out is commented as `#name = ""`, without
a space after the mark, so that it is told from the explanations.
"""

from collections.abc import Iterator

from contracts.profile import RegistrationType
from node.forms.annexes import FORMS
from node.forms.shape import LISTS, Field, Group, join_path


def render_template(kind: RegistrationType, *, is_chinese: bool) -> str:
    """The form of a type of registration, empty.

    Args:
        kind: Of the registration.
        is_chinese: The language of the explanations; names are the same in both.
    """
    form = FORMS[kind]
    return "\n".join(
        [
            f"# {form.zh if is_chinese else form.en}",
            *_introduce(kind, is_chinese=is_chinese),
            f'type = "{kind}"',
            *_render_group(form, "", is_chinese=is_chinese, is_optional=False),
            "",
        ]
    )


def _introduce(kind: str, *, is_chinese: bool) -> list[str]:
    if is_chinese:
        return [
            f"# 填写后提交：muniment register --form 文件.toml（模板：--template {kind}）",
            "# 以 # 紧接名称开头的为选填项：填写时去掉 #。日期写作 2026-01-31。",
            '# 列表写作 ["甲", "乙"]，引号须用半角；选项写代码或中文名称均可。',
            "",
        ]
    return [
        f"# Fill it in, then: muniment register --form FILE.toml (template: --template {kind})",
        "# Lines that begin with # and a name are optional: take the # away. Dates: 2026-01-31.",
        '# Lists: ["one", "two"].',
        "",
    ]


def _render_group(group: Group, path: str, *, is_chinese: bool, is_optional: bool) -> Iterator[str]:
    for each in group.fields:
        yield from _render_field(each, is_chinese=is_chinese, is_optional=is_optional)
    for inner in group.groups:
        inner_path = join_path(path, inner.name)
        skip = is_optional or not inner.is_needed
        header = f"[[{inner_path}]]" if inner.is_many else f"[{inner_path}]"
        yield ""
        yield f"# {inner.zh if is_chinese else inner.en}"
        yield f"{'#' if skip else ''}{header}"
        yield from _render_group(inner, inner_path, is_chinese=is_chinese, is_optional=skip)


def _render_field(each: Field, *, is_chinese: bool, is_optional: bool) -> Iterator[str]:
    if is_optional:
        needed = "（填写本组时必填）" if is_chinese else " (required with this table)"
    else:
        needed = "（必填）" if is_chinese else " (required)"
    needed = needed if each.is_needed else ""
    yield f"# {each.zh if is_chinese else each.en}{needed}"
    if each.choices:
        shown = ", ".join(
            f"{code} {name}" if is_chinese else code for code, name in each.choices.items()
        )
        few = ("可多选" if is_chinese else "some of") if each.kind in LISTS else ""
        one = "选一项" if is_chinese else "one of"
        yield f"#   {few or one}: {shown}"
    skip = is_optional or not each.is_needed
    yield f"{'#' if skip else ''}{each.name} = {_blank(each)}"


def _blank(each: Field) -> str:
    if each.kind in LISTS:
        return "[]"
    return "false" if each.kind == "flag" else '""'
