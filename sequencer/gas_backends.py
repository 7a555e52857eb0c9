"""The ways a run is settled on a base layer, behind one interface: what each batch cost, and whether the books agree.

`DirectBackend` is the rival. `AnchorBackend` is the rollup as far as its proofs stand in the run's folder: a contract
that moves a state root by them, its gas as `verify` measures it. Another contract is another backend.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from rollup.params import Params
from sequencer.batches import BatchFile
from sequencer.checking import CheckedRun
from sequencer.metering import GasCost, Sent, measure, sum_costs
from sequencer.proofs import read_record
from sequencer.rival import DirectRival
from sequencer.settlement_time import compute_block_seconds, read_group_seconds
from verifier.base_layer import BaseLayer
from verifier.iden3 import read_proof, read_public_inputs
from verifier.keys import encode_proof

__all__ = ["AnchorBackend", "BatchCost", "DirectBackend", "SettlementBackend", "count_orders"]

_SETTLE: Final = "settle(bytes,uint256[])"
_NOTHING: Final = sum_costs(())


@dataclass(frozen=True)
class BatchCost:
    """One batch as a backend settled it."""

    batch: str
    orders: int  # order fills and liquidation fills
    auction: GasCost  # of the transaction with the orders
    other: GasCost  # of the batch's other transactions
    reason: str  # why the books do not agree, empty where they do
    seconds: float | None  # from clearing to the end of the block that settles it; None where not known

    @property
    def gas_per_order(self) -> float:
        """Gas of the transaction with the orders, for each. Assumes that there are any."""
        return self.auction.gas / self.orders


class SettlementBackend(Protocol):
    """One way to settle a run, batch by batch in order."""

    @property
    def name(self) -> str:
        """What the table and the plot call it."""
        ...

    def settle(self, batch: BatchFile) -> BatchCost | None:
        """Return what the next batch cost; None where it cannot be settled this way."""
        ...


class DirectBackend:
    """Every order settled by itself: DirectSettlement."""

    name = "direct"

    def __init__(self, layer: BaseLayer, params: Params, seed: int) -> None:
        """Deploy on the layer; the accounts' keys are derived from the seed."""
        self._rival = DirectRival(layer, params, seed)

    def settle(self, batch: BatchFile) -> BatchCost:
        """Settle the batch, and hold the contract's books against the reference."""
        done = self._rival.settle(batch.trace)
        seconds = compute_block_seconds(done.auction.gas + done.other.gas)
        return BatchCost(batch.name, done.orders, done.auction, done.other, done.reason, seconds)


class AnchorBackend:
    """The rollup by the proofs in a run's folder, settled by StateRootAnchor: no data availability, no bridge yet."""

    name = "rollup"

    def __init__(self, folder: Path, checked: CheckedRun | None) -> None:
        """Take the gas that `check_run` measured. Raises FileMissing, FileTooLarge, FileMalformed."""
        gas = {proof.batch: proof.gas for proof in checked.proofs} if checked else {}
        entries = read_record(folder).proofs if checked else ()
        self._sent = {
            entry.batch: Sent(_encode_settle(folder / entry.proof_file, folder / entry.public_file), used)
            for entry in entries
            if (used := gas[entry.batch]) is not None
        }
        used_gas = {batch: sent.gas_used for batch, sent in self._sent.items()}
        self._seconds = read_group_seconds(folder, used_gas) if used_gas else {}

    def settle(self, batch: BatchFile) -> BatchCost | None:
        """Return what its settlement cost: all of the batch is in it, cash operations and tick too."""
        sent, seconds = self._sent.get(batch.name), self._seconds.get(batch.name)
        return BatchCost(batch.name, count_orders(batch), measure(sent), _NOTHING, "", seconds) if sent else None


def count_orders(batch: BatchFile) -> int:
    """Return how many order fills and liquidation fills a batch has."""
    return sum(len(lane.fills) + (lane.liquidation is not None) for lane in batch.trace.order_lanes)


def _encode_settle(proof_path: Path, public_path: Path) -> bytes:
    args = (encode_proof(read_proof(proof_path)), read_public_inputs(public_path))
    return keccak(text=_SETTLE)[:4] + encode(["bytes", "uint256[]"], args)
