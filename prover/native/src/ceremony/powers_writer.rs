//! Powers of tau by one party, for development, written as `.ptau`: whoever saw tau can forge proofs.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use ark_bn254::{Fq, Fr, G1Projective, G2Projective};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::PrimeGroup;
use ark_ff::{BigInteger, Field, PrimeField};
use zeroize::Zeroize;

use crate::error::{KernelError, Result};
use crate::field_io::{RawPoint, G1_BYTES, G2_BYTES};
use crate::fixed_base::FixedBase;
use crate::key_writer::temporary_name;
use crate::progress::Progress;
use crate::secrets::Secrets;
use crate::value_error;

const CHUNK: usize = 1 << 14;
const N_SECTIONS: u32 = 7;
const MAX_POWER: u32 = 24;

/// What is behind the powers.
#[derive(Zeroize)]
#[zeroize(drop)]
struct Waste {
    tau: Fr,
    alpha: Fr,
    beta: Fr,
}

/// Write powers up to 2^power. A seed gives the tau, alpha and beta of `setup` with this seed.
pub fn make_development_powers(
    path: &Path,
    power: u32,
    seed: Option<&[u8]>,
    progress: &Progress,
) -> Result<()> {
    if !(1..=MAX_POWER).contains(&power) {
        return Err(value_error!("powers up to 2^{power}, expected 2^1 to 2^{MAX_POWER}"));
    }
    let mut secrets = Secrets::new("zkmargin groth16 setup v1", seed)?;
    let waste = Waste { tau: secrets.scalar(), alpha: secrets.scalar(), beta: secrets.scalar() };
    let temporary = temporary_name(path);
    let file = File::create(&temporary).map_err(|error| KernelError::io(&temporary, error))?;
    let written = write_file(BufWriter::with_capacity(1 << 20, file), power, &waste, progress)
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

fn write_file(mut out: Output, power: u32, waste: &Waste, progress: &Progress) -> Result<()> {
    let n = 1usize << power;
    let g1 = FixedBase::new(G1Projective::generator(), 4 * n);
    let g2 = FixedBase::new(G2Projective::generator(), n);
    put(&mut out, b"ptau")?;
    [1, N_SECTIONS].into_iter().try_for_each(|word: u32| put(&mut out, &word.to_le_bytes()))?;
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
    out.flush().map_err(|error| KernelError::Io(error.to_string()))
}

/// Append first * tau^i * base for i < n.
fn put_powers<P: SWCurveConfig<ScalarField = Fr>>(
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
    progress.watch(&format!("powers {name}"), n, |counter| {
        let mut bytes = Vec::new();
        for start in (0..n).step_by(CHUNK) {
            if counter.is_stopped() {
                break;
            }
            let first = first * tau.pow([start as u64]);
            let powers = std::iter::successors(Some(first), |power| Some(*power * tau));
            let mut scalars: Vec<Fr> = powers.take(CHUNK.min(n - start)).collect();
            bytes.clear();
            base.multiply(&scalars).iter().for_each(|point| point.to_raw(&mut bytes));
            scalars.zeroize();
            put(out, &bytes)?;
            counter.add(CHUNK.min(n - start));
        }
        Ok(())
    })?
}
