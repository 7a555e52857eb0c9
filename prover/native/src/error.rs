//! What can go wrong, and which Python exception it becomes.

use pyo3::exceptions::{PyException, PyOSError, PyValueError};
use pyo3::PyErr;

pyo3::create_exception!(prover._kernel, Cancelled, PyException, "The call's CancelToken was cancelled.");

/// An error of the kernel.
pub enum KernelError {
    /// The caller handed over something malformed or inconsistent: `ValueError`.
    Value(String),
    /// A file could not be read or written: `OSError`.
    Io(String),
    /// The progress callback raised, or a signal arrived: that exception, unchanged.
    Stopped(PyErr),
    /// The caller's token was cancelled: `Cancelled`.
    Cancelled(String),
}

pub type Result<T> = std::result::Result<T, KernelError>;

/// Return a `Value` error built from a format string.
#[macro_export]
macro_rules! value_error {
    ($($arg:tt)*) => { $crate::error::KernelError::Value(format!($($arg)*)) };
}

impl KernelError {
    /// Return what was wrong, for an error that says where.
    pub fn text(self) -> String {
        match self {
            KernelError::Value(text) | KernelError::Io(text) | KernelError::Cancelled(text) => text,
            KernelError::Stopped(error) => error.to_string(),
        }
    }

    /// Put the file's name before what is wrong with its contents.
    pub fn in_file(self, path: &std::path::Path) -> Self {
        match self {
            KernelError::Value(text) => KernelError::Value(format!("{}: {text}", path.display())),
            other => other,
        }
    }

    /// Name the file an I/O error is about.
    pub fn io(path: &std::path::Path, error: std::io::Error) -> Self {
        KernelError::Io(format!("{}: {error}", path.display()))
    }
}

impl From<KernelError> for PyErr {
    fn from(error: KernelError) -> PyErr {
        match error {
            KernelError::Value(text) => PyValueError::new_err(text),
            KernelError::Io(text) => PyOSError::new_err(text),
            KernelError::Stopped(error) => error,
            KernelError::Cancelled(text) => Cancelled::new_err(text),
        }
    }
}
