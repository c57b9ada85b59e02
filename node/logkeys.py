"""The log's key files, and what follows from a change of key: `muniment log rotate`.

Which key signs is what the ledger says; a key file is found by its public part, whatever it is
called. So nothing has to be renamed at the moment of the change: the new key's file is durable
before the event names it, the old one stays until somebody removes it, and whoever opens the
registry after a crash at any step finds the keys that have to sign and does so.

```text
keys/log.key      the first
keys/log-2.key    the next, made by `muniment log rotate` before its event is written or drafted
```

Spec: our formats section 4; docs/adr/0027-log-key-rotation.md.
"""

from itertools import count
from typing import Final

from contracts.identity import log_did
from ledger.core.execution import BlockBuilder
from ledger.core.limits import MAX_POLICY_BYTES
from ledger.core.logkeys import LogKey
from ledger.core.note import Algorithm, VerifierKey, create_verifier_key, format_vkey
from ledger.core.policy import parse_policy
from ledger.core.subjects import key_subject
from ledger.core.text import format_did_key
from ledger.core.types import DidKey
from ledger.errors import CorruptionError, InputError, RejectedError
from ledger.files import read_file, replace_file
from ledger.keys import KeyRing, SigningKey
from ledger.storage.sqlite import SqliteStore
from node.home import Home
from node.registryapi import RegistryApi
from node.rulebundle import current_rules

LOG_KEY: Final = "log"
_POLICY_MODE: Final = 0o644


def read_log_keys(store: SqliteStore) -> tuple[LogKey, ...]:
    """The log's keys as the ledger's state says, the current one last.

    Raises:
        CorruptionError: The store contradicts itself.
    """
    rules = current_rules()
    return tuple(rules.log_keys(BlockBuilder(store.read_head(), store, rules)))


def find_log_key(ring: KeyRing, named: VerifierKey) -> SigningKey | None:
    """The private key behind a key of the log, or None if its file is not here.

    Raises:
        InputError: It is sealed and the passphrase is missing or wrong, or a file is damaged.
        VerificationError: Its file was changed.
        StoreFailedError: A key file cannot be read.
    """
    did = format_did_key(named.public_key)
    entries = ring.list_entries(LOG_KEY)
    name = next((entry.name for entry in entries if entry.did == did), None)
    return None if name is None else ring.load(name)


def load_log_key(ring: KeyRing, named: VerifierKey) -> SigningKey:
    """The private key that the log signs with.

    Raises:
        CorruptionError: The key files here are another ledger's.
        NotFoundError: There is no key of the log here at all.
        PassphraseRequiredError: It is sealed and no passphrase was given.
    """
    key = find_log_key(ring, named)
    if key is not None:
        return key
    ring.load(LOG_KEY)  # says so if there is none at all
    raise CorruptionError(
        f"keys/{LOG_KEY}.key is not the key of this ledger, and no other there is: restore it from "
        f"a backup of {named.name}"
    )


def create_next_key(registry: RegistryApi) -> VerifierKey:
    """The key that the log changes to: made, durable, and in no use yet.

    One that an earlier call made and no event has named since is taken again.

    Args:
        registry: Whose home has the key that the log signs with now.

    Raises:
        RejectedError: Reason `log_key_missing`: it has not.
        StoreFailedError: The file could not be written.
    """
    ring = registry.ring
    if find_log_key(ring, registry.log_key) is None:
        raise RejectedError(
            "log_key_missing",
            "the key that the log signs with is not in this home: change it where the ledger is",
            "日志当前的签署密钥不在本目录：请在账本所在处更换",
            rule="formats 4",
        )
    files = {entry.name: entry.did for entry in ring.list_entries(LOG_KEY)}
    names = (f"{LOG_KEY}-{number}" for number in count(2))
    name = next(name for name in names if name not in files or _is_free(registry, files[name]))
    key = ring.load(name) if name in files else ring.create(name)
    return create_verifier_key(registry.origin, Algorithm.ED25519, key.public_key)


def _is_free(registry: RegistryApi, did: DidKey) -> bool:
    """Whether neither the log nor a party ever had this key."""
    used = map(log_did, registry.ledger.known_logs)
    return did not in used and registry.read_state(key_subject(did)) is None


def settle_policy(home: Home, store: SqliteStore) -> bool:
    """Let the home's own policy trust the log's newest key in place of the one before it.

    Nothing else in the file changes. The old line stays as a comment: whoever wants to verify what
    was exported before the change may put it back, at the risk that the decision names.

    Returns:
        Whether the file was changed; one that is no policy is left alone.

    Raises:
        StoreFailedError: It could not be read or written.
    """
    *former, newest = [format_vkey(each.key).encode() for each in read_log_keys(store)]
    if not former or not home.policy.is_file():
        return False
    try:
        data = read_file(home.policy, max_bytes=MAX_POLICY_BYTES)
        trusted = {format_vkey(log.key).encode() for log in parse_policy(data).logs}
    except InputError:
        return False
    old = next((key for key in reversed(former) if key in trusted), None)
    if newest in trusted or old is None:
        return False
    lines = [part for line in data.split(b"\n") for part in _settle_line(line, old, newest)]
    replace_file(home.policy, b"\n".join(lines), _POLICY_MODE)
    return True


def _settle_line(line: bytes, old: bytes, newest: bytes) -> list[bytes]:
    words = line.split()
    if words[:2] != [b"log", old]:
        return [line]
    kept = b"# the log changed this key for the next one: " + line
    return [kept, b" ".join((b"log", newest, *words[2:]))]
