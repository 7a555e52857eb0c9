//! Progress reports and interruption. Only the calling thread touches Python; workers count on an atomic.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::time::Duration;

use pyo3::prelude::*;

use crate::error::{KernelError, Result};

const REPORT_INTERVAL: Duration = Duration::from_millis(200);

/// How far the work of one stage has come, and whether it should stop. Shared with the workers.
#[derive(Default)]
pub struct Counter {
    done: AtomicUsize,
    stopped: AtomicBool,
}

impl Counter {
    pub fn add(&self, n: usize) {
        self.done.fetch_add(n, Ordering::Relaxed);
    }

    /// True once the caller wants out: the result will be thrown away, so workers may return anything early.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// The caller's callback `progress(stage, done, total)`, if any.
pub struct Progress {
    callback: Option<Py<PyAny>>,
}

impl Progress {
    pub fn new(callback: Option<Py<PyAny>>) -> Self {
        Self { callback }
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
    /// Assumes the GIL is released. Raises what the callback raises (or KeyboardInterrupt) once `work` has returned.
    pub fn watch<T: Send>(
        &self,
        stage: &str,
        total: usize,
        work: impl FnOnce(&Counter) -> T + Send,
    ) -> Result<T> {
        self.report(stage, 0, total)?;
        let counter = Counter::default();
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
            None => self.report(stage, total, total).map(|()| value),
        }
    }
}
