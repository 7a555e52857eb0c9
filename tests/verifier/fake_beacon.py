"""A beacon node that answers as it is told, below a path and a query that hold an access key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.verifier.fake_node import run_server

SPEC, GENESIS, BLOBS = "/eth/v1/config/spec", "/eth/v1/beacon/genesis", "/eth/v1/beacon/blobs/"
GENESIS_S = 1_606_824_023  # mainnet's


class FakeBeacon:
    """Answers by path: (status, raw bytes or an object). What it was not told is not found."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {
            SPEC: (200, {"data": {"SECONDS_PER_SLOT": "12", "BLOB_SCHEDULE": []}}),
            GENESIS: (200, {"data": {"genesis_time": str(GENESIS_S)}}),
        }
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.url = ""

    def answer(self, target: str) -> tuple[int, bytes]:
        """Return status and body, and remember the question."""
        parts = urlsplit(target)
        path = parts.path.removeprefix("/secret")
        self.asked.append((path, parse_qs(parts.query)))
        status, body = self.answers.get(path, (404, {"code": 404, "message": "Block not found"}))
        return status, body if isinstance(body, bytes) else json.dumps(body).encode()

    def hold(self, block_id: str | int, *blobs: bytes) -> None:
        """Serve these blobs for a block."""
        data = [f"0x{blob.hex()}" for blob in blobs]
        self.answers[f"{BLOBS}{block_id}"] = (200, {"execution_optimistic": False, "finalized": True, "data": data})


@contextmanager
def run_fake_beacon() -> Iterator[FakeBeacon]:
    """Yield a node that answers until the block ends."""
    beacon = FakeBeacon()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = beacon.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with run_server(Handler) as url:
        beacon.url = f"{url}/secret/?key=secret"
        yield beacon
