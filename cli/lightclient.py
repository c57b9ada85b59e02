"""What the commands that follow a log share: the client, its file, and how long to wait."""

from collections.abc import Callable
from pathlib import Path
from time import sleep as pause
from typing import TYPE_CHECKING, Final

from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from cli.trust import read_policy

if TYPE_CHECKING:
    from ledger.core.policy import Policy
    from ledger.core.types import SubjectKey
    from ledger.light.client import LightClient
    from ledger.light.state import StateFile

LIGHT_FILE: Final = "light.state"
WATCH_FILE: Final = "watch.state"
LONGEST_PAUSE_S: Final = 60.0


def open_client(
    session: Session, url: str | None, policy: Path | None, file: "StateFile"
) -> "LightClient":
    """A light client of the log that the policy names.

    Args:
        session: Of the run.
        url: Whom to ask: http, https, or a folder; None: --node, else where the policy says.
        policy: File of the trust policy; None: the home folder's.
        file: What is remembered; its folder is made.

    Raises:
        CorruptionError: The library for signatures is not to be trusted.
        UsageError: Nobody is named, or there is no policy.
        NotFoundError: There is no such file or folder.
        InputError: The policy or the address is malformed.
    """
    from ledger.clock import SystemClock
    from ledger.core.ed25519 import check_library
    from ledger.light.client import LightClient
    from ledger.light.fetch import open_fetcher

    check_library()
    trusted = read_policy(session, policy)
    file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fetcher = open_fetcher(_choose_url(session, url, trusted))
    return LightClient(trusted, fetcher, file, SystemClock())


def open_file(session: Session, path: Path | None, name: str) -> "StateFile":
    """The file of a light client, there or not.

    Args:
        session: Of the run.
        path: As it was named; None: in the home folder.
        name: In the home folder.
    """
    from ledger.light.state import StateFile

    return StateFile(path if path is not None else session.settings.home / name)


def read_subject(text: str) -> "SubjectKey":
    """The key that was named: whole, or a voucher's number.

    Raises:
        MalformedError: Neither.
    """
    from ledger.core.subjects import parse_subject

    return parse_subject(text if "/" in text else f"voucher/{text}")


def repeat(
    session: Session,
    step: Callable[[], None],
    every_s: float,
    wait: Callable[[float], None] | None = None,
) -> None:
    """Do a step again and again until the process is ended; what does not answer is asked again.

    Args:
        session: Of the run; says once what is wrong.
        step: One round.
        every_s: Pause between two rounds, in seconds; doubled up to a minute while one fails.
        wait: Pauses, perhaps for less; None: for so long.

    Raises:
        FrozenError: Nothing newer was shown for too long.
        StoreFailedError: What is remembered could not be written.
        LedgerError: A step failed with something else that waiting does not mend.
    """
    from cli.output import describe_error
    from ledger.errors import FrozenError, NotFoundError, StoreFailedError, UnavailableError

    said, seconds = "", every_s
    while True:
        try:
            step()
            said, seconds = "", every_s
        except (FrozenError, StoreFailedError):
            raise
        except (UnavailableError, NotFoundError) as exc:
            message = describe_error(exc)["message"]
            if message != said:
                session.out.warn(message, message)
            said, seconds = message, min(LONGEST_PAUSE_S, 2 * seconds)
        (wait or pause)(seconds)


def _choose_url(session: Session, url: str | None, policy: "Policy") -> str:
    """Whom to ask.

    Raises:
        UsageError: Nobody is named.
    """
    named = [log.url.decode("utf-8", "replace") for log in policy.logs if log.url is not None]
    chosen = url or session.settings.node or next(iter(named), None)
    if chosen is None:
        raise UsageError(
            say(
                "nobody is named to ask: give the address of a node or mirror",
                "未指明向谁查询：请给出节点或镜像的网址",
            ),
            "node_required",
        )
    return chosen
