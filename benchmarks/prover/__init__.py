"""Our prover beside its peers, in one run: `python -m benchmarks.prover` (docs/kernel-peers.md)."""
