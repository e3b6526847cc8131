//! Tools that a test needs and that a machine may not have.

use std::env::consts::EXE_SUFFIX;
use std::io::Write;
use std::path::PathBuf;

use crate::root;

/// Reports that a test, or a part of it, does not run, and why. `cargo xtask test` counts these
/// lines and repeats the reasons in its last one.
///
/// The line bypasses the capture of a test's output: a test that passes is otherwise silent.
pub fn not_run(reason: &str) {
    // Without an error stream, the line has no reader.
    let _ = writeln!(std::io::stderr(), "\nnot run: {reason}");
}

/// The variable with the folder of the programs in `hosts/go`.
const GO_HOSTS: &str = "PLUGIN_SDK_GO_HOSTS";

/// Returns the path of a program in `hosts/go` that set-up has built, or the reason why there is
/// none.
///
/// # Errors
/// The reason, in words for [`not_run`].
pub fn go_program(name: &str) -> Result<PathBuf, String> {
    let folder = std::env::var_os(GO_HOSTS).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| root().join("target/go"));
    let program = folder.join(format!("{name}{EXE_SUFFIX}"));
    match program.is_file() {
        true => Ok(program),
        false => Err(format!(
            "there is no {}; `cargo xtask setup` builds it, or reports what is missing",
            program.display()
        )),
    }
}
