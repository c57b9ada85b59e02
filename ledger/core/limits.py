"""Every cap in one place (our formats, sections 1, 2, 6 and 7).

Sizes are bytes unless the name says otherwise. They are part of the rule set: changing one
changes which logs are valid.
"""

from typing import Final

MAX_SAFE_INTEGER: Final = 2**53 - 1
MAX_EVENT_DEPTH: Final = 16
MAX_JSON_DEPTH: Final = 20
MAX_BUNDLE_DEPTH: Final = 24

MAX_SIGNED_EVENT_BYTES: Final = 48 * 1024
MAX_ENTRY_BYTES: Final = 65_535
MAX_BLOCK_EVENTS: Final = 1_000
MAX_BLOCK_BYTES: Final = 4 * 1024 * 1024
MAX_STATE_BYTES: Final = 16 * 1024
MAX_PROFILE_BYTES: Final = 12 * 1024
MAX_REQUEST_BYTES: Final = 8 * 1024 * 1024
MAX_NOTE_BYTES: Final = 64 * 1024
MAX_NOTE_SIGNATURES: Final = 64
MAX_DOSSIER_EVENTS: Final = 1_000

MAX_SIGNATURES: Final = 8
MAX_SUBJECTS: Final = 16
MAX_INTERVALS: Final = 64
MAX_ORIGIN_BYTES: Final = 128

MAX_EVENT_LIFETIME_MS: Final = 90 * 24 * 3600 * 1000
MAX_CLOCK_AHEAD_MS: Final = 5 * 60 * 1000
MAX_SEAL_AFTER_COSIGNATURE_MS: Final = 5 * 60 * 1000

MAX_TREE_LEVELS: Final = 63
MAX_MAP_DEPTH: Final = 256
MAX_MAP_PROOF_BYTES: Final = 2 + 32 + 256 * 32 + 65

MAX_TERMS_BYTES: Final = 12 * 1024
"""Of the policy of a grant."""
MAX_TERMS_RULES: Final = 16
MAX_RULE_CONSTRAINTS: Final = 16
MAX_CONSTRAINT_DEPTH: Final = 3
MAX_NEXT_POLICIES: Final = 8
"""How deep next policies stand in one another; what the depth of an event allows is less."""

MAX_POLICY_BYTES: Final = 256 * 1024
"""Of a trust policy."""
MAX_BUNDLE_BYTES: Final = 2 * 1024 * 1024
"""Receipt, state and voucher bundles."""
MAX_BUNDLE_PARTS: Final = 500_000
"""Commas and opening brackets of a bundle: a page of 1,000 events has about 80,000."""
MAX_DOSSIER_BYTES: Final = 128 * 1024 * 1024
"""A page of 1,000 events of the largest size, in base64, with paths."""
