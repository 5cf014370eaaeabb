//! The models of a session: found by name, loaded once.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use datafusion::execution::runtime_env::RuntimeEnv;
use tokio::sync::OnceCell;

use super::layout::{CONFIG, MODEL, table_blob};
use super::location::Location;
use super::numbers::Numbers;
use super::read::{self, Version};
use super::recipe::{Member, Recipe, member_prefix};
use super::reference::{Reference, Which};
use super::resolve;
use super::setting::LocationSetting;
use super::table::features;
use super::table::file::from_parquet;
use super::unfinished;
use super::wait::wait;
use crate::error::{Error, Result, query_err};
use crate::nn::engine::NamedTensor;
use crate::notes::Notes;
use crate::train::checkpoint;
use crate::train::normalize::Normalization;
use crate::train::predictor::Predictor;

/// A model that is ready to be asked.
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// How it came to be.
    pub recipe: Recipe,
    /// The net with its weights.
    pub predictor: Predictor,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// The number of threads of a predictor: probabilities do not depend on it.
const EVERY_CORE: usize = 0;

/// A model's files, wherever they lie: location, version and digest of the manifest.
type Key = (String, u64, String);

/// The models at `posequel.models.location`, for everybody in a session.
#[derive(Debug)]
pub struct Models {
    setting: LocationSetting,
    runtime: Arc<RuntimeEnv>,
    notes: Notes,
    loaded: Mutex<BTreeMap<Key, Arc<OnceCell<Arc<Model>>>>>,
}

/// Those of a session are equal to themselves alone: two functions that ask them are the same function.
impl PartialEq for Models {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Models {}

impl Hash for Models {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self).hash(state);
    }
}

impl Models {
    /// The models where `setting` says, in the stores that `runtime` knows.
    pub fn new(setting: LocationSetting, runtime: Arc<RuntimeEnv>) -> Self {
        Self { setting, runtime, notes: Notes::default(), loaded: Mutex::default() }
    }

    /// Says there what of the models cannot be read, where something else can.
    pub fn with_notes(self, notes: Notes) -> Self {
        Self { notes, ..self }
    }

    /// The folder of all models.
    pub fn root(&self) -> Result<Location> {
        resolve::text(&self.setting.get(), &self.runtime)
    }

    /// The names of all models, sorted. Waits for the store; for code that is not asynchronous.
    ///
    /// # Errors
    /// [`Error::Model`] when their folder cannot be listed; what of it cannot be read is a note.
    pub fn names(&self) -> Result<Vec<String>> {
        let root = self.root()?;
        let shelf = wait(async move { read::shelf(&root).await })?;
        self.warn(shelf.doubts);
        Ok(shelf.models.into_iter().map(|(name, _)| name).collect())
    }

    /// Says that something cannot be read, where something else can.
    pub fn warn(&self, doubts: impl IntoIterator<Item = String>) {
        doubts.into_iter().for_each(|doubt| self.notes.say(doubt));
    }

    /// The versions of a model that are meant, rising.
    ///
    /// # Errors
    /// [`Error::Model`] when there are none; it names what is known. Of all versions those that are damaged are a note.
    pub async fn versions(&self, name: &str, which: Which) -> Result<Vec<Version>> {
        let model = self.root()?.child(name);
        match which {
            Which::All => {
                let known = Numbers::of(&model).await?;
                read::chosen(&model, &known, None).await?;
                self.warn(known.doubts(&model));
                let survey = read::survey(&model, &known.published).await;
                self.warn(survey.damaged.iter().map(|(_, error)| error.to_string()));
                Ok(survey.versions)
            }
            Which::Newest => Ok(vec![read::version(&model, None).await?]),
            Which::Number(number) => Ok(vec![read::version(&model, Some(number)).await?]),
        }
    }

    /// Looks whether what is meant is there, without opening a manifest.
    ///
    /// # Errors
    /// As [`Self::versions`].
    pub async fn find(&self, name: &str, which: Which) -> Result<()> {
        let model = self.root()?.child(name);
        let number = if let Which::Number(number) = which { Some(number) } else { None };
        read::chosen(&model, &Numbers::of(&model).await?, number).await.map(|_| ())
    }

    /// Whether a model has no version yet.
    pub async fn is_unpublished(&self, name: &str) -> Result<bool> {
        Ok(read::numbers(&self.root()?.child(name)).await?.is_empty())
    }

    /// Whether trainings of a model run, or were cut off, and show how far they are.
    pub async fn is_training(&self, name: &str) -> Result<bool> {
        unfinished::has_histories(&self.root()?.child(name)).await
    }

    /// The histories so far of the trainings of a model that have not ended.
    pub async fn unfinished(&self, name: &str) -> Result<Vec<RecordBatch>> {
        unfinished::histories(&self.root()?.child(name)).await
    }

    /// The model that `gait` or `gait@3` names, loaded at its first use in this session.
    ///
    /// # Errors
    /// [`Error::Query`] for a name that is none or means many, [`Error::Model`] when it is not there or damaged.
    pub async fn load(&self, name: &str) -> Result<Arc<Model>> {
        let version = one(&self.root()?, name).await?;
        let key = (version.model.to_string(), version.number, version.digest.clone());
        let cell = Arc::clone(self.loaded.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        cell.get_or_try_init(|| load(&version)).await.cloned()
    }

    /// [`Self::load`] for code that is not asynchronous.
    pub fn load_now(self: &Arc<Self>, name: &str) -> Result<Arc<Model>> {
        let (models, name) = (Arc::clone(self), name.to_owned());
        wait(async move { models.load(&name).await })
    }
}

/// The version that `gait` or `gait@3` names among the models in `root`.
///
/// # Errors
/// [`Error::Query`] for a name that is none or means many, [`Error::Model`] when it is not there.
pub async fn one(root: &Location, name: &str) -> Result<Version> {
    let reference = Reference::parse(name)?;
    let number = match reference.which {
        Which::Newest => None,
        Which::Number(number) => Some(number),
        Which::All => return query_err!("model '{name}': expected one version, such as '{}@1'", reference.name),
    };
    read::version(&root.child(&reference.name), number).await
}

async fn recipe(version: &Version) -> Result<Recipe> {
    Recipe::from_json(&version.fetch(CONFIG).await?, &version.folder().child(CONFIG).to_string())
}

/// What the version of a single net consists of: its recipe, the scale of its features, and its weights.
///
/// # Errors
/// Files that are missing or damaged; [`Error::Query`] for an ensemble.
pub async fn parts(version: &Version) -> Result<(Recipe, Normalization, Vec<NamedTensor>)> {
    let file = |blob: &str| version.folder().child(blob).to_string();
    let recipe = recipe(version).await?;
    if !recipe.members.is_empty() {
        let (name, members) = (version.model.name(), recipe.members.iter().map(|m| m.model.as_str()));
        let members = members.collect::<Vec<_>>().join(", ");
        return query_err!("model '{name}' is an ensemble; name one of the nets that it consists of: {members}");
    }
    let features = table_blob("features");
    let scale = features::scale(&from_parquet(version.fetch(&features).await?, &file(&features))?)?;
    let weights = checkpoint::decode(&version.fetch(MODEL).await?, &recipe.architecture)
        .map_err(|e| Error::Model(format!("{}: {e}", file(MODEL))))?;
    Ok((recipe, scale, weights))
}

async fn load(version: &Version) -> Result<Arc<Model>> {
    let file = version.folder().child(MODEL);
    let wrong = |e: Error| Error::Model(format!("{file}: {e}"));
    let recipe = recipe(version).await?;
    let predictor = if recipe.members.is_empty() {
        let (recipe, scale, weights) = parts(version).await?;
        Predictor::new(&recipe.architecture, &scale, &weights, EVERY_CORE)
    } else {
        let bytes = version.fetch(MODEL).await?;
        let member = |(index, Member { architecture, normalization, temperature, .. }): (usize, &Member)| {
            let weights = checkpoint::decode_prefixed(&bytes, architecture, &member_prefix(index))?;
            let predictor = Predictor::new(architecture, normalization, &weights, EVERY_CORE)?;
            Ok(predictor.with_temperature(*temperature))
        };
        recipe.members.iter().enumerate().map(member).collect::<Result<_>>().and_then(Predictor::ensemble)
    };
    let predictor = predictor.map_err(wrong)?.with_temperature(recipe.temperature);
    Ok(Arc::new(Model { name: version.model.name().to_owned(), version: version.number, recipe, predictor }))
}

#[cfg(test)]
mod tests {
    use datafusion::execution::object_store::ObjectStoreUrl;
    use object_store::memory::InMemory;

    use super::*;
    use crate::store::manifest::Summary;
    use crate::store::publish::published;

    /// Models in a bucket, of which there is `gait` with an empty version.
    async fn bucket() -> Models {
        let (setting, runtime) = (LocationSetting::default(), Arc::new(RuntimeEnv::default()));
        let url = ObjectStoreUrl::parse("s3://bucket").unwrap();
        runtime.register_object_store(url.as_ref(), Arc::new(InMemory::new()));
        setting.set("s3://bucket/models/");
        let models = Models::new(setting, runtime);
        published(&models.root().unwrap().child("gait"), vec![], Summary::default()).await;
        models
    }

    #[tokio::test]
    async fn a_bucket_is_listed_from_a_runtime_of_one_thread() {
        assert_eq!(bucket().await.names().unwrap(), ["gait"]);
    }

    #[tokio::test]
    async fn a_version_without_a_recipe_is_refused_by_name() {
        let error = bucket().await.load("gait").await.unwrap_err().to_string();
        assert!(error.starts_with("model 'gait' version 1 has no file 'config.json'"), "{error}");
    }

    #[tokio::test]
    async fn an_unknown_bucket_says_what_to_do() {
        let models = bucket().await;
        models.setting.set("gs://other/models");
        let error = models.names().unwrap_err().to_string();
        assert!(error.contains("knows no store for 'gs://other/'; register one"), "{error}");
    }
}
