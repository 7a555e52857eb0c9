//! The Python classes and functions around circuits and proofs: they convert, check and release the GIL.

use std::path::PathBuf;
use std::sync::Arc;

use ark_bn254::Fr;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::bindings_ceremony::{list_entries, Entry};
use crate::error::Result;
use crate::progress::Progress;
use crate::sums::Kernel;
use crate::{circuit, field_io, iden3, keyfile, memory, rows, value_error, witness};

/// A port map: u32 little-endian bytes, or integers.
#[derive(FromPyObject)]
enum PortMap {
    Bytes(PyBackedBytes),
    Wires(Vec<u32>),
}

impl PortMap {
    fn into_wires(self, instance: usize) -> Result<Vec<u32>> {
        match self {
            PortMap::Wires(wires) => Ok(wires),
            PortMap::Bytes(bytes) if bytes.len().is_multiple_of(4) => Ok(bytes
                .chunks_exact(4)
                .map(|c| u32::from_le_bytes(c.try_into().expect("chunks of four")))
                .collect()),
            PortMap::Bytes(bytes) => Err(value_error!(
                "circuit: port map {instance} has {} bytes, expected a multiple of 4",
                bytes.len()
            )),
        }
    }
}

#[pyclass(frozen, module = "prover._kernel")]
pub struct Circuit {
    inner: Arc<circuit::Circuit>,
}

#[pymethods]
impl Circuit {
    #[new]
    #[pyo3(signature = (templates, instance_templates, port_maps, n_bus, n_public))]
    fn new(
        py: Python<'_>,
        templates: Vec<Vec<u8>>,
        instance_templates: Vec<usize>,
        port_maps: Vec<PortMap>,
        n_bus: usize,
        n_public: usize,
    ) -> Result<Self> {
        let maps: Result<Vec<_>> =
            port_maps.into_iter().enumerate().map(|(i, map)| map.into_wires(i)).collect();
        let maps = maps?;
        let inner =
            py.detach(|| circuit::Circuit::new(&templates, &instance_templates, maps, n_bus, n_public))?;
        Ok(Circuit { inner: Arc::new(inner) })
    }

    #[getter]
    fn n_constraints(&self) -> usize {
        self.inner.n_rows
    }

    #[getter]
    fn n_wires(&self) -> usize {
        self.inner.n_wires
    }

    #[getter]
    fn n_instances(&self) -> usize {
        self.inner.instances.len()
    }

    #[getter]
    fn n_bus(&self) -> usize {
        self.inner.n_bus
    }

    #[getter]
    fn n_public(&self) -> usize {
        self.inner.n_public
    }

    #[getter]
    fn domain_log2(&self) -> u32 {
        self.inner.domain_log2
    }

    #[getter]
    fn digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.inner.digest.as_bytes())
    }

    fn global_wire(&self, instance: usize, local_wire: usize) -> Result<usize> {
        self.check_local(instance, local_wire)?;
        Ok(self.inner.global_wire(&self.inner.instances[instance], local_wire))
    }

    #[pyo3(signature = (bus_be, private_be, overrides=None, progress=None))]
    fn compute_witness(
        &self,
        py: Python<'_>,
        bus_be: PyBackedBytes,
        private_be: Vec<PyBackedBytes>,
        overrides: Option<Vec<(usize, usize, PyBackedBytes)>>,
        progress: Option<Py<PyAny>>,
    ) -> Result<Witness> {
        let mut lies = witness::Overrides::new();
        for (i, (instance, wire, value)) in overrides.into_iter().flatten().enumerate() {
            let value = field_io::read_scalar(&value, &format!("override[{i}]"))?;
            lies.entry(instance).or_default().push((wire, value));
        }
        let private: Vec<&[u8]> = private_be.iter().map(|bytes| bytes.as_ref()).collect();
        let progress = Progress::new(progress);
        let wires =
            py.detach(|| witness::compute_witness(&self.inner, &bus_be, &private, &lies, &progress))?;
        Ok(Witness { circuit: self.inner.clone(), wires })
    }

    #[pyo3(signature = (witness, limit=1))]
    fn unsatisfied(&self, py: Python<'_>, witness: &Witness, limit: usize) -> Result<Vec<(usize, usize)>> {
        witness.check_circuit(&self.inner)?;
        let kernel = Kernel::choose()?;
        Ok(py.detach(|| rows::find_unsatisfied(kernel, &self.inner, &witness.wires, limit)))
    }

    fn write_r1cs(&self, py: Python<'_>, path: PathBuf) -> Result<()> {
        py.detach(|| iden3::write_r1cs(&self.inner, &path))
    }
}

impl Circuit {
    /// Return the circuit itself.
    pub fn get(&self) -> &circuit::Circuit {
        &self.inner
    }

    fn check_local(&self, instance: usize, local: usize) -> Result<()> {
        check_local(&self.inner, instance, local)
    }
}

fn check_local(circuit: &circuit::Circuit, instance: usize, local: usize) -> Result<()> {
    let Some(found) = circuit.instances.get(instance) else {
        return Err(value_error!("instance {instance}, expected below {}", circuit.instances.len()));
    };
    let n_wires = circuit.template(found).n_wires;
    if local >= n_wires {
        return Err(value_error!("local wire {local} of instance {instance}, expected below {n_wires}"));
    }
    Ok(())
}

#[pyclass(frozen, module = "prover._kernel")]
pub struct Witness {
    circuit: Arc<circuit::Circuit>,
    wires: Vec<Fr>,
}

#[pymethods]
impl Witness {
    fn to_be<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let bytes = py.detach(|| field_io::write_scalars(&self.wires));
        PyBytes::new(py, &bytes)
    }

    fn public_inputs_be<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &field_io::write_scalars(&self.wires[1..=self.circuit.n_public]))
    }

    fn value_be<'py>(&self, py: Python<'py>, global_wire: usize) -> Result<Bound<'py, PyBytes>> {
        let value = self.wires.get(global_wire);
        let value =
            value.ok_or_else(|| value_error!("wire {global_wire}, expected below {}", self.wires.len()))?;
        Ok(PyBytes::new(py, &field_io::field_to_be(value)))
    }

    fn instance_wire_be<'py>(
        &self,
        py: Python<'py>,
        instance: usize,
        local_wire: usize,
    ) -> Result<Bound<'py, PyBytes>> {
        check_local(&self.circuit, instance, local_wire)?;
        self.value_be(py, self.circuit.global_wire(&self.circuit.instances[instance], local_wire))
    }

    fn write_wtns(&self, py: Python<'_>, path: PathBuf) -> Result<()> {
        py.detach(|| iden3::write_wtns(&self.wires, &path))
    }
}

impl Witness {
    /// Return the wires' values, held to be those of the circuit.
    pub fn wires_of(&self, circuit: &Circuit) -> Result<&[Fr]> {
        self.check_circuit(&circuit.inner)?;
        Ok(&self.wires)
    }

    fn check_circuit(&self, circuit: &circuit::Circuit) -> Result<()> {
        if self.circuit.digest != circuit.digest {
            let (found, expected) = (self.circuit.digest.to_hex(), circuit.digest.to_hex());
            return Err(value_error!("the witness is of circuit {found}, expected {expected}"));
        }
        Ok(())
    }
}

#[pyclass(frozen, module = "prover._kernel")]
pub struct ProvingKey {
    inner: keyfile::ProvingKey,
}

#[pymethods]
impl ProvingKey {
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> Result<Self> {
        Ok(ProvingKey { inner: py.detach(|| keyfile::ProvingKey::load(&path))? })
    }

    #[getter]
    fn verifying_key_be<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.inner.verifying_key())
    }

    #[getter]
    fn circuit_digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.header.circuit_digest)
    }

    #[getter]
    fn is_development(&self) -> bool {
        self.inner.header.is_development
    }

    #[getter]
    fn transcript<'py>(&self, py: Python<'py>) -> Option<Vec<Entry<'py>>> {
        self.inner.transcript.as_ref().map(|transcript| list_entries(py, transcript))
    }

    #[getter]
    fn domain_log2(&self) -> u32 {
        self.inner.header.domain_log2
    }

    #[getter]
    fn proof_memory_bytes(&self) -> Result<usize> {
        Ok(memory::bound_proof_bytes(Kernel::choose()?, &self.inner.header))
    }
}

impl ProvingKey {
    /// Return the key itself.
    pub fn get(&self) -> &keyfile::ProvingKey {
        &self.inner
    }
}

#[pyfunction]
#[pyo3(signature = (circuit, path, *, seed=None, progress=None))]
pub fn setup<'py>(
    py: Python<'py>,
    circuit: &Circuit,
    path: PathBuf,
    seed: Option<PyBackedBytes>,
    progress: Option<Py<PyAny>>,
) -> Result<Bound<'py, PyBytes>> {
    let progress = Progress::new(progress);
    let vk = py.detach(|| crate::setup::setup(&circuit.inner, &path, seed.as_deref(), &progress))?;
    Ok(PyBytes::new(py, &vk))
}

#[pyfunction]
pub fn verify(
    py: Python<'_>,
    verifying_key_be: PyBackedBytes,
    proof_be: PyBackedBytes,
    public_be: PyBackedBytes,
) -> Result<bool> {
    py.detach(|| crate::verify::verify(&verifying_key_be, &proof_be, &public_be))
}
