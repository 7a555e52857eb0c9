//! Verification that remembers keys: what [`eddsa::verify`] says, in a fraction of its time from a key's second claim on.
//!
//! A key is shown to be of prime order once, when its table is made; what the table then gives is exact, so S * B8 - 8hA
//! is compared with R8 itself and no part of small order can hide. Keys that are refused are not remembered.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use ark_bn254::Fr;
use ark_ff::PrimeField;

use crate::babyjubjub::{Point, Scalar};
use crate::comb::{base8_comb, Comb};
use crate::eddsa::{challenge, challenges, to_scalar, Claim};

/// 96 multiples, 9 KiB; 42 additions and 13 doublings.
type KeyComb = Comb<6, 3, 14>;
/// Tables of keys, the last used first.
type Set = Vec<(Point, Arc<KeyComb>)>;

/// Remembers the tables of at most `n_sets * n_ways` keys, 9.3 KB each; which ones fall in a set nobody can foresee.
pub struct Verifier {
    sets: Box<[Mutex<Set>]>,
    n_ways: usize,
    hasher: RandomState,
}

impl Verifier {
    /// Assumes positive sizes.
    pub fn new(n_sets: usize, n_ways: usize) -> Self {
        assert!(n_sets > 0 && n_ways > 0, "{n_sets} sets of {n_ways}");
        let sets = (0..n_sets).map(|_| Mutex::default()).collect();
        Self { sets, n_ways, hasher: RandomState::new() }
    }

    /// Whether the signature is valid: as [`eddsa::verify`] has it for every claim whatever.
    pub fn verify(&self, claim: &Claim) -> bool {
        self.judge(claim, challenge(&claim.signature.r8, &claim.public_key, claim.message))
    }

    /// Whether each signature is valid: as [`Self::verify`] says, the challenges hashed together.
    pub fn verify_many(&self, claims: &[Claim]) -> Vec<bool> {
        claims.iter().zip(challenges(claims)).map(|(claim, challenge)| self.judge(claim, challenge)).collect()
    }

    fn judge(&self, claim: &Claim, challenge: Fr) -> bool {
        let Claim { public_key, signature, .. } = claim;
        if !signature.r8.is_on_curve() {
            return false;
        }
        let Some(comb) = self.find(public_key).or_else(|| self.make(public_key)) else {
            return false;
        };
        let eightfold = to_scalar(challenge) * Scalar::from(8u64);
        let difference = base8_comb().multiply(&signature.s).plus(&comb.multiply(&-eightfold));
        difference.equals(&signature.r8)
    }

    /// How many keys are remembered.
    pub fn n_keys(&self) -> usize {
        self.sets.iter().map(|set| set.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn find(&self, public_key: &Point) -> Option<Arc<KeyComb>> {
        let mut set = self.set_of(public_key).lock().unwrap_or_else(PoisonError::into_inner);
        let place = set.iter().position(|(known, _)| known == public_key)?;
        set[..=place].rotate_right(1);
        Some(set[0].1.clone())
    }

    /// The table of a key of prime order, remembered in place of its set's oldest. No lock is held while it is made.
    fn make(&self, public_key: &Point) -> Option<Arc<KeyComb>> {
        if !public_key.is_on_curve() || *public_key == Point::IDENTITY {
            return None;
        }
        let comb = Arc::new(KeyComb::new(public_key));
        if !comb.multiply_odd(Scalar::MODULUS).is_zero() {
            return None;
        }
        let mut set = self.set_of(public_key).lock().unwrap_or_else(PoisonError::into_inner);
        if set.iter().all(|(known, _)| known != public_key) {
            set.truncate(self.n_ways - 1);
            set.insert(0, (*public_key, comb.clone()));
        }
        Some(comb)
    }

    fn set_of(&self, public_key: &Point) -> &Mutex<Set> {
        let hash = self.hasher.hash_one((public_key.x.0 .0, public_key.y.0 .0));
        &self.sets[(hash % self.sets.len() as u64) as usize]
    }
}
