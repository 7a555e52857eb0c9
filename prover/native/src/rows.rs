//! The rows' values at a witness: every linear combination of an instance once, then A, B and C as the rows name them.

use std::sync::atomic::{AtomicUsize, Ordering};

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;

use crate::circuit::{Circuit, Instance};
use crate::error::Result;
use crate::progress::Counter;
use crate::sums::Kernel;
use crate::value_error;

/// The values of A, B and C on the domain: one a row.
pub struct RowVectors {
    pub a: Vec<Fr>,
    pub b: Vec<Fr>,
    pub c: Vec<Fr>,
}

/// Evaluate all rows at a witness. Raises where one is not satisfied, naming the first.
pub fn evaluate_rows(
    kernel: Kernel,
    circuit: &Circuit,
    wires: &[Fr],
    domain_size: usize,
    counter: &Counter,
) -> Result<RowVectors> {
    let first_bad = AtomicUsize::new(usize::MAX);
    let check = |instance: &Instance, rows: &Rows| {
        if let Some(row) = rows.find_unsatisfied(kernel) {
            first_bad.fetch_min(instance.row_base + row, Ordering::Relaxed);
        }
    };
    let vectors = fill(kernel, circuit, wires, domain_size, counter, check);
    match first_bad.into_inner() {
        usize::MAX => Ok(vectors),
        bad => {
            // The last instance that starts there or before: one without rows starts where the next does.
            let instance = circuit.instances.partition_point(|instance| instance.row_base <= bad) - 1;
            let row = bad - circuit.instances[instance].row_base;
            Err(value_error!("prove: the witness does not satisfy row {row} of instance {instance}"))
        }
    }
}

/// Return the rows' linear combinations of any values of the wires, the added rows of the public wires included.
/// Where `counter` stops it, they are nothing in particular.
pub fn combine_rows(circuit: &Circuit, wires: &[Fr], domain_size: usize, counter: &Counter) -> RowVectors {
    fill(Kernel::Portable, circuit, wires, domain_size, counter, |_, _| ())
}

fn fill(
    kernel: Kernel,
    circuit: &Circuit,
    wires: &[Fr],
    domain_size: usize,
    counter: &Counter,
    visit: impl Fn(&Instance, &Rows) + Sync,
) -> RowVectors {
    let mut vectors = RowVectors { a: zeros(domain_size), b: zeros(domain_size), c: zeros(domain_size) };
    let a_pieces = circuit.split_rows(&mut vectors.a);
    let b_pieces = circuit.split_rows(&mut vectors.b);
    let c_pieces = circuit.split_rows(&mut vectors.c);
    let pieces: Vec<_> = a_pieces.into_iter().zip(b_pieces).zip(c_pieces).collect();
    let indexed = pieces.into_par_iter().zip(&circuit.instances).with_max_len(1);
    indexed.for_each_init(Values::default, |values, (((a, b), c), instance)| {
        if !counter.is_stopped() {
            let mut rows = Rows { a, b, c };
            values.fill(kernel, circuit, instance, wires);
            rows.fill(&circuit.template(instance).rows, values);
            visit(instance, &rows);
        }
    });
    let public_rows = circuit.n_rows..circuit.n_rows + circuit.n_public + 1;
    vectors.a[public_rows].copy_from_slice(&wires[..=circuit.n_public]);
    vectors
}

/// Zeros, written by all threads: for these vectors the system has to find pages first.
fn zeros(n: usize) -> Vec<Fr> {
    (0..n).into_par_iter().with_min_len(1 << 14).map(|_| Fr::zero()).collect()
}

/// One instance's rows.
struct Rows<'a> {
    a: &'a mut [Fr],
    b: &'a mut [Fr],
    c: &'a mut [Fr],
}

impl Rows<'_> {
    fn fill(&mut self, references: &[[u32; 3]], values: &Values) {
        for (row, references) in references.iter().enumerate() {
            [self.a[row], self.b[row], self.c[row]] = references.map(|reference| values.get(reference));
        }
    }

    fn find_unsatisfied(&self, kernel: Kernel) -> Option<usize> {
        match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Lanes(token) => zkmargin_lanes::products::find_wrong(token, self.a, self.b, self.c),
            _ => (0..self.a.len()).find(|row| self.a[*row] * self.b[*row] != self.c[*row]),
        }
    }
}

/// What an instance's references stand for: its local wires, then its template's linear combinations of them.
#[derive(Default)]
pub struct Values(Vec<Fr>);

impl Values {
    /// Compute them at given global wires.
    pub fn fill(&mut self, kernel: Kernel, circuit: &Circuit, instance: &Instance, global: &[Fr]) {
        let template = circuit.template(instance);
        circuit.copy_local(instance, global, &mut self.0);
        for lc in 0..template.n_lcs() {
            let value = template.combinations.evaluate(kernel, lc, &self.0);
            self.0.push(value);
        }
    }

    fn get(&self, reference: u32) -> Fr {
        self.0[reference as usize]
    }
}

/// Return up to `limit` unsatisfied rows as (instance, row), in order.
pub fn find_unsatisfied(
    kernel: Kernel,
    circuit: &Circuit,
    wires: &[Fr],
    limit: usize,
) -> Vec<(usize, usize)> {
    let bad_of = |values: &mut Values, (i, instance): (usize, &Instance)| {
        values.fill(kernel, circuit, instance, wires);
        let is_bad = |[a, b, c]: [Fr; 3]| a * b != c;
        let rows = circuit.template(instance).rows.iter().enumerate();
        let bad = rows.filter(|(_, references)| is_bad(references.map(|reference| values.get(reference))));
        bad.take(limit).map(|(row, _)| (i, row)).collect::<Vec<_>>()
    };
    let per_instance: Vec<_> =
        circuit.instances.par_iter().enumerate().map_init(Values::default, bad_of).collect();
    per_instance.into_iter().flatten().take(limit).collect()
}
