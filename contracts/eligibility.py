"""Who may register which right: what each basis gives, asks for and rests on.

Spec: domain, section 2, "Review" and "Classification"; Art. 15, 20 and 21; GB/T 43697-2024.
"""

from collections.abc import Mapping

from msgspec import UNSET

from contracts.engine import Context, refuse
from contracts.force import held_rights
from contracts.identity import Party
from contracts.title import LEVEL_ORDER, Asset, Level, RightClaim
from ledger.core.types import SubjectKey


def check_eligibility(context: Context, claim: RightClaim, parties: tuple[SubjectKey, ...]) -> None:
    """Who may register which right on which basis (Art. 15 and 21).

    Args:
        context: Of the record.
        claim: One right tuple.
        parties: The applicants, who all signed.

    Raises:
        RejectedError: The basis does not give this right, or its condition is not met.
    """
    if claim.basis == "state-organ":
        refuse(
            "not_registrable",
            "data of party and state organs is not registered",
            "党政机关数据不予登记",
            "Art. 15",
        )
    if claim.basis == "crawled-public" and claim.right == "operate":
        refuse(
            "basis_right",
            "public data collected by program gives no right to operate it",
            "通过自动化程序收集的公开数据不得登记经营权",
            "Art. 21",
        )
    _check_evidence(claim)
    if claim.basis == "personal" and context.need(Party, claim.holder).kind != "natural":
        refuse(
            "natural_person",
            f"the basis personal is for natural persons, which {claim.holder} is not",
            f"personal 依据仅限自然人，{claim.holder} 不是自然人",
            "Art. 21",
        )
    if claim.basis == "derived":
        _check_sources(context, claim)
    if claim.holder not in parties:
        refuse(
            "declared_holder",
            f"{claim.holder} is only declared: a right-holder signs the application",
            f"{claim.holder} 仅为申报权利人：权利人须签署登记申请",
            "Art. 21",
        )
    if claim.basis == "fused" and claim.right == "operate" and len(parties) < 2:
        refuse(
            "participants",
            "to operate fused data all other participants consent by signing the application",
            "登记融合数据的经营权须经其他参与方签署同意",
            "Art. 21",
        )


def check_level(context: Context, claim: RightClaim, level: Level) -> None:
    """Keep a product's level at least at its sources' (domain, section 2, "Classification").

    Raises:
        RejectedError: A source has a higher one.
    """
    for key in () if claim.sources is UNSET else claim.sources:
        source = context.need(Asset, key).classification
        if source is not None and LEVEL_ORDER.index(source.level) > LEVEL_ORDER.index(level):
            refuse(
                "level",
                f"the level {level} is below {source.level} of its source {key}",
                f"级别 {level} 低于其来源 {key} 的级别 {source.level}",
                "GB/T 43697-2024",
            )


_NEEDS_EVIDENCE: Mapping[str, tuple[str, str, str]] = {
    "commissioned": ("the commission's digest", "委托合同摘要", "Art. 21"),
    "contract": ("the contract's digest", "合同摘要", "Art. 20"),
    "crawled-public": ("the undertaking's digest", "承诺书摘要", "Art. 20"),
    "crawled-product": ("the undertaking's digest", "承诺书摘要", "Art. 20"),
    "entrusted": (
        "the digest of the law or contract that says so",
        "法律或合同依据摘要",
        "Art. 21",
    ),
}


def _check_evidence(claim: RightClaim) -> None:
    needed = _NEEDS_EVIDENCE.get(claim.basis)
    if needed is not None and claim.evidence is UNSET:
        en, zh, article = needed
        refuse(
            "evidence",
            f"the basis {claim.basis} needs evidence: {en}",
            f"以 {claim.basis} 为依据须提交 evidence：{zh}",
            article,
        )
    if claim.basis == "public-product" and claim.code is UNSET:
        refuse(
            "public_code",
            "a product of authorised public data needs its public-data registration code",
            "公共数据授权运营产品须注明公共数据资源登记编码",
            "Art. 15",
        )


def _check_sources(context: Context, claim: RightClaim) -> None:
    if claim.sources is UNSET:
        refuse(
            "sources",
            "derived data names the assets it derives from",
            "衍生数据须列明其来源数据",
            "Art. 20",
        )
    for key in claim.sources:
        held = held_rights(context.need(Asset, key), claim.holder, context.time)
        if not any(value["right"] == "use" for value in held):
            refuse(
                "source_right",
                f"{claim.holder} has no right to use {key}: have it registered first",
                f"{claim.holder} 对 {key} 不享有使用权：请先登记",
                "Art. 20",
            )
