"""`zkmargin compare --evm`: the columns, the plot, and what is told where nothing is proved or the books differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover import kernel
from rollup.tick import Tick
from sequencer import rival
from sequencer.batches import BatchFile, read_batches
from sequencer.cli.main import run_cli
from sequencer.comparing_gas import GasComparison, compare_gas
from sequencer.gas_backends import AnchorBackend, BatchCost, DirectBackend, count_orders
from sequencer.gas_plot import plot_gas
from sequencer.metering import Sent, measure, sum_costs
from sequencer.published_gas import PUBLISHED
from tests.cli.conftest import EXAMPLE
from tests.cli.helpers import run_json
from verifier.base_layer import EmbeddedEvm

Capsys = pytest.CaptureFixture[str]
GAS_AN_ORDER = 60_000


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six batches of the shape `small`, not proved."""
    folder = tmp_path_factory.mktemp("small")
    assert run_cli(["replay", str(EXAMPLE), "--out", str(folder), "--shape", "small"]) == 0
    return folder


def test_compare_by_the_evm(proved_run: Path, tmp_path: Path, capsys: Capsys) -> None:
    plots = [tmp_path / "gas.svg", tmp_path / "gas.png"]
    found = run_json(capsys, "compare", proved_run, "--evm", "--plot", plots[0])
    direct, rollup = found["evm"]
    assert (found["equal"], direct["name"], rollup["name"]) == (True, "direct", "rollup")
    assert direct["orders"] == rollup["orders"] == found["orders"]
    assert rollup["gas"] == sum(batch["gas"] for batch in found["batches"])
    assert (rollup["transactions"], rollup["bytes_per_order"]) == (2, 2 * (4 + 32 * 21) / found["orders"])
    assert found["direct_gas_per_order"] == direct["gas_per_order"]
    assert found["gas_per_order"] == rollup["gas"] / found["orders"]
    assert found["ratio"] == found["direct_gas_per_order"] / found["gas_per_order"]
    assert run_cli(["compare", str(proved_run), "--evm", "--plot", str(plots[1])]) == 0
    assert plots[0].read_text().startswith("<?xml")
    assert plots[1].read_bytes().startswith(b"\x89PNG")
    assert f"{direct['gas']:,}" in capsys.readouterr().out


def test_compare_by_the_evm_without_proofs(small_run: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "compare", small_run, "--evm")
    direct, rollup = found["evm"]
    assert found["equal"] is True
    assert (rollup["batches"], rollup["gas_per_order"], found["gas_per_order"], found["ratio"]) == (0, None, None, None)
    assert direct["orders"] == found["orders"] > 30
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
        return BatchCost(batch.name, count_orders(batch), measure(Sent(b"", 30_000)), sum_costs(()), "")


def test_another_backend_can_be_plugged_in(small_run: Path, tmp_path: Path) -> None:
    batches = read_batches(small_run)
    gas = compare_gas(batches, [FixedBackend(), AnchorBackend(small_run, None)], lambda *_: None)
    fixed, rollup = gas.columns
    assert (fixed.batches, fixed.gas, rollup.batches, gas.reason) == (5, 150_000, 0, "")
    plot_gas(gas, "two", tmp_path / "gas.svg")
    plot_gas(gas, "two", tmp_path / "again.svg")
    drawn = (tmp_path / "gas.svg").read_text()
    assert drawn == (tmp_path / "again.svg").read_text()
    assert all(text in drawn for text in ("fixed", *(figure.name for figure in PUBLISHED)))


def test_published_figures_have_a_source() -> None:
    assert [figure.format_range() for figure in PUBLISHED] == ["426", "450 to 1,050", "3,000,000 to 4,000,000"]
    assert all(figure.source and figure.what for figure in PUBLISHED)
