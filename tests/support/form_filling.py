"""Forms filled in as a person would: an empty template, line by line."""

import json
import re

from node.forms.shape import LISTS, Field, join_path

USCC = "91440300708461136T"
DIGEST = "ab" * 32
_HEADER = re.compile(r"#?\[{1,2}([a-z_.]+)\]{1,2}")
_SETTING = re.compile(r"#?([a-z_]+) = .+")
_SPECIAL = {
    "industry": "G54",
    "id_number": USCC,
    "kind": "legal",
    "title": "南京市停车场车位占用数据表 2026",
    "start": "2025-01-01",
    "end": "2025-12-31",
}


def fill_template(text, values):
    """The template with these values, by path without places; the rest of it as it stands."""
    lines, path = [], ""
    for line in text.splitlines():
        if header := _HEADER.fullmatch(line):
            path = header[1]
            is_used = any(name.startswith(f"{path}.") for name in values)
            lines.append(line.lstrip("#") if is_used else line)
        elif setting := _SETTING.fullmatch(line):
            name = join_path(path, setting[1])
            lines.append(f"{setting[1]} = {_toml(values[name])}" if name in values else line)
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def sample(field):
    """Something that fits into a blank."""
    choices = list(field.choices)
    by_kind = {
        "text": f"{field.name} 文字",
        "texts": ["one", "two"],
        "code": choices[0] if choices else None,
        "codes": choices[:2],
        "day": "2026-02-28",
        "count": 1,
        "flag": False,
        "file": DIGEST,
        "files": [DIGEST],
    }
    special = _SPECIAL.get(field.name)
    fits = special is not None and (not field.choices or special in field.choices)
    return special if fits and field.kind not in LISTS else by_kind[field.kind]


def samples(group, *, everything=True, path=""):
    """A value for each blank of a form, or for each that has to be filled in, by path."""
    found = {}
    for part in group.parts:
        name = join_path(path, part.name)
        if not (everything or part.is_needed):
            continue
        if isinstance(part, Field):
            found[name] = sample(part)
        else:
            found |= samples(part, everything=everything, path=name)
    return found


def nest(values, group, path=""):
    """The same values as a form holds them."""
    form = {}
    for part in group.parts:
        name = join_path(path, part.name)
        if isinstance(part, Field):
            if name in values:
                form[part.name] = values[name]
        elif inner := nest(values, part, name):
            form[part.name] = [inner] if part.is_many else inner
    return form


def _toml(value):
    return json.dumps(value, ensure_ascii=False)
