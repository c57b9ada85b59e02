"""What the types of registration have in common when they are recorded.

A record is held against the ledger first, then it takes effect; both differ by type, and each type
is a module of its own. Here is what they are given, and what all of them keep.

Spec: our formats sections 7 and 8; domain, section 2; Art. 21, 26, 33 to 37.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta
from msgspec.structs import replace

from contracts.clocks import format_instant
from contracts.engine import Changes, Context, refuse
from contracts.force import holders_of
from contracts.holds import leave_room_for_orders, refuse_if_frozen
from contracts.identity import Did, HexDigest
from contracts.intervals import (
    Interval,
    close_all,
    close_interval,
    current,
    open_interval,
    switch_interval,
)
from contracts.procedure import Registration
from contracts.records import AnyJson, Intervals, Record
from contracts.standing import read_pending
from contracts.title import (
    Asset,
    CertificateNumber,
    Classification,
    RightClaim,
    Stage,
    Voucher,
    open_voucher,
    tuple_json,
    tuple_values,
    voucher_key,
)
from contracts.transfer import is_same_rights
from ledger.core.types import SubjectKey, UnixMillis

MAX_RIGHTS: Final = 24
_ROOM_BYTES: Final = 1024
"""What a record leaves free in the asset's state for orders of a regulator."""

Claims = Annotated[tuple[RightClaim, ...], Meta(min_length=1, max_length=MAX_RIGHTS)]


class Outcome(Record, frozen=True, kw_only=True):
    """What a record says of the voucher that it issues; a cancellation issues none.

    Args:
        number: Of the voucher.
        credential: Digest of the complete credential.
        issuer: Key that signed it and signs the record.
        valid_from: Unix milliseconds, whole seconds, as the credential says.
        valid_until: The same; first instant at which it has expired.
        rights: All tuples in force afterwards.
        classification: As assessed.
    """

    number: CertificateNumber
    credential: HexDigest
    issuer: Did
    valid_from: Annotated[int, Meta(ge=0)]
    valid_until: Annotated[int, Meta(ge=0)]
    rights: Claims
    classification: Classification


@dataclass(frozen=True, slots=True)
class Completion:
    """A record on its way.

    Args:
        context: Of the record.
        key: The registration's.
        registration: Before.
        asset_key: The asset's.
        asset: Before; rights whose own term is over are closed.
        ended: Whose rights these were, once for each.
        issued: What it says of its voucher; None: a cancellation.
        supersedes: Number of the voucher that it takes the place of.
        cancels: Number of the voucher that ends.
        declared: Rights of holders who are named and have not signed.
        stage: Of the data, as the record of an initial registration states it; None: it does not.
    """

    context: Context
    key: SubjectKey
    registration: Registration
    asset_key: SubjectKey
    asset: Asset
    ended: tuple[SubjectKey, ...]
    issued: Outcome | None
    supersedes: str | None
    cancels: str | None
    declared: tuple[RightClaim, ...]
    stage: Stage | None

    @property
    def outcome(self) -> Outcome:
        """What it says of its voucher; the record was held to have one, unless it cancels.

        Raises:
            AssertionError: It has none.
        """
        if self.issued is None:
            raise AssertionError("a record that is no cancellation was held to issue a voucher")
        return self.issued


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What one type of registration does when it is recorded.

    Args:
        parties: Who gains or loses a right by it, sorted.
        check: Raises RejectedError when it does not fit what is in force.
        effect: The new states of the asset and of the vouchers besides the new one, from a time on.
        counts: How many tuples more each of the parties has afterwards; negative: fewer.
    """

    parties: Callable[[Completion], tuple[SubjectKey, ...]]
    check: Callable[[Completion], None]
    effect: Callable[[Completion, UnixMillis], Changes]
    counts: Callable[[Completion], Mapping[SubjectKey, int]]


def nobody(_completion: Completion) -> tuple[SubjectKey, ...]:
    """Who gains or loses a right by a type that leaves all of them as they are."""
    return ()


def no_counts(_completion: Completion) -> Mapping[SubjectKey, int]:
    """How many tuples more anybody has by such a type."""
    return {}


def check_superseding(completion: Completion, article: str) -> None:
    """Refuse a record that does not name the live voucher as the one it supersedes.

    Raises:
        RejectedError: Reason `supersedes`.
    """
    live = completion.asset.voucher
    if completion.supersedes != live:
        refuse(
            "supersedes",
            f"a {completion.registration.type} supersedes the live voucher: name {live} in "
            "supersedes",
            f"该类登记替代有效凭证：须在 supersedes 中写明 {live}",
            article,
        )


def check_same_asset(completion: Completion, article: str) -> None:
    """Hold what changes a voucher and no right: the same rights, holders and classification.

    Raises:
        RejectedError: The asset is frozen, or the record supersedes another voucher, or says other
            rights or another class than are in force.
    """
    registration, asset = completion.registration, completion.asset
    refuse_if_frozen(asset, completion.asset_key)
    check_superseding(completion, article)
    if not is_same_rights(map(tuple_json, completion.outcome.rights), tuple_values(asset.tuples)):
        refuse(
            "wrong_rights",
            f"a {registration.type} leaves every right as it is, byte for byte: repeat the tuples "
            "in force",
            "该类登记不改变任何权利：rights 须与现有权利完全一致",
            article,
        )
    check_same_class(completion, article)


def check_same_class(completion: Completion, article: str) -> None:
    """Refuse a record that says another classification than the asset has.

    Raises:
        RejectedError: Reason `classification`.
    """
    if completion.outcome.classification != completion.asset.classification:
        refuse(
            "classification",
            f"a {completion.registration.type} leaves the classification as it is: repeat the "
            "asset's",
            "该类登记不改变分类分级：classification 须与该数据原有的一致",
            article,
        )


def check_still_about(completion: Completion) -> None:
    """Refuse to record what was filed of a voucher, or by holders, that are others by now.

    Raises:
        RejectedError: Reason `voucher_moved` or `holders_moved`.
    """
    registration, asset = completion.registration, completion.asset
    if asset.voucher != registration.about:
        refuse(
            "voucher_moved",
            f"{completion.key} was filed of {registration.about}, and the live voucher is "
            f"{asset.voucher} by now: have it withdrawn and filed again",
            f"{completion.key} 系就 {registration.about} 申请，现有效凭证为 {asset.voucher}："
            "请撤回后重新申请",
            "Art. 33",
        )
    holders = holders_of(asset, completion.context.time)
    if registration.parties != holders:
        refuse(
            "holders_moved",
            f"the right-holders are {', '.join(holders)} by now, and not all of them signed: have "
            "it withdrawn and filed again",
            f"现权利人为 {'、'.join(holders)}，并未全部签署：请撤回后重新申请",
            "Art. 33",
        )


def supersede(
    completion: Completion, time: UnixMillis, *, fields: Mapping[str, AnyJson], tuples: Intervals
) -> Changes:
    """The asset under its new voucher, and the voucher that was live before.

    Args:
        completion: Checked.
        time: From when.
        fields: Opened members of the asset afterwards.
        tuples: Right tuples of the asset afterwards.

    Raises:
        RejectedError: Too much is in force there.
    """
    outcome, context = completion.outcome, completion.context
    key = voucher_key(str(completion.asset.voucher))
    before = context.need(Voucher, key)
    vouchers = extend_vouchers(completion.asset, time, context)
    after = replace(
        completion.asset,
        registration=completion.key,
        fields=fields,
        tuples=tuples,
        vouchers=open_voucher(
            replace(completion.asset, vouchers=vouchers),
            outcome.number,
            outcome.valid_until,
            time,
            context.index,
        ),
    )
    leave_room(after)
    status = switch_interval(before.status, "superseded", time, context.index)
    return {key: replace(before, status=status), completion.asset_key: after}


def extend_vouchers(asset: Asset, time: UnixMillis, context: Context) -> Intervals:
    """The asset's vouchers, with the time written down in which an expired one stayed in force.

    A voucher whose renewal was filed in time stays in force until that is decided. From the next
    record on the asset's state alone says so, whatever renewal comes later.

    Args:
        asset: Before the record.
        time: From when the record is in force.
        context: Of the record.
    """
    for value in current(asset.vouchers):
        until = value["until"] if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(until, int) or time <= until:
            continue
        expired = UnixMillis(until)
        pending = read_pending(context, asset, expired)
        if pending is None or not pending.holds_at(expired):
            continue
        end = time if pending.end is None else min(time, pending.end)
        stayed = {**value, "term": until, "until": end}
        closed = close_interval(asset.vouchers, value, expired)
        return close_interval(open_interval(closed, stayed, expired, context.index), stayed, end)
    return asset.vouchers


def end_rights(context: Context, asset: Asset, time: UnixMillis) -> Asset:
    """The asset with no right in force, none declared, and no live voucher.

    Args:
        context: Of the event that ends them.
        asset: Before.
        time: From when; not before any of them began.
    """
    vouchers = extend_vouchers(asset, time, context)
    return replace(
        asset,
        tuples=close_all(asset.tuples, time),
        declared=close_all(asset.declared, time),
        vouchers=close_all(vouchers, time),
    )


def leave_room(asset: Asset) -> None:
    """Let a state through to which a regulator can still add orders.

    Raises:
        RejectedError: Reason `state_full`.
    """
    leave_room_for_orders(asset, _ROOM_BYTES)


def check_past(
    completion: Completion, time: UnixMillis, rights: Collection[tuple[SubjectKey, str]]
) -> None:
    """Keep a record from being dated into what came between: a freeze, a pledge, a newer right.

    Where the national system completes a registration, it does so before the ledger hears of it.

    Args:
        completion: On its way.
        time: From when it is in force.
        rights: Holder and right of each tuple that it ends or moves.

    Raises:
        RejectedError: Reason `held_then` or `newer_right`.
    """
    asset = completion.asset
    held = [*asset.freezes, *(each for each in asset.pledges if _is_about(each.value, rights))]
    if any(each.end is None or each.end > time for each in held):
        refuse(
            "held_then",
            f"the rights were frozen or pledged after {format_instant(time)}: evidence in the "
            "national system has to be newer",
            f"相关权利在 {format_instant(time)} 之后曾被冻结或出质：国家系统存证时间须更晚",
            "domain 2",
        )
    check_newer(_open_tuples(asset, rights), time)


def check_newer(tuples: Iterable[Interval], time: UnixMillis) -> None:
    """Keep a record from being dated before a right began that it is about.

    Args:
        tuples: What it ends, moves or renews; those that are closed do not count.
        time: From when it is in force.

    Raises:
        RejectedError: Reason `newer_right`.
    """
    newest = max((each.start for each in tuples if each.end is None), default=time)
    if newest > time:
        refuse(
            "newer_right",
            "a right that this registration is about came into force at "
            f"{format_instant(newest)}: evidence in the national system has to be newer",
            f"本登记所涉权利自 {format_instant(newest)} 起生效：国家系统存证时间须更晚",
            "domain 2",
        )


def _open_tuples(asset: Asset, rights: Collection[tuple[SubjectKey, str]]) -> Iterable[Interval]:
    for each in asset.tuples:
        value = each.value
        if each.end is None and isinstance(value, dict):
            named = (SubjectKey(str(value["holder"])), str(value["right"]))
            if named in rights:
                yield each


def _is_about(pledge: AnyJson, rights: Collection[tuple[SubjectKey, str]]) -> bool:
    """Whether a pledge holds one of these rights."""
    if not isinstance(pledge, dict):
        return False
    named = pledge["rights"]
    listed = named if isinstance(named, list) else []
    return any((pledge["holder"], right) in rights for right in listed)
