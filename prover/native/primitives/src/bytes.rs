//! Bytes in, bytes out: field elements of 32 bytes, big-endian, each below its modulus; points x || y.

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};
use rayon::prelude::*;

use crate::babyjubjub::{Point, Scalar};
use crate::eddsa::{self, Claim, KeyHash, Signature};
use crate::error::Error;
use crate::verifier::Verifier;
use crate::{merkle, poseidon};

pub const ELEMENT_BYTES: usize = 32;
pub const POINT_BYTES: usize = 64;
pub const SIGNATURE_BYTES: usize = 96;
/// public key (64) || message (32) || R8 (64) || S (32)
pub const CLAIM_BYTES: usize = 192;
/// `eddsa_verify_many_be` remembers 8,192 keys at most, in 76 MB: 9.3 KB each.
const KEY_SETS: usize = 1024;
const KEY_WAYS: usize = 8;

/// So many claims are judged together, their challenges in as many lanes.
const TOGETHER: usize = 8;
/// So many are judged by the thread that asks, two milliseconds at most: others may take longer to wake up.
const ON_THE_SPOT: usize = 64;

/// One hash of 32 bytes for each row of `arity` elements.
pub fn poseidon_many_be(arity: usize, rows_be: &[u8], tag_be: &[u8; 32]) -> Result<Vec<u8>, Error> {
    let tag = read_element(tag_be, "tag", 0)?;
    let inputs = read_elements(rows_be, "rows")?;
    Ok(write_elements(&poseidon::hash_many(arity, &inputs, tag)?))
}

/// The root, 32 bytes, of the 8-ary tree over a power of eight leaves.
pub fn merkle_root_be(leaves_be: &[u8], tag_be: &[u8; 32]) -> Result<Vec<u8>, Error> {
    let tag = read_element(tag_be, "tag", 0)?;
    let leaves = read_elements(leaves_be, "leaves")?;
    Ok(write_element(&merkle::merkle_root(&leaves, tag)?).to_vec())
}

/// All levels above the leaves in one piece, the parents of the leaves first, the root last.
pub fn merkle_levels_be(leaves_be: &[u8], tag_be: &[u8; 32]) -> Result<Vec<u8>, Error> {
    let tag = read_element(tag_be, "tag", 0)?;
    let leaves = read_elements(leaves_be, "leaves")?;
    Ok(write_elements(&merkle::merkle_levels(&leaves, tag)?.concat()))
}

/// The public key of a private key.
pub fn eddsa_derive_be(private_key: &[u8; 32], key_hash: KeyHash) -> [u8; POINT_BYTES] {
    write_point(&eddsa::derive_public_key(private_key, key_hash))
}

/// R8 (64) || S (32).
pub fn eddsa_sign_be(
    private_key: &[u8; 32],
    message_be: &[u8; 32],
    key_hash: KeyHash,
) -> Result<[u8; SIGNATURE_BYTES], Error> {
    let message = read_element(message_be, "message", 0)?;
    let signature = eddsa::sign(private_key, message, key_hash);
    let mut out = [0u8; SIGNATURE_BYTES];
    out[..POINT_BYTES].copy_from_slice(&write_point(&signature.r8));
    out[POINT_BYTES..].copy_from_slice(&write_limbs(signature.s.into_bigint()));
    Ok(out)
}

/// One byte for each claim of 192 bytes: 1 if the signature is valid. What is not canonical is not valid.
pub fn eddsa_verify_many_be(claims_be: &[u8]) -> Result<Vec<u8>, Error> {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    check_length(claims_be, "claims", CLAIM_BYTES)?;
    let verifier = VERIFIER.get_or_init(|| Verifier::new(KEY_SETS, KEY_WAYS));
    let judge = |claims_be: &[u8]| judge_claims(verifier, claims_be);
    if claims_be.len() <= ON_THE_SPOT * CLAIM_BYTES {
        return Ok(claims_be.chunks(TOGETHER * CLAIM_BYTES).flat_map(judge).collect());
    }
    Ok(claims_be.par_chunks(TOGETHER * CLAIM_BYTES).flat_map_iter(judge).collect())
}

/// Challenges of the claims that can be read are hashed together; the others are not valid.
fn judge_claims(verifier: &Verifier, claims_be: &[u8]) -> Vec<u8> {
    let read: Vec<Option<Claim>> = claims_be.chunks_exact(CLAIM_BYTES).map(read_claim).collect();
    let claims: Vec<Claim> = read.iter().flatten().copied().collect();
    let mut verdicts = verifier.verify_many(&claims).into_iter();
    read.iter().map(|claim| u8::from(claim.is_some() && verdicts.next() == Some(true))).collect()
}

/// The point of prime order whose eightfold is the public key.
pub fn eddsa_divide_by_eight_be(public_key_be: &[u8; POINT_BYTES]) -> Result<[u8; POINT_BYTES], Error> {
    let elements = read_elements(public_key_be, "public key")?;
    let point = Point { x: elements[0], y: elements[1] };
    Ok(write_point(&eddsa::divide_by_eight(&point)?))
}

fn read_claim(claim_be: &[u8]) -> Option<Claim> {
    let element = |index: usize| read_integer(&claim_be[index * ELEMENT_BYTES..][..ELEMENT_BYTES]);
    let coordinate = |index: usize| Fr::from_bigint(element(index));
    let point = |index: usize| Some(Point { x: coordinate(index)?, y: coordinate(index + 1)? });
    Some(Claim {
        public_key: point(0)?,
        message: coordinate(2)?,
        signature: Signature { r8: point(3)?, s: Scalar::from_bigint(element(5))? },
    })
}

fn read_elements(bytes: &[u8], what: &'static str) -> Result<Vec<Fr>, Error> {
    check_length(bytes, what, ELEMENT_BYTES)?;
    let chunks = bytes.chunks_exact(ELEMENT_BYTES).enumerate();
    chunks.map(|(index, chunk)| read_element(chunk, what, index)).collect()
}

fn read_element(bytes: &[u8], what: &'static str, index: usize) -> Result<Fr, Error> {
    Fr::from_bigint(read_integer(bytes)).ok_or(Error::NotCanonical { what, index })
}

fn check_length(bytes: &[u8], what: &'static str, unit_bytes: usize) -> Result<(), Error> {
    if bytes.len().is_multiple_of(unit_bytes) {
        return Ok(());
    }
    Err(Error::Length { what, got_bytes: bytes.len(), unit_bytes })
}

/// Assumes 32 bytes.
fn read_integer(bytes: &[u8]) -> BigInt<4> {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    }
    BigInt::new(limbs)
}

fn write_elements(elements: &[Fr]) -> Vec<u8> {
    elements.iter().flat_map(write_element).collect()
}

fn write_element(element: &Fr) -> [u8; ELEMENT_BYTES] {
    write_limbs(element.into_bigint())
}

fn write_limbs(integer: BigInt<4>) -> [u8; ELEMENT_BYTES] {
    let mut bytes = [0u8; ELEMENT_BYTES];
    for (chunk, limb) in bytes.chunks_exact_mut(8).zip(integer.0.iter().rev()) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    bytes
}

fn write_point(point: &Point) -> [u8; POINT_BYTES] {
    let mut bytes = [0u8; POINT_BYTES];
    bytes[..ELEMENT_BYTES].copy_from_slice(&write_element(&point.x));
    bytes[ELEMENT_BYTES..].copy_from_slice(&write_element(&point.y));
    bytes
}
