//! The Groth16 prover (eprint 2016/260 §3.2).

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use zeroize::Zeroize;
use zkmargin_lanes::Part;

use crate::circuit::Circuit;
use crate::error::Result;
use crate::keyfile::{Points, ProvingKey};
use crate::progress::Progress;
use crate::qap::Domain;
use crate::quotient::quotient_evaluations;
use crate::rows::evaluate_rows;
use crate::secrets::Secrets;
use crate::sums::{Kernel, Scalars, Wires};
use crate::value_error;
use crate::verify::Proof;

/// The blinding scalars r and s: they make a proof say nothing about the witness.
#[derive(Zeroize)]
#[zeroize(drop)]
struct Blinding {
    r: Fr,
    s: Fr,
}

/// The parts of a plan; what is left of a sum belongs to the sums that share it.
const PLAN: [Part; 3] = [Part::Recode, Part::Join, Part::Sort];
/// What the sums over wires share.
const RECODING: [Part; 2] = [Part::Recode, Part::Join];

/// Return a proof that `wires` satisfy `circuit`. Raises where they do not, or the key is another circuit's.
pub fn prove(
    key: &ProvingKey,
    circuit: &Circuit,
    wires: &[Fr],
    seed: Option<&[u8]>,
    progress: &Progress,
) -> Result<Proof> {
    check_key(key, circuit)?;
    let kernel = Kernel::choose()?;
    let domain = Domain::new(circuit.domain_log2);
    let rows = progress.watch("prove rows", circuit.n_rows, |counter| {
        let work = || evaluate_rows(kernel, circuit, wires, domain.size(), counter);
        progress.time_all("rows", circuit.n_row_products(), work)
    })??;
    let quotient = progress.watch("prove FFT", 3, |counter| {
        let work = || quotient_evaluations(kernel, &domain, rows, counter);
        progress.time_all("FFT", count_transform_products(circuit.domain_log2), work)
    })?;
    let h: G1Projective = progress.watch_sum("H", &Part::ALL, quotient.len(), |counter| {
        let scalars = Scalars::new(kernel, quotient.len(), false, |i| quotient[i], counter);
        scalars.sum(key.points(Points::H), counter)
    })?;
    drop(quotient);
    let wires =
        progress.watch_sum("wires", &RECODING, wires.len(), |counter| Wires::new(kernel, wires, counter))?;
    let (first, n_l) = (circuit.n_public + 1, key.header.n_l());
    let l: G1Projective = progress.watch_sum("L", &Part::ALL, n_l, |counter| {
        wires.take(n_l, |i| first + i, counter).sum(key.points(Points::L), counter)
    })?;
    let (n_a, n_b) = (key.header.n_a, key.header.n_b);
    let a_sum: G1Projective = progress.watch_sum("A", &Part::ALL, n_a, |counter| {
        wires.take(n_a, |i| key.a_wire(i), counter).sum(key.points(Points::A), counter)
    })?;
    // sorted once for both groups
    let b = progress.watch_sum("B", &PLAN, n_b, |counter| wires.take(n_b, |i| key.b_wire(i), counter))?;
    drop(wires);
    let b1_sum: G1Projective =
        progress.watch_sum("B1", &Part::ALL, n_b, |counter| b.sum(key.points(Points::B1), counter))?;
    let b2_sum: G2Projective =
        progress.watch_sum("B2", &Part::ALL, n_b, |counter| b.sum(key.points(Points::B2), counter))?;
    drop(b);
    progress.time_one("assemble", 6, || assemble(key, seed, Sums { h, l, a: a_sum, b1: b1_sum, b2: b2_sum }))
}

/// What the prover's sums of points come to.
struct Sums {
    h: G1Projective,
    l: G1Projective,
    a: G1Projective,
    b1: G1Projective,
    b2: G2Projective,
}

/// Return the products of the three transforms to the coset and of A * B: one a value and two levels, both ways, and
/// five a value for the shift, the division and the twiddles between rows and columns (`lanes/src/fft/passes.rs`).
fn count_transform_products(log2: u32) -> usize {
    (3 * (log2 as usize + 5) + 1) << log2
}

/// Blind the sums and put the proof together.
fn assemble(key: &ProvingKey, seed: Option<&[u8]>, sums: Sums) -> Result<Proof> {
    let mut secrets = Secrets::new("zkmargin groth16 prove v1", seed)?;
    let blinding = Blinding { r: secrets.scalar(), s: secrets.scalar() };
    let fixed = &key.fixed;
    let a = fixed.alpha_g1.into_group() + sums.a + fixed.delta_g1 * blinding.r;
    let b1 = fixed.beta_g1.into_group() + sums.b1 + fixed.delta_g1 * blinding.s;
    let b2 = fixed.beta_g2.into_group() + sums.b2 + fixed.delta_g2 * blinding.s;
    let c = sums.l + sums.h + a * blinding.s + b1 * blinding.r - fixed.delta_g1 * (blinding.r * blinding.s);
    Ok(Proof { a: a.into_affine(), b: b2.into_affine(), c: c.into_affine() })
}

fn check_key(key: &ProvingKey, circuit: &Circuit) -> Result<()> {
    let (found, expected) = (&key.header.circuit_digest, circuit.digest.as_bytes());
    if found != expected {
        let hex = |digest: &[u8; 32]| blake3::Hash::from_bytes(*digest).to_hex();
        return Err(value_error!("prove: the key is for circuit {}, expected {}", hex(found), hex(expected)));
    }
    let sizes = (key.header.n_wires, key.header.n_public, key.header.domain_log2);
    let wanted = (circuit.n_wires, circuit.n_public, circuit.domain_log2);
    if sizes != wanted {
        return Err(value_error!(
            "prove: the key has (wires, public inputs, domain log2) {sizes:?}, expected {wanted:?}"
        ));
    }
    Ok(())
}
