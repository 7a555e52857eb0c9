//! From R1CS to QAP: the Lagrange basis at a point and per-wire sums.
//!
//! Rows: every instance's in order, then `n_public + 1` rows with A = (public wire i) and B = C = 0, as libsnark adds
//! them so that the polynomials of the public wires are linearly independent; then zeros up to a power of two.

use std::sync::Mutex;

use ark_bn254::Fr;
use ark_ff::{batch_inversion, FftField, Field, One, Zero};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rayon::prelude::*;

use crate::circuit::{Circuit, Instance};
use crate::error::Result;
use crate::progress::Counter;
use crate::value_error;

/// The n-th roots of unity, and the 2n-th root whose odd powers are the coset on which the quotient is taken.
pub struct Domain {
    pub evens: Radix2EvaluationDomain<Fr>,
    pub odd_shift: Fr,
}

impl Domain {
    pub fn new(log2: u32) -> Self {
        let size = 1usize << log2;
        let evens = Radix2EvaluationDomain::new(size).expect("Circuit bounds the domain");
        let odd_shift = Fr::get_root_of_unity(2 * size as u64).expect("Circuit bounds the domain");
        Domain { evens, odd_shift }
    }

    pub fn size(&self) -> usize {
        self.evens.size()
    }

    /// Return L_k(tau) for the n-th roots of unity.
    pub fn lagrange_even(&self, tau: Fr) -> Result<Vec<Fr>> {
        let n = self.size() as u64;
        self.lagrange(tau, Fr::one(), (tau.pow([n]) - Fr::one()) / Fr::from(n))
    }

    /// Return L_(2k+1)(tau) of the 2n-th roots of unity. A polynomial of degree below 2n that vanishes on the even
    /// ones is the sum of its odd values times these: that spares the division by Z and one FFT, as in snarkjs.
    pub fn lagrange_odd(&self, tau: Fr) -> Result<Vec<Fr>> {
        let n = 2 * self.size() as u64;
        self.lagrange(tau, self.odd_shift, (tau.pow([n]) - Fr::one()) / Fr::from(n))
    }

    /// Return `scale * x_k / (tau - x_k)` for `x_k = shift * omega^k`.
    fn lagrange(&self, tau: Fr, shift: Fr, scale: Fr) -> Result<Vec<Fr>> {
        if scale.is_zero() {
            return Err(value_error!("setup: tau fell into the evaluation domain; run it again"));
        }
        let omega = self.evens.group_gen;
        let mut values = vec![Fr::zero(); self.size()];
        const CHUNK: usize = 1 << 12;
        values.par_chunks_mut(CHUNK).enumerate().for_each(|(i, chunk)| {
            let first = shift * omega.pow([(i * CHUNK) as u64]);
            let points = std::iter::successors(Some(first), |x| Some(*x * omega));
            chunk.iter_mut().zip(points.clone()).for_each(|(value, x)| *value = tau - x);
            batch_inversion(chunk);
            chunk.iter_mut().zip(points).for_each(|(value, x)| *value *= scale * x);
        });
        Ok(values)
    }
}

/// A_i(tau), B_i(tau), C_i(tau) of every wire i.
pub struct WireSums {
    pub a: Vec<Fr>,
    pub b: Vec<Fr>,
    pub c: Vec<Fr>,
}

/// Return the wires' polynomials at tau, given the Lagrange basis there. Each linear combination is spread once.
pub fn accumulate_wires(circuit: &Circuit, lagrange: &[Fr], counter: &Counter) -> WireSums {
    let zeros = || vec![Fr::zero(); circuit.n_wires];
    let mut sums = WireSums { a: zeros(), b: zeros(), c: zeros() };
    for (column, wires) in [&mut sums.a, &mut sums.b, &mut sums.c].into_iter().enumerate() {
        let (bus, own) = wires.split_at_mut(circuit.n_bus);
        let bus = Mutex::new(bus);
        let pieces: Vec<_> = circuit.instances.iter().zip(circuit.split_own(own)).collect();
        pieces.into_par_iter().with_max_len(1).for_each(|(instance, own)| {
            let local = accumulate_local(circuit, instance, column, lagrange);
            let (shared, rest) = local.split_at(1 + instance.ports.len());
            own.copy_from_slice(rest);
            let mut bus = bus.lock().expect("no worker panics with the lock held");
            bus[0] += shared[0];
            instance.ports.iter().zip(&shared[1..]).for_each(|(wire, sum)| bus[*wire as usize] += sum);
            drop(bus);
            counter.add(1);
        });
    }
    for (sum, row) in sums.a[..=circuit.n_public].iter_mut().zip(&lagrange[circuit.n_rows..]) {
        *sum += row;
    }
    sums
}

/// Return one column's sums over an instance's rows, per local wire.
fn accumulate_local(circuit: &Circuit, instance: &Instance, column: usize, lagrange: &[Fr]) -> Vec<Fr> {
    let template = circuit.template(instance);
    let mut wires = vec![Fr::zero(); template.n_wires];
    let mut lcs = vec![Fr::zero(); template.n_lcs()];
    for (row, weight) in template.rows.iter().zip(&lagrange[instance.row_base..]) {
        let reference = row[column] as usize;
        if reference < template.n_wires {
            wires[reference] += weight;
        } else {
            lcs[reference - template.n_wires] += weight;
        }
    }
    for (lc, weight) in lcs.iter().enumerate().filter(|(_, weight)| !weight.is_zero()) {
        for (wire, coefficient) in template.terms(lc) {
            wires[wire] += *coefficient * weight;
        }
    }
    wires
}
