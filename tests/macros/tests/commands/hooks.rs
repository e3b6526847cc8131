//! The hooks of a plugin.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use plugin_sdk::__private::{Event, Hook, Plugin, Start, Stop, load_state, save_state};
use plugin_sdk::prelude::*;

use super::*;

fn created<P: Plugin>(config: &str) -> Result<P> {
    let mut place = None;
    P::init(&mut config.as_bytes().to_vec(), &mut place)?;
    place.ok_or_else(|| Error::msg("init did not fill its place"))
}

/// All hooks, in two blocks.
#[plugin]
#[derive(Debug)]
struct Station {
    name: String,
    log: Vec<String>,
    closed: Rc<Cell<bool>>,
}

#[derive(Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
struct Config<'a> {
    name: &'a str,
    lines: u8,
}

impl Default for Config<'_> {
    fn default() -> Self {
        Config {
            name: "main",
            lines: 1,
        }
    }
}

#[plugin]
impl Station {
    #[init]
    fn new(config: &Config<'_>) -> Result<Self> {
        if config.lines == 0 {
            return Err(Error::msg("a station needs a line"));
        }
        Ok(Station {
            name: config.name.to_owned(),
            log: Vec::new(),
            closed: Rc::default(),
        })
    }

    #[command]
    fn log(&self) -> &[String] {
        &self.log
    }
}

#[plugin]
impl Station {
    #[start]
    fn open(&mut self) -> Result<&str> {
        self.log.push("open".to_owned());
        Ok(&self.name)
    }

    #[stop]
    fn pause(&mut self) -> Result<(), String> {
        Err("a train is still here".to_owned())
    }

    #[event]
    fn arrived(&mut self, topic: &str, #[arg(rename = "data", default)] train: Option<u32>) {
        self.log.push(format!("{topic} {train:?}"));
    }

    #[cleanup]
    fn close(&mut self) {
        self.closed.set(true);
    }
}

#[test]
fn init_takes_a_configuration() {
    let station: Station = created(r#"{"name": "we\u0073t"}"#).unwrap();
    assert_eq!(station.name, "west");
    assert_eq!(created::<Station>("").unwrap().name, "main");
    assert!(!Station::makes_itself());
}

#[test]
fn init_may_fail() {
    let error = created::<Station>(r#"{"lines": 0}"#).unwrap_err();
    assert_eq!(
        seen(&error),
        json!({"code": "failed", "message": "a station needs a line"})
    );
}

#[test]
fn an_invalid_configuration_is_reported_as_configuration() {
    let error = created::<Station>(r#"{"lines": "two"}"#).unwrap_err();
    assert_eq!(
        seen(&error)["details"],
        json!({"path": "lines", "expected": "u8", "found": "\"two\""})
    );
    let error = created::<Station>("[").unwrap_err();
    assert_eq!(error.code(), "invalid_json");
    assert!(error.message().starts_with("the configuration"), "{error}");
    let error = created::<Station>("7").unwrap_err();
    assert_eq!(
        error.message(),
        "the configuration: expected struct Config, found 7"
    );
}

#[test]
fn start_and_stop_return_results_like_commands() {
    let mut station = created("").unwrap();
    assert_eq!(
        call(&mut station, <Station as Hook<Start>>::handle, "").unwrap(),
        "main"
    );
    assert_eq!(
        refused(&mut station, <Station as Hook<Stop>>::handle, b""),
        json!({"code": "failed", "message": "a train is still here"})
    );
    assert_eq!(
        call(&mut station, Station::__plugin_sdk_command_log, "").unwrap(),
        json!(["open"])
    );
}

#[test]
fn an_event_has_a_topic_and_data() {
    let mut station = created("").unwrap();
    let event = <Station as Hook<Event>>::handle;
    call(&mut station, event, r#"{"topic": "train", "data": 7}"#).unwrap();
    call(&mut station, event, r#"{"topic": "none"}"#).unwrap();
    assert_eq!(station.log, ["train Some(7)", "none None"]);
    assert_eq!(
        refused(&mut station, event, br#"{"data": 7}"#)["code"],
        "missing_argument"
    );
    assert_eq!(
        refused(&mut station, event, br#"{"topic": "x", "when": 1}"#)["code"],
        "unknown_argument"
    );
}

#[test]
fn cleanup_runs_the_hook() {
    let mut station: Station = created("").unwrap();
    let closed = Rc::clone(&station.closed);
    Plugin::cleanup(&mut station);
    assert!(closed.get());
}

/// A plugin without hooks.
#[plugin]
#[derive(Default)]
struct Plain {
    calls: u32,
}

#[test]
fn a_plugin_without_hooks_uses_default() {
    assert!(Plain::makes_itself());
    let mut plain: Plain = created("{}").unwrap();
    assert_eq!(plain.calls, 0);
    Plugin::cleanup(&mut plain);
}

/// A plugin whose init hook overrides `Default`, with hooks in their short forms.
#[plugin]
#[derive(Default)]
struct Small {
    events: u32,
}

#[plugin]
impl Small {
    #[init]
    fn new() -> Self {
        Small { events: 10 }
    }

    #[start]
    fn begin() {}

    #[plugin_sdk::stop]
    fn end(&self) -> u32 {
        self.events
    }

    #[event()]
    fn anything(&mut self) {
        self.events += 1;
    }

    #[cleanup]
    fn none() {}
}

#[test]
fn hooks_can_omit_receivers_and_arguments() {
    assert!(!Small::makes_itself());
    let mut small: Small = created(r#"{"ignored": true}"#).unwrap();
    assert_eq!(
        call(&mut small, <Small as Hook<Start>>::handle, "").unwrap(),
        json!(null)
    );
    call(
        &mut small,
        <Small as Hook<Event>>::handle,
        r#"{"topic": "x", "data": [{}]}"#,
    )
    .unwrap();
    call(&mut small, <Small as Hook<Event>>::handle, "").unwrap();
    assert_eq!(
        call(&mut small, <Small as Hook<Stop>>::handle, "").unwrap(),
        12
    );
    Plugin::cleanup(&mut small);
}

/// A plugin whose state is moved field by field, although its type implements `Drop`.
#[plugin(state = "json")]
#[derive(Serialize, Deserialize)]
struct Ledger {
    lines: Vec<String>,
    #[cfg(any())]
    pages: u32,
    #[deprecated]
    title: Option<String>,
    #[serde(skip)]
    dropped: Rc<Cell<u32>>,
    #[cfg_attr(all(), serde(skip))]
    cache: Vec<u8>,
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.dropped.set(self.dropped.get() + 1);
    }
}

#[plugin]
impl Ledger {
    #[init]
    #[allow(deprecated)]
    fn new() -> Self {
        Ledger {
            lines: Vec::new(),
            title: None,
            dropped: Rc::default(),
            cache: vec![1],
        }
    }

    #[migrate]
    fn of_one_line(line: &str) -> Result<Self, Refused> {
        if line.is_empty() {
            return Err(Refused);
        }
        let mut ledger = Ledger::new();
        ledger.lines.push(line.to_owned());
        Ok(ledger)
    }
}

#[derive(Debug, PluginError)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an empty ledger")
    }
}

impl std::error::Error for Refused {}

#[test]
fn a_loaded_state_leaves_skipped_fields_alone() {
    let mut ledger: Ledger = created("").unwrap();
    let dropped = Rc::clone(&ledger.dropped);
    let loaded = call(
        &mut ledger,
        load_state,
        r#"{"lines": ["one"], "title": "t", "cache": [9]}"#,
    );
    assert_eq!(loaded.unwrap(), json!(null));
    assert_eq!(
        (&*ledger.lines, &*ledger.cache),
        (&["one".to_owned()][..], &[1][..])
    );
    assert_eq!(dropped.get(), 0);
    assert_eq!(
        call(&mut ledger, save_state, "").unwrap(),
        json!({"lines": ["one"], "title": "t"})
    );
}

#[test]
fn a_migrate_hook_reads_what_the_plugin_cannot() {
    let mut ledger: Ledger = created("").unwrap();
    call(&mut ledger, load_state, r#""one""#).unwrap();
    assert_eq!(ledger.lines, ["one"]);
    // An error with a code keeps it.
    assert_eq!(
        refused(&mut ledger, load_state, br#""""#)["code"],
        "refused"
    );
    let neither = refused(&mut ledger, load_state, b"7");
    assert_eq!(
        neither,
        json!({
            "code": "invalid_state",
            "message": "the state cannot be loaded: the saved values: expected struct Ledger, found 7; for #[migrate]: the saved values: expected a string, found 7",
        })
    );
    assert_eq!(ledger.lines, ["one"]);
}

/// Takes a whole event and a configuration by value, and has its own error type.
#[plugin]
struct Whole {
    settings: HashMap<String, u8>,
}

#[derive(Debug, PluginError)]
struct TooMany;

impl std::fmt::Display for TooMany {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too many settings")
    }
}

impl std::error::Error for TooMany {}

#[derive(Deserialize, Schema)]
struct Message {
    topic: String,
    data: u8,
}

#[plugin]
impl Whole {
    #[init]
    fn new(settings: HashMap<String, u8>) -> Result<Self, TooMany> {
        if settings.len() > 1 {
            return Err(TooMany);
        }
        Ok(Self { settings })
    }

    #[event]
    fn on_event(&mut self, #[arg(flatten)] message: Message) -> usize {
        self.settings.insert(message.topic, message.data);
        self.settings.len()
    }
}

#[test]
fn a_handler_can_take_a_whole_event() {
    let mut whole: Whole = created(r#"{"a": 1}"#).unwrap();
    let event = <Whole as Hook<Event>>::handle;
    assert_eq!(
        call(&mut whole, event, r#"{"topic": "b", "data": 2}"#).unwrap(),
        2
    );
    assert_eq!(
        refused(&mut whole, event, br#"{"topic": "b"}"#)["code"],
        "invalid_argument"
    );
}

#[test]
fn an_init_hook_can_have_its_own_error_type() {
    let error = created::<Whole>(r#"{"a": 1, "b": 2}"#).err().unwrap();
    assert_eq!(error.code(), "too_many");
}

/// Handlers that choose their events by topic.
#[plugin]
#[derive(Default)]
struct Listener {
    heard: Vec<String>,
}

#[plugin]
impl Listener {
    #[event("job.*")]
    fn job(&mut self, data: u32, topic: &str) -> Result<u32, String> {
        self.heard.push(format!("{topic} {data}"));
        match data {
            0 => Err("nothing to do".to_owned()),
            data => Ok(data),
        }
    }

    #[event]
    fn all(&mut self, #[arg(rename = "topic")] named: String, data: Option<Value>) {
        self.heard
            .push(format!("all: {named} {}", data.unwrap_or_default()));
    }

    #[cfg(any())]
    #[event("**")]
    fn never(&mut self, data: NoSuchType) {}

    #[event("job.done")]
    fn done(&mut self, #[arg(flatten)] message: Message) {
        self.heard
            .push(format!("done: {} {}", message.topic, message.data));
    }

    #[event]
    fn again() {}
}

#[test]
fn matching_event_handlers_run_in_order() {
    let mut listener = Listener::default();
    let event = <Listener as Hook<Event>>::handle;
    let answer = call(&mut listener, event, r#"{"data": 7, "topic": "job.done"}"#);
    assert_eq!(answer.unwrap(), json!(null));
    assert_eq!(
        listener.heard,
        ["job.done 7", "all: job.done 7", "done: job.done 7"]
    );
    listener.heard.clear();
    // A topic with an escape, data of another kind, and no data.
    call(&mut listener, event, r#"{"topic": "o\u0064d", "data": []}"#).unwrap();
    call(&mut listener, event, r#"{"topic": ""}"#).unwrap();
    assert_eq!(listener.heard, ["all: odd []", "all:  null"]);
}

#[test]
fn no_handler_runs_after_one_that_fails() {
    let mut listener = Listener::default();
    let event = <Listener as Hook<Event>>::handle;
    assert_eq!(
        refused(&mut listener, event, br#"{"topic": "job.done", "data": 0}"#),
        json!({"code": "failed", "message": "nothing to do"})
    );
    assert_eq!(listener.heard, ["job.done 0"]);
    let error = refused(
        &mut listener,
        event,
        br#"{"topic": "job.done", "data": -1}"#,
    );
    assert_eq!(error["details"]["path"], "data");
}

#[test]
fn an_event_without_a_topic_is_refused() {
    let mut listener = Listener::default();
    let event = <Listener as Hook<Event>>::handle;
    for (given, code) in [
        (r#"{"data": 1}"#, "missing_argument"),
        ("", "missing_argument"),
        (r#"{"topic": 1}"#, "invalid_argument"),
        (r#"{"topic": "job.done", "when": 1}"#, "unknown_argument"),
        ("[", "invalid_json"),
    ] {
        assert_eq!(
            refused(&mut listener, event, given.as_bytes())["code"],
            code,
            "{given}"
        );
    }
    assert_eq!(listener.heard, [""; 0]);
}

/// A plugin whose only handler is behind a false condition, so that it has no hook.
#[plugin]
#[derive(Default)]
struct Deaf;

#[plugin]
impl Deaf {
    #[cfg(any())]
    #[event("a")]
    fn a() {}
}

/// A hook that would otherwise be the second one.
impl Hook<Event> for Deaf {
    fn handle(_: &mut Self, _: &mut [u8], _: &mut CallFrame<'_>) -> Result<()> {
        Err(Error::msg("deaf"))
    }
}

#[test]
fn conditional_handlers_that_do_not_exist_make_no_hook() {
    assert_eq!(
        refused(&mut Deaf, <Deaf as Hook<Event>>::handle, b"")["message"],
        "deaf"
    );
}
