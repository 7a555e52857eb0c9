//! Additions of curve points in affine coordinates that share one inversion.
//!
//! An affine addition costs one inversion and three multiplications; a batch of n independent ones costs one
//! inversion and 6n multiplications (Montgomery's trick), against 11 for a mixed Jacobian addition.

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, Field, One, Zero};

pub const BATCH: usize = 512;

/// Add `points[k].1` to `sums[points[k].0]` for all k. Assumes that no index comes twice and a = 0 in the curve equation.
pub fn add_batch<P: SWCurveConfig>(
    sums: &mut [Affine<P>],
    points: &[(u32, Affine<P>)],
    prefixes: &mut Vec<P::BaseField>,
) {
    prefixes.clear();
    let mut product = P::BaseField::one();
    for (index, point) in points {
        let sum = &mut sums[*index as usize];
        let denominator = if point.infinity {
            P::BaseField::ZERO
        } else if sum.infinity {
            *sum = *point;
            P::BaseField::ZERO
        } else if sum.x != point.x {
            point.x - sum.x
        } else if sum.y == point.y {
            sum.y.double() // no point of odd order has y = 0
        } else {
            *sum = Affine::identity();
            P::BaseField::ZERO
        };
        if denominator.is_zero() {
            prefixes.push(P::BaseField::ZERO); // marks "done"; a true prefix is never zero
        } else {
            prefixes.push(product);
            product *= denominator;
        }
    }
    let mut inverse = product.inverse().expect("a product of non-zero factors");
    for ((index, point), prefix) in points.iter().zip(prefixes.iter()).rev() {
        if prefix.is_zero() {
            continue;
        }
        let sum = &mut sums[*index as usize];
        let (numerator, denominator) = if sum.x == point.x {
            let x_squared = sum.x.square();
            (x_squared.double() + x_squared, sum.y.double())
        } else {
            (point.y - sum.y, point.x - sum.x)
        };
        let slope = numerator * inverse * prefix;
        inverse *= denominator;
        let x = slope.square() - sum.x - point.x;
        sum.y = slope * (sum.x - x) - sum.y;
        sum.x = x;
    }
}

/// Buckets that gather their additions into batches; an index already in the batch takes the Jacobian way.
pub struct Buckets<P: SWCurveConfig> {
    sums: Vec<Affine<P>>,
    collided: Vec<Projective<P>>,
    in_batch: Vec<bool>,
    batch: Vec<(u32, Affine<P>)>,
    prefixes: Vec<P::BaseField>,
}

impl<P: SWCurveConfig> Buckets<P> {
    pub fn new(n: usize) -> Self {
        Buckets {
            sums: vec![Affine::identity(); n],
            collided: vec![Projective::zero(); n],
            in_batch: vec![false; n],
            batch: Vec::with_capacity(BATCH),
            prefixes: Vec::with_capacity(BATCH),
        }
    }

    pub fn add(&mut self, index: usize, point: Affine<P>) {
        if self.in_batch[index] {
            self.collided[index] += point;
            return;
        }
        self.in_batch[index] = true;
        self.batch.push((index as u32, point));
        if self.batch.len() == BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        add_batch(&mut self.sums, &self.batch, &mut self.prefixes);
        self.batch.iter().for_each(|(index, _)| self.in_batch[*index as usize] = false);
        self.batch.clear();
    }

    /// Return sum_k (k + 1) * bucket[k].
    pub fn weighted_sum(mut self) -> Projective<P> {
        self.flush();
        let (mut running, mut total) = (Projective::zero(), Projective::zero());
        for (sum, collided) in self.sums.iter().zip(&self.collided).rev() {
            running += sum;
            if !collided.is_zero() {
                running += collided;
            }
            total += running;
        }
        total
    }

    /// Return sum_k bucket[k].
    pub fn plain_sum(mut self) -> Projective<P> {
        self.flush();
        self.sums.iter().zip(&self.collided).fold(Projective::zero(), |sum, (a, b)| sum + a + b)
    }
}
