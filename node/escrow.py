"""Marking keys that lie with others: sealed when a copy is handed on, opened by whoever may.

```text
OUT.escrow.json  {"format":"muniment/escrow/v1","asset","grant","party",
                  "boxes":[{"key":"did:key:...","sealed":"<base64url>"}]}
```

Each box is the opening of `marks.key` as canonical JSON, sealed to one current key of the party
(X25519 of that Ed25519 key). The ledger has the SHA-256 of the canonical document; the file itself
travels beside the copies and may lie anywhere, since only the party opens it.

Spec: design of tracing, section 3; libsodium, sealed boxes; RFC 7748.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import nacl.exceptions
from msgspec import UNSET
from nacl.public import SealedBox
from nacl.signing import SigningKey as NaclKey
from nacl.signing import VerifyKey

from contracts.delivery import Delivery
from contracts.marking import Marks
from contracts.party import Party
from ledger.core.canonical import decode_bundle, decode_canonical, encode_canonical
from ledger.core.draft import DraftOpening, opening_json
from ledger.core.members import take_format, take_members, take_text
from ledger.core.subjects import parse_subject
from ledger.core.text import format_base64url, parse_base64url, parse_did_key
from ledger.core.types import DidKey, Json, JsonObject, SubjectKey
from ledger.errors import BundleError, InputError, LimitError, MalformedError, NotFoundError
from ledger.vault import Vault
from node.issuing import OPENING
from node.registryapi import RegistryApi

if TYPE_CHECKING:
    from tracing.markopening import DeliveryMarks

FORMAT: Final = "muniment/escrow/v1"
MAX_ESCROW_BYTES: Final = 4 * 1024 * 1024
OPENED: Final = "marks-opened"
"""Kind of the vault's records that say which party opened a delivery's key from escrow."""
MARKS_FIELD: Final = "marks.key"
_MAX_BOXES: Final = 64
MAX_OPENING_BYTES: Final = 1024 * 1024
"""Of an opened marking key as a file."""
_MAX_LISTED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed marking key as read; nothing is verified.

    Args:
        asset: Whose copies it marks.
        grant: Under which the copy was handed on.
        party: Who can open it.
        boxes: By key of the party.
        digest: SHA-256 of the canonical document, 64 hex digits.
    """

    asset: SubjectKey
    grant: SubjectKey
    party: SubjectKey
    boxes: dict[DidKey, bytes]
    digest: str


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery with marks, as `escrow list` shows it.

    Args:
        key: The delivery.
        state: Of it.
        is_here: This home's vault opens its marking key.
        opened_by: Parties of this home that opened it from escrow.
    """

    key: SubjectKey
    state: Delivery
    is_here: bool
    opened_by: tuple[SubjectKey, ...]


def seal_opening(
    registry: RegistryApi,
    about: tuple[SubjectKey, SubjectKey],
    party: SubjectKey,
    opening: DraftOpening,
) -> JsonObject:
    """The document that only a party can open.

    Args:
        registry: Where its current keys are found.
        about: The grant under which the copy is handed on, and the asset.
        party: With whom the key will lie.
        opening: Of `marks.key`.
    """
    grant, asset = about
    secret = encode_canonical(opening_json(opening))
    current = registry.need_state(Party, party).current_keys(registry.clock.now())
    boxes: list[Json] = []
    for did in sorted(current):
        box = SealedBox(VerifyKey(parse_did_key(did)).to_curve25519_public_key())
        boxes.append({"key": did, "sealed": format_base64url(box.encrypt(secret))})
    return {"format": FORMAT, "asset": asset, "grant": grant, "party": party, "boxes": boxes}


def hash_sealed(document: Json) -> str:
    """What the ledger says of a sealed document, 64 hex digits."""
    return sha256(encode_canonical(document)).hexdigest()


def parse_sealed(data: bytes) -> Sealed:
    """Read a sealed marking key.

    Raises:
        MalformedError: Another form.
        LimitError: Too large.
    """
    value = decode_bundle(data, max_bytes=MAX_ESCROW_BYTES)
    names = {"asset", "grant", "party", "boxes"}
    members = take_format(value, names, FORMAT, "a sealed marking key")
    asset, grant, party = (
        parse_subject(take_text(members[name])) for name in ("asset", "grant", "party")
    )
    return Sealed(asset, grant, party, dict(_parse_boxes(members["boxes"])), hash_sealed(value))


def _parse_boxes(value: Json) -> Iterator[tuple[DidKey, bytes]]:
    """Read the boxes of a sealed marking key.

    Raises:
        MalformedError: Another form.
        LimitError: They are too many.
    """
    if not isinstance(value, list):
        raise MalformedError("the boxes of a sealed marking key are a list")
    if len(value) > _MAX_BOXES:
        raise LimitError(f"a sealed marking key has at most {_MAX_BOXES} boxes")
    for each in value:
        members = take_members(each, {"key", "sealed"}, "a box")
        did = take_text(members["key"])
        parse_did_key(did)
        yield DidKey(did), parse_base64url(take_text(members["sealed"]))


def open_sealed(registry: RegistryApi, sealed: Sealed) -> SubjectKey:
    """Take a sealed marking key into this home's vault, if it is what the ledger speaks of.

    Args:
        registry: Opened for reading or writing.
        sealed: As read.

    Returns:
        The delivery whose copy it marks.

    Raises:
        NotFoundError: No delivery names this document, or no key of the party is here.
        BundleError: It opens to something else than the sender committed to.
    """
    key, delivery = _find_delivery(registry, sealed)
    secret = decode_canonical(_open_box(registry, sealed), max_bytes=MAX_OPENING_BYTES)
    opening = parse_opening(secret)
    if delivery.marks is None or opening.commitment() != delivery.marks.key.digest:
        raise BundleError(f"what is sealed is not the marking key that {key} committed to")
    if (opening.by, opening.field) != (delivery.sender, MARKS_FIELD):
        raise BundleError(f"what is sealed is of another member than the marks of {key}")
    if read_marks(delivery.marks, opening) is None:
        raise BundleError(
            f"what {delivery.sender} committed to and sealed for {key} is no marking key, or not "
            "of the e and g in its record: nothing can be told by it"
        )
    fresh: dict[str, dict[str, Json]] = {
        OPENING: {name_marks(key): opening_json(opening)},
        OPENED: {_name_opened(sealed.party, key): registry.clock.now()},
    }
    with closing(registry.open_vault()) as vault:
        vault.add_all(
            {
                kind: {name: value for name, value in records.items() if not vault.find(kind, name)}
                for kind, records in fresh.items()
            }
        )
    return key


def name_marks(delivery: SubjectKey) -> str:
    """Under which name the vault keeps the opening of a delivery's marks."""
    return f"{delivery} {MARKS_FIELD}"


def _name_opened(party: SubjectKey, delivery: SubjectKey) -> str:
    return f"{party} {delivery}"


def find_opening(vault: Vault, delivery: SubjectKey) -> DraftOpening | None:
    """The opening of a delivery's marks, if this vault has it."""
    found = vault.find(OPENING, name_marks(delivery))
    return parse_opening(found[-1]) if found else None


def find_marks(
    registry: RegistryApi, key: SubjectKey, delivery: Delivery, party: SubjectKey
) -> "DeliveryMarks | None":
    """The secrets of a delivery's marks, as far as a party has them in this home.

    It has them if it made the marks, or opened them from escrow; that another party of the same
    home has them does not count. Nobody has them where the sender committed to what is no marking
    key: that is not for the sender to gain by.

    Args:
        registry: Of this home.
        key: The delivery.
        delivery: Its state.
        party: Who looks.

    Raises:
        BundleError: The vault opens something else than the ledger commits to.
    """
    if delivery.marks is None:
        return None
    with closing(registry.open_vault()) as vault:
        is_own = party == _maker(delivery) or bool(vault.find(OPENED, _name_opened(party, key)))
        opening = find_opening(vault, key) if is_own else None
    if opening is None:
        return None
    if opening.commitment() != delivery.marks.key.digest:
        raise BundleError(f"the vault opens something else than {key} committed to")
    return read_marks(delivery.marks, opening)


def read_marks(said: Marks, opening: DraftOpening) -> "DeliveryMarks | None":
    """The secrets that an opening holds; None where its sender committed to something else."""
    from tracing.markopening import parse_marks

    try:
        marks = parse_marks(opening.value)
    except InputError:
        return None
    told = (marks.terms.withheld, marks.terms.rows_per_mark, marks.terms.canaries)
    return marks if told == (said.withheld, said.rows_per_mark, said.invented) else None


def drop_same_bits(
    found: "Mapping[SubjectKey, DeliveryMarks]",
) -> "dict[SubjectKey, DeliveryMarks]":
    """Those whose secret bits no other one has.

    Two copies with the same bits, which an honest sender never makes, say nothing apart: the leak
    of one would name the other.
    """
    drawn = Counter((each.key.key, each.stream) for each in found.values())
    return {key: each for key, each in found.items() if drawn[each.key.key, each.stream] == 1}


def _maker(delivery: Delivery) -> SubjectKey:
    """Who made the marks: a third party where one is named."""
    if delivery.marks is None or delivery.marks.marked_by is UNSET:
        return delivery.sender
    return delivery.marks.marked_by


def list_held(registry: RegistryApi, parties: Sequence[SubjectKey]) -> list[Held]:
    """Every delivery with marks that is on the ledger, and whether its key can be used here.

    Args:
        registry: Of this home.
        parties: Those whose keys lie here.
    """
    keys = registry.find_subjects("delivery/", _MAX_LISTED)
    found: list[Held] = []
    with closing(registry.open_vault()) as vault:
        for key in keys:
            state = registry.need_state(Delivery, key)
            if state.marks is None:
                continue
            is_here = bool(vault.find(OPENING, name_marks(key)))
            opened = tuple(each for each in parties if vault.find(OPENED, _name_opened(each, key)))
            found.append(Held(key, state, is_here, opened))
    return sorted(found, key=lambda each: each.state.status[0].index)


def export_opening(registry: RegistryApi, delivery: SubjectKey) -> JsonObject:
    """The opening of a delivery's marks, for an examiner: who has it can make and tell the copy.

    Raises:
        NotFoundError: There is no such delivery, it has no marks, or this vault does not open them.
    """
    state = registry.need_state(Delivery, delivery)
    if state.marks is None:
        raise NotFoundError(f"{delivery} is an exact copy: it has no marking key")
    with closing(registry.open_vault()) as vault:
        opening = find_opening(vault, delivery)
    if opening is None:
        raise NotFoundError(
            f"this home has no marking key of {delivery}: open it with 'muniment escrow open "
            "FILE', or ask its sender"
        )
    return opening_json(opening)


def _find_delivery(registry: RegistryApi, sealed: Sealed) -> tuple[SubjectKey, Delivery]:
    """The delivery that names a sealed document.

    Raises:
        NotFoundError: None does.
    """
    found = registry.search(f"{sealed.asset} {sealed.grant}", kind="delivery", limit=_MAX_LISTED)
    for key, _ in found:
        state = registry.need_state(Delivery, key)
        if state.escrow is not None and state.escrow.digest == sealed.digest:
            return key, state
    raise NotFoundError(
        "no delivery on this ledger names this sealed key: check that the file is as it was sent, "
        "and that this is the ledger it is of"
    )


def _open_box(registry: RegistryApi, sealed: Sealed) -> bytes:
    """What a box holds, by any key of the party that lies here, also an earlier one.

    Raises:
        NotFoundError: None lies here.
        BundleError: A box is damaged.
    """
    for did, box in sealed.boxes.items():
        entry = registry.ring.find_did(did)
        if entry is not None:
            secret = NaclKey(registry.ring.load_secret(entry.name)).to_curve25519_private_key()
            try:
                return SealedBox(secret).decrypt(box)
            except nacl.exceptions.CryptoError:
                raise BundleError("a box of the sealed key is damaged") from None
    raise NotFoundError(
        f"this marking key is sealed to {sealed.party}, and none of its keys lies in this home: "
        "open it where they do"
    )


def parse_opening(value: Json) -> DraftOpening:
    """Read an opening.

    Raises:
        MalformedError: Another form.
    """
    members = take_members(value, {"by", "field", "log", "salt", "value"}, "an opening")
    by, field, log, salt = (take_text(members[name]) for name in ("by", "field", "log", "salt"))
    return DraftOpening(parse_subject(by), field, log, salt, members["value"])
