"""What is in force on an asset besides its rights: freezes by a regulator, and pledges of rights.

Rules of other families ask here whether they may go on. An event about such a hold touches the
asset's live voucher too: whoever follows the voucher sees the hold in its history.

Spec: domain, section 4, "Subjects per kind"; our formats, section 5.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET, UnsetType

from contracts.engine import Context, refuse
from contracts.intervals import current, fit_state
from contracts.records import Intervals, StateRecord, format_record
from contracts.title import Asset, Right, Voucher, voucher_key
from ledger.core.canonical import encode_canonical
from ledger.core.limits import MAX_STATE_BYTES
from ledger.core.types import JsonObject, SubjectKey

BARRING: Final = ("seizure", "temporary-control")
"""Kinds of notes under which no right is disposed of, and the data not handed on (Art. 23)."""

ORDERS_BYTES: Final = 4096
"""Of an asset's state, kept free of pledges: nobody can fill it so that no freeze fits in."""


def refuse_if_frozen(asset: Asset, key: SubjectKey) -> None:
    """Let an asset through on which no freeze is in force.

    Args:
        asset: Its state.
        key: Its key, for the sentence.

    Raises:
        RejectedError: Reason `frozen`: the first order in force, and who lifts it.
    """
    for value in _in_force(asset.freezes):
        order = value["order"]
        refuse(
            "frozen",
            f"{key} is frozen by {order}: the regulator lifts it with order.unfreeze",
            f"{key} 已被 {order} 冻结：须由监管方以 order.unfreeze 解除冻结",
            "domain 4",
        )


def refuse_if_held(asset: Asset, key: SubjectKey) -> None:
    """Let an asset through that may be disposed of: neither frozen, nor seized or under control.

    Args:
        asset: Its state.
        key: Its key, for the sentence.

    Raises:
        RejectedError: Reason `frozen` as refuse_if_frozen, or `seized`: what the registrar noted.
    """
    refuse_if_frozen(asset, key)
    for value in _in_force(asset.notes):
        if is_barring(value):
            refuse("seized", *describe_seizure(key, value), "Art. 23")


def is_barring(note: JsonObject) -> bool:
    """Whether a note, as the asset's state holds it, keeps it from being disposed of."""
    return note["kind"] in BARRING


def describe_seizure(key: SubjectKey, note: JsonObject) -> tuple[str, str]:
    """Why a seized asset stays as it is, in both languages.

    Args:
        key: The asset's.
        note: As its state holds it.
    """
    kinds = {
        "seizure": ("seized", "被查封扣押"),
        "temporary-control": ("under control", "被临时管控"),
    }
    en, zh = kinds[str(note["kind"])]
    return (
        f"{key} is {en}, as the registrar noted: until the note ends (registration.unnote), no "
        "right to it is disposed of and it is not handed on",
        f"{key} 已{zh}（登记机构备注）：备注终止（registration.unnote）前"
        "不得处分权利或对外提供数据",
    )


def pledged_by(asset: Asset, holder: SubjectKey, right: Right) -> tuple[SubjectKey, ...]:
    """Keys of the encumbrances in force on one right of one holder, in the order of creation.

    Args:
        asset: Its state.
        holder: Whose right it is.
        right: Which of the three.
    """
    return tuple(
        SubjectKey(str(value["encumbrance"]))
        for value in _in_force(asset.pledges)
        if value["holder"] == holder and right in _list(value, "rights")
    )


def read_live_voucher(
    context: Context, key: SubjectKey, asset: Asset, number: str | UnsetType
) -> Mapping[SubjectKey, StateRecord]:
    """The asset's live voucher as it stands, by its key; empty if the asset has none.

    Args:
        context: Of the event.
        key: The asset's.
        asset: Its state.
        number: The voucher that the event's body names, since its subjects follow from the body.

    Raises:
        RejectedError: Reason `not_live_voucher`: the body names another voucher, or none although
            there is one, or one although there is none.
    """
    live = asset.voucher
    if live is None and number is not UNSET:
        refuse(
            "not_live_voucher",
            f"{key} has no live voucher: name none, and sign again",
            f"{key} 没有有效凭证：请勿指明凭证，并重新签署",
            "domain 4",
        )
    if live is not None and number != live:
        refuse(
            "not_live_voucher",
            f"the live voucher of {key} is {live}: name it, and sign again",
            f"{key} 的有效凭证为 {live}：请指明该凭证，并重新签署",
            "domain 4",
        )
    if live is None:
        return {}
    return {voucher_key(live): context.need(Voucher, voucher_key(live))}


def leave_room_for_orders(state: StateRecord, room: int = ORDERS_BYTES) -> None:
    """Let a state through that a regulator can still add freezes to, or others their objections.

    Args:
        state: Of an asset or a registration, as it is to be.
        room: Bytes to leave.

    Raises:
        RejectedError: Reason `state_full`: what is in force there takes too much.
    """
    fit_state(
        format_record(state),
        state.interval_lists,
        encode=encode_canonical,
        max_bytes=MAX_STATE_BYTES - room,
        kept_longest=state.kept_longest,
    )


def _in_force(intervals: Intervals) -> list[JsonObject]:
    return [value for value in current(intervals) if isinstance(value, dict)]


def _list(value: JsonObject, name: str) -> list[object]:
    member = value[name]
    return list(member) if isinstance(member, list) else []
