//! What SQL cannot reach: whole files, plans, the tree of the source, the binary.

mod accounts;
mod allocations;
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
mod kills;
mod lake;
mod lessons;
mod mutants;
mod notes;
mod old_store;
mod parsers;
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
