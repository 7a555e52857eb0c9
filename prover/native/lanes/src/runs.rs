//! Sums of runs: gathered by eights into lanes, then halved until one slot is left of each.

use crate::coordinate::Coordinate;
use crate::plan::{Run, SIGN};
use crate::simd::{each, prefetch};
use crate::slots::{Adder, Slots};
use crate::watch::{Meter, Part, Watch};
use crate::Ifma;

/// Slots of a block, so that it stays in the second-level cache with what the additions note.
pub const BLOCK_SLOTS: usize = 768;
/// What items number: the first rows, and on from there the second.
pub struct Source<'a, R> {
    pub first: &'a [R],
    pub second: &'a [R],
}

impl<R> Clone for Source<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Source<'_, R> {}

impl<'a, R> Source<'a, R> {
    #[inline(always)]
    fn row(&self, at: u32) -> &'a R {
        let at = at as usize;
        if at < self.first.len() {
            &self.first[at]
        } else {
            &self.second[at - self.first.len()]
        }
    }
}

/// Buffers of one thread.
pub struct Workspace<F> {
    slots: Slots<F>,
    adder: Adder<F>,
    pairs: Vec<(u32, u32)>,
    order: Vec<u32>,
    meter: Meter,
}

impl<F: Coordinate> Workspace<F> {
    pub fn new(watch: &impl Watch) -> Self {
        let meter = Meter::new(watch);
        Workspace { slots: Slots::new(), adder: Adder::new(), pairs: Vec::new(), order: Vec::new(), meter }
    }

    /// Write the sum of each run to `sums`; `items` name rows of `source`, with a sign.
    pub fn sum_runs(
        &mut self,
        token: Ifma,
        source: Source<'_, F::Row>,
        items: &[u32],
        runs: &[Run],
        sums: &mut [F::Row],
        watch: &impl Watch,
    ) {
        self.meter.start();
        // SAFETY: `Ifma` says that the processor has the instructions that the function is compiled for.
        unsafe { sum_runs(self, token, source, items, runs, sums) }
        self.meter.report(watch);
    }
}

/// Longest first, by eights: a slot's lanes are one run each, as many slots as the longest of the eight has points.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma")]
fn sum_runs<F: Coordinate>(
    work: &mut Workspace<F>,
    token: Ifma,
    source: Source<'_, F::Row>,
    items: &[u32],
    runs: &[Run],
    sums: &mut [F::Row],
) {
    work.order.clear();
    work.order.extend(0..runs.len() as u32);
    work.order.sort_unstable_by_key(|i| std::cmp::Reverse(runs[*i as usize].length));
    work.slots.clear();
    let mut groups = Vec::with_capacity(runs.len().div_ceil(8));
    let mut later = work.order.chunks(8);
    let mut next = pick_lanes(runs, later.next());
    while next[0].length > 0 {
        let lanes = std::mem::replace(&mut next, pick_lanes(runs, later.next()));
        groups.push((work.slots.present.len() as u32, lanes[0].length));
        gather(&mut work.slots, token, source, items, &lanes, &next);
    }
    work.meter.lap(Part::Gather, runs.iter().map(|run| run.length as usize).sum());
    let mut longest = groups.first().map_or(0, |group| group.1);
    while longest > 1 {
        work.pairs.clear();
        for (start, length) in groups.iter_mut().filter(|group| group.1 > 1) {
            let kept = length.div_ceil(2);
            work.pairs.extend((kept..*length).map(|i| (*start + i - kept, *start + i)));
            *length = kept;
        }
        work.adder.add(token, &mut work.slots, &work.pairs, &mut work.meter);
        longest = longest.div_ceil(2);
    }
    for (group, (start, _)) in work.order.chunks(8).zip(&groups) {
        let at = *start as usize;
        let rows = F::store(&work.slots.x[at], &work.slots.y[at], work.slots.present[at]);
        group.iter().zip(rows).for_each(|(i, row)| sums[*i as usize] = row);
    }
    work.meter.lap(Part::Gather, 0);
}

/// Return the runs of a group; lanes without one have an empty run.
fn pick_lanes(runs: &[Run], group: Option<&[u32]>) -> [Run; 8] {
    let group = group.unwrap_or_default();
    std::array::from_fn(|lane| group.get(lane).map_or(Run { start: 0, length: 0 }, |i| runs[*i as usize]))
}

/// Append the slots of eight runs, the first the longest; ask for the rows of the `next` ones, none of them longer.
#[inline(always)]
fn gather<F: Coordinate>(
    slots: &mut Slots<F>,
    token: Ifma,
    source: Source<'_, F::Row>,
    items: &[u32],
    lanes: &[Run; 8],
    next: &[Run; 8],
) {
    let infinity = F::INFINITY;
    for i in 0..lanes[0].length {
        for run in next {
            if let Some(item) = item_of(items, run, i) {
                prefetch(source.row(item & !SIGN));
            }
        }
        let mut negative = 0u8;
        let rows = each!(lane of 8 => match item_of(items, &lanes[lane], i) {
            Some(item) => {
                negative |= ((item & SIGN != 0) as u8) << lane;
                source.row(item & !SIGN)
            }
            None => &infinity,
        });
        let (x, y) = F::load(token, rows);
        let present = !(x.is_null() & y.is_null());
        slots.push(x, y.negate(negative & present), present);
    }
}

/// Return a run's i-th item, where it has as many.
#[inline(always)]
fn item_of(items: &[u32], run: &Run, i: u32) -> Option<u32> {
    (i < run.length).then(|| items[(run.start + i) as usize])
}
