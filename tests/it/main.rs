//! What SQL cannot reach: whole files, plans, the tree of the source, the binary.

mod accounts;
mod cli;
mod determinism;
mod explain;
mod feature_rule;
mod functions;
mod imports;
mod lessons;
mod notes;
mod plans;
mod properties;
mod report;
mod resume;
mod series;
mod spill;
mod support;
mod sweep;
mod windows_oracle;
