//! Between rows in memory (4 words of 64 bits a coordinate) and lanes of 5 limbs of 52 bits.
//!
//! A row's words are taken as they stand. arkworks' are x * 2^256; the lanes' Montgomery factor is 2^260, so what they
//! read there as an element is x / 16. Callers keep that factor in mind instead of multiplying it away.

use ark_bn254::Fr;

use crate::element::Lanes;
use crate::modulus::{to_limbs, Limbs, Modulus};
use crate::simd::{each, LIMB_MASK, V};
use crate::Ifma;

#[inline(always)]
pub fn load(token: Ifma, row: &[u64; 8]) -> V {
    V::load(token, row)
}

/// Turn eight rows of eight words into eight columns, or back.
#[inline(always)]
pub fn transpose(r: [V; 8]) -> [V; 8] {
    // Pairs of rows: (low, high) words interleaved within 128 bits; then the 128-bit blocks are dealt out.
    let low = each!(i of 4 => r[2 * i].unpack_lo(r[2 * i + 1]));
    let high = each!(i of 4 => r[2 * i].unpack_hi(r[2 * i + 1]));
    let (a, c) = halves(low);
    let (e, g) = halves(high);
    [
        a[0].shuffle::<0x88>(a[1]),
        e[0].shuffle::<0x88>(e[1]),
        a[0].shuffle::<0xdd>(a[1]),
        e[0].shuffle::<0xdd>(e[1]),
        c[0].shuffle::<0x88>(c[1]),
        g[0].shuffle::<0x88>(g[1]),
        c[0].shuffle::<0xdd>(c[1]),
        g[0].shuffle::<0xdd>(g[1]),
    ]
}

#[inline(always)]
fn halves(x: [V; 4]) -> ([V; 2], [V; 2]) {
    let first = [x[0].shuffle::<0x44>(x[1]), x[2].shuffle::<0x44>(x[3])];
    let second = [x[0].shuffle::<0xee>(x[1]), x[2].shuffle::<0xee>(x[3])];
    (first, second)
}

/// Return the elements of which `words[i]` holds the i-th words.
#[inline(always)]
pub fn unpack<M: Modulus>(words: [V; 4]) -> Lanes<M> {
    let mask = words[0].of(LIMB_MASK);
    Lanes::from_limbs([
        words[0].and(mask),
        words[0].funnel::<52>(words[1]).and(mask),
        words[1].funnel::<40>(words[2]).and(mask),
        words[2].funnel::<28>(words[3]).and(mask),
        words[3].shr::<16>(),
    ])
}

/// Return the words of elements below 2^256, that is 5.28 p.
#[inline(always)]
pub fn pack<M: Modulus>(element: &Lanes<M>) -> [V; 4] {
    let l = element.checked(5.28).limbs;
    [
        l[0].or(l[1].shl::<52>()),
        l[1].shr::<12>().or(l[2].shl::<40>()),
        l[2].shr::<24>().or(l[3].shl::<28>()),
        l[3].shr::<36>().or(l[4].shl::<16>()),
    ]
}

/// Return x * 2^260 mod r: arkworks writes x * 2^256.
pub fn to_montgomery(x: Fr) -> Limbs {
    to_limbs((x * Fr::from(16u64)).0 .0)
}
