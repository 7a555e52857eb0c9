"""`zkmargin top` as a user calls it: in a pipe, as JSON, as a picture, in a terminal, and where there is no node."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from sequencer.cli.main import run_cli
from sequencer.client.errors import NodeUnreachable
from sequencer.top.screen import Screen
from tests.node.api_client import Served, run, serve_in_thread
from tests.node.progress import trade
from tests.node.test_api_events import LIQUIDATED

NOBODY = "http://127.0.0.1:9"
PATIENCE_S = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A node with one batch, one liquidation and one alarm."""
    with serve_in_thread(tmp_path_factory.mktemp("node")) as server:
        server.call(lambda: trade(server.core))
        server.call(lambda: _publish(server))
        yield server


async def _publish(server: Served) -> None:
    server.core.publish(LIQUIDATED)
    server.core.alarms = ("low_balance: [red]5 wei[/]",)


def test_one_frame_in_a_pipe(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    for options in ([], ["--once"]):
        assert run_cli(["top", "--node", server.url, *options]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert {len(line) for line in lines[:-1]} == {120}
        text = "\n".join(lines)
        assert "\x1b" not in text
        assert "1 alarm" in text
        assert "low_balance: [red]5 wei[/]" in text
        assert "AVAX-USD" in text
        assert "Sequenced" in text


def test_frame_as_json(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["top", "--node", server.url, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["headline"]["word"] == "1 alarm"
    assert found["alarms"] == ["low_balance: [red]5 wei[/]"]
    assert [batch["number"] for batch in found["batches"]["sequenced"]] == [found["batch_number"]]
    assert [market["name"] for market in found["markets"]] == ["AVAX-USD", "ETH-USD"]
    assert found["markets"][0]["margin_factor"] == 1.0
    assert [fill["account"] for fill in found["liquidations"]] == [LIQUIDATED.account]
    assert found["fees"]["base_fees"].keys() == {"proving", "state", "bandwidth"}
    assert found["fund_atoms"] == str(int(found["fund_atoms"]))
    assert found["deployment"]["instance"] == server.app.state.service.pulse.instance


def test_frame_as_a_picture(server: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["top", "--node", server.url, "--svg", str(tmp_path / "top.svg")]) == 0
    picture = (tmp_path / "top.svg").read_text()
    assert picture.startswith("<svg")
    assert "AVAX-USD" in picture
    assert "@font-face" not in picture  # nothing is fetched from elsewhere
    assert capsys.readouterr().out == ""


@contextmanager
def terminal(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Yield the command in a terminal of 80 columns, and the terminal's other end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "sequencer.cli", "top", *arguments]
    environment = os.environ | {"TERM": "xterm-256color"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(ours: int, text: bytes) -> bytes:
    """Return what a terminal shows until there is a text in it."""
    shown = b""
    while text not in shown:
        shown += os.read(ours, 1 << 16)
    return shown


def drain(ours: int) -> bytes:
    """Return what is left to read of a terminal that nobody writes to any more."""
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:  # EIO: closed at the other end
        pass
    return shown


@pytest.mark.parametrize("way", [b"q", signal.SIGINT])
def test_terminal_scrolls_and_is_as_it_was_afterwards(server: Served, way: bytes | signal.Signals) -> None:
    with terminal("--node", server.url) as (process, ours):
        shown = read_until(ours, b"q quits")
        assert b"\x1b[?1049h" in shown  # the other screen
        assert b"1 alarm" in shown
        assert b"Base fees" not in shown  # 24 lines have no place for it
        before = termios.tcgetattr(ours)[3]
        assert not before & termios.ECHO
        os.write(ours, b"G")
        read_until(ours, b"Base fees")
        if isinstance(way, bytes):
            os.write(ours, way)
        else:
            process.send_signal(way)
        shown = drain(ours)
        assert process.wait(PATIENCE_S) == 0
        assert b"\x1b[?1049l" in shown
        assert b"Traceback" not in shown


@pytest.mark.parametrize("options", [["--once"], ["--json"], ["--svg", "x.svg"]])
def test_invalid_node_that_never_was(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["top", "--node", NOBODY, *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"zkmargin: {NOBODY}/v1/")
    assert "no answer" in captured.err


@pytest.mark.parametrize("url", ["http://127.0.0.1:1x", "http://[::1", "node", "ftp://127.0.0.1", "http://a\x1b[2Jb"])
def test_invalid_url_of_a_node(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["top", "--node", url]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("zkmargin: ")
    assert captured.err.rstrip("\n").isprintable()


class _Foul(BaseHTTPRequestHandler):
    """Refuses with an escape sequence in its words."""

    def do_GET(self) -> None:
        problem = {"type": "x", "title": "x", "status": 503, "code": "x", "detail": "\x1b[2Jgone\x07", "facts": {}}
        body = json.dumps(problem).encode()
        self.send_response(503)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_invalid_words_of_a_node_in_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with HTTPServer(("127.0.0.1", 0), _Foul) as foul:
        threading.Thread(target=foul.handle_request, daemon=True).start()
        assert run_cli(["top", "--once", "--node", f"http://127.0.0.1:{foul.server_port}"]) == 2
    assert capsys.readouterr().err == "zkmargin: refused (x): \ufffd[2Jgone\ufffd\n"


def test_invalid_node_that_never_was_in_a_terminal() -> None:
    with pytest.raises(NodeUnreachable):
        run(Screen(NOBODY, Console()).run())
