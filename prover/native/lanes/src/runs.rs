//! Sums of runs: gathered by eights into lanes, then halved until one slot is left of each.

use crate::ahead::{Ahead, Source};
use crate::coordinate::Coordinate;
use crate::plan::{Run, SIGN};
use crate::simd::each;
use crate::slots::{Adder, Slots};
use crate::watch::{Meter, Part, Watch};
use crate::Ifma;

/// Slots of a block, so that it stays in the second-level cache with what the additions note and the next block's rows.
pub const BLOCK_SLOTS: usize = 768;

/// Runs that follow each other and are added up together.
pub struct Block<'a, R> {
    /// What the runs add up, from the round's item `first` on.
    pub items: &'a [u32],
    pub first: u32,
    pub runs: &'a [Run],
    pub sums: &'a mut [R],
}

/// Buffers of one thread.
pub struct Workspace<F: Coordinate> {
    slots: Slots<F>,
    adder: Adder<F>,
    pairs: Vec<(u32, u32)>,
    order: Vec<u32>,
    /// The rows of this block's items, and of the next one's.
    rows: Vec<F::Row>,
    coming: Vec<F::Row>,
    meter: Meter,
}

impl<F: Coordinate> Workspace<F> {
    pub fn new(watch: &impl Watch) -> Self {
        Workspace {
            slots: Slots::new(),
            adder: Adder::new(),
            pairs: Vec::new(),
            order: Vec::new(),
            rows: Vec::new(),
            coming: Vec::new(),
            meter: Meter::new(watch),
        }
    }

    /// Fetch the rows of the first block's items.
    pub fn fetch(&mut self, source: Source<'_, F::Row>, items: &[u32]) {
        Ahead::new(source, items, &mut self.coming).finish();
    }

    /// Write the sum of each run; `later` are the next block's items, whose rows are fetched meanwhile.
    pub fn sum_runs(
        &mut self,
        token: Ifma,
        source: Source<'_, F::Row>,
        block: Block<'_, F::Row>,
        later: &[u32],
        watch: &impl Watch,
    ) {
        self.meter.start();
        std::mem::swap(&mut self.rows, &mut self.coming);
        // SAFETY: `Ifma` says that the processor has the instructions that the function is compiled for.
        unsafe { sum_runs(self, token, source, block, later) }
        self.meter.report(watch);
    }
}

/// Longest first, by eights: a slot's lanes are one run each, as many slots as the longest of the eight has points.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma")]
fn sum_runs<F: Coordinate>(
    work: &mut Workspace<F>,
    token: Ifma,
    source: Source<'_, F::Row>,
    block: Block<'_, F::Row>,
    later: &[u32],
) {
    let runs = block.runs;
    work.order.clear();
    work.order.extend(0..runs.len() as u32);
    work.order.sort_unstable_by_key(|i| std::cmp::Reverse(runs[*i as usize].length));
    let longest_of = |group: &[u32]| runs[group[0] as usize].length;
    let n_slots = work.order.chunks(8).map(|group| longest_of(group) as usize).sum();
    work.slots.grow(token, n_slots);
    let (mut groups, mut at) = (Vec::with_capacity(runs.len().div_ceil(8)), 0);
    for group in work.order.chunks(8) {
        groups.push((at as u32, longest_of(group)));
        at += gather(&mut work.slots, at, token, &work.rows, &block, group);
    }
    work.meter.lap(Part::Gather, block.items.len());
    let mut ahead = Ahead::new(source, later, &mut work.coming);
    ahead.spread(2 * (n_slots - groups.len()));
    let mut longest = groups.first().map_or(0, |group| group.1);
    while longest > 1 {
        work.pairs.clear();
        for (start, length) in groups.iter_mut().filter(|group| group.1 > 1) {
            let kept = length.div_ceil(2);
            work.pairs.extend((kept..*length).map(|i| (*start + i - kept, *start + i)));
            *length = kept;
        }
        work.adder.add(token, &mut work.slots, &work.pairs, &mut work.meter, || ahead.step());
        longest = longest.div_ceil(2);
    }
    ahead.finish();
    for (group, (start, _)) in work.order.chunks(8).zip(&groups) {
        let at = *start as usize;
        let rows = F::store(&work.slots.x[at], &work.slots.y[at], work.slots.present[at]);
        group.iter().zip(rows).for_each(|(i, row)| block.sums[*i as usize] = row);
    }
    work.meter.lap(Part::Gather, 0);
}

/// Fill the slots of up to eight runs from slot `from` on, the first run the longest. `rows` are those of the block's
/// items. Return the number of slots.
#[inline(always)]
fn gather<F: Coordinate>(
    slots: &mut Slots<F>,
    from: usize,
    token: Ifma,
    rows: &[F::Row],
    block: &Block<'_, F::Row>,
    group: &[u32],
) -> usize {
    let infinity = F::INFINITY;
    let lanes = each!(lane of 8 => group.get(lane).map_or((&rows[..0], &block.items[..0]), |i| {
        let run = block.runs[*i as usize];
        let (start, length) = ((run.start - block.first) as usize, run.length as usize);
        (&rows[start..start + length], &block.items[start..start + length])
    }));
    let n = lanes[0].0.len();
    for i in 0..n {
        let mut negative = 0u8;
        let rows = each!(lane of 8 => match (lanes[lane].0.get(i), lanes[lane].1.get(i)) {
            (Some(row), Some(item)) => {
                negative |= ((item & SIGN != 0) as u8) << lane;
                row
            }
            _ => &infinity,
        });
        let (x, y) = F::load(token, rows);
        let present = !(x.is_null() & y.is_null());
        slots.set(from + i, (x, y.negate(negative & present), present));
    }
    n
}
