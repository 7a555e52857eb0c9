"""RescueLanes and the FundLane in a batch file: every kind comes back as it was written, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rollup.codec import decode_trace, encode_trace
from rollup.codec_fields import Malformed
from rollup.codec_rescue import FUND_LANE, RESCUE_LANE
from tests.rescue_batches import FORCED, SHARED, SURPLUS, TAKEOVER, get_rescue_traces

VICTIM, LEG = (SHARED, 0), (FORCED, 0)


@pytest.mark.parametrize("name", [TAKEOVER, SHARED, SURPLUS, FORCED])
def test_batch_comes_back(name: str) -> None:
    trace = get_rescue_traces()[name]
    assert decode_trace(encode_trace(trace)) == trace


def test_every_kind_has_a_name_of_its_own() -> None:
    lanes = [lane for trace in get_rescue_traces().values() for lane in trace.rescue_lanes if lane.op]
    names = {next(iter(RESCUE_LANE.encode(lane)["op"])): type(lane.op) for lane in lanes}
    assert set(names) == {"takeover", "victim", "counterparty", "forced_trade_leg"}
    assert len(set(names.values())) == 4


@pytest.mark.parametrize(
    ("source", "path", "value"),
    [
        (VICTIM, ("op",), {"eviction": {}}),
        (VICTIM, ("op",), {"victim": {"account": "2"}}),
        (VICTIM, ("op",), {"counterparty": {"market": "10", "lots": "1"}}),
        (VICTIM, ("op",), {"counterparty": {"market": "0", "lots": "1000000000000"}}),
        (VICTIM, ("op",), {"counterparty": {"market": "0", "lots": "-1"}}),
        (VICTIM, ("carry_in",), None),
        (VICTIM, ("carry_out", "deleveraging", "deficit_atoms"), "-1"),
        (VICTIM, ("carry_out", "deleveraging", "left_lots"), []),
        (VICTIM, ("carry_out", "deleveraging", "last_market"), "10"),
        (VICTIM, ("carry_out", "fund_equity_atoms"), 5),
        (LEG, ("op", "forced_trade_leg", "is_applied"), 1),
        (LEG, ("op", "forced_trade_leg", "leg", "side"), "2"),
        (LEG, ("carry_out", "first_leg", "is_valid"), None),
        (LEG, ("carry_out", "first_leg", "leg", "price_ticks"), "1000000000000"),
    ],
)
def test_invalid_rescue_lane(source: tuple[str, int], path: tuple[str, ...], value: object) -> None:
    name, position = source
    data = RESCUE_LANE.encode(get_rescue_traces()[name].rescue_lanes[position])
    assert RESCUE_LANE.decode(json.loads(json.dumps(data)), "lane") == get_rescue_traces()[name].rescue_lanes[position]
    put(data, path, value)
    with pytest.raises(Malformed):
        RESCUE_LANE.decode(data, "lane")


@pytest.mark.parametrize(
    ("path", "value"),
    [(("fill",), {}), (("fill", "market"), "10"), (("fill", "fill_lots"), "-1"), (("account_path",), [])],
)
def test_invalid_fund_lane(path: tuple[str, ...], value: object) -> None:
    data = FUND_LANE.encode(get_rescue_traces()[TAKEOVER].fund_lane)
    put(data, path, value)
    with pytest.raises(Malformed):
        FUND_LANE.decode(data, "fund_lane")


def put(data: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    *parents, last = path
    for name in parents:
        data = data[name]
    data[last] = value
