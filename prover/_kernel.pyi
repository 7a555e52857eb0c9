"""Groth16 over BN254 for circuits made of repeated templates. Bytes in, bytes out; imported by `prover.kernel` alone.

Scalars are 32 bytes big-endian, each below r. G1 points are 64 bytes x || y (EIP-196), G2 points 128 bytes with
imaginary parts first (EIP-197); infinity is all zero. Malformed input raises ValueError naming what and where, files
OSError.
The GIL is released. `progress(stage, done, total)` is called on the calling thread, about five times a second; what it
raises (or KeyboardInterrupt) ends the call once the workers have stopped, and nothing is left half-written. A `seed`
replaces the operating system's randomness: for tests, since whoever knows it knows the secrets drawn from it.
The kernel keeps a pool of threads (RAYON_NUM_THREADS, else one a core), which a fork does not copy: start worker
processes by spawn.
"""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import TypeAlias, final

__all__ = [
    "CancelToken",
    "Cancelled",
    "Circuit",
    "PowersOfTau",
    "ProvingKey",
    "Witness",
    "apply_beacon",
    "contribute",
    "eddsa_derive",
    "eddsa_divide_by_eight",
    "eddsa_sign",
    "eddsa_verify_many",
    "export_zkey",
    "fft",
    "get_path",
    "import_zkey",
    "make_development_powers",
    "merkle_levels",
    "msm_g1",
    "msm_g2",
    "poseidon_many",
    "prove",
    "prove_timed",
    "setup",
    "start_ceremony",
    "verify",
    "verify_ceremony",
]

_Progress: TypeAlias = Callable[[str, int, int], object]
_Path: TypeAlias = str | PathLike[str]
_Contribution: TypeAlias = tuple[str, tuple[bytes, int] | None, bytes]
"""Name, beacon (value, iterations_log2) or None, and the link of the transcript behind it: 64 bytes."""

class Cancelled(Exception):
    """The call's `CancelToken` was cancelled; the text names the stage."""

@final
class CancelToken:
    """Ends one or several proofs from another thread. Once cancelled it stays so."""

    def __new__(cls) -> CancelToken: ...
    def cancel(self) -> None:
        """Let every proof that has this token end soon: workers look at it every few milliseconds."""
    @property
    def is_cancelled(self) -> bool: ...

@final
class Circuit:
    """Instances of templates, joined by a bus of wires (docs/architecture.md, "Templates repeated")."""

    def __new__(
        cls,
        templates: Sequence[bytes],
        instance_templates: Sequence[int],
        port_maps: Sequence[bytes | Sequence[int]],
        n_bus: int,
        n_public: int,
    ) -> Circuit:
        """Parse and join. `instance_templates[i]` is the template of instance i, `port_maps[i]` its ports' bus wires.

        A port map is integers, or u32 little-endian bytes. n_bus counts all bus wires: the constant one (wire 0), the
        n_public public inputs (wires 1..n_public) and the chained values.
        Raises ValueError where a template is malformed or an index out of range.
        """

    @property
    def n_constraints(self) -> int:
        """Rows of all instances, without the n_public + 1 rows that the QAP adds."""
    @property
    def n_wires(self) -> int:
        """Global wires: the bus, then each instance's private and computed wires."""
    @property
    def n_instances(self) -> int: ...
    @property
    def n_bus(self) -> int: ...
    @property
    def n_public(self) -> int: ...
    @property
    def domain_log2(self) -> int:
        """The domain has 2**domain_log2 points: rows and the n_public + 1 added ones, rounded up."""
    @property
    def digest(self) -> bytes:
        """32 bytes that name this circuit: a hash of templates, instances, port maps and sizes."""

    def global_wire(self, instance: int, local_wire: int) -> int:
        """Return the global index of an instance's local wire."""

    def compute_witness(
        self,
        bus_be: bytes,
        private_be: Sequence[bytes],
        overrides: Sequence[tuple[int, int, bytes]] | None = None,
        progress: _Progress | None = None,
    ) -> Witness:
        """Run every instance's program, in parallel. Does not check the constraints: see `unsatisfied`.

        bus_be: n_bus * 32 bytes, the first of them one. private_be[i]: the private inputs of instance i.
        overrides: (instance, local wire, value_be) replaces what the wire's op computes, and later ops follow the lie.
        Only computed wires can be overridden; for ports and private inputs pass other inputs.
        """

    def unsatisfied(self, witness: Witness, limit: int = 1) -> list[tuple[int, int]]:
        """Return up to `limit` rows that do not hold, as (instance, row), ascending."""

    def write_r1cs(self, path: _Path) -> None:
        """Write iden3 `.r1cs` version 1: wires as here, no outputs, public inputs 1..n_public, labels = wires."""

@final
class Witness:
    """The value of every wire of a circuit. Made by `Circuit.compute_witness`."""

    def to_be(self) -> bytes:
        """Return all wires, n_wires * 32 bytes."""

    def public_inputs_be(self) -> bytes:
        """Return wires 1..n_public, n_public * 32 bytes."""

    def value_be(self, global_wire: int) -> bytes:
        """Return one wire, 32 bytes."""

    def instance_wire_be(self, instance: int, local_wire: int) -> bytes:
        """Return an instance's local wire, 32 bytes."""

    def write_wtns(self, path: _Path) -> None:
        """Write iden3 `.wtns` version 2."""

@final
class ProvingKey:
    """A proving key, mapped from its file (layout: prover/native/src/keyfile.rs)."""

    @staticmethod
    def load(path: _Path) -> ProvingKey:
        """Map a key file. Raises ValueError where magic, version, curve, length or checksum are not as expected."""

    @property
    def verifying_key_be(self) -> bytes:
        """The verifying key, as `setup` returned it."""
    @property
    def circuit_digest(self) -> bytes:
        """The `Circuit.digest` of the circuit this key was made for."""
    @property
    def is_development(self) -> bool:
        """True if one party made this key and could have kept the toxic waste, or if nobody has contributed yet.

        False says that the key's transcript names a contributor, not that it is true: see `verify_ceremony`.
        """
    @property
    def transcript(self) -> list[_Contribution] | None:
        """The contributions of a ceremony's key, unchecked, in order; None where `setup` made the key."""
    @property
    def domain_log2(self) -> int: ...
    @property
    def proof_memory_bytes(self) -> int:
        """The most bytes that `prove` holds at once with this key, whatever the witness.

        Beside the mapped key, circuit and witness. Derived in prover/native/src/memory.rs, for the path and the threads
        of this process. Raises ValueError as `get_path`.
        """

def setup(circuit: Circuit, path: _Path, *, seed: bytes | None = None, progress: _Progress | None = None) -> bytes:
    """Write a development proving key to `path` and return the verifying key.

    alpha_g1 (64) || beta_g2 (128) || gamma_g2 (128) || delta_g2 (128) || n_ic (4, big-endian) || IC (n_ic * 64).
    """

@final
class PowersOfTau:
    """Powers of tau of an iden3 `.ptau` file, checked and mapped, for one size of circuit (docs/ceremony.md)."""

    @staticmethod
    def load(path: _Path, domain_log2: int, *, progress: _Progress | None = None) -> PowersOfTau:
        """Map a file for circuits of this `Circuit.domain_log2`; it must reach twice the domain: power domain_log2 + 1.

        Every point used is held to be canonical, on its curve and of order r, and each to be the one before it times
        tau. Who contributed to the powers is not looked at: compare `digest` with what their ceremony published.
        Raises ValueError naming the first thing wrong.
        """

    @property
    def power(self) -> int:
        """The file's power p: 2**(p + 1) - 1 powers in G1, 2**p of every other kind."""
    @property
    def is_prepared(self) -> bool:
        """Whether the file holds Lagrange points ("prepared for phase 2"), so that none need be made."""
    @property
    def digest(self) -> bytes:
        """BLAKE2b-512 of the file, 64 bytes: what `b2sum` prints."""

def make_development_powers(
    path: _Path, power: int, *, prepared: bool = False, seed: bytes | None = None, progress: _Progress | None = None
) -> None:
    """Write powers of tau of one party, power 1 to 24, for tests and benchmarks: whoever ran it can forge.

    prepared: with Lagrange points. A seed gives the tau, alpha and beta of `setup` with that seed.
    """

def start_ceremony(circuit: Circuit, powers: PowersOfTau, path: _Path, *, progress: _Progress | None = None) -> bytes:
    """Write the first key of a ceremony, delta = gamma = 1, and return the start of its transcript, 64 bytes.

    Until somebody contributes, anybody can forge proofs under it. Memory: about 900 bytes a wire or row, whichever are
    more.
    """

def contribute(
    source: _Path,
    target: _Path,
    name: str,
    *,
    text: bytes | None = None,
    seed: bytes | None = None,
    progress: _Progress | None = None,
) -> bytes:
    """Write `source` with delta times x, L and H over x, and a proof that x was known. Returns the new link, 64 bytes.

    x comes from the operating system's randomness with `text` mixed in, and is wiped. The source's transcript is
    checked first, and so is every point that x multiplies. name: 1 to 128 bytes, printable.
    """

def apply_beacon(
    source: _Path,
    target: _Path,
    name: str,
    value: bytes,
    iterations_log2: int,
    *,
    progress: _Progress | None = None,
) -> bytes:
    """Contribute SHA-256 of `value`, iterated 2**iterations_log2 (10 to 32) times. Returns the new link, 64 bytes."""

def verify_ceremony(
    circuit: Circuit, powers: PowersOfTau, path: _Path, *, progress: _Progress | None = None
) -> list[_Contribution]:
    """Return the contributions of a key file that is what the powers, the circuit and these contributions make.

    Raises ValueError naming the first thing that is not so. Sums with random factors of 128 bits decide.
    """

def export_zkey(key: ProvingKey, circuit: Circuit, path: _Path, *, progress: _Progress | None = None) -> None:
    """Write the key as snarkjs reads it: `.zkey` of Groth16 (layout: prover/native/src/zkey.rs).

    No contribution is written, and zeros for the digest of circuit and powers: snarkjs proves with the file, but cannot
    verify its history. Raises ValueError where the key is another circuit's.
    """

def import_zkey(circuit: Circuit, source: _Path, target: _Path, *, progress: _Progress | None = None) -> bytes:
    """Write the circuit's key in a `.zkey` to `target`, for development, and return the verifying key as `setup` does.

    The file's A and B must be the circuit's, row by row, in the order of snarkjs; every point canonical, on its curve
    and of order r. Raises ValueError naming the first thing that is not so. Not checked: that the points are those of
    the circuit, and who contributed.
    """

def prove(
    key: ProvingKey,
    circuit: Circuit,
    witness: Witness,
    *,
    seed: bytes | None = None,
    progress: _Progress | None = None,
    cancel: CancelToken | None = None,
) -> bytes:
    """Return a Groth16 proof, 256 bytes: A (64) || B (128) || C (64). eprint 2016/260.

    Raises ValueError where the witness does not satisfy the circuit, naming the first (instance, row), or where key,
    circuit and witness do not belong together; Cancelled where `cancel` is. One seed with two witnesses gives the
    witnesses away.
    """

def prove_timed(
    key: ProvingKey,
    circuit: Circuit,
    witness: Witness,
    *,
    seed: bytes | None = None,
    progress: _Progress | None = None,
    cancel: CancelToken | None = None,
) -> tuple[bytes, dict[str, tuple[float, int]]]:
    """Return what `prove` returns, and by part the seconds that threads worked on it and its number of operations.

    Parts are the same for every circuit and path, 0 where a path has none: `rows`, `FFT`, `assemble`; of the sums `H`,
    `L`, `A`, `B1`, `B2` each `/recode`, `/join`, `/sort`, `/gather`, `/add`, `/invert`, `/buckets`; `wires/recode`,
    `wires/join` of what L, A and B share; `B/recode`, `B/join`, `B/sort` of the plan that B1 and B2 share. What an
    operation is: docs/kernel.md. A part that all threads do together counts its time by the clock as often as there are
    threads, and so other work in flight as well.
    """

def verify(verifying_key_be: bytes, proof_be: bytes, public_be: bytes) -> bool:
    """Return whether the proof holds for the public inputs (n * 32 bytes).

    A proof point at infinity is a point like any other, as it is to the EVM's pairing precompile; alpha, beta, gamma or
    delta at infinity are refused. Raises ValueError naming what is malformed: a length, a coordinate not below q, a
    public input not below r, a point off the curve or outside the subgroup.
    """

def get_path() -> str:
    """Return which path computes sums and transforms: `portable` or `ifma` (docs/kernel.md).

    Raises ValueError where ZKMARGIN_KERNEL names another, or one that this processor has not.
    """

def msm_g1(points_be: bytes, scalars_be: bytes) -> bytes:
    """Return sum_i scalars[i] * points[i] on BN254 G1, 64 bytes. Raises ValueError naming the first bad index."""

def msm_g2(points_be: bytes, scalars_be: bytes) -> bytes:
    """Return sum_i scalars[i] * points[i] on BN254 G2, 128 bytes. Raises ValueError naming the first bad index."""

def fft(values_be: bytes, *, inverse: bool = False) -> bytes:
    """Return the values at the n-th roots of unity of the polynomial with these n coefficients; or the inverse of that.

    n must be a power of two, at most 2**28. The root is 5**((r - 1) / n), arkworks' generator 5 of the scalar field.
    """

def poseidon_many(arity: int, rows_be: bytes, tag_be: bytes) -> bytes:
    """Return circomlib's Poseidon, 32 bytes, of each row of `arity` elements. The tag is the initial capacity."""

def merkle_levels(leaves_be: bytes, tag_be: bytes) -> bytes:
    """Return all levels above the leaves of an 8-ary tree, the parents of the leaves first, the root last.

    The number of leaves must be a power of eight; one leaf is its own root, and there is nothing above it.
    """

def eddsa_derive(private_key: bytes, *, key_hash: str = "blake2b") -> bytes:
    """Return the public key, 64 bytes x || y. key_hash: "blake2b" (zk-kit) or "blake512" (circomlibjs)."""

def eddsa_sign(private_key: bytes, message_be: bytes, *, key_hash: str = "blake2b") -> bytes:
    """Return the deterministic EdDSA-Poseidon signature: R8 (64) || S (32)."""

def eddsa_verify_many(claims_be: bytes) -> bytes:
    """Return one byte a claim of 192 bytes, key (64) || message (32) || R8 (64) || S (32): 1 if the signature is valid.

    What is not canonical, not on the curve or under a key not of prime order is not valid; only lengths raise.
    Tables of up to 8,192 keys are kept, 9.3 KB each (76 MB): claims under a key seen before take a third of the time.
    """

def eddsa_divide_by_eight(public_key_be: bytes) -> bytes:
    """Return the point of prime order, 64 bytes, whose eightfold is the public key. Raises ValueError where none is."""
