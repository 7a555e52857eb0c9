//! Many multiples of one point, from a table.

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, PrimeField};
use rayon::prelude::*;

use crate::batch_add::{add_batch, BATCH};
use crate::digits::Digits;

/// Multiples of one base, for many scalars: `table[w][k] = (k + 1) * 2^(c*w) * base`.
pub struct FixedBase<P: SWCurveConfig> {
    digits: Digits,
    table: Vec<Vec<Affine<P>>>,
}

impl<P: SWCurveConfig<ScalarField = Fr>> FixedBase<P> {
    /// Assumes about `n` scalars will come: a larger table pays off for more of them.
    pub fn new(base: Projective<P>, n: usize) -> Self {
        let c = (n.max(2).ilog2() * 2 / 3).clamp(4, 14);
        let digits = Digits::new(c, Fr::MODULUS_BIT_SIZE);
        let mut power = base;
        let powers: Vec<_> = (0..digits.n_windows)
            .map(|_| {
                let current = power;
                for _ in 0..c {
                    power.double_in_place();
                }
                current
            })
            .collect();
        let table = powers
            .par_iter()
            .map(|power| {
                let steps = std::iter::successors(Some(*power), |sum| Some(*sum + power));
                Projective::normalize_batch(&steps.take(1 << (c - 1)).collect::<Vec<_>>())
            })
            .collect();
        FixedBase { digits, table }
    }

    /// Return scalars[i] * base, affine.
    pub fn multiply(&self, scalars: &[Fr]) -> Vec<Affine<P>> {
        let mut products = vec![Affine::identity(); scalars.len()];
        let pairs = products.par_chunks_mut(BATCH).zip(scalars.par_chunks(BATCH));
        pairs.for_each(|(products, scalars)| {
            let shifted: Vec<_> = scalars.iter().map(|s| self.digits.shift(&s.into_bigint())).collect();
            let (mut batch, mut prefixes) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
            for (window, multiples) in self.table.iter().enumerate() {
                batch.clear();
                for (i, scalar) in shifted.iter().enumerate() {
                    let digit = self.digits.get(scalar, window);
                    if digit != 0 {
                        let multiple = multiples[digit.unsigned_abs() as usize - 1];
                        batch.push((i as u32, if digit < 0 { -multiple } else { multiple }));
                    }
                }
                add_batch(products, &batch, &mut prefixes);
            }
        });
        products
    }
}
