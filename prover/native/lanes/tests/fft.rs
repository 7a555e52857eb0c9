//! The transform to a coset against the definition, and against arkworks where the definition takes too long.
#![cfg(target_arch = "x86_64")]

use ark_bn254::Fr;
use ark_ff::{FftField, Field, PrimeField, UniformRand, Zero};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use zkmargin_lanes::fft::butterflies::{down, up, Fr8, DOWN, UP};
use zkmargin_lanes::fft::CosetTransform;
use zkmargin_lanes::fixed::Fixed;
use zkmargin_lanes::{FrModulus, Ifma};

mod common;
use common::{below, from_integers, multiple, to_residues, Integer};

fn shift(log2: u32) -> Fr {
    Fr::get_root_of_unity(2 << log2).unwrap()
}

#[test]
fn values_on_the_coset_are_the_polynomials() {
    let Some(token) = Ifma::detect() else { return };
    let (n, mut rng) = (256usize, ark_std::test_rng());
    let root = Fr::get_root_of_unity(n as u64).unwrap();
    let coefficients: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
    let evaluate = |x: Fr| coefficients.iter().rev().fold(Fr::zero(), |sum, c| sum * x + c);
    let mut values: Vec<Fr> = (0..n as u64).map(|i| evaluate(root.pow([i]))).collect();
    CosetTransform::new(8, shift(8)).apply(token, &mut values, &());
    for (i, value) in values.iter().enumerate() {
        assert_eq!(*value, evaluate(shift(8) * root.pow([i as u64])), "{i}");
    }
}

#[test]
fn agrees_with_arkworks() {
    let Some(token) = Ifma::detect() else { return };
    let mut rng = ark_std::test_rng();
    for log2 in 8..=13 {
        let n = 1 << log2;
        let domain = Radix2EvaluationDomain::<Fr>::new(n).unwrap();
        let coset = domain.get_coset(shift(log2)).unwrap();
        let largest = -Fr::from(1u64);
        let kinds: [Vec<Fr>; 5] = [
            vec![Fr::zero(); n],
            vec![largest; n],
            (0..n).map(|i| if i % 3 == 0 { largest } else { Fr::from(i as u64 % 2) }).collect(),
            (0..n).map(|i| if i == 5 { largest } else { Fr::zero() }).collect(),
            (0..n).map(|_| Fr::rand(&mut rng)).collect(),
        ];
        let transform = CosetTransform::new(log2, shift(log2));
        for mut values in kinds {
            let wanted = coset.fft(&domain.ifft(&values));
            transform.apply(token, &mut values, &());
            assert!(values == wanted, "2^{log2}");
            assert!(values.iter().all(|value| value.0 < <Fr as ark_ff::PrimeField>::MODULUS), "canonical");
        }
    }
}

/// Inputs as large as they may be, beside zeros, so that sums and differences come to their bounds.
#[test]
fn down_and_up_at_their_bounds_are_n_times_the_values() {
    let Some(token) = Ifma::detect() else { return };
    let largest = (multiple::<FrModulus>(1) * 1051u64) / 100u64 - 1u64; // `DOWN`
    assert_eq!(DOWN, 10.51);
    for log2 in [4, 5, 6] {
        let n = 1usize << log2;
        let root = Fr::get_root_of_unity(n as u64).unwrap();
        let powers = |base: Fr| (0..n as u64 / 2).map(|i| Fixed::new(base.pow([i]))).collect::<Vec<_>>();
        let (roots, inverses) = (powers(root), powers(root.inverse().unwrap()));
        for pattern in 0u64..64 {
            // By the lane and the pattern: every n-th value, runs, all, none, or any.
            let value = |i: usize, lane: usize| match (pattern + lane as u64) % 8 {
                0 => largest.clone(),
                k @ 1..=5 if i as u64 >> (k - 1) & 1 == pattern >> 3 & 1 => largest.clone(),
                6 => below(&largest, pattern * 1000 + (8 * i + lane) as u64),
                _ => Integer::from(0u64),
            };
            let values: Vec<Vec<Integer>> =
                (0..n).map(|i| (0..8).map(|lane| value(i, lane)).collect()).collect();
            let mut buffer: Vec<Fr8> = values.iter().map(|row| from_integers(token, row)).collect();
            let mut other = buffer.clone();
            down(&mut buffer, &roots);
            assert!(buffer.iter().flat_map(|x| x.in_p()).all(|x| x <= DOWN));
            up(&mut buffer, &inverses);
            up(&mut other, &roots);
            assert!(buffer.iter().chain(&other).flat_map(|x| x.in_p()).all(|x| x <= UP));
            other.iter_mut().for_each(|x| *x = Fr8::reduce_wide(x.limbs));
            down(&mut other, &inverses);
            for (row, (got, other)) in values.iter().zip(buffer.iter().zip(&other)) {
                let wanted: Vec<Fr> = row
                    .iter()
                    .map(|v| Fr::from_le_bytes_mod_order(&v.to_bytes_le()) * Fr::from(n as u64))
                    .collect();
                assert_eq!(to_residues::<Fr, FrModulus>(got), wanted);
                assert_eq!(to_residues::<Fr, FrModulus>(other), wanted);
            }
        }
    }
}
