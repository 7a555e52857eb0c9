//! The subgroup check against arkworks' own and against r P = 0, on points of every order that the twist has.

use ark_bn254::{Fq, Fq2, Fr, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{PrimeField, Zero};
use zkmargin_primitives::g2::is_in_subgroup;

/// The prime factors of the cofactor h = 2q - r, least limb first: 10069, 5864401, 1875725156269 and one of 178 bits.
const FACTORS: [[u64; 3]; 4] = [
    [10069, 0, 0],
    [5864401, 0, 0],
    [1875725156269, 0, 0],
    [0x9b6e0b358e0d894d, 0xe9dab9240f0c6ab8, 0x210315729f570],
];

/// Return points of the curve with small x: of order h r, but for a chance of about 1 in 10,000.
fn find_points(count: usize) -> Vec<G2Affine> {
    let candidates = (0u64..).flat_map(|i| [false, true].map(|is_greater| (i, is_greater)));
    let point = |(i, is_greater)| {
        let x = Fq2::new(Fq::from(i / 7), Fq::from(i % 7 + 1));
        G2Affine::get_point_from_x_unchecked(x, is_greater)
    };
    candidates.filter_map(point).take(count).collect()
}

/// Return the part of a point whose order divides this factor of h: the point times h r / factor.
fn take_part(point: &G2Affine, factor: usize) -> G2Affine {
    let times_r = point.mul_bigint(Fr::MODULUS);
    let others = FACTORS.iter().enumerate().filter(|(i, _)| *i != factor);
    others.fold(times_r, |part, (_, other)| part.mul_bigint(other)).into_affine()
}

/// Check that everybody says the same of a point of the curve.
fn judge(point: &G2Affine, expected: bool) {
    assert!(point.is_on_curve());
    assert_eq!(point.mul_bigint(Fr::MODULUS).is_zero(), expected, "{point}");
    assert_eq!(point.is_in_correct_subgroup_assuming_on_curve(), expected, "{point}");
    assert_eq!(is_in_subgroup(point), expected, "{point}");
}

#[test]
fn factors_make_up_the_cofactor() {
    let generator = find_points(1)[0];
    let by_factors = FACTORS.iter().fold(generator.into_group(), |point, factor| point.mul_bigint(factor));
    assert_eq!(by_factors, generator.mul_by_cofactor_to_group());
}

#[test]
fn points_of_order_r_and_infinity_pass() {
    judge(&G2Affine::identity(), true);
    for k in [1u64, 2, 3, 10069, u64::MAX] {
        judge(&G2Projective::generator().mul_bigint([k]).into_affine(), true);
        judge(&G2Projective::generator().mul_bigint([k, k, k]).into_affine(), true);
    }
    for point in find_points(200) {
        judge(&point.mul_by_cofactor(), true);
    }
}

#[test]
fn points_of_the_curve_outside_the_subgroup_do_not() {
    for point in find_points(200) {
        judge(&point, false);
        judge(&point.mul_bigint(Fr::MODULUS).into_affine(), false);
    }
}

#[test]
fn points_of_each_order_that_divides_the_cofactor_do_not_alone_or_hidden_in_a_good_one() {
    for (factor, order) in FACTORS.iter().enumerate() {
        for point in find_points(20) {
            let small = take_part(&point, factor);
            assert!(!small.is_zero() && small.mul_bigint(order).is_zero());
            judge(&small, false);
            judge(&(point.mul_by_cofactor() + small).into_affine(), false);
        }
    }
}

#[test]
fn every_multiple_of_a_point_of_the_smallest_order() {
    let small = take_part(&find_points(1)[0], 0);
    let mut multiples = vec![small.into_group()];
    while multiples.len() < FACTORS[0][0] as usize {
        multiples.push(*multiples.last().expect("it begins with one") + small);
    }
    let multiples = G2Projective::normalize_batch(&multiples);
    let (infinity, others) = multiples.split_last().expect("there are 10069");
    assert!(infinity.is_zero() && is_in_subgroup(infinity));
    assert!(others.iter().all(|point| !is_in_subgroup(point)));
}
