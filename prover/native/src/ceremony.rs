//! Keys by many parties: powers of tau from a `.ptau` file, then contributions to delta (docs/ceremony.md).

pub mod check;
pub mod contribute;
pub mod exponent;
pub mod group_fft;
pub mod knowledge;
pub mod lagrange;
pub mod multiply;
pub mod powers;
pub mod powers_writer;
pub mod ptau;
pub mod start;
pub mod transcript;

use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::AffineRepr;
use ark_ff::One;

/// Return whether e(a1, b2) = e(b1, a2): the ratio of b1 to a1 is that of b2 to a2, where none of them is infinity.
pub fn same_ratio(a1: G1Affine, b1: G1Affine, a2: G2Affine, b2: G2Affine) -> bool {
    Bn254::multi_pairing([a1, -b1], [b2, a2]).0.is_one()
}

/// Return the generators of G1 and G2.
pub fn generators() -> (G1Affine, G2Affine) {
    (G1Affine::generator(), G2Affine::generator())
}
