//! Sums of many different points, each times its scalar.

use std::sync::Mutex;

use ark_ec::short_weierstrass::Projective;
use ark_ff::{AdditiveGroup, Zero};
use rayon::prelude::*;

use crate::ahead::Source;
use crate::buckets::sum_buckets;
use crate::coordinate::Coordinate;
use crate::plan::{Plan, Round};
use crate::runs::{Block, Workspace, BLOCK_SLOTS};
use crate::watch::{timed, Part, Watch};
use crate::Ifma;

/// Return sum_i scalar(i) * point(i), of the scalars that made the plan. `watch` is told n in all.
/// Assumes `points` are n rows of canonical coordinates below p, on the curve and of order r, or infinity.
pub fn sum<F: Coordinate>(
    token: Ifma,
    plan: &Plan,
    points: &[F::Row],
    watch: &impl Watch,
) -> Projective<F::Curve> {
    assert_eq!(points.len(), plan.n, "one point a scalar");
    let mut sums = vec![F::INFINITY; plan.n_sums];
    let mut done = 0;
    for (i, round) in plan.rounds.iter().enumerate() {
        let (before, rest) = sums.split_at_mut(done);
        let source = match i {
            0 => Source { first: points, second: &[] },
            1 => Source { first: points, second: before },
            _ => Source { first: before, second: &[] },
        };
        let share = if i == 1 { plan.n } else { 0 };
        sum_round::<F>(token, round, source, &mut rest[..round.runs.len()], share, watch);
        done += round.runs.len();
    }
    let windows: Vec<_> = plan
        .buckets
        .par_iter()
        .with_max_len(1)
        .filter(|_| !watch.is_stopped())
        .map(|buckets| {
            timed(watch, Part::Buckets, 2 * buckets.len(), || sum_buckets::<F>(token, buckets, &sums))
        })
        .collect();
    windows.into_iter().rev().fold(Projective::zero(), |mut total, window| {
        for _ in 0..plan.width {
            total.double_in_place();
        }
        total + window
    })
}

/// Add up a round's runs, block by block on all threads.
fn sum_round<F: Coordinate>(
    token: Ifma,
    round: &Round,
    source: Source<'_, F::Row>,
    sums: &mut [F::Row],
    share: usize,
    watch: &impl Watch,
) {
    let blocks = cut_blocks(round, sums);
    let n_blocks = blocks.len();
    let advance = |i: usize| share * (i + 1) / n_blocks - share * i / n_blocks;
    let blocks = Mutex::new(blocks.into_iter().enumerate());
    let take = || blocks.lock().expect("no thread panics with the lock").next();
    let threads = 0..rayon::current_num_threads().min(n_blocks);
    threads.into_par_iter().with_max_len(1).for_each(|_| {
        let mut work = Workspace::<F>::new(watch);
        let mut next = take();
        work.fetch(source, next.as_ref().map_or(&[], |(_, block)| block.items));
        while let Some((i, block)) = next {
            next = take();
            if !watch.is_stopped() {
                let later = next.as_ref().map_or(&[][..], |(_, block)| block.items);
                work.sum_runs(token, source, block, later, watch);
            }
            watch.add(advance(i));
        }
    });
}

/// Cut runs, and the places of their sums, into blocks of about `BLOCK_SLOTS` slots.
fn cut_blocks<'a, R>(round: &'a Round, mut sums: &'a mut [R]) -> Vec<Block<'a, R>> {
    let mut blocks = Vec::new();
    let (mut runs, mut at) = (&round.runs[..], 0);
    while !runs.is_empty() {
        let (mut n, mut points) = (0, 0);
        while n < runs.len() && points < 8 * BLOCK_SLOTS {
            points += runs[n].length as usize;
            n += 1;
        }
        let (block_runs, rest) = runs.split_at(n);
        let (block_sums, rest_sums) = std::mem::take(&mut sums).split_at_mut(n);
        let items = &round.items[at..at + points];
        blocks.push(Block { items, first: at as u32, runs: block_runs, sums: block_sums });
        (runs, sums, at) = (rest, rest_sums, at + points);
    }
    blocks
}
