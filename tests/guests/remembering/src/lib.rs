//! A plugin with and without `kv` and `log`, to measure their cost.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Greets people.
#[cfg_attr(feature = "logged", plugin(log))]
#[cfg_attr(not(feature = "logged"), plugin)]
#[derive(Default)]
pub struct Remembering {
    greeted: u64,
}

/// A greeting, and the number of greetings.
#[derive(Serialize, Schema)]
pub struct Greeting {
    message: String,
    greeted: u64,
}

#[plugin]
impl Remembering {
    /// Greets someone by name.
    #[command]
    pub fn greet(&mut self, name: &str) -> Result<Greeting> {
        #[cfg(feature = "services")]
        {
            log::info!("greeting {name}");
            if let Some(last) = kv::get::<String>("last")? {
                log::debug!("after {last}");
            }
            kv::set("last", name)?;
        }
        self.greeted += 1;
        Ok(Greeting {
            message: format!("Hello, {name}!"),
            greeted: self.greeted,
        })
    }
}
