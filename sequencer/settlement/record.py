"""`settlement.json` in a run's folder: what settling it cost, group by group, and where the contract then stood."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sequencer.errors import FileMalformed
from sequencer.files import write_atomically
from sequencer.metering import GasCost
from sequencer.records import decode_record, encode_versioned, read_versioned
from sequencer.settlement.settling import SettledGroup, SettledRun

__all__ = ["SETTLEMENT", "SettlementRecord", "read_settlement", "write_settlement"]

SETTLEMENT: Final = "settlement.json"
_FORMAT: Final = "zkmargin settlement"
_VERSION: Final = 1
MAX_SETTLEMENT_BYTES: Final = 16 * 2**20
_COSTS: Final = ("settle", "queue", "claims")


@dataclass(frozen=True)
class SettlementRecord:
    """A run as its contract held it at the end. Decimal strings, as in public.json."""

    contract: str  # address, hexadecimal behind 0x
    state_root: str
    vault_e6: str
    groups: tuple[SettledGroup, ...]


def write_settlement(folder: Path, settled: SettledRun) -> None:
    """Write what `settle_all` found beside the run."""
    facts = (f"0x{settled.contract.hex()}", str(settled.state_root), str(settled.vault_e6), settled.groups)
    write_atomically(folder / SETTLEMENT, encode_versioned(_FORMAT, _VERSION, SettlementRecord(*facts)))


def read_settlement(folder: Path) -> SettlementRecord:
    """Return what stands there. Raises FileMissing, FileTooLarge, FileMalformed."""
    path = folder / SETTLEMENT
    facts = read_versioned(path, MAX_SETTLEMENT_BYTES, _FORMAT, _VERSION)
    groups = facts.get("groups")
    if not isinstance(groups, list):
        raise FileMalformed(str(path), "groups", repr(groups)[:80], "a list")
    decoded = tuple(_decode_group(path, f"groups[{i}]", raw) for i, raw in enumerate(groups))
    return decode_record(path, "file", SettlementRecord, facts | {"groups": decoded})


def _decode_group(path: Path, where: str, raw: object) -> SettledGroup:
    if not isinstance(raw, dict):
        raise FileMalformed(str(path), where, repr(raw)[:80], "an object")
    costs = {name: decode_record(path, f"{where}.{name}", GasCost, raw.get(name)) for name in _COSTS}
    return decode_record(path, where, SettledGroup, raw | costs)
