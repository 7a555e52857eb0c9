//! Transforms of a buffer of vectors, all lanes alike, two levels at a time. Elements stay below 2.2902 p (`REDUCED`).

use crate::element::{add_columns, sub_columns, Lanes};
use crate::modulus::{FrModulus, Limbs};

pub type Fr8 = Lanes<FrModulus>;

#[inline(always)]
fn times(a: &Fr8, factor: &Limbs) -> Fr8 {
    a.multiply(&a.of(*factor))
}

/// Return a + b, reduced. Assumes A + B <= 10.5.
#[inline(always)]
fn sum(a: &Fr8, b: &Fr8) -> Fr8 {
    Fr8::reduce(add_columns(&a.limbs, &b.limbs))
}

/// Return a - b + 2 p, reduced. Assumes B <= 1.7, so that it is not near zero, and A <= 8.
#[inline(always)]
fn difference(a: &Fr8, b: &Fr8) -> Fr8 {
    Fr8::reduce(a.add_multiple::<2>(sub_columns(&a.limbs, &b.limbs)))
}

/// Natural order in, reversed bits out (Gentleman-Sande). `roots[i]` is the i-th power of the root of order
/// `buffer.len()`.
#[inline(always)]
pub fn down(buffer: &mut [Fr8], roots: &[Limbs]) {
    let mut length = buffer.len();
    while length >= 4 {
        let (quarter, stride) = (length / 4, buffer.len() / length);
        for block in buffer.chunks_exact_mut(length) {
            for j in 0..quarter {
                let at = [j, j + quarter, j + 2 * quarter, j + 3 * quarter];
                let [a, b, c, d] = [&block[at[0]], &block[at[1]], &block[at[2]], &block[at[3]]];
                let (once, twice) = (&roots[j * stride], &roots[2 * j * stride]);
                let (s, t) = (a.add(c), b.add(d)); // below 4.6 p
                let u = times(&a.sub::<3>(c), once); // of 5.3 p: below 1.6 p
                let v = times(&b.sub::<3>(d), &roots[(j + quarter) * stride]);
                block[at[0]] = sum(&s, &t);
                block[at[1]] = times(&s.sub::<5>(&t), twice); // of 9.6 p
                block[at[2]] = sum(&u, &v);
                block[at[3]] = times(&u.sub::<2>(&v), twice);
            }
        }
        length /= 4;
    }
    if length == 2 {
        for pair in buffer.chunks_exact_mut(2) {
            let (a, b) = (pair[0], pair[1]);
            // Not near zero: b below 2.3 p, 3 p added.
            let difference = a.add_multiple::<3>(sub_columns(&a.limbs, &b.limbs));
            (pair[0], pair[1]) = (sum(&a, &b), Fr8::reduce(difference));
        }
    }
}

/// Reversed bits in, natural order out (Cooley-Tukey): undoes `down` with the inverse roots, times the length.
#[inline(always)]
pub fn up(buffer: &mut [Fr8], roots: &[Limbs]) {
    let n = buffer.len();
    let mut length = 4;
    if n.trailing_zeros() % 2 == 1 {
        for pair in buffer.chunks_exact_mut(2) {
            let (a, b) = (pair[0], pair[1]);
            let difference = a.add_multiple::<3>(sub_columns(&a.limbs, &b.limbs));
            (pair[0], pair[1]) = (sum(&a, &b), Fr8::reduce(difference));
        }
        length = 8;
    }
    while length <= n {
        let (quarter, stride) = (length / 4, n / length);
        for block in buffer.chunks_exact_mut(length) {
            for j in 0..quarter {
                let at = [j, j + quarter, j + 2 * quarter, j + 3 * quarter];
                let [a, b, c, d] = [&block[at[0]], &block[at[1]], &block[at[2]], &block[at[3]]];
                let (once, twice) = (&roots[j * stride], &roots[2 * j * stride]);
                let (b, d) = (times(b, twice), times(d, twice)); // below 1.6 p
                let (s, t) = (a.add(&b), a.sub::<2>(&b)); // below 3.9 and 4.3 p
                let u = times(&c.add(&d), once); // below 1.6 p
                let v = times(&c.sub::<2>(&d), &roots[(j + quarter) * stride]);
                block[at[0]] = sum(&s, &u);
                block[at[2]] = difference(&s, &u);
                block[at[1]] = sum(&t, &v);
                block[at[3]] = difference(&t, &v);
            }
        }
        length *= 4;
    }
}
