"""Opening a registry behind a node, and making the home of a client."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from ledger.clock import SystemClock
from ledger.core.ed25519 import check_library
from ledger.core.limits import MAX_NOTE_BYTES, MAX_POLICY_BYTES
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.policy import parse_policy
from ledger.errors import ExistsError, NotFoundError, StoreFailedError
from ledger.files import create_private_file, hold_lock, read_file, replace_file
from ledger.keys import KeyRing, Passphrase
from ledger.light.client import CHECKPOINT_PATH, LightClient
from ledger.light.state import StateFile
from ledger.vault import Vault
from node.home import Home
from node.registryapi import VAULT_KEY
from node.remote.client import NodeClient
from node.remote.prover import RemoteProver
from node.remote.registry import HttpRegistry, Link

_FOLDER_MODE = 0o700
_POLICY_MODE = 0o644


@contextmanager
def open_remote(
    path: Path,
    url: str,
    passphrase: Passphrase | None,
    *,
    is_writer: bool = False,
    on_claim: Callable[[], None] = lambda: None,
) -> Iterator[HttpRegistry]:
    """Open the registry behind a node.

    Args:
        path: The client's home: its policy says what is believed, its keys sign.
        url: Of the node.
        passphrase: Opens sealed keys when they are needed.
        is_writer: One process at a time changes the vault of a home: hold the home's lock, or,
            beside a ledger, whose node holds that one, wait for the vault's own.
        on_claim: Called once, before the first thing that is the node's claim alone.

    Raises:
        NotFoundError: The home has no policy.
        MalformedError: The policy or the address is none.
        UnavailableError: The node cannot be reached, or another process is writing from this home.
        VerificationError: What the node shows is not what the policy vouches for, or not what it
            showed this home before.
    """
    check_library()
    home, clock = Home(path), SystemClock()
    policy = parse_policy(read_file(home.policy, max_bytes=MAX_POLICY_BYTES))
    ring = KeyRing(home.keys, passphrase)
    with ExitStack() as stack:
        if is_writer:
            is_beside = home.ledger.is_file()
            lock = home.vault_lock if is_beside else home.lock
            stack.enter_context(hold_lock(lock, "this home", is_patient=is_beside))
        client = stack.enter_context(closing(NodeClient(url)))
        light = LightClient(policy, client, StateFile(home.remote_state), clock)

        def follow() -> VerifiedCheckpoint:
            with hold_lock(home.remote_lock, "this home", is_patient=True):
                return light.follow_once().opened

        yield HttpRegistry(Link(client, policy, follow), home, ring, clock, on_claim)


def make_client_home(
    path: Path, url: str, policy: bytes, passphrase: Passphrase | None
) -> VerifiedCheckpoint:
    """Make the home of a client: keys, vault and policy, and no ledger.

    Args:
        path: Missing, or a folder without policy and ledger, perhaps with keys.
        url: Of the node.
        policy: Bytes of a policy, from somebody whom the user trusts and never from the node.
        passphrase: Seals the vault's key; None leaves it in the clear.

    Returns:
        The newest checkpoint of the node, as that policy opens it.

    Raises:
        ExistsError: There is a registry or a policy already.
        MalformedError: The policy or the address is none.
        UnavailableError: The node cannot be reached; nothing was made.
        VerificationError: The policy does not vouch for what the node shows; nothing was made.
        StoreFailedError: The folder cannot be written.
    """
    check_library()
    home = Home(path)
    check_vacant(home)
    trusted = parse_policy(policy)
    ring = KeyRing(home.keys, passphrase)
    with closing(NodeClient(url)) as client:
        opened = open_checkpoint(trusted, client.get(CHECKPOINT_PATH, max_bytes=MAX_NOTE_BYTES))
        RemoteProver(client, opened)
    _make(home, url, policy, ring)
    return opened


def check_vacant(home: Home) -> None:
    """What can be said before anybody is asked for a passphrase.

    Raises:
        ExistsError: There is a registry or a policy already.
    """
    for path in (home.ledger, home.policy):
        if path.exists():
            raise ExistsError(f"{path} is there already: name another folder with --home")


def _make(home: Home, url: str, policy: bytes, ring: KeyRing) -> None:
    try:
        home.path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreFailedError(f"cannot make {home.path}: {exc.strerror}") from exc
    try:
        ring.load_secret(VAULT_KEY)
    except NotFoundError:
        ring.create(VAULT_KEY)
    Vault(home.vault, ring.load_secret(VAULT_KEY)).close()
    if not home.lock.exists():
        create_private_file(home.lock, b"")
    replace_file(home.remote_url, url.encode() + b"\n")
    replace_file(home.policy, policy, _POLICY_MODE)  # last: with it the home is whole
