"""What others publish of their gas for a trade, and where they say so (docs/compare.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["PUBLISHED", "PublishedGas"]


@dataclass(frozen=True)
class PublishedGas:
    """One figure of somebody else's, a range where two are given."""

    name: str
    low_gas: int
    high_gas: int
    bytes_per_trade: int | None
    what: str
    source: str

    def format_range(self) -> str:
        """Return the figure, or both ends of it."""
        return " to ".join(f"{gas:,}" for gas in sorted({self.low_gas, self.high_gas}))


PUBLISHED: Final = (
    PublishedGas(
        "StarkEx", 426, 426, None, "a trade, recursive proofs, full batches", "docs.starkware.co, on-chain gas usage"
    ),
    PublishedGas("Loopring", 450, 1_050, 28, "a trade, full blocks", "given; its README: 375"),
    PublishedGas(
        "GMX v2",
        3_000_000,
        4_000_000,
        None,
        "gas limit of executing one order (Arbitrum; general)",
        "gmx-synthetics, config/general.ts",
    ),
)
