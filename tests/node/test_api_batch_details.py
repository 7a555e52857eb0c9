"""A batch from the inside, and the checks that the node makes for a page: real proofs, of a circuit that is quick."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from prover import kernel
from rollup.codec import decode_trace
from rollup.public_inputs import PublicInputs
from rollup.segment import count_elements
from rollup.shapes import SHAPES, TINY
from rollup.trace import BatchTrace
from sequencer.node.api import ApiLimits
from sequencer.node.api.proving_facts import ProvingFacts
from sequencer.node.constraint_counts import LANE_CONSTRAINTS, SHAPE_CONSTRAINTS
from sequencer.node.stages import BATCH, name_batch
from tests.node.api_client import JSON, Served, served
from tests.node.bucket_clock import BucketClock
from tests.node.progress import prove, settle, trade
from tests.prover.tiny import TemplateWriter, encode_be
from tests.scenarios import AVAX_PRICE
from verifier.json_files import read_json

PINS = Path(__file__).parents[1] / "pins" / "constraint_counts.json"
N_INPUTS = len(PublicInputs._fields)
Test = Callable[[Served, httpx.AsyncClient], Awaitable[None]]
"""A circuit of nine public inputs, each equal to a private wire: whatever they are, there is a proof."""
COPY = TemplateWriter(n_ports=1, n_private=1, n_wires=3)
COPY.rows = [(2, 0, 1)]


@pytest.fixture(scope="module")
def circuit() -> kernel.Circuit:
    ports = [[1 + i] for i in range(N_INPUTS)]
    return kernel.Circuit([COPY.to_bytes()], [0] * N_INPUTS, ports, 1 + N_INPUTS, N_INPUTS)


@pytest.fixture(scope="module")
def key(circuit: kernel.Circuit, tmp_path_factory: pytest.TempPathFactory) -> kernel.ProvingKey:
    path = tmp_path_factory.mktemp("keys") / "copy.key"
    kernel.setup(circuit, path, seed=b"test_api_batch_details")
    return kernel.ProvingKey.load(path)


async def make_batch(server: Served) -> BatchTrace:
    """Let the node hold an auction of a bid, an ask and a deposit, and return its trace."""
    core = server.core
    await core.take_entry(core.live.next_entry, core.exchange.deposit(4, 100).op)
    name = name_batch(await trade(core))
    raw = core.get_file(BATCH, name)
    assert raw is not None
    return decode_trace(raw, name)


def make_proof(inputs: PublicInputs, circuit: kernel.Circuit, key: kernel.ProvingKey) -> bytes:
    """Return a proof of these public inputs."""
    values = [inputs[place] for place in range(N_INPUTS)]
    witness = circuit.compute_witness(encode_be([1, *values]), [encode_be([value]) for value in values])
    return kernel.prove(key, circuit, witness, seed=b"proof")


async def keep_proof(
    server: Served, number: int, inputs: PublicInputs, circuit: kernel.Circuit, key: kernel.ProvingKey
) -> bytes:
    """Keep a proof of these public inputs as the pipeline does, and return it."""
    proof = make_proof(inputs, circuit, key)
    await prove(server.core, number, 0, proof, inputs)
    return proof


def make_inputs(trace: BatchTrace) -> PublicInputs:
    return PublicInputs(trace.header_before.state_root, trace.header_after.state_root, *range(7))


def test_details_of_a_batch_at_every_stage(tmp_path: Path, circuit: kernel.Circuit, key: kernel.ProvingKey) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        trace = await make_batch(server)
        number = trace.header_after.batch_number
        told = (await client.get(f"batches/{number}/details")).json()
        assert (told["stage"], told["orders"], told["proof"], told["public_inputs"]) == ("sequenced", 2, None, [])
        assert told["cleared"] == [
            {"market": 0, "name": "AVAX-USD", "price_ticks": AVAX_PRICE, "volume_lots": str(told_volume(trace))}
        ]
        used = [(lane["kind"], lane["account"], lane["what"]) for lane in told["lanes"] if lane["operations"]]
        assert ("CashLane", 4, "Deposit") in used
        assert [(kind, what) for kind, account, what in used if account in (2, 3)] == [("TradeLane", "Order")] * 2
        assert len(told["lanes"]) == TINY.cash_lanes + TINY.rescue_lanes + len(TINY.order_capacities) + 1
        assert told["segment_bytes"] == 31 * count_elements(TINY)
        proof = await keep_proof(server, number, make_inputs(trace), circuit, key)
        told = (await client.get(f"batches/{number}/details")).json()
        assert (told["stage"], told["proof"], told["prove_s"]) == ("proved", f"0x{proof.hex()}", 2.5)
        assert told["public_inputs"][1] == {"name": "new_state_root", "value": told["new_state_root"]}
        await settle(server.core, 0, range(number, number + 1), 400_000)
        told = (await client.get(f"batches/{number}/details")).json()
        assert told["settlement"] == {
            "transaction": f"0x{'ab' * 32}",
            "block": 9,
            "timestamp_s": 1_760_000_001,
            "batches": 1,
            "gas_used": 400_000,
        }
        assert (await client.get("batches/999/details")).json()["code"] == "not_found"

    served(tmp_path, test, proving=ProvingFacts(TINY, key.verifying_key_be, is_development=True))


def told_volume(trace: BatchTrace) -> int:
    return sum(fill.fill_lots for lane in trace.order_lanes for fill in lane.fills if fill.order.side == 0)


def test_proof_is_checked_when_asked(tmp_path: Path, circuit: kernel.Circuit, key: kernel.ProvingKey) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        trace = await make_batch(server)
        number = trace.header_after.batch_number
        path = f"batches/{number}/verify"
        assert (await client.post(path, content=b"{}", headers=JSON)).json()["code"] == "not_found"
        await keep_proof(server, number, make_inputs(trace), circuit, key)
        told = (await client.post(path, content=b"{}", headers=JSON)).json()
        assert (told["number"], told["is_valid"], told["is_bound"]) == (number, True, True)
        assert told["is_development_key"]
        assert told["verify_ms"] > 0

    served(tmp_path, test, proving=ProvingFacts(TINY, key.verifying_key_be, is_development=True))


def test_invalid_proof_of_another_batch(tmp_path: Path, circuit: kernel.Circuit, key: kernel.ProvingKey) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        trace = await make_batch(server)
        number = trace.header_after.batch_number
        await keep_proof(server, number, make_inputs(trace)._replace(new_state_root=5), circuit, key)
        told = (await client.post(f"batches/{number}/verify", content=b"{}", headers=JSON)).json()
        assert (told["is_valid"], told["is_bound"]) == (True, False)

    served(tmp_path, test, proving=ProvingFacts(TINY, key.verifying_key_be, is_development=False))


@pytest.mark.parametrize("place", [5, 40, 200])
def test_invalid_proof_with_a_changed_byte(
    tmp_path: Path, circuit: kernel.Circuit, key: kernel.ProvingKey, place: int
) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        trace = await make_batch(server)
        number = trace.header_after.batch_number
        inputs = make_inputs(trace)
        proof = bytearray(make_proof(inputs, circuit, key))
        proof[place] ^= 1
        await prove(server.core, number, 0, bytes(proof), inputs)
        told = (await client.post(f"batches/{number}/verify", content=b"{}", headers=JSON)).json()
        assert not told["is_valid"]

    served(tmp_path, test, proving=ProvingFacts(TINY, key.verifying_key_be, is_development=False))


def test_invalid_check_beyond_the_rate_or_without_a_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    BucketClock(monkeypatch)

    async def test(_: Served, client: httpx.AsyncClient) -> None:
        assert (await client.post("inclusion/2/verify")).json()["code"] == "media_type_unsupported"
        assert (await client.post("inclusion/2/verify", content=b'{"a": 1}', headers=JSON)).status_code == 400
        codes = [(await client.post("inclusion/2/verify", content=b"{}", headers=JSON)).status_code for _ in range(3)]
        assert codes == [200, 200, 429]

    served(tmp_path, test, ApiLimits(checks_per_s_per_address=1))
    served(tmp_path / "whole", test, ApiLimits(checks_per_s=1))


def test_inclusion_is_checked_when_asked(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        told = (await client.post("inclusion/3/verify", content=b"{}", headers=JSON)).json()
        status = server.core.get_status()
        assert (told["is_valid"], told["is_settled"], told["state_root"]) == (True, False, str(status.state_root))
        assert told["proof_bytes"] == len((await client.get("inclusion/3")).content)
        other = replace(status, state_root=status.state_root + 1)
        server.core.get_status = lambda: other  # type: ignore[method-assign]
        assert not (await client.post("inclusion/3/verify", content=b"{}", headers=JSON)).json()["is_valid"]
        nobody = await client.post("inclusion/9/verify", content=b"{}", headers=JSON)
        assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")

    served(tmp_path, test)


def test_counts_are_those_that_circuits_are_pinned_to() -> None:
    pins = read_json(PINS)
    assert dict(LANE_CONSTRAINTS) == pins["lanes"]
    assert {name: pins["shapes"][name]["constraints"] for name in SHAPES} == dict(SHAPE_CONSTRAINTS)
