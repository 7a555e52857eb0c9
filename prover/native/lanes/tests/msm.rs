//! Sums by lanes against sums of logarithms: every point is a known multiple of the generator.
#![cfg(target_arch = "x86_64")]

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{Field, UniformRand, Zero};
use zkmargin_lanes::coordinate::Coordinate;
use zkmargin_lanes::{msm, Fq2x8, Fq8, Ifma, Plan, Witness};

/// Return k * G for each of the logarithms, each different one computed once.
fn points<P: SWCurveConfig<ScalarField = Fr>>(logs: &[Fr]) -> Vec<Affine<P>> {
    let mut different: Vec<Fr> = logs.to_vec();
    different.sort();
    different.dedup();
    let products: Vec<Projective<P>> = different.iter().map(|log| Projective::generator() * log).collect();
    let products = Projective::normalize_batch(&products);
    logs.iter().map(|log| products[different.binary_search(log).unwrap()]).collect()
}

fn check<F: Coordinate>(logs: &[Fr], scalars: &[Fr], what: &str) {
    let Some(token) = Ifma::detect() else { return };
    let rows: Vec<F::Row> = points::<F::Curve>(logs).iter().map(F::from_affine).collect();
    let log: Fr = logs.iter().zip(scalars).map(|(log, scalar)| *log * scalar).sum();
    for repeats in [false, true] {
        let plan = Plan::new(scalars.len(), repeats, |i| scalars[i], &());
        let sum = msm::sum::<F>(token, &plan, &rows, &());
        assert_eq!(sum, Projective::<F::Curve>::generator() * log, "{what}");
    }
    let n = scalars.len();
    let witness = Witness::new(n, |i| scalars[i], &());
    let some: Vec<usize> = (0..n).filter(|i| i * 7 % 5 < 3).rev().collect(); // of equal scalars some, one or none
    for wires in [(0..n).collect(), some, (0..n).chain(0..n / 3).collect::<Vec<_>>()] {
        let taken: Vec<F::Row> = wires.iter().map(|i| rows[*i]).collect();
        let log: Fr = wires.iter().map(|i| logs[*i] * scalars[*i]).sum();
        let plan = Plan::of(&witness, wires.len(), |i| wires[i], &());
        let sum = msm::sum::<F>(token, &plan, &taken, &());
        assert_eq!(sum, Projective::<F::Curve>::generator() * log, "{what}: {} of {n} shared", wires.len());
    }
}

fn check_both(logs: &[Fr], scalars: &[Fr], what: &str) {
    check::<Fq8>(logs, scalars, what);
    check::<Fq2x8>(logs, scalars, what);
}

fn signed(value: i64) -> Fr {
    Fr::from(value)
}

/// A scalar of each kind: zero, one, r - 1, small, limbs, any.
fn kinds(i: usize, rng: &mut impl ark_std::rand::Rng) -> Fr {
    match i % 9 {
        0 => Fr::zero(),
        1 | 2 => signed(1),
        3 => signed(-1),
        4 => signed(i as i64 % 11 - 5),
        5 => Fr::from(rng.gen::<u16>()),
        6 => Fr::from(rng.gen::<u64>()),
        7 => Fr::from(2u64).inverse().unwrap() - Fr::from(rng.gen::<u16>()),
        _ => Fr::rand(rng),
    }
}

#[test]
fn few_points() {
    check_both(&[], &[], "none");
    check_both(&[signed(3)], &[signed(5)], "one");
    check_both(&[signed(3)], &[Fr::zero()], "one, scalar zero");
    check_both(&[signed(3)], &[signed(-1)], "one, largest scalar");
    check_both(&[Fr::zero()], &[signed(5)], "infinity");
    check_both(&[signed(3), signed(3)], &[signed(7), signed(7)], "two that double");
    check_both(&[signed(3), signed(-3)], &[signed(7), signed(7)], "two that cancel");
    check_both(&[signed(3), signed(3)], &[signed(7), signed(-7)], "opposite scalars");
}

#[test]
fn repeated_opposite_and_infinite_points() {
    let mut rng = ark_std::test_rng();
    for n in [7, 8, 65, 600] {
        let scalars: Vec<Fr> = (0..n).map(|i| kinds(i, &mut rng)).collect();
        let logs: Vec<Fr> =
            (0..n).map(|i| signed([0, 1, 2, 3, -1, -2, 1, 17][(i * 7 + i / 9) % 8])).collect();
        check_both(&logs, &scalars, "points of few kinds");
        check_both(&vec![signed(1); n], &vec![signed(1); n], "all equal");
        check_both(&vec![signed(1); n], &vec![Fr::rand(&mut rng); n], "all equal, any scalar");
        check_both(&vec![Fr::zero(); n], &scalars, "all infinite");
        let alternating: Vec<Fr> = (0..n).map(|i| signed(if i % 2 == 0 { 5 } else { -5 })).collect();
        check_both(&alternating, &vec![signed(9); n], "all cancel");
    }
}

#[test]
fn many_points_of_all_kinds() {
    let mut rng = ark_std::test_rng();
    let few: Vec<Fr> = (0..100).map(|_| Fr::rand(&mut rng)).collect();
    let logs: Vec<Fr> = (0..3000).map(|i| few[(i * i + i / 7) % 100]).collect();
    let scalars: Vec<Fr> = (0..3000).map(|i| kinds(i, &mut rng)).collect();
    check_both(&logs, &scalars, "all kinds");
    let repeated: Vec<Fr> =
        (0..3000).map(|i| if i % 4 == 0 { -few[i % 7] } else { few[i * i % 50] }).collect();
    check_both(&logs, &repeated, "large scalars, repeated and opposite");
    let ones: Vec<Fr> = (0..3000).map(|i| signed(i64::from(i % 3 != 0))).collect();
    check_both(&logs, &ones, "bits");
}

#[test]
fn rows_are_read_wherever_they_lie() {
    use zkmargin_lanes::coordinate::{rows, Row};
    let points = points::<ark_bn254::g1::Config>(&[signed(1), signed(2), signed(0)]);
    let wanted: Vec<Row<8>> = points.iter().map(Fq8::from_affine).collect();
    let mut bytes = vec![0u8; 8];
    bytes.extend(wanted.iter().flat_map(|row| row.0).flat_map(|word| word.to_le_bytes()));
    for shift in 0..8 {
        let moved = [&bytes[8 - shift..8], &bytes[8..]].concat(); // the rows start at `shift`, aligned or not
        assert_eq!(rows::<Fq8>(&moved[shift..])[..], wanted[..], "{shift}");
    }
}
