"""Exact integers in, text out, as the page spells them (sequencer/dashboard/src/format.ts), in ASCII where possible."""

from __future__ import annotations

import time
from typing import Final

from sequencer.node.api.wire_markets import MarketInfo

__all__ = [
    "ago",
    "clean",
    "clock",
    "count",
    "fee",
    "fixed",
    "percent",
    "plural",
    "price",
    "price_digits",
    "seconds",
    "size",
    "times",
    "usd",
    "usd_e6",
]

_ATOM_DECIMALS: Final = 18
_MAX_TEXT: Final = 500
_MICRO: Final = 1e12  # atoms in a millionth of a USD


def clean(text: str) -> str:
    """Return text of a node as one line that moves no cursor and hides nothing: what is not printable is shown as �."""
    line = "".join(letter if letter.isprintable() else " " if letter in "\n\t" else "�" for letter in text[:_MAX_TEXT])
    return line + "…" * (len(text) > _MAX_TEXT)


def count(value: float) -> str:
    """Return a whole number with its thousands apart."""
    return f"{value:,.0f}"


def fixed(value: int, decimals: int, shown: int) -> str:
    """Return value / 10**decimals with so many digits behind the point, cut off."""
    whole, rest = divmod(abs(value), 10**decimals)
    digits = f"{rest:0{decimals}d}"[:shown].ljust(shown, "0") if shown else ""
    return ("-" if value < 0 else "") + f"{whole:,}" + (f".{digits}" if shown else "")


def usd(atoms: str, shown: int = 2) -> str:
    """Return an amount in USD, of 1e-18 USD."""
    return fixed(int(atoms), _ATOM_DECIMALS, shown)


def usd_e6(amount: str, shown: int = 2) -> str:
    """Return an amount in USD, of 1e-6 USD."""
    return fixed(int(amount), 6, shown)


def price_digits(info: MarketInfo) -> int:
    """Return how many digits of a market's prices are worth showing: five or six significant ones."""
    value = info.mark_ticks / 10**info.price_decimals
    return min(info.price_decimals, 2 if value >= 1000 else 3 if value >= 100 else 4 if value >= 1 else 6)


def price(ticks: int, info: MarketInfo) -> str:
    """Return a price in USD."""
    return fixed(ticks, info.price_decimals, price_digits(info))


def size(lots: int, info: MarketInfo) -> str:
    """Return a size in the market's base: three decimals, fewer where they are zeros; <0.001 where it is less."""
    shown = min(3, info.size_decimals)
    text = fixed(lots, info.size_decimals, shown)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"<{fixed(1, shown, shown)}" if lots > 0 and text == "0" else text


def percent(ppm: float, shown: int = 1) -> str:
    """Return parts in a million as a percentage."""
    return f"{ppm / 10_000:.{shown}f} %"


def times(value: float) -> str:
    """Return a factor."""
    return f"{value:.2f}x"


def fee(atoms: float) -> str:
    """Return a base fee, 1e-18 USD a unit, in millionths of a USD."""
    return count(atoms / _MICRO) if atoms >= 100 * _MICRO else f"{atoms / _MICRO:.2f}"


def seconds(value: float) -> str:
    """Return a time in the unit that fits it."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.0f} h"


def clock(time_s: float) -> str:
    """Return the time of day on this machine."""
    return time.strftime("%H:%M:%S", time.localtime(time_s))


def ago(time_s: float, now_s: float) -> str:
    """Return how long ago something was."""
    return f"{seconds(max(0.0, now_s - time_s))} ago"


def plural(number: int, one: str, many: str = "") -> str:
    """Return a number of things."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"
