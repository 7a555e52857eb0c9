//! Processor seconds, all threads together, and seconds by the clock of a sum of 2^k points, which must be arkworks':
//! `cargo run --release --example msm -- 20`. Threads: RAYON_NUM_THREADS. Arkworks alone where there is no AVX-512 IFMA.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::UniformRand;
use rayon::prelude::*;
use zkmargin_lanes::coordinate::Coordinate;
use zkmargin_lanes::{msm, Fq2x8, Fq8, Ifma, Part, Plan, Watch};

/// Seconds of all threads, and operations, by part.
#[derive(Default)]
struct Times(Mutex<[(Duration, usize); Part::ALL.len()]>);

impl Watch for Times {
    fn add(&self, _: usize) {}

    fn is_stopped(&self) -> bool {
        false
    }

    fn is_timed(&self) -> bool {
        true
    }

    fn spend(&self, part: Part, time: Duration, operations: usize) {
        let spent = &mut self.0.lock().expect("no thread panics")[part as usize];
        *spent = (spent.0 + time, spent.1 + operations);
    }
}

impl Times {
    fn describe(&self) -> String {
        let times = self.0.lock().expect("no thread panics");
        let parts = Part::NAMES.iter().zip(times.iter()).filter(|(_, (time, _))| !time.is_zero());
        let describe = |(name, (time, n)): (&&str, &(Duration, usize))| {
            let seconds = time.as_secs_f64();
            format!("{name} {seconds:.3} ({:.1} ns each)", seconds * 1e9 / *n as f64)
        };
        parts.map(describe).collect::<Vec<_>>().join(", ")
    }
}

fn main() {
    let log2: u32 = std::env::args().nth(1).map_or(20, |text| text.parse().expect("a number"));
    let token = Ifma::detect();
    if token.is_none() {
        println!("no AVX-512 IFMA here");
    }
    let n = 1 << log2;
    let mut rng = ark_std::test_rng();
    let scalars: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
    run::<Fq8>(token, "G1", &scalars);
    run::<Fq2x8>(token, "G2", &scalars);
}

/// Return n different points: runs of consecutive multiples of the generator.
fn points<P: SWCurveConfig<ScalarField = Fr>>(n: usize) -> Vec<Affine<P>> {
    let chunk = |from: usize| {
        let start = Projective::<P>::generator() * Fr::from((from as u64 + 1) << 32);
        let steps = std::iter::successors(Some(start), |sum| Some(*sum + Projective::<P>::generator()));
        Projective::normalize_batch(&steps.take(1 << 12).collect::<Vec<_>>())
    };
    (0..n.div_ceil(1 << 12)).into_par_iter().flat_map_iter(chunk).take_any(n).collect()
}

fn run<F: Coordinate>(token: Option<Ifma>, what: &str, scalars: &[Fr]) {
    let points = points::<F::Curve>(scalars.len());
    let (start, busy) = (Instant::now(), processor_seconds());
    let expected = Projective::<F::Curve>::msm_unchecked(&points, scalars);
    let (total, busy) = (start.elapsed().as_secs_f64(), processor_seconds() - busy);
    println!(
        "{what} 2^{}, arkworks: {busy:.2} s of processor; {total:.2} s by the clock",
        scalars.len().ilog2()
    );
    let Some(token) = token else { return };
    let rows: Vec<F::Row> = points.iter().map(F::from_affine).collect();
    for _ in 0..3 {
        let (start, busy) = (Instant::now(), processor_seconds());
        let times = Times::default();
        let plan = Plan::new(scalars.len(), false, |i| scalars[i], &times);
        let planned = processor_seconds() - busy;
        let sum = msm::sum::<F>(token, &plan, &rows, &times);
        let (total, busy) = (start.elapsed().as_secs_f64(), processor_seconds() - busy);
        assert!(sum == expected);
        println!(
            "{what} 2^{}: {busy:.2} s of processor, {planned:.2} of it for the plan; {total:.2} s by the clock; {}",
            scalars.len().ilog2(),
            times.describe()
        );
    }
}

/// Return the user time of this process so far, as Linux counts it, in hundredths.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after_name = stat.rsplit(')').next().expect("a name in parentheses");
    let ticks: f64 = after_name.split_whitespace().nth(11).and_then(|text| text.parse().ok()).expect("utime");
    ticks / 100.0
}
