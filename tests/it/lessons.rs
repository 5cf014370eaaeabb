//! Every lesson of `sql/` runs alone, to its end, and says nothing on stderr; so does a pipeline with its expectations.

use std::path::Path;
use std::process::Command;

use super::cli::workplace;

fn printed(lesson: &str) -> String {
    let folder = workplace();
    let file = format!("sql/{lesson}.sql");
    let output = Command::new(env!("CARGO_BIN_EXE_posequel"))
        .current_dir(folder.path())
        .args(["sql", "-f", &file])
        .output()
        .unwrap();
    assert_eq!(std::str::from_utf8(&output.stderr).unwrap(), "", "{file}");
    assert_eq!(output.status.code(), Some(0), "{file}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn lesson_1_reads_frames_from_files_and_folders() {
    let text = printed("01_frames");
    assert!(text.contains("| ABD   | 39905  |"), "{text}");
    assert!(text.contains("| watch-left | watch_006 | 0     | 119  |"), "{text}");
}

#[test]
fn lesson_2_cuts_windows() {
    printed("02_windows");
}

#[test]
fn lesson_3_keeps_people_on_one_side() {
    let text = printed("03_split");
    assert!(text.ends_with("| subjects_on_two_sides |\n+-----------------------+\n| 0                     |\n+-----------------------+\n"), "{text}");
}

#[test]
fn lesson_4_makes_copies_and_mirrors_twice() {
    let text = printed("04_augment");
    let last: Vec<&str> = text.lines().rev().nth(1).unwrap().split_whitespace().collect();
    let ["|", windows, "|", "0", "|", same_again, "|"] = last[..] else { panic!("{text}") };
    assert_eq!(windows, same_again);
}

#[test]
fn lesson_5_weighs_rare_classes() {
    printed("05_weigh");
}

#[test]
fn lesson_6_trains() {
    printed("06_train");
}

#[test]
fn lesson_7_shows_results() {
    printed("07_results");
}

#[test]
fn lesson_8_predicts() {
    printed("08_predict");
}

#[test]
fn the_imbalanced_pipeline_holds_what_it_expects() {
    let folder = workplace();
    let output = Command::new(env!("CARGO_BIN_EXE_posequel"))
        .current_dir(folder.path())
        .args(["run", "pipelines/imbalanced.toml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn no_lesson_is_forgotten_here() {
    let tested = include_str!("lessons.rs");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("sql")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let lesson = name.trim_end_matches(".sql");
        assert!(lesson == "quickstart" || tested.contains(&format!("printed(\"{lesson}\")")), "{name}");
    }
}
