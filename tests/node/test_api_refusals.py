"""Each way in which the API refuses a request over HTTP, or fails to serve it."""

from __future__ import annotations

from pathlib import Path

import httpx
import msgspec
import pytest

from prover import kernel
from rollup.signature import Signature
from rollup.txs import KeyChange
from sequencer.node.api.wire_commands import write_command
from sequencer.node.commands import (
    CashRequest,
    PlaceOrder,
)
from sequencer.node.errors import StoreFull, StoreUnavailable
from tests.node.api_client import (
    JSON,
    Served,
    post,
    served,
)
from tests.scenarios import AVAX_PRICE


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "nothing", 404, "not_found"),
        ("GET", "accounts/2/", 404, "not_found"),
        ("GET", "accounts/2/nothing", 404, "not_found"),
        ("GET", "accounts/77", 404, "not_found"),
        ("GET", "accounts/77/funding", 404, "not_found"),
        ("GET", "markets/9/book", 404, "not_found"),
        ("GET", "batches/99", 404, "not_found"),
        ("GET", "receipts/5", 404, "not_found"),
        ("GET", "files/proof/none", 404, "not_found"),
        ("GET", "accounts/x", 400, "request_malformed"),
        ("GET", "accounts/02", 400, "request_malformed"),
        ("GET", "accounts/-1", 400, "request_malformed"),
        ("GET", "accounts/2097152", 400, "request_malformed"),
        ("GET", "accounts/%D9%A3", 400, "request_malformed"),
        ("GET", "receipts/0", 400, "request_malformed"),
        ("GET", "files/secret/x", 400, "request_malformed"),
        ("GET", "files/proof/a%20b", 400, "request_malformed"),
        ("GET", "batches?limit=0", 400, "request_malformed"),
        ("GET", "batches?limit=501", 400, "request_malformed"),
        ("GET", "batches?limit=1&limit=2", 400, "request_malformed"),
        ("GET", "batches?other=1", 400, "request_malformed"),
        ("GET", "batches?limit", 400, "request_malformed"),
        ("GET", "status?a=1", 400, "request_malformed"),
        ("GET", "orders", 405, "method_not_allowed"),
        ("DELETE", "orders", 405, "method_not_allowed"),
        ("POST", "status", 405, "method_not_allowed"),
        ("OPTIONS", "orders", 405, "method_not_allowed"),
        ("POST", "orders", 415, "media_type_unsupported"),
    ],
)
def test_invalid_request(tmp_path: Path, method: str, path: str, status: int, code: str) -> None:
    async def test(_: Served, client: httpx.AsyncClient) -> None:
        answer = await client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == f"urn:zkmargin:error:{code}"

    served(tmp_path, test)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"order": 1}', b"[" * 200_000])
def test_invalid_body(tmp_path: Path, body: bytes) -> None:
    async def test(_: Served, client: httpx.AsyncClient) -> None:
        for path in ("orders", "orders/batch", "quotes", "cancels", "cancel-all", "cash"):
            answer = await client.post(path, content=body, headers=JSON)
            assert (answer.status_code, answer.json()["code"]) == (400, "request_malformed")

    served(tmp_path, test)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_invalid_media_type(tmp_path: Path, media_type: str) -> None:
    async def test(_: Served, client: httpx.AsyncClient) -> None:
        answer = await client.post("orders", content=b"{}", headers={"content-type": media_type})
        assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")

    served(tmp_path, test)


def test_media_type_may_name_its_charset(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        body = msgspec.json.encode(write_command(PlaceOrder(server.core.exchange.order(2, 5, AVAX_PRICE))))
        answer = await client.post("orders", content=body, headers={"content-type": "Application/JSON; charset=utf-8"})
        assert answer.status_code == 200

    served(tmp_path, test)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StoreUnavailable("store", "gone"), 503, "store_unavailable"),
        (StoreFull("store", "full"), 503, "store_full"),
        (RuntimeError("secret"), 500, "internal_error"),
    ],
)
def test_store_that_fails(tmp_path: Path, error: Exception, status: int, code: str) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        server.core.failing = error
        command = PlaceOrder(server.core.exchange.order(2, 5, AVAX_PRICE))
        answer = await post(client, "orders", command)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers.get("retry-after") == ("1" if status == 503 else None)
        assert "secret" not in answer.text
        server.core.failing = None
        assert (await post(client, "orders", command)).status_code == 200

    served(tmp_path, test)


def test_invalid_command_while_draining(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        server.app.state.service.is_draining = True
        for answer in (
            await post(client, "orders", PlaceOrder(server.core.exchange.order(2, 5, AVAX_PRICE))),
            await client.get("health/ready"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "node_draining")
        assert (await client.get("status")).status_code == 200
        assert (await client.get("health/live")).status_code == 200

    served(tmp_path, test)


def test_key_beyond_the_field_is_refused_and_not_a_failure(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        op = KeyChange(2, 0, 1, (2**256 - 1, 2**256 - 1))
        answer = await post(client, "cash", CashRequest(op, Signature((2**256 - 1, 0), 2**256 - 1)))
        assert (answer.status_code, answer.json()["code"]) == (422, "key_invalid")

    kernel.install()
    served(tmp_path, test)
