"""Files that are made from code and kept in the tree: written anew, or held against the code."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def render_json(value):
    """JSON as we keep it: one line for each thing that fits, so that changes can be read."""
    return _render(value, 0) + "\n"


def find_differences(files, folders):
    """What is not as it would be written, in words.

    Args:
        files: Text of each file, by path.
        folders: Nothing else lies in them; each with the ending that counts.
    """
    for path, text in sorted(files.items()):
        if not path.is_file():
            yield f"{_name(path)} is missing"
        elif path.read_bytes() != text.encode():
            yield f"{_name(path)} is not what the code makes"
    for folder, ending in folders:
        for path in sorted(folder.glob(f"*{ending}")):
            if path not in files:
                yield f"{_name(path)} is made by nothing"


def run(argv, files, folders=()):
    """Write the files, or with `--check` only compare; gives the exit code."""
    if argv not in ([], ["--check"]):
        print(f"unknown arguments {argv}: give none, or --check")
        return 2
    differences = list(find_differences(files, folders))
    for sentence in differences:
        print(sentence)
    if argv:
        print(f"{len(differences)} of {len(files)} files are not what the code makes")
        return 1 if differences else 0
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    for folder, ending in folders:
        for path in set(folder.glob(f"*{ending}")) - set(files):
            path.unlink()
    print(f"{len(files)} files written")
    return 0


def _name(path):
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _render(value, indent, before=0):
    flat = json.dumps(value)
    is_short = indent + before + len(flat) <= 98
    if is_short or not isinstance(value, dict | list) or not value:
        return flat
    if isinstance(value, list):
        parts = [_render(one, indent + 1) for one in value]
    else:
        names = [f"{json.dumps(name)}: " for name in value]
        pairs = zip(names, value.values(), strict=True)
        parts = [name + _render(one, indent + 1, len(name)) for name, one in pairs]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    inner = "\n" + " " * (indent + 1)
    return f"{opening}{inner}{f',{inner}'.join(parts)}\n{' ' * indent}{closing}"
