"""Which checkpoint a node shows: the newest of its log, and the newest that meets its own policy.

Map pages are held from the newest published one on (our formats, section 6), in the transaction
that saves its note: so the next process knows it too.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger.core.addcheckpoint import merge_cosignatures
from ledger.core.note import SignatureLine
from ledger.core.opening import open_checkpoint
from ledger.core.policy import NO_QUORUM, Policy
from ledger.core.types import TreeSize, UnixMillis
from ledger.errors import InputError, NotFoundError, VerificationError
from ledger.storage.base import Store

NOTHING: Final = TreeSize(0)
PolicyOf: TypeAlias = Callable[[], Policy]


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint that meets the node's policy.

    Args:
        size: Leaves that it covers.
        note: With its signatures and cosignatures.
        time: Up to which it is known to have been the newest.
    """

    size: TreeSize
    note: bytes
    time: UnixMillis


class Checkpoints:
    """Holds each checkpoint of the log against the node's policy; safe to use from any thread.

    Args:
        store: The writer's own: cosigned notes are saved through it.
        policy: Gives the node's own, with the log's key, as it is now.
        reader: Another handle on the same ledger, which never waits for a commit; the store itself
            unless told.

    Raises:
        StoreFailedError: The store cannot be read or written.
    """

    def __init__(self, store: Store, policy: PolicyOf, reader: Store | None = None) -> None:
        self._store = store
        self._policy = policy
        self._guard = threading.Lock()
        self._latest: tuple[TreeSize, bytes] | None = None
        self._published: Published | None = None
        self.reader = reader or store
        self.newest = self.reader.read_head().size
        self._recall()

    @property
    def needs_witnesses(self) -> bool:
        """Whether the policy asks for cosignatures; if not, what is signed is published."""
        return self._policy().quorum != NO_QUORUM

    @property
    def latest(self) -> bytes | None:
        """The newest note of the log."""
        newest, known = self.newest, self._latest
        if known is None or known[0] != newest:
            note = self.reader.read_checkpoint(newest)
            with self._guard:
                if note is not None and (self._latest is None or self._latest[0] < newest):
                    self._latest = newest, note
                known = self._latest
        return known[1] if known else None

    @property
    def published(self) -> Published | None:
        """The newest note that meets the policy."""
        if not self.needs_witnesses:
            note, found = self.latest, self._published
            if note is not None and (found is None or found.note != note):
                self._publish(self._judge(note))
        return self._published

    def note_block(self, size: int) -> None:
        """The log has grown to this size and is signed."""
        with self._guard:
            self.newest = TreeSize(max(size, self.newest))

    def add_line(self, size: TreeSize, note: bytes, line: SignatureLine) -> None:
        """Save a cosignature, and publish its checkpoint if that now meets the policy.

        Args:
            size: Of the checkpoint.
            note: With the log's signature.
            line: Verified.

        Raises:
            StoreFailedError: It could not be saved; nothing is published.
        """
        merged = merge_cosignatures(self._store.read_checkpoint(size) or note, [line])
        found, before = self._judge(merged), self._published
        is_newest = found is not None and (before is None or found.size >= before.size)
        self._store.save_checkpoint(size, merged, is_held=is_newest and self.needs_witnesses)
        self._publish(found)
        with self._guard:
            if self._latest is not None and self._latest[0] == size:
                self._latest = size, merged

    def settle_hold(self) -> int | None:
        """Hold no pages back under a policy that publishes whatever is signed.

        Returns:
            The size from which on pages are held, if any are.

        Raises:
            StoreFailedError: The store could not be written.
        """
        held = self._store.read_hold()
        if held is None or self.needs_witnesses:
            return held
        self._store.hold_pages(None)
        return None

    def _recall(self) -> None:
        """Find what was published before this process."""
        held = self.settle_hold()
        if held is not None and (note := self.reader.read_checkpoint(held)) is not None:
            self._publish(self._judge(note))
        if (newest := self.latest) is not None:
            self._publish(self._judge(newest))

    def _judge(self, note: bytes) -> Published | None:
        """What publishing a note would mean, or None if it does not meet the policy."""
        try:
            opened = open_checkpoint(self._policy(), note)
            block = self.reader.read_block(opened.body.size)
        except (InputError, VerificationError, NotFoundError):
            return None
        return Published(opened.body.size, note, opened.as_of(block.time))

    def _publish(self, found: Published | None) -> None:
        with self._guard:
            before = self._published
            if found is not None and (before is None or found.size >= before.size):
                self._published = found
