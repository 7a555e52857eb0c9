"""What owners of accounts do on a base layer: by a sender that the layer holds, or signed and taken there by a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from eth_abi.abi import encode
from eth_account import Account
from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak

from rollup.signature import derive_public_key
from sequencer.node.base_messages import Faucet, PublicRequest, RawTransaction
from sequencer.node.deploying import NodeDeployment
from tests.scenarios import key_of
from verifier.base_layer import BaseLayer

__all__ = ["deposit", "get_owner", "send_deposit", "sign_call"]

_DEPOSIT_E6: Final = 5_000_000_000
_OWNER_WEI: Final = 2 * 10**17


def get_owner(account: int) -> bytes:
    """Return the private key of the account's owner."""
    return key_of(1000 + account)


def deposit(layer: BaseLayer, deployment: NodeDeployment, account: int) -> None:
    """Deposit 5,000 dollars and the fee. Wei come from the layer's first sender."""
    key = get_owner(account)
    owner = PrivateKey(key).public_key.to_canonical_address()
    layer.add_senders([key])
    if (missing_wei := _OWNER_WEI - layer.get_balance_wei(owner)) > 0:
        layer.transact(owner, b"", value_wei=missing_wei)
    rollup, token = deployment.open_rollup(layer), deployment.open_token(layer)
    amount_e6 = _DEPOSIT_E6 + rollup.call("limits")[1]
    token.transact("mint", owner, amount_e6)
    token.transact("approve", rollup.address, amount_e6, sender=owner)
    rollup.transact("deposit", account, amount_e6, *derive_public_key(key_of(account)), sender=owner)


def send_deposit(ask: Callable[[PublicRequest], bytes], deployment: NodeDeployment, account: int) -> bytes:
    """Return the hash of a deposit of 5,000 dollars by way of a node on its embedded chain."""
    key = get_owner(account)
    granted = ask(Faucet(PrivateKey(key).public_key.to_canonical_address(), _DEPOSIT_E6))
    nonce, token, rollup = int.from_bytes(granted[:8], "big"), granted[8:], deployment.contract
    ask(sign_call(deployment, key, nonce, token, "approve(address,uint256)", rollup, _DEPOSIT_E6))
    terms = (account, _DEPOSIT_E6, *derive_public_key(key_of(account)))
    return ask(sign_call(deployment, key, nonce + 1, rollup, "deposit(uint256,uint256,uint256,uint256)", *terms))


def sign_call(
    deployment: NodeDeployment,
    key: bytes,
    nonce: int,
    to: bytes,
    signature: str,
    *values: object,
    value_wei: int = 0,
) -> RawTransaction:
    """Return a signed call of a contract's function."""
    types = signature[signature.index("(") + 1 : -1].split(",")
    fields = {"type": 2, "chainId": deployment.chain_id, "nonce": nonce, "gas": 500_000, "maxFeePerGas": 2 * 10**9}
    data = keccak(text=signature)[:4] + encode(types, values)
    fields |= {"maxPriorityFeePerGas": 0, "to": to, "value": value_wei, "data": data}
    return RawTransaction(bytes(Account.from_key(key).sign_transaction(fields).raw_transaction))
