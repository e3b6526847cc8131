//! Chicory, the engine on which the tests run clients in Java.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use toolchain::process::{self, LOCAL};

/// The file that names Chicory and its version.
const POM: &str = "cargo-plugin/tests/clients/java/pom.xml";

/// Maven's plugin that copies a project's dependencies, in the version that Maven 3.8 knows.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/// The time limit of Maven, which downloads its own plugin too.
const DOWNLOAD: Duration = Duration::from_secs(300);

/// Copies Chicory's archives from Maven Central, unless they are there, and returns their folder.
///
/// # Errors
/// If there is no JDK, or no Maven, or Maven Central is not reachable.
pub fn chicory() -> Result<PathBuf> {
    process::capture(process::command("javac").arg("-version"), LOCAL)
        .context("there is no JDK; on Debian, type `apt-get install openjdk-17-jdk-headless`")?;
    let root = process::workspace_root();
    let folder = root.join("target/java");
    let version = version().context("the pom.xml does not name Chicory")?;
    let archives = ["runtime", "wasm"].map(|name| folder.join(format!("{name}-{version}.jar")));
    let are_there = || archives.iter().all(|archive| archive.is_file());
    if are_there() {
        return Ok(folder);
    }
    // Archives of another version would be on the same class path.
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("removing earlier archives of Chicory")?;
    }
    let mut maven = process::command(if cfg!(windows) { "mvn.cmd" } else { "mvn" });
    maven
        .args(["--quiet", "--batch-mode", "--file"])
        .arg(root.join(POM))
        .arg(COPY)
        .arg(format!("-DoutputDirectory={}", folder.display()));
    process::capture(&mut maven, DOWNLOAD).context(
        "copying Chicory with Maven failed; is Maven installed (on Debian: `apt-get install maven`), and Maven Central reachable?",
    )?;
    if !are_there() {
        bail!(
            "Maven did not copy Chicory {version} to `{}`",
            folder.display()
        );
    }
    Ok(folder)
}

/// Returns the version in the `pom.xml`: the one after the name of the archive.
fn version() -> Option<&'static str> {
    let pom = include_str!("../../cargo-plugin/tests/clients/java/pom.xml");
    let (_, after) = pom.split_once("<artifactId>runtime</artifactId>")?;
    let (_, after) = after.split_once("<version>")?;
    Some(after.split_once("</version>")?.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_of_chicory_is_pinned_exactly() {
        let version = super::version().unwrap();
        let mut numbers = version.split('.');
        assert!(numbers.all(|part| part.parse::<u32>().is_ok()), "{version}");
    }
}
