//! Rows fetched from memory for the next block while this one is added up.
//!
//! Rows of a key are read at random, and each takes memory longer than an addition takes the processor. So a block's
//! rows are copied to one place, a few at each addition of the block before, each asked for some rows earlier.

use crate::plan::SIGN;
use crate::simd::prefetch;

/// Rows between asking for one and copying it: what memory has under way at once, and more.
const DISTANCE: usize = 48;

/// What items number: the first rows, and on from there the second.
pub struct Source<'a, R> {
    pub first: &'a [R],
    pub second: &'a [R],
}

impl<R> Clone for Source<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Source<'_, R> {}

impl<'a, R> Source<'a, R> {
    #[inline(always)]
    fn row(&self, item: u32) -> &'a R {
        let at = (item & !SIGN) as usize;
        if at < self.first.len() {
            &self.first[at]
        } else {
            &self.second[at - self.first.len()]
        }
    }
}

/// Copies the rows of `items`, in their order.
pub struct Ahead<'a, R> {
    source: Source<'a, R>,
    items: &'a [u32],
    rows: &'a mut Vec<R>,
    share: usize,
}

impl<'a, R: Copy> Ahead<'a, R> {
    /// The rows that `rows` held are given up.
    #[inline(always)]
    pub fn new(source: Source<'a, R>, items: &'a [u32], rows: &'a mut Vec<R>) -> Self {
        rows.clear();
        rows.reserve(items.len());
        items.iter().take(DISTANCE).for_each(|item| prefetch(source.row(*item)));
        Ahead { source, items, rows, share: items.len() }
    }

    /// Let `step` copy so many that `n` of them copy all.
    #[inline(always)]
    pub fn spread(&mut self, n: usize) {
        self.share = (self.items.len() - self.rows.len()).div_ceil(n.max(1));
    }

    /// Copy one step's share.
    #[inline(always)]
    pub fn step(&mut self) {
        let from = self.rows.len();
        let to = (from + self.share).min(self.items.len());
        for at in from..to {
            if let Some(item) = self.items.get(at + DISTANCE) {
                prefetch(self.source.row(*item));
            }
            self.rows.push(*self.source.row(self.items[at]));
        }
    }

    /// Copy what is left.
    #[inline(always)]
    pub fn finish(&mut self) {
        self.spread(1);
        self.step();
    }
}
