//! How many bytes a sum may take at most, whatever its scalars: for who must know before they begin.

use crate::recode::dense_plan;

/// What one thread's buffers take: of a block of points in G2 the slots and notes, 1.7 MB; rows of two blocks, 1.6 MB.
const BYTES_PER_THREAD: usize = 4 << 20;

/// Return the most bytes that a plan of n scalars and a sum with it hold at once; a row is a point in memory.
///
/// Each step in bytes a scalar, `w` windows, `i` digits that are not zero, at most `RUN` = 64 points a run:
/// - folded scalars 40; joined, half as many again: 60. Keys to join by 16, twice while they are collected.
/// - digits 2 w. Many large scalars choose a `w` near 16, and joining adds half: 60 + 2 * 20 * 1.5 = 120 at most. Few
///   choose narrow windows, up to 64 of them, and join nothing: 40 + 2 * 64 = 168.
/// - the plan's items, 4 i where i = 16 for scalars of full size, beside the digits 2 w they are sorted from: 96.
/// - the sum: items 4 i + 4, rows of joined points and of runs row * (1/2 + i / 64): with rows of 128 bytes 164.
///
/// So 172, and for each bucket of each window a row and a run of 8 bytes, twice while the list of runs grows.
///
/// `n_all` scalars choose the windows: a witness's, else n. Where few of them are large, they choose more than 16: then
/// those few have up to 32 digits, 2 MB at most more than said (50,000 scalars choose 22 windows).
pub fn bound_bytes(n: usize, n_all: usize, row_bytes: usize) -> usize {
    let (n_windows, width) = dense_plan(n_all);
    let n_buckets = n_windows << (width - 1);
    172 * n + (row_bytes + 16) * n_buckets + rayon::current_num_threads() * BYTES_PER_THREAD
}

/// Return the most bytes that a `Witness` of n scalars holds beside the sums that take from it, and while it is made: digits of 32 windows at most
/// 64 a scalar, numbers of equal ones 4 and where each value's end 2. What a plan takes of it in place of folded scalars
/// and digits, numbers 6 and items 4, is less than `bound_bytes` has for these; the places of wires are 4 more.
///
/// While it is made: folded scalars 40, and the keys 32 or the digits 64 beside the equal ones' numbers 6.
pub fn bound_witness_bytes(n: usize) -> (usize, usize) {
    (74 * (n + 1), 110 * (n + 1))
}
