"""The private inputs of every template, by name, from the trace of its lane."""

from __future__ import annotations

from circuits.account import GROUP
from circuits.account_inputs import Values, account_values, path_values, signature_values
from rollup import tags
from rollup.accounts import Account
from rollup.auction import compute_edges, pack_auction_word
from rollup.margin import Margin, compute_margin
from rollup.poseidon import poseidon
from rollup.trace import BatchTrace, CashLaneTrace, FundLaneTrace, Path
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
        self.tick = trace.tick
        self.rationing = trace.rationing
        bands = [market.band_ppm for market in trace.params.markets]
        self.edges = tuple(map(compute_edges, self.clearing, self.marks, bands))
        self.auction_words = tuple(map(pack_auction_word, self.rationing, self.edges))

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
    values = account_values(account) | dict(path_values("account_path", lane.account_path))
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
    return values | signature_values(lane.signature if signed else None)


def _path_of_positions(lane: CashLaneTrace) -> Path:
    """Return a slot path that fits what an idle orders tree hashes: the two position groups in place of level 0."""
    zeros = (0,) * GROUP
    opened = poseidon([abs(size) for size in lane.before.sizes_lots[:GROUP]], tags.POSITIONS)
    level_1 = (opened, *zeros[1:])
    return (zeros, level_1, (poseidon(level_1, tags.ORDERS_NODE), *zeros[1:]))


def fund_lane_inputs(lane: FundLaneTrace) -> Values:
    """Return the FundLane's private inputs."""
    values = dict(path_values("account_path", lane.account_path))
    for name, account in (("fund", lane.fund_before), ("treasury", lane.treasury_before)):
        groups = account.positions_hashes
        fields = {
            "key_x": account.key[0],
            "key_y": account.key[1],
            "owner": account.owner,
            "status": account.status_word,
            "epoch": account.epoch,
            "last_touched": account.last_touched_s,
            "orders_root": account.orders_root,
            "cash": account.cash_atoms,
            "positions[0]": groups[0],
            "positions[1]": groups[1],
        }
        values |= {f"{name}/{field}": value for field, value in fields.items()}
    return values
