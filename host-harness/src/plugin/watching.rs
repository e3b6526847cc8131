//! Watching a plugin: statistics, the trace and the heap.

use std::sync::{Arc, Mutex};

use super::Plugin;
use super::builder::PluginBuilder;
use crate::observe::{Crossing, Heap, Statistics};

impl PluginBuilder {
    /// Counts and times the plugin's calls: see [`Plugin::statistics`].
    ///
    /// A call then costs two looks at the clock more. Unless asked for, nothing is counted and nothing is spent on it.
    pub fn statistics(mut self) -> Self {
        self.observe.statistics = true;
        self
    }

    /// Tells `sink` of every crossing of the boundary, in both directions, as it happens.
    ///
    /// What is not shown costs little: a [`Crossing`] is made into text by its `Display`, not before. Instances of clones of this
    /// builder share the sink. It must not call a plugin that it is told of itself: the lock around it would wait for ever.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use plugin_sdk_harness::{Plugin, Source};
    ///
    /// # const WAT: &str = r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    /// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    /// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    /// #   (func (export "command_echo") (param i32 i32) (result i64)
    /// #     (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#;
    /// let (lines, seen) = mpsc::channel();
    /// let mut plugin = Plugin::builder(Source::wat(WAT))
    ///     .trace(move |crossing| lines.send(crossing.to_string()).unwrap_or_default())
    ///     .build()?;
    /// plugin.call_raw("echo", b"hello")?;
    ///
    /// let seen: Vec<String> = seen.try_iter().collect();
    /// assert_eq!(seen[2], "-> echo hello");
    /// assert!(seen[3].starts_with("<- echo ok hello ("));
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn trace(mut self, sink: impl FnMut(&Crossing<'_>) + Send + 'static) -> Self {
        self.observe.sink = Some(Arc::new(Mutex::new(sink)));
        self
    }

    /// Prints every crossing of the boundary to the standard error stream, a line each: [`trace`](Self::trace) with a sink for it.
    ///
    /// ```text
    /// -> greet {"name":"Ada"}
    ///   <- log_write info: greeting Ada
    ///   -> log_write ok (1.2µs)
    /// <- greet ok {"message":"Hello, Ada!","greeted":1} (14.8µs)
    /// ```
    pub fn debug(self) -> Self {
        self.trace(|crossing| eprintln!("{crossing}"))
    }
}

impl Plugin {
    /// What the calls so far came to and cost, each command and hook for itself; empty unless the plugin was built with
    /// [`statistics`](PluginBuilder::statistics).
    ///
    /// ```
    /// # use plugin_sdk_harness::{Plugin, Source};
    /// # const WAT: &str = r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    /// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    /// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    /// #   (func (export "command_echo") (param i32 i32) (result i64)
    /// #     (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#;
    /// let mut plugin = Plugin::builder(Source::wat(WAT)).statistics().build()?;
    /// for text in ["one", "three"] {
    ///     plugin.call_raw("echo", text.as_bytes())?;
    /// }
    ///
    /// let echo = plugin.statistics().command("echo").unwrap();
    /// assert_eq!((echo.calls(), echo.errors(), echo.bytes_in()), (2, 0, 8));
    /// assert!(echo.min() <= echo.p99() && echo.p99() <= echo.max());
    /// println!("{}", plugin.statistics());
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn statistics(&self) -> &Statistics {
        Statistics::of_observer(self.runner.observer())
    }

    /// What the plugin's heap holds now, as it says itself; `None` unless it counts, which it does if it is
    /// [built so](crate::CrateSource::count_allocations). No guest code is run for it.
    ///
    /// The harness's argument buffer and the last call's result are in it.
    pub fn heap(&self) -> Option<Heap> {
        self.runner.sandbox().heap()
    }
}
