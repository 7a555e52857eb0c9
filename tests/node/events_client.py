"""Reads `GET /v1/events` as a browser does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx

from tests.node.api_client import Served


class Told(NamedTuple):
    """One event."""

    name: str
    id: str
    retry: str
    data: Any


@asynccontextmanager
async def watching(server: Served, client: httpx.AsyncClient) -> AsyncIterator[AsyncIterator[Told]]:
    """Yield the events of a stream, which is closed at the end."""
    async with client.stream("GET", f"{server.url}/v1/events") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield _read(answer)


async def _read(answer: httpx.Response) -> AsyncIterator[Told]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            assert name not in fields
            fields[name] = value
        elif not line and fields:
            yield Told(fields["event"], fields["id"], fields["retry"], json.loads(fields["data"]))
            fields = {}


async def wait_for(events: AsyncIterator[Told], name: str) -> Told:
    """Return the next event of a name."""
    async for told in events:
        if told.name == name:
            return told
    raise AssertionError(f"the stream ended before any {name}")
