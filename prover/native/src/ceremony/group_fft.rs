//! Lagrange bases in the exponent: the inverse Fourier transform of the points tau^j * G.
//!
//! L_k(tau) = 1/n * sum_j omega^(-jk) tau^j. A butterfly is a scalar multiplication, so this is most of a ceremony's
//! start: n/2 * log2(n) multiplications a transform.

use ark_bn254::Fr;
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::CurveGroup;
use ark_ff::{Field, One};
use rayon::prelude::*;

use crate::ceremony::multiply::{multiply_each, Digits};
use crate::progress::Counter;
use crate::qap::Domain;

/// Butterflies of one task, whose tables share an inversion.
const TASK: usize = 256;
const JOINED: usize = 1 << 12;

/// Return L_k(tau) * G for the n-th roots of unity, from n points tau^j * G. `counter` counts the points of each layer.
pub fn lagrange_even<P: GLVConfig<ScalarField = Fr>>(
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
pub fn lagrange_odd<P: GLVConfig<ScalarField = Fr>>(
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
fn transform<P: GLVConfig<ScalarField = Fr>>(
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
        let (half, stride) = (length / 2, n / length);
        // One digits a root; short blocks are joined, so that many points share the inversion of their tables.
        let digits: Vec<Digits> =
            (0..half).into_par_iter().map(|j| Digits::new::<P>(roots[j * stride])).collect();
        points.par_chunks_mut(length.max(JOINED)).for_each(|blocks| {
            let (near, far) = split_halves(blocks, half);
            let pairs: Vec<_> = near.into_iter().zip(far).collect();
            let indexed: Vec<_> = pairs.into_iter().enumerate().collect();
            indexed.into_par_iter().chunks(TASK).for_each(|mut task| {
                if counter.is_stopped() {
                    return;
                }
                butterflies(&mut task, half, &digits);
                counter.add(2 * task.len());
            });
        });
        length *= 2;
    }
    Projective::normalize_batch(&points)
}

/// Return the points of the near and of the far half of each block.
fn split_halves<P: GLVConfig>(
    blocks: &mut [Projective<P>],
    half: usize,
) -> (Vec<&mut Projective<P>>, Vec<&mut Projective<P>>) {
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for block in blocks.chunks_mut(2 * half) {
        let (low, high) = block.split_at_mut(half);
        near.extend(low);
        far.extend(high);
    }
    (near, far)
}

type Pair<'a, P> = (usize, (&'a mut Projective<P>, &'a mut Projective<P>));

/// Replace (near, far) by (near + root * far, near - root * far); the first root of a block is one.
fn butterflies<P: GLVConfig<ScalarField = Fr>>(pairs: &mut [Pair<P>], half: usize, digits: &[Digits]) {
    let turned: Vec<usize> = (0..pairs.len()).filter(|i| !pairs[*i].0.is_multiple_of(half)).collect();
    let points: Vec<_> = turned.iter().map(|i| *pairs[*i].1 .1).collect();
    let products = multiply_each(&points, |i| &digits[pairs[turned[i]].0 % half]);
    turned.iter().zip(products).for_each(|(i, product)| *pairs[*i].1 .1 = product);
    for (_, (near, far)) in pairs {
        let difference = **near - **far;
        **near += **far;
        **far = difference;
    }
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
