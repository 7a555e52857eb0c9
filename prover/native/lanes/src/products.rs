//! Products held to what they should be: a * b = c for many values, sixteen at a time.

use ark_bn254::Fr;

use crate::element::Lanes;
use crate::modulus::{times, FrModulus, Limbs, Modulus};
use crate::pack::{transpose, unpack};
use crate::simd::{each, V};
use crate::Ifma;

type Fr8 = Lanes<FrModulus>;

/// Values taken at once: two vectors of eight elements.
const AT_ONCE: usize = 16;
const TWICE_P: Limbs = times(2, FrModulus::P);

/// Return the first i where a[i] * b[i] is not c[i]. Assumes all three as long.
pub fn find_wrong(token: Ifma, a: &[Fr], b: &[Fr], c: &[Fr]) -> Option<usize> {
    assert!(a.len() == b.len() && b.len() == c.len(), "{} {} {}", a.len(), b.len(), c.len());
    // SAFETY: the token says that the processor has the instructions that `find` is compiled for.
    unsafe { find(token, a, b, c) }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma")]
fn find(token: Ifma, a: &[Fr], b: &[Fr], c: &[Fr]) -> Option<usize> {
    let (mut a_blocks, mut b_blocks, mut c_blocks) =
        (a.chunks_exact(AT_ONCE), b.chunks_exact(AT_ONCE), c.chunks_exact(AT_ONCE));
    let blocks = a_blocks.by_ref().zip(b_blocks.by_ref()).zip(c_blocks.by_ref());
    for (i, ((a, b), c)) in blocks.enumerate() {
        let wrong = find_in_block(token, a, b, c);
        if wrong != 0 {
            return Some(AT_ONCE * i + wrong.trailing_zeros() as usize);
        }
    }
    let mut rest = [[Fr::default(); AT_ONCE]; 3]; // zero times zero is zero
    let of_blocks = [a_blocks.remainder(), b_blocks.remainder(), c_blocks.remainder()];
    for (place, values) in rest.iter_mut().zip(of_blocks) {
        place[..values.len()].copy_from_slice(values);
    }
    let wrong = find_in_block(token, &rest[0], &rest[1], &rest[2]);
    (wrong != 0).then(|| a.len() / AT_ONCE * AT_ONCE + wrong.trailing_zeros() as usize)
}

/// Return a bit for each of sixteen that is wrong.
#[inline(always)]
fn find_in_block(token: Ifma, a: &[Fr], b: &[Fr], c: &[Fr]) -> u16 {
    let (a, b, c) = (load(token, a), load(token, b), load(token, c));
    let (even, odd) = (is_wrong(&a[0], &b[0], &c[0]), is_wrong(&a[1], &b[1], &c[1]));
    spread(even) | spread(odd) << 1
}

/// Return the eight bits at even places.
fn spread(mask: u8) -> u16 {
    (0..8).fold(0, |bits, i| bits | u16::from(mask >> i & 1) << (2 * i))
}

/// Return the elements at even and at odd places; each is read as a sixteenth of it.
#[inline(always)]
fn load(token: Ifma, values: &[Fr]) -> [Fr8; 2] {
    let w = transpose(each!(i of 8 => V::load_two(token, &values[2 * i].0 .0, &values[2 * i + 1].0 .0)));
    [unpack([w[0], w[1], w[2], w[3]]), unpack([w[4], w[5], w[6], w[7]])]
}

/// Return the lanes in which a * b is not c, of sixteenths below p. With 16 a in place of a the product is a sixteenth too;
/// it is below 1.522 + 16 / 84.6 < 1.72 p, and minus c, plus p, a multiple of p where it is p or 2 p.
#[inline(always)]
fn is_wrong(a: &Fr8, b: &Fr8, c: &Fr8) -> u8 {
    let difference = a.times_4().times_4().multiply(b).sub::<1>(c).checked(2.72);
    !(equals(&difference, &FrModulus::P) | equals(&difference, &TWICE_P))
}

/// Return the lanes that hold these limbs.
#[inline(always)]
fn equals(x: &Fr8, limbs: &Limbs) -> u8 {
    let same = each!(j of 5 => x.limbs[j].equals(x.limbs[j].of(limbs[j])));
    same[0] & same[1] & same[2] & same[3] & same[4]
}
