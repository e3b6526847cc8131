//! A finding as a test in Rust, for the plugin's crate.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use plugin_sdk_harness::{Failure, FailureKind};
use serde_json::Value;

use super::plan::{Fault, Input, Step, Strike, is_empty};
use super::properties::Evidence;
use super::property::Property;
use super::run::{Finding, LEAK_RUNS};
use super::shrink::Shrunk;
use crate::interface::Element;
use crate::project::Features;
use crate::quantities::PAGE;
use crate::target_host::Host;
use crate::text;

/// The greatest length of a test in bytes.
const MAX_TEST: usize = 32 << 10;

/// The greatest lengths of a comment and of a name, in bytes.
const MAX_COMMENT: usize = 300;
const MAX_NAME: usize = 40;

/// The shortest run of equal bytes that is written as an array.
const MIN_RUN: usize = 17;

/// The source of the module in a test.
pub enum Origin {
    /// The crate that has the test.
    Crate {
        release: bool,
        features: Features,
    },
    File(PathBuf),
}

impl Origin {
    fn expression(&self, counts: bool) -> String {
        match self {
            Origin::Crate { release, features } => {
                let mut source = "Source::crate_dir(env!(\"CARGO_MANIFEST_DIR\"))".to_owned();
                if *release {
                    source.push_str(".release()");
                }
                if !features.names().is_empty() {
                    let _ = write!(source, ".features({:?})", features.names());
                }
                if features.lack_defaults() {
                    source.push_str(".no_default_features()");
                }
                if counts {
                    source.push_str(".count_allocations()");
                }
                source
            }
            Origin::File(path) => format!("Source::file({})", path_expression(path)),
        }
    }
}

/// Returns the expression of a path. Only a path of a Unix system may not be text.
fn path_expression(path: &Path) -> String {
    match path.to_str() {
        Some(text) => format!("{text:?}"),
        None => format!(
            "<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(b\"{}\".to_vec())",
            path.as_os_str().as_encoded_bytes().escape_ascii()
        ),
    }
}

/// Returns a test of this name that fails because of a finding; `None` if its values are too large
/// to print.
pub fn test(origin: &Origin, host: Host, shrunk: &Shrunk, name: &str) -> Option<String> {
    let mut test = Test {
        shrunk,
        host,
        body: String::new(),
        uses: vec!["Plugin", "Source"],
    };
    test.write(origin);
    let finding = &shrunk.finding;
    let comment = finding.violation.message.lines().next();
    let comment = text::line(comment.unwrap_or_default(), MAX_COMMENT);
    let mut uses = test.uses;
    uses.sort_unstable();
    uses.dedup();
    let uses = uses.join(", ");
    let text = format!(
        "/// {comment}\n#[test]\nfn {name}() {{\n    use plugin_sdk_harness::{{{uses}}};\n\n{}}}\n",
        test.body
    );
    (text.len() <= MAX_TEST).then_some(text)
}

/// Returns a name for the test of a finding, such as `average_does_not_return`.
pub fn function_name(finding: &Finding) -> String {
    let mut name: String = finding
        .callee
        .chars()
        .map(|character| match character.is_ascii_alphanumeric() {
            true => character.to_ascii_lowercase(),
            false => '_',
        })
        .take(MAX_NAME)
        .collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, '_');
    }
    let claim = match finding.violation.property {
        Property::Trap => "always_returns",
        Property::Limits => "stays_within_its_limits",
        Property::Result => "returns_what_it_describes",
        Property::ErrorCode => "declares_its_errors",
        Property::ValidArguments => "takes_valid_arguments",
        Property::InvalidArguments => "refuses_invalid_arguments",
        Property::State => "loads_a_saved_state",
        Property::Leak => "leaks_nothing",
        Property::Repeatable => "repeats_its_answers",
        Property::Engines => "does_the_same_on_each_engine",
        Property::Contract => "keeps_the_rules_of_its_host",
    };
    format!("{name}_{claim}")
}

struct Test<'a> {
    shrunk: &'a Shrunk,
    host: Host,
    body: String,
    /// The names to import from the harness.
    uses: Vec<&'static str>,
}

impl Test<'_> {
    fn line(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.body, "{:1$}{line}", "", 4 * depth);
    }

    fn write(&mut self, origin: &Origin) {
        let property = self.shrunk.finding.violation.property;
        let source = origin.expression(property == Property::Leak);
        self.line(1, &format!("let source = {source};"));
        match property {
            Property::Leak => self.leak(),
            Property::Repeatable => self.compared(false),
            Property::Engines => self.compared(true),
            _ if self.shrunk.finding.step.is_none() => {
                let builder = self.builder("Plugin::builder(source)");
                self.line(1, &format!("let answer = {builder};"));
                // Only an undeclared code depends on the step, and a command has it.
                self.expectation(&Step::Start);
            }
            _ => {
                let builder = self.builder("Plugin::builder(source)");
                self.line(1, &format!("let mut plugin = {builder}.unwrap();"));
                self.calls();
            }
        }
    }

    /// Returns the expression that builds the plugin from the expression of a builder.
    fn builder(&mut self, start: &str) -> String {
        let world = &self.shrunk.sequence.world;
        let mut builder = start.to_owned();
        match &world.grants {
            None => builder.push_str(".grant_all()"),
            Some(grants) => {
                for grant in grants {
                    let _ = write!(builder, ".grant({grant:?})");
                }
            }
        }
        if let Some(config) = world.config.as_ref().filter(|config| !is_empty(config)) {
            let config = self.json(config);
            let _ = write!(builder, ".config({config})");
        }
        for fault in &world.faults {
            let fault = self.fault(fault);
            let _ = write!(builder, "{fault}");
        }
        if let Evidence::Failure(failure) = &self.shrunk.finding.violation.evidence {
            builder.push_str(&limit(failure));
        }
        match self.host.feature {
            None => builder.push_str(".build()"),
            Some(_) => {
                self.uses.push("hosts");
                let _ = write!(
                    builder,
                    ".build_for(hosts::find({:?}).unwrap())",
                    self.host.name
                );
            }
        }
        builder
    }

    fn fault(&mut self, fault: &Fault) -> String {
        self.uses.push("services::InjectedFault");
        let strike = match fault.strike {
            Strike::Error(code) => format!("error({code:?}, \"injected\")"),
            Strike::Oversized(bytes) => format!("oversized({bytes})"),
            Strike::BadBytes => "bad_bytes()".to_owned(),
        };
        let after = match fault.after {
            0 => String::new(),
            calls => format!(".after({calls})"),
        };
        format!(
            ".fault({:?}, InjectedFault::{strike}{after})",
            fault.function
        )
    }

    /// Returns the expression of a JSON value.
    fn json(&mut self, value: &Value) -> String {
        self.uses.push("serde_json");
        format!(
            "serde_json::from_str::<serde_json::Value>({}).unwrap()",
            raw_string(value)
        )
    }

    /// Returns the expression of a call, which has a result.
    fn call(&mut self, step: &Step) -> String {
        match step {
            Step::Call { command, input } => {
                format!("plugin.call_raw({command:?}, {})", bytes(input))
            }
            Step::Init(config) => format!("plugin.init({})", self.json(config)),
            Step::Start => "plugin.start()".to_owned(),
            Step::Stop => "plugin.stop()".to_owned(),
            Step::Event { topic, data } => {
                format!("plugin.event({topic:?}, {})", self.json(data))
            }
            Step::Reload => {
                "plugin.save_state().and_then(|state| plugin.load_state(&state))".to_owned()
            }
        }
    }

    fn ignored(&mut self, depth: usize, step: &Step) {
        let call = self.call(step);
        self.line(depth, &format!("let _ = {call};"));
    }

    /// Writes the calls, the last of which shows the violation.
    fn calls(&mut self) {
        let steps = &self.shrunk.sequence.steps;
        let shown = self.shrunk.finding.step.unwrap_or(0);
        for step in steps.iter().take(shown) {
            self.ignored(1, step);
        }
        match steps.get(shown) {
            Some(step) => {
                let call = self.call(step);
                self.line(1, &format!("let answer = {call};"));
                self.expectation(step);
            }
            None => {
                self.line(1, "let _ = plugin.stop();");
                self.line(1, "let answer = plugin.cleanup();");
                self.returns();
            }
        }
    }

    /// Writes the assertion that the plugin returned a result or an error.
    fn returns(&mut self) {
        self.line(1, "if let Err(failure) = answer {");
        self.line(
            2,
            "assert!(failure.plugin_error().is_some(), \"{failure}\");",
        );
        self.line(1, "}");
    }

    /// Writes the assertion about the answer.
    fn expectation(&mut self, step: &Step) {
        let violation = &self.shrunk.finding.violation;
        match (violation.property, &violation.evidence) {
            (Property::InvalidArguments, _) => {
                self.line(
                    1,
                    "assert!(answer.is_err(), \"these arguments are invalid\");",
                );
            }
            (Property::ValidArguments, Evidence::Failure(failure)) => {
                self.line(1, "if let Err(failure) = answer {");
                let code = failure.code();
                self.line(
                    2,
                    &format!("assert_ne!(failure.code(), {code:?}, \"{{failure}}\");"),
                );
                self.line(1, "}");
            }
            (Property::ErrorCode, Evidence::Failure(failure)) => {
                let (code, command) = (failure.code(), step.callee());
                self.line(
                    1,
                    "let code = answer.err().map(|failure| failure.code().to_owned());",
                );
                self.line(1, &format!("let command = plugin.module().manifest().unwrap().command({command:?}).unwrap();"));
                self.line(1, &format!("let is_declared = command.errors.iter().any(|error| error.code == {code:?});"));
                self.line(
                    1,
                    &format!("assert!(is_declared || code.as_deref() != Some({code:?}));"),
                );
            }
            (Property::State, _) => self.line(1, "answer.unwrap();"),
            (_, Evidence::Part { pointer, found }) => self.part(pointer, found.as_ref()),
            (_, Evidence::NotJson) => {
                self.uses.push("serde_json");
                self.line(
                    1,
                    "serde_json::from_slice::<serde_json::Value>(answer.unwrap()).unwrap();",
                );
            }
            (_, Evidence::Form(Element::Text)) => {
                self.line(1, "std::str::from_utf8(answer.unwrap()).unwrap();");
            }
            (_, Evidence::Form(element)) => {
                let size = element.size();
                self.line(
                    1,
                    &format!("assert_eq!(answer.unwrap().len() % {size}, 0);"),
                );
            }
            _ => self.returns(),
        }
    }

    /// Writes the assertion that a part of the result is not what it was.
    fn part(&mut self, pointer: &str, found: Option<&Value>) {
        self.uses.push("serde_json");
        self.line(
            1,
            "let result: serde_json::Value = serde_json::from_slice(answer.unwrap()).unwrap();",
        );
        match found {
            Some(found) => {
                let found = self.json(found);
                self.line(1, &format!("let undescribed = {found};"));
                self.line(
                    1,
                    &format!("assert_ne!(result.pointer({pointer:?}), Some(&undescribed));"),
                );
            }
            None => self.line(
                1,
                &format!("assert!(result.pointer({pointer:?}).is_some());"),
            ),
        }
    }

    fn leak(&mut self) {
        let builder = self.builder("Plugin::builder(source)");
        self.line(1, &format!("let mut plugin = {builder}.unwrap();"));
        self.line(
            1,
            &format!("plugin.expect_no_leak({LEAK_RUNS}, |plugin| {{"),
        );
        let config = self.shrunk.sequence.world.config();
        self.ignored(2, &Step::Init(config));
        for step in &self.shrunk.sequence.steps {
            self.ignored(2, step);
        }
        self.line(2, "let _ = plugin.cleanup();");
        self.line(1, "});");
    }

    /// Writes the comparison of two runs: on the same engine, or each on another.
    fn compared(&mut self, on_engines: bool) {
        let (parameter, engine) = match on_engines {
            true => ("engine", ".engine(engine)"),
            false => ("", ""),
        };
        let start = format!("Plugin::builder(source.clone()){engine}.transcript()");
        let builder = self.builder(&start);
        self.line(1, &format!("let run = |{parameter}| {{"));
        self.line(2, &format!("let mut plugin = {builder}.unwrap();"));
        for step in &self.shrunk.sequence.steps {
            self.ignored(2, step);
        }
        self.line(2, "let _ = plugin.stop();");
        self.line(2, "let _ = plugin.cleanup();");
        self.line(2, "plugin.transcript()");
        self.line(1, "};");
        match on_engines {
            false => self.line(1, "assert_eq!(run(), run());"),
            true => {
                self.uses.push("Engine");
                self.line(
                    1,
                    "// `Engine::Wasmi` needs the feature `wasmi` of plugin-sdk-harness.",
                );
                self.line(1, "assert_eq!(run(Engine::Wasmtime), run(Engine::Wasmi));");
            }
        }
    }
}

/// Returns the setting of the limit that a call exceeded.
fn limit(failure: &Failure) -> String {
    match failure.kind() {
        // An interpreter takes longer than the default time limit for as many instructions.
        FailureKind::OutOfFuel { limit } => {
            format!(".fuel({limit}).timeout(std::time::Duration::from_secs(60))")
        }
        FailureKind::OutOfMemory { limit, .. } => format!(".memory_pages({})", limit / PAGE),
        _ => String::new(),
    }
}

/// Returns the expression of an input as bytes.
fn bytes(input: &Input) -> String {
    match input {
        Input::Json(value) => format!("{}.as_bytes()", raw_string(value)),
        Input::Bytes(bytes) => match bytes.split_first() {
            Some((first, rest))
                if bytes.len() >= MIN_RUN && rest.iter().all(|byte| byte == first) =>
            {
                format!("&[{first:#04x}; {}]", bytes.len())
            }
            _ => format!("b\"{}\"", bytes.escape_ascii()),
        },
    }
}

/// Returns a value as JSON in a raw string.
fn raw_string(value: &Value) -> String {
    // The compiler refuses text that changes its direction.
    let json = text::safe_json(&value.to_string());
    let mut marks = "#".to_owned();
    while json.contains(&format!("\"{marks}")) {
        marks.push('#');
    }
    format!("r{marks}\"{json}\"{marks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn paths_that_are_no_text_are_written_as_bytes() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        let expression = |path: &[u8]| path_expression(Path::new(OsStr::from_bytes(path)));
        assert_eq!(
            expression("a ä\x1b\u{202e}".as_bytes()),
            r#""a ä\u{1b}\u{202e}""#
        );
        assert_eq!(
            expression(b"a\"\xff\x1b"),
            r#"<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(b"a\"\xff\x1b".to_vec())"#
        );
    }
}
