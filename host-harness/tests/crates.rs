//! Builds of the crate under test, with crates made for these tests.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use plugin_sdk_harness::{BuildFailure, CrateSource, Failure, FailureKind, Module, Plugin, Source};

/// A plugin without dependencies, which compiles quickly.
const PLUGIN: &str = r#"
#![no_std]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { core::arch::wasm32::unreachable() }
#[unsafe(no_mangle)]
pub static plugin_abi_1: [u32; 6] = [0; 6];
static mut ROOM: [u128; 64] = [0; 64];
#[unsafe(no_mangle)]
pub extern "C" fn alloc(_size: u32) -> *mut u128 { &raw mut ROOM as *mut u128 }
#[unsafe(no_mangle)]
pub extern "C" fn free(_ptr: u32, _size: u32) {}
#[unsafe(no_mangle)]
pub extern "C" fn plugin_init(_ptr: u32, _len: u32) -> u64 { 0 }
#[unsafe(no_mangle)]
pub extern "C" fn plugin_cleanup() {}
#[unsafe(no_mangle)]
pub extern "C" fn command_echo(ptr: u32, len: u32) -> u64 { (ptr as u64) << 32 | len as u64 }
#[cfg(feature = "extra")]
#[unsafe(no_mangle)]
pub extern "C" fn command_extra(_ptr: u32, _len: u32) -> u64 { 0 }
#[cfg(not(feature = "usual"))]
#[unsafe(no_mangle)]
pub extern "C" fn command_bare(_ptr: u32, _len: u32) -> u64 { 0 }
#[cfg(not(debug_assertions))]
#[unsafe(no_mangle)]
pub extern "C" fn command_optimised(_ptr: u32, _len: u32) -> u64 { 0 }
"#;

const CDYLIB: &str = "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]";

/// A crate in a folder of its own, in no workspace.
struct Crate(tempfile::TempDir);

impl Crate {
    fn new(lib: &str, code: &str) -> Self {
        let manifest = format!(
            "[package]\nname = \"made-for-a-test\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{lib}\n\
             [features]\ndefault = [\"usual\"]\nusual = []\nextra = []\n\
             [profile.dev]\npanic = \"abort\"\n[profile.release]\npanic = \"abort\"\n\
             [profile.own]\ninherits = \"release\"\n[workspace]\n"
        );
        Self::of(&[("Cargo.toml", &manifest), ("src/lib.rs", code)])
    }

    fn of(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Crate(dir)
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn target(&self) -> PathBuf {
        self.dir().join("target")
    }

    /// Returns the source of the crate, built in a separate target folder, whatever
    /// `CARGO_TARGET_DIR` is, because the crates of these tests share one name.
    fn source(&self) -> CrateSource {
        Source::crate_dir(self.dir()).target_dir(self.target())
    }

    #[track_caller]
    fn refused(&self) -> Failure {
        Module::load(self.source()).unwrap_err()
    }
}

/// The folder of the crate that [`the_child`] loads.
const CHILD: &str = "PLUGIN_SDK_HARNESS_TEST_CRATE";

/// Loads a crate for other tests, in a process with other environment variables.
#[test]
#[ignore = "other tests start it"]
fn the_child() {
    let dir = PathBuf::from(std::env::var_os(CHILD).unwrap());
    let source = Source::crate_dir(&dir).profile("dev");
    let module = Module::load(source).unwrap_or_else(|failure| panic!("{failure}"));
    println!(
        "commands: {}.",
        module.commands().collect::<Vec<_>>().join(" ")
    );
}

/// The outcome of a build.
struct Child {
    /// The commands of the module.
    commands: Result<String, String>,
    /// The uncaptured output on the standard error stream.
    err: String,
}

/// Loads a crate in a process with these variables.
fn loaded(plugin: &Path, variables: &[(&str, &str)]) -> Child {
    let program = std::env::current_exe().unwrap();
    let mut child = std::process::Command::new(program);
    child
        .args(["--ignored", "--exact", "the_child", "--show-output"])
        .env(CHILD, plugin)
        .env("CARGO_TARGET_DIR", plugin.join("target"));
    for name in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "RUSTC_WRAPPER",
    ] {
        child.env_remove(name);
    }
    let output = child.envs(variables.iter().copied()).output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let commands = out
        .split_once("commands: ")
        .and_then(|(_, rest)| rest.split_once('.'))
        .map(|(commands, _)| commands.to_owned());
    Child {
        commands: commands.ok_or(out),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A plugin whose commands show which `cfg`s reached it, with cargo's configuration.
fn configured(config: &str) -> Crate {
    let mut code = PLUGIN.to_owned();
    for name in ["configured", "given"] {
        code.push_str(&format!(
            "#[cfg({name})]\n#[unsafe(no_mangle)]\npub extern \"C\" fn command_{name}(_ptr: u32, _len: u32) -> u64 {{ 0 }}\n"
        ));
    }
    let lints = format!("{CDYLIB}\n[lints.rust]\nunexpected_cfgs = \"allow\"");
    let plugin = Crate::new(&lints, &code);
    let file = plugin.dir().join(".cargo/config.toml");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    std::fs::write(file, config).unwrap();
    plugin
}

const TARGET_FLAGS: &str = "[target.wasm32-unknown-unknown]\nrustflags = ['--cfg', 'configured']\n";

macro_rules! assert_build {
    ($failure:expr, $kind:pat, $said:expr) => {{
        let failure = $failure;
        assert!(
            matches!(failure.kind(), FailureKind::Build($kind)),
            "{failure}"
        );
        assert!(failure.to_string().contains($said), "{failure}");
    }};
}

#[test]
fn a_crate_is_built_with_its_own_profiles_and_features() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    let commands = |source: CrateSource| {
        let module = Module::load(source).unwrap();
        module.commands().collect::<Vec<_>>().join(" ")
    };
    let source = || plugin.source();
    assert_eq!(commands(source().profile("dev")), "echo");
    assert_eq!(
        commands(source().profile("dev").features(["extra"])),
        "echo extra"
    );
    assert_eq!(
        commands(source().profile("dev").no_default_features()),
        "bare echo"
    );
    assert_eq!(commands(source().release()), "echo optimised");
    assert_eq!(
        commands(
            source()
                .profile("own")
                .features(["extra"])
                .no_default_features()
        ),
        "bare echo extra optimised"
    );
    for folder in ["debug", "release", "own"] {
        assert!(
            plugin
                .target()
                .join("wasm32-unknown-unknown")
                .join(folder)
                .is_dir(),
            "{folder}"
        );
    }
}

#[test]
fn variants_built_at_once_into_one_file_stay_separate() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    let variants = [
        (plugin.source(), "echo"),
        (plugin.source().features(["extra"]), "echo extra"),
        (plugin.source().no_default_features(), "bare echo"),
        (
            plugin.source().no_default_features().features(["extra"]),
            "bare echo extra",
        ),
    ];
    std::thread::scope(|scope| {
        for (source, expected) in variants {
            scope.spawn(move || {
                let module = Module::load(source.profile("dev")).unwrap();
                assert_eq!(module.commands().collect::<Vec<_>>().join(" "), expected);
            });
        }
    });
}

#[test]
fn a_target_folder_being_read_blocks_builds_into_it() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    Module::load(plugin.source()).unwrap();
    let lock = plugin.target().join(".plugin-sdk-harness-debug.lock");
    let reading = std::fs::File::open(lock).unwrap();
    reading.lock().unwrap();
    // Another profile has another folder.
    Module::load(plugin.source().release()).unwrap();
    std::thread::scope(|scope| {
        let (done, built) = std::sync::mpsc::channel();
        let other = plugin.source().features(["extra"]);
        scope.spawn(move || done.send(Module::load(other).is_ok()).unwrap());
        // More than enough for a build that does not wait.
        let too_early = built.recv_timeout(std::time::Duration::from_secs(3));
        assert!(too_early.is_err());
        reading.unlock().unwrap();
        assert_eq!(built.recv(), Ok(true));
    });
}

#[test]
fn a_target_folder_is_made_as_cargo_makes_it() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    Module::load(plugin.source()).unwrap();
    assert!(plugin.target().join("CACHEDIR.TAG").is_file());
}

#[test]
fn counting_needs_the_sdk_as_a_dependency() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    assert_build!(
        Module::load(plugin.source().count_allocations()).unwrap_err(),
        BuildFailure::Failed { .. },
        "plugin-sdk"
    );
}

#[test]
fn a_crate_is_built_with_the_profile_of_the_running_test() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    let module = Module::load(plugin.source()).unwrap();
    assert_eq!(
        module.commands().any(|name| name == "optimised"),
        !cfg!(debug_assertions)
    );
}

#[test]
fn a_crate_is_built_once_for_all_threads() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut plugin = Plugin::builder(plugin.source()).no_cache().build().unwrap();
                assert_eq!(plugin.call_raw("echo", b"hello").unwrap(), b"hello");
            });
        }
    });
    // A second build would now fail.
    std::fs::write(plugin.dir().join("src/lib.rs"), "not Rust").unwrap();
    assert!(Module::load(plugin.source()).is_ok());
}

#[test]
fn a_crate_is_built_where_it_is_asked_to() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    let elsewhere = tempfile::tempdir().unwrap();
    Module::load(Source::crate_dir(plugin.dir()).target_dir(elsewhere.path())).unwrap();
    assert!(elsewhere.path().join("wasm32-unknown-unknown").is_dir());
    assert!(!plugin.dir().join("target").exists());
}

#[test]
fn a_folder_that_does_not_exist_or_holds_no_crate_is_named() {
    let empty = tempfile::tempdir().unwrap();
    for dir in [empty.path().join("missing"), empty.path().to_path_buf()] {
        let failure = Plugin::from_crate(&dir).unwrap_err();
        assert_build!(
            failure,
            BuildFailure::NoCrate { .. },
            &*dir.to_string_lossy()
        );
    }
}

#[test]
fn a_workspace_without_a_root_crate_is_reported_as_such() {
    let member = "[package]\nname = \"member\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let workspace = Crate::of(&[
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"member\"]\n",
        ),
        ("member/Cargo.toml", member),
        ("member/src/lib.rs", "#![no_std]"),
    ]);
    assert_build!(
        workspace.refused(),
        BuildFailure::Workspace { .. },
        "name the folder of the plugin's crate"
    );
}

#[test]
fn a_library_without_cdylib_is_shown_the_lines_to_add() {
    let lines = "[lib]\n         crate-type = [\"cdylib\", \"rlib\"]";
    assert_build!(
        Crate::new("", "#![no_std]").refused(),
        BuildFailure::NotCdylib { .. },
        lines
    );

    let manifest =
        "[package]\nname = \"program\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    let program = Crate::of(&[("Cargo.toml", manifest), ("src/main.rs", "fn main() {}")]);
    assert_build!(program.refused(), BuildFailure::NotCdylib { .. }, lines);
}

#[test]
fn a_compile_error_is_shown() {
    let broken = Crate::new(CDYLIB, "#![no_std]\npub fn f() -> u32 { \"text\" }");
    assert_build!(
        broken.refused(),
        BuildFailure::Failed { .. },
        "error[E0308]: mismatched types"
    );
    let unknown = broken.source().features(["nowhere"]);
    assert_build!(
        Module::load(unknown).unwrap_err(),
        BuildFailure::Failed { .. },
        "nowhere"
    );
}

#[test]
fn a_toolchain_without_the_target_is_shown_the_command() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    // A compiler that looks for its libraries in an empty folder.
    let nowhere = tempfile::tempdir().unwrap();
    let flags = format!(
        "[build]\nrustflags = [\"--sysroot={}\"]\n",
        nowhere.path().display()
    );
    std::fs::create_dir(plugin.dir().join(".cargo")).unwrap();
    std::fs::write(plugin.dir().join(".cargo/config.toml"), flags).unwrap();
    assert_build!(
        plugin.refused(),
        BuildFailure::MissingTarget { .. },
        "help: rustup target add wasm32-unknown-unknown"
    );
}

#[test]
fn a_crate_that_is_not_a_plugin_is_reported_as_such() {
    let crate_without_sdk = Crate::new(
        CDYLIB,
        "#![no_std]\n#[panic_handler]\nfn panic(_: &core::panic::PanicInfo) -> ! { loop {} }",
    );
    let failure = crate_without_sdk.refused();
    assert!(
        matches!(failure.kind(), FailureKind::MissingExport { name, .. } if name == "plugin_abi_1"),
        "{failure}"
    );
    assert!(failure.to_string().contains("#[plugin]"), "{failure}");
}

#[test]
fn a_dependency_that_defines_an_export_is_named() {
    let manifest = "[package]\nname = \"clashing\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
        [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n[features]\nextra = []\nusual = []\n\
        [dependencies]\nc-shim = { path = \"c-shim\" }\n[profile.dev]\npanic = \"abort\"\n\
        [profile.release]\npanic = \"abort\"\nlto = true\n[workspace]\n";
    let shim_manifest = "[package]\nname = \"c-shim\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let plugin = format!("{PLUGIN}\npub use c_shim::malloc;\n");
    // The linker refuses a function of the same type; of another type, it silently keeps one.
    for (symbol, signature) in [
        ("free", "(_block: u32)"),
        ("free", "(_block: u32, _size: u32)"),
        ("alloc", "(_size: u32, _align: u32) -> u32"),
        ("alloc", "(_size: u32) -> u32"),
        ("plugin_init", "()"),
    ] {
        let shim = format!(
            "#![no_std]\n#[unsafe(no_mangle)]\npub extern \"C\" fn malloc(size: u32) -> u32 {{ size }}\n\
             #[unsafe(no_mangle)]\npub extern \"C\" fn {symbol}{signature} {{ loop {{}} }}\n"
        );
        let plugin = Crate::of(&[
            ("Cargo.toml", manifest),
            ("src/lib.rs", &plugin),
            ("c-shim/Cargo.toml", shim_manifest),
            ("c-shim/src/lib.rs", &shim),
        ]);
        for source in [plugin.source(), plugin.source().release().cdylib_only()] {
            assert_build!(
                Module::load(source).unwrap_err(),
                BuildFailure::Clash { .. },
                &format!("the crate `c_shim` defines `{symbol}`")
            );
        }
    }
}

/// Functions of C libraries and programs, none of which a plugin exports.
#[test]
fn a_dependency_may_define_functions_that_no_host_calls() {
    let manifest = "[package]\nname = \"with-c\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
        [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n[features]\nextra = []\nusual = []\n\
        [dependencies]\nc-library = { path = \"c-library\" }\n[profile.dev]\npanic = \"abort\"\n\
        [profile.release]\npanic = \"abort\"\nlto = true\n[workspace]\n";
    let functions = [
        "malloc",
        "calloc",
        "realloc",
        "abort",
        "exit",
        "main",
        "_start",
        "_initialize",
        "memcpy",
        "strlen",
        "log",
    ];
    let library = functions.map(|name| {
        format!("#[unsafe(no_mangle)]\npub extern \"C\" fn {name}(_: u32, _: u32, _: u32) -> u32 {{ 7 }}\n")
    });
    let plugin = Crate::of(&[
        ("Cargo.toml", manifest),
        (
            "src/lib.rs",
            &format!("{PLUGIN}\npub use c_library::malloc;\n"),
        ),
        (
            "c-library/Cargo.toml",
            "[package]\nname = \"c-library\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        ),
        (
            "c-library/src/lib.rs",
            &format!("#![no_std]\n{}", library.concat()),
        ),
    ]);
    for source in [plugin.source(), plugin.source().release().cdylib_only()] {
        let mut plugin = Plugin::builder(source).build().unwrap();
        assert_eq!(plugin.call_raw("echo", b"ho").unwrap(), b"ho");
    }
}

/// Each of these flags would make the build of a module fail.
#[test]
fn native_flags_of_the_outer_build_stay_native() {
    let native = "-D warnings -Cinstrument-coverage -C link-arg=-fuse-ld=mold -Ctarget-cpu=native";
    let encoded = native.replace(' ', "\u{1f}");
    for config in [
        TARGET_FLAGS,
        "[build]\nrustflags = \"--cfg configured\"\n",
        "[target.'cfg(target_family = \"wasm\")']\nrustflags = \"--cfg configured\"\n",
    ] {
        let plugin = configured(config);
        for variable in [
            ("RUSTFLAGS", native),
            ("CARGO_ENCODED_RUSTFLAGS", &*encoded),
            ("CARGO_BUILD_RUSTFLAGS", native),
        ] {
            let child = loaded(plugin.dir(), &[variable]);
            assert_eq!(
                child.commands,
                Ok("configured echo".to_owned()),
                "{config}{variable:?}"
            );
        }
    }
}

#[test]
fn flags_that_mean_the_same_everywhere_join_the_modules_own() {
    let plugin = configured(TARGET_FLAGS);
    let both = Ok("configured echo given".to_owned());
    for variable in [
        ("RUSTFLAGS", "-g --cfg given"),
        ("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}given"),
        (
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            "--cfg given",
        ),
    ] {
        assert_eq!(
            loaded(plugin.dir(), &[variable]).commands,
            both,
            "{variable:?}"
        );
    }
    let plugin = configured("[build]\nrustflags = ['--cfg', 'configured']\n");
    let build = (
        "CARGO_BUILD_RUSTFLAGS",
        "--cfg given -Clinker=no-such-linker",
    );
    assert_eq!(loaded(plugin.dir(), &[build]).commands, both);
}

#[test]
fn lints_of_the_outer_build_apply_to_the_plugin() {
    let wasm_only = format!("{PLUGIN}#[cfg(target_arch = \"wasm32\")]\nfn unused() {{}}\n");
    let plugin = Crate::new(CDYLIB, &wasm_only);
    assert!(loaded(plugin.dir(), &[]).commands.is_ok());
    let flags = ("RUSTFLAGS", "-Cinstrument-coverage -D warnings");
    let error = loaded(plugin.dir(), &[flags]).commands.unwrap_err();
    assert!(error.contains("function `unused` is never used"), "{error}");
    // The failure explains why a flag had no effect.
    assert!(
        error.contains("`-Cinstrument-coverage` of `RUSTFLAGS` did not reach the module"),
        "{error}"
    );
}

#[test]
fn wrappers_targets_and_folders_of_the_outer_build_do_no_harm() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    let elsewhere = tempfile::tempdir().unwrap();
    let nowhere = elsewhere.path().join("nowhere");
    let nowhere = nowhere.to_str().unwrap();
    let variables = [
        ("CARGO_BUILD_TARGET", "no-such-target"),
        ("CARGO_INCREMENTAL", "0"),
        (
            "CARGO_MAKEFLAGS",
            "-j --jobserver-fds=98,99 --jobserver-auth=98,99",
        ),
        ("CARGO_PROFILE_DEV_DEBUG", "0"),
        ("CARGO_PROFILE_DEV_CODEGEN_BACKEND", "cranelift"),
        ("LLVM_PROFILE_FILE", nowhere),
        ("RUSTC_WORKSPACE_WRAPPER", nowhere),
        ("RUSTC_WRAPPER", "no/such/cargo-llvm-cov"),
        ("RUSTDOCFLAGS", "--no-such-flag"),
    ];
    let child = loaded(plugin.dir(), &variables);
    assert_eq!(child.commands, Ok("echo".to_owned()), "{}", child.err);
    // A wrapper that may be a cache of compilations is used.
    let refused = loaded(plugin.dir(), &[("RUSTC_WRAPPER", nowhere)]);
    assert!(refused.commands.is_err());
    // Relative to where the process was started.
    let folder = format!("target/crates-test-{}", std::process::id());
    assert!(
        loaded(plugin.dir(), &[("CARGO_TARGET_DIR", &folder)])
            .commands
            .is_ok()
    );
    let here = std::env::current_dir().unwrap().join(&folder);
    assert!(here.join("wasm32-unknown-unknown").is_dir());
    std::fs::remove_dir_all(here).unwrap();
    assert!(!plugin.dir().join(&folder).exists());
}

#[test]
fn a_crate_is_built_in_a_folder_of_any_name() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    for name in ["a b", "größe=1", "it's \"quoted\"", "{x} $HOME #", "-x"] {
        let dir = plugin.dir().join(name);
        std::fs::create_dir_all(dir.join("src")).unwrap();
        for file in ["Cargo.toml", "src/lib.rs"] {
            std::fs::copy(plugin.dir().join(file), dir.join(file)).unwrap();
        }
        let source = Source::crate_dir(&dir)
            .profile("dev")
            .target_dir(dir.join("target"));
        assert!(Module::load(source).is_ok(), "{name}");
    }
}

#[test]
fn a_build_that_takes_long_is_announced_once() {
    let plugin = Crate::new(CDYLIB, PLUGIN);
    let slow = "fn main() { std::thread::sleep(std::time::Duration::from_secs(3)) }";
    std::fs::write(plugin.dir().join("build.rs"), slow).unwrap();
    let child = loaded(plugin.dir(), &[]);
    assert!(child.commands.is_ok());
    let announced = "for wasm32-unknown-unknown (profile dev) …";
    assert_eq!(child.err.matches(announced).count(), 1, "{}", child.err);
}

#[test]
fn features_that_only_tests_enable_are_reported_as_the_cause() {
    let plugin = |resolver: &str| {
        let dependency = "[package]\nname = \"half\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[features]\nnet = []\n";
        let member = format!(
            "[package]\nname = \"member\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{CDYLIB}\n\
             [dependencies]\nhalf = {{ path = \"../half\" }}\n[dev-dependencies]\nhalf = {{ path = \"../half\", features = [\"net\"] }}\n"
        );
        let workspace = format!(
            "[workspace]\n{resolver}members = [\"half\", \"member\"]\n[profile.dev]\npanic = \"abort\"\n"
        );
        Crate::of(&[
            ("Cargo.toml", &workspace),
            ("half/Cargo.toml", dependency),
            (
                "half/src/lib.rs",
                "#![no_std]\n#[cfg(feature = \"net\")]\ncompile_error!(\"no network\");\n",
            ),
            ("member/Cargo.toml", &member),
            ("member/src/lib.rs", &format!("{PLUGIN}use half as _;\n")),
        ])
    };
    let load = |workspace: &Crate| {
        let source = Source::crate_dir(workspace.dir().join("member"));
        Module::load(source.profile("dev").target_dir(workspace.target()))
    };
    for resolver in ["", "resolver = \"1\"\n"] {
        let failure = load(&plugin(resolver)).unwrap_err();
        assert_build!(&failure, BuildFailure::Failed { .. }, "no network");
        let hint = failure.hint().unwrap();
        assert!(
            hint.contains("`half` was built with the features that `[dev-dependencies]` ask for")
                && hint.contains("`resolver = \"3\"`"),
            "{hint}"
        );
    }
    assert!(load(&plugin("resolver = \"3\"\n")).is_ok());
    // A mistake in the plugin's own code gets no such hint.
    let broken = plugin("");
    std::fs::write(broken.dir().join("member/src/lib.rs"), "not Rust").unwrap();
    std::fs::write(broken.dir().join("half/src/lib.rs"), "#![no_std]").unwrap();
    assert_eq!(load(&broken).unwrap_err().hint(), None);
}
