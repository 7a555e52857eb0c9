"""Order slots and nonces on disk, so that a restart uses none twice.

Nonces are taken in runs: a run's end is written and synced before its first nonce is used, the rest costs no write.
What a run had left when the program ended is skipped.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from rollup.bounded_json import parse_json
from rollup.units import COUNTER_BITS, MAX_NONCE_STEP, SLOT_BITS
from sequencer.client.errors import NoFreeSlot, SlotExhausted, WalletInvalid
from sequencer.files import read_limited, write_atomically

__all__ = ["SLOTS_FILE", "SlotBook"]

SLOTS_FILE: Final = "slots.json"
_LOCK_FILE: Final = "slots.lock"
_FORMAT: Final = "zkmargin slots 1"
_RUN: Final = 8
_N_SLOTS: Final = 2**SLOT_BITS
_LIMIT_BYTES: Final = 1 << 20


class SlotBook:
    """The slots of one account, led by this process alone."""

    def __init__(self, folder: Path, account: int) -> None:
        """Open the book, new where there is none. Raises WalletInvalid: damaged, another's, or in use elsewhere."""
        self.account = account
        self._path = folder / SLOTS_FILE
        self._lock = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise WalletInvalid(str(folder), "another program signs orders with this wallet") from error
        try:
            self._reserved: dict[int, int]
            self._bases: dict[int, int]
            self._last_ms: int
            self._reserved, self._bases, self._last_ms = self._load()
        except BaseException:
            self.close()
            raise
        self._next = dict(self._reserved)
        self._taken: set[int] = set()

    def close(self) -> None:
        """Let another process lead."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> SlotBook:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def take_slot(self) -> int:
        """Return a slot in which no order is known to rest, and hold it. Raises NoFreeSlot."""
        free = (slot for slot in range(_N_SLOTS) if slot not in self._taken and self._has_room(slot))
        slot = next(free, None)
        if slot is None:
            raise NoFreeSlot(self.account)
        self._taken.add(slot)
        return slot

    def hold(self, slot: int) -> None:
        """Take a slot out of those that are free."""
        self._taken.add(slot)

    def release(self, slot: int) -> None:
        """Give a slot back: its order is gone."""
        self._taken.discard(slot)

    def next_nonce(self, slot: int) -> int:
        """Return a nonce never used in this slot. Raises SlotExhausted where no order of it could fill."""
        nonce = self._next.get(slot, 1)  # a new slot's leaf has nonce 0, under which 0 lots are filled
        if not self._has_room(slot):
            raise SlotExhausted(self.account, slot, nonce, self._highest(slot))
        if nonce >= self._reserved.get(slot, 1):
            self._reserved[slot] = min(nonce + _RUN, 2**COUNTER_BITS)
            self._save()
        self._next[slot] = nonce + 1
        return nonce

    def raise_base(self, slot: int, nonce: int) -> None:
        """Note that the state's slot stands at this nonce: a fill or a paid cancel raised it."""
        if nonce > self._bases.get(slot, 0):
            self._bases[slot] = nonce

    def skip_to(self, slot: int, nonce: int) -> None:
        """Use no nonce below this one: others are known to be used."""
        if nonce > self._next.get(slot, 1):
            self._next[slot] = nonce

    def next_time_ms(self, now_ms: int) -> int:
        """Return a time for a cancel-all, above the last one's; kept on disk before it is used."""
        self._last_ms = max(now_ms, self._last_ms + 1)
        self._save()
        return self._last_ms

    def _has_room(self, slot: int) -> bool:
        return self._next.get(slot, 1) <= self._highest(slot)

    def _highest(self, slot: int) -> int:
        return min(self._bases.get(slot, 0) + MAX_NONCE_STEP, (1 << COUNTER_BITS) - 2)

    def _save(self) -> None:
        slots = {str(slot): [self._reserved[slot], self._bases.get(slot, 0)] for slot in sorted(self._reserved)}
        data = {"format": _FORMAT, "account": self.account, "last_cancel_all_ms": self._last_ms, "slots": slots}
        write_atomically(self._path, json.dumps(data).encode(), is_secret=True)

    def _load(self) -> tuple[dict[int, int], dict[int, int], int]:
        if not self._path.exists():
            return {}, {}, 0
        try:
            data: Any = parse_json(read_limited(self._path, _LIMIT_BYTES))
            if data["format"] != _FORMAT or data["account"] != self.account:
                raise ValueError("of another format or account")
            slots = {int(slot): (int(pair[0]), int(pair[1])) for slot, pair in data["slots"].items()}
            last_ms = int(data["last_cancel_all_ms"])
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise WalletInvalid(str(self._path), f"no file of slots: {error}"[:200]) from error
        return {s: pair[0] for s, pair in slots.items()}, {s: pair[1] for s, pair in slots.items()}, last_ms
