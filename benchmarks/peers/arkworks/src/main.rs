//! ark-groth16 as a peer of benchmarks/prover (protocol: benchmarks/prover/peer.py).
//!
//! ```text
//! arkworks-peer prepare native|r1cs CASE OUT    sets up; the key goes to the folder OUT
//! arkworks-peer serve native|r1cs CASE OUT      a proof for each line of standard input
//! ```

mod chain;
mod iden3;
mod rows;

use std::error::Error;
use std::fs::File;
use std::io::{stdin, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use ark_bn254::{Bn254, Fr};
use ark_groth16::{Groth16, Proof, ProvingKey};
use ark_relations::gr1cs::ConstraintSynthesizer;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use ark_std::rand::rngs::OsRng;
use ark_std::UniformRand;
use serde_json::json;

use crate::chain::Chain;
use crate::rows::Rows;

pub type Outcome<T> = Result<T, Box<dyn Error>>;
type Key = ProvingKey<Bn254>;
type Made = Outcome<Proof<Bn254>>;

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [mode, kind, case, out] = &args[..] else {
        return Err(format!("arguments {args:?}").into());
    };
    let (case, key_file) = (PathBuf::from(case), Path::new(out).join("pk"));
    match (mode.as_str(), kind.as_str()) {
        ("prepare", "native") => prepare(Chain::read(&case)?, &key_file),
        ("prepare", "r1cs") => prepare(&Rows::read(&case)?, &key_file),
        ("serve", "native") => serve_chain(&Chain::read(&case)?, &key_file),
        ("serve", "r1cs") => serve_rows(&Rows::read(&case)?, &iden3::read_witness(&case)?, &key_file),
        _ => Err(format!("arguments {args:?}").into()),
    }
}

fn prepare(circuit: impl ConstraintSynthesizer<Fr>, key_file: &Path) -> Outcome<()> {
    let started = Instant::now();
    let key = Groth16::<Bn254>::generate_random_parameters_with_reduction(circuit, &mut OsRng)?;
    let seconds = started.elapsed().as_secs_f64();
    let mut file = BufWriter::with_capacity(1 << 20, File::create(key_file)?);
    key.serialize_uncompressed(&mut file)?;
    file.flush()?;
    println!("{}", json!({"setup_s": seconds}));
    Ok(())
}

fn load(key_file: &Path) -> Outcome<Key> {
    let file = BufReader::with_capacity(1 << 20, File::open(key_file)?);
    Ok(Key::deserialize_uncompressed_unchecked(file)?)
}

/// Proofs as a user of the crate asks for them: the circuit is synthesised each time.
fn serve_chain(chain: &Chain, key_file: &Path) -> Outcome<()> {
    let key = load(key_file)?;
    let prove = || {
        let (r, s) = (Fr::rand(&mut OsRng), Fr::rand(&mut OsRng));
        Ok(Groth16::<Bn254>::create_proof_with_reduction(chain.clone(), &key, r, s)?)
    };
    serve(&key, &[chain.end()], prove)
}

/// Proofs from the rows and the whole witness: nothing is synthesised.
fn serve_rows(rows: &Rows, wires: &[Fr], key_file: &Path) -> Outcome<()> {
    let key = load(key_file)?;
    let n_inputs = rows.n_public + 1;
    let prove = || {
        let (r, s) = (Fr::rand(&mut OsRng), Fr::rand(&mut OsRng));
        let n_rows = rows.matrices[0].len();
        Ok(Groth16::<Bn254>::create_proof_with_reduction_and_matrices(
            &key,
            r,
            s,
            &rows.matrices,
            n_inputs,
            n_rows,
            wires,
        )?)
    };
    serve(&key, &wires[1..n_inputs], prove)
}

/// Say that all is ready, then for each line of standard input prove and, off the clock, verify.
fn serve(key: &Key, public: &[Fr], prove: impl Fn() -> Made) -> Outcome<()> {
    let verifying_key = ark_groth16::prepare_verifying_key(&key.vk);
    println!("{}", json!({"ready": true}));
    for line in stdin().lock().lines() {
        line?;
        let started = Instant::now();
        let proof = prove()?;
        let seconds = started.elapsed().as_secs_f64();
        if !Groth16::<Bn254>::verify_proof(&verifying_key, &proof, public)? {
            return Err("its own proof does not verify".into());
        }
        println!("{}", json!({"seconds": seconds, "verified": true}));
    }
    Ok(())
}
