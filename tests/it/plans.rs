//! One hash of windows and copies for every plan: partitions, batch sizes, file orders, row groups.

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Float32Type;

use crate::support::{data, rows, session};

const ROWS: &str = "SELECT source, video, subject, frame, label, CASE WHEN frame % 17 = 3 THEN NULL ELSE ax END AS ax, ay, az \
                    FROM watch WHERE frame < 150 AND video IN (SELECT DISTINCT video FROM watch ORDER BY video LIMIT 5)";

const WINDOWS: &str = "pose_windows((SELECT source, video, subject, frame, label, ax, ay, az FROM frames),
    width => 20, stride => 10, nulls => 'interpolate')";

const POLICY: &str = "noise(0.1)@0.8 | speed(0.8, 1.25) | mirror@0.5 | rotate(-20, 20, ay, az) | scale(0.9, 1.1) | \
                      time_warp(0.2)@0.5 | magnitude_warp(0.05) | window_slice(0.9) | time_mask(0.2)@0.5 | \
                      joint_drop(0.1)@0.5 | permutation(3)@0.2";

/// Writes the rows in one of three orders: as recorded, a file for each recording with the last one first, and shuffled over three.
async fn write(folder: &Path, order: &str, group: usize) {
    let session = session(1, 8192);
    rows(
        &session,
        &format!("CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION '{}'", data("watch.parquet").display()),
    )
    .await;
    rows(&session, &format!("CREATE TABLE kept AS {ROWS}")).await;
    let copy = |rows: &str, name: String| {
        let file = folder.join(name);
        format!(
            "COPY ({rows}) TO '{}' STORED AS PARQUET OPTIONS ('format.max_row_group_size' '{group}')",
            file.display()
        )
    };
    match order {
        "recorded" => _ = rows(&session, &copy("SELECT * FROM kept ORDER BY video, frame", "a.parquet".into())).await,
        "reversed" => {
            let videos = rows(&session, "SELECT DISTINCT video FROM kept ORDER BY video DESC").await;
            for (i, video) in videos[0].column(0).as_string_view().iter().flatten().enumerate() {
                let one = format!("SELECT * FROM kept WHERE video = '{video}' ORDER BY frame");
                rows(&session, &copy(&one, format!("{i}.parquet"))).await;
            }
        }
        _ => {
            for part in 0..3 {
                let third =
                    format!("SELECT * FROM kept WHERE frame * 7 % 3 = {part} ORDER BY frame * 7919 % 151, video DESC");
                rows(&session, &copy(&third, format!("{part}.parquet"))).await;
            }
        }
    }
}

async fn hash(folder: &Path, partitions: usize, batch_size: usize) -> blake3::Hash {
    let session = session(partitions, batch_size);
    rows(&session, &format!("CREATE EXTERNAL TABLE frames STORED AS PARQUET LOCATION '{}/'", folder.display())).await;
    let copies = format!(
        "SELECT window_id, label, operations, features FROM pose_augment((SELECT * FROM {WINDOWS}), policy => '{POLICY}', \
         skeleton => 'ax:-1', copies => 2, seed => 7, rows => 'all') ORDER BY window_id"
    );
    let mut hash = blake3::Hasher::new();
    for batch in rows(&session, &copies).await {
        for row in 0..batch.num_rows() {
            for text in 0..3 {
                let column = arrow::compute::cast(batch.column(text), &arrow::datatypes::DataType::Utf8).expect("text");
                hash.update(column.as_string::<i32>().value(row).as_bytes()).update(&[0]);
            }
            let features = batch.column(3).as_fixed_size_list().value(row);
            features.as_primitive::<Float32Type>().values().iter().for_each(|x| _ = hash.update(&x.to_le_bytes()));
        }
    }
    hash.finalize()
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_and_copies_have_one_hash_under_every_plan() {
    let mut first = None;
    for order in ["recorded", "reversed", "shuffled"] {
        for group in [7, 100, 100_000] {
            let folder = tempfile::tempdir().expect("a folder");
            write(folder.path(), order, group).await;
            for partitions in [1, 2, 3, 8, 16] {
                for batch_size in [1, 7, 1024, 8192] {
                    let hash = hash(folder.path(), partitions, batch_size).await;
                    let plan =
                        format!("{order}, row groups of {group}, {partitions} partitions, batches of {batch_size}");
                    assert_eq!(*first.get_or_insert(hash), hash, "{plan}");
                }
            }
        }
    }
}
