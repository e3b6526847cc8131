//! Commands outside the impl blocks of the plugin.

use plugin_sdk::__private::FreeCommand;
use plugin_sdk::prelude::*;

use super::*;

pub mod text {
    use plugin_sdk::prelude::*;

    pub mod deep {
        #[plugin_sdk::command]
        pub fn shout(text: &str) -> String {
            text.to_uppercase()
        }
    }

    #[command]
    pub(in super::super::free) fn reverse(text: &str) -> String {
        text.chars().rev().collect()
    }

    #[command(raw)]
    pub(super) fn count(bytes: &[u8]) -> [u8; 1] {
        [bytes.len() as u8]
    }

    #[command(rename = "len", codec = "binary")]
    pub fn length<'text>(text: &'text str, _more: &'text [u8]) -> u32
    where
        'text: 'text,
    {
        text.len() as u32
    }
}

use text::deep;

#[command]
fn add(left: i64, #[arg(default = 1)] right: i64) -> Result<i64> {
    left.checked_add(right)
        .ok_or_else(|| Error::new("overflow", "the sum is too large"))
}

#[command]
#[cfg(any())]
fn absent() {}

#[plugin(commands(
    add,
    self::text::reverse,
    text::count,
    crate::free::text::length,
    deep::shout,
    #[cfg(any())]
    absent,
))]
#[derive(Default)]
#[allow(unused_qualifications)]
struct Tools;

#[plugin]
impl Tools {
    // Listed and own commands can be mixed.
    #[command]
    fn own(&self) -> u8 {
        1
    }
}

fn free<C: FreeCommand>(arguments: &str) -> Result<Value> {
    call(
        &mut (),
        |(), arguments, frame| C::handle(arguments, frame),
        arguments,
    )
}

#[test]
fn free_functions_are_commands_by_path() {
    assert_eq!(
        free::<__command_add>(r#"{"left": 2, "right": 3}"#).unwrap(),
        5
    );
    assert_eq!(free::<__command_add>(r#"{"left": 2}"#).unwrap(), 3);
    assert_eq!(
        free::<text::__command_reverse>(r#"{"text": "drawer"}"#).unwrap(),
        "reward"
    );
    assert_eq!(
        free::<deep::__command_shout>(r#"{"text": "x"}"#).unwrap(),
        "X"
    );
    let error = free::<__command_add>(r#"{"left": 9223372036854775807}"#).unwrap_err();
    assert_eq!(error.code(), "overflow");
    assert_eq!(
        call(&mut Tools, Tools::__plugin_sdk_command_own, "").unwrap(),
        1
    );
}

#[test]
fn free_commands_can_be_raw_or_binary() {
    let count: Handler<()> = |(), arguments, frame| text::__command_count::handle(arguments, frame);
    assert_eq!(written(&mut (), count, &mut [1, 2, 3]).unwrap(), [3]);
}

#[test]
fn free_commands_remain_ordinary_functions() {
    assert_eq!(add(1, 2).unwrap(), 3);
    assert_eq!(text::reverse("ab"), "ba");
    assert_eq!(text::length("abc", &[]), 3);
    assert_eq!(deep::shout("a"), "A");
}
