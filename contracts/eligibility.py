"""Who may register which right: what each basis gives, asks for and rests on.

Raw data, data elements and data products are a closed loop: what is made from other data names
registered data as its source. Nothing can be its own source, over however many steps: a tuple names
sources that are recorded already when it is recorded, and no later registration changes them, so a
source's first record always lies before that of what was made from it.

Spec: domain, sections 1 and 2, "Review" and "Classification"; Art. 15, 20 and 21; GB/T 43697-2024.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from msgspec import UNSET

from contracts.attestation import check_downgrade
from contracts.classification import check_classification, level_of, read_newest_lists
from contracts.engine import Context, refuse
from contracts.force import held_rights
from contracts.foundation import read_ledger
from contracts.identity import Party
from contracts.procedure import Registration
from contracts.records import AnyJson
from contracts.standing import read_pending
from contracts.title import LEVEL_ORDER, Asset, Classification, Level, Right, RightClaim, Stage
from ledger.core.types import SubjectKey

MADE: Final = ("derived", "fused")
"""Bases of data that is made from other data."""

SOURCE_STAGES: Final[Mapping[Stage, tuple[Stage, ...]]] = {
    "raw": (),
    "element": ("raw", "element"),
    "product": ("raw", "element", "product"),
}
"""From data of which stages data of a stage is made. The record states it, or the notice opens it
from the form; of data that is not made from other data it may stay unknown, and asks nothing."""


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
    ledger = read_ledger(context)
    if claim.holder == ledger.registrar and not ledger.profile.is_solo:
        refuse(
            "self_registration",
            "a registrar has no rights registered at itself: they are registered elsewhere",
            "登记机构不得在本机构登记权利：请向其他登记机构申请",
            "Art. 10",
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


def check_origin(
    context: Context,
    registration: Registration,
    claims: Iterable[RightClaim],
    classification: Classification,
    stage: Stage | None,
) -> None:
    """Hold what initial data is made from, and its level, against its sources and the lists.

    Args:
        context: Of the record.
        registration: What it completes.
        claims: All right tuples, of declared right-holders too.
        classification: As the record states it.
        stage: As known_stage has it.

    Raises:
        RejectedError: A source or the stage is missing, or a source may be none; the level is below
            a source's without a downgrade attestation; or the published lists bar it.
    """
    listed = tuple(claims)
    for claim in listed:
        _check_stage(claim, stage)
        for source in () if claim.sources is UNSET else claim.sources:
            _check_source(context, registration, claim, source, stage)
    check_levels(context, registration.asset, listed, classification)
    check_classification(context, registration.asset, classification)


def check_levels(
    context: Context,
    key: SubjectKey,
    claims: Iterable[RightClaim],
    classification: Classification,
) -> None:
    """Keep data's level at least at its sources', unless a downgrade attestation is named.

    Args:
        context: Of the record or the correction.
        key: The asset's.
        claims: All its right tuples.
        classification: As it is to be.

    Raises:
        RejectedError: A source has a higher level and no downgrade is named, or the one named is
            not live, of this asset, and down to this level.
    """
    check_downgrade(context, key, classification)
    if classification.downgrade is UNSET:
        for claim in claims:
            _check_level(context, claim, classification.level)


def _check_level(context: Context, claim: RightClaim, level: Level) -> None:
    """Keep data at its sources' level; one that the catalogue lists counts as important."""
    for key in () if claim.sources is UNSET else claim.sources:
        data = context.need(Asset, key).classification
        of_source = level if data is None else level_of(read_newest_lists(context), key, data)
        if LEVEL_ORDER.index(of_source) > LEVEL_ORDER.index(level):
            refuse(
                "level",
                f"the level {level} is below {of_source} of its source {key}: raise it, or name a "
                "downgrade attestation of an admitted assessor (attest.make) in downgrade",
                f"级别 {level} 低于其来源 {key} 的级别 {of_source}：请提高级别，"
                "或在 downgrade 中注明获准评估机构出具的降级评估（attest.make）",
                "GB/T 43697-2024",
            )


def known_stage(fields: Mapping[str, AnyJson], stated: Stage | None) -> Stage | None:
    """The stage of data: as the record states it, or as the notice opened it.

    Args:
        fields: What the notice opened.
        stated: By the record.

    Raises:
        RejectedError: Reason `stage`: they differ.
    """
    opened = next((each for each in SOURCE_STAGES if each == fields.get("stage")), None)
    if opened and stated and opened != stated:
        refuse(
            "stage",
            f"the notice says that the stage is {opened}, not {stated}: state it as the form does",
            f"公示的加工程度为 {opened}，而非 {stated}：请与申请表一致",
            "domain 1",
        )
    return stated or opened


def _check_stage(claim: RightClaim, stage: Stage | None) -> None:
    """Hold one tuple against the stage of the data."""
    is_made = claim.basis in MADE
    if is_made and stage is None:
        refuse(
            "stage",
            f"data that is {claim.basis} has a stage: state in the record, as the form says, "
            "whether it is raw, an element or a product",
            f"以 {claim.basis} 为依据的数据须按申请表写明加工程度（stage）："
            "raw、element 或 product",
            "domain 1",
        )
    if stage == "raw" and claim.sources is not UNSET:
        refuse(
            "raw_sources",
            "raw data is made from no other data: register it as an element or a product, or "
            "leave out its sources",
            "原始数据不由其他数据形成：请登记为数据元件或数据产品，或去掉来源",
            "domain 1",
        )
    if stage in {"element", "product"} and is_made and claim.sources is UNSET:
        refuse(
            "sources",
            f"data of the stage {stage} that is {claim.basis} names the registered assets that it "
            "is made from: give its sources",
            f"加工程度为 {stage} 且以 {claim.basis} 为依据的数据须列明其来源数据（sources）",
            "domain 1",
        )


def _check_source(
    context: Context,
    registration: Registration,
    claim: RightClaim,
    key: SubjectKey,
    stage: Stage | None,
) -> None:
    asset = context.need(Asset, key)
    if key == registration.asset or asset.classification is None:
        refuse(
            "source_recorded",
            f"{key} is not recorded yet: a source is registered before what is made from it",
            f"{key} 尚未登记：来源数据须先于由其形成的数据登记",
            "domain 1",
        )
    of_source = asset.stage
    if stage and of_source and of_source not in SOURCE_STAGES[stage]:
        refuse(
            "source_stage",
            f"data of the stage {stage} is not made from {key}, whose stage is {of_source}",
            f"加工程度为 {stage} 的数据不得以 {key}（加工程度为 {of_source}）为来源",
            "domain 1",
        )
    # Derived data asks more: its holder himself has the right to use (check_eligibility).
    if not _has_right(context, asset, {claim.holder, *registration.parties}, ("use", "operate")):
        refuse(
            "source_right",
            f"no applicant has a right to use or operate {key} in force: have it registered first",
            f"申请人对 {key} 均无有效的使用权或经营权：请先登记",
            "Art. 20",
        )


def _has_right(
    context: Context, asset: Asset, holders: Collection[str], rights: tuple[Right, ...]
) -> bool:
    pending = read_pending(context, asset, context.time)
    return any(
        value["right"] in rights
        for holder in holders
        for value in held_rights(asset, SubjectKey(holder), context.time, pending)
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
        if not _has_right(context, context.need(Asset, key), {claim.holder}, ("use",)):
            refuse(
                "source_right",
                f"{claim.holder} has no right to use {key}: have it registered first",
                f"{claim.holder} 对 {key} 不享有使用权：请先登记",
                "Art. 20",
            )
