"""Every endpoint, asked what its own description allows and what it forbids.

`ATTACK_EXAMPLES` asks more: so many questions of each route and kind.
"""

import os

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from tests.server.conftest import make_trade
from tests.support.json_schema import is_valid
from tests.support.site import open_site

pytestmark = pytest.mark.slow
EXAMPLES = int(os.environ.get("ATTACK_EXAMPLES", "4"))
PROBLEM = "application/problem+json"
ROUTES = (
    "GET /healthz", "GET /metrics", "GET /readyz", "GET /v1/blocks/{size}",
    "GET /v1/bucket", "GET /v1/bucket/{prefix}", "GET /v1/checkpoint/latest",
    "GET /v1/documents/{digest}", "GET /v1/dossier/{subject}", "GET /v1/entries/{index}",
    "GET /v1/events/{id}", "GET /v1/listings", "GET /v1/listings/{subject}",
    "GET /v1/proofs/consistency", "GET /v1/proofs/inclusion", "GET /v1/registrations",
    "GET /v1/search", "GET /v1/state/{subject}", "GET /v1/subjects", "GET /v1/title/{asset}",
    "GET /v1/vouchers/{no}", "POST /add", "POST /v1/check", "POST /v1/events",
)  # fmt: skip
STREAMS = "GET /v1/stream"


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A node of its own: it is written to."""
    trade = make_trade(tmp_path_factory.mktemp("schema"))
    with open_site(trade.home) as site:
        yield site
        site.node.check_ready()


@pytest.fixture(scope="module")
def operations(target):
    schema = schemathesis.openapi.from_dict(target.json("/openapi.json"))
    found = (each.ok() for each in schema.get_all_operations())
    return {f"{each.method.upper()} {each.path}": each for each in found}


def test_every_route_is_attacked(operations):
    plain = {name.replace(":path}", "}") for name in operations}
    assert plain == {*ROUTES, STREAMS}


def test_what_is_refused_before_it_is_read_is_described_too(operations):
    for name in ("POST /add", "POST /v1/events"):
        assert {"408", "413", "415", "429", "503"} <= operations[name].definition.raw[
            "responses"
        ].keys()
    assert "503" in operations["GET /readyz"].definition.raw["responses"]


def ask(site, case):
    """The response to a case; None: no client could send it."""
    sent = case.as_transport_kwargs(base_url="http://node")
    chosen = {name: sent[name] for name in ("params", "json", "headers") if sent.get(name)}
    if sent.get("data") is not None:
        data = sent["data"]
        chosen["content"] = data if isinstance(data, bytes) else str(data).encode()
    try:
        return site.ask(sent["method"], sent["url"], **chosen)
    except (httpx2.InvalidURL, UnicodeEncodeError):
        return None


def check(operation, response):
    """Documented status, type and schema; each error a problem."""
    responses = operation.definition.raw["responses"]
    status, media_type = str(response.status_code), response.headers.get("content-type", "")
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        # A path with a slash where there is none is another path, or none.
        assert status in responses or "default" in responses or response.status_code in {404, 405}
        assert media_type == PROBLEM
        assert response.json()["status"] == response.status_code
        assert response.json()["code"]
        return
    assert status in responses, (status, response.text[:200])
    contents = responses[status].get("content", {})
    documented = {name.partition(";")[0]: each for name, each in contents.items()}
    kind = media_type.partition(";")[0]
    assert kind in documented, (kind, list(documented))
    if kind == "application/json" and "schema" in documented[kind]:
        assert is_valid(documented[kind]["schema"], response.json())


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", ROUTES)
def test_no_question_breaks_a_route_or_gets_an_answer_that_is_not_described(
    target, operations, name, mode
):
    operation = operations[name]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize="ATTACK_EXAMPLES" not in os.environ,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case):
        response = ask(target, case)
        if response is not None:
            check(operation, response)

    try:
        run()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "a text can hardly be given that is none"
