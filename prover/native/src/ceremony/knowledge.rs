//! Proofs that a contributor knew x (BGM17, eprint 2017/1050, §3: x * R with R hashed from x * G1 and the transcript).

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{PrimeField, Zero};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

use crate::ceremony::same_ratio;
use crate::ceremony::transcript::{digest, Beacon, Contribution, Digest, Transcript};
use crate::error::Result;
use crate::progress::{Counter, Progress};
use crate::value_error;

const STOP_EVERY: u64 = 1 << 16;

/// The factor of one contribution. Whoever knows all factors of a ceremony can forge proofs.
#[derive(Zeroize)]
#[zeroize(drop)]
pub struct Factor {
    pub x: Fr,
}

/// Return a point of G2 whose logarithm nobody knows: x from a counter and the digest until it is on the curve.
fn hash_to_g2(challenge: &Digest) -> G2Affine {
    let coordinate =
        |purpose: &str, n: u32| Fq::from_be_bytes_mod_order(&digest(purpose, &[challenge, &n.to_le_bytes()]));
    let candidates = (0u32..).filter_map(|n| {
        let x = Fq2::new(coordinate("G2 real part", n), coordinate("G2 imaginary part", n));
        let is_greatest = digest("G2 sign", &[challenge, &n.to_le_bytes()])[0] & 1 == 1;
        G2Affine::get_point_from_x_unchecked(x, is_greatest)
    });
    let mut in_group = candidates.map(|point| point.clear_cofactor()).filter(|point| !point.is_zero());
    in_group.next().expect("every second x is on the curve")
}

fn challenge(contribution: &Contribution, before: &Digest) -> G2Affine {
    hash_to_g2(&digest("challenge", &[before, &contribution.statement()]))
}

/// Append a contribution of `factor` to a transcript, with its proof.
pub fn append(
    transcript: &mut Transcript,
    name: &str,
    beacon: Option<Beacon>,
    delta_before: G1Affine,
    factor: &Factor,
) {
    let before = transcript.last_link();
    let mut contribution = Contribution {
        name: name.to_string(),
        beacon,
        delta_g1: (delta_before * factor.x).into_affine(),
        x_g1: (G1Affine::generator() * factor.x).into_affine(),
        x_r_g2: G2Affine::identity(),
        link: before,
    };
    contribution.x_r_g2 = (challenge(&contribution, &before) * factor.x).into_affine();
    contribution.link = contribution.compute_link(&before);
    transcript.contributions.push(contribution);
}

/// Check every contribution in order: links, proofs, beacons. Returns delta_g1 after the last.
pub fn check_transcript(transcript: &Transcript, progress: &Progress) -> Result<G1Affine> {
    let (mut before, mut delta) = (transcript.start, G1Affine::generator());
    for (i, contribution) in transcript.contributions.iter().enumerate() {
        let fail = |what: &str| value_error!("contribution {} ({}): {what}", i + 1, contribution.name);
        if contribution.link != contribution.compute_link(&before) {
            return Err(fail("its link is not the hash of what stands before it and of itself"));
        }
        if contribution.x_g1.is_zero() || contribution.delta_g1.is_zero() {
            return Err(fail("delta or its factor is zero"));
        }
        let base = challenge(contribution, &before);
        if !same_ratio(G1Affine::generator(), contribution.x_g1, base, contribution.x_r_g2) {
            return Err(fail("its proof of knowledge does not hold"));
        }
        if !same_ratio(delta, contribution.delta_g1, base, contribution.x_r_g2) {
            return Err(fail("delta is not the one before it times the proved factor"));
        }
        if let Some(beacon) = &contribution.beacon {
            let factor = compute_beacon_factor(beacon, progress)?;
            if (G1Affine::generator() * factor.x).into_affine() != contribution.x_g1 {
                return Err(fail("its factor is not the beacon's value, hashed as often as it says"));
            }
        }
        (before, delta) = (contribution.link, contribution.delta_g1);
    }
    Ok(delta)
}

/// Return the beacon's factor: SHA-256 iterated 2^iterations_log2 times over the value, then reduced mod r.
pub fn compute_beacon_factor(beacon: &Beacon, progress: &Progress) -> Result<Factor> {
    let n = 1u64 << beacon.iterations_log2;
    let hashed = progress.watch("beacon", n as usize, |counter| iterate_sha256(&beacon.value, n, counter))?;
    let x = Fr::from_le_bytes_mod_order(&digest("beacon", &[&hashed]));
    if x.is_zero() {
        return Err(value_error!("the beacon's factor is zero: take another value"));
    }
    Ok(Factor { x })
}

fn iterate_sha256(value: &[u8], n: u64, counter: &Counter) -> [u8; 32] {
    let mut hashed: [u8; 32] = Sha256::digest(value).into();
    for i in 1..n {
        if i % STOP_EVERY == 0 {
            if counter.is_stopped() {
                break;
            }
            counter.add(STOP_EVERY as usize);
        }
        hashed = Sha256::digest(hashed).into();
    }
    hashed
}
