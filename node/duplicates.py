"""Whether content was registered here before: by published digests, and by the registrar's index.

The index is a part of the vault. Its entries lie under the digest of the content, which the vault
keeps as a keyed hash alone, and say in sealed form which registration has it: without the vault's
secret the file tells nobody whether a given file was ever registered.

Spec: domain, section 2, "Duplicates"; Art. 39.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.duplicates import DuplicateFinding
from contracts.identity import NameClaim
from contracts.intervals import current
from contracts.procedure import Registration, status_at
from contracts.recording import RecordRegistration
from contracts.records import parse_record
from contracts.title import Asset, tuple_values
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import NotFoundError, RejectedError
from ledger.vault import Doomed, Vault
from node.duties import read_settled
from node.granted import name_of
from node.registryapi import RegistryApi
from tracing.containment import Containment, Share

CONTENT: Final = "content"
"""Kind of the vault's records that make up the index, by digest."""
EXACT, PUBLISHED, NEAR = "exact", "published", "near"


@dataclass(frozen=True, slots=True)
class Near:
    """How much two contents share.

    Args:
        measure: What was compared: `rows`, `shingles` (groups of cells), `chunks` or `words`.
        containment: Of the new content in the earlier one, and the other way round.
    """

    measure: str
    containment: Containment


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An asset registered here before with the same content.

    Args:
        asset: Its key.
        voucher: Number of its live voucher; None: it was never recorded, or that has ended.
        match: `exact`: by the registrar's index; `published`: by a digest that anybody can see;
            `near`: by fingerprint, much the same content.
        near: How much, of the latter.
    """

    asset: SubjectKey
    voucher: str | None
    match: str
    near: Near | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """A right in an asset, with the name of who has it as the ledger shows it."""

    party: SubjectKey
    name: str
    right: str


@dataclass(frozen=True, slots=True)
class Match:
    """A duplicate as the registrar is shown it.

    Args:
        duplicate: The other asset.
        title: As far as it was published.
        registration: The newest of it that was recorded; before that, the first.
        status: Of that registration.
        filed: Log index of its filing.
        is_earlier: Filed before the asset in question.
        applicants: Whose application that registration is, each with its name.
        holders: Whose rights are in force, or would be; none before it is recorded.
        finding: What was decided about it, once that is recorded.
    """

    duplicate: Duplicate
    title: str
    registration: SubjectKey
    status: str
    filed: int
    is_earlier: bool
    applicants: tuple[tuple[SubjectKey, str], ...]
    holders: tuple[Holding, ...]
    finding: DuplicateFinding | None


def duplicate_json(duplicate: Duplicate) -> JsonObject:
    """A duplicate as programs read it."""
    voucher = {"voucher": duplicate.voucher} if duplicate.voucher else {}
    near = {} if duplicate.near is None else _near_json(duplicate.near)
    return {"asset": duplicate.asset, **voucher, "match": duplicate.match, **near}


def _near_json(near: Near) -> JsonObject:
    containment = near.containment
    return {
        "measure": near.measure,
        "containment": {
            "of_new": _share_json(containment.of_new),
            "of_earlier": _share_json(containment.of_earlier),
        },
    }


def _share_json(share: Share) -> JsonObject:
    """A share and its interval; as text, since no number of ours has a fraction."""
    ends = {"share": share.estimate, "low": share.low, "high": share.high}
    return {name: f"{value:.4f}" for name, value in ends.items()}


def index_content(
    asset: SubjectKey, registration: SubjectKey, digests: Iterable[str]
) -> dict[str, Json]:
    """Entries of the index for the content of one initial registration, by digest."""
    place: Json = {"asset": asset, "registration": registration}
    return dict.fromkeys(digests, place)


def doom_content(registration: SubjectKey, digest: str) -> Doomed:
    """The entry of the index that says that a registration has this content."""

    def is_its(place: Json) -> bool:
        return isinstance(place, dict) and place.get("registration") == registration

    return Doomed(CONTENT, digest, is_its)


def find_duplicates(
    registry: RegistryApi,
    vault: Vault,
    digests: Iterable[str],
    own: SubjectKey | None = None,
    near: Mapping[SubjectKey, Near] | None = None,
) -> list[Duplicate]:
    """Assets filed here with any of the same content, or with much of it.

    What the vault knows of a filing that was refused is no asset.

    Args:
        registry: Whose ledger.
        vault: With the index.
        digests: SHA-256 of each file, 64 hex digits.
        own: An asset that is no duplicate of itself.
        near: What fingerprints say; None: nothing was compared.
    """
    near = near or {}
    matches = dict.fromkeys(near, NEAR)
    for digest in digests:
        for record in vault.find(CONTENT, digest):
            if isinstance(record, dict):
                matches[SubjectKey(str(record["asset"]))] = EXACT
        matches |= dict.fromkeys(_claimants(registry, digest), PUBLISHED)
    states = {asset: registry.find_state(Asset, asset) for asset in matches if asset != own}
    return [
        Duplicate(
            asset,
            state.voucher,
            matches[asset],
            near.get(asset) if matches[asset] == NEAR else None,
        )
        for asset, state in states.items()
        if state is not None
    ]


def review_duplicates(
    registry: RegistryApi,
    key: SubjectKey,
    contents: Iterable[JsonObject],
    near: Mapping[SubjectKey, Near] | None = None,
) -> list[Match]:
    """Assets with the same content as a registration's, or near it, for the registrar to judge.

    Args:
        registry: Whose ledger and vault.
        key: The registration's.
        contents: Openings of its content, as far as the vault has them.
        near: What fingerprints say; None: nothing was compared.

    Raises:
        NotFoundError: There is no such registration.
    """
    own = registry.need_state(Registration, key).asset
    digests = {*registry.need_state(Asset, own).digests, *read_digests(contents)}
    vault = registry.open_vault()
    try:
        found = find_duplicates(registry, vault, sorted(digests), own, near)
    finally:
        vault.close()
    findings = {each.asset: each for each in read_findings(registry, key)}
    filed = _first_index(registry, own)
    matches = [_describe(registry, each, filed, findings.get(each.asset)) for each in found]
    return sorted(matches, key=lambda match: match.filed)


def read_digests(contents: Iterable[JsonObject]) -> list[str]:
    """Digests of files, from the openings of their commitments."""
    values = (opening["value"] for opening in contents)
    return [str(value["digest"]) for value in values if isinstance(value, dict)]


def check_decided(matches: Iterable[Match], findings: Iterable[DuplicateFinding]) -> None:
    """Refuse to record while a registered asset of the same content was not decided about.

    The rules see published digests alone; the registrar owes the same care to its own index.

    Raises:
        RejectedError: Reason `duplicate`.
    """
    decided = {each.asset for each in findings}
    missing = [
        each.duplicate.asset
        for each in matches
        if each.duplicate.voucher and each.duplicate.asset not in decided
    ]
    if missing:
        raise RejectedError(
            "duplicate",
            f"the same or much the same content is registered as {', '.join(missing)}: look at it "
            "with 'muniment registration duplicates ID', then say for each what was decided with "
            "--duplicate ASSET=DECISION:REASON, or refuse the registration",
            f"相同或大部分相同的内容已登记为 {'、'.join(missing)}："
            "请用 muniment registration duplicates 标识 查看，"
            "并用 --duplicate 数据=结论:理由 逐一写明认定结论，或不予登记",
            rule="Art. 39",
        )


def read_findings(registry: RegistryApi, key: SubjectKey) -> Sequence[DuplicateFinding]:
    """What the record of a registration says of duplicates; nothing before it is recorded."""
    registration = registry.find_state(Registration, key)
    if registration is None or registration.voucher is None:
        return ()
    for _, entry in registry.iterate_events(key):
        if entry.signed.event.kind == RecordRegistration.kind:
            return parse_record(RecordRegistration, entry.signed.event.body).duplicates or ()
    return ()


def _describe(
    registry: RegistryApi, duplicate: Duplicate, filed: int, finding: DuplicateFinding | None
) -> Match:
    asset = registry.need_state(Asset, duplicate.asset)
    title = asset.fields.get("title")
    registration = read_settled(registry, asset.registration)
    index = _first_index(registry, duplicate.asset)
    return Match(
        duplicate=duplicate,
        title=title if isinstance(title, str) else "",
        registration=asset.registration,
        status=status_at(registration, registry.clock.now()),
        filed=index,
        is_earlier=index < filed,
        applicants=tuple((key, name_of(registry, key)) for key in registration.parties),
        holders=tuple(_holdings(registry, asset)),
        finding=finding,
    )


def _holdings(registry: RegistryApi, asset: Asset) -> Iterable[Holding]:
    for value in tuple_values(asset.tuples):
        holder = SubjectKey(str(value["holder"]))
        yield Holding(holder, name_of(registry, holder), str(value["right"]))


def _first_index(registry: RegistryApi, key: SubjectKey) -> int:
    """Log index of the first event of a subject.

    Raises:
        NotFoundError: There is no such subject.
    """
    first = registry.find_first(key)
    if first is None:
        raise NotFoundError(f"there is no {key} on this ledger")
    return first[0]


def _claimants(registry: RegistryApi, digest: str) -> list[SubjectKey]:
    claim = registry.find_state(NameClaim, SubjectKey(f"name/sha256:{digest}"))
    return [] if claim is None else [SubjectKey(str(value)) for value in current(claim.claims)]
