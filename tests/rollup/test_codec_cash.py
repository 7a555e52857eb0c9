"""Cash lanes in a batch file: every kind comes back as it was written, and nothing that is none of them."""

from __future__ import annotations

import json

import pytest

from rollup.cash_lanes import apply_cash_op
from rollup.codec_cash import CASH_LANE
from rollup.codec_fields import Flag, Malformed
from rollup.signature import sign
from rollup.signature_cache import SignatureCache
from rollup.state import State, make_genesis
from rollup.trace import CashLaneTrace
from rollup.txs import CashRequest, Evict, SignedCashOp, SignedOp
from rollup.workspace import Workspace
from tests.rollup.cash_ops import ENTRIES, NOW_S, OPEN, SIGNED_OPS, TICK
from tests.scenarios import AVAX_PRICE, PARAMS, START_S

POOR = 7


def make_lanes(op: CashRequest) -> tuple[CashLaneTrace, ...]:
    """Return the lanes of one operation on open accounts."""
    accounts = {2: OPEN, 6: OPEN, POOR: OPEN.with_changes(cash_atoms=0)}
    genesis = make_genesis((AVAX_PRICE,), START_S)
    tree = genesis.tree
    for account_id, account in accounts.items():
        tree = tree.set(account_id, account.leaf_hash())
    header = TICK.header
    workspace = Workspace(State(header, tree, accounts), PARAMS, TICK, SignatureCache())
    workspace.vault_e6 = 10**6
    signature = sign(bytes(32), op.message(PARAMS.domain)) if isinstance(op, SignedOp) else None
    return apply_cash_op(workspace, SignedCashOp(op, signature))


LANES = [lane for op in (*SIGNED_OPS, *ENTRIES, Evict(POOR)) for lane in make_lanes(op)]


@pytest.mark.parametrize("lane", LANES, ids=lambda lane: type(lane.op).__name__)
def test_lane_comes_back(lane: CashLaneTrace) -> None:
    data = json.loads(json.dumps(CASH_LANE.encode(lane)))
    assert CASH_LANE.decode(data, "lane") == lane
    assert lane.after.last_touched_s == NOW_S


def test_every_kind_has_a_name_of_its_own() -> None:
    names = [next(iter(CASH_LANE.encode(lane)["op"])) for lane in LANES]
    assert len(set(names)) == len(names) == 13


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("op",), {"mint": {}}),
        (("op",), {"evict": {"account": "200000"}}),
        (("op",), {"evict": {"account": "7", "owner": "1"}}),
        (("is_applied",), 1),
        (("flows", "queue_entries"), "2"),
        (("flows", "vault_e6"), "10000000000000000"),
        (("flows", "rent_atoms"), "-1"),
    ],
)
def test_invalid_lane(path: tuple[str, ...], value: object) -> None:
    data = CASH_LANE.encode(LANES[-1])
    *parents, last = path
    target = data
    for name in parents:
        target = target[name]
    target[last] = value
    with pytest.raises(Malformed):
        CASH_LANE.decode(data, "lane")


def test_flag_is_true_or_false_and_nothing_like_it() -> None:
    assert [Flag().decode(flag, "flag") for flag in (True, False)] == [True, False]
    for other in (0, 1, None, "true"):
        with pytest.raises(Malformed):
            Flag().decode(other, "flag")
