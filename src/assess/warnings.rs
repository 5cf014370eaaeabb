//! What is doubtful about rows that can be trained on, for whoever watches.

use arrow::datatypes::Schema;

use crate::schema::{FOLD, SPLIT, VIDEO, WEIGHT, sql_name};
use crate::split::quote::quote;
use crate::split::side::Side;
use crate::train::table::Table;

/// A sentence for each doubt about rows of a query with these columns; `trains` says whether a net is fitted.
pub fn warnings(table: &Table, columns: &Schema, trains: bool) -> Vec<String> {
    let has_split = columns.index_of(SPLIT).is_ok();
    let every = match trains {
        true => "every row trains, nothing is tested, and nothing stops the training in time",
        false => "every row counts as train, and nothing is tested",
    };
    let way_out = match like(columns, SPLIT, &["set", "subset", "partition", "fold"]) {
        Some(name) if name == FOLD => {
            "a column 'fold' says nothing of itself: CASE WHEN fold = 1 THEN 'test' ELSE 'train' END AS split"
                .to_owned()
        }
        Some(name) => format!("is it {name}? {name} AS split"),
        None => "pose_split((SELECT * FROM windows), by => 'video') makes one".to_owned(),
    };
    let no_split = format!("the query has no column 'split': {every}; {way_out}");
    let no_weight = like(columns, WEIGHT, &["sample_weight", "class_weight"]).map(|name| {
        format!("the query has no column 'weight', so all rows count alike; {name} is not looked at: {name} AS weight")
    });
    let unchecked = (has_split && columns.index_of(VIDEO).is_err()).then(|| {
        "the query has no column 'video': nothing tells which windows are of one recording, so whether one is on two sides is not looked \
         at, and intervals are over windows; name it, trial AS video"
            .to_owned()
    });
    let counts = table.classes.iter().zip(&table.part(Side::Train).counts);
    let weightless: Vec<&String> =
        counts.filter(|(_, count)| count.rows > 0 && count.weight == 0.0).map(|(class, _)| class).collect();
    let weights = (!weightless.is_empty()).then(|| {
        let classes = quote(weightless, "class");
        format!("column 'weight' is 0 in every train row of {classes}: the net never learns what these look like")
    });
    (!has_split)
        .then_some(no_split)
        .into_iter()
        .chain(unchecked)
        .chain(weights)
        .chain(no_weight)
        .chain(measured(table))
        .collect()
}

/// The column that may be meant by `name`, as SQL wants it, where there is none of that name: in other letters, or one of `others`.
fn like(columns: &Schema, name: &str, others: &[&str]) -> Option<String> {
    let names = || columns.fields().iter().map(|field| field.name().as_str());
    let is_like = |column: &&str| {
        let column = column.to_lowercase();
        column == name || others.contains(&column.as_str())
    };
    if names().any(|column| column == name) { None } else { names().find(is_like).map(sql_name) }
}

/// A mean of weights that nobody warns of: pose_weigh and scikit-learn's "balanced" make 1 of it.
const USUAL: f64 = 10.0;

/// A word where the weights of train look like a measurement, such as the weight of a person.
fn measured(table: &Table) -> Option<String> {
    let (rows, sum) = table
        .part(Side::Train)
        .counts
        .iter()
        .fold((0, 0.0), |(rows, sum), count| (rows + count.rows, sum + count.weight));
    let mean = sum / rows.max(1) as f64;
    (mean > USUAL).then(|| {
        format!(
            "column 'weight' is {mean:.3} on average over the train rows, where pose_weigh makes it 1: it says how much a row counts in \
             the loss; a measurement needs another name, weight AS mass"
        )
    })
}
