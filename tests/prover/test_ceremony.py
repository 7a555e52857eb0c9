"""A key by three parties and a beacon: it proves, it is `setup`'s up to delta, and its file says who made it."""

from __future__ import annotations

from pathlib import Path

import pytest
from py_ecc.optimized_bn128 import FQ, FQ2, pairing

from circuits.exit_inputs import compute_exit_witness_inputs
from prover import kernel
from prover.circuit import load_exit
from prover.kernel import Circuit, PowersOfTau, ProvingKey, encode_be
from rollup.exit import compute_exit_inputs
from tests.circuits.exit_cases import at_equity
from tests.prover.ceremonies import BEACON, PARTIES, SEED, Ceremony, hold, hold_ceremony
from tests.prover.key_parts import KeyParts, parse_transcript, to_be
from tests.prover.tiny import TemplateWriter, compute_cubic_inputs
from verifier.verify import verify_all

G2_BE = encode_be(
    [
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
    ]
)


@pytest.fixture(scope="module")
def ceremony() -> Ceremony:
    return hold_ceremony()


@pytest.fixture(scope="module")
def exit_ceremony(tmp_path_factory: pytest.TempPathFactory) -> Ceremony:
    """Over the exit circuit, 2**13 rows, by a prepared file."""
    return hold(tmp_path_factory.mktemp("exit"), load_exit().circuit, prepared=True)


def test_file_names_every_contribution_in_order(ceremony: Ceremony) -> None:
    found = kernel.verify_ceremony(ceremony.circuit, ceremony.powers, ceremony.last)
    assert [(name, beacon) for name, beacon, _ in found] == [
        *((name, None) for name in PARTIES),
        ("beacon", (BEACON, 10)),
    ]
    assert ProvingKey.load(ceremony.last).transcript == found
    assert len({link for _, _, link in found}) == 4


def test_every_step_verifies_and_says_what_it_is(ceremony: Ceremony) -> None:
    for step, path in enumerate(ceremony.keys):
        assert len(kernel.verify_ceremony(ceremony.circuit, ceremony.powers, path)) == step
        assert ProvingKey.load(path).is_development == (step == 0)  # before the first contribution delta is 1
        assert path.stat().st_mode & 0o777 == 0o600


def test_key_proves_and_three_verifiers_accept(ceremony: Ceremony) -> None:
    key, circuit = ProvingKey.load(ceremony.last), ceremony.circuit
    witness = circuit.compute_witness(*compute_cubic_inputs([3, 4, -7]))
    proof_be = kernel.prove(key, circuit, witness)
    public = kernel.decode_be(witness.public_inputs_be())
    verdicts = verify_all(kernel.verify, key.verifying_key_be, proof_be, public)
    assert {name: verdict.valid for name, verdict in verdicts.items()} == dict.fromkeys(
        ("kernel", "py_ecc", "evm"), True
    )
    assert not kernel.verify(key.verifying_key_be, proof_be, encode_be([public[0] + 1, *public[1:]]))


def test_invalid_proof_under_the_key_of_an_earlier_step(ceremony: Ceremony) -> None:
    circuit = ceremony.circuit
    witness = circuit.compute_witness(*compute_cubic_inputs([3, 4, -7]))
    proof_be = kernel.prove(ProvingKey.load(ceremony.keys[1]), circuit, witness)
    vk_be = ProvingKey.load(ceremony.keys[2]).verifying_key_be
    assert not kernel.verify(vk_be, proof_be, witness.public_inputs_be())


def test_exit_circuit_by_three_parties(exit_ceremony: Ceremony) -> None:
    assert exit_ceremony.circuit.domain_log2 == 13
    assert exit_ceremony.powers.is_prepared
    assert len(kernel.verify_ceremony(exit_ceremony.circuit, exit_ceremony.powers, exit_ceremony.last)) == 4
    opening = at_equity(5 * 10**18).opening
    witness = load_exit().evaluate(compute_exit_witness_inputs(opening))
    key = ProvingKey.load(exit_ceremony.last)
    proof_be = kernel.prove(key, exit_ceremony.circuit, witness)
    verdicts = verify_all(kernel.verify, key.verifying_key_be, proof_be, list(compute_exit_inputs(opening)))
    assert [verdict.reason for verdict in verdicts.values()] == ["", "", ""]


def pair(g1_be: bytes, g2_be: bytes) -> object:
    """Return the pairing of two points, by py-ecc."""
    g1, g2 = (kernel_ints(point) for point in (g1_be, g2_be))
    return pairing(
        (FQ2([g2[1], g2[0]]), FQ2([g2[3], g2[2]]), FQ2.one()),
        (FQ(g1[0]), FQ(g1[1]), FQ.one()),
    )


def kernel_ints(point_be: bytes) -> list[int]:
    return [int.from_bytes(point_be[at : at + 32], "big") for at in range(0, len(point_be), 32)]


def weigh(raw: bytes) -> bytes:
    """Return a sum of raw G1 points, each with a factor of its own."""
    factors = [pow(7, 50 + i) for i in range(len(raw) // 64)]
    return kernel.msm_g1(to_be(raw, 64), encode_be(factors))


def test_key_is_that_of_a_setup_with_this_tau_up_to_gamma_and_delta(ceremony: Ceremony, tmp_path: Path) -> None:
    kernel.setup(ceremony.circuit, tmp_path / "setup.key", seed=SEED)  # the powers have its tau, alpha and beta
    ours = KeyParts.parse(ceremony.last.read_bytes())
    theirs = KeyParts.parse((tmp_path / "setup.key").read_bytes())
    for name in ("a_wires", "b_wires", "a", "b1", "b2"):
        assert ours.sections[name] == theirs.sections[name], name
    for name in ("alpha_g1", "beta_g1", "beta_g2"):
        assert ours.fixed_be(name) == theirs.fixed_be(name), name
    for name in ("l", "h"):
        (our_sum, their_sum) = (weigh(parts.sections[name]) for parts in (ours, theirs))
        assert pair(our_sum, ours.fixed_be("delta_g2")) == pair(their_sum, theirs.fixed_be("delta_g2")), name
        assert our_sum != their_sum
    our_ic, their_ic = (kernel.msm_g1(p.sections["vk"][452:], encode_be([3, 5, 7, 9])) for p in (ours, theirs))
    gamma_g2_be = theirs.sections["vk"][192:320]
    assert ours.sections["vk"][192:320] == G2_BE
    assert pair(our_ic, G2_BE) == pair(their_ic, gamma_g2_be)


def test_prepared_powers_make_the_same_key(ceremony: Ceremony, tmp_path: Path) -> None:
    kernel.make_development_powers(tmp_path / "p.ptau", 5, prepared=True, seed=SEED)
    powers = PowersOfTau.load(tmp_path / "p.ptau", 4)
    assert (powers.is_prepared, ceremony.powers.is_prepared) == (True, False)
    kernel.start_ceremony(ceremony.circuit, powers, tmp_path / "0.key")
    assert (tmp_path / "0.key").read_bytes() == ceremony.keys[0].read_bytes()


def test_larger_powers_make_the_same_key(ceremony: Ceremony, tmp_path: Path) -> None:
    kernel.make_development_powers(tmp_path / "p.ptau", 7, prepared=True, seed=SEED)
    powers = PowersOfTau.load(tmp_path / "p.ptau", 4)
    kernel.start_ceremony(ceremony.circuit, powers, tmp_path / "0.key")
    assert (tmp_path / "0.key").read_bytes() == ceremony.keys[0].read_bytes()
    assert len(kernel.verify_ceremony(ceremony.circuit, powers, ceremony.last)) == 4


def test_ports_on_one_wire_coefficients_of_every_size_and_wires_nobody_uses(tmp_path: Path) -> None:
    template = TemplateWriter(n_ports=2, n_private=0, n_wires=3)
    short, long = 2**64 + 5, 3**150
    # x * x = (long - short) x + (7 - long + short) x, through both ports; x = 7
    template.rows = [(1, 2, template.lc((1, long), (2, -short), (1, 7), (2, short - long), (0, 0)))]
    circuit = Circuit([template.to_bytes()], [0, 0, 0], [[1, 1]] * 3, 3, 1)
    ceremony = hold(tmp_path, circuit)
    assert len(kernel.verify_ceremony(circuit, ceremony.powers, ceremony.last)) == 4
    witness = circuit.compute_witness(encode_be([1, 7, 99]), [b""] * 3)
    key = ProvingKey.load(ceremony.last)
    assert kernel.verify(key.verifying_key_be, kernel.prove(key, circuit, witness), encode_be([7]))


def test_randomness_is_fresh_unless_a_test_gives_the_seed(ceremony: Ceremony, tmp_path: Path) -> None:
    source = ceremony.keys[1]

    def link(name: str, text: bytes | None, seed: bytes | None) -> bytes:
        return kernel.contribute(source, tmp_path / "next.key", name, text=text, seed=seed)

    assert link("Dee", None, None) != link("Dee", None, None)
    assert link("Dee", b"same", None) != link("Dee", b"same", None)
    seeded = link("Dee", b"text", b"seed")
    assert link("Dee", b"text", b"seed") == seeded
    assert link("Dee", b"more", b"seed") != seeded


def test_beacon_is_recomputed_by_anyone(ceremony: Ceremony, tmp_path: Path) -> None:
    links = [kernel.apply_beacon(ceremony.keys[3], tmp_path / f"{i}.key", "beacon", BEACON, 10) for i in range(2)]
    assert links[0] == links[1] == kernel.verify_ceremony(ceremony.circuit, ceremony.powers, ceremony.last)[-1][2]


def test_beacon_alone_is_nobodys_secret(ceremony: Ceremony, tmp_path: Path) -> None:
    kernel.apply_beacon(ceremony.keys[0], tmp_path / "b.key", "beacon", BEACON, 10)
    assert ProvingKey.load(tmp_path / "b.key").is_development


def test_contribution_may_replace_its_own_file(ceremony: Ceremony, tmp_path: Path) -> None:
    path = tmp_path / "k.key"
    path.write_bytes(ceremony.keys[0].read_bytes())
    kernel.contribute(path, path, "Ada")
    assert len(kernel.verify_ceremony(ceremony.circuit, ceremony.powers, path)) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["k.key"]


@pytest.mark.parametrize("name", ["", "x" * 129, "two\nlines", "bell\a"])
def test_invalid_name(ceremony: Ceremony, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"a name of .* bytes, expected 1 to 128 printable"):
        kernel.contribute(ceremony.keys[0], tmp_path / "k.key", name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("value", "log2"), [(b"", 10), (b"x" * 257, 10), (b"x", 9), (b"x", 33)])
def test_invalid_beacon(ceremony: Ceremony, tmp_path: Path, value: bytes, log2: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        kernel.apply_beacon(ceremony.keys[0], tmp_path / "k.key", "beacon", value, log2)


def test_invalid_contribution_to_a_setup_key(ceremony: Ceremony, tmp_path: Path) -> None:
    kernel.setup(ceremony.circuit, tmp_path / "setup.key")
    with pytest.raises(ValueError, match="no ceremony made this key"):
        kernel.contribute(tmp_path / "setup.key", tmp_path / "next.key", "Ada")
    with pytest.raises(ValueError, match="alpha or beta is not that of the powers"):
        kernel.verify_ceremony(ceremony.circuit, ceremony.powers, tmp_path / "setup.key")


def test_transcript_is_laid_out_as_documented(ceremony: Ceremony) -> None:
    _, entries = parse_transcript(KeyParts.parse(ceremony.last.read_bytes()).sections["transcript"])
    assert [entry.head[8:11] for entry in entries[:3]] == [b"Ada", b"Bob", b"Cy"]
    assert entries[2].head[8:] == b"Cy"
    assert entries[-1].points[:64] == KeyParts.parse(ceremony.last.read_bytes()).fixed_be("delta_g1")


class StopHere(Exception):
    """Raised by a progress callback."""


@pytest.mark.parametrize("stage_to_stop", ["Lagrange tau", "wires B2", "Lagrange H", "key A"])
def test_stopped_start_leaves_nothing(ceremony: Ceremony, tmp_path: Path, stage_to_stop: str) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == stage_to_stop:
            raise StopHere(stage)

    with pytest.raises(StopHere, match=stage_to_stop):
        kernel.start_ceremony(ceremony.circuit, ceremony.powers, tmp_path / "new.key", progress=stop)
    assert list(tmp_path.iterdir()) == []
