"""Our wrapper of blobs against eth-account's, and its proofs against ckzg's verification."""

from __future__ import annotations

from typing import Any

import ckzg  # type: ignore[import-not-found]
import pytest
import rlp  # type: ignore[import-untyped]
from eth_account import Account
from eth_account.typed_transactions import base as eth_account_base

from rollup.blob import ELEMENT_COUNT
from verifier import kzg
from verifier.base_layer.blob_wrapper import wrap

KEY = (1).to_bytes(32, "big")
BLOBS = [b"".join((i * k).to_bytes(32, "big") for i in range(ELEMENT_COUNT)) for k in (1, 2**200 + 1)]
HASHES = [kzg.versioned_hash(kzg.commit(blob)) for blob in BLOBS]
FIELDS: dict[str, Any] = {
    "type": 3,
    "chainId": 1,
    "nonce": 0,
    "gas": 21_000,
    "maxPriorityFeePerGas": 1,
    "maxFeePerGas": 2,
    "maxFeePerBlobGas": 3,
    "to": bytes(20),
    "value": 0,
    "data": b"\x01",
    "accessList": (),
}
BODY = bytes(Account.sign_transaction({**FIELDS, "blobVersionedHashes": HASHES}, KEY).raw_transaction)


def test_wrapper_with_cell_proofs_is_eth_account_s(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = kzg.load_setup()  # eth-account loads its own copy of the file once for each commitment and proof
    monkeypatch.setattr(eth_account_base, "load_trusted_setup", lambda path, precompute: setup)
    theirs = Account.sign_transaction(FIELDS, KEY, blobs=BLOBS)
    assert wrap(BODY, BLOBS, has_cell_proofs=True) == theirs.raw_transaction


def test_wrapper_before_osaka_carries_one_proof_a_blob() -> None:
    wrapped = wrap(BODY, BLOBS, has_cell_proofs=False)
    body, blobs, commitments, proofs = rlp.decode(wrapped[1:])
    assert wrapped[:1] == b"\x03"
    assert rlp.encode(body) == BODY[1:]
    assert blobs == BLOBS
    assert [kzg.versioned_hash(commitment) for commitment in commitments] == HASHES
    assert ckzg.verify_blob_kzg_proof_batch(b"".join(blobs), b"".join(commitments), b"".join(proofs), kzg.load_setup())
    swapped = b"".join(reversed(proofs))
    assert not ckzg.verify_blob_kzg_proof_batch(b"".join(blobs), b"".join(commitments), swapped, kzg.load_setup())
