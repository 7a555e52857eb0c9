//! Keys from and to snarkjs's `.zkey`, as Python sees them.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::bindings::{Circuit, ProvingKey};
use crate::error::Result;
use crate::progress::Progress;
use crate::zkey::{export, import};

#[pyfunction]
#[pyo3(signature = (key, circuit, path, *, progress=None))]
pub fn export_zkey(
    py: Python<'_>,
    key: &ProvingKey,
    circuit: &Circuit,
    path: PathBuf,
    progress: Option<Py<PyAny>>,
) -> Result<()> {
    let progress = Progress::new(progress);
    py.detach(|| export::export_zkey(key.get(), circuit.get(), &path, &progress))
}

#[pyfunction]
#[pyo3(signature = (circuit, source, target, *, progress=None))]
pub fn import_zkey<'py>(
    py: Python<'py>,
    circuit: &Circuit,
    source: PathBuf,
    target: PathBuf,
    progress: Option<Py<PyAny>>,
) -> Result<Bound<'py, PyBytes>> {
    let progress = Progress::new(progress);
    let vk = py.detach(|| import::import_zkey(circuit.get(), &source, &target, &progress))?;
    Ok(PyBytes::new(py, &vk))
}
