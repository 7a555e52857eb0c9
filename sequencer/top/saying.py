"""The line at the top: what the node is doing, in words. The page says the same: sequencer/dashboard/src/saying.ts."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final, NamedTuple

from sequencer.node.api.wire_pulse import Summary
from sequencer.top.figures import RECENT_S, count_recent, find_history, get_change, get_margin_factor
from sequencer.top.spelling import clean, percent, plural, seconds, times
from sequencer.top.state import View

__all__ = ["BEHIND", "CROWDED_PPM", "RAISED", "Saying", "say"]

WORTH_SAYING: Final = 0.02  # of the price
BEHIND: Final = 4  # batches without a proof from which on it is worth a word
CROWDED_PPM: Final = 500_000  # congestion above which margin fractions rise
RAISED: Final = 1.005  # a margin factor from which on it is worth a word


class Saying(NamedTuple):
    """mood: good, busy, bad or off; word: of the mood."""

    mood: str
    word: str
    parts: tuple[str, ...]


def say(view: View) -> Saying:
    """Return what the node is doing."""
    summary = view.summary
    if not view.is_live:
        return Saying("off", "No connection", ("the node does not answer; trying again",))
    liquidations, rescues = count_recent(view)
    margin = _say_margin(view)
    said = [_say_pace(summary), _say_proofs(summary.backlog_batches), _say_move(view)]
    said += [plural(liquidations, "liquidation") + " in the last minute" if liquidations else None]
    said += [plural(rescues, "takeover or deleveraging", "takeovers or deleveragings") if rescues else None, margin]
    said += ["only withdrawals are taken" if summary.withdraw_only else None]
    is_behind = summary.backlog_batches >= BEHIND or margin is not None
    return Saying(*_choose_mood(summary, liquidations + rescues, is_behind), tuple(part for part in said if part))


def _choose_mood(summary: Summary, n_distressed: int, is_behind: bool) -> tuple[str, str]:
    if summary.alarms:
        return "bad", plural(len(summary.alarms), "alarm")
    if summary.withdraw_only:
        return "bad", "Closing only"
    if n_distressed:
        return "busy", "Liquidating"
    if is_behind:
        return "busy", "Busy"
    return "good", "Quiet" if summary.interval_s is None else "Live"


def _say_pace(summary: Summary) -> str:
    if summary.batches_resume_s > 0:
        return f"No batches for {seconds(summary.batches_resume_s)}: the last one's time is in the future"
    return (
        "No trades in the last minute"
        if summary.interval_s is None
        else (f"Clearing every {seconds(summary.interval_s)}")
    )


def _say_proofs(waiting: int) -> str:
    if waiting == 0:
        return "every batch is proved"
    return f"{plural(waiting, 'batch', 'batches')} {'waits' if waiting == 1 else 'wait'} for a proof"


def _say_move(view: View) -> str | None:
    """Return the market whose mark moved furthest in the last minute, in words; None where none moved by much."""
    furthest, name = 0.0, ""
    place = bisect_left(view.past.times_ms, view.summary.time_ms - 1000 * RECENT_S)
    n_since = len(view.past.times_ms) - place
    for market in view.summary.markets:
        history = find_history(view, market)
        if history is None or not (marks := history.marks[-n_since:] if n_since else ()):
            continue
        move = get_change(market.info.mark_ticks, marks[0])
        if abs(move) > abs(furthest):
            furthest, name = move, market.info.name
    if abs(furthest) < WORTH_SAYING:
        return None
    return f"{clean(name)} {'down' if furthest < 0 else 'up'} {percent(abs(furthest) * 1e6)} in the last minute"


def _say_margin(view: View) -> str | None:
    top = max(view.summary.markets, key=get_margin_factor, default=None)
    if top is None or get_margin_factor(top) < RAISED:
        return None
    congestion_ppm = view.summary.fees.congestion_ppm
    busy = f"the rollup is busy (congestion {percent(congestion_ppm, 0)})"
    reason = busy if congestion_ppm > CROWDED_PPM else f"open interest in {clean(top.info.name)} is high"
    return f"margin requirements {times(get_margin_factor(top))} because {reason}"
