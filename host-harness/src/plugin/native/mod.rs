//! Plugins that run on the host's own target, without WebAssembly.

pub(super) mod instance;

use plugin_sdk::native;

use super::Plugin;
use super::builder::PluginBuilder;
use crate::failure::Failure;
#[cfg(doc)]
use crate::failure::FailureKind;
use crate::run::Module;

impl Plugin {
    /// Creates an instance that runs on the target of this process, without WebAssembly, with the
    /// default settings: breakpoints, `dbg!`, coverage and sanitizers work.
    ///
    /// Arguments are decoded and results encoded as in WebAssembly, and a panic is a
    /// [`Failure`] as well. Host calls reach the same services, with the same permissions and
    /// faults. [`PluginBuilder::native`] has settings.
    ///
    /// ```
    /// use plugin_sdk::prelude::*;
    /// use plugin_sdk_harness::Plugin;
    /// use serde_json::json;
    ///
    /// #[plugin]
    /// #[derive(Default)]
    /// struct Counter { count: u32 }
    ///
    /// #[plugin]
    /// impl Counter {
    ///     #[command]
    ///     fn add(&mut self, number: u32) -> u32 {
    ///         self.count += number;
    ///         self.count
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), plugin_sdk_harness::Failure> {
    /// let mut plugin = Plugin::native::<Counter>()?;
    /// assert_eq!(plugin.call::<u32>("add", json!({"number": 2}))?, 2);
    /// assert_eq!(plugin.call::<u32>("add", json!({"number": 3}))?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Limits
    ///
    /// There is no linear memory and no engine: memory, tables, stack, fuel and time are not
    /// limited, and a call cannot be [interrupted](Plugin::interruptible). A stack overflow ends
    /// the process. The limits of arguments, results, log lines and schemas apply.
    ///
    /// The plugin must be `Send`, as [`Plugin`] is.
    ///
    /// # Errors
    ///
    /// Fails if the init hook does.
    pub fn native<P: native::Plugin + Send>() -> Result<Self, Failure> {
        PluginBuilder::native::<P>().build()
    }
}

impl PluginBuilder {
    /// Returns a builder for an instance that runs natively, with its own settings: see
    /// [`Plugin::native`].
    ///
    /// An [emulated](Self::emulate) host and `build_async` need a module, and fail with
    /// [`Engine`](FailureKind::Engine).
    ///
    /// ```
    /// # use plugin_sdk::prelude::*;
    /// # #[plugin(permissions(kv = "remembers the last guest"))]
    /// # #[derive(Default)]
    /// # struct GuestBook;
    /// # #[plugin]
    /// # impl GuestBook {
    /// #     #[command]
    /// #     fn greet(name: &str) -> Result<String> {
    /// #         kv::set("last", name)?;
    /// #         Ok(format!("Hello, {name}!"))
    /// #     }
    /// # }
    /// use plugin_sdk_harness::PluginBuilder;
    /// use serde_json::json;
    ///
    /// # fn main() -> Result<(), plugin_sdk_harness::Failure> {
    /// let mut plugin = PluginBuilder::native::<GuestBook>().grant("kv").build()?;
    /// let greeting: String = plugin.call("greet", json!({"name": "Ada"}))?;
    /// assert_eq!(greeting, "Hello, Ada!");
    /// assert_eq!(plugin.services().kv().get::<String>("last").as_deref(), Some("Ada"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn native<P: native::Plugin + Send>() -> Self {
        Module::native::<P>().plugin()
    }
}
