//! Every lesson of `sql/` runs alone, to its end, prints what it printed when it was last read by a person, and says
//! nothing on stderr but what training warns of; so do the pipelines, with what they expect.
//!
//! `INSTA_UPDATE=always cargo test --release --test it lessons` writes the screens anew, into `tests/snapshots`.

use std::path::Path;
use std::process::{Command, Output};

use super::cli::workplace;

fn posequel(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_posequel")).current_dir(folder).args(args).output().unwrap()
}

fn printed(lesson: &str) -> String {
    let folder = workplace();
    let file = format!("sql/{lesson}.sql");
    let output = posequel(folder.path(), &["sql", "-f", &file]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().all(|line| line.starts_with("warning: ")), "{file}: {said}");
    assert_eq!(output.status.code(), Some(0), "{file}");
    String::from_utf8(output.stdout).unwrap()
}

/// The screen of a lesson is that of `tests/snapshots`.
fn shows(lesson: &str) -> String {
    let text = printed(lesson);
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(lesson, &text);
    });
    text
}

#[test]
fn lesson_1_reads_frames_from_files_and_folders() {
    let text = shows("01_frames");
    assert!(text.contains("| ABD   | 39905  |"), "{text}");
}

#[test]
fn lesson_2_cuts_windows() {
    shows("02_windows");
}

#[test]
fn lesson_3_keeps_people_on_one_side() {
    let text = shows("03_split");
    assert!(text.ends_with("| subjects_on_two_sides |\n+-----------------------+\n| 0                     |\n+-----------------------+\n"), "{text}");
}

#[test]
fn lesson_4_makes_copies_and_mirrors_twice() {
    let text = shows("04_augment");
    let last: Vec<&str> = text.lines().rev().nth(1).unwrap().split_whitespace().collect();
    let ["|", windows, "|", "0", "|", same_again, "|"] = last[..] else { panic!("{text}") };
    assert_eq!(windows, same_again);
}

#[test]
fn lesson_5_weighs_rare_classes() {
    shows("05_weigh");
}

// The engine computes the same bits with every instruction set: what it prints can be held to the digit.

#[test]
fn lesson_6_trains() {
    shows("06_train");
}

#[test]
fn lesson_7_shows_results() {
    shows("07_results");
}

#[test]
fn lesson_8_predicts() {
    shows("08_predict");
}

#[test]
fn lesson_9_takes_joints_apart() {
    shows("09_joints");
}

#[test]
fn lesson_10_looks_for_what_makes_a_result_a_lie() {
    shows("10_trust");
}

#[test]
fn lesson_11_measures_with_intervals_and_beside_baselines() {
    shows("11_metrics");
}

#[test]
fn lesson_12_tells_what_happened_when() {
    shows("12_timeline");
}

/// What README's first screen shows is what the quickstart does and prints.
#[test]
fn the_quickstart_is_the_one_of_the_readme() {
    let [readme, quickstart] = ["README.md", "sql/quickstart.sql"]
        .map(|file| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap());
    let shown = block(&readme, "sql");
    assert!(bare(&quickstart).starts_with(&bare(shown)), "README shows another quickstart than sql/quickstart.sql");
    let folder = workplace();
    let output = posequel(folder.path(), &["run", "pipelines/quickstart.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let screen = String::from_utf8(output.stdout).unwrap();
    assert!(screen.contains(block(&readme, "text")), "README shows another result than this:\n{screen}");
}

/// The first block of code of a language.
fn block<'a>(markdown: &'a str, language: &str) -> &'a str {
    let (_, rest) = markdown.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// SQL without its comments, and with one space where there was any.
fn bare(sql: &str) -> String {
    let code = sql.lines().map(|line| line.split("--").next().unwrap());
    code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_imbalanced_pipeline_holds_what_it_expects() {
    let folder = workplace();
    let output = posequel(folder.path(), &["run", "pipelines/imbalanced.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_sweep_and_the_table_of_leaks_hold_what_they_expect() {
    let folder = workplace();
    for args in [&["run", "pipelines/watch_sweep.toml"][..], &["run", "pipelines/watch_leaks.toml", "--set", "seed=1"]]
    {
        let output = posequel(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn no_lesson_is_forgotten_here() {
    let tested = include_str!("lessons.rs");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("sql")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let lesson = name.trim_end_matches(".sql");
        // Lessons have numbers; the rest belongs to pipelines.
        let is_lesson = lesson.starts_with(|c: char| c.is_ascii_digit());
        assert!(!is_lesson || tested.contains(&format!("(\"{lesson}\")")), "{name}");
    }
}

#[test]
fn every_pipeline_finds_its_files_and_variables() {
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines")).unwrap() {
        let mut manifest = posequel::pipeline::Manifest::read(&entry.unwrap().path()).unwrap();
        manifest.check().unwrap();
    }
}
