"""The OpenAPI document, and schemathesis against it: no 500, no status, content type or body that is not documented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from rollup.orders import POST_ONLY
from sequencer.node.api.endpoints import ENDPOINTS, PREFIX, Endpoint
from sequencer.node.api.openapi import make_document
from sequencer.node.api.wire_commands import write_command
from sequencer.node.commands import ClientCommand, PlaceOrder, PlaceQuote
from tests.node.api_client import Served, serve_in_thread, signed_cancel, signed_cancel_all
from tests.scenarios import AVAX_PRICE

DOCUMENT = make_document(ENDPOINTS)
EXAMPLES = 25  # of each operation
CASES = [  # invalid requests only where something of them could be wrong
    pytest.param(endpoint, mode, id=f"{endpoint.name}-{mode.value}")
    for endpoint in ENDPOINTS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE or endpoint.body or endpoint.parameters
]
UNSIGNED = [positive_data_acceptance]  # what is not signed is refused, however well formed


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    from prover import kernel

    kernel.install()
    with serve_in_thread(tmp_path_factory.mktemp("api") / "store") as served:
        served.core.store.put_artifact("blob", "a", b"blob")
        yield served


@pytest.fixture(scope="module")
def api(server: Served) -> Any:  # noqa: ANN401 (schemathesis's)
    return schemathesis.openapi.from_url(f"{server.url}/v1/openapi.json")


@pytest.mark.parametrize(("endpoint", "mode"), CASES)
def test_schemathesis(api: Any, endpoint: Endpoint, mode: GenerationMode) -> None:  # noqa: ANN401
    operation = api[PREFIX + endpoint.path][endpoint.method]

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def fuzz(case: Case) -> None:
        case.call_and_validate(excluded_checks=UNSIGNED if endpoint.body else [])

    fuzz()


def test_document_is_what_is_served(server: Served) -> None:
    assert httpx.get(f"{server.url}/v1/openapi.json").json() == json.loads(json.dumps(DOCUMENT))
    assert DOCUMENT["openapi"] == "3.1.0"


def test_every_endpoint_is_in_the_document() -> None:
    found = {
        (path, method, operation["operationId"])
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    assert found == {(PREFIX + e.path, e.method.lower(), e.name) for e in ENDPOINTS}
    assert len({name for _, _, name in found}) == len(ENDPOINTS)


def test_every_reference_of_the_document_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    names = {part.split('"', 1)[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(DOCUMENT["components"]["schemas"])
    assert len(names) > 30


def test_valid_commands_are_valid_by_the_document(server: Served, api: Any) -> None:  # noqa: ANN401
    core, ex = server.core, server.core.exchange
    bid = ex.make_order(4, 5, AVAX_PRICE - 5, slot=8, flags=POST_ONLY)
    commands: list[tuple[str, ClientCommand]] = [
        ("/orders", PlaceOrder(ex.order(4, 5, AVAX_PRICE))),
        ("/quotes", PlaceQuote(ex.quote(4, None, bid))),
        ("/cancels", signed_cancel(core, 4, 8, bid.nonce)),
        ("/cancel-all", signed_cancel_all(core, 4)),
    ]
    for path, command in commands:
        body = json.loads(msgspec.json.encode(write_command(command)))
        case = api[PREFIX + path]["POST"].Case(body=body, media_type="application/json")
        answer = case.call_and_validate()
        assert answer.status_code == 200
