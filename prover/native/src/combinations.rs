//! A template's pool of linear combinations, and their values: by lanes or portable arithmetic, the same either way.

use std::ops::Range;

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use zkmargin_primitives::wide::{Wide, MOST_PRODUCTS};

use crate::sums::Kernel;

/// From so many products on the lanes pay: reducing their sum takes as long as two products.
#[cfg(target_arch = "x86_64")]
const FEWEST_FOR_LANES: u32 = 3;

/// How a coefficient multiplies: most entries have but 1 and -1 and need no multiplication.
#[derive(Clone, Copy, PartialEq)]
enum Scale {
    One,
    MinusOne,
    By(Fr),
}

/// The entries: entry i has the terms from `starts[i]` to `starts[i + 1]`, each a wire and a coefficient's index.
pub struct Combinations {
    coefficients: Vec<Fr>,
    starts: Vec<u32>,
    wires: Vec<u32>,
    indices: Vec<u32>,
    scales: Vec<Scale>,
    /// How many terms of an entry have a coefficient that is not 1 or -1.
    n_products: Vec<u32>,
    #[cfg(target_arch = "x86_64")]
    lanes: zkmargin_lanes::sparse::Coefficients,
}

impl Combinations {
    /// Assumes that starts rise from 0 to the number of terms, and that every index is below that of coefficients.
    pub fn new(coefficients: Vec<Fr>, starts: Vec<u32>, wires: Vec<u32>, indices: Vec<u32>) -> Self {
        let scales: Vec<Scale> = coefficients.iter().map(compute_scale).collect();
        let is_product = |index: &&u32| matches!(scales[**index as usize], Scale::By(_));
        let count = |ends: &[u32]| {
            indices[ends[0] as usize..ends[1] as usize].iter().filter(is_product).count() as u32
        };
        let n_products = starts.windows(2).map(count).collect();
        #[cfg(target_arch = "x86_64")]
        let lanes = zkmargin_lanes::sparse::Coefficients::new(&coefficients);
        Combinations {
            coefficients,
            starts,
            wires,
            indices,
            scales,
            n_products,
            #[cfg(target_arch = "x86_64")]
            lanes,
        }
    }

    pub fn len(&self) -> usize {
        self.n_products.len()
    }

    pub fn coefficients(&self) -> &[Fr] {
        &self.coefficients
    }

    /// Return the terms of an entry as (wire, index of the coefficient).
    pub fn terms(&self, entry: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let range = self.range(entry);
        let indices = &self.indices[range.clone()];
        self.wires[range].iter().zip(indices).map(|(wire, c)| (*wire as usize, *c as usize))
    }

    /// Return how many terms of all entries have a coefficient that is not 1 or -1.
    pub fn n_products(&self) -> usize {
        self.n_products.iter().map(|n| *n as usize).sum()
    }

    /// Return the value of an entry at the given local wires.
    pub fn evaluate(&self, kernel: Kernel, entry: usize, wires: &[Fr]) -> Fr {
        let range = self.range(entry);
        match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Lanes(token) if self.n_products[entry] >= FEWEST_FOR_LANES => {
                self.lanes.combine(token, &self.wires[range.clone()], &self.indices[range], wires)
            }
            _ => self.evaluate_portably(range, wires),
        }
    }

    /// Products are added up as they are and reduced once for many.
    fn evaluate_portably(&self, range: Range<usize>, wires: &[Fr]) -> Fr {
        let (mut sum, mut products, mut n) = (Fr::zero(), Wide::ZERO, 0);
        for (wire, index) in self.wires[range.clone()].iter().zip(&self.indices[range]) {
            let value = &wires[*wire as usize];
            match &self.scales[*index as usize] {
                Scale::One => sum += value,
                Scale::MinusOne => sum -= value,
                Scale::By(factor) => {
                    if n == MOST_PRODUCTS {
                        sum += products.reduce();
                        (products, n) = (Wide::ZERO, 0);
                    }
                    products.add_product(factor, value);
                    n += 1;
                }
            }
        }
        if n == 0 {
            sum
        } else {
            sum + products.reduce()
        }
    }

    fn range(&self, entry: usize) -> Range<usize> {
        self.starts[entry] as usize..self.starts[entry + 1] as usize
    }
}

fn compute_scale(coefficient: &Fr) -> Scale {
    match coefficient {
        c if c.is_one() => Scale::One,
        c if *c == -Fr::one() => Scale::MinusOne,
        c => Scale::By(*c),
    }
}
