"""A transfer from the wish to the new voucher: its form, its openings, and its completion.

The openings of a transfer are what both sides see before they sign, and what the registrar's notice
opens; they are in the vault before the ledger names their commitments.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import UNSET

from contracts.application import File
from contracts.forms import FORMS, TRANSFER_MEMBERS, Commitment, check_form_length
from contracts.identity import Party
from contracts.recording import Tests
from contracts.records import format_record
from contracts.title import Asset, Voucher, voucher_key
from contracts.transfer import Ground, Move, signing_parties
from ledger.core.draft import DraftOpening
from ledger.core.event import SignedEvent
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.keys import fresh_salt
from node.drafts import main_subject, read_body
from node.recording import Recording, read_notice, record_until_numbered, transferred_asset
from node.registryapi import RegistryApi, Written


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be transferred, and what the form says of it.

    Args:
        number: Of the voucher that the rights stand in.
        moves: Which rights, from whom to whom.
        ground: Why the transferor does not sign; None: he does.
        title: Of the data as the notice names it.
        scope: Limits of the transfer in words, if there are any.
        evidence: Digest of the contract, if there is one.
    """

    number: str
    moves: tuple[Move, ...]
    ground: Ground | None
    title: str
    scope: str | None
    evidence: str | None


def build_transfer(
    registry: RegistryApi, filer: SubjectKey, wish: Wish
) -> tuple[File, list[DraftOpening]]:
    """The body of a filing, and the openings of its commitments.

    Args:
        registry: Of the ledger.
        filer: The party that will speak: one of those who sign.
        wish: What it files.

    Raises:
        NotFoundError: There is no such voucher, or no such party.
        RejectedError: The title could never be published.
    """
    voucher = registry.need_state(Voucher, voucher_key(wish.number))
    asset = registry.need_state(Asset, voucher.asset)
    check_form_length("title", wish.title)
    values: dict[str, Json] = dict.fromkeys(TRANSFER_MEMBERS)
    values |= {
        "title": wish.title,
        "voucher": wish.number,
        "transferors": describe_parties(registry, {each.transferor for each in wish.moves}),
        "transferees": describe_parties(registry, {each.transferee for each in wish.moves}),
        "evidence": wish.evidence if wish.ground is None else wish.ground.document,
        "content": {
            "data_scope": wish.title,
            "rights": [format_record(each) for each in wish.moves],
            "scope": wish.scope,
            "term": voucher.valid_until,
            "use_scope": asset.fields.get("restrictions"),
        },
    }
    openings = [
        DraftOpening(by=filer, field=name, log=registry.origin, salt=fresh_salt(), value=value)
        for name, value in values.items()
    ]
    body = File(
        type="transfer",
        parties=signing_parties(wish.moves, wish.ground),
        application={each.field: Commitment(digest=each.commitment()) for each in openings},
        asset=voucher.asset,
        voucher=wish.number,
        moves=wish.moves,
        ground=UNSET if wish.ground is None else wish.ground,
    )
    return body, openings


def complete_transfer(
    registry: RegistryApi, recording: Recording, filed: SignedEvent, tests: Tests
) -> tuple[Written, str]:
    """File, accept, publish and record a transfer in one batch, all or nothing.

    Args:
        registry: Opened for writing, under a profile whose clocks have no length.
        recording: Who records.
        filed: The filing, with all its signatures; its openings are in the vault.
        tests: What the registrar found.

    Returns:
        The record, and the number of the new voucher.

    Raises:
        NotFoundError: The openings are not in this vault.
        RejectedError: A rule refuses; nothing was written.
        TypeError: The event files no transfer.
    """
    body, key = read_body(filed.event), main_subject(filed.event)
    if not isinstance(body, File) or body.asset is UNSET or body.moves is UNSET:
        raise TypeError("not the filing of a transfer")
    fields = read_notice(registry, key, FORMS[body.type])
    asset = transferred_asset(registry, body.asset, key, body.moves, tests)
    before = [filed, recording.accept(key), recording.publish(key, fields)]
    return record_until_numbered(registry, recording, asset, before)


def describe_parties(registry: RegistryApi, parties: Iterable[SubjectKey]) -> list[JsonObject]:
    """Parties as a form names them; a natural person's name is a commitment.

    Raises:
        NotFoundError: There is no such party.
    """
    states = {key: registry.need_state(Party, key) for key in sorted(set(parties))}
    return [
        {"party": key, "name": state.name, "kind": state.kind, "id_number": state.uscc}
        for key, state in states.items()
    ]
