//! Sums of many different points: zeros left out, equal scalars joined, the rest by Pippenger's buckets.

use std::ops::Range;

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, BigInt, BigInteger, PrimeField, Zero};
use rayon::prelude::*;
use zkmargin_lanes::{timed_by_all, Part, Watch};

use crate::batch_add::{add_batch, Buckets, BATCH};
use crate::digits::{count_windows, Digits};

/// Scalars are sorted into classes by size; a class has its own number of windows.
const CLASS_BITS: [u32; 5] = [1, 16, 64, 128, 253];
/// Points are joined within chunks of this many, so that a scalar that comes very often keeps all threads busy.
const JOIN_CHUNK: usize = 1 << 13;
/// Points between two looks at whether to stop: milliseconds.
const LOOK_UP_EVERY: usize = 1 << 12;

/// One term: the scalar with its sign folded away, and which point it takes.
struct Term {
    value: BigInt<4>,
    index: u32,
    is_negative: bool,
}

/// Return sum_i scalar(i) * point(i). `watch` is told n in all. Assumes n < 2^32.
///
/// A witness has many bits, and lanes alike: a scalar that comes k times costs k - 1 additions and one multiplication.
pub fn msm<P: SWCurveConfig<ScalarField = Fr>>(
    n: usize,
    point: impl Fn(usize) -> Affine<P> + Sync,
    scalar: impl Fn(usize) -> Fr + Sync,
    watch: &impl Watch,
) -> Projective<P> {
    let mut terms = timed_by_all(watch, Part::Recode, n, || list_terms(n, scalar));
    // ascending: classes and equal scalars stand together
    timed_by_all(watch, Part::Sort, terms.len(), || terms.par_sort_unstable_by_key(|term| term.value));
    if watch.is_stopped() {
        return Projective::zero();
    }
    let (points, mut scalars) = timed_by_all(watch, Part::Join, terms.len(), || join_equal(&terms, point));
    drop(terms);
    let (n_joined, mut total) = (points.len(), Projective::zero());
    for (class, n_bits) in class_ranges(&scalars) {
        if watch.is_stopped() {
            break;
        }
        let (points, scalars) = (&points[class.clone()], &mut scalars[class.clone()]);
        total +=
            timed_by_all(watch, Part::Buckets, points.len(), || msm_class(points, scalars, n_bits, watch));
        watch.add(n * class.len() / n_joined);
    }
    total
}

/// Return the terms whose scalars are not zero.
fn list_terms(n: usize, scalar: impl Fn(usize) -> Fr + Sync) -> Vec<Term> {
    let fold = |i: usize| {
        let (value, is_negative) = fold_sign(&scalar(i));
        Term { value, index: i as u32, is_negative }
    };
    let terms = (0..n).into_par_iter().with_min_len(1024).map(fold);
    terms.filter(|term| !term.value.is_zero()).collect()
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

/// Return each class that has scalars, as a range of the ascending scalars and their size in bits.
fn class_ranges(scalars: &[BigInt<4>]) -> Vec<(Range<usize>, u32)> {
    let mut start = 0;
    let ranges = CLASS_BITS.into_iter().map(|n_bits| {
        let end = scalars.partition_point(|scalar| scalar.num_bits() <= n_bits);
        (std::mem::replace(&mut start, end)..end, n_bits)
    });
    ranges.filter(|(range, _)| !range.is_empty()).collect()
}

/// Gather the terms' points, signs applied, and add up those of equal scalars (within a chunk); order stays ascending.
fn join_equal<P: SWCurveConfig>(
    terms: &[Term],
    point: impl Fn(usize) -> Affine<P> + Sync,
) -> (Vec<Affine<P>>, Vec<BigInt<4>>) {
    let signed_point = |term: &Term| {
        let point = point(term.index as usize);
        if term.is_negative {
            -point
        } else {
            point
        }
    };
    let chunks: Vec<_> = terms
        .par_chunks(JOIN_CHUNK)
        .map(|terms| {
            let mut points: Vec<_> = terms.iter().map(signed_point).collect();
            let runs = sum_runs(terms, &mut points);
            let firsts = runs.iter().map(|start| (points[*start], terms[*start].value));
            firsts.unzip::<_, _, Vec<_>, Vec<_>>()
        })
        .collect();
    let n: usize = chunks.iter().map(|(points, _)| points.len()).sum();
    let (mut points, mut scalars) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for (chunk_points, chunk_scalars) in chunks {
        points.extend(chunk_points);
        scalars.extend(chunk_scalars);
    }
    (points, scalars)
}

/// Leave at the start of each run of equal scalars the sum of its points, and return these starts.
///
/// Every run is halved at once, its far half added onto its near half, until all have length one.
fn sum_runs<P: SWCurveConfig>(terms: &[Term], points: &mut [Affine<P>]) -> Vec<usize> {
    let starts: Vec<usize> =
        (0..terms.len()).filter(|i| *i == 0 || terms[*i].value != terms[*i - 1].value).collect();
    let ends = starts.iter().skip(1).copied().chain([terms.len()]);
    let mut long: Vec<(usize, usize)> = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| (*start, end - start))
        .filter(|(_, length)| *length > 1)
        .collect();
    let (mut batch, mut prefixes) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    while !long.is_empty() {
        for (start, length) in &mut long {
            let kept = length.div_ceil(2);
            for i in kept..*length {
                batch.push(((*start + i - kept) as u32, points[*start + i]));
                if batch.len() == BATCH {
                    add_batch(points, &batch, &mut prefixes);
                    batch.clear();
                }
            }
            *length = kept;
        }
        add_batch(points, &batch, &mut prefixes);
        batch.clear();
        long.retain(|(_, length)| *length > 1);
    }
    starts
}

/// The window width that costs the fewest additions for n scalars of `n_bits`; a bucket costs about six.
fn choose_window(n: usize, n_bits: u32) -> u32 {
    (2..=16).min_by_key(|c| count_windows(n_bits, *c) * (n + 6 * (1 << (c - 1)))).unwrap_or(2)
}

/// Return the absolute value's index and the point with the digit's sign, or None where the digit is zero.
fn signed<P: SWCurveConfig>(digit: i32, point: &Affine<P>) -> Option<(usize, Affine<P>)> {
    match digit {
        0 => None,
        d if d > 0 => Some((d as usize - 1, *point)),
        d => Some((d.unsigned_abs() as usize - 1, -*point)),
    }
}

/// Return sum scalars[i] * points[i] for scalars below 2^n_bits, by Pippenger's buckets; anything where `watch` stops it.
fn msm_class<P: SWCurveConfig>(
    points: &[Affine<P>],
    scalars: &mut [BigInt<4>],
    n_bits: u32,
    watch: &impl Watch,
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
            let range = start.min(end)..end;
            for (i, (point, scalar)) in points[range.clone()].iter().zip(&scalars[range]).enumerate() {
                if i % LOOK_UP_EVERY == 0 && watch.is_stopped() {
                    return Projective::zero();
                }
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
