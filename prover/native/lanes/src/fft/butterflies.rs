//! Transforms of a buffer of vectors, all lanes alike, two levels at a time.
//!
//! A product by a twiddle is below 5.6 p whatever its factor is, up to 84 p: so of four values only one must be reduced
//! where they are multiplied. A twiddle that is one costs no product: of four levels of 4, 16, .. a fifth.

use crate::element::{add_columns, carry, sub_columns, Lanes};
use crate::fixed::Fixed;
use crate::modulus::FrModulus;

pub type Fr8 = Lanes<FrModulus>;

/// What `down` takes and leaves at most, in p.
pub const DOWN: f64 = 10.51;
/// What `up` takes and leaves at most, in p.
pub const UP: f64 = 15.6;

/// Return a + b, reduced. Assumes A + B <= 42.3.
#[inline(always)]
fn sum(a: &Fr8, b: &Fr8) -> Fr8 {
    Fr8::reduce_wide(add_columns(&a.limbs, &b.limbs))
}

/// Return a - b + K p, reduced. Assumes B <= K - 1/4, so that it is not near zero, and A + K <= 42.3.
#[inline(always)]
fn difference<const K: u64>(a: &Fr8, b: &Fr8) -> Fr8 {
    debug_assert!(b.in_p().iter().all(|value| *value <= K as f64 - 0.25), "{:?}", b.in_p());
    Fr8::reduce_wide(a.add_multiple::<K>(sub_columns(&a.limbs, &b.limbs)))
}

/// A power of a root, its square, and the fourth root of unity times it.
struct Twiddles<'a> {
    once: &'a Fixed,
    twice: &'a Fixed,
    quarter: &'a Fixed,
}

#[inline(always)]
fn turn_down([a, b, c, d]: [&Fr8; 4], by: &Twiddles) -> [Fr8; 4] {
    let (s, t) = (add_columns(&a.limbs, &c.limbs), add_columns(&b.limbs, &d.limbs));
    let apart = carry(a.add_multiple::<22>(sub_columns(&s, &t))); // below 43.1 p
    let u = by.once.times(&a.sub::<11>(c)); // of 21.6 p: below 5.255 p
    let v = by.quarter.times(&b.sub::<11>(d));
    [
        Fr8::reduce_wide(add_columns(&s, &t)), // of 42.1 p
        by.twice.times(&Fr8::from_limbs(apart)),
        u.add(&v).checked(DOWN),
        by.twice.times(&u.sub::<6>(&v)),
    ]
}

/// As `turn_down` where all but the fourth root of unity are one.
#[inline(always)]
fn turn_down_by_one([a, b, c, d]: [&Fr8; 4], quarter: &Fixed) -> [Fr8; 4] {
    let (s, t) = (sum(a, c), sum(b, d)); // below 3.6 p
    let u = difference::<11>(a, c); // of 21.6 p
    let v = quarter.times(&b.sub::<11>(d)); // below 5.3 p
    [s.add(&t), s.sub::<4>(&t), u.add(&v), u.sub::<6>(&v)] // below 9.6 p
}

#[inline(always)]
fn turn_up([a, b, c, d]: [&Fr8; 4], by: &Twiddles) -> [Fr8; 4] {
    let (b, d) = (by.twice.times(b), by.twice.times(d)); // below 5.19 p
    let a = Fr8::reduce_wide(a.limbs);
    let (s, t) = (a.add(&b), a.sub::<6>(&b)); // below 8.8 and 9.59 p
    let u = by.once.times(&c.add(&d)); // of 20.8 p: below 5.3 p
    let v = by.quarter.times(&c.sub::<6>(&d)); // of 21.6 p
    [s.add(&u), t.add(&v), s.sub::<6>(&u), t.sub::<6>(&v).checked(UP)]
}

/// As `turn_up` where all but the fourth root of unity are one.
#[inline(always)]
fn turn_up_by_one([a, b, c, d]: [&Fr8; 4], quarter: &Fixed) -> [Fr8; 4] {
    let (s, t, u) = (sum(a, b), difference::<16>(a, b), sum(c, d)); // of 31.6 p
    let v = quarter.times(&c.sub::<16>(d)); // below 5.4 p
    [s.add(&u), t.add(&v), s.sub::<4>(&u), t.sub::<6>(&v)] // below 9.6 p
}

/// One level of two values, in place; reduced. Assumes at most `DOWN`.
#[inline(always)]
fn turn_pairs(buffer: &mut [Fr8]) {
    for pair in buffer.chunks_exact_mut(2) {
        let (a, b) = (pair[0], pair[1]);
        (pair[0], pair[1]) = (sum(&a, &b), difference::<11>(&a, &b));
    }
}

/// Two levels of a block, in place: `turn_down` or else `turn_up`.
#[inline(always)]
fn turn_block<const IS_DOWN: bool>(block: &mut [Fr8], roots: &[Fixed], stride: usize) {
    let quarter = block.len() / 4;
    for j in 0..quarter {
        let at = [j, j + quarter, j + 2 * quarter, j + 3 * quarter];
        let values = [&block[at[0]], &block[at[1]], &block[at[2]], &block[at[3]]];
        let (once, twice) = (&roots[j * stride], &roots[2 * j * stride]);
        let by = Twiddles { once, twice, quarter: &roots[(j + quarter) * stride] };
        let turned = match (IS_DOWN, j) {
            (true, 0) => turn_down_by_one(values, by.quarter),
            (true, _) => turn_down(values, &by),
            (false, 0) => turn_up_by_one(values, by.quarter),
            (false, _) => turn_up(values, &by),
        };
        [block[at[0]], block[at[1]], block[at[2]], block[at[3]]] = turned;
    }
}

/// Natural order in, reversed bits out (Gentleman-Sande). `roots[i]` is the i-th power of the root of order
/// `buffer.len()`. Assumes at most `DOWN`, and leaves that.
#[inline(always)]
pub fn down(buffer: &mut [Fr8], roots: &[Fixed]) {
    let mut length = buffer.len();
    while length >= 4 {
        let stride = buffer.len() / length;
        for block in buffer.chunks_exact_mut(length) {
            turn_block::<true>(block, roots, stride);
        }
        length /= 4;
    }
    if length == 2 {
        turn_pairs(buffer);
    }
}

/// Reversed bits in, natural order out (Cooley-Tukey): undoes `down` with the inverse roots, times the length. Assumes
/// at most `DOWN`, and leaves at most `UP`.
#[inline(always)]
pub fn up(buffer: &mut [Fr8], roots: &[Fixed]) {
    let n = buffer.len();
    let mut length = 4;
    if n.trailing_zeros() % 2 == 1 {
        turn_pairs(buffer);
        length = 8;
    }
    while length <= n {
        for block in buffer.chunks_exact_mut(length) {
            turn_block::<false>(block, roots, n / length);
        }
        length *= 4;
    }
}
