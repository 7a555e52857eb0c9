//! Sums of points and transforms as Python functions, for tests and benchmarks.

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::CurveGroup;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::error::{KernelError, Result};
use crate::field_io::{RawPoint, G1_BYTES, G2_BYTES};
use crate::progress::Counter;
use crate::sums::{Curve, Kernel, Scalars};
use crate::{field_io, value_error};

/// Return which path computes sums and transforms: `portable` or `ifma`.
#[pyfunction]
pub fn get_path() -> Result<&'static str> {
    Ok(match Kernel::choose()? {
        Kernel::Portable => "portable",
        Kernel::Lanes(_) => "ifma",
    })
}

fn check_msm_lengths(points: &[u8], point_bytes: usize, scalars: &[u8]) -> Result<()> {
    if !points.len().is_multiple_of(point_bytes) || points.len() / point_bytes * 32 != scalars.len() {
        let (n_points, n_scalars) = (points.len(), scalars.len());
        return Err(value_error!(
            "msm: {n_points} bytes of points ({point_bytes} each), {n_scalars} bytes of scalars (32 each)"
        ));
    }
    Ok(())
}

/// Return sum_i scalars[i] * points[i].
fn sum_points<P: Curve>(points: &[Affine<P>], scalars: &[Fr]) -> Result<Projective<P>>
where
    Affine<P>: RawPoint,
{
    let mut raw = Vec::with_capacity(points.len() * <Affine<P> as RawPoint>::RAW_BYTES);
    points.iter().for_each(|point| point.to_raw(&mut raw));
    let counter = Counter::default();
    let scalars = Scalars::new(Kernel::choose()?, points.len(), true, |i| scalars[i], &counter);
    Ok(scalars.sum(&raw, &counter))
}

#[pyfunction]
pub fn msm_g1<'py>(
    py: Python<'py>,
    points_be: PyBackedBytes,
    scalars_be: PyBackedBytes,
) -> Result<Bound<'py, PyBytes>> {
    let bytes = py.detach(|| {
        check_msm_lengths(&points_be, G1_BYTES, &scalars_be)?;
        let read = |(i, bytes)| field_io::read_g1(bytes, &format!("points[{i}]"));
        let points = points_be.chunks_exact(G1_BYTES).enumerate().map(read).collect::<Result<Vec<_>>>()?;
        let scalars = field_io::read_scalars(&scalars_be, "scalars")?;
        let sum: G1Projective = sum_points(&points, &scalars)?;
        let mut out = Vec::with_capacity(G1_BYTES);
        field_io::write_g1(&mut out, &sum.into_affine());
        Ok::<_, KernelError>(out)
    })?;
    Ok(PyBytes::new(py, &bytes))
}

#[pyfunction]
pub fn msm_g2<'py>(
    py: Python<'py>,
    points_be: PyBackedBytes,
    scalars_be: PyBackedBytes,
) -> Result<Bound<'py, PyBytes>> {
    let bytes = py.detach(|| {
        check_msm_lengths(&points_be, G2_BYTES, &scalars_be)?;
        let read = |(i, bytes)| field_io::read_g2(bytes, &format!("points[{i}]"));
        let points = points_be.chunks_exact(G2_BYTES).enumerate().map(read).collect::<Result<Vec<_>>>()?;
        let scalars = field_io::read_scalars(&scalars_be, "scalars")?;
        let sum: G2Projective = sum_points(&points, &scalars)?;
        let mut out = Vec::with_capacity(G2_BYTES);
        field_io::write_g2(&mut out, &sum.into_affine());
        Ok::<_, KernelError>(out)
    })?;
    Ok(PyBytes::new(py, &bytes))
}

#[pyfunction]
#[pyo3(signature = (values_be, *, inverse=false))]
pub fn fft<'py>(py: Python<'py>, values_be: PyBackedBytes, inverse: bool) -> Result<Bound<'py, PyBytes>> {
    let bytes = py.detach(|| {
        let mut values = field_io::read_scalars(&values_be, "values")?;
        if !values.len().is_power_of_two() {
            return Err(value_error!("fft: {} values, expected a power of two", values.len()));
        }
        let domain = Radix2EvaluationDomain::<Fr>::new(values.len())
            .ok_or_else(|| value_error!("fft: {} values, expected at most 2^28", values.len()))?;
        if inverse {
            domain.ifft_in_place(&mut values);
        } else {
            domain.fft_in_place(&mut values);
        }
        Ok(field_io::write_scalars(&values))
    })?;
    Ok(PyBytes::new(py, &bytes))
}
