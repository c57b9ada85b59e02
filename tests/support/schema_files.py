"""The JSON Schema of each kind's body, and docs/kinds.md: both made from the classes of the rules.

Run by `scripts/schemas`. The schemas are for people and other programs; ours reads bodies with the
classes themselves. So they are no part of the rule bundle whose digest `ledger.open` names: that
digest covers the classes, and what follows from them need not be counted twice.
"""

import json
import sys

from contracts.rulebook import KINDS
from tests.support.generated import ROOT, run
from tests.support.kinds_page import render_page
from tests.support.schemas import find_shapes

FOLDER = ROOT / "contracts" / "schemas" / "events"
PAGE = ROOT / "docs" / "kinds.md"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def find_schema(kind):
    """Draft 2020-12 schema of a kind's body."""
    name, shapes = find_shapes(KINDS[kind])
    return {
        "$schema": DIALECT,
        "$id": f"urn:muniment:schema:event:{kind}",
        "title": f"Body of {kind}",
        "$ref": f"#/$defs/{name}",
        "$defs": shapes,
    }


def make_files():
    """Text of every file, by path."""
    files = {
        FOLDER / f"{kind}.json": json.dumps(find_schema(kind), ensure_ascii=False, indent=2) + "\n"
        for kind in KINDS
    }
    return {**files, PAGE: render_page()}


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], make_files(), [(FOLDER, ".json")]))
