//! The text of WIT that all worlds of plugins have in common.

use std::fmt::Write as _;

use super::names::kebab;

/// The namespace of the packages of plugins.
const NAMESPACE: &str = "plugin";

/// The world of every plugin.
pub const WORLD: &str = "component";

/// Writes the beginning of a plugin's package.
pub fn package(id: &str, version: &str, description: &str, out: &mut String) {
    documentation(description, "", out);
    let version = match semver::Version::parse(version) {
        Ok(version) => format!("@{version}"),
        Err(_) => String::new(),
    };
    line(
        out,
        format_args!("package {NAMESPACE}:%{}{version};", kebab(id)),
    );
}

/// Writes the world of a plugin.
pub fn world(imports: impl IntoIterator<Item = String>, export: &str, out: &mut String) {
    line(out, format_args!("world {WORLD} {{"));
    for interface in imports {
        line(out, format_args!("  import {interface};"));
    }
    line(out, format_args!("  export {export};"));
    line(out, format_args!("}}"));
}

/// Writes a line.
pub fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(text);
    out.push('\n');
}

/// Writes an author's text as comments, without characters that end a line or hide text.
pub fn documentation(text: &str, indent: &str, out: &mut String) {
    for one in text.lines() {
        let shown: String = one
            .chars()
            .map(|c| if is_plain(c) { c } else { ' ' })
            .collect();
        line(out, format_args!("{indent}/// {}", shown.trim_end()));
    }
}

/// Returns whether WIT allows a character in a comment: none that controls or reverses text.
fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{149}'
                | '\u{673}'
                | '\u{f77}'
                | '\u{f79}'
                | '\u{17a3}'
                | '\u{17a4}'
                | '\u{17b4}'
                | '\u{17b5}'
        )
}
