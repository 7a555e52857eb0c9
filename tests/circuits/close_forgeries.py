"""What a cheating sequencer might try with the totals of a batch and what it commits to: refused by the close."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from circuits.close import FROM_ZERO
from circuits.market_totals import CHANGE_SHIFT, FILLS_SHIFT, RATION_SHIFT
from rollup.field import R
from rollup.trace import BatchTrace
from rollup.units import RESOURCE_COUNT
from tests.circuits.forging import Forged, Forger
from tests.circuits.frame_cases import (
    get_day,
    load_frame,
    make_close_case,
)
from tests.circuits.lane_cases import Values
from tests.circuits.tick_cases import STORM, TickCase, get_storms

__all__ = [
    "CLOSE",
    "forge_closes",
    "get_honest_closes",
    "make_settled",
]

CLOSE = "Close"
STORMY = "a fall of congestion, all signers"
SPLIT = "market[*]/lots_end/sum"
ROOT = ("new_state_root",)


@cache
def get_honest_closes() -> dict[str, Values]:
    """Return honest closes: of every batch of the day, of the storms, and with the vault at its edges."""
    day = {name: make_close_case(trace) for name, trace in get_day().items()}
    storms = {name: make_settled(case) for name, case in get_storms().items()}
    vaults = {f"vault of {name}": make_close_case(_with_vault(v)) for name, v in (("0", 0), ("96 bits", 2**96 - 1))}
    return storms | day | vaults


def make_settled(case: TickCase) -> Values:
    """Return the close of a case whose lanes did what its activity says, some of it shared at the margin."""
    activity = case.activity
    settled = make_close_case(case.trace) | {"usage_end": activity.used.packed, "fees_end": 5}
    totals = zip(activity.volume_lots, activity.open_interest_change_lots, strict=True)
    for m, (volume, change) in enumerate(totals):
        asked = min(volume, 2**48 - 1 - m) + m
        settled |= {
            f"lots_end[{m}]": (volume << FILLS_SHIFT + 1) + (change << CHANGE_SHIFT + 1),
            f"table/marginal_lots[{m}]": asked - m,
            f"table/marginal_remaining[{m}]": asked,
            f"ration_end[{m}]": (asked - m << RATION_SHIFT) + asked,
        }
    return settled


def _with_vault(vault_e6: int) -> BatchTrace:
    """Return the last batch with that much left in the vault after its withdrawal."""
    trace = get_day()["withdraw and cancel"]
    before, after = trace.header_before, trace.header_after
    taken = before.vault_e6 - after.vault_e6
    return replace(
        trace,
        header_before=replace(before, vault_e6=vault_e6 + taken),
        header_after=replace(after, vault_e6=vault_e6),
    )


def forge_closes() -> list[Forged]:
    """Return the whole catalogue of closes."""
    forger = Forger(load_frame(CLOSE), ())
    parts = (_unbalanced, _misstepped, _other_records)
    plain = [forged for part in parts for forged in part(forger)]
    held = [
        forger.hold_in_one_bit(forged)
        for forged in plain
        if forged.refused_by <= {"totals/vault/sum", "totals/fees_end/sum"}
    ]
    return [*plain, *held]


def _honest_close() -> Values:
    return make_close_case(get_day()["deposits and fills"])


def _unbalanced(forger: Forger) -> Iterator[Forged]:
    honest = get_honest_closes()[STORMY]
    for m, lots in ((0, 1), (1, -1), (15, 2**47)):
        for chain in ("lots", "ration"):
            changes = {f"{chain}_start[{m}]": lots}
            yield forger.forge(
                f"{lots} at the start of {chain} {m}", honest, [f"market[*]/{chain}_start"], changes=changes
            )
        kept = {f"ration_end[{m}]": honest[f"ration_end[{m}]"] + lots}
        yield forger.forge(f"{lots} more asked for in {m}", honest, ["market[*]/ration_end"], changes=kept)
        net = {f"lots_end[{m}]": honest[f"lots_end[{m}]"] + lots}
        yield forger.forge(f"{lots} lots more bought than sold in {m}", honest, [SPLIT], changes=net, also_follow=ROOT)
    told = {"table/marginal_lots[0]": honest["table/marginal_lots[0]"] + 1}
    yield forger.forge("a lot more told than shared out", honest, ["market[*]/ration_end"], changes=told)
    odd = {"lots_end[2]": honest["lots_end[2]"] + (1 << FILLS_SHIFT)}
    yield forger.forge("a fill with one side", honest, [SPLIT], changes=odd, also_follow=ROOT)
    for total in FROM_ZERO:
        for amount in (1, -1):
            changes = {f"{total}_start": amount}
            yield forger.forge(f"{total} start at {amount}", honest, [f"totals/{total}_start"], changes=changes)
    for end in ("start", "end"):
        for name in ("deficit", "notional", "first_leg", "left[3]"):
            changes, rule = {f"carry_{end}/{name}": 1}, f"carry_{end}/{name.replace('3', '*')}/is_zero"
            yield forger.forge(f"{name} carried at the {end}", honest, [rule], changes=changes)
    taken = {"takeover_lots_start[7]": -1}
    yield forger.forge("lots taken over before any lane", honest, ["totals/takeover_lots_start[*]"], changes=taken)
    sent = {"transfer_end": (9 << 64) + 1_000}
    yield forger.forge("transfer without its incoming leg", honest, ["totals/transfer_end"], changes=sent)
    for vault_e6 in (-1, 2**96):
        changes = {"vault": vault_e6}
        yield forger.forge(f"vault of {vault_e6}", honest, ["totals/vault/sum"], changes=changes, also_follow=ROOT)
    fees = {"fees_end": -1}
    yield forger.forge("rebates beyond the fees", honest, ["totals/fees_end/sum"], changes=fees)
    usage = {"usage_end": honest["usage_end"] + 2**96}
    yield forger.forge("units beyond their fields", honest, ["totals/usage_end/sum"], changes=usage, also_follow=ROOT)
    for end, value in (("below nothing", -8), ("beyond 60 bits", 2**60)):
        lots = (value - honest["outset/open_interest[0]"]) << CHANGE_SHIFT + 1
        changes = {"lots_end[0]": lots + (10**8 << FILLS_SHIFT + 1)}
        yield forger.forge(f"open interest {end}", honest, [SPLIT], changes=changes, also_follow=ROOT)
    yield from _spelled_otherwise(forger, honest)


def _spelled_otherwise(forger: Forger, honest: Values) -> Iterator[Forged]:
    """Yield a lot bought that nobody sold, made up for by a fraction of a lot held."""
    more = {"lots_end[0]": honest["lots_end[0]"] + 1}
    fraction = pow(2, -CHANGE_SHIFT - 1, R)

    def tell_more(bits: list[int]) -> list[int]:
        return [bits[0] + fraction, *bits[1:]]

    lies = {"market[0]/lots_end/open_interest": tell_more}
    rule = ["market[*]/lots_end/open_interest/bit[*]"]
    yield forger.forge("a fraction of a lot held", honest, rule, changes=more, lies=lies, also_follow=ROOT)


def _misstepped(forger: Forger) -> Iterator[Forged]:
    """Yield new states in which a record moved otherwise than by its rule."""
    honest, after = get_honest_closes()[STORMY], get_storms()[STORMY].trace.header_after
    resources = after.resources
    fees = resources.base_fees
    others = {
        "a premium": replace(after, premiums=(after.premiums[0] + 1, *after.premiums[1:])),
        "a premium that stayed": replace(after, premiums=(STORM[0].premium, *after.premiums[1:])),
        "open interest": replace(after, open_interest_lots=(*after.open_interest_lots[:-1], 1)),
        "a mark": replace(after, marks_ticks=(after.marks_ticks[0] + 1, *after.marks_ticks[1:])),
        "a funding index": replace(after, funding_index=(after.funding_index[0] + 1, *after.funding_index[1:])),
        "congestion": replace(after, resources=replace(resources, congestion_ppm=resources.congestion_ppm + 1)),
        "a pending factor": replace(after, resources=replace(resources, pending_factor_ppm=10**6 + 1)),
        "the fund's budget": replace(after, resources=replace(resources, fund_budget=resources.fund_budget + 1)),
        "a signer's time": replace(after, signer_times_s=(0, 0, 0)),
    }
    for r in range(RESOURCE_COUNT):
        cheaper = (*fees[:r], fees[r] - 1, *fees[r + 1 :])
        others[f"base fee {r}"] = replace(after, resources=replace(resources, base_fees=cheaper))
    for name, header in others.items():
        changes = {"new_state_root": header.state_root}
        yield forger.forge(f"{name} stepped otherwise", honest, ["new_state_root/is_public"], changes=changes)


def _other_records(forger: Forger) -> Iterator[Forged]:
    honest = get_honest_closes()[STORMY]
    for port in ("accounts_root", "oracle_hash", "queue", "vault", "clock", "budget_end", "new_state_root"):
        changes = {port: (honest[port] + 1) % R}
        yield forger.forge(f"new state with another {port}", honest, ["new_state_root/is_public"], changes=changes)
    scalars = ("congestion", "maintenance_factor", "pending_factor", "pending_since", "marks_hash", "funding_hash")
    for name in ("premium[1]", "sample[2]", "open_interest[1]", "base_fee[1]", *scalars):
        altered = {f"outset/{name}": honest[f"outset/{name}"] + 1}
        yield forger.forge(f"another {name} before", honest, ["new_state_root/is_public"], changes=altered)
