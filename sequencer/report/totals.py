"""The facts that reports of replays and of nodes have in common, summed over the batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from sequencer.report.figures import BatchFigures, Fact

__all__ = ["MAX_TIME_S", "list_facts", "spell_time", "spell_usd"]

_ATOMS_PER_CENT: Final = 10**16
_PPM_PER_PERCENT: Final = 10**4
MAX_TIME_S: Final = 253_402_300_799  # the end of the year 9999: neither Python nor matplotlib knows a later date


def list_facts(batches: Sequence[BatchFigures]) -> Iterator[Fact]:
    """Yield the lines of the table of facts. Assumes one batch at least."""
    first, last = batches[0], batches[-1]
    yield Fact("batches", len(batches))
    yield Fact("from", spell_time(first.timestamp_s))
    yield Fact("to", spell_time(last.timestamp_s))
    for name in ("fills", "liquidations", "takeovers", "deleveraged"):
        yield Fact(name, sum(getattr(batch, name) for batch in batches))
    yield Fact("trading fees paid", spell_usd(sum(batch.fees.trading_atoms for batch in batches)))
    yield Fact("base fees and tips of orders paid", spell_usd(sum(batch.fees.charge_atoms for batch in batches)))
    yield Fact("liquidation penalties paid", spell_usd(sum(batch.fees.penalty_atoms for batch in batches)))
    if last.fund_atoms is not None:
        yield Fact("insurance fund at the end", spell_usd(last.fund_atoms))
    if last.bad_debt_atoms is not None:
        yield Fact("bad debt at the end", spell_usd(last.bad_debt_atoms))
    yield Fact("congestion, highest", _spell_percent(max(batch.congestion_ppm for batch in batches)))
    yield Fact("congestion at the end", _spell_percent(last.congestion_ppm))


def spell_usd(atoms: int) -> str:
    """Return an amount of 1e-18 USD as people read it, to the cent nearest to zero."""
    cents = abs(atoms) // _ATOMS_PER_CENT
    return f"{'-' if atoms < 0 and cents else ''}{cents // 100:,}.{cents % 100:02} USD"


def spell_time(timestamp_s: int) -> str:
    """Return a time in UTC."""
    return datetime.fromtimestamp(timestamp_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _spell_percent(ppm: int) -> str:
    return f"{ppm / _PPM_PER_PERCENT:.2f} %"
