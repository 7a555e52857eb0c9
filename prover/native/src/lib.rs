//! `prover._kernel`: bytes in, bytes out. The surface is `prover/_kernel.pyi`; the GIL is released in every long call.

mod bindings;
mod bindings_math;
mod bindings_primitives;
mod circuit;
mod curve;
mod error;
mod field_io;
mod iden3;
mod keyfile;
mod progress;
mod prove;
mod qap;
mod secrets;
mod setup;
mod template;
mod verify;
mod witness;

#[pyo3::pymodule]
mod _kernel {
    #[pymodule_export]
    use super::bindings::{prove, setup, verify, Circuit, ProvingKey, Witness};
    #[pymodule_export]
    use super::bindings_math::{fft, msm_g1, msm_g2};
    #[pymodule_export]
    use super::bindings_primitives::{
        eddsa_derive, eddsa_divide_by_eight, eddsa_sign, eddsa_verify_many, merkle_levels, poseidon_many,
    };
}
