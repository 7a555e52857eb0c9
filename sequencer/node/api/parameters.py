"""Parameters in paths and queries: one declaration for reading them and for the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from rollup.units import ACCOUNT_BITS, COUNTER_BITS, MARKET_COUNT
from sequencer.node.api.errors import RequestMalformed
from sequencer.node.links import MAX_SEQUENCE

__all__ = [
    "ACCOUNT",
    "BATCH",
    "BEFORE",
    "FILE_KIND",
    "FILE_NAME",
    "LEVELS",
    "LIMIT",
    "MARKET",
    "MAX_LIMIT",
    "SEQUENCE",
    "IntegerParameter",
    "Parameter",
    "TextParameter",
    "read_parameters",
]

MAX_LIMIT: Final = 500
_DEFAULT_LIMIT: Final = 100
_DEFAULT_LEVELS: Final = 20
_MAX_QUERY_FIELDS: Final = 8
_DIGITS: Final = re.compile(r"(0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class IntegerParameter:
    """A number in decimal."""

    name: str
    where: str  # "path" or "query"
    minimum: int
    maximum: int
    description: str
    default: int | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        default = {} if self.default is None else {"default": self.default}
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum, **default}

    def read(self, text: str) -> int:
        """Return the number. Raises RequestMalformed."""
        if not _DIGITS.fullmatch(text) or not self.minimum <= int(text) <= self.maximum:
            expected = f"an integer from {self.minimum} to {self.maximum}"
            raise RequestMalformed(self.where, f"{self.name} {text[:80]!r} is not {expected}")
        return int(text)


@dataclass(frozen=True)
class TextParameter:
    """A text of a pattern."""

    name: str
    where: str
    pattern: str
    description: str
    default: None = None

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        return {"type": "string", "pattern": f"^{self.pattern}$"}

    def read(self, text: str) -> str:
        """Return the text. Raises RequestMalformed."""
        if not re.fullmatch(self.pattern, text, re.ASCII):
            raise RequestMalformed(self.where, f"{self.name} {text[:80]!r} does not match {self.pattern}")
        return text


Parameter = IntegerParameter | TextParameter
ACCOUNT: Final = IntegerParameter("account", "path", 0, 2**ACCOUNT_BITS - 1, "The account.")
MARKET: Final = IntegerParameter("market", "path", 0, MARKET_COUNT - 1, "The market.")
BATCH: Final = IntegerParameter("number", "path", 0, 2**COUNTER_BITS - 1, "The batch.")
SEQUENCE: Final = IntegerParameter("sequence", "path", 1, MAX_SEQUENCE, "The record's sequence number.")
FILE_KIND: Final = TextParameter("kind", "path", "(batch|proof|public|group|blob|snapshot)", "The kind of file.")
FILE_NAME: Final = TextParameter("name", "path", "[A-Za-z0-9._-]{1,128}", "The file's name.")
LIMIT: Final = IntegerParameter("limit", "query", 1, MAX_LIMIT, "How many at most.", _DEFAULT_LIMIT)
LEVELS: Final = IntegerParameter("levels", "query", 1, MAX_LIMIT, "How many prices a side at most.", _DEFAULT_LEVELS)
BEFORE: Final = IntegerParameter("before", "query", 0, MAX_SEQUENCE, "Only those of lower numbers: the next page.")


def read_parameters(
    parameters: tuple[Parameter, ...], path: Mapping[str, str], query: bytes
) -> dict[str, int | str | None]:
    """Return each parameter by name; None where it is left out. Raises RequestMalformed, also for what is unknown."""
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, strict_parsing=bool(query), max_num_fields=_MAX_QUERY_FIELDS
        )
    except ValueError as error:
        raise RequestMalformed("query", str(error)[:80]) from error
    given = dict(pairs)
    known = {parameter.name for parameter in parameters if parameter.where == "query"}
    if len(given) != len(pairs) or not set(given) <= known:
        raise RequestMalformed("query", f"expected each of {sorted(known)} at most once")
    values: dict[str, int | str | None] = {}
    for parameter in parameters:
        text = (path if parameter.where == "path" else given).get(parameter.name)
        values[parameter.name] = parameter.default if text is None else parameter.read(text)
    return values
