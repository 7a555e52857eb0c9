//! Many multiples of one point: each scalar's signed digits choose points of a table, and these are a run to add up.
//!
//! Digits and table are as wide as costs the fewest additions for the number of scalars to come.

use std::sync::Mutex;

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Projective, SWCurveConfig};
use ark_ec::CurveGroup;
use ark_ff::AdditiveGroup;
use rayon::prelude::*;

use crate::ahead::Source;
use crate::coordinate::Coordinate;
use crate::plan::{Run, SIGN};
use crate::recode::{count_windows, fold_sign, Cutter, MAX_WIDTH, MIN_WIDTH};
use crate::runs::{Block, Workspace, BLOCK_SLOTS};
use crate::Ifma;

/// Folded scalars are at most (r - 1) / 2.
const SCALAR_BITS: u32 = 253;
/// A table of 278,528 points: 18 MB of G1, 36 MB of G2. Sixteen bits take twice as much and 3 percent less time.
const WIDEST: u32 = 15;

/// A table of one point's multiples.
pub struct Multiples<F: Coordinate> {
    cutter: Cutter,
    /// d * 2^(c * w) * base at (d - 1) * n_windows + w, for digits d up to 2^(c - 1) and windows w; then infinity.
    rows: Vec<F::Row>,
}

impl<F: Coordinate> Multiples<F> {
    /// Assumes a base of order r, and that about n scalars will come.
    pub fn new(token: Ifma, base: Projective<F::Curve>, n: usize) -> Self {
        Self::with_width(token, base, choose_width(n))
    }

    /// As `new`, with digits of so many bits, from 4 to 16.
    pub fn with_width(token: Ifma, base: Projective<F::Curve>, width: u32) -> Self {
        assert!((MIN_WIDTH..=MAX_WIDTH).contains(&width), "digits of {width} bits");
        let cutter = Cutter::new(SCALAR_BITS, width);
        let powers = Projective::normalize_batch(&list_powers(base, width, cutter.n_windows));
        let mut rows: Vec<F::Row> = powers.iter().map(F::from_affine).collect();
        rows.reserve_exact((rows.len() << (width - 1)) + 1 - rows.len());
        for _ in 1..width {
            double_table::<F>(token, &mut rows, cutter.n_windows);
        }
        rows.push(F::INFINITY);
        Multiples { cutter, rows }
    }

    /// Write scalars[i] * base to products[i].
    pub fn multiply(&self, token: Ifma, scalars: &[Fr], products: &mut [F::Row]) {
        assert_eq!(products.len(), scalars.len(), "one product a scalar");
        let list = |from: usize, n: usize, listed: &mut Listed| {
            scalars[from..from + n].iter().for_each(|scalar| self.list(scalar, listed))
        };
        let source = Source { first: &self.rows, second: &[] };
        sum_all::<F>(token, source, products, self.cutter.n_windows, list);
    }

    /// Append a run of the points whose sum is the scalar's product.
    #[inline(always)]
    fn list(&self, scalar: &Fr, listed: &mut Listed) {
        let (start, n_windows) = (listed.items.len(), self.cutter.n_windows);
        let shifted = self.cutter.shift(&fold_sign(scalar));
        for window in 0..n_windows {
            let digit = self.cutter.digit(&shifted, window);
            if digit != 0 {
                let item = (usize::from(digit.unsigned_abs()) - 1) * n_windows + window;
                listed.items.push(item as u32 | if digit < 0 { SIGN } else { 0 });
            }
        }
        if listed.items.len() == start {
            listed.items.push(self.rows.len() as u32 - 1); // zero: a run has a point
        }
        listed.end_run(start);
    }
}

/// The width that costs the fewest additions: the table's, and those of n scalars.
fn choose_width(n: usize) -> u32 {
    let cost = |width: u32| {
        let n_windows = count_windows(SCALAR_BITS, width);
        (n_windows << (width - 1)) + n * (n_windows - 1)
    };
    (MIN_WIDTH..=WIDEST).min_by_key(|width| cost(*width)).unwrap_or(WIDEST)
}

/// Return 2^(width * w) * base for each window w.
fn list_powers<P: SWCurveConfig>(base: Projective<P>, width: u32, n_windows: usize) -> Vec<Projective<P>> {
    let next = |power: &Projective<P>| Some((0..width).fold(*power, |power, _| power.double()));
    std::iter::successors(Some(base), next).take(n_windows).collect()
}

/// From the multiples 1 .. m make those up to 2 m: m + j is the sum of two.
fn double_table<F: Coordinate>(token: Ifma, rows: &mut Vec<F::Row>, n_windows: usize) {
    let n = rows.len();
    rows.resize(2 * n, F::INFINITY);
    let (known, sums) = rows.split_at_mut(n);
    let list = |from: usize, n_sums: usize, listed: &mut Listed| {
        for i in from..from + n_sums {
            let start = listed.items.len();
            listed.items.extend([(n - n_windows + i % n_windows) as u32, i as u32]);
            listed.end_run(start);
        }
    };
    sum_all::<F>(token, Source { first: known, second: &[] }, sums, 2, list);
}

/// What a block adds up.
#[derive(Default)]
struct Listed {
    items: Vec<u32>,
    runs: Vec<Run>,
}

impl Listed {
    /// The items from `start` on are a run.
    #[inline(always)]
    fn end_run(&mut self, start: usize) {
        self.runs.push(Run { start: start as u32, length: (self.items.len() - start) as u32 });
    }
}

/// Write the sum of each run, block by block on all threads; `list` appends the runs of n sums from some number on, of at
/// most `longest` points each.
fn sum_all<F: Coordinate>(
    token: Ifma,
    source: Source<'_, F::Row>,
    sums: &mut [F::Row],
    longest: usize,
    list: impl Fn(usize, usize, &mut Listed) + Sync,
) {
    let size = 8 * (BLOCK_SLOTS / longest).max(1);
    let threads = 0..rayon::current_num_threads().min(sums.len().div_ceil(size));
    let blocks = Mutex::new(sums.chunks_mut(size).enumerate());
    let take = |listed: &mut Listed| {
        listed.items.clear();
        listed.runs.clear();
        let (i, sums) = blocks.lock().expect("no thread panics with the lock").next()?;
        list(size * i, sums.len(), listed);
        Some(sums)
    };
    threads.into_par_iter().with_max_len(1).for_each(|_| {
        let (mut listed, mut later) = (Listed::default(), Listed::default());
        let (mut work, mut next) = (Workspace::<F>::new(&()), take(&mut later));
        work.fetch(source, &later.items);
        while let Some(sums) = next {
            std::mem::swap(&mut listed, &mut later);
            next = take(&mut later);
            let block = Block { items: &listed.items, first: 0, runs: &listed.runs, sums };
            work.sum_runs(token, source, block, &later.items, &());
        }
    });
}
