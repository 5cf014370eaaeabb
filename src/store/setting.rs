//! The session's setting of where models are, shared by everybody who must know it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::options::models::LOCATION;

/// The text of `posequel.models.location`; clones are the same setting.
///
/// The catalog and the functions are asked for a name without being given the session, so they cannot look into its
/// options. What SET writes through one clone is therefore read through all others.
#[derive(Clone)]
pub struct LocationSetting(Arc<RwLock<String>>);

impl LocationSetting {
    /// The current text.
    pub fn get(&self) -> String {
        // A panic of another thread cannot leave half a string: what is stored is used.
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes it for all clones.
    pub fn set(&self, text: &str) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = text.to_owned();
    }
}

impl Default for LocationSetting {
    fn default() -> Self {
        Self(Arc::new(RwLock::new(LOCATION.to_owned())))
    }
}

impl fmt::Debug for LocationSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
