//! Windows of the watch recordings against NumPy: `python tests/oracles/windows.py` printed these numbers.
//!
//! Each digest is BLAKE3 over all windows in order of (source, video, frame_start): window_id, NUL, label, NUL, frame_start and
//! frame_end as little-endian i64, features as little-endian f32.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Float32Type, Int64Type};
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;

use crate::support::{data, session};

struct Expected {
    width: usize,
    stride: usize,
    windows: usize,
    labels: &'static [(&'static str, usize)],
    digest: &'static str,
}

const ORACLE: [Expected; 4] = [
    Expected {
        width: 30,
        stride: 15,
        windows: 16069,
        labels: &[
            ("ABD", 2629),
            ("ER", 2478),
            ("FEL", 2671),
            ("IR", 2463),
            ("PEN", 1747),
            ("ROW", 2071),
            ("TRAP", 2010),
        ],
        digest: "8c325ee288a1904c158c0046e130ebbac9a9f87bdb40cf1b3e7faf62636dd368",
    },
    Expected {
        width: 100,
        stride: 50,
        windows: 4677,
        labels: &[("ABD", 770), ("ER", 723), ("FEL", 780), ("IR", 718), ("PEN", 502), ("ROW", 601), ("TRAP", 583)],
        digest: "a5b29569e71a862694f8e31e2fe27c4fe0351f8e09f5fcd515c5ae453b047c48",
    },
    Expected {
        width: 7,
        stride: 3,
        windows: 81137,
        labels: &[
            ("ABD", 13268),
            ("ER", 12501),
            ("FEL", 13468),
            ("IR", 12431),
            ("PEN", 8841),
            ("ROW", 10468),
            ("TRAP", 10160),
        ],
        digest: "12f6824cf569ca2b1454567b742c927a9676d5b2acf9f63b141abb07d53149f5",
    },
    Expected {
        width: 2000,
        stride: 1,
        windows: 11495,
        labels: &[("ABD", 3240), ("ER", 2024), ("FEL", 3801), ("IR", 2162), ("TRAP", 268)],
        digest: "2607ea894457d9cba87ab7b3fba21bbb7902d92d57cfac04bfc8abea6f184aad",
    },
];

/// The same for the first 6 recordings: `python tests/oracles/windows.py 6`.
const ORACLE_OF_6: [Expected; 4] = [
    Expected {
        width: 30,
        stride: 15,
        windows: 794,
        labels: &[("ABD", 159), ("FEL", 443), ("PEN", 87), ("TRAP", 105)],
        digest: "af29ec7f99a0c58bb5649f531b6bf4ac2790665253c41e66a62a56c2ce1ed37f",
    },
    Expected {
        width: 100,
        stride: 50,
        windows: 232,
        labels: &[("ABD", 47), ("FEL", 130), ("PEN", 25), ("TRAP", 30)],
        digest: "c152a6d49e208bed9506fe61424d029da817c2f4b610fa8fa6bc9fe6af95b0b3",
    },
    Expected {
        width: 7,
        stride: 3,
        windows: 4009,
        labels: &[("ABD", 801), ("FEL", 2234), ("PEN", 443), ("TRAP", 531)],
        digest: "fb0f11b4fb7b67f6a24aad89b3d99e41d99c0a60e70f81ed65bf99f040746d8f",
    },
    Expected {
        width: 2000,
        stride: 1,
        windows: 1127,
        labels: &[("ABD", 408), ("FEL", 719)],
        digest: "afa02c3f207f52a8adc94b186f7213e0fa4b2069ed2a4dc037a298a62a248617",
    },
];

/// Some ways to store and to plan the same frames.
struct Plans {
    row_group: usize,
    /// Partitions and rows in a batch.
    sessions: &'static [(usize, usize)],
    widths: &'static [usize],
}

/// Every row-group size, number of partitions and batch size meets the shapes that are quick enough with it: row groups of 7 make
/// 35,000 of them.
const PLANS: [Plans; 4] = [
    Plans { row_group: 7, sessions: &[(2, 8192), (16, 8192)], widths: &[100] },
    Plans { row_group: 1000, sessions: &[(1, 8192), (16, 8192)], widths: &[7, 30, 100, 2000] },
    Plans { row_group: 1_000_000, sessions: &[(2, 8192)], widths: &[7, 30, 100, 2000] },
    Plans { row_group: 1_000_000, sessions: &[(1, 128), (2, 128), (16, 128)], widths: &[30, 100] },
];

#[tokio::test(flavor = "multi_thread")]
async fn windows_equal_the_oracle_under_every_plan() {
    let folder = tempfile::tempdir().expect("a folder");
    for (place, Plans { row_group, sessions, widths }) in PLANS.into_iter().enumerate() {
        let files = folder.path().join(place.to_string());
        scatter(&files, row_group);
        for (partitions, batch_size) in sessions {
            for expected in ORACLE.iter().filter(|e| widths.contains(&e.width)) {
                let session = session(*partitions, *batch_size);
                let plan = format!("row groups of {row_group}, {partitions} x {batch_size}");
                check(&session, std::slice::from_ref(&files), expected, &plan).await;
            }
        }
    }
}

/// Recording after recording, in their order: DataFusion's own sort merges one stream for each batch, which takes longer
/// than a test may over many at once. `POSEQUEL_RECORDINGS=all` takes all 140 instead of 6, and 11 minutes.
#[tokio::test(flavor = "multi_thread")]
async fn windows_equal_the_oracle_in_batches_of_one_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = one_file_each(folder.path());
    assert_eq!(all.len(), 140);
    let (recordings, oracle) =
        if std::env::var_os("POSEQUEL_RECORDINGS").is_some() { (&all[..], ORACLE) } else { (&all[..6], ORACLE_OF_6) };
    for (partitions, expected) in [1, 16, 2, 2].into_iter().zip(&oracle) {
        check(&session(partitions, 1), recordings, expected, &format!("{partitions} x 1")).await;
    }
}

/// The watch recordings in a folder each, in the order of their names.
fn one_file_each(folder: &Path) -> Vec<PathBuf> {
    let table = watch();
    let video = cast(table.column_by_name("video").expect("a column"), &DataType::Utf8).expect("text");
    let ranges = arrow::compute::partition(std::slice::from_ref(&video)).expect("runs of a video").ranges();
    let mut recordings: Vec<(String, Vec<RecordBatch>)> = vec![];
    for range in ranges {
        let name = video.as_string::<i32>().value(range.start).to_owned();
        let rows = table.slice(range.start, range.len());
        match recordings.iter_mut().find(|(known, _)| *known == name) {
            Some((_, parts)) => parts.push(rows),
            None => recordings.push((name, vec![rows])),
        }
    }
    recordings.sort_by(|(a, _), (b, _)| a.cmp(b));
    let write = |(name, parts): (String, Vec<RecordBatch>)| {
        let place = folder.join(name);
        std::fs::create_dir_all(&place).expect("a folder");
        let file = std::fs::File::create(place.join("frames.parquet")).expect("a file");
        let mut writer = ArrowWriter::try_new(file, table.schema(), None).expect("a writer");
        parts.iter().for_each(|rows| writer.write(rows).expect("rows"));
        writer.close().expect("a footer");
        place
    };
    recordings.into_iter().map(write).collect()
}

/// All rows of the watch set.
fn watch() -> RecordBatch {
    let file = std::fs::File::open(data("watch.parquet")).expect("the watch set");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().expect("rows");
    concat_batches(&batches[0].schema(), &batches).expect("one schema")
}

/// The watch recordings in three files whose names and rows are in no useful order, with row groups of that size.
fn scatter(folder: &Path, row_group: usize) {
    std::fs::create_dir_all(folder).expect("a folder");
    let table = watch();
    let third = table.num_rows() / 3;
    for (name, from) in [("c", 0), ("a", third), ("b", 2 * third)] {
        let rows = if name == "b" { table.num_rows() - from } else { third };
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(row_group)).build();
        let file = std::fs::File::create(folder.join(format!("{name}.parquet"))).expect("a file");
        let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties)).expect("a writer");
        // The writer recurs once for each row group that a batch spans.
        for start in (from..from + rows).step_by(4096) {
            writer.write(&table.slice(start, 4096.min(from + rows - start))).expect("rows");
        }
        writer.close().expect("a footer");
    }
}

/// The windows of the frames in some folders, one after the other, are those of the oracle.
async fn check(session: &SessionContext, folders: &[PathBuf], expected: &Expected, plan: &str) {
    let Expected { width, stride, .. } = expected;
    let (mut hash, mut labels) = (blake3::Hasher::new(), BTreeMap::new());
    for folder in folders {
        let location = folder.display();
        let table = format!("CREATE OR REPLACE EXTERNAL TABLE watch STORED AS PARQUET LOCATION '{location}/'");
        session.sql(&table).await.expect("a table");
        let sql = format!(
            "SELECT window_id, label, frame_start, frame_end, features FROM pose_windows(
               (SELECT source, video, frame, label, ax, ay, az, wx, wy, wz FROM watch), width => {width}, stride => {stride})
             ORDER BY source, video, frame_start"
        );
        let mut stream = session.sql(&sql).await.expect("a plan").execute_stream().await.expect("a stream");
        while let Some(batch) = stream.next().await {
            digest(&batch.expect("a batch"), &mut hash, &mut labels);
        }
    }
    let labels: Vec<_> = labels.iter().map(|(label, n)| (label.as_str(), *n)).collect();
    assert_eq!(labels, expected.labels, "{width} {stride} under {plan}");
    assert_eq!(labels.iter().map(|(_, n)| n).sum::<usize>(), expected.windows, "{width} {stride} under {plan}");
    assert_eq!(hash.finalize().to_hex().as_str(), expected.digest, "{width} {stride} under {plan}");
}

fn digest(batch: &RecordBatch, hash: &mut blake3::Hasher, labels: &mut BTreeMap<String, usize>) {
    let text = |column: usize| cast(batch.column(column), &DataType::Utf8).expect("text");
    let (ids, names) = (text(0), text(1));
    let (start, end) = (batch.column(2).as_primitive::<Int64Type>(), batch.column(3).as_primitive::<Int64Type>());
    let features = batch.column(4).as_fixed_size_list();
    for row in 0..batch.num_rows() {
        let name = names.as_string::<i32>().value(row);
        *labels.entry(name.to_owned()).or_insert(0) += 1;
        for text in [ids.as_string::<i32>().value(row), name] {
            hash.update(text.as_bytes()).update(&[0]);
        }
        hash.update(&start.value(row).to_le_bytes()).update(&end.value(row).to_le_bytes());
        let window = Arc::clone(&features.value(row));
        let bytes: Vec<u8> =
            window.as_primitive::<Float32Type>().values().iter().flat_map(|v| v.to_le_bytes()).collect();
        hash.update(&bytes);
    }
}
