//! Instructions of native plugins, as valgrind's callgrind counts them.

use std::fs;
use std::path::Path;
use std::process::Command;

use main_jobs::COUNTED;
use plugin_sdk_tests::root;

use super::instructions::Counts;

/// Counts the native instructions of every job.
pub fn count() -> Counts {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("profile");
    // Callgrind counts within that function, and writes a profile at the end of each of its calls.
    let profiler = [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        format!("--toggle-collect={COUNTED}"),
        format!("--dump-after={COUNTED}"),
        "--compress-strings=no".to_owned(),
        "--compress-pos=no".to_owned(),
        "--dump-line=no".to_owned(),
        format!("--callgrind-out-file={}", profile.display()),
    ];
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root())
        // They would change the code that is counted: flags as `docs/building.md` has for coverage,
        // and the last one, of `cargo xtask test`, the order in which functions are inlined.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("__CARGO_DEFAULT_LIB_METADATA")
        .args(["run", "--quiet", "--package=main-jobs", "--profile=guest"])
        // Callgrind finds the function by its symbol. Macros keep their settings, so that they are
        // not compiled again.
        .arg("--config=profile.guest.strip='debuginfo'")
        .arg("--config=profile.guest.build-override.strip=true")
        .arg(format!("--config=target.'cfg(all())'.runner={profiler:?}"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let names = String::from_utf8(output.stdout).unwrap();
    let counts = names.lines().enumerate().map(|(nth, name)| {
        let profile = profile.with_added_extension((nth + 1).to_string());
        (name.to_owned(), instructions(&profile))
    });
    counts.collect()
}

/// Sums the instructions of a profile in the program itself. The C library has other code on each
/// system, some of it chosen by the processor.
fn instructions(profile: &Path) -> u64 {
    let text = fs::read_to_string(profile);
    let text = text.unwrap_or_else(|error| panic!("no profile of {COUNTED}: {error}"));
    let (mut sum, mut in_program, mut is_callee) = (0, false, false);
    for line in text.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            in_program = Path::new(object).file_name() == Some("main-jobs".as_ref());
        } else if line.starts_with("calls=") {
            // The next line has the callee's instructions, which are also with the callee.
            is_callee = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let of_callee = std::mem::replace(&mut is_callee, false);
            let (_, count) = line.split_once(' ').unwrap();
            if in_program && !of_callee {
                sum += count.parse::<u64>().unwrap();
            }
        }
    }
    sum
}
