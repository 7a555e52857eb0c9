"""A deposit on a chain that lives in the node: signed here by the owner, taken to the chain by the node."""

from __future__ import annotations

from typing import Any, Final

import httpx
import msgspec
from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from rollup.babyjubjub import Point
from rollup.units import OWNER_BITS
from sequencer.client.errors import AnswerInvalid, CommandRefused, NodeUnreachable
from sequencer.node.api.development import (
    FAUCET,
    TRANSACTIONS,
    FaucetAnswer,
    FaucetRequest,
    SentAnswer,
    SignedTransaction,
)
from sequencer.node.api.problems import Problem

__all__ = ["deposit_on_embedded"]

_TIMEOUT_S: Final = 120.0
_GAS: Final = 300_000
_MAX_FEE_WEI: Final = 2 * 10**9  # the embedded chain's base fee is below


async def deposit_on_embedded(
    url: str, chain_id: int, contract: int, owner: LocalAccount, account: int, key: Point, amount_e6: int
) -> tuple[str, str]:
    """Return the hashes of the approval and the deposit. Test dollars and wei come from the node's faucet.

    Raises NodeUnreachable, CommandRefused where the node has no such chain or the contract refuses, AnswerInvalid.
    """
    rollup = contract.to_bytes(OWNER_BITS // 8, "big")
    async with httpx.AsyncClient(base_url=url.rstrip("/"), timeout=_TIMEOUT_S, follow_redirects=False) as http:
        ask = FaucetRequest(owner.address.lower(), amount_e6)
        granted = await _post(http, FAUCET, ask, FaucetAnswer)
        approval = _call("approve(address,uint256)", ("address", "uint256"), (rollup, amount_e6))
        terms = (account, amount_e6, *key)
        opening = _call("deposit(uint256,uint256,uint256,uint256)", ("uint256",) * 4, terms)
        hashes = []
        steps = ((bytes.fromhex(granted.token[2:]), approval), (rollup, opening))
        for nonce, (to, data) in enumerate(steps, granted.nonce):
            raw = _sign(owner, chain_id, nonce, to, data)
            hashes.append((await _post(http, TRANSACTIONS, SignedTransaction(raw), SentAnswer)).transaction)
    return hashes[0], hashes[1]


def _call(signature: str, types: tuple[str, ...], values: tuple[Any, ...]) -> bytes:
    return keccak(text=signature)[:4] + encode(types, values)


def _sign(owner: LocalAccount, chain_id: int, nonce: int, to: bytes, data: bytes) -> str:
    signed = owner.sign_transaction(
        {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "gas": _GAS,
            "maxFeePerGas": _MAX_FEE_WEI,
            "maxPriorityFeePerGas": 0,
            "to": to,
            "value": 0,
            "data": data,
        }
    )
    return f"0x{bytes(signed.raw_transaction).hex()}"


async def _post(http: httpx.AsyncClient, path: str, body: msgspec.Struct, kind: type[Any]) -> Any:  # noqa: ANN401 # a `kind`
    try:
        answer = await http.post(path, content=msgspec.json.encode(body), headers={"content-type": "application/json"})
    except httpx.HTTPError as error:
        raise NodeUnreachable(str(http.base_url), str(error)) from error
    try:
        if answer.status_code != httpx.codes.OK:
            problem = msgspec.json.decode(answer.content, type=Problem)
            raise CommandRefused(problem.status, problem.code, problem.detail[:1000], problem.facts)
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.DecodeError as error:
        raise AnswerInvalid(path, str(error)[:200]) from error
