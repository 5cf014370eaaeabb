//! What is a leak and what is none.

use super::*;
use crate::error::Result;

fn row<'a>(split: Side, label: &'a str, recording: &'a str, window: &'a str) -> Row<'a> {
    Row {
        split,
        label: Some(label),
        source: None,
        recording: Some(recording),
        subject: None,
        window: Some(window),
        source_window: None,
        copy: false,
        frames: None,
        content: None,
    }
}

fn sound() -> Vec<Row<'static>> {
    vec![
        row(Side::Train, "walk", "v1", "v1:0"),
        row(Side::Train, "run", "v2", "v2:0"),
        row(Side::Validation, "run", "v3", "v3:0"),
        row(Side::Test, "walk", "v4", "v4:0"),
    ]
}

fn refuse_leaks(rows: impl IntoIterator<Item = Row<'static>>) -> Result<()> {
    let mut check = LeakCheck::default();
    rows.into_iter().for_each(|row| check.add(&row));
    check.refuse(Allowed::default())
}

fn message(more: &[Row<'static>]) -> String {
    refuse_leaks(sound().into_iter().chain(more.iter().copied())).unwrap_err().to_string()
}

#[test]
fn a_sound_table_with_copies_in_train_passes() {
    let copy = Row { source_window: Some("v1:0"), copy: true, ..row(Side::Train, "walk", "v1", "v1:0#1") };
    assert_eq!(refuse_leaks(sound().into_iter().chain([copy])), Ok(()));
}

#[test]
fn a_class_that_train_never_has_is_named_with_its_recordings_and_sides() {
    let error = message(&[row(Side::Test, "squat", "v5", "v5:0"), row(Side::Validation, "squat", "v6", "v6:0")]);
    assert!(error.starts_with("class 'squat' is in validation (1 row of 1 recording ('v6')) and test (1 row of 1 recording ('v5')) but not in train"), "{error}");
    assert!(error.ends_with("WHERE label <> 'squat'"), "{error}");
}

#[test]
fn more_unseen_classes_are_counted_and_the_filter_is_valid_sql() {
    let error = message(&[
        row(Side::Test, "a's", "v5", "v5:0"),
        row(Side::Test, "b", "v5", "v5:1"),
        row(Side::Test, "c", "v5", "v5:2"),
    ]);
    assert!(error.contains("; so it is with 2 more classes ('b', 'c')"), "{error}");
    assert!(error.ends_with("WHERE label <> 'a''s'"), "{error}");
}

#[test]
fn a_recording_on_two_sides_is_named() {
    let error = message(&[row(Side::Test, "walk", "v1", "v1:9")]);
    assert!(error.starts_with("1 recording ('v1') is on more than one side (train, test)"), "{error}");
}

#[test]
fn a_window_or_its_copies_on_two_sides_is_named() {
    let bare = |split, window, source_window| Row { recording: None, source_window, ..row(split, "walk", "", window) };
    let twice = message(&[bare(Side::Test, "w", None), bare(Side::Train, "w", None)]);
    assert!(
        twice.starts_with("1 window ('w') is on more than one side (train, test), as itself or as a copy"),
        "{twice}"
    );
    let copied = message(&[bare(Side::Train, "w#1", Some("w")), bare(Side::Test, "w", None)]);
    assert!(copied.contains("('w')") && copied.contains("(train, test)"), "{copied}");
}

#[test]
fn copies_outside_train_are_counted() {
    let flagged = Row { copy: true, ..row(Side::Validation, "run", "v3", "v3:0#1") };
    assert!(message(&[flagged]).starts_with("1 augmented copy is in validation: 1 window ('v3:0#1')"));
    let by_source = Row { source_window: Some("v4:0"), ..row(Side::Test, "walk", "v4", "v4:0#1") };
    assert!(message(&[by_source]).starts_with("1 augmented copy is in test"));
}

#[test]
fn too_little_to_learn_from_is_refused() {
    let error = |rows: &[Row<'static>]| refuse_leaks(rows.iter().copied()).unwrap_err().to_string();
    assert!(error(&sound()[..1]).starts_with("train has class 'walk' only, where at least 2 classes are needed"));
    assert!(error(&sound()[2..]).starts_with("no row has split 'train' (1 validation, 1 test)"));
    assert!(error(&[]).starts_with("no row has split 'train' (0 validation, 0 test)"));
}

fn findings(rows: &[Row<'static>]) -> Vec<Leak> {
    let mut check = LeakCheck::default();
    rows.iter().for_each(|row| check.add(row));
    check.findings(None)
}

fn found(rows: &[Row<'static>], check: &str) -> Leak {
    findings(rows).into_iter().find(|leak| leak.check == check).unwrap()
}

#[test]
fn everything_that_is_looked_for_has_a_row_and_what_cannot_be_looked_for_says_so() {
    let leaks = findings(&sound());
    let status = |check: &str| leaks.iter().find(|leak| leak.check == check).unwrap().status;
    assert_eq!((status("shared recording"), status("shared window")), (Status::Ok, Status::Ok));
    // No row tells its person, its frames or its values.
    for check in ["shared subject", "shared frames", "duplicate content"] {
        assert_eq!(status(check), Status::NotChecked, "{check}");
    }
}

#[test]
fn rows_of_evaluation_that_a_leak_touches_are_counted_and_shared_out() {
    // 3 test rows: two of them of v1, which train has, one of v4, which it has not; and a validation row of v3.
    let more = [row(Side::Test, "walk", "v1", "v1:5"), row(Side::Test, "walk", "v1", "v1:9")];
    let leak = found(&[&sound()[..], &more].concat(), "shared recording");
    assert_eq!((leak.status, leak.count, leak.rows, leak.share), (Status::Error, 1, 2, Some(0.5)));
    assert_eq!((leak.sides.as_str(), leak.examples), ("train, test", vec!["v1".to_owned()]));
}

#[test]
fn the_same_values_under_two_names_are_a_leak_whatever_came_first() {
    let content = Some([3; 16]);
    let twin = |split, recording, window| Row { content, ..row(split, "walk", recording, window) };
    let rows = [twin(Side::Test, "b", "b:0"), twin(Side::Train, "a", "a:0"), twin(Side::Train, "c", "c:0")];
    let found = |rows: &[Row<'static>]| {
        let mut check = LeakCheck::default();
        check.set_has_values();
        rows.iter().for_each(|row| check.add(row));
        check.findings(None).into_iter().find(|leak| leak.check == "duplicate content").unwrap()
    };
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let rows: Vec<_> = sound().into_iter().chain(order.map(|i| rows[i])).collect();
        let leak = found(&rows);
        assert_eq!((leak.count, leak.rows, leak.examples), (1, 1, vec!["a (train) = b (test)".to_owned()]));
        let refused = refuse_leaks(rows).unwrap_err().to_string();
        assert!(
            refused.starts_with(
                "1 row outside train has the very values of a window on another side (a (train) = b (test))"
            ),
            "{refused}"
        );
    }
}

#[test]
fn values_that_never_move_are_no_twins() {
    assert_eq!(content(&[1.0, 2.0, 1.0, 2.0], 2), None);
    assert_ne!(content(&[1.0, 2.0, 1.0, 2.5], 2), None);
    assert_ne!(content(&[1.0, 2.0, 1.0, 2.5], 2), content(&[1.0, 2.0, 2.5, 1.0], 2));
}

#[test]
fn frames_on_two_sides_are_refused_of_a_table_that_was_cut_in_time_and_recordings_are_not() {
    let at = |split, first, last| Row { frames: Some((first, last)), ..row(split, "walk", "v1", "") };
    let rows =
        |start| [at(Side::Train, 0, 29), at(Side::Test, start, start + 29), row(Side::Train, "run", "v2", "v2:0")];
    let check = |start| {
        let mut check = LeakCheck::default();
        check.set_in_time();
        rows(start).into_iter().enumerate().for_each(|(n, row)| {
            let name = n.to_string();
            check.add(&Row { window: Some(&name), ..row });
        });
        check.refuse(Allowed::default())
    };
    assert_eq!(check(30), Ok(()));
    let refused = check(29).unwrap_err().to_string();
    assert!(refused.starts_with("1 row of 1 recording ('v1') share frames with a window of another side"), "{refused}");
}

#[test]
fn people_on_two_sides_are_a_warning_unless_somebody_says_otherwise() {
    let person = |split, recording, window| Row { subject: Some("p1"), ..row(split, "walk", recording, window) };
    let rows =
        [person(Side::Train, "v1", "v1:0"), person(Side::Test, "v4", "v4:0"), row(Side::Train, "run", "v2", "v2:0")];
    let mut check = LeakCheck::default();
    rows.iter().for_each(|row| check.add(row));
    let status = |allowed| {
        let leaks = check.findings(allowed);
        leaks.into_iter().find(|leak| leak.check == "shared subject").unwrap().status
    };
    assert_eq!([None, Some(true), Some(false)].map(status), [Status::Warning, Status::Ok, Status::Error]);
    assert_eq!(check.refuse(Allowed::default()), Ok(()));
    let refused = check.refuse(Allowed { shared_subjects: Some(false), ..Allowed::default() }).unwrap_err().to_string();
    assert!(refused.starts_with("1 subject ('p1') is on more than one side (train, test)"), "{refused}");
}

#[test]
fn what_is_allowed_is_not_refused() {
    let leaky: Vec<_> = sound().into_iter().chain([row(Side::Test, "walk", "v1", "v1:9")]).collect();
    let unseen: Vec<_> = sound().into_iter().chain([row(Side::Test, "squat", "v5", "v5:0")]).collect();
    let refuse = |rows: &[Row<'_>], allowed| {
        let mut check = LeakCheck::default();
        rows.iter().for_each(|row| check.add(row));
        check.refuse(allowed).is_err()
    };
    let leaks = Allowed { leaks: true, ..Allowed::default() };
    let classes = Allowed { unseen_classes: true, ..Allowed::default() };
    assert!(!refuse(&leaky, leaks) && refuse(&leaky, classes));
    assert!(!refuse(&unseen, classes) && refuse(&unseen, leaks));
}
