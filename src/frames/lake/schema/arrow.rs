//! Whether the lengths that a file of Arrow names lie inside of it: its readers take memory for them before they look, and a process ends that asks for more than there is.

use std::ops::Range;

use arrow::ipc::{Block, CompressionType, Message, root_as_footer, root_as_message};
use bytes::Bytes;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, Result};

/// At the beginning and at the end of a file; a stream has it nowhere.
const MAGIC: &[u8] = b"ARROW1";

/// The length of the footer, and the mark behind it.
const TRAILER: u64 = 10;

/// Before a message of a stream: a mark, which old ones have not, and the length of its head.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// Bytes that are read of a message at first; most heads are smaller.
const HEAD: u64 = 4096;

/// What is wrong with the lengths of a file, or of a stream in a file. All else is for its reader to say.
///
/// # Errors
/// A store that does not answer.
pub async fn wrong_length(store: &dyn ObjectStore, meta: &ObjectMeta) -> Result<Option<String>> {
    let head = range(store, meta, 0..MAGIC.len() as u64).await?;
    if head != MAGIC { of_stream(store, meta).await } else { of_file(store, meta).await }
}

/// The bytes of a range, those that are there.
async fn range(store: &dyn ObjectStore, meta: &ObjectMeta, range: Range<u64>) -> Result<Bytes> {
    let range = range.start.min(meta.size)..range.end.min(meta.size);
    if range.is_empty() { Ok(Bytes::new()) } else { store.get_range(&meta.location, range).await }
}

async fn of_file(store: &dyn ObjectStore, meta: &ObjectMeta) -> Result<Option<String>> {
    // Where a footer cannot be read, DataFusion takes the file for a stream, and its first letters for a length of 1.3 GB.
    let none = || Ok(Some("it has no footer, with which a whole file ends".to_owned()));
    let Some(end) = meta.size.checked_sub(TRAILER) else { return none() };
    let trailer = range(store, meta, end..meta.size).await?;
    let length = number(&trailer).filter(|_| trailer.ends_with(MAGIC)).and_then(|length| u64::try_from(length).ok());
    let Some(start) = length.and_then(|length| end.checked_sub(length)) else { return none() };
    let footer = range(store, meta, start..end).await?;
    let footer = match root_as_footer(&footer) {
        Ok(footer) if footer.recordBatches().is_some() => footer,
        _ => return Ok(Some("its footer cannot be read".to_owned())),
    };
    let blocks = footer.dictionaries().into_iter().flatten().chain(footer.recordBatches().into_iter().flatten());
    let is_outside = |block: &Block| {
        let parts = [block.offset(), i64::from(block.metaDataLength()), block.bodyLength()].map(u64::try_from);
        let parts = parts.into_iter().try_fold(0_u64, |sum, part| sum.checked_add(part.ok()?));
        parts.is_none_or(|block_end| block_end > start)
    };
    for block in blocks {
        if is_outside(block) {
            return Ok(Some(wrong(block.offset(), block.bodyLength(), meta)));
        }
        // Not negative, and inside.
        let (at, length) = (block.offset() as u64, block.metaDataLength() as u64);
        let head = range(store, meta, at..at + length).await?;
        let message = head.get(if head.starts_with(&CONTINUATION) { 8 } else { 4 }..);
        let Some(message) = message.and_then(|head| root_as_message(head).ok()) else { continue };
        if let Some(wrong) = packed(store, meta, &message, at + length).await? {
            return Ok(Some(wrong));
        }
    }
    Ok(None)
}

/// What is wrong with the lengths that compressed parts of a message are to have once they are unpacked, which each of them begins with. `body` is where the parts lie.
async fn packed(
    store: &dyn ObjectStore,
    meta: &ObjectMeta,
    message: &Message<'_>,
    body: u64,
) -> Result<Option<String>> {
    let batch = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    let Some(batch) = message.header_as_record_batch().or(batch) else { return Ok(None) };
    let Some(compression) = batch.compression() else { return Ok(None) };
    // What a byte becomes at most: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md, and of Zstandard a block of 128 KiB that is one byte again and again:
    // 4 bytes (RFC 8878, 3.1.1.2).
    let most = if compression.codec() == CompressionType::LZ4_FRAME { 255 } else { 1 << 15 };
    let parts = batch.buffers().into_iter().flatten().filter(|part| part.length() > 8);
    let parts: Vec<(u64, u64)> = parts
        .filter_map(|part| Some((body.checked_add(u64::try_from(part.offset()).ok()?)?, part.length() as u64)))
        .filter(|(at, length)| at.checked_add(*length).is_some_and(|end| end <= meta.size))
        .collect();
    let begins: Vec<Range<u64>> = parts.iter().map(|(at, _)| *at..at + 8).collect();
    for (bytes, (at, length)) in store.get_ranges(&meta.location, &begins).await?.into_iter().zip(parts) {
        let unpacked = bytes.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes));
        // -1: it is not compressed.
        if unpacked < -1 || u64::try_from(unpacked).is_ok_and(|unpacked| unpacked > length.saturating_mul(most)) {
            return Ok(Some(format!("{length} bytes at byte {at} are to become {unpacked}")));
        }
    }
    Ok(None)
}

async fn of_stream(store: &dyn ObjectStore, meta: &ObjectMeta) -> Result<Option<String>> {
    let mut at = 0;
    while at < meta.size {
        let mut bytes = range(store, meta, at..at.saturating_add(HEAD)).await?;
        let skipped = if bytes.starts_with(&CONTINUATION) { 8 } else { 4 };
        let Some(length) = bytes.get(skipped - 4..).and_then(number) else { return Ok(None) };
        let (Ok(length), true) = (u64::try_from(length), length != 0) else { return Ok(None) };
        let head = skipped as u64 + length;
        if head > meta.size - at {
            return Ok(Some(wrong(at as i64, length as i64, meta)));
        }
        if head > bytes.len() as u64 {
            bytes = range(store, meta, at..at + head).await?;
        }
        let Some(message) = bytes.get(skipped..head as usize).and_then(|head| root_as_message(head).ok()) else {
            return Ok(None);
        };
        match u64::try_from(message.bodyLength()) {
            Ok(body) if body <= meta.size - at - head => {
                if let Some(wrong) = packed(store, meta, &message, at + head).await? {
                    return Ok(Some(wrong));
                }
                at += head + body;
            }
            _ => return Ok(Some(wrong(at as i64, message.bodyLength(), meta))),
        }
    }
    Ok(None)
}

/// The number of four bytes at the beginning.
fn number(bytes: &[u8]) -> Option<i32> {
    bytes.first_chunk().map(|bytes| i32::from_le_bytes(*bytes))
}

fn wrong(offset: i64, length: i64, meta: &ObjectMeta) -> String {
    format!("a block at byte {offset} is to have {length} bytes, in a file of {}", meta.size)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch};
    use arrow::ipc::writer::{FileWriter, StreamWriter};
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::*;

    fn batch() -> RecordBatch {
        RecordBatch::try_from_iter([("x", Arc::new(Int64Array::from_iter_values(0..1000)) as _)]).unwrap()
    }

    async fn found(bytes: Vec<u8>) -> Option<String> {
        let (store, path) = (InMemory::new(), Path::from("a.arrow"));
        store.put(&path, bytes.into()).await.unwrap();
        let meta = store.head(&path).await.unwrap();
        wrong_length(&store, &meta).await.unwrap()
    }

    /// The same with one length of 8,000 bytes, that of the body, changed to one that no file has.
    fn with_wrong_lengths(bytes: &[u8]) -> Vec<Vec<u8>> {
        let length = 8_000_i64.to_le_bytes();
        let places = (0..bytes.len() - 8).filter(|at| bytes[*at..*at + 8] == length);
        let changed = |at: usize| [&bytes[..at], &(1_i64 << 60).to_le_bytes(), &bytes[at + 8..]].concat();
        places.map(changed).collect()
    }

    #[tokio::test]
    async fn a_length_that_leads_out_of_a_file_is_found() {
        let mut writer = FileWriter::try_new(vec![], &batch().schema()).unwrap();
        (0..3).for_each(|_| writer.write(&batch()).unwrap());
        let file = writer.into_inner().unwrap();
        assert_eq!(found(file.clone()).await, None);
        let cut = found(file[..file.len() - 20].to_vec()).await;
        assert!(cut.unwrap().starts_with("it has no footer"));
        // Heads of messages have the length, too, and nobody takes memory for those of a file.
        let mut known = 0;
        for wrong in with_wrong_lengths(&file) {
            known += usize::from(found(wrong).await.is_some_and(|what| what.contains("1152921504606846976 bytes")));
        }
        assert_eq!(known, 3);
    }

    #[tokio::test]
    async fn a_length_that_leads_out_of_a_stream_is_found() {
        let mut writer = StreamWriter::try_new(vec![], &batch().schema()).unwrap();
        (0..3).for_each(|_| writer.write(&batch()).unwrap());
        let stream = writer.into_inner().unwrap();
        assert_eq!(found(stream.clone()).await, None);
        let mut known = 0;
        for wrong in with_wrong_lengths(&stream) {
            known += usize::from(found(wrong).await.is_some_and(|what| what.contains("1152921504606846976 bytes")));
        }
        assert_eq!(known, 3);
        // Cut off inside of a body
        assert!(found(stream[..stream.len() - 100].to_vec()).await.is_some());
        assert_eq!(found(vec![]).await, None);
    }
}
