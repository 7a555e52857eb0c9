//! Poseidon of 1 to 16 inputs as circomlib has it; the initial capacity element is the domain tag.

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;

use crate::error::Error;
use crate::lanes::{Lanes, FEWEST_FOR_LANES, ROWS};
use crate::partial_rounds::{Factored, HALF};
use crate::wide::{dot, Wide};

pub const MAX_INPUTS: usize = 16;
/// Below this many rows the threads cost more than they give, or take longer to wake up.
const MIN_PARALLEL_ROWS: usize = 65;

/// Hash one row of inputs.
pub fn hash(inputs: &[Fr], tag: Fr) -> Result<Fr, Error> {
    Ok(hash_many(inputs.len(), inputs, tag)?[0])
}

/// Hash every `arity` consecutive inputs, in parallel when there are many rows.
///
/// Refuses an arity outside 1..=16 and inputs that do not fill their last row.
pub fn hash_many(arity: usize, inputs: &[Fr], tag: Fr) -> Result<Vec<Fr>, Error> {
    macro_rules! dispatch {
        ($($arity:literal)*) => {
            match arity {
                $($arity => hash_rows::<{ $arity + 1 }>(
                    { static FORM: OnceLock<Form<{ $arity + 1 }>> = OnceLock::new(); FORM.get_or_init(Form::derive) },
                    inputs, tag),)*
                got => Err(Error::Arity { got }),
            }
        };
    }
    dispatch!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

/// The permutation for each path.
struct Form<const W: usize> {
    portable: Factored<W>,
    lanes: Option<Lanes<W>>,
}

impl<const W: usize> Form<W> {
    fn derive() -> Self {
        let portable = Factored::derive();
        let lanes = Lanes::choose(&portable);
        Self { portable, lanes }
    }

    /// Hash a few rows.
    fn hash(&self, rows: &[Fr], tag: Fr, out: &mut [Fr]) {
        match &self.lanes {
            Some(lanes) if out.len() >= FEWEST_FOR_LANES => lanes.hash(rows, tag, out),
            _ => {
                for (row, out) in rows.chunks_exact(W - 1).zip(out) {
                    *out = hash_row(&self.portable, row, tag);
                }
            }
        }
    }
}

fn hash_rows<const W: usize>(form: &Form<W>, inputs: &[Fr], tag: Fr) -> Result<Vec<Fr>, Error> {
    if !inputs.len().is_multiple_of(W - 1) {
        return Err(Error::Length { what: "rows", got_bytes: inputs.len() * 32, unit_bytes: (W - 1) * 32 });
    }
    let mut hashes = vec![Fr::ZERO; inputs.len() / (W - 1)];
    if hashes.len() < MIN_PARALLEL_ROWS {
        let parts = inputs.chunks(ROWS * (W - 1)).zip(hashes.chunks_mut(ROWS));
        parts.for_each(|(rows, out)| form.hash(rows, tag, out));
    } else {
        let parts = inputs.par_chunks(ROWS * (W - 1)).zip(hashes.par_chunks_mut(ROWS));
        parts.for_each(|(rows, out)| form.hash(rows, tag, out));
    }
    Ok(hashes)
}

fn hash_row<const W: usize>(form: &Factored<W>, row: &[Fr], tag: Fr) -> Fr {
    let mut state = [tag; W];
    state[1..].copy_from_slice(row);
    for round in 0..HALF {
        add_and_sbox(&mut state, &form.opening[round]);
        let matrix = if round + 1 < HALF { &form.mds } else { &form.entry };
        state = std::array::from_fn(|i| dot(&matrix[i], &state));
    }
    partial_rounds(form, &mut state);
    for round in 0..HALF - 1 {
        add_and_sbox(&mut state, &form.closing[round]);
        state = std::array::from_fn(|i| dot(&form.mds[i], &state));
    }
    add_and_sbox(&mut state, &form.closing[HALF - 1]);
    dot(&form.mds[0], &state)
}

#[inline(always)]
fn add_and_sbox<const W: usize>(state: &mut [Fr; W], constants: &[Fr; W]) {
    for (x, constant) in state.iter_mut().zip(constants) {
        *x = fifth_power(*x + constant);
    }
}

#[inline(always)]
fn partial_rounds<const W: usize>(form: &Factored<W>, state: &mut [Fr; W]) {
    for round in &form.partial {
        state[0] = fifth_power(state[0] + round.constant);
        let head = dot(&round.row, &*state);
        for i in 1..W {
            let mut sum = Wide::from_element(&state[i]);
            sum.add_product(&round.column[i - 1], &state[0]);
            state[i] = sum.reduce();
        }
        state[0] = head;
    }
}

#[inline(always)]
fn fifth_power(x: Fr) -> Fr {
    x.square().square() * x
}
