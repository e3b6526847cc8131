//! Remembers greetings: services of the host, and the permission that one of them needs.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Greets people and remembers the last one.
#[plugin(type = "tool", log, permissions(kv = "remembers who was greeted"))]
#[derive(Default)]
pub struct GuestBook;

#[plugin]
impl GuestBook {
    /// Greets someone by name.
    #[command]
    pub fn greet(name: &str) -> Result<String> {
        log::info!("greeting {name}");
        kv::set("last", name)?;
        Ok(format!("Hello, {name}!"))
    }

    /// Returns the last person greeted, by this instance or an earlier one.
    #[command]
    pub fn last() -> Result<Option<String>> {
        kv::get("last")
    }
}
