"""What only a node on its own embedded chain offers: test dollars, and a way for signed transactions to reach it.

No wallet and no explorer reaches a chain that lives in the node, so these two stand in for a node's JSON-RPC.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Annotated, Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sequencer.node.api.errors import BodyTooLarge, RequestMalformed
from sequencer.node.api.responses import encode_problem
from sequencer.node.base_messages import Faucet, PublicRequest, RawTransaction

__all__ = [
    "FAUCET",
    "TRANSACTIONS",
    "FaucetAnswer",
    "FaucetRequest",
    "SentAnswer",
    "SignedTransaction",
    "add_development",
]

FAUCET: Final = "/v1/development/faucet"
TRANSACTIONS: Final = "/v1/development/transactions"
_MAX_BODY_BYTES: Final = 2**17
_Address = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-f]{40}$")]
_Ask = Callable[[PublicRequest], Future[bytes]]


class FaucetRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Who is to have how much, 1e-6 USD."""

    address: _Address
    amount_e6: Annotated[int, msgspec.Meta(ge=1, le=10**12)]


class FaucetAnswer(msgspec.Struct):
    """What the address may sign next, and with which token."""

    nonce: int
    token: str


class SignedTransaction(msgspec.Struct, forbid_unknown_fields=True):
    """A transaction as `eth_sendRawTransaction` takes it, without blobs."""

    raw: Annotated[str, msgspec.Meta(pattern="^0x([0-9a-f]{2})+$", max_length=2**16)]


class SentAnswer(msgspec.Struct):
    """Its hash."""

    transaction: str


def add_development(app: Starlette, ask: _Ask) -> None:
    """Let an app of `make_app` serve both, asking the publisher."""

    async def fill(body: FaucetRequest) -> FaucetAnswer:
        answer = await _wait(ask(Faucet(bytes.fromhex(body.address[2:]), body.amount_e6)))
        return FaucetAnswer(int.from_bytes(answer[:8], "big"), f"0x{answer[8:].hex()}")

    async def send(body: SignedTransaction) -> SentAnswer:
        return SentAnswer(f"0x{(await _wait(ask(RawTransaction(bytes.fromhex(body.raw[2:]))))).hex()}")

    app.router.routes[:0] = [
        Route(FAUCET, _make_handler(FaucetRequest, fill), methods=["POST"]),
        Route(TRANSACTIONS, _make_handler(SignedTransaction, send), methods=["POST"]),
    ]


def _make_handler(kind: type[msgspec.Struct], act: Callable[[Any], Any]) -> Callable[[Request], Any]:
    decoder = msgspec.json.Decoder(kind)

    async def handle(request: Request) -> Response:
        try:
            wish = await _read(request, decoder)
            return Response(msgspec.json.encode(await act(wish)), media_type="application/json")
        except Exception as error:  # told as every other refusal of the API
            status, problem, _ = encode_problem(error)
            return Response(problem, status, media_type="application/problem+json")

    return handle


async def _read(request: Request, decoder: msgspec.json.Decoder[Any]) -> Any:  # noqa: ANN401 # the decoder's kind
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BODY_BYTES:
            raise BodyTooLarge("body", _MAX_BODY_BYTES)
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, ValueError) as error:
        raise RequestMalformed("body", str(error)[:200]) from error


async def _wait(future: Future[bytes]) -> bytes:
    return await asyncio.wrap_future(future)
