"""The private inputs of every template, by name, from the trace of its lane."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.account import GROUP
from circuits.account_inputs import Values, account_values, path_values
from circuits.liquidation import GAP_BITS
from rollup import tags
from rollup.accounts import Account
from rollup.margin import Margin, compute_margin
from rollup.poseidon import poseidon
from rollup.signature import Signature, divide_by_eight
from rollup.trace import BatchTrace, CashLaneTrace, Path, TradeLaneTrace
from rollup.txs import Cancel, Deposit, Withdraw
from rollup.units import PPM


class Prices:
    """The market view that margins in this batch are taken at."""

    def __init__(self, trace: BatchTrace) -> None:
        header = trace.header_after
        self.params = trace.params
        self.fractions = trace.tick.fractions
        self.marks = header.marks_ticks
        self.funding = header.funding_index
        self.clearing = trace.clearing_prices_ticks
        self.timestamp_s = header.timestamp_s

    def margin(self, account: Account) -> Margin:
        return compute_margin(account.cash_atoms, account.sizes_lots, self.marks, self.funding, self.fractions)


def tick_inputs(trace: BatchTrace) -> Values:
    """Return the tick's private inputs."""
    params, before, after = trace.params, trace.header_before, trace.header_after
    values = {
        "params/chain_id": params.chain_id,
        "params/contract": params.contract,
        "params/version": params.version,
        "clock/timestamp": after.timestamp_s,
        "clock/timestamp_before": before.timestamp_s,
        "clock/batch_number": after.batch_number,
    }
    keys = [axis for key in params.oracle_keys for axis in key]
    values |= {
        "params/sizes_hash": poseidon([market.size_word for market in params.markets], tags.MARKET_SIZES),
        "params/fees[0]": params.fees_words[0],
        "params/fees[1]": params.fees_words[1],
        "params/times": params.times_word,
        "params/keys_hash": poseidon(keys, tags.ORACLE_KEYS),
    }
    values |= {f"params/taker_fee_ppm[{t}]": fee for t, fee in enumerate(params.taker_fee_ppm)}
    values |= {f"params/maker_fee_ppm[{t}]": fee + PPM for t, fee in enumerate(params.maker_fee_ppm)}
    for m, market in enumerate(params.markets):
        values[f"mark_before[{m}]"] = before.marks_ticks[m]
        values[f"premium_before[{m}]"] = before.premiums[m]
        values[f"open_interest_before[{m}]"] = before.open_interest_lots[m]
        for part in ("initial", "maintenance", "liquidation_fee", "band", "max_move", "funding_clamp"):
            values[f"market[{m}]/{part}_ppm"] = getattr(market, f"{part}_ppm")
    return values


def cash_lane_inputs(lane: CashLaneTrace) -> Values:
    """Return a CashLane's private inputs."""
    op, account = lane.op, lane.before
    signed = isinstance(op, (Withdraw, Cancel))
    values = _account_values(account) | dict(path_values("account_path", lane.account_path))
    for field in ("tier", "cash_nonce"):
        del values[f"account/{field}"]
    groups = account.positions_hashes
    operand = op.nonce if isinstance(op, Cancel) else op.amount_e6 if op else 0
    deposit = op if isinstance(op, Deposit) else None
    creates = deposit is not None and account.is_empty
    slot_path = lane.slot_path if isinstance(op, Cancel) else _path_of_positions(lane)
    values |= {
        "account_id": lane.account_id,
        "kind/deposit": int(deposit is not None),
        "kind/withdraw": int(isinstance(op, Withdraw)),
        "kind/cancel": int(isinstance(op, Cancel)),
        "kind/creates": int(creates),
        "deposit/key_x": deposit.key[0] if deposit else 0,
        "deposit/key_y": deposit.key[1] if deposit else 0,
        "deposit/owner": deposit.owner if deposit else 0,
        "operand": operand,
        "account/tier": account.tier,
        "account/cash_nonce_after": account.cash_nonce + signed,
        "account/positions[0]": groups[0],
        "account/positions[1]": groups[1],
        "cancel/slot": op.slot if isinstance(op, Cancel) else 0,
        "cancel/slot_before": lane.slot_before if isinstance(op, Cancel) else 0,
    }
    values |= dict(path_values("cancel/slot_path", slot_path))
    return values | _signature_values(lane.signature if signed else None)


def _path_of_positions(lane: CashLaneTrace) -> Path:
    """Return a slot path that fits what an idle orders tree hashes: the two position groups in place of level 0."""
    zeros = (0,) * GROUP
    opened = poseidon([abs(size) for size in lane.before.sizes_lots[:GROUP]], tags.POSITIONS)
    level_1 = (opened, *zeros[1:])
    return (zeros, level_1, (poseidon(level_1, tags.ORDERS_NODE), *zeros[1:]))


def trade_lane_inputs(lane: TradeLaneTrace, prices: Prices) -> Values:
    """Return a TradeLane's private inputs."""
    healthy = False
    if lane.fills:
        after = prices.margin(lane.after)
        healthy = after.equity >= after.initial
    values = _account_values(lane.before) | dict(path_values("account_path", lane.account_path))
    values |= {
        "account_id": lane.account_id,
        "liquidation/flag": int(lane.liquidation is not None),
        "margin/healthy": int(healthy),
        **_penalty_values(lane, prices),
    }
    orders = lane.before.orders
    for k in range(lane.capacity):
        with_order = k < len(lane.fills)
        slot = _order_values(lane, k, prices.clearing, prices.timestamp_s) if with_order else _idle_order_values()
        if with_order:
            fill = lane.fills[k]
            orders = orders.set(fill.order.slot, slot.pop("slot_after"))
        else:
            slot |= {"slot_before": orders.get(0)} | dict(path_values("slot_path", orders.path(0)))
        if k == 0 and lane.liquidation is not None:
            slot |= _liquidation_values(lane, prices)
        values |= {f"order[{k}]/{name}": value for name, value in slot.items()}
    return values


def _order_values(lane: TradeLaneTrace, k: int, prices_ticks: Sequence[int], timestamp_s: int) -> Values:
    fill = lane.fills[k]
    order, slot = fill.order, fill.slot_before
    nonce_before, filled = slot >> 48, slot & (2**48 - 1)
    filled_before = filled if nonce_before == order.nonce else 0
    gap = (order.limit_ticks - prices_ticks[order.market]) * order.direction
    return {
        "active": 1,
        "fill": fill.fill_lots,
        "side": order.side,
        "market": order.market,
        "slot": order.slot,
        "nonce": order.nonce,
        "nonce_step": order.nonce - nonce_before,
        "filled": filled,
        "size": order.size_lots,
        "rest": order.size_lots - filled_before - fill.fill_lots,
        "limit_gap": gap,
        "expiry_gap": order.expiry_s - timestamp_s,
        "slot_before": slot,
        "slot_after": (order.nonce << 48) + filled_before + fill.fill_lots,
        "word_3": order.words()[2],
        **_signature_values(fill.signature),
        **dict(path_values("slot_path", fill.slot_path)),
    }


def _idle_order_values() -> Values:
    names = ("active", "fill", "side", "market", "slot", "nonce", "nonce_step", "filled", "size", "rest", "limit_gap")
    return dict.fromkeys((*names, "expiry_gap", "word_3"), 0) | _signature_values(None)


# The bits an idle order lends to the liquidation's range proofs, in the order of `SignedOrder.idle_bits`.
IDLE_FIELDS = (
    ("s", 250),
    ("size", 48),
    ("rest", 48),
    ("limit_gap", 48),
    ("expiry_gap", 40),
    ("nonce", 32),
    ("nonce_step", 8),
    ("filled", 48),
)


def _liquidation_values(lane: TradeLaneTrace, prices: Prices) -> Values:
    """Return slot 0's fill in a liquidation, its idle bits holding the gaps to the largest requirement."""
    assert lane.liquidation is not None
    market = lane.liquidation.market
    required = [
        abs(size) * mark * ppm
        for size, mark, ppm in zip(lane.before.sizes_lots, prices.marks, prices.fractions.maintenance_ppm, strict=True)
    ]
    gaps = [required[market] - own for own in required]
    n_borrowed = sum(n_bits for _, n_bits in IDLE_FIELDS) // GAP_BITS
    word = sum(gap << (GAP_BITS * i) for i, gap in enumerate(gaps[:n_borrowed]))
    values: Values = {
        "fill": lane.liquidation.fill_lots,
        "side": int(lane.before.sizes_lots[market] > 0),
        "market": market,
    }
    for name, n_bits in IDLE_FIELDS:
        values[name] = word & ((1 << n_bits) - 1)
        word >>= n_bits
    return values


def _penalty_values(lane: TradeLaneTrace, prices: Prices) -> Values:
    """Return which case the penalty is: the full cap, none as equity is negative, or what equity leaves."""
    full = none = False
    if lane.liquidation is not None:
        after = prices.margin(lane.after)
        penalty, market = lane.liquidation.penalty_atoms, lane.liquidation.market
        cap = lane.liquidation.fill_lots * prices.clearing[market] * prices.params.markets[market].liquidation_fee_ppm
        equity_pre = after.equity + penalty
        none = equity_pre < 0
        full = not none and equity_pre >= cap
    return {"liquidation/penalty/full": int(full), "liquidation/penalty/none": int(none)}


def _account_values(account: Account) -> Values:
    eighth = divide_by_eight(account.key) if account.key != (0, 0) else (0, 0)
    return account_values(account) | {"account/key_div_8_x": eighth[0], "account/key_div_8_y": eighth[1]}


def _signature_values(signature: Signature | None) -> Values:
    r8, s = (signature.r8, signature.s) if signature else ((0, 0), 0)
    return {"r8_x": r8[0], "r8_y": r8[1], "s": s}
