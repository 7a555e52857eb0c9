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

/// One window's buckets: `items[starts[b]..starts[b + 1]]` are those of bucket b + 1.
struct Sorted {
    items: Vec<u32>,
    starts: Vec<u32>,
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
        let sort_window = |window: Vec<i16>| sort(digits.width, || window.iter().copied());
        plan.list(digits.width, (items, runs), digits.windows, sort_window, watch);
        plan
    }

    /// As `new`, where point i takes scalar `wire(i)` of the witness, equal ones joined but where a wire comes twice.
    pub fn of(witness: &Witness, n: usize, wire: impl Fn(usize) -> usize, watch: &impl Watch) -> Self {
        let mut plan = Plan { n, width: 1, rounds: Vec::new(), buckets: Vec::new(), n_sums: 0 };
        let Taken { sources, items, runs } = timed(watch, Part::Join, n, || witness.take(n, wire));
        if watch.is_stopped() {
            return plan;
        }
        let width = witness.digits.width;
        let windows: Vec<&Vec<i16>> = witness.digits.windows.iter().collect();
        let sort_window = |window: &Vec<i16>| sort(width, || sources.iter().map(|i| window[*i as usize]));
        plan.list(width, (items, runs), windows, sort_window, watch);
        plan
    }

    /// Fill an empty plan: the joined points, and each window sorted.
    fn list<W: Send>(
        &mut self,
        width: u32,
        (items, runs): (Vec<u32>, Vec<Run>),
        windows: Vec<W>,
        sort_window: impl Fn(W) -> Sorted + Sync,
        watch: &impl Watch,
    ) {
        self.width = width;
        let sorted: Vec<Sorted> = windows
            .into_par_iter()
            .with_max_len(1)
            .map(|window| timed(watch, Part::Sort, 0, || sort_window(window)))
            .collect();
        let n_digits = sorted.iter().map(|window| window.items.len()).sum();
        self.n_sums = runs.len();
        self.rounds.push(Round { items, runs });
        timed(watch, Part::Sort, n_digits, || {
            let mut pieces = self.bucket_round(sorted);
            while !pieces.is_empty() {
                pieces = self.next_round(pieces);
            }
        });
    }

    /// Add the windows' runs; return the buckets of several as (window, bucket, first sum, number of sums).
    fn bucket_round(&mut self, sorted: Vec<Sorted>) -> Vec<Pieces> {
        let mut pieces = Vec::new();
        let n_items = sorted.iter().map(|window| window.items.len()).sum();
        let (mut items, mut runs) = (Vec::with_capacity(n_items), Vec::new());
        for (window, sorted) in sorted.into_iter().enumerate() {
            let base = items.len() as u32;
            items.extend_from_slice(&sorted.items);
            let place = |bucket: usize| (window, bucket);
            self.buckets.push(vec![NONE; sorted.starts.len() - 1]);
            for bucket in 0..sorted.starts.len() - 1 {
                let (start, end) = (base + sorted.starts[bucket], base + sorted.starts[bucket + 1]);
                pieces.extend(self.cut(start, end - start, place(bucket), &mut runs));
            }
        }
        self.rounds.push(Round { items, runs });
        pieces
    }

    /// Add up sums of the round before.
    fn next_round(&mut self, pieces: Vec<Pieces>) -> Vec<Pieces> {
        let mut left = Vec::new();
        let (mut items, mut runs) = (Vec::new(), Vec::new());
        for piece in pieces {
            let start = items.len() as u32;
            items.extend(piece.first..piece.first + piece.count);
            left.extend(self.cut(start, piece.count, piece.place, &mut runs));
        }
        self.rounds.push(Round { items, runs });
        left
    }

    /// Cut a bucket's points into runs. Where there are several, return what the next round adds up.
    fn cut(&mut self, start: u32, n: u32, place: (usize, usize), runs: &mut Vec<Run>) -> Option<Pieces> {
        if n == 0 {
            return None;
        }
        let (first, count) = (self.n_sums as u32, n.div_ceil(RUN as u32));
        for i in 0..count {
            let (from, to) = (n as u64 * i as u64 / count as u64, n as u64 * (i + 1) as u64 / count as u64);
            runs.push(Run { start: start + from as u32, length: (to - from) as u32 });
        }
        self.n_sums += count as usize;
        if count > 1 {
            return Some(Pieces { place, first, count });
        }
        self.buckets[place.0][place.1] = first;
        None
    }
}

/// A bucket whose points are `count` sums from `first` on.
struct Pieces {
    place: (usize, usize),
    first: u32,
    count: u32,
}

/// Sort by counting; `digits` is gone through twice.
#[inline(always)]
fn sort<I: Iterator<Item = i16>>(width: u32, digits: impl Fn() -> I) -> Sorted {
    let n_buckets = 1 << (width - 1);
    let mut starts = vec![0u32; n_buckets + 2]; // moved by two: while filling, starts[b + 1] is where bucket b goes on
    digits().filter(|digit| *digit != 0).for_each(|digit| starts[digit.unsigned_abs() as usize + 1] += 1);
    for bucket in 1..starts.len() {
        starts[bucket] += starts[bucket - 1];
    }
    let mut items = vec![0u32; starts[n_buckets + 1] as usize];
    for (i, digit) in digits().enumerate().filter(|(_, digit)| *digit != 0) {
        let place = &mut starts[digit.unsigned_abs() as usize];
        items[*place as usize] = if digit < 0 { i as u32 | SIGN } else { i as u32 };
        *place += 1;
    }
    starts.pop();
    Sorted { items, starts }
}
