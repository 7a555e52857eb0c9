//! What additions of points need of a coordinate, written once for G1 (over Fq) and G2 (over Fq2).
//!
//! Coordinates are arkworks' (x * 2^256), read by lanes as elements of R = 2^260: as X / 16. A slope of two differences
//! does not see that factor, but its square must be X / 16 again. So the inverse of a batch is made 2^-2 times too small
//! (`invert`), every slope is s / 4, its square is s^2 / 16 as wanted, and y3 takes (s / 4) * 4 (x1 - x3).
//!
//! Bounds, in p: stored coordinates below 2.3 (`REDUCED`), differences of two below 5.3, denominators and their inverses
//! below 5.3 and 3, slopes below 3. The lines below are held by `debug_assert` in debug builds.

use std::borrow::Cow;

use ark_bn254::{g1, g2, Fq, Fq2};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::BigInt;

use crate::element::{carry, Lanes};
use crate::fq2::{Fq2x8, Fq8};
use crate::inverse::invert_lanes;
use crate::modulus::{double, times, FqModulus, Modulus};
use crate::pack::{pack, transpose, unpack};
use crate::simd::{each, V};
use crate::Ifma;

/// Return the rows in raw bytes, where they lie or copied where they are not aligned.
pub fn rows<F: Coordinate>(bytes: &[u8]) -> Cow<'_, [F::Row]> {
    let size = size_of::<F::Row>();
    assert!(bytes.len().is_multiple_of(size), "whole rows");
    // SAFETY: a row is an array of u64 (the trait is sealed to that), any bytes make one; `align_to` minds the alignment.
    let (before, aligned, after) = unsafe { bytes.align_to::<F::Row>() };
    if before.is_empty() && after.is_empty() {
        return Cow::Borrowed(aligned);
    }
    Cow::Owned(bytes.chunks_exact(size).map(F::read_row).collect())
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Fq8 {}
    impl Sealed for super::Fq2x8 {}
}

fn read_words<const N: usize>(bytes: &[u8]) -> [u64; N] {
    let word = |i: usize| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("8 bytes"));
    std::array::from_fn(word)
}

/// Eight coordinates of points.
pub trait Coordinate: sealed::Sealed + Copy + Send + Sync + 'static {
    /// The curve, for what is done one point at a time.
    type Curve: SWCurveConfig<ScalarField = ark_bn254::Fr>;
    /// A point in memory: x, y in arkworks' limbs; zeros are infinity. Values may be below 2.3 p.
    type Row: Copy + Send + Sync + 'static;
    const INFINITY: Self::Row;

    fn read_row(bytes: &[u8]) -> Self::Row;
    fn one(token: Ifma) -> Self;
    fn load(token: Ifma, rows: [&Self::Row; 8]) -> (Self, Self);
    /// Return the rows; lanes outside of the mask become infinity.
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

/// 48 = 3 * 16 in Montgomery form.
const TANGENT: [u64; 5] = modular_times(3, double(264, FqModulus::P));

/// Return k * a for a < p, below k p: kept small enough by its use.
const fn modular_times(k: u64, a: [u64; 5]) -> [u64; 5] {
    times(k, a)
}

fn to_field(words: [u64; 4]) -> Fq {
    let mut value = BigInt(words);
    while value >= <Fq as ark_ff::PrimeField>::MODULUS {
        ark_ff::BigInteger::sub_with_borrow(&mut value, &<Fq as ark_ff::PrimeField>::MODULUS);
    }
    Fq::new_unchecked(value)
}

fn words_of<const N: usize>(row: &[u64; N], at: usize) -> [u64; 4] {
    std::array::from_fn(|i| row[4 * at + i])
}

#[inline(always)]
fn or_all(l: [V; 5]) -> V {
    l[0].or(l[1]).or(l[2]).or(l[3]).or(l[4])
}

/// Return what eight rows of two packed coordinates hold.
#[inline(always)]
fn unpack_pair(rows: [V; 8]) -> (Fq8, Fq8) {
    let w = transpose(rows);
    (unpack([w[0], w[1], w[2], w[3]]), unpack([w[4], w[5], w[6], w[7]]))
}

impl Coordinate for Fq8 {
    type Curve = g1::Config;
    type Row = [u64; 8];
    const INFINITY: [u64; 8] = [0; 8];

    fn read_row(bytes: &[u8]) -> [u64; 8] {
        read_words(bytes)
    }

    #[inline(always)]
    fn one(token: Ifma) -> Self {
        Lanes::splat(token, FqModulus::ONE)
    }

    #[inline(always)]
    fn load(token: Ifma, rows: [&[u64; 8]; 8]) -> (Self, Self) {
        unpack_pair(each!(lane of 8 => V::load(token, rows[lane])))
    }

    #[inline(always)]
    fn store(x: &Self, y: &Self, present: u8) -> [[u64; 8]; 8] {
        let (x, y) = (pack(x), pack(y));
        let zero = x[0].of(0);
        let words = [x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]];
        let rows = transpose(each!(i of 8 => zero.select(present, words[i])));
        each!(lane of 8 => rows[lane].words())
    }

    fn to_affine(row: &[u64; 8]) -> Affine<g1::Config> {
        if row == &Self::INFINITY {
            return Affine::identity();
        }
        Affine::new_unchecked(to_field(words_of(row, 0)), to_field(words_of(row, 1)))
    }

    fn from_affine(point: &Affine<g1::Config>) -> [u64; 8] {
        if point.infinity {
            return Self::INFINITY;
        }
        std::array::from_fn(|i| [point.x, point.y][i / 4].0 .0[i % 4])
    }

    #[inline(always)]
    fn is_null(&self) -> u8 {
        let all = or_all(self.limbs);
        all.equals(all.of(0))
    }

    #[inline(always)]
    fn select(&self, mask: u8, other: &Self) -> Self {
        Lanes::select(self, mask, other)
    }

    #[inline(always)]
    fn negate(&self, mask: u8) -> Self {
        // Lanes outside of the mask may be above p: they are given up for zero, and taken back.
        let safe = self.of([0; 5]).select(mask, self);
        Lanes::select(self, mask, &Lanes::negate::<1>(&safe))
    }

    #[inline(always)]
    fn difference(&self, other: &Self) -> Self {
        self.sub::<3>(other)
    }

    #[inline(always)]
    fn multiply(&self, other: &Self) -> Self {
        Lanes::multiply(self, other).checked(2.0)
    }

    #[inline(always)]
    fn may_be_zero(&self) -> u8 {
        Lanes::may_be_zero(self)
    }

    #[inline(always)]
    fn is_zero(&self) -> u8 {
        Lanes::is_zero(self)
    }

    #[inline(always)]
    fn twice(&self) -> Self {
        self.add(self)
    }

    #[inline(always)]
    fn tangent(&self) -> Self {
        self.square().multiply(&self.of(TANGENT))
    }

    #[inline(always)]
    fn next_x(slope: &Self, x1: &Self, x2: &Self) -> Self {
        next_coordinate::<5>(slope.square_raw(), x1, Some(x2))
    }

    #[inline(always)]
    fn next_y(slope: &Self, x1: &Self, x3: &Self, y1: &Self) -> Self {
        next_coordinate::<3>(slope.multiply_raw(&four_differences(x1, x3)), y1, None)
    }

    #[inline(always)]
    fn invert(&self) -> Self {
        invert_lanes(self)
    }
}

/// Return columns - a (- b) + K p, reduced. Assumes columns below 3.6 p and K at least the bounds of what is taken off.
#[inline(always)]
fn next_coordinate<const K: u64>(columns: [V; 5], a: &Fq8, b: Option<&Fq8>) -> Fq8 {
    let taken = match b {
        Some(b) => each!(i of 5 => a.limbs[i].add(b.limbs[i])),
        None => a.limbs,
    };
    let difference = each!(i of 5 => columns[i].sub(taken[i]));
    Lanes::reduce(a.add_multiple::<K>(difference))
}

/// Return 4 (a - b), below 21.2 p.
#[inline(always)]
fn four_differences(a: &Fq8, b: &Fq8) -> Fq8 {
    let difference = a.add_multiple::<3>(each!(i of 5 => a.limbs[i].sub(b.limbs[i])));
    let fourfold = each!(i of 5 => difference[i].shl::<2>());
    Lanes::from_limbs(carry(fourfold)).checked(21.2)
}

#[inline(always)]
fn half_row<const AT: usize>(row: &[u64; 16]) -> &[u64; 8] {
    row[8 * AT..8 * AT + 8].try_into().expect("8 words")
}

impl Coordinate for Fq2x8 {
    type Curve = g2::Config;
    type Row = [u64; 16];
    const INFINITY: [u64; 16] = [0; 16];

    fn read_row(bytes: &[u8]) -> [u64; 16] {
        read_words(bytes)
    }

    #[inline(always)]
    fn one(token: Ifma) -> Self {
        Fq2x8 { c0: Lanes::splat(token, FqModulus::ONE), c1: Lanes::splat(token, [0; 5]) }
    }

    #[inline(always)]
    fn load(token: Ifma, rows: [&[u64; 16]; 8]) -> (Self, Self) {
        let (c0, c1) = unpack_pair(each!(lane of 8 => V::load(token, half_row::<0>(rows[lane]))));
        let x = Fq2x8 { c0, c1 };
        let (c0, c1) = unpack_pair(each!(lane of 8 => V::load(token, half_row::<1>(rows[lane]))));
        (x, Fq2x8 { c0, c1 })
    }

    #[inline(always)]
    fn store(x: &Self, y: &Self, present: u8) -> [[u64; 16]; 8] {
        let (x, y) = (Fq8::store(&x.c0, &x.c1, present), Fq8::store(&y.c0, &y.c1, present));
        std::array::from_fn(|lane| std::array::from_fn(|i| if i < 8 { x[lane][i] } else { y[lane][i - 8] }))
    }

    fn to_affine(row: &[u64; 16]) -> Affine<g2::Config> {
        if row == &Self::INFINITY {
            return Affine::identity();
        }
        let coordinate = |at| Fq2::new(to_field(words_of(row, at)), to_field(words_of(row, at + 1)));
        Affine::new_unchecked(coordinate(0), coordinate(2))
    }

    fn from_affine(point: &Affine<g2::Config>) -> [u64; 16] {
        if point.infinity {
            return Self::INFINITY;
        }
        let parts = [point.x.c0, point.x.c1, point.y.c0, point.y.c1];
        std::array::from_fn(|i| parts[i / 4].0 .0[i % 4])
    }

    #[inline(always)]
    fn is_null(&self) -> u8 {
        self.c0.is_null() & self.c1.is_null()
    }

    #[inline(always)]
    fn select(&self, mask: u8, other: &Self) -> Self {
        Fq2x8 { c0: self.c0.select(mask, &other.c0), c1: self.c1.select(mask, &other.c1) }
    }

    #[inline(always)]
    fn negate(&self, mask: u8) -> Self {
        Fq2x8 { c0: Coordinate::negate(&self.c0, mask), c1: Coordinate::negate(&self.c1, mask) }
    }

    #[inline(always)]
    fn difference(&self, other: &Self) -> Self {
        Fq2x8 { c0: self.c0.difference(&other.c0), c1: self.c1.difference(&other.c1) }
    }

    #[inline(always)]
    fn multiply(&self, other: &Self) -> Self {
        Fq2x8::multiply(self, other).checked(3.0)
    }

    #[inline(always)]
    fn may_be_zero(&self) -> u8 {
        self.c0.may_be_zero() & self.c1.may_be_zero()
    }

    #[inline(always)]
    fn is_zero(&self) -> u8 {
        self.c0.is_zero() & self.c1.is_zero()
    }

    #[inline(always)]
    fn twice(&self) -> Self {
        Fq2x8 { c0: self.c0.twice(), c1: self.c1.twice() }
    }

    #[inline(always)]
    fn tangent(&self) -> Self {
        let (square, factor) = (self.square(), self.c0.of(TANGENT));
        Fq2x8 { c0: square.c0.multiply(&factor), c1: square.c1.multiply(&factor) }
    }

    #[inline(always)]
    fn next_x(slope: &Self, x1: &Self, x2: &Self) -> Self {
        let [c0, c1] = slope.square_raw();
        Fq2x8 {
            c0: next_coordinate::<5>(c0, &x1.c0, Some(&x2.c0)),
            c1: next_coordinate::<5>(c1, &x1.c1, Some(&x2.c1)),
        }
    }

    #[inline(always)]
    fn next_y(slope: &Self, x1: &Self, x3: &Self, y1: &Self) -> Self {
        let difference = Fq2x8 { c0: four_differences(&x1.c0, &x3.c0), c1: four_differences(&x1.c1, &x3.c1) };
        let [c0, c1] = slope.multiply_raw(&difference);
        Fq2x8 { c0: next_coordinate::<3>(c0, &y1.c0, None), c1: next_coordinate::<3>(c1, &y1.c1, None) }
    }

    /// (a0 - a1 u) / (a0^2 + a1^2).
    #[inline(always)]
    fn invert(&self) -> Self {
        let norm = self.c0.square().add(&self.c1.square());
        let inverse = invert_lanes(&norm);
        let c1 = self.c1.of([0; 5]).sub::<3>(&self.c1);
        Fq2x8 { c0: self.c0.multiply(&inverse), c1: c1.multiply(&inverse) }
    }
}
