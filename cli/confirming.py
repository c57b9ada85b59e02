"""What cannot be undone is asked for once more: on a terminal by a question, else with `--yes`."""

import sys
from typing import Final

from cli.exitcodes import UsageError
from cli.lang import say

_SURE: Final = frozenset({"y", "yes", "是"})


def confirm(en: str, zh: str, *, is_sure: bool) -> None:
    """Go on only if it is meant.

    Args:
        en: What cannot be undone, as a sentence without its end.
        zh: The same in Chinese.
        is_sure: `--yes` was given.

    Raises:
        UsageError: It is not meant, or nobody can be asked.
    """
    if is_sure:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            say(f"{en}: say --yes if it is meant", f"{zh}：确认无误请加 --yes"), "not_confirmed"
        )
    print(
        say(f"{en}. Go on? [y/N] ", f"{zh}。是否继续？[y/N] "), end="", file=sys.stderr, flush=True
    )
    if sys.stdin.readline().strip().lower() not in _SURE:
        raise UsageError(say("nothing was done", "未作任何操作"), "not_confirmed")
