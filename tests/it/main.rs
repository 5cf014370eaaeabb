//! What SQL cannot reach: whole files, plans, the tree of the source, the binary.

mod accounts;
mod cli;
mod damaged;
mod determinism;
#[cfg(unix)]
mod ends;
mod explain;
mod extremes;
mod feature_rule;
mod float_bounds;
mod functions;
mod hostile;
mod imports;
mod lake;
mod lessons;
mod notes;
mod old_store;
mod plans;
mod properties;
mod report;
mod resume;
#[cfg(unix)]
mod safe;
mod series;
mod spill;
mod support;
mod sweep;
mod windows_oracle;
