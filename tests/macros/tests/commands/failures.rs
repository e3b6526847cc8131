//! The errors of commands: codes, details, and what caused them.

use std::borrow::Cow;
use std::fmt;

use plugin_sdk::prelude::*;

use super::*;

/// Has a code, details and a cause.
#[derive(Debug)]
struct Full {
    limit: u32,
    cause: std::num::ParseIntError,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no room for more than {}", self.limit)
    }
}

impl std::error::Error for Full {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl PluginError for Full {
    fn code(&self) -> &str {
        "full"
    }

    fn details(&self) -> Option<Value> {
        Some(json!({"limit": self.limit}))
    }
}

/// Has codes by its variants' names.
#[derive(Debug, PluginError)]
#[allow(clippy::enum_variant_names)]
enum Refusal<'a, T>
where
    T: fmt::Debug,
{
    NotFound,
    #[plugin_error(code = "too_many")]
    Limit(T, u32),
    ForReason {
        reason: &'a str,
    },
    r#Final,
}

impl<T: fmt::Debug> fmt::Display for Refusal<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NotFound => f.write_str("there is no such thing"),
            Refusal::Limit(what, limit) => write!(f, "{what:?} is more than {limit}"),
            Refusal::ForReason { reason } => f.write_str(reason),
            Refusal::r#Final => f.write_str("that was it"),
        }
    }
}

impl<T: fmt::Debug> std::error::Error for Refusal<'_, T> {}

/// Has a code by its name.
#[derive(Debug, PluginError)]
struct OutOfPaper;

impl fmt::Display for OutOfPaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no paper")
    }
}

impl std::error::Error for OutOfPaper {}

#[plugin]
#[derive(Default)]
struct Fails;

#[plugin]
impl Fails {
    #[command]
    fn parse(&self, text: &str) -> Result<i32> {
        Ok(text.parse()?)
    }

    #[command]
    fn parse_std(&self, text: &str) -> Result<i32, std::num::ParseIntError> {
        text.parse()
    }

    #[command]
    fn full(&self, text: &str) -> Result<i32, Full> {
        text.parse().map_err(|cause| Full { limit: 3, cause })
    }

    #[command]
    fn coded<'a>(&self, reason: &'a str) -> Result<(), Refusal<'a, u8>> {
        Err(match reason {
            "missing" => Refusal::NotFound,
            "many" => Refusal::Limit(9, 5),
            "final" => Refusal::r#Final,
            reason => Refusal::ForReason { reason },
        })
    }

    #[command]
    fn paper(&self) -> Result<(), OutOfPaper> {
        Err(OutOfPaper)
    }

    #[command]
    fn paper_in_passing(&self) -> Result<()> {
        Err(OutOfPaper)?
    }

    #[command]
    fn boxed(&self, text: &str) -> Result<i32, Box<dyn std::error::Error>> {
        Ok(text.parse::<i32>()?)
    }

    #[command]
    fn boxed_send(&self, text: &str) -> Result<i32, Box<dyn std::error::Error + Send + Sync>> {
        Ok(text.parse::<i32>()?)
    }

    #[command]
    fn anyhow(&self, text: &str) -> anyhow::Result<i32> {
        use anyhow::Context;
        text.parse::<i32>()
            .context("the text is no number")
            .context("nothing was added")
    }

    #[command]
    fn string(&self) -> Result<(), String> {
        Err("as\ntext".to_owned())
    }

    #[command]
    fn str(&self) -> Result<(), &'static str> {
        Err("as text")
    }

    #[command]
    fn cow<'a>(&self, text: &'a str) -> Result<(), Cow<'a, str>> {
        Err(Cow::Borrowed(text))
    }

    #[command]
    fn own(&self) -> Result<()> {
        Err(Error::new("quota_exceeded", "ten a day are enough")
            .with_details(&json!({"used": 10}))
            .context("no greeting today"))
    }

    #[command]
    fn never(&self) -> Result<u8, std::convert::Infallible> {
        Ok(1)
    }
}

fn fails(handler: Handler<Fails>, arguments: &str) -> Value {
    refused(&mut Fails, handler, arguments.as_bytes())
}

const DIGIT: &str = "invalid digit found in string";

#[test]
fn the_question_mark_takes_any_error_of_the_standard_kind() {
    let expected = json!({"code": "failed", "message": DIGIT});
    assert_eq!(
        fails(Fails::__plugin_sdk_command_parse, r#"{"text": "x"}"#),
        expected
    );
    assert_eq!(
        fails(Fails::__plugin_sdk_command_parse_std, r#"{"text": "x"}"#),
        expected
    );
    assert_eq!(
        fails(Fails::__plugin_sdk_command_boxed, r#"{"text": "x"}"#),
        expected
    );
    assert_eq!(
        fails(Fails::__plugin_sdk_command_boxed_send, r#"{"text": "x"}"#),
        expected
    );
}

#[test]
fn an_error_keeps_its_code_details_and_causes() {
    assert_eq!(
        fails(Fails::__plugin_sdk_command_full, r#"{"text": "x"}"#),
        json!({
            "code": "full",
            "message": "no room for more than 3",
            "details": {"limit": 3},
            "source": [DIGIT],
        })
    );
    assert_eq!(
        fails(Fails::__plugin_sdk_command_own, ""),
        json!({
            "code": "quota_exceeded",
            "message": "no greeting today",
            "details": {"used": 10},
            "source": ["ten a day are enough"],
        })
    );
}

#[test]
fn the_chain_of_anyhow_is_kept() {
    assert_eq!(
        fails(Fails::__plugin_sdk_command_anyhow, r#"{"text": "x"}"#),
        json!({
            "code": "failed",
            "message": "nothing was added",
            "source": ["the text is no number", DIGIT],
        })
    );
}

#[test]
fn derived_codes_are_the_names_of_the_variants() {
    let coded = |reason: &str| {
        fails(
            Fails::__plugin_sdk_command_coded,
            &json!({"reason": reason}).to_string(),
        )
    };
    assert_eq!(
        coded("missing"),
        json!({"code": "not_found", "message": "there is no such thing"})
    );
    assert_eq!(
        coded("many"),
        json!({"code": "too_many", "message": "9 is more than 5"})
    );
    assert_eq!(
        coded("a \"whim\""),
        json!({"code": "for_reason", "message": "a \"whim\""})
    );
    assert_eq!(
        coded("final"),
        json!({"code": "final", "message": "that was it"})
    );
    assert_eq!(
        fails(Fails::__plugin_sdk_command_paper, ""),
        json!({"code": "out_of_paper", "message": "there is no paper"})
    );
}

#[test]
fn the_question_mark_in_passing_loses_the_code_as_documented() {
    assert_eq!(
        fails(Fails::__plugin_sdk_command_paper_in_passing, ""),
        json!({"code": "failed", "message": "there is no paper"})
    );
}

#[test]
fn text_will_do_for_an_error() {
    assert_eq!(
        fails(Fails::__plugin_sdk_command_string, ""),
        json!({"code": "failed", "message": "as\ntext"})
    );
    assert_eq!(
        fails(Fails::__plugin_sdk_command_str, "")["message"],
        "as text"
    );
    assert_eq!(
        fails(Fails::__plugin_sdk_command_cow, r#"{"text": "lent"}"#)["message"],
        "lent"
    );
}

#[test]
fn an_error_that_cannot_happen_is_no_obstacle() {
    assert_eq!(
        call(&mut Fails, Fails::__plugin_sdk_command_never, "").unwrap(),
        1
    );
}
