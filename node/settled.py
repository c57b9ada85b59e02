"""Which checkpoint a home folder proves under.

The newest, once those whom the policy asks for have cosigned it. Beside a running node that takes a
moment; without one nobody asks the witnesses, and there is nothing to wait for.
"""

import time
from typing import Final

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.limits import MAX_POLICY_BYTES
from ledger.core.opening import open_checkpoint
from ledger.core.policy import NO_QUORUM, Policy, parse_policy
from ledger.core.types import TreeSize
from ledger.errors import InputError, NotFoundError, QuorumError, SignatureError
from ledger.files import read_file
from ledger.storage.sqlite import SqliteStore
from node.home import Home
from node.tiles.editions import find_published

_WAIT_S: Final = 5
_PAUSE_S: Final = 0.1


def find_settled(home: Home, store: SqliteStore) -> TreeSize | None:
    """Size of the checkpoint to prove under.

    Args:
        home: With its policy, and the address of its node while one runs.
        store: Its ledger.

    Returns:
        None: the newest; because it meets the policy, the policy asks for no cosignature, or none
        is to be expected. Else that of an older one which meets it, after 5 seconds.
    """
    policy = _read_policy(home)
    if policy is None or policy.quorum == NO_QUORUM:
        return None
    until = time.monotonic() + _WAIT_S
    while not _is_settled(store, policy):
        if not home.node_url.exists():
            return None
        if time.monotonic() > until:
            return _find_older(store, policy)
        time.sleep(_PAUSE_S)
    return None


def _read_policy(home: Home) -> Policy | None:
    """The home's own policy; None: whoever needs one will say what is wrong with it."""
    try:
        return parse_policy(read_file(home.policy, max_bytes=MAX_POLICY_BYTES))
    except (InputError, NotFoundError):
        return None


def _is_settled(store: SqliteStore, policy: Policy) -> bool:
    note = store.read_checkpoint()
    if note is None:
        return True
    try:
        open_checkpoint(policy, note)
    except QuorumError:
        return False
    except (InputError, SignatureError):  # the policy is another log's: no waiting helps
        return True
    return True


def _find_older(store: SqliteStore, policy: Policy) -> TreeSize | None:
    try:
        note = find_published(store, policy)
    except NotFoundError:
        return None
    return parse_signed_checkpoint(note).body.size
