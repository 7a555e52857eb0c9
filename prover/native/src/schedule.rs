//! The order in which a template's program runs: what does not wait for each other's inverses is inverted together.

use std::ops::Range;

use crate::template::{Op, OpCode};

/// So many elements share an inversion where the instances allow it; an inversion costs as much as some 200 products.
const WANTED_BATCH: usize = 8;

/// Levels of ops. A level's plain ops read only what earlier levels wrote and what stands before them in their own; its
/// inversions read what these wrote too, and are read by later levels alone.
#[derive(Default)]
pub struct Schedule {
    order: Vec<u32>,
    levels: Vec<Level>,
    n_inversions: usize,
}

/// Where a level's ops stand in the order.
pub struct Level {
    plain: Range<usize>,
    inversions: Range<usize>,
}

impl Schedule {
    /// Return the schedule of a checked program. `level_of(op, levels)` is the highest level of the wires that it reads.
    pub fn new(ops: &[Op], n_wires: usize, level_of: impl Fn(&Op, &[u32]) -> u32) -> Self {
        let mut levels_of_wires = vec![0; n_wires];
        let mut keys = Vec::with_capacity(ops.len());
        for op in ops {
            let (level, is_inversion) = (level_of(op, &levels_of_wires), is_inversion(op));
            keys.push((level, is_inversion));
            levels_of_wires[op.out as usize..(op.out + op.n_out) as usize]
                .fill(level + u32::from(is_inversion));
        }
        let mut order: Vec<u32> = (0..ops.len() as u32).collect();
        order.sort_by_key(|i| keys[*i as usize]); // stable: within a part the program's own order stays
        let mut schedule = Schedule { order, levels: Vec::new(), n_inversions: 0 };
        schedule.cut(&keys);
        schedule
    }

    fn cut(&mut self, keys: &[(u32, bool)]) {
        let mut at = 0;
        while at < self.order.len() {
            let level = keys[self.order[at] as usize].0;
            let end_of = |key: (u32, bool)| self.order.partition_point(|i| keys[*i as usize] <= key);
            let (middle, end) = (end_of((level, false)), end_of((level, true)));
            self.levels.push(Level { plain: at..middle, inversions: middle..end });
            self.n_inversions += end - middle;
            at = end;
        }
    }

    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    pub fn plain<'a>(&'a self, level: &Level, ops: &'a [Op]) -> impl Iterator<Item = &'a Op> {
        self.order[level.plain.clone()].iter().map(|i| &ops[*i as usize])
    }

    pub fn inversions<'a>(&'a self, level: &Level, ops: &'a [Op]) -> impl Iterator<Item = &'a Op> {
        self.order[level.inversions.clone()].iter().map(|i| &ops[*i as usize])
    }

    /// Return how many instances should run side by side, so that enough elements share an inversion.
    pub fn n_side_by_side(&self) -> usize {
        let batches = self.levels.iter().filter(|level| !level.inversions.is_empty()).count();
        (WANTED_BATCH * batches).div_ceil(self.n_inversions.max(1)).max(1)
    }
}

fn is_inversion(op: &Op) -> bool {
    matches!(op.code, OpCode::Inv | OpCode::Div)
}
