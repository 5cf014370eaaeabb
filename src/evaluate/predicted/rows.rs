//! The rows of a table of predictions, by numbers; put into an order of their own at the end, since sums of floats depend on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float32Type};

use super::Judged;
use crate::account::parts::Parts;
use crate::error::{Error, Result, data_err, query_err};
use crate::evaluate::Predictions;
use crate::evaluate::apart::Named;
use crate::evaluate::labels::refuse_others;
use crate::interrupt::Interrupt;

/// Rows of numbered parts.
pub(super) struct Rows {
    function: &'static str,
    /// As the caller gave them, in the order of the probabilities.
    labels: Option<Vec<String>>,
    classes: Names,
    recordings: Names,
    rows: Vec<Row>,
    /// [rows, values in a list], of the rows that are there; empty without a column.
    probabilities: Vec<f32>,
    /// Values in a list.
    size: Option<usize>,
}

#[derive(Clone, Copy)]
struct Row {
    part: u32,
    truth: u32,
    predicted: Option<u32>,
    recording: Option<u32>,
}

/// Names with a number each, in the order in which they came.
#[derive(Default)]
struct Names {
    numbers: BTreeMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let (number, name): (u32, Arc<str>) = (self.names.len() as u32, name.into());
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    fn has(&self, name: &str) -> bool {
        self.numbers.contains_key(name)
    }

    /// The place of each number among the sorted names.
    fn ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.names.len()];
        self.numbers.values().zip(0..).for_each(|(number, rank)| ranks[*number as usize] = rank);
        ranks
    }
}

impl Rows {
    pub fn new(function: &'static str, labels: Option<Vec<String>>) -> Self {
        Self {
            function,
            labels,
            classes: Names::default(),
            recordings: Names::default(),
            rows: vec![],
            probabilities: vec![],
            size: None,
        }
    }

    /// Reads a column of lists.
    pub fn reader(&self, column: Option<&ArrayRef>) -> Result<Probabilities> {
        let function = self.function;
        let Some(column) = column else { return Ok(Probabilities { function, lists: None }) };
        let item = Arc::new(Field::new_list_field(DataType::Float32, true));
        let lists = cast(column, &DataType::List(item)).map_err(|e| {
            Error::Query(format!("{function}: probabilities must be lists of numbers, one for each class: {e}"))
        })?;
        let values = lists.as_list::<i32>().values().as_primitive::<Float32Type>().clone();
        Ok(Probabilities { function, lists: Some((lists, values)) })
    }

    /// Takes a row.
    ///
    /// # Errors
    /// A label that is NULL; a class that `labels` lacks; lists of different lengths, or NULL beside a prediction.
    pub fn add(
        &mut self,
        part: u32,
        label: Option<&str>,
        predicted: Option<&str>,
        recording: Option<&str>,
        probabilities: Option<Option<Vec<f32>>>,
    ) -> Result<()> {
        let function = self.function;
        let Some(label) = label else {
            return data_err!(
                "{function}: a row has no label, so nobody knows whether it is right: WHERE label IS NOT NULL"
            );
        };
        for class in [Some(label), predicted].into_iter().flatten().filter(|class| !self.classes.has(class)) {
            refuse_others(function, self.labels.as_deref(), class)?;
        }
        let truth = self.classes.number(label);
        let predicted = predicted.map(|class| self.classes.number(class));
        let recording = recording.map(|name| self.recordings.number(name));
        if let (Some(list), Some(_)) = (probabilities, predicted) {
            let Some(list) = list else {
                return data_err!(
                    "{function}: a row has a prediction, and its probabilities are NULL; leave the column out, or such rows"
                );
            };
            match self.size {
                None => self.size = Some(list.len()),
                Some(size) if size == list.len() => {}
                Some(size) => {
                    // In the same words whichever came first.
                    let (fewer, more) = (size.min(list.len()), size.max(list.len()));
                    return data_err!("{function}: probabilities has {fewer} values in a row, and {more} in another");
                }
            }
            self.probabilities.extend(list);
        }
        self.rows.push(Row { part, truth, predicted, recording });
        Ok(())
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.rows.len() * size_of::<Row>() + self.probabilities.len() * 4 + 100 * self.recordings.names.len()
    }

    /// The predictions of these parts, which are all that there are.
    ///
    /// # Errors
    /// Labels that are not as many as the probabilities; [`Error::Interrupted`].
    pub fn finish(self, parts: impl Iterator<Item = u32>, interrupt: &Interrupt) -> Result<Vec<(u32, Judged)>> {
        let parts: Vec<u32> = parts.collect();
        let labels = self.all_labels()?;
        // Of a name that the caller gave twice the first place.
        let places: BTreeMap<&str, usize> =
            labels.iter().enumerate().rev().map(|(place, label)| (label.as_str(), place)).collect();
        let place = |name: &Arc<str>| places.get(&**name).copied().unwrap_or_default() as u32;
        let classes: Vec<u32> = self.classes.names.iter().map(place).collect();
        let ranks = self.recordings.ranks();
        let all_known = self.rows.iter().all(|row| row.recording.is_some());
        let some_abstained = self.rows.iter().any(|row| row.predicted.is_none());
        // The place of each answer's probabilities.
        let mut places = Vec::with_capacity(self.rows.len());
        let mut next = 0;
        for row in &self.rows {
            places.push(next);
            next += usize::from(row.predicted.is_some());
        }
        let k = labels.len();
        let list = |row: usize| self.probabilities.get(places[row] * k..(places[row] + 1) * k).unwrap_or_default();
        let mut of_part: Vec<Vec<usize>> = vec![vec![]; parts.len()];
        let mut abstained = vec![0; parts.len()];
        for (number, row) in self.rows.iter().enumerate() {
            match row.predicted {
                Some(_) => of_part[row.part as usize].push(number),
                None => abstained[row.part as usize] += 1,
            }
        }
        let judged = parts.into_iter().map(|part| {
            let mut numbers = std::mem::take(&mut of_part[part as usize]);
            let order = |number: usize| {
                let row = self.rows[number];
                let rank = row.recording.map(|recording| ranks[recording as usize]);
                (rank, classes[row.truth as usize], row.predicted.map(|class| classes[class as usize]))
            };
            let bits = |number: usize| list(number).iter().map(|p| p.to_bits());
            numbers.sort_by(|a, b| order(*a).cmp(&order(*b)).then_with(|| bits(*a).cmp(bits(*b))));
            let rows = || numbers.iter().map(|number| self.rows[*number]);
            let name = |row: Row| row.recording.map(|recording| Arc::clone(&self.recordings.names[recording as usize]));
            let mut probabilities = Vec::with_capacity(numbers.iter().map(|number| list(*number).len()).sum());
            for number in &numbers {
                interrupt.check()?;
                probabilities.extend_from_slice(list(*number));
            }
            let predictions = Predictions {
                labels: labels.clone(),
                truth: rows().map(|row| classes[row.truth as usize]).collect(),
                predicted: rows().filter_map(|row| row.predicted).map(|class| classes[class as usize]).collect(),
                probabilities,
                recording: if all_known { rows().filter_map(name).collect() } else { vec![] },
            };
            let judged = Judged { predictions, abstained: abstained[part as usize], grouped: false, some_abstained };
            Ok((part, judged))
        });
        judged.collect()
    }

    /// Refuses other names of the same classes, unless the caller named them all.
    ///
    /// # Errors
    /// As [`Named::refuse_apart`].
    pub fn refuse_apart(&self, parts: &Parts, by: &[Field]) -> Result<()> {
        if self.labels.is_some() {
            return Ok(());
        }
        let name = |class: u32| &*self.classes.names[class as usize];
        let truth: BTreeSet<u32> = self.rows.iter().map(|row| row.truth).collect();
        let predicted: BTreeSet<(u32, u32)> =
            self.rows.iter().filter_map(|row| Some((row.part, row.predicted?))).collect();
        let predicted = predicted.into_iter().map(|(part, class)| (part, name(class)));
        Named::new(truth.into_iter().map(name), predicted).refuse_apart(self.function, parts, by)
    }

    /// Those that were given, else all that occur.
    fn all_labels(&self) -> Result<Vec<String>> {
        let labels = match &self.labels {
            Some(labels) => labels.clone(),
            None => self.classes.numbers.keys().map(|name| name.to_string()).collect(),
        };
        match self.size {
            Some(size) if size != labels.len() => query_err!(
                "{}: probabilities has {size} values, and {} classes are known ({}): name them in the order of the probabilities, \
                 labels => ['...', '...']",
                self.function,
                labels.len(),
                labels.join(", ")
            ),
            _ => Ok(labels),
        }
    }
}

/// Lists of a batch.
pub(super) struct Probabilities {
    function: &'static str,
    lists: Option<(ArrayRef, Float32Array)>,
}

impl Probabilities {
    /// The list of a row, NULL if it is; nothing where there is no column.
    ///
    /// # Errors
    /// A list with a NULL inside.
    pub fn row(&mut self, row: usize) -> Result<Option<Option<Vec<f32>>>> {
        let Some((lists, values)) = &self.lists else { return Ok(None) };
        let lists = lists.as_list::<i32>();
        if lists.is_null(row) {
            return Ok(Some(None));
        }
        let offsets = lists.value_offsets();
        let range = offsets[row] as usize..offsets[row + 1] as usize;
        if range.clone().any(|at| values.is_null(at)) {
            return data_err!("{}: a probability is NULL inside of its list; leave such rows out", self.function);
        }
        Ok(Some(Some(values.values()[range].to_vec())))
    }
}
