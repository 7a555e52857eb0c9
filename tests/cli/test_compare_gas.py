"""`zkmargin compare --evm`: the columns, the plot, and what is told where nothing is proved or the books differ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prover import kernel
from rollup.tick import Tick
from sequencer import rival
from sequencer.batches import BatchFile, read_batches
from sequencer.cli.main import run_cli
from sequencer.comparing_gas import GasComparison, compare_gas
from sequencer.gas_backends import BatchCost, DirectBackend, RollupBackend, count_orders
from sequencer.gas_curve import PROOF_STEPS
from sequencer.gas_model import measure_rollup_gas, read_figures
from sequencer.gas_plot import plot_gas
from sequencer.metering import GasCost, Sent, measure, split_cost, sum_costs
from sequencer.published_gas import PUBLISHED
from tests.cli.conftest import EXAMPLE, ROOT
from tests.cli.helpers import run_json
from verifier.base_layer import EmbeddedEvm

Capsys = pytest.CaptureFixture[str]
GAS_AN_ORDER = 60_000
PINS = ROOT / "tests" / "pins" / "gas.json"
FIGURES = (
    "batch_gas",
    "marginal_proof_gas",
    "amortised_gas_per_order",
    "deposit_gas",
    "forced_gas",
    "claim_gas",
    "register_exit_gas",
    "pay_exit_gas",
    "exit_gas",
)
CURVE = ("1 proof", *(f"{n} proofs" for n in PROOF_STEPS[1:]), "213: half of StarkEx", "data fill more than a blob")


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six batches of the shape `small`, not proved."""
    folder = tmp_path_factory.mktemp("small")
    assert run_cli(["replay", str(EXAMPLE), "--out", str(folder), "--shape", "small"]) == 0
    return folder


def test_compare_by_the_evm(proved_run: Path, keys_dir: Path, tmp_path: Path, capsys: Capsys) -> None:
    plots = [tmp_path / "gas.svg", tmp_path / "gas.png"]
    found = run_json(capsys, "compare", proved_run, "--evm", "--keys", keys_dir, "--plot", plots[0])
    settled = run_json(capsys, "settle", proved_run, "--keys", keys_dir)
    (group,) = settled["groups"]
    direct, rollup = found["evm"]
    assert (found["equal"], direct["name"], rollup["name"]) == (True, "direct", "rollup")
    assert direct["orders"] == rollup["orders"] == found["orders"]
    kinds = ("settle", "queue", "claims")
    assert rollup["gas"] == sum(group[kind]["gas"] for kind in kinds)
    assert rollup["transactions"] == sum(group[kind]["transactions"] for kind in kinds)
    assert rollup["bytes_per_order"] == group["settle"]["bytes"] / found["orders"]
    assert found["direct_gas_per_order"] == direct["gas_per_order"]
    assert found["gas_per_order"] == group["settle"]["gas"] / found["orders"]
    assert found["ratio"] == found["direct_gas_per_order"] / found["gas_per_order"]
    assert direct["seconds_to_settlement"] == 12 < rollup["seconds_to_settlement"]
    assert run_cli(["compare", str(proved_run), "--evm", "--keys", str(keys_dir), "--plot", str(plots[1])]) == 0
    assert plots[0].read_text().startswith("<?xml")
    assert plots[1].read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert f"{direct['gas']:,}" in printed
    assert "374 orders a proof with 16 proofs a transaction, 303 with 64" in printed


def test_bytes_of_a_run(proved_run: Path, keys_dir: Path, capsys: Capsys) -> None:
    """All transactions, two segments of 16 elements; what is left of the one blob stands apart."""
    found = run_json(capsys, "compare", proved_run, "--evm", "--keys", keys_dir)
    (group,) = run_json(capsys, "settle", proved_run, "--keys", keys_dir)["groups"]
    assert found["blob_bytes_per_fill"] == 14
    calldata, segments = sum(group[kind]["bytes"] for kind in ("settle", "queue", "claims")), 2 * 16 * 32
    assert found["bytes_per_order_all_in"] == (calldata + segments) / found["orders"]
    assert found["blob_bytes_unused"] == 4096 * 32 - segments
    one = run_json(capsys, "compare", proved_run, "--evm", "--keys", keys_dir, "--first", "1")
    assert (one["batches"][0]["orders"], one["bytes_per_order_all_in"]) == (0, None)
    assert one["blob_bytes_unused"] == found["blob_bytes_unused"]


def test_figures_of_the_contract(proved_run: Path, keys_dir: Path, capsys: Capsys) -> None:
    """Whatever the run, they are those that are pinned."""
    found = run_json(capsys, "compare", proved_run, "--evm", "--keys", keys_dir, "--first", "1")
    pins = {name.removeprefix("Rollup: "): gas for name, gas in json.loads(PINS.read_text()).items()}
    rollup = read_figures(pins)
    assert found["settle_gas"] == {str(n): gas for n, gas in rollup.settle_gas.items()}
    assert {name: found[name] for name in FIGURES} == {name: getattr(rollup, name) for name in FIGURES}
    assert found["batch_gas"] == pins["settle 1 of block: a deposit, two withdrawals"] <= 420_000
    assert found["exit_gas"] == pins["register an exit"] + pins["pay an exit"]
    assert found["deposit_gas"] == max(pins["deposit"], pins["deposit, first of its window"])
    assert found["forced_gas"] == pins["forced trade"]
    curve = found["curve"]
    assert curve["target_gas"] == 213
    assert (curve["orders_at_target"]["16"], curve["orders_at_target"]["64"]) == (374, 303)
    assert (curve["one_blob_at_target"]["proofs"], curve["one_blob_at_target"]["orders"]) == (26, 338)
    assert len(curve["points"]) == 49


def test_compare_by_the_evm_without_proofs(small_run: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "compare", small_run, "--evm")
    direct, rollup = found["evm"]
    assert found["equal"] is True
    assert (rollup["batches"], rollup["gas_per_order"], found["gas_per_order"], found["ratio"]) == (0, None, None, None)
    assert direct["orders"] == found["orders"] > 30
    assert (found["bytes_per_order_all_in"], rollup["seconds_to_settlement"]) == (None, None)
    assert (found["blob_bytes_per_fill"], found["blob_bytes_unused"]) == (14, 0)
    assert found["direct_gas_per_order"] <= GAS_AN_ORDER
    parts = (direct["execution_per_order"], direct["calldata_per_order"])
    base = 21_000 * sum(batch["orders"] > 0 for batch in found["batches"]) / found["orders"]
    assert sum(parts) + base == pytest.approx(direct["gas_per_order"])
    assert direct["calldata_floor_per_order"] == pytest.approx(2.5 * direct["calldata_per_order"])
    assert direct["gas_all_in_per_order"] > direct["gas_per_order"]


def test_compare_the_first_batches(small_run: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "compare", small_run, "--evm", "--first", "2")
    assert found["n_batches"] == 6
    assert found["evm"][0]["batches"] == 2
    assert found["evm"][0]["orders"] == sum(batch["orders"] for batch in found["batches"][:2])


def test_the_same_run_costs_the_same(small_run: Path) -> None:
    costs = [settle_direct(read_batches(small_run)[:2]).costs for _ in range(2)]
    assert costs[0] == costs[1]


def settle_direct(batches: tuple[BatchFile, ...]) -> GasComparison:
    """Settle some batches by the rival alone."""
    kernel.install()
    layer = EmbeddedEvm(batches[-1].trace.header_after.timestamp_s)
    return compare_gas(batches, [DirectBackend(layer, batches[0].trace.params, 1)], lambda *_: None)


def test_invalid_books_say_which_batch(small_run: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contract's books that differ, here because its reference is told of a payment that nobody made."""

    class Generous(rival.DirectHouse):
        def open_batch(self, tick: Tick) -> None:
            super().open_batch(tick)
            self.deposit(1, 1)

    monkeypatch.setattr(rival, "DirectHouse", Generous)
    found = run_json(capsys, "compare", small_run, "--evm", status=1)
    assert (found["equal"], found["reason"][:30]) == (False, "batch-0000: account 1: the con")
    assert run_cli(["compare", str(small_run), "--evm"]) == 1
    assert "not equal: batch-0000" in capsys.readouterr().out


class FixedBackend:
    """Another way to settle: each batch for the same gas."""

    name = "fixed"

    def settle(self, batch: BatchFile) -> BatchCost | None:
        """Return 30,000 gas for each batch but the first."""
        if batch.name == "batch-0000":
            return None
        return BatchCost(batch.name, count_orders(batch), measure(Sent(b"", 30_000)), sum_costs(()), "", None)


def test_another_backend_can_be_plugged_in(small_run: Path, tmp_path: Path) -> None:
    batches = read_batches(small_run)
    gas = compare_gas(batches, [FixedBackend(), RollupBackend(None)], lambda *_: None)
    fixed, rollup = gas.columns
    assert (fixed.batches, fixed.gas, rollup.batches, gas.reason) == (5, 150_000, 0, "")
    assert (fixed.seconds_to_settlement, rollup.seconds_to_settlement) == (None, None)
    priced = measure_rollup_gas()
    plot_gas(gas, priced, "two", tmp_path / "gas.svg")
    plot_gas(gas, priced, "two", tmp_path / "again.svg")
    drawn = (tmp_path / "gas.svg").read_text()
    assert drawn == (tmp_path / "again.svg").read_text()
    assert all(text in drawn for text in ("fixed", *CURVE, *(figure.name for figure in PUBLISHED)))


def test_cost_in_parts_adds_up() -> None:
    parts = split_cost(GasCost(1, 10, 100, 8, 20), 3)
    assert parts == [GasCost(1, 4, 34, 3, 7), GasCost(0, 3, 33, 3, 7), GasCost(0, 3, 33, 2, 6)]
    assert sum_costs(parts) == GasCost(1, 10, 100, 8, 20)


def test_invalid_run_that_the_contract_refuses(proved_run: Path, keys_dir: Path, capsys: Capsys) -> None:
    numbers = json.loads((proved_run / "batch-0000.public.json").read_text())
    numbers[6] = str(int(numbers[6]) ^ 1)  # blob_value_low
    (proved_run / "batch-0000.public.json").write_text(json.dumps(numbers))
    found = run_json(capsys, "compare", proved_run, "--evm", "--keys", keys_dir, "--first", "1", status=1)
    assert found["equal"] is False
    assert "base layer reverted" in found["reason"]


def test_published_figures_have_a_source() -> None:
    assert [figure.format_range() for figure in PUBLISHED] == ["426", "450 to 1,050", "3,000,000 to 4,000,000"]
    assert all(figure.source and figure.what for figure in PUBLISHED)
