//! Damaged files: an answer or an error that names the file, never a panic, never a wait without an end.
//!
//! The mutants are drawn from a seed. `POSEQUEL_MUTANTS=1000 cargo test --release --test it damaged` tries a thousand of each kind instead of sixty.

use std::path::Path;
use std::time::Duration;

use datafusion::prelude::SessionContext;
use posequel::frames::lake::scan::damaged::hush;
use posequel::pipeline::message;
use posequel::random::Stream;

use super::support::session;

/// Rows with every type that frames have, NULL among them, in a few pages.
const ROWS: &str = "SELECT 'v' || (value / 100) AS video, value % 100 AS frame, CASE value % 3 WHEN 0 THEN 'walk' WHEN 1 THEN 'sit' END AS label, \
                    sin(value) AS x, CASE WHEN value % 7 > 0 THEN arrow_cast(cos(value), 'Float32') END AS y, [value, NULL] AS parts, value % 2 = 0 AS is_left, \
                    arrow_cast(value * 1000, 'Timestamp(Millisecond, None)') AS at FROM generate_series(1, 300)";

const QUERIES: [&str; 3] = [
    "SELECT * FROM '{}'",
    "SELECT label, count(*), avg(x), max(at), min(video) FROM '{}' WHERE x > -0.5 GROUP BY label",
    "SELECT window_id FROM pose_windows((SELECT video, frame, label, x, y FROM '{}'), width => 10)",
];

/// A text that is none any more, in a way that each number decides.
pub fn mutant(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut draw = Stream::new(seed, &["mutants"]);
    let mut below = |n: usize| draw.below(n.max(1) as u64) as usize;
    let mut bytes = bytes.to_vec();
    let (at, length) = (below(bytes.len()), 1 + below(40));
    let end = (at + length).min(bytes.len());
    match below(8) {
        0 => bytes[at] ^= 1 << below(8),
        1 => (0..8).for_each(|_| {
            let at = below(bytes.len());
            bytes[at] = below(256) as u8;
        }),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let block = bytes[at..end].to_vec();
            let to = below(bytes.len());
            bytes.splice(to..to, block);
        }
        5 => bytes[at..end].fill(if below(2) == 0 { 0 } else { 0xff }),
        // Lengths and offsets of the head and of the footer
        6 => {
            let at = bytes.len().saturating_sub(1 + below(300));
            bytes[at] = below(256) as u8;
        }
        _ => {
            let at = below(bytes.len().min(600));
            bytes[at] = below(256) as u8;
        }
    }
    bytes
}

/// What is wrong with how a query over a file ends.
async fn fault(ctx: &SessionContext, query: &str, file: &Path) -> Option<String> {
    let (ctx, sql) = (ctx.clone(), query.replace("{}", &file.display().to_string()));
    let run = tokio::spawn(async move {
        match ctx.sql(&sql).await {
            Ok(frame) => frame.collect().await.map(drop).map_err(|e| message(&e)),
            Err(e) => Err(message(&e)),
        }
    });
    let name = file.file_name()?.to_str()?;
    match tokio::time::timeout(Duration::from_secs(120), run).await {
        Err(_) => Some("it has not ended".to_owned()),
        Ok(Err(panic)) => Some(format!("a panic: {panic}")),
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(message))) => {
            let is_ours = message.contains("is wrong here") || message.contains("bug in DataFusion");
            // A query over columns whose name or type the damage has changed is wrong for a reason that it names.
            let of_columns = ["No field named", "pose_windows: ", "Function 'avg'"];
            let is_told = message.contains(name) || of_columns.iter().any(|start| message.contains(start));
            (is_ours || !is_told).then(|| format!("an error: {message}"))
        }
    }
}

async fn hold(ending: &str, options: &str) {
    hush();
    let folder = tempfile::tempdir().unwrap();
    let ctx = session(2, 64);
    let whole = folder.path().join(format!("whole.{ending}"));
    // CSV has no lists.
    let rows = if ending == "csv" { format!("SELECT * EXCEPT (parts) FROM ({ROWS})") } else { ROWS.to_owned() };
    let copy = format!("COPY ({rows}) TO '{}' STORED AS {} {options}", whole.display(), ending.to_uppercase());
    ctx.sql(&copy).await.unwrap().collect().await.unwrap();
    for query in QUERIES {
        assert_eq!(fault(&ctx, query, &whole).await, None, "{query}");
    }
    let bytes = std::fs::read(&whole).unwrap();
    let tries = std::env::var("POSEQUEL_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let mut faults = vec![];
    for seed in 0..tries {
        let file = folder.path().join(format!("mutant{seed}.{ending}"));
        std::fs::write(&file, mutant(&bytes, seed)).unwrap();
        for query in QUERIES {
            faults.extend(fault(&ctx, query, &file).await.map(|fault| format!("{seed}: {query}: {fault}")));
        }
        std::fs::remove_file(&file).unwrap();
    }
    assert!(faults.is_empty(), "{} of {tries} {ending} files:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_parquet() {
    hold("parquet", "OPTIONS ('format.max_row_group_size' '100', 'format.data_page_row_count_limit' '50')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_arrow() {
    hold("arrow", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_csv() {
    hold("csv", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_json() {
    hold("json", "").await;
}

/// A page of one file of many.
#[tokio::test]
async fn an_error_of_a_page_names_its_file_of_many() {
    let folder = tempfile::tempdir().unwrap();
    let ctx = session(2, 64);
    let place = |n: usize| folder.path().join(format!("f{n}.parquet"));
    for n in 0..20 {
        let copy = format!("COPY ({ROWS}) TO '{}' OPTIONS ('format.compression' 'uncompressed')", place(n).display());
        ctx.sql(&copy).await.unwrap().collect().await.unwrap();
    }
    let mut bytes = std::fs::read(place(13)).unwrap();
    // The first page of the first column begins behind the magic number.
    bytes[4..40].fill(0xff);
    std::fs::write(place(13), bytes).unwrap();
    let all = format!("SELECT sum(x), max(video) FROM '{}/'", folder.path().display());
    let error = message(&ctx.sql(&all).await.unwrap().collect().await.unwrap_err());
    assert!(error.contains("/f13.parquet: cannot be read: "), "{error}");
    let error = message(&ctx.sql("SELECT * FROM 's3://bucket/a.csv'").await.unwrap_err());
    assert!(error.contains("'s3://bucket/a.csv': there is no store for s3://bucket/: posequel reads files"), "{error}");
}
