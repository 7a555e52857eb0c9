//! Lane arithmetic against arkworks, on random values and at the edges of every stated bound.
#![cfg(target_arch = "x86_64")]

use ark_bn254::{Fq, Fr};
use ark_ff::{BigInt, Field, PrimeField};
use zkmargin_lanes::element::{carry, reduce_columns, Lanes, WIDELY_REDUCED};
use zkmargin_lanes::fixed::Fixed;
use zkmargin_lanes::{FqModulus, FrModulus, Ifma, Modulus};

mod common;
use common::{below, from_integers, multiple, to_residues, Integer};

/// Values of up to `bound` p: edges (0, 1, p - 1, p, p + 1, .. k p, the bound itself less one) and random ones.
fn values<M: Modulus>(bound: u64) -> Vec<Integer> {
    let (one, p) = (Integer::from(1u64), multiple::<M>(1));
    let mut values = vec![Integer::from(0u64), one.clone()];
    for k in 1..=bound {
        let kp = multiple::<M>(k);
        values.push(kp.clone() - &one);
        if k < bound {
            values.extend([kp.clone(), kp + &one]);
        }
    }
    values.extend((0..200).map(|i| below(&(p.clone() * bound), i)));
    while values.len() % 8 != 0 {
        values.push(one.clone());
    }
    values
}

fn check<F, M>(a_bound: u64, b_bound: u64)
where
    F: PrimeField<BigInt = BigInt<4>>,
    M: Modulus,
{
    let Some(token) = Ifma::detect() else { return };
    let residue = |value: &Integer| F::from_le_bytes_mod_order(&value.to_bytes_le());
    let (a, b) = (values::<M>(a_bound), values::<M>(b_bound));
    let unit = F::from(2u64).pow([260]).inverse().unwrap();
    for (i, a) in a.chunks(8).enumerate() {
        for shift in [0, i, 5 * i] {
            let b: Vec<Integer> = (0..8).map(|k| b[(8 * i + k + 3 * shift) % b.len()].clone()).collect();
            let (x, y) = (from_integers::<M>(token, a), from_integers::<M>(token, &b));
            let expect = |got: Lanes<M>, what: &str, f: &dyn Fn(F, F) -> F| {
                let wanted: Vec<F> = a.iter().zip(&b).map(|(a, b)| f(residue(a), residue(b))).collect();
                assert_eq!(to_residues::<F, M>(&got), wanted, "{what} of {a:?} and {b:?}");
            };
            if a_bound * b_bound <= 84 {
                expect(x.multiply(&y), "product", &|a, b| a * b * unit);
            }
            if a_bound * a_bound <= 84 {
                expect(x.square(), "square", &|a, _| a * a * unit);
            }
            expect(x.add(&y), "sum", &|a, b| a + b);
            expect(x.sub::<40>(&y), "difference", &|a, b| a - b);
            expect(x.negate::<40>(), "negation", &|a, _| -a);
            if a_bound <= 10 && i > 0 {
                let columns = x.add_multiple::<0>(x.limbs);
                if x.in_p().iter().all(|value| *value > 0.01) {
                    expect(Lanes::reduce(columns), "reduction", &|a, _| a);
                }
            }
            if a_bound <= 21 {
                expect(x.times_4(), "four times", &|a, _| a.double().double());
            }
            for (lane, value) in a.iter().enumerate().filter(|_| a_bound < 6) {
                let (is_zero, may_be) = (x.is_zero() >> lane & 1 == 1, x.may_be_zero() >> lane & 1 == 1);
                assert_eq!(is_zero, residue(value).is_zero(), "{value}");
                assert!(may_be || !is_zero || *value == Integer::from(0u64), "{value}");
            }
        }
    }
}

#[test]
fn base_field_agrees_with_arkworks_at_every_bound() {
    for (a, b) in
        [(1, 1), (2, 2), (3, 3), (6, 6), (2, 40), (40, 1), (2, 42), (9, 9), (10, 8), (6, 40), (84, 1)]
    {
        if a + b <= 84 {
            check::<Fq, FqModulus>(a.min(44), b.min(40));
        }
    }
}

#[test]
fn scalar_field_agrees_with_arkworks_at_every_bound() {
    for (a, b) in [(1, 1), (2, 2), (3, 3), (6, 6), (2, 40), (40, 1), (9, 9), (10, 8)] {
        check::<Fr, FrModulus>(a, b);
    }
}

#[test]
fn a_negative_product_is_reduced() {
    let Some(token) = Ifma::detect() else { return };
    use zkmargin_lanes::element::{multiply_columns, sub_columns};
    let unit = Fq::from(2u64).pow([260]).inverse().unwrap();
    let (small, large) = (values::<FqModulus>(1), values::<FqModulus>(9));
    for (a, b) in small.chunks(8).zip(large.chunks(8)) {
        let (x, y) = (from_integers::<FqModulus>(token, a), from_integers::<FqModulus>(token, b));
        let (low, high) = (multiply_columns(&x.limbs, &x.limbs), multiply_columns(&y.limbs, &y.limbs));
        let columns = reduce_columns::<FqModulus>(sub_columns(&low, &high));
        let got = Lanes::<FqModulus>::from_limbs(carry(x.add_multiple::<1>(columns)));
        let residue = |value: &Integer| Fq::from_le_bytes_mod_order(&value.to_bytes_le());
        let wanted: Vec<Fq> =
            a.iter().zip(b).map(|(a, b)| (residue(a).square() - residue(b).square()) * unit).collect();
        assert_eq!(to_residues::<Fq, FqModulus>(&got), wanted);
    }
}

/// Values whose limbs are all as large as can be, below `bound` p: fixed products are largest there.
fn full_limbs<M: Modulus>(bound: u64) -> Vec<Integer> {
    let low = (Integer::from(1u64) << 208) - 1u64;
    let top: Integer = (multiple::<M>(bound) - 1u64) >> 208;
    (0u64..8).map(|i| ((&top - i) << 208) + &low).collect()
}

fn check_fixed<F, M>()
where
    F: PrimeField<BigInt = BigInt<4>>,
    M: Modulus,
{
    let Some(token) = Ifma::detect() else { return };
    let residue = |value: &Integer| F::from_le_bytes_mod_order(&value.to_bytes_le());
    let p = multiple::<M>(1);
    let mut factors: Vec<F> = [0, 1, 2, 3].map(F::from).to_vec();
    factors.extend([-F::from(1u64), -F::from(2u64), F::from(2u64).pow([52]).inverse().unwrap()]);
    factors.extend((0..8).map(|i| residue(&below(&p, 100 + i))));
    for bound in [1, 6, 11, 22, 44, 84] {
        let mut all = values::<M>(bound);
        all.extend(full_limbs::<M>(bound));
        for (i, chunk) in all.chunks(8).enumerate() {
            let x = from_integers::<M>(token, chunk);
            for factor in [factors[i % factors.len()], factors[7 * i % factors.len()], -F::from(1u64)] {
                let wanted: Vec<F> = chunk.iter().map(|value| residue(value) * factor).collect();
                let got = Fixed::new(factor).times(&x);
                assert_eq!(to_residues::<F, M>(&got), wanted, "{factor} times {chunk:?}");
                assert!(got.in_p().iter().all(|value| *value < 5.0 + bound as f64 / 84.5), "{chunk:?}");
            }
        }
    }
}

#[test]
fn fixed_products_agree_with_arkworks_at_every_bound() {
    check_fixed::<Fq, FqModulus>();
    check_fixed::<Fr, FrModulus>();
}

/// Multiples of 2^255, where the table goes to the next row, and values of up to 42 p.
fn check_wide_reduction<F, M>()
where
    F: PrimeField<BigInt = BigInt<4>>,
    M: Modulus,
{
    let Some(token) = Ifma::detect() else { return };
    let mut all = values::<M>(42);
    let rows = (1u64..16).map(|i| Integer::from(i) << 255);
    all.extend(rows.flat_map(|row: Integer| [row.clone() - 1u64, row.clone(), row + 1u64]));
    all.extend([(Integer::from(16u64) << 255) - 1u64, Integer::from(1u64), Integer::from(0u64)]);
    for chunk in all.chunks_exact(8) {
        let x = from_integers::<M>(token, chunk);
        let wanted: Vec<F> = chunk.iter().map(|v| F::from_le_bytes_mod_order(&v.to_bytes_le())).collect();
        let reduced = Lanes::reduce_wide(x.limbs);
        assert_eq!(to_residues::<F, M>(&reduced), wanted, "{chunk:?}");
        assert!(reduced.in_p().iter().all(|value| *value <= WIDELY_REDUCED), "{chunk:?}");
        let canonical = x.canonical_wide();
        let smallest: Vec<Integer> = wanted.iter().map(|value| value.into_bigint().into()).collect();
        let smallest = from_integers::<M>(token, &smallest);
        assert_eq!(canonical.limbs.map(|limb| limb.words()), smallest.limbs.map(|limb| limb.words()));
    }
}

#[test]
fn wide_reduction_agrees_with_arkworks() {
    check_wide_reduction::<Fq, FqModulus>();
    check_wide_reduction::<Fr, FrModulus>();
}

#[test]
fn packing_is_undone_by_unpacking() {
    use zkmargin_lanes::pack::{pack, transpose, unpack};
    let Some(token) = Ifma::detect() else { return };
    for chunk in values::<FqModulus>(5).chunks(8) {
        let x = from_integers::<FqModulus>(token, chunk);
        let again = unpack::<FqModulus>(pack(&x));
        assert_eq!(x.limbs.map(|v| v.words()), again.limbs.map(|v| v.words()));
    }
    let rows: [[u64; 8]; 8] = std::array::from_fn(|i| std::array::from_fn(|j| (8 * i + j) as u64));
    let columns = transpose(rows.map(|row| zkmargin_lanes::pack::load(token, &row)));
    for (j, column) in columns.into_iter().enumerate() {
        assert_eq!(column.words(), std::array::from_fn(|i| (8 * i + j) as u64));
    }
}
