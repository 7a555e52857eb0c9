//! Where a proof's time goes, by part: for whoever asks, else no clock is read.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use zkmargin_lanes::Part;

/// A part's name, the seconds that threads worked on it, and how many operations it had (docs/kernel.md says of what).
pub type Entry = (String, f64, usize);

/// What the parts of one sum took, written by all threads.
#[derive(Default)]
pub struct SumTimes {
    nanos: [AtomicU64; Part::ALL.len()],
    operations: [AtomicUsize; Part::ALL.len()],
}

impl SumTimes {
    pub fn spend(&self, part: Part, time: Duration, operations: usize) {
        self.nanos[part as usize].fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
        self.operations[part as usize].fetch_add(operations, Ordering::Relaxed);
    }
}

/// The parts of one proof, in the order in which they end.
#[derive(Default)]
pub struct Profile {
    entries: Mutex<Vec<Entry>>,
}

impl Profile {
    /// Run a part that all threads do together: it counts the time by the clock as often as there are threads.
    pub fn time_all<T>(&self, name: &str, operations: usize, work: impl FnOnce() -> T) -> T {
        self.time(name, rayon::current_num_threads(), operations, work)
    }

    /// Run a part that one thread does.
    pub fn time_one<T>(&self, name: &str, operations: usize, work: impl FnOnce() -> T) -> T {
        self.time(name, 1, operations, work)
    }

    fn time<T>(&self, name: &str, n_threads: usize, operations: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = work();
        let seconds = start.elapsed().as_secs_f64() * n_threads as f64;
        self.put(name.to_string(), seconds, operations);
        value
    }

    /// Put down some parts of a sum, as `name/part`.
    pub fn put_sum(&self, name: &str, parts: &[Part], times: &SumTimes) {
        for part in parts {
            let i = *part as usize;
            let seconds = times.nanos[i].load(Ordering::Relaxed) as f64 * 1e-9;
            let operations = times.operations[i].load(Ordering::Relaxed);
            self.put(format!("{name}/{}", Part::NAMES[i]), seconds, operations);
        }
    }

    fn put(&self, name: String, seconds: f64, operations: usize) {
        self.entries.lock().expect("no worker panics with the lock held").push((name, seconds, operations));
    }

    pub fn into_entries(self) -> Vec<Entry> {
        self.entries.into_inner().expect("no worker panics with the lock held")
    }
}
