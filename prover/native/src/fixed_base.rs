//! Many multiples of one point, from a table: by lanes, or by portable arithmetic. Both give the same points.

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, PrimeField};
use rayon::prelude::*;

use crate::batch_add::{add_batch, BATCH};
use crate::digits::Digits;
#[cfg(target_arch = "x86_64")]
use crate::sums::FEWEST_FOR_LANES;
use crate::sums::{Curve, Kernel};

/// Multiples of one base, for many scalars.
pub enum FixedBase<P: Curve> {
    Portable(Table<P>),
    #[cfg(target_arch = "x86_64")]
    Lanes {
        token: zkmargin_lanes::Ifma,
        multiples: zkmargin_lanes::Multiples<P::Lanes>,
    },
}

impl<P: Curve> FixedBase<P> {
    /// Assumes a base of order r, and that about `n` scalars will come: a larger table pays off for more of them.
    pub fn new(kernel: Kernel, base: Projective<P>, n: usize) -> Self {
        match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Lanes(token) if n >= FEWEST_FOR_LANES => {
                FixedBase::Lanes { token, multiples: zkmargin_lanes::Multiples::new(token, base, n) }
            }
            _ => FixedBase::Portable(Table::new(base, n)),
        }
    }

    /// Return scalars[i] * base, affine.
    pub fn multiply(&self, scalars: &[Fr]) -> Vec<Affine<P>> {
        match self {
            FixedBase::Portable(table) => table.multiply(scalars),
            #[cfg(target_arch = "x86_64")]
            FixedBase::Lanes { token, multiples } => {
                use zkmargin_lanes::coordinate::Coordinate;
                let mut rows = vec![P::Lanes::INFINITY; scalars.len()];
                multiples.multiply(*token, scalars, &mut rows);
                rows.par_iter().with_min_len(BATCH).map(P::Lanes::to_affine).collect()
            }
        }
    }
}

/// `multiples[w][k] = (k + 1) * 2^(c*w) * base`.
pub struct Table<P: SWCurveConfig> {
    digits: Digits,
    multiples: Vec<Vec<Affine<P>>>,
}

impl<P: SWCurveConfig<ScalarField = Fr>> Table<P> {
    fn new(base: Projective<P>, n: usize) -> Self {
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
        let multiples = powers
            .par_iter()
            .map(|power| {
                let steps = std::iter::successors(Some(*power), |sum| Some(*sum + power));
                Projective::normalize_batch(&steps.take(1 << (c - 1)).collect::<Vec<_>>())
            })
            .collect();
        Table { digits, multiples }
    }

    fn multiply(&self, scalars: &[Fr]) -> Vec<Affine<P>> {
        let mut products = vec![Affine::identity(); scalars.len()];
        let pairs = products.par_chunks_mut(BATCH).zip(scalars.par_chunks(BATCH));
        pairs.for_each(|(products, scalars)| {
            let shifted: Vec<_> = scalars.iter().map(|s| self.digits.shift(&s.into_bigint())).collect();
            let (mut batch, mut prefixes) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
            for (window, multiples) in self.multiples.iter().enumerate() {
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
