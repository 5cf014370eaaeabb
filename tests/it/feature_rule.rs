//! What is a feature where nobody names them: the rule of today beside the one of 0.1 (floating, and none of t, weight,
//! label and the keys), over the frames of every .slt file, lesson and file of test data.
//!
//! `INSTA_UPDATE=always cargo test --release --test it feature_rule` writes the table anew, into `tests/snapshots`;
//! `POSEQUEL_RULE_OVER=folder` shows that of the Parquet files of another folder as well.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::datatypes::Schema;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::prelude::SessionContext;
use posequel::frames::columns::{Features, FrameColumns};
use posequel::frames::inventory::pass::Inventory;
use posequel::frames::pass::Pass;
use posequel::frames::pass::node::PassNode;
use posequel::frames::resampler::{Clock, Resample};
use posequel::windows::spec::Spec;

use crate::support::session;

/// The rule of 0.1: what is floating, and is neither a key nor the time, the weight or the label.
fn before(schema: &Schema, columns: &FrameColumns, time: Option<&String>) -> Vec<String> {
    if schema.index_of("features").is_ok() {
        return vec!["features".to_owned()];
    }
    let fields = schema.fields().iter().filter(|f| f.data_type().is_floating());
    let names = fields.map(|f| f.name()).filter(|n| !["t", "weight", "label"].contains(&n.as_str()));
    names.filter(|n| !columns.by.contains(n) && Some(*n) != time).cloned().collect()
}

/// The column of the argument `time`, of a resampling or of windows over one.
fn time(plan: &LogicalPlan) -> Option<&String> {
    let LogicalPlan::Extension(extension) = plan else { return None };
    let any: &dyn std::any::Any = extension.node.as_any();
    match any.downcast_ref::<PassNode<Resample>>().map(|node| &node.pass.clock) {
        Some(Clock::Column(time)) => Some(&time.name),
        Some(Clock::Rate(_)) => None,
        None => any.downcast_ref::<PassNode<Spec>>().and_then(|node| time(&node.input)),
    }
}

/// What a call guesses, if it guesses, and what it has guessed from.
fn guess<P: Pass>(plan: &LogicalPlan, found: &mut BTreeSet<String>) {
    let LogicalPlan::Extension(extension) = plan else { return };
    let any: &dyn std::any::Any = extension.node.as_any();
    let Some(node) = any.downcast_ref::<PassNode<P>>() else { return };
    let (columns, schema) = (node.pass.columns(), node.input.schema().as_arrow());
    let Some(guess) = &columns.guess else { return };
    let after = match &columns.features {
        Features::Columns(names) => names.clone(),
        Features::List { column, .. } => vec![column.clone()],
    };
    let before = before(schema, columns, time(plan));
    let only = |of: &[String], not: &[String]| -> Vec<String> {
        let kind = |name: &String| schema.field_with_name(name).map_or(String::new(), |f| f.data_type().to_string());
        of.iter().filter(|name| !not.contains(name)).map(|name| format!("{name} ({})", kind(name))).collect()
    };
    let new = format!("+[{}] -[{}]", only(&after, &before).join(", "), only(&before, &after).join(", "));
    let said = format!("left out [{}] doubtful [{}]", guess.left_out.join(", "), guess.doubtful.join(", "));
    found.insert(format!("{} of {}: {new} {said}", node.pass.names().0, before.len()));
}

/// Runs what makes tables and views, plans the rest.
async fn guesses(session: &SessionContext, statements: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for sql in statements {
        let Ok(plan) = session.state().create_logical_plan(sql).await else { continue };
        plan.apply_with_subqueries(|node| {
            guess::<Spec>(node, &mut found);
            guess::<Resample>(node, &mut found);
            guess::<Inventory>(node, &mut found);
            Ok(TreeNodeRecursion::Continue)
        })
        .unwrap();
        let makes = matches!(&plan, LogicalPlan::Ddl(ddl) if !matches!(ddl, DdlStatement::CreateFunction(_)));
        if makes || matches!(plan, LogicalPlan::Statement(_) | LogicalPlan::Dml(_)) {
            let made = session.execute_logical_plan(plan).await;
            if let Ok(frame) = made {
                let _ = frame.collect().await;
            }
        }
    }
    found
}

/// The SQL of a .slt file, or of a script.
fn statements(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    if path.extension().is_some_and(|e| e == "sql") {
        return text.split(";\n").map(str::to_owned).collect();
    }
    let records = text.split("\n\n").map(|record| {
        let lines = record.lines().skip_while(|line| !line.starts_with("query") && !line.starts_with("statement"));
        lines.skip(1).take_while(|line| *line != "----").collect::<Vec<_>>().join("\n")
    });
    records.filter(|sql| !sql.is_empty()).collect()
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_over_all_frames_that_are_there() {
    let mut table = String::new();
    for path in files("tests/slt", "slt").into_iter().chain(files("sql", "sql")) {
        for line in guesses(&session(1, 8192), &statements(&path)).await {
            table += &format!("{}: {line}\n", path.file_name().unwrap().to_string_lossy());
        }
    }
    for path in files("tests/data", "parquet") {
        let sql = format!("SELECT * FROM pose_windows((SELECT * FROM '{}'))", path.display());
        for line in guesses(&session(1, 8192), &[sql]).await {
            table += &format!("{}: {line}\n", path.file_name().unwrap().to_string_lossy());
        }
    }
    if let Ok(folder) = std::env::var("POSEQUEL_RULE_OVER") {
        for path in files(&folder, "parquet") {
            let sql = format!("SELECT * FROM pose_windows((SELECT * FROM '{}'))", path.display());
            for line in guesses(&session(1, 8192), &[sql]).await {
                writeln!(std::io::stderr(), "{}: {line}", path.display()).unwrap();
            }
        }
    }
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("feature_rule", &table);
    });
}
