"""A node that answers as it is told: what a broken or hostile one might say."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeNode:
    """Answers by method: raw bytes, or an object that is completed to an answer."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {"eth_chainId": {"result": "0x1"}}
        self.status = 200
        self.n_held_back = 0  # bytes that are announced and do not come
        self.asked: list[tuple[str, Any]] = []
        self.url = ""

    def make_body(self, request: bytes) -> bytes:
        """Return the answer to a question, and remember the question."""
        question = json.loads(request)
        self.asked.append((question["method"], question["params"]))
        answer = self.answers[question["method"]]
        answer = answer(*question["params"]) if callable(answer) else answer
        return answer if isinstance(answer, bytes) else json.dumps({"jsonrpc": "2.0", "id": 1, **answer}).encode()


@contextmanager
def run_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Yield the address of an HTTP server that runs until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def run_fake_node() -> Iterator[FakeNode]:
    """Yield a node that answers until the block ends."""
    node = FakeNode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = node.make_body(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(node.status)
            self.send_header("Content-Length", str(len(body) + node.n_held_back))
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with run_server(Handler) as node.url:
        yield node
