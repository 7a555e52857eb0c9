//! The transcript of a ceremony: who contributed, in order, and what proves it. Kept in the key file.
//!
//! ```text
//! magic "ZKMC", version 1 (u32), start (64 bytes), number of contributions (u32), then each:
//!   kind (u32: 0 a party's, 1 a beacon's), length of the name (u32), name (UTF-8)
//!   of a beacon: iterations_log2 (u32), length of the value (u32), value
//!   delta_g1 after it (64), x * G1 (64), x * R (128)                       big-endian, EIP-196 and EIP-197
//!   link (64): BLAKE2b-512 of the link before (at first: of `start`) and of this record up to here
//! ```
//! Integers are little-endian.

use ark_bn254::{G1Affine, G2Affine};
use blake2::{Blake2b512, Digest as _};

use crate::field_io::{read_g1, read_g2, write_g1, write_g2, G1_BYTES, G2_BYTES};

pub const DIGEST_BYTES: usize = 64;
pub type Digest = [u8; DIGEST_BYTES];
type Parsed<T> = std::result::Result<T, String>;

const MAGIC: &[u8; 4] = b"ZKMC";
const VERSION: u32 = 1;
const KIND_PARTY: u32 = 0;
const KIND_BEACON: u32 = 1;
pub const MAX_CONTRIBUTIONS: usize = 1024;
pub const MAX_NAME_BYTES: usize = 128;
pub const MAX_BEACON_BYTES: usize = 256;
pub const BEACON_LOG2: std::ops::RangeInclusive<u32> = 10..=32;

/// A public value that nobody could know before a time agreed on, and how often it is hashed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Beacon {
    pub value: Vec<u8>,
    pub iterations_log2: u32,
}

/// One contribution: delta was multiplied by x.
#[derive(Clone)]
pub struct Contribution {
    pub name: String,
    pub beacon: Option<Beacon>,
    pub delta_g1: G1Affine,
    pub x_g1: G1Affine,
    pub x_r_g2: G2Affine,
    pub link: Digest,
}

/// A ceremony's beginning and all its contributions.
#[derive(Clone)]
pub struct Transcript {
    pub start: Digest,
    pub contributions: Vec<Contribution>,
}

/// Return BLAKE2b-512 of a purpose and parts; purposes keep the uses apart.
pub fn digest(purpose: &str, parts: &[&[u8]]) -> Digest {
    let mut hasher = Blake2b512::new_with_prefix(format!("zkmargin ceremony v1 {purpose}\0"));
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

impl Contribution {
    /// Return what the proof of knowledge signs: all but the proof.
    pub fn statement(&self) -> Vec<u8> {
        let kind = if self.beacon.is_some() { KIND_BEACON } else { KIND_PARTY };
        let mut bytes = kind.to_le_bytes().to_vec();
        put_text(&mut bytes, self.name.as_bytes());
        if let Some(beacon) = &self.beacon {
            bytes.extend_from_slice(&beacon.iterations_log2.to_le_bytes());
            put_text(&mut bytes, &beacon.value);
        }
        [&self.delta_g1, &self.x_g1].into_iter().for_each(|point| write_g1(&mut bytes, point));
        bytes
    }

    fn body(&self) -> Vec<u8> {
        let mut bytes = self.statement();
        write_g2(&mut bytes, &self.x_r_g2);
        bytes
    }

    /// Return the link that belongs behind this contribution.
    pub fn compute_link(&self, before: &Digest) -> Digest {
        digest("link", &[before, &self.body()])
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(text);
}

/// Return a party's or beacon's name. It is printed, so control characters are refused.
pub fn check_name(name: &str) -> Parsed<()> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        return Err(format!("a name of {} bytes, expected 1 to {MAX_NAME_BYTES} printable", name.len()));
    }
    Ok(())
}

impl Beacon {
    pub fn check(&self) -> Parsed<()> {
        if self.value.is_empty() || self.value.len() > MAX_BEACON_BYTES {
            return Err(format!("a beacon of {} bytes, expected 1 to {MAX_BEACON_BYTES}", self.value.len()));
        }
        if !BEACON_LOG2.contains(&self.iterations_log2) {
            return Err(format!("2^{} iterations, expected 2^{BEACON_LOG2:?}", self.iterations_log2));
        }
        Ok(())
    }
}

impl Transcript {
    /// Return whether a party contributed: a beacon's factor is public.
    pub fn has_secret(&self) -> bool {
        self.contributions.iter().any(|contribution| contribution.beacon.is_none())
    }

    pub fn last_link(&self) -> Digest {
        self.contributions.last().map_or(self.start, |contribution| contribution.link)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&self.start);
        bytes.extend_from_slice(&(self.contributions.len() as u32).to_le_bytes());
        for contribution in &self.contributions {
            bytes.extend_from_slice(&contribution.body());
            bytes.extend_from_slice(&contribution.link);
        }
        bytes
    }

    /// Parse a transcript: every length bounded, every point on its curve and of order r. Links are not checked here.
    pub fn parse(bytes: &[u8]) -> Parsed<Self> {
        let mut reader = Reader { bytes, at: 0 };
        if reader.take(4)? != MAGIC || reader.word()? != VERSION {
            return Err("transcript: magic or version is not \"ZKMC\" 1".to_string());
        }
        let start = reader.digest()?;
        let n = reader.word()? as usize;
        if n > MAX_CONTRIBUTIONS {
            return Err(format!("transcript: {n} contributions, at most {MAX_CONTRIBUTIONS}"));
        }
        let contributions = (1..=n)
            .map(|i| reader.contribution().map_err(|what| format!("transcript: contribution {i}: {what}")))
            .collect::<Parsed<_>>()?;
        if reader.at != bytes.len() {
            return Err(format!("transcript: {} bytes, expected {}", bytes.len(), reader.at));
        }
        Ok(Transcript { start, contributions })
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Parsed<&'a [u8]> {
        let left = self.bytes.len() - self.at;
        if n > left {
            return Err(format!("{left} bytes left, expected {n}"));
        }
        self.at += n;
        Ok(&self.bytes[self.at - n..self.at])
    }

    fn word(&mut self) -> Parsed<u32> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into().expect("four were taken")))
    }

    fn text(&mut self, limit: usize) -> Parsed<&'a [u8]> {
        let n = self.word()? as usize;
        if n > limit {
            return Err(format!("a text of {n} bytes, at most {limit}"));
        }
        self.take(n)
    }

    fn digest(&mut self) -> Parsed<Digest> {
        Ok(self.take(DIGEST_BYTES)?.try_into().expect("64 were taken"))
    }

    fn contribution(&mut self) -> Parsed<Contribution> {
        let kind = self.word()?;
        let name =
            String::from_utf8(self.text(MAX_NAME_BYTES)?.to_vec()).map_err(|_| "a name not in UTF-8")?;
        check_name(&name)?;
        let beacon = match kind {
            KIND_PARTY => None,
            KIND_BEACON => {
                let iterations_log2 = self.word()?;
                let beacon = Beacon { value: self.text(MAX_BEACON_BYTES)?.to_vec(), iterations_log2 };
                beacon.check()?;
                Some(beacon)
            }
            _ => return Err(format!("kind {kind}, expected 0 or 1")),
        };
        let delta_g1 = self.g1("delta_g1")?;
        let x_g1 = self.g1("x_g1")?;
        let x_r_g2 = read_g2(self.take(G2_BYTES)?, "x_r_g2").map_err(|error| error.text())?;
        Ok(Contribution { name, beacon, delta_g1, x_g1, x_r_g2, link: self.digest()? })
    }

    fn g1(&mut self, what: &str) -> Parsed<G1Affine> {
        read_g1(self.take(G1_BYTES)?, what).map_err(|error| error.text())
    }
}
