//! The package that the compiler builds, as cargo describes it.

/// Returns a value of `Cargo.toml`; empty if it is missing, or cargo does not build
/// the package.
pub fn package(key: &str) -> String {
    std::env::var(format!("CARGO_PKG_{key}")).unwrap_or_default()
}

/// Returns the id that a plugin has unless its author gives one.
pub fn id_of_package() -> String {
    package("NAME").replace('_', "-").to_ascii_lowercase()
}
