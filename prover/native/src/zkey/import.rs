//! Makes a key file of ours from a `.zkey`. The file is mapped, and points are checked and written in chunks.

use std::fs::File;
use std::path::Path;

use ark_bn254::{G1Affine, G2Affine};
use memmap2::Mmap;
use rayon::prelude::*;

use crate::ceremony::{generators, same_ratio};
use crate::circuit::Circuit;
use crate::error::{KernelError, Result};
use crate::field_io::{RawPoint, G1_BYTES, G2_BYTES};
use crate::key_writer::KeyWriter;
use crate::keyfile::{FixedPoints, Header};
use crate::progress::Progress;
use crate::value_error;
use crate::verify::VerifyingKey;
use crate::zkey::sections::{word, Sections};
use crate::zkey::{
    encode_sizes, fixed_lengths, r_squared, visit_coefficients, COEFFICIENT_BYTES, DIGEST_BYTES, GROTH16,
    SIZES_BYTES,
};

const CHUNK: usize = 1 << 12;
const MAX_CONTRIBUTION_BYTES: usize = 1 << 20;

/// Write the key of `circuit` in `source` to `target`, for development, and return the verifying key's bytes.
///
/// Checked: the sections and their sizes, A and B of every row, every point. Not checked: that the points are the
/// circuit's, and who contributed; only somebody with the powers of tau can (snarkjs `zkey verify`).
pub fn import_zkey(circuit: &Circuit, source: &Path, target: &Path, progress: &Progress) -> Result<Vec<u8>> {
    let file = File::open(source).map_err(|error| KernelError::io(source, error))?;
    // SAFETY: the map is read only, as a key's is (keyfile.rs).
    let map = unsafe { Mmap::map(&file) }.map_err(|error| KernelError::io(source, error))?;
    let sections = Sections::parse(&map).map_err(|what| value_error!("{}: {what}", source.display()))?;
    let zkey = Zkey { map, sections };
    zkey.convert(circuit, target, progress).map_err(|error| error.in_file(source))
}

struct Zkey {
    map: Mmap,
    sections: Sections,
}

/// What section 2 holds.
struct Single {
    fixed: FixedPoints,
    gamma_g2: G2Affine,
}

/// Which wires have a term in a row of A, and of B.
struct Columns {
    a: Vec<bool>,
    b: Vec<bool>,
}

impl Zkey {
    fn convert(&self, circuit: &Circuit, target: &Path, progress: &Progress) -> Result<Vec<u8>> {
        self.check_sizes(circuit)?;
        let Single { fixed, gamma_g2 } = self.read_single()?;
        let columns = progress.watch("import rows", circuit.n_rows, |_| self.check_rows(circuit))??;
        let a_wires = self.list_wires("A", &[(5, G1_BYTES)], &columns.a)?;
        let b_wires = self.list_wires("B", &[(6, G1_BYTES), (7, G2_BYTES)], &columns.b)?;
        let (alpha_g1, beta_g2, delta_g2) = (fixed.alpha_g1, fixed.beta_g2, fixed.delta_g2);
        let ic: Vec<G1Affine> = (0..=circuit.n_public).map(|i| self.point(3, i)).collect();
        check_sound("IC", 0, &ic, |i| i)?;
        let verifying_key = VerifyingKey { alpha_g1, beta_g2, gamma_g2, delta_g2, ic }.to_be();
        let header = Header {
            is_development: true, // who contributed is not checked
            domain_log2: circuit.domain_log2,
            n_wires: circuit.n_wires,
            n_public: circuit.n_public,
            n_a: a_wires.len(),
            n_b: b_wires.len(),
            circuit_digest: *circuit.digest.as_bytes(),
            vk_bytes: verifying_key.len(),
            transcript_bytes: 0,
        };
        let mut writer = KeyWriter::create(target, &header, &fixed, &verifying_key)?;
        writer.write_indices(&a_wires)?;
        writer.write_indices(&b_wires)?;
        let (of_a, of_b) = (|i: usize| a_wires[i] as usize, |i: usize| b_wires[i] as usize);
        self.copy::<G1Affine>(&mut writer, ("A", 5), a_wires.len(), of_a, progress)?;
        self.copy::<G1Affine>(&mut writer, ("B1", 6), b_wires.len(), of_b, progress)?;
        self.copy::<G2Affine>(&mut writer, ("B2", 7), b_wires.len(), of_b, progress)?;
        self.copy::<G1Affine>(&mut writer, ("L", 8), header.n_l(), |i| i, progress)?;
        self.copy::<G1Affine>(&mut writer, ("H", 9), header.n_h(), |i| i, progress)?;
        writer.finish()?;
        Ok(verifying_key)
    }

    fn section(&self, kind: u32) -> &[u8] {
        &self.map[self.sections.get(kind)]
    }

    fn point<P: RawPoint>(&self, kind: u32, i: usize) -> P {
        P::from_raw(&self.section(kind)[i * P::RAW_BYTES..(i + 1) * P::RAW_BYTES])
    }

    /// Hold protocol, primes, counts and lengths against the circuit: after this no index can leave its section.
    fn check_sizes(&self, circuit: &Circuit) -> Result<()> {
        if self.section(1) != GROTH16.to_le_bytes() {
            return Err(value_error!("its protocol is not Groth16"));
        }
        let (header, expected) = (self.section(2), encode_sizes(circuit));
        if header.len() < SIZES_BYTES || header[..72] != expected[..72] {
            return Err(value_error!("its header does not say BN254"));
        }
        if header[72..SIZES_BYTES] != expected[72..] {
            let words = |bytes: &[u8]| [72, 76, 80].map(|at| word(bytes, at));
            let (got, expected) = (words(header), words(&expected));
            return Err(value_error!(
                "(wires, public inputs, domain) are {got:?}, expected {expected:?}, the circuit's"
            ));
        }
        for (kind, n_bytes) in fixed_lengths(circuit) {
            let got = self.section(kind).len();
            if got != n_bytes {
                return Err(value_error!("section {kind} has {got} bytes, expected {n_bytes}"));
            }
        }
        let (got, least) = (self.section(10).len(), DIGEST_BYTES + 4);
        if !(least..=MAX_CONTRIBUTION_BYTES).contains(&got) {
            return Err(value_error!(
                "section 10 has {got} bytes, expected {least} to {MAX_CONTRIBUTION_BYTES}"
            ));
        }
        Ok(())
    }

    fn read_single(&self) -> Result<Single> {
        let points = &self.section(2)[SIZES_BYTES..];
        let g1 = |at: usize| G1Affine::from_raw(&points[at..at + G1_BYTES]);
        let g2 = |at: usize| G2Affine::from_raw(&points[at..at + G2_BYTES]);
        let fixed = FixedPoints {
            alpha_g1: g1(0),
            beta_g1: g1(G1_BYTES),
            beta_g2: g2(2 * G1_BYTES),
            delta_g1: g1(2 * G1_BYTES + 2 * G2_BYTES),
            delta_g2: g2(3 * G1_BYTES + 2 * G2_BYTES),
        };
        let gamma_g2 = g2(2 * G1_BYTES + G2_BYTES);
        check_single("alpha_g1", &fixed.alpha_g1)?;
        check_single("beta_g1", &fixed.beta_g1)?;
        check_single("beta_g2", &fixed.beta_g2)?;
        check_single("gamma_g2", &gamma_g2)?;
        check_single("delta_g1", &fixed.delta_g1)?;
        check_single("delta_g2", &fixed.delta_g2)?;
        let (g1, g2) = generators();
        for (name, in_g1, in_g2) in
            [("beta", fixed.beta_g1, fixed.beta_g2), ("delta", fixed.delta_g1, fixed.delta_g2)]
        {
            if !same_ratio(g1, in_g1, g2, in_g2) {
                return Err(value_error!("{name}_g1 and {name}_g2 do not have one {name}"));
            }
        }
        Ok(Single { fixed, gamma_g2 })
    }

    /// Refuse a section 4 that is not the circuit's A and B, coefficient by coefficient, in snarkjs's order.
    fn check_rows(&self, circuit: &Circuit) -> Result<Columns> {
        let (section, r_squared) = (self.section(4), r_squared());
        let mut columns = Columns { a: vec![false; circuit.n_wires], b: vec![false; circuit.n_wires] };
        let mut at = 4;
        visit_coefficients(circuit, |expected| {
            let end = at + COEFFICIENT_BYTES;
            if section.get(at..end) != Some(&expected.to_bytes(&r_squared)) {
                let (name, row) = (["A", "B"][expected.matrix as usize], expected.row);
                return Err(value_error!("section 4: row {row} of {name} is not the circuit's"));
            }
            let column = if expected.matrix == 0 { &mut columns.a } else { &mut columns.b };
            column[expected.wire] = true;
            at = end;
            Ok(())
        })?;
        let n = (at - 4) / COEFFICIENT_BYTES;
        if section.len() != at || word(section, 0) as usize != n {
            let (got, n_bytes) = (word(section, 0), section.len());
            return Err(value_error!(
                "section 4 says {got} coefficients in {n_bytes} bytes, expected {n} in {at}"
            ));
        }
        Ok(columns)
    }

    /// Return the wires with a point in these sections: they must be those with a term in some row.
    fn list_wires(&self, name: &str, kinds: &[(u32, usize)], column: &[bool]) -> Result<Vec<u32>> {
        for (kind, n_bytes) in kinds {
            let points = self.section(*kind).par_chunks_exact(*n_bytes);
            let is_there = points.map(|point| point.iter().any(|byte| *byte != 0));
            let bad = is_there.zip(column).position_first(|(is_there, expected)| is_there != *expected);
            if let Some(wire) = bad {
                let said = if column[wire] { "no point, and stands" } else { "a point, and stands not" };
                return Err(value_error!("section {kind}: wire {wire} has {said} in {name}"));
            }
        }
        Ok((0..column.len()).filter(|wire| column[*wire]).map(|wire| wire as u32).collect())
    }

    /// Check n points of a section, those that `index` names, and append them to the key.
    fn copy<P: RawPoint>(
        &self,
        writer: &mut KeyWriter,
        (name, kind): (&str, u32),
        n: usize,
        index: impl Fn(usize) -> usize + Sync,
        progress: &Progress,
    ) -> Result<()> {
        progress.watch(&format!("import {name}"), n, |counter| {
            for start in (0..n).step_by(CHUNK) {
                if counter.is_stopped() {
                    break;
                }
                let points: Vec<P> =
                    (start..n.min(start + CHUNK)).map(|i| self.point(kind, index(i))).collect();
                check_sound(name, start, &points, &index)?;
                writer.write_points(&points)?;
                counter.add(points.len());
            }
            Ok(())
        })?
    }
}

fn check_single<P: RawPoint>(name: &str, point: &P) -> Result<()> {
    if point.is_zero() || !point.is_sound() {
        return Err(value_error!("{name} is infinity, or no point of order r"));
    }
    Ok(())
}

/// Refuse a point that is not canonical, on its curve and of order r, naming its place in the section.
fn check_sound<P: RawPoint>(
    name: &str,
    start: usize,
    points: &[P],
    index: impl Fn(usize) -> usize,
) -> Result<()> {
    match points.par_iter().position_first(|point| !point.is_sound()) {
        Some(bad) => Err(value_error!("{name}[{}] is not a point of order r", index(start + bad))),
        None => Ok(()),
    }
}
