//! BabyJubJub (EIP-2494) in circomlib's coordinates: 168700 x^2 + y^2 = 1 + 168696 x^2 y^2.
//!
//! Arithmetic runs on arkworks' isomorphic curve with a = 1, reached by (x, y) -> (sqrt(168700) x, y).

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ec::{AdditiveGroup, CurveGroup};
use ark_ed_on_bn254::{EdwardsAffine, EdwardsProjective};
use ark_ff::{BigInteger, Field, MontFp, PrimeField, Zero};

/// Integers modulo the order of the prime subgroup.
pub use ark_ed_on_bn254::Fr as Scalar;

pub const EDWARDS_A: u64 = 168700;
pub const EDWARDS_D: u64 = 168696;
/// circomlib's generator of the subgroup of prime order.
pub const BASE8: Point = Point {
    x: MontFp!("5299619240641551281634865583518297030282874472190772894086521144482721001553"),
    y: MontFp!("16950150798460657717958625567821834550301663161624707787222815936182638968203"),
};

const WINDOW_BITS: usize = 4;
const NAF_WIDTH: usize = 5;

/// Affine coordinates, on the curve only where a function says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    pub x: Fr,
    pub y: Fr,
}

impl Point {
    pub const IDENTITY: Self = Self { x: Fr::ZERO, y: Fr::ONE };

    pub fn is_on_curve(&self) -> bool {
        let (xx, yy) = (self.x.square(), self.y.square());
        Fr::from(EDWARDS_A) * xx + yy == Fr::ONE + Fr::from(EDWARDS_D) * xx * yy
    }

    /// Whether the point is on the curve and of prime order; the identity is not.
    pub fn is_of_prime_order(&self) -> bool {
        if !self.is_on_curve() {
            return false;
        }
        let point = self.to_ark();
        !point.is_zero() && multiply_by_all(point, [Scalar::MODULUS])[0].is_zero()
    }

    pub(crate) fn to_ark(self) -> EdwardsProjective {
        EdwardsAffine::new_unchecked(self.x * square_root_of_a(), self.y).into()
    }

    pub(crate) fn from_ark(point: EdwardsProjective) -> Self {
        static INVERSE: OnceLock<Fr> = OnceLock::new();
        let inverse = INVERSE.get_or_init(|| square_root_of_a().inverse().expect("not zero"));
        let affine = point.into_affine();
        Self { x: affine.x * inverse, y: affine.y }
    }
}

/// scalar * BASE8, by 63 additions from a table.
pub fn multiply_base8(scalar: &Scalar) -> EdwardsProjective {
    let mut total = EdwardsProjective::zero();
    let limbs = scalar.into_bigint().0;
    for (place, multiples) in base8_table().iter().enumerate() {
        let position = place * WINDOW_BITS;
        let digit = limbs[position / 64] >> (position % 64) & ((1 << WINDOW_BITS) - 1);
        total += multiples[digit as usize];
    }
    total
}

/// scalar * point for each of the scalars, sharing the doublings (Yao's method over non-adjacent forms).
///
/// The scalars are plain integers below 2^255. The addition law is complete, so any point of the curve will do.
pub(crate) fn multiply_by_all<const N: usize>(
    point: EdwardsProjective,
    scalars: [<Scalar as PrimeField>::BigInt; N],
) -> [EdwardsProjective; N] {
    let forms = scalars.map(|scalar| scalar.find_wnaf(NAF_WIDTH).expect("the width is between 2 and 63"));
    let n_digits = forms.iter().map(Vec::len).max().unwrap_or(0);
    // buckets[k] collects what the digits 2k + 1 and -(2k + 1) stand on
    let mut buckets = [[EdwardsProjective::zero(); 1 << (NAF_WIDTH - 2)]; N];
    let mut power = point;
    for place in 0..n_digits {
        for (form, buckets) in forms.iter().zip(&mut buckets) {
            match form.get(place).copied().unwrap_or(0) {
                0 => {}
                digit if digit > 0 => buckets[digit as usize >> 1] += power,
                digit => buckets[digit.unsigned_abs() as usize >> 1] -= power,
            }
        }
        power.double_in_place();
    }
    buckets.map(sum_of_odd_multiples)
}

/// The sum over k of (2k + 1) * buckets[k], by running sums from the top.
fn sum_of_odd_multiples<const B: usize>(buckets: [EdwardsProjective; B]) -> EdwardsProjective {
    let (mut running, mut total) = (EdwardsProjective::zero(), EdwardsProjective::zero());
    for bucket in buckets[1..].iter().rev() {
        running += bucket;
        total += running;
    }
    total.double() + running + buckets[0]
}

fn square_root_of_a() -> Fr {
    static ROOT: OnceLock<Fr> = OnceLock::new();
    *ROOT.get_or_init(|| Fr::from(EDWARDS_A).sqrt().expect("168700 is a square"))
}

fn base8_table() -> &'static [Vec<EdwardsAffine>] {
    static TABLE: OnceLock<Vec<Vec<EdwardsAffine>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut point = BASE8.to_ark();
        (0..(Scalar::MODULUS_BIT_SIZE as usize).div_ceil(WINDOW_BITS))
            .map(|_| {
                let mut multiples = vec![EdwardsProjective::zero()];
                (1..1 << WINDOW_BITS).for_each(|i| multiples.push(multiples[i - 1] + point));
                point += multiples[(1 << WINDOW_BITS) - 1];
                EdwardsProjective::normalize_batch(&multiples)
            })
            .collect()
    })
}
