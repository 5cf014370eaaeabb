//! Record batches in an Arrow IPC file, for tables that memory has no room for.
//!
//! The file is read by position, a batch at a time, and not mapped: so the memory of a training is what it says it is,
//! and a file that somebody cuts short is an error rather than a signal. The system's page cache does the rest.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;

use crate::error::{Error, Result};

/// A file for batches, which goes away with the last of its owners.
pub trait Scratch: Send + Sync {
    /// Where it is; it exists.
    fn path(&self) -> &Path;

    /// Writes it from its beginning; flushed once, at the end.
    fn writer(&self) -> std::io::Result<Box<dyn Write + Send>>;
}

/// Batches on their way to a file.
pub struct SpillWriter {
    file: Arc<dyn Scratch>,
    writer: FileWriter<BufWriter<Box<dyn Write + Send>>>,
}

/// Batches in a file.
pub struct Spill {
    file: Arc<dyn Scratch>,
    reader: Mutex<FileReader<BufReader<File>>>,
}

impl SpillWriter {
    /// An empty file of batches of `schema`.
    pub fn new(file: Arc<dyn Scratch>, schema: &Schema) -> Result<Self> {
        let writer = file.writer().map_err(ArrowError::from);
        let writer = writer.and_then(|writer| FileWriter::try_new_buffered(writer, schema));
        Ok(Self { writer: writer.map_err(|e| failed("write", &*file, &e))?, file })
    }

    /// Adds a batch.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch).map_err(|e| failed("write", &*self.file, &e))
    }

    /// The file, to be read.
    pub fn finish(mut self) -> Result<Spill> {
        let file = self.file;
        self.writer.finish().map_err(|e| failed("write", &*file, &e))?;
        drop(self.writer);
        let opened = File::open(file.path()).map_err(ArrowError::from);
        let reader = opened.and_then(|opened| FileReader::try_new_buffered(opened, None));
        Ok(Spill { reader: Mutex::new(reader.map_err(|e| failed("read", &*file, &e))?), file })
    }
}

impl Spill {
    /// Batch number `index`.
    pub fn batch(&self, index: usize) -> Result<RecordBatch> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let read = reader.set_index(index).and_then(|()| match reader.next() {
            Some(batch) => batch,
            None => Err(ArrowError::IpcError(format!("there is no batch {index}"))),
        });
        read.map_err(|e| failed("read", &*self.file, &e))
    }
}

fn failed(act: &str, file: &dyn Scratch, error: &ArrowError) -> Error {
    // Whatever it is: that memory has no room for the rows brought us here.
    Error::of_io(format!("training: cannot {act} {}", file.path().display()), error, Error::Limit)
}
