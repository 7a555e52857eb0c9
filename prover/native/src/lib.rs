//! `prover._kernel`: bytes in, bytes out. The surface is `prover/_kernel.pyi`; the GIL is released in every long call.

mod batch_add;
mod bindings;
mod bindings_ceremony;
mod bindings_math;
mod bindings_primitives;
mod bindings_prove;
mod bindings_zkey;
mod ceremony;
mod circuit;
mod combinations;
mod digits;
mod error;
mod field_io;
mod fixed_base;
mod iden3;
mod inversion;
mod key_writer;
mod keyfile;
mod machine;
mod memory;
mod msm;
mod profile;
mod progress;
mod prove;
mod qap;
mod quotient;
mod rows;
mod schedule;
mod secrets;
mod setup;
mod sums;
mod template;
mod verify;
mod witness;
mod zkey;

#[pyo3::pymodule]
mod _kernel {
    #[pymodule_export]
    use super::bindings::{setup, verify, Circuit, ProvingKey, Witness};
    #[pymodule_export]
    use super::bindings_ceremony::{
        apply_beacon, contribute, make_development_powers, start_ceremony, verify_ceremony, PowersOfTau,
    };
    #[pymodule_export]
    use super::bindings_math::{fft, get_path, msm_g1, msm_g2};
    #[pymodule_export]
    use super::bindings_primitives::{
        eddsa_derive, eddsa_divide_by_eight, eddsa_sign, eddsa_verify_many, merkle_levels, poseidon_many,
    };
    #[pymodule_export]
    use super::bindings_prove::{prove, prove_timed, CancelToken};
    #[pymodule_export]
    use super::bindings_zkey::{export_zkey, import_zkey};
    #[pymodule_export]
    use super::error::Cancelled;
}
