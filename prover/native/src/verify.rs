//! Groth16 verification and the bytes of verifying keys, proofs and public inputs (EIP-197 encodings).

use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::One;

use crate::error::Result;
use crate::field_io::{read_g1, read_g2, read_scalars, write_g1, write_g2, G1_BYTES, G2_BYTES};
use crate::value_error;

pub const PROOF_BYTES: usize = 2 * G1_BYTES + G2_BYTES;
/// Where delta_g2 stands in a verifying key's bytes.
pub const VK_DELTA: std::ops::Range<usize> = G1_BYTES + 2 * G2_BYTES..G1_BYTES + 3 * G2_BYTES;
const VK_FIXED_BYTES: usize = G1_BYTES + 3 * G2_BYTES + 4;

/// A Groth16 verifying key.
pub struct VerifyingKey {
    pub alpha_g1: G1Affine,
    pub beta_g2: G2Affine,
    pub gamma_g2: G2Affine,
    pub delta_g2: G2Affine,
    pub ic: Vec<G1Affine>,
}

impl VerifyingKey {
    /// Return `alpha_g1 || beta_g2 || gamma_g2 || delta_g2 || n_ic (4 bytes) || IC`.
    pub fn to_be(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(VK_FIXED_BYTES + self.ic.len() * G1_BYTES);
        write_g1(&mut bytes, &self.alpha_g1);
        [&self.beta_g2, &self.gamma_g2, &self.delta_g2]
            .into_iter()
            .for_each(|point| write_g2(&mut bytes, point));
        bytes.extend_from_slice(&(self.ic.len() as u32).to_be_bytes());
        self.ic.iter().for_each(|point| write_g1(&mut bytes, point));
        bytes
    }

    /// Parse and check a key. Alpha, beta, gamma and delta at infinity are refused: anyone could prove anything.
    pub fn from_be(bytes: &[u8]) -> Result<Self> {
        if bytes.len() < VK_FIXED_BYTES {
            return Err(value_error!(
                "verifying key: {} bytes, expected at least {VK_FIXED_BYTES}",
                bytes.len()
            ));
        }
        let alpha_g1 = read_g1(bytes, "verifying key: alpha_g1")?;
        let read = |i: usize, name: &str| {
            read_g2(&bytes[G1_BYTES + i * G2_BYTES..], &format!("verifying key: {name}"))
        };
        let (beta_g2, gamma_g2, delta_g2) = (read(0, "beta_g2")?, read(1, "gamma_g2")?, read(2, "delta_g2")?);
        if alpha_g1.is_zero() || beta_g2.is_zero() || gamma_g2.is_zero() || delta_g2.is_zero() {
            return Err(value_error!("verifying key: alpha, beta, gamma or delta is the point at infinity"));
        }
        let n_ic = u32::from_be_bytes(bytes[VK_FIXED_BYTES - 4..VK_FIXED_BYTES].try_into().expect("4 bytes"));
        let expected = VK_FIXED_BYTES + n_ic as usize * G1_BYTES;
        if n_ic == 0 || bytes.len() != expected {
            return Err(value_error!(
                "verifying key: {} bytes with {n_ic} IC points, expected {expected}",
                bytes.len()
            ));
        }
        let ic_bytes = bytes[VK_FIXED_BYTES..].chunks_exact(G1_BYTES);
        let ic = ic_bytes.enumerate().map(|(i, b)| read_g1(b, &format!("verifying key: IC[{i}]")));
        Ok(VerifyingKey { alpha_g1, beta_g2, gamma_g2, delta_g2, ic: ic.collect::<Result<_>>()? })
    }
}

/// A Groth16 proof.
pub struct Proof {
    pub a: G1Affine,
    pub b: G2Affine,
    pub c: G1Affine,
}

impl Proof {
    pub fn to_be(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PROOF_BYTES);
        write_g1(&mut bytes, &self.a);
        write_g2(&mut bytes, &self.b);
        write_g1(&mut bytes, &self.c);
        bytes
    }

    /// Parse and check a proof. Infinity (all zeros) is a point like any other, as it is to the EVM's precompiles.
    pub fn from_be(bytes: &[u8]) -> Result<Self> {
        if bytes.len() != PROOF_BYTES {
            return Err(value_error!("proof: {} bytes, expected {PROOF_BYTES}", bytes.len()));
        }
        let a = read_g1(bytes, "proof: A")?;
        let b = read_g2(&bytes[G1_BYTES..], "proof: B")?;
        Ok(Proof { a, b, c: read_g1(&bytes[G1_BYTES + G2_BYTES..], "proof: C")? })
    }
}

/// Groth16 (eprint 2016/260) §3.2: e(A, B) = e(alpha, beta) * e(sum_i a_i*IC_i, gamma) * e(C, delta).
pub fn verify(vk_be: &[u8], proof_be: &[u8], public_be: &[u8]) -> Result<bool> {
    let key = VerifyingKey::from_be(vk_be)?;
    let proof = Proof::from_be(proof_be)?;
    let public = read_scalars(public_be, "public inputs")?;
    if public.len() + 1 != key.ic.len() {
        return Err(value_error!("public inputs: {} values, expected {}", public.len(), key.ic.len() - 1));
    }
    let combined = combine_inputs(&key.ic, &public);
    let left = [-proof.a, key.alpha_g1, combined, proof.c];
    let right = [proof.b, key.beta_g2, key.gamma_g2, key.delta_g2];
    Ok(Bn254::multi_pairing(left, right).0.is_one())
}

/// Return IC_0 + sum_i public_i * IC_(i+1).
fn combine_inputs(ic: &[G1Affine], public: &[Fr]) -> G1Affine {
    let terms = ic[1..].iter().zip(public).map(|(point, scalar)| *point * scalar);
    terms.fold(ic[0].into_group(), |sum, term| sum + term).into_affine()
}
