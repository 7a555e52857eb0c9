//! Poseidon's permutation factored so that a partial round multiplies by a sparse matrix (eprint 2019/458, appendix B).
//!
//! With the matrix M = [[m, v], [w, H]], M = [[m, v/H], [w, 1]] * diag(1, H), and diag(1, H) commutes with a round that
//! touches element 0 alone. Moved to the front round by round, the k-th round from the end keeps the row v * H^-k and
//! the column H^(k-1) * w, and diag(1, H^n) joins the matrix of the fourth round. The constants of elements 1.. move
//! forward through M into the next round.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use crate::grain::{self, FULL_ROUNDS};
use crate::wide::dot;

pub const HALF: usize = FULL_ROUNDS / 2;

pub struct Factored<const W: usize> {
    pub opening: [[Fr; W]; HALF],
    pub closing: [[Fr; W]; HALF],
    pub mds: [[Fr; W]; W],
    /// The matrix that closes the fourth round.
    pub entry: [[Fr; W]; W],
    pub partial: Vec<PartialRound<W>>,
}

pub struct PartialRound<const W: usize> {
    pub constant: Fr,
    /// The top row, mds[0][0] first.
    pub row: [Fr; W],
    /// The left column below the corner; its last place is unused.
    pub column: [Fr; W],
}

impl<const W: usize> Factored<W> {
    pub fn derive() -> Self {
        let grain::Constants { mut rounds, mds } = grain::derive(W);
        let n_partial = rounds.len() - FULL_ROUNDS;
        let scalars = push_constants_forward(&mut rounds, &mds, n_partial);
        let inner: Vec<Vec<Fr>> = mds[1..].iter().map(|row| row[1..].to_vec()).collect();
        let inverse_transposed = transpose(&invert(&inner));
        let mut row = mds[0][1..].to_vec();
        let mut column: Vec<Fr> = mds[1..].iter().map(|line| line[0]).collect();
        let mut entry = mds.clone();
        let mut partial = Vec::with_capacity(n_partial);
        for constant in scalars.into_iter().rev() {
            row = apply(&inverse_transposed, &row);
            partial.push(PartialRound {
                constant,
                row: array(std::iter::once(mds[0][0]).chain(row.iter().copied())),
                column: array(column.iter().copied().chain([Fr::ZERO])),
            });
            column = apply(&inner, &column);
            let lower = multiply(&inner, &entry[1..]);
            entry = std::iter::once(mds[0].clone()).chain(lower).collect();
        }
        partial.reverse();
        Self {
            opening: std::array::from_fn(|i| array(rounds[i].iter().copied())),
            closing: std::array::from_fn(|i| array(rounds[HALF + n_partial + i].iter().copied())),
            mds: square(&mds),
            entry: square(&entry),
            partial,
        }
    }
}

/// Return the constant of element 0 for each partial round; the rest moves into the full round after them.
fn push_constants_forward(rounds: &mut [Vec<Fr>], mds: &[Vec<Fr>], n_partial: usize) -> Vec<Fr> {
    (HALF..HALF + n_partial)
        .map(|round| {
            let mut moved = rounds[round].clone();
            let scalar = std::mem::replace(&mut moved[0], Fr::ZERO);
            for (constant, addend) in rounds[round + 1].iter_mut().zip(apply(mds, &moved)) {
                *constant += addend;
            }
            scalar
        })
        .collect()
}

fn apply(matrix: &[Vec<Fr>], vector: &[Fr]) -> Vec<Fr> {
    matrix.iter().map(|row| dot(row, vector)).collect()
}

fn multiply(left: &[Vec<Fr>], right: &[Vec<Fr>]) -> Vec<Vec<Fr>> {
    let columns = transpose(right);
    left.iter().map(|row| apply(&columns, row)).collect()
}

fn transpose(matrix: &[Vec<Fr>]) -> Vec<Vec<Fr>> {
    (0..matrix[0].len()).map(|j| matrix.iter().map(|row| row[j]).collect()).collect()
}

/// The inverse by Gauss-Jordan. Assumes that no leading minor vanishes: true of a Cauchy matrix.
fn invert(matrix: &[Vec<Fr>]) -> Vec<Vec<Fr>> {
    let n = matrix.len();
    let unit = |i: usize| (0..n).map(move |j| if i == j { Fr::ONE } else { Fr::ZERO });
    let mut work: Vec<Vec<Fr>> = (0..n).map(|i| matrix[i].iter().copied().chain(unit(i)).collect()).collect();
    for pivot in 0..n {
        let scale = work[pivot][pivot].inverse().expect("a Cauchy matrix's pivot");
        work[pivot].iter_mut().for_each(|x| *x *= scale);
        let pivot_row = work[pivot].clone();
        for row in work.iter_mut().enumerate().filter(|(i, _)| *i != pivot).map(|(_, row)| row) {
            let factor = row[pivot];
            row.iter_mut().zip(&pivot_row).for_each(|(x, y)| *x -= factor * y);
        }
    }
    work.into_iter().map(|row| row[n..].to_vec()).collect()
}

fn array<const W: usize>(values: impl Iterator<Item = Fr>) -> [Fr; W] {
    let mut array = [Fr::ZERO; W];
    array.iter_mut().zip(values).for_each(|(place, value)| *place = value);
    array
}

fn square<const W: usize>(matrix: &[Vec<Fr>]) -> [[Fr; W]; W] {
    std::array::from_fn(|i| array(matrix[i].iter().copied()))
}
