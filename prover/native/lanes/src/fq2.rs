//! Eight elements of Fq2 = Fq[u] / (u^2 + 1).

use crate::element::{
    accumulate_columns, add_columns, carry, multiply_columns, reduce_columns, sub_columns, Lanes,
};
use crate::modulus::FqModulus;

pub type Fq8 = Lanes<FqModulus>;

/// c0 + c1 u. A bound of an element is one of both coordinates.
#[derive(Clone, Copy)]
pub struct Fq2x8 {
    pub c0: Fq8,
    pub c1: Fq8,
}

impl Fq2x8 {
    /// Return a * b / R: three products (Karatsuba), two reductions. Assumes A * B <= 84 and A, B <= 42.
    ///
    /// c0 is below (2.522 + A * B / 84.6) p, c1 below (1.522 + 2 * A * B / 84.6) p: with A * B <= 16 both below 3 p.
    #[inline(always)]
    pub fn multiply(&self, other: &Self) -> Self {
        let [c0, c1] = self.multiply_raw(other);
        let result = Fq2x8 { c0: Fq8::from_limbs(carry(c0)), c1: Fq8::from_limbs(carry(c1)) };
        result.checked(3.53)
    }

    /// As `multiply`, carries left in the columns.
    #[inline(always)]
    pub fn multiply_raw(&self, other: &Self) -> [[crate::simd::V; 5]; 2] {
        let low = multiply_columns(&self.c0.limbs, &other.c0.limbs);
        let high = multiply_columns(&self.c1.limbs, &other.c1.limbs);
        let mut mixed = sub_columns(&[low[0].of(0); 10], &add_columns(&low, &high));
        // a0 b0 - a1 b1 may be negative, down to -A * B p^2 >= -84 p^2, that is -p * R: hence one p more.
        // It is reduced before the mixed product is made: registers do not hold both.
        let c0 = reduce_columns::<FqModulus>(sub_columns(&low, &high));
        let (a, b) = (self.c0.add(&self.c1), other.c0.add(&other.c1));
        accumulate_columns(&mut mixed, &a.limbs, &b.limbs);
        let c1 = reduce_columns::<FqModulus>(mixed);
        [a.add_multiple::<1>(c0), c1]
    }

    /// Return a^2 / R, carries left in the columns: (a0 + a1)(a0 - a1 + 3 p) and 2 a0 a1, two products.
    /// Assumes A <= 3: both below 2 p.
    #[inline(always)]
    pub fn square_raw(&self) -> [[crate::simd::V; 5]; 2] {
        let (sum, difference) = (self.c0.add(&self.c1), self.c0.sub::<3>(&self.c1));
        let twice = self.c0.add(&self.c0);
        [sum.multiply_raw(&difference), twice.multiply_raw(&self.c1)]
    }

    /// Return a^2 / R, below 2 p. Assumes A <= 3.
    #[inline(always)]
    pub fn square(&self) -> Self {
        let [c0, c1] = self.square_raw();
        Fq2x8 { c0: Fq8::from_limbs(carry(c0)), c1: Fq8::from_limbs(carry(c1)) }.checked(2.0)
    }

    #[inline(always)]
    pub fn checked(self, bound: f64) -> Self {
        Fq2x8 { c0: self.c0.checked(bound), c1: self.c1.checked(bound) }
    }
}
