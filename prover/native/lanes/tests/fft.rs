//! The transform to a coset against the definition, and against arkworks where the definition takes too long.
#![cfg(target_arch = "x86_64")]

use ark_bn254::Fr;
use ark_ff::{FftField, Field, UniformRand, Zero};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use zkmargin_lanes::fft::CosetTransform;
use zkmargin_lanes::Ifma;

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
