//! What SQL cannot reach: whole files, plans, the tree of the source, the binary.

mod accounts;
mod cli;
mod determinism;
mod explain;
mod extremes;
mod feature_rule;
mod float_bounds;
mod functions;
mod imports;
mod lake;
mod lessons;
mod notes;
mod old_store;
mod plans;
mod properties;
mod report;
mod resume;
mod series;
mod spill;
mod support;
mod sweep;
mod windows_oracle;
