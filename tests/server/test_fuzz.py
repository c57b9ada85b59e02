"""The routes that read, asked what their own description allows and what it forbids."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from tests.server.test_openapi import READS

pytestmark = pytest.mark.slow
EXAMPLES = 25
ROUTES = sorted({*READS, "bucket", "whole_bucket"} - {"stream", "latest_checkpoint"})
"""Without those that end never, or that nothing can be asked of."""


@pytest.fixture(scope="module")
def operations(site):
    schema = schemathesis.openapi.from_dict(site.json("/openapi.json"))
    found = (each.ok() for each in schema.get_all_operations())
    return {each.definition.raw["operationId"]: each for each in found}


def ask(site, case):
    """The response to a case, and whether the client could send it at all."""
    sent = case.as_transport_kwargs(base_url="http://node")
    chosen = {name: sent[name] for name in ("params", "json", "headers") if sent.get(name)}
    body = {"content": sent["data"]} if sent.get("data") else {}
    return site.ask(sent["method"], sent["url"], **chosen, **body)


def check(site, operation, case):
    response = ask(site, case)
    documented = operation.definition.raw["responses"].keys()
    assert response.status_code < 500, response.text
    if response.status_code != 200:
        # A path with a slash where there is none is another path, or none.
        assert str(response.status_code) in documented or response.status_code in {404, 405}
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == response.status_code
    return response


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", ROUTES)
def test_no_question_breaks_a_route(site, operations, name, mode):
    operation = operations[name]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case):
        check(site, operation, case)

    try:
        run()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "a text can hardly be given that is none"
