"""The buckets of a node: made once, kept while they are asked for.

Spec: docs/adr/0026-buckets.md.
"""

import threading
from collections import OrderedDict
from typing import Final

import msgspec

from ledger.core.bucket import format_bucket
from node.proofs import Prover

MAX_KEPT_BYTES: Final = 32 * 1024 * 1024


class BucketShelf:
    """Buckets as JSON, the last ones asked for kept up to 32 MiB; threads may share it."""

    def __init__(self, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[bytes, str], bytes] = OrderedDict()
        self._bytes = 0

    def get(self, prover: Prover, prefix: str) -> bytes:
        """A bucket under the prover's checkpoint, as the bytes of its file.

        Raises:
            MalformedError: Not a prefix.
            LimitError: Too many subjects answer to it.
            CorruptionError: The store contradicts itself, or keeps the pages no longer.
        """
        key = (prover.anchor.note, prefix)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        content = msgspec.json.encode(format_bucket(prover.prove_bucket(prefix)))
        with self._lock:
            if key not in self._kept and len(content) <= self._max_bytes:
                self._kept[key] = content
                self._bytes += len(content)
            while self._bytes > self._max_bytes:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return content
