//! The terminal as it was found: a prompt switches echo and line editing off, and may be ended while it does.

/// How the terminal of standard input was set.
#[cfg(unix)]
pub struct Terminal(Option<nix::sys::termios::Termios>);

#[cfg(unix)]
impl Terminal {
    /// Looks; nothing where standard input is no terminal.
    pub fn look() -> Self {
        Self(nix::sys::termios::tcgetattr(std::io::stdin()).ok())
    }

    /// Sets it as it was, if anything was changed.
    pub fn restore(&self) {
        use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};
        let Some(before) = &self.0 else { return };
        // To set it while nothing was changed would stop a process that runs in the background.
        if tcgetattr(std::io::stdin()).is_ok_and(|now| now != *before) {
            // A terminal that is gone cannot be set, and need not be.
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, before);
        }
    }
}

/// Other systems restore a console by themselves.
#[cfg(not(unix))]
pub struct Terminal;

#[cfg(not(unix))]
impl Terminal {
    /// Nothing to look at.
    pub fn look() -> Self {
        Self
    }

    /// Nothing to set.
    pub fn restore(&self) {}
}
