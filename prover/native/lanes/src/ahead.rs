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
        rows.reserve_exact(items.len());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_the_items_order_however_many_steps_there_are() {
        let (first, second): (Vec<u64>, Vec<u64>) = ((0..100).collect(), (1000..1300).collect());
        let source = Source { first: &first, second: &second };
        let row = |item: u32| if item < 100 { u64::from(item) } else { u64::from(item) + 900 };
        for n_items in [0, 1, 7, DISTANCE as u32, 399] {
            let items: Vec<u32> =
                (0..n_items).map(|i| (i * 7 % 400) | if i % 3 == 0 { SIGN } else { 0 }).collect();
            let wanted: Vec<u64> = items.iter().map(|item| row(item & !SIGN)).collect();
            for n_steps in [0, 1, 5, 1000] {
                let mut rows = vec![77; 3]; // of the block before
                let mut ahead = Ahead::new(source, &items, &mut rows);
                ahead.spread(n_steps);
                (0..n_steps / 2).for_each(|_| ahead.step());
                ahead.finish();
                assert_eq!(rows, wanted, "{n_items} items, {n_steps} steps");
            }
        }
    }
}
