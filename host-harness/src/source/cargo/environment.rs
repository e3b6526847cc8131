//! The environment of every cargo process that the harness and the tool start.
//!
//! `docs/building.md` has a table of the variables that pass through; the tests below have a line
//! for each of its rows.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::text;

/// The variable for the module's flags, which cargo joins with those from its configuration.
const MODULE_FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// The variable for flags of every target, encoded. It takes precedence over `FLAGS` and replaces
/// all flags from the configuration.
const ENCODED_FLAGS: &str = "CARGO_ENCODED_RUSTFLAGS";
/// The variable for flags of every target. It replaces all flags from the configuration.
const FLAGS: &str = "RUSTFLAGS";

/// The variable for flags of targets without flags of their own, which cargo joins with
/// `build.rustflags` from the configuration.
const BUILD_FLAGS: &str = "CARGO_BUILD_RUSTFLAGS";

/// Programs that wrap the compiler to inspect the outer build; what they add is for native code.
const NATIVE_WRAPPERS: [&str; 4] = [
    "cargo-llvm-cov",
    "cargo-miri",
    "cargo-tarpaulin",
    "clippy-driver",
];

/// The target features that only WebAssembly has.
const WASM_FEATURES: [&str; 13] = [
    "atomics",
    "bulk-memory",
    "exception-handling",
    "extended-const",
    "multivalue",
    "mutable-globals",
    "nontrapping-fptoint",
    "reference-types",
    "relaxed-simd",
    "sign-ext",
    "simd128",
    "tail-call",
    "wide-arithmetic",
];

/// The maximum length, in bytes, of the withheld flags that a note lists for one variable.
const MAX_LISTED: usize = 300;

/// The environment of a cargo process that this process starts.
///
/// A cargo that runs a test or a tool sets variables for its own build: compiler and linker flags,
/// wrappers that measure coverage, the description of the running crate. They must not reach the
/// build of a module, or must reach it without replacing the module's own configuration. The page
/// <https://docs.rs/plugin-sdk/latest/plugin_sdk/docs/building/> has a table of all variables.
///
/// ```
/// use plugin_sdk_harness::CargoEnvironment;
///
/// let mut cargo = CargoEnvironment::for_module().cargo(".");
/// cargo.args(["tree", "--target", "wasm32-unknown-unknown"]);
/// // The outer build's flags would replace those of `.cargo/config.toml`.
/// assert!(cargo.get_envs().all(|(name, value)| name != "RUSTFLAGS" || value.is_none()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoEnvironment {
    /// The new values; `None` for a variable that is removed.
    changes: BTreeMap<OsString, Option<OsString>>,
    lints: Vec<String>,
    withheld: BTreeMap<&'static str, Vec<String>>,
}

/// The parts of this process that determine the environment: variables, folder and program.
#[derive(Default)]
struct Outer {
    variables: BTreeMap<OsString, OsString>,
    folder: Option<PathBuf>,
    program: Option<PathBuf>,
}

impl Outer {
    fn of_this_process() -> Self {
        Outer {
            variables: std::env::vars_os().collect(),
            folder: std::env::current_dir().ok(),
            program: std::env::current_exe().ok(),
        }
    }

    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
    }

    /// Resolves a relative folder as the outer cargo did: against the folder where cargo was
    /// started, which is not the folder where it starts a test.
    ///
    /// Returns `None` if the folder is absolute or empty.
    fn absolute(&self, folder: &Path) -> Option<PathBuf> {
        if folder.is_absolute() || folder.as_os_str().is_empty() {
            return None;
        }
        self.built_into(folder)
            .or_else(|| Some(self.folder.as_ref()?.join(folder)))
    }

    /// Returns the target folder of the running test, if the relative path can refer to it.
    fn built_into(&self, folder: &Path) -> Option<PathBuf> {
        let mut parts = folder
            .components()
            .skip_while(|part| !matches!(part, Component::Normal(_)))
            .peekable();
        parts.peek()?;
        let tail: PathBuf = parts.collect();
        // `<target folder>/[<triple>/]<profile>/deps/<program>`
        let deps = self.program.as_ref()?.parent()?;
        let profile = deps.ends_with("deps").then(|| deps.parent())??;
        let mut candidates = profile.ancestors().skip(1).take(2);
        candidates
            .find(|candidate| candidate.ends_with(&tail))
            .map(Path::to_path_buf)
    }
}

impl CargoEnvironment {
    /// Returns the environment of a cargo that builds a module for `wasm32-unknown-unknown` or
    /// inspects such a build.
    pub fn for_module() -> Self {
        Self::of(&Outer::of_this_process(), true)
    }

    /// Returns the environment of a cargo that behaves as in the user's shell, to run native tests
    /// or to find a project.
    ///
    /// It omits only the variables that describe the running crate.
    pub fn for_host() -> Self {
        Self::of(&Outer::of_this_process(), false)
    }

    /// Creates a command that runs cargo in a folder.
    ///
    /// It runs the cargo that started this process, or else the one on the path.
    pub fn cargo(&self, folder: impl AsRef<Path>) -> Command {
        let mut command = Command::new(Self::program());
        command.current_dir(folder);
        self.apply(&mut command);
        command
    }

    /// Returns the cargo that started this process, or else the one on the path.
    pub fn program() -> OsString {
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
    }

    /// Applies this environment to a command.
    pub fn apply(&self, command: &mut Command) {
        for (name, value) in &self.changes {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }

    /// Returns the lint flags, such as `-Dwarnings`, to pass as compiler arguments for the plugin's
    /// crate alone.
    ///
    /// As arguments they replace nothing in the configuration and recompile no dependency.
    pub fn lints(&self) -> &[String] {
        &self.lints
    }

    /// Describes the flags that do not reach the module and where flags for it belong.
    ///
    /// Returns `None` if every flag reaches it.
    pub fn withheld(&self) -> Option<String> {
        if self.withheld.is_empty() {
            return None;
        }
        let listed = self.withheld.iter().map(|(variable, flags)| {
            let flags = text::one_line(&flags.join(" "), MAX_LISTED);
            format!("`{flags}` of `{variable}`")
        });
        let listed = listed.collect::<Vec<_>>().join(" and ");
        Some(format!(
            "{listed} did not reach the module, because they are for native code; flags for the module belong in `{MODULE_FLAGS}`, or in `.cargo/config.toml` under \
             `[target.wasm32-unknown-unknown]`"
        ))
    }

    fn of(outer: &Outer, for_module: bool) -> Self {
        let mut environment = CargoEnvironment::default();
        for name in outer.variables.keys() {
            if name.to_str().is_some_and(describes_running_crate) {
                environment.remove(name);
            }
        }
        for name in [
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET_DIR",
            "CARGO_BUILD_BUILD_DIR",
        ] {
            let folder = outer.variable(name).map(Path::new);
            if let Some(folder) = folder.and_then(|folder| outer.absolute(folder)) {
                environment.set(name, folder);
            }
        }
        if for_module {
            environment.keep_native_tools_out(outer);
            environment.sort_flags(outer);
        }
        environment
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.changes.insert(name.into(), Some(value.into()));
    }

    fn remove(&mut self, name: impl Into<OsString>) {
        self.changes.insert(name.into(), None);
    }

    fn keep_native_tools_out(&mut self, outer: &Outer) {
        self.remove("RUSTC_WORKSPACE_WRAPPER");
        self.remove("CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER");
        for name in ["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"] {
            let wrapper = outer.variable(name).map(Path::new);
            let stem = wrapper.and_then(Path::file_stem).and_then(OsStr::to_str);
            if stem.is_some_and(|stem| NATIVE_WRAPPERS.contains(&stem)) {
                self.remove(name);
            }
        }
        for name in outer.variables.keys() {
            let chooses_backend = |name: &str| {
                name.starts_with("CARGO_PROFILE_") && name.ends_with("_CODEGEN_BACKEND")
            };
            if name.to_str().is_some_and(chooses_backend) {
                self.remove(name);
            }
        }
    }

    /// Sorts the flags for every target into lints, portable flags and native flags.
    ///
    /// The flags that pass must not replace those from the configuration.
    fn sort_flags(&mut self, outer: &Outer) {
        let variable = [ENCODED_FLAGS, FLAGS, BUILD_FLAGS]
            .into_iter()
            .find(|name| outer.variable(name).is_some());
        self.remove(ENCODED_FLAGS);
        self.remove(FLAGS);
        let Some((variable, value)) = variable.and_then(|name| Some((name, outer.variable(name)?)))
        else {
            return;
        };
        self.remove(BUILD_FLAGS);
        let Some(value) = value.to_str() else {
            let shown = value.to_string_lossy().into_owned();
            self.withheld.insert(variable, vec![shown]);
            return;
        };
        let words: Vec<&str> = match variable {
            ENCODED_FLAGS => value
                .split('\u{1f}')
                .filter(|word| !word.is_empty())
                .collect(),
            _ => value.split_whitespace().collect(),
        };
        let sorted = Sorted::of(&words);
        self.lints = sorted.lints;
        if !sorted.native.is_empty() {
            self.withheld.insert(variable, sorted.native);
        }
        if sorted.portable.is_empty() {
            return;
        }
        // Portable flags apply to dependencies too. So they become flags of the target, or stay
        // flags of targets without flags of their own.
        let portable = sorted.portable.join(" ");
        match (variable, outer.variable(MODULE_FLAGS)) {
            (BUILD_FLAGS, _) => self.set(BUILD_FLAGS, portable),
            (_, Some(own)) => {
                let mut joined = own.to_owned();
                joined.push(" ");
                joined.push(portable);
                self.set(MODULE_FLAGS, joined);
            }
            (_, None) => self.set(MODULE_FLAGS, portable),
        }
    }
}

/// Compiler flags, sorted by the code that they apply to.
#[derive(Default)]
struct Sorted {
    /// Lint levels, for the plugin's own code.
    lints: Vec<String>,
    /// Flags that mean the same for every target.
    portable: Vec<String>,
    /// All other flags: linkers, processors, instrumentation, and unknown ones.
    native: Vec<String>,
}

impl Sorted {
    fn of(words: &[&str]) -> Self {
        const LINTS: [&str; 10] = [
            "-A",
            "-W",
            "-D",
            "-F",
            "--allow",
            "--warn",
            "--deny",
            "--forbid",
            "--force-warn",
            "--cap-lints",
        ];
        const PORTABLE: [&str; 3] = ["--cfg", "--check-cfg", "--remap-path-prefix"];
        let mut sorted = Sorted::default();
        let mut words = words.iter().copied().peekable();
        while let Some(flag) = words.next() {
            // A flag and its value are one word or two; a value never begins with a hyphen.
            let value = words.next_if(|next| !next.starts_with('-') && !has_value(flag));
            let is = |names: &[&str]| {
                names.iter().any(|name| match flag.strip_prefix(name) {
                    Some("") => value.is_some(),
                    Some(joined) => !name.starts_with("--") || joined.starts_with('='),
                    None => false,
                })
            };
            let given = || [flag].into_iter().chain(value);
            let is_portable = (is(&PORTABLE) || features_of_wasm(flag, value))
                && !given().any(|word| word.contains(char::is_whitespace));
            let kind = if is(&LINTS) {
                &mut sorted.lints
            } else if is_portable {
                &mut sorted.portable
            } else {
                &mut sorted.native
            };
            kind.extend(given().map(str::to_owned));
        }
        sorted
    }
}

/// Returns whether a word contains both a flag and its value: `--cfg=x`, `-Copt-level=1`.
fn has_value(flag: &str) -> bool {
    match flag.strip_prefix("--") {
        Some(long) => long.contains('='),
        None => flag.len() > 2,
    }
}

/// Returns whether a flag changes only target features that WebAssembly alone has.
fn features_of_wasm(flag: &str, value: Option<&str>) -> bool {
    let flag = [flag, value.unwrap_or("")].concat();
    let codegen = ["-C", "--codegen=", "--codegen"]
        .iter()
        .find_map(|name| flag.strip_prefix(name));
    let Some(features) = codegen.and_then(|option| option.strip_prefix("target-feature=")) else {
        return false;
    };
    features.split(',').all(|feature| {
        let name = feature.trim_start_matches(['+', '-']);
        WASM_FEATURES.contains(&name)
    })
}

/// Returns whether a variable is one that cargo sets to describe the crate whose test, program or
/// build script is running.
///
/// If such variables passed, they would differ from those of a build in the author's shell, and
/// build scripts that watch them would rerun each time.
fn describes_running_crate(name: &str) -> bool {
    const NAMES: [&str; 7] = [
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_MANIFEST_LINKS",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_TMPDIR",
        "OUT_DIR",
    ];
    const PREFIXES: [&str; 4] = ["CARGO_PKG_", "CARGO_BIN_", "CARGO_CFG_", "CARGO_FEATURE_"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outer(variables: &[(&str, &str)]) -> Outer {
        let owned = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        Outer {
            variables: variables.iter().map(owned).collect(),
            ..Outer::default()
        }
    }

    /// Returns the value of a variable in the environment of a module build.
    fn passed(variables: &[(&str, &str)], name: &str) -> Option<String> {
        let outer = outer(variables);
        let environment = CargoEnvironment::of(&outer, true);
        let value = match environment.changes.get(OsStr::new(name)) {
            Some(changed) => changed.as_deref(),
            None => outer.variable(name),
        };
        value.map(|value| value.to_string_lossy().into_owned())
    }

    #[test]
    fn native_flags_in_every_spelling_are_withheld() {
        let native = "-Cinstrument-coverage -C link-arg=-fuse-ld=mold -Ctarget-cpu=native -C target-feature=+avx2 \
                      -Zsanitizer=address -L /usr/lib -Clinker=clang -g -O --sysroot /s @file";
        let encoded = native.split_whitespace().collect::<Vec<_>>().join("\u{1f}");
        for (name, value) in [
            (FLAGS, native),
            (ENCODED_FLAGS, &encoded),
            (BUILD_FLAGS, native),
        ] {
            let outer = outer(&[(name, value)]);
            let environment = CargoEnvironment::of(&outer, true);
            assert_eq!(environment.changes.get(OsStr::new(name)), Some(&None));
            assert!(!environment.changes.contains_key(OsStr::new(MODULE_FLAGS)));
            assert!(environment.lints().is_empty(), "{environment:?}");
            let withheld = environment.withheld().unwrap_or_default();
            assert!(
                withheld.contains(&format!("`{native}` of `{name}`"))
                    && withheld.contains(MODULE_FLAGS),
                "{withheld}"
            );
            assert_eq!(
                CargoEnvironment::of(&outer, false),
                CargoEnvironment::default()
            );
        }
    }

    #[test]
    fn lint_flags_become_arguments_for_the_plugins_crate() {
        let flags = "-D warnings -Dunused --deny=dead_code --allow missing_docs -W clippy::all --cap-lints warn";
        let environment = CargoEnvironment::of(&outer(&[(FLAGS, flags)]), true);
        assert_eq!(environment.lints().join(" "), flags);
        assert_eq!(environment.withheld(), None);
        assert_eq!(passed(&[(FLAGS, flags)], MODULE_FLAGS), None);
    }

    #[test]
    fn portable_flags_are_joined_with_the_modules_flags() {
        let flags = "--cfg a --cfg=b --check-cfg cfg(a) --remap-path-prefix=/x=/y -C target-feature=+simd128 -Ctarget-feature=+atomics,+bulk-memory";
        assert_eq!(
            passed(&[(FLAGS, flags)], MODULE_FLAGS).as_deref(),
            Some(flags)
        );
        let own = [(MODULE_FLAGS, "--cfg own"), (FLAGS, "-g --cfg a")];
        assert_eq!(
            passed(&own, MODULE_FLAGS).as_deref(),
            Some("--cfg own --cfg a")
        );
        let encoded = [(ENCODED_FLAGS, "--cfg\u{1f}a\u{1f}--cfg\u{1f}b=\"c d\"")];
        assert_eq!(passed(&encoded, MODULE_FLAGS).as_deref(), Some("--cfg a"));
        let build = [(BUILD_FLAGS, "--cfg a -g")];
        assert_eq!(passed(&build, BUILD_FLAGS).as_deref(), Some("--cfg a"));
        assert_eq!(passed(&build, MODULE_FLAGS), None);
        // As in cargo, encoded flags replace the others.
        let both = [(ENCODED_FLAGS, "--cfg\u{1f}a"), (FLAGS, "--cfg b")];
        assert_eq!(passed(&both, MODULE_FLAGS).as_deref(), Some("--cfg a"));
        // An empty variable would still hide the configuration.
        assert_eq!(passed(&[(FLAGS, "")], FLAGS), None);
    }

    #[test]
    fn flags_of_one_target_pass_unchanged() {
        for name in [
            MODULE_FLAGS,
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
        ] {
            let flags = "-Clink-arg=-fuse-ld=mold -Cinstrument-coverage";
            assert_eq!(passed(&[(name, flags)], name).as_deref(), Some(flags));
        }
    }

    #[test]
    fn native_compiler_wrappers_are_removed() {
        for (name, value, passes) in [
            ("RUSTC_WRAPPER", "sccache", true),
            ("RUSTC_WRAPPER", "", true),
            (
                "RUSTC_WRAPPER",
                "/home/ada/.cargo/bin/cargo-llvm-cov",
                false,
            ),
            ("CARGO_BUILD_RUSTC_WRAPPER", "clippy-driver", false),
            ("CARGO_BUILD_RUSTC_WRAPPER", "ccache", true),
            ("RUSTC_WORKSPACE_WRAPPER", "clippy-driver", false),
            ("RUSTC_WORKSPACE_WRAPPER", "coverage.sh", false),
            ("CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER", "coverage.sh", false),
        ] {
            let given = passed(&[(name, value)], name);
            assert_eq!(given.as_deref(), passes.then_some(value), "{name}={value}");
        }
    }

    #[test]
    fn variables_that_configure_cargo_pass() {
        for name in [
            "CARGO",
            "CARGO_HOME",
            "CARGO_BUILD_JOBS",
            "CARGO_BUILD_TARGET",
            "CARGO_ENCODED_RUSTDOCFLAGS",
            "CARGO_INCREMENTAL",
            "CARGO_MAKEFLAGS",
            "CARGO_NET_OFFLINE",
            "CARGO_PROFILE_DEV_OPT_LEVEL",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
            "CARGO_TERM_COLOR",
            "CFLAGS",
            "LLVM_PROFILE_FILE",
            "RUSTC",
            "RUSTC_BOOTSTRAP",
            "RUSTDOCFLAGS",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert_eq!(passed(&[(name, "1")], name).as_deref(), Some("1"), "{name}");
        }
        let backend = "CARGO_PROFILE_DEV_CODEGEN_BACKEND";
        assert_eq!(passed(&[(backend, "cranelift")], backend), None);
    }

    #[test]
    fn variables_of_the_running_crate_never_pass() {
        for name in [
            "CARGO_PKG_NAME",
            "CARGO_MANIFEST_DIR",
            "CARGO_BIN_EXE_tool",
            "CARGO_CFG_TARGET_ARCH",
            "CARGO_FEATURE_STD",
            "OUT_DIR",
        ] {
            for for_module in [true, false] {
                let environment = CargoEnvironment::of(&outer(&[(name, "1")]), for_module);
                assert_eq!(
                    environment.changes.get(OsStr::new(name)),
                    Some(&None),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn relative_target_folder_resolves_as_in_the_outer_cargo() {
        let folder = |given: &str, program: &str| {
            let outer = Outer {
                folder: Some("/shop/plugin".into()),
                program: Some(program.into()),
                ..outer(&[("CARGO_TARGET_DIR", given)])
            };
            let changed = CargoEnvironment::of(&outer, true).changes;
            let changed = changed.get(OsStr::new("CARGO_TARGET_DIR")).cloned();
            changed.flatten().map(PathBuf::from)
        };
        let test = "/shop/out/debug/deps/plugin-1a2b";
        for (given, program, expected) in [
            // A workspace test runs in its crate's folder; cargo was started elsewhere.
            ("out", test, "/shop/out"),
            ("./out", test, "/shop/out"),
            ("../out", test, "/shop/out"),
            (
                "out",
                "/shop/out/x86_64-unknown-linux-gnu/ci/deps/p",
                "/shop/out",
            ),
            ("debug", "/shop/debug/debug/deps/p", "/shop/debug"),
            // A tool keeps the folder where it was started.
            (
                "out",
                "/home/ada/.cargo/bin/cargo-plugin",
                "/shop/plugin/out",
            ),
            ("out", "/shop/out/debug/cargo-plugin", "/shop/plugin/out"),
            ("..", test, "/shop/plugin/.."),
        ] {
            assert_eq!(
                folder(given, program).as_deref(),
                Some(Path::new(expected)),
                "{given} {program}"
            );
        }
        for given in ["/elsewhere", ""] {
            assert_eq!(folder(given, test), None);
        }
    }
}
