//! Integers of any size, into lanes and out of them.
#![allow(dead_code)]

use ark_ff::{BigInt, PrimeField};
pub use num_bigint::BigUint as Integer;
use zkmargin_lanes::element::Lanes;
use zkmargin_lanes::{Ifma, Modulus};

/// Return k p.
pub fn multiple<M: Modulus>(k: u64) -> Integer {
    let bytes: Vec<u8> = M::WORDS.iter().flat_map(|word| word.to_le_bytes()).collect();
    Integer::from_bytes_le(&bytes) * k
}

/// Return a number below `bound` that looks random, another for each seed.
pub fn below(bound: &Integer, seed: u64) -> Integer {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    let words: Vec<u8> = (0..6).flat_map(|_| draw().to_le_bytes()).collect();
    Integer::from_bytes_le(&words) % bound
}

/// Return eight integers below 2^260 as lanes, not reduced.
pub fn from_integers<M: Modulus>(token: Ifma, values: &[Integer]) -> Lanes<M> {
    let limb = |value: &Integer, j: usize| {
        let shifted: Integer = (value >> (52 * j)) & Integer::from((1u64 << 52) - 1);
        shifted.try_into().expect("52 bits")
    };
    let words = std::array::from_fn(|j| std::array::from_fn(|lane| limb(&values[lane], j)));
    Lanes::from_words(token, &words)
}

/// Return the lanes' values mod p.
pub fn to_residues<F: PrimeField<BigInt = BigInt<4>>, M: Modulus>(lanes: &Lanes<M>) -> Vec<F> {
    let words = lanes.limbs.map(|limb| limb.words());
    let value = |lane: usize| {
        words.iter().rev().fold(Integer::from(0u64), |value, limb| (value << 52) + Integer::from(limb[lane]))
    };
    (0..8).map(|lane| F::from_le_bytes_mod_order(&value(lane).to_bytes_le())).collect()
}
