"""What a report is made of, whether it is of a replay or of a node: figures alone, no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from rollup.market_params import MarketParams

__all__ = ["BatchFigures", "Fact", "Fees", "GroupGas", "MarketFigures", "ProofFigures", "Proving", "Stage", "Subject"]

Value: TypeAlias = int | float | str


class Fees(NamedTuple):
    """What traders paid in a batch, 1e-18 USD."""

    trading_atoms: int  # negative where makers were paid more than takers paid
    charge_atoms: int  # base fees and tips of orders
    penalty_atoms: int  # of liquidations


class MarketFigures(NamedTuple):
    """One market in one batch."""

    mark_ticks: int
    price_ticks: int | None  # the clearing price, None where nothing traded
    liquidations: int
    takeovers: int  # of accounts that held this market
    deleveraged: int  # the same


@dataclass(frozen=True)
class BatchFigures:
    """One batch. The names are those of `manifest.BatchEntry`: the panels of `sequencer.plotting` draw both."""

    number: int
    timestamp_s: int
    markets: tuple[MarketFigures, ...]  # those that are in use
    fills: int  # of orders
    liquidations: int
    takeovers: int
    deleveraged: int
    fees: Fees
    fund_atoms: int | None
    bad_debt_atoms: int | None  # not known of a node
    congestion_ppm: int

    @property
    def orders(self) -> int:
        """Fills of orders and of liquidations: what gas is shared by."""
        return self.fills + self.liquidations


class ProofFigures(NamedTuple):
    """What one proof took. A node keeps the sum alone: there witness_s is 0 and parts_s is empty."""

    batch: str
    witness_s: float
    prove_s: float
    parts_s: Mapping[str, float]  # of prove_s


class Proving(NamedTuple):
    """The proofs that were made."""

    key: str
    proofs: tuple[ProofFigures, ...]


class GroupGas(NamedTuple):
    """What settling one group cost, blob gas apart."""

    group: int
    batches: int
    orders: int
    gas: int

    @property
    def gas_per_order(self) -> float | None:
        """Its gas by its orders, None where it has none."""
        return self.gas / self.orders if self.orders else None


class Fact(NamedTuple):
    """One line of the table of facts; `name` is the key in JSON, too."""

    name: str
    value: Value


class Stage(NamedTuple):
    """How far batches came: one line of the table of stages."""

    name: str
    batches: int
    groups: int | None
    note: str


@dataclass(frozen=True)
class Subject:
    """All that a report shows. Strings come from files that anybody may have written."""

    kind: str  # "replay" or "node"
    name: str
    shape: str
    markets: tuple[MarketParams, ...]
    batches: tuple[BatchFigures, ...]  # one at least
    facts: tuple[Fact, ...]
    stages: tuple[Stage, ...]
    proving: Proving | None
    gas: tuple[GroupGas, ...]
    missing: tuple[str, ...]  # what the report cannot show, in whole sentences
