"""What a verifier refuses, and what it says."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import ProofInvalid, RollupError


@dataclass(eq=False)
class WrongLength(ProofInvalid):
    """A byte string is not as long as its format says."""

    code = "wrong_length"
    what: str
    got_bytes: int
    expected_bytes: int

    def __str__(self) -> str:
        return f"{self.what}: {self.got_bytes} bytes, expected {self.expected_bytes}"


@dataclass(eq=False)
class CoordinateTooLarge(ProofInvalid):
    """A coordinate is not below the base field's order q."""

    code = "coordinate_too_large"
    what: str
    value: int

    def __str__(self) -> str:
        return f"{self.what}: coordinate {self.value} is not below the BN254 base field order"


@dataclass(eq=False)
class PointNotOnCurve(ProofInvalid):
    """A point does not satisfy its curve's equation."""

    code = "point_not_on_curve"
    what: str

    def __str__(self) -> str:
        return f"{self.what}: not on the curve"


@dataclass(eq=False)
class PointNotInSubgroup(ProofInvalid):
    """A point of G2's curve does not have order r."""

    code = "point_not_in_subgroup"
    what: str

    def __str__(self) -> str:
        return f"{self.what}: on the curve but not of order r"


@dataclass(eq=False)
class KeyPointAtInfinity(ProofInvalid):
    """One of alpha, beta, gamma, delta is infinity: no setup makes such a key."""

    code = "key_point_at_infinity"
    what: str

    def __str__(self) -> str:
        return f"{self.what}: infinity"


@dataclass(eq=False)
class PublicInputTooLarge(ProofInvalid):
    """A public input is not a canonical element of the scalar field."""

    code = "public_input_too_large"
    index: int
    value: int

    def __str__(self) -> str:
        return f"public input {self.index}: {self.value} is not in [0, r)"


@dataclass(eq=False)
class PublicInputCountWrong(ProofInvalid):
    """The key is for another number of public inputs."""

    code = "public_input_count_wrong"
    got: int
    expected: int

    def __str__(self) -> str:
        return f"{self.got} public inputs, expected {self.expected}"


@dataclass(eq=False)
class EquationFails(ProofInvalid):
    """Everything is well formed and the pairing equation does not hold."""

    code = "equation_fails"

    def __str__(self) -> str:
        return "the pairing equation does not hold"


@dataclass(eq=False)
class FileMalformed(RollupError):
    """A file's content is not what its kind prescribes."""

    code = "file_malformed"
    path: str
    where: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: {self.where}: got {self.got}, expected {self.expected}"
