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
    work.slots.clear();
    let mut groups = Vec::with_capacity(runs.len().div_ceil(8));
    for group in work.order.chunks(8) {
        let lanes = pick_lanes(&block, group);
        groups.push((work.slots.present.len() as u32, lanes[0].length));
        gather(&mut work.slots, token, &work.rows, block.items, &lanes);
    }
    work.meter.lap(Part::Gather, block.items.len());
    let mut ahead = Ahead::new(source, later, &mut work.coming);
    ahead.spread(2 * (work.slots.present.len() - groups.len()));
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

/// Return the runs of a group within the block; lanes without one have an empty run.
fn pick_lanes<R>(block: &Block<'_, R>, group: &[u32]) -> [Run; 8] {
    std::array::from_fn(|lane| {
        let run = group.get(lane).map_or(Run { start: block.first, length: 0 }, |i| block.runs[*i as usize]);
        Run { start: run.start - block.first, ..run }
    })
}

/// Append the slots of eight runs, the first the longest. `rows` are those of the items.
#[inline(always)]
fn gather<F: Coordinate>(
    slots: &mut Slots<F>,
    token: Ifma,
    rows: &[F::Row],
    items: &[u32],
    lanes: &[Run; 8],
) {
    let infinity = F::INFINITY;
    for i in 0..lanes[0].length {
        let mut negative = 0u8;
        let rows = each!(lane of 8 => {
            let run = &lanes[lane];
            if i < run.length {
                let at = (run.start + i) as usize;
                negative |= ((items[at] & SIGN != 0) as u8) << lane;
                &rows[at]
            } else {
                &infinity
            }
        });
        let (x, y) = F::load(token, rows);
        let present = !(x.is_null() & y.is_null());
        slots.push(x, y.negate(negative & present), present);
    }
}
