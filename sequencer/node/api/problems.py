"""Errors as RFC 9457 problem details, and the one table that gives each code its HTTP status."""

from __future__ import annotations

import logging
from typing import Any, Final

import msgspec

from rollup.errors import RollupError
from sequencer.node.api.errors import InternalError, RateExceeded

__all__ = ["PROBLEM_TYPE", "RETRY_S", "STATUSES", "Problem", "get_retry_after", "get_status", "make_problem"]

PROBLEM_TYPE: Final = b"application/problem+json"
RETRY_S: Final = 1  # what is said to wait where the node cannot know
_TOLD: Final = frozenset(
    {"connections_exhausted", "node_busy", "node_draining", "subscriber_slow"}
)  # though the fault is the node's
_MAX_EXACT: Final = 2**53 - 1  # in every JSON reader
_log = logging.getLogger("zkmargin.api")

# A class that is not listed has the status of the nearest base that is. RFC 9110 names the statuses, RFC 6585 429, 431.
STATUSES: Final = {
    "rollup_error": 500,
    "tx_rejected": 422,
    "batch_invalid": 500,
    "proof_invalid": 500,
    "store_error": 503,
    "node_busy": 503,
    "subscriber_slow": 503,
    "api_error": 400,
    "request_malformed": 400,
    "origin_forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "body_too_large": 413,
    "media_type_unsupported": 415,
    "rate_exceeded": 429,
    "headers_too_large": 431,
    "connections_exhausted": 503,
    "node_draining": 503,
    "internal_error": 500,
}


class Problem(msgspec.Struct, kw_only=True):
    """What went wrong: RFC 9457. Match on `code`, never on the texts."""

    type: str  # urn:zkmargin:error:CODE
    title: str
    status: int
    detail: str
    code: str
    facts: dict[str, Any] = {}


def get_status(error: RollupError) -> int:
    """Return the HTTP status of an error."""
    codes = (base.code for base in type(error).__mro__ if issubclass(base, RollupError))
    return next(STATUSES[code] for code in codes if code in STATUSES)


def get_retry_after(error: RollupError) -> int | None:
    """Return after how many seconds to try again, None where that is not worth it."""
    if isinstance(error, RateExceeded):
        return error.retry_after_s
    return RETRY_S if get_status(error) == 503 else None


def make_problem(error: Exception) -> tuple[Problem, RollupError]:
    """Return an error as a client is told it, and what it stands for. What is not the client's is logged, not told.

    The facts of a failing store hold folders and addresses, so its code alone goes out.
    """
    known = error if isinstance(error, RollupError) else InternalError()
    status = get_status(known)
    if status >= 500:
        _log.error("%s: %s", known.code, error, exc_info=error if status == 500 else None)
    title = (type(known).__doc__ or known.code).split("\n", 1)[0]
    is_told = status < 500 or known.code in _TOLD
    return Problem(
        type=f"urn:zkmargin:error:{known.code}",
        title=title,
        status=status,
        detail=str(known) if is_told else title,
        code=known.code,
        facts={name: _spell(value) for name, value in known.get_facts().items()} if is_told else {},
    ), known


def _spell(value: object) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_spell(item) for item in value]
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _MAX_EXACT else str(value)
    return str(value)
