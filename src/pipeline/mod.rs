//! Scripts and pipelines: SQL run to its end, its results written out, and what was promised about them checked.
//!
//! A [`Script`] is SQL text cut into statements; a [`Manifest`] is a TOML file that runs several scripts with
//! variables and settings, and then checks its expectations. Both write their rows through an [`Output`].

mod cells;
mod depth;
mod expect;
mod failure;
mod hidden;
mod manifest;
mod matrix;
mod output;
mod places;
mod provenance;
mod run;
mod script;
mod settings;
mod text;
mod variables;

pub use expect::Expectation;
pub use failure::{exit_code, is_broken_pipe, message};
pub use manifest::{Manifest, Scalar, Step};
pub use output::{Format, Output};
pub use run::run;
pub use script::{Located, Script, execute, is_complete};
pub use settings::{Assignment, set_option};
pub use text::{read_text, read_text_from};
