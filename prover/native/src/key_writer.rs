//! Writes proving key files (layout: keyfile.rs), whole or not at all, readable by their owner alone.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use blake2::{Blake2b512, Digest};

use crate::error::{KernelError, Result};
use crate::field_io::RawPoint;
use crate::keyfile::{FixedPoints, Header, ALIGNMENT};

const OWNER_ALONE: u32 = 0o600;

/// Writes a key under a temporary name; only `finish` gives it its own.
pub struct KeyWriter {
    path: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    /// Hashes the sections that a ceremony's transcript hangs on.
    watched: Option<Blake2b512>,
    written: usize,
    is_finished: bool,
}

impl KeyWriter {
    pub fn create(path: &Path, header: &Header, fixed: &FixedPoints, verifying_key: &[u8]) -> Result<Self> {
        let temporary = temporary_name(path);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(OWNER_ALONE);
        let file = options.open(&temporary).map_err(|error| KernelError::io(&temporary, error))?;
        let mut writer = KeyWriter {
            path: path.to_path_buf(),
            temporary,
            file: BufWriter::with_capacity(1 << 20, file),
            hasher: blake3::Hasher::new(),
            watched: None,
            written: 0,
            is_finished: false,
        };
        writer.write(&header.to_bytes())?;
        writer.write(&fixed.to_raw())?;
        writer.write_section(verifying_key)?;
        Ok(writer)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        if let Some(watched) = &mut self.watched {
            watched.update(bytes);
        }
        self.written += bytes.len();
        self.file.write_all(bytes).map_err(|error| KernelError::io(&self.temporary, error))
    }

    /// Hash what is written from here on, until `take_watched`.
    pub fn watch_from_here(&mut self) {
        self.watched = Some(Blake2b512::new());
    }

    /// Return BLAKE2b-512 of what was written since `watch_from_here`.
    pub fn take_watched(&mut self) -> [u8; 64] {
        self.watched.take().unwrap_or_default().finalize().into()
    }

    fn pad(&mut self) -> Result<()> {
        let padding = self.written.next_multiple_of(ALIGNMENT) - self.written;
        self.write(&[0; ALIGNMENT][..padding])
    }

    /// Append a whole section, padded.
    pub fn write_section(&mut self, bytes: &[u8]) -> Result<()> {
        self.write(bytes)?;
        self.pad()
    }

    pub fn write_indices(&mut self, indices: &[u32]) -> Result<()> {
        let bytes: Vec<u8> = indices.iter().flat_map(|i| i.to_le_bytes()).collect();
        self.write_section(&bytes)
    }

    /// Append part of a section of points. Points fill whole alignment units, so no padding follows.
    pub fn write_points<P: RawPoint>(&mut self, points: &[P]) -> Result<()> {
        let mut bytes = Vec::with_capacity(points.len() * P::RAW_BYTES);
        points.iter().for_each(|point| point.to_raw(&mut bytes));
        self.write(&bytes)
    }

    pub fn finish(mut self) -> Result<()> {
        let checksum = self.hasher.finalize();
        self.write(checksum.as_bytes())?;
        let synced = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        synced.map_err(|error| KernelError::io(&self.temporary, error))?;
        std::fs::rename(&self.temporary, &self.path).map_err(|error| KernelError::io(&self.path, error))?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for KeyWriter {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = std::fs::remove_file(&self.temporary); // an abandoned setup leaves nothing behind
        }
    }
}

/// Return a name beside `path`, of this process alone.
pub fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}
