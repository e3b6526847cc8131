//! Programs that run in the workspace's root, and messages to the user.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

/// The time limit of programs that need no network: generous, because only a hang should reach it.
pub const LOCAL: Duration = Duration::from_secs(120);

/// The maximum length of a quotation from another program's output.
const QUOTED_CHARS: usize = 300;

/// Returns the root folder of the workspace.
pub fn workspace_root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package)
}

/// Prints a message to the user on standard error, so that standard output has only a
/// demonstration's own output.
pub fn say(text: impl AsRef<str>) {
    eprintln!("    {}", text.as_ref());
}

/// Creates a command that runs a program in the workspace's root.
///
/// It does not inherit the variables that `cargo run` set for this process: another cargo would
/// mistake `CARGO` for its own path and pass it to tests and build scripts, even if a different
/// toolchain was chosen for them.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace_root());
    for (name, _) in std::env::vars_os() {
        if is_set_by_cargo_run(&name) {
            command.env_remove(name);
        }
    }
    command
}

fn is_set_by_cargo_run(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        matches!(name, "CARGO" | "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH")
            || name.starts_with("CARGO_PKG_")
    })
}

/// Returns the shell command that runs the same program by hand.
pub fn shell_line(command: &Command) -> String {
    let mut words = Vec::new();
    let (mut removed, mut set) = (Vec::new(), Vec::new());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => set.push(format!("{}={}", name.to_string_lossy(), quoted(value))),
            None if is_set_by_cargo_run(name) => {}
            None => removed.push(format!("-u {}", name.to_string_lossy())),
        }
    }
    if !removed.is_empty() {
        words.push("env".to_owned());
        words.append(&mut removed);
    }
    words.append(&mut set);
    words.push(quoted(command.get_program()));
    words.extend(command.get_args().map(quoted));
    words.join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Runs the program to its end and shows its output as it arrives.
///
/// # Errors
/// If it cannot be started or does not succeed.
pub fn show(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .map_err(|error| not_started(command, &error))?;
    if !status.success() {
        let program = command.get_program().to_string_lossy();
        bail!("`{program}` failed ({status}); its output is above");
    }
    Ok(())
}

/// Runs a preparatory program like [`show`], with all of its output on standard error.
///
/// # Errors
/// If it cannot be started or does not succeed.
pub fn show_aside(command: &mut Command) -> Result<()> {
    show(command.stdin(Stdio::null()).stdout(io::stderr()))
}

/// Runs a program like [`show`], but shows only its standard error.
///
/// # Errors
/// If it cannot be started or does not succeed.
pub fn show_complaints(command: &mut Command) -> Result<()> {
    show(command.stdin(Stdio::null()).stdout(Stdio::null()))
}

/// Runs the program without showing anything, and returns its standard output.
///
/// # Errors
/// If it cannot be started, does not succeed, or does not end within `limit` (it is then killed).
/// The error quotes the most informative line of its output.
pub fn capture(command: &mut Command, limit: Duration) -> Result<String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let Some(status) = wait(&mut child, limit).context("waiting for a program")? else {
        bail!(
            "`{}` did not finish within {} seconds",
            shell_line(command),
            limit.as_secs()
        );
    };
    let (stdout, stderr) = (collected(stdout), collected(stderr));
    if !status.success() {
        let words = telling_line(&stderr).or_else(|| telling_line(&stdout));
        bail!(
            "{}",
            words.unwrap_or_else(|| format!("`{}` failed ({status})", shell_line(command)))
        );
    }
    Ok(stdout)
}

/// Starts the program.
///
/// # Errors
/// If it cannot be started.
pub fn spawn(command: &mut Command) -> Result<Child> {
    command
        .spawn()
        .map_err(|error| not_started(command, &error))
}

fn not_started(command: &Command, error: &io::Error) -> anyhow::Error {
    let program = command.get_program().to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound {
        anyhow!("`{program}` was not found")
    } else {
        anyhow!("`{program}` could not be started: {error}")
    }
}

/// Waits for the child. Returns `None` if the time limit passes; the child is then killed.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<std::process::ExitStatus>> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn drain(stream: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // Text that was read before a failure is still worth quoting.
            let _ = stream.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn collected(reader: JoinHandle<Vec<u8>>) -> String {
    let bytes = reader.join().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns the first line that is marked as an error, or else the last that is not empty; safe to
/// print.
fn telling_line(words: &str) -> Option<String> {
    let is_error = |line: &&str| {
        let line = line.trim_start().as_bytes();
        line.get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"error"))
            || line.starts_with(b"E: ")
    };
    let mut lines = words.lines().filter(|line| !line.trim().is_empty());
    let line = lines.clone().find(is_error).or_else(|| lines.next_back())?;
    Some(printable(line.trim()))
}

/// Returns the text bounded and free of terminal escapes.
pub fn printable(text: &str) -> String {
    let mut chars = text.chars().filter(|c| !c.is_control());
    let mut shown: String = chars.by_ref().take(QUOTED_CHARS).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Returns the name and value of the variable that makes cargo use exactly these flags, including
/// those with spaces.
pub fn rustflags(flags: &[OsString]) -> (&'static str, OsString) {
    ("CARGO_ENCODED_RUSTFLAGS", flags.join(OsStr::new("\u{1f}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_line_can_be_pasted() {
        let mut command = Command::new("cargo");
        command
            .env("RUSTUP_TOOLCHAIN", "debian")
            .env_remove("RUST_BACKTRACE")
            .env_remove("CARGO_PKG_NAME");
        command.args(["bench", "it's", ""]);
        assert_eq!(
            shell_line(&command),
            r"env -u RUST_BACKTRACE RUSTUP_TOOLCHAIN=debian cargo bench 'it'\''s' ''"
        );
    }

    #[test]
    fn only_variables_of_cargo_run_are_removed_for_other_cargos() {
        for name in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_PKG_VERSION"] {
            assert!(is_set_by_cargo_run(OsStr::new(name)), "{name}");
        }
        for name in [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_NET_OFFLINE",
            "RUSTUP_TOOLCHAIN",
            "PATH",
        ] {
            assert!(!is_set_by_cargo_run(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn the_error_line_is_quoted_without_its_surroundings() {
        let rustup = "info: downloading component rust-std\nerror: could not download file\n\nStack backtrace:\n 0: main\n";
        assert_eq!(
            telling_line(rustup).unwrap(),
            "error: could not download file"
        );
        let apt = "Reading lists\nE: Unable to locate package rustc-web\n";
        assert_eq!(
            telling_line(apt).unwrap(),
            "E: Unable to locate package rustc-web"
        );
        assert_eq!(telling_line("one\nlast words\n\n").unwrap(), "last words");
        assert_eq!(telling_line("\n \n"), None);
    }

    #[test]
    fn quotations_are_bounded_and_free_of_terminal_escapes() {
        let line =
            telling_line(&format!("error: \u{1b}[2J{}", "ü".repeat(2 * QUOTED_CHARS))).unwrap();
        assert!(!line.contains('\u{1b}'));
        assert_eq!(line.chars().count(), QUOTED_CHARS + 1);
        assert!(line.ends_with('…'));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = capture(&mut command("no-such-program"), LOCAL).unwrap_err();
        assert_eq!(error.to_string(), "`no-such-program` was not found");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_exceeds_its_time_limit_is_killed() {
        let error = capture(command("sleep").arg("1000"), Duration::ZERO).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sleep 1000` did not finish within 0 seconds"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_failing_program_is_quoted_or_named_if_silent() {
        let error = capture(
            command("sh").args(["-c", "echo 'error: no' >&2; exit 3"]),
            LOCAL,
        )
        .unwrap_err();
        assert_eq!(error.to_string(), "error: no");
        let error = capture(command("sh").args(["-c", "exit 3"]), LOCAL).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sh -c 'exit 3'` failed (exit status: 3)"
        );
    }
}
