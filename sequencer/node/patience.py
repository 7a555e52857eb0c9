"""Trying again with growing pauses, for as long as it takes: while the store is full or away, or a helper was lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_when_event_set, wait_exponential
from tenacity.nap import sleep_using_event

from rollup.errors import RollupError
from sequencer.node.alarms import Alarms

__all__ = ["Patience"]

_FIRST_PAUSE_S: Final = 0.1
_MAX_PAUSE_S: Final = 30.0
_Result = TypeVar("_Result")


class Patience:
    """Tries until it works, or until `closing` is set: then what was raised last comes out."""

    def __init__(self, closing: threading.Event, alarms: Alarms) -> None:
        """The alarm sounds from the first failure to the next success."""
        self._closing, self._alarms = closing, alarms

    def insist(self, alarm: str, errors: tuple[type[RollupError], ...], act: Callable[[], _Result]) -> _Result:
        """Return what `act` does. Errors that are not named come out at once."""
        retrying = Retrying(
            retry=retry_if_exception_type(errors),
            wait=wait_exponential(multiplier=_FIRST_PAUSE_S, max=_MAX_PAUSE_S),
            sleep=sleep_using_event(self._closing),
            stop=stop_when_event_set(self._closing),
            before_sleep=lambda state: self._alarms.sound(alarm, str(state.outcome and state.outcome.exception())),
            reraise=True,
        )
        result = retrying(act)
        self._alarms.clear(alarm)
        return result
