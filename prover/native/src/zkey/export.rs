//! Writes a key of ours as `.zkey`. Points go from map to file in chunks: memory does not grow with the key.

use std::io::{Error, ErrorKind, Result as IoResult, Seek, SeekFrom, Write};
use std::path::Path;

use crate::circuit::Circuit;
use crate::error::Result;
use crate::field_io::{RawPoint, G1_BYTES, G2_BYTES};
use crate::iden3::{put_section, put_u32, put_u64, write_whole, Output};
use crate::keyfile::ProvingKey;
use crate::progress::{Counter, Progress};
use crate::value_error;
use crate::verify::VerifyingKey;
use crate::zkey::{
    encode_sizes, r_squared, visit_coefficients, COEFFICIENT_BYTES, DIGEST_BYTES, GROTH16, MAGIC, N_SECTIONS,
    POINTS_BYTES, SIZES_BYTES, VERSION,
};

const CHUNK: usize = 1 << 12;

/// Write `key` to `path` as snarkjs reads it. Raises where it is another circuit's.
///
/// Section 10 names no contribution, and zeros for the digest of circuit and powers: snarkjs proves with the file, but
/// `zkey verify` has nothing to hold it against.
pub fn export_zkey(key: &ProvingKey, circuit: &Circuit, path: &Path, progress: &Progress) -> Result<()> {
    check_belongs(key, circuit)?;
    let verifying_key = VerifyingKey::from_be(key.verifying_key())?;
    let header = &key.header;
    // beside the points one unit for all rows
    let n_steps = 1 + 3 * header.n_wires + header.n_l() + header.n_h();
    progress.watch("export zkey", n_steps, |counter| {
        write_whole(path, |out| {
            out.write_all(MAGIC)?;
            put_u32(out, VERSION as usize)?;
            put_u32(out, N_SECTIONS)?;
            put_section(out, 1, 4)?;
            put_u32(out, GROTH16 as usize)?;
            put_header(out, key, circuit, &verifying_key)?;
            put_section(out, 3, verifying_key.ic.len() * G1_BYTES)?;
            put_points(out, verifying_key.ic.len(), |i| verifying_key.ic[i], counter)?;
            put_coefficients(out, circuit, counter)?;
            put_sparse(out, 5, header.n_wires, header.n_a, |i| key.a_wire(i), |i| key.a(i), counter)?;
            put_sparse(out, 6, header.n_wires, header.n_b, |i| key.b_wire(i), |i| key.b1(i), counter)?;
            put_sparse(out, 7, header.n_wires, header.n_b, |i| key.b_wire(i), |i| key.b2(i), counter)?;
            put_section(out, 8, header.n_l() * G1_BYTES)?;
            put_points(out, header.n_l(), |i| key.l(i), counter)?;
            put_section(out, 9, header.n_h() * G1_BYTES)?;
            put_points(out, header.n_h(), |i| key.h(i), counter)?;
            put_section(out, 10, DIGEST_BYTES + 4)?;
            out.write_all(&[0; DIGEST_BYTES + 4])
        })
    })?
}

fn check_belongs(key: &ProvingKey, circuit: &Circuit) -> Result<()> {
    let header = &key.header;
    let sizes = (header.n_wires, header.n_public, header.domain_log2);
    let wanted = (circuit.n_wires, circuit.n_public, circuit.domain_log2);
    if &header.circuit_digest != circuit.digest.as_bytes() || sizes != wanted {
        let found = blake3::Hash::from_bytes(header.circuit_digest).to_hex();
        let expected = circuit.digest.to_hex();
        return Err(value_error!("the key is for circuit {found}, expected {expected}"));
    }
    let is_ascending = |wire: &dyn Fn(usize) -> usize, n: usize| (1..n).all(|i| wire(i - 1) < wire(i));
    if !is_ascending(&|i| key.a_wire(i), header.n_a) || !is_ascending(&|i| key.b_wire(i), header.n_b) {
        return Err(value_error!("the key's wires do not ascend"));
    }
    Ok(())
}

fn put_header(
    out: &mut Output,
    key: &ProvingKey,
    circuit: &Circuit,
    verifying_key: &VerifyingKey,
) -> IoResult<()> {
    put_section(out, 2, SIZES_BYTES + POINTS_BYTES)?;
    out.write_all(&encode_sizes(circuit))?;
    let (fixed, mut points) = (&key.fixed, Vec::with_capacity(POINTS_BYTES));
    fixed.alpha_g1.to_raw(&mut points);
    fixed.beta_g1.to_raw(&mut points);
    fixed.beta_g2.to_raw(&mut points);
    verifying_key.gamma_g2.to_raw(&mut points);
    fixed.delta_g1.to_raw(&mut points);
    fixed.delta_g2.to_raw(&mut points);
    out.write_all(&points)
}

fn put_coefficients(out: &mut Output, circuit: &Circuit, counter: &Counter) -> IoResult<()> {
    let (start, r_squared) = (out.stream_position()?, r_squared());
    put_section(out, 4, 0)?; // length and number come when they are known
    put_u32(out, 0)?;
    let mut n = 0;
    visit_coefficients(circuit, |coefficient| {
        n += 1;
        out.write_all(&coefficient.to_bytes(&r_squared))
    })?;
    if n > u32::MAX as usize {
        return Err(Error::other("more coefficients than the format can count"));
    }
    let end = out.stream_position()?;
    out.seek(SeekFrom::Start(start + 4))?;
    put_u64(out, 4 + n * COEFFICIENT_BYTES)?;
    put_u32(out, n)?;
    out.seek(SeekFrom::Start(end))?;
    counter.add(1);
    Ok(())
}

/// Write a section of one point a wire, infinity where the key has none. Assumes the key's wires ascend.
fn put_sparse<P: RawPoint>(
    out: &mut Output,
    kind: usize,
    n_wires: usize,
    n: usize,
    wire: impl Fn(usize) -> usize,
    point: impl Fn(usize) -> P,
    counter: &Counter,
) -> IoResult<()> {
    put_section(out, kind, n_wires * P::RAW_BYTES)?;
    let mut next = 0;
    put_points(
        out,
        n_wires,
        |i| {
            if next < n && wire(next) == i {
                next += 1;
                return point(next - 1);
            }
            P::zero()
        },
        counter,
    )
}

fn put_points<P: RawPoint>(
    out: &mut Output,
    n: usize,
    mut point: impl FnMut(usize) -> P,
    counter: &Counter,
) -> IoResult<()> {
    let mut bytes = Vec::with_capacity(CHUNK * G2_BYTES);
    for start in (0..n).step_by(CHUNK) {
        if counter.is_stopped() {
            return Err(Error::from(ErrorKind::Interrupted)); // the caller's own reason is told in its place
        }
        let end = n.min(start + CHUNK);
        bytes.clear();
        (start..end).for_each(|i| point(i).to_raw(&mut bytes));
        out.write_all(&bytes)?;
        counter.add(end - start);
    }
    Ok(())
}
