//! What a caller may know of a long sum or transform: how far it is, whether to stop, and where its time goes.

use std::time::{Duration, Instant};

/// What a sum's time goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Scalars out of Montgomery form, signs folded, cut into digits; operations: scalars.
    Recode,
    /// Equal scalars looked for; operations: scalars. Adding up their points counts as `Gather` and `Add`.
    Join,
    /// The plan: points listed by bucket and cut into runs; operations: digits that are not zero.
    Sort,
    /// Points read and brought into lanes; operations: points.
    Gather,
    /// Additions in affine coordinates, inversions apart; operations: additions, those of empty lanes too.
    Add,
    /// Inversions that a batch of additions shares; operations: inversions.
    Invert,
    /// Buckets to a window's sum, their inversions with them; operations: additions as in `Add`.
    Buckets,
}

impl Part {
    pub const ALL: [Part; 7] = {
        use Part::*;
        [Recode, Join, Sort, Gather, Add, Invert, Buckets]
    };
    pub const NAMES: [&str; 7] = ["recode", "join", "sort", "gather", "add", "invert", "buckets"];
}

/// Told how far a long sum has come and where its time goes; says whether it should stop.
pub trait Watch: Sync {
    /// `n` more terms are done.
    fn add(&self, n: usize);
    /// True once the result will be thrown away.
    fn is_stopped(&self) -> bool;
    /// True where somebody wants to know where time goes: clocks are read only then.
    fn is_timed(&self) -> bool {
        false
    }
    /// A part took this much of a thread's time, for so many operations.
    fn spend(&self, _part: Part, _time: Duration, _operations: usize) {}
}

/// Watches nothing.
impl Watch for () {
    fn add(&self, _: usize) {}

    fn is_stopped(&self) -> bool {
        false
    }
}

/// Run what one thread does, as a part.
pub fn timed<T>(watch: &impl Watch, part: Part, operations: usize, work: impl FnOnce() -> T) -> T {
    let mut meter = Meter::new(watch);
    meter.start();
    let value = work();
    meter.lap(part, operations);
    meter.report(watch);
    value
}

/// Run what all threads do together, as a part: it counts the time by the clock as often as there are threads.
pub fn timed_by_all<T>(watch: &impl Watch, part: Part, operations: usize, work: impl FnOnce() -> T) -> T {
    let start = watch.is_timed().then(Instant::now);
    let value = work();
    if let Some(start) = start {
        watch.spend(part, start.elapsed() * rayon::current_num_threads() as u32, operations);
    }
    value
}

/// One thread's clock: laps add up by part, and are told all at once.
pub struct Meter {
    last: Option<Instant>,
    is_on: bool,
    spent: [(Duration, usize); Part::ALL.len()],
}

impl Meter {
    pub fn new(watch: &impl Watch) -> Self {
        Meter { is_on: watch.is_timed(), ..Meter::off() }
    }

    /// Return one that reads no clock.
    pub fn off() -> Self {
        Meter { last: None, is_on: false, spent: Default::default() }
    }

    #[inline(always)]
    pub fn start(&mut self) {
        if self.is_on {
            self.last = Some(Instant::now());
        }
    }

    /// Count the time since `start`, or the last lap, as the part's.
    #[inline(always)]
    pub fn lap(&mut self, part: Part, operations: usize) {
        if let Some(last) = self.last {
            let now = Instant::now();
            let spent = &mut self.spent[part as usize];
            *spent = (spent.0 + (now - last), spent.1 + operations);
            self.last = Some(now);
        }
    }

    pub fn report(&mut self, watch: &impl Watch) {
        for (part, spent) in Part::ALL.into_iter().zip(&mut self.spent) {
            let (time, operations) = std::mem::take(spent);
            if operations > 0 || !time.is_zero() {
                watch.spend(part, time, operations);
            }
        }
    }
}
