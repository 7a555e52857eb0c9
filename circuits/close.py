"""The close: once a batch, after the lanes. Each total is closed by its kind; new state and data are committed."""

from __future__ import annotations

from circuits.bits import assert_in_range
from circuits.carry import assert_nothing_carried
from circuits.lanes.cash import N_BRIDGE_WORDS
from circuits.linear import LC
from circuits.poseidon import poseidon
from circuits.system import ConstraintSystem
from rollup import tags
from rollup.units import MARKET_COUNT, VAULT_E6_BITS

DATA_CHUNK = 15  # elements absorbed a permutation of 16, beside the running value


def build_close(cs: ConstraintSystem, n_bridge_lanes: int) -> None:
    """Record the close of a batch with `n_bridge_lanes` CashLanes and RescueLanes together.

    Ports: lots_start[m], lots_end[m], takeover_lots_start[m], takeover_cash_start, fees_start, penalties_start;
    carry_start/.., carry_end/..; accounts_root, markets_hash, resources_hash,
    oracle_hash, queue, vault, clock, new_state_root; lane[i]/bridge[j], data_commitment.
    """
    for m in range(MARKET_COUNT):
        cs.assert_zero(cs.port(f"lots_start[{m}]"), name=f"totals/lots_start[{m}]")
        # what was bought was sold; the cash of it nets out too: same price, same funding index
        cs.assert_zero(cs.port(f"lots_end[{m}]"), name=f"totals/lots_end[{m}]")
        cs.assert_zero(cs.port(f"takeover_lots_start[{m}]"), name=f"totals/takeover_lots_start[{m}]")
    cs.assert_zero(cs.port("takeover_cash_start"), name="totals/takeover_cash_start")
    for end in ("start", "end"):
        assert_nothing_carried(cs, end)
    cs.assert_zero(cs.port("fees_start"), name="totals/fees_start")
    cs.assert_zero(cs.port("penalties_start"), name="totals/penalties_start")
    vault = cs.port("vault")
    assert_in_range(cs, vault, VAULT_E6_BITS, name="totals/vault")  # withdrawals never exceed what was deposited
    records = [cs.port(f"{name}") for name in ("accounts_root", "markets_hash", "resources_hash", "oracle_hash")]
    state_root = poseidon(cs, [*records, cs.port("queue"), vault, cs.port("clock")], tags.STATE, name="new_state_root")
    cs.assert_equal(state_root, cs.port("new_state_root"), name="new_state_root/is_public")
    words = [cs.port(f"lane[{i}]/bridge[{j}]") for i in range(n_bridge_lanes) for j in range(N_BRIDGE_WORDS)]
    cs.assert_equal(commit_data(cs, words), cs.port("data_commitment"), name="data/is_public")


def commit_data(cs: ConstraintSystem, words: list[LC]) -> LC:
    """Return the data commitment: `c <- H16(c, next 15)` from c = 0, zero padded. Constraints: 609 a chunk of 15."""
    commitment = LC.constant(0)
    for i in range(0, len(words), DATA_CHUNK):
        chunk = words[i : i + DATA_CHUNK]
        padding = [LC.constant(0)] * (DATA_CHUNK - len(chunk))
        commitment = poseidon(cs, [commitment, *chunk, *padding], tags.DATA, name=f"data[{i // DATA_CHUNK}]")
    return commitment
