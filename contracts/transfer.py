"""Transfers of right tuples: which ones move, from whom to whom, and what may not move.

A transfer moves exactly the tuples it names, each whole: the new holder has the same right on the
same basis and terms, the old one keeps nothing of it, and every other tuple stays as it is, byte
for byte. Everything is checked when the transfer is filed and once more when it is recorded.

Several transfers of one asset may be on their way at once, since co-holders act on their own: each
is held against what is in force when it is recorded, and supersedes the voucher that is live then.
Of two that name the same right the second to be recorded is refused.

Spec: domain, sections 1, 2 and 4; Art. 33 and 34; the form for a transfer.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal, NoReturn

from msgspec import Meta

from contracts.classification import refuse_if_listed
from contracts.clocks import format_instant
from contracts.engine import Context, refuse
from contracts.force import held_rights, settle_terms
from contracts.holds import pledged_by, refuse_if_held
from contracts.identity import (
    HexDigest,
    Party,
    PartyKey,
    refuse_if_exited,
    refuse_if_recovering,
)
from contracts.intervals import close_interval, open_interval
from contracts.records import Intervals, Record
from contracts.title import Asset, Right, Voucher, tuple_values, voucher_key
from ledger.core.canonical import encode_canonical
from ledger.core.types import JsonObject, LeafIndex, SubjectKey, UnixMillis

MAX_HOLDERS: Final = 8
"""Each holder is a subject of the event that revokes the voucher."""

MAX_MOVES: Final = 24

GroundKind = Literal["judgment", "arbitration", "merger", "succession", "liquidation"]


class Move(Record, frozen=True, kw_only=True, rename={"transferor": "from", "transferee": "to"}):
    """One right tuple that goes from one party to another; `from` and `to` in JSON.

    Args:
        transferor: Who has the right and keeps nothing of it.
        transferee: Who has it afterwards.
        right: Which of the three.
    """

    transferor: PartyKey
    transferee: PartyKey
    right: Right


class Ground(Record, frozen=True, kw_only=True):
    """Why a right goes over without the transferor's signature.

    Args:
        kind: Of the document.
        document: Its digest.
    """

    kind: GroundKind
    document: HexDigest


Moves = Annotated[tuple[Move, ...], Meta(min_length=1, max_length=MAX_MOVES)]


def signing_parties(moves: Iterable[Move], ground: Ground | None) -> tuple[SubjectKey, ...]:
    """Who signs a transfer: both sides; with a ground only those who get something.

    Args:
        moves: What it names.
        ground: Judgment, arbitration, merger, succession or liquidation; None: by agreement.
    """
    parties = {each.transferee for each in moves}
    if ground is None:
        parties |= {each.transferor for each in moves}
    return tuple(sorted(parties))


def touched_parties(moves: Iterable[Move]) -> tuple[SubjectKey, ...]:
    """Who gains or loses a tuple, sorted."""
    return tuple(sorted({party for each in moves for party in (each.transferor, each.transferee)}))


def count_changes(moves: Iterable[Move]) -> Counter[SubjectKey]:
    """How many tuples more each party has afterwards; negative: fewer."""
    changes: Counter[SubjectKey] = Counter()
    for each in moves:
        changes[each.transferor] -= 1
        changes[each.transferee] += 1
    return changes


def check_moves(
    context: Context, key: SubjectKey, moves: Sequence[Move], ground: Ground | None
) -> Asset:
    """Hold a transfer against what is in force now.

    Args:
        context: Of the filing or the record.
        key: The asset's.
        moves: What it names.
        ground: As for signing_parties.

    Returns:
        The asset as it stands before the transfer, with the rights closed whose term is over.

    Raises:
        RejectedError: The asset is frozen or seized, has no voucher in force or, where the parties
            agreed on the transfer, is on the negative list; a right is not held, pledged, named
            twice or held by its transferee already; a party may not take part.
    """
    asset = settle_terms(context.need(Asset, key), context.time)
    refuse_if_held(asset, key)
    need_voucher_in_force(context, key, asset)
    if ground is None:
        refuse_if_listed(context, key, asset)
    named = {(each.transferor, each.right) for each in moves}
    if len(named) != len(moves):
        refuse("doubled_move", "a right is transferred once", "同一权利不得重复转让", "Art. 34")
    for each in moves:
        _check_move(context, asset, each)
    _check_after(asset, moves)
    _check_parties(context, moves, ground)
    return asset


def need_voucher_in_force(context: Context, key: SubjectKey, asset: Asset) -> Voucher:
    """State of the asset's live voucher, if it has not expired.

    Raises:
        RejectedError: There is none, or it has.
    """
    if asset.voucher is None:
        refuse(
            "no_voucher",
            f"{key} has no voucher in force: rights are registered before they are transferred",
            f"{key} 没有有效凭证：权利须先经初次登记方可转让",
            "Art. 33",
        )
    voucher = context.need(Voucher, voucher_key(asset.voucher))
    if context.time >= voucher.valid_until:
        ended = format_instant(UnixMillis(voucher.valid_until))
        refuse(
            "expired",
            f"the term of {asset.voucher} was over at {ended}, and a right is transferred or "
            "changed within it: where a renewal is undecided, once that is recorded",
            f"{asset.voucher} 的有效期已于 {ended} 届满，权利须在有效期内转让或变更："
            "续期申请尚未办结的，待续期登记后办理",
            "Art. 36",
        )
    return voucher


def check_succession(before: Voucher, valid_from: UnixMillis, valid_until: int) -> None:
    """Hold the validity of a transfer's voucher against that of the one it supersedes.

    Args:
        before: State of the superseded one.
        valid_from: Of the new one; where the national system completes, earlier than the record.
        valid_until: Of the new one: the years do not start anew with a transfer.

    Raises:
        RejectedError: It would begin before the other began, or end after it.
    """
    first, last = UnixMillis(before.valid_from), UnixMillis(before.valid_until)
    if valid_from < first or valid_until > last:
        refuse(
            "validity",
            f"the voucher of a transfer begins after {format_instant(first)} and ends by "
            f"{format_instant(last)}, like the one it supersedes",
            f"转让登记凭证的有效期须在原凭证有效期之内：自 {format_instant(first)} 之后，"
            f"至 {format_instant(last)}",
            "Art. 26",
        )


def rights_after(asset: Asset, moves: Sequence[Move]) -> list[JsonObject]:
    """Values of all tuples once these have moved: the untouched ones first, then the moved.

    Args:
        asset: Before.
        moves: What moves.

    Raises:
        RejectedError: Reason `right_not_held`: one of them is not there to move.
    """
    moved = [_find_tuple(asset, each) for each in moves]
    kept = [value for value in tuple_values(asset.tuples) if value not in moved]
    return [
        *kept,
        *(_hand_over(value, each) for value, each in zip(moved, moves, strict=True)),
    ]


def move_tuples(
    asset: Asset, moves: Sequence[Move], time: UnixMillis, index: LeafIndex
) -> Intervals:
    """The asset's tuples with these closed for one holder and opened for the next.

    Args:
        asset: Before.
        moves: What moves.
        time: From when.
        index: Log index of the record.

    Raises:
        RejectedError: Reason `right_not_held`: one of them is not there to move.
    """
    moved = [(_find_tuple(asset, each), each) for each in moves]
    tuples = asset.tuples
    for value, _ in moved:
        tuples = close_interval(tuples, value, time)
    for value, each in moved:
        tuples = open_interval(tuples, _hand_over(value, each), time, index)
    return tuples


def is_same_rights(one: Iterable[JsonObject], other: Iterable[JsonObject]) -> bool:
    """Whether these are the same tuples, byte for byte, in any order."""
    return sorted(map(encode_canonical, one)) == sorted(map(encode_canonical, other))


def _check_move(context: Context, asset: Asset, move: Move) -> None:
    holder, right = move.transferor, move.right
    if holder == move.transferee:
        refuse(
            "self_move",
            f"{holder} transfers to itself: name another party",
            f"{holder} 不得向自己转让：请指明其他主体",
            "Art. 34",
        )
    held = held_rights(asset, holder, context.time)
    if all(value["right"] != right for value in held):
        _refuse_not_held(move)
    pledges = pledged_by(asset, holder, right)
    if pledges:
        refuse(
            "pledged",
            f"the right to {right} of {holder} is pledged by {pledges[0]}: the pledgee releases it "
            "first",
            f"{holder} 的 {right} 权利已由 {pledges[0]} 设定担保：须先由担保权人解除",
            "domain 4",
        )


def _check_after(asset: Asset, moves: Sequence[Move]) -> None:
    """Refuse what would leave two tuples where one party and right have one, or too many holders.

    Two bases of one right are not made one: the transferee keeps his own, and who wants to give up
    the other has it cancelled.
    """
    after = [(str(value["holder"]), str(value["right"])) for value in rights_after(asset, moves)]
    doubled = sorted(each for each, count in Counter(after).items() if count > 1)
    if doubled:
        holder, right = doubled[0]
        refuse(
            "already_held",
            f"{holder} has the right to {right} already, on its own basis, and two are not merged: "
            "transfer it to another party, or have the transferor's right cancelled",
            f"{holder} 已凭自身依据享有 {right} 权利，两项权利不合并：请转让给其他主体，"
            "或由转让方申请注销其权利",
            "Art. 34",
        )
    if len({holder for holder, _ in after}) > MAX_HOLDERS or (
        len(touched_parties(moves)) > MAX_HOLDERS
    ):
        refuse(
            "too_many_holders",
            f"an asset has at most {MAX_HOLDERS} right-holders, and as many take part in a "
            "transfer: transfer to fewer parties",
            f"一项数据最多有 {MAX_HOLDERS} 个权利人，一次转让的参与方亦同：请减少受让方",
            "formats 2",
        )


def _check_parties(context: Context, moves: Sequence[Move], ground: Ground | None) -> None:
    """Let through who may take part: who gets a right, and who gives one of its own will."""
    givers = set() if ground is not None else {each.transferor for each in moves}
    for key in sorted({each.transferee for each in moves} | givers):
        party = context.need(Party, key)
        refuse_if_exited(key, party)
        if not party.is_active:
            refuse(
                "suspended",
                f"{key} is suspended and takes part in no transfer: have the suspension lifted",
                f"{key} 已被暂停，不得参与转让：请先解除暂停",
                "domain 4",
            )
        if key in givers:
            refuse_if_recovering(context, key, party)


def _find_tuple(asset: Asset, move: Move) -> JsonObject:
    wanted = (move.transferor, move.right)
    held = {(value["holder"], value["right"]): value for value in tuple_values(asset.tuples)}
    if wanted not in held:
        _refuse_not_held(move)
    return held[wanted]


def _refuse_not_held(move: Move) -> NoReturn:
    refuse(
        "right_not_held",
        f"{move.transferor} has no right to {move.right} this asset in force: see who has it",
        f"{move.transferor} 对该数据不享有有效的 {move.right} 权利：请核对现有权利人",
        "Art. 34",
    )


def _hand_over(value: JsonObject, move: Move) -> JsonObject:
    return {**value, "holder": move.transferee, "from": move.transferor}
