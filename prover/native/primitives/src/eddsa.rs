//! EdDSA over BabyJubJub with a Poseidon challenge, as circomlibjs and zk-kit sign it.
//!
//! Verification: A of prime order, R8 on the curve, S * B8 = R8 + h * 8 * A, h = poseidon(R8x, R8y, Ax, Ay, M).
//! Signing takes time that depends on the secrets: where others can measure it, sign elsewhere.

use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, PrimeField};
use blake2::Digest;
use zeroize::{Zeroize, Zeroizing};

use crate::babyjubjub::{multiply_base8, multiply_by_all, Point, Scalar};
use crate::comb::base8_comb;
use crate::error::Error;
use crate::poseidon;

/// The hash that expands a private key and makes the nonce. Verification is the same for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHash {
    /// BLAKE2b-512: zk-kit's `eddsa-poseidon/blake-2b`.
    Blake2b,
    /// BLAKE-512, the SHA-3 finalist: circomlibjs.
    Blake512,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    pub r8: Point,
    pub s: Scalar,
}

/// A public key, a message and a signature that is to be checked against them.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    pub public_key: Point,
    pub message: Fr,
    pub signature: Signature,
}

pub fn derive_public_key(private_key: &[u8; 32], key_hash: KeyHash) -> Point {
    SecretKey::expand(private_key, key_hash).public_key()
}

/// The deterministic signature of a field element.
pub fn sign(private_key: &[u8; 32], message: Fr, key_hash: KeyHash) -> Signature {
    let key = SecretKey::expand(private_key, key_hash);
    // RFC 8032 §5.1.6 with Poseidon in place of SHA-512: the nonce comes from the prefix and the message
    let mut preimage = Zeroizing::new([0u8; 64]);
    preimage[..32].copy_from_slice(&key.prefix[..]);
    preimage[32..].copy_from_slice(&message.into_bigint().to_bytes_le());
    let mut nonce = Scalar::from_le_bytes_mod_order(&key_hash.digest(&preimage[..])[..]);
    let r8 = base8_comb().multiply(&nonce).to_point();
    let s = nonce + to_scalar(challenge(&r8, &key.public_key(), message)) * key.scalar;
    nonce.zeroize();
    Signature { r8, s }
}

/// Whether the signature is valid. Remembers nothing: the measure of what [`crate::verifier`] says faster.
pub fn verify(claim: &Claim) -> bool {
    let Claim { public_key, message, signature } = claim;
    if !(public_key.is_on_curve() && signature.r8.is_on_curve()) {
        return false;
    }
    let eightfold = to_scalar(challenge(&signature.r8, public_key, *message)) * Scalar::from(8u64);
    let key = public_key.to_ark();
    // one chain of doublings serves both the equation and the key's order
    let [product, order_times_key] = multiply_by_all(key, [eightfold.into_bigint(), Scalar::MODULUS]);
    let is_of_prime_order = is_zero(&order_times_key) && !is_zero(&key);
    is_of_prime_order && multiply_base8(&signature.s) == product + signature.r8.to_ark()
}

/// The point of prime order whose eightfold is `public_key`: the circuit's witness that the key is sound.
pub fn divide_by_eight(public_key: &Point) -> Result<Point, Error> {
    if !public_key.is_on_curve() {
        return Err(Error::NotOfPrimeOrder);
    }
    let eighth = Scalar::from(8u64).inverse().expect("the order is odd");
    let key = public_key.to_ark();
    let [quotient, order_times_key] = multiply_by_all(key, [eighth.into_bigint(), Scalar::MODULUS]);
    if is_zero(&key) || !is_zero(&order_times_key) {
        return Err(Error::NotOfPrimeOrder);
    }
    Ok(Point::from_ark(quotient))
}

impl KeyHash {
    fn digest(self, bytes: &[u8]) -> Zeroizing<[u8; 64]> {
        let mut digest = Zeroizing::new([0u8; 64]);
        match self {
            Self::Blake2b => digest.copy_from_slice(&blake2::Blake2b512::digest(bytes)),
            Self::Blake512 => {
                digest.copy_from_slice(&<blake_hash::Blake512 as blake_hash::Digest>::digest(bytes))
            }
        }
        digest
    }
}

struct SecretKey {
    /// A multiple of eight as an integer; here modulo the subgroup's order.
    scalar: Scalar,
    prefix: Zeroizing<[u8; 32]>,
}

impl SecretKey {
    /// RFC 8032 §5.1.5: hash, clamp, little-endian.
    fn expand(private_key: &[u8; 32], key_hash: KeyHash) -> Self {
        let mut digest = key_hash.digest(private_key);
        digest[0] &= 0xf8;
        digest[31] = digest[31] & 0x7f | 0x40;
        let mut prefix = Zeroizing::new([0u8; 32]);
        prefix.copy_from_slice(&digest[32..]);
        Self { scalar: Scalar::from_le_bytes_mod_order(&digest[..32]), prefix }
    }

    /// The key takes an eighth of the scalar and S all of it: 8A = scalar * B8.
    fn public_key(&self) -> Point {
        let mut eighth = self.scalar / Scalar::from(8u64);
        let public_key = base8_comb().multiply(&eighth).to_point();
        eighth.zeroize();
        public_key
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.scalar.zeroize();
    }
}

pub(crate) fn challenge(r8: &Point, public_key: &Point, message: Fr) -> Fr {
    hash_challenged(&challenged(r8, public_key, message))[0]
}

/// The challenges of many claims, hashed together.
pub(crate) fn challenges(claims: &[Claim]) -> Vec<Fr> {
    let rows = claims.iter().map(|one| challenged(&one.signature.r8, &one.public_key, one.message));
    hash_challenged(&rows.flatten().collect::<Vec<Fr>>())
}

fn challenged(r8: &Point, public_key: &Point, message: Fr) -> [Fr; 5] {
    [r8.x, r8.y, public_key.x, public_key.y, message]
}

fn hash_challenged(rows: &[Fr]) -> Vec<Fr> {
    poseidon::hash_many(5, rows, Fr::from(0u64)).expect("five inputs are within bounds")
}

pub(crate) fn to_scalar(element: Fr) -> Scalar {
    Scalar::from_le_bytes_mod_order(&element.into_bigint().to_bytes_le())
}

fn is_zero(point: &ark_ed_on_bn254::EdwardsProjective) -> bool {
    ark_ff::Zero::is_zero(point)
}
