//! Sums of curve points: additions in affine coordinates that share one inversion, and what is built on them.
//!
//! An affine addition costs one inversion and three multiplications; a batch of n independent ones costs one
//! inversion and 6n multiplications (Montgomery's trick), against 11 for a mixed Jacobian addition.

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, BigInt, BigInteger, Field, One, PrimeField, Zero};
use rayon::prelude::*;

use crate::progress::Counter;

const BATCH: usize = 512;
/// Scalars are sorted into classes by size; a class has its own number of windows.
const CLASS_BITS: [u32; 5] = [1, 16, 64, 128, 253];
const ZERO_CLASS: u8 = CLASS_BITS.len() as u8;

/// Add `points[k].1` to `sums[points[k].0]` for all k. Assumes that no index comes twice and a = 0 in the curve equation.
fn add_batch<P: SWCurveConfig>(
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
struct Buckets<P: SWCurveConfig> {
    sums: Vec<Affine<P>>,
    collided: Vec<Projective<P>>,
    in_batch: Vec<bool>,
    batch: Vec<(u32, Affine<P>)>,
    prefixes: Vec<P::BaseField>,
}

impl<P: SWCurveConfig> Buckets<P> {
    fn new(n: usize) -> Self {
        Buckets {
            sums: vec![Affine::identity(); n],
            collided: vec![Projective::zero(); n],
            in_batch: vec![false; n],
            batch: Vec::with_capacity(BATCH),
            prefixes: Vec::with_capacity(BATCH),
        }
    }

    fn add(&mut self, index: usize, point: Affine<P>) {
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
    fn weighted_sum(mut self) -> Projective<P> {
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
    fn plain_sum(mut self) -> Projective<P> {
        self.flush();
        self.sums.iter().zip(&self.collided).fold(Projective::zero(), |sum, (a, b)| sum + a + b)
    }
}

/// The window width that costs the fewest additions for n scalars of `n_bits`; a bucket costs about six.
fn choose_window(n: usize, n_bits: u32) -> u32 {
    (2..=16).min_by_key(|c| count_windows(n_bits, *c) * (n + 6 * (1 << (c - 1)))).unwrap_or(2)
}

/// One bit more than the scalar has, so that the top window takes the carry and stays at most 2^(c-1).
fn count_windows(n_bits: u32, c: u32) -> usize {
    (n_bits + 1).div_ceil(c) as usize
}

/// Signed digits without a carry chain: digit_i(s) = window_i(s + sum_j 2^(c-1) * 2^(c*j)) - 2^(c-1), where j and the
/// subtraction leave out the top window, whose digit is never negative.
struct Digits {
    c: u32,
    n_windows: usize,
    offset: BigInt<4>,
}

impl Digits {
    fn new(c: u32, n_bits: u32) -> Self {
        let n_windows = count_windows(n_bits, c);
        let mut offset = BigInt::zero();
        for i in 0..n_windows - 1 {
            let bit = i * c as usize + c as usize - 1;
            offset.0[bit / 64] |= 1 << (bit % 64);
        }
        Digits { c, n_windows, offset }
    }

    fn shift(&self, scalar: &BigInt<4>) -> BigInt<4> {
        let mut shifted = *scalar;
        shifted.add_with_carry(&self.offset);
        shifted
    }

    /// Return digit `window` of a scalar that went through `shift`, in [-2^(c-1), 2^(c-1)].
    fn get(&self, shifted: &BigInt<4>, window: usize) -> i32 {
        let bit = window * self.c as usize;
        let (limb, at) = (bit / 64, bit % 64);
        let mut value = shifted.0[limb] >> at;
        if at + self.c as usize > 64 && limb < 3 {
            value |= shifted.0[limb + 1] << (64 - at);
        }
        let digit = (value & ((1 << self.c) - 1)) as i32;
        if window + 1 == self.n_windows {
            digit
        } else {
            digit - (1 << (self.c - 1))
        }
    }
}

/// Return the absolute value's index and the point with the digit's sign, or None where the digit is zero.
fn signed<P: SWCurveConfig>(digit: i32, point: &Affine<P>) -> Option<(usize, Affine<P>)> {
    match digit {
        0 => None,
        d if d > 0 => Some((d as usize - 1, *point)),
        d => Some((d.unsigned_abs() as usize - 1, -*point)),
    }
}

/// Return sum scalars[i] * points[i] for scalars below 2^n_bits, by Pippenger's buckets.
fn msm_class<P: SWCurveConfig>(
    points: &[Affine<P>],
    scalars: &mut [BigInt<4>],
    n_bits: u32,
) -> Projective<P> {
    if points.is_empty() {
        return Projective::zero();
    }
    let n_threads = rayon::current_num_threads();
    if n_bits == 1 {
        let chunk = points.len().div_ceil(n_threads).max(BATCH);
        return points.par_chunks(chunk).map(sum_points).reduce(Projective::zero, |a, b| a + b);
    }
    let digits = Digits::new(choose_window(points.len(), n_bits), n_bits);
    scalars.par_iter_mut().with_min_len(1024).for_each(|s| *s = digits.shift(s));
    // Enough tasks for every thread even where a class has few windows.
    let n_chunks = (2 * n_threads).div_ceil(digits.n_windows).min(points.len().div_ceil(1 << 12)).max(1);
    let chunk = points.len().div_ceil(n_chunks);
    let tasks: Vec<_> =
        (0..digits.n_windows).flat_map(|w| (0..n_chunks).map(move |k| (w, k * chunk))).collect();
    let sums: Vec<Projective<P>> = tasks
        .par_iter()
        .with_max_len(1)
        .map(|&(window, start)| {
            let end = (start + chunk).min(points.len());
            let mut buckets = Buckets::new(1 << (digits.c - 1));
            for (point, scalar) in points[start.min(end)..end].iter().zip(&scalars[start.min(end)..end]) {
                if let Some((index, point)) = signed(digits.get(scalar, window), point) {
                    buckets.add(index, point);
                }
            }
            buckets.weighted_sum()
        })
        .collect();
    sums.chunks(n_chunks).rev().fold(Projective::zero(), |mut total, window| {
        for _ in 0..digits.c {
            total.double_in_place();
        }
        total + window.iter().sum::<Projective<P>>()
    })
}

fn sum_points<P: SWCurveConfig>(points: &[Affine<P>]) -> Projective<P> {
    let mut buckets = Buckets::new(BATCH);
    points.iter().enumerate().for_each(|(i, point)| buckets.add(i % BATCH, *point));
    buckets.plain_sum()
}

/// Return (s, false), or (r - s, true) where s is above r/2: small negative values are small too.
fn fold_sign(scalar: &Fr) -> (BigInt<4>, bool) {
    let value = scalar.into_bigint();
    if value <= Fr::MODULUS_MINUS_ONE_DIV_TWO {
        return (value, false);
    }
    let mut negated = Fr::MODULUS;
    negated.sub_with_borrow(&value);
    (negated, true)
}

fn find_class(scalar: &Fr) -> u8 {
    if scalar.is_zero() {
        return ZERO_CLASS;
    }
    let n_bits = fold_sign(scalar).0.num_bits();
    CLASS_BITS.iter().position(|bits| n_bits <= *bits).expect("r/2 is below 2^253") as u8
}

/// Return sum_i scalars[i] * point(i), leaving out zeros and sorting the rest by size. `counter` counts the others.
///
/// Most of our witness is bits: those cost one addition each.
pub fn msm<P: SWCurveConfig<ScalarField = Fr>>(
    n: usize,
    point: impl Fn(usize) -> Affine<P> + Sync,
    scalar: impl Fn(usize) -> Fr + Sync,
    counter: &Counter,
) -> Projective<P> {
    let classes: Vec<u8> =
        (0..n).into_par_iter().with_min_len(1024).map(|i| find_class(&scalar(i))).collect();
    let mut total = Projective::zero();
    for (class, n_bits) in CLASS_BITS.iter().enumerate() {
        let chosen: Vec<usize> = (0..n).filter(|i| classes[*i] == class as u8).collect();
        let terms = chosen.par_iter().with_min_len(1024).map(|i| {
            let (value, is_negative) = fold_sign(&scalar(*i));
            (if is_negative { -point(*i) } else { point(*i) }, value)
        });
        let (points, mut scalars): (Vec<_>, Vec<_>) = terms.unzip();
        total += msm_class(&points, &mut scalars, *n_bits);
        counter.add(points.len());
        if counter.is_stopped() {
            break;
        }
    }
    total
}

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
