"""Public names of parties that a file names by key alone, from the ledger of this home."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from cli.session import Session
from ledger.core.types import SubjectKey
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from contracts.verdict import Report

_PARTY: Final = re.compile(r"\bparty/[a-z2-7]{26}\b")


def name_parties(session: Session, report: "Report") -> Mapping[str, str]:
    """Public names of the parties that a report shows, by key; empty where this home has none.

    Verifying needs no ledger, so one that cannot be read, or is another, gives no names.

    Args:
        session: Says where the home is; its keys are not opened.
        report: Of a file that was verified.
    """
    keys = {key for _, value in report.shown for key in _PARTY.findall(value)}
    home = session.settings.home
    if report.opened is None or not keys or not (home / "ledger.db").is_file():
        return {}
    from contracts.identity import Party
    from node.registry import open_registry

    names: dict[str, str] = {}
    with suppress(LedgerError), open_registry(home, None, is_writer=False) as registry:
        if registry.origin == report.opened.body.origin:
            for key in sorted(keys):
                state = registry.find_state(Party, SubjectKey(key))
                if state is not None and isinstance(state.name, str):
                    names[key] = state.name
    return names


def put_names(text: str, names: Mapping[str, str]) -> str:
    """A text with the name of each party before its key."""
    return _PARTY.sub(
        lambda found: f"{names[found[0]]} ({found[0]})" if found[0] in names else found[0], text
    )
