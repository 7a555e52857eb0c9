//! Scalars that several sums take theirs from: recoded once, equal ones found once.

use ark_bn254::Fr;
use ark_ff::BigInteger;

use crate::join::{list_equal, Equal};
use crate::plan::{Run, NONE, RUN, SIGN};
use crate::recode::{count_bits, fold, Digits, Folded};
use crate::watch::{timed_by_all, Part, Watch};

/// The digits of all scalars, and which of the large ones are equal.
pub struct Witness {
    /// One scalar more than there are, a zero.
    pub(crate) digits: Digits,
    equal: Equal,
    n: usize,
}

/// What one sum takes: by point the number of its scalar, in the end the runs' ones; a zero where a run has the point.
pub struct Taken {
    pub sources: Vec<u32>,
    pub items: Vec<u32>,
    pub runs: Vec<Run>,
}

impl Witness {
    /// Assumes n < 2^30. Where `watch` stops it, it is of no use.
    pub fn new(n: usize, scalar: impl Fn(usize) -> Fr + Sync, watch: &impl Watch) -> Self {
        let scalar = |i: usize| if i < n { scalar(i) } else { Fr::from(0u64) };
        let folded = timed_by_all(watch, Part::Recode, n, || fold(n + 1, scalar));
        if watch.is_stopped() {
            return Witness { digits: Digits::new(&[]), equal: Equal::default(), n };
        }
        let equal = timed_by_all(watch, Part::Join, n, || list_equal(&folded));
        let digits = timed_by_all(watch, Part::Recode, 0, || {
            let mut histogram = count_bits(&folded);
            equal.groups().for_each(|group| leave_out_repeats(&mut histogram, &folded, group));
            Digits::of_few_windows(&folded, &histogram)
        });
        Witness { digits, equal, n }
    }

    /// Return what a sum over the scalars `wire(i)` takes, equal ones joined: of a wire that comes twice only the last.
    pub(crate) fn take(&self, n: usize, wire: impl Fn(usize) -> usize) -> Taken {
        let mut sources: Vec<u32> = (0..n).map(|i| wire(i) as u32).collect();
        let mut places = vec![NONE; self.n];
        sources.iter().enumerate().for_each(|(i, wire)| places[*wire as usize] = i as u32);
        let (mut items, mut runs, mut members) = (Vec::new(), Vec::new(), Vec::new());
        for group in self.equal.groups() {
            members.clear();
            members.extend(group.iter().filter(|wire| places[(*wire & !SIGN) as usize] != NONE));
            for piece in members.chunks(RUN).filter(|piece| piece.len() > 1) {
                runs.push(Run { start: items.len() as u32, length: piece.len() as u32 });
                sources.push(piece[0] & !SIGN);
                for wire in piece {
                    let place = places[(wire & !SIGN) as usize];
                    items.push(place | ((wire ^ piece[0]) & SIGN)); // as the first one's scalar, or opposite
                    sources[place as usize] = self.n as u32;
                }
            }
        }
        Taken { sources, items, runs }
    }
}

/// Count a group's value once a run, as it is added up.
fn leave_out_repeats(histogram: &mut [usize; 255], folded: &[Folded], group: &[u32]) {
    let n_bits = folded[(group[0] & !SIGN) as usize].0.num_bits();
    histogram[n_bits as usize] -= group.len() - group.len().div_ceil(RUN);
}
