//! One inversion in Fq by the optimized binary GCD (Pornin, eprint 2020/972, algorithm 2): arkworks' takes three times
//! as long, and a sum waits for one a batch.
//!
//! a, b and u, v start as y, p and 1, 0; always a = y * u and b = y * v mod p, and b ends as gcd(y, p) = 1. Thirty-one
//! steps at a time are decided on 64 bits of a and b, the lowest 31 and the highest 33, and done at once as two linear
//! combinations with factors of 32 bits. A highest part may decide wrongly; then a or b turns negative, and is negated.

use ark_bn254::Fq;
use ark_ff::{BigInt, Field, MontConfig, Zero};

use crate::modulus::{FqModulus, Modulus};

/// Steps decided at once.
const STEPS: u32 = 31;
/// 2 * 254 - 1 steps are always enough (theorem 2 there).
const MAX_ROUNDS: u32 = (2 * 254 - 1_u32).div_ceil(STEPS);
/// -1 / p mod 2^64, of which 31 bits are used.
const NEGATED_INVERSE: u64 = {
    let (p, mut inverse, mut i) = (FqModulus::WORDS[0], 1u64, 0);
    while i < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(inverse))); // twice the bits each time
        i += 1;
    }
    inverse.wrapping_neg()
};

type Words = [u64; 4];

/// What `STEPS` steps make of (a, b): (a * f0 + b * g0, a * f1 + b * g1) / 2^31.
struct Factors {
    a: [i64; 2],
    b: [i64; 2],
}

/// Return 1 / x, None for zero.
pub fn invert(x: &Fq) -> Option<Fq> {
    if x.is_zero() {
        return None;
    }
    // The words of x are x * R; their inverse times R^3, as arkworks multiplies, is R / x. R^3 is R^2 times R^2.
    let squared = Fq::new_unchecked(<ark_bn254::FqConfig as MontConfig<4>>::R2);
    let inverse = Fq::new_unchecked(BigInt(invert_words(x.0 .0)?)) * (squared * squared);
    debug_assert!((inverse * x) == Fq::ONE);
    Some(inverse)
}

/// Return 1 / y mod p. Assumes 0 < y < p.
fn invert_words(y: Words) -> Option<Words> {
    let (mut a, mut b) = (y, FqModulus::WORDS);
    let (mut u, mut v) = ([1, 0, 0, 0], [0; 4]);
    for _ in 0..MAX_ROUNDS {
        if a == [0; 4] {
            break;
        }
        let mut factors = decide(&a, &b);
        let next = [combine(&a, &b, &mut factors.a), combine(&a, &b, &mut factors.b)];
        (u, v) = (combine_mod_p(&u, &v, factors.a), combine_mod_p(&u, &v, factors.b));
        [a, b] = next;
    }
    (b == [1, 0, 0, 0]).then_some(v)
}

/// Take the steps on the lowest and highest bits.
#[inline(always)]
fn decide(a: &Words, b: &Words) -> Factors {
    let (mut x, mut y) = shorten(a, b);
    let (mut f0, mut g0, mut f1, mut g1) = (1i64, 0i64, 0i64, 1i64);
    for _ in 0..STEPS {
        // Without branches: no processor would guess them.
        let odd = (x & 1).wrapping_neg();
        let swap = odd & u64::from(x < y).wrapping_neg();
        let (dx, df, dg) = ((x ^ y) & swap, (f0 ^ f1) & swap as i64, (g0 ^ g1) & swap as i64);
        (x, y) = (x ^ dx, y ^ dx);
        (f0, f1) = (f0 ^ df, f1 ^ df);
        (g0, g1) = (g0 ^ dg, g1 ^ dg);
        x = x.wrapping_sub(y & odd) >> 1;
        f0 -= f1 & odd as i64;
        g0 -= g1 & odd as i64;
        f1 <<= 1;
        g1 <<= 1;
    }
    Factors { a: [f0, g0], b: [f1, g1] }
}

/// Return the lowest 31 bits of both with the highest 33 of as many bits as the longer has, at least 64.
#[inline(always)]
fn shorten(a: &Words, b: &Words) -> (u64, u64) {
    let top = (1..4).rev().find(|i| a[*i] | b[*i] != 0);
    let Some(top) = top else { return (a[0], b[0]) };
    let zeros = (a[top] | b[top]).leading_zeros();
    let mask = (1u64 << STEPS) - 1;
    let shorten = |x: &Words| {
        let high = u128::from(x[top]) << 64 | u128::from(x[top - 1]);
        ((high << zeros) >> 64) as u64 & !mask | x[0] & mask
    };
    (shorten(a), shorten(b))
}

/// Return |a * f + b * g| / 2^31, which is whole; where the sum is negative the factors are negated.
#[inline(always)]
fn combine(a: &Words, b: &Words, factors: &mut [i64; 2]) -> Words {
    let sum = multiply(a, b, *factors);
    let mut words = shift(&sum);
    if sum[4] >> 63 != 0 {
        *factors = factors.map(i64::wrapping_neg);
        let mut carry = true;
        for word in &mut words {
            (*word, carry) = (!*word).overflowing_add(u64::from(carry));
        }
    }
    words
}

/// Return (u * f + v * g) / 2^31 mod p, below p. Assumes u and v below p, and |f| + |g| <= 2^31.
#[inline(always)]
fn combine_mod_p(u: &Words, v: &Words, factors: [i64; 2]) -> Words {
    let sum = multiply(u, v, factors);
    let q = sum[0].wrapping_mul(NEGATED_INVERSE) & ((1 << STEPS) - 1);
    let mut carry = 0u128;
    let mut whole = [0u64; 5];
    for i in 0..5 {
        let p = if i < 4 { FqModulus::WORDS[i] } else { 0 };
        carry += u128::from(sum[i]) + u128::from(p) * u128::from(q);
        whole[i] = carry as u64; // the sum is signed, in two's complement: what is carried out of it is dropped
        carry >>= 64;
    }
    // Between -p and 2 p: |u f + v g| < 2^31 p and q < 2^31.
    let (value, is_negative) = (shift(&whole), whole[4] >> 63 != 0);
    if is_negative {
        return add(&value, &FqModulus::WORDS);
    }
    let (reduced, borrow) = subtract(&value, &FqModulus::WORDS);
    if borrow {
        value
    } else {
        reduced
    }
}

/// Return a * f + b * g in two's complement.
#[inline(always)]
fn multiply(a: &Words, b: &Words, [f, g]: [i64; 2]) -> [u64; 5] {
    let mut carry = 0i128;
    let mut words = [0u64; 5];
    for i in 0..4 {
        carry += i128::from(a[i]) * i128::from(f) + i128::from(b[i]) * i128::from(g);
        words[i] = carry as u64;
        carry >>= 64;
    }
    words[4] = carry as u64;
    words
}

#[inline(always)]
fn shift(words: &[u64; 5]) -> Words {
    std::array::from_fn(|i| words[i] >> STEPS | words[i + 1] << (64 - STEPS))
}

/// Return a + b mod 2^256.
#[inline(always)]
fn add(a: &Words, b: &Words) -> Words {
    let (mut words, mut carry) = ([0; 4], false);
    for i in 0..4 {
        let (sum, first) = a[i].overflowing_add(b[i]);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        (words[i], carry) = (sum, first | second);
    }
    words
}

/// Return a - b mod 2^256, and whether it is negative.
#[inline(always)]
fn subtract(a: &Words, b: &Words) -> (Words, bool) {
    let (mut words, mut borrow) = ([0; 4], false);
    for i in 0..4 {
        let (difference, first) = a[i].overflowing_sub(b[i]);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        (words[i], borrow) = (difference, first | second);
    }
    (words, borrow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{PrimeField, UniformRand};

    #[test]
    fn inverses_are_arkworks_s() {
        let mut rng = ark_std::test_rng();
        let mut values: Vec<Fq> = (0..300u64).map(Fq::from).collect();
        values.extend((0..254).flat_map(|i| {
            let power = Fq::from(2u64).pow([i]);
            [power, power - Fq::from(1u64), power + Fq::from(1u64), power.inverse().unwrap()]
        }));
        // Words near those of p and of halves of it, as they lie in memory.
        values.extend((1..100u64).map(|i| {
            let mut words = FqModulus::WORDS;
            words[0] -= i;
            Fq::new_unchecked(BigInt(words))
        }));
        values.extend((0..256).filter_map(|i| {
            let mut words = [0u64; 4];
            words[i / 64] = 1 << (i % 64);
            (BigInt(words) < Fq::MODULUS).then(|| Fq::new_unchecked(BigInt(words)))
        }));
        values.extend((0..20_000).map(|_| Fq::rand(&mut rng)));
        let negated: Vec<Fq> = values.iter().map(|value| -*value).collect();
        for value in values.iter().chain(&negated) {
            assert_eq!(invert(value), value.inverse(), "{value}");
        }
    }
}
