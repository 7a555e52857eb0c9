"""Limits: body, headers, time, connections, rates, and clients that do not read. Each refusal is as documented."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest

from sequencer.node.api import ApiLimits
from tests.node.api_client import JSON, Served, served, serving_client

PATIENCE_S = 20.0


async def open_raw(server: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", server.port)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, object]]:
    """Return the status and problem of an answer after which the connection is closed."""
    data = await asyncio.wait_for(reader.read(), PATIENCE_S)
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert b"connection: close" in head.lower()
    return int(head.split(b" ", 2)[1]), json.loads(body)


async def write_on(writer: asyncio.StreamWriter) -> None:
    for _ in range(2000):
        writer.write(b"x" * 100)
        await writer.drain()
        await asyncio.sleep(0.01)


def raw(folder: Path, limits: ApiLimits, data: list[bytes], status: int, code: str) -> None:
    """Send bytes as they are and check how they are refused."""

    async def test(server: Served, client: httpx.AsyncClient) -> None:
        reader, writer = await open_raw(server)
        for part in data:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.05)
        got, problem = await read_answer(reader)
        assert (got, problem["code"]) == (status, code)
        writer.close()
        assert (await client.get("health/live")).status_code == 200

    served(folder, test, limits)


@pytest.mark.parametrize("has_length", [True, False])
def test_invalid_body_too_large(tmp_path: Path, has_length: bool) -> None:
    async def test(_: Served, client: httpx.AsyncClient) -> None:
        async def parts() -> object:
            for _ in range(20):
                yield b"x" * 100

        content = b"x" * 1001 if has_length else parts()
        answer = await client.post("orders", content=content, headers=JSON)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert (await client.get("health/live")).status_code == 200

    served(tmp_path, test, ApiLimits(max_body_bytes=1000))


def test_body_of_just_the_limit_is_read(tmp_path: Path) -> None:
    async def test(_: Served, client: httpx.AsyncClient) -> None:
        answer = await client.post("orders", content=b"{" + b" " * 999, headers=JSON)
        assert answer.status_code == 400

    served(tmp_path, test, ApiLimits(max_body_bytes=1000))


@pytest.mark.parametrize(
    "data",
    [
        [b"GET /v1/status HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 3000 + b"\r\n\r\n"],
        [b"GET /v1/status HTTP/1.1\r\nHost: x\r\n" + b"".join(b"h%d: v\r\n" % n for n in range(500)) + b"\r\n"],
        [b"GET /v1/" + b"a" * 3000 + b" HTTP/1.1\r\n\r\n"],
        [b"GET /v1/status HTTP/1.1\r\nA: ", b"a" * 1500, b"a" * 1500],  # a header without end
        [b"GET /v1/status?" + b"a" * 1500, b"a" * 1500],
    ],
    ids=["one header", "many headers", "path", "header without end", "path without end"],
)
def test_invalid_headers_too_large(tmp_path: Path, data: list[bytes]) -> None:
    raw(tmp_path, ApiLimits(max_header_bytes=2048), data, 431, "headers_too_large")


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"HELLO WORLD\r\n\r\n", b"\x00" * 64]
)
def test_invalid_http(tmp_path: Path, data: bytes) -> None:
    raw(tmp_path, ApiLimits(), [data], 400, "request_malformed")


@pytest.mark.parametrize(
    "data",
    [
        [],
        [b"GET /v1/sta"],
        [b"POST /v1/orders HTTP/1.1\r\nHost: x\r\n"],
        [b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"],
    ],
    ids=["nothing", "half a line", "half the headers", "half a body"],
)
def test_invalid_slow_request(tmp_path: Path, data: list[bytes]) -> None:
    raw(tmp_path, ApiLimits(receive_s=0.5), data, 408, "request_timeout")


def test_request_in_small_parts_is_served_in_time(tmp_path: Path) -> None:
    async def test(server: Served, _: httpx.AsyncClient) -> None:
        reader, writer = await open_raw(server)
        for byte in b"GET /v1/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
        assert (await asyncio.wait_for(reader.read(), PATIENCE_S)).startswith(b"HTTP/1.1 200")
        writer.close()

    served(tmp_path, test)


@pytest.mark.parametrize("limits", [ApiLimits(max_connections=3), ApiLimits(max_connections_per_address=3)])
def test_invalid_connection_beyond_the_limit(tmp_path: Path, limits: ApiLimits) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        kept = [await open_raw(server) for _ in range(3)]
        reader, writer = await open_raw(server)
        status, problem = await read_answer(reader)
        assert (status, problem["code"]) == (503, "connections_exhausted")
        writer.close()
        for _, other in kept:
            other.close()
            await other.wait_closed()
        await asyncio.sleep(0.1)
        assert (await client.get("health/live")).status_code == 200  # their places are free again

    served(tmp_path, test, limits)


def test_client_that_does_not_read_is_cut_off(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        server.core.store.put_artifact("blob", "large", bytes(32 << 20))
        reader, writer = await open_raw(server)
        writer.write(b"GET /v1/files/blob/large HTTP/1.1\r\nHost: x\r\n\r\n")
        await writer.drain()
        for _ in range(200):  # nothing is read: the server's patience ends, and its place is free
            metrics = (await client.get("metrics")).text
            if "zkmargin_connections 1.0" in metrics:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("the connection is still there")
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(32 << 20)
        writer.close()

    served(tmp_path, test, ApiLimits(send_s=0.5))


def test_client_that_reads_slowly_gets_all(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        body = bytes(range(256)) * (4 << 12)
        server.core.store.put_artifact("blob", "large", body)
        got = b""
        async with client.stream("GET", "files/blob/large") as answer:
            async for part in answer.aiter_raw(1 << 20):
                got += part
                await asyncio.sleep(0.2)
        assert got == body

    served(tmp_path, test, ApiLimits(send_s=1.0))


def test_pipelined_requests_are_answered_in_order(tmp_path: Path) -> None:
    async def test(server: Served, _: httpx.AsyncClient) -> None:
        reader, writer = await open_raw(server)
        ask = b"GET /v1/%s HTTP/1.1\r\nHost: x\r\n%s\r\n"
        writer.write(
            ask % (b"health/live", b"") + ask % (b"nothing", b"") + ask % (b"status", b"Connection: close\r\n")
        )
        data = await asyncio.wait_for(reader.read(), PATIENCE_S)
        assert re.findall(rb"HTTP/1.1 ([0-9]+)", data) == [b"200", b"404", b"200"]
        writer.close()

    served(tmp_path, test)


def test_server_gives_the_port_back(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving_client(tmp_path / "a") as (server, client):
            assert (await client.get("health/live")).status_code == 200
            port = server.port
        with pytest.raises(OSError, match=r"(?i)connect"):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(test())


def test_body_without_end_is_cut_off_after_its_answer(tmp_path: Path) -> None:
    async def test(server: Served, _: httpx.AsyncClient) -> None:
        reader, writer = await open_raw(server)
        head = b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(head + b"Content-Length: 9999999\r\n\r\n")
        assert (await asyncio.wait_for(reader.readline(), PATIENCE_S)).startswith(b"HTTP/1.1 413")
        with pytest.raises(ConnectionError):
            await write_on(writer)
        writer.close()

    served(tmp_path, test, ApiLimits(max_body_bytes=1000, receive_s=0.5))
