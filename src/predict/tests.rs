//! pose_predict and pose_attention over a small model that was really trained and published.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Schema};
use datafusion::error::Result;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::prelude::SessionContext;

use super::functions;
use crate::error::Error;
use crate::nn::config::ModelConfig;
use crate::options::training::{Pooling, TrainingOptions};
use crate::schema::features_field;
use crate::store::contents::Contents;
use crate::store::models::Models;
use crate::store::publish::published;
use crate::store::recipe::Recipe;
use crate::store::setting::LocationSetting;
use crate::train::fit::{Examples, Fitted, Training, Unwatched};
use crate::train::predictor::Predictor;

const WIDTH: usize = 4;
const DIM: usize = 2;

/// Windows [rows, 4, 2] that rise or fall, by turns.
fn windows(rows: usize) -> Vec<f32> {
    let value =
        |row: usize, at: usize| if row.is_multiple_of(2) { at as f32 } else { 7.0 - at as f32 } * 0.3 + row as f32 * 0.01;
    (0..rows).flat_map(|row| (0..WIDTH * DIM).map(move |at| value(row, at))).collect()
}

struct Lab {
    _folder: tempfile::TempDir,
    models: Arc<Models>,
    session: SessionContext,
    fitted: Fitted,
    recipe: Recipe,
}

impl Lab {
    async fn new() -> Self {
        Self::of(Pooling::Last).await
    }

    async fn of(pooling: Pooling) -> Self {
        let options = TrainingOptions { epochs: 2, pooling, ..TrainingOptions::preset("tiny").unwrap() };
        let architecture = ModelConfig::new(WIDTH, DIM, 2, &options).unwrap();
        let train = Examples {
            width: WIDTH,
            dim: DIM,
            features: windows(8),
            valid_len: vec![WIDTH as u32; 8],
            labels: vec![0, 1, 0, 1, 0, 1, 0, 1],
            weights: vec![1.0; 8],
            keys: (0..8).map(|row| row.to_string()).collect(),
        };
        let none = Examples::default();
        let training =
            Training { config: &architecture, options: &options, train: &train, validation: &none, heritage: None };
        let fitted = training.fit(&mut Unwatched).unwrap();
        let recipe = Recipe {
            features: Some(vec!["ax".into(), "ay".into()]),
            labels: vec!["fall".into(), "rise".into()],
            normalization: fitted.normalization.clone(),
            rows: [("train".to_owned(), 8)].into(),
            ..Recipe::plain(WIDTH, DIM, options)
        };
        let (folder, runtime) = (tempfile::tempdir().unwrap(), Arc::new(RuntimeEnv::default()));
        let setting = LocationSetting::default();
        setting.set(&folder.path().display().to_string());
        let models = Arc::new(Models::new(setting, runtime));
        let session = SessionContext::new();
        functions(&models).into_iter().for_each(|function| session.register_udf(function));
        let lab = Self { _folder: folder, models, session, fitted, recipe };
        lab.publish().await;
        lab
    }

    async fn publish(&self) {
        let Self { fitted, recipe, .. } = self;
        let verdict = Default::default();
        let contents = Contents {
            recipe,
            fitted,
            reports: &[],
            predictions: &[],
            labels: &[],
            caveat: Default::default(),
            baselines: &[],
            recordings: &[],
            verdict: &verdict,
            filled: None,
            diagnosis: &[],
        };
        let model = self.models.root().unwrap().child("toy");
        published(&model, contents.blobs().unwrap(), contents.summary(0)).await;
    }

    /// Table `windows` with a declared shape: `features`, and `valid_len` of 3; row 1 is NULL where `hole`.
    fn give(&self, values: Vec<f32>, (width, dim): (usize, usize), hole: bool) {
        let rows = values.len() / (width * dim);
        let field = features_field("features", width, dim, &[]).with_nullable(true);
        let DataType::FixedSizeList(item, size) = field.data_type() else { unreachable!("features are fixed lists") };
        let valid = (0..rows).map(|row| !(hole && row == 1)).collect::<Vec<_>>();
        let values = Arc::new(Float32Array::from(values));
        let features = FixedSizeListArray::new(Arc::clone(item), *size, values, Some(valid.into()));
        let columns: Vec<ArrayRef> = vec![Arc::new(features), Arc::new(Int64Array::from(vec![3; rows]))];
        let schema = Schema::new(vec![field, Field::new("valid_len", DataType::Int64, false)]);
        let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
        let _ = self.session.deregister_table("windows").unwrap();
        self.session.register_batch("windows", batch).unwrap();
    }

    /// The column of a query with one column.
    async fn column(&self, sql: &str) -> Result<ArrayRef> {
        let batches = self.session.sql(sql).await?.collect().await?;
        Ok(Arc::clone(batches[0].column(0)))
    }

    async fn refusal(&self, expression: &str) -> (Option<Error>, String) {
        let error = self.column(&format!("SELECT {expression} FROM windows")).await.unwrap_err();
        (Error::find(&error).cloned(), error.to_string())
    }
}

/// The probabilities in a column of predictions, NULL rows left out.
fn probabilities(predictions: &ArrayRef) -> Vec<f32> {
    let lists = Arc::clone(predictions.as_struct().column_by_name("probabilities").unwrap());
    lists.as_list::<i32>().iter().flatten().flat_map(|p| p.as_primitive::<Float32Type>().values().to_vec()).collect()
}

#[tokio::test]
async fn a_stored_model_says_bit_for_bit_what_the_trained_one_did() {
    let lab = Lab::new().await;
    let Fitted { normalization, best, .. } = &lab.fitted;
    let trained = Predictor::new(&lab.recipe.architecture, normalization, best, 1).unwrap();
    let expected = trained.probabilities(&windows(6), &[4; 6]).unwrap();
    lab.give(windows(6), (WIDTH, DIM), false);
    let predictions = lab.column("SELECT pose_predict('toy', features) FROM windows").await.unwrap();
    assert_eq!(probabilities(&predictions), expected);
    let (labels, top) = (predictions.as_struct().column(0).as_string::<i32>(), predictions.as_struct().column(1));
    for (row, p) in expected.chunks(2).enumerate() {
        let (label, probability) = if p[1] > p[0] { ("rise", p[1]) } else { ("fall", p[0]) };
        assert_eq!((labels.value(row), top.as_primitive::<Float64Type>().value(row)), (label, f64::from(probability)));
    }
}

#[tokio::test]
async fn a_null_window_is_null_and_no_rows_are_no_rows() {
    let lab = Lab::new().await;
    lab.give(windows(3), (WIDTH, DIM), true);
    let predictions = lab.column("SELECT pose_predict('toy', features) FROM windows").await.unwrap();
    assert_eq!((predictions.len(), predictions.null_count(), predictions.is_null(1)), (3, 1, true));
    for null in ["pose_predict(NULL, features)", "pose_predict('toy', NULL)", "pose_predict('toy', features, NULL)"] {
        let predictions = lab.column(&format!("SELECT {null} FROM windows")).await.unwrap();
        assert_eq!(predictions.null_count(), 3, "{null}");
    }
    let none = lab.session.sql("SELECT pose_predict('toy', features) FROM windows WHERE valid_len > 9").await.unwrap();
    assert_eq!(none.count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_list_of_numbers_is_a_window_too() {
    let lab = Lab::new().await;
    lab.give(windows(1), (WIDTH, DIM), false);
    let fixed = lab.column("SELECT pose_predict('toy', features) FROM windows").await.unwrap();
    let list: Vec<String> = windows(1).iter().map(f32::to_string).collect();
    let listed = lab.column(&format!("SELECT pose_predict('toy', [{}])", list.join(", "))).await.unwrap();
    assert_eq!(probabilities(&listed), probabilities(&fixed));
}

#[tokio::test]
async fn what_lies_behind_valid_len_does_not_matter() {
    let lab = Lab::new().await;
    let mut answers = vec![];
    for padding in [0.0, 5.0] {
        let mut padded = windows(1);
        padded[3 * DIM..].fill(padding);
        lab.give(padded, (WIDTH, DIM), false);
        let predictions = lab.column("SELECT pose_predict('toy', features, valid_len) FROM windows").await.unwrap();
        answers.push(probabilities(&predictions));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_window_of_another_shape_is_refused_with_both_sides() {
    let lab = Lab::new().await;
    let reads = "pose_predict: model 'toy' (version 1) reads windows of [4, 2] = 8 values, but features has";
    lab.give(windows(1), (2, 4), false);
    let (_, error) = lab.refusal("pose_predict('toy', features)").await;
    assert!(error.contains(&format!("{reads} 8 values ([2, 4]);")), "{error}");
    let (_, error) = lab.refusal("pose_predict('toy', [1.0, 2.0])").await;
    assert!(error.contains(&format!("{reads} 2 values;")), "{error}");
}

#[tokio::test]
async fn a_value_that_is_no_number_is_refused_as_data() {
    let lab = Lab::new().await;
    let mut values = windows(2);
    values[WIDTH * DIM + 3] = f32::NAN;
    lab.give(values, (WIDTH, DIM), false);
    let (refused, error) = lab.refusal("pose_predict('toy', features)").await;
    assert!(matches!(refused, Some(Error::Data(_))), "{error}");
    assert!(error.contains("row 1 of the batch, frame 1 of 4, feature 'ay'"), "{error}");
}

#[tokio::test]
async fn wrong_models_are_refused_by_name() {
    let lab = Lab::new().await;
    lab.give(windows(1), (WIDTH, DIM), false);
    for (expression, expected) in [
        ("pose_predict('toi', features)", "there is no model 'toi'"),
        ("pose_predict('toi', features)", "did you mean 'toy'?"),
        ("pose_predict('toy@2', features)", "has no version 2; known: 1"),
        ("pose_predict('toy@all', features)", "expected one version, such as 'toy@1'"),
        ("pose_predict('toy', 'features')", "features must be a list of numbers"),
        ("pose_predict('toy', features, 5)", "valid_len must be in 1..=4 (was 5"),
    ] {
        let (_, error) = lab.refusal(expression).await;
        assert!(error.contains(expected), "{expression}: {error}");
    }
}

#[tokio::test]
async fn a_model_is_loaded_once_and_a_name_means_its_newest_version() {
    let lab = Lab::new().await;
    let first = lab.models.load("toy").await.unwrap();
    assert!(Arc::ptr_eq(&first, &lab.models.load("toy@1").await.unwrap()));
    lab.publish().await;
    let second = lab.models.load("toy").await.unwrap();
    assert_eq!((first.version, second.version), (1, 2));
    assert!(Arc::ptr_eq(&first, &lab.models.load("toy@1").await.unwrap()));
}

#[tokio::test]
async fn a_stored_model_looks_where_the_trained_one_did() {
    let lab = Lab::of(Pooling::Attention).await;
    let Fitted { normalization, best, .. } = &lab.fitted;
    let trained = Predictor::new(&lab.recipe.architecture, normalization, best, 1).unwrap();
    lab.give(windows(3), (WIDTH, DIM), true);
    let weights = lab.column("SELECT pose_attention('toy', features, valid_len) FROM windows").await.unwrap();
    let [first, last] = [0, 2].map(|row| windows(3)[row * WIDTH * DIM..][..WIDTH * DIM].to_vec());
    let expected = trained.attention(&[first, last].concat(), &[3, 3]).unwrap().unwrap();
    assert!(weights.is_null(1) && expected[3] == 0.0 && expected[7] == 0.0);
    let lists = weights.as_list::<i32>().iter().flatten();
    assert_eq!(lists.flat_map(|w| w.as_primitive::<Float32Type>().values().to_vec()).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_model_without_attention_says_which_option_makes_one() {
    let lab = Lab::new().await;
    lab.give(windows(1), (WIDTH, DIM), false);
    let (refused, error) = lab.refusal("pose_attention('toy', features)").await;
    let expected =
        "pose_attention: model 'toy' (version 1) has no attention; train one with OPTIONS ('pooling' 'attention')";
    assert!(refused.is_none() && error.contains(expected), "{error}");
    let (_, error) = lab.refusal("pose_attention('toy', [1.0, 2.0])").await;
    assert!(error.contains("pose_attention: model 'toy' (version 1) reads windows of [4, 2]"), "{error}");
}
