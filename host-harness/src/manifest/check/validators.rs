//! Validation of many values, for tools.

use std::sync::Arc;

use plugin_sdk::services::events;
use serde_json::Value;

use super::{Checks, Lazy, Problem, Subject};
use crate::limits::SchemaLimits;
use crate::manifest::{Manifest, Schema};

/// The schemas of a manifest, each compiled when it is first needed: for tools that validate many
/// values of one plugin.
///
/// The methods do the same as those of [`Manifest`], which compile a schema for each value.
///
/// ```
/// use plugin_sdk_harness::manifest::{Manifest, Validators};
/// use serde_json::json;
///
/// let manifest: Manifest = serde_json::from_value(json!({"abi": 1, "commands": [
///     {"name": "dice", "result": {"type": "integer", "minimum": 1, "maximum": 6}},
/// ]}))?;
/// let validators = Validators::new(manifest);
/// for thrown in 1..=6 {
///     assert!(validators.check_result("dice", &json!(thrown)).is_ok());
/// }
/// let problems = validators.check_result("dice", &json!(7)).unwrap_err();
/// assert_eq!(problems[0].expected, "an integer from 1 to 6");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct Validators {
    manifest: Arc<Manifest>,
    checks: Checks,
    /// Sorted like the manifest.
    results: Vec<Lazy>,
    limits: SchemaLimits,
}

impl Validators {
    /// Creates validators for the schemas of a manifest.
    pub fn new(manifest: impl Into<Arc<Manifest>>) -> Self {
        let manifest = manifest.into();
        let results = std::iter::repeat_with(Lazy::new);
        Validators {
            checks: Checks::of(Arc::clone(&manifest)),
            results: results.take(manifest.commands.len()).collect(),
            limits: SchemaLimits::default(),
            manifest,
        }
    }

    /// Validates the arguments of a command: see [`Manifest::check`].
    ///
    /// # Errors
    ///
    /// The problems of the value, at most 16.
    pub fn check(&self, command: &str, arguments: &Value) -> Result<(), Vec<Problem>> {
        let Some((info, compiled)) = self.checks.command(command) else {
            return Ok(());
        };
        let schema = info.arguments.as_ref();
        self.problems(schema, compiled, Subject::Arguments, arguments)
    }

    /// Validates the result of a command: see [`Manifest::check_result`].
    ///
    /// # Errors
    ///
    /// The problems of the value, at most 16.
    pub fn check_result(&self, command: &str, result: &Value) -> Result<(), Vec<Problem>> {
        let mut commands = self.manifest.commands.iter().zip(&self.results);
        let Some((info, compiled)) = commands.find(|(info, _)| info.name == command) else {
            return Ok(());
        };
        self.problems(info.result.as_ref(), compiled, Subject::Result, result)
    }

    /// Validates a configuration: see [`Manifest::check_config`].
    ///
    /// # Errors
    ///
    /// The problems of the value, at most 16.
    pub fn check_config(&self, config: &Value) -> Result<(), Vec<Problem>> {
        let schema = self.manifest.config.as_ref();
        self.problems(schema, &self.checks.config, Subject::Configuration, config)
    }

    /// Validates the data of an event against the schema of every handler that receives its topic.
    ///
    /// # Errors
    ///
    /// The problems of the data for the first handler that does not accept them, at most 16.
    pub fn check_event(&self, topic: &str, data: &Value) -> Result<(), Vec<Problem>> {
        let handlers = self.manifest.handles.iter().zip(&self.checks.handles);
        for (handled, compiled) in handlers {
            if events::matches(&handled.topic, topic) {
                self.problems(handled.data.as_ref(), compiled, Subject::EventData, data)?;
            }
        }
        Ok(())
    }

    fn problems(
        &self,
        schema: Option<&Schema>,
        compiled: &Lazy,
        subject: Subject,
        value: &Value,
    ) -> Result<(), Vec<Problem>> {
        let Some(schema) = schema else { return Ok(()) };
        match self.checks.compiled(schema, compiled, &self.limits) {
            Ok(compiled) => compiled.check(subject, value, self.limits.steps),
            Err(reason) => Err(vec![Problem::bad_schema(&reason)]),
        }
    }
}
