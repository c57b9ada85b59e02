"""Who a form says somebody is, held against who is enrolled."""

from collections.abc import Mapping, Sequence

from contracts.identity import Party
from ledger.core.types import Json, JsonObject, SubjectKey
from node.forms.codes import KINDS
from node.forms.resolving import Resolver


def check_blocks(
    blocks: Sequence[Json],
    parties: Sequence[SubjectKey | None],
    path: str,
    resolver: Resolver,
    renamed: JsonObject | None = None,
) -> None:
    """Keep a finding for each name, kind or code that is not the enrolled party's.

    The name of a natural person is no more than committed to on the ledger, and not compared.

    Args:
        blocks: Of applicants, transferors or transferees.
        parties: Whom each of them means; None where nobody was found.
        path: Of the blocks.
        resolver: Reads the parties, keeps the findings.
        renamed: A block whose name is right too: the new one of a change.
    """
    new_name = (renamed or {}).get("name")
    for place, (block, key) in enumerate(zip(blocks, parties, strict=False), 1):
        party = None if key is None else resolver.read_party(key)
        if party is None or not isinstance(block, Mapping):
            continue
        if isinstance(party.name, str) and block.get("name") not in {None, party.name, new_name}:
            _say_other(resolver, f"{path}.{place}.name", party.name, party.name)
        _check_kind(block, party, f"{path}.{place}.kind", resolver)
        if party.uscc is not None and block.get("id_number") not in {None, party.uscc}:
            _say_other(resolver, f"{path}.{place}.id_number", party.uscc, party.uscc)


def _check_kind(block: Mapping[str, Json], party: Party, path: str, resolver: Resolver) -> None:
    if block.get("kind") not in {None, party.kind}:
        _say_other(resolver, path, party.kind, KINDS[party.kind])


def _say_other(resolver: Resolver, path: str, en: str, zh: str) -> None:
    resolver.say(
        path,
        f"is not the enrolled party's: the ledger has {en}; write that, or name another party",
        f"与入册主体不符：账本上为 {zh}；请照此填写，或填写另一主体",
    )
