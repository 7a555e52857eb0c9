//! Processor seconds, all threads together, of a transform of 2^k values to a coset (inverse and forward), by lanes and
//! by arkworks: `cargo run --release --example fft -- 20`. Arkworks alone where there is no AVX-512 IFMA.

use ark_bn254::Fr;
use ark_ff::{FftField, UniformRand};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use zkmargin_lanes::fft::CosetTransform;
use zkmargin_lanes::Ifma;

fn main() {
    let log2: u32 = std::env::args().nth(1).map_or(20, |text| text.parse().expect("a number"));
    let token = Ifma::detect();
    if token.is_none() {
        println!("no AVX-512 IFMA here");
    }
    let mut rng = ark_std::test_rng();
    let values: Vec<Fr> = (0..1usize << log2).map(|_| Fr::rand(&mut rng)).collect();
    let shift = Fr::get_root_of_unity(2 << log2).expect("r - 1 has 28 factors of two");
    let domain = Radix2EvaluationDomain::<Fr>::new(values.len()).expect("2^28 at most");
    let coset = domain.get_coset(shift).expect("not zero");
    for _ in 0..3 {
        let (mut ours, mut theirs) = (values.clone(), values.clone());
        let start = processor_seconds();
        domain.ifft_in_place(&mut theirs);
        coset.fft_in_place(&mut theirs);
        println!("2^{log2}: arkworks {:.3} s", processor_seconds() - start);
        let Some(token) = token else { continue };
        let start = processor_seconds();
        let transform = CosetTransform::new(log2, shift);
        let tables = processor_seconds() - start;
        transform.apply(token, &mut ours, &());
        println!("2^{log2}: lanes {:.3} s, {tables:.3} of it for tables", processor_seconds() - start);
        assert!(ours == theirs);
    }
}

/// Return what the threads of this process have run so far, as Linux counts it, in nanoseconds.
fn processor_seconds() -> f64 {
    let nanoseconds = |thread: std::fs::DirEntry| {
        let times = std::fs::read_to_string(thread.path().join("schedstat")).expect("Linux");
        times.split_whitespace().next().and_then(|text| text.parse::<f64>().ok()).expect("the time run")
    };
    let threads = std::fs::read_dir("/proc/self/task").expect("Linux");
    threads.map(|thread| nanoseconds(thread.expect("a thread"))).sum::<f64>() / 1e9
}
