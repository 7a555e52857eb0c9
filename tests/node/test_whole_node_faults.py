"""Faults around a whole node, played one after the other on one: it goes on, or says why not. Nothing is lost.

docs/node-ops.md has the table. The order matters only in so far as proving is stopped once it has been looked at.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.node.whole_day import BUYER, JSON, Day, living
from tests.node.whole_node import CHAIN, COMMAND, ROOT, write_config
from verifier.base_layer import EmbeddedEvm
from verifier.base_layer.errors import ChainFileUnusable

PROVING_S = 2.0  # of processor time, after which a prover has begun
TICKS_A_S = os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("day")
    write_config(folder)
    with living(folder) as one:
        yield one


def has_worked(pid: int) -> bool:
    """Return whether a process has had as much processor time as a prover takes to begin."""
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / TICKS_A_S > PROVING_S


def test_prover_killed_in_the_midst_of_a_proof_is_replaced(day: Day) -> None:
    node = day.node
    first = node.wait_for(lambda: node.list_batches("proving") and node.find_prover())
    assert isinstance(first, int)
    node.wait_for(lambda: has_worked(first))
    assert node.list_batches("proving")
    os.kill(first, signal.SIGKILL)
    node.wait_for(lambda: node.find_prover() not in (None, first))
    assert node.get_alarms() == []


@contextmanager
def taking(chain: Path) -> Iterator[None]:
    """Have the embedded chain's file, which its last user has just left: for others it is away."""
    while True:
        try:
            layer = EmbeddedEvm(path=chain)
        except ChainFileUnusable:  # still there
            time.sleep(0.01)
        else:
            break
    with closing(layer):
        yield


def test_publisher_killed_and_base_layer_away_hold_no_trade_up(day: Day) -> None:
    node = day.node
    publisher = node.find_publisher()
    assert publisher is not None
    os.kill(publisher, signal.SIGKILL)
    with taking(node.data / CHAIN):
        node.wait_for(lambda: any(text.startswith("publisher_lost") for text in node.get_alarms()))
        day.trade()
        node.wait_for(lambda: any(text.startswith("base_layer") for text in node.get_alarms()))
        node.wait_for(lambda: node.list_batches("proved"))
        assert node.list_batches("settled") == []
    node.wait_for(lambda: node.list_batches("settled"))
    node.wait_for(lambda: node.get_alarms() == [])
    assert node.find_publisher() not in (None, publisher)


def test_prover_that_hangs_holds_no_trade_up(day: Day) -> None:
    prover = day.node.find_prover()
    assert prover is not None
    os.kill(prover, signal.SIGSTOP)  # and so it stays for the rest of the day
    day.trade()
    assert day.node.list_batches("settled")


def test_engine_killed_is_started_again(day: Day) -> None:
    engine = day.node.find_engine()
    assert engine is not None
    before = day.count_fills()
    os.kill(engine, signal.SIGKILL)
    day.place_pair()
    day.node.wait_for(lambda: day.count_fills() > before)
    assert day.node.find_engine() not in (None, engine)
    assert day.node.get_alarms() == []


def test_invalid_second_node_on_the_same_folder(day: Day) -> None:
    command = [*COMMAND, "node", "--config", str(day.node.data.parent / "node.toml")]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert second.stderr.splitlines()[-1].startswith("zkmargin: ")
    assert "another process has it" in second.stderr
    day.trade()


@contextmanager
def fill_up(day: Day) -> Iterator[None]:
    """Let the node's process write to no file until the body is over."""
    pid = day.node.process.pid
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, most))
    try:
        yield
    finally:
        if day.node.process.poll() is None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))


def test_full_disk_refuses_orders_until_there_is_room(day: Day) -> None:
    """No file of the node's process may grow: the system's own refusal, for its log as well."""
    before = day.count_fills()
    resting = day.market.order(BUYER, 1, 25.1, slot=1)
    assert day.send(resting).status_code == 200
    with fill_up(day):
        for _ in range(3):
            answer = day.send(day.market.order(BUYER, 1, 24, slot=2))
            assert answer.status_code == 503, answer.text
            assert answer.json()["code"] in ("store_full", "store_unavailable")
            assert answer.headers["retry-after"] == "1"
        time.sleep(1.5)  # prices are brought and found no room for
        assert len(day.node.get(f"accounts/{BUYER}/orders")["orders"]) == 1
        assert day.count_fills() == before
    day.trade()


def test_clock_set_back_an_hour_and_forth_an_hour(day: Day) -> None:
    before = day.count_fills()
    day.set_clock(-3_600)
    day.place_pair()
    day.node.wait_for(lambda: any("was the clock set?" in text for text in day.node.get_alarms()))
    time.sleep(1)
    assert day.count_fills() == before  # acknowledged; no batch is earlier than the last
    day.set_clock(0)
    day.node.wait_for(lambda: day.count_fills() > before)
    assert day.node.get_alarms() == []
    day.set_clock(3_600)
    day.trade()


HOSTILE = {
    "no HTTP": (b"\x16\x03\x01\x00\xff" * 99 + b"\r\n\r\n", b" 400 "),
    "a body of 8 GiB": (
        b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 8589934592\r\n\r\n{",
        b" 413 ",
    ),
    "a header of 1 MiB": (b"GET /v1/status HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 2**20 + b"\r\n\r\n", b" 431 "),
    "a path out of the API": (b"GET /v1/files/batch/..%2f..%2freceipt.key HTTP/1.1\r\nHost: x\r\n\r\n", b" 40"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_invalid_bytes_are_answered_and_others_served(what: str, day: Day) -> None:
    sent, expected = HOSTILE[what]
    address = ("127.0.0.1", int(day.node.url.rpartition(":")[2]))
    with closing(socket.create_connection(address, timeout=60)) as idle:  # says nothing, and holds nobody up
        with closing(socket.create_connection(address, timeout=60)) as hostile:
            try:
                hostile.sendall(sent)
                said = hostile.recv(200)
            except ConnectionError:  # cut off before it had sent all
                said = b""
            assert expected in said or not said
        assert day.send(day.market.order(BUYER, 1, 20, slot=3)).status_code == 200
        idle.sendall(b"x")


@pytest.mark.parametrize("body", [b"", b"[" * 100_000, b'{"account": 1e999}', b"\xff\xfe", b"null"])
def test_invalid_json_is_a_problem(body: bytes, day: Day) -> None:
    answer = httpx.post(f"{day.node.url}/v1/orders", content=body, headers=JSON, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["code"] == "request_malformed"


def test_stop_on_a_full_disk_ends_though_an_entry_waits(day: Day) -> None:
    """The last of the day. And nothing that was acknowledged in it is lost."""
    day.trade()
    root = int(day.node.get("status")["state_root"])
    with fill_up(day):
        day.deposit(9)
        day.node.wait_for(lambda: day.node.get("entries")["entries"][0]["account"] == 9)
        time.sleep(1)  # it is final, and finds no room
        assert day.node.end(signal.SIGTERM) > 0  # no snapshot could be kept
    day.hold_log_to_what_was_acknowledged(str(day.node.data / "store"), root)
