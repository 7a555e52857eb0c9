//! Seconds of a transform of 2^k values to a coset (inverse and forward), by lanes and by arkworks.

use std::time::Instant;

use ark_bn254::Fr;
use ark_ff::{FftField, UniformRand};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use zkmargin_lanes::fft::CosetTransform;
use zkmargin_lanes::Ifma;

fn main() {
    let log2: u32 = std::env::args().nth(1).map_or(20, |text| text.parse().expect("a number"));
    let token = Ifma::detect().expect("AVX-512 IFMA");
    let mut rng = ark_std::test_rng();
    let values: Vec<Fr> = (0..1usize << log2).map(|_| Fr::rand(&mut rng)).collect();
    let shift = Fr::get_root_of_unity(2 << log2).expect("r - 1 has 28 factors of two");
    let domain = Radix2EvaluationDomain::<Fr>::new(values.len()).expect("2^28 at most");
    let coset = domain.get_coset(shift).expect("not zero");
    for _ in 0..3 {
        let (mut ours, mut theirs) = (values.clone(), values.clone());
        let start = Instant::now();
        let transform = CosetTransform::new(log2, shift);
        let tables = start.elapsed().as_secs_f64();
        transform.apply(token, &mut ours, &());
        let lanes = start.elapsed().as_secs_f64();
        domain.ifft_in_place(&mut theirs);
        coset.fft_in_place(&mut theirs);
        let arkworks = start.elapsed().as_secs_f64() - lanes;
        assert!(ours == theirs);
        println!("2^{log2}: lanes {lanes:.3} s ({tables:.3} of it tables), arkworks {arkworks:.3} s");
    }
}
