//! Many inverses by one inversion (Montgomery's trick), on one thread, in buffers that stay.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};

/// Elements to be inverted, then their inverses.
#[derive(Default)]
pub struct Inverter {
    values: Vec<Fr>,
    prefixes: Vec<Fr>,
}

impl Inverter {
    pub fn clear(&mut self) {
        self.values.clear();
        self.prefixes.clear();
    }

    pub fn push(&mut self, value: Fr) {
        self.values.push(value);
    }

    /// Return the inverses in order, 0 of 0.
    pub fn invert(&mut self) -> &[Fr] {
        let mut product = Fr::one();
        for value in self.values.iter().filter(|value| !value.is_zero()) {
            self.prefixes.push(product);
            product *= value;
        }
        if let Some(mut inverse) = (!self.prefixes.is_empty()).then(|| product.inverse()).flatten() {
            let wanted = self.values.iter_mut().rev().filter(|value| !value.is_zero());
            for (value, prefix) in wanted.zip(self.prefixes.iter().rev()) {
                let next = inverse * *value;
                *value = inverse * prefix;
                inverse = next;
            }
        }
        &self.values
    }
}
