"""A CashLane alone: accounts with positions, orders and funding; operations applied, allowed or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from circuits.bus import compute_bus
from circuits.lane_inputs import cash_lane_inputs
from circuits.lanes.cash import build_cash_lane
from rollup.accounts import EMPTY_ACCOUNT, EMPTY_ORDERS, Account
from rollup.orders import pack_slot
from rollup.signature import Signature, derive_public_key, sign
from rollup.signature_cache import SignatureCache
from rollup.state import State, StateHeader
from rollup.tick import derive_tick
from rollup.trace import BatchTrace, CashLaneTrace, FundLaneTrace
from rollup.txs import Cancel, CashOp, Deposit, Withdraw
from rollup.units import ATOMS_PER_E6
from rollup.workspace import Workspace
from tests.circuits.lane_cases import FRESH, LoneTemplate, Values, Venue
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S

__all__ = ["OUTPUTS", "VENUE", "CashCase", "force", "key_of", "load_cash_lane", "make_case", "make_trader", "sign_op"]

OUTPUTS = ("root_out", "queue_out", "vault_out", *(f"bridge[{i}]" for i in range(4)))
VAULT_E6 = 2**70
DEPOSITS = 41
FUNDING = (-(10**12), 3 * 10**14, *range(-6, 7), 2**71)  # atoms a lot, of either sign
VENUE = Venue(
    marks_ticks=(AVAX_PRICE, ETH_PRICE, *range(2, 16)),
    funding_index=FUNDING,
    others={5: Account(key=(3, 4), owner=9, cash_atoms=7), 8**6: Account(owner=11, epoch=2)},
)


@lru_cache(maxsize=1)
def load_cash_lane() -> LoneTemplate:
    """Return the CashLane; recorded once in a process."""
    return LoneTemplate("CashLane", build_cash_lane)


def key_of(account_id: int) -> bytes:
    """Return the private key that the account's owner signs with."""
    return account_id.to_bytes(32, "big")


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


def sign_op(op: CashOp, private_key: bytes, domain: int = PARAMS.domain) -> Signature | None:
    """Return the signature of a withdrawal or cancel, None for a deposit."""
    return None if isinstance(op, Deposit) else sign(private_key, op.message(domain))


def force(op: CashOp | None, account: Account, timestamp_s: int) -> Account:
    """Return the account after the operation, in range or not: effects without checks."""
    if op is None:
        return account
    after = replace(account, last_touched_s=timestamp_s)
    if isinstance(op, Cancel):
        orders = account.orders.set(op.slot, (op.nonce + 1) << 48)
        return replace(after, orders=orders, cash_nonce=account.cash_nonce + 1)
    if isinstance(op, Withdraw):
        cash_atoms = account.cash_atoms - op.amount_e6 * ATOMS_PER_E6
        return replace(after, cash_atoms=cash_atoms, cash_nonce=account.cash_nonce + 1)
    after = replace(after, cash_atoms=account.cash_atoms + op.amount_e6 * ATOMS_PER_E6)
    return replace(after, key=op.key, owner=op.owner, epoch=account.epoch + 1) if account.is_empty else after


@dataclass(frozen=True)
class CashCase:
    """One CashLane's turn: its trace, and what the circuit is given."""

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
    venue: Venue = VENUE,
) -> CashCase:
    """Return the lane in which the operation takes place, allowed or not; unless given, signed by its account's key."""
    account_id = account_id if account_id is not None else op.account if op else 0
    if op is not None and signature is None:
        signature = sign_op(op, key_of(account_id), venue.params.domain)
    tree = venue.tree({account_id: before})
    slot = op.slot if isinstance(op, Cancel) else 0
    lane = CashLaneTrace(
        account_id=account_id,
        before=before,
        after=after or force(op, before, venue.timestamp_s),
        account_path=tree.path(account_id),
        op=op,
        signature=signature,
        slot_before=before.orders.get(slot),
        slot_path=before.orders.path(slot),
    )
    tree_after = tree.set(account_id, lane.after.leaf_hash())
    fund = FundLaneTrace(EMPTY_ACCOUNT, EMPTY_ACCOUNT, EMPTY_ACCOUNT, EMPTY_ACCOUNT, tree_after.path(0))
    old, new = (_with_totals(venue.header(root, i)) for i, root in enumerate((tree.root, tree_after.root)))
    trace = BatchTrace("one CashLane", venue.params, old, new, FRESH, venue.clearing, (lane,), (), fund)
    bus = compute_bus(trace)
    ports = {port: bus[_wire_of(port)] for port in load_cash_lane().template.ports}
    return CashCase(trace, ports | cash_lane_inputs(lane))


def _wire_of(port: str) -> str:
    """Return the bus wire behind a port of the first CashLane, as `circuits.batch` connects it."""
    if port.startswith("table/"):
        return port
    if port.startswith("bridge["):
        return f"lane[0]/{port}"
    name, _, end = port.rpartition("_")
    return f"{'accounts_root' if name == 'root' else name}[{int(end == 'out')}]"


def _with_totals(header: StateHeader) -> StateHeader:
    return replace(header, queue_consumed=DEPOSITS, vault_e6=VAULT_E6)


def make_workspace(before: Account, account_id: int, venue: Venue = VENUE) -> Workspace:
    """Return the model's view of the same exchange, to ask whether it accepts."""
    tree = venue.tree({account_id: before})
    state = State(_with_totals(venue.header(tree.root, 0)), tree, {**venue.others, account_id: before})
    tick = derive_tick(state.header, venue.header(tree.root, 1), venue.params)
    return Workspace(state, venue.params, tick, SignatureCache())
