"""Whether the packages that tables need are installed: the extra `trace`."""

from importlib.util import find_spec
from typing import Final

from ledger.errors import InputError

NEEDED: Final = ("numpy", "polars", "pyfastcdc")


class TablesMissingError(InputError):
    """A package of an extra is not installed; nothing was done."""

    code = "tables_missing"


def has_extra() -> bool:
    """Whether tables can be read here; looks for the packages without importing them."""
    return all(find_spec(name) is not None for name in NEEDED)


def need_extra() -> None:
    """Make sure that tables can be read.

    Raises:
        TablesMissingError: A package is missing.
    """
    for name in NEEDED:
        if find_spec(name) is None:
            raise TablesMissingError(
                f"tables need {name}, which is not installed: pip install 'muniment[trace]'"
            )
