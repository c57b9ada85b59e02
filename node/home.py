"""The home folder: where a registry's ledger, vault, keys and policy lie.

```text
HOME/ledger.db   the log and all that follows from it
HOME/vault.db    openings, forms and fingerprints, sealed
HOME/trace.db    which fingerprints have which keyed hashes; made anew from the vault if it is gone
HOME/keys/       NAME.key, and log.signed: what the log signed last
HOME/trust.policy
HOME/lock        held by whoever writes
HOME/node.url    address of the node that serves it, while it runs
HOME/answers/    what nodes said about events that were sent from here
HOME/unsent/     events of which no node said whether they were written
```

A client's home has no ledger: its keys, its vault and its policy lie there, and the ledger behind a
node.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.errors import NotFoundError

_DATABASES: Final = ("ledger.db", "vault.db", "trace.db")
_FILES: Final = frozenset(
    {
        "trust.policy",
        "lock",
        "vault.lock",
        "node.url",
        "remote.url",
        "remote.state",
        "remote.lock",
        "light.state",
        "watch.state",
    }
)
_DEAR: Final = (
    *_DATABASES, "remote.url", "light.state", "keys/*.key", "witness/*.key", "wallet/*",
    "auditor/*", "answers/*",
)  # fmt: skip
"""What makes a folder the home of somebody."""
_FOLDERS: Final = frozenset({"keys", "answers", "unsent", "wallet", "witness", "auditor"})


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below one folder; nothing is read or made."""

    path: Path

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.path / "ledger.db"

    @property
    def vault(self) -> Path:
        """The vault's file."""
        return self.path / "vault.db"

    @property
    def trace(self) -> Path:
        """The inverted index of fingerprints."""
        return self.path / "trace.db"

    @property
    def keys(self) -> Path:
        """The folder of key files."""
        return self.path / "keys"

    @property
    def signer(self) -> Path:
        """What the log signed last."""
        return self.keys / "log.signed"

    @property
    def policy(self) -> Path:
        """The trust policy that `init` writes."""
        return self.path / "trust.policy"

    @property
    def lock(self) -> Path:
        """Locked by whoever writes."""
        return self.path / "lock"

    @property
    def vault_lock(self) -> Path:
        """Locked by whoever changes the vault while a node holds the other lock."""
        return self.path / "vault.lock"

    @property
    def node_url(self) -> Path:
        """Where a running node writes its address."""
        return self.path / "node.url"

    @property
    def remote_url(self) -> Path:
        """The address of the node that a client's home was made for."""
        return self.path / "remote.url"

    @property
    def remote_state(self) -> Path:
        """The newest checkpoint that a node showed to commands run from here."""
        return self.path / "remote.state"

    @property
    def remote_lock(self) -> Path:
        """Locked while that file changes."""
        return self.path / "remote.lock"

    @property
    def unsent(self) -> Path:
        """The folder of signed events of which nobody said whether they were written."""
        return self.path / "unsent"

    @property
    def answers(self) -> Path:
        """The folder of nodes' signed answers."""
        return self.path / "answers"

    @property
    def is_used(self) -> bool:
        """Whether anything lies here that somebody could not do without."""
        return any(next(self.path.glob(each), None) is not None for each in _DEAR)

    def owns(self, path: Path) -> bool:
        """Whether a path is one of the registry's own here, there or not.

        Those are the files and folders above, those that commands keep beside them, and what the
        database writes beside its files. Other files may lie in this folder.
        """
        try:
            first, *below = path.relative_to(self.path).parts
        except ValueError:
            return False
        if below:
            return first in _FOLDERS
        return first in _FILES | _FOLDERS or first.partition("-")[0] in _DATABASES

    def check(self) -> None:
        """Make sure that there is a registry.

        Raises:
            NotFoundError: There is none.
        """
        if not self.ledger.is_file():
            raise NotFoundError(
                f"there is no registry in {self.path}: make one with 'muniment init', or name "
                "another folder with --home or MUNIMENT_HOME"
            )


def find_owner(path: Path) -> Home | None:
    """The home of which a path is the registry's own, whether links lead there or not.

    Args:
        path: Of a file that somebody wants written.
    """
    # Path.resolve raises where links run in a circle.
    folder, whole = Path(os.path.realpath(path.parent)), Path(os.path.realpath(path))
    spellings = {path.absolute(), folder / path.name, whole}
    for spelling in sorted(spellings):
        for above in spelling.parents:
            home = Home(above)
            if home.owns(spelling) and home.is_used:
                return home
    return None
