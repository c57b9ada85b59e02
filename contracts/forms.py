"""The members of the application forms, and which of them the law makes public.

Spec: annexes 1 to 5 of 《数据产权登记工作指引（试行）》 as digested; domain, sections 2 and 3.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from contracts.engine import refuse
from contracts.records import AnyJson, Record, whole
from ledger.core.canonical import encode_canonical
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.core.subjects import commit
from ledger.core.types import Json, SubjectKey

INITIAL_MEMBERS: Final = (
    "agent", "applicants", "basis", "classification", "evidence", "form", "industry", "openness",
    "prior", "restrictions", "rights", "source", "spatial", "stage", "summary", "temporal", "title",
    "update_frequency", "volume",
)  # fmt: skip
"""Members of the form for an initial registration; each is committed to, absent ones as null."""

STATUTORY_MEMBERS: Final = ("restrictions", "summary", "title")
"""What a public notice opens (Art. 24)."""

OPENABLE_MEMBERS: Final = (
    "form", "industry", "openness", "restrictions", "source", "spatial", "stage", "summary",
    "temporal", "title", "update_frequency", "volume",
)  # fmt: skip
"""What may be opened besides; the other members may name people and never are."""

TRANSFER_MEMBERS: Final = (
    "agent", "content", "evidence", "title", "transferees", "transferors", "voucher",
)  # fmt: skip
"""Members of the form for a transfer; `evidence` is the contract or the document that orders it."""

NOTICED_TRANSFER: Final = ("content", "title")
"""What a public notice of a transfer opens (Art. 24): which data, and what moves on which terms.

Who transfers to whom stands in the event itself; the blocks of the form may name people."""

CHANGE_MEMBERS: Final = (
    "after", "agent", "applicants", "before", "evidence", "title", "voucher",
)  # fmt: skip
"""Members of the form for a change: `before` and `after` say what is described otherwise from now
on, by member of the form for an initial registration; `applicants` who is called otherwise."""

CHANGEABLE: Final = (
    "form", "industry", "spatial", "summary", "temporal", "title", "update_frequency", "volume",
)  # fmt: skip
"""What `after` may name (Art. 35): the description; never right-holder, rights, source or content,
nor the limits that were agreed on."""

RENEWAL_MEMBERS: Final = (
    "agent", "applicants", "evidence", "rights", "term", "title", "voucher",
)  # fmt: skip
"""Members of the form for a renewal."""

CANCELLATION_MEMBERS: Final = (
    "agent", "applicants", "evidence", "reason", "rights", "title", "voucher",
)  # fmt: skip
"""Members of the form for a cancellation."""

CONTENT_FIELD: Final = re.compile(r"content\.(0|[1-9][0-9]{0,2})")
MAX_FILES: Final = 100
TITLE_HINT, TITLE_CAP = 40, 200
SUMMARY_HINT, SUMMARY_CAP = 400, 2000
RESTRICTIONS_CAP: Final = 2000
"""Characters, of what is no text those of its canonical JSON."""


@dataclass(frozen=True, slots=True)
class Form:
    """What one type of registration asks for.

    Args:
        members: Of its form; each is committed to, absent ones as null.
        statutory: What a public notice opens, all of it.
        openable: What it may open.
        has_files: Whether it commits to content.
    """

    members: tuple[str, ...]
    statutory: tuple[str, ...]
    openable: tuple[str, ...]
    has_files: bool


FORMS: Final[Mapping[str, Form]] = {
    "initial": Form(INITIAL_MEMBERS, STATUTORY_MEMBERS, OPENABLE_MEMBERS, has_files=True),
    "transfer": Form(TRANSFER_MEMBERS, NOTICED_TRANSFER, NOTICED_TRANSFER, has_files=False),
    "change": Form(CHANGE_MEMBERS, ("after", "title"), ("after", "title"), has_files=False),
    "renewal": Form(RENEWAL_MEMBERS, ("title",), ("term", "title"), has_files=False),
    "cancellation": Form(CANCELLATION_MEMBERS, ("title",), ("reason", "title"), has_files=False),
}
"""By type of registration."""


class Commitment(Record, frozen=True, rename={"digest": "$commit"}):
    """`{"$commit":"<43 characters>"}`."""

    digest: Annotated[str, whole("[A-Za-z0-9_-]{43}")]


class Opening(Record, frozen=True):
    """The value of a commitment and the salt it was made with."""

    salt: Annotated[str, whole("[A-Za-z0-9_-]{43}")]
    value: AnyJson


def check_application(application: Mapping[str, Commitment], form: Form) -> None:
    """Hold an application against its form.

    Raises:
        RejectedError: A member is missing or unknown, there is no content, or too much.
    """
    content = _check_content(application) if form.has_files else set()
    members = set(application) - content
    if members != set(form.members):
        wrong = ", ".join(sorted(members ^ set(form.members)))
        refuse(
            "form_members",
            f"the form's members are committed to wholly, absent ones as null; see {wrong}",
            f"申请表各项均须作出承诺，空缺项以 null 承诺；请检查：{wrong}",
            "Art. 16",
        )


def _check_content(application: Mapping[str, Commitment]) -> set[str]:
    content = {name for name in application if name.startswith("content.")}
    expected = {f"content.{i}" for i in range(len(content))}
    if content != expected or not 1 <= len(content) <= MAX_FILES:
        refuse(
            "content",
            f"an application commits to 1 to {MAX_FILES} files as content.0, content.1, ...",
            f"申请须对 1 至 {MAX_FILES} 个文件作出承诺，依次为 content.0、content.1……",
            "Art. 32",
        )
    return content


def check_notice(fields: Collection[str], form: Form) -> None:
    """Hold what a public notice opens against the form: all that it must, nothing that it may not.

    Raises:
        RejectedError: A statutory member is missing, or one is never opened.
    """
    missing = sorted(set(form.statutory) - set(fields))
    if missing:
        refuse(
            "statutory_members",
            f"the notice opens {', '.join(missing)} too",
            f"公示内容还须包括：{'、'.join(missing)}",
            "Art. 24",
        )
    for field in sorted(set(fields) - set(form.openable)):
        refuse("not_openable", f"{field} is never published", f"{field} 不予公开", "Art. 24")


def check_opening(
    field: str, opening: Opening, commitment: str, *, by: SubjectKey, log: str
) -> None:
    """Hold an opened member against its commitment, the form's hard caps, and what may change.

    Args:
        field: One of the form's openable members.
        opening: As published.
        commitment: Digest from the application, 43 characters.
        by: Who filed.
        log: Origin of the ledger.

    Raises:
        RejectedError: The member is not what was committed to, or too long.
        MalformedError: The salt has another form.
    """
    value = opening.value
    if commit(by=by, field=field, log=log, salt=opening.salt, value=value)["$commit"] != commitment:
        refuse(
            "wrong_opening",
            f"{field} is not what the applicant committed to",
            f"{field} 与申请人承诺的内容不一致",
            "Art. 27",
        )
    check_form_length(field, value)
    if field == "after":
        check_changed(value)


def check_changed(value: Json) -> None:
    """Hold what a change makes of the description to what may change (Art. 35).

    Args:
        value: Of the member `after`; None: only the applicant is called otherwise.

    Raises:
        RejectedError: It names a member that no change reaches, or is too long.
    """
    if value is None:
        return
    if not isinstance(value, dict) or not value or set(value) - set(CHANGEABLE):
        named = ", ".join(sorted(set(value) - set(CHANGEABLE))) if isinstance(value, dict) else ""
        refuse(
            "not_changeable",
            f"a change names in after what is described otherwise, of {', '.join(CHANGEABLE)}; "
            f"never right-holder, rights, source or content: see {named or 'after'}",
            f"变更登记的 after 仅可包含 {'、'.join(CHANGEABLE)}，"
            f"不得变更权利人、权利、来源与内容；请检查：{named or 'after'}",
            "Art. 35",
        )
    for name, each in value.items():
        check_form_length(name, each)


def check_form_length(field: str, value: Json) -> None:
    """Hold title, summary and restrictions against the form's hard caps; others have none.

    Raises:
        RejectedError: Too long; of title and summary also empty, or no text.
    """
    if field == "restrictions":
        _check_restrictions(value)
    cap = {"title": TITLE_CAP, "summary": SUMMARY_CAP}.get(field, MAX_SAFE_INTEGER)
    if field in {"title", "summary"} and not (isinstance(value, str) and 1 <= len(value) <= cap):
        refuse(
            "form_length",
            f"the {field} is 1 to {cap} characters",
            f"{'数据名称' if field == 'title' else '数据概述'}应为 1 至 {cap} 个字符",
            "Art. 19",
        )


def _check_restrictions(value: Json) -> None:
    text = value if isinstance(value, str) else encode_canonical(value).decode("utf-8")
    if len(text) > RESTRICTIONS_CAP:
        refuse(
            "form_length",
            f"the restrictions are at most {RESTRICTIONS_CAP} characters: say in short what is not "
            "allowed, and leave the rest to the contracts",
            f"限制范围最多 {RESTRICTIONS_CAP} 个字符：请简要写明，其余可在合同中约定",
            "Art. 19",
        )
