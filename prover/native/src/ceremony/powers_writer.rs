//! Powers of tau by one party, for development, written as `.ptau`: whoever saw tau can forge proofs.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use ark_bn254::{Fq, Fr, G1Projective, G2Projective};
use ark_ec::short_weierstrass::Affine;
use ark_ec::PrimeGroup;
use ark_ff::{BigInteger, Field, PrimeField};
use zeroize::Zeroize;

use crate::error::{KernelError, Result};
use crate::field_io::{RawPoint, G1_BYTES, G2_BYTES};
use crate::fixed_base::FixedBase;
use crate::key_writer::temporary_name;
use crate::progress::Progress;
use crate::qap::Domain;
use crate::secrets::Secrets;
use crate::sums::{Curve, Kernel};
use crate::value_error;

const CHUNK: usize = 1 << 14;
const N_SECTIONS: u32 = 7;
const N_LAGRANGE: u32 = 4;
const MAX_POWER: u32 = 24;

/// What is behind the powers.
#[derive(Zeroize)]
#[zeroize(drop)]
struct Waste {
    tau: Fr,
    alpha: Fr,
    beta: Fr,
}

/// Write powers up to 2^power, `prepared` with Lagrange points. A seed gives the tau, alpha and beta of `setup` with it.
pub fn make_development_powers(
    path: &Path,
    power: u32,
    prepared: bool,
    seed: Option<&[u8]>,
    progress: &Progress,
) -> Result<()> {
    if !(1..=MAX_POWER).contains(&power) {
        return Err(value_error!("powers up to 2^{power}, expected 2^1 to 2^{MAX_POWER}"));
    }
    let kernel = Kernel::choose()?;
    let mut secrets = Secrets::new("zkmargin groth16 setup v1", seed)?;
    let waste = Waste { tau: secrets.scalar(), alpha: secrets.scalar(), beta: secrets.scalar() };
    let temporary = temporary_name(path);
    let file = File::create(&temporary).map_err(|error| KernelError::io(&temporary, error))?;
    let out = BufWriter::with_capacity(1 << 20, file);
    let written = write_file(out, kernel, power, prepared, &waste, progress)
        .and_then(|()| std::fs::rename(&temporary, path).map_err(|error| KernelError::io(path, error)));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary); // the first error is the one to tell
    }
    written
}

type Output = BufWriter<File>;

fn put(out: &mut Output, bytes: &[u8]) -> Result<()> {
    out.write_all(bytes).map_err(|error| KernelError::Io(error.to_string()))
}

fn put_section(out: &mut Output, kind: u32, n_bytes: usize) -> Result<()> {
    put(out, &kind.to_le_bytes())?;
    put(out, &(n_bytes as u64).to_le_bytes())
}

fn write_file(
    mut out: Output,
    kernel: Kernel,
    power: u32,
    prepared: bool,
    waste: &Waste,
    progress: &Progress,
) -> Result<()> {
    let n = 1usize << power;
    let g1 = FixedBase::new(kernel, G1Projective::generator(), 4 * n);
    let g2 = FixedBase::new(kernel, G2Projective::generator(), n);
    put(&mut out, b"ptau")?;
    let n_sections = if prepared { N_SECTIONS + N_LAGRANGE } else { N_SECTIONS };
    [1, n_sections].into_iter().try_for_each(|word: u32| put(&mut out, &word.to_le_bytes()))?;
    put_section(&mut out, 1, 44)?;
    put(&mut out, &32u32.to_le_bytes())?;
    put(&mut out, &Fq::MODULUS.to_bytes_le())?;
    [power, power].into_iter().try_for_each(|word: u32| put(&mut out, &word.to_le_bytes()))?;
    let one = Fr::from(1);
    put_section(&mut out, 2, (2 * n - 1) * G1_BYTES)?;
    put_powers(&mut out, "tauG1", &g1, one, waste.tau, 2 * n - 1, progress)?;
    put_section(&mut out, 3, n * G2_BYTES)?;
    put_powers(&mut out, "tauG2", &g2, one, waste.tau, n, progress)?;
    put_section(&mut out, 4, n * G1_BYTES)?;
    put_powers(&mut out, "alphaTauG1", &g1, waste.alpha, waste.tau, n, progress)?;
    put_section(&mut out, 5, n * G1_BYTES)?;
    put_powers(&mut out, "betaTauG1", &g1, waste.beta, waste.tau, n, progress)?;
    put_section(&mut out, 6, G2_BYTES)?;
    put_powers(&mut out, "betaG2", &g2, waste.beta, waste.tau, 1, progress)?;
    put_section(&mut out, 7, 4)?;
    put(&mut out, &0u32.to_le_bytes())?; // no contributions
    if prepared {
        put_section(&mut out, 12, (4 * n - 1) * G1_BYTES)?;
        put_lagrange(&mut out, &g1, one, waste.tau, power, progress)?;
        put_products(&mut out, "Lagrange", &g1, &cut_lagrange(waste.tau, power + 1)?, progress)?;
        put_section(&mut out, 13, (2 * n - 1) * G2_BYTES)?;
        put_lagrange(&mut out, &g2, one, waste.tau, power, progress)?;
        put_section(&mut out, 14, (2 * n - 1) * G1_BYTES)?;
        put_lagrange(&mut out, &g1, waste.alpha, waste.tau, power, progress)?;
        put_section(&mut out, 15, (2 * n - 1) * G1_BYTES)?;
        put_lagrange(&mut out, &g1, waste.beta, waste.tau, power, progress)?;
    }
    out.flush().map_err(|error| KernelError::Io(error.to_string()))
}

/// Append first * tau^i * base for i < n.
fn put_powers<P: Curve>(
    out: &mut Output,
    name: &str,
    base: &FixedBase<P>,
    first: Fr,
    tau: Fr,
    n: usize,
    progress: &Progress,
) -> Result<()>
where
    Affine<P>: RawPoint,
{
    let mut scalars: Vec<Fr> =
        std::iter::successors(Some(first), |power| Some(*power * tau)).take(n).collect();
    put_products(out, name, base, &scalars, progress)?;
    scalars.zeroize();
    Ok(())
}

/// Append factor * L_k(tau) * base for the domains of 2^0, 2^1, .. 2^power.
fn put_lagrange<P: Curve>(
    out: &mut Output,
    base: &FixedBase<P>,
    factor: Fr,
    tau: Fr,
    power: u32,
    progress: &Progress,
) -> Result<()>
where
    Affine<P>: RawPoint,
{
    for log2 in 0..=power {
        let mut scalars = Domain::new(log2).lagrange_even(tau)?;
        scalars.iter_mut().for_each(|scalar| *scalar *= factor);
        put_products(out, "Lagrange", base, &scalars, progress)?;
        scalars.zeroize();
    }
    Ok(())
}

/// Return L_k(tau) without its highest term: of the largest size a file has one power too few, and snarkjs takes 0.
fn cut_lagrange(tau: Fr, log2: u32) -> Result<Vec<Fr>> {
    let domain = Domain::new(log2);
    let mut values = domain.lagrange_even(tau)?;
    let highest = tau.pow([domain.size() as u64 - 1]) * domain.evens.size_inv;
    let roots = std::iter::successors(Some(Fr::from(1)), |root| Some(*root * domain.evens.group_gen));
    values.iter_mut().zip(roots).for_each(|(value, root)| *value -= root * highest);
    Ok(values)
}

fn put_products<P: Curve>(
    out: &mut Output,
    name: &str,
    base: &FixedBase<P>,
    scalars: &[Fr],
    progress: &Progress,
) -> Result<()>
where
    Affine<P>: RawPoint,
{
    progress.watch(&format!("powers {name}"), scalars.len(), |counter| {
        let mut bytes = Vec::new();
        for chunk in scalars.chunks(CHUNK) {
            if counter.is_stopped() {
                break;
            }
            bytes.clear();
            base.multiply(chunk).iter().for_each(|point| point.to_raw(&mut bytes));
            put(out, &bytes)?;
            counter.add(chunk.len());
        }
        Ok(())
    })?
}
