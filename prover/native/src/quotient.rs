//! The quotient on the odd coset, by lanes or by portable transforms.

use ark_bn254::Fr;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rayon::prelude::*;

use crate::progress::Counter;
use crate::qap::Domain;
use crate::rows::RowVectors;
use crate::sums::Kernel;

/// Below this size the lanes' transform does not pay.
#[cfg(target_arch = "x86_64")]
const FEWEST_LOG2_FOR_LANES: u32 = 10;

/// Return A*B - C on the odd coset, in coset order.
pub fn quotient_evaluations(
    kernel: Kernel,
    domain: &Domain,
    vectors: RowVectors,
    counter: &Counter,
) -> Vec<Fr> {
    let transform = CosetTransform::new(kernel, domain);
    let move_to_coset = |mut values: Vec<Fr>| {
        if !counter.is_stopped() {
            transform.apply(&mut values, counter);
        }
        counter.add(1);
        values
    };
    let mut a = move_to_coset(vectors.a);
    let b = move_to_coset(vectors.b);
    a.par_iter_mut().zip(b).for_each(|(a, b)| *a *= b);
    let c = move_to_coset(vectors.c);
    a.par_iter_mut().zip(c).for_each(|(a, c)| *a -= c);
    a
}

/// From values on a domain to values on its odd coset.
enum CosetTransform<'a> {
    Portable {
        evens: &'a Radix2EvaluationDomain<Fr>,
        odds: Radix2EvaluationDomain<Fr>,
    },
    #[cfg(target_arch = "x86_64")]
    Lanes {
        token: zkmargin_lanes::Ifma,
        transform: zkmargin_lanes::fft::CosetTransform,
    },
}

impl<'a> CosetTransform<'a> {
    fn new(kernel: Kernel, domain: &'a Domain) -> Self {
        match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Lanes(token) if domain.evens.log_size_of_group >= FEWEST_LOG2_FOR_LANES => {
                let log2 = domain.evens.log_size_of_group;
                let transform = zkmargin_lanes::fft::CosetTransform::new(log2, domain.odd_shift);
                CosetTransform::Lanes { token, transform }
            }
            _ => CosetTransform::Portable {
                evens: &domain.evens,
                odds: domain.evens.get_coset(domain.odd_shift).expect("the shift is not zero"),
            },
        }
    }

    fn apply(&self, values: &mut Vec<Fr>, counter: &Counter) {
        match self {
            CosetTransform::Portable { evens, odds } => {
                evens.ifft_in_place(values);
                if !counter.is_stopped() {
                    odds.fft_in_place(values);
                }
            }
            #[cfg(target_arch = "x86_64")]
            CosetTransform::Lanes { token, transform } => transform.apply(*token, values, counter),
        }
    }
}
