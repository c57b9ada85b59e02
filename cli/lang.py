"""The language of what the program says: English or Chinese, chosen once at the start."""

import sys
from collections.abc import Sequence
from typing import Final

LANGUAGES: Final = ("en", "zh-CN")


class _Choice:
    def __init__(self) -> None:
        self.language = "en"


_CHOICE: Final = _Choice()


def set_language(language: str) -> None:
    """Choose the language for the rest of the process."""
    _CHOICE.language = language


def is_chinese() -> bool:
    """Whether the program speaks Chinese."""
    return _CHOICE.language == "zh-CN"


def say(en: str, zh: str) -> str:
    """The sentence in the chosen language."""
    return zh if is_chinese() else en


def find_language(argv: Sequence[str], locale: str) -> str:
    """The language that the command line asks for, else the locale's; `zh` is `zh-CN`.

    Args:
        argv: Arguments without the program's name.
        locale: Value of LC_ALL, LC_MESSAGES or LANG.
    """
    language = _find_named(argv, locale)
    return "zh-CN" if language in {"zh", "zh_CN", "zh-cn"} else language


def _find_named(argv: Sequence[str], locale: str) -> str:
    for i, word in enumerate(argv):
        if word.startswith("--lang="):
            return word.partition("=")[2]
        if word == "--lang" and i + 1 < len(argv):
            return argv[i + 1]
    return "zh-CN" if locale.startswith("zh") else "en"


def use_utf8() -> None:
    """Let Chinese text through whatever the locale of the terminal says."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
