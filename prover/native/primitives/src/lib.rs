//! Poseidon, BabyJubJub, EdDSA-Poseidon and Merkle hashing over the BN254 scalar field, as circomlib has them.
//!
//! The modules work on field elements; [`bytes`] is the same as bytes in, bytes out, with every input checked.

pub mod babyjubjub;
pub mod bytes;
pub mod eddsa;
mod error;
mod grain;
pub mod merkle;
mod partial_rounds;
pub mod poseidon;
mod wide;

pub use ark_bn254::Fr;
pub use error::Error;
