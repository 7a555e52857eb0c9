//! Proofs as Python functions, and the token that ends one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};

use crate::bindings::{Circuit, ProvingKey, Witness};
use crate::error::Result;
use crate::progress::Progress;
use crate::verify::Proof;

#[pyclass(frozen, module = "prover._kernel")]
pub struct CancelToken {
    flag: Arc<AtomicBool>,
}

#[pymethods]
impl CancelToken {
    #[new]
    fn new() -> Self {
        CancelToken { flag: Arc::default() }
    }

    fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    #[getter]
    fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }
}

/// The proof of a witness that is this circuit's, with the GIL released.
fn prove_detached(
    py: Python<'_>,
    key: &ProvingKey,
    circuit: &Circuit,
    witness: &Witness,
    seed: Option<PyBackedBytes>,
    progress: &Progress,
) -> Result<Proof> {
    let wires = witness.wires_of(circuit)?;
    py.detach(|| crate::prove::prove(key.get(), circuit.get(), wires, seed.as_deref(), progress))
}

#[pyfunction]
#[pyo3(signature = (key, circuit, witness, *, seed=None, progress=None, cancel=None))]
pub fn prove<'py>(
    py: Python<'py>,
    key: &ProvingKey,
    circuit: &Circuit,
    witness: &Witness,
    seed: Option<PyBackedBytes>,
    progress: Option<Py<PyAny>>,
    cancel: Option<&CancelToken>,
) -> Result<Bound<'py, PyBytes>> {
    let progress = Progress::with_cancel(progress, cancel.map(|token| token.flag.clone()), false);
    let proof = prove_detached(py, key, circuit, witness, seed, &progress)?;
    Ok(PyBytes::new(py, &proof.to_be()))
}

#[pyfunction]
#[pyo3(signature = (key, circuit, witness, *, seed=None, progress=None, cancel=None))]
pub fn prove_timed<'py>(
    py: Python<'py>,
    key: &ProvingKey,
    circuit: &Circuit,
    witness: &Witness,
    seed: Option<PyBackedBytes>,
    progress: Option<Py<PyAny>>,
    cancel: Option<&CancelToken>,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyDict>)> {
    let progress = Progress::with_cancel(progress, cancel.map(|token| token.flag.clone()), true);
    let proof = prove_detached(py, key, circuit, witness, seed, &progress)?;
    let parts = PyDict::new(py);
    for (name, seconds, operations) in progress.into_profile().expect("asked for").into_entries() {
        parts.set_item(name, (seconds, operations))?;
    }
    Ok((PyBytes::new(py, &proof.to_be()), parts))
}
