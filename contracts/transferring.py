"""What the record of a transfer asks for and does: it moves exactly what was filed.

Spec: domain, sections 1 and 2; Art. 33 and 34.
"""

from collections.abc import Mapping

from contracts.completion import (
    Completion,
    TypeRules,
    check_past,
    check_same_class,
    check_superseding,
    supersede,
)
from contracts.engine import Changes, refuse
from contracts.title import Voucher, tuple_json, voucher_key
from contracts.transfer import (
    check_moves,
    check_succession,
    count_changes,
    is_same_rights,
    move_tuples,
    rights_after,
    touched_parties,
)
from ledger.core.types import SubjectKey, UnixMillis


def _parties(completion: Completion) -> tuple[SubjectKey, ...]:
    return touched_parties(completion.registration.moves)


def _check(completion: Completion) -> None:
    registration = completion.registration
    moves, ground = registration.moves, registration.ground
    asset = check_moves(completion.context, completion.asset_key, moves, ground)
    check_superseding(completion, "Art. 34")
    expected = rights_after(asset, moves)
    if not is_same_rights(map(tuple_json, completion.outcome.rights), expected):
        refuse(
            "wrong_rights",
            "a transfer moves the tuples that were filed, whole, with from naming the "
            "transferor, and leaves every other as it is: name all tuples after it",
            "转让仅移转所申请的权利，内容不变，并以 from 注明转让方；其余权利保持原样："
            "rights 须列明转让后的全部权利",
            "Art. 34",
        )
    check_same_class(completion, "Art. 34")


def _move_rights(completion: Completion, time: UnixMillis) -> Changes:
    asset, moves = completion.asset, completion.registration.moves
    before = completion.context.need(Voucher, voucher_key(str(asset.voucher)))
    check_succession(before, time, completion.outcome.valid_until)
    check_past(completion, time, {(each.transferor, each.right) for each in moves})
    tuples = move_tuples(asset, moves, time, completion.context.index)
    return supersede(completion, time, fields=asset.fields, tuples=tuples)


def _counts(completion: Completion) -> Mapping[SubjectKey, int]:
    return count_changes(completion.registration.moves)


TRANSFER = TypeRules(_parties, _check, _move_rights, _counts)
