"""Whether an application fits on the ledger: told before it is filed, not when it is published.

What a notice may open and what was committed to stand together in the registration's state, and
with the rights in the asset's; a state has at most 16 KiB.

Spec: our formats, section 5.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from contracts.forms import FORMS, INITIAL_MEMBERS, OPENABLE_MEMBERS
from contracts.records import format_record
from contracts.title import RightClaim
from ledger.core.canonical import encode_canonical
from ledger.core.draft import DraftOpening
from ledger.core.limits import MAX_STATE_BYTES
from ledger.core.types import JsonObject
from ledger.errors import RejectedError

_COMMITMENT_BYTES, _DIGEST_BYTES, _TUPLE_BYTES = 68, 67, 128
_STEPS_BYTES, _RECORD_BYTES = 3072, 2560
"""Room that a registration's state needs for the steps of its procedure, and an asset's for its
classification, voucher and what may come to rest on it."""
_LEAST_RIGHTS: Final = 3
"""Where nobody names the right-holders one by one."""


def find_excess(
    members: JsonObject, claims: Sequence[RightClaim], files: int, published: int = 0
) -> int:
    """By how many bytes an application is too large ever to be published and recorded; 0: it fits.

    Args:
        members: Of the form, filled in.
        claims: The right tuples that it names.
        files: How many it commits to.
        published: How many digests of them stand on the ledger in the clear.
    """
    fields = {name: members[name] for name in OPENABLE_MEMBERS if name in members}
    opened = len(encode_canonical(fields)) + files * _COMMITMENT_BYTES
    rights = len(encode_canonical([format_record(each) for each in claims]))
    tuples = rights + _TUPLE_BYTES * max(len(claims), _LEAST_RIGHTS)
    registration = opened + len(INITIAL_MEMBERS) * _COMMITMENT_BYTES + _STEPS_BYTES
    asset = opened + published * _DIGEST_BYTES + tuples + _RECORD_BYTES
    return max(0, max(registration, asset) - MAX_STATE_BYTES)


def check_opened(of_type: str, openings: Iterable[DraftOpening]) -> None:
    """Hold what a notice of a later registration would open to the room in its state.

    Args:
        of_type: Of the registration; an initial one is held to `check_room` before.
        openings: Of all its commitments.

    Raises:
        RejectedError: It is too large.
    """
    form = FORMS[of_type]
    opened = {each.field: each.value for each in openings if each.field in form.openable}
    commitments = len(form.members) * _COMMITMENT_BYTES
    excess = len(encode_canonical(opened)) + commitments + _STEPS_BYTES - MAX_STATE_BYTES
    if excess > 0 and not form.has_files:
        raise RejectedError("form_room", *explain_excess(excess), rule="formats 5")


def explain_excess(excess: int) -> tuple[str, str]:
    """What is to be done about it, in English and Chinese."""
    return (
        f"what may be published is {excess} bytes more than a registration holds, where a Chinese "
        "character has 3: shorten summary, restrictions and the other texts, or register fewer "
        "files at once",
        f"可公示内容超出登记容量 {excess} 字节（一个汉字占 3 字节）："
        "请缩短数据概述、限制条件等文字，或减少一次登记的文件数",
    )


def check_room(
    members: JsonObject, claims: Sequence[RightClaim], files: int, published: int = 0
) -> None:
    """Hold an application to what `find_excess` says.

    Raises:
        RejectedError: It is too large.
    """
    excess = find_excess(members, claims, files, published)
    if excess:
        raise RejectedError("form_room", *explain_excess(excess), rule="formats 5")
