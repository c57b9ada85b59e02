"""What the record of an initial registration asks for and does: it puts the first rights in force.

Right-holders whom the form names and who did not sign are only declared: they hold nothing until
they confirm.

Spec: domain, section 2; Art. 18, 21, 22, 26, 32.
"""

from collections import Counter
from collections.abc import Mapping

from msgspec import UNSET
from msgspec.structs import replace

from contracts.completion import Completion, TypeRules, check_past, leave_room
from contracts.eligibility import check_eligibility, check_origin, known_stage
from contracts.engine import Changes, refuse
from contracts.holds import refuse_if_frozen
from contracts.identity import Party, refuse_if_exited
from contracts.intervals import open_interval
from contracts.title import open_voucher, tuple_json
from contracts.transfer import MAX_HOLDERS
from ledger.core.types import SubjectKey, UnixMillis


def _parties(completion: Completion) -> tuple[SubjectKey, ...]:
    return tuple(sorted({claim.holder for claim in completion.outcome.rights}))


def _check(completion: Completion) -> None:
    asset, outcome, context = completion.asset, completion.outcome, completion.context
    if asset.voucher is not None:
        refuse(
            "live_voucher",
            f"{completion.asset_key} has the voucher {asset.voucher}",
            f"{completion.asset_key} 已有有效凭证 {asset.voucher}",
            "domain 4",
        )
    claims = [*outcome.rights, *completion.declared]
    if completion.supersedes is not None or any(c.transferor is not UNSET for c in claims):
        refuse(
            "not_a_transfer",
            "an initial registration supersedes nothing, and its rights come from nobody: "
            "leave out supersedes and from",
            "初次登记不替代任何凭证，其权利亦非受让取得：不得有 supersedes 与 from",
            "Art. 33",
        )
    refuse_if_frozen(asset, completion.asset_key)
    for claim in outcome.rights:
        check_eligibility(context, claim, completion.registration.parties)
    stage = known_stage(completion.registration.fields, completion.stage)
    check_origin(context, completion.registration, claims, outcome.classification, stage)
    _check_declared(completion)


def _check_declared(completion: Completion) -> None:
    """Hold the holders who are only declared to what can be said of them before they sign.

    Raises:
        RejectedError: One of them signed, so that he holds; is not enrolled, or has left; could
            not have the right if he signed; or there would be too many holders once all have
            confirmed.
    """
    declared = {claim.holder for claim in completion.declared}
    signed = sorted(declared & set(completion.registration.parties))
    if signed:
        refuse(
            "declared_signed",
            f"{signed[0]} signed the application and holds what it names: list it under rights",
            f"{signed[0]} 已签署申请，应列入 rights",
            "Art. 21",
        )
    for holder in sorted(declared):
        refuse_if_exited(holder, completion.context.need(Party, holder))
    for claim in completion.declared:
        signing = (*completion.registration.parties, claim.holder)
        check_eligibility(completion.context, claim, signing)
    if len(declared | set(_parties(completion))) > MAX_HOLDERS:
        refuse(
            "too_many_holders",
            f"an asset has at most {MAX_HOLDERS} right-holders, the declared ones among them",
            f"一项数据最多有 {MAX_HOLDERS} 个权利人（含申报权利人）",
            "formats 2",
        )


def _open_rights(completion: Completion, time: UnixMillis) -> Changes:
    asset, outcome, context = completion.asset, completion.outcome, completion.context
    check_past(completion, time, ())
    tuples, declared = asset.tuples, asset.declared
    for claim in outcome.rights:
        tuples = open_interval(tuples, tuple_json(claim), time, context.index)
    for claim in completion.declared:
        declared = open_interval(declared, tuple_json(claim), time, context.index)
    registered = replace(
        asset,
        fields=completion.registration.fields,
        classification=outcome.classification,
        stage=known_stage(completion.registration.fields, completion.stage),
        tuples=tuples,
        declared=declared,
        vouchers=open_voucher(asset, outcome.number, outcome.valid_until, time, context.index),
    )
    leave_room(registered)
    return {completion.asset_key: registered}


def _counts(completion: Completion) -> Mapping[SubjectKey, int]:
    return Counter(claim.holder for claim in completion.outcome.rights)


INITIAL = TypeRules(_parties, _check, _open_rights, _counts)
