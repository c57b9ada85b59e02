"""Known answers and tables of public origin, which lie beside the project and are not part of it."""

import json
from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared"
VECTORS = SHARED / "vectors"
HAS_SHARED = (VECTORS / "README.md").is_file()


def load_vectors(name: str):
    """Content of a JSON file of known answers, or None in a clone that stands alone."""
    if not HAS_SHARED:
        return None
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def cases(name: str, pick):
    """Parameters for a test over a file of known answers; none in a clone that stands alone."""
    loaded = load_vectors(name)
    return [] if loaded is None else list(pick(loaded))
