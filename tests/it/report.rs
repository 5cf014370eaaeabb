//! A report on a model that was trained here: what it shows, and that it can be sent as it is.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use datafusion::prelude::SessionContext;
use posequel::interrupt::Interrupt;
use posequel::report::{html, of_session};
use posequel::store::location::Location;
use posequel::store::publish::publish;
use posequel::store::read::version;
use posequel::store::resolve;

use crate::support::{rows, session};

/// A class that would be markup if it were not escaped.
const LABEL: &str = "<b>&\"x\"";

/// Trains the model `odd` of two classes, of which one is [`LABEL`], into a folder of its own.
async fn trained() -> (tempfile::TempDir, SessionContext) {
    let (folder, session) = (tempfile::tempdir().expect("a folder"), session(2, 8192));
    let models = folder.path().display();
    rows(&session, &format!("SET posequel.models.location = '{models}'")).await;
    let frames = format!(
        "CREATE VIEW frames AS SELECT source, video, subject, frame,
           CASE label WHEN 'walk' THEN '{LABEL}' ELSE label END AS label, features
         FROM pose_walkers(subjects => 6, seconds => 4, activities => ['walk', 'run'], missing => 0, seed => 3)"
    );
    rows(&session, &frames).await;
    let copy = format!(
        "COPY (SELECT * FROM pose_augment((SELECT * FROM pose_split((
           SELECT * FROM pose_windows((SELECT * FROM frames), width => 10, stride => 10)),
           by => 'subject', train => 0.5, validation => 0.25, test => 0.25, seed => 7)), policy => 'noise(0.02)'))
         TO '{models}/odd' STORED AS LSTM OPTIONS ('units' '4', 'dense' '4', 'epochs' '3', 'seed' '3')"
    );
    rows(&session, &copy).await;
    (folder, session)
}

async fn page(session: &SessionContext, name: &str) -> String {
    html(&of_session(session, name).await.expect("a page")).expect("a report")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_has_its_sections_and_needs_nothing_from_elsewhere() {
    let (_folder, session) = trained().await;
    let html = page(&session, "odd").await;
    for heading in [
        "Findings",
        "How good it is",
        "Beside simpler models",
        "Classes",
        "What is taken for what",
        "How far its probabilities can be trusted",
        "ROC curves on test",
        "Training",
        "Leaks between sides",
        "The recipe",
        "The features",
        "How to read this",
    ] {
        assert!(html.contains(heading), "{heading}");
    }
    for said in ["accuracy on test", "LSTM 4; windows of 10 frames", "majority class", "nearest centroid", " UTC"] {
        assert!(html.contains(said), "{said}");
    }
    for foreign in ["http://", "https://", "src=", "href=", "url(", "@import", "<link", "<script", "NaN"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    let escaped = html.matches("&lt;b&gt;&amp;").count();
    assert!(!html.contains("<b>") && escaped > 10, "{LABEL} stands {escaped} times escaped");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_version_gives_the_same_bytes() {
    let (_folder, session) = trained().await;
    assert!(page(&session, "odd").await == page(&session, "odd@1").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_the_tables_say() {
    let (_folder, session) = trained().await;
    let page = of_session(&session, "odd").await.expect("a page");
    let count = async |sql: &str| rows(&session, sql).await.iter().map(|batch| batch.num_rows()).sum::<usize>();
    assert_eq!(count("SELECT * FROM models.odd.metrics").await, page.metrics.len());
    assert_eq!(count("SELECT * FROM models.odd.balance").await, page.inventory.len());
    assert_eq!(count("SELECT * FROM models.odd.diagnosis").await, page.findings.expect("findings").len());
    assert_eq!(count("SELECT * FROM models.odd.leaks").await, page.leaks.expect("leaks").len());
    let test = "SELECT DISTINCT subject FROM models.odd.predictions WHERE split = 'test'";
    let headline = page.headline.expect("test rows");
    assert_eq!((Some(count(test).await as u64), headline.chance), (headline.subjects, Some(0.5)));
    let first_and_last = [page.curves.first(), page.curves.last()].map(|point| point.expect("a curve"));
    assert_eq!(first_and_last.map(|point| point.false_positive_rate), [0.0, 1.0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_leaks_says_so_beside_itself() {
    let (folder, session) = trained().await;
    let models = folder.path().display();
    let copy = format!(
        "COPY (SELECT *, CASE row_number() OVER (ORDER BY window_id) % 3 WHEN 0 THEN 'test' ELSE 'train' END AS split
           FROM pose_windows((SELECT * FROM frames), width => 10, stride => 10))
         TO '{models}/leaky' STORED AS LSTM OPTIONS ('units' '4', 'epochs' '1', 'allow_leaks' 'true')"
    );
    rows(&session, &copy).await;
    let page = of_session(&session, "leaky").await.expect("a page");
    let caveat = page.headline.and_then(|headline| headline.caveat).expect("a caveat");
    assert!(caveat.contains("leak into train"), "{caveat}");
    let leaks = page.leaks.expect("leaks");
    assert!(
        leaks.iter().any(|row| row.severity == "error" && row.detail.contains("on train, test; split")),
        "{leaks:?}"
    );
}

/// The tables that versions had before there were baselines, leaks, balance, recordings and diagnosis.
fn is_old(blob: &str) -> bool {
    !["baselines", "leaks", "balance", "recordings", "diagnosis"].iter().any(|table| blob.starts_with(table))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_an_older_posequel_says_what_is_missing() {
    let (folder, session) = trained().await;
    let root = resolve::text(&folder.path().display().to_string(), &session.runtime_env()).expect("a folder");
    republish(&root).await;
    let html = page(&session, "old").await;
    let missing = "did not store the tables diagnosis, leaks, baselines, balance yet";
    for said in [missing, "Nobody looked for leaks.", "Windows of train include augmented copies."] {
        assert!(html.contains(said), "{said}");
    }
    assert!(!html.contains("Beside simpler models") && html.contains("ROC curves on test"));
}

/// Makes the model `old` of the files of `odd` that an older posequel would have written.
async fn republish(root: &Location) {
    let odd = version(&root.child("odd"), None).await.expect("a version");
    let mut blobs = vec![];
    for name in odd.manifest.blobs.keys().filter(|name| is_old(name)) {
        blobs.push((name.clone(), odd.fetch(name).await.expect("a file")));
    }
    publish(&root.child("old"), blobs, odd.manifest.summary, &Interrupt::default()).await.expect("a version");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_damaged_is_refused_by_name() {
    let (folder, session) = trained().await;
    let root = resolve::text(&folder.path().display().to_string(), &session.runtime_env()).expect("a folder");
    let folder = version(&root.child("odd"), None).await.expect("a version").folder();
    std::fs::write(folder.child("leaks.parquet").local.expect("a local file"), "PAR1").expect("a damaged file");
    let error = of_session(&session, "odd").await.expect_err("a damaged table").to_string();
    assert!(error.contains("leaks.parquet is damaged"), "{error}");
}

fn report(models: &Path, folder: &Path, args: &[&str]) -> Output {
    let set = format!("posequel.models.location={}", models.display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
    command.current_dir(folder).args(["report", "--set", &set]).args(args).stdin(Stdio::null());
    command.output().expect("the binary")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_writes_a_file_or_standard_output() {
    let (models, session) = trained().await;
    let (folder, expected) = (tempfile::tempdir().expect("a folder"), page(&session, "odd").await);
    let read = |file: &str| std::fs::read_to_string(folder.path().join(file)).expect("a report");
    let output = report(models.path(), folder.path(), &["odd"]);
    assert_eq!((output.status.code(), stderr(&output), output.stdout.len()), (Some(0), "report.html\n", 0));
    // A second one takes the place of the first.
    std::fs::write(folder.path().join("odd-1.html"), "an older report").expect("a file");
    let output = report(models.path(), folder.path(), &["odd@1", "-o", "odd-1.html"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), "odd-1.html\n"));
    assert!(read("report.html") == expected && read("odd-1.html") == expected);
    let output = report(models.path(), folder.path(), &["odd", "-o", "-"]);
    assert!(output.stdout == expected.as_bytes() && output.stderr.is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing else is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_what_is_wrong() {
    let (models, _) = trained().await;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("out")).expect("a folder");
    for (args, code, message) in [
        (&["odd", "-o", "no/such/report.html"][..], 1, "there is no folder no/such; make it first"),
        (&["odd", "-o", "out"], 1, "cannot write out: it is a folder"),
        (&["ode"], 1, "did you mean 'odd'?"),
        (&["odd@7"], 1, "has no version 7; known: 1"),
        (&["odd@all"], 1, "expected one version, such as 'odd@1'"),
        (&["odd@x"], 1, "expected a version such as 'odd@1'"),
        (&[], 2, "<NAME>"),
        (&["odd", "--set", "posequel.models.locaton=x"], 1, "did you mean 'posequel.models.location'?"),
    ] {
        let output = report(models.path(), folder.path(), args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(message) && output.stdout.is_empty(), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing was written");
}
