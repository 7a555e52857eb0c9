//! The Groth16 prover (eprint 2016/260 §3.2).

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use zeroize::Zeroize;

use crate::circuit::Circuit;
use crate::error::Result;
use crate::keyfile::{Points, ProvingKey};
use crate::progress::Progress;
use crate::qap::{evaluate_rows, Domain};
use crate::quotient::quotient_evaluations;
use crate::secrets::Secrets;
use crate::sums::{Kernel, Scalars};
use crate::value_error;
use crate::verify::Proof;

/// The blinding scalars r and s: they make a proof say nothing about the witness.
#[derive(Zeroize)]
#[zeroize(drop)]
struct Blinding {
    r: Fr,
    s: Fr,
}

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
    let rows =
        progress.watch("prove rows", circuit.n_rows, |_| evaluate_rows(circuit, wires, domain.size()))??;
    let quotient =
        progress.watch("prove FFT", 3, |counter| quotient_evaluations(kernel, &domain, rows, counter))?;
    let h = Scalars::new(kernel, quotient.len(), |i| quotient[i]);
    let h: G1Projective =
        progress.watch("prove H", quotient.len(), |counter| h.sum(key.points(Points::H), counter))?;
    drop(quotient);
    let own = &wires[circuit.n_public + 1..];
    let l = Scalars::new(kernel, own.len(), |i| own[i]);
    let l: G1Projective =
        progress.watch("prove L", own.len(), |counter| l.sum(key.points(Points::L), counter))?;
    let (n_a, n_b) = (key.header.n_a, key.header.n_b);
    let a = Scalars::new(kernel, n_a, |i| wires[key.a_wire(i)]);
    let a_sum: G1Projective =
        progress.watch("prove A", n_a, |counter| a.sum(key.points(Points::A), counter))?;
    drop(a);
    let b = Scalars::new(kernel, n_b, |i| wires[key.b_wire(i)]); // sorted once for both groups
    let b1_sum: G1Projective =
        progress.watch("prove B1", n_b, |counter| b.sum(key.points(Points::B1), counter))?;
    let b2_sum: G2Projective =
        progress.watch("prove B2", n_b, |counter| b.sum(key.points(Points::B2), counter))?;
    drop(b);

    let mut secrets = Secrets::new("zkmargin groth16 prove v1", seed)?;
    let blinding = Blinding { r: secrets.scalar(), s: secrets.scalar() };
    let fixed = &key.fixed;
    let a = fixed.alpha_g1.into_group() + a_sum + fixed.delta_g1 * blinding.r;
    let b1 = fixed.beta_g1.into_group() + b1_sum + fixed.delta_g1 * blinding.s;
    let b2 = fixed.beta_g2.into_group() + b2_sum + fixed.delta_g2 * blinding.s;
    let c = l + h + a * blinding.s + b1 * blinding.r - fixed.delta_g1 * (blinding.r * blinding.s);
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
