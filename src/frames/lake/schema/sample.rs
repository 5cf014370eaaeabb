//! The bytes of a text file that its types are found by: all of it, or of a large one its head, its middle and its end.

use std::io::Read;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt, Result};

/// A file of at most so many bytes is looked at whole; of a larger one, three parts that make this.
pub const WHOLE: u64 = 64 << 20;

/// What is read of a file whose types are declared, unless there are quotes in it.
const HEAD: u64 = 1 << 20;

/// The beginning of a file: its first lines, and whether they are all of it.
///
/// Where it holds a quote, or no end of a line, it is what [`sample`] gives: then a value may hold the end of a line, and only all of it tells.
///
/// # Errors
/// A store that does not answer.
pub async fn head(
    store: &dyn ObjectStore,
    meta: &ObjectMeta,
    is_parted: bool,
    quote: u8,
) -> Result<(Vec<Bytes>, bool)> {
    if meta.size > HEAD {
        let head = whole_lines(store.get_range(&meta.location, 0..HEAD).await?);
        if !head.is_empty() && !head.contains(&quote) {
            return Ok((vec![head], false));
        }
    }
    Ok((sample(store, meta, is_parted).await?, meta.size <= WHOLE))
}

/// The parts of a file, in their order. Each begins at a line, and each but the last may end inside one.
///
/// `is_parted` is false where a value may hold the end of a line: then nothing tells where a line begins, and the head is all.
///
/// # Errors
/// A store that does not answer.
pub async fn sample(store: &dyn ObjectStore, meta: &ObjectMeta, is_parted: bool) -> Result<Vec<Bytes>> {
    if meta.size <= WHOLE {
        return Ok(vec![store.get(&meta.location).await?.bytes().await?]);
    }
    if !is_parted {
        return Ok(vec![whole_lines(store.get_range(&meta.location, 0..WHOLE).await?)]);
    }
    let part = WHOLE / 3;
    let middle = meta.size / 2 - part / 2;
    let mut parts = vec![];
    for start in [0, middle, meta.size - part] {
        let bytes = store.get_range(&meta.location, start..start + part).await?;
        let bytes = if start == 0 { bytes } else { from_next_line(bytes) };
        parts.push(if start + part == meta.size { bytes } else { whole_lines(bytes) });
    }
    Ok(parts)
}

/// Whether a byte is anywhere in a file, which is read to its end for it, or up to there.
///
/// # Errors
/// A store that does not answer.
pub async fn holds(store: &dyn ObjectStore, meta: &ObjectMeta, byte: u8) -> Result<bool> {
    let found = store.get(&meta.location).await?;
    if let GetResultPayload::File(file, path) = found.payload {
        let failed =
            |e: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic { store: "a file", source: e };
        let looked =
            tokio::task::spawn_blocking(move || in_file(file, byte).map_err(|e| format!("{}: {e}", path.display())));
        return looked.await.map_err(|e| failed(e.into()))?.map_err(|e| failed(e.into()));
    }
    let mut chunks = found.into_stream();
    while let Some(chunk) = chunks.try_next().await? {
        if chunk.contains(&byte) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn in_file(mut file: std::fs::File, byte: u8) -> std::io::Result<bool> {
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(false),
            read if buffer[..read].contains(&byte) => return Ok(true),
            _ => {}
        }
    }
}

fn from_next_line(bytes: Bytes) -> Bytes {
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
    bytes.slice(end..)
}

fn whole_lines(bytes: Bytes) -> Bytes {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    bytes.slice(..end)
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::*;

    #[tokio::test]
    async fn parts_of_a_large_file_are_whole_lines_of_all_of_it() {
        let (store, path) = (InMemory::new(), Path::from("a.csv"));
        let line = |number: u64| format!("{number:015}\n");
        let lines = WHOLE / 16 * 2;
        store.put(&path, (0..lines).map(line).collect::<String>().into()).await.unwrap();
        let meta = store.head(&path).await.unwrap();
        let parts = sample(&store, &meta, true).await.unwrap();
        assert_eq!(parts.len(), 3);
        for part in &parts {
            assert_eq!(part.len() % 16, 0);
        }
        assert_eq!(&parts[0][..16], line(0).as_bytes());
        assert_eq!(&parts[2][parts[2].len() - 16..], line(lines - 1).as_bytes());
        assert_eq!(sample(&store, &meta, false).await.unwrap()[0].len() as u64, WHOLE);
    }

    #[tokio::test]
    async fn a_head_is_enough_where_nothing_is_in_quotes() {
        let (store, path) = (InMemory::new(), Path::from("a.csv"));
        let of = async |text: String| {
            store.put(&path, text.into()).await.unwrap();
            let (parts, is_whole) = head(&store, &store.head(&path).await.unwrap(), true, b'"').await.unwrap();
            (parts.iter().map(|part| part.len() as u64).sum::<u64>(), is_whole)
        };
        let lines = "0123456\n".repeat(HEAD as usize / 4);
        assert_eq!(of(lines.clone()).await, (HEAD, false));
        assert_eq!(of("x\n1\n".to_owned()).await, (4, true));
        assert_eq!(of(format!("\"x\"\n{lines}")).await, (2 * HEAD + 4, true));
        assert_eq!(of("x".repeat(2 * HEAD as usize)).await, (2 * HEAD, true));
    }
}
