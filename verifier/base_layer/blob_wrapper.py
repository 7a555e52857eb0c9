"""The form in which a blob transaction travels to a node: its signed body, and blobs, commitments and proofs beside it.

eth-account makes it too, but loads the trusted setup anew for every commitment and proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import rlp  # type: ignore[import-untyped]

from verifier import kzg

BLOB_TYPE: Final = b"\x03"  # EIP-4844, BLOB_TX_TYPE
_CELL_PROOFS: Final = b"\x01"  # EIP-7594, wrapper_version


def wrap(signed_body: bytes, blobs: Sequence[bytes], *, has_cell_proofs: bool) -> bytes:
    """Return the bytes for eth_sendRawTransaction: with 128 cell proofs a blob since Osaka, one proof a blob before.

    Assumes a signed transaction of type 3 that names these blobs. Raises BlobWrongLength, BlobElementTooLarge.
    """
    assert signed_body[:1] == BLOB_TYPE, f"a transaction of type {signed_body[0]}"
    body = rlp.decode(signed_body[1:])
    commitments = [kzg.commit(blob) for blob in blobs]
    if has_cell_proofs:  # EIP-7594: [tx_payload_body, wrapper_version, blobs, commitments, cell_proofs]
        proofs = [proof for blob in blobs for proof in kzg.prove_cells(blob)]
        return BLOB_TYPE + bytes(rlp.encode([body, _CELL_PROOFS, list(blobs), commitments, proofs]))
    # EIP-4844: [tx_payload_body, blobs, commitments, proofs]
    pairs = zip(blobs, commitments, strict=True)
    return BLOB_TYPE + bytes(rlp.encode([body, list(blobs), commitments, [kzg.prove_blob(*pair) for pair in pairs]]))
