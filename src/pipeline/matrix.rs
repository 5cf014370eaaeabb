//! `[matrix]`: steps that are run for every combination of some axes.

use std::collections::BTreeMap;

use super::manifest::{Manifest, Scalar, Step};
use crate::error::{Result, query_err, suggest};

/// A matrix of more is a slip: each cell is a training.
const MOST_CELLS: usize = 100_000;

/// The value of each axis.
pub(super) type Values = BTreeMap<String, Scalar>;

/// What a pipeline runs, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// A step, once: its place in the manifest, and its SQL.
    Once(Resolved),
    /// Consecutive steps with `each`, as independent cells.
    Cells(Vec<Cell>),
}

/// A step with its variables put in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Resolved {
    /// The place of the step in the manifest.
    pub step: usize,
    /// What it runs.
    pub sql: String,
}

/// One combination of all axes of its steps.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    /// The value of each axis, in the order in which the steps name them.
    pub values: Vec<(String, Scalar)>,
    /// Its steps, each with the axes that it is run for: where these are fewer than the cell's, cells share it.
    pub steps: Vec<(Resolved, Values)>,
}

impl Cell {
    /// `width=15, fold=1`
    pub fn name(&self) -> String {
        self.values.iter().map(|(axis, value)| format!("{axis}={value}")).collect::<Vec<_>>().join(", ")
    }
}

impl Manifest {
    /// Refuses a matrix that means nothing.
    pub(super) fn check_matrix(&self) -> Result<()> {
        if let Some((axis, _)) = self.matrix.iter().find(|(_, values)| values.is_empty()) {
            return query_err!("[matrix] {axis} has no value; give it at least one: {axis} = [1, 2]");
        }
        for (axis, values) in &self.matrix {
            let texts: Vec<String> = values.iter().map(Scalar::to_string).collect();
            if texts.iter().any(String::is_empty) {
                return query_err!("[matrix] {axis} has an empty value; write {axis}=15,20 without a comma at its end");
            }
            if let Some(place) = (1..texts.len()).find(|place| texts[..*place].contains(&texts[*place])) {
                return query_err!("[matrix] {axis} has {} twice; a cell is run once", texts[place]);
            }
        }
        if let Some(axis) = self.matrix.keys().find(|axis| self.variables.contains_key(*axis)) {
            return query_err!("'{axis}' is in [matrix] and in [variables]; keep one of them");
        }
        if let Some(axis) = self.matrix.keys().find(|axis| ["model", "version"].contains(&axis.as_str())) {
            return query_err!("[matrix] an axis cannot be called '{axis}': the table cells has a column of that name");
        }
        for step in &self.steps {
            for (place, axis) in step.each.iter().enumerate() {
                if !self.matrix.contains_key(axis) {
                    let near = suggest(axis, self.matrix.keys().map(String::as_str));
                    return query_err!("step '{}': each names '{axis}', which is not in [matrix]{near}", step.name);
                }
                if step.each[..place].contains(axis) {
                    return query_err!("step '{}': each names '{axis}' twice", step.name);
                }
            }
        }
        match self.matrix.keys().find(|axis| !self.steps.iter().any(|step| step.each.contains(axis))) {
            Some(axis) => query_err!("[matrix] {axis} is used nowhere: no step has each = ['{axis}']"),
            None => Ok(()),
        }
    }

    /// Every combination of the values of these axes, the last one changing fastest.
    pub(super) fn combinations(&self, axes: &[String]) -> Vec<Vec<(String, Scalar)>> {
        axes.iter().fold(vec![vec![]], |all, axis| {
            let values = self.matrix.get(axis).map(Vec::as_slice).unwrap_or_default();
            let with = |of: &Vec<(String, Scalar)>| {
                let of = of.clone();
                values.iter().map(move |value| of.iter().cloned().chain([(axis.clone(), value.clone())]).collect())
            };
            all.iter().flat_map(with).collect()
        })
    }

    /// The stages of the pipeline; `sql` gives the SQL of a step for the values of its axes.
    pub(super) fn stages(&self, mut sql: impl FnMut(&Step, &Values) -> Result<String>) -> Result<Vec<Stage>> {
        let mut stages = vec![];
        let mut group: Vec<usize> = vec![];
        for (place, step) in self.steps.iter().enumerate() {
            if !step.each.is_empty() {
                group.push(place);
                continue;
            }
            self.close(&mut group, &mut stages, &mut sql)?;
            stages.push(Stage::Once(Resolved { step: place, sql: sql(step, &Values::new())? }));
        }
        self.close(&mut group, &mut stages, &mut sql)?;
        Ok(stages)
    }

    fn close(
        &self,
        group: &mut Vec<usize>,
        stages: &mut Vec<Stage>,
        sql: &mut impl FnMut(&Step, &Values) -> Result<String>,
    ) -> Result<()> {
        let places = std::mem::take(group);
        if places.is_empty() {
            return Ok(());
        }
        let mut axes: Vec<String> = vec![];
        for axis in places.iter().flat_map(|place| &self.steps[*place].each) {
            if !axes.contains(axis) {
                axes.push(axis.clone());
            }
        }
        let values = axes.iter().filter_map(|axis| self.matrix.get(axis)).map(Vec::len);
        if values.clone().try_fold(1_usize, usize::checked_mul).is_none_or(|cells| cells > MOST_CELLS) {
            return query_err!(
                "[matrix] {} make more than {MOST_CELLS} cells; give them fewer values",
                axes.join(" x ")
            );
        }
        let cell = |values: Vec<(String, Scalar)>| {
            let step = |place: &usize| {
                let step = &self.steps[*place];
                let own: Values = values.iter().filter(|(axis, _)| step.each.contains(axis)).cloned().collect();
                Ok((Resolved { step: *place, sql: sql(step, &own)? }, own))
            };
            let steps = places.iter().map(step).collect::<Result<Vec<_>>>()?;
            Ok(Cell { values, steps })
        };
        stages.push(Stage::Cells(self.combinations(&axes).into_iter().map(cell).collect::<Result<_>>()?));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWEEP: &str = "name = 's'\n[matrix]\nwidth = [15, 20]\nfold = [1, 2, 3]\n\
        [[steps]]\nname = 'frames'\nsql = 'SELECT 1'\n\
        [[steps]]\nname = 'windows'\neach = ['width']\nsql = 'SELECT ${width}'\n\
        [[steps]]\nname = 'train'\neach = ['width', 'fold']\nsql = 'SELECT ${width}, ${fold}'\n\
        [[steps]]\nname = 'table'\nsql = 'SELECT 2'\n";

    #[test]
    fn steps_with_axes_become_cells_and_others_stay_what_they_are() {
        let manifest = Manifest::parse(SWEEP).unwrap();
        let stages = manifest.stages(|step, values| Ok(format!("{} {}", step.name, values.len()))).unwrap();
        let [Stage::Once(_), Stage::Cells(cells), Stage::Once(last)] = &stages[..] else { panic!("{stages:?}") };
        assert_eq!(last.sql, "table 0");
        let names: Vec<_> = cells.iter().map(Cell::name).collect();
        assert_eq!(names[..4], ["width=15, fold=1", "width=15, fold=2", "width=15, fold=3", "width=20, fold=1"]);
        let sql: Vec<_> = cells[0].steps.iter().map(|(step, _)| step.sql.as_str()).collect();
        assert_eq!(sql, ["windows 1", "train 2"]);
    }

    #[test]
    fn values_of_an_axis_are_set_in_the_type_that_it_has() {
        let mut manifest = Manifest::parse(&SWEEP.replace("[15, 20]", "['01', '02']")).unwrap();
        assert!(manifest.set_variable("width", "01, 03").unwrap());
        assert_eq!(manifest.matrix["width"], ["01", "03"].map(|text| Scalar::Text(text.to_owned())));
        assert!(manifest.set_variable("fold", "1,4").unwrap());
        assert_eq!(manifest.matrix["fold"], [1, 4].map(Scalar::Integer));
        for (value, refused) in [("1,,2", "fold has an empty value"), ("1,2,1", "fold has 1 twice")] {
            let error = manifest.set_variable("fold", value).unwrap_err().to_string();
            assert!(error.contains(refused), "{error}");
        }
    }

    #[test]
    fn a_matrix_of_too_many_cells_is_refused() {
        let axis = |name: &str| format!("{name} = {:?}", (0..400).collect::<Vec<_>>());
        let text = SWEEP.replace("width = [15, 20]", &axis("width")).replace("fold = [1, 2, 3]", &axis("fold"));
        let error = Manifest::parse(&text).unwrap().check().unwrap_err().to_string();
        assert!(error.contains("[matrix] width x fold make more than 100000 cells"), "{error}");
        // Apart, they are 800.
        let apart = text.replace(
            "each = ['width', 'fold']\nsql = 'SELECT ${width}, ${fold}'",
            "each = ['fold']\nsql = 'SELECT ${fold}'",
        );
        let apart = apart.replace(
            "[[steps]]\nname = 'train'",
            "[[steps]]\nname = 'between'\nsql = 'SELECT 3'\n[[steps]]\nname = 'train'",
        );
        Manifest::parse(&apart).unwrap().check().unwrap();
    }

    #[test]
    fn a_matrix_that_means_nothing_is_refused() {
        for (change, refused) in [
            ("fold = [1, 2, 3]|version = [1]\nfold = [1, 2, 3]", "an axis cannot be called 'version'"),
            ("fold = [1, 2, 3]|fold = []", "[matrix] fold has no value"),
            ("fold = [1, 2, 3]|fold = [1, 2, 1]", "[matrix] fold has 1 twice"),
            ("fold = [1, 2, 3]|fold = ['']", "[matrix] fold has an empty value"),
            (
                "each = ['width']|each = ['widht']",
                "each names 'widht', which is not in [matrix]; did you mean 'width'?",
            ),
            ("each = ['width', 'fold']|each = ['width']", "[matrix] fold is used nowhere"),
            ("each = ['width', 'fold']|each = ['width', 'fold', 'fold']", "each names 'fold' twice"),
            ("[matrix]|[variables]\nfold = 1\n[matrix]", "'fold' is in [matrix] and in [variables]"),
        ] {
            let (from, to) = change.split_once('|').unwrap();
            let error = Manifest::parse(&SWEEP.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(refused), "{error}");
        }
    }
}
