//! Sums of many different points, each times its scalar.

use ark_ec::short_weierstrass::Projective;
use ark_ff::{AdditiveGroup, Zero};
use rayon::prelude::*;

use crate::buckets::sum_buckets;
use crate::coordinate::Coordinate;
use crate::plan::{Plan, Round, Run};
use crate::runs::{Workspace, BLOCK_SLOTS};
use crate::{Ifma, Watch};

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
        let source = if i == 0 { points } else { before };
        let share = if i == 0 { plan.n } else { 0 };
        sum_round::<F>(token, round, source, &mut rest[..round.runs.len()], share, watch);
        done += round.runs.len();
    }
    if watch.is_stopped() {
        return Projective::zero();
    }
    let windows: Vec<_> = plan
        .buckets
        .par_iter()
        .with_max_len(1)
        .map(|buckets| sum_buckets::<F>(token, buckets, &sums))
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
    source: &[F::Row],
    sums: &mut [F::Row],
    share: usize,
    watch: &impl Watch,
) {
    let blocks = cut_blocks(&round.runs, sums);
    let n_blocks = blocks.len();
    let advance = |i: usize| share * (i + 1) / n_blocks - share * i / n_blocks;
    blocks.into_par_iter().enumerate().with_max_len(1).for_each_init(
        Workspace::<F>::new,
        |work, (i, (runs, sums))| {
            if !watch.is_stopped() {
                work.sum_runs(token, source, &round.items, runs, sums);
            }
            watch.add(advance(i));
        },
    );
}

/// Cut runs, and the places of their sums, into blocks of about `BLOCK_SLOTS` slots.
fn cut_blocks<'a, R>(mut runs: &'a [Run], mut sums: &'a mut [R]) -> Vec<(&'a [Run], &'a mut [R])> {
    let mut blocks = Vec::new();
    while !runs.is_empty() {
        let (mut n, mut points) = (0, 0);
        while n < runs.len() && points < 8 * BLOCK_SLOTS {
            points += runs[n].length as usize;
            n += 1;
        }
        let (block, rest) = runs.split_at(n);
        let (block_sums, rest_sums) = std::mem::take(&mut sums).split_at_mut(n);
        blocks.push((block, block_sums));
        (runs, sums) = (rest, rest_sums);
    }
    blocks
}
