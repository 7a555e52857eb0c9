//! Progress reports and interruption. Only the calling thread touches Python; workers count on an atomic.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use zkmargin_lanes::{Part, Watch};

use crate::error::{KernelError, Result};
use crate::profile::{Profile, SumTimes};

const REPORT_INTERVAL: Duration = Duration::from_millis(200);

/// How far the work of one stage has come, and whether it should stop. Shared with the workers.
#[derive(Default)]
pub struct Counter {
    done: AtomicUsize,
    stopped: AtomicBool,
    cancelled: Option<Arc<AtomicBool>>,
    times: Option<SumTimes>,
}

impl Watch for Counter {
    fn add(&self, n: usize) {
        Counter::add(self, n);
    }

    fn is_stopped(&self) -> bool {
        Counter::is_stopped(self)
    }

    fn is_timed(&self) -> bool {
        self.times.is_some()
    }

    fn spend(&self, part: Part, time: Duration, operations: usize) {
        if let Some(times) = &self.times {
            times.spend(part, time, operations);
        }
    }
}

impl Counter {
    pub fn add(&self, n: usize) {
        self.done.fetch_add(n, Ordering::Relaxed);
    }

    /// True once the caller wants out: the result will be thrown away, so workers may return anything early.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || is_set(&self.cancelled)
    }
}

fn is_set(flag: &Option<Arc<AtomicBool>>) -> bool {
    flag.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// The caller's callback `progress(stage, done, total)`, their flag that ends the work, and where time is noted, if any.
pub struct Progress {
    callback: Option<Py<PyAny>>,
    cancelled: Option<Arc<AtomicBool>>,
    profile: Option<Profile>,
}

impl Progress {
    pub fn new(callback: Option<Py<PyAny>>) -> Self {
        Self { callback, cancelled: None, profile: None }
    }

    /// As `new`; `is_timed` asks for a profile.
    pub fn with_cancel(
        callback: Option<Py<PyAny>>,
        cancelled: Option<Arc<AtomicBool>>,
        is_timed: bool,
    ) -> Self {
        Self { callback, cancelled, profile: is_timed.then(Profile::default) }
    }

    /// Return the profile, where one was asked for.
    pub fn into_profile(self) -> Option<Profile> {
        self.profile
    }

    /// Run a part that all threads do together, and note its time.
    pub fn time_all<T>(&self, name: &str, operations: usize, work: impl FnOnce() -> T) -> T {
        match &self.profile {
            Some(profile) => profile.time_all(name, operations, work),
            None => work(),
        }
    }

    /// Run a part that one thread does, and note its time.
    pub fn time_one<T>(&self, name: &str, operations: usize, work: impl FnOnce() -> T) -> T {
        match &self.profile {
            Some(profile) => profile.time_one(name, operations, work),
            None => work(),
        }
    }

    /// As `watch`, the stage called `prove {name}`; notes the parts of its sum.
    pub fn watch_sum<T: Send>(
        &self,
        name: &str,
        parts: &[Part],
        total: usize,
        work: impl FnOnce(&Counter) -> T + Send,
    ) -> Result<T> {
        self.watch(&format!("prove {name}"), total, |counter| {
            let value = work(counter);
            if let (Some(profile), Some(times)) = (&self.profile, &counter.times) {
                profile.put_sum(name, parts, times);
            }
            value
        })
    }

    fn check_cancelled(&self, stage: &str) -> Result<()> {
        if is_set(&self.cancelled) {
            return Err(KernelError::Cancelled(format!("{stage}: cancelled")));
        }
        Ok(())
    }

    fn report(&self, stage: &str, done: usize, total: usize) -> Result<()> {
        Python::attach(|py| {
            py.check_signals()?;
            if let Some(callback) = &self.callback {
                callback.call1(py, (stage, done.min(total), total))?;
            }
            Ok(())
        })
        .map_err(KernelError::Stopped)
    }

    /// Run `work` on another thread and report its counter five times a second, at the start and at the end.
    ///
    /// Assumes the GIL is released. Raises what the callback raises (or KeyboardInterrupt), and `Cancelled` where the
    /// flag is set, once `work` has returned.
    pub fn watch<T: Send>(
        &self,
        stage: &str,
        total: usize,
        work: impl FnOnce(&Counter) -> T + Send,
    ) -> Result<T> {
        self.check_cancelled(stage)?;
        self.report(stage, 0, total)?;
        let times = self.profile.as_ref().map(|_| SumTimes::default());
        let counter = Counter { cancelled: self.cancelled.clone(), times, ..Counter::default() };
        let mut stopped_by = None;
        let value = std::thread::scope(|scope| {
            let (sender, finished) = channel::<()>();
            let counter = &counter;
            let worker = scope.spawn(move || {
                let _sender = sender; // dropped at the end, also by a panic: that wakes the caller
                work(counter)
            });
            while let Err(RecvTimeoutError::Timeout) = finished.recv_timeout(REPORT_INTERVAL) {
                if stopped_by.is_none() {
                    if let Err(error) = self.report(stage, counter.done.load(Ordering::Relaxed), total) {
                        counter.stopped.store(true, Ordering::Relaxed);
                        stopped_by = Some(error);
                    }
                }
            }
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        match stopped_by {
            Some(error) => Err(error),
            None => {
                self.check_cancelled(stage)?;
                self.report(stage, total, total).map(|()| value)
            }
        }
    }
}
