"""Small changes of a bundle, as data: so a file of vectors need not hold it many times over."""

import copy
import json


def patched(bundle, changes):
    """Bytes of a bundle with some members changed.

    Args:
        bundle: As JSON.
        changes: Each `{"at": [names and positions], "set": value}`, or `drop` true in place of
            `set`, or `append` a value to a list, or `replace` [old, new] for the first occurrence
            within a string.
    """
    value = copy.deepcopy(bundle)
    for change in changes:
        *way, last = change["at"]
        at = value
        for name in way:
            at = at[name]
        if change.get("drop"):
            del at[last]
        elif "append" in change:
            at[last].append(change["append"])
        elif "replace" in change:
            old, new = change["replace"]
            assert old in at[last], "it is there to be replaced"
            at[last] = at[last].replace(old, new, 1)
        else:
            at[last] = change["set"]
    data = json.dumps(value).encode()
    assert not changes or data != json.dumps(bundle).encode(), "it changes something"
    return data


def put(at, value):
    """The change that sets a value."""
    return {"at": at, "set": value}


def append(at, value):
    """The change that sets a value behind the last of a list."""
    return {"at": at, "append": value}


def drop(*at):
    """The change that leaves a member or an item out."""
    return {"at": list(at), "drop": True}
