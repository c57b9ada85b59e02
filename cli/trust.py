"""The trust policy that a command verifies by."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.exitcodes import UsageError
from cli.files import read_capped
from cli.lang import say
from cli.session import Session

if TYPE_CHECKING:
    from ledger.core.policy import Policy


def read_policy(session: Session, path: Path | None) -> "Policy":
    """The policy that was named, else the home folder's.

    Raises:
        UsageError: None was named, and there is none in the home folder.
        NotFoundError: There is no such file.
        MalformedError: It is no policy.
        LimitError: It is too large.
    """
    from ledger.core.limits import MAX_POLICY_BYTES
    from ledger.core.policy import parse_policy

    chosen = path if path is not None else session.settings.home / "trust.policy"
    if path is None and not chosen.is_file():
        raise UsageError(
            say(
                "verification needs a trust policy: give --policy FILE (the registry hands out "
                "its trust.policy)",
                "验证需要信任策略：请用 --policy 给出文件（由登记系统提供 trust.policy）",
            ),
            "policy_required",
        )
    return parse_policy(read_capped(chosen, MAX_POLICY_BYTES))
