//! What can be wrong with bytes from outside.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The field element of this index (counted in 32-byte words of the named argument) is not below the field order.
    NotCanonical { what: &'static str, index: usize },
    /// The argument's length is no multiple of the unit.
    Length { what: &'static str, got_bytes: usize, unit_bytes: usize },
    /// Poseidon takes 1 to 16 inputs.
    Arity { got: usize },
    /// A Merkle tree's leaves number a power of eight.
    LeafCount { got: usize },
    /// The point is off the curve, of small or composite order, or the identity.
    NotOfPrimeOrder,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCanonical { what, index } => {
                write!(f, "{what}: element {index} is not below the field order")
            }
            Self::Length { what, got_bytes, unit_bytes } => {
                write!(f, "{what}: {got_bytes} bytes, expected a multiple of {unit_bytes}")
            }
            Self::Arity { got } => write!(f, "Poseidon takes 1 to 16 inputs, got {got}"),
            Self::LeafCount { got } => write!(f, "{got} leaves, expected a power of eight"),
            Self::NotOfPrimeOrder => write!(f, "the point is not a BabyJubJub point of prime order"),
        }
    }
}

impl std::error::Error for Error {}
