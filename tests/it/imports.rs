//! A stage imports the floor and the stages above it, never below: ARCHITECTURE.md, "Who may import whom".

use std::path::{Path, PathBuf};

const FLOOR: [&str; 14] = [
    "error",
    "interrupt",
    "notes",
    "roots",
    "random",
    "regular",
    "schema",
    "secrets",
    "shown",
    "options",
    "args",
    "relation",
    "scalar",
    "account",
];
const STAGES: [&str; 11] =
    ["frames", "windows", "split", "augment", "weigh", "nn", "train", "evaluate", "store", "assess", "predict"];

#[test]
fn a_stage_imports_only_what_lies_above_it() {
    for (place, stage) in STAGES.iter().enumerate() {
        let above = if *stage == "nn" { &[][..] } else { &STAGES[..place] };
        let allowed = |module: &str| FLOOR.contains(&module) || module == *stage || above.contains(&module);
        for (file, module) in imports(stage) {
            assert!(allowed(&module), "{} imports {module}, which lies below {stage}", file.display());
        }
    }
}

#[test]
fn the_floor_imports_only_the_floor() {
    for part in FLOOR {
        for (file, module) in imports(part) {
            assert!(FLOOR.contains(&module.as_str()), "{} imports {module}", file.display());
        }
    }
}

/// Ends of the tree: what is here is asked by the binary and the host alone. The report shows what the others made.
#[test]
fn nothing_imports_the_report() {
    for part in FLOOR.iter().chain(&STAGES).chain(&["plugin", "pipeline"]) {
        for (file, module) in imports(part) {
            assert_ne!(module, "report", "{} imports report, which only shows", file.display());
        }
    }
}

#[test]
fn nets_know_neither_arrow_nor_datafusion() {
    for file in sources(&root().join("nn")) {
        let text = std::fs::read_to_string(&file).expect("a readable source");
        for foreign in ["arrow::", "datafusion::"] {
            assert!(!text.contains(foreign), "{} mentions {foreign}", file.display());
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules of this crate that a part of it names, by file.
fn imports(part: &str) -> Vec<(PathBuf, String)> {
    let (folder, file) = (root().join(part), root().join(format!("{part}.rs")));
    let files = if folder.is_dir() { sources(&folder) } else { vec![file] };
    let mut found = vec![];
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a readable source");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for piece in code.flat_map(|line| line.split("crate::").skip(1)) {
            let module: String = piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !module.is_empty() && !module.ends_with("_err") {
                found.push((file.clone(), module));
            }
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of sources").map(|e| e.expect("an entry").path());
    let nested = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    nested.filter(|path| path.extension().is_some_and(|e| e == "rs")).collect()
}
