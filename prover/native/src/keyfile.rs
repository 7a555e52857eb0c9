//! The proving key file: a header, the verifying key, sections of raw points, a BLAKE3 checksum over all before it.
//!
//! ```text
//! 0    magic "ZKMK"
//! 4    version, curve (1 = BN254), flags (bit 0: development), domain_log2            u32 each, little-endian
//! 20   n_wires, n_public, n_a, n_b                                                    u32 each
//! 36   circuit digest                                                                 32 bytes
//! 68   length of the verifying key's bytes, of the transcript's (0: made by `setup`)   u32 each; zeros up to 128
//! 128  alpha_g1, beta_g1, delta_g1, beta_g2, delta_g2; verifying key; zeros up to a multiple of 64
//!      A wires (n_a u32), B wires (n_b u32), each padded to 64; points A, B1, B2 of these wires,
//!      L (wires after the public ones), H (domain size); of a ceremony's key its transcript, padded to 64;
//!      checksum, 32 bytes
//! ```
//! Points are affine coordinates in Montgomery limbs, so that a mapped file is used where it lies.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use ark_bn254::{G1Affine, G2Affine};
use memmap2::Mmap;

use crate::ceremony::transcript::Transcript;
use crate::error::{KernelError, Result};
use crate::field_io::{RawPoint, G1_BYTES, G2_BYTES};
use crate::value_error;

const MAGIC: &[u8; 4] = b"ZKMK";
const VERSION: u32 = 1;
const CURVE_BN254: u32 = 1;
const FLAG_DEVELOPMENT: u32 = 1;
const HEADER_BYTES: usize = 128;
pub const ALIGNMENT: usize = 64;
const MAX_TRANSCRIPT_BYTES: usize = 1 << 20;
const CHECKSUM_BYTES: usize = 32;
const FIXED_POINTS_BYTES: usize = 3 * G1_BYTES + 2 * G2_BYTES;

/// What a key file says about itself.
#[derive(Clone)]
pub struct Header {
    pub is_development: bool,
    pub domain_log2: u32,
    pub n_wires: usize,
    pub n_public: usize,
    pub n_a: usize,
    pub n_b: usize,
    pub circuit_digest: [u8; 32],
    pub vk_bytes: usize,
    /// 0 where no ceremony made the key.
    pub transcript_bytes: usize,
}

/// Where each section lies.
struct Layout {
    verifying_key: Range<usize>,
    a_wires: Range<usize>,
    b_wires: Range<usize>,
    a: Range<usize>,
    b1: Range<usize>,
    b2: Range<usize>,
    l: Range<usize>,
    h: Range<usize>,
    transcript: Range<usize>,
    end: usize,
}

impl Header {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let flags = if self.is_development { FLAG_DEVELOPMENT } else { 0 };
        let sizes = [self.n_wires, self.n_public, self.n_a, self.n_b].map(|n| n as u32);
        for word in [VERSION, CURVE_BN254, flags, self.domain_log2].into_iter().chain(sizes) {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(&self.circuit_digest);
        for n_bytes in [self.vk_bytes, self.transcript_bytes] {
            bytes.extend_from_slice(&(n_bytes as u32).to_le_bytes());
        }
        bytes.resize(HEADER_BYTES, 0);
        bytes
    }

    fn parse(bytes: &[u8]) -> std::result::Result<Self, String> {
        if bytes.len() < HEADER_BYTES + CHECKSUM_BYTES {
            return Err(format!("{} bytes, too short for a proving key", bytes.len()));
        }
        if &bytes[..4] != MAGIC {
            return Err(format!(
                "magic {:?}, expected \"ZKMK\": not a proving key",
                String::from_utf8_lossy(&bytes[..4])
            ));
        }
        let word = |i: usize| u32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().expect("4 bytes"));
        if word(1) != VERSION {
            return Err(format!("version {}, expected {VERSION}", word(1)));
        }
        if word(2) != CURVE_BN254 {
            return Err(format!("curve {}, expected {CURVE_BN254} (BN254)", word(2)));
        }
        if word(3) & !FLAG_DEVELOPMENT != 0 || word(4) > 27 || word(6) >= word(5) {
            return Err("the header's flags or sizes are out of range".to_string());
        }
        let size = |i| word(i) as usize;
        if size(18) > MAX_TRANSCRIPT_BYTES {
            return Err(format!("a transcript of {} bytes, at most {MAX_TRANSCRIPT_BYTES}", size(18)));
        }
        Ok(Header {
            is_development: word(3) & FLAG_DEVELOPMENT != 0,
            domain_log2: word(4),
            n_wires: size(5),
            n_public: size(6),
            n_a: size(7),
            n_b: size(8),
            circuit_digest: bytes[36..68].try_into().expect("32 bytes"),
            vk_bytes: size(17),
            transcript_bytes: size(18),
        })
    }

    fn layout(&self) -> Layout {
        let mut at = HEADER_BYTES + FIXED_POINTS_BYTES;
        let mut take = |n: usize| {
            let start = at;
            at = (start + n).next_multiple_of(ALIGNMENT);
            start..start + n
        };
        let mut layout = Layout {
            verifying_key: take(self.vk_bytes),
            a_wires: take(self.n_a * 4),
            b_wires: take(self.n_b * 4),
            a: take(self.n_a * G1_BYTES),
            b1: take(self.n_b * G1_BYTES),
            b2: take(self.n_b * G2_BYTES),
            l: take(self.n_l() * G1_BYTES),
            h: take(self.n_h() * G1_BYTES),
            transcript: take(self.transcript_bytes),
            end: 0,
        };
        layout.end = at;
        layout
    }

    pub fn n_l(&self) -> usize {
        self.n_wires - self.n_public - 1
    }

    pub fn n_h(&self) -> usize {
        1 << self.domain_log2
    }
}

/// The sections of points.
#[derive(Clone, Copy)]
pub enum Points {
    A,
    B1,
    B2,
    L,
    H,
}

/// The single points every proof needs.
#[derive(Clone)]
pub struct FixedPoints {
    pub alpha_g1: G1Affine,
    pub beta_g1: G1Affine,
    pub delta_g1: G1Affine,
    pub beta_g2: G2Affine,
    pub delta_g2: G2Affine,
}

impl FixedPoints {
    pub fn to_raw(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FIXED_POINTS_BYTES);
        [&self.alpha_g1, &self.beta_g1, &self.delta_g1].into_iter().for_each(|point| point.to_raw(&mut out));
        [&self.beta_g2, &self.delta_g2].into_iter().for_each(|point| point.to_raw(&mut out));
        out
    }
}

/// A proving key, mapped from its file.
pub struct ProvingKey {
    pub header: Header,
    pub fixed: FixedPoints,
    /// How a ceremony made the key; None where `setup` did.
    pub transcript: Option<Transcript>,
    map: Mmap,
    layout: Layout,
}

impl ProvingKey {
    /// Map a key and check magic, version, curve, length and checksum. The circuit's digest is checked by `prove`.
    pub fn load(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| KernelError::io(path, error))?;
        // SAFETY: the map is read only. A key file is written under another name and renamed, never changed in place;
        // who truncates one under a running prover gets a SIGBUS, as with every mapped file.
        let map = unsafe { Mmap::map(&file) }.map_err(|error| KernelError::io(path, error))?;
        let fail = |what: String| value_error!("{}: {what}", path.display());
        let header = Header::parse(&map).map_err(fail)?;
        let layout = header.layout();
        let expected = layout.end + CHECKSUM_BYTES;
        if map.len() != expected {
            return Err(fail(format!("{} bytes, expected {expected}: truncated or extended", map.len())));
        }
        let checksum = blake3::Hasher::new().update_rayon(&map[..layout.end]).finalize();
        if checksum.as_bytes() != &map[layout.end..] {
            return Err(fail(format!(
                "the checksum does not match ({}): the file is damaged",
                checksum.to_hex()
            )));
        }
        let g1 = |i: usize| G1Affine::from_raw(&map[HEADER_BYTES + i * G1_BYTES..]);
        let g2 = |i: usize| G2Affine::from_raw(&map[HEADER_BYTES + 3 * G1_BYTES + i * G2_BYTES..]);
        let fixed =
            FixedPoints { alpha_g1: g1(0), beta_g1: g1(1), delta_g1: g1(2), beta_g2: g2(0), delta_g2: g2(1) };
        let transcript = read_transcript(&header, &map[layout.transcript.clone()]).map_err(fail)?;
        let key = ProvingKey { header, fixed, transcript, map, layout };
        let n_wires = key.header.n_wires;
        let is_within = |wires: &dyn Fn(usize) -> usize, n: usize| (0..n).all(|i| wires(i) < n_wires);
        if !is_within(&|i| key.a_wire(i), key.header.n_a) || !is_within(&|i| key.b_wire(i), key.header.n_b) {
            return Err(value_error!("{}: a wire index is not below {n_wires}", path.display()));
        }
        Ok(key)
    }

    pub fn verifying_key(&self) -> &[u8] {
        &self.map[self.layout.verifying_key.clone()]
    }

    /// Return the bytes of the sections from the A wires to B2: no contribution changes them.
    pub fn constant_sections(&self) -> &[u8] {
        &self.map[self.layout.a_wires.start..self.layout.l.start]
    }

    /// Return a section of points as it lies in the file.
    pub fn points(&self, of: Points) -> &[u8] {
        let layout = &self.layout;
        let section = match of {
            Points::A => &layout.a,
            Points::B1 => &layout.b1,
            Points::B2 => &layout.b2,
            Points::L => &layout.l,
            Points::H => &layout.h,
        };
        &self.map[section.clone()]
    }

    fn index(&self, section: &Range<usize>, i: usize) -> usize {
        let at = section.start + 4 * i;
        u32::from_le_bytes(self.map[at..at + 4].try_into().expect("4 bytes")) as usize
    }

    fn point<P: RawPoint>(&self, section: &Range<usize>, i: usize) -> P {
        let at = section.start + P::RAW_BYTES * i;
        P::from_raw(&self.map[at..at + P::RAW_BYTES])
    }

    pub fn a_wire(&self, i: usize) -> usize {
        self.index(&self.layout.a_wires, i)
    }

    pub fn b_wire(&self, i: usize) -> usize {
        self.index(&self.layout.b_wires, i)
    }

    pub fn a(&self, i: usize) -> G1Affine {
        self.point(&self.layout.a, i)
    }

    pub fn b1(&self, i: usize) -> G1Affine {
        self.point(&self.layout.b1, i)
    }

    pub fn b2(&self, i: usize) -> G2Affine {
        self.point(&self.layout.b2, i)
    }

    pub fn l(&self, i: usize) -> G1Affine {
        self.point(&self.layout.l, i)
    }

    pub fn h(&self, i: usize) -> G1Affine {
        self.point(&self.layout.h, i)
    }
}

/// Return a ceremony key's transcript. A key is for development unless somebody contributed what only they knew.
fn read_transcript(header: &Header, bytes: &[u8]) -> std::result::Result<Option<Transcript>, String> {
    let transcript = if bytes.is_empty() { None } else { Some(Transcript::parse(bytes)?) };
    let has_secret = transcript.as_ref().is_some_and(Transcript::has_secret);
    if has_secret == header.is_development {
        let said = if header.is_development { "development" } else { "ceremony" };
        return Err(format!("the header says {said}, its transcript does not"));
    }
    Ok(transcript)
}
