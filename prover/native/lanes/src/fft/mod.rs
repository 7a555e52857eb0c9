//! From values on the n-th roots of unity to values on a coset of them, over Fr: what the quotient of a proof needs.
//!
//! The values stand as a matrix of n1 rows and n2 columns (four-step: Bailey, FFTs in external or hierarchical memory).
//! The inverse transform runs down the columns and then along the rows, and leaves coefficient k at the place of its
//! reversed bits; the forward one starts from there, along the rows and up the columns. So nothing is ever transposed
//! in memory, and three passes over it do both: `columns`, `rows`, `columns`.
//!
//! Elements are arkworks' (x * 2^256) throughout: factors are in the lanes' Montgomery form, so a product keeps the form.

pub mod butterflies;
mod passes;
mod tables;

use ark_bn254::Fr;

use crate::{Ifma, Watch};
use tables::Tables;

/// A transform for one domain and shift.
pub struct CosetTransform {
    tables: Tables,
}

/// The smallest domain, 2^8: sixteen rows of sixteen columns.
pub const MIN_LOG2: u32 = 8;

/// The words of an element.
type Words = [u64; 4];

// `as_words` rests on these.
const _: () = assert!(size_of::<Fr>() == 32 && align_of::<Fr>() == align_of::<Words>());
const _: () = assert!(core::mem::offset_of!(Fr, 0) == 0 && size_of::<ark_ff::BigInt<4>>() == 32);

impl CosetTransform {
    /// Return the transform from the 2^log2-th roots of unity to `shift` times them. Assumes 8 <= log2 <= 28.
    pub fn new(log2: u32, shift: Fr) -> Self {
        assert!(log2 >= MIN_LOG2, "at least 2^{MIN_LOG2} values");
        CosetTransform { tables: Tables::new(log2, shift) }
    }

    /// Replace the values of a polynomial of degree below n on the roots of unity by those on the coset, in order.
    /// Where `watch` stops it, they are nothing in particular.
    pub fn apply(&self, token: Ifma, values: &mut [Fr], watch: &impl Watch) {
        assert_eq!(values.len(), 1 << self.tables.log2, "the domain's size");
        let words = as_words(values);
        passes::columns_down(token, &self.tables, words, watch);
        passes::rows(token, &self.tables, words, watch);
        passes::columns_up(token, &self.tables, words, watch);
    }
}

/// Between passes the words may be above the modulus; the last pass leaves them below.
fn as_words(values: &mut [Fr]) -> &mut [Words] {
    // SAFETY: an Fr is one BigInt<4> of four u64 and a marker without size: same size and alignment, at offset 0, as
    // asserted above. The slice borrows `values` mutably for as long as it lives.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len()) }
}
