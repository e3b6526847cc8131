//! Events between plugins and the host.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, Weak};

use plugin_sdk::Result;
use plugin_sdk::services::events::{self, Events};
use serde::Serialize;
use serde_json::Value;

use super::ring::Ring;
use super::{Shared, error};
use crate::sync::lock;

/// Bounds of the record of emitted events and of each member's queue, in events and in bytes.
pub(super) const KEPT: usize = 1000;
pub(super) const KEPT_BYTES: usize = 16 << 20;

/// The longest text of an event's data, in bytes. Parsing it to find its size in memory may briefly
/// take 72 times as much.
pub(super) const MAX_TEXT: usize = 1 << 20;

/// The most patterns a member may subscribe to.
pub(super) const MAX_PATTERNS: usize = 1000;

/// The longest topic, in bytes.
const MAX_TOPIC: usize = 256;

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its subject: names separated by dots.
    pub topic: String,
    /// Its content.
    pub data: Value,
}

/// A bus that carries events between plugins and their host.
///
/// Every plugin has a place on a bus. Clones share a place; [`join`](Self::join) creates another
/// one on the same bus, for another plugin. An event reaches all places with a matching
/// subscription, including its emitter's, and waits there until it is taken. Each place keeps the
/// last 1000 events, and at most 16 MiB of them in memory ([`keep`](Self::keep)). An event whose
/// data have more than 1 MiB of text ([`max_event_bytes`](Self::max_event_bytes)), or would take
/// more memory than may be kept, is refused as `too_large`.
///
/// Topics and patterns are those of [`plugin_sdk::services::events`].
///
/// ```
/// use plugin_sdk::services::events::Events;
/// use plugin_sdk_harness::services::EventBus;
/// use serde_json::json;
///
/// let shop = EventBus::new();
/// let mut mailer = shop.join();
/// mailer.subscribe("orders.*")?;
///
/// shop.clone().emit("orders.paid", br#"{"order": 7}"#)?;
/// shop.publish("stock.empty", &json!(null))?;
///
/// let events = mailer.take();
/// assert_eq!(events.len(), 1);
/// assert_eq!(events[0].topic, "orders.paid");
/// assert_eq!(events[0].data, json!({"order": 7}));
/// assert_eq!(shop.emitted().len(), 1, "an event of the host is not emitted by a plugin");
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
#[derive(Clone)]
pub struct EventBus {
    hub: Shared<Hub>,
    own: Shared<Place>,
}

struct Hub {
    emitted: Ring<Arc<Event>>,
    /// Dropped places are removed at the next event.
    places: Vec<Weak<Mutex<Place>>>,
    max_text: usize,
    max_patterns: usize,
    kept: (usize, usize),
}

struct Place {
    subscriptions: BTreeSet<String>,
    waiting: Ring<Arc<Event>>,
}

impl EventBus {
    /// Creates a bus with one place.
    pub fn new() -> Self {
        Self::on(Shared::new(Hub {
            emitted: Ring::new(KEPT, KEPT_BYTES),
            places: Vec::new(),
            max_text: MAX_TEXT,
            max_patterns: MAX_PATTERNS,
            kept: (KEPT, KEPT_BYTES),
        }))
    }

    /// Sets how many events are kept, and how many bytes of them, both of the emitted ones and at
    /// each place on the bus. The default is 1000 events and 16 MiB. Discards the events kept so
    /// far.
    pub fn keep(self, events: usize, bytes: usize) -> Self {
        let mut hub = self.hub.lock();
        hub.kept = (events, bytes);
        hub.emitted = Ring::new(events, bytes);
        for place in hub.places.iter().filter_map(Weak::upgrade) {
            lock(&place).waiting = Ring::new(events, bytes);
        }
        drop(hub);
        self
    }

    /// Creates another place on the same bus.
    pub fn join(&self) -> Self {
        Self::on(self.hub.clone())
    }

    fn on(hub: Shared<Hub>) -> Self {
        let (events, bytes) = hub.lock().kept;
        let own = Shared::new(Place {
            subscriptions: BTreeSet::new(),
            waiting: Ring::new(events, bytes),
        });
        hub.lock().places.push(Arc::downgrade(&own.0));
        EventBus { hub, own }
    }

    /// Publishes an event of the host.
    ///
    /// # Errors
    ///
    /// `invalid_argument` for an invalid topic or for data that JSON cannot represent; `too_large`
    /// for data that take more memory than all events together may.
    pub fn publish<T: Serialize + ?Sized>(&self, topic: &str, data: &T) -> Result<()> {
        check_topic(topic)?;
        let data = serde_json::to_value(data)
            .map_err(|error| error::invalid(format!("the event's data are not JSON: {error}")))?;
        self.hub.lock().spread(topic, data)?;
        Ok(())
    }

    /// Returns the events that plugins emitted on the whole bus, oldest first.
    pub fn emitted(&self) -> Vec<Event> {
        let hub = self.hub.lock();
        hub.emitted
            .iter()
            .map(|event| Event::clone(event))
            .collect()
    }

    /// Returns the patterns that this place subscribed to, in alphabetical order.
    pub fn subscriptions(&self) -> Vec<String> {
        self.own.lock().subscriptions.iter().cloned().collect()
    }

    /// Returns the number of events waiting at this place.
    pub fn waiting(&self) -> usize {
        self.own.lock().waiting.len()
    }

    /// Takes the events that wait at this place, oldest first.
    pub fn take(&self) -> Vec<Event> {
        let mut place = self.own.lock();
        std::iter::from_fn(|| place.waiting.pop())
            .map(Arc::unwrap_or_clone)
            .collect()
    }

    /// Takes the oldest event that waits at this place.
    pub fn take_one(&self) -> Option<Event> {
        self.own.lock().waiting.pop().map(Arc::unwrap_or_clone)
    }

    /// Sets the largest text of the data of an event that a plugin emits, in bytes, on the whole
    /// bus. The default is 1 MiB.
    pub fn max_event_bytes(self, bytes: usize) -> Self {
        self.hub.lock().max_text = bytes;
        self
    }

    /// Sets how many patterns each place on the bus may subscribe to. The default is 1000; more are
    /// the error `quota_exceeded`.
    pub fn max_subscriptions(self, patterns: usize) -> Self {
        self.hub.lock().max_patterns = patterns;
        self
    }
}

impl Hub {
    /// Delivers an event to all places that subscribed to it, and returns it with its size in
    /// bytes.
    fn spread(&mut self, topic: &str, data: Value) -> Result<(Arc<Event>, usize)> {
        let bytes = size_of::<Event>() + topic.len() + heap(&data);
        let (_, limit) = self.kept;
        if bytes > limit {
            let what = "the event, as it is kept in memory,";
            return Err(error::too_large(what, limit as u64, "EventBus::keep"));
        }
        let topic = topic.to_owned();
        let event = Arc::new(Event { topic, data });
        self.places.retain(|place| {
            let Some(place) = place.upgrade() else {
                return false;
            };
            let mut place = lock(&place);
            if place.wants(&event.topic) {
                place.waiting.push(Arc::clone(&event), bytes);
            }
            true
        });
        Ok((event, bytes))
    }
}

impl Place {
    fn wants(&self, topic: &str) -> bool {
        self.subscriptions
            .iter()
            .any(|pattern| events::matches(pattern, topic))
    }
}

/// Estimates the heap bytes of a value, not counting the value itself.
fn heap(value: &Value) -> usize {
    match value {
        Value::String(text) => text.capacity(),
        Value::Array(values) => {
            let places = values.capacity() * size_of::<Value>();
            places + values.iter().map(heap).sum::<usize>()
        }
        Value::Object(members) => {
            let members = members.iter();
            let bytes = members.map(|(name, value)| MEMBER + name.capacity() + heap(value));
            bytes.sum()
        }
        _ => 0,
    }
}

/// Bytes of an object's member, with its hash, its entry in the table, and spare capacity.
const MEMBER: usize = 2 * (size_of::<String>() + size_of::<Value>() + 24);

fn check_topic(topic: &str) -> Result<()> {
    check(topic)?;
    if topic.contains('*') {
        return Err(error::invalid(format!(
            "{} has a `*`, which only a subscription may have",
            error::quoted(topic)
        )));
    }
    Ok(())
}

/// Checks a topic or a pattern of topics.
fn check(pattern: &str) -> Result<()> {
    if pattern.len() > MAX_TOPIC {
        return Err(error::invalid(format!(
            "the topic {} has {} bytes, and {MAX_TOPIC} are allowed",
            error::quoted(pattern),
            pattern.len()
        )));
    }
    events::check(pattern)
}

impl Default for EventBus {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for EventBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventBus")
            .field("subscriptions", &self.subscriptions())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

impl Events for EventBus {
    fn emit(&mut self, topic: &str, data: &[u8]) -> Result<()> {
        check_topic(topic)?;
        let mut hub = self.hub.lock();
        let limit = hub.max_text;
        if data.len() > limit {
            let (what, setting) = ("the event's data", "EventBus::max_event_bytes");
            return Err(error::too_large(what, limit as u64, setting));
        }
        let data = serde_json::from_slice(data)
            .map_err(|error| error::invalid(format!("the event's data are not JSON: {error}")))?;
        let (event, bytes) = hub.spread(topic, data)?;
        hub.emitted.push(event, bytes);
        Ok(())
    }

    fn subscribe(&mut self, topic: &str) -> Result<()> {
        check(topic)?;
        let limit = self.hub.lock().max_patterns;
        let mut place = self.own.lock();
        if place.subscriptions.len() >= limit && !place.subscriptions.contains(topic) {
            return Err(plugin_sdk::Error::new(
                plugin_sdk::code::QUOTA_EXCEEDED,
                format!(
                    "a plugin may have {limit} subscriptions; the host's setting is `EventBus::max_subscriptions`"
                ),
            ));
        }
        place.subscriptions.insert(topic.to_owned());
        Ok(())
    }

    fn unsubscribe(&mut self, topic: &str) -> Result<()> {
        self.own.lock().subscriptions.remove(topic);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn invalid_topics_and_patterns_are_refused() {
        let mut bus = EventBus::new();
        for topic in ["", ".", "a.", "a..b", "a.*", "**", &"a".repeat(300)] {
            let error = bus.emit(topic, b"1").unwrap_err();
            assert_eq!(error.code(), "invalid_argument", "{topic}");
        }
        for pattern in ["", "a.", "a*", "a.**.b", "***", "a.b*"] {
            let error = bus.subscribe(pattern).unwrap_err();
            assert_eq!(error.code(), "invalid_argument", "{pattern}");
        }
        assert_eq!(bus.emit("a", b"{").unwrap_err().code(), "invalid_argument");
        assert_eq!(bus.emitted(), []);
    }

    #[test]
    fn event_reaches_each_subscribed_place_once() {
        let mut one = EventBus::new();
        let mut other = one.join();
        one.subscribe("a.*").unwrap();
        one.subscribe("a.b").unwrap();
        other.subscribe("**").unwrap();
        drop(one.join());
        other.emit("a.b", b"[1]").unwrap();
        let event = Event {
            topic: "a.b".to_owned(),
            data: json!([1]),
        };
        assert_eq!(one.clone().take_one(), Some(event.clone()));
        assert_eq!(one.take(), []);
        assert_eq!(other.take_one(), Some(event), "its own too");
        other.unsubscribe("**").unwrap();
        one.publish("a.c", &0).unwrap();
        assert_eq!((one.waiting(), other.waiting()), (1, 0));
        assert_eq!(one.hub.lock().places.len(), 2, "a dropped place is removed");
    }

    #[test]
    fn event_that_takes_much_memory_is_refused() {
        let mut bus = EventBus::new();
        bus.subscribe("**").unwrap();
        let list = |count: usize| format!("[{}0]", r#"{"":0},"#.repeat(count)).into_bytes();
        let refused = bus.emit("a", &list(150_000)).unwrap_err();
        assert_eq!(refused.code(), "too_large");
        assert!(
            refused.message().contains("`EventBus::max_event_bytes`"),
            "{refused}"
        );
        let refused = bus.emit("a", &list(140_000)).unwrap_err();
        assert_eq!(refused.code(), "too_large");
        assert!(refused.message().contains("`EventBus::keep`"), "{refused}");
        assert_eq!((bus.emitted().len(), bus.waiting()), (0, 0));
        for _ in 0..100 {
            bus.emit("a", &list(10_000)).unwrap();
        }
        assert!((1..10).contains(&bus.waiting()), "{}", bus.waiting());
        let mut larger = EventBus::new().max_event_bytes(4 << 20).keep(2, 1 << 30);
        larger.subscribe("**").unwrap();
        for _ in 0..3 {
            larger.emit("a", &list(150_000)).unwrap();
        }
        assert_eq!((larger.emitted().len(), larger.waiting()), (2, 2));
    }

    #[test]
    fn endless_events_and_subscriptions_take_bounded_memory() {
        let mut bus = EventBus::new();
        bus.subscribe("**").unwrap();
        for n in 0..KEPT + 10 {
            bus.emit("a", n.to_string().as_bytes()).unwrap();
        }
        assert_eq!((bus.emitted().len(), bus.waiting()), (KEPT, KEPT));
        assert_eq!(
            bus.take_one().unwrap().data,
            json!(10),
            "the oldest are gone"
        );
        let full = (0..)
            .find_map(|n| bus.subscribe(&format!("t{n}")).err())
            .unwrap();
        assert_eq!(full.code(), "quota_exceeded");
        assert!(full.message().contains("`EventBus::max_subscriptions`"));
        assert_eq!(bus.subscriptions().len(), MAX_PATTERNS);
    }
}
