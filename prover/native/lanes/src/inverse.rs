//! Eight inverses for the price of one, and 21 multiplications.

use ark_bn254::Fq;
use ark_ff::{BigInt, BigInteger, One, PrimeField};

use crate::element::Lanes;
use crate::fq2::Fq8;
use crate::gcd::invert;
use crate::modulus::{to_limbs, FqModulus, Modulus};
use crate::pack::pack;
use crate::simd::each;

/// Return 1 / (4 a) in each lane, below p. Assumes that no lane is zero mod p, and A <= 5.
#[inline(always)]
pub fn invert_lanes(lanes: &Fq8) -> Fq8 {
    let packed = pack(lanes);
    let limbs = invert_words(&each!(i of 4 => packed[i].words()));
    Lanes::from_limbs(each!(j of 5 => packed[0].of_words(&limbs[j])))
}

/// Return the limbs of the lanes' inverses, by one inversion. `words[i]` holds the i-th words.
fn invert_words(words: &[[u64; 8]; 4]) -> [[u64; 8]; 5] {
    let mut values: [Fq; 8] = std::array::from_fn(|lane| to_field(std::array::from_fn(|i| words[i][lane])));
    let mut prefixes = [Fq::one(); 8];
    let mut product = Fq::one();
    for (prefix, value) in prefixes.iter_mut().zip(&values) {
        *prefix = product;
        product *= value;
    }
    // A lane holds a * 2^260, which arkworks reads as a * 2^4 and inverts to a^-1 * 2^-4; written with its factor 2^256
    // that is a^-1 * 2^252. Wanted is a^-1 / 4 * 2^260: 2^6 times as much.
    let mut inverse = invert(&product).expect("no lane is zero") * Fq::from(64u64);
    for (prefix, value) in prefixes.iter().zip(&mut values).rev() {
        let own = inverse * prefix;
        inverse *= *value;
        *value = own;
    }
    let limbs = values.map(|value| to_limbs(value.0 .0));
    std::array::from_fn(|j| std::array::from_fn(|lane| limbs[lane][j]))
}

/// Return what arkworks reads in words below 2^256, reduced.
pub fn to_field(words: [u64; 4]) -> Fq {
    let mut value = BigInt(words);
    while value >= BigInt(FqModulus::WORDS) {
        value.sub_with_borrow(&Fq::MODULUS);
    }
    Fq::new_unchecked(value)
}
