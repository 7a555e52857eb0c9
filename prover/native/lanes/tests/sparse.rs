//! Linear combinations and products held to c, in lanes, against their definition in arkworks' arithmetic.
#![cfg(target_arch = "x86_64")]

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use zkmargin_lanes::products::find_wrong;
use zkmargin_lanes::sparse::Coefficients;
use zkmargin_lanes::Ifma;

/// Numbers that look random, and between them the edges.
fn draw(n: usize, mut seed: u64) -> Vec<Fr> {
    let edges =
        [Fr::ZERO, Fr::ONE, -Fr::ONE, -Fr::from(2u64), Fr::from(2u64).pow([253]), Fr::from(1u64 << 52)];
    let next = |i: usize| {
        seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23) ^ i as u64;
        match seed >> 60 {
            0..4 => edges[(seed % 6) as usize],
            4..6 => Fr::from(2u64).pow([seed % 254]),
            6..8 => -Fr::from(seed % 1000),
            _ => Fr::from(seed).pow([7]),
        }
    };
    (0..n).map(next).collect()
}

#[test]
fn combinations_agree_with_their_definition() {
    let Some(token) = Ifma::detect() else { return };
    let (coefficients, values) = (draw(97, 3), draw(211, 4));
    let pool = Coefficients::new(&coefficients);
    for n in (0..40).chain([100, 239, 240, 241, 479, 480, 481, 1000]) {
        let wires: Vec<u32> = (0..n).map(|i| (i * i * 31 + n) % 211).collect();
        let indices: Vec<u32> = (0..n).map(|i| (i * i * 17 + 3 * n) % 97).collect();
        let product = |(wire, index): (&u32, &u32)| values[*wire as usize] * coefficients[*index as usize];
        let expected: Fr = wires.iter().zip(&indices).map(product).sum();
        assert_eq!(pool.combine(token, &wires, &indices, &values), expected, "{n} terms");
    }
}

/// The largest words there are, in every term: as arkworks holds it r - 1 is -1 / 2^256, and in lanes -1 / 2^260.
#[test]
fn the_largest_combination_is_exact() {
    let Some(token) = Ifma::detect() else { return };
    let value = -Fr::from(2u64).pow([256]).inverse().expect("not zero");
    let coefficient = value * Fr::from(16u64).inverse().expect("not zero");
    let pool = Coefficients::new(&[coefficient]);
    for n in [1, 17, 239, 240, 241, 720] {
        let zeros = vec![0; n];
        let expected = coefficient * value * Fr::from(n as u64);
        assert_eq!(pool.combine(token, &zeros, &zeros, &[value]), expected, "{n} terms");
    }
}

#[test]
fn wrong_products_are_found_wherever_they_stand() {
    let Some(token) = Ifma::detect() else { return };
    let (a, b) = (draw(53, 5), draw(53, 6));
    let c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
    for n in 0..=c.len() {
        assert_eq!(find_wrong(token, &a[..n], &b[..n], &c[..n]), None, "{n} products");
    }
    for error in [Fr::ONE, -Fr::ONE, Fr::from(2u64).pow([200])] {
        for place in 0..c.len() {
            let mut wrong = c.clone();
            wrong[place..].iter_mut().step_by(7).for_each(|c| *c += error);
            assert_eq!(find_wrong(token, &a, &b, &wrong), Some(place));
        }
    }
}
