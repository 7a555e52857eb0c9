"""Fills, batches and entries of the queue as rows in a snapshot of the log: what the log says of them, and no more.

How far a batch is stands elsewhere (`pipeline_ledger.py`); an entry that is not final is in no log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Annotated, Any, Final

import msgspec

from rollup.field import is_canonical
from sequencer.node.event_types import FillSeen
from sequencer.node.view_types import BatchStage, BatchView, EntryStage, EntryView

__all__ = ["read_batches", "read_entries", "read_fills", "read_prices", "write_batches", "write_entries", "write_fills"]

_get_fill: Final = attrgetter(*(one.name for one in fields(FillSeen)))
_get_entry: Final = attrgetter(*(one.name for one in fields(EntryView)))
_FillRow = tuple[int, int, int, int, int, int, int, int, int, int, int, bool]
# Roots are hexadecimal, for a writer of JSON has integers of 64 bits.
_Root = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{1,64}$")]  # int() alone takes signs, spaces and underscores
_BatchRow = tuple[int, int, int, int, int, int, _Root, _Root, int]
_EntryRow = tuple[int, str, int, EntryStage, int | None, bool | None]


def write_fills(fills: Iterable[FillSeen]) -> list[tuple[object, ...]]:
    """Return a row for each."""
    return [_get_fill(one) for one in fills]


def read_fills(rows: Any) -> list[FillSeen]:  # noqa: ANN401 (JSON)
    """Return the fills. Raises ValueError."""
    return [FillSeen(*row) for row in msgspec.convert(rows, list[_FillRow])]


def write_batches(batches: Iterable[BatchView]) -> list[tuple[object, ...]]:
    """Return a row for each."""
    return [
        (
            *(one.number, one.timestamp_s, one.fills, one.liquidations, one.cash_ops, one.rescues),
            *(f"{one.old_state_root:x}", f"{one.new_state_root:x}", one.sealed_us),
        )
        for one in batches
    ]


def read_batches(rows: Any) -> list[BatchView]:  # noqa: ANN401 (JSON)
    """Return the batches, as if nothing had come of them since. Raises ValueError."""
    return [
        BatchView(
            number=number,
            timestamp_s=timestamp_s,
            stage=BatchStage.SEQUENCED,
            group=None,
            fills=fills,
            liquidations=liquidations,
            cash_ops=cash_ops,
            rescues=rescues,
            old_state_root=_read_root(old),
            new_state_root=_read_root(new),
            sealed_us=sealed_us,
            prove_s=None,
            settlement=None,
        )
        for number, timestamp_s, fills, liquidations, cash_ops, rescues, old, new, sealed_us in msgspec.convert(
            rows, list[_BatchRow]
        )
    ]


def _read_root(digits: str) -> int:
    root = int(digits, 16)
    if not is_canonical(root):
        raise ValueError(f"state root {root:#x} is no field element")
    return root


def write_entries(entries: Iterable[EntryView]) -> list[tuple[object, ...]]:
    """Return a row for each that is final."""
    return [_get_entry(one) for one in entries if one.stage is not EntryStage.SEEN]


def read_entries(rows: Any) -> list[EntryView]:  # noqa: ANN401 (JSON)
    """Return the entries. Raises ValueError."""
    return [EntryView(*row) for row in msgspec.convert(rows, list[_EntryRow])]


def read_prices(rows: Any) -> dict[int, int]:  # noqa: ANN401 (JSON)
    """Return prices by market. Raises ValueError."""
    return dict(msgspec.convert(rows, list[tuple[int, int]]))
