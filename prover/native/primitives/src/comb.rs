//! Multiples of one point of prime order from a table made beforehand: a signed comb.
//!
//! An odd N below 2^n is the sum over i < n of e_i * 2^i with every e_i one or minus one. Tooth j of comb c stands on
//! the digits (c * TEETH + j) * SPACING + column, so that each column adds one multiple from each comb's table and
//! all columns share the doublings. (Lim, Lee, CRYPTO 1994; signs: Hedabou, Pinel, Beneteau, eprint 2004/342.)
//!
//! Points are those of -x^2 + y^2 = 1 + d x^2 y^2 with d = -168696/168700, reached by (x, y) -> (sqrt(-168700) x, y):
//! -1 and 168700 are squares and 168696/168700 is not, so the addition law holds for every pair of points.

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInt, BigInteger, Field, MontFp, PrimeField};

use crate::babyjubjub::{Point, Scalar, BASE8};

/// A square root of -168700.
const ROOT: Fr = MontFp!("6360561867910373094066688120553762416144456282423235903351243436111059670888");
const TWICE_D: Fr = MontFp!("2475045175004185027501911298141836274980133961483913877536377848625489762075");
/// Twice the group's order has this many bits, and so has every odd N that a scalar is turned into.
const N_BITS: usize = 252;

/// The point (x / z, y / z), with t = x * y / z.
#[derive(Clone, Copy)]
pub(crate) struct Extended {
    x: Fr,
    y: Fr,
    z: Fr,
    t: Fr,
}

/// An affine point as the addition wants it: y + x, y - x, 2 * d * x * y.
#[derive(Clone, Copy)]
struct Multiple {
    sum: Fr,
    difference: Fr,
    product: Fr,
}

/// COMBS tables of 2^(TEETH - 1) multiples of a point, 96 bytes each.
pub(crate) struct Comb<const TEETH: usize, const COMBS: usize, const SPACING: usize> {
    multiples: Box<[Multiple]>,
}

/// 4,096 multiples, 384 KiB; 32 additions.
pub(crate) type Base8Comb = Comb<8, 32, 1>;

/// The comb of BASE8, made when first asked for.
pub(crate) fn base8_comb() -> &'static Base8Comb {
    static COMB: OnceLock<Base8Comb> = OnceLock::new();
    COMB.get_or_init(|| Base8Comb::new(&BASE8))
}

impl<const TEETH: usize, const COMBS: usize, const SPACING: usize> Comb<TEETH, COMBS, SPACING> {
    const N_DIGITS: usize = TEETH * COMBS * SPACING;
    const N_MULTIPLES: usize = 1 << (TEETH - 1);

    /// The tables of any point of the curve.
    pub fn new(point: &Point) -> Self {
        const { assert!(Self::N_DIGITS >= N_BITS && Self::N_DIGITS <= 256 && TEETH > 1) };
        let mut power = Extended::new(point);
        let mut multiples = Vec::with_capacity(COMBS * Self::N_MULTIPLES);
        for _ in 0..COMBS {
            // 2^(SPACING * i) * point for each of the comb's teeth, and twice that
            let teeth: [_; TEETH] = std::array::from_fn(|_| {
                let (tooth, twice) = (power, power.doubled());
                power = (1..SPACING).fold(twice, |point, _| point.doubled());
                (tooth, twice)
            });
            let (lower, top) = (&teeth[..TEETH - 1], &teeth[TEETH - 1].0);
            let start = multiples.len();
            multiples.push(lower.iter().fold(*top, |sum, (tooth, _)| sum.plus(&tooth.negated())));
            for (_, twice) in lower {
                let end = multiples.len();
                multiples.extend_from_within(start..);
                multiples[end..].iter_mut().for_each(|multiple| *multiple = multiple.plus(twice));
            }
        }
        Self { multiples: normalize(&multiples) }
    }

    /// scalar * point. Assumes that the order's multiple of the point vanishes.
    pub fn multiply(&self, scalar: &Scalar) -> Extended {
        let mut integer = scalar.into_bigint();
        if integer.is_even() {
            integer.add_with_carry(&Scalar::MODULUS); // the order is odd
        }
        self.multiply_odd(integer)
    }

    /// integer * point, for any point of the curve. Assumes an odd integer below 2^252.
    pub fn multiply_odd(&self, integer: BigInt<4>) -> Extended {
        debug_assert!(integer.is_odd() && integer.num_bits() as usize <= N_BITS);
        // N = sum over i < n of (2 * b_i - 1) * 2^i = 2 * b - (2^n - 1), so b = (N - 1) / 2 + 2^(n - 1)
        let mut digits = integer >> 1;
        let top = Self::N_DIGITS - 1;
        digits.0[top / 64] |= 1 << (top % 64);
        let mut total = Extended::ZERO;
        for column in (0..SPACING).rev() {
            if column + 1 < SPACING {
                total = total.doubled();
            }
            for comb in 0..COMBS {
                self.add_tooth_digits(&mut total, &digits, comb, column);
            }
        }
        total
    }

    #[inline(always)]
    fn add_tooth_digits(&self, total: &mut Extended, digits: &BigInt<4>, comb: usize, column: usize) {
        let digit = |tooth: usize| {
            let place = (comb * TEETH + tooth) * SPACING + column;
            (digits.0[place / 64] >> (place % 64) & 1) as usize
        };
        let lower = (0..TEETH - 1).fold(0, |index, tooth| index | digit(tooth) << tooth);
        let table = &self.multiples[comb * Self::N_MULTIPLES..][..Self::N_MULTIPLES];
        // a table has the multiples whose top digit is one; the others are their negatives
        if digit(TEETH - 1) == 1 {
            total.add(&table[lower]);
        } else {
            total.add(&table[lower ^ (Self::N_MULTIPLES - 1)].negated());
        }
    }
}

impl Extended {
    const ZERO: Self = Self { x: Fr::ZERO, y: Fr::ONE, z: Fr::ONE, t: Fr::ZERO };

    fn new(point: &Point) -> Self {
        let x = ROOT * point.x;
        Self { x, y: point.y, z: Fr::ONE, t: x * point.y }
    }

    pub fn is_zero(&self) -> bool {
        self.x == Fr::ZERO && self.y == self.z
    }

    /// Whether this is the affine point.
    pub fn equals(&self, point: &Point) -> bool {
        self.x == ROOT * point.x * self.z && self.y == point.y * self.z
    }

    pub fn to_point(self) -> Point {
        let inverse = (ROOT * self.z).inverse().expect("no denominator is zero");
        Point { x: self.x * inverse, y: self.y * inverse * ROOT }
    }

    pub fn plus(&self, other: &Self) -> Self {
        let mut sum = *self;
        let product = TWICE_D * other.t;
        let multiple = Multiple { sum: other.y + other.x, difference: other.y - other.x, product };
        sum.add_scaled(&multiple, (self.z * other.z).double());
        sum
    }

    #[inline(always)]
    fn add(&mut self, other: &Multiple) {
        self.add_scaled(other, self.z.double());
    }

    /// add-2008-hwcd-3 (eprint 2008/522, section 3.1): a = -1. `twice_z` is twice the product of both denominators.
    #[inline(always)]
    fn add_scaled(&mut self, other: &Multiple, twice_z: Fr) {
        let a = (self.y - self.x) * other.difference;
        let b = (self.y + self.x) * other.sum;
        let c = self.t * other.product;
        let (e, f, g, h) = (b - a, twice_z - c, twice_z + c, b + a);
        *self = Self { x: e * f, y: g * h, z: f * g, t: e * h };
    }

    /// dbl-2008-hwcd (eprint 2008/522, section 3.3): a = -1.
    #[inline(always)]
    fn doubled(&self) -> Self {
        let (a, b, c) = (self.x.square(), self.y.square(), self.z.square().double());
        let e = (self.x + self.y).square() - a - b;
        let (g, h) = (b - a, -(a + b));
        let f = g - c;
        Self { x: e * f, y: g * h, z: f * g, t: e * h }
    }

    fn negated(&self) -> Self {
        Self { x: -self.x, t: -self.t, ..*self }
    }
}

impl Multiple {
    #[inline(always)]
    fn negated(&self) -> Self {
        Self { sum: self.difference, difference: self.sum, product: -self.product }
    }
}

/// Affine, by one inversion for all. No denominator is zero: the addition law is complete.
fn normalize(points: &[Extended]) -> Box<[Multiple]> {
    let mut product = Fr::ONE;
    let mut before = Vec::with_capacity(points.len());
    for point in points {
        before.push(product);
        product *= point.z;
    }
    let mut inverse = product.inverse().expect("no denominator is zero");
    let mut multiples: Vec<Multiple> = Vec::with_capacity(points.len());
    for (point, before) in points.iter().zip(before).rev() {
        let own = inverse * before;
        inverse *= point.z;
        let (x, y) = (point.x * own, point.y * own);
        multiples.push(Multiple { sum: y + x, difference: y - x, product: TWICE_D * x * y });
    }
    multiples.reverse();
    multiples.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::babyjubjub::multiply_by_all;

    fn agrees<const T: usize, const C: usize, const S: usize>(point: &Point, integer: BigInt<4>) {
        let expected = Point::from_ark(multiply_by_all(point.to_ark(), [integer])[0]);
        let comb = Comb::<T, C, S>::new(point);
        assert!(comb.multiply_odd(integer).equals(&expected), "{integer}");
        let total = comb.multiply_odd(integer);
        assert_eq!(total.t * total.z, total.x * total.y);
    }

    #[test]
    fn odd_multiples_agree_with_doubling_and_adding() {
        let largest = BigInt::new([u64::MAX, u64::MAX, u64::MAX, (1 << 60) - 1]);
        for integer in [BigInt::one(), BigInt::from(3u64), Scalar::MODULUS, largest] {
            agrees::<6, 3, 14>(&BASE8, integer);
            agrees::<8, 32, 1>(&BASE8, integer);
            agrees::<2, 1, 127>(&BASE8, integer);
        }
    }

    #[test]
    fn every_scalar_agrees_with_the_table_of_base8() {
        let comb = Comb::<6, 3, 14>::new(&BASE8);
        let mut scalar = Scalar::from(0x1234_5678_9abc_def0u64);
        let ends = [Scalar::ZERO, Scalar::ONE, Scalar::from(2u64), -Scalar::ONE, -Scalar::from(2u64)];
        let drawn: Vec<Scalar> = (0..40)
            .map(|_| {
                scalar = scalar.square() + Scalar::ONE;
                scalar
            })
            .collect();
        for scalar in ends.iter().chain(&drawn) {
            let expected = Point::from_ark(crate::babyjubjub::multiply_base8(scalar));
            assert!(comb.multiply(scalar).equals(&expected));
            assert_eq!(base8_comb().multiply(scalar).to_point(), expected);
            assert_eq!(comb.multiply(scalar).is_zero(), *scalar == Scalar::ZERO);
        }
    }

    #[test]
    fn points_of_small_order_are_multiplied_as_any() {
        let order_2 = Point { x: Fr::ZERO, y: -Fr::ONE };
        let order_4 =
            Point { x: Fr::from(168700u64).inverse().and_then(|x| x.sqrt()).expect("a square"), y: Fr::ZERO };
        for point in [Point::IDENTITY, order_2, order_4] {
            agrees::<6, 3, 14>(&point, Scalar::MODULUS);
            let is_zero = Comb::<6, 3, 14>::new(&point).multiply_odd(Scalar::MODULUS).is_zero();
            assert_eq!(is_zero, point == Point::IDENTITY);
        }
    }

    #[test]
    fn constants_are_what_they_say() {
        assert_eq!(ROOT.square(), -Fr::from(168700u64));
        assert_eq!(TWICE_D * Fr::from(168700u64), -Fr::from(2 * 168696u64));
    }
}
