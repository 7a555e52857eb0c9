"""One question to a node over HTTP, and its answer: bounded, decoded, or the refusal it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import httpx
import msgspec

from sequencer.client.errors import AnswerInvalid, ClientError, CommandRefused, NodeUnreachable
from sequencer.client.receipts import ReceiptChecker
from sequencer.node.api import wire_receipts
from sequencer.node.api.problems import Problem
from sequencer.node.api.wire_answers import read_receipt
from sequencer.node.commands import ClientCommand
from sequencer.node.receipts import Receipt

__all__ = ["MAX_ANSWER_BYTES", "ask", "fetch", "get", "read_problem", "read_refusal", "read_results"]

MAX_ANSWER_BYTES: Final = 16 << 20
_S = TypeVar("_S", bound=msgspec.Struct)


def read_results(
    url: str, results: Sequence[wire_receipts.Result], commands: Sequence[ClientCommand], checker: ReceiptChecker
) -> list[Receipt | CommandRefused]:
    """Return a batch's results, each receipt checked for its command. Raises AnswerInvalid, ReceiptInvalid."""
    if len(results) != len(commands):
        raise AnswerInvalid(url, f"{len(results)} results for {len(commands)} commands")
    outcomes: list[Receipt | CommandRefused] = []
    for result, command in zip(results, commands, strict=True):
        if result.receipt is not None:
            receipt = read_receipt(result.receipt)
            checker.check(receipt, command)
            outcomes.append(receipt)
        elif result.problem is not None:
            outcomes.append(read_problem(result.problem))
        else:
            raise AnswerInvalid(url, "a result without receipt and problem")
    return outcomes


def read_problem(problem: Problem, retry_after_s: int | None = None) -> CommandRefused:
    """Return a node's refusal."""
    return CommandRefused(problem.status, problem.code, problem.detail[:1000], problem.facts, retry_after_s)


async def get(http: httpx.AsyncClient, path: str, wire: type[_S], **query: int | None) -> _S:
    """Return a read\'s answer. Raises NodeUnreachable, AnswerInvalid, CommandRefused."""
    params = {name: value for name, value in query.items() if value is not None}
    return await ask(http, "GET", path, wire, params=params)


async def ask(http: httpx.AsyncClient, method: str, path: str, wire: type[_S], **options: Any) -> _S:  # noqa: ANN401 (httpx)
    """Return the record of an answer. Raises NodeUnreachable, AnswerInvalid, CommandRefused."""
    body = await fetch(http, method, path, MAX_ANSWER_BYTES, **options)
    try:
        return msgspec.json.decode(body, type=wire)
    except (msgspec.DecodeError, RecursionError) as error:
        raise AnswerInvalid(f"{http.base_url}{path}", str(error)[:200]) from error


async def fetch(
    http: httpx.AsyncClient,
    method: str,
    path: str,
    limit_bytes: int,
    **options: Any,  # noqa: ANN401 (httpx's)
) -> bytes:
    """Return the bytes of an answer. Raises NodeUnreachable, AnswerInvalid (also beyond the limit), CommandRefused."""
    url = f"{http.base_url}{path}"
    try:
        async with http.stream(method, path, **options) as response:
            body = await _read(response, url, limit_bytes)
    except httpx.HTTPError as error:
        raise NodeUnreachable(url, f"{type(error).__name__}: {error}"[:200]) from error
    except httpx.InvalidURL as error:
        raise AnswerInvalid(url, str(error)[:200]) from error
    if response.status_code == httpx.codes.OK:
        return body
    raise _read_refusal(response, body, url)


async def read_refusal(response: httpx.Response, url: str) -> ClientError:
    """Return what an answer that is not 200 says: CommandRefused, or AnswerInvalid where it is no node's."""
    try:
        return _read_refusal(response, await _read(response, url, MAX_ANSWER_BYTES), url)
    except AnswerInvalid as error:
        return error


def _read_refusal(response: httpx.Response, body: bytes, url: str) -> ClientError:
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, RecursionError):
        return AnswerInvalid(url, f"status {response.status_code} and no problem details")
    wait = response.headers.get("retry-after", "")
    return read_problem(problem, int(wait) if wait.isdigit() and len(wait) < 10 else None)


async def _read(response: httpx.Response, url: str, limit_bytes: int) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > limit_bytes:
            raise AnswerInvalid(url, f"more than {limit_bytes} bytes")
        parts.append(part)
    return b"".join(parts)
