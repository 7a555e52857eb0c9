//! BabyJubJub written out once more, affine and slow, for tests; and what they draw.

use ark_ff::{BigInteger, Field, PrimeField};
use zkmargin_primitives::babyjubjub::{Point, Scalar, EDWARDS_A, EDWARDS_D};
use zkmargin_primitives::eddsa::Claim;
use zkmargin_primitives::Fr;

/// EIP-2494's affine addition law.
pub fn add(p: &Point, q: &Point) -> Point {
    let (a, d) = (Fr::from(EDWARDS_A), Fr::from(EDWARDS_D));
    let product = d * p.x * q.x * p.y * q.y;
    let inverses = [Fr::ONE + product, Fr::ONE - product].map(|z| z.inverse().unwrap());
    Point { x: (p.x * q.y + p.y * q.x) * inverses[0], y: (p.y * q.y - a * p.x * q.x) * inverses[1] }
}

pub fn multiply(point: &Point, scalar: u64) -> Point {
    multiply_by(point, scalar.into())
}

pub fn multiply_by(point: &Point, scalar: <Scalar as PrimeField>::BigInt) -> Point {
    scalar.to_bits_be().into_iter().fold(Point::IDENTITY, |sum, bit| {
        let twice = add(&sum, &sum);
        if bit {
            add(&twice, point)
        } else {
            twice
        }
    })
}

/// The eight points whose eightfold is the identity, the identity first: multiples of one of order eight.
pub fn torsion() -> Vec<Point> {
    let of_order_8 = (2u64..)
        .filter_map(point_with_y)
        .map(|point| multiply_by(&point, Scalar::MODULUS))
        .find(|point| multiply(point, 4) != Point::IDENTITY)
        .unwrap();
    (0..8).map(|scalar| multiply(&of_order_8, scalar)).collect()
}

fn point_with_y(y: u64) -> Option<Point> {
    let y = Fr::from(y);
    let (a, d, yy) = (Fr::from(EDWARDS_A), Fr::from(EDWARDS_D), y.square());
    let x = ((Fr::ONE - yy) / (a - d * yy)).sqrt()?;
    let point = Point { x, y };
    assert!(point.is_on_curve());
    Some(point)
}

pub fn claim_be(claim: &Claim) -> Vec<u8> {
    let Claim { public_key, message, signature } = claim;
    let elements = [public_key.x, public_key.y, *message, signature.r8.x, signature.r8.y];
    let mut bytes: Vec<u8> =
        elements.iter().flat_map(|element| element.into_bigint().to_bytes_be()).collect();
    bytes.extend(signature.s.into_bigint().to_bytes_be());
    bytes
}

/// SplitMix64.
pub struct Draw(pub u64);

impl Draw {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % bound as u64) as usize
    }
}
