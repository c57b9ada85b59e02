"""What the environment and the global options say; read once."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
    """

    home: Path
    passphrase_file: Path | None
    is_json: bool
    is_quiet: bool
    verbosity: int


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
    """
    front: list[str] = []
    rest: list[str] = []
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == "--":
            return [*front, *rest, word, *words]
        if word in GLOBAL_FLAGS or (word.partition("=")[0] in GLOBAL_VALUES and "=" in word):
            front.append(word)
        elif word in GLOBAL_VALUES and words:
            front += [word, words.pop(0)]
        else:
            rest.append(word)
    return [*front, *rest]
