//! How many bytes of its own a proof may take at most: beside the mapped key, the circuit and the witness.

use crate::keyfile::Header;
use crate::sums::Kernel;

/// Buffers that do not grow with the domain: of evaluating rows, of tables, of the allocator.
const FIXED_BYTES: usize = 32 << 20;
/// An `Fr`.
const ELEMENT_BYTES: usize = 32;
const G1_ROW_BYTES: usize = 64;
const G2_ROW_BYTES: usize = 128;

/// Return the most bytes that `prove` holds at once with a key of this header, whatever the witness.
///
/// Its steps follow each other and free what they had: rows A, B and C, 96 bytes a value of the domain; transforms in
/// place, with what cuts them into strips (2) or their roots (32, portable); then the quotient (32) beside the sum of H;
/// in lanes the recoded wires, and beside them the sums of L, A and B, each with a plan of its own.
pub fn bound_proof_bytes(kernel: Kernel, header: &Header) -> usize {
    let n = header.n_h();
    let (kept, made) = bound_wires_bytes(kernel, header.n_wires);
    let sums = [
        ELEMENT_BYTES * n + bound_sum_bytes(kernel, n, n, G1_ROW_BYTES),
        made,
        kept + bound_sum_bytes(kernel, header.n_l(), header.n_wires, G1_ROW_BYTES),
        kept + bound_sum_bytes(kernel, header.n_a, header.n_wires, G1_ROW_BYTES),
        kept + bound_sum_bytes(kernel, header.n_b, header.n_wires, G2_ROW_BYTES),
    ];
    let transforms = (3 * ELEMENT_BYTES + 32) * n;
    FIXED_BYTES + sums.into_iter().max().unwrap_or(0).max(transforms)
}

/// The portable sum: terms 40 bytes each; joined points (8 more than a row: a flag) and scalars, twice while their chunks
/// are put together; each thread's buckets, 2^15 at most, in affine and Jacobian coordinates with flags.
fn bound_portable_bytes(n: usize, row_bytes: usize) -> usize {
    let buckets = (1 << 15) * (row_bytes + 8 + row_bytes * 3 / 2 + 1);
    (40 + 2 * (row_bytes + 8 + ELEMENT_BYTES)) * n + rayon::current_num_threads() * buckets
}

/// What the recoded wires take, and while they are made.
#[cfg(target_arch = "x86_64")]
fn bound_wires_bytes(kernel: Kernel, n: usize) -> (usize, usize) {
    match kernel {
        Kernel::Portable => (0, 0),
        Kernel::Lanes(_) => zkmargin_lanes::memory::bound_witness_bytes(n),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn bound_wires_bytes(_: Kernel, _: usize) -> (usize, usize) {
    (0, 0)
}

/// A sum of n terms whose scalars are among `n_all` that are recoded together.
#[cfg(target_arch = "x86_64")]
fn bound_sum_bytes(kernel: Kernel, n: usize, n_all: usize, row_bytes: usize) -> usize {
    match kernel {
        Kernel::Portable => bound_portable_bytes(n, row_bytes),
        Kernel::Lanes(_) => zkmargin_lanes::memory::bound_bytes(n, n_all, row_bytes)
            .max(bound_portable_bytes(n.min(crate::sums::FEWEST_FOR_LANES), row_bytes)),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn bound_sum_bytes(_: Kernel, n: usize, _: usize, row_bytes: usize) -> usize {
    bound_portable_bytes(n, row_bytes)
}
