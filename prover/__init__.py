"""Groth16 proofs of batches: setup, prove, verify. The work is done by the Rust kernel behind `prover.kernel`."""
