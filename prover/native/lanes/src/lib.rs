//! BN254 arithmetic in eight lanes of 5 x 52 bits (AVX-512 IFMA), and what is made of it. docs/kernel.md explains it.
//!
//! Nothing here needs the instructions to build: `choose` looks for them when the program runs.

mod choice;
mod watch;

#[cfg(target_arch = "x86_64")]
mod ahead;
#[cfg(target_arch = "x86_64")]
mod buckets;
#[cfg(target_arch = "x86_64")]
pub mod coordinate;
#[cfg(target_arch = "x86_64")]
pub mod element;
#[cfg(target_arch = "x86_64")]
pub mod fft;
#[cfg(target_arch = "x86_64")]
pub mod fixed;
#[cfg(target_arch = "x86_64")]
pub mod fq2;
#[cfg(target_arch = "x86_64")]
mod gcd;
#[cfg(target_arch = "x86_64")]
mod inverse;
#[cfg(target_arch = "x86_64")]
mod join;
#[cfg(target_arch = "x86_64")]
pub mod memory;
#[cfg(target_arch = "x86_64")]
mod modulus;
#[cfg(target_arch = "x86_64")]
pub mod msm;
#[cfg(target_arch = "x86_64")]
mod multiples;
#[cfg(target_arch = "x86_64")]
pub mod pack;
#[cfg(target_arch = "x86_64")]
mod plan;
#[cfg(target_arch = "x86_64")]
pub mod poseidon;
#[cfg(target_arch = "x86_64")]
pub mod products;
#[cfg(target_arch = "x86_64")]
mod recode;
#[cfg(target_arch = "x86_64")]
mod runs;
#[cfg(target_arch = "x86_64")]
mod simd;
#[cfg(target_arch = "x86_64")]
mod slots;
#[cfg(target_arch = "x86_64")]
pub mod sparse;
#[cfg(target_arch = "x86_64")]
mod witness;

pub use choice::{choose, Ifma, SWITCH};
#[cfg(target_arch = "x86_64")]
pub use fq2::{Fq2x8, Fq8};
#[cfg(target_arch = "x86_64")]
pub use modulus::{FqModulus, FrModulus, Modulus};
#[cfg(target_arch = "x86_64")]
pub use multiples::Multiples;
#[cfg(target_arch = "x86_64")]
pub use plan::Plan;
pub use watch::{timed, timed_by_all, Part, Watch};
#[cfg(target_arch = "x86_64")]
pub use witness::Witness;
