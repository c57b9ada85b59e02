"""The ladder: from which registered asset a file derives, from the surest rung to the widest.

```text
exact bytes > same table in another form > rows > groups of cells, blocks, words > alignment
```

The sketches of all assets that this home has fingerprints of are searched by an inverted index,
never one after another. A rung that was not needed, or could not be tried, is said to be untested.

Spec: tracing, section 2.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from ledger.core.types import SubjectKey
from ledger.errors import RejectedError
from ledger.vault import Vault
from node.copyrecords import DELIVERED
from node.duplicates import find_duplicates, read_digests
from node.fingerprinting import Fingerprinter, Found
from node.issuing import read_content
from node.registryapi import RegistryApi
from node.tracing.bounds import encode_share
from node.tracing.finding import Derivation, Overlap, Rung, Step
from tracing.fingerprint import Fingerprint, Progress

if TYPE_CHECKING:
    from node.fingerprinting import Measured
    from tracing.containment import Share

MAX_OVERLAPS: Final = 8
MAX_ASSETS: Final = 100_000
_RUNGS: Final[Sequence[Rung]] = ("exact", "table", "rows", "shingles", "chunks", "words")


def climb(
    registry: RegistryApi,
    path: Path,
    file: Fingerprint,
    asset: SubjectKey | None,
    progress: Progress,
) -> tuple[Derivation, "Measured"]:
    """Look for the asset that a file derives from.

    Args:
        registry: Of this home.
        path: Of the file.
        file: Its exact fingerprint.
        asset: The only one that is asked about; None: any.
        progress: Told of the bytes read.

    Raises:
        TablesMissingError: The packages that tables need are not installed.
        MalformedError: The file changed meanwhile, or cannot be read.
        CorruptionError: A record of the vault was changed.
    """
    with closing(registry.open_vault()) as vault, closing(_open(vault, registry)) as fingerprinter:
        exact = _find_exact(registry, vault, file.digest, asset)
        measured = fingerprinter.measure(path, file, progress)
        found = [
            each for each in fingerprinter.search(measured) if asset in {None, each.record.asset}
        ]
    best = exact or (SubjectKey(found[0].record.asset) if found else None)
    return (
        Derivation(
            asset=best,
            record=None if best is None else find_record(registry, best),
            overlaps=tuple(each for one in found[:MAX_OVERLAPS] for each in _describe(one)),
            steps=tuple(_list_steps(exact, found, best, _list_searched(measured))),
        ),
        measured,
    )


@dataclass(frozen=True, slots=True)
class Base:
    """What a file is held against.

    Args:
        asset: Whose it is.
        delivery: By which its copy came here; None: it is the registered file.
    """

    asset: SubjectKey
    delivery: SubjectKey | None


def find_base(registry: RegistryApi, digest: str, asset: SubjectKey | None) -> Base:
    """What a file is that somebody wants a suspect held against.

    Args:
        registry: Of this home.
        digest: SHA-256 of the file, 64 hex digits.
        asset: Whose it has to be; None: anybody's.

    Raises:
        RejectedError: Reason `other_file`: it is neither a registered file nor a copy of one that
            was delivered, as far as this home knows.
    """
    with closing(registry.open_vault()) as vault:
        found = _find_exact(registry, vault, digest, asset)
        if found is not None:
            return Base(found, None)
        for each in registry.find_subjects("asset/", MAX_ASSETS) if asset is None else (asset,):
            for record in vault.find(DELIVERED, each):
                if isinstance(record, dict) and record.get("digest") == digest:
                    return Base(each, SubjectKey(str(record.get("delivery"))))
    whose, whose_zh = asset or "any asset known here", asset or "此处已知的任何数据"
    raise RejectedError(
        "other_file",
        f"the original is neither the registered file of {whose} nor a copy of it that was "
        f"delivered: its SHA-256 is {digest}; give one of these with --original",
        f"所给原始数据（SHA-256 为 {digest}）既非 {whose_zh} 所登记的文件，亦非其交付的副本："
        "请用 --original 给出其一",
        rule="tracing 2",
    )


def _open(vault: Vault, registry: RegistryApi) -> Fingerprinter:
    return Fingerprinter(vault, registry.home)


def _find_exact(
    registry: RegistryApi, vault: Vault, digest: str, asset: SubjectKey | None
) -> SubjectKey | None:
    """The asset whose registered file has this digest."""
    for each in find_duplicates(registry, vault, [digest]):
        if asset in {None, each.asset}:
            return each.asset
    if asset is not None and digest in read_digests(read_content(registry, asset)):
        return asset
    return None


def find_record(registry: RegistryApi, asset: SubjectKey) -> str | None:
    """Digest of the fingerprint record that was committed to for an asset."""
    for opening in read_content(registry, asset):
        value = opening["value"]
        fingerprint = value.get("fingerprint") if isinstance(value, dict) else None
        if isinstance(fingerprint, dict):
            return str(fingerprint.get("record"))
    return None


def _describe(found: Found) -> list[Overlap]:
    best = found.nearness.best
    if best is None:
        return []
    measure, containment = best
    return [
        Overlap(
            asset=SubjectKey(found.record.asset),
            by=measure,
            of_suspect=_encode(containment.of_new),
            of_asset=_encode(containment.of_earlier),
        )
    ]


def _encode(share: "Share") -> tuple[int, int, int]:
    return encode_share(share.estimate), encode_share(share.low), encode_share(share.high)


def _list_searched(measured: "Measured") -> frozenset[Rung]:
    """The rungs by which all assets were searched for such a file."""
    parts = measured.parts
    searched: dict[Rung, bool] = {
        "rows": parts.table is not None,
        "shingles": parts.table is not None,
        "chunks": parts.chunks is not None,
        "words": parts.words is not None,
    }
    return frozenset(rung for rung, is_searched in searched.items() if is_searched)


def _list_steps(
    exact: SubjectKey | None,
    found: Sequence[Found],
    best: SubjectKey | None,
    searched: frozenset[Rung],
) -> list[Step]:
    """What each rung said; a search that led to nothing said no."""
    own = [each for each in found if each.record.asset == best]
    refuted: frozenset[Rung] = searched if best is None else frozenset()
    steps: list[Step] = []
    for rung in _RUNGS:
        outcome = "no-match" if rung in refuted else _tell_rung(rung, exact, own)
        steps.append(Step(rung=rung, outcome=outcome))
    return steps


def _tell_rung(
    rung: Rung, exact: SubjectKey | None, own: Sequence[Found]
) -> Literal["match", "no-match", "not-tested"]:
    if rung == "exact":
        return "no-match" if exact is None else "match"
    if rung == "table":
        return "match" if any(each.nearness.is_same_table for each in own) else "no-match"
    shares = [dict(each.nearness.shares) for each in own]
    found = [share for each in shares for name, share in each.items() if name == rung]
    if not found:
        return "not-tested"
    return "match" if any(share.of_new.found for share in found) else "no-match"
