"""One transaction to a node: estimated, signed, sent, waited for, and sent again for more where it does not move."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from verifier.base_layer.errors import Reverted
from verifier.base_layer.fees import Fees, cap_fees, raise_fees, suggest_fees
from verifier.base_layer.interface import TRANSACTION_GAS_CAP, Receipt
from verifier.base_layer.node_errors import NodeRefused, NodeUnreachable, TransactionStuck, TransactionTooLarge
from verifier.base_layer.receipts import fetch_receipt, was_successful
from verifier.base_layer.rpc import RpcClient
from verifier.base_layer.rpc_values import read_object, read_quantity
from verifier.base_layer.send_settings import SendSettings

# gas on top of the estimate: state may move between the two. What is not used is not paid
_MARGIN_PERCENT: Final = 20
Pack = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Request:
    """What is to be done, and by whom; an empty `to` creates a contract."""

    account: LocalAccount
    chain_id: int
    to: bytes
    data: bytes
    value_wei: int
    versioned_hashes: tuple[bytes, ...]

    def describe(self) -> dict[str, Any]:
        """Return the fields of eth_call and eth_estimateGas."""
        fields = {"from": self.account.address, "data": f"0x{self.data.hex()}", "value": hex(self.value_wei)}
        to = {"to": f"0x{self.to.hex()}"} if self.to else {}
        hashes = {"blobVersionedHashes": [f"0x{one.hex()}" for one in self.versioned_hashes]}
        return fields | to | (hashes if self.versioned_hashes else {})


def send(rpc: RpcClient, settings: SendSettings, request: Request, pack: Pack) -> Receipt:
    """Return the receipt of a transaction that succeeded; `pack` puts blobs beside its signed body.

    Raises Reverted (0 gas: it was not sent), TransactionTooLarge, TransactionStuck, and what RpcClient.ask raises.
    """
    fees = cap_fees(_ask_fees(rpc, bool(request.versioned_hashes)), settings.max_price_wei)
    gas = _estimate_gas(rpc, request, fees)
    place = "latest" if settings.takes_over else "pending"
    count = rpc.ask("eth_getTransactionCount", request.account.address, place)
    nonce = read_quantity("eth_getTransactionCount", "result", count)
    raw = _wait(rpc, settings, request, pack, fees, gas, nonce)
    if was_successful(raw):
        return fetch_receipt(rpc, raw, request.versioned_hashes)
    raise _replay(rpc, request, raw)


def _wait(
    rpc: RpcClient, settings: SendSettings, request: Request, pack: Pack, fees: Fees, gas: int, nonce: int
) -> dict[str, Any]:
    """Send, and send again for more each time that waiting is over; return the raw receipt of whichever was mined."""
    start_s = time.monotonic()
    fees, first = _send_first(rpc, settings, request, pack, fees, gas, nonce)
    hashes = [first]
    raise_at_s = start_s + settings.raise_fees_after_s
    while (now_s := time.monotonic()) < start_s + settings.receipt_timeout_s:
        for one in reversed(hashes):
            if (raw := _ask_receipt(rpc, one)) is not None:
                return raw
        if now_s >= raise_at_s:
            raise_at_s = now_s + settings.raise_fees_after_s
            raised = cap_fees(raise_fees(fees), settings.max_price_wei)
            if raised.gas_price_wei > fees.gas_price_wei:  # else it is at the cap: a pool would refuse it
                fees = raised
                hashes += _try_again(rpc, request, pack, fees, gas, nonce)
        time.sleep(settings.poll_interval_s)
    raise TransactionStuck(hashes[-1], nonce, time.monotonic() - start_s)


def _send_first(
    rpc: RpcClient, settings: SendSettings, request: Request, pack: Pack, fees: Fees, gas: int, nonce: int
) -> tuple[Fees, bytes]:
    """Return what was offered in the end, and the hash. Where another transaction has the place, the offer is raised
    until the pool gives it up, as far as the cap goes."""
    while True:
        try:
            return fees, _sign_and_send(rpc, request, pack, fees, gas, nonce)
        except NodeRefused:
            raised = cap_fees(raise_fees(fees), settings.max_price_wei)
            if not settings.takes_over or raised.gas_price_wei <= fees.gas_price_wei:
                raise
            fees = raised


def _try_again(rpc: RpcClient, request: Request, pack: Pack, fees: Fees, gas: int, nonce: int) -> list[bytes]:
    try:
        return [_sign_and_send(rpc, request, pack, fees, gas, nonce)]
    except (NodeRefused, NodeUnreachable):  # the first was mined meanwhile, or the pool wants more: go on waiting
        return []


def _sign_and_send(rpc: RpcClient, request: Request, pack: Pack, fees: Fees, gas: int, nonce: int) -> bytes:
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": request.chain_id,
        "nonce": nonce,
        "gas": gas,
        "maxPriorityFeePerGas": fees.tip_wei,
        "maxFeePerGas": fees.gas_price_wei,
        "to": request.to,
        "value": request.value_wei,
        "data": request.data,
        "accessList": (),
    }
    if request.versioned_hashes:
        blob_fields = {"maxFeePerBlobGas": fees.blob_gas_price_wei, "blobVersionedHashes": request.versioned_hashes}
        fields |= {"type": 3, **blob_fields}
    signed = request.account.sign_transaction(fields)
    rpc.ask("eth_sendRawTransaction", f"0x{pack(bytes(signed.raw_transaction)).hex()}")
    return bytes(signed.hash)


def _ask_fees(rpc: RpcClient, with_blobs: bool) -> Fees:
    head = read_object("eth_getBlockByNumber", "block", rpc.ask("eth_getBlockByNumber", "latest", False))
    blob_base_fee_wei = None
    if with_blobs:
        blob_base_fee_wei = read_quantity("eth_blobBaseFee", "result", rpc.ask("eth_blobBaseFee"))
    return suggest_fees(
        base_fee_wei=read_quantity("eth_getBlockByNumber", "baseFeePerGas", head.get("baseFeePerGas")),
        tip_wei=read_quantity("eth_maxPriorityFeePerGas", "result", rpc.ask("eth_maxPriorityFeePerGas")),
        blob_base_fee_wei=blob_base_fee_wei,
    )


def _estimate_gas(rpc: RpcClient, request: Request, fees: Fees) -> int:
    """Return the gas limit. Nodes that do not enforce EIP-7825 estimate above its cap: refused here."""
    blob_price = {"maxFeePerBlobGas": hex(fees.blob_gas_price_wei)} if request.versioned_hashes else {}
    answer = rpc.ask("eth_estimateGas", request.describe() | blob_price, "latest")
    estimate = read_quantity("eth_estimateGas", "result", answer)
    if estimate > TRANSACTION_GAS_CAP:
        raise TransactionTooLarge("gas", estimate, TRANSACTION_GAS_CAP)
    return min(estimate * (100 + _MARGIN_PERCENT) // 100, TRANSACTION_GAS_CAP)


def _ask_receipt(rpc: RpcClient, transaction_hash: bytes) -> dict[str, Any] | None:
    try:
        raw = rpc.ask("eth_getTransactionReceipt", f"0x{transaction_hash.hex()}")
    except NodeUnreachable:  # it may come back before the time is over
        return None
    return None if raw is None else dict(read_object("eth_getTransactionReceipt", "result", raw))


def _replay(rpc: RpcClient, request: Request, raw: dict[str, Any]) -> Reverted:
    """Return why a mined transaction was undone, as its own block's state still shows, with the gas it cost."""
    gas_used = read_quantity("eth_getTransactionReceipt", "gasUsed", raw.get("gasUsed"))
    try:
        rpc.ask("eth_call", request.describe(), raw.get("blockNumber"))
    except Reverted as error:
        return Reverted(error.return_data, error.reason, gas_used)
    return Reverted(b"", "it would succeed now", gas_used)
