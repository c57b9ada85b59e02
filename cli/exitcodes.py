"""Exit codes: what a script may rely on (our surfaces, "Exit codes")."""

from enum import IntEnum

from ledger.errors import (
    ConflictError,
    ExistsError,
    InputError,
    LedgerError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)


class Exit(IntEnum):
    """What a run of the program ended with."""

    DONE = 0
    BUG = 1
    USAGE = 2
    NOT_AUTHENTIC = 3
    REFUSED = 4
    NOT_FOUND = 5
    TRY_LATER = 6
    NOT_IN_FORCE = 7


class UsageError(InputError):
    """The command was used wrongly; the message says how to use it.

    Args:
        message: What is wrong, and what to do instead.
        code: Stable code, for programs.
        hint: What to do next, where the message does not say it.
    """

    code = "usage"

    def __init__(self, message: str, code: str = "usage", hint: str | None = None) -> None:
        super().__init__(message)
        self.reason = code
        self.hint = hint


USAGE_CODES = frozenset(
    {
        "usage",
        "exists",
        "passphrase_required",
        "opening_required",
        "unanswerable",
        "extra_missing",
        "tables_missing",
    }
)


def exit_for(error: LedgerError) -> Exit:
    """The exit code of an error."""
    if error.code in USAGE_CODES or isinstance(error, ExistsError | UsageError):
        return Exit.USAGE
    match error:
        case VerificationError():
            return Exit.NOT_AUTHENTIC
        case InputError():
            return Exit.REFUSED
        case NotFoundError():
            return Exit.NOT_FOUND
        case ConflictError() | UnavailableError():
            return Exit.TRY_LATER
        case _:
            return Exit.BUG
