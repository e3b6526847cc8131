//! Sidecars that authors write by hand, next to modules that do not describe themselves.

use std::path::Path;

use serde_json::Value;

use super::{KINDS, Kind, read};
use crate::error::{Error, Result};
use crate::target_host::Host;
use crate::text;

/// The longest id, in bytes.
const MAX_ID: usize = 128;

/// A sidecar that its author wrote by hand.
pub struct HandWritten {
    /// The file's name, without a folder.
    pub file_name: String,
    pub contents: String,
    /// The plugin's id.
    pub id: String,
}

impl HandWritten {
    /// Reads the sidecar next to a module.
    ///
    /// # Errors
    ///
    /// If it does not exist, or has no id that can be the name of a folder.
    pub fn next_to(module: &Path, host: Host) -> Result<Self> {
        let kind = kind(host)?;
        let path = kind.next_to(module);
        let failed = || Error::new(format!("cannot use the sidecar `{}`", text::path(&path)));
        let contents = read(&path).map_err(|reason| {
            failed().because(format!("it {reason}")).help(format!(
                "`{}` does not describe itself, so the host `{}` needs this file",
                text::path(module),
                host.name
            ))
        })?;
        let id = kind
            .id_in(&contents)
            .and_then(plain)
            .map_err(|reason| failed().because(format!("it {reason}")))?;
        // The path ends with a name, because it is next to a file.
        let name = path.file_name().unwrap_or_default();
        Ok(HandWritten {
            file_name: name.to_string_lossy().into_owned(),
            contents,
            id,
        })
    }
}

/// Returns an id that can be the name of a folder, and cannot lead to another one. The harness
/// checks ids of manifests when it reads them.
fn plain(id: String) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let allowed =
        (1..=MAX_ID).contains(&id.len()) && !id.starts_with('.') && id.bytes().all(is_plain);
    match allowed {
        true => Ok(id),
        false => Err(format!(
            "has the id `{}`; an id has 1 to {MAX_ID} letters, digits, `-`, `_` and `.`, and does not begin with `.`",
            text::line(&id, 60)
        )),
    }
}

/// Returns true if a file is a sidecar of the host for a plugin of this id, generated or written by
/// hand; false if it cannot be read.
pub fn is_of_plugin(path: &Path, host: Host, id: &str) -> bool {
    let found = kind(host).ok().and_then(|kind| {
        let contents = read(path).ok()?;
        kind.id_in(&contents).ok()
    });
    found.is_some_and(|found| found == id)
}

fn kind(host: Host) -> Result<&'static Kind> {
    let kind = KINDS.iter().find(|kind| kind.host == host.name);
    kind.ok_or_else(|| Error::new(format!("the host `{}` reads no sidecar", host.name)))
}

impl Kind {
    fn id_in(&self, contents: &str) -> Result<String, String> {
        let format = self.format;
        let document = format
            .parse(contents)
            .map_err(|error| format!("is not {}: {error}", format.name()))?;
        let id = document.pointer(self.identity).and_then(Value::as_str);
        id.map(str::to_owned)
            .ok_or_else(|| format!("has no text at `{}`", self.identity))
    }
}
