//! Linear combinations of wires with known coefficients: one at a time, the limbs of a number side by side.
//!
//! A wire's five limbs stand in lanes 0 to 4 and are multiplied by each limb of the coefficient: ten multiply-adds a term,
//! nothing is transposed, and it does not matter how many sums there are or how they depend on each other. Products are
//! added up as they are and reduced once a sum.

use ark_bn254::Fr;
use ark_ff::BigInt;

use crate::modulus::{FrModulus, Limbs, Modulus};
use crate::pack::to_montgomery;
use crate::simd::{LIMB_MASK, V};
use crate::Ifma;

/// So many products are below 240 p^2 < 2.84 * 2^260 p, and a column with ten parts of each below 2^64.
const MOST_AT_ONCE: usize = 240;

/// A template's coefficients.
pub struct Coefficients {
    /// c * 2^260 mod r: arkworks' x * 2^256 times that is 2^260 times arkworks' c * x.
    limbs: Vec<Limbs>,
}

impl Coefficients {
    /// Take coefficients over.
    pub fn new(coefficients: &[Fr]) -> Self {
        Coefficients { limbs: coefficients.iter().map(|c| to_montgomery(*c)).collect() }
    }

    /// Return the sum over i of coefficient `coefficients[i]` times `values[wires[i]]`. Assumes both lists as long.
    pub fn combine(&self, token: Ifma, wires: &[u32], coefficients: &[u32], values: &[Fr]) -> Fr {
        let mut sum = Fr::default();
        for (wires, coefficients) in wires.chunks(MOST_AT_ONCE).zip(coefficients.chunks(MOST_AT_ONCE)) {
            // SAFETY: the token says that the processor has the instructions that `add_products` is compiled for.
            let columns = unsafe { add_products(token, wires, coefficients, &self.limbs, values) };
            sum += reduce(columns);
        }
        sum
    }
}

/// Return the columns of the sum of at most `MOST_AT_ONCE` products.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma")]
fn add_products(
    token: Ifma,
    wires: &[u32],
    coefficients: &[u32],
    limbs: &[Limbs],
    values: &[Fr],
) -> [u64; 10] {
    let zero = V::splat(token, 0);
    let mut sums = [zero; 6]; // lane j of the i-th is a part of column i + j
    for (wire, coefficient) in wires.iter().zip(coefficients) {
        let value = V::limbs_of(token, &values[*wire as usize].0 .0);
        let factor = &limbs[*coefficient as usize];
        for i in 0..5 {
            let limb = value.of(factor[i]);
            sums[i] = sums[i].madd_lo(value, limb);
            sums[i + 1] = sums[i + 1].madd_hi(value, limb);
        }
    }
    let low = [
        sums[0].add(zero.align::<7>(sums[1])),
        zero.align::<6>(sums[2]).add(zero.align::<5>(sums[3])),
        zero.align::<4>(sums[4]).add(zero.align::<3>(sums[5])),
    ];
    let high = sums[4].align::<4>(zero).add(sums[5].align::<3>(zero));
    let (low, high) = (low[0].add(low[1]).add(low[2]).words(), high.words());
    [low[0], low[1], low[2], low[3], low[4], low[5], low[6], low[7], high[0], high[1]]
}

/// Return the value of ten columns over 2^260. Assumes it below 3 r 2^260: then below 4 r before multiples are taken off.
fn reduce(columns: [u64; 10]) -> Fr {
    let mut t = columns.map(u128::from);
    for i in 0..5 {
        let q = (t[i] as u64).wrapping_mul(FrModulus::NEGATED_INVERSE) & LIMB_MASK;
        for j in 0..5 {
            t[i + j] += u128::from(q) * u128::from(FrModulus::P[j]);
        }
        t[i + 1] += t[i] >> 52;
    }
    let mut limbs = [0; 5];
    let mut carry = 0;
    for i in 0..5 {
        let sum = t[5 + i] + carry;
        (limbs[i], carry) = (sum as u64 & LIMB_MASK, sum >> 52);
    }
    debug_assert!(carry == 0 && limbs[4] < 1 << 48, "a sum of 4 r or more");
    let mut words = [
        limbs[0] | limbs[1] << 52,
        limbs[1] >> 12 | limbs[2] << 40,
        limbs[2] >> 24 | limbs[3] << 28,
        limbs[3] >> 36 | limbs[4] << 16,
    ];
    for multiple in [TWICE, FrModulus::WORDS] {
        words = subtract_if_fits(words, &multiple);
    }
    Fr::new_unchecked(BigInt(words))
}

const TWICE: [u64; 4] = {
    let [a, b, c, d] = FrModulus::WORDS;
    [a << 1, b << 1 | a >> 63, c << 1 | b >> 63, d << 1 | c >> 63]
};

fn subtract_if_fits(words: [u64; 4], multiple: &[u64; 4]) -> [u64; 4] {
    let (mut difference, mut borrow) = ([0; 4], false);
    for i in 0..4 {
        let (part, first) = words[i].overflowing_sub(multiple[i]);
        let (part, second) = part.overflowing_sub(u64::from(borrow));
        (difference[i], borrow) = (part, first | second);
    }
    if borrow {
        words
    } else {
        difference
    }
}
