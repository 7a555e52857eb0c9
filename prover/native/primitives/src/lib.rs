//! Poseidon, BabyJubJub, EdDSA-Poseidon and Merkle hashing over the BN254 scalar field, as circomlib has them.
//!
//! [`g2`] is what a pairing's input has to pass. The modules work on field elements; [`bytes`] is the same as bytes in, bytes out, with every input checked.

pub mod babyjubjub;
pub mod bytes;
mod comb;
pub mod eddsa;
mod error;
pub mod g2;
mod grain;
mod lanes;
pub mod merkle;
mod partial_rounds;
pub mod poseidon;
pub mod verifier;
pub mod wide;

pub use ark_bn254::Fr;
pub use error::Error;
