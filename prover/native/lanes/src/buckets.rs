//! From buckets to a window's sum: sum_b b * bucket[b].
//!
//! The buckets are cut into segments, eight a slot. Over all segments at once, from the top bucket of each down:
//! R += bucket, T += R. Then T = sum_j (j + 1) * bucket[start + j] and R = sum_j bucket[start + j] of each segment, and
//! what is left is one point at a time: sum_s T_s + start_s * R_s.

use ark_ec::short_weierstrass::Projective;
use ark_ff::{AdditiveGroup, Zero};

use crate::coordinate::Coordinate;
use crate::plan::NONE;
use crate::simd::each;
use crate::slots::{Adder, Slots};
use crate::watch::Meter;
use crate::Ifma;

/// Buckets of a segment, where there are enough: more make the lanes do more, and fewer batches fill them.
const SEGMENT: usize = 128;

/// Return sum_b (b + 1) * sums[buckets[b]].
pub fn sum_buckets<F: Coordinate>(token: Ifma, buckets: &[u32], sums: &[F::Row]) -> Projective<F::Curve> {
    let length = SEGMENT.min(buckets.len() / 8).max(1);
    // SAFETY: `Ifma` says that the processor has the instructions that the function is compiled for.
    let (running, totals) = unsafe { sum_segments::<F>(token, buckets, sums, length) };
    // sum_s s * R_s as a sum of sums from the top, times the length by doublings.
    let (mut above, mut weighted) = (Projective::zero(), Projective::zero());
    for row in running.iter().skip(1).rev() {
        above += F::to_affine(row);
        weighted += above;
    }
    for _ in 0..length.trailing_zeros() {
        weighted.double_in_place();
    }
    totals.iter().fold(weighted, |sum, row| sum + F::to_affine(row))
}

/// Return R and T of each segment of `length` buckets, a power of two.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma")]
fn sum_segments<F: Coordinate>(
    token: Ifma,
    buckets: &[u32],
    sums: &[F::Row],
    length: usize,
) -> (Vec<F::Row>, Vec<F::Row>) {
    let n_segments = buckets.len() / length;
    let n = n_segments.div_ceil(8);
    let (mut slots, mut adder, mut meter) = (Slots::<F>::new(), Adder::new(), Meter::off());
    slots.reset(token, 3 * n); // R, T, and the next bucket of each
    let onto_running: Vec<_> = (0..n as u32).map(|i| (i, i + 2 * n as u32)).collect();
    let onto_totals: Vec<_> = (0..n as u32).map(|i| (i + n as u32, i)).collect();
    let both: Vec<_> = onto_running.iter().chain(&onto_totals).copied().collect();
    let infinity = F::INFINITY;
    for step in (0..length).rev() {
        for i in 0..n {
            let rows = each!(lane of 8 => {
                let bucket = buckets.get((8 * i + lane) * length + step).copied().unwrap_or(NONE);
                sums.get(bucket as usize).unwrap_or(&infinity)
            });
            let (x, y) = F::load(token, rows);
            let present = !(x.is_null() & y.is_null());
            slots.set(2 * n + i, (x, y, present));
        }
        // T takes R as it was one step before, while R takes its bucket.
        adder.add(
            token,
            &mut slots,
            if step + 1 == length { &onto_running } else { &both },
            &mut meter,
            || (),
        );
    }
    adder.add(token, &mut slots, &onto_totals, &mut meter, || ());
    (take_rows(&slots, 0, n_segments), take_rows(&slots, n, n_segments))
}

/// Return n points from slot `from` on.
#[inline(always)]
fn take_rows<F: Coordinate>(slots: &Slots<F>, from: usize, n: usize) -> Vec<F::Row> {
    let mut rows = Vec::with_capacity(n + 7);
    for i in from..from + n.div_ceil(8) {
        rows.extend_from_slice(&F::store(&slots.x[i], &slots.y[i], slots.present[i]));
    }
    rows.truncate(n);
    rows
}
