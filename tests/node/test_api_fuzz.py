"""Arbitrary bytes and JSON never break the stream or the server, and are never answered by 500."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sequencer.node.api import ApiLimits
from tests.node.api_client import Served, serve_in_thread
from tests.node.stream_client import (
    OPENING,
    PATIENCE_S,
    ask,
    open_stream,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["id", "submit", "subscribe", "ping", "commands", "order", "accounts", "signature"])
near_misses = st.dictionaries(names, json_values | st.dictionaries(names, json_values, max_size=3), max_size=4)
messages = st.one_of(st.binary(max_size=200), st.text(max_size=200), (json_values | near_misses).map(json.dumps))


def test_fuzz_no_message_breaks_a_stream(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Arbitrary bytes and JSON: each is answered, none with 500, and the node serves the next one."""
    limits = ApiLimits(max_bad_messages=10**9)
    with serve_in_thread(tmp_path / "store", limits) as server, asyncio.Runner() as runner:
        stream = runner.run(open_stream(server))

        @settings(max_examples=400, suppress_health_check=list(HealthCheck))
        @given(messages)
        def fuzz(message: str | bytes) -> None:
            answer = runner.run(ask(stream, message))
            assert answer.get("problem", {}).get("status") != 500, answer

        with caplog.at_level(logging.ERROR):
            fuzz()
        runner.run(stream.close())
    assert "Traceback" not in caplog.text
    assert "Exception in ASGI" not in caplog.text


def test_fuzz_no_bytes_break_the_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Arbitrary bytes in place of frames, and of HTTP: the connection may end, the server may not."""

    async def throw(server: Served, data: bytes, *, has_opening: bool) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            if has_opening:
                writer.write(OPENING)
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
            writer.write(data)
            writer.write_eof()
            return await asyncio.wait_for(reader.read(), PATIENCE_S)
        except ConnectionError:
            return b""
        finally:
            writer.close()

    with serve_in_thread(tmp_path / "store", ApiLimits(receive_s=0.2)) as server, asyncio.Runner() as runner:

        @settings(max_examples=100, suppress_health_check=list(HealthCheck))
        @given(st.booleans(), st.binary(max_size=300))
        def fuzz(has_opening: bool, data: bytes) -> None:
            assert b" 500 " not in runner.run(throw(server, data, has_opening=has_opening))

        with caplog.at_level(logging.ERROR):
            fuzz()
        stream = runner.run(open_stream(server))
        assert runner.run(ask(stream, {"id": 1, "ping": {}}))["id"] == 1
        runner.run(stream.close())
    assert "Exception in ASGI" not in caplog.text
