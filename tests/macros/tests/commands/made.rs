//! Commands that macros make, conditions, and descriptions from doc comments.

use plugin_sdk::prelude::*;

use super::*;

macro_rules! commands {
    ($plugin:ident: $($(#[$meta:meta])* $vis:vis fn $name:ident(&$own:ident, $argument:ident: $ty:ty $(= $default:expr)?) -> $result:ty $body:block)*) => {
        #[plugin]
        impl $plugin {
            $(
                $(#[$meta])*
                #[command]
                $vis fn $name(&$own, $(#[arg(default = $default, minimum = 1)])? $argument: $ty) -> $result $body
            )*
        }
    };
}

#[plugin(commands(#[cfg(all())] shared, made))]
#[cfg(not(any()))]
#[derive(Default)]
struct Made {
    total: u32,
}

commands! {
    Made:

    /**
     * Adds.
     *
     *     four
     * * list
     */
    pub(crate) fn add(&self, amount: &u32 = 3) -> u32 {
        self.total + amount
    }

    /// Shouts.
    #[allow(clippy::ptr_arg)]
    fn shout(&self, text: &str) -> String {
        text.to_uppercase()
    }
}

macro_rules! helpers {
    ($($name:ident)*) => {$(
        fn $name(&self) -> u32 {
            self.total
        }
    )*};
}

#[plugin]
#[cfg(not(any()))]
impl Made {
    helpers!(one two);

    #[command]
    #[cfg(any())]
    fn gone(&self, what: Nothing) {}

    #[command]
    #[cfg_attr(all(), cfg(any()))]
    fn gone_as_well(&self, what: Nothing) {}

    #[command]
    #[cfg_attr(all(), cfg(all()))]
    fn there(&self) -> u32 {
        self.one() + self.two()
    }

    /// Tells
    ///     ```
    ///     # use hidden;
    ///     shown();
    ///     ```
    #[doc(hidden)]
    #[command]
    fn fenced(&self) {}

    #[doc = concat!(" On ", "top")]
    ///  of it.
    #[command]
    fn joined(&self) {}

    #[command]
    fn inner(&self) {
        //! From within.
    }
}

#[plugin]
#[cfg(any())]
impl Made {
    #[command]
    fn never(&self, what: Nothing) {}
}

macro_rules! free {
    ($vis:vis $name:ident: $ty:ty) => {
        #[command]
        $vis fn $name(value: $ty) -> $ty {
            value
        }
    };
}

free!(pub(super) shared: u32);
free!(made: &str);

#[test]
fn macros_of_any_form_can_make_commands() {
    let mut made = Made { total: 1 };
    let added = call(&mut made, Made::__plugin_sdk_command_add, "{}");
    assert_eq!(added.unwrap(), 4);
    let shouted = call(
        &mut made,
        Made::__plugin_sdk_command_shout,
        r#"{"text": "a"}"#,
    );
    assert_eq!(shouted.unwrap(), "A");
    let there = call(&mut made, Made::__plugin_sdk_command_there, "");
    assert_eq!(there.unwrap(), 2);
    assert_eq!(shared(1), 1);
}

#[test]
fn a_description_equals_the_text_in_rustdoc() {
    for (described, expected) in [
        (
            Made::__plugin_sdk_described_add(),
            "Adds.\n\n    four\n* list",
        ),
        (Made::__plugin_sdk_described_shout(), "Shouts."),
        (
            Made::__plugin_sdk_described_fenced(),
            "Tells\n    ```\n    shown();\n    ```",
        ),
        (Made::__plugin_sdk_described_joined(), "On top\n of it."),
        (Made::__plugin_sdk_described_inner(), "From within."),
    ] {
        assert_eq!(described.description, expected);
    }
}
