"""Hostile JSON: any leaf or branch of a value replaced by something that should not be there."""

HOSTILE = (
    None,
    True,
    -1,
    0,
    1,
    2**53 - 1,
    "",
    "\n",
    "x" * 5000,
    "party/" + "a" * 26,
    "registration/" + "a" * 26,
    "did:key:z6Mk" + "1" * 44,
    "00" * 32,
    "A" * 43,
    "2026-13-45",
    [],
    {},
    [[]],
    [None],
    {"$commit": "A" * 43},
    {"x": {"y": {"z": {"w": []}}}},
)


def places(value, path=()):
    """Paths to every member and item of a JSON value."""
    yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*path, name))
    elif isinstance(value, list | tuple):
        for n, item in enumerate(value):
            yield from places(item, (*path, n))


def put(value, path, change):
    """The value with what is at the path replaced by `change` of it."""
    if not path:
        return change(value)
    copy = list(value) if isinstance(value, list | tuple) else dict(value)
    copy[path[0]] = put(copy[path[0]], path[1:], change)
    return copy


def mangle(random, value):
    """The value with one place replaced, removed, doubled or added to."""
    inside = [path for path in places(value) if path]
    if not inside:
        return _with_more(value, random.choice(HOSTILE))
    path = random.choice(inside)
    how = random.randrange(4)
    if how == 0:
        return put(value, path[:-1], lambda branch: _without(branch, path[-1]))
    if how == 1:
        return put(
            value, path, lambda old: [old, old] if isinstance(old, str) else random.choice(HOSTILE)
        )
    if how == 2:
        return put(value, path[:-1], lambda branch: _with_more(branch, random.choice(HOSTILE)))
    return put(value, path, lambda old: random.choice(HOSTILE))


def _without(branch, place):
    if isinstance(branch, dict):
        return {name: member for name, member in branch.items() if name != place}
    return [item for n, item in enumerate(branch) if n != place]


def _with_more(branch, value):
    if isinstance(branch, dict):
        return branch | {"more": value}
    return [*branch, value]
