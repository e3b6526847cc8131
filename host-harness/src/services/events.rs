//! Events between plugins and the host.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use plugin_sdk::Result;
use plugin_sdk::services::events::{self, Events};
use serde::Serialize;
use serde_json::Value;

use super::ring::Ring;
use super::{Shared, error};

/// How many events are kept, of what was emitted and for each member, and how many bytes of them.
const KEPT: usize = 1000;
const KEPT_BYTES: usize = 16 << 20;

/// How many patterns a member may have subscribed to.
const MAX_PATTERNS: usize = 1000;

/// The longest topic in bytes.
const MAX_TOPIC: usize = 256;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What it is about: names with dots between them.
    pub topic: String,
    /// More about it.
    pub data: Value,
}

/// What carries events between plugins and their host.
///
/// Every plugin has a place on a bus; clones are the same place, and [`join`](Self::join) makes another one on the same bus, for another plugin. An event
/// reaches all places with a subscription that matches, that of its emitter too, and waits there to be taken: the last 1000 events, and no more
/// than 16 MiB of them.
///
/// Topics and patterns of them are those of [`plugin_sdk::services::events`].
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
/// assert_eq!(shop.emitted().len(), 1, "what the host publishes no plugin has emitted");
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
#[derive(Clone)]
pub struct EventBus {
    hub: Shared<Hub>,
    own: Shared<Place>,
}

struct Hub {
    emitted: Ring<Event>,
    /// Places that are gone are let go of at the next event.
    places: Vec<Weak<Mutex<Place>>>,
}

struct Place {
    subscriptions: BTreeSet<String>,
    waiting: Ring<Event>,
}

impl EventBus {
    /// A bus with one place.
    pub fn new() -> Self {
        Self::on(Shared::new(Hub {
            emitted: Ring::new(KEPT, KEPT_BYTES),
            places: Vec::new(),
        }))
    }

    /// Another place on the same bus.
    pub fn join(&self) -> Self {
        Self::on(self.hub.clone())
    }

    fn on(hub: Shared<Hub>) -> Self {
        let own = Shared::new(Place {
            subscriptions: BTreeSet::new(),
            waiting: Ring::new(KEPT, KEPT_BYTES),
        });
        hub.lock().places.push(Arc::downgrade(&own.0));
        EventBus { hub, own }
    }

    /// An event of the host's own.
    ///
    /// # Errors
    ///
    /// `invalid_argument` where the topic is none, or the data cannot be JSON.
    pub fn publish<T: Serialize + ?Sized>(&self, topic: &str, data: &T) -> Result<()> {
        check_topic(topic)?;
        let data = serde_json::to_value(data)
            .map_err(|error| error::invalid(format!("the event's data are not JSON: {error}")))?;
        let bytes = serde_json::to_vec(&data).map_or(0, |text| text.len());
        self.hub.lock().spread(
            &Event {
                topic: topic.to_owned(),
                data,
            },
            bytes,
        );
        Ok(())
    }

    /// What plugins emitted on the whole bus, oldest first.
    pub fn emitted(&self) -> Vec<Event> {
        self.hub.lock().emitted.iter().cloned().collect()
    }

    /// What this place has subscribed to, in alphabetical order.
    pub fn subscriptions(&self) -> Vec<String> {
        self.own.lock().subscriptions.iter().cloned().collect()
    }

    /// How many events wait at this place.
    pub fn waiting(&self) -> usize {
        self.own.lock().waiting.len()
    }

    /// Takes the events that wait at this place, oldest first.
    pub fn take(&self) -> Vec<Event> {
        let mut place = self.own.lock();
        std::iter::from_fn(|| place.waiting.pop()).collect()
    }

    /// Takes the oldest event that waits at this place.
    pub fn take_one(&self) -> Option<Event> {
        self.own.lock().waiting.pop()
    }
}

impl Hub {
    fn spread(&mut self, event: &Event, bytes: usize) {
        self.places.retain(|place| {
            let Some(place) = place.upgrade() else {
                return false;
            };
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            if place.wants(&event.topic) {
                place.waiting.push(event.clone(), size(event, bytes));
            }
            true
        });
    }
}

impl Place {
    fn wants(&self, topic: &str) -> bool {
        self.subscriptions
            .iter()
            .any(|pattern| events::matches(pattern, topic))
    }
}

/// A tree of values takes up to some 16 times its text.
fn size(event: &Event, text: usize) -> usize {
    event.topic.len() + 16 * text + size_of::<Event>()
}

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
        let event = Event {
            topic: topic.to_owned(),
            data: serde_json::from_slice(data).map_err(|error| {
                error::invalid(format!("the event's data are not JSON: {error}"))
            })?,
        };
        let mut hub = self.hub.lock();
        hub.spread(&event, data.len());
        let bytes = size(&event, data.len());
        hub.emitted.push(event, bytes);
        Ok(())
    }

    fn subscribe(&mut self, topic: &str) -> Result<()> {
        check(topic)?;
        let mut place = self.own.lock();
        if place.subscriptions.len() >= MAX_PATTERNS && !place.subscriptions.contains(topic) {
            return Err(plugin_sdk::Error::new(
                plugin_sdk::code::QUOTA_EXCEEDED,
                format!("a plugin may have {MAX_PATTERNS} subscriptions"),
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
    fn what_is_no_topic_or_no_pattern_is_refused() {
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
    fn an_event_reaches_every_place_that_wants_it_once() {
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
        assert_eq!(
            one.hub.lock().places.len(),
            2,
            "a place that is gone is let go of"
        );
    }

    #[test]
    fn events_and_subscriptions_without_end_take_bounded_memory() {
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
        assert_eq!(bus.subscriptions().len(), MAX_PATTERNS);
    }
}
