//! The first key of a ceremony: a circuit's key out of powers of tau, with gamma = delta = 1.

use std::path::Path;

use ark_bn254::{G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Zero;

use crate::ceremony::exponent::{accumulate_wires, count_terms, Weighted};
use crate::ceremony::lagrange::{make_lagrange, make_odd_lagrange};
use crate::ceremony::powers::Powers;
use crate::ceremony::ptau::Section;
use crate::ceremony::transcript::{digest, Digest, Transcript, DIGEST_BYTES};
use crate::circuit::Circuit;
use crate::error::Result;
use crate::field_io::RawPoint;
use crate::key_writer::KeyWriter;
use crate::keyfile::{FixedPoints, Header};
use crate::progress::Progress;
use crate::qap::Domain;
use crate::value_error;
use crate::verify::{VerifyingKey, VK_DELTA};

const CHUNK: usize = 1 << 14;

/// Everything of a key that comes from the circuit and the powers.
struct Queries {
    a: Vec<G1Projective>,
    b1: Vec<G1Projective>,
    b2: Vec<G2Projective>,
    /// beta * A_i + alpha * B_i + C_i for all wires: IC, then L.
    mixed: Vec<G1Projective>,
    h: Vec<G1Affine>,
}

/// Write the first key of a ceremony to `path` and return the start of its transcript.
///
/// Memory: about 900 bytes a wire or row, whichever are more. Whoever has this key can forge: delta is 1.
pub fn start_ceremony(
    circuit: &Circuit,
    powers: &Powers,
    path: &Path,
    progress: &Progress,
) -> Result<Digest> {
    check_size(circuit, powers)?;
    let queries = compute_queries(circuit, powers, progress)?;
    let (ic, l) = queries.mixed.split_at(circuit.n_public + 1);
    let (a_wires, a) = keep_nonzero(&queries.a);
    let (b_wires, b1) = keep_nonzero(&queries.b1);
    let b2: Vec<_> = b_wires.iter().map(|wire| queries.b2[*wire as usize]).collect();
    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    let fixed = FixedPoints {
        alpha_g1: powers.alpha_g1(),
        beta_g1: powers.beta_g1(),
        delta_g1: g1,
        beta_g2: powers.beta_g2(),
        delta_g2: g2,
    };
    let ic = G1Projective::normalize_batch(ic);
    let (alpha_g1, beta_g2) = (fixed.alpha_g1, fixed.beta_g2);
    let verifying_key = VerifyingKey { alpha_g1, beta_g2, gamma_g2: g2, delta_g2: g2, ic }.to_be();
    let mut transcript = Transcript { start: [0; DIGEST_BYTES], contributions: Vec::new() };
    let header = Header {
        is_development: true,
        domain_log2: circuit.domain_log2,
        n_wires: circuit.n_wires,
        n_public: circuit.n_public,
        n_a: a.len(),
        n_b: b1.len(),
        circuit_digest: *circuit.digest.as_bytes(),
        vk_bytes: verifying_key.len(),
        transcript_bytes: transcript.to_bytes().len(),
    };
    let mut writer = KeyWriter::create(path, &header, &fixed, &verifying_key)?;
    writer.watch_from_here();
    writer.write_indices(&a_wires)?;
    writer.write_indices(&b_wires)?;
    write_points(&mut writer, "key A", &a, progress)?;
    write_points(&mut writer, "key B1", &b1, progress)?;
    write_points(&mut writer, "key B2", &b2, progress)?;
    let constant_sections = writer.take_watched();
    write_points(&mut writer, "key L", l, progress)?;
    writer.write_points(&queries.h)?;
    transcript.start = compute_start(&header, &fixed, &verifying_key, &constant_sections);
    writer.write_section(&transcript.to_bytes())?;
    writer.finish()?;
    Ok(transcript.start)
}

/// Return the digest of all that no contribution changes: the first link of a transcript hangs on it.
pub fn compute_start(
    header: &Header,
    fixed: &FixedPoints,
    verifying_key: &[u8],
    constant_sections: &Digest,
) -> Digest {
    let sizes = [header.domain_log2 as usize, header.n_wires, header.n_public, header.n_a, header.n_b];
    let sizes: Vec<u8> = sizes.into_iter().flat_map(|n| (n as u32).to_le_bytes()).collect();
    let mut points = Vec::new();
    [&fixed.alpha_g1, &fixed.beta_g1].into_iter().for_each(|point| point.to_raw(&mut points));
    fixed.beta_g2.to_raw(&mut points);
    let (before_delta, after_delta) = (&verifying_key[..VK_DELTA.start], &verifying_key[VK_DELTA.end..]);
    let parts = [&sizes, &header.circuit_digest[..], &points, before_delta, after_delta, constant_sections];
    digest("start", &parts)
}

/// Refuse powers that were loaded for another size than the circuit's.
pub fn check_size(circuit: &Circuit, powers: &Powers) -> Result<()> {
    if circuit.domain_log2 != powers.domain_log2 {
        let (got, expected) = (powers.domain_log2, circuit.domain_log2);
        return Err(value_error!(
            "the powers were loaded for a domain of 2^{got}, the circuit has 2^{expected}"
        ));
    }
    Ok(())
}

fn compute_queries(circuit: &Circuit, powers: &Powers, progress: &Progress) -> Result<Queries> {
    let domain = Domain::new(circuit.domain_log2);
    let (sections, prepared) = (&powers.sections, powers.prepared.as_ref());
    let of_g1 = |name: &str, section: &Section, ready: Option<&Section>| {
        make_lagrange::<ark_bn254::g1::Config>(&domain, powers, name, section, ready, progress)
    };
    let tau = of_g1("Lagrange tau", &sections.tau_g1, prepared.map(|p| &p.tau_g1))?;
    let alpha = of_g1("Lagrange alpha", &sections.alpha_g1, prepared.map(|p| &p.alpha_g1))?;
    let beta = of_g1("Lagrange beta", &sections.beta_g1, prepared.map(|p| &p.beta_g1))?;
    let n_terms = count_terms(circuit);
    let sum = |name: &str, columns: &[Weighted<ark_bn254::g1::Config>]| {
        progress.watch(name, n_terms, |counter| accumulate_wires(circuit, columns, counter))
    };
    // Groth16 §3.2 with gamma = delta = 1: beta * A_i + alpha * B_i + C_i.
    let mixed = sum("wires L", &[(0, &beta), (1, &alpha), (2, &tau)])?;
    drop((alpha, beta));
    let a = sum("wires A", &[(0, &tau)])?;
    let b1 = sum("wires B1", &[(1, &tau)])?;
    drop(tau);
    let ready = prepared.map(|p| &p.tau_g2);
    let tau_g2: Vec<G2Affine> =
        make_lagrange(&domain, powers, "Lagrange tau G2", &sections.tau_g2, ready, progress)?;
    let b2 =
        progress.watch("wires B2", n_terms, |counter| accumulate_wires(circuit, &[(1, &tau_g2)], counter))?;
    drop(tau_g2);
    let h = make_odd_lagrange(&domain, powers, progress)?;
    Ok(Queries { a, b1, b2, mixed, h })
}

/// Return the wires whose point is not infinity, and these points.
fn keep_nonzero<P: SWCurveConfig>(points: &[Projective<P>]) -> (Vec<u32>, Vec<Projective<P>>) {
    let kept = points.iter().enumerate().filter(|(_, point)| !point.is_zero());
    kept.map(|(wire, point)| (wire as u32, *point)).unzip()
}

fn write_points<P: SWCurveConfig>(
    writer: &mut KeyWriter,
    stage: &str,
    points: &[Projective<P>],
    progress: &Progress,
) -> Result<()>
where
    Affine<P>: RawPoint,
{
    progress.watch(stage, points.len(), |counter| {
        for chunk in points.chunks(CHUNK) {
            if counter.is_stopped() {
                break;
            }
            writer.write_points(&Projective::normalize_batch(chunk))?;
            counter.add(chunk.len());
        }
        Ok(())
    })?
}
