"""What the environment and the global options say; read once."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.exitcodes import UsageError
from cli.lang import say

GLOBAL_FLAGS: Final = frozenset({"--json", "--quiet", "-q", "-v", "--verbose"})
GLOBAL_VALUES: Final = frozenset({"--home", "--node", "--lang", "--passphrase-file"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Global settings of one run.

    Args:
        home: The home folder.
        passphrase_file: Where the passphrase stands, if anywhere.
        is_json: One JSON document on stdout, nothing else.
        is_quiet: No talk on stderr.
        verbosity: How much more to say.
        node: Address of the node to work against; None: the home folder's own ledger.
    """

    home: Path
    passphrase_file: Path | None
    is_json: bool
    is_quiet: bool
    verbosity: int
    node: str | None = None


def read_environment() -> Mapping[str, str]:
    """The process's environment; the one place that reads it."""
    return dict(os.environ)  # noqa: TID251  # this is that place


def default_home(environment: Mapping[str, str]) -> Path:
    """`MUNIMENT_HOME`, else the platform's data folder."""
    named = environment.get("MUNIMENT_HOME")
    if named:
        return Path(named)
    from platformdirs import user_data_path  # only without MUNIMENT_HOME

    return user_data_path("muniment")


def hoist_global_options(argv: Sequence[str]) -> list[str]:
    """The arguments with global options in front, so that they may stand anywhere.

    Args:
        argv: Arguments without the program's name; nothing after `--` is moved.

    Raises:
        UsageError: The value of the last one is missing.
    """
    front: list[str] = []
    rest: list[str] = []
    words = list(argv)
    while words:
        word = words.pop(0)
        name, equals, _ = word.partition("=")
        if word == "--":
            return [*front, *rest, word, *words]
        if name in GLOBAL_FLAGS or (name in GLOBAL_VALUES and equals):
            front.append(word)
        elif word in GLOBAL_VALUES:
            if not words:
                raise UsageError(
                    say(f"{word} needs a value after it", f"选项 {word} 之后须带一个值")
                )
            front += [word, words.pop(0)]
        else:
            rest.append(word)
    return [*front, *rest]


def asks_for_json(argv: Sequence[str]) -> bool:
    """Whether the arguments ask for one JSON document, however wrong they are otherwise."""
    words = list(argv)
    return "--json" in (words[: words.index("--")] if "--" in words else words)
