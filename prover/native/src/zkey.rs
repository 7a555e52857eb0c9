//! snarkjs's `.zkey` of Groth16, version 1, from and to our key files: what both directions know of the format.
//!
//! ```text
//! magic "zkey", version 1, number of sections (u32 each), then each: type (u32), length (u64), bytes
//! 1   protocol (u32): 1 is Groth16
//! 2   32 (u32), q (32 bytes), 32 (u32), r (32 bytes), n_wires, n_public, domain size (u32 each),
//!     alpha_g1, beta_g1, beta_g2, gamma_g2, delta_g1, delta_g2
//! 3   IC of wire 0 and the public ones
//! 4   number of coefficients of A and B (u32), then each: matrix (0 = A, 1 = B), row, wire (u32 each), value (32 bytes)
//! 5, 6, 7   A, B1, B2 of all wires        8   L of the wires after the public ones        9   H
//! 10  BLAKE2b-512 of the circuit and the powers, contributions: not read here
//! ```
//! Little-endian; points are affine in Montgomery limbs (R = 2^256), zeros are infinity, as in our key files. H is in the
//! Lagrange basis of the odd coset, as ours is (qap.rs). A value v stands as v * R^2 mod r. C of the circuit is nowhere in
//! the file but in the points.

pub mod export;
pub mod import;
mod sections;

use ark_bn254::{Fq, Fr};
use ark_ff::{BigInteger, Field, PrimeField};

use crate::circuit::Circuit;
use crate::field_io::{field_to_le, FIELD_BYTES, G1_BYTES, G2_BYTES};
use crate::iden3::flatten;

const MAGIC: &[u8; 4] = b"zkey";
const VERSION: u32 = 1;
const N_SECTIONS: usize = 10;
const GROTH16: u32 = 1;
const SIZES_BYTES: usize = 84;
const POINTS_BYTES: usize = 3 * G1_BYTES + 3 * G2_BYTES;
const COEFFICIENT_BYTES: usize = 12 + FIELD_BYTES;
const DIGEST_BYTES: usize = 64;

/// Return the start of section 2, up to its points.
fn encode_sizes(circuit: &Circuit) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SIZES_BYTES);
    for modulus in [Fq::MODULUS.to_bytes_le(), Fr::MODULUS.to_bytes_le()] {
        bytes.extend_from_slice(&(FIELD_BYTES as u32).to_le_bytes());
        bytes.extend_from_slice(&modulus);
    }
    for n in [circuit.n_wires, circuit.n_public, 1 << circuit.domain_log2] {
        bytes.extend_from_slice(&(n as u32).to_le_bytes());
    }
    bytes
}

/// Return the bytes of the sections whose length the circuit fixes: 1, 2, 3 and 5 to 9.
fn fixed_lengths(circuit: &Circuit) -> [(u32, usize); 8] {
    let (n, n_ic) = (circuit.n_wires, circuit.n_public + 1);
    [
        (1, 4),
        (2, SIZES_BYTES + POINTS_BYTES),
        (3, n_ic * G1_BYTES),
        (5, n * G1_BYTES),
        (6, n * G1_BYTES),
        (7, n * G2_BYTES),
        (8, (n - n_ic) * G1_BYTES),
        (9, G1_BYTES << circuit.domain_log2),
    ]
}

/// One entry of section 4.
struct Coefficient {
    matrix: u32,
    row: usize,
    wire: usize,
    value: Fr,
}

impl Coefficient {
    /// `r_squared`: R^2 mod r.
    fn to_bytes(&self, r_squared: &Fr) -> [u8; COEFFICIENT_BYTES] {
        let mut bytes = [0; COEFFICIENT_BYTES];
        for (i, word) in [self.matrix, self.row as u32, self.wire as u32].into_iter().enumerate() {
            bytes[4 * i..4 * i + 4].copy_from_slice(&word.to_le_bytes());
        }
        bytes[12..].copy_from_slice(&field_to_le(&(self.value * r_squared)));
        bytes
    }
}

/// Return R^2 mod r: a prover that reads a value as if it were in Montgomery form gets v * R.
fn r_squared() -> Fr {
    Fr::from(2u64).pow([512])
}

/// Visit A's and B's coefficients row by row, then the added rows of the public wires (qap.rs), as snarkjs orders them.
fn visit_coefficients<E>(
    circuit: &Circuit,
    mut visit: impl FnMut(Coefficient) -> Result<(), E>,
) -> Result<(), E> {
    for instance in &circuit.instances {
        for (i, references) in circuit.template(instance).rows.iter().enumerate() {
            for matrix in [0, 1] {
                for (wire, value) in flatten(circuit, instance, references[matrix as usize] as usize) {
                    visit(Coefficient { matrix, row: instance.row_base + i, wire, value })?;
                }
            }
        }
    }
    (0..=circuit.n_public).try_for_each(|wire| {
        visit(Coefficient { matrix: 0, row: circuit.n_rows + wire, wire, value: Fr::ONE })
    })
}
