//! The three passes over the matrix. A pass takes its lanes to a buffer in the second-level cache and back.

use rayon::prelude::*;

use super::butterflies::{down, up, Fr8};
use super::tables::Tables;
use super::Words;
use crate::fixed::Fixed;
use crate::modulus::Limbs;
use crate::pack::{pack, transpose, unpack};
use crate::simd::{each, V};
use crate::{Ifma, Watch};

/// Columns of a task: a row's sixteen elements fill two vectors.
const COLUMNS: usize = 16;

/// A task's columns, row by row.
type Strip<'a> = Vec<&'a mut [Words]>;

/// Cut the matrix into strips of columns.
fn cut_strips(words: &mut [Words], n_columns: usize) -> Vec<Strip<'_>> {
    let mut strips: Vec<Strip<'_>> = (0..n_columns / COLUMNS).map(|_| Vec::new()).collect();
    for row in words.chunks_exact_mut(n_columns) {
        strips.iter_mut().zip(row.chunks_exact_mut(COLUMNS)).for_each(|(strip, piece)| strip.push(piece));
    }
    strips
}

/// Inverse transforms of the columns, without the division.
pub fn columns_down(token: Ifma, tables: &Tables, words: &mut [Words], watch: &impl Watch) {
    let strips = cut_strips(words, 1 << tables.log_columns);
    strips.into_par_iter().with_max_len(1).for_each_init(Vec::new, |buffer, mut strip| {
        if watch.is_stopped() {
            return;
        }
        // SAFETY: `Ifma` says that the processor has the instructions that the function is compiled for.
        unsafe { strip_down(token, &mut strip, buffer, &tables.column_inverses) }
    });
}

/// Forward transforms of the columns; leaves canonical values.
pub fn columns_up(token: Ifma, tables: &Tables, words: &mut [Words], watch: &impl Watch) {
    let strips = cut_strips(words, 1 << tables.log_columns);
    strips.into_par_iter().with_max_len(1).for_each_init(Vec::new, |buffer, mut strip| {
        if watch.is_stopped() {
            return;
        }
        // SAFETY: `Ifma` says that the processor has the instructions that the function is compiled for.
        unsafe { strip_up(token, &mut strip, buffer, &tables.column_roots) }
    });
}

/// Inverse transforms of the rows, the shift to the coset, and forward transforms of the rows.
pub fn rows(token: Ifma, tables: &Tables, words: &mut [Words], watch: &impl Watch) {
    let eights = words.par_chunks_exact_mut(8 << tables.log_columns).enumerate().with_max_len(1);
    eights.for_each_init(Vec::new, |buffer, (i, rows)| {
        if watch.is_stopped() {
            return;
        }
        // SAFETY: `Ifma` says that the processor has the instructions that the function is compiled for.
        unsafe { eight_rows(token, tables, 8 * i, rows, buffer) }
    });
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma")]
fn strip_down(token: Ifma, strip: &mut Strip<'_>, buffer: &mut Vec<Fr8>, roots: &[Fixed]) {
    load_strip(token, strip, buffer);
    let (left, right) = buffer.split_at_mut(strip.len());
    down(left, roots);
    down(right, roots);
    for (row, piece) in strip.iter_mut().enumerate() {
        // Below `DOWN`, too much for a word.
        let (left, right) = (Fr8::reduce_wide(left[row].limbs), Fr8::reduce_wide(right[row].limbs));
        store_pair(piece.as_flattened_mut(), 8, &left, &right);
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma")]
fn strip_up(token: Ifma, strip: &mut Strip<'_>, buffer: &mut Vec<Fr8>, roots: &[Fixed]) {
    load_strip(token, strip, buffer);
    let (left, right) = buffer.split_at_mut(strip.len());
    up(left, roots);
    up(right, roots);
    for (row, piece) in strip.iter_mut().enumerate() {
        store_pair(piece.as_flattened_mut(), 8, &left[row].canonical_wide(), &right[row].canonical_wide());
    }
}

/// Fill the buffer: first each row's even columns, then its odd ones.
#[inline(always)]
fn load_strip(token: Ifma, strip: &Strip<'_>, buffer: &mut Vec<Fr8>) {
    buffer.clear();
    buffer.resize(2 * strip.len(), Fr8::splat(token, [0; 5]));
    for (row, piece) in strip.iter().enumerate() {
        (buffer[row], buffer[strip.len() + row]) = load_pair(token, piece.as_flattened(), 8);
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma")]
fn eight_rows(token: Ifma, tables: &Tables, first: usize, rows: &mut [Words], buffer: &mut Vec<Fr8>) {
    let n = rows.len() / 8;
    let words = rows.as_flattened_mut();
    buffer.clear();
    buffer.resize(n, Fr8::splat(token, [0; 5]));
    let mut factor = lanes_of(token, &tables.starts, first);
    let step = lanes_of(token, &tables.inverse_steps, first);
    for column in (0..n).step_by(2) {
        let (even, odd) = load_pair(token, &words[4 * column..], 4 * n);
        buffer[column] = even.multiply(&factor); // the factor stays below 2 p, as each product does
        factor = factor.multiply(&step);
        buffer[column + 1] = odd.multiply(&factor);
        factor = factor.multiply(&step);
    }
    down(buffer, &tables.row_inverses);
    for (value, shift) in buffer.iter_mut().zip(&tables.shifts) {
        *value = shift.times(value); // of at most `DOWN`: below 5.2 p
    }
    up(buffer, &tables.row_roots);
    let step = lanes_of(token, &tables.steps, first);
    let mut factor = buffer[0].of(<crate::FrModulus as crate::Modulus>::ONE);
    for column in (0..n).step_by(2) {
        let even = buffer[column].multiply(&factor); // of `UP` and 2 p: below 2 p
        factor = factor.multiply(&step);
        let odd = buffer[column + 1].multiply(&factor);
        factor = factor.multiply(&step);
        store_pair(&mut words[4 * column..], 4 * n, &even, &odd);
    }
}

/// Return `values[first..first + 8]`, one a lane.
#[inline(always)]
fn lanes_of(token: Ifma, values: &[Limbs], first: usize) -> Fr8 {
    let words = each!(j of 5 => each!(lane of 8 => values[first + lane][j]));
    Fr8::from_words(token, &words)
}

/// Return two vectors from eight places `stride` words apart, of two elements each: the first elements, the second.
#[inline(always)]
fn load_pair(token: Ifma, words: &[u64], stride: usize) -> (Fr8, Fr8) {
    let w = transpose(each!(i of 8 => V::load(token, place(words, i * stride))));
    (unpack([w[0], w[1], w[2], w[3]]), unpack([w[4], w[5], w[6], w[7]]))
}

/// Undo `load_pair`.
#[inline(always)]
fn store_pair(words: &mut [u64], stride: usize, first: &Fr8, second: &Fr8) {
    let (a, b) = (pack(first), pack(second));
    let rows = transpose([a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]]);
    for (i, row) in rows.into_iter().enumerate() {
        row.store((&mut words[i * stride..i * stride + 8]).try_into().expect("8 words"));
    }
}

#[inline(always)]
fn place(words: &[u64], at: usize) -> &[u64; 8] {
    words[at..at + 8].try_into().expect("8 words")
}
