//! The wires' polynomials at tau in the exponent: sums of Lagrange points over the rows of the templates.

use ark_bn254::Fr;
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::Zero;
use rayon::prelude::*;

use crate::ceremony::multiply::{combine, tabulate, Digits, Multiples};
use crate::circuit::{Circuit, Instance};
use crate::progress::Counter;

/// Which column (0 A, 1 B, 2 C) is weighted by which basis.
pub type Weighted<'a, P> = (usize, &'a [Affine<P>]);

/// Tables of multiples that share an inversion.
const TABLES_AT_ONCE: usize = 1 << 8;

/// Return, for every wire i, the sum over the given columns of column_i(tau) * G, as `qap::accumulate_wires` does with
/// scalars. The added rows of the public wires belong to column A. `counter` counts terms of linear combinations.
pub fn accumulate_wires<P: GLVConfig<ScalarField = Fr>>(
    circuit: &Circuit,
    columns: &[Weighted<P>],
    counter: &Counter,
) -> Vec<Projective<P>> {
    let mut sums = vec![Projective::zero(); circuit.n_wires];
    for instance in &circuit.instances {
        let combinations = add_rows(circuit, instance, columns, &mut sums);
        spread(circuit, instance, &combinations, &mut sums, counter);
    }
    for (_, basis) in columns.iter().filter(|(column, _)| *column == 0) {
        sums[..=circuit.n_public].iter_mut().zip(&basis[circuit.n_rows..]).for_each(|(sum, row)| *sum += row);
    }
    sums
}

/// Add each row's weight to the wire it names, or to the linear combination, and return the combinations' sums.
fn add_rows<P: SWCurveConfig>(
    circuit: &Circuit,
    instance: &Instance,
    columns: &[Weighted<P>],
    sums: &mut [Projective<P>],
) -> Vec<Projective<P>> {
    let template = circuit.template(instance);
    let mut combinations = vec![Projective::zero(); template.n_lcs()];
    for (column, basis) in columns {
        for (row, weight) in template.rows.iter().zip(&basis[instance.row_base..]) {
            let reference = row[*column] as usize;
            if reference < template.n_wires {
                sums[circuit.global_wire(instance, reference)] += weight;
            } else {
                combinations[reference - template.n_wires] += weight;
            }
        }
    }
    combinations
}

/// Add each linear combination's sum to its wires, times their coefficients. A wire's terms are multiplied together.
fn spread<P: GLVConfig<ScalarField = Fr>>(
    circuit: &Circuit,
    instance: &Instance,
    combinations: &[Projective<P>],
    sums: &mut [Projective<P>],
    counter: &Counter,
) {
    let template = circuit.template(instance);
    let used: Vec<usize> = (0..combinations.len()).filter(|lc| !combinations[*lc].is_zero()).collect();
    let points: Vec<_> = used.iter().map(|lc| combinations[*lc]).collect();
    let tables: Vec<Multiples<P>> = points.par_chunks(TABLES_AT_ONCE).flat_map_iter(tabulate).collect();
    let mut terms_of_wire = vec![Vec::new(); template.n_wires];
    for (table, lc) in used.iter().enumerate() {
        for (wire, coefficient) in template.combinations.terms(*lc) {
            terms_of_wire[wire].push((table, coefficient));
        }
    }
    let digits: Vec<Digits> = template
        .combinations
        .coefficients()
        .par_iter()
        .map(|coefficient| Digits::new::<P>(*coefficient))
        .collect();
    let sum_of = |(wire, terms): (usize, &Vec<(usize, usize)>)| {
        if terms.is_empty() || counter.is_stopped() {
            return None;
        }
        let terms: Vec<_> = terms.iter().map(|(table, c)| (&tables[*table], &digits[*c])).collect();
        counter.add(terms.len());
        Some((wire, combine(&terms)))
    };
    let products: Vec<_> = terms_of_wire.par_iter().enumerate().filter_map(sum_of).collect();
    products.iter().for_each(|(wire, sum)| sums[circuit.global_wire(instance, *wire)] += sum);
}

/// Return how many terms all linear combinations of a circuit have.
pub fn count_terms(circuit: &Circuit) -> usize {
    let of_template = |instance| (0..circuit.template(instance).n_lcs()).map(move |lc| (instance, lc));
    let terms = circuit.instances.iter().flat_map(of_template);
    terms.map(|(instance, lc)| circuit.template(instance).terms(lc).count()).sum()
}
