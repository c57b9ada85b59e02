"""Content that is near what was registered here before, by fingerprint.

Two contents are near where a twentieth of the rows of either table, whole or by groups of their
cells, or a tenth of what else was compared, is found in the other. Only what this home has
fingerprints of is compared: of what others registered, a registrar has one where the file was at
hand once.

Spec: domain, section 2, "Duplicates"; tracing, section 2; Art. 39.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from contracts.procedure import Registration
from contracts.title import Asset
from ledger.core.members import take_count, take_members, take_text
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import CorruptionError, MalformedError, RejectedError
from ledger.vault import Doomed, Vault
from node.duplicates import Near, read_digests
from node.fingerprinting import (
    Fingerprinter,
    Found,
    Measured,
    name_record,
    read_sketch,
)
from node.registryapi import RegistryApi
from node.sketchindex import SKETCH
from tracing.containment import Containment, Share
from tracing.fingerprint import Progress, fingerprint_file, tell_nobody
from tracing.record import format_fingerprint

NEAR: Final = "near"
"""Kind of the vault's records that say what was found near an asset, by that asset."""
_ONE: Final = 1_000_000
"""What shares are counted in where they are kept."""
_MEMBERS: Final = {"asset", "by_chance", "measure", "of_earlier", "of_new", "other"}
_SHARE: Final = 5
"""A share is kept as its estimate, both ends, what was found and of how many."""


def rate_found(found: Iterable[Found]) -> dict[SubjectKey, Near]:
    """How near each asset is: by that file of it that is nearest."""
    near: dict[SubjectKey, Near] = {}
    for each in found:
        best, asset = each.nearness.best, SubjectKey(each.record.asset)
        if best is not None and (asset not in near or near[asset].containment.size < best[1].size):
            near[asset] = Near(*best)
    return near


def look_for_near(
    registry: RegistryApi,
    key: SubjectKey,
    contents: Sequence[JsonObject],
    files: Sequence[Path],
    progress: Progress = tell_nobody,
) -> None:
    """Find what a registration's content is near to, for a registrar who has its files at hand.

    What is found is kept, and so is the registrar's own sketch of each file, against which later
    filings are held.

    Args:
        registry: Whose ledger and vault.
        key: The registration's.
        contents: Openings of its content, as far as the vault has them.
        files: Its content.
        progress: Told of the bytes read.

    Raises:
        NotFoundError: There is no such registration, or no such file.
        RejectedError: Reason `other_content`: a file is none of those that were filed.
        TablesMissingError: The packages that tables need are not installed.
        StoreFailedError: The vault or the index could not be written.
    """
    asset = registry.need_state(Registration, key).asset
    with closing(registry.open_vault()) as vault:
        with closing(Fingerprinter(vault, registry.home)) as fingerprinter:
            near: dict[SubjectKey, Near] = {}
            for place, path in enumerate(files):
                file = fingerprint_file(path)
                member = _find_member(registry, asset, contents, file.digest, place)
                measured = fingerprinter.measure(path, file, progress)
                near |= rate_found(fingerprinter.search(measured))
                _keep_sketch(vault, fingerprinter, measured, (asset, member))
        near.pop(asset, None)
        known = vault.find(NEAR, asset)
        vault.add(NEAR, [pair for pair in list_near(asset, near) if pair[1] not in known])


def list_near(asset: SubjectKey, near: Mapping[SubjectKey, Near]) -> list[tuple[str, Json]]:
    """What the vault keeps of an asset that is near others: under its name, and under theirs."""
    records: list[tuple[str, Json]] = []
    for other, each in near.items():
        back = Containment(each.containment.of_earlier, each.containment.of_new)
        records.append((asset, _format(asset, other, each)))
        records.append((other, _format(other, asset, Near(each.measure, back))))
    return records


def read_near(vault: Vault, asset: SubjectKey) -> dict[SubjectKey, Near]:
    """What was found near an asset, when it was filed or later.

    Raises:
        CorruptionError: A record of the vault was changed.
    """
    return dict(_parse(record) for record in vault.find(NEAR, asset))


def doom_near(asset: SubjectKey) -> list[Doomed]:
    """What the vault keeps of how near an asset is to others."""

    def is_its(record: Json) -> bool:
        return isinstance(record, dict) and asset in {record.get("asset"), record.get("other")}

    return [Doomed(NEAR, None, is_its)]


def doom_unknown_near(known: Iterable[SubjectKey]) -> list[Doomed]:
    """What the vault keeps of how near any assets but these are."""
    assets = frozenset[object](known)

    def is_unknown(record: Json) -> bool:
        return (
            not isinstance(record, dict) or not {record.get("asset"), record.get("other")} <= assets
        )

    return [Doomed(NEAR, None, is_unknown)]


def _keep_sketch(
    vault: Vault, fingerprinter: Fingerprinter, measured: Measured, place: tuple[SubjectKey, str]
) -> None:
    """Keep the sketch of a file, unless the vault has it."""
    sketch = fingerprinter.sketch(*place, measured)
    if read_sketch(vault, *place) != sketch:
        vault.add(SKETCH, {name_record(*place): format_fingerprint(sketch)})


def _find_member(
    registry: RegistryApi,
    asset: SubjectKey,
    contents: Sequence[JsonObject],
    digest: str,
    place: int,
) -> str:
    """Which member of the application commits to a file.

    Args:
        registry: Whose ledger.
        asset: Whose content it should be.
        contents: Openings, as far as the vault has them.
        digest: Of the file.
        place: Where it stands among the files that were given.

    Raises:
        RejectedError: It is none of the files that were filed.
    """
    members = [str(each["field"]) for each in contents if digest in read_digests([each])]
    state = registry.need_state(Asset, asset)
    named = sorted(state.content)
    if members or (not contents and (digest in state.digests or not state.digests)):
        return members[0] if members else named[min(place, len(named) - 1)]
    raise RejectedError(
        "other_content",
        f"a file of SHA-256 {digest} is none of those filed as {asset}: give the very file that "
        "the applicant filed",
        f"摘要为 {digest} 的文件并非 {asset} 所申请登记的文件：请提供申请人申请登记的原文件",
        rule="Art. 39",
    )


def _format(asset: SubjectKey, other: SubjectKey, near: Near) -> Json:
    containment = near.containment
    return {
        "asset": asset,
        "by_chance": round(containment.by_chance * _ONE),
        "measure": near.measure,
        "of_earlier": _format_share(containment.of_earlier),
        "of_new": _format_share(containment.of_new),
        "other": other,
    }


def _format_share(share: Share) -> Json:
    ends = (share.estimate, share.low, share.high)
    return [*(round(end * _ONE) for end in ends), share.found, share.sampled]


def _parse(record: Json) -> tuple[SubjectKey, Near]:
    """A record of the vault: the other asset, and how near it is.

    Raises:
        CorruptionError: It is none of ours.
    """
    try:
        members = take_members(record, _MEMBERS, "what is near an asset")
        containment = Containment(
            of_new=_parse_share(members["of_new"]),
            of_earlier=_parse_share(members["of_earlier"]),
            by_chance=take_count(members["by_chance"]) / _ONE,
        )
        near = Near(take_text(members["measure"]), containment)
        return SubjectKey(take_text(members["other"])), near
    except MalformedError as exc:
        raise CorruptionError(f"a record of what is near an asset is damaged ({exc})") from exc


def _parse_share(value: Json) -> Share:
    if not isinstance(value, list) or len(value) != _SHARE:
        raise MalformedError("a share is five numbers")
    estimate, low, high, found, sampled = (take_count(each) for each in value)
    return Share(estimate / _ONE, low / _ONE, high / _ONE, found, sampled)
