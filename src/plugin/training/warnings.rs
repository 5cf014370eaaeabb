//! What is doubtful about rows that can be trained on, for whoever watches.

use crate::split::quote::quote;
use crate::split::side::Side;
use crate::train::table::Table;

/// A sentence for each doubt; `has_split` says whether the query told the side of each row, `trains` whether a net is fitted.
pub fn warnings(table: &Table, has_split: bool, trains: bool) -> Vec<String> {
    let every = match trains {
        true => "every row trains, nothing is tested, and nothing stops the training in time",
        false => "every row counts as train, and nothing is tested",
    };
    let no_split = format!(
        "the query has no column 'split': {every}; pose_split((SELECT * FROM windows), by => 'video') makes one"
    );
    let counts = table.classes.iter().zip(&table.part(Side::Train).counts);
    let weightless: Vec<&String> =
        counts.filter(|(_, count)| count.rows > 0 && count.weight == 0.0).map(|(class, _)| class).collect();
    let weights = (!weightless.is_empty()).then(|| {
        let classes = quote(weightless, "class");
        format!("column 'weight' is 0 in every train row of {classes}: the net never learns what these look like")
    });
    (!has_split).then_some(no_split).into_iter().chain(weights).chain(measured(table)).collect()
}

/// The means of weights that nobody warns of: pose_weigh and scikit-learn's "balanced" make 1 of it.
const USUAL: std::ops::RangeInclusive<f64> = 0.1..=10.0;

/// A word where the weights of train look like a measurement, such as the weight of a person.
fn measured(table: &Table) -> Option<String> {
    let (rows, sum) = table
        .part(Side::Train)
        .counts
        .iter()
        .fold((0, 0.0), |(rows, sum), count| (rows + count.rows, sum + count.weight));
    let mean = sum / rows.max(1) as f64;
    (mean > 0.0 && !USUAL.contains(&mean)).then(|| {
        format!(
            "column 'weight' is {mean:.3} on average over the train rows, where pose_weigh makes it 1: it says how much a row counts in \
             the loss; a measurement needs another name, weight AS mass"
        )
    })
}
