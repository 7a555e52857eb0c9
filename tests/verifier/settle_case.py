"""Two batches that follow each other, with simulated proofs: what a StateRootAnchor settles in the tests."""

from __future__ import annotations

from rollup.field import R
from verifier.keys import encode_proof, encode_verifying_key
from verifier.simulator import Trapdoor

TRAPDOOR = Trapdoor.from_seed(seed=6, n_public=9)
KEY_BE = encode_verifying_key(TRAPDOOR.get_key())
# as in PublicInputs; hashes and values at full width, so that calldata costs the most
ROOTS = [R - 1, R - 2, R - 3]
PARAMS_HASH = R - 4
AT_Z = [2**248 - 1, 2**128 - 1, 2**127 - 1]  # z, and the two limbs of the blob's value
_CLOCKS = [4 * 2**72 + 1_700_000_000 * 2**32 + i * (2**32 + 1) for i in (1, 2)]
BATCHES = [
    [ROOTS[0], ROOTS[1], PARAMS_HASH, _CLOCKS[0], R - 5, *AT_Z, R - 7],
    [ROOTS[1], ROOTS[2], PARAMS_HASH, _CLOCKS[1], R - 6, *AT_Z, R - 8],
]
PROOFS = [encode_proof(TRAPDOOR.simulate(batch, 2, 3)) for batch in BATCHES]
