//! Lagrange bases in the exponent: the inverse Fourier transform of the points tau^j * G.
//!
//! L_k(tau) = 1/n * sum_j omega^(-jk) tau^j. A butterfly is a scalar multiplication, so this is most of a ceremony's
//! start: n/2 * log2(n) multiplications a transform.

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::CurveGroup;
use ark_ff::{Field, One};
use rayon::prelude::*;

use crate::progress::Counter;
use crate::qap::Domain;

const MIN_TASK: usize = 64;

/// Return L_k(tau) * G for the n-th roots of unity, from n points tau^j * G. `counter` counts the points of each layer.
pub fn lagrange_even<P: SWCurveConfig<ScalarField = Fr>>(
    domain: &Domain,
    powers: Vec<Affine<P>>,
    counter: &Counter,
) -> Vec<Affine<P>> {
    let size_inverse = domain.evens.size_inv;
    let scaled = powers.into_par_iter().map(|point| point * size_inverse).collect();
    transform(domain, scaled, counter)
}

/// Return L_(2k+1)(tau) * G for the 2n-th roots of unity, from 2n points tau^j * G.
///
/// With w = omega_2n: L_(2k+1) = 1/2n * sum_j tau^j w^(-j(2k+1)), where j and j + n have opposite signs, so it is half
/// the n-th transform of (tau^j - tau^(j+n)) * w^(-j).
pub fn lagrange_odd<P: SWCurveConfig<ScalarField = Fr>>(
    domain: &Domain,
    powers: &[Affine<P>],
    counter: &Counter,
) -> Vec<Affine<P>> {
    let (low, high) = powers.split_at(domain.size());
    let shift_inverse = domain.odd_shift.inverse().expect("a root of unity");
    let half = domain.evens.size_inv * Fr::from(2).inverse().expect("r is odd");
    let twisted = low.par_iter().zip(high).enumerate().map(|(j, (low, high))| {
        let difference = Projective::from(*low) - high;
        difference * (half * shift_inverse.pow([j as u64]))
    });
    transform(domain, twisted.collect(), counter)
}

/// Return sum_j omega^(-jk) * points[j] for all k. The sum is thrown away once the counter is stopped.
fn transform<P: SWCurveConfig<ScalarField = Fr>>(
    domain: &Domain,
    mut points: Vec<Projective<P>>,
    counter: &Counter,
) -> Vec<Affine<P>> {
    let n = points.len();
    let roots: Vec<Fr> =
        std::iter::successors(Some(Fr::one()), |root| Some(*root * domain.evens.group_gen_inv))
            .take(n / 2)
            .collect();
    reverse_bits(&mut points);
    let mut length = 2;
    while length <= n && !counter.is_stopped() {
        let stride = n / length;
        points.par_chunks_mut(length).for_each(|chunk| {
            let (near, far) = chunk.split_at_mut(length / 2);
            near.par_iter_mut().zip(far).enumerate().with_min_len(MIN_TASK).for_each(|(j, (near, far))| {
                if counter.is_stopped() {
                    return;
                }
                if j > 0 {
                    *far *= roots[j * stride];
                }
                let difference = *near - *far;
                *near += *far;
                *far = difference;
                counter.add(2);
            });
        });
        length *= 2;
    }
    Projective::normalize_batch(&points)
}

fn reverse_bits<T>(values: &mut [T]) {
    let log2 = values.len().trailing_zeros();
    for i in 0..values.len() {
        let j = if log2 == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - log2) };
        if i < j {
            values.swap(i, j);
        }
    }
}
