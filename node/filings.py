"""Which filing a delivery of important data goes under."""

from contracts.chain import Grant
from contracts.classification import is_important
from contracts.filing import Filing, FilingKey, filings_at
from contracts.title import Asset
from ledger.core.types import SubjectKey
from node.answers import StoredFacts
from node.registryapi import RegistryApi


def find_filing(registry: RegistryApi, key: SubjectKey, grant: Grant) -> FilingKey | None:
    """The filing that covers a delivery under a grant and holds longest.

    Args:
        registry: Of the ledger.
        key: The grant's.
        grant: Its state.

    Returns:
        None: there is none, or the data is not important and needs none.
    """
    asset = registry.need_state(Asset, grant.asset)
    if not is_important(StoredFacts(registry.prover()), grant.asset, asset):
        return None
    covering: list[tuple[int, SubjectKey]] = []
    for value in filings_at(asset, registry.clock.now()):
        filing = SubjectKey(str(value["filing"]))
        state = registry.need_state(Filing, filing)
        if state.recipient in {None, grant.grantee} and state.grant in {None, key}:
            covering.append((state.until, filing))
    return max(covering)[1] if covering else None
