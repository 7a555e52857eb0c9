//! The wires' polynomials at tau in the exponent: sums of Lagrange points over the rows of the templates.

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, BigInteger, One, PrimeField, Zero};
use rayon::prelude::*;

use crate::circuit::{Circuit, Instance};
use crate::progress::Counter;

/// Which column (0 A, 1 B, 2 C) is weighted by which basis.
pub type Weighted<'a, P> = (usize, &'a [Affine<P>]);

/// Linear combinations whose terms are multiplied side by side; their products are held until they are added.
const COMBINATIONS_AT_ONCE: usize = 1 << 10;

/// Return, for every wire i, the sum over the given columns of column_i(tau) * G, as `qap::accumulate_wires` does with
/// scalars. The added rows of the public wires belong to column A. `counter` counts linear combinations.
pub fn accumulate_wires<P: SWCurveConfig<ScalarField = Fr>>(
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

/// Add each linear combination's sum to its wires, times their coefficients.
fn spread<P: SWCurveConfig<ScalarField = Fr>>(
    circuit: &Circuit,
    instance: &Instance,
    combinations: &[Projective<P>],
    sums: &mut [Projective<P>],
    counter: &Counter,
) {
    let template = circuit.template(instance);
    for (chunk, points) in combinations.chunks(COMBINATIONS_AT_ONCE).enumerate() {
        if counter.is_stopped() {
            return;
        }
        let first = chunk * COMBINATIONS_AT_ONCE;
        let used = points.par_iter().enumerate().filter(|(_, point)| !point.is_zero());
        let products: Vec<(usize, Projective<P>)> = used
            .flat_map_iter(|(i, point)| {
                template.terms(first + i).map(move |(wire, c)| (wire, scale(point, c)))
            })
            .collect();
        products.iter().for_each(|(wire, product)| sums[circuit.global_wire(instance, *wire)] += product);
        counter.add(points.len());
    }
}

/// Return coefficient * point; most coefficients of a circuit are 1, -1 or short.
fn scale<P: SWCurveConfig<ScalarField = Fr>>(point: &Projective<P>, coefficient: &Fr) -> Projective<P> {
    let is_negative = coefficient.into_bigint() > Fr::MODULUS_MINUS_ONE_DIV_TWO;
    let size = if is_negative { -*coefficient } else { *coefficient };
    let product = match size.into_bigint() {
        _ if size.is_one() => *point,
        short if short.num_bits() <= 64 => multiply_short(point, short.0[0]),
        _ => *point * size,
    };
    if is_negative {
        -product
    } else {
        product
    }
}

fn multiply_short<P: SWCurveConfig>(point: &Projective<P>, factor: u64) -> Projective<P> {
    let bits = (0..64 - factor.leading_zeros()).rev().map(|bit| factor >> bit & 1 == 1);
    bits.fold(Projective::zero(), |sum, is_set| {
        let doubled = sum.double();
        if is_set {
            doubled + point
        } else {
            doubled
        }
    })
}
