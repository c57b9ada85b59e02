"""Blanks that several of the five forms share.

Spec: annexes 1 to 5; Art. 15, 16, 19 to 21, 41.
"""

from dataclasses import replace
from typing import Final

from contracts.forms import SUMMARY_CAP, TITLE_CAP
from node.forms.codes import (
    BASES,
    CLASSES,
    FREQUENCIES,
    KINDS,
    LEVELS,
    OPENNESS,
    RIGHTS,
    SHAPES,
    SOURCES,
    SPATIAL,
    STAGES,
)
from node.forms.shape import Field, Group

CONTACT: Final = Group(
    name="contact",
    en="Contact person; kept in the vault, never on the ledger",
    zh="联系人；只存于加密库，不上账本",
    parts=(
        Field(name="name", en="Name", zh="联系人姓名", is_personal=True, longest=80),
        Field(name="phone", en="Telephone", zh="联系电话", is_personal=True, longest=40),
        Field(name="address", en="Address", zh="联系地址", is_personal=True),
    ),
)
BUSINESS: Final = Group(
    name="business",
    en="Particulars of an organisation",
    zh="经营情况（法人、非法人组织填写）",
    parts=(
        Field(
            name="representative",
            en="Legal representative",
            zh="法定代表人或负责人",
            is_personal=True,
            longest=80,
        ),
        Field(name="founded", en="Day of founding", zh="成立日期", kind="day"),
        Field(name="address", en="Registered address", zh="住所"),
        Field(name="term", en="Term of operation", zh="经营期限", longest=80),
        Field(name="scope", en="Scope of business", zh="经营范围", longest=2000),
        Field(name="standing", en="Standing, such as in operation", zh="经营状态", longest=80),
    ),
)


def create_people(name: str, en: str, zh: str) -> Group:
    """A block of applicants, transferors or transferees."""
    return Group(
        name=name,
        en=en,
        zh=zh,
        is_many=True,
        is_needed=True,
        parts=(
            Field(
                name="name",
                en="Full name",
                zh="名称：姓名或单位全称",
                is_needed=True,
                longest=200,
                is_personal=True,
            ),
            Field(name="kind", en="Kind", zh="类型", kind="code", is_needed=True, choices=KINDS),
            Field(
                name="id_number",
                en="Unified social credit code, or identity number of a natural person",
                zh="证件号码：统一社会信用代码，自然人为身份证件号码",
                is_needed=True,
                longest=40,
                is_personal=True,
            ),
            Field(
                name="party",
                en="Party on the ledger, where it is not known there by this name or code",
                zh="账本上的主体标识（账本上未以该名称或代码公开时填写）",
                longest=200,
            ),
            CONTACT,
            BUSINESS,
        ),
    )


APPLICANTS: Final = create_people(
    "applicants", "Applicant; once more for each joint applicant", "申请人；共同申请的逐一填写"
)
AGENT: Final = Group(
    name="agent",
    en="Agent, if one files for the applicant (Art. 16)",
    zh="代理人，委托代理的填写（第十六条）",
    parts=(
        Field(
            name="name",
            en="Full name",
            zh="代理人名称",
            is_needed=True,
            longest=200,
            is_personal=True,
        ),
        Field(name="id_number", en="Its number", zh="证件号码", longest=40, is_personal=True),
        Field(
            name="mandate",
            en="Mandate: its file, or its SHA-256",
            zh="授权委托书：文件，或其 SHA-256",
            kind="file",
            is_needed=True,
        ),
        Field(
            name="party",
            en="Party on the ledger, if it files there itself",
            zh="账本上的主体标识（由其在账本上提交的填写）",
            longest=200,
        ),
    ),
)
EVIDENCE: Final = Field(
    name="evidence",
    en="Supporting files (or their SHA-256); only digests are kept",
    zh="证明材料：文件或其 SHA-256，仅保存摘要",
    kind="files",
)
VOUCHER: Final = Field(
    name="voucher", en="Number of the voucher", zh="登记凭证编号", is_needed=True, longest=40
)
LATER_TITLE: Final = Field(
    name="title",
    en="Name of the data; as published if left out",
    zh="数据名称：与原登记一致，可不填",
    longest=TITLE_CAP,
)
RESTRICTIONS: Final = Group(
    name="restrictions",
    en="Limits on use; leave out what is not limited",
    zh="限制范围；不作限制的不填",
    parts=(
        Field(name="users", en="Kinds of users", zh="使用主体类型"),
        Field(name="qualification", en="What a buyer must have", zh="购买方资质"),
        Field(name="environment", en="Environment of use", zh="使用环境"),
        Field(name="region", en="Region of use", zh="使用地域"),
        Field(name="resale", en="May it be resold?", zh="是否允许再次转售", kind="flag"),
        Field(name="export", en="May it leave the country?", zh="是否允许数据出境", kind="flag"),
        Field(name="other", en="Other limits", zh="其他限制"),
    ),
)
TEMPORAL: Final = Group(
    name="temporal",
    en="Time span of the data; no end if it goes on",
    zh="时域范围；持续更新的可不填截止日期",
    parts=(
        Field(name="start", en="First day", zh="起始日期", kind="day", is_needed=True),
        Field(name="end", en="Last day", zh="截止日期", kind="day"),
    ),
)
TITLE: Final = Field(
    name="title",
    en="Name: time, region, industry, content and kind; best within 40 characters",
    zh="数据名称：时间、地域、行业、内容、数据类型，不宜超过40个字",
    is_needed=True,
    longest=TITLE_CAP,
)
SUMMARY: Final = Field(
    name="summary",
    en="Function, shape and use of the data; best within 400 characters",
    zh="数据概述：功能、形态、用途，不宜超过400个字",
    is_needed=True,
    longest=SUMMARY_CAP,
)
DESCRIPTION: Final = (
    Field(
        name="industry",
        en="Industry by GB/T 4754, section and division, such as G54",
        zh="所属行业：GB/T 4754 门类与大类代码，如 G54",
        is_needed=True,
        longest=80,
    ),
    Field(
        name="spatial",
        en="Region",
        zh="地域范围",
        kind="code",
        is_needed=True,
        choices=SPATIAL,
    ),
    Field(
        name="update_frequency",
        en="Update frequency",
        zh="更新频率",
        kind="code",
        is_needed=True,
        choices=FREQUENCIES,
    ),
    Field(
        name="volume",
        en="Volume, such as 1.2 million rows, 3 GB",
        zh="数据量，如 120 万行、3 GB",
        is_needed=True,
        longest=80,
    ),
    Field(
        name="form",
        en="Form of the data",
        zh="数据形态",
        kind="codes",
        is_needed=True,
        choices=SHAPES,
    ),
)
DATA: Final = Group(
    name="data",
    en="Description of the data",
    zh="数据描述",
    is_needed=True,
    parts=(
        TITLE,
        SUMMARY,
        Field(
            name="source",
            en="Source",
            zh="数据来源",
            kind="codes",
            is_needed=True,
            choices=SOURCES,
        ),
        *DESCRIPTION,
        Field(name="stage", en="Stage of processing", zh="数据阶段", kind="code", choices=STAGES),
        TEMPORAL,
    ),
)
CLASSIFICATION: Final = Group(
    name="classification",
    en="Class and level by GB/T 43697-2024",
    zh="分类分级（GB/T 43697-2024）",
    is_needed=True,
    parts=(
        Field(name="class", en="Class", zh="类别", kind="code", is_needed=True, choices=CLASSES),
        Field(name="level", en="Level", zh="级别", kind="code", is_needed=True, choices=LEVELS),
        Field(name="openness", en="Openness", zh="开放程度", kind="code", choices=OPENNESS),
    ),
)
RIGHT: Final = Field(
    name="right", en="Rights", zh="权利种类", kind="codes", is_needed=True, choices=RIGHTS
)
HOLDER: Final = Field(
    name="holder",
    en="Right-holder: name, code or party; the applicant if left out",
    zh="权利人：名称、代码或主体标识；为唯一申请人时可不填",
    longest=200,
    is_personal=True,
)
CLAIMS: Final = Group(
    name="rights",
    en="Rights applied for; once more for each right-holder",
    zh="权利配置说明；有多个权利人的逐一填写",
    is_many=True,
    is_needed=True,
    most=24,
    parts=(
        RIGHT,
        HOLDER,
        Field(
            name="basis",
            en="Basis of these rights, where it is another",
            zh="权利依据类型，与上文不同的填写",
            kind="code",
            choices=BASES,
        ),
        Field(name="until", en="Last day of the term", zh="权利期限（最后一日）", kind="day"),
        Field(name="limits", en="Limits, in words", zh="权利限制说明"),
        Field(
            name="evidence",
            en="Contract or undertaking they rest on: file or SHA-256",
            zh="权利依据文件（合同、承诺书）：文件或其 SHA-256",
            kind="file",
        ),
        Field(
            name="sources",
            en="Registered data that it derives from: assets or voucher numbers",
            zh="衍生来源：已登记数据的标识或凭证编号",
            kind="texts",
            most=8,
        ),
        Field(
            name="code",
            en="Registration code of public data (Art. 15-2)",
            zh="公共数据资源登记编码（第十五条第二项）",
            longest=80,
        ),
    ),
)
PRIOR: Final = Group(
    name="prior",
    en="Earlier certificate of another kind (Art. 41)",
    zh="此前取得的其他登记凭证（第四十一条）",
    is_many=True,
    parts=(
        Field(name="kind", en="What it is", zh="凭证种类", is_needed=True, longest=80),
        Field(name="issuer", en="Who issued it", zh="发证机构", is_needed=True, longest=200),
        Field(name="number", en="Its number", zh="凭证编号", is_needed=True, longest=80),
        Field(name="date", en="When", zh="发证日期", kind="day"),
    ),
)
HELD: Final = Group(
    name="rights",
    en="Rights that the voucher shows",
    zh="权利配置说明",
    is_many=True,
    most=24,
    parts=(RIGHT, HOLDER),
)


def create_changed(name: str, en: str, zh: str) -> Group:
    """One side of a change: identity data of the applicant, and description of the data."""
    optional = (
        replace(part, is_needed=False) if isinstance(part, Field) else part
        for part in (TITLE, SUMMARY, *DESCRIPTION, TEMPORAL)
    )
    identity = (
        Field(name="name", en="Applicant's name", zh="申请人名称", longest=200, is_personal=True),
        Field(
            name="id_number",
            en="Applicant's number",
            zh="申请人证件号码",
            longest=40,
            is_personal=True,
        ),
    )
    return Group(name=name, en=en, zh=zh, is_needed=True, parts=(*identity, *optional))
