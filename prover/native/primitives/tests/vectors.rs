//! The third-party vectors of tests/vectors, through the byte functions; and what must be refused.

use std::path::Path;

use ark_ff::{BigInteger, Field, PrimeField};
use serde_json::Value;
use zkmargin_primitives::babyjubjub::Scalar;
use zkmargin_primitives::bytes::*;
use zkmargin_primitives::eddsa::KeyHash;
use zkmargin_primitives::{poseidon, Error, Fr};

const BLAKE_FILES: [(&str, KeyHash); 2] =
    [("eddsa_blake2b.json", KeyHash::Blake2b), ("eddsa_blake512.json", KeyHash::Blake512)];
const ZERO_TAG: [u8; 32] = [0; 32];

fn load(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut document: Value = serde_json::from_str(&text).unwrap();
    let vectors = document["vectors"].take();
    vectors.as_array().unwrap().clone()
}

fn element_be(decimal: &Value) -> [u8; 32] {
    let element: Fr = decimal.as_str().unwrap().parse().unwrap();
    element.into_bigint().to_bytes_be().try_into().unwrap()
}

fn elements_be(decimals: &Value) -> Vec<u8> {
    decimals.as_array().unwrap().iter().flat_map(element_be).collect()
}

fn modulus_be<F: PrimeField>() -> [u8; 32] {
    F::MODULUS.to_bytes_be().try_into().unwrap()
}

fn small_be(value: u64) -> [u8; 32] {
    let mut bytes = [0u8; 32];
    bytes[24..].copy_from_slice(&value.to_be_bytes());
    bytes
}

#[test]
fn poseidon_equals_circomlibjs_for_every_width() {
    let vectors = load("poseidon.json");
    assert_eq!(vectors.len(), 48);
    for vector in vectors {
        let arity = vector["inputs"].as_array().unwrap().len();
        let hash = poseidon_many_be(arity, &elements_be(&vector["inputs"]), &ZERO_TAG);
        assert_eq!(hash.unwrap(), element_be(&vector["output"]), "arity {arity}");
    }
}

/// One row alone is hashed by portable arithmetic, which the vectors hold; several go through the lanes where there are any.
#[test]
fn rows_together_hash_as_each_alone() {
    let values = [Fr::from(0u64), Fr::from(1u64), -Fr::from(1u64), Fr::from(2u64).pow([253])];
    let mut element = Fr::from(3u64);
    let mut draw = |index: usize| {
        element = element.square() + Fr::from(index as u64);
        if index.is_multiple_of(3) {
            values[index / 3 % 4]
        } else {
            element
        }
    };
    for arity in 1..=16 {
        for n_rows in [1, 2, 3, 7, 8, 9, 16, 41] {
            let inputs: Vec<Fr> = (0..arity * n_rows).map(&mut draw).collect();
            for tag in [Fr::from(0u64), -Fr::from(1u64)] {
                let together = poseidon::hash_many(arity, &inputs, tag).unwrap();
                let alone = inputs.chunks(arity).map(|row| poseidon::hash(row, tag).unwrap());
                assert!(together.into_iter().eq(alone), "{n_rows} rows of {arity}");
            }
        }
    }
}

#[test]
fn the_tag_equals_circomlibjs_initial_state() {
    for vector in load("poseidon_initial_state.json") {
        let arity = vector["inputs"].as_array().unwrap().len();
        let tag = element_be(&vector["initialState"]);
        let hash = poseidon_many_be(arity, &elements_be(&vector["inputs"]), &tag);
        assert_eq!(hash.unwrap(), element_be(&vector["outputs"][0]));
    }
}

#[test]
fn many_rows_in_parallel_equal_rows_one_by_one() {
    for arity in [1, 2, 8, 16] {
        let rows: Vec<u8> = (0..40 * arity as u64).flat_map(small_be).collect();
        let one_by_one: Vec<u8> = rows
            .chunks_exact(32 * arity)
            .flat_map(|row| poseidon_many_be(arity, row, &small_be(7)).unwrap())
            .collect();
        assert_eq!(poseidon_many_be(arity, &rows, &small_be(7)).unwrap(), one_by_one);
    }
    assert_eq!(poseidon_many_be(8, &[], &ZERO_TAG).unwrap(), Vec::<u8>::new());
}

#[test]
fn invalid_poseidon_input_names_the_first_bad_index() {
    let mut rows: Vec<u8> = (0..6).flat_map(small_be).collect();
    assert!(poseidon_many_be(2, &rows, &ZERO_TAG).is_ok());
    rows[4 * 32..5 * 32].copy_from_slice(&modulus_be::<Fr>());
    rows[5 * 32..].copy_from_slice(&[0xff; 32]);
    let not_canonical = |what, index| Err(Error::NotCanonical { what, index });
    assert_eq!(poseidon_many_be(2, &rows, &ZERO_TAG), not_canonical("rows", 4));
    assert_eq!(poseidon_many_be(2, &[], &modulus_be::<Fr>()), not_canonical("tag", 0));
}

#[test]
fn invalid_poseidon_shape() {
    for got in [0, 17] {
        assert_eq!(poseidon_many_be(got, &[], &ZERO_TAG), Err(Error::Arity { got }));
    }
    let length = |got_bytes, unit_bytes| Err(Error::Length { what: "rows", got_bytes, unit_bytes });
    assert_eq!(poseidon_many_be(1, &[0; 33], &ZERO_TAG), length(33, 32));
    assert_eq!(poseidon_many_be(2, &[0; 96], &ZERO_TAG), length(96, 64));
}

#[test]
fn merkle_root_hashes_level_by_level() {
    let leaves: Vec<u8> = (0..64).flat_map(small_be).collect();
    let tag = small_be(3);
    let parents = poseidon_many_be(8, &leaves, &tag).unwrap();
    let root = poseidon_many_be(8, &parents, &tag).unwrap();
    assert_eq!(merkle_root_be(&leaves, &tag).unwrap(), root);
    assert_eq!(merkle_levels_be(&leaves, &tag).unwrap(), [parents, root].concat());
    assert_eq!(merkle_root_be(&small_be(5), &tag).unwrap(), small_be(5));
}

#[test]
fn invalid_number_of_leaves() {
    for got in [0, 2, 7, 9, 16] {
        let leaves = vec![0; 32 * got];
        assert_eq!(merkle_root_be(&leaves, &ZERO_TAG), Err(Error::LeafCount { got }));
    }
}

fn private_key(vector: &Value) -> [u8; 32] {
    hex::decode(vector["prv"].as_str().unwrap()).unwrap().try_into().unwrap()
}

fn claim_be(vector: &Value) -> Vec<u8> {
    let s = element_be(&vector["S"]);
    [elements_be(&vector["pub"]), element_be(&vector["msg"]).to_vec(), elements_be(&vector["R8"]), s.to_vec()]
        .concat()
}

#[test]
fn derive_and_sign_equal_the_javascript_libraries() {
    for (name, key_hash) in BLAKE_FILES {
        for vector in load(name) {
            let key = private_key(&vector);
            let signature = eddsa_sign_be(&key, &element_be(&vector["msg"]), key_hash).unwrap();
            assert_eq!(eddsa_derive_be(&key, key_hash).to_vec(), elements_be(&vector["pub"]));
            assert_eq!(signature.to_vec(), claim_be(&vector)[96..]);
        }
    }
}

#[test]
fn javascript_signatures_verify() {
    for (name, _) in BLAKE_FILES {
        let claims: Vec<u8> = load(name).iter().flat_map(claim_be).collect();
        assert_eq!(eddsa_verify_many_be(&claims).unwrap(), [1; 6]);
    }
}

#[test]
fn invalid_claim_with_any_element_changed() {
    let claim = claim_be(&load("eddsa_blake2b.json")[3]);
    for index in 0..6 {
        let mut changed = claim.clone();
        changed[index * 32 + 31] ^= 1;
        assert_eq!(eddsa_verify_many_be(&[changed, claim.clone()].concat()).unwrap(), [0, 1]);
    }
}

#[test]
fn invalid_claim_not_canonical() {
    let claim = claim_be(&load("eddsa_blake2b.json")[3]);
    for index in 0..6 {
        let modulus = if index == 5 { modulus_be::<Scalar>() } else { modulus_be::<Fr>() };
        let mut changed = claim.clone();
        add_be(&mut changed[index * 32..][..32], &modulus);
        assert_eq!(eddsa_verify_many_be(&changed).unwrap(), [0], "element {index}");
    }
}

fn add_be(target: &mut [u8], addend: &[u8; 32]) {
    let mut carry = 0;
    for (byte, add) in target.iter_mut().zip(addend).rev() {
        let sum = u16::from(*byte) + u16::from(*add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
}

/// The identity, points of order 2 and 4, and (0, 0), which is off the curve.
fn small_order_points() -> Vec<[u8; 64]> {
    let minus_one = -Fr::from(1u64);
    let order_4 = ark_ff::Field::sqrt(&ark_ff::Field::inverse(&Fr::from(168700u64)).unwrap()).unwrap();
    let point = |x: Fr, y: Fr| {
        let bytes = [x, y].map(|c| c.into_bigint().to_bytes_be()).concat();
        bytes.try_into().unwrap()
    };
    let (zero, one) = (Fr::from(0u64), Fr::from(1u64));
    vec![point(zero, one), point(zero, minus_one), point(order_4, zero), point(zero, zero)]
}

#[test]
fn invalid_key_of_small_order_signs_nothing() {
    // S * B8 = R8 holds for any message once 8A is the identity: take R8 and S from a key that owns them
    let vector = &load("eddsa_blake2b.json")[0];
    let key = private_key(vector);
    let r8 = eddsa_derive_be(&key, KeyHash::Blake2b);
    let secret = secret_of(&key);
    for small in small_order_points() {
        let claim = [&small[..], &small_be(5), &r8, &secret].concat();
        assert_eq!(eddsa_verify_many_be(&claim).unwrap(), [0]);
        assert_eq!(eddsa_divide_by_eight_be(&small), Err(Error::NotOfPrimeOrder));
    }
}

#[test]
fn invalid_key_with_a_small_order_part() {
    // 8 * (A + T) = 8A for T of order 2, so A's owner can satisfy the equation for A + T = (-x, -y) too
    let secret = Scalar::from_be_bytes_mod_order(&secret_of(&[3; 32]));
    let nonce = Scalar::from_be_bytes_mod_order(&secret_of(&[4; 32]));
    let (key, r8) =
        (eddsa_derive_be(&[3; 32], KeyHash::Blake2b), eddsa_derive_be(&[4; 32], KeyHash::Blake2b));
    let negated = |c: &[u8]| (-Fr::from_be_bytes_mod_order(c)).into_bigint().to_bytes_be();
    let twin = [negated(&key[..32]), negated(&key[32..])].concat();
    for (public_key, is_accepted) in [(&key[..], 1), (&twin[..], 0)] {
        let preimage = [&r8[..], public_key, &small_be(5)].concat();
        let challenge = poseidon_many_be(5, &preimage, &ZERO_TAG).unwrap();
        let s = nonce + Scalar::from_be_bytes_mod_order(&challenge) * Scalar::from(8u64) * secret;
        let s_be = s.into_bigint().to_bytes_be();
        let claim = [public_key, &small_be(5), &r8, &s_be].concat();
        assert_eq!(eddsa_verify_many_be(&claim).unwrap(), [is_accepted]);
    }
}

/// The scalar whose multiple of BASE8 is the public key.
fn secret_of(private_key: &[u8; 32]) -> [u8; 32] {
    let mut digest = <blake2::Blake2b512 as blake2::Digest>::digest(private_key);
    digest[0] &= 0xf8;
    digest[31] = digest[31] & 0x7f | 0x40;
    let secret = Scalar::from_le_bytes_mod_order(&digest[..32]) / Scalar::from(8u64);
    secret.into_bigint().to_bytes_be().try_into().unwrap()
}

#[test]
fn divide_by_eight_gives_the_point_whose_eightfold_is_the_key() {
    use zkmargin_primitives::babyjubjub::{Point, BASE8};
    let key = zkmargin_primitives::eddsa::derive_public_key(&[7; 32], KeyHash::Blake2b);
    for point in [key, BASE8] {
        let eighth = zkmargin_primitives::eddsa::divide_by_eight(&point).unwrap();
        assert!(eighth.is_of_prime_order());
        let eightfold = (0..3).fold(eighth, |p, _| double(&p));
        assert_eq!(eightfold, point);
    }

    /// EIP-2494's affine addition law, written out once more.
    fn double(p: &Point) -> Point {
        let (a, d, one) = (Fr::from(168700u64), Fr::from(168696u64), Fr::from(1u64));
        let product = d * p.x * p.x * p.y * p.y;
        Point {
            x: (p.x * p.y + p.y * p.x) / (one + product),
            y: (p.y * p.y - a * p.x * p.x) / (one - product),
        }
    }
}

#[test]
fn invalid_message_and_lengths() {
    let sign = eddsa_sign_be(&[1; 32], &modulus_be::<Fr>(), KeyHash::Blake2b);
    assert_eq!(sign, Err(Error::NotCanonical { what: "message", index: 0 }));
    let length = Error::Length { what: "claims", got_bytes: 191, unit_bytes: 192 };
    assert_eq!(eddsa_verify_many_be(&[0; 191]), Err(length));
    assert_eq!(eddsa_verify_many_be(&[]).unwrap(), Vec::<u8>::new());
}
