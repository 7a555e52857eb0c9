//! The iden3 `.ptau` format, parsed strictly. Points are not looked at here.
//!
//! ```text
//! magic "ptau", version 1 (u32), number of sections (u32), then each: type (u32), length (u64), bytes. Of power p:
//! 1   n8 = 32 (u32), q (32 bytes), p (u32), power of the whole ceremony (u32)
//! 2   tau^i G1, i < 2^(p+1) - 1        3  tau^i G2, i < 2^p     4  alpha tau^i G1, i < 2^p     5  beta tau^i G1, i < 2^p
//! 6   beta G2                          7  contributions to the powers: not read here
//! 12, 13, 14, 15  (prepared for phase 2) Lagrange points of 2 to 5 for the sizes 2^0, 2^1, .. 2^p (12: 2^(p+1))
//! ```
//! Little-endian; points are affine in Montgomery limbs, as in our key files.

use std::ops::Range;

use ark_bn254::Fq;
use ark_ff::{BigInteger, PrimeField};

use crate::field_io::{G1_BYTES, G2_BYTES};

const MAX_POWER: u32 = 28;
const MAX_SECTIONS: u32 = 32;

/// Where points of one kind lie.
pub type Section = Range<usize>;

/// Sections 2 to 6, cut to what a circuit needs.
pub struct Sections {
    pub tau_g1: Section,
    pub tau_g2: Section,
    pub alpha_g1: Section,
    pub beta_g1: Section,
    pub beta_g2: Section,
}

/// Lagrange points for a domain, where the file was prepared: of sections 12 (that size, and twice it), 13, 14, 15.
pub struct Prepared {
    pub tau_g1: Section,
    pub twice_tau_g1: Section,
    pub tau_g2: Section,
    pub alpha_g1: Section,
    pub beta_g1: Section,
}

/// Return the power, the sections that a domain needs, and its Lagrange points where there are any.
pub fn find_points(
    bytes: &[u8],
    domain_log2: u32,
) -> std::result::Result<(u32, Sections, Option<Prepared>), String> {
    if !(1..MAX_POWER).contains(&domain_log2) {
        return Err(format!("a domain of 2^{domain_log2}, expected 2^1 to 2^{}", MAX_POWER - 1));
    }
    let table = read_table(bytes)?;
    let power = read_header(&bytes[find(&table, 1)?])?;
    let needed = domain_log2 + 1;
    if power < needed {
        return Err(format!("powers up to 2^{power}, expected 2^{needed}: twice the circuit's domain"));
    }
    let (all, n) = (1usize << power, 1usize << domain_log2);
    let take = |kind: u32, count: usize, used: usize, n_bytes: usize| {
        let range = find(&table, kind)?;
        if range.len() != count * n_bytes {
            return Err(format!("section {kind} has {} bytes, expected {}", range.len(), count * n_bytes));
        }
        Ok(range.start..range.start + used * n_bytes)
    };
    let sections = Sections {
        tau_g1: take(2, 2 * all - 1, 2 * n, G1_BYTES)?,
        tau_g2: take(3, all, n, G2_BYTES)?,
        alpha_g1: take(4, all, n, G1_BYTES)?,
        beta_g1: take(5, all, n, G1_BYTES)?,
        beta_g2: take(6, 1, 1, G2_BYTES)?,
    };
    if !table.iter().any(|(kind, _)| *kind == 12) {
        return Ok((power, sections, None));
    }
    // The points of size 2^k stand behind those of all smaller sizes: 2^k - 1 of them.
    let lagrange = |kind: u32, sizes: usize, size: usize, n_bytes: usize| {
        let range = take(kind, 2 * sizes - 1, 2 * size - 1, n_bytes)?;
        Ok::<_, String>(range.start + (size - 1) * n_bytes..range.end)
    };
    let prepared = Prepared {
        tau_g1: lagrange(12, 2 * all, n, G1_BYTES)?,
        twice_tau_g1: lagrange(12, 2 * all, 2 * n, G1_BYTES)?,
        tau_g2: lagrange(13, all, n, G2_BYTES)?,
        alpha_g1: lagrange(14, all, n, G1_BYTES)?,
        beta_g1: lagrange(15, all, n, G1_BYTES)?,
    };
    Ok((power, sections, Some(prepared)))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}

/// Return each section's type and place. They must fill the file, each type once.
fn read_table(bytes: &[u8]) -> std::result::Result<Vec<(u32, Section)>, String> {
    if bytes.len() < 12 || &bytes[..4] != b"ptau" {
        return Err("no \"ptau\" at its start: not powers of tau".to_string());
    }
    let (version, n_sections) = (word(bytes, 4), word(bytes, 8));
    if version != 1 || n_sections > MAX_SECTIONS {
        return Err(format!("version {version} with {n_sections} sections, expected 1 with at most 32"));
    }
    let (mut at, mut table) = (12, Vec::new());
    for i in 0..n_sections {
        let left = bytes.len() - at;
        if left < 12 {
            return Err(format!("ends inside section {i} of {n_sections}: truncated"));
        }
        let kind = word(bytes, at);
        let n_bytes = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().expect("8 bytes"));
        if n_bytes > (left - 12) as u64 {
            return Err(format!("section {kind} has {n_bytes} bytes, {} are left: truncated", left - 12));
        }
        if table.iter().any(|(other, _)| *other == kind) {
            return Err(format!("section {kind} comes twice"));
        }
        table.push((kind, at + 12..at + 12 + n_bytes as usize));
        at += 12 + n_bytes as usize;
    }
    if at != bytes.len() {
        return Err(format!("{} bytes, its sections fill {at}", bytes.len()));
    }
    Ok(table)
}

fn find(table: &[(u32, Section)], kind: u32) -> std::result::Result<Section, String> {
    let found = table.iter().find(|(other, _)| *other == kind);
    found.map(|(_, range)| range.clone()).ok_or_else(|| format!("section {kind} is missing"))
}

fn read_header(bytes: &[u8]) -> std::result::Result<u32, String> {
    if bytes.len() != 44 || word(bytes, 0) != 32 || bytes[4..36] != Fq::MODULUS.to_bytes_le()[..] {
        return Err("its header does not say BN254".to_string());
    }
    let power = word(bytes, 36);
    if !(1..=MAX_POWER).contains(&power) {
        return Err(format!("power {power}, expected 1 to {MAX_POWER}"));
    }
    Ok(power)
}
