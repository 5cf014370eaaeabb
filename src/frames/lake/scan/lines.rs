//! The line of a record of CSV, for which the file is read once more: its reader counts records, of which one may have many lines, and counts them in a part of a file.

use std::sync::Arc;

use datafusion::common::Result;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::records::{Marks, Records};

/// Bytes that are read at once.
const CHUNK: u64 = 8 << 20;

/// The line on which a record begins, from 1. The record is counted from 0 in the part of the file that begins at `start`.
///
/// # Errors
/// A store that does not answer.
pub async fn line_of(
    store: &Arc<dyn ObjectStore>,
    meta: &ObjectMeta,
    marks: Marks,
    start: u64,
    record: u64,
) -> Result<u64> {
    let (mut at, mut line) = (0, 1);
    // A part begins behind the end of the line that it begins in.
    let mut is_inside = start == 0;
    let mut records = Records::new(marks);
    while at < meta.size {
        let bytes = store.get_range(&meta.location, at..meta.size.min(at + CHUNK)).await?;
        for byte in &bytes {
            if is_inside {
                records.take(*byte);
            }
            if records.begun > record {
                return Ok(line);
            }
            at += 1;
            is_inside |= at >= start && *byte == marks.cut();
            line += u64::from(*byte == b'\n');
        }
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::super::records::tests::MARKS;
    use super::*;

    async fn file(text: &str) -> (Arc<dyn ObjectStore>, ObjectMeta) {
        let (store, path) = (Arc::new(InMemory::new()), Path::from("a.csv"));
        store.put(&path, text.to_owned().into()).await.unwrap();
        let meta = store.head(&path).await.unwrap();
        (store, meta)
    }

    #[tokio::test]
    async fn a_record_begins_on_a_line_of_the_file() {
        // Lines:     1     2     3   4  5    6    7
        let text = "x,y\n1,\"a\nb\"\n\n2,c\n3,d\n4,e\n";
        let (store, meta) = file(text).await;
        for (record, line) in [(0, 1), (1, 2), (2, 5), (3, 6), (4, 7)] {
            assert_eq!(line_of(&store, &meta, MARKS, 0, record).await.unwrap(), line, "{record}");
        }
        // The part that begins inside line 5 has records from line 6 on, as has the one that begins with line 6.
        let inside = text.find("2,c").unwrap() as u64 + 1;
        for start in [inside, inside + 3] {
            assert_eq!(line_of(&store, &meta, MARKS, start, 0).await.unwrap(), 6, "{start}");
            assert_eq!(line_of(&store, &meta, MARKS, start, 1).await.unwrap(), 7, "{start}");
        }
    }
}
