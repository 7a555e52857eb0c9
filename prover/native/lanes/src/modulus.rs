//! The two moduli and what the lanes need of them, computed when the crate is compiled.

use ark_bn254::{Fq, Fr};
use ark_ff::PrimeField;

use crate::simd::LIMB_MASK;

/// 5 limbs of 52 bits, least significant first.
pub type Limbs = [u64; 5];

/// A modulus p of 254 bits. The lanes' Montgomery factor is R = 2^260; 2^260 / p is 84.6 for both moduli.
pub trait Modulus: Copy + Send + Sync + 'static {
    const WORDS: [u64; 4];
    const P: Limbs = to_limbs(Self::WORDS);
    /// -1/p mod 2^52.
    const NEGATED_INVERSE: u64 = negated_inverse(Self::P[0]);
    /// 2^-52 mod p.
    const SHIFT_1: Limbs = halve(52, Self::P);
    /// 2^-104 mod p.
    const SHIFT_2: Limbs = halve(104, Self::P);
    /// R mod p: one.
    const ONE: Limbs = double(260, Self::P);
    /// Column j holds limb j of `floor(i * 2^254 / p) * p`, for i below 8.
    const REDUCTION: [[u64; 8]; 5] = reduction_table(0, 254, Self::P);
    /// As `REDUCTION` for steps of 2^255 and i below 16: column j's two halves.
    const WIDE_REDUCTION: [[[u64; 8]; 2]; 5] =
        halves(reduction_table(0, 255, Self::P), reduction_table(8, 255, Self::P));
}

/// The base field of the curves.
#[derive(Clone, Copy)]
pub struct FqModulus;

/// The scalar field.
#[derive(Clone, Copy)]
pub struct FrModulus;

impl Modulus for FqModulus {
    const WORDS: [u64; 4] = Fq::MODULUS.0;
}

impl Modulus for FrModulus {
    const WORDS: [u64; 4] = Fr::MODULUS.0;
}

/// Cut 4 words of 64 bits into limbs.
pub const fn to_limbs(w: [u64; 4]) -> Limbs {
    [
        w[0] & LIMB_MASK,
        (w[0] >> 52 | w[1] << 12) & LIMB_MASK,
        (w[1] >> 40 | w[2] << 24) & LIMB_MASK,
        (w[2] >> 28 | w[3] << 36) & LIMB_MASK,
        w[3] >> 16,
    ]
}

/// Return k * p. Assumes k < 64.
pub const fn times(k: u64, p: Limbs) -> Limbs {
    let mut product = [0; 5];
    let (mut carry, mut i) = (0, 0);
    while i < 5 {
        let sum = k * p[i] + carry;
        (product[i], carry) = (sum & LIMB_MASK, sum >> 52);
        i += 1;
    }
    product
}

const fn is_at_least(a: Limbs, b: Limbs) -> bool {
    let mut i = 5;
    while i > 0 {
        i -= 1;
        if a[i] != b[i] {
            return a[i] > b[i];
        }
    }
    true
}

const fn minus(a: Limbs, b: Limbs) -> Limbs {
    let (mut difference, mut borrow, mut i) = ([0; 5], 0i64, 0);
    while i < 5 {
        let limb = a[i] as i64 - b[i] as i64 + borrow;
        (difference[i], borrow) = (limb as u64 & LIMB_MASK, limb >> 52);
        i += 1;
    }
    difference
}

/// Return 2^-n mod p: one is halved n times, p added first where it is odd.
const fn halve(n: u32, p: Limbs) -> Limbs {
    let mut value = [1, 0, 0, 0, 0];
    let mut step = 0;
    while step < n {
        let odd = value[0] & 1;
        let (mut sum, mut carry, mut i) = ([0; 5], 0, 0);
        while i < 5 {
            let limb = value[i] + odd * p[i] + carry;
            (sum[i], carry) = (limb & LIMB_MASK, limb >> 52);
            i += 1;
        }
        i = 0;
        while i < 5 {
            let above = if i < 4 { sum[i + 1] & 1 } else { carry };
            value[i] = sum[i] >> 1 | above << 51;
            i += 1;
        }
        step += 1;
    }
    value
}

/// Return 2^n mod p.
pub const fn double(n: u32, p: Limbs) -> Limbs {
    let mut value = [1, 0, 0, 0, 0];
    let mut step = 0;
    while step < n {
        value = times(2, value);
        if is_at_least(value, p) {
            value = minus(value, p);
        }
        step += 1;
    }
    value
}

/// Newton: each step doubles the number of right bits of 1/p.
const fn negated_inverse(p: u64) -> u64 {
    let (mut inverse, mut step) = (1u64, 0);
    while step < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg() & LIMB_MASK
}

/// Column j holds limb j of `floor(i * 2^log_step / p) * p`, for the eight i from `first` on. Assumes results below 64 p.
const fn reduction_table(first: u64, log_step: u32, p: Limbs) -> [[u64; 8]; 5] {
    let mut table = [[0; 8]; 5];
    let mut i = 0;
    while i < 8 {
        let bound = [0, 0, 0, 0, (first + i as u64) << (log_step - 208)];
        let mut k = 0;
        while is_at_least(bound, times(k + 1, p)) {
            k += 1;
        }
        let (multiple, mut j) = (times(k, p), 0);
        while j < 5 {
            table[j][i] = multiple[j];
            j += 1;
        }
        i += 1;
    }
    table
}

const fn halves(low: [[u64; 8]; 5], high: [[u64; 8]; 5]) -> [[[u64; 8]; 2]; 5] {
    let (mut table, mut j) = ([[[0; 8]; 2]; 5], 0);
    while j < 5 {
        table[j] = [low[j], high[j]];
        j += 1;
    }
    table
}
