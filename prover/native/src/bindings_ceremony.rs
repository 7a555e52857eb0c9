//! The ceremony as Python sees it: powers of tau, a first key, contributions, and the check of all of it.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::bindings::Circuit;
use crate::ceremony::powers::Powers;
use crate::ceremony::transcript::{Beacon, Transcript};
use crate::ceremony::{check, contribute as contributing, powers_writer, start};
use crate::error::Result;
use crate::keyfile;
use crate::progress::Progress;

/// Name, beacon (value, iterations_log2) or None, link.
pub type Entry<'py> = (String, Option<(Bound<'py, PyBytes>, u32)>, Bound<'py, PyBytes>);

/// Return what Python sees of a transcript.
pub fn list_entries<'py>(py: Python<'py>, transcript: &Transcript) -> Vec<Entry<'py>> {
    let entry = |contribution: &crate::ceremony::transcript::Contribution| {
        let beacon = contribution.beacon.as_ref();
        let beacon = beacon.map(|beacon| (PyBytes::new(py, &beacon.value), beacon.iterations_log2));
        (contribution.name.clone(), beacon, PyBytes::new(py, &contribution.link))
    };
    transcript.contributions.iter().map(entry).collect()
}

#[pyclass(frozen, module = "prover._kernel")]
pub struct PowersOfTau {
    inner: Powers,
}

#[pymethods]
impl PowersOfTau {
    #[staticmethod]
    #[pyo3(signature = (path, domain_log2, *, progress=None))]
    fn load(py: Python<'_>, path: PathBuf, domain_log2: u32, progress: Option<Py<PyAny>>) -> Result<Self> {
        let progress = Progress::new(progress);
        Ok(PowersOfTau { inner: py.detach(|| Powers::load(&path, domain_log2, &progress))? })
    }

    #[getter]
    fn power(&self) -> u32 {
        self.inner.power
    }

    #[getter]
    fn is_prepared(&self) -> bool {
        self.inner.prepared.is_some()
    }

    #[getter]
    fn digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.digest)
    }
}

#[pyfunction]
#[pyo3(signature = (path, power, *, prepared=false, seed=None, progress=None))]
pub fn make_development_powers(
    py: Python<'_>,
    path: PathBuf,
    power: u32,
    prepared: bool,
    seed: Option<PyBackedBytes>,
    progress: Option<Py<PyAny>>,
) -> Result<()> {
    let progress = Progress::new(progress);
    py.detach(|| powers_writer::make_development_powers(&path, power, prepared, seed.as_deref(), &progress))
}

#[pyfunction]
#[pyo3(signature = (circuit, powers, path, *, progress=None))]
pub fn start_ceremony<'py>(
    py: Python<'py>,
    circuit: &Circuit,
    powers: &PowersOfTau,
    path: PathBuf,
    progress: Option<Py<PyAny>>,
) -> Result<Bound<'py, PyBytes>> {
    let progress = Progress::new(progress);
    let link = py.detach(|| start::start_ceremony(circuit.get(), &powers.inner, &path, &progress))?;
    Ok(PyBytes::new(py, &link))
}

#[pyfunction]
#[pyo3(signature = (source, target, name, *, text=None, seed=None, progress=None))]
pub fn contribute<'py>(
    py: Python<'py>,
    source: PathBuf,
    target: PathBuf,
    name: String,
    text: Option<PyBackedBytes>,
    seed: Option<PyBackedBytes>,
    progress: Option<Py<PyAny>>,
) -> Result<Bound<'py, PyBytes>> {
    let progress = Progress::new(progress);
    let text = text.as_deref().unwrap_or_default();
    let link =
        py.detach(|| contributing::contribute(&source, &target, &name, text, seed.as_deref(), &progress))?;
    Ok(PyBytes::new(py, &link))
}

#[pyfunction]
#[pyo3(signature = (source, target, name, value, iterations_log2, *, progress=None))]
pub fn apply_beacon<'py>(
    py: Python<'py>,
    source: PathBuf,
    target: PathBuf,
    name: String,
    value: Vec<u8>,
    iterations_log2: u32,
    progress: Option<Py<PyAny>>,
) -> Result<Bound<'py, PyBytes>> {
    let progress = Progress::new(progress);
    let beacon = Beacon { value, iterations_log2 };
    let link = py.detach(|| contributing::apply_beacon(&source, &target, &name, beacon, &progress))?;
    Ok(PyBytes::new(py, &link))
}

#[pyfunction]
#[pyo3(signature = (circuit, powers, path, *, progress=None))]
pub fn verify_ceremony<'py>(
    py: Python<'py>,
    circuit: &Circuit,
    powers: &PowersOfTau,
    path: PathBuf,
    progress: Option<Py<PyAny>>,
) -> Result<Vec<Entry<'py>>> {
    let progress = Progress::new(progress);
    let transcript = py.detach(|| {
        let key = keyfile::ProvingKey::load(&path)?;
        check::verify_ceremony(circuit.get(), &powers.inner, &key, &progress)
            .map_err(|error| error.in_file(&path))
    })?;
    Ok(list_entries(py, &transcript))
}
