//! Is a point of BN254's twist of order r? By an endomorphism: half the work of arkworks' own check.
//!
//! The twist E' over Fq2 has h r points, h = 2q - r = 10069 * 5864401 * 1875725156269 * (a prime of 178 bits): a pairing
//! must not see a point with a part in h. A random sum of many points would hide one of order 10069 once in 10069 times,
//! so each point is judged alone.

use std::sync::LazyLock;

use ark_bn254::{Config as Bn254, Fq, Fq2, G2Affine, G2Projective};
use ark_ec::bn::BnConfig;
use ark_ec::{AdditiveGroup, AffineRepr};
use ark_ff::{BigInt, BigInteger, Field};

/// The curve's parameter x = 4965661367192848881 in signed digits, no two neighbours of them nonzero, least first.
static X_DIGITS: LazyLock<Vec<i64>> =
    LazyLock::new(|| BigInt::<1>([Bn254::X[0]]).find_wnaf(2).expect("2 is a width"));

/// xi^((q - 1) / 3) and xi^((q - 1) / 2), xi = 9 + u: what psi multiplies the coordinates by.
static PSI: LazyLock<(Fq2, Fq2)> = LazyLock::new(|| {
    let xi = Fq2::new(Fq::from(9u64), Fq::from(1u64));
    // q = 36x^4 + 36x^3 + 24x^2 + 6x + 1, so (q - 1) / 6 = (((6x + 6) x + 4) x + 1) x
    let sixth = [6u64, 6, 4, 1]
        .iter()
        .fold(Fq2::ONE, |power, add| power.pow(Bn254::X) * xi.pow([*add]))
        .pow(Bn254::X);
    (sixth.square(), sixth.square() * sixth)
});

/// Return whether a point that is on the curve is of order r, or infinity.
///
/// eprint 2022/348: P is of order r if and only if [x + 1]P + psi([x]P) + psi^2([x]P) = psi^3([2x]P), psi the
/// untwist-Frobenius-twist endomorphism. For this curve it rests on one gcd (tests/prover/test_g2_subgroup.py):
/// - on E'(Fq2), psi^2 - t psi + q = 0 with t = 6x^2 + 1, for psi is the Frobenius of E seen from the twist;
/// - by that, f(psi) = (x + 1) + x psi + x psi^2 - 2x psi^3 is a + b psi with integers a, b. Times its conjugate
///   a + b (t - psi) it is the integer N = a^2 + a b t + b^2 q. So f(psi) P = 0 gives N P = 0;
/// - h r P = 0 as well, and gcd(N, h r) = r: so r P = 0;
/// - the other way round, on the points of order r psi is q, and f(q) = 0 mod r.
pub fn is_in_subgroup(point: &G2Affine) -> bool {
    let x_times = multiply_by_x(point);
    let once = psi(&x_times);
    let twice = psi(&once);
    // psi^3([2x]P) = 2 psi(psi^2([x]P))
    x_times + point + once + twice == psi(&twice).double()
}

fn multiply_by_x(point: &G2Affine) -> G2Projective {
    let negative = -*point;
    let mut sum = G2Affine::identity().into_group();
    for digit in X_DIGITS.iter().rev() {
        sum.double_in_place();
        match digit {
            0 => {}
            1 => sum += point,
            _ => sum += &negative,
        }
    }
    sum
}

/// Return (x^q * PSI.0, y^q * PSI.1), in Jacobian coordinates x = X / Z^2, y = Y / Z^3.
fn psi(point: &G2Projective) -> G2Projective {
    let mut image = *point;
    for coordinate in [&mut image.x, &mut image.y, &mut image.z] {
        coordinate.frobenius_map_in_place(1);
    }
    image.x *= PSI.0;
    image.y *= PSI.1;
    image
}
