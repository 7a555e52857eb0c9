//! What coordinates of G1 and of G2 share.

use super::Row;
use crate::element::{carry, Lanes};
use crate::fq2::Fq8;
use crate::modulus::{double, times, FqModulus, Modulus};
use crate::pack::{transpose, unpack};
use crate::simd::{each, V};

/// 48 = 3 * 16 in Montgomery form, below 3 p.
pub(super) const TANGENT: [u64; 5] = times(3, double(264, FqModulus::P));

pub(super) fn words_of<const N: usize>(row: &Row<N>, at: usize) -> [u64; 4] {
    std::array::from_fn(|i| row.0[4 * at + i])
}

#[inline(always)]
pub(super) fn or_all(l: [V; 5]) -> V {
    l[0].or(l[1]).or(l[2]).or(l[3]).or(l[4])
}

/// Return what eight rows of two packed coordinates hold.
#[inline(always)]
pub(super) fn unpack_pair(rows: [V; 8]) -> (Fq8, Fq8) {
    let w = transpose(rows);
    (unpack([w[0], w[1], w[2], w[3]]), unpack([w[4], w[5], w[6], w[7]]))
}

/// Return columns - a (- b) + K p, reduced. Assumes columns below 3.6 p and K at least the bounds of what is taken off.
#[inline(always)]
pub(super) fn next_coordinate<const K: u64>(columns: [V; 5], a: &Fq8, b: Option<&Fq8>) -> Fq8 {
    let taken = match b {
        Some(b) => each!(i of 5 => a.limbs[i].add(b.limbs[i])),
        None => a.limbs,
    };
    let difference = each!(i of 5 => columns[i].sub(taken[i]));
    Lanes::reduce(a.add_multiple::<K>(difference))
}

/// Return 4 (a - b), below 21.2 p.
#[inline(always)]
pub(super) fn four_differences(a: &Fq8, b: &Fq8) -> Fq8 {
    let difference = a.add_multiple::<3>(each!(i of 5 => a.limbs[i].sub(b.limbs[i])));
    let fourfold = each!(i of 5 => difference[i].shl::<2>());
    Lanes::from_limbs(carry(fourfold)).checked(21.2)
}
