//! Poseidon in eight lanes where the processor has them; nowhere else is there a `Lanes`.

use ark_bn254::Fr;

use crate::partial_rounds::Factored;

/// So many rows are hashed at once.
pub const ROWS: usize = 8;
/// Eight rows in lanes take as long as one and a half otherwise.
pub const FEWEST_FOR_LANES: usize = 2;

#[cfg(target_arch = "x86_64")]
pub use with_lanes::Lanes;
#[cfg(not(target_arch = "x86_64"))]
pub use without_lanes::Lanes;

#[cfg(target_arch = "x86_64")]
mod with_lanes {
    use zkmargin_lanes::poseidon::{self, FullRound, PartialRound, Permutation};
    use zkmargin_lanes::Ifma;

    use super::{Factored, Fr, ROWS};
    use crate::partial_rounds::HALF;

    const _: () = assert!(ROWS == poseidon::ROWS);

    pub struct Lanes<const W: usize>(Ifma, Permutation<W>);

    impl<const W: usize> Lanes<W> {
        /// Return None on the portable path. A switch that cannot be followed is told where proofs are made.
        pub fn choose(form: &Factored<W>) -> Option<Self> {
            let token = zkmargin_lanes::choose().ok().flatten()?;
            let opening = std::array::from_fn(|i| {
                FullRound::new(&form.opening[i], if i + 1 < HALF { &form.mds } else { &form.entry })
            });
            let partial =
                form.partial.iter().map(|one| PartialRound::new(one.constant, &one.row, &one.column));
            let closing = std::array::from_fn(|i| FullRound::new(&form.closing[i], &form.mds));
            Some(Lanes(token, Permutation::new(opening, partial.collect(), closing)))
        }

        /// Hash 1 to 8 rows.
        pub fn hash(&self, rows: &[Fr], tag: Fr, out: &mut [Fr]) {
            out.copy_from_slice(&self.1.hash(self.0, rows, tag)[..out.len()]);
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod without_lanes {
    use super::{Factored, Fr};

    pub enum Lanes<const W: usize> {}

    impl<const W: usize> Lanes<W> {
        pub fn choose(_: &Factored<W>) -> Option<Self> {
            None
        }

        pub fn hash(&self, _: &[Fr], _: Fr, _: &mut [Fr]) {
            match *self {}
        }
    }
}
