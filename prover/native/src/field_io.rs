//! Field elements and points as bytes: big-endian at the Python boundary, raw limbs in key files.

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::short_weierstrass::Affine;
use ark_ec::AffineRepr;
use ark_ff::{BigInt, PrimeField};
use rayon::prelude::*;
use zkmargin_primitives::g2::is_in_subgroup;

use crate::error::Result;
use crate::value_error;

pub const FIELD_BYTES: usize = 32;
pub const G1_BYTES: usize = 64;
pub const G2_BYTES: usize = 128;

/// Return the field element in 32 big-endian bytes, or None where they are not below the modulus.
pub fn field_from_be<F: PrimeField<BigInt = BigInt<4>>>(bytes: &[u8]) -> Option<F> {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.rchunks_exact(8)) {
        *limb = u64::from_be_bytes(chunk.try_into().expect("rchunks_exact(8) yields 8 bytes"));
    }
    F::from_bigint(BigInt(limbs))
}

/// Return 32 big-endian bytes.
pub fn field_to_be<F: PrimeField<BigInt = BigInt<4>>>(value: &F) -> [u8; FIELD_BYTES] {
    let mut bytes = [0u8; FIELD_BYTES];
    for (chunk, limb) in bytes.rchunks_exact_mut(8).zip(value.into_bigint().0) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    bytes
}

/// Return 32 little-endian bytes of the canonical value, as the iden3 formats want them.
pub fn field_to_le<F: PrimeField<BigInt = BigInt<4>>>(value: &F) -> [u8; FIELD_BYTES] {
    let mut bytes = field_to_be(value);
    bytes.reverse();
    bytes
}

/// Return the scalars in `bytes`, 32 big-endian bytes each; an error names the first bad index.
pub fn read_scalars(bytes: &[u8], what: &str) -> Result<Vec<Fr>> {
    if !bytes.len().is_multiple_of(FIELD_BYTES) {
        return Err(value_error!("{what}: {} bytes, expected a multiple of {FIELD_BYTES}", bytes.len()));
    }
    bytes
        .par_chunks_exact(FIELD_BYTES)
        .enumerate()
        .map(|(i, chunk)| {
            field_from_be(chunk)
                .ok_or_else(|| value_error!("{what}[{i}]: not below the scalar field order r"))
        })
        .collect()
}

/// Return the scalar in exactly 32 big-endian bytes.
pub fn read_scalar(bytes: &[u8], what: &str) -> Result<Fr> {
    match bytes.len() {
        FIELD_BYTES => {
            field_from_be(bytes).ok_or_else(|| value_error!("{what}: not below the scalar field order r"))
        }
        got => Err(value_error!("{what}: {got} bytes, expected {FIELD_BYTES}")),
    }
}

/// Return the big-endian bytes of many scalars.
pub fn write_scalars(values: &[Fr]) -> Vec<u8> {
    let mut bytes = vec![0u8; values.len() * FIELD_BYTES];
    bytes
        .par_chunks_exact_mut(FIELD_BYTES)
        .zip(values)
        .for_each(|(chunk, v)| chunk.copy_from_slice(&field_to_be(v)));
    bytes
}

fn read_coordinate(bytes: &[u8], what: &str, name: &str) -> Result<Fq> {
    field_from_be(bytes).ok_or_else(|| value_error!("{what}: {name} is not below the base field order q"))
}

/// Return the G1 point in 64 bytes `x || y` (EIP-196); all zero is the point at infinity. G1 has no cofactor.
pub fn read_g1(bytes: &[u8], what: &str) -> Result<G1Affine> {
    let x = read_coordinate(&bytes[..32], what, "x")?;
    let y = read_coordinate(&bytes[32..G1_BYTES], what, "y")?;
    if bytes[..G1_BYTES].iter().all(|b| *b == 0) {
        return Ok(G1Affine::identity());
    }
    let point = G1Affine::new_unchecked(x, y);
    point.is_on_curve().then_some(point).ok_or_else(|| value_error!("{what}: not on the curve G1"))
}

/// Return the G2 point in 128 bytes (EIP-197: an Fp2 element a*i + b is sent as (a, b), imaginary part first).
pub fn read_g2(bytes: &[u8], what: &str) -> Result<G2Affine> {
    let read_fq2 = |at: usize, name: &str| -> Result<Fq2> {
        let c1 = read_coordinate(&bytes[at..at + 32], what, name)?;
        Ok(Fq2::new(read_coordinate(&bytes[at + 32..at + 64], what, name)?, c1))
    };
    let (x, y) = (read_fq2(0, "x")?, read_fq2(64, "y")?);
    if bytes[..G2_BYTES].iter().all(|b| *b == 0) {
        return Ok(G2Affine::identity());
    }
    let point = G2Affine::new_unchecked(x, y);
    if !point.is_on_curve() {
        return Err(value_error!("{what}: not on the curve G2"));
    }
    // G2's cofactor is not 1: a point of the curve outside the subgroup of order r must not reach a pairing.
    is_in_subgroup(&point)
        .then_some(point)
        .ok_or_else(|| value_error!("{what}: on the curve G2, outside the subgroup of order r"))
}

/// Append a G1 point as EIP-196 has it.
pub fn write_g1(out: &mut Vec<u8>, point: &G1Affine) {
    match point.xy() {
        Some((x, y)) => [x, y].iter().for_each(|c| out.extend_from_slice(&field_to_be(c))),
        None => out.extend_from_slice(&[0; G1_BYTES]),
    }
}

/// Append a G2 point as EIP-197 has it, imaginary parts first.
pub fn write_g2(out: &mut Vec<u8>, point: &G2Affine) {
    match point.xy() {
        Some((x, y)) => [x.c1, x.c0, y.c1, y.c0].iter().for_each(|c| out.extend_from_slice(&field_to_be(c))),
        None => out.extend_from_slice(&[0; G2_BYTES]),
    }
}

/// A point as a key file holds it: affine coordinates in Montgomery limbs, little-endian; zeros are infinity.
pub trait RawPoint: AffineRepr + Copy + Send + Sync {
    const RAW_BYTES: usize;
    fn to_raw(&self, out: &mut Vec<u8>);
    /// Assumes `bytes` passed the key file's checksum: the point is not checked again. What may come from a stranger
    /// goes through `is_sound`.
    fn from_raw(bytes: &[u8]) -> Self;
    /// Return whether the coordinates are below q and the point is on the curve and of order r, or infinity.
    fn is_sound(&self) -> bool;
}

fn is_canonical(value: &Fq) -> bool {
    value.0 < Fq::MODULUS
}

fn push_limbs(out: &mut Vec<u8>, value: &Fq) {
    value.0 .0.iter().for_each(|limb| out.extend_from_slice(&limb.to_le_bytes()));
}

fn take_limbs(bytes: &[u8], at: usize) -> Fq {
    let limb = |i: usize| {
        let start = at * FIELD_BYTES + i * 8;
        u64::from_le_bytes(bytes[start..start + 8].try_into().expect("8 bytes"))
    };
    Fq::new_unchecked(BigInt([limb(0), limb(1), limb(2), limb(3)]))
}

impl RawPoint for Affine<ark_bn254::g1::Config> {
    const RAW_BYTES: usize = G1_BYTES;

    fn to_raw(&self, out: &mut Vec<u8>) {
        let zero = Fq::default();
        let (x, y) = self.xy().unwrap_or((zero, zero));
        [x, y].iter().for_each(|c| push_limbs(out, c));
    }

    fn from_raw(bytes: &[u8]) -> Self {
        let (x, y) = (take_limbs(bytes, 0), take_limbs(bytes, 1));
        // (0, 0) is on neither curve, so it can stand for infinity.
        if x == Fq::default() && y == Fq::default() {
            return Self::identity();
        }
        Self::new_unchecked(x, y)
    }

    fn is_sound(&self) -> bool {
        [&self.x, &self.y].into_iter().all(is_canonical) && self.is_on_curve() // G1 has no cofactor
    }
}

impl RawPoint for Affine<ark_bn254::g2::Config> {
    const RAW_BYTES: usize = G2_BYTES;

    fn to_raw(&self, out: &mut Vec<u8>) {
        let zero = Fq2::default();
        let (x, y) = self.xy().unwrap_or((zero, zero));
        [x.c0, x.c1, y.c0, y.c1].iter().for_each(|c| push_limbs(out, c));
    }

    fn from_raw(bytes: &[u8]) -> Self {
        let x = Fq2::new(take_limbs(bytes, 0), take_limbs(bytes, 1));
        let y = Fq2::new(take_limbs(bytes, 2), take_limbs(bytes, 3));
        if x == Fq2::default() && y == Fq2::default() {
            return Self::identity();
        }
        Self::new_unchecked(x, y)
    }

    fn is_sound(&self) -> bool {
        [&self.x.c0, &self.x.c1, &self.y.c0, &self.y.c1].into_iter().all(is_canonical)
            && self.is_on_curve()
            && is_in_subgroup(self)
    }
}
