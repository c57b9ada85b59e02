"""Whether a file is the registered one: openings of commitments, and what they open.

```json
{"format":"muniment/opening/v1","asset":"asset/...",
 "openings":[{"by":"party/...","field":"content.0","log":"...","salt":"...","value":{}}]}
```
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.delivery import Copy
from contracts.forms import CONTENT_FIELD
from contracts.records import parse_state_record
from contracts.title import Asset
from contracts.voucher import VoucherBundle
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.members import take_format, take_members, take_text
from ledger.core.subjects import commit
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import InputError, MalformedError, VerificationError
from tracing.fingerprint import Fingerprint

OPENING_FORMAT: Final = "muniment/opening/v1"
_OPENING_MEMBERS: Final = {"by", "field", "log", "salt", "value"}

FindOpenings = Callable[[SubjectKey, Sequence[str]], Sequence[JsonObject]]
"""Openings of some members of a registration, as far as the verifier has them."""


class OpeningRequiredError(InputError):
    """What is asked cannot be told without an opening that was not given."""

    code = "opening_required"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A file of which somebody asks: is this the registered one?

    Args:
        fingerprint: Of its content.
        find_openings: What the verifier knows of a registration's commitments.
        measure: Root and count of the file as a delivered copy with this salt; None: not at hand.
    """

    fingerprint: Fingerprint
    find_openings: FindOpenings
    measure: Callable[[bytes], Copy] | None = None


def parse_openings(data: bytes) -> list[JsonObject]:
    """Read an opening file.

    Raises:
        MalformedError: Not an opening file.
        LimitError: Too large.
    """
    return parse_opening_file(decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES))[1]


def parse_opening_file(value: Json) -> tuple[str, list[JsonObject]]:
    """The asset that an opening file says it is about, and its openings.

    Raises:
        MalformedError: Not an opening file.
    """
    members = take_format(value, {"asset", "openings"}, OPENING_FORMAT, "an opening file")
    openings = members["openings"]
    if not isinstance(openings, list):
        raise MalformedError("an opening file's openings are an array")
    asset = take_text(members["asset"])
    return asset, [take_members(one, _OPENING_MEMBERS, "an opening") for one in openings]


def format_openings(asset: SubjectKey, openings: Sequence[Json]) -> JsonObject:
    """An opening file."""
    return {"format": OPENING_FORMAT, "asset": asset, "openings": list(openings)}


def verify_data(bundle: VoucherBundle, suspect: Suspect) -> None:
    """Check that a file is one that the voucher's asset was registered with.

    Args:
        bundle: Verified.
        suspect: The file and what is known of the commitments.

    Raises:
        VerificationError: It is not.
        OpeningRequiredError: That cannot be told: no commitment is opened, no digest published.
    """
    value = bundle.asset.value
    if value is None:
        raise VerificationError("the asset is proved absent")
    asset, digest = parse_state_record(Asset, value.state), suspect.fingerprint.digest
    if digest in asset.digests:
        return
    known = suspect.find_openings(asset.registration, sorted(asset.content))
    opened = open_contents(asset, known)
    if digest in opened.values():
        return
    if known and not opened:
        raise VerificationError("the opening is not of this asset: it matches none of its files")
    if not asset.digests and len(opened) < len(asset.content):
        raise OpeningRequiredError(
            "whether this is the registered file cannot be told without the opening of the asset's "
            "commitment: give --opening FILE (the holder makes it with 'muniment voucher export NO "
            "--opening FILE')"
        )
    raise VerificationError(
        f"this is not the registered file: its SHA-256 is {digest}, of {suspect.fingerprint.size} "
        "bytes"
    )


def open_contents(asset: Asset, openings: Sequence[JsonObject]) -> dict[str, str]:
    """Digests of the registered files whose opening matches the asset's commitment, by field."""
    opened: dict[str, str] = {}
    for opening in openings:
        field, value = str(opening["field"]), opening["value"]
        if not CONTENT_FIELD.fullmatch(field) or not isinstance(value, dict):
            continue
        made = commit(
            by=SubjectKey(str(opening["by"])),
            field=field,
            log=str(opening["log"]),
            salt=str(opening["salt"]),
            value=value,
        )
        if made["$commit"] == asset.content.get(field):
            opened[field] = str(value.get("digest"))
    return opened
