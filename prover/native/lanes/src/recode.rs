//! Scalars cut into signed digits: digit_i(s) = window_i(s + sum_j 2^(c-1) * 2^(c*j)) - 2^(c-1), with no carry chain;
//! j and the subtraction leave out the top window.
//!
//! A scalar above r/2 stands for s - r, so that small negative values are small too. Small scalars have zeros in the
//! upper windows, which cost nothing: that is all that bits and limbs, most of a witness, need.

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, PrimeField};
use rayon::prelude::*;

/// Digits are at most 2^15 in size, so that they fit 16 bits.
pub const MAX_WIDTH: u32 = 16;
/// Windows of digits that are kept for long are no narrower, so that there are 32 of them at most.
const MIN_WIDTH_KEPT: u32 = 8;
pub const MIN_WIDTH: u32 = 4;
/// A bucket's share of the final sums, in additions: two, and what is left over of batches.
const BUCKET_COST: usize = 3;
const CHUNK: usize = 1 << 12;

/// The scalars' digits, window by window. A digit d stands for d * 2^(c * window) and lies in [-2^(c-1), 2^(c-1)).
pub struct Digits {
    pub width: u32,
    pub windows: Vec<Vec<i16>>,
}

/// A scalar with its sign folded away: s and false, or r - s and true where s is above r/2.
pub type Folded = (BigInt<4>, bool);

/// Return the scalars, folded.
pub fn fold(n: usize, scalar: impl Fn(usize) -> Fr + Sync) -> Vec<Folded> {
    (0..n).into_par_iter().with_min_len(CHUNK).map(|i| fold_sign(&scalar(i))).collect()
}

/// Return one scalar, folded: below 2^253.
pub fn fold_sign(scalar: &Fr) -> Folded {
    let value = scalar.into_bigint();
    if value <= Fr::MODULUS_MINUS_ONE_DIV_TWO {
        return (value, false);
    }
    let mut negated = Fr::MODULUS;
    negated.sub_with_borrow(&value);
    (negated, true)
}

impl Digits {
    pub fn new(folded: &[Folded]) -> Self {
        let histogram = count_bits(folded);
        Self::with_width(folded, choose_width(&histogram, MIN_WIDTH), &histogram)
    }

    /// As `new`, at most 32 windows, the best ones for `histogram`: what is counted there for every size of scalars.
    pub fn of_few_windows(folded: &[Folded], histogram: &[usize; 255]) -> Self {
        Self::with_width(folded, choose_width(histogram, MIN_WIDTH_KEPT), histogram)
    }

    fn with_width(folded: &[Folded], width: u32, histogram: &[usize; 255]) -> Self {
        let n = folded.len();
        let n_bits = histogram.iter().rposition(|count| *count > 0).unwrap_or(0) as u32;
        let cutter = Cutter::new(n_bits, width);
        let mut windows: Vec<Vec<i16>> = vec![vec![0; n]; cutter.n_windows];
        let pieces = transpose(&mut windows, n.div_ceil(CHUNK));
        folded.par_chunks(CHUNK).zip(pieces).for_each(|(folded, mut digits)| {
            for (i, folded) in folded.iter().enumerate().filter(|(_, (value, _))| !value.is_zero()) {
                let shifted = cutter.shift(folded);
                for (window, digits) in digits.iter_mut().enumerate() {
                    digits[i] = cutter.digit(&shifted, window);
                }
            }
        });
        Digits { width, windows }
    }
}

/// Return the windows' pieces of `CHUNK` digits, for each chunk those of all windows.
fn transpose(windows: &mut [Vec<i16>], n_chunks: usize) -> Vec<Vec<&mut [i16]>> {
    let mut pieces: Vec<Vec<&mut [i16]>> = (0..n_chunks).map(|_| Vec::new()).collect();
    for window in windows {
        pieces.iter_mut().zip(window.chunks_mut(CHUNK)).for_each(|(piece, digits)| piece.push(digits));
    }
    pieces
}

/// Two bits more than the scalars have: the top digit takes a carry and a sign, and stays below 2^(c-1) in size.
pub fn count_windows(n_bits: u32, width: u32) -> usize {
    if n_bits == 0 {
        0
    } else {
        (n_bits + 2).div_ceil(width) as usize
    }
}

/// Cuts folded scalars of up to `n_bits` bits into digits.
pub struct Cutter {
    pub width: u32,
    pub n_windows: usize,
    offset: BigInt<4>,
}

impl Cutter {
    pub fn new(n_bits: u32, width: u32) -> Self {
        let n_windows = count_windows(n_bits, width);
        let mut offset = BigInt::zero();
        for window in 1..n_windows as u32 {
            let bit = (window * width - 1) as usize;
            offset.0[bit / 64] |= 1 << (bit % 64);
        }
        Cutter { width, n_windows, offset }
    }

    /// Return what `digit` cuts: perhaps below zero, in two's complement.
    #[inline(always)]
    pub fn shift(&self, (value, is_negative): &Folded) -> BigInt<4> {
        let mut shifted = self.offset;
        if *is_negative {
            shifted.sub_with_borrow(value);
        } else {
            shifted.add_with_carry(value);
        }
        shifted
    }

    #[inline(always)]
    pub fn digit(&self, shifted: &BigInt<4>, window: usize) -> i16 {
        let bit = window * self.width as usize;
        let (limb, at) = (bit / 64, bit % 64);
        let mut bits = (shifted.0[limb] as i64 >> at) as u64; // the sign counts in the topmost limb alone
        if limb < 3 && at > 0 {
            bits = shifted.0[limb] >> at | shifted.0[limb + 1] << (64 - at);
        }
        if window + 1 == self.n_windows {
            bits as i16
        } else {
            ((bits & ((1 << self.width) - 1)) as i32 - (1 << (self.width - 1))) as i16
        }
    }
}

/// Return how many scalars have i bits.
pub fn count_bits(folded: &[Folded]) -> [usize; 255] {
    let count = |chunk: &[Folded]| {
        let mut histogram = [0; 255];
        chunk.iter().for_each(|(value, _)| histogram[value.num_bits() as usize] += 1);
        histogram
    };
    let add = |mut a: [usize; 255], b: [usize; 255]| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    folded.par_chunks(CHUNK).map(count).reduce(|| [0; 255], add)
}

/// The window width that costs the fewest additions, `least` or more.
fn choose_width(histogram: &[usize; 255], least: u32) -> u32 {
    let top = histogram.iter().rposition(|count| *count > 0).unwrap_or(0) as u32;
    let cost = |width: u32| {
        let points: usize = (1..255).map(|bits| histogram[bits as usize] * count_windows(bits, width)).sum();
        points + count_windows(top, width) * (BUCKET_COST << (width - 1))
    };
    (least..=MAX_WIDTH).min_by_key(|width| cost(*width)).unwrap_or(MAX_WIDTH)
}

/// Return the number of windows and their width for n scalars of full size.
pub fn dense_plan(n: usize) -> (usize, u32) {
    let mut histogram = [0; 255];
    histogram[254] = n;
    let width = choose_width(&histogram, MIN_WIDTH);
    (count_windows(254, width), width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{Field, UniformRand, Zero};

    fn edges() -> Vec<Fr> {
        let mut rng = ark_std::test_rng();
        let mut values: Vec<Fr> = [0u64, 1, 2, 7, 8, 9, 0x7fff, 0x8000, 0x8001, 0xffff, 0x1_0000, u64::MAX]
            .into_iter()
            .map(Fr::from)
            .collect();
        let half = Fr::from(2u64).inverse().unwrap();
        values.extend([half, half - Fr::from(1u64), half + Fr::from(1u64)]); // around (r + 1) / 2
        values.extend((0..254).flat_map(|i| {
            let power = Fr::from(2u64).pow([i]);
            [power, power - Fr::from(1u64)]
        }));
        values.extend((0..50).map(|_| Fr::rand(&mut rng)));
        let negated: Vec<Fr> = values.iter().map(|value| -*value).collect();
        values.extend(negated);
        values
    }

    #[test]
    fn digits_weighted_by_their_windows_are_the_scalar() {
        for n in [1, 3, 30, 560, 1200] {
            let values = edges();
            let n = n.min(values.len());
            let digits = Digits::new(&fold(n, |i| values[i]));
            for (i, value) in values[..n].iter().enumerate() {
                let base = Fr::from(1u64 << digits.width);
                let sum = digits.windows.iter().rev().fold(Fr::zero(), |sum, window| {
                    let digit = window[i];
                    assert!(i64::from(digit).unsigned_abs() <= 1 << (digits.width - 1));
                    let own = Fr::from(u64::from(digit.unsigned_abs()));
                    sum * base + if digit < 0 { -own } else { own }
                });
                assert_eq!(sum, *value);
            }
        }
    }

    #[test]
    fn small_scalars_need_one_window() {
        let digits = Digits::new(&fold(100, |i| if i % 2 == 0 { Fr::from(1u64) } else { -Fr::from(3u64) }));
        assert_eq!(digits.windows.len(), 1);
        assert!(Digits::new(&fold(4, |_| Fr::zero())).windows.is_empty());
    }
}
