"""A product made from a registered asset: its form names it, its chain of title shows it."""

from pathlib import Path

import pytest

from tests.cli.test_forms import complete, fill


@pytest.fixture
def form(licensed, market):
    """The form for a product of 甲公司 made from its own table."""
    values = complete(market.parties["甲公司"])
    del values["applicants.id_number"]  # it was enrolled without a code
    values |= {
        "files": ["product.csv"],
        "applicants.name": "甲公司",
        "applicants.kind": "legal",
        "basis": "derived",
        "data.stage": "product",
        "rights.right": ["use"],
        "rights.sources": [market.number],
    }
    Path("product.csv").write_text("hour\n")
    return values


def register(program, values):
    return program.json("register", "--form", fill(program, "initial", values))


def test_the_sources_of_a_product_are_in_its_chain_of_title(licensed, market, form):
    made = register(licensed, form)["asset"]
    chain = licensed.json("trace", "asset", made)
    right = next(step for step in chain["children"] if step["kind"] == "right")
    assert {"name": "source", "value": market.asset} in right["details"]
    assert f"source {market.asset}" in licensed.ok("trace", "asset", made).out
    assert f"来源 {market.asset}" in licensed.ok("trace", "asset", made, "--lang", "zh-CN").out


def test_a_product_is_not_below_its_source(licensed, market, form):
    made = register(licensed, form | {"classification.level": "general-3"})
    low = form | {"rights.sources": [made["voucher"]], "classification.level": "general-1"}
    error = licensed.refused("register", "--form", fill(licensed, "initial", low), code=4)
    assert error["code"] == "level"
    assert "--downgrade" in error["hint"]
