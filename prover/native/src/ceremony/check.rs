//! Is a key what the powers of tau, the circuit and the contributions make? Sums with random factors decide, so that
//! nothing need be computed again point by point.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::CurveGroup;
use ark_ff::Zero;
use ark_poly::EvaluationDomain;
use rayon::prelude::*;

use crate::ceremony::contribute::check_chain;
use crate::ceremony::lagrange::spread_odd;
use crate::ceremony::powers::Powers;
use crate::ceremony::ptau::Section;
use crate::ceremony::start::check_size;
use crate::ceremony::transcript::Transcript;
use crate::ceremony::{generators, same_ratio};
use crate::circuit::Circuit;
use crate::error::Result;
use crate::field_io::RawPoint;
use crate::keyfile::ProvingKey;
use crate::msm::msm;
use crate::progress::Progress;
use crate::qap::Domain;
use crate::rows::combine_rows;
use crate::secrets::draw_factors;
use crate::value_error;
use crate::verify::VerifyingKey;

/// Return the transcript of a key that is wholly what it says. Raises naming the first thing that is not.
///
/// Memory: about 300 bytes a wire or row beside the mapped files.
pub fn verify_ceremony(
    circuit: &Circuit,
    powers: &Powers,
    key: &ProvingKey,
    progress: &Progress,
) -> Result<Transcript> {
    check_size(circuit, powers)?;
    let verifying_key = check_head(circuit, powers, key)?;
    let transcript = check_chain(key, progress)?;
    check_points(key, progress)?;
    check_wires(circuit, powers, key, &verifying_key, progress)?;
    check_h(circuit, powers, key, progress)?;
    Ok(transcript)
}

/// Check sizes, and the points that come straight from the powers.
fn check_head(circuit: &Circuit, powers: &Powers, key: &ProvingKey) -> Result<VerifyingKey> {
    let header = &key.header;
    if header.circuit_digest != *circuit.digest.as_bytes() {
        let found = blake3::Hash::from_bytes(header.circuit_digest).to_hex();
        return Err(value_error!("the key is for circuit {found}, expected {}", circuit.digest.to_hex()));
    }
    let sizes = (header.n_wires, header.n_public, header.domain_log2);
    let wanted = (circuit.n_wires, circuit.n_public, circuit.domain_log2);
    if sizes != wanted {
        return Err(value_error!("(wires, public inputs, domain log2) {sizes:?}, expected {wanted:?}"));
    }
    let verifying_key = VerifyingKey::from_be(key.verifying_key())?;
    let is_theirs = key.fixed.alpha_g1 == powers.alpha_g1()
        && key.fixed.beta_g1 == powers.beta_g1()
        && key.fixed.beta_g2 == powers.beta_g2()
        && verifying_key.alpha_g1 == powers.alpha_g1()
        && verifying_key.beta_g2 == powers.beta_g2();
    if !is_theirs {
        return Err(value_error!("alpha or beta is not that of the powers of tau"));
    }
    if verifying_key.gamma_g2 != generators().1 {
        return Err(value_error!("gamma is not 1"));
    }
    if verifying_key.ic.len() != circuit.n_public + 1 {
        let (got, expected) = (verifying_key.ic.len(), circuit.n_public + 1);
        return Err(value_error!("{got} IC points, expected {expected}"));
    }
    Ok(verifying_key)
}

fn check_points(key: &ProvingKey, progress: &Progress) -> Result<()> {
    let header = &key.header;
    check_section("A", header.n_a, |i| key.a(i), progress)?;
    check_section("B1", header.n_b, |i| key.b1(i), progress)?;
    check_section("B2", header.n_b, |i| key.b2(i), progress)?;
    check_section("L", header.n_l(), |i| key.l(i), progress)?;
    check_section("H", header.n_h(), |i| key.h(i), progress)
}

fn check_section<P: RawPoint>(
    name: &str,
    n: usize,
    point: impl Fn(usize) -> P + Sync,
    progress: &Progress,
) -> Result<()> {
    let bad = progress.watch(&format!("verify points {name}"), n, |counter| {
        (0..n).into_par_iter().with_min_len(256).find_first(|i| {
            counter.add(1);
            !counter.is_stopped() && !point(*i).is_sound()
        })
    })?;
    match bad {
        Some(i) => Err(value_error!("{name}[{i}] is not a point of order r")),
        None => Ok(()),
    }
}

/// Coefficients of sum_i f_i * A_i(X), and of B and C.
struct Columns {
    a: Vec<Fr>,
    b: Vec<Fr>,
    c: Vec<Fr>,
}

/// Check A, B1, B2, IC and L: with random f, sum_i f_i * query_i is the polynomial sum_i f_i * column_i(X) at tau.
fn check_wires(
    circuit: &Circuit,
    powers: &Powers,
    key: &ProvingKey,
    verifying_key: &VerifyingKey,
    progress: &Progress,
) -> Result<()> {
    let factors = draw_factors(circuit.n_wires)?;
    let columns = progress.watch("verify rows", circuit.n_rows, |counter| {
        let domain = Domain::new(circuit.domain_log2);
        let rows = combine_rows(circuit, &factors, domain.size(), counter);
        let [a, b, c] = [rows.a, rows.b, rows.c].map(|mut values| {
            domain.evens.ifft_in_place(&mut values);
            values
        });
        Columns { a, b, c }
    })?;
    let (n_a, n_b, sections) = (key.header.n_a, key.header.n_b, &powers.sections);
    let at_tau = Evaluator { powers, progress };
    let a: G1Projective = at_tau.sum("A", n_a, |i| key.a(i), |i| factors[key.a_wire(i)])?;
    let a_wanted: G1Projective = at_tau.evaluate("A", &sections.tau_g1, &columns.a)?;
    if a != a_wanted {
        return Err(value_error!("A is not the circuit's at tau"));
    }
    let b1: G1Projective = at_tau.sum("B1", n_b, |i| key.b1(i), |i| factors[key.b_wire(i)])?;
    let b1_wanted: G1Projective = at_tau.evaluate("B1", &sections.tau_g1, &columns.b)?;
    if b1 != b1_wanted {
        return Err(value_error!("B1 is not the circuit's at tau"));
    }
    let b2: G2Projective = at_tau.sum("B2", n_b, |i| key.b2(i), |i| factors[key.b_wire(i)])?;
    let b2_wanted: G2Projective = at_tau.evaluate("B2", &sections.tau_g2, &columns.b)?;
    if b2 != b2_wanted {
        return Err(value_error!("B2 is not the circuit's at tau"));
    }
    let (public, own) = factors.split_at(circuit.n_public + 1);
    let l: G1Projective = at_tau.sum("L", own.len(), |i| key.l(i), |i| own[i])?;
    let ic: G1Projective = at_tau.sum("IC", public.len(), |i| verifying_key.ic[i], |i| public[i])?;
    let wanted = at_tau.evaluate::<ark_bn254::g1::Config>("L", &sections.beta_g1, &columns.a)?
        + at_tau.evaluate::<ark_bn254::g1::Config>("L", &sections.alpha_g1, &columns.b)?
        + at_tau.evaluate::<ark_bn254::g1::Config>("L", &sections.tau_g1, &columns.c)?;
    // IC is over gamma = 1, L over delta.
    let over_delta = (wanted - ic).into_affine();
    is_over_delta(key, l.into_affine(), over_delta)
        .then_some(())
        .ok_or_else(|| value_error!("L or IC is not the circuit's at tau, over delta"))
}

fn is_over_delta(key: &ProvingKey, divided: G1Affine, whole: G1Affine) -> bool {
    let delta: G2Affine = key.fixed.delta_g2;
    if divided.infinity || whole.infinity {
        return divided == whole;
    }
    same_ratio(divided, whole, generators().1, delta)
}

/// Check H: with random f, sum_k f_k * H_k is sum_k f_k * L_(2k+1)(X) at tau, over delta.
fn check_h(circuit: &Circuit, powers: &Powers, key: &ProvingKey, progress: &Progress) -> Result<()> {
    let n = key.header.n_h();
    let factors = draw_factors(n)?;
    let at_tau = Evaluator { powers, progress };
    let h: G1Projective = at_tau.sum("H", n, |k| key.h(k), |k| factors[k])?;
    let coefficients = progress
        .watch("verify H coefficients", 1, |_| spread_odd(&Domain::new(circuit.domain_log2), &factors))?;
    let wanted: G1Projective = at_tau.evaluate("H", &powers.sections.tau_g1, &coefficients)?;
    is_over_delta(key, h.into_affine(), wanted.into_affine())
        .then_some(())
        .ok_or_else(|| value_error!("H is not that of the powers of tau, over delta"))
}

struct Evaluator<'a> {
    powers: &'a Powers,
    progress: &'a Progress,
}

impl Evaluator<'_> {
    /// Return sum_i factor(i) * point(i).
    fn sum<P: SWCurveConfig<ScalarField = Fr>>(
        &self,
        name: &str,
        n: usize,
        point: impl Fn(usize) -> Affine<P> + Sync + Send,
        factor: impl Fn(usize) -> Fr + Sync + Send,
    ) -> Result<Projective<P>> {
        self.progress.watch(&format!("verify {name}"), n, |counter| match n {
            0 => Projective::zero(),
            _ => msm(n, point, factor, counter),
        })
    }

    /// Return a polynomial at tau in the exponent, by powers that may carry alpha or beta.
    fn evaluate<P: SWCurveConfig<ScalarField = Fr>>(
        &self,
        name: &str,
        section: &Section,
        coefficients: &[Fr],
    ) -> Result<Projective<P>>
    where
        Affine<P>: RawPoint,
    {
        let point = |j: usize| self.powers.point(section, j);
        self.sum(&format!("{name} at tau"), coefficients.len(), point, |j| coefficients[j])
    }
}
