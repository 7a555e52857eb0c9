"""How RescueLanes and the FundLane stand in a batch file."""

from __future__ import annotations

from rollup.codec_common import ACCOUNT, ACCOUNT_ID, ACCOUNT_PATH, LANE_HEAD, signed, vector
from rollup.codec_fields import Codec, Flag, Integer, Optional, Record, Variant, unsigned
from rollup.deleverage import Deleveraging
from rollup.rescue import Carry, Counterparty, ForcedTradeLeg, Takeover, Victim
from rollup.trace import FundFillTrace, FundLaneTrace, RescueLaneTrace
from rollup.txs.forced_trade import FirstLeg, ForcedLeg
from rollup.units import EQUITY_BITS, MARKET_COUNT, OWNER_BITS, PRICE_BITS, SIZE_BITS

__all__ = ["FUND_LANE", "RESCUE_LANE"]

_MARKET = Integer(0, MARKET_COUNT - 1)
_LOTS = unsigned(SIZE_BITS)
_NOTIONAL = unsigned(SIZE_BITS + PRICE_BITS + 4)  # over 16 markets
_FUND_EQUITY = signed(EQUITY_BITS + 12)  # over 4096 lanes
_LEG = Record(
    ForcedLeg,
    {
        "is_second": Flag(),
        "account": ACCOUNT_ID,
        "owner": unsigned(OWNER_BITS),
        "market": _MARKET,
        "side": Integer(0, 1),
        "lots": _LOTS,
        "price_ticks": unsigned(PRICE_BITS),
    },
)
_OP = Variant(
    {
        "takeover": Record(Takeover, {}),
        "victim": Record(Victim, {}),
        "counterparty": Record(Counterparty, {"market": _MARKET, "lots": _LOTS}),
        "forced_trade_leg": Record(ForcedTradeLeg, {"leg": _LEG, "is_applied": Flag()}),
    }
)
_DELEVERAGING = Record(
    Deleveraging,
    {
        "left_lots": vector(signed(SIZE_BITS), MARKET_COUNT),
        "deficit_atoms": unsigned(EQUITY_BITS),
        "notional": _NOTIONAL,
        "last_market": _MARKET,
        "last_notional": _NOTIONAL,
        "last_equity_atoms": signed(EQUITY_BITS),
    },
)
_CARRY = Record(
    Carry,
    {
        "fund_equity_atoms": _FUND_EQUITY,
        "deleveraging": _DELEVERAGING,
        "first_leg": Optional(Record(FirstLeg, {"leg": _LEG, "is_valid": Flag(), "is_applied": Flag()})),
    },
)
_CARRIES: dict[str, Codec] = {"carry_in": _CARRY, "carry_out": _CARRY}
RESCUE_LANE = Record(RescueLaneTrace, {**LANE_HEAD, "op": Optional(_OP), **_CARRIES})
FUND_LANE = Record(
    FundLaneTrace,
    {
        "fund_before": ACCOUNT,
        "fund_after": ACCOUNT,
        "treasury_before": ACCOUNT,
        "treasury_after": ACCOUNT,
        "account_path": ACCOUNT_PATH,
        "fill": Optional(Record(FundFillTrace, {"market": _MARKET, "fill_lots": _LOTS})),
    },
)
