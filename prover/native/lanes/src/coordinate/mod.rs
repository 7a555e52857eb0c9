//! What additions of points need of a coordinate, written once for G1 (over Fq) and G2 (over Fq2).
//!
//! Coordinates are arkworks' (x * 2^256), read by lanes as elements of R = 2^260: as X / 16. A slope of two differences
//! does not see that factor, but its square must be X / 16 again. So the inverse of a batch is made 2^-2 times too small
//! (`invert`), every slope is s / 4, its square is s^2 / 16 as wanted, and y3 takes (s / 4) * 4 (x1 - x3).
//!
//! Bounds, in p: stored coordinates below 2.3 (`REDUCED`), differences of two below 5.3, denominators and their inverses
//! below 5.3 and 3, slopes below 3. The lines below are held by `debug_assert` in debug builds.

mod base;
mod extension;
mod parts;

use std::borrow::Cow;

use ark_ec::short_weierstrass::{Affine, SWCurveConfig};

use crate::fq2::{Fq2x8, Fq8};
use crate::Ifma;

/// Return the rows in raw bytes, where they lie or copied where they are not aligned.
pub fn rows<F: Coordinate>(bytes: &[u8]) -> Cow<'_, [F::Row]> {
    let size = size_of::<F::Row>();
    assert!(bytes.len().is_multiple_of(size), "whole rows");
    // SAFETY: a row is 8 or 16 words and nothing else (the trait is sealed to `Row<8>` and `Row<16>`, whose sizes are
    // multiples of their alignment), any bytes make one; `align_to` minds the alignment.
    let (before, aligned, after) = unsafe { bytes.align_to::<F::Row>() };
    if before.is_empty() && after.is_empty() {
        return Cow::Borrowed(aligned);
    }
    Cow::Owned(bytes.chunks_exact(size).map(F::read_row).collect())
}

/// The words of a point in memory, within as few lines of cache as they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Row<const N: usize>(pub [u64; N]);

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Fq8 {}
    impl Sealed for super::Fq2x8 {}
}

fn read_words<const N: usize>(bytes: &[u8]) -> Row<N> {
    let word = |i: usize| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("8 bytes"));
    Row(std::array::from_fn(word))
}

/// Eight coordinates of points.
pub trait Coordinate: sealed::Sealed + Copy + Send + Sync + 'static {
    /// The curve, for what is done one point at a time.
    type Curve: SWCurveConfig<ScalarField = ark_bn254::Fr>;
    /// A point in memory: x, y in arkworks' limbs, below p; zeros are infinity.
    type Row: Copy + Send + Sync + 'static;
    const INFINITY: Self::Row;

    fn read_row(bytes: &[u8]) -> Self::Row;
    fn one(token: Ifma) -> Self;
    fn load(token: Ifma, rows: [&Self::Row; 8]) -> (Self, Self);
    /// Return the rows, canonical; lanes outside of the mask become infinity.
    fn store(x: &Self, y: &Self, present: u8) -> [Self::Row; 8];
    fn to_affine(row: &Self::Row) -> Affine<Self::Curve>;
    fn from_affine(point: &Affine<Self::Curve>) -> Self::Row;

    /// Return the lanes that hold zero itself (not a multiple of p).
    fn is_null(&self) -> u8;
    fn select(&self, mask: u8, other: &Self) -> Self;
    /// Return p - a in the lanes of the mask. Assumes a <= p there.
    fn negate(&self, mask: u8) -> Self;
    /// Return a - b, below 5.3 p. Assumes both below 2.3 p.
    fn difference(&self, other: &Self) -> Self;
    /// Return a * b below 3 p. Assumes A * B <= 16.
    fn multiply(&self, other: &Self) -> Self;
    /// Return the lanes of a difference that may be zero mod p: all that are, and a few others.
    fn may_be_zero(&self) -> u8;
    fn is_zero(&self) -> u8;
    /// Return 2 a, below 4.6 p. Assumes a stored coordinate.
    fn twice(&self) -> Self;
    /// Return 48 a^2, below 3 p: three squares, and 16 for the factor of the representation. Assumes a stored coordinate.
    fn tangent(&self) -> Self;
    /// Return slope^2 - x1 - x2, below 2.3 p.
    fn next_x(slope: &Self, x1: &Self, x2: &Self) -> Self;
    /// Return 4 slope (x1 - x3) - y1, below 2.3 p.
    fn next_y(slope: &Self, x1: &Self, x3: &Self, y1: &Self) -> Self;
    /// Return 1 / (4 a), below 3 p. Assumes that no lane is zero mod p.
    fn invert(&self) -> Self;
}
