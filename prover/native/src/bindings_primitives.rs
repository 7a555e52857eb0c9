//! Poseidon, Merkle trees and EdDSA of the crate `zkmargin-primitives` as Python functions.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use zkmargin_primitives::bytes as primitives;
use zkmargin_primitives::eddsa::KeyHash;

use crate::error::{KernelError, Result};
use crate::value_error;

impl From<zkmargin_primitives::Error> for KernelError {
    fn from(error: zkmargin_primitives::Error) -> Self {
        value_error!("{error}")
    }
}

fn exactly<'a, const N: usize>(bytes: &'a [u8], what: &str) -> Result<&'a [u8; N]> {
    bytes.try_into().map_err(|_| value_error!("{what}: {} bytes, expected {N}", bytes.len()))
}

fn read_key_hash(name: &str) -> Result<KeyHash> {
    match name {
        "blake2b" => Ok(KeyHash::Blake2b),
        "blake512" => Ok(KeyHash::Blake512),
        other => Err(value_error!("key_hash: {other:?}, expected \"blake2b\" or \"blake512\"")),
    }
}

#[pyfunction]
pub fn poseidon_many<'py>(
    py: Python<'py>,
    arity: usize,
    rows_be: PyBackedBytes,
    tag_be: PyBackedBytes,
) -> Result<Bound<'py, PyBytes>> {
    let hashes = py.detach(|| {
        Ok::<_, KernelError>(primitives::poseidon_many_be(arity, &rows_be, exactly(&tag_be, "tag")?)?)
    })?;
    Ok(PyBytes::new(py, &hashes))
}

#[pyfunction]
pub fn merkle_levels<'py>(
    py: Python<'py>,
    leaves_be: PyBackedBytes,
    tag_be: PyBackedBytes,
) -> Result<Bound<'py, PyBytes>> {
    let levels = py.detach(|| {
        Ok::<_, KernelError>(primitives::merkle_levels_be(&leaves_be, exactly(&tag_be, "tag")?)?)
    })?;
    Ok(PyBytes::new(py, &levels))
}

#[pyfunction]
#[pyo3(signature = (private_key, *, key_hash="blake2b"))]
pub fn eddsa_derive<'py>(
    py: Python<'py>,
    private_key: PyBackedBytes,
    key_hash: &str,
) -> Result<Bound<'py, PyBytes>> {
    let point = primitives::eddsa_derive_be(exactly(&private_key, "private key")?, read_key_hash(key_hash)?);
    Ok(PyBytes::new(py, &point))
}

#[pyfunction]
#[pyo3(signature = (private_key, message_be, *, key_hash="blake2b"))]
pub fn eddsa_sign<'py>(
    py: Python<'py>,
    private_key: PyBackedBytes,
    message_be: PyBackedBytes,
    key_hash: &str,
) -> Result<Bound<'py, PyBytes>> {
    let (key, message) = (exactly(&private_key, "private key")?, exactly(&message_be, "message")?);
    let signature = primitives::eddsa_sign_be(key, message, read_key_hash(key_hash)?)?;
    Ok(PyBytes::new(py, &signature))
}

#[pyfunction]
pub fn eddsa_verify_many<'py>(py: Python<'py>, claims_be: PyBackedBytes) -> Result<Bound<'py, PyBytes>> {
    let verdicts = py.detach(|| primitives::eddsa_verify_many_be(&claims_be))?;
    Ok(PyBytes::new(py, &verdicts))
}

#[pyfunction]
pub fn eddsa_divide_by_eight<'py>(
    py: Python<'py>,
    public_key_be: PyBackedBytes,
) -> Result<Bound<'py, PyBytes>> {
    let quotient = primitives::eddsa_divide_by_eight_be(exactly(&public_key_be, "public key")?)?;
    Ok(PyBytes::new(py, &quotient))
}
