"""What the node says of itself: one event a line on stderr, JSON or for people. Nothing that is named like a secret.

A key of an event whose name sounds like a secret is refused, not masked: whoever wrote that line meant to log it, and a
test of that line finds it. A running node leaves such an event's values out and says so.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from rollup.errors import RollupError

__all__ = ["SecretInLog", "configure_logs", "find_secret", "get_logger"]

# words of a key's name; "receipt_key" and "public_key" are no secrets, "key" alone is said of none
_SECRET: Final = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|secrets|mnemonic|seed|token|credential|credentials|authorization"
    r"|cookie|private|signing_key|api_key|access_key|secret_key|keystore|sk|privkey|dsn)(?:$|_)"
)
_MAX_DEPTH: Final = 8
_MAX_TEXT: Final = 2_000
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_URL_SECRET: Final = re.compile(r"(?<=://)[^/\s@]*@")


@dataclass(eq=False)
class SecretInLog(RollupError):
    """An event has a key that is named like a secret. Raised where the caller asked for it: in tests."""

    code = "secret_in_log"
    event: str
    key: str

    def __str__(self) -> str:
        return f"event {self.event!r}: {self.key}: names of secrets are not logged"


def configure_logs(
    *, level: str = "info", as_json: bool = True, stream: TextIO | None = None, strict: bool = False
) -> None:
    """Set what `get_logger` writes, and where: stderr unless said. `strict` raises SecretInLog at the line at fault.

    Lines of other packages, by the standard `logging`, take the same way; level: debug, info, warning or error.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _Guard(strict=strict),
        structlog.processors.format_exc_info,
        _shorten,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(default=str, sort_keys=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    structlog.configure(
        processors=[*shared, _one_line, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _one_line, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(_LEVELS[level], logging.WARNING))  # others' small talk is not ours


def get_logger(**facts: object) -> FilteringBoundLogger:
    """Return a logger whose lines carry these facts."""
    logger: FilteringBoundLogger = structlog.get_logger(**facts)
    return logger


def find_secret(facts: Mapping[Any, Any], depth: int = 0) -> str | None:
    """Return the first key named like a secret, in facts or what they hold."""
    for key, value in facts.items():
        if _SECRET.search(str(key).lower()):
            return str(key)
        if isinstance(value, Mapping) and depth < _MAX_DEPTH and (found := find_secret(value, depth + 1)):
            return f"{key}.{found}"
        if isinstance(value, list | tuple) and depth < _MAX_DEPTH:
            for item in value:
                if isinstance(item, Mapping) and (found := find_secret(item, depth + 1)):
                    return f"{key}[].{found}"
    return None


class _Guard:
    """Refuses an event with a secret among its keys; takes user and password out of addresses in its texts."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        found = find_secret(event)
        if found is None:
            return {key: _strip(value) for key, value in event.items()}
        if self._strict:
            raise SecretInLog(str(event.get("event", "")), found)
        kept = {key: event[key] for key in ("event", "level", "time", "_record", "_from_structlog") if key in event}
        return kept | {"refused": found}


def _strip(value: object) -> object:
    if isinstance(value, str):
        return _URL_SECRET.sub("", value)
    if isinstance(value, RollupError):
        return _strip(str(value))
    return value


def _shorten(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, str) and len(value) > _MAX_TEXT and key != "exception":
            event[key] = value[:_MAX_TEXT] + "..."
        elif isinstance(value, bytes | bytearray):
            event[key] = "0x" + bytes(value[:64]).hex()
    return event


def _one_line(_: WrappedLogger, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep an event on its line: what a client sent must not look like a line of ours."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = "".join(
                char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(_strip(value))
            )
    return event
