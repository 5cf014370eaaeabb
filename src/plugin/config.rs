//! Session options: `SET posequel.models.location = 's3://bucket/models'`.

use std::any::Any;
use std::env::join_paths;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::{DataFusionError, Result};

use super::safe::folders;
use crate::error::suggest;
use crate::roots::{Allowed, Roots};
use crate::store::setting::LocationSetting;

const LOCATION: &str = "models.location";
const ALLOW_READ: &str = "safe.allow_read";
const ALLOW_WRITE: &str = "safe.allow_write";
const SAFE: &str = "safe.mode";
const KEYS: [&str; 4] = [LOCATION, ALLOW_READ, ALLOW_WRITE, SAFE];

/// The options of a session under `posequel.`; they are listed in `information_schema.df_settings`.
///
/// Clones share their values, against DataFusion's advice: DataFusion copies all options for each change and each
/// query, and the catalog `models` has no session in which it could look for the current copy. So SET takes effect
/// for every user of the session at once.
#[derive(Debug, Clone, Default)]
pub struct PosequelOptions {
    /// Where models are.
    pub models_location: LocationSetting,
    /// What may be touched; None where the stores of the session are a host's, which do not ask.
    pub roots: Option<Roots>,
    /// What safe mode will allow once it is on.
    allowed: Arc<Mutex<Allowed>>,
}

impl PosequelOptions {
    /// With stores that ask `roots`.
    pub fn with_roots(roots: Roots) -> Self {
        Self { roots: Some(roots), ..Self::default() }
    }

    fn is_fenced(&self) -> bool {
        self.roots.as_ref().is_some_and(Roots::is_fenced)
    }

    fn allowed(&self) -> Allowed {
        self.allowed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn allow(&self, change: impl FnOnce(&mut Allowed)) {
        change(&mut self.allowed.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// From now on for ever.
    fn fence(&self) -> Result<()> {
        let Some(roots) = &self.roots else {
            return wrong(
                "posequel.safe.mode: the stores of this session are the host's, which do not ask what is allowed; build it by posequel::session",
            );
        };
        Ok(roots.fence(&self.allowed())?)
    }
}

fn wrong<T>(message: impl Into<String>) -> Result<T> {
    Err(DataFusionError::Configuration(message.into()))
}

impl ConfigExtension for PosequelOptions {
    const PREFIX: &'static str = "posequel";
}

impl ExtensionOptions for PosequelOptions {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        if self.is_fenced() {
            return wrong(format!("safe mode: posequel.{key} stays as it is"));
        }
        match key {
            LOCATION if value.trim().is_empty() => {
                return wrong(
                    "posequel.models.location: expected a folder or an URL such as 's3://bucket/models' (was '')",
                );
            }
            LOCATION => self.models_location.set(value),
            ALLOW_READ => {
                let folders = folders(value)?;
                self.allow(|allowed| allowed.read = folders);
            }
            ALLOW_WRITE => {
                let folders = folders(value)?;
                self.allow(|allowed| allowed.write = folders);
            }
            SAFE if value == "true" => self.fence()?,
            SAFE if value == "false" => {}
            SAFE => return wrong(format!("posequel.safe.mode: expected true or false (was '{value}')")),
            _ => {
                let near = suggest(key, KEYS);
                let near = KEYS.iter().fold(near, |near, known| near.replace(known, &format!("posequel.{known}")));
                return wrong(format!("there is no option 'posequel.{key}'{near}"));
            }
        }
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        let allowed = self.roots.as_ref().and_then(Roots::allowed).unwrap_or_else(|| self.allowed());
        let shown = |folders: &[std::path::PathBuf]| {
            let joined = join_paths(folders).unwrap_or_default().to_string_lossy().into_owned();
            Some(joined).filter(|text| !text.is_empty())
        };
        let entry =
            |key: &str, value, description| ConfigEntry { key: format!("{}.{key}", Self::PREFIX), value, description };
        vec![
            entry(
                LOCATION,
                Some(self.models_location.get()),
                "Folder or URL of the models that COPY ... STORED AS LSTM writes; the root of catalog models",
            ),
            entry(
                ALLOW_READ,
                shown(&allowed.read),
                "Folders, parted as in PATH, below which files may be read in safe mode",
            ),
            entry(
                ALLOW_WRITE,
                shown(&allowed.write),
                "Folders, parted as in PATH, below which files may be read and written in safe mode",
            ),
            entry(
                SAFE,
                Some(self.is_fenced().to_string()),
                "Whether files are read and written below the allowed folders alone, and settings stay as they are; never \
                 switched off again",
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;

    fn session() -> (SessionContext, PosequelOptions) {
        let options = PosequelOptions::default();
        let config = SessionConfig::new().with_information_schema(true).with_option_extension(options.clone());
        (SessionContext::new_with_config(config), options)
    }

    #[tokio::test]
    async fn set_reaches_those_who_hold_the_option() {
        let (session, options) = session();
        assert_eq!(options.models_location.get(), "models/");
        session.sql("SET posequel.models.location = '/data/Models'").await.unwrap();
        assert_eq!(options.models_location.get(), "/data/Models");
        let shown = session.sql("SHOW posequel.models.location").await.unwrap().collect().await.unwrap();
        let shown = arrow::util::pretty::pretty_format_batches(&shown).unwrap().to_string();
        assert!(shown.contains("| posequel.models.location | /data/Models |"), "{shown}");
    }

    #[tokio::test]
    async fn a_wrong_key_names_the_nearest() {
        let (session, _) = session();
        let error = session.sql("SET posequel.models.locaton = 'x'").await.unwrap_err().to_string();
        assert!(error.contains("'posequel.models.locaton'; did you mean 'posequel.models.location'?"), "{error}");
        assert!(session.sql("SET posequel.models.location = ''").await.is_err());
    }
}
