//! Sums of products with a single Montgomery reduction.

use ark_bn254::{Fr, FrConfig};
use ark_ff::{BigInt, Fp, MontConfig};

const MODULUS: [u64; 4] = <FrConfig as MontConfig<4>>::MODULUS.0;
const INV: u64 = <FrConfig as MontConfig<4>>::INV;
const MULTIPLES: [[u64; 4]; 3] = [shift_left(2), shift_left(1), MODULUS];

/// An unreduced 512-bit sum of products of Montgomery representatives.
///
/// r < 2^253.6, so a product is below 2^507.2 and 17 of them with 17 summands (below 2^510) stay below 2^512.
#[derive(Clone, Copy)]
pub struct Wide([u64; 8]);

/// How many products a sum may have.
pub const MOST_PRODUCTS: usize = 17;

impl Wide {
    pub const ZERO: Self = Self([0; 8]);

    /// A sum that starts from a field element: x stands for x * 2^256, a product by the representative of one.
    #[inline(always)]
    pub fn from_element(x: &Fr) -> Self {
        let [a, b, c, d] = x.0 .0;
        Self([0, 0, 0, 0, a, b, c, d])
    }

    /// Add x * y. Assumes at most 17 additions since the start.
    #[inline(always)]
    pub fn add_product(&mut self, x: &Fr, y: &Fr) {
        let product = multiply(&x.0 .0, &y.0 .0);
        let mut carry = false;
        for (limb, addend) in self.0.iter_mut().zip(product) {
            let (sum, first) = limb.overflowing_add(addend);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            *limb = sum;
            carry = first | second;
        }
        debug_assert!(!carry);
    }

    /// The sum as a field element: Montgomery's reduction, then 4r, 2r and r taken off where they fit.
    ///
    /// The sum T is at most 17 r^2 + 2^256 r and m is below 2^256, so with r < 0.1891 * 2^256 the quotient
    /// (T + m r) / 2^256 is below (17 * 0.1891 + 2) r = 5.22 r: no carry leaves 2^256 > 5.28 r, and 4r + 2r + r covers it.
    #[inline(always)]
    pub fn reduce(mut self) -> Fr {
        let mut overflow = 0u64;
        for i in 0..4 {
            let m = self.0[i].wrapping_mul(INV);
            let mut carry = 0u64;
            for (j, limb) in MODULUS.into_iter().enumerate() {
                self.0[i + j] = multiply_add(m, limb, self.0[i + j], &mut carry);
            }
            let sum = u128::from(self.0[i + 4]) + u128::from(carry) + u128::from(overflow);
            self.0[i + 4] = sum as u64;
            overflow = (sum >> 64) as u64;
        }
        debug_assert_eq!(overflow, 0);
        let [_, _, _, _, a, b, c, d] = self.0;
        let mut limbs = [a, b, c, d];
        for multiple in &MULTIPLES {
            limbs = subtract_if_fits(limbs, multiple);
        }
        Fp::new_unchecked(BigInt::new(limbs))
    }
}

/// The sum over i of left[i] * right[i]. Assumes at most 17 terms.
#[inline(always)]
pub fn dot(left: &[Fr], right: &[Fr]) -> Fr {
    let mut sum = Wide::ZERO;
    for (x, y) in left.iter().zip(right) {
        sum.add_product(x, y);
    }
    sum.reduce()
}

#[inline(always)]
fn multiply(x: &[u64; 4], y: &[u64; 4]) -> [u64; 8] {
    let mut product = [0u64; 8];
    for i in 0..4 {
        let mut carry = 0u64;
        for j in 0..4 {
            product[i + j] = multiply_add(x[i], y[j], product[i + j], &mut carry);
        }
        product[i + 4] = carry;
    }
    product
}

/// The low half of x * y + addend + carry; the high half becomes the carry.
#[inline(always)]
fn multiply_add(x: u64, y: u64, addend: u64, carry: &mut u64) -> u64 {
    let sum = u128::from(x) * u128::from(y) + u128::from(addend) + u128::from(*carry);
    *carry = (sum >> 64) as u64;
    sum as u64
}

#[inline(always)]
fn subtract_if_fits(limbs: [u64; 4], multiple: &[u64; 4]) -> [u64; 4] {
    let mut difference = [0u64; 4];
    let mut borrow = false;
    for i in 0..4 {
        let (part, first) = limbs[i].overflowing_sub(multiple[i]);
        let (part, second) = part.overflowing_sub(u64::from(borrow));
        difference[i] = part;
        borrow = first | second;
    }
    if borrow {
        limbs
    } else {
        difference
    }
}

const fn shift_left(n_bits: u32) -> [u64; 4] {
    let [a, b, c, d] = MODULUS;
    let low = 64 - n_bits;
    [a << n_bits, b << n_bits | a >> low, c << n_bits | b >> low, d << n_bits | c >> low]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{AdditiveGroup, Field};

    #[test]
    fn dot_of_the_largest_representatives_agrees_with_field_arithmetic() {
        // r - 1 as a Montgomery representative is the largest that there is
        let largest: Fr =
            Fp::new_unchecked(BigInt::new([MODULUS[0] - 1, MODULUS[1], MODULUS[2], MODULUS[3]]));
        for n in 0..=17 {
            let values = vec![largest; n];
            assert_eq!(dot(&values, &values), largest * largest * Fr::from(n as u64), "n = {n}");
            let mut sum = Wide::from_element(&largest);
            values.iter().for_each(|value| sum.add_product(value, value));
            assert_eq!(sum.reduce(), largest * largest * Fr::from(n as u64) + largest, "n = {n}");
        }
    }

    #[test]
    fn products_of_zero_and_one_are_exact() {
        assert_eq!(dot(&[Fr::ZERO, Fr::ONE], &[Fr::ONE, Fr::ONE]), Fr::ONE);
        assert_eq!(dot(&[], &[]), Fr::ZERO);
        assert_eq!(dot(&[-Fr::ONE, Fr::ONE], &[Fr::ONE, Fr::ONE]), Fr::ZERO);
    }
}
