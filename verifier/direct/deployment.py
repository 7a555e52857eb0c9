"""DirectSettlement deployed with its token, and what may be read of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollup.params import Params
from rollup.units import AMOUNT_E6_BITS
from verifier.artifacts import load_artifact
from verifier.base_layer import BaseLayer, Contract, deploy_contract
from verifier.direct.words import DirectHouseWords, DirectState, pack_risk, unpack_account, unpack_house

__all__ = ["FUND_ADDRESS", "DirectDeployment", "deploy_direct"]

FUND_ADDRESS: Final = (1).to_bytes(20, "big")  # of a precompile: nobody has its key
_ANY_LAG_S: Final = 2**40  # a replay's ticks are as old as its tape
_TOKENS_E6: Final = 2 ** (AMOUNT_E6_BITS + 32)


@dataclass(frozen=True)
class DirectDeployment:
    """The exchange and the token it holds, both on one layer."""

    exchange: Contract
    token: Contract

    def read_accounts(self, accounts: Sequence[bytes]) -> list[DirectState]:
        """Return accounts as they stand."""
        return [unpack_account(*self.exchange.call("getAccount", account)) for account in accounts]

    def read_house(self) -> tuple[DirectHouseWords, DirectState]:
        """Return what the contract holds for itself, and the fund's positions: of that record only the sizes."""
        _, fund, house, _ = self.exchange.call("getHouse")
        words = unpack_house(fund, house)
        _, positions = self.exchange.call("getAccount", FUND_ADDRESS)
        return words, unpack_account(words.held << 128, positions)


def deploy_direct(layer: BaseLayer, params: Params, max_lag_s: int = _ANY_LAG_S) -> DirectDeployment:
    """Deploy token and exchange; the layer's sender is the operator, holds tokens and lets the exchange draw them.

    Fees by tier, liquidation fees and bands are those of the parameters. Raises Reverted.
    """
    token = deploy_contract(layer, load_artifact("HookToken"))
    fees = (params.taker_packed, params.maker_packed, params.fund_band_ppm)
    artifact = load_artifact("DirectSettlement")
    exchange = deploy_contract(layer, artifact, layer.sender, token.address, max_lag_s, *fees, pack_risk(params))
    token.transact("mint", layer.sender, _TOKENS_E6)
    token.transact("approve", exchange.address, _TOKENS_E6)
    return DirectDeployment(exchange, token)
