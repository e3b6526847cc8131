//! Permissions of plugins.

use std::collections::BTreeSet;
use std::fmt;

use plugin_sdk::{Error, PermissionDenied, Result};
use serde::{Deserialize, Serialize};

use crate::text;

/// The permissions granted to a plugin.
///
/// ```
/// use plugin_sdk_harness::services::Grants;
///
/// let mut grants = Grants::none();
/// grants.grant("kv");
/// assert!(grants.check("kv").is_ok());
///
/// let error = grants.check("http").unwrap_err();
/// assert_eq!(error.code(), "permission_denied");
/// assert_eq!(error.details().unwrap()["grant"], r#".grant("http")"#);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Grants {
    all: bool,
    names: BTreeSet<String>,
    words: GrantWords,
}

/// The wording that explains to a host's users how to grant a permission.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GrantWords(Option<fn(&str) -> String>);

impl Grants {
    /// Grants no permission.
    pub fn none() -> Self {
        Self::default()
    }

    /// Grants every permission.
    pub fn all() -> Self {
        Grants {
            all: true,
            ..Self::default()
        }
    }

    /// Grants a permission.
    pub fn grant(&mut self, permission: impl Into<String>) {
        self.names.insert(permission.into());
    }

    /// Grants every permission.
    pub fn grant_all(&mut self) {
        self.all = true;
    }

    /// Sets the wording that explains how to grant a permission, for hosts whose users do not write
    /// Rust; see [`PluginBuilder::grant_hint`](crate::PluginBuilder::grant_hint).
    pub fn set_words(&mut self, words: fn(&str) -> String) {
        self.words = GrantWords(Some(words));
    }

    pub(crate) fn words(&self) -> GrantWords {
        self.words
    }

    /// Returns whether every permission is granted, and the names of those that are.
    pub(crate) fn granted(&self) -> (bool, impl Iterator<Item = &str>) {
        (self.all, self.names.iter().map(String::as_str))
    }

    /// Returns whether a permission is granted.
    #[inline]
    pub fn allows(&self, permission: &str) -> bool {
        self.all || self.names.contains(permission)
    }

    /// Checks that a permission is granted.
    ///
    /// # Errors
    ///
    /// `permission_denied`, the error of a call without the permission. Its details have the
    /// members `permission` and `grant`.
    pub fn check(&self, permission: &str) -> Result<()> {
        match self.allows(permission) {
            true => Ok(()),
            false => Err(self.words.denied(permission)),
        }
    }
}

impl GrantWords {
    /// Returns the error of a call that lacks a permission.
    #[cold]
    pub(crate) fn denied(self, permission: &str) -> Error {
        Error::from(PermissionDenied {
            permission: permission.to_owned(),
            grant: match self.0 {
                Some(words) => words(permission),
                None => format!(".grant({permission:?})"),
            },
        })
    }
}

/// A permission that a plugin asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

impl Permission {
    pub(crate) fn new(name: impl Into<String>, reason: Option<String>) -> Self {
        Permission {
            name: name.into(),
            reason,
            optional: false,
        }
    }

    /// Returns the permission's name, such as `kv`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the plugin works without the permission.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Returns the purpose that the plugin's author declares, or `None` if the plugin uses the
    /// permission without declaring it.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

/// Formats the permission as `kv: remembers who was greeted`.
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::name(&self.name))?;
        match &self.reason {
            Some(reason) => write!(f, ": {}", text::one_line(reason, 200)),
            None => f.write_str(" (used, but not declared)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denied_permission_names_the_grant() {
        let mut grants = Grants::none();
        let error = grants.check("k\"v").unwrap_err();
        assert_eq!(error.code(), "permission_denied");
        assert_eq!(
            error.details().unwrap(),
            serde_json::json!({"permission": "k\"v", "grant": r#".grant("k\"v")"#})
        );
        grants.grant("kv");
        assert!(grants.allows("kv") && !grants.allows("kvs") && !grants.allows("k"));
        grants.grant_all();
        assert!(grants.allows("anything"));
        assert!(Grants::all().check("anything").is_ok());
    }
}
