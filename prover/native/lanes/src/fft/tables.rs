//! Powers of roots of unity: those that all lanes share as fixed multiplicands, others in the lanes' Montgomery form.

use ark_bn254::Fr;
use ark_ff::{FftField, Field, One};
use rayon::prelude::*;

use crate::fixed::Fixed;
use crate::modulus::Limbs;
use crate::pack::to_montgomery;

/// What the passes over a matrix of 2^log_rows rows and 2^log_columns columns need.
pub struct Tables {
    pub log2: u32,
    pub log_columns: u32,
    /// Powers of the root of order n1 (of n2), as many as half of it, and of its inverse.
    pub column_roots: Vec<Fixed>,
    pub column_inverses: Vec<Fixed>,
    pub row_roots: Vec<Fixed>,
    pub row_inverses: Vec<Fixed>,
    /// At the reversed bits of k2: shift^(n1 * k2).
    pub shifts: Vec<Fixed>,
    /// At the reversed bits of k1: shift^k1 / n, and w^-k1 and w^k1 of the root of order n.
    pub starts: Vec<Limbs>,
    pub inverse_steps: Vec<Limbs>,
    pub steps: Vec<Limbs>,
}

impl Tables {
    pub fn new(log2: u32, shift: Fr) -> Self {
        let (log_rows, log_columns) = (log2.div_ceil(2), log2 / 2);
        let root = |log: u32| Fr::get_root_of_unity(1 << log).expect("r - 1 has 28 factors of two");
        let inverse = |log: u32| root(log).inverse().expect("a root of unity");
        let half = |log: u32| 1usize << (log - 1);
        let size_inverse = Fr::from(1u64 << log2).inverse().expect("below r");
        let (n1, n2) = (1usize << log_rows, 1usize << log_columns);
        Tables {
            log2,
            log_columns,
            column_roots: fixed_powers(Fr::one(), root(log_rows), half(log_rows)),
            column_inverses: fixed_powers(Fr::one(), inverse(log_rows), half(log_rows)),
            row_roots: fixed_powers(Fr::one(), root(log_columns), half(log_columns)),
            row_inverses: fixed_powers(Fr::one(), inverse(log_columns), half(log_columns)),
            shifts: reverse_bits(fixed_powers(Fr::one(), shift.pow([n1 as u64]), n2)),
            starts: reverse_bits(montgomery_powers(size_inverse, shift, n1)),
            inverse_steps: reverse_bits(montgomery_powers(Fr::one(), inverse(log2), n1)),
            steps: reverse_bits(montgomery_powers(Fr::one(), root(log2), n1)),
        }
    }
}

/// Return first * base^i for i below n.
fn powers(first: Fr, base: Fr, n: usize) -> Vec<Fr> {
    let mut power = first;
    let mut values = Vec::with_capacity(n);
    for _ in 0..n {
        values.push(power);
        power *= base;
    }
    values
}

fn fixed_powers(first: Fr, base: Fr, n: usize) -> Vec<Fixed> {
    powers(first, base, n).into_par_iter().map(Fixed::new).collect()
}

fn montgomery_powers(first: Fr, base: Fr, n: usize) -> Vec<Limbs> {
    powers(first, base, n).into_par_iter().map(to_montgomery).collect()
}

fn reverse_bits<T: Copy>(values: Vec<T>) -> Vec<T> {
    let log = values.len().trailing_zeros();
    (0..values.len()).map(|i| values[i.reverse_bits() >> (usize::BITS - log)]).collect()
}
