//! Multiples of one point by lanes against arkworks', one at a time.
#![cfg(target_arch = "x86_64")]

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{Field, UniformRand, Zero};
use rayon::prelude::*;
use zkmargin_lanes::coordinate::Coordinate;
use zkmargin_lanes::{Fq2x8, Fq8, Ifma, Multiples};

/// A base and its products by arkworks, each different one computed once.
struct Expected<F: Coordinate> {
    base: Projective<F::Curve>,
    scalars: Vec<Fr>,
    products: Vec<Affine<F::Curve>>,
}

impl<F: Coordinate> Expected<F> {
    fn new(base: Projective<F::Curve>, scalars: &[Fr]) -> Self {
        let mut different = scalars.to_vec();
        different.sort();
        different.dedup();
        let computed: Vec<_> = different.par_iter().map(|scalar| base * scalar).collect();
        let computed = Projective::normalize_batch(&computed);
        let products =
            scalars.iter().map(|scalar| computed[different.binary_search(scalar).unwrap()]).collect();
        Expected { base, scalars: scalars.to_vec(), products }
    }

    fn check(&self, token: Ifma, table: &Multiples<F>, what: &str) {
        let n = self.scalars.len();
        let mut rows = vec![F::from_affine(&self.base.into()); n]; // to be written over
        table.multiply(token, &self.scalars, &mut rows);
        for (i, (row, product)) in rows.iter().zip(&self.products).enumerate() {
            assert_eq!(F::to_affine(row), *product, "{what}: {i} of {n}, {}", self.scalars[i]);
        }
    }
}

fn check<F: Coordinate>(scalars: &[Fr], what: &str) {
    let Some(token) = Ifma::detect() else { return };
    let expected = Expected::<F>::new(Projective::generator(), scalars);
    expected.check(token, &Multiples::new(token, expected.base, scalars.len()), what);
}

fn check_both(scalars: &[Fr], what: &str) {
    check::<Fq8>(scalars, what);
    check::<Fq2x8>(scalars, what);
}

/// Scalars at which digits are zero, largest, or carry: around 0, r and r/2, powers of two and those of all windows.
fn edges() -> Vec<Fr> {
    let one = Fr::from(1u64);
    let half = Fr::from(2u64).inverse().unwrap();
    let mut values: Vec<Fr> = (0u64..20).chain([0x7fff, 0x8000, 0x8001, u64::MAX]).map(Fr::from).collect();
    values.extend([half, half - one, half + one, half - Fr::from(2u64)]); // (r + 1) / 2 and its neighbours
    values.extend((0..254).flat_map(|i| {
        let power = Fr::from(2u64).pow([i]);
        [power, power - one, power + one]
    }));
    let negated: Vec<Fr> = values.iter().map(|value| -*value).collect();
    values.extend(negated);
    values
}

#[test]
fn few_scalars() {
    let mut rng = ark_std::test_rng();
    check_both(&[], "none");
    for scalar in [Fr::zero(), Fr::from(1u64), -Fr::from(1u64), Fr::rand(&mut rng)] {
        check_both(&[scalar], "one");
    }
    for n in [2, 7, 8, 9] {
        check_both(&(0..n).map(|_| Fr::rand(&mut rng)).collect::<Vec<_>>(), "any");
        check_both(&vec![Fr::zero(); n], "zeros");
    }
}

#[test]
fn edges_by_tables_of_every_width() {
    let Some(token) = Ifma::detect() else { return };
    let expected = Expected::<Fq8>::new(Projective::generator(), &edges());
    for width in 4..=16 {
        let table = Multiples::with_width(token, expected.base, width);
        expected.check(token, &table, &format!("width {width}"));
    }
    let base = Projective::<<Fq2x8 as Coordinate>::Curve>::generator() * Fr::from(40u64);
    let expected = Expected::<Fq2x8>::new(base, &edges());
    for width in [4, 11] {
        let table = Multiples::with_width(token, expected.base, width);
        expected.check(token, &table, &format!("width {width}"));
    }
}

#[test]
fn many_equal_repeated_and_small_scalars() {
    let mut rng = ark_std::test_rng();
    let few: Vec<Fr> = (0..40).map(|_| Fr::rand(&mut rng)).collect();
    let n = 1000; // several blocks
    check_both(&(0..n).map(|i| few[i * i % 37]).collect::<Vec<_>>(), "repeated");
    check_both(&vec![few[0]; n], "all equal");
    check_both(&vec![Fr::from(1u64); n], "ones");
    check_both(&vec![Fr::zero(); n], "zeros");
    let mixed = |i: usize| match i % 7 {
        0 | 1 => Fr::zero(),
        2 => Fr::from(i as u64),
        3 => -Fr::from(i as u64),
        4 => Fr::from(2u64).pow([i as u64 % 254]),
        _ => few[i % 40],
    };
    check_both(&(0..n).map(mixed).collect::<Vec<_>>(), "of all sizes");
}

#[test]
fn infinity_as_base() {
    let Some(token) = Ifma::detect() else { return };
    let expected = Expected::<Fq8>::new(Projective::zero(), &edges()[..100]);
    expected.check(token, &Multiples::with_width(token, expected.base, 8), "infinity");
}
