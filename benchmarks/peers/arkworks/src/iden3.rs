//! Reads `.r1cs` and `.wtns` as our kernel writes them: sections in ascending order.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use ark_bn254::Fr;
use ark_ff::BigInt;
use ark_ff::PrimeField;
use ark_relations::gr1cs::Matrix;

use crate::rows::Rows;
use crate::Outcome;

struct Input(BufReader<File>);

impl Input {
    fn open(path: &Path, magic: &[u8; 4], version: u32, n_sections: u32) -> Outcome<Self> {
        let mut input = Input(BufReader::with_capacity(1 << 20, File::open(path)?));
        let head = (input.bytes::<4>()?, input.word()?, input.word()?);
        if head != (*magic, version, n_sections) {
            return Err(format!("{}: starts with {head:?}", path.display()).into());
        }
        Ok(input)
    }

    fn bytes<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn word(&mut self) -> Outcome<u32> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    fn section(&mut self, kind: u32) -> Outcome<()> {
        let (found, _) = (self.word()?, self.bytes::<8>()?);
        if found != kind {
            return Err(format!("section {found}, expected {kind}").into());
        }
        Ok(())
    }

    fn element(&mut self) -> Outcome<Fr> {
        let bytes = self.bytes::<32>()?;
        let mut limbs = [0; 4];
        for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
            *limb = u64::from_le_bytes(chunk.try_into()?);
        }
        Fr::from_bigint(BigInt(limbs)).ok_or_else(|| "a value is not below r".into())
    }

    fn terms(&mut self) -> Outcome<Vec<(Fr, usize)>> {
        let n = self.word()?;
        (0..n)
            .map(|_| {
                let wire = self.word()? as usize;
                Ok((self.element()?, wire))
            })
            .collect()
    }
}

pub fn read_rows(case: &Path) -> Outcome<Rows> {
    let mut input = Input::open(&case.join("circuit.r1cs"), b"r1cs", 1, 3)?;
    input.section(1)?;
    input.bytes::<36>()?; // the prime and its length
    let (n_wires, n_outputs, n_inputs) = (input.word()?, input.word()?, input.word()?);
    input.bytes::<12>()?; // private inputs, labels
    let n_rows = input.word()?;
    input.section(2)?;
    let empty = || Matrix::<Fr>::with_capacity(n_rows as usize);
    let mut matrices = [empty(), empty(), empty()];
    for _ in 0..n_rows {
        for matrix in &mut matrices {
            matrix.push(input.terms()?);
        }
    }
    Ok(Rows { n_wires: n_wires as usize, n_public: (n_outputs + n_inputs) as usize, matrices })
}

/// Return the value of every wire.
pub fn read_witness(case: &Path) -> Outcome<Vec<Fr>> {
    let mut input = Input::open(&case.join("witness.wtns"), b"wtns", 2, 2)?;
    input.section(1)?;
    input.bytes::<36>()?;
    let n = input.word()?;
    input.section(2)?;
    (0..n).map(|_| input.element()).collect()
}
