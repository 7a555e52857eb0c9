//! Sums of runs: gathered by eights into lanes, then halved until one slot is left of each.

use crate::coordinate::Coordinate;
use crate::plan::{Run, SIGN};
use crate::simd::{each, prefetch};
use crate::slots::{Adder, Slots};
use crate::Ifma;

/// Slots of a block, so that it stays in the second-level cache with what the additions note.
pub const BLOCK_SLOTS: usize = 768;
/// Points ahead whose lines are asked for.
const AHEAD: usize = 6;

/// Buffers of one thread.
pub struct Workspace<F> {
    slots: Slots<F>,
    adder: Adder<F>,
    pairs: Vec<(u32, u32)>,
    order: Vec<u32>,
}

impl<F: Coordinate> Workspace<F> {
    pub fn new() -> Self {
        Workspace { slots: Slots::new(), adder: Adder::new(), pairs: Vec::new(), order: Vec::new() }
    }

    /// Write the sum of each run to `sums`; `items` name rows of `source`, with a sign.
    pub fn sum_runs(
        &mut self,
        token: Ifma,
        source: &[F::Row],
        items: &[u32],
        runs: &[Run],
        sums: &mut [F::Row],
    ) {
        // SAFETY: `Ifma` says that the processor has the instructions that the function is compiled for.
        unsafe { sum_runs(self, token, source, items, runs, sums) }
    }
}

/// Longest first, by eights: a slot's lanes are one run each, as many slots as the longest of the eight has points.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma")]
fn sum_runs<F: Coordinate>(
    work: &mut Workspace<F>,
    token: Ifma,
    source: &[F::Row],
    items: &[u32],
    runs: &[Run],
    sums: &mut [F::Row],
) {
    work.order.clear();
    work.order.extend(0..runs.len() as u32);
    work.order.sort_unstable_by_key(|i| std::cmp::Reverse(runs[*i as usize].length));
    work.slots.clear();
    let mut groups = Vec::with_capacity(runs.len().div_ceil(8));
    for group in work.order.chunks(8) {
        let lanes: [Run; 8] = std::array::from_fn(|lane| match group.get(lane) {
            Some(i) => runs[*i as usize],
            None => Run { start: 0, length: 0 },
        });
        groups.push((work.slots.present.len() as u32, lanes[0].length));
        gather(&mut work.slots, token, source, items, &lanes);
    }
    let mut longest = groups.first().map_or(0, |group| group.1);
    while longest > 1 {
        work.pairs.clear();
        for (start, length) in groups.iter_mut().filter(|group| group.1 > 1) {
            let kept = length.div_ceil(2);
            work.pairs.extend((kept..*length).map(|i| (*start + i - kept, *start + i)));
            *length = kept;
        }
        work.adder.add(token, &mut work.slots, &work.pairs);
        longest = longest.div_ceil(2);
    }
    for (group, (start, _)) in work.order.chunks(8).zip(&groups) {
        let at = *start as usize;
        let rows = F::store(&work.slots.x[at], &work.slots.y[at], work.slots.present[at]);
        group.iter().zip(rows).for_each(|(i, row)| sums[*i as usize] = row);
    }
}

/// Append the slots of eight runs, the first the longest.
#[inline(always)]
fn gather<F: Coordinate>(
    slots: &mut Slots<F>,
    token: Ifma,
    source: &[F::Row],
    items: &[u32],
    lanes: &[Run; 8],
) {
    let infinity = F::INFINITY;
    for i in 0..lanes[0].length {
        let mut negative = 0u8;
        let rows = each!(lane of 8 => match pick(source, items, &lanes[lane], i) {
            Some((row, is_negative)) => {
                negative |= (is_negative as u8) << lane;
                row
            }
            None => &infinity,
        });
        let (x, y) = F::load(token, rows);
        let present = !(x.is_null() & y.is_null());
        slots.push(x, y.negate(negative & present), present);
    }
}

/// Return a run's i-th row and whether it is taken off; ask for a later one.
#[inline(always)]
fn pick<'a, R>(source: &'a [R], items: &[u32], run: &Run, i: u32) -> Option<(&'a R, bool)> {
    if i >= run.length {
        return None;
    }
    let at = (run.start + i) as usize;
    if let Some(next) = items.get(at + AHEAD) {
        prefetch(&source[(next & !SIGN) as usize]);
    }
    Some((&source[(items[at] & !SIGN) as usize], items[at] & SIGN != 0))
}
