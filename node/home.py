"""The home folder: where a registry's ledger, vault, keys and policy lie.

```text
HOME/ledger.db   the log and all that follows from it
HOME/vault.db    openings and forms, sealed
HOME/keys/       NAME.key, and log.signed: what the log signed last
HOME/trust.policy
HOME/lock        held by whoever writes
```
"""

from dataclasses import dataclass
from pathlib import Path

from ledger.errors import NotFoundError


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
