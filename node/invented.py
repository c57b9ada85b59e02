"""The rows that were invented for a delivery, listed again for who delivered it.

Spec: design of tracing, section 3; docs/adr/0033.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from contracts.delivery import Delivery
from ledger.core.types import SubjectKey
from ledger.errors import NotFoundError, RejectedError
from node.copyrecords import DELIVERED
from node.marking import remake_copy
from node.registryapi import RegistryApi
from tracing.extra import need_extra
from tracing.fingerprint import Progress, fingerprint_file
from tracing.tables import read_table


@dataclass(frozen=True, slots=True)
class InventedRow:
    """A row that nobody collected.

    Args:
        row: Which row of the copy it is, from 1, without a header.
        cells: Canonical, by the name of the column; None: no value.
    """

    row: int
    cells: dict[str, str | None]


def list_invented(
    registry: RegistryApi, key: SubjectKey, source: Path, progress: Progress
) -> list[InventedRow]:
    """The rows that were invented for a delivery, in the order of its copy; often none.

    Args:
        registry: Of the home that delivered it.
        key: The delivery.
        source: The file that its copy was made from.
        progress: Told how many bytes were read.

    Raises:
        NotFoundError: There is no such file, no such delivery, or it was not marked in this home.
        RejectedError: Its copy was made from another file.
        ExtraMissingError: The packages that tables need are not installed.
    """
    need_extra()
    asset = registry.need_state(Delivery, key).asset
    digest = fingerprint_file(source, progress).digest
    if digest != _find_source(registry, key, asset):
        raise RejectedError(
            "other_file",
            f"{source} is not the file that the copy of {key} was made from (its SHA-256 is "
            f"{digest}): give that one with --from",
            f"{source} 不是 {key} 的副本所据以制作的文件（SHA-256 为 {digest}）："
            "请用 --from 给出该文件",
            rule="domain 4",
        )
    table = read_table(source)
    edits = remake_copy(registry, key, (source, digest, table)).edits
    invented = edits.canaries.cells(table)
    return [
        InventedRow(place, dict(zip(table.names, invented[-1 - row], strict=True)))
        for place, row in enumerate(edits.list_rows().tolist(), 1)
        if row < 0
    ]


def _find_source(registry: RegistryApi, key: SubjectKey, asset: SubjectKey) -> str:
    """Digest of the file that a delivery's copy was made from.

    Raises:
        NotFoundError: This vault does not know it.
    """
    with closing(registry.open_vault()) as vault:
        for record in vault.find(DELIVERED, asset):
            if isinstance(record, dict) and record.get("delivery") == key and "source" in record:
                return str(record["source"])
    raise NotFoundError(
        f"this home made no marked copy for {key}: list its invented rows in the home that "
        "delivered it"
    )
