//! The table of a `.zkey`'s sections, parsed strictly.

use std::ops::Range;

use crate::zkey::{MAGIC, N_SECTIONS, VERSION};

type Parsed<T> = std::result::Result<T, String>;

const TABLE_ENTRY_BYTES: usize = 12;

/// Where each section lies; they fill the file, each type from 1 to 10 once.
pub struct Sections {
    ranges: [Range<usize>; N_SECTIONS],
}

impl Sections {
    pub fn get(&self, kind: u32) -> Range<usize> {
        self.ranges[kind as usize - 1].clone()
    }

    pub fn parse(bytes: &[u8]) -> Parsed<Self> {
        if bytes.len() < 12 || &bytes[..4] != MAGIC {
            return Err("no \"zkey\" at its start: not a proving key of snarkjs".to_string());
        }
        let (version, n_sections) = (word(bytes, 4), word(bytes, 8));
        if version != VERSION || n_sections as usize != N_SECTIONS {
            return Err(format!(
                "version {version} with {n_sections} sections, expected {VERSION} with {N_SECTIONS}"
            ));
        }
        let (mut at, mut ranges) = (12, [const { None }; N_SECTIONS]);
        for i in 0..N_SECTIONS {
            let (kind, range) = read_entry(bytes, at, i)?;
            let slot: &mut Option<Range<usize>> = &mut ranges[kind as usize - 1];
            if slot.is_some() {
                return Err(format!("section {kind} comes twice"));
            }
            at = range.end;
            *slot = Some(range);
        }
        if at != bytes.len() {
            return Err(format!("{} bytes, its sections fill {at}", bytes.len()));
        }
        // Ten sections, ten types, none twice: none is missing.
        Ok(Sections { ranges: ranges.map(|range| range.expect("each type once")) })
    }
}

fn read_entry(bytes: &[u8], at: usize, i: usize) -> Parsed<(u32, Range<usize>)> {
    let left = bytes.len() - at;
    if left < TABLE_ENTRY_BYTES {
        return Err(format!("ends before section {i} of {N_SECTIONS}: truncated"));
    }
    let kind = word(bytes, at);
    if !(1..=N_SECTIONS as u32).contains(&kind) {
        return Err(format!("a section of type {kind}, expected 1 to {N_SECTIONS}"));
    }
    let n_bytes = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().expect("8 bytes"));
    let start = at + TABLE_ENTRY_BYTES;
    if n_bytes > (bytes.len() - start) as u64 {
        return Err(format!(
            "section {kind} has {n_bytes} bytes, {} are left: truncated",
            bytes.len() - start
        ));
    }
    Ok((kind, start..start + n_bytes as usize))
}

/// Return a little-endian u32. Assumes that it lies within the bytes.
pub fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}
