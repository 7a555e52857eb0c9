"""DirectSettlement with accounts in any standing: words are put into its storage, and everything is undone after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, cast

from eth_abi.abi import encode
from eth_keys.datatypes import PrivateKey
from eth_typing import ABIElement, Address
from eth_utils.abi import function_abi_to_4byte_selector, get_abi_input_types
from eth_utils.crypto import keccak

from rollup.orders import Order
from rollup.params import MarketParams, Params
from rollup.units import MARKET_COUNT
from tests.scenarios import PARAMS, START_S
from verifier.base_layer import EmbeddedEvm, Reverted
from verifier.base_layer.contract import _explain
from verifier.base_layer.embedded_chain import sign
from verifier.direct.calldata import SignedFill, pack_liquidation, pack_prices, pack_turn
from verifier.direct.deployment import FUND_ADDRESS, DirectDeployment, deploy_direct
from verifier.direct.messages import compute_domain, hash_order, sign_message
from verifier.direct.words import DirectState, unpack_account

MARKETS = tuple(MarketParams(f"M{m}", 6, 6, 50_000, 30_000, 10_000, 50_000) for m in range(MARKET_COUNT))
SIXTEEN = replace(PARAMS, markets=MARKETS, fund_band_ppm=20_000)
CLOCK_SLOT, FUND_SLOT, HOUSE_SLOT = 17, 18, 19  # accounts 0, markets 1 to 16
USED = 1 << 255
NOW_S = START_S + 3_600  # of the chain, when the scenes are played on it
ORDER_FEE_E6, CASH_FEE_E6, LEAF_FEE_E6 = 3_400, 50_000, 1_000_000


class SceneEvm(EmbeddedEvm):
    """An embedded EVM that tells what a transaction would do to storage that is not so."""

    def probe(
        self, address: bytes, storage: Mapping[int, int], calldata: bytes, reads: Sequence[int]
    ) -> tuple[list[int], int]:
        """Return the words read after the call, and its gas. Raises Reverted."""
        state = self._chain.get_vm().state  # a fresh one each time, which nobody keeps
        for slot, word in storage.items():
            state.set_storage(Address(address), slot, word)
        # as if the words had always been there: gas and refunds go by what a slot held before the transaction
        state.lock_changes()
        nonce = state.get_nonce(Address(self.sender))
        computation = state.apply_transaction(sign(self._keys[self.sender], nonce, address, calldata, 0, ()))
        if computation.is_error:
            raise Reverted(computation.output, "execution reverted", computation.get_gas_used())
        return [state.get_storage(Address(address), slot) for slot in reads], computation.get_gas_used()


@cache
def get_deployment() -> DirectDeployment:
    """The contract with sixteen open markets, on a layer of its own."""
    return deploy_direct(SceneEvm(NOW_S), SIXTEEN)


def key_of(name: int) -> PrivateKey:
    """Return a trader's key."""
    return PrivateKey(keccak(b"trader" + bytes([name])))


def address_of(name: int) -> bytes:
    """Return a trader's address."""
    return key_of(name).public_key.to_canonical_address()


def base_of(account: bytes) -> int:
    """Return where an account's storage begins: the mapping is the contract's first variable."""
    return int.from_bytes(keccak(account.rjust(32, b"\0") + bytes(32)), "big")


def pack_words(sizes_lots: Sequence[int]) -> tuple[int, list[int]]:
    """Return which markets are held, and the six words."""
    words = [0] * 6
    for market, lots in enumerate(sizes_lots):
        if lots:
            words[market // 3] |= USED | (lots % 2**56) << 56 * (market % 3)
    return sum(1 << market for market, lots in enumerate(sizes_lots) if lots), words


@dataclass
class Scene:
    """Marks, fractions, and accounts in any standing."""

    marks: Sequence[int]
    funding: Sequence[int]
    initial_ppm: Sequence[int]
    maintenance_ppm: Sequence[int]
    params: Params = SIXTEEN
    now_s: int = START_S
    stale: bool = False
    rent_rate: int = 0
    storage: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fees = ORDER_FEE_E6 << 41 | CASH_FEE_E6 << 89 | LEAF_FEE_E6 << 137
        self.storage[CLOCK_SLOT] = self.now_s | int(self.stale) << 40 | fees | self.rent_rate << 185
        markets = zip(self.marks, self.funding, self.initial_ppm, self.maintenance_ppm, strict=True)
        for market, (mark, index, initial, maintenance) in enumerate(markets):
            rules = self.params.markets[market].liquidation_fee_ppm | self.params.markets[market].band_ppm << 20
            self.storage[1 + market] = (
                mark | (index % 2**80) << 48 | initial << 128 | maintenance << 148 | rules << 168 | 1 << 208
            )

    def put(
        self, account: bytes, cash: int, sizes: Sequence[int], *, epoch: int = 1, tier: int = 0, since_s: int = 0
    ) -> None:
        """Open an account with cash (atoms, relative to the funding index) and lots."""
        held, words = pack_words(sizes)
        touched = self.now_s - since_s
        header = cash % 2**128 | held << 128 | touched << 144 | epoch << 184 | tier << 248 | 1 << 251
        base = base_of(account)
        self.storage[base] = header
        self.storage.update({base + 1 + i: word for i, word in enumerate(words)})

    def put_slot(self, account: bytes, slot: int, nonce: int, filled: int) -> None:
        """Set one of an account's first six order slots."""
        place = base_of(account) + 1 + slot
        self.storage[place] = self.storage.get(place, 0) | USED | filled << 168 | nonce << 216

    def put_house(self, fund_cash: int, fund_sizes: Sequence[int], budget: int = 0, treasury: int = 0) -> None:
        """Set what the contract holds for itself."""
        held, words = pack_words(fund_sizes)
        self.storage[FUND_SLOT] = fund_cash % 2**128
        self.storage[HOUSE_SLOT] = treasury % 2**128 | held << 128 | budget << 144
        self.storage.update({base_of(FUND_ADDRESS) + 1 + i: word for i, word in enumerate(words)})

    def run(self, function: str, *args: object, accounts: Sequence[bytes] = (), words: Sequence[int] = ()) -> Outcome:
        """Return what a call leaves of some accounts, and of some words. Raises Reverted, the reason spelled."""
        exchange = get_deployment().exchange
        layer = cast(SceneEvm, exchange.layer)
        (abi,) = (e for e in exchange.artifact.abi if e["type"] == "function" and e["name"] == function)
        entry = cast(ABIElement, abi)
        calldata = function_abi_to_4byte_selector(entry) + encode(get_abi_input_types(entry), args)
        places = [base_of(account) + i for account in accounts for i in range(7)]
        reads = [FUND_SLOT, HOUSE_SLOT, *words, *places]
        try:
            found, gas = layer.probe(exchange.address, self.storage, calldata, reads)
        except Reverted as error:
            raise _explain(error, exchange.artifact) from None
        first = 2 + len(words)
        states = [unpack_account(found[i], found[i + 1 : i + 7]) for i in range(first, len(found), 7)]
        return Outcome(states, found[0], found[1], found[2:first], gas)


@dataclass(frozen=True)
class Outcome:
    """What a call left."""

    accounts: list[DirectState]
    fund: int
    house: int
    words: list[int]
    gas: int

    @property
    def due_atoms(self) -> int:
        """What came in for the fund."""
        return self.fund >> 128

    @property
    def treasury_atoms(self) -> int:
        """What the treasury has."""
        low = self.house % 2**128
        return low - (low >> 127 << 128)


def sign_fill(trader: int, order: Order, lots: int, **wrong: int) -> SignedFill:
    """Return a fill with its trader's signature, or with that of an order that differs from it."""
    exchange = get_deployment().exchange
    domain = compute_domain(exchange.layer.chain_id, exchange.address)
    return SignedFill(order, lots, sign_message(key_of(trader), domain, hash_order(replace(order, **cast(Any, wrong)))))


def make_order(market: int, lots: int, limit: int, **changes: int) -> Order:
    """Return an order that is good for a minute: positive lots buy. The account in it is nobody's business here."""
    fields: dict[str, Any] = {"slot": 0, "nonce": 5, "epoch": 1, "expiry_s": START_S + 60, "max_fee_e6": 10**6}
    return Order(2, market, int(lots < 0), size_lots=abs(lots), limit_ticks=limit, **(fields | changes))


def pack_settle(prices: Mapping[int, int], *turns: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the arguments of `settle`, no tick among them."""
    return b"", pack_prices(prices), b"".join(turns)


__all__ = ["Outcome", "Scene", "pack_liquidation", "pack_settle", "pack_turn"]
