//! Whether truth and predictions name the same classes: else rows count as wrong that are right by another name.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::Field;
use arrow::util::display::array_value_to_string;

use super::predicted::PREDICTED;
use crate::account::class_names::{folded, shown};
use crate::account::parts::Parts;
use crate::error::{Error, Result, data_err};

/// The classes of the truth in all parts together, and those that are predicted in each of them.
///
/// The truth of one part would not do: a video may be of one class, and wholly taken for another.
pub(super) struct Named<'a> {
    truth: BTreeSet<&'a str>,
    /// By the number of the part.
    predicted: BTreeMap<u32, BTreeSet<&'a str>>,
}

impl<'a> Named<'a> {
    /// From classes in any order, as often as they come; a prediction has the number of its part.
    pub fn new(truth: impl IntoIterator<Item = &'a str>, predicted: impl IntoIterator<Item = (u32, &'a str)>) -> Self {
        let mut of_part: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
        for (part, class) in predicted {
            of_part.entry(part).or_default().insert(class);
        }
        Self { truth: truth.into_iter().collect(), predicted: of_part }
    }

    /// Refuses a part whose predictions have no class in common with the truth, and names that seem to be one class.
    ///
    /// # Errors
    /// Names the first such part by its columns `by`, and the classes.
    pub fn refuse_apart(mut self, function: &str, parts: &Parts, by: &[Field]) -> Result<()> {
        if self.truth.is_empty() {
            return Ok(());
        }
        let mut order: Vec<u32> = parts.in_order().filter(|part| self.predicted.contains_key(part)).collect();
        let all: BTreeSet<&str> = self.predicted.values().flatten().copied().collect();
        let is_apart = !all.is_empty() && self.truth.is_disjoint(&all);
        // Parts of one answer each are no models: these are judged together.
        let together = is_apart || by.iter().any(|field| field.name() == PREDICTED);
        if together && !order.is_empty() {
            (self.predicted, order) = (BTreeMap::from([(0, all)]), vec![0]);
        }
        let place = |part: u32| if together { Ok(String::new()) } else { of_part(parts, by, part) };
        let known = self.known();
        for part in &order {
            let predicted = &self.predicted[part];
            if predicted.is_disjoint(&known) && (is_apart || seems_renamed(predicted, &self.truth)) {
                return no_common(function, &place(*part)?, &self.truth, predicted);
            }
        }
        let mut by_folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        self.truth.iter().for_each(|class| by_folded.entry(folded(class)).or_default().push(class));
        match order.iter().find_map(|part| Some((part, self.alike(&by_folded, &self.predicted[part])?))) {
            Some((part, (truth, predicted))) => seem_one(function, &place(*part)?, truth, predicted),
            None => Ok(()),
        }
    }

    /// The classes of the truth, and those that are predicted beside one: a net may know a class that no row is of.
    fn known(&self) -> BTreeSet<&'a str> {
        let beside = self.predicted.values().filter(|predicted| !predicted.is_disjoint(&self.truth));
        self.truth.iter().chain(beside.flatten()).copied().collect()
    }

    /// A class of the truth and one of `predicted` that seem to be one, and that no part tells apart. The classes of the truth come by their
    /// [`folded`] names.
    fn alike(
        &self,
        by_folded: &BTreeMap<String, Vec<&'a str>>,
        predicted: &BTreeSet<&'a str>,
    ) -> Option<(&'a str, &'a str)> {
        let told = |one: &str, other: &str| self.predicted.values().any(|of| of.contains(one) && of.contains(other));
        let twin = |other: &'a str| {
            let ones = by_folded.get(&folded(other))?;
            ones.iter().find(|one| !told(one, other)).map(|one| (*one, other))
        };
        predicted.difference(&self.truth).copied().find_map(twin)
    }
}

/// Whether these answers seem to be the classes of the truth under other names: several of them, or numbers for words. A part that is wholly
/// taken for one class that no row is of is only wrong.
fn seems_renamed(predicted: &BTreeSet<&str>, truth: &BTreeSet<&str>) -> bool {
    let numbers = |names: &BTreeSet<&str>| names.iter().all(|name| name.parse::<f64>().is_ok());
    predicted.len() > 1 || numbers(predicted) != numbers(truth)
}

/// ` of net 'a', width '30'`; nothing where the rows are one part.
fn of_part(parts: &Parts, by: &[Field], part: u32) -> Result<String> {
    let key = |(column, field): (&ArrayRef, &Field)| -> Result<String> {
        if column.is_null(0) {
            return Ok(format!("{} NULL", field.name()));
        }
        let value = array_value_to_string(column, 0).map_err(|e| Error::Internal(format!("by: {e}")))?;
        Ok(format!("{} '{value}'", field.name()))
    };
    let keys = parts.columns(vec![part])?.iter().zip(by).map(key).collect::<Result<Vec<_>>>()?;
    Ok(if keys.is_empty() { String::new() } else { format!(" of {}", keys.join(", ")) })
}

fn no_common(function: &str, place: &str, truth: &BTreeSet<&str>, predicted: &BTreeSet<&str>) -> Result<()> {
    let first = |names: &BTreeSet<&str>| {
        let first: Vec<String> = names.iter().take(5).map(|name| shown(name)).collect();
        first.join(", ") + if names.len() > 5 { ", ..." } else { "" }
    };
    data_err!(
        "{function}: label and predicted{place} have no class in common (label has {}; predicted has {}), so every row would count \
         as wrong: are these the same classes under other names? Name them alike on both sides, or say that all of them are \
         classes: labels => ['...', '...']",
        first(truth),
        first(predicted)
    )
}

fn seem_one(function: &str, place: &str, truth: &str, predicted: &str) -> Result<()> {
    let quoted = |name: &str| format!("'{}'", name.replace('\'', "''"));
    data_err!(
        "{function}: label has {} and predicted{place} has {}, which seem to be one class under two names, so every such row would \
         count as wrong: name it alike, CASE predicted WHEN {} THEN {} ELSE predicted END AS predicted, or say that all of them \
         are classes: labels => ['...', '...']",
        shown(truth),
        shown(predicted),
        quoted(predicted),
        quoted(truth)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{RecordBatch, StringArray};
    use arrow::datatypes::DataType;

    use super::*;

    /// The error of predictions by part, or nothing; parts come in the order of their names.
    fn error(truth: &[&str], by: &str, predicted: &[(&str, &[&str])]) -> String {
        let by = [Field::new(by, DataType::Utf8, false)];
        let mut parts = Parts::new("f", &by).unwrap();
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(predicted.iter().map(|(part, _)| part)));
        let numbers = parts.of(&RecordBatch::try_from_iter([(by[0].name(), names)]).unwrap()).unwrap();
        let of_part = numbers.into_iter().zip(predicted);
        let classes = of_part.flat_map(|(part, (_, classes))| classes.iter().map(move |class| (part, *class)));
        let found = Named::new(truth.iter().copied(), classes).refuse_apart("f", &parts, &by);
        found.err().map_or(String::new(), |error| error.to_string())
    }

    #[test]
    fn classes_without_one_in_common_are_refused_by_name() {
        let letters = ["f", "e", "d", "c", "b", "a"];
        let all = error(&letters, "net", &[("n", &["1", "0"])]);
        let expected = "no class in common (label has 'a', 'b', 'c', 'd', 'e', ...; predicted has '0', '1')";
        assert!(all.starts_with(&format!("f: label and predicted have {expected}")), "{all}");
        assert_eq!(error(&letters, "net", &[("n", &["x", "f"])]), "");
        assert_eq!(error(&letters, "net", &[("n", &[])]) + &error(&[], "net", &[("n", &letters)]), "");
    }

    #[test]
    fn a_part_by_other_names_does_not_hide_behind_the_others() {
        let found = error(&["run", "walk"], "net", &[("b", &["1", "0"]), ("a", &["run", "walk"]), ("c", &["2"])]);
        let expected = "no class in common (label has 'run', 'walk'; predicted has '0', '1')";
        assert!(found.starts_with(&format!("f: label and predicted of net 'b' have {expected}")), "{found}");
        // All of another part's truth, or of a class that the net knows and no row is of.
        assert_eq!(error(&["run", "walk"], "video", &[("v", &["run"]), ("w", &["walk"])]), "");
        assert_eq!(error(&["run", "walk"], "video", &[("v", &["run", "jump"]), ("w", &["jump"])]), "");
        // Wholly taken for one class that the net knows, and no row is of: wrong, and no other name; a number among words is.
        assert_eq!(error(&["run", "walk"], "video", &[("v", &["run"]), ("w", &["jump"])]), "");
        assert_ne!(error(&["run", "walk"], "net", &[("a", &["run"]), ("b", &["1"])]), "");
        // An answer by itself is no model.
        assert_eq!(error(&["run", "walk"], PREDICTED, &[("run", &["run"]), ("jump", &["jump"])]), "");
    }

    #[test]
    fn names_that_seem_to_be_one_class_are_refused() {
        for (truth, predicted) in [("walk", "walk "), ("walk", "Walk"), ("sit_down", "sit down"), ("1", "01")] {
            let found = error(&[truth, "run"], "net", &[("a", &["run", truth]), ("b", &["run", predicted])]);
            let expected = format!("f: label has '{truth}' and predicted of net 'b' has '{predicted}', which seem");
            assert!(found.starts_with(&expected), "{found}");
            assert!(found.contains(&format!("WHEN '{predicted}' THEN '{truth}' ELSE")), "{found}");
            // Whoever predicts both tells them apart.
            assert_eq!(error(&[truth, "run"], "net", &[("a", &[truth, predicted]), ("b", &["run", predicted])]), "");
        }
        assert_eq!(error(&["walk", "run"], "net", &[("a", &["walk", "jump"])]), "");
    }
}
