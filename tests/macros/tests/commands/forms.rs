//! The forms that a command function can have.

use plugin_sdk::prelude::*;
use plugin_sdk::schema::{Name, Node};

use super::*;

#[plugin]
#[derive(Default)]
struct Forms {
    calls: u32,
}

/// A type in the invisible parentheses that a macro adds.
macro_rules! command {
    ($name:ident, $ty:ty, $result:ty, $body:expr) => {
        #[plugin]
        impl Forms {
            #[command]
            fn $name(&self, argument: $ty) -> $result {
                #[allow(clippy::redundant_closure_call)]
                ($body)(argument)
            }
        }
    };
}

command!(macro_made, &[u8], usize, |bytes: &[u8]| bytes.len());
command!(macro_made_again, &str, String, |text: &str| text.to_owned());

#[plugin]
impl Forms {
    const LIMIT: u8 = 3;

    /// No receiver.
    #[command]
    fn associated(left: u8) -> u8 {
        left + Self::LIMIT
    }

    #[command]
    fn shared(&self) -> u32 {
        self.calls
    }

    #[command]
    fn exclusive(&mut self) -> u32 {
        self.calls += 1;
        self.calls
    }

    #[command]
    fn typed_receiver(self: &mut Self) -> u32 {
        self.calls
    }

    #[command]
    fn named_lifetime<'a>(self: &'a Self, text: &'a str) -> &'a str {
        text
    }

    #[command]
    fn r#type(&self, r#in: u32, r#for: &str) -> u32 {
        r#in + r#for.len() as u32
    }

    #[command]
    fn bounded<'a, 'b>(&self, long: &'a str, short: &'b str) -> &'b str
    where
        'a: 'b,
        Self: Sized,
    {
        if long.is_empty() { short } else { long }
    }

    #[command]
    const fn constant(&self, #[arg(default = Self::LIMIT)] limit: u8) -> u8 {
        limit
    }

    #[command]
    #[inline]
    #[must_use]
    #[deprecated = "use another"]
    fn attributes(&self) -> u8 {
        0
    }

    #[plugin_sdk::command(rename = "full path, with spaces")]
    fn by_path(&self) -> u8 {
        1
    }

    #[plugin_sdk::prelude::command()]
    fn by_long_path(&self) -> u8 {
        2
    }

    #[command]
    #[cfg(debug_assertions)]
    fn build(&self) -> &'static str {
        "debug"
    }

    #[command]
    #[cfg(not(debug_assertions))]
    fn build(&self) -> &'static str {
        "release"
    }

    #[cfg(any())]
    #[command]
    fn absent(&self, no_such_type: NoSuchType) {}

    #[command]
    #[cfg_attr(any(), cfg(any()))]
    #[cfg_attr(all(), allow(clippy::needless_pass_by_value))]
    fn conditional_attributes(&self, text: String) -> usize {
        text.len()
    }

    /// Takes and returns `Self`, which has the meaning that it has for the author.
    #[command]
    fn itself(&self, #[arg(default)] other: Forms) -> Self {
        Self {
            calls: self.calls + other.calls,
        }
    }

    // Not commands.
    fn helper(&self) -> impl Iterator<Item = u8> + use<> {
        std::iter::empty()
    }

    #[allow(dead_code)]
    async fn later(self) {}
}

impl<'de> Deserialize<'de> for Forms {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Forms {
            calls: u32::deserialize(deserializer)?,
        })
    }
}

impl Serialize for Forms {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.calls.serialize(serializer)
    }
}

impl Schema for Forms {
    const SCHEMA: &'static Node = u32::SCHEMA;
    const NAME: Name = Name::new("Forms");
}

fn form(handler: Handler<Forms>, arguments: &str) -> Value {
    call(&mut Forms::default(), handler, arguments).unwrap()
}

#[test]
fn functions_can_have_any_receiver_or_no_receiver() {
    assert_eq!(
        form(Forms::__plugin_sdk_command_associated, r#"{"left": 1}"#),
        4
    );
    assert_eq!(form(Forms::__plugin_sdk_command_typed_receiver, ""), 0);
    assert_eq!(
        form(
            Forms::__plugin_sdk_command_named_lifetime,
            r#"{"text": "a"}"#
        ),
        "a"
    );
    let mut plugin = Forms::default();
    assert_eq!(
        call(&mut plugin, Forms::__plugin_sdk_command_exclusive, "").unwrap(),
        1
    );
    assert_eq!(
        call(&mut plugin, Forms::__plugin_sdk_command_exclusive, "").unwrap(),
        2
    );
    assert_eq!(
        call(&mut plugin, Forms::__plugin_sdk_command_shared, "").unwrap(),
        2
    );
}

#[test]
fn keywords_can_be_names() {
    assert_eq!(
        form(
            Forms::__plugin_sdk_command_type,
            r#"{"in": 1, "for": "abc"}"#
        ),
        4
    );
}

#[test]
fn functions_can_have_lifetimes_and_bounds() {
    assert_eq!(
        form(
            Forms::__plugin_sdk_command_bounded,
            r#"{"long": "", "short": "s"}"#
        ),
        "s"
    );
}

#[test]
fn defaults_can_use_the_type_of_the_plugin() {
    assert_eq!(form(Forms::__plugin_sdk_command_constant, ""), 3);
    assert_eq!(
        form(Forms::__plugin_sdk_command_itself, r#"{"other": 3}"#),
        3
    );
}

#[test]
fn other_attributes_stay_and_sdk_attributes_have_any_path() {
    assert_eq!(form(Forms::__plugin_sdk_command_attributes, ""), 0);
    assert_eq!(form(Forms::__plugin_sdk_command_by_path, ""), 1);
    assert_eq!(form(Forms::__plugin_sdk_command_by_long_path, ""), 2);
    assert_eq!(
        form(
            Forms::__plugin_sdk_command_conditional_attributes,
            r#"{"text": "ab"}"#
        ),
        2
    );
}

#[test]
fn a_command_exists_if_its_function_exists() {
    assert_eq!(
        form(Forms::__plugin_sdk_command_build, ""),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
}

#[test]
fn commands_may_come_from_macros() {
    assert_eq!(
        form(
            Forms::__plugin_sdk_command_macro_made,
            r#"{"argument": [1, 2]}"#
        ),
        2
    );
    assert_eq!(
        form(
            Forms::__plugin_sdk_command_macro_made_again,
            r#"{"argument": "x"}"#
        ),
        "x"
    );
}

#[test]
fn other_functions_of_the_block_are_unchanged() {
    assert_eq!(Forms::default().helper().count(), 0);
}

#[test]
fn a_plugin_can_be_inside_a_function() {
    #[plugin(commands(double))]
    #[derive(Default)]
    struct Local;

    #[plugin]
    impl Local {
        #[command]
        fn one(&self) -> u8 {
            1
        }
    }

    #[command]
    fn double(number: u8) -> u8 {
        number * 2
    }

    assert_eq!(
        call(&mut Local, Local::__plugin_sdk_command_one, "").unwrap(),
        1
    );
    assert_eq!(double(2), 4);
}
