"""Names for meanings that share a representation; no behaviour."""

from collections.abc import Mapping, Sequence
from typing import NewType, TypeAlias

Digest = NewType("Digest", bytes)
"""Exactly 32 bytes, a SHA-256."""

LeafIndex = NewType("LeafIndex", int)
"""Position of a leaf in the log, from 0."""

TreeSize = NewType("TreeSize", int)
"""Number of leaves, 0 <= size < 2**63."""

UnixMillis = NewType("UnixMillis", int)
"""Milliseconds since 1970-01-01T00:00:00Z, without leap seconds."""

SubjectKey = NewType("SubjectKey", str)
"""`type/name`, see our formats section 5."""

DidKey = NewType("DidKey", str)
"""`did:key:z6Mk...` of an Ed25519 key."""

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"
"""A JSON value of our profile: no floats."""

JsonObject: TypeAlias = Mapping[str, Json]
