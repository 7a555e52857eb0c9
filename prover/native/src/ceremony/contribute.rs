//! A contribution: delta times x, L and H divided by x, and a proof that x was known.

use std::path::Path;

use ark_bn254::{G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::Field;
use blake2::{Blake2b512, Digest as _};
use rayon::prelude::*;

use crate::ceremony::knowledge::{append, check_transcript, compute_beacon_factor, Factor};
use crate::ceremony::multiply::{multiply_each, Digits};
use crate::ceremony::start::compute_start;
use crate::ceremony::transcript::{check_name, Beacon, Digest, Transcript, MAX_CONTRIBUTIONS};
use crate::ceremony::{generators, same_ratio};
use crate::error::Result;
use crate::field_io::{write_g2, RawPoint};
use crate::key_writer::KeyWriter;
use crate::keyfile::{FixedPoints, Header, ProvingKey};
use crate::progress::Progress;
use crate::secrets::Secrets;
use crate::value_error;
use crate::verify::VK_DELTA;

const CHUNK: usize = 1 << 13;
const TABLES_AT_ONCE: usize = 1 << 8;

/// Contribute fresh randomness, with `text` mixed in. Returns the new last link.
pub fn contribute(
    source: &Path,
    target: &Path,
    name: &str,
    text: &[u8],
    seed: Option<&[u8]>,
    progress: &Progress,
) -> Result<Digest> {
    let mut secrets = Secrets::with_text("zkmargin ceremony contribution v1", seed, text)?;
    let factor = Factor { x: secrets.scalar() };
    apply(source, target, name, None, &factor, progress)
}

/// Contribute what a public beacon says. Returns the new last link.
pub fn apply_beacon(
    source: &Path,
    target: &Path,
    name: &str,
    beacon: Beacon,
    progress: &Progress,
) -> Result<Digest> {
    beacon.check().map_err(|what| value_error!("{what}"))?;
    let factor = compute_beacon_factor(&beacon, progress)?;
    apply(source, target, name, Some(beacon), &factor, progress)
}

fn apply(
    source: &Path,
    target: &Path,
    name: &str,
    beacon: Option<Beacon>,
    factor: &Factor,
    progress: &Progress,
) -> Result<Digest> {
    check_name(name).map_err(|what| value_error!("{what}"))?;
    let key = ProvingKey::load(source)?;
    let mut transcript = check_chain(&key, progress).map_err(|error| error.in_file(source))?;
    if transcript.contributions.len() == MAX_CONTRIBUTIONS {
        return Err(value_error!("{}: {MAX_CONTRIBUTIONS} contributions, and no more fit", source.display()));
    }
    append(&mut transcript, name, beacon, key.fixed.delta_g1, factor);
    let fixed = FixedPoints {
        delta_g1: (key.fixed.delta_g1 * factor.x).into_affine(),
        delta_g2: (key.fixed.delta_g2 * factor.x).into_affine(),
        ..key.fixed.clone()
    };
    let mut verifying_key = key.verifying_key().to_vec();
    let mut delta_be = Vec::new();
    write_g2(&mut delta_be, &fixed.delta_g2);
    verifying_key[VK_DELTA].copy_from_slice(&delta_be);
    let header = Header {
        is_development: !transcript.has_secret(),
        transcript_bytes: transcript.to_bytes().len(),
        ..key.header.clone()
    };
    let mut writer = KeyWriter::create(target, &header, &fixed, &verifying_key)?;
    writer.write_section(key.constant_sections())?;
    let inverse = Factor { x: factor.x.inverse().expect("factors are not zero") };
    let digits = Digits::new::<ark_bn254::g1::Config>(inverse.x);
    divide(&mut writer, "L", header.n_l(), |i| key.l(i), &digits, progress)
        .and_then(|()| divide(&mut writer, "H", header.n_h(), |i| key.h(i), &digits, progress))
        .map_err(|error| error.in_file(source))?;
    writer.write_section(&transcript.to_bytes())?;
    writer.finish()?;
    Ok(transcript.last_link())
}

/// Check a ceremony key's transcript and that its delta is the transcript's; return the transcript.
pub fn check_chain(key: &ProvingKey, progress: &Progress) -> Result<Transcript> {
    let Some(transcript) = &key.transcript else {
        return Err(value_error!("no ceremony made this key: it has no transcript"));
    };
    let sections = Blake2b512::digest(key.constant_sections()).into();
    if compute_start(&key.header, &key.fixed, key.verifying_key(), &sections) != transcript.start {
        return Err(value_error!(
            "what no contribution may change was changed: the transcript starts elsewhere"
        ));
    }
    let delta = check_transcript(transcript, progress)?;
    if delta != key.fixed.delta_g1 {
        return Err(value_error!("delta_g1 is not the one after the last contribution"));
    }
    let (g1, g2) = generators();
    if !key.fixed.delta_g2.is_sound() || !same_ratio(g1, delta, g2, key.fixed.delta_g2) {
        return Err(value_error!("delta_g2 is not the delta of delta_g1"));
    }
    let mut delta_be = Vec::new();
    write_g2(&mut delta_be, &key.fixed.delta_g2);
    if key.verifying_key()[VK_DELTA] != delta_be[..] {
        return Err(value_error!("delta_g2 of the verifying key is not the proving key's"));
    }
    Ok(transcript.clone())
}

/// Append points times a secret inverse. A point off the curve is refused: its multiple could give the secret away.
fn divide(
    writer: &mut KeyWriter,
    name: &str,
    n: usize,
    point: impl Fn(usize) -> G1Affine + Sync,
    inverse: &Digits,
    progress: &Progress,
) -> Result<()> {
    progress.watch(&format!("contribute {name}"), n, |counter| {
        for start in (0..n).step_by(CHUNK) {
            if counter.is_stopped() {
                break;
            }
            let points: Vec<G1Affine> = (start..n.min(start + CHUNK)).map(&point).collect();
            if let Some(bad) = points.par_iter().position_first(|point| !point.is_sound()) {
                return Err(value_error!("{name}[{}] is not a point of the curve", start + bad));
            }
            let points: Vec<G1Projective> = points.into_iter().map(Into::into).collect();
            let products =
                points.par_chunks(TABLES_AT_ONCE).flat_map_iter(|some| multiply_each(some, |_| inverse));
            let products: Vec<_> = products.collect();
            writer.write_points(&G1Projective::normalize_batch(&products))?;
            counter.add(products.len());
        }
        Ok(())
    })?
}
