//! Poseidon's permutation of eight states at once, over Fr: the factored form that its caller derived (docs/kernel.md).
//!
//! Bounds in p, for a width W of 17 at most; constants are below p. After a matrix an element is below
//! 1.522 + W * 2.2902 / 84.6 < 1.99, after a partial round below 2.2902; with a constant below 3.2902. A square of that
//! is below 1.522 + 3.2902^2 / 84.6 < 1.66, the fourth power below 1.56, the fifth below 1.59.

use ark_bn254::Fr;

use crate::element::{accumulate_columns, add_columns, carry, reduce_columns, Lanes, REDUCED};
use crate::modulus::{double, FrModulus, Limbs, Modulus};
use crate::pack::{pack, to_montgomery, unpack};
use crate::simd::{each, V};
use crate::Ifma;

type Fr8 = Lanes<FrModulus>;

/// How many rows are hashed at once.
pub const ROWS: usize = 8;
const MAX_WIDTH: usize = 17;
const HALF: usize = 4;
/// What a matrix leaves elements below, in p.
const MIXED: f64 = 1.99;
/// x * 2^256 times this is x * 2^260 * 2^260: from arkworks' form to the lanes'.
const FROM_ARKWORKS: Limbs = double(264, FrModulus::P);
/// And back.
const TO_ARKWORKS: Limbs = double(256, FrModulus::P);

/// The rounds of a permutation of W elements: constants, then fifth powers (of all, or of the first), then a matrix.
pub struct Permutation<const W: usize> {
    opening: [FullRound<W>; HALF],
    partial: Vec<PartialRound<W>>,
    closing: [FullRound<W>; HALF],
}

/// All elements: `new[i] = sum_j matrix[i][j] * (old[j] + constants[j])^5`.
pub struct FullRound<const W: usize> {
    constants: [Limbs; W],
    matrix: [[Limbs; W]; W],
}

/// Element 0 alone: its fifth power x, then `new[0] = row . old` and `new[i] = old[i] + column[i - 1] * x`.
pub struct PartialRound<const W: usize> {
    constant: Limbs,
    row: [Limbs; W],
    column: [Limbs; W],
}

impl<const W: usize> FullRound<W> {
    /// Take a round over.
    pub fn new(constants: &[Fr; W], matrix: &[[Fr; W]; W]) -> Self {
        FullRound {
            constants: constants.map(to_montgomery),
            matrix: matrix.map(|row| row.map(to_montgomery)),
        }
    }
}

impl<const W: usize> PartialRound<W> {
    /// Take a round over; the last place of `column` is unused.
    pub fn new(constant: Fr, row: &[Fr; W], column: &[Fr; W]) -> Self {
        PartialRound {
            constant: to_montgomery(constant),
            row: row.map(to_montgomery),
            column: column.map(to_montgomery),
        }
    }
}

impl<const W: usize> Permutation<W> {
    /// Return the permutation of these rounds. Assumes 2 <= W <= 17.
    pub fn new(
        opening: [FullRound<W>; HALF],
        partial: Vec<PartialRound<W>>,
        closing: [FullRound<W>; HALF],
    ) -> Self {
        assert!((2..=MAX_WIDTH).contains(&W), "width {W}");
        Permutation { opening, partial, closing }
    }

    /// Return element 0 of the permuted (tag, row) for each of 1 to 8 rows of W - 1 elements.
    pub fn hash(&self, token: Ifma, rows: &[Fr], tag: Fr) -> [Fr; ROWS] {
        let n = rows.len() / (W - 1);
        assert!((1..=ROWS).contains(&n) && rows.len() == n * (W - 1), "{} elements", rows.len());
        // SAFETY: the token says that the processor has the instructions that `hash_eight` is compiled for.
        unsafe { hash_eight(self, token, rows, n, tag) }
    }
}

/// Hash `n` rows; the lanes that are left hash the last one again.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma")]
fn hash_eight<const W: usize>(
    permutation: &Permutation<W>,
    token: Ifma,
    rows: &[Fr],
    n: usize,
    tag: Fr,
) -> [Fr; ROWS] {
    let mut state = [Fr8::splat(token, to_montgomery(tag)); W];
    for (i, element) in state[1..].iter_mut().enumerate() {
        let words = each!(lane of 8 => rows[lane.min(n - 1) * (W - 1) + i].0 .0);
        let column = each!(k of 4 => V::load(token, &each!(lane of 8 => words[lane][k])));
        *element = times(&unpack(column), &FROM_ARKWORKS);
    }
    for round in &permutation.opening {
        full_round(round, &mut state);
    }
    for round in &permutation.partial {
        partial_round(round, &mut state);
    }
    for round in &permutation.closing[..HALF - 1] {
        full_round(round, &mut state);
    }
    let last = &permutation.closing[HALF - 1];
    raise(&last.constants, &mut state);
    let words = pack(&times(&dot(&last.matrix[0], &state), &TO_ARKWORKS).canonical());
    let words = each!(k of 4 => words[k].words());
    each!(lane of 8 => Fr::new_unchecked(ark_ff::BigInt([words[0][lane], words[1][lane], words[2][lane], words[3][lane]])))
}

#[inline(always)]
fn full_round<const W: usize>(round: &FullRound<W>, state: &mut [Fr8; W]) {
    raise(&round.constants, state);
    let raised = *state;
    for (element, row) in state.iter_mut().zip(&round.matrix) {
        *element = dot(row, &raised);
    }
}

#[inline(always)]
fn partial_round<const W: usize>(round: &PartialRound<W>, state: &mut [Fr8; W]) {
    state[0] = fifth_power(&state[0].add(&state[0].of(round.constant)));
    let (first, head) = (state[0], dot(&round.row, state));
    for (element, factor) in state[1..].iter_mut().zip(&round.column) {
        let product = first.multiply_raw(&first.of(*factor));
        // below 1.55 + 2.2902; no column is negative, so the sum may be as small as it likes
        *element = Lanes::reduce(add_columns(&product, &element.limbs));
    }
    state[0] = head;
}

#[inline(always)]
fn raise<const W: usize>(constants: &[Limbs; W], state: &mut [Fr8; W]) {
    for (element, constant) in state.iter_mut().zip(constants) {
        *element = fifth_power(&element.add(&element.of(*constant)));
    }
}

#[inline(always)]
fn fifth_power(x: &Fr8) -> Fr8 {
    x.checked(REDUCED + 1.0).square().square().multiply(x)
}

#[inline(always)]
fn times(x: &Fr8, factor: &Limbs) -> Fr8 {
    x.multiply(&x.of(*factor))
}

/// Return the sum over j of factors[j] * x[j], reduced once: 170 terms below 2^52 a column at most, and 30 of
/// the reduction: below 2^60.
#[inline(always)]
fn dot<const W: usize>(factors: &[Limbs; W], x: &[Fr8; W]) -> Fr8 {
    let mut sum = [x[0].limbs[0].of(0); 10];
    for (element, factor) in x.iter().zip(factors) {
        accumulate_columns(&mut sum, &element.limbs, &element.of(*factor).limbs);
    }
    Fr8::from_limbs(carry(reduce_columns::<FrModulus>(sum))).checked(MIXED)
}
