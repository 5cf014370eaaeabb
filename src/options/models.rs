//! Where models are kept.

/// `posequel.models.location`: the folder or URL of all models.
pub const LOCATION: &str = "models/";
