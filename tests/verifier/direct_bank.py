"""A DirectSettlement that ticked once, and users who ask things of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from rollup.oracle import OracleMessages
from rollup.params import Params
from rollup.tick import Tick, run_tick
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, PRICED, START_S, sign_prices
from tests.verifier.direct_scenes import NOW_S, address_of, key_of
from verifier.base_layer import EmbeddedEvm, Reverted
from verifier.direct.calldata import pack_tick
from verifier.direct.deployment import DirectDeployment, deploy_direct
from verifier.direct.messages import Request, compute_domain, hash_request, sign_message
from verifier.direct.words import DirectState

ALICE, BOB = 1, 2
USD = 10**6
ATOMS = 10**12
WITHDRAW, CANCEL, TRANSFER, CANCEL_ALL, CLOSE, WITHDRAW_FREE, CANCEL_ALL_FORCED = 2, 3, 5, 7, 8, 18, 23
FEE = 10**6  # more than any base fee here


def make_tick(now_s: int = START_S + 1, params: Params = PARAMS, **changes: object) -> Tick:
    """Return the tick of a first batch, at priced resources."""
    oracle: OracleMessages = tuple(sign_prices(params, (AVAX_PRICE, ETH_PRICE), now_s))
    return replace(run_tick(PRICED.header, params, oracle, now_s), **changes)


@dataclass
class Bank:
    """A deployment that ticked once, with what users ask of it."""

    deployment: DirectDeployment
    tick: Tick

    def request(self, who: int, kind: int, **fields: object) -> None:
        """Sign and send, with the nonce and epoch that are due unless others are given."""
        state = self.read(who)
        request = Request(kind, **({"nonce": state.nonce, "epoch": state.epoch, "max_fee_e6": FEE} | fields))
        self.send(request, self.sign(who, request))

    def sign(self, who: int, request: Request) -> bytes:
        exchange = self.deployment.exchange
        return sign_message(
            key_of(who), compute_domain(exchange.layer.chain_id, exchange.address), hash_request(request)
        )

    def send(self, request: Request, signature: bytes) -> None:
        halves = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        self.deployment.exchange.transact("request", request.to_abi(), *halves)

    def read(self, who: int) -> DirectState:
        return self.deployment.read_accounts([address_of(who)])[0]

    def deposit(self, who: int, amount_e6: int) -> None:
        self.deployment.exchange.transact("deposit", address_of(who), amount_e6)

    def balance(self, holder: bytes) -> int:
        return int(self.deployment.token.call("balanceOf", holder))


def open_bank() -> Bank:
    """Return one where Alice has 100 USD less the price of an account; Bob has none."""
    deployment, tick = deploy_direct(EmbeddedEvm(NOW_S), PARAMS), make_tick()
    deployment.exchange.transact("tick", pack_tick(tick, (0, 1)))
    made = Bank(deployment, tick)
    made.deposit(ALICE, 100 * USD)
    return made


def refuse(reason: str, bank: Bank, who: int, kind: int, **fields: object) -> None:
    before = bank.read(who)
    with pytest.raises(Reverted, match=reason):
        bank.request(who, kind, **fields)
    assert bank.read(who) == before
