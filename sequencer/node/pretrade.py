"""Whether an account can bear one more order: its margin, should all that rests fill in the worst way at these marks.

Admitted is an order with which the account stays at or above its initial requirement whatever subset of its orders
fills at their limits; or with which nothing it has open can do more than reduce its positions, as long as it can pay
for the places in a batch. Sums are kept by market, so that one order costs the same however many rest; exact integers.
"""

from __future__ import annotations

from dataclasses import dataclass

from rollup.accounts import Account
from rollup.errors import TxRejected, ValueOutOfRange
from rollup.orders import Order
from rollup.units import ATOMS_PER_E6, SIZE_BITS
from sequencer.node.exposure import NO_EXPOSURE, PretradeTerms, compute_worst_charge, measure_order
from sequencer.node.standing import Standing

__all__ = [
    "ChargesNotCovered",
    "OrdersNotCovered",
    "RestingTotals",
    "admit_order",
    "compute_free_collateral_e6",
    "find_pretrade_fault",
]


@dataclass(eq=False)
class OrdersNotCovered(TxRejected):
    """With this order the account's open orders could take it below its initial requirement."""

    code = "orders_not_covered"
    account_id: int
    market: int
    equity_atoms: int  # after the dearest fills and all charges
    required_atoms: int  # of the positions that require most

    def __str__(self) -> str:
        facts = f"equity {self.equity_atoms} < required {self.required_atoms} (1e-18 USD)"
        return f"account {self.account_id}: with an order in market {self.market} its open orders could leave {facts}"


@dataclass(eq=False)
class ChargesNotCovered(TxRejected):
    """The account's equity does not hold what its open orders may be charged for their places in a batch."""

    code = "charges_not_covered"
    account_id: int
    charges_atoms: int
    equity_atoms: int

    def __str__(self) -> str:
        facts = f"{self.charges_atoms}, equity is {self.equity_atoms} (1e-18 USD)"
        return f"account {self.account_id}: its open orders may be charged {facts}"


class RestingTotals:
    """The open orders of one account, those of quotes one by one, and their sums at the tick last asked for."""

    def __init__(self) -> None:
        self.charges_atoms = 0  # what they may be charged at most
        self._orders: dict[int, tuple[Order, int]] = {}  # by slot, with what was filled
        self._standing: Standing | None = None

    def __len__(self) -> int:
        return len(self._orders)

    def get(self, slot: int) -> tuple[Order, int] | None:
        """Return what rests in a slot, and how many lots were filled of it."""
        return self._orders.get(slot)

    def list_slots(self) -> list[int]:
        """Return the slots in which something rests."""
        return list(self._orders)

    def put(self, order: Order, filled_lots: int = 0) -> None:
        """Let an order rest, or what is left of it; what rests in its slot goes. Assumes that something is left."""
        self.remove(order.slot)
        self._orders[order.slot] = (order, filled_lots)
        self.charges_atoms += compute_worst_charge(order, filled_lots)
        if self._standing is not None:
            self._standing.add(order, filled_lots)

    def remove(self, slot: int) -> None:
        """Take out what rests in a slot, if anything does."""
        resting = self._orders.pop(slot, None)
        if resting is not None:
            self.charges_atoms -= compute_worst_charge(*resting)
            if self._standing is not None:
                self._standing.remove(*resting)

    def get_standing(self, account: Account, terms: PretradeTerms) -> Standing:
        """Return the account's standing with all that rests; what account or tick changed is worked out anew."""
        standing = self._standing
        if standing is not None and standing.account is account and standing.terms is terms:
            return standing
        kept = {} if standing is None else standing.keep_exposures(account, terms)
        sums = dict(kept)
        for order, filled_lots in self._orders.values():
            market = order.market
            if market not in kept:
                measured = measure_order(order, filled_lots, terms.markets[market], account.tier, terms.params)
                sums[market] = sums.get(market, NO_EXPOSURE).plus(measured)
        self._standing = Standing(account, terms, sums)
        return self._standing


def find_pretrade_fault(
    account: Account, resting: RestingTotals, order: Order, terms: PretradeTerms
) -> TxRejected | None:
    """Return why the account cannot bear the order beside all that rests, or None. Nothing is changed.

    In its slot it replaces what rests. Assumes that `order.check()` passed and that `resting` are the account's.
    Returned are OrdersNotCovered, ChargesNotCovered, or ValueOutOfRange for a position that no account can hold.
    """
    replaced = resting.get(order.slot)
    fault = admit_order(account, resting, order, terms)
    if fault is None:
        resting.remove(order.slot)
        if replaced is not None:
            resting.put(*replaced)
    return fault


def admit_order(account: Account, resting: RestingTotals, order: Order, terms: PretradeTerms) -> TxRejected | None:
    """Let the order rest and return None, or return why it cannot: then all is as before. As `find_pretrade_fault`."""
    standing = resting.get_standing(account, terms)
    replaced = resting.get(order.slot)
    resting.put(order)
    fault = _judge(standing, resting.charges_atoms, order)
    if fault is not None:
        resting.remove(order.slot)
        if replaced is not None:
            resting.put(*replaced)
    return fault


def _judge(standing: Standing, charges_atoms: int, order: Order) -> TxRejected | None:
    lowest, highest = standing.get_extremes(order.market)
    if max(-lowest, highest) >= 1 << SIZE_BITS:
        return ValueOutOfRange("abs(size_lots)", max(-lowest, highest), 0, 2**SIZE_BITS - 1)
    totals = standing.totals
    left_atoms = standing.equity_atoms - charges_atoms
    if left_atoms - totals.cost_atoms >= totals.required_atoms:
        return None
    if totals.n_adding:
        equity_atoms = left_atoms - totals.cost_atoms
        return OrdersNotCovered(order.account, order.market, equity_atoms, totals.required_atoms)
    return None if left_atoms >= 0 else ChargesNotCovered(order.account, charges_atoms, standing.equity_atoms)


def compute_free_collateral_e6(account: Account, resting: RestingTotals, terms: PretradeTerms) -> int:
    """Return what the account has beyond all its open orders and positions could require, in 1e-6 USD, floored, not
    negative.

    So much may be withdrawn, the fee of doing so not counted, with every open order still covered.
    """
    standing = resting.get_standing(account, terms)
    totals = standing.totals
    free_atoms = standing.equity_atoms - resting.charges_atoms - totals.cost_atoms - totals.required_atoms
    return max(0, free_atoms) // ATOMS_PER_E6
