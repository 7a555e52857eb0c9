//! The verifier that remembers keys says what plain verification says, whatever it is given.

mod curve;

use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
use curve::{add, torsion, Draw};
use zkmargin_primitives::babyjubjub::{Point, Scalar, BASE8};
use zkmargin_primitives::bytes::{eddsa_verify_many_be, CLAIM_BYTES};
use zkmargin_primitives::eddsa::{derive_public_key, sign, verify, Claim, KeyHash, Signature};
use zkmargin_primitives::verifier::Verifier;
use zkmargin_primitives::{poseidon, Fr};

const OFF_CURVE: [Point; 2] = [Point { x: Fr::ZERO, y: Fr::ZERO }, Point { x: Fr::ONE, y: Fr::ONE }];

fn sign_with(seed: u8, message: u64) -> Claim {
    let (key, message) = ([seed; 32], Fr::from(message));
    let signature = sign(&key, message, KeyHash::Blake2b);
    Claim { public_key: derive_public_key(&key, KeyHash::Blake2b), message, signature }
}

/// What an owner of both secrets claims: S = nonce + 8 * h * secret, whatever was added to the key and to R8.
fn sign_for(public_key: Point, r8: Point, nonce: Scalar, secret: Scalar) -> Claim {
    let message = Fr::from(77u64);
    let h = poseidon::hash(&[r8.x, r8.y, public_key.x, public_key.y, message], Fr::ZERO).unwrap();
    let s =
        nonce + Scalar::from_le_bytes_mod_order(&h.into_bigint().to_bytes_le()) * Scalar::from(8u64) * secret;
    Claim { public_key, message, signature: Signature { r8, s } }
}

/// The verdict, the same from all: without memory, with the key new, with the key known, among others.
fn agree(verifier: &Verifier, claim: &Claim) -> bool {
    let verdict = verify(claim);
    assert_eq!(Verifier::new(1, 1).verify(claim), verdict, "new: {claim:?}");
    assert_eq!(verifier.verify(claim), verdict, "{claim:?}");
    assert_eq!(verifier.verify(claim), verdict, "again: {claim:?}");
    let valid = sign_with(200, 1);
    let among = Verifier::new(4, 2).verify_many(&[valid, *claim, valid, *claim]);
    assert_eq!(among, [true, verdict, true, verdict], "{claim:?}");
    verdict
}

#[test]
fn small_order_in_key_or_r8_is_refused_whoever_owns_the_secrets() {
    let (secret, nonce) = (Scalar::from(1_000_003u64), Scalar::from(998_877u64));
    let (key, r8) = (curve::multiply(&BASE8, 1_000_003), curve::multiply(&BASE8, 998_877));
    let verifier = Verifier::new(1, 4);
    let mut accepted = Vec::new();
    for (i, in_key) in torsion().iter().enumerate() {
        for (j, in_r8) in torsion().iter().enumerate() {
            let whole = sign_for(add(&key, in_key), add(&r8, in_r8), nonce, secret);
            let small_key = sign_for(*in_key, add(&r8, in_r8), nonce, Scalar::ZERO);
            let small_r8 = sign_for(add(&key, in_key), *in_r8, Scalar::ZERO, secret);
            if agree(&verifier, &whole) {
                accepted.push((i, j));
            }
            assert!(!agree(&verifier, &small_key));
            assert_eq!(agree(&verifier, &small_r8), (i, j) == (0, 0)); // R8 may be the identity: nonce zero
        }
    }
    assert_eq!(accepted, [(0, 0)]);
    assert_eq!(verifier.n_keys(), 1); // no refused key is remembered
}

#[test]
fn points_off_the_curve_are_refused() {
    let (claim, verifier) = (sign_with(5, 6), Verifier::new(1, 4));
    for off in OFF_CURVE {
        let key_off = Claim { public_key: off, ..claim };
        let r8_off = Claim { signature: Signature { r8: off, ..claim.signature }, ..claim };
        assert!(!agree(&verifier, &key_off) && !agree(&verifier, &r8_off));
        // on no curve, the laws of addition mean nothing: a response that some formula might satisfy
        for s in [Scalar::ZERO, Scalar::ONE, -Scalar::ONE] {
            let forged = Claim { public_key: off, message: Fr::ZERO, signature: Signature { r8: off, s } };
            assert!(!agree(&verifier, &forged));
        }
    }
    assert_eq!(verifier.n_keys(), 0);
}

#[test]
fn scalars_at_their_ends() {
    let (claim, verifier) = (sign_with(8, 9), Verifier::new(2, 2));
    assert!(agree(&verifier, &claim));
    for s in [Scalar::ZERO, Scalar::ONE, Scalar::from(2u64), -Scalar::ONE, -Scalar::from(2u64)] {
        assert!(!agree(&verifier, &Claim { signature: Signature { s, ..claim.signature }, ..claim }));
        let r8 =
            if s == Scalar::ZERO { Point::IDENTITY } else { curve::multiply_by(&BASE8, s.into_bigint()) };
        for secret in [Scalar::ONE, -Scalar::ONE, Scalar::from(8u64).inverse().unwrap()] {
            let key = curve::multiply_by(&BASE8, secret.into_bigint());
            assert!(agree(&verifier, &sign_for(key, r8, s, secret)));
        }
    }
}

#[test]
fn random_claims_changed_at_random_through_a_small_memory() {
    let verifier = Verifier::new(2, 2);
    let (mut draw, torsion, mut n_accepted) = (Draw(20261129), torsion(), 0);
    for round in 0..300 {
        let mut claim = sign_with(draw.below(12) as u8, draw.below(4) as u64);
        let other = sign_with(draw.below(12) as u8, draw.below(4) as u64);
        match draw.below(10) {
            0 => claim.public_key = other.public_key,
            1 => claim.message = other.message,
            2 => claim.signature.r8 = other.signature.r8,
            3 => claim.signature.s = other.signature.s,
            4 => claim.signature.r8 = add(&claim.signature.r8, &torsion[draw.below(8)]),
            5 => claim.public_key = add(&claim.public_key, &torsion[draw.below(8)]),
            6 => claim.signature.r8.x = -claim.signature.r8.x,
            7 => claim.public_key.y = -claim.public_key.y,
            _ => {}
        }
        let verdict = verify(&claim);
        assert_eq!(verifier.verify(&claim), verdict, "round {round}: {claim:?}");
        assert!(verifier.n_keys() <= 4);
        n_accepted += usize::from(verdict);
    }
    assert!((40..200).contains(&n_accepted), "{n_accepted}");
}

#[test]
fn keys_that_were_forgotten_are_learnt_again() {
    let verifier = Verifier::new(1, 2);
    let claims: Vec<Claim> = (1..6).map(|seed| sign_with(seed, 3)).collect();
    for claim in claims.iter().chain(&claims) {
        assert!(verifier.verify(claim));
        let forged = Claim { message: Fr::from(4u64), ..*claim };
        assert!(!verifier.verify(&forged));
    }
    assert_eq!(verifier.n_keys(), 2);
}

#[test]
fn one_bad_claim_of_a_group_is_told_wherever_it_stands() {
    let good: Vec<Vec<u8>> = (0..12).map(|i| curve::claim_be(&sign_with(1 + i % 3, u64::from(i)))).collect();
    assert_eq!(eddsa_verify_many_be(&good.concat()).unwrap(), [1; 12]);
    for bad in 0..good.len() {
        let mut group = good.concat();
        group[(bad + 1) * CLAIM_BYTES - 1] ^= 1; // the lowest bit of S
        let verdicts: Vec<u8> = (0..12).map(|i| u8::from(i != bad)).collect();
        assert_eq!(eddsa_verify_many_be(&group).unwrap(), verdicts);
    }
}
