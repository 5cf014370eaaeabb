//! Session options: `SET posequel.models.location = 's3://bucket/models'`.

use std::any::Any;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::{DataFusionError, Result};

use crate::error::suggest;
use crate::store::setting::LocationSetting;

const LOCATION: &str = "models.location";

/// The options of a session under `posequel.`; they are listed in `information_schema.df_settings`.
///
/// Clones share their values, against DataFusion's advice: DataFusion copies all options for each change and each
/// query, and the catalog `models` has no session in which it could look for the current copy. So SET takes effect
/// for every user of the session at once.
#[derive(Debug, Clone, Default)]
pub struct PosequelOptions {
    /// Where models are.
    pub models_location: LocationSetting,
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
        if key != LOCATION {
            let near = suggest(key, [LOCATION]).replace(LOCATION, "posequel.models.location");
            return Err(DataFusionError::Configuration(format!("there is no option 'posequel.{key}'{near}")));
        }
        if value.trim().is_empty() {
            let message = "posequel.models.location: expected a folder or an URL such as 's3://bucket/models' (was '')";
            return Err(DataFusionError::Configuration(message.to_owned()));
        }
        self.models_location.set(value);
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        vec![ConfigEntry {
            key: format!("{}.{LOCATION}", Self::PREFIX),
            value: Some(self.models_location.get()),
            description: "Folder or URL of the models that COPY ... STORED AS LSTM writes; the root of catalog models",
        }]
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
