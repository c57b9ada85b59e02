"""What the verified proofs of a case show: its asset, its deliveries, its parties.

Spec: our formats, section 7, "case".
"""

from dataclasses import dataclass

from contracts.check import CheckBundle, parse_check
from contracts.voucher import parse_voucher
from ledger.core.bundle import StateBundle, parse_state_bundle
from ledger.core.canonical import decode_bundle
from ledger.core.dossier import Dossier, parse_dossier
from ledger.core.types import JsonObject, SubjectKey
from node.judges import MAX_FILE_BYTES
from node.packparts import Parts
from node.tracing.casehistory import History, parse_page
from node.tracing.casepaths import (
    HISTORY_PATH,
    SIGNER_PATH,
    VOUCHER_PATH,
    check_path,
    delivery_path,
    earlier_path,
    name_path,
)
from node.tracing.deliveries import Dispatch, Flow, read_flow
from node.tracing.finding import Finding


@dataclass(frozen=True, slots=True)
class Proved:
    """What the verified parts of a case show.

    Args:
        asset: State of the asset; None: the case proves none.
        voucher: Key of the voucher in the case; None: there is none.
        contents: What the registered files were committed to as, by the openings.
        flow: Every delivery of the asset; None: its whole history is not in the case.
        history: That history.
        histories: Of the named deliveries, in their order.
        checks: On their recipients, likewise.
        parties: States of the parties that are called by name, likewise.
        signer: State of who signed; None: nobody did.
    """

    asset: StateBundle | None
    voucher: SubjectKey | None
    contents: tuple[JsonObject, ...]
    flow: Flow | None
    history: History | None
    histories: tuple[Dossier, ...]
    checks: tuple[CheckBundle, ...]
    parties: tuple[StateBundle, ...]
    signer: StateBundle | None

    @property
    def dispatches(self) -> tuple[Dispatch, ...]:
        """Every delivery that the case proves, in the order of the log."""
        if self.flow is not None:
            return self.flow.dispatches
        flows = [read_flow((e.index, e.entry) for e in each.events) for each in self.histories]
        found = {one.key: one for flow in flows for one in flow.dispatches}
        return tuple(sorted(found.values(), key=lambda one: one.index))


def _read_history(finding: Finding, parts: Parts) -> History | None:
    if not finding.attribution.is_whole:
        return None
    pages = []
    for number in range(1, finding.attribution.earlier + 1):
        content = parts.earlier[earlier_path(number)]
        pages.append(parse_page(decode_bundle(content, max_bytes=MAX_FILE_BYTES)))
    return History(parse_dossier(parts.read(HISTORY_PATH)), tuple(pages))


def gather(finding: Finding, parts: Parts) -> Proved:
    """Read the proofs that a finding speaks of.

    Args:
        finding: What the case says.
        parts: Of the case; the proofs are verified, and are those that the finding speaks of.

    Raises:
        MalformedError: A page of the earlier history is none.
        LimitError: It is too large.
    """
    history = _read_history(finding, parts)
    voucher = None if finding.voucher is None else parse_voucher(parts.read(VOUCHER_PATH))
    flow, asset = None, None if voucher is None else voucher.asset
    if history is not None:
        flow = read_flow((event.index, event.entry) for event in history.events)
        asset = history.newest.state
    numbers = range(1, len(finding.named) + 1)
    values = [one["value"] for _, openings in parts.openings for one in openings]
    return Proved(
        asset=asset,
        voucher=None if voucher is None else voucher.state.subject,
        contents=tuple(value for value in values if isinstance(value, dict)),
        flow=flow,
        history=history,
        histories=tuple(parse_dossier(parts.read(delivery_path(n))) for n in numbers),
        checks=tuple(parse_check(parts.read(check_path(n))) for n in numbers),
        parties=tuple(
            parse_state_bundle(parts.read(name_path(n))) for n in range(1, len(finding.names) + 1)
        ),
        signer=None if finding.signer is None else parse_state_bundle(parts.read(SIGNER_PATH)),
    )
