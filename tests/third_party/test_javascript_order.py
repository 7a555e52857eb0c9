"""An order signed by a third party's library: our wire reads it, the kernel verifies it, a node takes it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollup.signature import derive_public_key, sign, verify
from sequencer.node.api.wire import OrderRequest
from sequencer.node.api.wire_commands import read_command
from sequencer.node.commands import PlaceOrder
from tests.node.api_client import serve_in_thread
from tests.scenarios import PARAMS, key_of
from verifier.solc import find_node

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "javascript" / "sign_order.js"
ORDER = {"account": 2, "market": 0, "side": 1, "slot": 511, "nonce": 4, "epoch": 1, "expiry_s": 4_000_000_000}
TERMS = {"size_lots": 2**48 - 1, "limit_ticks": 25_000_000, "max_fee_e6": 10**6, "tip_e6": 2**16 - 1, "flags": 4}


def sign_by_javascript(folder: Path, order: dict[str, Any], key: bytes = key_of(2)) -> bytes:
    key_file = folder / "key"
    key_file.write_text(key.hex())
    command = [find_node(), str(SCRIPT), str(key_file), str(PARAMS.domain), json.dumps(order)]
    return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout


def test_order_signed_in_javascript_is_ours(tmp_path: Path) -> None:
    command = read_command(msgspec.json.decode(sign_by_javascript(tmp_path, ORDER | TERMS), type=OrderRequest))
    assert isinstance(command, PlaceOrder)
    message = command.message(PARAMS.domain)
    assert verify(derive_public_key(key_of(2)), message, command.signature)
    assert command.signature == sign(key_of(2), message)  # signatures are deterministic: theirs is ours
    order = command.signed.order
    assert {name: getattr(order, name) for name in ORDER | TERMS} == ORDER | TERMS


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.binary(min_size=32, max_size=32), nonce=st.integers(0, 2**32 - 1), size=st.integers(1, 2**48 - 1))
def test_any_key_and_order(tmp_path: Path, key: bytes, nonce: int, size: int) -> None:
    order = ORDER | TERMS | {"nonce": nonce, "size_lots": size}
    command = read_command(msgspec.json.decode(sign_by_javascript(tmp_path, order, key), type=OrderRequest))
    assert verify(derive_public_key(key), command.message(PARAMS.domain), command.signature)


def test_node_accepts_an_order_signed_in_javascript(tmp_path: Path) -> None:
    body = sign_by_javascript(tmp_path, ORDER | TERMS | {"size_lots": 1_000})
    with serve_in_thread(tmp_path / "store") as served:
        answer = httpx.post(f"{served.url}/v1/orders", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text
        resting = httpx.get(f"{served.url}/v1/accounts/2/orders").json()["orders"]
    assert [(order["slot"], order["nonce"], order["side"]) for order in resting] == [(511, 4, 1)]


@pytest.mark.parametrize("field", ["nonce", "size_lots", "side"])
def test_invalid_javascript_order_changed_on_its_way(tmp_path: Path, field: str) -> None:
    body = json.loads(sign_by_javascript(tmp_path, ORDER | TERMS | {"size_lots": 1_000}))
    body["order"][field] ^= 1
    with serve_in_thread(tmp_path / "store") as served:
        answer = httpx.post(f"{served.url}/v1/orders", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "signature_invalid")
