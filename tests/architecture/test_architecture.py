"""The shape of the project, where no other tool holds it.

Imports and purity are import-linter's, names and docstrings of functions are ruff's.
"""

import ast
import os
import pkgutil
import re
import sys
import tomllib
from collections import Counter
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from ledger import errors
from ledger.errors import InputError, LedgerError

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ledger", "contracts", "tracing", "node", "cli")
MAX_LINES = 400
README = ROOT / "README.md"
ADR = ROOT / "docs" / "adr"
ADR_SECTIONS = ("Context", "Decision", "What it costs us")


def product_files():
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def relative(path):
    return str(path.relative_to(ROOT))


# Errors


def all_errors():
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    found, waiting = [], [LedgerError]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls.__module__.partition(".")[0] in PACKAGES:  # tests define some of their own
            found.append(cls)
    return sorted(found, key=lambda cls: (cls.__module__, cls.__name__))


def drawn_tree(text):
    """Each class of a drawn tree with the one above it."""
    above, pairs = [], set()
    for line in text.splitlines():
        if name := re.search(r"\w+Error\b", line):
            depth = name.start() // 4
            above[depth:] = [name[0]]
            pairs.add((name[0], above[depth - 1] if depth else "Exception"))
    return pairs


def error_faults(classes):
    codes = Counter(cls.code for cls in classes)
    for cls in classes:
        if "code" not in vars(cls):
            yield f"{cls.__name__} has no code of its own"
        elif codes[cls.code] > 1:
            yield f"{cls.__name__} shares the code {cls.code}"
        if not vars(cls).get("__doc__"):
            yield f"{cls.__name__} does not say what it means"
        if not cls.__name__.endswith("Error"):
            yield f"{cls.__name__} is not named like an error"


def test_the_tree_drawn_in_the_errors_module_is_the_real_one():
    here = {cls for cls in all_errors() if cls.__module__ == errors.__name__}
    drawing = errors.__doc__.split("```")[1]
    assert drawn_tree(drawing) == {(cls.__name__, cls.__base__.__name__) for cls in here}


def test_a_tree_drawn_otherwise_is_noticed():
    drawing = errors.__doc__.split("```")[1]
    lines = drawing.splitlines()
    without = "\n".join(line for line in lines if "ForkError" not in line)
    moved = drawing.replace("│   ├── LimitError", "├── LimitError")
    assert drawn_tree(drawing) - drawn_tree(without) == {("ForkError", "ConsistencyError")}
    assert ("LimitError", "LedgerError") in drawn_tree(moved)
    assert ("LimitError", "InputError") in drawn_tree(drawing)


def test_every_error_has_a_code_of_its_own_and_says_what_it_means():
    assert list(error_faults(all_errors())) == []


def test_errors_of_other_modules_are_found():
    modules = {cls.__module__ for cls in all_errors()}
    assert {"ledger.errors", "ledger.keys"} <= modules


def test_an_error_without_a_code_or_a_docstring_is_noticed():
    class CodelessError(InputError):
        """Means something."""

    class DoubledError(InputError):
        """Means something."""

        code = "malformed"

    class SilentError(InputError):
        code = "silent"

    class Misnamed(InputError):  # noqa: N818  # that is the point
        """Means something."""

        code = "misnamed"

    classes = [errors.MalformedError, CodelessError, DoubledError, SilentError, Misnamed]
    assert list(error_faults(classes)) == [
        "MalformedError shares the code malformed",
        "CodelessError has no code of its own",
        "DoubledError shares the code malformed",
        "SilentError does not say what it means",
        "Misnamed is not named like an error",
    ]


# Modules


def file_faults(path):
    text = path.read_text(encoding="utf-8")
    if not ast.get_docstring(ast.parse(text)):
        yield "has no docstring"
    if (count := len(text.splitlines())) > MAX_LINES:
        yield f"has {count} lines, more than {MAX_LINES}"


@pytest.mark.parametrize("path", product_files(), ids=relative)
def test_every_module_says_what_it_is_for_and_stays_short(path):
    assert list(file_faults(path)) == []


def test_all_packages_are_looked_at():
    assert {relative(path).split("/")[0] for path in product_files()} == set(PACKAGES)


def test_a_long_module_without_a_docstring_is_noticed(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("x = 1\n" * (MAX_LINES + 1))
    assert list(file_faults(module)) == ["has no docstring", "has 401 lines, more than 400"]
    module.write_text('"""What it is for."""\n' + "x = 1\n" * (MAX_LINES - 1))
    assert list(file_faults(module)) == []


# Dependencies


def normalise(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_names(requirements):
    return {normalise(re.match(r"[A-Za-z0-9._-]+", text)[0]) for text in requirements}


def locked_names(lock):
    return {normalise(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}


def imported_names(source):
    """First parts of the names that a module imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def foreign_distributions(sources):
    known = packages_distributions()
    names = {name for source in sources for name in imported_names(source)}
    names -= sys.stdlib_module_names | set(PACKAGES)
    return {normalise(distribution) for name in names for distribution in known.get(name, [name])}


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def extra_names():
    """Distributions of the extras that users install, which is all but `dev`."""
    extras = project()["optional-dependencies"]
    return {
        name
        for extra, listed in extras.items()
        if extra != "dev"
        for name in requirement_names(listed)
    }


def test_what_the_code_imports_is_declared():
    sources = [path.read_text(encoding="utf-8") for path in product_files()]
    declared = requirement_names(project()["dependencies"]) | extra_names()
    assert foreign_distributions(sources) - declared == set()


def test_an_undeclared_import_is_noticed():
    sources = ["import os, nacl.bindings\n", "def f():\n    from nowhere.deep import x\n"]
    assert foreign_distributions(sources) == {"pynacl", "nowhere"}


@pytest.mark.parametrize("name", ["runtime.lock", "dev.lock"])
def test_what_is_declared_is_locked_with_hashes_and_without_a_host(name):
    lock = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    declared = requirement_names(project()["dependencies"])
    if name == "dev.lock":
        dev = requirement_names(project()["optional-dependencies"]["dev"])
        declared |= dev | extra_names() | {"setuptools"}
    assert declared - locked_names(lock) == set()
    assert lock.count("--hash=sha256:") >= len(locked_names(lock))
    assert "://" not in lock


def test_an_unlocked_requirement_is_noticed():
    lock = "alpha==1.0 \\\n    --hash=sha256:00\n    # via beta\n"
    assert requirement_names(["Alpha>=1", "beta[x]>=2; os_name == 'nt'"]) == {"alpha", "beta"}
    assert locked_names(lock) == {"alpha"}


# Scripts and pages


def script_faults(path):
    if not os.access(path, os.X_OK):
        yield "is not executable"
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or not re.fullmatch(r"#!(/bin/sh|/usr/bin/env (bash|python3))", lines[0]):
        yield "does not begin with a shebang we know"
    if len(lines) < 2 or not lines[1].startswith(("# ", '"""')):
        yield "does not say what it does"


def scripts():
    return [*sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file()), CI]


CI = ROOT / ".ci" / "run"


@pytest.mark.parametrize("path", scripts(), ids=relative)
def test_every_script_can_be_run_and_says_what_it_does(path):
    assert list(script_faults(path)) == []


def test_a_script_that_cannot_be_run_is_noticed(tmp_path):
    script = tmp_path / "script"
    script.write_text("echo\n")
    assert list(script_faults(script)) == [
        "is not executable",
        "does not begin with a shebang we know",
        "does not say what it does",
    ]


def test_ci_runs_the_checks_and_the_tests_and_nothing_else():
    called = re.findall(r"^scripts/\S+", CI.read_text(encoding="utf-8"), re.MULTILINE)
    assert called == ["scripts/check", "scripts/test"]


def adr_faults(text):
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    for section in ADR_SECTIONS:
        if not any(section.lower() in title.lower() for title in titles):
            yield f"has no section {section}"
    if not re.search(r"^Status: ", text, re.MULTILINE):
        yield "has no status"


@pytest.mark.parametrize("path", sorted(ADR.glob("[0-9]*.md")), ids=relative)
def test_every_decision_says_what_it_costs(path):
    assert list(adr_faults(path.read_text(encoding="utf-8"))) == []


def test_a_decision_without_its_cost_is_noticed():
    text = "# 1\n\nStatus: accepted.\n\n## Context\n\n## Options and decision: names\n"
    assert list(adr_faults(text)) == ["has no section What it costs us"]
    assert "has no status" in list(adr_faults(""))


def test_the_index_lists_every_decision_once_and_in_order():
    index = (ADR / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\]\(([^)]+)\)", index)
    assert listed == sorted(path.name for path in ADR.glob("[0-9]*.md"))
    assert [name[:4] for name in listed] == [f"{n:04}" for n in range(1, len(listed) + 1)]


@pytest.mark.skipif(not README.exists(), reason="there is no README yet")
@pytest.mark.parametrize("command", ["scripts/demo", "scripts/test"])
def test_the_readme_names_its_two_commands(command):
    assert command in README.read_text(encoding="utf-8")
