//! Watching a plugin: statistics, the trace, the transcript and the heap.

use std::sync::{Arc, Mutex};

use super::Plugin;
use super::builder::PluginBuilder;
use crate::observe::transcript::Transcript;
use crate::observe::{Heap, Statistics, TraceEvent};

impl PluginBuilder {
    /// Prints every event at the boundary to standard error, one per line: [`trace`](Self::trace)
    /// with a sink that prints.
    ///
    /// ```text
    /// -> greet {"name":"Ada"}
    ///   <- log_write info: greeting Ada
    ///   -> log_write ok (1.2µs)
    /// <- greet ok {"message":"Hello, Ada!","greeted":1} (14.8µs)
    /// ```
    pub fn trace_to_stderr(self) -> Self {
        self.trace(|crossing| eprintln!("{crossing}"))
    }

    /// Counts and times the plugin's calls; see [`Plugin::statistics`].
    ///
    /// This costs two clock readings per call. By default nothing is counted, at no cost.
    pub fn statistics(mut self) -> Self {
        self.observe.statistics = true;
        self
    }

    /// Records everything that happens to the plugin from now on, within bounds: its calls, the
    /// host functions that it calls with their arguments and answers, its log lines and the events
    /// that it emits. [`Plugin::transcript`] returns the record.
    ///
    /// By default nothing is recorded, at no cost.
    pub fn transcript(mut self) -> Self {
        self.observe.transcript = true;
        self
    }

    /// Reports every event at the boundary to `sink`, in both directions, as it happens.
    ///
    /// Events that are not displayed cost little: a [`TraceEvent`] becomes text only in its
    /// `Display`. Instances of clones of this builder share the sink. The sink must not call a
    /// plugin that reports to it: it would deadlock.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use plugin_sdk_harness::{Plugin, Source};
    ///
    /// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
    /// let (lines, seen) = mpsc::channel();
    /// let mut plugin = Plugin::builder(Source::wat(WAT))
    ///     .trace(move |crossing| lines.send(crossing.to_string()).unwrap())
    ///     .build()?;
    /// plugin.call_raw("echo", b"hello")?;
    ///
    /// let seen: Vec<String> = seen.try_iter().collect();
    /// assert_eq!(seen[2], "-> echo hello");
    /// assert!(seen[3].starts_with("<- echo ok hello ("));
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn trace(mut self, sink: impl FnMut(&TraceEvent<'_>) + Send + 'static) -> Self {
        self.observe.sink = Some(Arc::new(Mutex::new(sink)));
        self
    }
}

impl Plugin {
    /// Returns outcomes and costs of the calls so far, for each command and hook. Empty unless the
    /// plugin was built with [`statistics`](PluginBuilder::statistics).
    ///
    /// ```
    /// # use plugin_sdk_harness::{Plugin, Source};
    /// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
    /// let mut plugin = Plugin::builder(Source::wat(WAT)).statistics().build()?;
    /// for text in ["one", "three"] {
    ///     plugin.call_raw("echo", text.as_bytes())?;
    /// }
    ///
    /// let echo = plugin.statistics().command("echo").unwrap();
    /// assert_eq!((echo.calls, echo.errors, echo.bytes_in), (2, 0, 8));
    /// assert!(echo.times.min <= echo.times.p99() && echo.times.p99() <= echo.times.max);
    /// println!("{}", plugin.statistics());
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn statistics(&self) -> &Statistics {
        Statistics::of_observer(self.runner.observer())
    }

    /// Returns everything that happened to the plugin since its instance was created. `None` unless
    /// the plugin was built with [`transcript`](PluginBuilder::transcript).
    pub fn transcript(&self) -> Option<Transcript> {
        let recorder = self.runner.observer()?.recorder()?;
        Some(recorder.lock().transcript())
    }

    /// Returns the current contents of the heap, as the plugin counts them. `None` unless the
    /// plugin counts its allocations, for which it is [built with counting
    /// enabled](crate::CrateSource::count_allocations). This runs no guest code.
    ///
    /// It includes the harness's argument buffer and the last call's result.
    pub fn heap(&self) -> Option<Heap> {
        self.runner.sandbox()?.heap()
    }
}
