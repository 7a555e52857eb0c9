//! Eight elements of a prime field in Montgomery form with R = 2^260, not fully reduced.
//!
//! An element's limbs are below 2^52 (the top one included), its value is some p. How many is written beside each
//! operation and held by `debug_assert`: `A` and `B` are the operands' bounds, in units of p. 2^260 / p = 84.6.

use std::marker::PhantomData;

use crate::modulus::{times, Modulus};
use crate::simd::{each, LIMB_MASK, V};
use crate::Ifma;

/// Ten columns of a product, or five: sums of products of limbs, below 2^58 and perhaps negative.
pub type Columns<const N: usize> = [V; N];

/// Eight elements; lane i holds the i-th in limb order `limbs[..][i]`.
#[derive(Clone, Copy)]
pub struct Lanes<M> {
    pub limbs: [V; 5],
    modulus: PhantomData<M>,
}

/// What `reduce` and packed coordinates stay below, in p: (i + 1) * 2^254 - floor(i * 2^254 / p) * p is at most 2.2902 p.
pub const REDUCED: f64 = 2.2902;
/// What `reduce_wide` stays below, in p: (i + 1) * 2^255 - floor(i * 2^255 / p) * p is at most 3.5804 p.
pub const WIDELY_REDUCED: f64 = 3.5804;
/// What `multiply` stays below, in p, where A * B <= 40.
pub const PRODUCT: f64 = 2.0;

impl<M: Modulus> Lanes<M> {
    #[inline(always)]
    pub fn from_limbs(limbs: [V; 5]) -> Self {
        Lanes { limbs, modulus: PhantomData }
    }

    /// Return the elements of which `words[j][i]` is limb j of the i-th.
    #[inline(always)]
    pub fn from_words(token: Ifma, words: &[[u64; 8]; 5]) -> Self {
        Self::from_limbs(each!(j of 5 => V::load(token, &words[j])))
    }

    /// Return eight times the value of `limbs`.
    #[inline(always)]
    pub fn splat(token: Ifma, limbs: [u64; 5]) -> Self {
        Self::from_limbs(each!(i of 5 => V::splat(token, limbs[i])))
    }

    /// Return eight times the value of `limbs`; that `self` exists allows it.
    #[inline(always)]
    pub fn of(&self, limbs: [u64; 5]) -> Self {
        Self::from_limbs(each!(i of 5 => self.limbs[0].of(limbs[i])))
    }

    /// Return a * b / R, below (1.522 + A * B / 84.6) p. Assumes A * B <= 84: then below 2.52 p; below 2 p for 40.
    #[inline(always)]
    pub fn multiply(&self, other: &Self) -> Self {
        let product = carry(reduce_columns::<M>(multiply_columns(&self.limbs, &other.limbs)));
        let result = Self::from_limbs(product);
        debug_assert!(result.is_product_of(self, other), "{:?} {:?}", self.in_p(), other.in_p());
        result
    }

    /// Return a^2 / R, below (1.522 + A^2 / 84.6) p.
    #[inline(always)]
    pub fn square(&self) -> Self {
        let result = Self::from_limbs(carry(self.square_raw()));
        debug_assert!(result.is_product_of(self, self), "{:?}", self.in_p());
        result
    }

    /// As `square`, carries left in the columns.
    #[inline(always)]
    pub fn square_raw(&self) -> Columns<5> {
        reduce_columns::<M>(square_columns(&self.limbs))
    }

    /// As `multiply`, carries left in the columns.
    #[inline(always)]
    pub fn multiply_raw(&self, other: &Self) -> Columns<5> {
        reduce_columns::<M>(multiply_columns(&self.limbs, &other.limbs))
    }

    /// Return a + b, below A + B. Assumes A + B <= 84.
    #[inline(always)]
    pub fn add(&self, other: &Self) -> Self {
        Self::from_limbs(carry(add_columns(&self.limbs, &other.limbs))).checked(84.0)
    }

    /// Return a - b + K p, below A + K. Assumes B <= K and A + K <= 84.
    #[inline(always)]
    pub fn sub<const K: u64>(&self, other: &Self) -> Self {
        debug_assert!(other.is_below(K as f64 + 1e-9), "{:?} > {K}", other.in_p());
        let difference = sub_columns(&self.limbs, &other.limbs);
        Self::from_limbs(carry(self.add_multiple::<K>(difference))).checked(84.0)
    }

    /// Return K p - a, at most K p. Assumes A <= K.
    #[inline(always)]
    pub fn negate<const K: u64>(&self) -> Self {
        self.of([0; 5]).sub::<K>(self)
    }

    /// Add K p to columns.
    #[inline(always)]
    pub fn add_multiple<const K: u64>(&self, columns: Columns<5>) -> Columns<5> {
        let multiple = const { times(K, M::P) };
        each!(i of 5 => columns[i].add(columns[i].of(multiple[i])))
    }

    /// Return 4 a, below 4 A. Assumes A <= 21.
    #[inline(always)]
    pub fn times_4(&self) -> Self {
        Self::from_limbs(carry(each!(i of 5 => self.limbs[i].shl::<2>()))).checked(84.0)
    }

    /// Return the columns' value minus a multiple of p, below `REDUCED`. Assumes a value in [2^209, 8 * 2^254): that is
    /// 10.58 p.
    ///
    /// The top column with the carry of the one below it is within 2^-45 of the value over 2^208, whose bits from 46 on
    /// choose the multiple; a multiple's fraction above it is more than that, so the result is not negative.
    #[inline(always)]
    pub fn reduce(columns: Columns<5>) -> Self {
        let top = columns[4].add(columns[3].sar::<52>()).shr::<46>();
        let reduced = each!(i of 5 => columns[i].sub(top.look_up(&M::REDUCTION[i])));
        Self::from_limbs(carry(reduced)).checked(REDUCED)
    }

    /// As `reduce`, below `WIDELY_REDUCED`, of a value in [2^209, 16 * 2^255): that is 42.3 p. It may be below 2^209 where
    /// no column is negative: the multiple is 0 then.
    #[inline(always)]
    pub fn reduce_wide(columns: Columns<5>) -> Self {
        let top = columns[4].add(columns[3].sar::<52>()).shr::<47>();
        let reduced = each!(i of 5 => columns[i].sub(top.look_up_16(&M::WIDE_REDUCTION[i])));
        Self::from_limbs(carry(reduced)).checked(WIDELY_REDUCED)
    }

    /// As `canonical`. Assumes A <= 42.3.
    #[inline(always)]
    pub fn canonical_wide(&self) -> Self {
        Self::reduce_wide(self.limbs).subtract_once().canonical()
    }

    /// Return the same residues below p. Assumes A <= 3.
    #[inline(always)]
    pub fn canonical(&self) -> Self {
        self.subtract_once().subtract_once().checked(1.0)
    }

    /// Return a - p, or a where that is negative.
    #[inline(always)]
    fn subtract_once(&self) -> Self {
        let p = const { M::P };
        let difference = carry(each!(i of 5 => self.limbs[i].sub(self.limbs[i].of(p[i]))));
        Self::from_limbs(difference).select(difference[4].is_negative(), self)
    }

    /// Return `other` in the lanes of the mask, self in the others.
    #[inline(always)]
    pub fn select(&self, mask: u8, other: &Self) -> Self {
        Self::from_limbs(each!(i of 5 => self.limbs[i].select(mask, other.limbs[i])))
    }

    /// Return the lanes that may hold a multiple of p between p and 5 p: all that do, and others once in 2^50.
    #[inline(always)]
    pub fn may_be_zero(&self) -> u8 {
        let low = self.limbs[0];
        let multiples = const { each!(k of 5 => times(k as u64 + 1, M::P)[0]) };
        let masks = each!(k of 5 => low.equals(low.of(multiples[k])));
        masks[0] | masks[1] | masks[2] | masks[3] | masks[4]
    }

    /// Return the lanes that hold a multiple of p up to 6 p.
    pub fn is_zero(&self) -> u8 {
        let equals = |k: u64| {
            let multiple = times(k, M::P);
            (0..5).fold(0xff, |mask, i| mask & self.limbs[i].equals(self.limbs[i].of(multiple[i])))
        };
        (0..7).fold(0, |mask, k| mask | equals(k))
    }

    /// Return the lanes' values in units of p, for the checks of debug builds.
    pub fn in_p(&self) -> [f64; 8] {
        let value = |words: [[u64; 8]; 5], lane: usize| {
            (0..5).rev().fold(0.0, |value, i| value * 2f64.powi(52) + words[i][lane] as f64)
        };
        let words = self.limbs.map(V::words);
        let p = (0..5).rev().fold(0.0, |value, i| value * 2f64.powi(52) + M::P[i] as f64);
        std::array::from_fn(|lane| value(words, lane) / p)
    }

    fn is_below(&self, bound: f64) -> bool {
        let is_limb = |limb: V| limb.words().iter().all(|word| *word <= LIMB_MASK);
        self.limbs.into_iter().all(is_limb) && self.in_p().iter().all(|value| *value <= bound)
    }

    /// Hold the bound in debug builds.
    #[inline(always)]
    pub fn checked(self, bound: f64) -> Self {
        debug_assert!(self.is_below(bound), "{:?} > {bound}", self.in_p());
        self
    }

    fn is_product_of(&self, a: &Self, b: &Self) -> bool {
        let (values, a, b) = (self.in_p(), a.in_p(), b.in_p());
        let is_within = |i: usize| a[i] * b[i] <= 84.7 && values[i] < 1.5223 + a[i] * b[i] / 84.6;
        (0..8).all(is_within) && self.is_below(2.53)
    }
}

/// Return limbs below 2^52, the carries moved up. Assumes a value in [0, 2^260) and signed columns; of a negative value
/// the top limb is negative.
#[inline(always)]
pub fn carry(t: Columns<5>) -> [V; 5] {
    let mask = t[0].of(LIMB_MASK);
    let t1 = t[1].add(t[0].sar::<52>());
    let t2 = t[2].add(t1.sar::<52>());
    let t3 = t[3].add(t2.sar::<52>());
    let t4 = t[4].add(t3.sar::<52>());
    [t[0].and(mask), t1.and(mask), t2.and(mask), t3.and(mask), t4]
}

#[inline(always)]
pub fn add_columns<const N: usize>(a: &Columns<N>, b: &Columns<N>) -> Columns<N> {
    let mut sum = *a;
    for i in 0..N {
        sum[i] = a[i].add(b[i]);
    }
    sum
}

#[inline(always)]
pub fn sub_columns<const N: usize>(a: &Columns<N>, b: &Columns<N>) -> Columns<N> {
    let mut difference = *a;
    for i in 0..N {
        difference[i] = a[i].sub(b[i]);
    }
    difference
}

/// Return the product scan of two numbers of five limbs: 50 multiply-adds, columns below 10 * 2^52.
#[inline(always)]
pub fn multiply_columns(a: &[V; 5], b: &[V; 5]) -> Columns<10> {
    let mut t = [a[0].of(0); 10];
    accumulate_columns(&mut t, a, b);
    t
}

/// Add the product of two numbers of five limbs.
#[inline(always)]
pub fn accumulate_columns(t: &mut Columns<10>, a: &[V; 5], b: &[V; 5]) {
    for i in 0..5 {
        for j in 0..5 {
            t[i + j] = t[i + j].madd_lo(a[i], b[j]);
            t[i + j + 1] = t[i + j + 1].madd_hi(a[i], b[j]);
        }
    }
}

/// As `multiply_columns(a, a)`: 30 multiply-adds, the mixed ones doubled.
#[inline(always)]
pub fn square_columns(a: &[V; 5]) -> Columns<10> {
    let mut t = [a[0].of(0); 10];
    for i in 0..5 {
        for j in i + 1..5 {
            t[i + j] = t[i + j].madd_lo(a[i], a[j]);
            t[i + j + 1] = t[i + j + 1].madd_hi(a[i], a[j]);
        }
    }
    for column in &mut t[1..9] {
        *column = column.add(*column);
    }
    for i in 0..5 {
        t[2 * i] = t[2 * i].madd_lo(a[i], a[i]);
        t[2 * i + 1] = t[2 * i + 1].madd_hi(a[i], a[i]);
    }
    t
}

/// Return T / R plus less than 1.522 p, as columns; T may be negative, down to -84.6 p^2: then more than T / R.
///
/// Twice two limbs are taken off the bottom at once, times 2^-104 and 2^-52 mod p: below (0.396 + 0.127) p together,
/// and no quotient digit to wait for; the first pair's share is divided by 2^104 again. The last limb goes the usual
/// way and adds less than p. Columns stay below 2^58: at most 10 + 20 + 10 terms below 2^52, and carries.
#[inline(always)]
pub fn reduce_columns<M: Modulus>(mut t: Columns<10>) -> Columns<5> {
    for i in [0, 2] {
        t[i + 1] = t[i + 1].add(t[i].sar::<52>());
        t[i + 2] = t[i + 2].add(t[i + 1].sar::<52>());
        for (limb, multiple) in [(t[i], M::SHIFT_2), (t[i + 1], M::SHIFT_1)] {
            for j in 0..5 {
                let factor = limb.of(multiple[j]);
                t[i + 2 + j] = t[i + 2 + j].madd_lo(limb, factor);
                t[i + 3 + j] = t[i + 3 + j].madd_hi(limb, factor);
            }
        }
    }
    reduce_last::<M>([t[4], t[5], t[6], t[7], t[8], t[9]])
}

/// Return (T + q p) / 2^52 for the q below 2^52 that makes it whole.
#[inline(always)]
pub fn reduce_last<M: Modulus>(mut t: Columns<6>) -> Columns<5> {
    let zero = t[0].of(0);
    let q = zero.madd_lo(t[0], zero.of(M::NEGATED_INVERSE));
    // t[0] + (q p[0] mod 2^52) is t[0] rounded up to a multiple of 2^52.
    t[1] = t[1].add(t[0].add(zero.of(LIMB_MASK)).sar::<52>());
    t[1] = t[1].madd_hi(q, zero.of(M::P[0]));
    for j in 1..5 {
        t[j] = t[j].madd_lo(q, zero.of(M::P[j]));
        t[j + 1] = t[j + 1].madd_hi(q, zero.of(M::P[j]));
    }
    [t[1], t[2], t[3], t[4], t[5]]
}
