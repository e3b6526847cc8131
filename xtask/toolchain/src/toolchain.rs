//! The Rust toolchain that builds the plugins: found, or installed if it is missing.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::debian;
use crate::process::{self, LOCAL, say};
use crate::rustc::{RustcVersion, TARGET, probe, scratch_folder};

/// A variable of cargo's own. With any value of it, each variant of a plugin in a workspace has a
/// name; without it, tests that build a plugin in turn for several hosts compile it each time.
pub const VARIANTS: (&str, &str) = ("__CARGO_DEFAULT_LIB_METADATA", "variants");

/// The debug information of this workspace's profile `dev`, for the projects that tests create too:
/// with more, which nothing reads, they take longer to compile.
pub const DEBUG: (&str, &str) = ("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");

/// The toolchain that rustup's users usually have.
const RUSTUP: &str = "stable";

/// The time limit for some 25 megabytes on a slow line. If rustup's servers are out of reach, the
/// download fails long before.
const DOWNLOAD: Duration = Duration::from_secs(180);

/// A toolchain that can build for [`TARGET`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The toolchain that this `cargo` runs with.
    Active,
    /// A toolchain by its name in rustup.
    Named(&'static str),
}

impl Toolchain {
    /// The toolchain that `debian::install` links to rustup.
    pub const LINKED: Toolchain = Toolchain::Named(debian::LINK);

    /// Creates a command that runs a program, and everything that it starts, with this toolchain.
    pub fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = process::command(program);
        command.envs([VARIANTS, DEBUG]);
        if let Some(name) = self.name() {
            command.env("RUSTUP_TOOLCHAIN", name);
        }
        command
    }

    /// Returns the compiler's release, such as `1.96.0`.
    ///
    /// # Errors
    /// If the compiler cannot be run.
    pub fn release(self) -> Result<String> {
        Ok(RustcVersion::of(self.rustc())?.release)
    }

    /// Returns rustup's name for the toolchain, if it must be named.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Active => None,
            Self::Named(name) => Some(name),
        }
    }

    /// Finds another toolchain on this machine that can build for [`TARGET`] and whose standard
    /// library has another origin: rustup's if this one is Debian's, and the reverse.
    ///
    /// # Errors
    /// If no such toolchain exists: the reason for each candidate.
    pub fn other(self) -> Result<Self> {
        let own = self.sysroot()?;
        let mut reasons = Vec::new();
        for other in [Self::LINKED, Self::Named(RUSTUP)] {
            match other.sysroot() {
                Ok(sysroot) if sysroot == own => {}
                Ok(_) => match other.probed() {
                    Ok(other) => return Ok(other),
                    Err(error) => reasons.push(format!("{other} cannot build: {error:#}")),
                },
                Err(error) => reasons.push(format!("{other}: {error:#}")),
            }
        }
        bail!("{}", reasons.join("; "))
    }

    fn sysroot(self) -> Result<PathBuf> {
        let sysroot = process::capture(self.rustc().args(["--print", "sysroot"]), LOCAL)?;
        Ok(PathBuf::from(sysroot.trim_end()))
    }

    fn rustc(self) -> Command {
        match std::env::var_os("RUSTC") {
            Some(rustc) if self == Self::Active => process::command(rustc),
            _ => self.command("rustc"),
        }
    }

    fn probed(self) -> Result<Self> {
        if self != Self::Active {
            // A compiler that is not rustup's proxy would ignore the name.
            process::capture(process::command("rustup").arg("--version"), LOCAL)?;
        }
        probe(self.rustc()).map(|()| self)
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.write_str("the active toolchain"),
            Self::Named(name) => write!(f, "the toolchain `{name}`"),
        }
    }
}

/// Finds a toolchain that can build for [`TARGET`], or installs what is missing.
///
/// # Errors
/// If this machine can have none: each attempt, the reason why it failed, and the commands to type.
pub fn set_up() -> Result<Toolchain> {
    first_that_works([
        Way {
            name: Toolchain::Active.to_string(),
            walk: &|| Toolchain::Active.probed(),
        },
        Way {
            name: Toolchain::LINKED.to_string(),
            walk: &|| Toolchain::LINKED.probed(),
        },
        Way {
            name: format!("rustup target add {TARGET}"),
            walk: &add_target,
        },
        Way {
            name: "Debian's packages".to_owned(),
            walk: &install_debian,
        },
    ])
}

/// A way to obtain a toolchain.
struct Way<'a> {
    name: String,
    walk: &'a dyn Fn() -> Result<Toolchain>,
}

fn first_that_works<'a>(ways: impl IntoIterator<Item = Way<'a>>) -> Result<Toolchain> {
    let mut failed = String::new();
    for way in ways {
        match (way.walk)() {
            Ok(toolchain) => return Ok(toolchain),
            Err(error) => failed.push_str(&format!("\n  {}: {error:#}", way.name)),
        }
    }
    bail!(
        "no Rust toolchain on this machine can build for {TARGET}. Tried in turn:{failed}\n\
         Do one of these:\n  \
         if rustup's servers are reachable, type `rustup target add {TARGET}`\n  \
         without rustup, install it, or your system's package of the target's standard library \
         (Fedora: rust-std-static-{TARGET}; Debian 13, Ubuntu: libstd-rust-dev-wasm32; Arch: rust-wasm)\n  \
         on Debian {}, run `cargo xtask setup` as root with access to apt and crates.io: it installs Debian's own \
         compiler next to rustup's",
        debian::RELEASE
    )
}

fn add_target() -> Result<Toolchain> {
    say(format!(
        "no toolchain here has {TARGET} yet: asking rustup for it, for {} minutes at most",
        DOWNLOAD.as_secs() / 60
    ));
    process::capture(
        // With RUST_BACKTRACE rustup adds its own stack to every failure.
        process::command("rustup")
            .args(["target", "add", TARGET])
            .env_remove("RUST_BACKTRACE"),
        DOWNLOAD,
    )
    .inspect_err(|error| say(format!("rustup could not add it: {error:#}")))?;
    Toolchain::Active.probed().with_context(|| {
        format!(
            "rustup reports it as installed, and it does not work; try `rustup target remove {TARGET}` first"
        )
    })
}

fn install_debian() -> Result<Toolchain> {
    debian::check_applies()?;
    let scratch = scratch_folder()?;
    // Two set-ups at once would remove each other's scratch folder.
    let lock = File::create(scratch.join("lock")).context("creating target/xtask/lock")?;
    lock.lock().context("locking target/xtask/lock")?;
    debian::install(&scratch)?;
    Toolchain::Active
        .probed()
        .or_else(|_| Toolchain::LINKED.probed())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_first_way_that_works_is_taken_without_trying_others() {
        let walked = Cell::new(0);
        let works = |toolchain| {
            walked.set(walked.get() + 1);
            Ok(toolchain)
        };
        let chosen = first_that_works([
            Way {
                name: "first".to_owned(),
                walk: &|| bail!("not there"),
            },
            Way {
                name: "second".to_owned(),
                walk: &|| works(Toolchain::LINKED),
            },
            Way {
                name: "third".to_owned(),
                walk: &|| works(Toolchain::Active),
            },
        ]);
        assert_eq!((chosen.unwrap(), walked.get()), (Toolchain::LINKED, 1));
    }

    #[test]
    fn if_no_way_works_the_error_lists_reasons_and_commands() {
        let error = first_that_works([
            Way {
                name: Toolchain::Active.to_string(),
                walk: &|| bail!("error[E0463]: can't find crate for `std`"),
            },
            Way {
                name: "Debian's packages".to_owned(),
                walk: &|| bail!("this is Fedora Linux 43"),
            },
        ]);
        assert_eq!(
            error.unwrap_err().to_string(),
            "no Rust toolchain on this machine can build for wasm32-unknown-unknown. Tried in turn:\n  \
             the active toolchain: error[E0463]: can't find crate for `std`\n  \
             Debian's packages: this is Fedora Linux 43\n\
             Do one of these:\n  \
             if rustup's servers are reachable, type `rustup target add wasm32-unknown-unknown`\n  \
             without rustup, install it, or your system's package of the target's standard library \
             (Fedora: rust-std-static-wasm32-unknown-unknown; Debian 13, Ubuntu: libstd-rust-dev-wasm32; \
             Arch: rust-wasm)\n  \
             on Debian 12, run `cargo xtask setup` as root with access to apt and crates.io: it installs Debian's own \
             compiler next to rustup's"
        );
    }

    #[test]
    fn only_the_linked_toolchain_needs_a_name() {
        let named = |toolchain: Toolchain| {
            let command = toolchain.command("cargo");
            command.get_envs().find_map(|(name, value)| {
                (name == "RUSTUP_TOOLCHAIN").then(|| value.map(Into::into))
            })
        };
        assert_eq!(named(Toolchain::Active), None);
        assert_eq!(
            named(Toolchain::LINKED),
            Some(Some(std::ffi::OsString::from("debian")))
        );
    }
}
