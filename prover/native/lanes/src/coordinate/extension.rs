//! Coordinates of G2: Fq2.

use ark_bn254::{g2, Fq2};
use ark_ec::short_weierstrass::Affine;

use super::parts::{four_differences, next_coordinate, unpack_pair, words_of, TANGENT};
use super::{read_words, Coordinate, Row};
use crate::element::Lanes;
use crate::fq2::{Fq2x8, Fq8};
use crate::inverse::{invert_lanes, to_field};
use crate::modulus::{FqModulus, Modulus};
use crate::simd::{each, V};
use crate::Ifma;

#[inline(always)]
fn half_row<const AT: usize>(row: &Row<16>) -> &[u64; 8] {
    row.0[8 * AT..8 * AT + 8].try_into().expect("8 words")
}

impl Coordinate for Fq2x8 {
    type Curve = g2::Config;
    type Row = Row<16>;
    const INFINITY: Row<16> = Row([0; 16]);

    fn read_row(bytes: &[u8]) -> Row<16> {
        read_words(bytes)
    }

    #[inline(always)]
    fn one(token: Ifma) -> Self {
        Fq2x8 { c0: Lanes::splat(token, FqModulus::ONE), c1: Lanes::splat(token, [0; 5]) }
    }

    #[inline(always)]
    fn load(token: Ifma, rows: [&Row<16>; 8]) -> (Self, Self) {
        let (c0, c1) = unpack_pair(each!(lane of 8 => V::load(token, half_row::<0>(rows[lane]))));
        let x = Fq2x8 { c0, c1 };
        let (c0, c1) = unpack_pair(each!(lane of 8 => V::load(token, half_row::<1>(rows[lane]))));
        (x, Fq2x8 { c0, c1 })
    }

    #[inline(always)]
    fn store(x: &Self, y: &Self, present: u8) -> [Row<16>; 8] {
        let (x, y) = (Fq8::store(&x.c0, &x.c1, present), Fq8::store(&y.c0, &y.c1, present));
        each!(lane of 8 => {
            let mut words = [0; 16];
            words[..8].copy_from_slice(&x[lane].0);
            words[8..].copy_from_slice(&y[lane].0);
            Row(words)
        })
    }

    fn to_affine(row: &Row<16>) -> Affine<g2::Config> {
        if row == &Self::INFINITY {
            return Affine::identity();
        }
        let coordinate = |at| Fq2::new(to_field(words_of(row, at)), to_field(words_of(row, at + 1)));
        Affine::new_unchecked(coordinate(0), coordinate(2))
    }

    fn from_affine(point: &Affine<g2::Config>) -> Row<16> {
        if point.infinity {
            return Self::INFINITY;
        }
        let parts = [point.x.c0, point.x.c1, point.y.c0, point.y.c1];
        Row(std::array::from_fn(|i| parts[i / 4].0 .0[i % 4]))
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
