"""As much of JSON Schema (draft 2020-12) as our schemas use; an unknown keyword is an error."""

import re

ANNOTATIONS = {"$defs", "$id", "$schema", "default", "description", "title"}


def is_valid(schema, value, root=None):
    """Whether a value fits a schema."""
    root = schema if root is None else root
    return all(
        keyword in ANNOTATIONS or CHECKS[keyword](wanted, value, schema, root)
        for keyword, wanted in schema.items()
    )


def _is_type(wanted, value, schema, root):
    types = {
        "array": list,
        "boolean": bool,
        "integer": int,
        "null": type(None),
        "object": dict,
        "string": str,
    }
    return isinstance(value, types[wanted]) and (wanted != "integer" or not isinstance(value, bool))


def _follows(wanted, value, schema, root):
    assert wanted.startswith("#/$defs/")
    return is_valid(root["$defs"][wanted.removeprefix("#/$defs/")], value, root)


def _has_members(wanted, value, schema, root):
    known = value.keys() & wanted.keys() if isinstance(value, dict) else ()
    return all(is_valid(wanted[name], value[name], root) for name in known)


def _has_others(wanted, value, schema, root):
    if not isinstance(value, dict):
        return True
    others = value.keys() - schema.get("properties", {}).keys()
    return not others if wanted is False else all(is_valid(wanted, value[n], root) for n in others)


def _is_one_of(wanted, value, schema, root):
    return any(type(one) is type(value) and one == value for one in wanted)


CHECKS = {
    "$ref": _follows,
    "additionalProperties": _has_others,
    "anyOf": lambda wanted, value, _, root: any(is_valid(one, value, root) for one in wanted),
    "enum": _is_one_of,
    "items": lambda wanted, value, _, root: (
        not isinstance(value, list) or all(is_valid(wanted, one, root) for one in value)
    ),
    "maxItems": lambda wanted, value, *_: not isinstance(value, list) or len(value) <= wanted,
    "maxLength": lambda wanted, value, *_: not isinstance(value, str) or len(value) <= wanted,
    "maximum": lambda wanted, value, *_: not isinstance(value, int) or value <= wanted,
    "minItems": lambda wanted, value, *_: not isinstance(value, list) or len(value) >= wanted,
    "minLength": lambda wanted, value, *_: not isinstance(value, str) or len(value) >= wanted,
    "minimum": lambda wanted, value, *_: not isinstance(value, int) or value >= wanted,
    "pattern": lambda wanted, value, *_: (
        not isinstance(value, str) or re.search(wanted, value) is not None
    ),
    "properties": _has_members,
    "required": lambda wanted, value, *_: not isinstance(value, dict) or set(wanted) <= set(value),
    "type": _is_type,
}
