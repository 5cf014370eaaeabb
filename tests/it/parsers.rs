//! Properties of what reads names, numbers and texts of users, over random ones, which shrink to the smallest that breaks them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use datafusion::execution::runtime_env::RuntimeEnv;
use posequel::augment::policy::written;
use posequel::pipeline::{Assignment, Format};
use posequel::roots::{Allowed, Roots};
use posequel::secrets::{may_hold_secret, without_secrets, without_secrets_of_urls};
use posequel::shown::{escaped, in_cell, in_line};
use posequel::store::age;
use posequel::store::layout::{HIGHEST, VersionFile, check_model_name, tombstone_file, version_file, version_of};
use posequel::store::reference::{Reference, Which};
use posequel::store::resolve;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

/// Texts of pieces that mean something to somebody, and of any letters.
fn text() -> impl Strategy<Value = String> {
    const PIECES: [&str; 44] = [
        "gait",
        "password",
        "token",
        "secret",
        "aws.secret_access_key",
        "sig",
        "s3",
        "file",
        "https",
        "://",
        "/",
        "..",
        ".",
        "~",
        "@",
        "1",
        "all",
        "=",
        "=>",
        ":",
        "'",
        "''",
        "\"",
        "`",
        "*",
        "***",
        "?",
        "&",
        " ",
        "\n",
        "\r",
        "\t",
        ",",
        ";",
        "(",
        ")",
        "\u{1b}[0m",
        "\u{9b}",
        "\u{202e}",
        "\0",
        "\u{e9}",
        "e\u{301}",
        "歩",
        "\\x1b",
    ];
    let piece = prop_oneof![3 => select(&PIECES[..]).prop_map(str::to_owned), 1 => any::<String>()];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Names that a model may have.
fn name() -> impl Strategy<Value = String> {
    "[a-z0-9歩ü][a-zA-Z0-9歩ü_.-]{0,20}".prop_filter("a name", |name| check_model_name(name).is_ok())
}

/// The same texts in every run; PROPTEST_RNG_SEED and PROPTEST_CASES draw others, and more.
fn config() -> ProptestConfig {
    let given = std::env::var("PROPTEST_RNG_SEED").is_ok();
    let plain = ProptestConfig::default();
    if given { plain } else { ProptestConfig { rng_seed: RngSeed::Fixed(16), failure_persistence: None, ..plain } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_reference_is_written_as_it_is_read(name in name(), number in 1..=u64::MAX, any in text()) {
        for (written, which) in [
            (name.clone(), Which::Newest),
            (format!("{name}@{number}"), Which::Number(number)),
            (format!("{name}@all"), Which::All),
        ] {
            prop_assert_eq!(Reference::parse(&written).unwrap(), Reference { name: name.clone(), which });
            prop_assert_eq!(Reference::parse(&written).unwrap().to_string(), written);
        }
        if let Ok(read) = Reference::parse(&any) {
            prop_assert_eq!(Reference::parse(&read.to_string()).unwrap(), read);
        }
    }

    #[test]
    fn a_file_of_a_version_is_the_one_of_its_number(number in 1..=HIGHEST, digits in "[0-9]{0,22}", any in text()) {
        prop_assert_eq!(version_of(&version_file(number)), VersionFile::Version(number));
        prop_assert_eq!(version_of(&tombstone_file(number)), VersionFile::Tombstone(number));
        for file in [any.clone(), format!("{any}.json"), format!("{digits}.json"), format!("{digits}.removed.json")] {
            match version_of(&file) {
                VersionFile::Version(number) => prop_assert_eq!(version_file(number), file),
                VersionFile::Tombstone(number) => prop_assert_eq!(tombstone_file(number), file),
                VersionFile::Impossible | VersionFile::Other => {}
            }
        }
    }

    #[test]
    fn an_assignment_is_a_key_and_all_that_follows(key in "[^=]{1,20}", value in text(), any in text()) {
        match Assignment::from_str(&format!("{key}={value}")) {
            Ok(set) => prop_assert_eq!((set.key.as_str(), set.value.as_str()), (key.trim(), value.trim())),
            Err(_) => prop_assert_eq!(key.trim(), ""),
        }
        prop_assert!(any.contains('=') || Assignment::from_str(&any).is_err());
    }

    #[test]
    fn a_policy_is_what_was_written(
        operations in vec((select(&OPERATIONS[..]), vec(-99.0..99.0_f64, 0..4), proptest::option::of(0.0..1.0_f64)), 1..6),
        (bar, blank) in (any::<bool>(), "[ \n]{0,2}"), any in text(),
    ) {
        let one = |(name, numbers, probability): &(&str, Vec<f64>, Option<f64>)| {
            let numbers: Vec<String> = numbers.iter().map(f64::to_string).collect();
            let call = if numbers.is_empty() { (*name).to_owned() } else { format!("{name}({blank}{})", numbers.join(",")) };
            call + &probability.map_or_else(String::new, |p| format!("{blank}@{p}"))
        };
        let policy = operations.iter().map(one).collect::<Vec<_>>().join(if bar { " | " } else { ", " });
        let read = written(&policy).unwrap();
        prop_assert_eq!(read.len(), operations.len());
        for (read, (name, numbers, probability)) in read.iter().zip(&operations) {
            prop_assert_eq!((read.name, read.probability), (*name, probability.unwrap_or(1.0)));
            let found: Vec<f64> = read.arguments.iter().map(|number| number.parse().unwrap()).collect();
            prop_assert_eq!(&found, numbers);
        }
        if let Err(error) = written(&any) {
            prop_assert!(error.to_string().starts_with("policy"), "{}", error);
        }
    }

    #[test]
    fn an_age_is_a_number_of_units(number in any::<u64>(), unit in select(&['s', 'm', 'h', 'd', 'w'][..]), any in text()) {
        let seconds = match unit { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 604_800 };
        let expected = number.checked_mul(seconds).map(Duration::from_secs);
        prop_assert_eq!(age::parse(&format!("{number}{unit}")).ok(), expected);
        if let Err(error) = age::parse(&any) {
            prop_assert!(error.to_string().contains(&any), "{}", error);
        }
    }

    #[test]
    fn a_format_is_known_by_its_name(name in select(&Format::NAMES[..]), any in text()) {
        prop_assert_eq!(name.parse::<Format>().unwrap(), name.to_uppercase().parse::<Format>().unwrap());
        match any.parse::<Format>() {
            Ok(_) => prop_assert!(Format::NAMES.contains(&any.to_lowercase().as_str())),
            Err(error) => prop_assert!(error.to_string().contains(&any), "{}", error),
        }
    }

    #[test]
    fn a_target_is_a_model_in_the_registry_or_a_place_of_its_name(name in name(), folders in vec(name(), 1..4), any in text()) {
        let runtime = RuntimeEnv::default();
        let target = |text: &str| resolve::target(text, "/data/models/", &runtime);
        prop_assert_eq!(target(&name).unwrap().to_string(), format!("/data/models/{name}"));
        let place = format!("/{}/{name}", folders.join("/"));
        prop_assert_eq!(target(&place).unwrap().to_string(), place.clone());
        prop_assert_eq!(target(&format!("file://{}", encoded(&place))).unwrap().to_string(), place);
        match target(&any) {
            Ok(model) => prop_assert!(check_model_name(model.name()).is_ok() && any.ends_with(model.name()), "{}", model),
            Err(error) => prop_assert!(!error.to_string().contains("is wrong here"), "{}", error),
        }
    }

    #[test]
    fn nothing_is_written_outside_of_the_roots(parts in vec(select(&["in", "out", "..", ".", "new", "up", "down", "loop", "", "a"][..]), 0..7), any in text()) {
        let (folder, roots) = fenced();
        let top = folder.path().canonicalize().unwrap();
        let path = top.join("in").join(parts.join("/").trim_start_matches('/'));
        if roots.check_write(&path).is_ok() {
            // Where it may be written, it lands inside.
            let _ = path.parent().map(std::fs::create_dir_all);
            if std::fs::write(&path, "x").is_ok() {
                let real = path.canonicalize().unwrap();
                prop_assert!(real.starts_with(top.join("in")), "{} is {}", path.display(), real.display());
            }
            prop_assert!(roots.check_read(&path).is_ok());
        }
        // Whatever the text, there is an answer; that of a relative path may depend on where the tests run.
        let inside = roots.check_read(Path::new(&any)).is_ok();
        prop_assert!(!inside || std::path::absolute(&any).is_ok_and(|path| path.starts_with(&top)));
    }

    #[test]
    fn secrets_are_hidden_once_and_nothing_else_changes(any in text(), plain in "[a-zA-Z0-9 ,.()é]{0,40}") {
        for hide in [without_secrets, without_secrets_of_urls] {
            let once = hide(&any).into_owned();
            prop_assert_eq!(hide(&once), once.as_str());
            prop_assert!(once == any || may_hold_secret(&any), "{}", any);
        }
        prop_assert!(matches!(without_secrets(&plain), Cow::Borrowed(same) if same == plain));
    }

    #[test]
    fn what_is_shown_steers_nothing_and_is_escaped_once(any in text(), plain in "[a-zA-Z0-9 ,é歩\n]{0,40}") {
        for (show, allowed) in [(escaped as fn(&str) -> Cow<'_, str>, "\n\t\r"), (in_cell, "\n"), (in_line, "")] {
            let once = show(&any).into_owned();
            prop_assert!(once.chars().all(|letter| allowed.contains(letter) || !letter.is_control()), "{:?}", once);
            let turns = once.contains(['\u{202e}', '\u{2066}', '\u{200f}']);
            prop_assert!(!turns, "{:?}", once);
            prop_assert_eq!(show(&once), once.as_str());
        }
        prop_assert_eq!(escaped(&plain), plain.as_str());
    }
}

const OPERATIONS: [&str; 11] = [
    "noise",
    "speed",
    "mirror",
    "rotate",
    "scale",
    "time_warp",
    "magnitude_warp",
    "window_slice",
    "time_mask",
    "joint_drop",
    "permutation",
];

/// A path in a URL.
fn encoded(path: &str) -> String {
    path.bytes().map(|b| if b.is_ascii() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A folder with a root `in`, a neighbour `out`, and links between them.
fn fenced() -> (tempfile::TempDir, Roots) {
    let folder = tempfile::tempdir().unwrap();
    let [inside, outside]: [PathBuf; 2] = ["in", "out"].map(|name| folder.path().join(name));
    std::fs::create_dir_all(inside.join("down")).unwrap();
    std::fs::create_dir(&outside).unwrap();
    #[cfg(unix)]
    for (name, to) in [("up", &outside), ("in", &inside), ("loop", &inside.join("loop"))] {
        std::os::unix::fs::symlink(to, inside.join(name)).unwrap();
    }
    let roots = Roots::default();
    roots.fence(&Allowed { write: vec![inside], ..Allowed::default() }).unwrap();
    (folder, roots)
}
