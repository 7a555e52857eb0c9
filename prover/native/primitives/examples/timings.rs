//! Microseconds for one operation on one thread: `cargo run --release --example timings`. An argument says of how many
//! short runs the fastest counts: 100 unless given.

use std::time::Instant;

use ark_bn254::G2Affine;
use ark_ec::AffineRepr;
use zkmargin_primitives::eddsa::{derive_public_key, sign, verify, Claim, KeyHash};
use zkmargin_primitives::g2;
use zkmargin_primitives::verifier::Verifier;
use zkmargin_primitives::{poseidon, Fr};

fn main() {
    for arity in [1, 2, 5, 8, 16] {
        let inputs: Vec<Fr> = (0..arity).map(Fr::from).collect();
        report(&format!("poseidon, {arity} inputs"), 2000, || {
            poseidon::hash(&inputs, Fr::from(1u64)).expect("the arity is within bounds");
        });
    }
    for arity in [1, 2, 5, 8, 16] {
        let inputs: Vec<Fr> = (0..8 * arity).map(Fr::from).collect();
        report(&format!("poseidon, 8 rows of {arity} inputs"), 2000, || {
            poseidon::hash_many(arity as usize, &inputs, Fr::from(1u64)).expect("the arity is within bounds");
        });
    }
    let mut element = Fr::from(5u64);
    report("poseidon, 5 inputs, each time others", 2000, || {
        element = poseidon::hash(&[element; 5], Fr::from(1u64)).expect("the arity is within bounds");
    });
    let (key, message) = ([7; 32], Fr::from(5u64));
    let claim = Claim {
        public_key: derive_public_key(&key, KeyHash::Blake2b),
        message,
        signature: sign(&key, message, KeyHash::Blake2b),
    };
    report("eddsa sign", 500, || {
        std::hint::black_box(sign(&key, message, KeyHash::Blake2b));
    });
    report("eddsa verify", 500, || assert!(verify(&claim)));
    let verifier = Verifier::new(1024, 8);
    let mut claims = make_claims().into_iter().cycle();
    claims.by_ref().take(1000).for_each(|claim| assert!(verifier.verify(&claim)));
    report("eddsa verify, one of 200 keys that are known", 500, || {
        assert!(verifier.verify(&claims.next().expect("without end")));
    });
    let eight: Vec<Claim> = claims.by_ref().take(8).collect();
    report("eddsa verify, eight together by keys that are known", 500, || {
        assert!(verifier.verify_many(&eight).into_iter().all(|is_valid| is_valid));
    });
    report("eddsa verify, a key that is new", 500, || assert!(Verifier::new(1, 1).verify(&claim)));
    let point = G2Affine::generator();
    report("G2 subgroup check", 2000, || assert!(g2::is_in_subgroup(std::hint::black_box(&point))));
    report("G2 subgroup check, arkworks", 2000, || {
        assert!(std::hint::black_box(&point).is_in_correct_subgroup_assuming_on_curve());
    });
}

/// Five messages by each of 200 keys.
fn make_claims() -> Vec<Claim> {
    let make = |index: u64| {
        let (mut key, message) = ([0; 32], Fr::from(index));
        key[0] = (index % 200) as u8;
        let signature = sign(&key, message, KeyHash::Blake2b);
        Claim { public_key: derive_public_key(&key, KeyHash::Blake2b), message, signature }
    };
    (0..1000).map(make).collect()
}

fn count_runs() -> u32 {
    std::env::args().nth(1).map_or(100, |text| text.parse().expect("a number"))
}

/// Print the fastest of many short runs, which is the one least disturbed by other work on the machine.
fn report(what: &str, n: u32, mut operation: impl FnMut()) {
    operation();
    let run = |_| {
        let start = Instant::now();
        (0..n / 20).for_each(|_| operation());
        start.elapsed() / (n / 20)
    };
    let fastest = (0..count_runs()).map(run).min().unwrap_or_default();
    println!("{what}: {:.1} us", fastest.as_secs_f64() * 1e6);
}
