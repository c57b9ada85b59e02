"""The JSON Schema of each kind's body, and docs/kinds.md: both made from the classes of the rules.

Run by `scripts/schemas`. The schemas are for people and other programs; ours reads bodies with the
classes themselves. So they are no part of the rule bundle whose digest `ledger.open` names: that
digest covers the classes, and what follows from them need not be counted twice.
"""

import json
import sys

import msgspec

from contracts.rulebook import KINDS, RULES_NAME
from tests.support.generated import ROOT, run

FOLDER = ROOT / "contracts" / "schemas" / "events"
PAGE = ROOT / "docs" / "kinds.md"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

WORDS = {
    "ledger.open": (
        "`ledger/self`; `party/` of operator, registrar and regulator; `key/` of each of their keys",
        "every key of these parties, and the node's",
    ),
    "ledger.upgrade": ("`ledger/self`", "operator and regulator"),
    "party.enroll": (
        "`party/` of the actor; `key/` of each of `keys`; `name/` of `uscc`",
        "every one of `keys`; outside solo also the registrar",
    ),
    "party.rotate": (
        "`party/` of the actor; `key/` of each of `add` and `remove`",
        "the actor, and every one of `add`",
    ),
    "party.recover": (
        "`party/`; `key/` of each of `add` and `remove`",
        "the registrar, and every one of `add`; with `cancel` an old key of the party alone",
    ),
    "party.admit": ("`party/`", "regulator or registrar"),
    "party.suspend": ("`party/`", "regulator or registrar"),
    "registration.file": (
        "a new `asset/` and a new `registration/`; `name/` of each of `digests`",
        "each of `parties`, of which the actor is one",
    ),
    "registration.accept": ("`registration/`", "registrar"),
    "registration.return": ("`registration/`", "registrar"),
    "registration.supplement": (
        "`registration/`",
        "registrar with `ask`, an applicant with `answer`",
    ),
    "registration.publish": ("`registration/`", "registrar"),
    "registration.withhold": ("`registration/`", "registrar"),
    "registration.withdraw": ("`registration/`", "an applicant"),
    "registration.refuse": ("`registration/`", "registrar"),
    "registration.record": (
        "`registration/`, `asset/`, `series/` and `voucher/` of `number`, `party/` of each of "
        "`parties`",
        "registrar, with as many officers' keys as the profile asks for",
    ),
    "registration.revoke": (
        "`registration/`, `asset/`, `series/` and `voucher/` of `number`, `party/` of each of "
        "`parties`",
        "registrar, with as many officers' keys as the profile asks for",
    ),
    "list.publish": ("`list/`", "regulator; of the list `calendar` also the registrar"),
}
"""Subjects and signers of each kind, which are methods of its class, in words."""

PATTERNS = {
    "[0-9a-f]{64}": "SHA-256 in hex",
    "did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}": "did:key",
    "party/[a-z2-7]{26}": "`party/` key",
    "asset/[a-z2-7]{26}": "`asset/` key",
    "registration/[a-z2-7]{26}": "`registration/` key",
    "[A-Za-z0-9_-]{43}": "base64url of 32 bytes",
}


def find_schema(kind):
    """Draft 2020-12 schema of a kind's body."""
    schema = msgspec.json.schema(KINDS[kind], schema_hook=_describe_object)
    shapes = {name: _shorten(shape) for name, shape in schema["$defs"].items()}
    return {
        "$schema": DIALECT,
        "$id": f"urn:muniment:schema:event:{kind}",
        "title": f"Body of {kind}",
        "$ref": schema["$ref"],
        "$defs": shapes,
    }


def make_files():
    """Text of every file, by path."""
    schemas = {kind: find_schema(kind) for kind in KINDS}
    files = {
        FOLDER / f"{kind}.json": json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        for kind, schema in schemas.items()
    }
    return {**files, PAGE: _render_page(schemas)}


def _describe_object(cls):
    if cls is object:
        return {"description": "any value of our JSON profile"}
    raise NotImplementedError


def _shorten(shape):
    """The shape with the first sentence of its class's docstring, on one line."""
    about = " ".join(shape.get("description", "").split("\n\n")[0].split())
    return {**shape, "description": about} if about else shape


def _render_page(schemas):
    shapes = {}
    parts = [_PAGE_HEAD.format(rules=RULES_NAME)]
    for kind, schema in sorted(schemas.items()):
        own = schema["$ref"].rpartition("/")[2]
        subjects, signers = WORDS[kind]
        parts.append(f"| [`{kind}`](#{kind.replace('.', '')}) | {subjects} | {signers} |")
        shapes |= {name: shape for name, shape in schema["$defs"].items() if name != own}
    for kind, schema in sorted(schemas.items()):
        own = schema["$defs"][schema["$ref"].rpartition("/")[2]]
        parts += ["", f"## {kind}", "", *_render_shape(own, kind)]
    for name, shape in sorted(shapes.items()):
        parts += ["", f"## {name}", "", *_render_shape(shape)]
    return "\n".join(parts) + "\n"


_PAGE_HEAD = """# Kinds of events

Made by `scripts/schemas` from the classes in `contracts/`; the rule set is `{rules}`.

The JSON Schemas of the bodies are in `contracts/schemas/events/`. A schema says what is well
formed: unknown members are refused, and numbers are integers. What a rule refuses besides, it says
in its refusal. A subject of which nothing else is said is the one that the body names.

| kind | subjects | signed by |
|---|---|---|"""


def _render_shape(shape, name=""):
    about = shape.get("description", "").removeprefix(f"`{name}`").lstrip(":,. ")
    yield from ([about[0].upper() + about[1:], ""] if about else [])
    yield "| member | | value |"
    yield "|---|---|---|"
    for name, member in shape["properties"].items():
        yield f"| `{name}` | {'' if name in shape['required'] else 'optional'} | {_say(member)} |"


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
        return PATTERNS.get(pattern) or f"`{pattern}`".replace("|", r"\|")
    return "text" + _say_range(schema, "minLength", "maxLength", " characters")


def _say_range(schema, least, most, unit=""):
    low, high = schema.get(least), schema.get(most)
    if low is not None and high is not None:
        return f" ({low} to {high}{unit})"
    if low is not None:
        return f" (at least {low}{unit})"
    return "" if high is None else f" (at most {high}{unit})"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], make_files(), [(FOLDER, ".json")]))
