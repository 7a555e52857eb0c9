//! Poseidon's constants by the Grain LFSR of eprint 2019/458, appendix F: the values that circomlib has in tables.

use ark_bn254::Fr;
use ark_ff::{BigInt, Field, PrimeField};

pub const FULL_ROUNDS: usize = 8;
/// circomlib's numbers of partial rounds, width 2 first.
pub const PARTIAL_ROUNDS: [usize; 16] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];

const FIELD_BITS: usize = 254;

pub struct Constants {
    /// One row of `width` constants for each round.
    pub rounds: Vec<Vec<Fr>>,
    /// `new[i] = sum_j mds[i][j] * old[j]`.
    pub mds: Vec<Vec<Fr>>,
}

/// Derive the constants of a state of `width` elements. Assumes 2 <= width <= 17.
pub fn derive(width: usize) -> Constants {
    let n_partial = PARTIAL_ROUNDS[width - 2];
    let mut lfsr = Lfsr::new(width, n_partial);
    let mut row = || (0..width).map(|_| lfsr.next_element()).collect();
    let rounds = (0..FULL_ROUNDS + n_partial).map(|_| row()).collect();
    // The reference script reduces the Cauchy points where it rejects large round constants.
    let points: Vec<Fr> = (0..2 * width).map(|_| lfsr.next_reduced()).collect();
    let (xs, ys) = points.split_at(width);
    let cauchy = |x: &Fr| ys.iter().map(|y| invert(*x + y)).collect();
    Constants { rounds, mds: xs.iter().map(cauchy).collect() }
}

/// The 32 fixed values x + y of the derivation are never zero; a zero would be a mistake of ours.
fn invert(value: Fr) -> Fr {
    value.inverse().expect("Cauchy points are distinct")
}

/// 80 bits, the oldest in bit 0: the next is the xor of bits 0, 13, 23, 38, 51 and 62.
struct Lfsr(u128);

impl Lfsr {
    fn new(width: usize, n_partial: usize) -> Self {
        // prime field, S-box x^5 (coded 0), field bits, width, rounds; each most significant bit first, then ones
        let fields = [
            (1, 2),
            (0, 4),
            (FIELD_BITS, 12),
            (width, 12),
            (FULL_ROUNDS, 10),
            (n_partial, 10),
            ((1 << 30) - 1, 30),
        ];
        let (mut state, mut position) = (0u128, 0);
        for (value, n_bits) in fields {
            for bit in (0..n_bits).rev() {
                state |= ((value >> bit & 1) as u128) << position;
                position += 1;
            }
        }
        let mut lfsr = Self(state);
        for _ in 0..160 {
            lfsr.clock();
        }
        lfsr
    }

    fn clock(&mut self) -> bool {
        let s = self.0;
        let bit = (s ^ s >> 13 ^ s >> 23 ^ s >> 38 ^ s >> 51 ^ s >> 62) & 1;
        self.0 = s >> 1 | bit << 79;
        bit == 1
    }

    /// Of each pair of bits the second counts if the first is one.
    fn next_bit(&mut self) -> bool {
        loop {
            let (is_kept, bit) = (self.clock(), self.clock());
            if is_kept {
                return bit;
            }
        }
    }

    fn next_integer(&mut self) -> BigInt<4> {
        let mut limbs = [0u64; 4];
        for position in (0..FIELD_BITS).rev() {
            limbs[position / 64] |= u64::from(self.next_bit()) << (position % 64);
        }
        BigInt::new(limbs)
    }

    fn next_element(&mut self) -> Fr {
        loop {
            if let Some(element) = Fr::from_bigint(self.next_integer()) {
                return element;
            }
        }
    }

    fn next_reduced(&mut self) -> Fr {
        let mut integer = self.next_integer();
        if integer >= Fr::MODULUS {
            // 254 bits are below twice the modulus
            ark_ff::BigInteger::sub_with_borrow(&mut integer, &Fr::MODULUS);
        }
        Fr::from_bigint(integer).expect("reduced once")
    }
}
