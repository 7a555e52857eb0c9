//! Groth16 setup by one party, for development: whoever saw the toxic waste can forge proofs.

use std::path::Path;

use ark_bn254::{Fr, G1Affine, G1Projective, G2Projective};
use ark_ec::short_weierstrass::Affine;
use ark_ec::PrimeGroup;
use ark_ff::{Field, Zero};
use rayon::prelude::*;
use zeroize::Zeroize;

use crate::circuit::Circuit;
use crate::error::Result;
use crate::field_io::RawPoint;
use crate::fixed_base::FixedBase;
use crate::key_writer::KeyWriter;
use crate::keyfile::{FixedPoints, Header};
use crate::progress::Progress;
use crate::qap::{accumulate_wires, Domain};
use crate::secrets::Secrets;
use crate::sums::{Curve, Kernel};
use crate::verify::VerifyingKey;

const CHUNK: usize = 1 << 14;

/// The toxic waste.
#[derive(Zeroize)]
#[zeroize(drop)]
struct ToxicWaste {
    tau: Fr,
    alpha: Fr,
    beta: Fr,
    gamma: Fr,
    delta: Fr,
}

/// The exponents of a key's points; as secret as the toxic waste.
#[derive(Zeroize)]
#[zeroize(drop)]
struct Exponents {
    ic: Vec<Fr>,
    #[zeroize(skip)]
    a_wires: Vec<u32>,
    #[zeroize(skip)]
    b_wires: Vec<u32>,
    a: Vec<Fr>,
    b: Vec<Fr>,
    l: Vec<Fr>,
    h: Vec<Fr>,
}

/// Write a proving key for `circuit` to `path` and return the verifying key's bytes.
pub fn setup(circuit: &Circuit, path: &Path, seed: Option<&[u8]>, progress: &Progress) -> Result<Vec<u8>> {
    let kernel = Kernel::choose()?;
    let mut secrets = Secrets::new("zkmargin groth16 setup v1", seed)?;
    let mut draw = || secrets.scalar();
    let waste = ToxicWaste { tau: draw(), alpha: draw(), beta: draw(), gamma: draw(), delta: draw() };
    let exponents = compute_exponents(circuit, &waste, progress)?;
    let g1 = FixedBase::new(kernel, G1Projective::generator(), exponents.l.len());
    let g2 = FixedBase::new(kernel, G2Projective::generator(), exponents.b.len());
    let one_g1 = |scalar: Fr| g1.multiply(&[scalar])[0];
    let two = g2.multiply(&[waste.beta, waste.gamma, waste.delta]);
    let (beta_g2, gamma_g2, delta_g2) = (two[0], two[1], two[2]);
    let alpha_g1 = one_g1(waste.alpha);
    let fixed = FixedPoints {
        alpha_g1,
        beta_g1: one_g1(waste.beta),
        delta_g1: one_g1(waste.delta),
        beta_g2,
        delta_g2,
    };
    let ic: Vec<G1Affine> = g1.multiply(&exponents.ic);
    let verifying_key = VerifyingKey { alpha_g1, beta_g2, gamma_g2, delta_g2, ic }.to_be();
    let header = Header {
        is_development: true,
        domain_log2: circuit.domain_log2,
        n_wires: circuit.n_wires,
        n_public: circuit.n_public,
        n_a: exponents.a.len(),
        n_b: exponents.b.len(),
        circuit_digest: *circuit.digest.as_bytes(),
        vk_bytes: verifying_key.len(),
        transcript_bytes: 0,
    };
    let mut writer = KeyWriter::create(path, &header, &fixed, &verifying_key)?;
    writer.write_indices(&exponents.a_wires)?;
    writer.write_indices(&exponents.b_wires)?;
    write_multiples(&mut writer, "key A", &g1, &exponents.a, progress)?;
    write_multiples(&mut writer, "key B1", &g1, &exponents.b, progress)?;
    write_multiples(&mut writer, "key B2", &g2, &exponents.b, progress)?;
    write_multiples(&mut writer, "key L", &g1, &exponents.l, progress)?;
    write_multiples(&mut writer, "key H", &g1, &exponents.h, progress)?;
    writer.finish()?;
    Ok(verifying_key)
}

fn compute_exponents(circuit: &Circuit, waste: &ToxicWaste, progress: &Progress) -> Result<Exponents> {
    let domain = Domain::new(circuit.domain_log2);
    let mut lagrange = domain.lagrange_even(waste.tau)?;
    let n_steps = 3 * circuit.instances.len();
    let sums =
        progress.watch("setup QAP", n_steps, |counter| accumulate_wires(circuit, &lagrange, counter))?;
    lagrange.zeroize();
    drop(lagrange);
    let delta_inverse = waste.delta.inverse().expect("secrets are not zero");
    let gamma_inverse = waste.gamma.inverse().expect("secrets are not zero");
    // Groth16 §3.2: (beta * A_i + alpha * B_i + C_i) over gamma for public wires, over delta for the others.
    let combine =
        |i: usize, divisor: Fr| (waste.beta * sums.a[i] + waste.alpha * sums.b[i] + sums.c[i]) * divisor;
    let n_ic = circuit.n_public + 1;
    let ic = (0..n_ic).map(|i| combine(i, gamma_inverse)).collect();
    let l = (n_ic..circuit.n_wires).into_par_iter().map(|i| combine(i, delta_inverse)).collect();
    let mut h = domain.lagrange_odd(waste.tau)?;
    h.par_iter_mut().for_each(|value| *value *= delta_inverse);
    let ((a_wires, a), (b_wires, b)) = rayon::join(|| keep_nonzero(&sums.a), || keep_nonzero(&sums.b));
    let mut sums = sums;
    [&mut sums.a, &mut sums.b, &mut sums.c].into_iter().for_each(Zeroize::zeroize);
    Ok(Exponents { ic, a_wires, b_wires, a, b, l, h })
}

/// Return the wires whose value is not zero, and these values.
fn keep_nonzero(values: &[Fr]) -> (Vec<u32>, Vec<Fr>) {
    values
        .iter()
        .enumerate()
        .filter(|(_, value)| !value.is_zero())
        .map(|(i, value)| (i as u32, *value))
        .unzip()
}

/// Write scalars[i] * base. What one chunk gave is written, and hashed, while the next is multiplied.
fn write_multiples<P: Curve>(
    writer: &mut KeyWriter,
    stage: &str,
    base: &FixedBase<P>,
    scalars: &[Fr],
    progress: &Progress,
) -> Result<()>
where
    Affine<P>: RawPoint,
{
    progress.watch(stage, scalars.len(), |counter| {
        let mut ready = Vec::new();
        for chunk in scalars.chunks(CHUNK) {
            if counter.is_stopped() {
                break;
            }
            let (points, written) = rayon::join(|| base.multiply(chunk), || writer.write_points(&ready));
            written?;
            ready = points;
            counter.add(chunk.len());
        }
        writer.write_points(&ready)
    })?
}
