"""A CashLane alone: accounts with positions, orders and funding; operations applied, allowed or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from circuits.bus import compute_bus
from circuits.cash_bridge import CHAINS
from circuits.cash_inputs import cash_lane_inputs
from circuits.lane_inputs import Prices
from circuits.lanes.cash import build_cash_lane
from rollup.accounts import EMPTY_ACCOUNT, EMPTY_ORDERS, Account
from rollup.errors import TxRejected
from rollup.margin import Margin
from rollup.orders import pack_slot
from rollup.rationing import NO_RATIONING
from rollup.records import CASH_WORDS
from rollup.signature import Signature, derive_public_key, sign, verify
from rollup.state import Resources, StateHeader
from rollup.tick import Tick, derive_tick
from rollup.trace import BatchTrace, CashLaneTrace, FundLaneTrace
from rollup.txs import NO_FLOWS, Cancel, CashOp, Effect, SignedOp, TransferIn, compute_effect
from rollup.txs.effect import compute_margin_at
from rollup.units import AMOUNT_E6_BITS, MARKET_COUNT, ORACLE_COUNT
from tests.circuits.lane_cases import FRESH, LoneTemplate, Values, Venue
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S, key_of

__all__ = [
    "NO_SIGNATURE",
    "OUTPUTS",
    "VENUE",
    "CashCase",
    "free_atoms",
    "load_cash_lane",
    "make_case",
    "make_tick",
    "make_trader",
    "sign_op",
]

OUTPUTS = (
    "root_out",
    *(f"{chain}_out" for chain in CHAINS),
    *(f"bridge[{i}]" for i in range(4)),
    *(f"data[{i}]" for i in range(len(CASH_WORDS))),
)
NO_SIGNATURE = Signature((0, 0), 0)
VAULT_E6 = 2**70
ENTRIES = 41
FUNDING = (-(10**12), 3 * 10**14, *range(-6, 7), 2**71)  # atoms a lot, of either sign
# a cash operation costs 0.052 USD, a leaf 0.5 USD and as much rent a day
FEES = Resources(base_fees=(10**16, 5 * 10**17, 10**15 - 3))
VENUE = Venue(
    params=replace(PARAMS, rent_period_s=86_400),
    marks_ticks=(AVAX_PRICE, ETH_PRICE, *range(2, 16)),
    funding_index=FUNDING,
    resources=FEES,
    others={5: Account(key=(3, 4), owner=9, cash_atoms=7), 8**6: Account(owner=11, epoch=2)},
)


@lru_cache(maxsize=1)
def load_cash_lane() -> LoneTemplate:
    """Return the CashLane; recorded once in a process."""
    return LoneTemplate("CashLane", build_cash_lane)


def make_trader(account_id: int, **changes: object) -> Account:
    """Return an account in use: 10,000 USD, AVAX long, ETH short, a few order slots, counters above zero."""
    orders = EMPTY_ORDERS.set(0, pack_slot(3, 9)).set(8, pack_slot(77, 5)).set(511, pack_slot(2**32 - 1, 2**48 - 1))
    sizes = (30_000_000, -2_000_000, *(0,) * 7, 5, *(0,) * 5, -3)
    account = Account(
        key=derive_public_key(key_of(account_id)),
        owner=0xA0000 + account_id,
        epoch=3,
        cash_nonce=6,
        tier=5,
        cash_atoms=10_000 * 10**18,
        sizes_lots=sizes,
        orders=orders,
        last_touched_s=START_S - 900,
    )
    return replace(account, **changes)  # type: ignore[arg-type]  # fields of Account by name


def make_tick(venue: Venue = VENUE, *, stale: bool = False) -> Tick:
    """Return what the lanes read at this venue."""
    old, new = (venue.header(0, i) for i in (0, 1))
    return derive_tick(old, new, venue.params, stale=stale)


def free_atoms(account: Account, venue: Venue = VENUE) -> int:
    """Return the account's equity less its initial requirement, as it stands."""
    margin: Margin = compute_margin_at(account, make_tick(venue))
    return margin.equity - margin.initial


def sign_op(op: CashOp | None, private_key: bytes, domain: int = PARAMS.domain) -> Signature | None:
    """Return the signature of an operation that has one."""
    return sign(private_key, op.message(domain)) if isinstance(op, SignedOp) else None


@dataclass(frozen=True)
class CashCase:
    """One CashLane's turn: whether the model allows it, its trace, and what the circuit is given."""

    is_allowed: bool
    trace: BatchTrace
    inputs: Values

    @property
    def lane(self) -> CashLaneTrace:
        """The lane's trace."""
        return self.trace.cash_lanes[0]


def make_case(
    op: CashOp | None,
    before: Account,
    *,
    account_id: int | None = None,
    signature: Signature | None = None,
    after: Account | None = None,
    stale: bool = False,
    venue: Venue = VENUE,
) -> CashCase:
    """Return the lane in which the operation takes place; unless given, signed by its account's key.

    Where the model refuses it, the outputs follow what the circuit computes: only what forbids it is broken.
    after: what the lane writes back in place of what the model says.
    """
    account_id = account_id if account_id is not None else op.account if op else 0
    if signature is None:
        signature = sign_op(op, key_of(account_id), venue.params.domain)
    effect = _ask_model(op, before, signature, make_tick(venue, stale=stale))
    done = effect or Effect(before, NO_FLOWS, is_applied=False)
    if after is not None:
        done = replace(done, after=after)
    trace = _trace_lane(op, before, done, account_id, signature, venue, stale)
    bus = compute_bus(trace)
    ports = {port: bus[_wire_of(port)] for port in load_cash_lane().template.ports}
    if isinstance(op, TransferIn):
        ports["transfer_in"] = (account_id << AMOUNT_E6_BITS) + op.amount_e6
    inputs = ports | cash_lane_inputs(trace.cash_lanes[0], Prices(trace))
    if effect is None:
        inputs = load_cash_lane().follow(inputs, {}, OUTPUTS)
    return CashCase(effect is not None, trace, inputs)


def _ask_model(op: CashOp | None, before: Account, signature: Signature | None, tick: Tick) -> Effect | None:
    """Return what the operation does, None where the model refuses it."""
    if op is None:
        return Effect(before, NO_FLOWS, is_applied=False)
    try:
        effect = compute_effect(op, before, tick)
    except TxRejected:
        return None
    if isinstance(op, SignedOp):
        assert signature is not None
        return effect if verify(before.key, op.message(VENUE.params.domain), signature) else None
    return effect


def _trace_lane(
    op: CashOp | None,
    before: Account,
    effect: Effect,
    account_id: int,
    signature: Signature | None,
    venue: Venue,
    stale: bool,
) -> BatchTrace:
    tree, slot = venue.tree({account_id: before}), op.slot if isinstance(op, Cancel) else 0
    lane = CashLaneTrace(
        account_id=account_id,
        before=before,
        after=effect.after,
        account_path=tree.path(account_id),
        op=op,
        is_applied=effect.is_applied,
        flows=effect.flows,
        signature=signature,
        slot_before=before.orders.get(slot),
        slot_path=before.orders.path(slot),
    )
    tree_after = tree.set(account_id, lane.after.leaf_hash())
    fund = FundLaneTrace(*(EMPTY_ACCOUNT,) * 4, tree_after.path(0), None)
    old, new = (_with_totals(venue.header(root, i)) for i, root in enumerate((tree.root, tree_after.root)))
    oracle = (None,) * ORACLE_COUNT if stale else FRESH
    none = (NO_RATIONING,) * MARKET_COUNT
    return BatchTrace("one", venue.params, old, new, oracle, venue.clearing, none, (lane,), (), (), (), fund)


def _wire_of(port: str) -> str:
    """Return the bus wire behind a port of the first CashLane, as `circuits.batch` connects it."""
    if port.startswith("table/"):
        return port
    if port.startswith(("bridge[", "data[")):
        return f"lane[0]/{port}"
    name, _, end = port.rpartition("_")
    return f"{'accounts_root' if name == 'root' else name}[{int(end == 'out')}]"


def _with_totals(header: StateHeader) -> StateHeader:
    return replace(header, queue_consumed=ENTRIES, vault_e6=VAULT_E6)
