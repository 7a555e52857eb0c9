//! Products by numbers that are known beforehand: the twiddles of transforms.
//!
//! Of a known w so are the multiples w * 2^52, .. w * 2^260 mod p. Limb i of x times the i-th of them, added up, is
//! x * w * 2^52: one limb to lose and not five, so 60 multiply-adds do what takes 101 of any two numbers.

use ark_ff::{BigInt, PrimeField};

use crate::element::{carry, reduce_last, Columns, Lanes};
use crate::modulus::{to_limbs, Limbs, Modulus};
use crate::simd::V;

/// A known factor w, the same for all lanes.
#[derive(Clone, Copy)]
pub struct Fixed {
    /// w * 2^(52 (i + 1)) mod p.
    multiples: [Limbs; 5],
}

impl Fixed {
    pub fn new<F: PrimeField<BigInt = BigInt<4>>>(w: F) -> Self {
        let limb = F::from(1u64 << 52);
        let mut multiple = w;
        let multiples = std::array::from_fn(|_| {
            multiple *= limb;
            to_limbs(multiple.into_bigint().0)
        });
        Fixed { multiples }
    }

    /// Return x * w, below (5 + A / 84.6) p, as columns' limbs are below 2^52 and the top one below A / 84.6 * 2^52.
    /// Assumes A <= 84, and that `new` was given w of the same field.
    ///
    /// Four limbs give less than p * 2^52 each, the top one its share, and losing the last limb adds less than p.
    #[inline(always)]
    pub fn times<M: Modulus>(&self, x: &Lanes<M>) -> Lanes<M> {
        let result = Lanes::from_limbs(carry(reduce_last::<M>(self.multiply_columns(&x.limbs))));
        debug_assert!(is_product_of(&result, x), "{:?} of {:?}", result.in_p(), x.in_p());
        result
    }

    /// 50 multiply-adds, columns below 10 * 2^52.
    #[inline(always)]
    fn multiply_columns(&self, x: &[V; 5]) -> Columns<6> {
        let mut t = [x[0].of(0); 6];
        for (limb, multiple) in x.iter().zip(&self.multiples) {
            for j in 0..5 {
                let factor = limb.of(multiple[j]);
                t[j] = t[j].madd_lo(*limb, factor);
                t[j + 1] = t[j + 1].madd_hi(*limb, factor);
            }
        }
        t
    }
}

fn is_product_of<M: Modulus>(result: &Lanes<M>, x: &Lanes<M>) -> bool {
    let (values, x) = (result.checked(6.0).in_p(), x.in_p());
    (0..8).all(|i| x[i] <= 84.6 && values[i] < 5.0 + x[i] / 84.5)
}
