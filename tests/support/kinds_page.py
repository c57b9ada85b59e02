"""docs/kinds.md: every kind of event and every state, from the classes of the rules."""

import json

from contracts.rulebook import KINDS, RULES_NAME, STATES
from tests.support.schema_words import LISTS, PATTERNS, WORDS
from tests.support.schemas import find_shapes

_HEAD = """# Kinds of events

Made by `scripts/schemas` from the classes in `contracts/`; the rule set is `{rules}`.

The JSON Schemas of the bodies are in `contracts/schemas/events/`. A schema says what is well
formed: unknown members are refused, an optional member is absent and never `null`, and numbers are
integers. What a rule refuses besides, it says in its refusal. The form of a policy is that of
`contracts/odrl/reader.py`, how it is read [a decision of its own](adr/0019-terms-of-grants.md).

The subjects of an event follow from its body, its actor and its nonce alone. Where this page names
a type and no more, the subject is the one that the member of that name holds; a subject of a member
that is absent is absent too. Of a new subject the id is made from actor and nonce with n = 0
([formats](formats.md), section 5). Each signs with one current key unless said otherwise.

| kind | subjects | signed by |
|---|---|---|"""

_STATES = """
# States of subjects

A subject's state stands in the state map with its type ([formats](formats.md), section 6); the
subjects `grant/...` have states of type `grant/1`, and so on. All members are there, but for
`complete_from`. An event changes exactly the states of its subjects; of a subject that it only has
to name, history, `n`, `last` and `time` change and nothing else.

A list of intervals ([Interval](#interval)) tells what held when; they are closed and never
rewritten. Below, "intervals of X" are those whose `value` is X.

| type | subjects | touched by |
|---|---|---|"""


def render_page():
    """Text of the page."""
    kinds = {kind: find_shapes(cls) for kind, cls in sorted(KINDS.items())}
    states = {kind: find_shapes(cls) for kind, cls in sorted(STATES.items())}
    lines = [_HEAD.format(rules=RULES_NAME), *map(_list_kind, kinds)]
    for kind, (name, shapes) in kinds.items():
        lines += ["", f"## {kind}", "", *_render_shape(shapes[name], kind)]
    lines += [_STATES, *map(_list_state, states)]
    for kind, (name, shapes) in states.items():
        lines += ["", f"## {kind}", "", *_render_shape(shapes[name], lists=LISTS.get(kind, {}))]
    lines.append("\n# Parts of bodies and states")
    for name, shape in sorted(_find_parts([*kinds.values(), *states.values()]).items()):
        lines += ["", f"## {name}", "", *_render_shape(shape)]
    return "\n".join(lines) + "\n"


def _find_parts(found):
    """The shapes that others are made of, each once."""
    parts = {}
    for own, shapes in found:
        for name, shape in shapes.items():
            if name != own:
                assert parts.setdefault(name, shape) == shape, f"two shapes are called {name}"
    return parts


def _list_kind(kind):
    subjects, signers = WORDS[kind]
    return f"| [`{kind}`](#{_anchor(kind)}) | {subjects} | {signers} |"


def _list_state(kind):
    name = kind.partition("/")[0]
    subject = "ledger/self" if name == "ledger" else f"{name}/..."
    touching = ", ".join(f"`{each}`" for each in sorted(KINDS) if f"`{name}/" in WORDS[each][0])
    return f"| [`{kind}`](#{_anchor(kind)}) | `{subject}` | {touching} |"


def _anchor(heading):
    """As hosts of Markdown make it."""
    return heading.replace(".", "").replace("/", "").lower()


def _about(shape, name):
    """The first sentence of a class, without the name that stands above it."""
    about = shape.get("description", "").removeprefix(f"`{name}`").lstrip(":,. ")
    return about[:1].upper() + about[1:]


def _render_shape(shape, name="", lists=()):
    about = _about(shape, name)
    yield from ([_escape(about), ""] if about else [])
    if not shape["properties"]:
        yield "It has no members."
        return
    yield "| member | | value | |"
    yield "|---|---|---|---|"
    for member, value in shape["properties"].items():
        if member == "complete_from" and not lists:
            continue
        said = f"intervals of {lists[member]}" if member in lists else _say(value)
        optional = "" if member in shape["required"] else "optional"
        yield f"| `{member}` | {optional} | {said} | {_escape(value.get('description', ''))} |"


def _escape(text):
    return text.replace("|", r"\|")


def _say(schema):
    """A type in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(map(_say, schema["anyOf"]))
    if "enum" in schema:
        values = ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
        return values if len(schema["enum"]) == 1 else f"one of {values}"
    say = {
        "string": _say_text,
        "integer": lambda one: "integer" + _say_range(one, "minimum", "maximum"),
        "array": lambda one: (
            f"array{_say_range(one, 'minItems', 'maxItems')} of {_say(one['items'])}"
        ),
        "object": lambda one: f"object of {_say(one['additionalProperties'])}",
        "boolean": lambda _: "`true` or `false`",
        "null": lambda _: "`null`",
    }
    return say[schema["type"]](schema) if "type" in schema else "any JSON value"


def _say_text(schema):
    if "pattern" in schema:
        pattern = schema["pattern"].removeprefix("^(?:").removesuffix(r")(?!\n)$")
        return PATTERNS.get(pattern) or f"`{_escape(pattern)}`"
    return "text" + _say_range(schema, "minLength", "maxLength", " characters")


def _say_range(schema, least, most, unit=""):
    low, high = schema.get(least), schema.get(most)
    if low is not None and high is not None:
        return f" ({low} to {high}{unit})"
    if low is not None:
        return f" (at least {low}{unit})"
    return "" if high is None else f" (at most {high}{unit})"
