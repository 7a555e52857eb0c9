//! The kernel's sum of 2^k points as a contestant of benchmarks/prover: `msm_timing g1|g2 K`, a sum for each line of
//! standard input, checked off the clock. The kernel's crate is a Python extension only, so its sources are taken in by
//! path.

#[path = "../../src/batch_add.rs"]
#[allow(dead_code)] // what the kernel uses and this does not
mod batch_add;
#[path = "../../src/digits.rs"]
mod digits;
#[path = "../../src/msm.rs"]
mod msm;

use std::io::{stdin, BufRead};
use std::time::Instant;

use ark_bn254::Fr;
use ark_ec::short_weierstrass::Projective;
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{BigInt, PrimeField, Zero};
use zkmargin_lanes::coordinate::Coordinate;
use zkmargin_lanes::{Fq2x8, Fq8, Plan};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [group, log2] = &args[..] else { panic!("usage: msm_timing g1|g2 LOG2") };
    let n = 1 << log2.parse::<u32>().expect("the logarithm of a number of points");
    match group.as_str() {
        "g1" => serve::<Fq8>(n),
        "g2" => serve::<Fq2x8>(n),
        _ => panic!("group {group}, expected g1 or g2"),
    }
}

/// Return scalars of 253 pseudorandom bits (SplitMix64, seed 1): the same in every peer.
fn make_scalars(n: usize) -> Vec<Fr> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let limbs = (0..n).map(|_| BigInt([next(), next(), next(), next() >> 3]));
    limbs.map(|value| Fr::from_bigint(value).expect("below 2^253")).collect()
}

/// The points are (i + 1) times the generator: so what the sum must be is one multiplication away.
fn serve<F: Coordinate>(n: usize) {
    let token = zkmargin_lanes::choose().expect("a path that is here");
    let scalars = make_scalars(n);
    let generator = Projective::<F::Curve>::generator();
    let multiples: Vec<_> =
        std::iter::successors(Some(generator), |sum| Some(*sum + generator)).take(n).collect();
    let points = Projective::normalize_batch(&multiples);
    drop(multiples);
    let factor = scalars.iter().zip(1u64..).fold(Fr::zero(), |sum, (s, i)| sum + *s * Fr::from(i));
    let expected = generator * factor;
    let rows: Vec<F::Row> = points.iter().map(F::from_affine).collect();
    println!("{{\"ready\": true, \"kernel\": \"{}\"}}", if token.is_some() { "ifma" } else { "portable" });
    for line in stdin().lock().lines() {
        line.expect("a line");
        let started = Instant::now();
        let sum = match token {
            Some(token) => {
                let plan = Plan::new(n, false, |i| scalars[i], &());
                zkmargin_lanes::msm::sum::<F>(token, &plan, &rows, &())
            }
            None => msm::msm::<F::Curve>(n, |i| points[i], |i| scalars[i], &()),
        };
        let seconds = started.elapsed().as_secs_f64();
        println!("{{\"seconds\": {seconds}, \"verified\": {}}}", sum == expected);
    }
}
