//! What libraries have to say goes to stderr: warnings, or what RUST_LOG names.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Listens from now on, to `tracing` and to `log`.
pub fn listen() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).from_env_lossy();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // Somebody else listens already: then that is who shows them.
    let _ = lines.without_time().try_init();
}
