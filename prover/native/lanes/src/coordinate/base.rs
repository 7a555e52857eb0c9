//! Coordinates of G1: Fq.

use ark_bn254::g1;
use ark_ec::short_weierstrass::Affine;

use super::parts::{four_differences, next_coordinate, or_all, unpack_pair, words_of, TANGENT};
use super::{read_words, Coordinate, Row};
use crate::element::Lanes;
use crate::fq2::Fq8;
use crate::inverse::{invert_lanes, to_field};
use crate::modulus::{FqModulus, Modulus};
use crate::pack::{pack, transpose};
use crate::simd::{each, V};
use crate::Ifma;

impl Coordinate for Fq8 {
    type Curve = g1::Config;
    type Row = Row<8>;
    const INFINITY: Row<8> = Row([0; 8]);

    fn read_row(bytes: &[u8]) -> Row<8> {
        read_words(bytes)
    }

    #[inline(always)]
    fn one(token: Ifma) -> Self {
        Lanes::splat(token, FqModulus::ONE)
    }

    #[inline(always)]
    fn load(token: Ifma, rows: [&Row<8>; 8]) -> (Self, Self) {
        unpack_pair(each!(lane of 8 => V::load(token, &rows[lane].0)))
    }

    #[inline(always)]
    fn store(x: &Self, y: &Self, present: u8) -> [Row<8>; 8] {
        let (x, y) = (pack(&x.canonical()), pack(&y.canonical()));
        let zero = x[0].of(0);
        let words = [x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]];
        let rows = transpose(each!(i of 8 => zero.select(present, words[i])));
        each!(lane of 8 => Row(rows[lane].words()))
    }

    fn to_affine(row: &Row<8>) -> Affine<g1::Config> {
        if row == &Self::INFINITY {
            return Affine::identity();
        }
        Affine::new_unchecked(to_field(words_of(row, 0)), to_field(words_of(row, 1)))
    }

    fn from_affine(point: &Affine<g1::Config>) -> Row<8> {
        if point.infinity {
            return Self::INFINITY;
        }
        Row(std::array::from_fn(|i| [point.x, point.y][i / 4].0 .0[i % 4]))
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
