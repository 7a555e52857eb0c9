//! Points of equal scalars are added up first: k of them cost k - 1 additions, and not k in every window.
//!
//! Lanes of a circuit that do the same have the same values: of a witness's large scalars half may be repeated.

use ark_ff::{BigInt, BigInteger};
use rayon::prelude::*;

use crate::plan::{Run, RUN, SIGN};
use crate::recode::Folded;

/// Scalars of fewer bits have a digit in one window or two: joining them would save nothing.
const FEWEST_BITS: u32 = 20;

/// Numbers of equal or opposite scalars, group by group, `SIGN` where one is folded.
#[derive(Default)]
pub struct Equal {
    numbers: Vec<u32>,
    ends: Vec<u32>,
}

impl Equal {
    /// Each has two members or more.
    pub fn groups(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.numbers[start as usize..*end as usize])
    }
}

/// Return which of the large scalars are equal up to their sign.
pub fn list_equal(folded: &[Folded]) -> Equal {
    let is_large = |value: &Folded| value.0.num_bits() >= FEWEST_BITS;
    let mut keys: Vec<(u64, u32)> = folded
        .par_iter()
        .enumerate()
        .filter(|(_, value)| is_large(value))
        .map(|(i, (value, _))| (mix(&value.0), i as u32))
        .collect();
    keys.par_sort_unstable();
    let mut equal = Equal::default();
    let is_equal =
        |a: &(u64, u32), b: &(u64, u32)| a.0 == b.0 && folded_value(folded, a) == folded_value(folded, b);
    for group in keys.chunk_by(is_equal).filter(|group| group.len() > 1) {
        equal.numbers.extend(group.iter().map(|(_, i)| if folded[*i as usize].1 { i | SIGN } else { *i }));
        equal.ends.push(equal.numbers.len() as u32);
    }
    equal
}

/// Return items and runs of points of equal scalars. Each run's scalar is appended to `folded`, and those of its points
/// become zero, so that number `n + j` stands for the sum of run j.
pub fn join_equal(folded: &mut Vec<Folded>) -> (Vec<u32>, Vec<Run>) {
    let (mut items, mut runs) = (Vec::new(), Vec::new());
    for group in list_equal(folded).groups() {
        for piece in group.chunks(RUN).filter(|piece| piece.len() > 1) {
            runs.push(Run { start: items.len() as u32, length: piece.len() as u32 });
            items.extend(piece);
        }
    }
    for run in &runs {
        let members = &items[run.start as usize..(run.start + run.length) as usize];
        folded.push((folded[(members[0] & !SIGN) as usize].0, false));
        members.iter().for_each(|item| folded[(item & !SIGN) as usize].0 = BigInt::zero());
    }
    (items, runs)
}

fn folded_value<'a>(folded: &'a [Folded], key: &(u64, u32)) -> &'a BigInt<4> {
    &folded[key.1 as usize].0
}

/// Return a key that equal values share and others hardly do; `chunk_by` compares the values themselves.
fn mix(words: &[u64; 4]) -> u64 {
    words.iter().fold(0, |key, word| (key ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
}
