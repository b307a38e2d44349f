//! A shard in a file: one line of JSON that describes it, then one for each entry as Rekor's API answers it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Lines, Write as _};
use std::path::Path;

use super::bring::Progress;
use super::offered::Described;
use super::received::{Answer, Received};
use super::{ImportError, OfferedShard, RekorServer};

/// Entries that are read together.
const TOGETHER: usize = 500;

/// A file that [`save`] wrote, read from its beginning to its end.
#[derive(Debug)]
pub struct ShardFile {
    lines: Lines<BufReader<File>>,
    /// The local index of the next entry.
    next: u64,
}

impl ShardFile {
    /// Opens a file; what it says of its shard.
    ///
    /// # Errors
    /// When it cannot be read, or its first line does not describe a shard.
    pub fn open(path: &Path) -> Result<(Self, OfferedShard), ImportError> {
        let mut lines = BufReader::new(File::open(path)?).lines();
        let first = lines.next().ok_or_else(|| ImportError::source("the file is empty"))??;
        let described: Described = serde_json::from_str(&first)
            .map_err(|error| ImportError::source(format!("the file does not begin with a shard: {error}")))?;
        Ok((Self { lines, next: 0 }, OfferedShard::new(&described, true)?))
    }

    pub(super) fn entries(&mut self, shard: &OfferedShard, from: u64) -> Result<Vec<Received>, ImportError> {
        while self.next < from {
            self.line(shard)?;
        }
        let left = usize::try_from(shard.checkpoint.size - from).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        for _ in 0..left.min(TOGETHER) {
            let answer: Answer = serde_json::from_str(&self.line(shard)?)
                .map_err(|error| ImportError::source(format!("entry {}: {error}", self.next - 1)))?;
            entries.extend(Received::of(answer));
        }
        Ok(entries)
    }

    fn line(&mut self, shard: &OfferedShard) -> Result<String, ImportError> {
        let line = self.lines.next().ok_or_else(|| {
            let why = format!("the file ends after {} of {} entries", self.next, shard.checkpoint.size);
            ImportError::source(why)
        })??;
        self.next += 1;
        Ok(line)
    }
}

/// Writes a server's shard into a file.
///
/// # Errors
/// When the server or the file fails; the file is then not whole.
pub async fn save(
    server: &RekorServer,
    shard: &OfferedShard,
    path: &Path,
    progress: &Progress<'_>,
) -> Result<(), ImportError> {
    let mut file = BufWriter::new(File::create_new(path)?);
    serde_json::to_writer(&mut file, &shard.described()).map_err(ImportError::source)?;
    file.write_all(b"\n")?;
    let mut saved = 0;
    while saved < shard.checkpoint.size {
        progress(saved);
        for received in server.entries(shard, saved).await? {
            serde_json::to_writer(&mut file, &received.answer()).map_err(ImportError::source)?;
            file.write_all(b"\n")?;
            saved += 1;
        }
    }
    file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
    Ok(())
}
