//! The permutation in lanes against its definition in arkworks' arithmetic, for rounds of any constants.
#![cfg(target_arch = "x86_64")]

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use zkmargin_lanes::poseidon::{FullRound, PartialRound, Permutation};
use zkmargin_lanes::Ifma;

const N_PARTIAL: usize = 60;

struct Rounds<const W: usize> {
    full: [([Fr; W], [[Fr; W]; W]); 8],
    partial: Vec<(Fr, [Fr; W], [Fr; W])>,
}

impl<const W: usize> Rounds<W> {
    fn draw(mut next: impl FnMut() -> Fr) -> Self {
        let full = std::array::from_fn(|_| {
            let constants = std::array::from_fn(|_| next());
            (constants, std::array::from_fn(|_| std::array::from_fn(|_| next())))
        });
        let partial = (0..N_PARTIAL).map(|_| {
            let constant = next();
            let row = std::array::from_fn(|_| next());
            (constant, row, std::array::from_fn(|_| next()))
        });
        Rounds { full, partial: partial.collect() }
    }

    fn in_lanes(&self) -> Permutation<W> {
        let full = |i: usize| FullRound::new(&self.full[i].0, &self.full[i].1);
        let partial =
            self.partial.iter().map(|(constant, row, column)| PartialRound::new(*constant, row, column));
        let (opening, closing) = (std::array::from_fn(full), std::array::from_fn(|i| full(i + 4)));
        Permutation::new(opening, partial.collect(), closing)
    }

    fn hash(&self, row: &[Fr], tag: Fr) -> Fr {
        let mut state = [tag; W];
        state[1..].copy_from_slice(row);
        for (i, (constants, matrix)) in self.full.iter().enumerate() {
            if i == 4 {
                self.partial.iter().for_each(|round| apply_partial(round, &mut state));
            }
            let raised: [Fr; W] = std::array::from_fn(|j| (state[j] + constants[j]).pow([5]));
            state =
                std::array::from_fn(|j| matrix[j].iter().zip(raised).map(|(factor, x)| *factor * x).sum());
        }
        state[0]
    }
}

fn apply_partial<const W: usize>((constant, row, column): &(Fr, [Fr; W], [Fr; W]), state: &mut [Fr; W]) {
    state[0] = (state[0] + constant).pow([5]);
    let head = row.iter().zip(&*state).map(|(factor, x)| *factor * x).sum();
    for i in 1..W {
        state[i] += column[i - 1] * state[0];
    }
    state[0] = head;
}

fn check<const W: usize>() {
    let Some(token) = Ifma::detect() else { return };
    let edges = [Fr::ZERO, Fr::ONE, -Fr::ONE, -Fr::from(2u64)];
    let mut element = Fr::from(W as u64);
    let mut count = 0;
    let mut mixed = || {
        (element, count) = (element.square() + Fr::from(7u64), count + 1);
        if count % 3 == 0 {
            edges[count / 3 % 4]
        } else {
            element
        }
    };
    for rounds in [Rounds::<W>::draw(&mut mixed), Rounds::draw(|| -Fr::ONE), Rounds::draw(|| Fr::ZERO)] {
        let permutation = rounds.in_lanes();
        for (n, tag) in [(1, Fr::ZERO), (5, Fr::from(3u64)), (8, -Fr::ONE), (8, Fr::ONE)] {
            for rows in [vec![-Fr::ONE; n * (W - 1)], (0..n * (W - 1)).map(|_| mixed()).collect()] {
                let hashes = permutation.hash(token, &rows, tag);
                for (lane, hash) in hashes.iter().enumerate() {
                    let row = &rows[lane.min(n - 1) * (W - 1)..][..W - 1];
                    assert_eq!(*hash, rounds.hash(row, tag), "width {W}, lane {lane} of {n}");
                }
            }
        }
    }
}

#[test]
fn permutation_is_what_its_definition_says() {
    check::<2>();
    check::<3>();
    check::<6>();
    check::<17>();
}
