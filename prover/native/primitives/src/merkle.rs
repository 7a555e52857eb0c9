//! Dense 8-ary Poseidon trees, level by level.

use ark_bn254::Fr;

use crate::error::Error;
use crate::poseidon::hash_many;

pub const ARITY: usize = 8;

/// The root over `leaves`, whose number is a power of eight (a single leaf is its own root).
pub fn merkle_root(leaves: &[Fr], tag: Fr) -> Result<Fr, Error> {
    Ok(merkle_levels(leaves, tag)?.last().map_or(leaves[0], |top| top[0]))
}

/// The levels above `leaves`, the parents of the leaves first, the root alone last.
pub fn merkle_levels(leaves: &[Fr], tag: Fr) -> Result<Vec<Vec<Fr>>, Error> {
    if !is_power_of_eight(leaves.len()) {
        return Err(Error::LeafCount { got: leaves.len() });
    }
    let mut levels: Vec<Vec<Fr>> = Vec::new();
    while levels.last().map_or(leaves.len(), Vec::len) > 1 {
        let below = levels.last().map_or(leaves, Vec::as_slice);
        levels.push(hash_many(ARITY, below, tag)?);
    }
    Ok(levels)
}

fn is_power_of_eight(n: usize) -> bool {
    n.is_power_of_two() && n.trailing_zeros().is_multiple_of(3)
}
