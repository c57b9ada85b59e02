"""The examples in the node's OpenAPI: answers of a small ledger, made by running it.

`python -m tests.support.node_examples` makes them anew.
"""

import json
import sys
from pathlib import Path

from contracts.verdict import Question
from ledger.core.policy import parse_policy
from node.verifier import verify_file
from tests.support.site import Site, open_site

PATH = Path(__file__).resolve().parents[2] / "node" / "server" / "examples.json"
RENEWABLE_MS = (5 * 365 - 30) * 86_400_000
"""So long after its record a voucher of five years can be renewed."""


def paths_of(trade, site):
    """What is asked for each example, by the names of the routes."""
    registry = site.node.registry
    size = site.node.publisher.published_size
    last = registry.read_state(trade.grant).last
    event_id = registry.read_leaf(last).signed.id
    first = next(iter(site.node.reader.iterate_blocks())).size
    return {
        "latest_checkpoint": "/v1/checkpoint/latest",
        "event": f"/v1/events/{event_id}",
        "entry": f"/v1/entries/{size - 1}",
        "inclusion": f"/v1/proofs/inclusion?index={last}",
        "consistency": f"/v1/proofs/consistency?old={first}&new={size}",
        "block": f"/v1/blocks/{size}",
        "state": f"/v1/state/{trade.user}",
        "dossier": f"/v1/dossier/voucher/{trade.number}",
        "subjects": "/v1/subjects?prefix=party/",
        "listings": "/v1/listings?type=asset",
        "listing": f"/v1/listings/{trade.asset}",
        "voucher": f"/v1/vouchers/{trade.number}",
        "search": "/v1/search?q=停车",
        "registrations": "/v1/registrations",
        "title": f"/v1/title/{trade.asset}",
    }


def make_examples(trade, site, later):
    """All examples, with the policy under which they verify.

    Args:
        trade: The ledger's story.
        site: A node that serves it.
        later: The same, years after.
    """
    examples = {"policy": trade.policy.decode()}
    for name, path in paths_of(trade, site).items():
        response = (later if name == "registrations" else site).get(path)
        assert response.status_code == 200, response.text
        is_json = response.headers["content-type"] == "application/json"
        examples[name] = response.json() if is_json else response.text
    asked = {"action": "use", "by": trade.owner, "asset": trade.asset}
    examples["check_request"] = asked
    examples["check"] = site.ask("POST", "/v1/check", json=asked).json()
    block = json.dumps(examples["block"], separators=(",", ":"))
    examples["stream"] = f"id: {examples['block']['size']}\nevent: block\ndata: {block}\n\n"
    return examples


def shape_of(value):
    """Member names and types of a JSON value, and nothing of what it says."""
    if isinstance(value, dict):
        return {name: shape_of(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape_of(value[0])] if value else []
    return type(value).__name__


def is_verified(value, policy, now):
    """Whether `muniment verify` says that a file is authentic."""
    data = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    report = verify_file(data, parse_policy(policy.encode()), Question(now=now))
    return report.failure is None and report.is_authentic


def main():
    import tempfile

    from tests.server.conftest import make_trade
    from tests.support.ledgers import FakeClock

    with tempfile.TemporaryDirectory() as folder:
        trade = make_trade(Path(folder))
        with open_site(trade.home) as site:
            now = site.node.registry.clock.now()
            late = Site(with_clock(site.node, FakeClock(now + RENEWABLE_MS)), site.loop)
            examples = make_examples(trade, site, late)
    text = json.dumps(examples, ensure_ascii=False, indent=1) + "\n"
    PATH.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{PATH}: {len(examples)} examples, {len(text)} characters\n")


def with_clock(node, clock):
    """The same node by another clock."""
    import copy

    node = copy.copy(node)
    node.registry = copy.copy(node.registry)
    node.registry.clock = clock
    return node


if __name__ == "__main__":
    main()
