"""JSON Schemas made from the classes of the rules, with what their docstrings say of each member."""

import inspect
import re

import msgspec
from msgspec import inspect as types

from tests.support.schema_words import COMPLETE_FROM, MEMBERS


def find_shapes(cls):
    """The name of a class's own schema, and by name the schemas of all that it is made of."""
    schema = msgspec.json.schema(cls, schema_hook=_describe_object)
    classes = {one.__name__: one for one in _list_classes(types.type_info(cls))}
    shapes = {name: _annotate(shape, classes[name]) for name, shape in schema["$defs"].items()}
    return schema["$ref"].rpartition("/")[2], shapes


def list_members(cls):
    """What the docstrings of a class and its bases say of the members, by their names in JSON."""
    kind = getattr(cls, "kind", None)
    said = {"complete_from": COMPLETE_FROM}
    said |= MEMBERS.get(kind if isinstance(kind, str) else cls.__name__, {})
    for each in reversed(cls.__mro__):
        said |= _read_args(each.__dict__.get("__doc__") or "")
    names = {field.name: field.encode_name for field in msgspec.structs.fields(cls)}
    return {
        encoded: _tidy(said.get(name) or said.get(encoded, "")) for name, encoded in names.items()
    }


def _describe_object(cls):
    if cls is object:
        return {"description": "any value of our JSON profile"}
    raise NotImplementedError


def _list_classes(info):
    """Every class that a type is made of."""
    if isinstance(info, types.StructType):
        yield info.cls
    for name in ("fields", "types"):
        for part in getattr(info, name, ()):
            yield from _list_classes(part)
    for name in ("type", "item_type", "value_type"):
        if hasattr(info, name):
            yield from _list_classes(getattr(info, name))


def _annotate(shape, cls):
    """The schema with the first sentence of its class's docstring, and a line on each member."""
    about = _tidy(" ".join(shape.get("description", "").split("\n\n")[0].split()))
    said = list_members(cls)
    members = {
        name: {**member, "description": said[name]} if said[name] else member
        for name, member in shape["properties"].items()
    }
    described = {"description": about} if about else {}
    return {**shape, **described, "properties": members}


def _read_args(doc):
    """The section `Args` of a docstring: each name with its text, names together with one."""
    found, names = {}, []
    _, _, section = inspect.cleandoc(doc).partition("\nArgs:\n")
    for line in section.partition("\n\n")[0].splitlines():
        entry = re.match(r"    (\w+(?:, \w+)*): (.*)", line)
        if entry:
            names = entry[1].split(", ")
            found |= dict.fromkeys(names, "Likewise.") | {names[0]: entry[2]}
        elif names:
            found[names[0]] += f" {line.strip()}"
    return found


def _tidy(text):
    """The text for who knows nothing of our classes and their names."""
    text = re.sub(r"^`[\w$]+` in JSON: ", "", text)
    text = re.sub(r"; `from` and `to` in JSON( are start and end here)?", "", text)
    text = re.sub(r"\bNone\b", "`null`", text)
    return text[:1].upper() + text[1:]
