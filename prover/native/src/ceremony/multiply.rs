//! Multiples of points by long scalars: cut in two by the curve's endomorphism, in signed digits of odd multiples.

use ark_bn254::Fr;
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, BigInteger, PrimeField, Zero};
use zeroize::Zeroize;

/// Digits are odd and below 2^(WIDTH - 1), or zero.
const WIDTH: usize = 5;
pub const N_MULTIPLES: usize = 1 << (WIDTH - 2);

/// A scalar k = k_1 + lambda * k_2, each half as signed digits, least significant first.
#[derive(Zeroize)]
#[zeroize(drop)]
pub struct Digits {
    halves: [Vec<i64>; 2],
}

impl Digits {
    pub fn new<P: GLVConfig<ScalarField = Fr>>(scalar: Fr) -> Self {
        let (first, second) = P::scalar_decomposition(scalar);
        let halves = [first, second].map(|(is_positive, half)| {
            let mut digits = half.into_bigint().find_wnaf(WIDTH).expect("the width is in range");
            if !is_positive {
                digits.iter_mut().for_each(|digit| *digit = -*digit);
            }
            digits
        });
        Digits { halves }
    }

    fn len(&self) -> usize {
        self.halves[0].len().max(self.halves[1].len())
    }
}

/// The odd multiples 1, 3, .. of a point.
pub type Multiples<P> = [Affine<P>; N_MULTIPLES];

/// Return the odd multiples of points, affine.
pub fn tabulate<P: GLVConfig>(points: &[Projective<P>]) -> Vec<Multiples<P>> {
    let odd = |point: &Projective<P>| {
        let twice = point.double();
        let multiples = std::iter::successors(Some(*point), move |multiple| Some(*multiple + twice));
        multiples.take(N_MULTIPLES)
    };
    let flat = Projective::normalize_batch(&points.iter().flat_map(odd).collect::<Vec<_>>());
    flat.chunks_exact(N_MULTIPLES).map(|chunk| chunk.try_into().expect("chunks of that size")).collect()
}

/// Return the sum of points times scalars: the doublings are shared, so that a term costs about 45 additions.
pub fn combine<P: GLVConfig>(terms: &[(&Multiples<P>, &Digits)]) -> Projective<P> {
    let top = terms.iter().map(|(_, digits)| digits.len()).max().unwrap_or(0);
    let mut sum = Projective::zero();
    for at in (0..top).rev() {
        if !sum.is_zero() {
            sum.double_in_place();
        }
        for (multiples, digits) in terms {
            for (half, is_second) in digits.halves.iter().zip([false, true]) {
                let digit = half.get(at).copied().unwrap_or(0);
                if digit != 0 {
                    sum += signed(multiples, digit, is_second);
                }
            }
        }
    }
    sum
}

fn signed<P: GLVConfig>(multiples: &Multiples<P>, digit: i64, is_second: bool) -> Affine<P> {
    let multiple = multiples[digit.unsigned_abs() as usize / 2];
    let multiple = if is_second { P::endomorphism_affine(&multiple) } else { multiple };
    if digit < 0 {
        -multiple
    } else {
        multiple
    }
}

/// Return each point times its scalar, for points that are many enough to share an inversion.
pub fn multiply_each<'a, P: GLVConfig>(
    points: &[Projective<P>],
    digits: impl Fn(usize) -> &'a Digits,
) -> Vec<Projective<P>> {
    let tables = tabulate(points);
    tables.iter().enumerate().map(|(i, multiples)| combine(&[(multiples, digits(i))])).collect()
}
