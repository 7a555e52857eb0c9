//! The iden3 formats: `.r1cs` version 1 and `.wtns` version 2, little-endian, canonical (not Montgomery) values.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use ark_bn254::Fr;
use ark_ff::{BigInteger, One, PrimeField, Zero};

use crate::circuit::{Circuit, Instance};
use crate::error::{KernelError, Result};
use crate::field_io::field_to_le;
use crate::key_writer::temporary_name;

pub type Output = BufWriter<File>;

/// Write under a temporary name, then rename: a reader never sees half a file.
pub fn write_whole(path: &Path, fill: impl FnOnce(&mut Output) -> std::io::Result<()>) -> Result<()> {
    let temporary = temporary_name(path);
    let written = File::create(&temporary).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        fill(&mut out)?;
        out.flush()?;
        std::fs::rename(&temporary, path)
    });
    written.map_err(|error| {
        let _ = std::fs::remove_file(&temporary); // it may not even exist; the first error is the one to tell
        KernelError::io(path, error)
    })
}

pub fn put_u32(out: &mut Output, value: usize) -> std::io::Result<()> {
    out.write_all(&(value as u32).to_le_bytes())
}

pub fn put_u64(out: &mut Output, value: usize) -> std::io::Result<()> {
    out.write_all(&(value as u64).to_le_bytes())
}

pub fn put_section(out: &mut Output, kind: usize, n_bytes: usize) -> std::io::Result<()> {
    put_u32(out, kind)?;
    put_u64(out, n_bytes)
}

fn put_prime(out: &mut Output) -> std::io::Result<()> {
    put_u32(out, 32)?;
    out.write_all(&Fr::MODULUS.to_bytes_le())
}

/// Write the circuit as iden3 `.r1cs`: public inputs are wires 1..=n_public, no outputs, labels equal wires.
pub fn write_r1cs(circuit: &Circuit, path: &Path) -> Result<()> {
    write_whole(path, |out| {
        out.write_all(b"r1cs")?;
        put_u32(out, 1)?;
        put_u32(out, 3)?;
        put_section(out, 1, 64)?;
        put_prime(out)?;
        let n_secret = circuit.n_wires - 1 - circuit.n_public;
        [circuit.n_wires, 0, circuit.n_public, n_secret].into_iter().try_for_each(|n| put_u32(out, n))?;
        put_u64(out, circuit.n_wires)?;
        put_u32(out, circuit.n_rows)?;
        let size_at = out.stream_position()? + 4;
        put_section(out, 2, 0)?; // the length comes when it is known
        let start = out.stream_position()?;
        circuit.instances.iter().try_for_each(|instance| put_rows(out, circuit, instance))?;
        let end = out.stream_position()?;
        out.seek(SeekFrom::Start(size_at))?;
        put_u64(out, (end - start) as usize)?;
        out.seek(SeekFrom::Start(end))?;
        put_section(out, 3, circuit.n_wires * 8)?;
        (0..circuit.n_wires).try_for_each(|wire| put_u64(out, wire))
    })
}

fn put_rows(out: &mut Output, circuit: &Circuit, instance: &Instance) -> std::io::Result<()> {
    for row in &circuit.template(instance).rows {
        for reference in row {
            let terms = flatten(circuit, instance, *reference as usize);
            put_u32(out, terms.len())?;
            for (wire, coefficient) in terms {
                put_u32(out, wire)?;
                out.write_all(&field_to_le(&coefficient))?;
            }
        }
    }
    Ok(())
}

/// Return a reference's terms over global wires, ascending, each wire once, none zero.
pub fn flatten(circuit: &Circuit, instance: &Instance, reference: usize) -> Vec<(usize, Fr)> {
    let template = circuit.template(instance);
    if reference < template.n_wires {
        return vec![(circuit.global_wire(instance, reference), Fr::one())];
    }
    let local = template.terms(reference - template.n_wires);
    let mut terms: Vec<_> = local.map(|(wire, c)| (circuit.global_wire(instance, wire), *c)).collect();
    terms.sort_by_key(|(wire, _)| *wire);
    terms.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0; // two ports may be one bus wire
        if is_same {
            kept.1 += next.1;
        }
        is_same
    });
    terms.retain(|(_, coefficient)| !coefficient.is_zero());
    terms
}

/// Write the witness as iden3 `.wtns`.
pub fn write_wtns(wires: &[Fr], path: &Path) -> Result<()> {
    write_whole(path, |out| {
        out.write_all(b"wtns")?;
        put_u32(out, 2)?;
        put_u32(out, 2)?;
        put_section(out, 1, 40)?;
        put_prime(out)?;
        put_u32(out, wires.len())?;
        put_section(out, 2, wires.len() * 32)?;
        wires.iter().try_for_each(|value| out.write_all(&field_to_le(value)))
    })
}
