//! Secret scalars: expanded from 32 bytes of the operating system's randomness, or from a seed given by a test.

use ark_bn254::Fr;
use ark_ff::{PrimeField, Zero};
use zeroize::Zeroize;

use crate::error::{KernelError, Result};

/// A stream of secret scalars.
pub struct Secrets {
    stream: blake3::OutputReader,
}

impl Secrets {
    /// `purpose` separates the streams of one seed. With a seed the scalars are as public as the seed.
    pub fn new(purpose: &str, seed: Option<&[u8]>) -> Result<Self> {
        Self::with_text(purpose, seed, &[])
    }

    /// As `new`, with text of the user's mixed in: it can only add to what nobody else knows.
    pub fn with_text(purpose: &str, seed: Option<&[u8]>, text: &[u8]) -> Result<Self> {
        let mut hasher = blake3::Hasher::new_derive_key(purpose);
        match seed {
            Some(seed) => {
                hasher.update(seed);
            }
            None => {
                let mut entropy = [0u8; 32];
                getrandom::fill(&mut entropy).map_err(|error| {
                    KernelError::Io(format!("the operating system's randomness: {error}"))
                })?;
                hasher.update(&entropy);
                entropy.zeroize();
            }
        }
        hasher.update(text);
        let stream = hasher.finalize_xof();
        hasher.zeroize();
        Ok(Secrets { stream })
    }

    /// Return a scalar in [1, r); its bias is below 2^-256, since 512 bits are reduced.
    pub fn scalar(&mut self) -> Fr {
        loop {
            let mut wide = [0u8; 64];
            self.stream.fill(&mut wide);
            let scalar = Fr::from_le_bytes_mod_order(&wide);
            wide.zeroize();
            if !scalar.is_zero() {
                return scalar;
            }
        }
    }
}

/// Return n random factors of 128 bits, from the operating system: a sum weighted by them hides a fault once in 2^128.
pub fn draw_factors(n: usize) -> Result<Vec<Fr>> {
    let mut secrets = Secrets::new("zkmargin random linear combination v1", None)?;
    let mut bytes = vec![0u8; 16 * n];
    secrets.stream.fill(&mut bytes);
    Ok(bytes
        .chunks_exact(16)
        .map(|c| Fr::from(u128::from_le_bytes(c.try_into().expect("16 bytes"))))
        .collect())
}

impl Drop for Secrets {
    fn drop(&mut self) {
        self.stream.zeroize();
    }
}
