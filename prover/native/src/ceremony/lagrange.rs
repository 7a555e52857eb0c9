//! Lagrange points of a domain: read from a prepared `.ptau` and held against its powers, or transformed from them.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::Zero;
use ark_poly::EvaluationDomain;

use crate::ceremony::group_fft;
use crate::ceremony::powers::Powers;
use crate::ceremony::ptau::Section;
use crate::error::Result;
use crate::field_io::RawPoint;
use crate::msm::msm;
use crate::progress::Progress;
use crate::qap::Domain;
use crate::secrets::draw_factors;
use crate::value_error;

/// Return L_k(tau) * G of the domain, for the n points of `section`: from a prepared file, else by a transform.
pub fn make_lagrange<P: GLVConfig<ScalarField = Fr>>(
    domain: &Domain,
    powers: &Powers,
    stage: &str,
    section: &Section,
    ready: Option<&Section>,
    progress: &Progress,
) -> Result<Vec<Affine<P>>>
where
    Affine<P>: RawPoint,
{
    let n = domain.size();
    let Some(ready) = ready else {
        let points: Vec<Affine<P>> = (0..n).map(|j| powers.point(section, j)).collect();
        let n_steps = n * domain.size().ilog2() as usize;
        return progress.watch(stage, n_steps, |counter| group_fft::lagrange_even(domain, points, counter));
    };
    powers.check_points::<Affine<P>>(stage, ready, progress)?;
    let points: Vec<Affine<P>> = (0..n).map(|k| powers.point(ready, k)).collect();
    let factors = draw_factors(n)?;
    let is_theirs = progress.watch(stage, 2 * n, |counter| {
        // sum_k f_k L_k(tau) = sum_j tau^j * (inverse transform of f)_j
        let of_powers = domain.evens.ifft(&factors);
        let left: Projective<P> = msm(n, |k| points[k], |k| factors[k], counter);
        left == msm(n, |j| powers.point(section, j), |j| of_powers[j], counter)
    })?;
    is_theirs.then_some(points).ok_or_else(|| wrong_lagrange(powers, stage))
}

pub fn make_odd_lagrange(domain: &Domain, powers: &Powers, progress: &Progress) -> Result<Vec<G1Affine>> {
    let (n, stage, section) = (domain.size(), "Lagrange H", &powers.sections.tau_g1);
    let Some(prepared) = &powers.prepared else {
        let points: Vec<G1Affine> = (0..2 * n).map(|j| powers.point(section, j)).collect();
        let n_steps = n * n.ilog2() as usize;
        return progress.watch(stage, n_steps, |counter| group_fft::lagrange_odd(domain, &points, counter));
    };
    let ready = &prepared.twice_tau_g1;
    powers.check_points::<G1Affine>(stage, ready, progress)?;
    let points: Vec<G1Affine> = (0..n).map(|k| powers.point(ready, 2 * k + 1)).collect();
    let factors = draw_factors(n)?;
    let is_theirs = progress.watch(stage, 3 * n, |counter| {
        let of_powers = spread_odd(domain, &factors);
        let left: G1Projective = msm(n, |k| points[k], |k| factors[k], counter);
        left == msm(2 * n, |j| powers.point(section, j), |j| of_powers[j], counter)
    })?;
    is_theirs.then_some(points).ok_or_else(|| wrong_lagrange(powers, stage))
}

fn wrong_lagrange(powers: &Powers, stage: &str) -> crate::error::KernelError {
    value_error!("{}: {stage}: the prepared points are not those of the powers", powers.path().display())
}

/// Return the coefficients of sum_k values[k] * L_(2k+1)(X), L of the 2n-th roots of unity.
pub fn spread_odd(domain: &Domain, values: &[Fr]) -> Vec<Fr> {
    let twice = Domain::new(domain.size().ilog2() + 1);
    let mut spread = vec![Fr::zero(); twice.size()];
    spread.iter_mut().skip(1).step_by(2).zip(values).for_each(|(place, value)| *place = *value);
    twice.evens.ifft_in_place(&mut spread);
    spread
}
