"""The five forms of 《数据产权登记工作指引（试行）》, annexes 1 to 5, field by field.

`annexes.FORMS` has one form for each type of registration. Names are those of the guideline's
digest; docs/forms.md says under which member of the application each is committed to.

Spec: annexes 1 to 5; Art. 15, 16, 19 to 21, 34 to 37, 41; domain, section 2.
"""

from collections.abc import Mapping
from typing import Final

from contracts.forms import MAX_FILES
from contracts.profile import RegistrationType
from node.forms.blocks import (
    AGENT,
    APPLICANTS,
    CLAIMS,
    CLASSIFICATION,
    DATA,
    EVIDENCE,
    HELD,
    LATER_TITLE,
    PRIOR,
    RESTRICTIONS,
    RIGHT,
    VOUCHER,
    create_changed,
    create_people,
)
from node.forms.codes import BASES, GROUNDS, SCOPES
from node.forms.shape import Field, Group

FORMS: Final[Mapping[RegistrationType, Group]] = {
    "initial": Group(
        name="",
        en="Application for an initial registration",
        zh="数据产权初次登记申请表",
        parts=(
            Field(
                name="files",
                en="Files to register, beside this one; only digests leave this machine",
                zh="申请登记的数据文件（相对本文件），仅其摘要用于登记",
                kind="files",
                most=MAX_FILES,
            ),
            Field(
                name="basis",
                en="What the rights rest on",
                zh="权利依据类型",
                kind="code",
                is_needed=True,
                choices=BASES,
            ),
            Field(
                name="years",
                en="Years of validity; as long as allowed if left out",
                zh="有效期（年），不填则为最长年限",
                kind="count",
                most=30,
            ),
            EVIDENCE,
            APPLICANTS,
            AGENT,
            DATA,
            RESTRICTIONS,
            CLAIMS,
            CLASSIFICATION,
            PRIOR,
        ),
    ),
    "transfer": Group(
        name="",
        en="Application for a transfer",
        zh="数据产权转让登记申请表",
        parts=(
            VOUCHER,
            LATER_TITLE,
            EVIDENCE,
            create_people("transferors", "Transferor", "转让方"),
            create_people("transferees", "Transferee", "受让方"),
            AGENT,
            Group(
                name="content",
                en="What is transferred",
                zh="转让权利内容",
                is_needed=True,
                parts=(
                    Field(
                        name="data_scope",
                        en="Which data",
                        zh="数据范围",
                        is_needed=True,
                        longest=2000,
                    ),
                    Field(
                        name="scope",
                        en="All of the rights or a part",
                        zh="转让范围：全部或部分权利",
                        kind="code",
                        is_needed=True,
                        choices=SCOPES,
                    ),
                    Field(name="term", en="Term", zh="转让期限", longest=200),
                    Field(name="use_scope", en="Scope of use", zh="使用范围", longest=2000),
                    Group(
                        name="rights",
                        en="Which rights move, once more for each pair of parties",
                        zh="转让的权利；有多个转让方或受让方的逐一填写",
                        is_many=True,
                        is_needed=True,
                        most=24,
                        parts=(
                            RIGHT,
                            Field(
                                name="from",
                                en="Transferor, where there are several",
                                zh="转让方（有多个时填写）",
                                longest=200,
                                is_personal=True,
                            ),
                            Field(
                                name="to",
                                en="Transferee, where there are several",
                                zh="受让方（有多个时填写）",
                                longest=200,
                                is_personal=True,
                            ),
                        ),
                    ),
                ),
            ),
            Group(
                name="ground",
                en="Only where the transferor does not sign (Art. 34)",
                zh="转让方不签署的法定事由",
                parts=(
                    Field(
                        name="kind",
                        en="Ground",
                        zh="事由",
                        kind="code",
                        is_needed=True,
                        choices=GROUNDS,
                    ),
                    Field(
                        name="document",
                        en="Its document: file or SHA-256",
                        zh="文书：文件或其 SHA-256",
                        kind="file",
                        is_needed=True,
                    ),
                ),
            ),
        ),
    ),
    "change": Group(
        name="",
        en="Application for a change: never the right-holder, rights or source (Art. 35)",
        zh="数据产权变更登记申请表：权利人、权利与数据来源不得变更（第三十五条）",
        parts=(
            VOUCHER,
            LATER_TITLE,
            EVIDENCE,
            APPLICANTS,
            AGENT,
            create_changed(
                "before", "What was registered; only what changes", "变更前；仅填变更项"
            ),
            create_changed("after", "What it is to be; only what changes", "变更后；仅填变更项"),
        ),
    ),
    "renewal": Group(
        name="",
        en="Application for a renewal: from 6 months before the voucher expires",
        zh="数据产权续期登记申请表：有效期届满前6个月内提出",
        parts=(
            VOUCHER,
            LATER_TITLE,
            EVIDENCE,
            APPLICANTS,
            AGENT,
            Group(
                name="term",
                en="New term",
                zh="续期期限",
                is_needed=True,
                parts=(
                    Field(
                        name="years",
                        en="Years from the renewal on",
                        zh="自续期登记起的年数",
                        kind="count",
                        is_needed=True,
                        most=30,
                    ),
                ),
            ),
            HELD,
        ),
    ),
    "cancellation": Group(
        name="",
        en="Application for a cancellation",
        zh="数据产权注销登记申请表",
        parts=(
            VOUCHER,
            LATER_TITLE,
            Field(
                name="reason",
                en="Why, such as: the data were destroyed (Art. 37)",
                zh="注销原因，如数据已销毁（第三十七条）",
                is_needed=True,
                longest=2000,
            ),
            EVIDENCE,
            APPLICANTS,
            AGENT,
            HELD,
        ),
    ),
}
"""By type of registration."""
