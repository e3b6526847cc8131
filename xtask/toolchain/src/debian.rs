//! A toolchain for [`TARGET`] from Debian's packages, for machines that cannot reach rustup's
//! servers.
//!
//! Debian packages a recent compiler and the standard library's source, but no standard library
//! built for [`TARGET`]: that is compiled here, and the result linked to rustup as the toolchain
//! [`LINK`]. Every step first checks whether it is needed, and leaves nothing unfinished that could
//! be mistaken for a complete result.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::process::{self, LOCAL, say};
use crate::rustc::{self, RustcVersion, TARGET};

/// The toolchain's name in rustup.
pub const LINK: &str = "debian";

/// The release that the packages are from.
pub const RELEASE: &str = "12";

/// The prefix of the files in the packages.
const PREFIX: &str = "/usr";

/// The packages of the compiler. Those with `-web` are versions that Debian keeps current for
/// browsers, in its security updates.
const COMPILER: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// Checks that this machine is Debian [`RELEASE`] with apt and root's rights.
///
/// # Errors
/// Describes what the machine is instead.
pub fn check_applies() -> Result<()> {
    let about = fs::read_to_string("/etc/os-release").unwrap_or_default();
    check_system(&about)?;
    process::capture(process::command("apt-get").arg("--version"), LOCAL)?;
    let user = process::capture(process::command("id").arg("-u"), LOCAL)?;
    ensure!(
        user.trim() == "0",
        "they require root: run `cargo xtask setup` once as root"
    );
    Ok(())
}

fn check_system(os_release: &str) -> Result<()> {
    let field = |name: &str| {
        let mut fields = os_release.lines().filter_map(|line| line.split_once('='));
        fields.find_map(|(key, value)| (key == name).then(|| value.trim_matches('"')))
    };
    if (field("ID"), field("VERSION_ID")) != (Some("debian"), Some(RELEASE)) {
        let name = field("PRETTY_NAME").unwrap_or("another system");
        bail!(
            "they require Debian {RELEASE}, and this is {}",
            process::printable(name)
        );
    }
    Ok(())
}

/// Installs the toolchain and links it to rustup.
///
/// # Errors
/// Names the step that failed.
pub fn install(scratch: &Path) -> Result<()> {
    let prefix = Path::new(PREFIX);
    install_packages(&COMPILER)?;
    let rustc = prefix.join("bin/rustc");
    let version = RustcVersion::of(process::command(&rustc))?;
    let rustlib = prefix.join("lib/rustlib");

    let linker = format!("lld-{}", version.llvm_major);
    install_packages(&[&linker])?;
    link_linker(
        &prefix.join("bin").join(&linker),
        &rustlib.join(&version.host).join("bin"),
    )?;

    if let Err(missing) = rustc::probe(process::command(&rustc)) {
        say(format!(
            "rustc {} has no usable standard library for {TARGET} ({missing:#})",
            version.release
        ));
        let built = build_std(prefix, &version, scratch)?;
        install_rlibs(&built, &rustlib.join(TARGET).join("lib"))?;
        // A failure only wastes disk space.
        let _ = fs::remove_dir_all(scratch.join("std"));
        rustc::probe(process::command(&rustc))
            .context("the standard library just built does not work")?;
    }
    link_toolchain(prefix)
}

fn install_packages(packages: &[&str]) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    say(format!("installing Debian's {}", missing.join(", ")));
    // Completes an interrupted installation; apt refuses to continue before.
    process::show_complaints(process::command("dpkg").args(["--configure", "-a"]))?;
    let apt = || {
        let mut command = process::command("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command.args([
            "-qq",
            "-o",
            "DPkg::Lock::Timeout=300",
            "-o",
            "Dpkg::Use-Pty=0",
        ]);
        command
    };
    // A failure is not decisive: an unreachable mirror of something else must not stop the
    // installation, and a missing package is reported by the next step.
    let updated = process::show_complaints(apt().arg("update"));
    // `--no-remove`: these packages replace Debian's older `rustc`, which must not be removed
    // without asking its users.
    process::show_complaints(
        apt()
            .args(["install", "-y", "--no-install-recommends", "--no-remove"])
            .args(&missing),
    )
    .or_else(|error| updated.and(Err(error)))
    .with_context(|| format!("installing the packages {}", missing.join(", ")))
}

fn is_installed(package: &str) -> bool {
    let mut query = process::command("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    process::capture(&mut query, LOCAL).is_ok_and(|status| status == "installed")
}

/// Links the linker to the folder in which rustc looks for `rust-lld`. Debian has it elsewhere,
/// under another name.
fn link_linker(linker: &Path, folder: &Path) -> Result<()> {
    let link = folder.join("rust-lld");
    if fs::canonicalize(&link).ok() == Some(canonical(linker)?) {
        return Ok(());
    }
    ensure!(
        fs::symlink_metadata(&link).map_or(true, |existing| existing.is_symlink()),
        "{} was not installed by xtask and is not replaced; move it away and try again",
        link.display()
    );
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    process::show_aside(
        process::command("ln")
            .args(["-sfn", "--"])
            .arg(linker)
            .arg(&link),
    )
}

fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).with_context(|| format!("looking for {}", path.display()))
}

/// Compiles the standard library as rust-lang's own distribution does for [`TARGET`], and returns
/// the folder of its rlibs.
fn build_std(prefix: &Path, version: &RustcVersion, scratch: &Path) -> Result<PathBuf> {
    let source = prefix.join("lib/rustlib/src/rust/library");
    ensure!(
        source.is_dir(),
        "the standard library's source is not at {}",
        source.display()
    );
    let work = scratch.join("std");
    remove_folder(&work)?;
    fs::create_dir_all(&work).with_context(|| format!("creating {}", work.display()))?;
    say("building the standard library for it, which takes about a minute");
    // A copy, because cargo writes next to its sources, and the original belongs to a package.
    let library = work.join("library");
    process::show_aside(
        process::command("cp")
            .args(["-rL", "--"])
            .arg(&source)
            .arg(&library),
    )?;

    let mut flags: Vec<OsString> = [
        "-Cembed-bitcode=yes",
        "-Zforce-unstable-if-unmarked",
        "-Cpanic=abort",
    ]
    .map(OsString::from)
    .into();
    // Uses the paths of rust-lang's own builds in panic messages and backtraces. Otherwise every
    // plugin would contain the paths of the machine that built its toolchain.
    if let Some(hash) = &version.commit_hash {
        flags.push(remapped(&library, &format!("/rustc/{hash}/library")));
    }
    if let Some(home) = cargo_home() {
        flags.push(remapped(&home.join("registry/src"), "/rust/deps"));
    }
    let (name, value) = process::rustflags(&flags);
    let mut cargo = process::command(prefix.join("bin/cargo"));
    cargo
        .env("RUSTC", prefix.join("bin/rustc"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("__CARGO_DEFAULT_LIB_METADATA", "rust-std")
        .env(name, value)
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .current_dir(&library)
        .args([
            "build",
            "--release",
            "--locked",
            "--quiet",
            "--target",
            TARGET,
        ])
        .args([
            "--manifest-path",
            "sysroot/Cargo.toml",
            "--features",
            "panic-unwind,compiler-builtins-mem",
        ])
        .arg("--target-dir")
        .arg(work.join("target"));
    process::show_aside(&mut cargo)
        .context("building the standard library (its dependencies come from crates.io)")?;
    Ok(work.join("target").join(TARGET).join("release/deps"))
}

fn remapped(from: &Path, to: &str) -> OsString {
    let mut flag = OsString::from("--remap-path-prefix=");
    flag.push(from);
    flag.push("=");
    flag.push(to);
    flag
}

fn cargo_home() -> Option<PathBuf> {
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

/// Replaces the installed rlibs by a complete set. If this is interrupted, the folder `lib` is old,
/// new or missing.
fn install_rlibs(built: &Path, lib: &Path) -> Result<()> {
    let partial = lib.with_file_name("lib.partial");
    let replaced = lib.with_file_name("lib.replaced");
    remove_folder(&partial)?;
    remove_folder(&replaced)?;
    fs::create_dir_all(&partial).with_context(|| format!("creating {}", partial.display()))?;
    let mut copied = 0;
    for entry in fs::read_dir(built).with_context(|| format!("reading {}", built.display()))? {
        let file = entry?.path();
        if let (Some("rlib"), Some(name)) =
            (file.extension().and_then(|x| x.to_str()), file.file_name())
        {
            fs::copy(&file, partial.join(name))
                .with_context(|| format!("copying {}", file.display()))?;
            copied += 1;
        }
    }
    ensure!(copied > 0, "there are no rlibs in {}", built.display());
    if lib.exists() {
        fs::rename(lib, &replaced).with_context(|| format!("moving {} away", lib.display()))?;
    }
    fs::rename(&partial, lib).with_context(|| format!("moving {} into place", lib.display()))?;
    remove_folder(&replaced)
}

fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn link_toolchain(prefix: &Path) -> Result<()> {
    let list = match process::capture(
        process::command("rustup").args(["toolchain", "list", "--verbose"]),
        LOCAL,
    ) {
        Ok(list) => list,
        // Then Debian's compiler is the active one, or the user must select it.
        Err(_) => {
            return rustc::probe(process::command("rustc")).with_context(|| {
                format!(
                    "without rustup, put {} first in PATH and try again",
                    prefix.join("bin").display()
                )
            });
        }
    };
    match linked_to(&list) {
        Some(place) if Path::new(place) == prefix => Ok(()),
        Some(place) => bail!(
            "rustup has another toolchain named `{LINK}`, at {place}; if it is not needed, type \
             `rustup toolchain uninstall {LINK}` and try again"
        ),
        None => {
            say(format!(
                "linking {} to rustup as the toolchain `{LINK}`",
                prefix.display()
            ));
            process::capture(
                process::command("rustup")
                    .args(["toolchain", "link", LINK])
                    .arg(prefix),
                LOCAL,
            )
            .map(drop)
        }
    }
}

/// Returns the folder of [`LINK`] in the output of `rustup toolchain list --verbose`.
fn linked_to(list: &str) -> Option<&str> {
    let rest = list
        .lines()
        .find_map(|line| line.strip_prefix(LINK)?.strip_prefix(' '))?;
    // The path may be preceded by `(active, default)`.
    let place = rest
        .strip_prefix('(')
        .and_then(|state| state.split_once(')'))
        .map_or(rest, |(_, place)| place);
    Some(place.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder for one test, removed when dropped.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(test: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("xtask-{test}-{}", std::process::id()));
            remove_folder(&folder).unwrap();
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn folder(&self, name: &str, files: &[&str]) -> PathBuf {
            let folder = self.0.join(name);
            fs::create_dir_all(&folder).unwrap();
            for file in files {
                fs::write(folder.join(file), file).unwrap();
            }
            folder
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn interrupted_copies_and_stale_libraries_are_replaced() {
        let scratch = Scratch::new("replace");
        let built = scratch.folder("built", &["libcore-2.rlib", "libstd-2.rlib", "std-2.d"]);
        let lib = scratch.folder("target/lib", &["libcore-1.rlib"]);
        scratch.folder("target/lib.partial", &["libcore-0.rlib"]);
        scratch.folder("target/lib.replaced", &["libcore-0.rlib"]);
        install_rlibs(&built, &lib).unwrap();
        assert_eq!(names(&lib), ["libcore-2.rlib", "libstd-2.rlib"]);
        assert_eq!(names(lib.parent().unwrap()), ["lib"]);
    }

    #[test]
    fn an_empty_build_does_not_replace_the_installed_library() {
        let scratch = Scratch::new("nothing");
        let built = scratch.folder("built", &["std-2.d"]);
        let lib = scratch.folder("target/lib", &["libcore-1.rlib"]);
        let error = install_rlibs(&built, &lib).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("there are no rlibs in {}", built.display())
        );
        assert_eq!(names(&lib), ["libcore-1.rlib"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_linker_is_linked_once_and_updated_with_new_versions() {
        let scratch = Scratch::new("linker");
        let linkers = scratch.folder("bin", &["lld-22", "lld-23"]);
        let folder = scratch.0.join("rustlib/bin");
        for linker in ["lld-22", "lld-22", "lld-23"] {
            link_linker(&linkers.join(linker), &folder).unwrap();
            assert_eq!(fs::read_to_string(folder.join("rust-lld")).unwrap(), linker);
        }
    }

    #[test]
    fn a_linker_that_a_package_installed_is_not_overwritten() {
        let scratch = Scratch::new("foreign-linker");
        let linkers = scratch.folder("bin", &["lld-22"]);
        let folder = scratch.folder("rustlib", &["rust-lld"]);
        let error = link_linker(&linkers.join("lld-22"), &folder)
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("rust-lld was not installed by xtask and is not replaced; move it away and try again"),
            "{error}"
        );
    }

    #[test]
    fn other_releases_of_debian_are_refused() {
        let debian =
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n";
        assert!(check_system(debian).is_ok());
        let other =
            "PRETTY_NAME=\"Ubuntu 26.04 LTS\"\nVERSION_ID=\"26.04\"\nID=ubuntu\nID_LIKE=debian\n";
        let error = check_system(other).unwrap_err();
        assert_eq!(
            error.to_string(),
            "they require Debian 12, and this is Ubuntu 26.04 LTS"
        );
        assert_eq!(
            check_system("").unwrap_err().to_string(),
            "they require Debian 12, and this is another system"
        );
    }

    #[test]
    fn a_linked_toolchain_is_found_in_rustups_list() {
        let list = "stable-x86_64-unknown-linux-gnu (active, default) /home/ada/.rustup/toolchains/stable\n\
                    debian-old /opt\ndebian /usr\n";
        assert_eq!(linked_to(list), Some("/usr"));
        assert_eq!(
            linked_to("debian (active) /opt/my rust\n"),
            Some("/opt/my rust")
        );
        assert_eq!(
            linked_to("stable-x86_64-unknown-linux-gnu (active, default) /usr\n"),
            None
        );
    }

    #[test]
    fn paths_with_spaces_stay_one_flag() {
        let flags = [
            remapped(Path::new("/my code"), "/rustc/1"),
            OsString::from("-Cpanic=abort"),
        ];
        let (_, value) = process::rustflags(&flags);
        assert_eq!(
            value,
            "--remap-path-prefix=/my code=/rustc/1\u{1f}-Cpanic=abort"
        );
    }
}
