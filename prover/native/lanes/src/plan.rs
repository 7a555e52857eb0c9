//! What is added to what, before any point is touched: the scalars decide it, so sums over one witness can share it.
//!
//! Every window has buckets 1 .. 2^(c-1); a counting sort lists the points of each, a sign beside each point. A bucket is
//! added up in runs of bounded length, so that one that holds half of all points (the bits that are one) is work for
//! many; the sums of a bucket's runs are the points of the next round.

use ark_bn254::Fr;
use rayon::prelude::*;

use crate::join::join_equal;
use crate::recode::{fold, Digits};
use crate::watch::{timed, timed_by_all, Part, Watch};
use crate::witness::{Taken, Witness};

/// A point of a round and its sign: the top bit set means that it is taken off.
pub const SIGN: u32 = 1 << 31;
/// Stands for no sum: an empty bucket.
pub const NONE: u32 = u32::MAX;
/// A bucket of more points than this is cut into runs.
pub const RUN: usize = 64;

/// Points `items[start..start + length]`, to be added up.
#[derive(Clone, Copy)]
pub struct Run {
    pub start: u32,
    pub length: u32,
}

/// Runs whose sums are numbered on from the last round's. The first round's items are points of the key, added up where
/// their scalars are equal; the second's these and, numbered on, the first's sums; later ones' are sums.
pub struct Round {
    pub items: Vec<u32>,
    pub runs: Vec<Run>,
}

/// How to compute sum_i scalar(i) * point(i) for any points.
pub struct Plan {
    pub n: usize,
    pub width: u32,
    pub rounds: Vec<Round>,
    /// By window and bucket: the number of the sum that it ends in, or `NONE`.
    pub buckets: Vec<Vec<u32>>,
    pub n_sums: usize,
}

impl Plan {
    /// `repeats` says that many scalars may be equal. Assumes n < 2^30, and fewer than 2^32 digits that are not zero.
    /// Where `watch` stops it, the plan is that of an empty sum.
    pub fn new(n: usize, repeats: bool, scalar: impl Fn(usize) -> Fr + Sync, watch: &impl Watch) -> Self {
        let mut plan = Plan { n, width: 1, rounds: Vec::new(), buckets: Vec::new(), n_sums: 0 };
        let mut folded = timed_by_all(watch, Part::Recode, n, || fold(n, scalar));
        if watch.is_stopped() {
            return plan;
        }
        let joined = repeats.then(|| timed_by_all(watch, Part::Join, n, || join_equal(&mut folded)));
        let (items, runs) = joined.unwrap_or_default();
        if watch.is_stopped() {
            return plan;
        }
        let digits = timed_by_all(watch, Part::Recode, 0, || Digits::new(&folded));
        drop(folded);
        if watch.is_stopped() {
            return plan;
        }
        plan.list(&digits, (items, runs), |window| window.iter().copied(), watch);
        plan
    }

    /// As `new`, where point i takes scalar `wire(i)` of the witness, equal ones joined but where a wire comes twice.
    pub fn of(witness: &Witness, n: usize, wire: impl Fn(usize) -> usize, watch: &impl Watch) -> Self {
        let mut plan = Plan { n, width: 1, rounds: Vec::new(), buckets: Vec::new(), n_sums: 0 };
        let Taken { sources, items, runs } = timed(watch, Part::Join, n, || witness.take(n, wire));
        if watch.is_stopped() {
            return plan;
        }
        plan.list(
            &witness.digits,
            (items, runs),
            |window| sources.iter().map(move |i| window[*i as usize]),
            watch,
        );
        plan
    }

    /// Fill an empty plan: the joined points, and each window sorted; `digits` returns what a window has, point by point.
    fn list<'a, I: Iterator<Item = i16>>(
        &mut self,
        recoded: &'a Digits,
        (items, runs): (Vec<u32>, Vec<Run>),
        digits: impl Fn(&'a [i16]) -> I + Sync,
        watch: &impl Watch,
    ) {
        self.width = recoded.width;
        let counted: Vec<Counted> = recoded
            .windows
            .par_iter()
            .with_max_len(1)
            .map(|window| timed(watch, Part::Sort, 0, || Counted::new(self.width, digits(window))))
            .collect();
        self.n_sums = runs.len();
        self.rounds.push(Round { items, runs });
        let mut pieces = self.bucket_round(counted, |window| digits(&recoded.windows[window]), watch);
        timed(watch, Part::Sort, 0, || {
            while !pieces.is_empty() {
                pieces = self.next_round(&pieces);
            }
        });
    }

    /// Add the windows' runs; return the buckets of several.
    fn bucket_round<I: Iterator<Item = i16>>(
        &mut self,
        counted: Vec<Counted>,
        digits: impl Fn(usize) -> I + Sync,
        watch: &impl Watch,
    ) -> Vec<Pieces> {
        let n_items = counted.iter().map(|window| window.n_items).sum();
        let n_runs = counted.iter().map(|window| window.n_runs).sum();
        let (mut items, mut runs) = (vec![0; n_items], vec![Run { start: 0, length: 0 }; n_runs]);
        let mut places = Vec::with_capacity(counted.len());
        let (mut items_left, mut runs_left, mut start) = (&mut items[..], &mut runs[..], 0);
        for counted in counted {
            let (n_items, n_runs, first) = (counted.n_items, counted.n_runs, self.n_sums as u32);
            let (items, others) = std::mem::take(&mut items_left).split_at_mut(n_items);
            let (runs, later) = std::mem::take(&mut runs_left).split_at_mut(n_runs);
            places.push(Place { counted, items, runs, start, first });
            (items_left, runs_left) = (others, later);
            start += n_items as u32;
            self.n_sums += n_runs;
        }
        let list = |(window, place): (usize, Place<'_>)| {
            timed(watch, Part::Sort, place.items.len(), || place.list(window, digits(window)))
        };
        let listed: Vec<_> = places.into_par_iter().with_max_len(1).enumerate().map(list).collect();
        self.rounds.push(Round { items, runs });
        let (buckets, pieces): (Vec<_>, Vec<_>) = listed.into_iter().unzip();
        self.buckets = buckets;
        pieces.concat()
    }

    /// Add up sums of the round before.
    fn next_round(&mut self, pieces: &[Pieces]) -> Vec<Pieces> {
        let mut left = Vec::new();
        let (mut items, mut runs) = (Vec::new(), Vec::new());
        for piece in pieces {
            let (start, first) = (items.len() as u32, self.n_sums as u32);
            items.extend(piece.first..piece.first + piece.count);
            let before = runs.len();
            runs.extend(cut(start, piece.count));
            let count = (runs.len() - before) as u32;
            self.n_sums += count as usize;
            if count > 1 {
                left.push(Pieces { first, count, ..*piece });
            } else {
                self.buckets[piece.window][piece.bucket] = first;
            }
        }
        self.rounds.push(Round { items, runs });
        left
    }
}

/// One window and where its items and runs go: they are numbered on from `start` and `first`.
struct Place<'a> {
    counted: Counted,
    items: &'a mut [u32],
    runs: &'a mut [Run],
    start: u32,
    first: u32,
}

impl Place<'_> {
    /// Write items and runs; return by bucket the number of its sum, and the buckets of several.
    fn list(self, window: usize, digits: impl Iterator<Item = i16>) -> (Vec<u32>, Vec<Pieces>) {
        let starts = self.counted.place(digits, self.items);
        let (mut buckets, mut pieces) = (vec![NONE; starts.len() - 1], Vec::new());
        let mut done = 0;
        for (bucket, ends) in starts.windows(2).enumerate() {
            let from = done;
            for run in cut(self.start + ends[0], ends[1] - ends[0]) {
                self.runs[done] = run;
                done += 1;
            }
            let first = self.first + from as u32;
            match (done - from) as u32 {
                0 => {}
                1 => buckets[bucket] = first,
                count => pieces.push(Pieces { window, bucket, first, count }),
            }
        }
        (buckets, pieces)
    }
}

/// Cut n points into as few runs as there can be, of about one length.
#[inline(always)]
fn cut(start: u32, n: u32) -> impl Iterator<Item = Run> {
    let count = n.div_ceil(RUN as u32);
    let at = move |i: u32| (n as u64 * i as u64 / count as u64) as u32;
    (0..count).map(move |i| Run { start: start + at(i), length: at(i + 1) - at(i) })
}

/// A bucket whose points are `count` sums from `first` on.
#[derive(Clone)]
struct Pieces {
    window: usize,
    bucket: usize,
    first: u32,
    count: u32,
}

/// One window's digits counted: the first half of sorting.
struct Counted {
    /// Where each bucket begins, moved by one: while filling, `starts[b + 1]` is where bucket b goes on.
    starts: Vec<u32>,
    n_items: usize,
    n_runs: usize,
}

impl Counted {
    #[inline(always)]
    fn new(width: u32, digits: impl Iterator<Item = i16>) -> Self {
        let n_buckets = 1 << (width - 1);
        let mut starts = vec![0u32; n_buckets + 2];
        digits.filter(|digit| *digit != 0).for_each(|digit| starts[digit.unsigned_abs() as usize + 1] += 1);
        let n_runs = starts.iter().map(|n| n.div_ceil(RUN as u32) as usize).sum();
        for bucket in 1..starts.len() {
            starts[bucket] += starts[bucket - 1];
        }
        Counted { n_items: starts[n_buckets + 1] as usize, starts, n_runs }
    }

    /// Write the numbers of the digits that are not zero, bucket by bucket: `items[starts[b]..starts[b + 1]]` are those of
    /// bucket b + 1, by what is returned. Assumes the digits that were counted.
    #[inline(always)]
    fn place(mut self, digits: impl Iterator<Item = i16>, items: &mut [u32]) -> Vec<u32> {
        for (i, digit) in digits.enumerate().filter(|(_, digit)| *digit != 0) {
            let place = &mut self.starts[digit.unsigned_abs() as usize];
            items[*place as usize] = if digit < 0 { i as u32 | SIGN } else { i as u32 };
            *place += 1;
        }
        self.starts.pop();
        self.starts
    }
}
