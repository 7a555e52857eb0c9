//! Seconds by the clock of 2^k multiples of one point, and of its table, by the width of digits:
//! `cargo run --release --example multiples -- 20`. Threads: RAYON_NUM_THREADS.

use std::time::Instant;

use ark_bn254::Fr;
use ark_ec::short_weierstrass::Projective;
use ark_ec::PrimeGroup;
use ark_ff::UniformRand;
use zkmargin_lanes::coordinate::Coordinate;
use zkmargin_lanes::{Fq2x8, Fq8, Ifma, Multiples};

fn main() {
    let log2: u32 = std::env::args().nth(1).map_or(20, |text| text.parse().expect("a number"));
    let Some(token) = Ifma::detect() else {
        println!("no AVX-512 IFMA here");
        return;
    };
    let mut rng = ark_std::test_rng();
    let scalars: Vec<Fr> = (0..1 << log2).map(|_| Fr::rand(&mut rng)).collect();
    run::<Fq8>(token, "G1", &scalars);
    run::<Fq2x8>(token, "G2", &scalars);
}

fn run<F: Coordinate>(token: Ifma, what: &str, scalars: &[Fr]) {
    let base = Projective::<F::Curve>::generator();
    let mut products = vec![F::INFINITY; scalars.len()];
    for width in 10..=16 {
        let start = Instant::now();
        let table = Multiples::<F>::with_width(token, base, width);
        let tabulated = start.elapsed().as_secs_f64();
        let start = Instant::now();
        table.multiply(token, scalars, &mut products);
        let multiplied = start.elapsed().as_secs_f64();
        let last = scalars.len() - 1;
        assert!(F::to_affine(&products[last]) == base * scalars[last]);
        println!("{what}, width {width}: table {tabulated:.3} s, multiples {multiplied:.3} s");
    }
}
