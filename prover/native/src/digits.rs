//! Scalars cut into signed digits.

use ark_ff::{BigInt, BigInteger};

/// One bit more than the scalar has, so that the top window takes the carry and stays at most 2^(c-1).
pub fn count_windows(n_bits: u32, c: u32) -> usize {
    (n_bits + 1).div_ceil(c) as usize
}

/// Signed digits without a carry chain: digit_i(s) = window_i(s + sum_j 2^(c-1) * 2^(c*j)) - 2^(c-1), where j and the
/// subtraction leave out the top window, whose digit is never negative.
pub struct Digits {
    pub c: u32,
    pub n_windows: usize,
    offset: BigInt<4>,
}

impl Digits {
    pub fn new(c: u32, n_bits: u32) -> Self {
        let n_windows = count_windows(n_bits, c);
        let mut offset = BigInt::zero();
        for i in 0..n_windows - 1 {
            let bit = i * c as usize + c as usize - 1;
            offset.0[bit / 64] |= 1 << (bit % 64);
        }
        Digits { c, n_windows, offset }
    }

    pub fn shift(&self, scalar: &BigInt<4>) -> BigInt<4> {
        let mut shifted = *scalar;
        shifted.add_with_carry(&self.offset);
        shifted
    }

    /// Return digit `window` of a scalar that went through `shift`, in [-2^(c-1), 2^(c-1)].
    pub fn get(&self, shifted: &BigInt<4>, window: usize) -> i32 {
        let bit = window * self.c as usize;
        let (limb, at) = (bit / 64, bit % 64);
        let mut value = shifted.0[limb] >> at;
        if at + self.c as usize > 64 && limb < 3 {
            value |= shifted.0[limb + 1] << (64 - at);
        }
        let digit = (value & ((1 << self.c) - 1)) as i32;
        if window + 1 == self.n_windows {
            digit
        } else {
            digit - (1 << (self.c - 1))
        }
    }
}
