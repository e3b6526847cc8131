//! The errors of commands: codes, details and causes.

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

/// Has codes from the names of its variants.
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

/// Has a code from its name.
#[derive(Debug, PluginError)]
struct OutOfPaper;

impl fmt::Display for OutOfPaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no paper")
    }
}

impl std::error::Error for OutOfPaper {}

/// The error of a service that the host has not granted.
fn denied() -> Result<()> {
    let error = Error::from(plugin_sdk::PermissionDenied {
        permission: "kv".to_owned(),
        grant: "--grant kv".to_owned(),
    });
    Err(error.context("the store is closed"))
}

/// An error without codes.
#[derive(Debug, thiserror::Error)]
enum Wrapped {
    #[error(transparent)]
    Host(#[from] Error),
}

/// Errors of the author, of the SDK and of other crates.
#[derive(Debug, thiserror::Error, PluginError)]
enum Refused {
    /// Not found.
    #[error("there is none")]
    #[expect(dead_code, reason = "only its code is asked for")]
    None,
    #[error(transparent)]
    #[plugin_error(transparent)]
    Host(#[from] Error),
    /// The store does not work.
    #[error("the store does not work")]
    Store(#[source] Error),
    #[error("out of paper: {paper}")]
    #[plugin_error(transparent)]
    Paper { paper: OutOfPaper },
    #[error("by hand")]
    #[plugin_error(transparent(no_from))]
    ByHand(Handmade),
}

/// With codes, and without a list of them.
#[derive(Debug, thiserror::Error)]
#[error("made by hand")]
struct Handmade;

impl PluginError for Handmade {
    fn code(&self) -> &str {
        "handmade"
    }

    fn details(&self) -> Option<Value> {
        Some(json!(7))
    }
}

impl From<Handmade> for Refused {
    fn from(handmade: Handmade) -> Self {
        Refused::ByHand(handmade)
    }
}

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
    fn paper_with_its_code(&self) -> Result<()> {
        Err(OutOfPaper).coded()
    }

    #[command]
    fn host_in_anyhow(&self) -> anyhow::Result<()> {
        denied()?;
        Ok(())
    }

    #[command]
    fn host_in_anyhow_with_context(&self) -> anyhow::Result<()> {
        use anyhow::Context as _;
        denied()
            .map_err(Error::into_std)
            .context("nothing was read")
    }

    #[command]
    fn host_through_anyhow(&self) -> Result<()> {
        Ok(self.host_in_anyhow()?)
    }

    #[command]
    fn host_through_thiserror(&self) -> Result<()> {
        Ok(denied().map_err(Wrapped::from)?)
    }

    #[command]
    fn host_beside_codes(&self) -> Result<(), Refused> {
        denied()?;
        Ok(())
    }

    #[command]
    fn host_under_a_code(&self) -> Result<(), Refused> {
        denied().map_err(Refused::Store)
    }

    #[command]
    fn codes_within_codes(&self) -> Result<(), Refused> {
        Err(OutOfPaper)?
    }

    #[command]
    fn host_in_boxes(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        fn within() -> Result<(), Box<dyn std::error::Error + Send>> {
            Ok(denied()?)
        }
        fn plainly() -> Result<(), Box<dyn std::error::Error>> {
            Ok(denied().map_err(Error::into_std)?)
        }
        fn back() -> Result<()> {
            plainly()?;
            Ok(())
        }
        within().map_err(Error::from_boxed)?;
        Ok(back()?)
    }

    #[command]
    fn boxed_only_send(&self, text: &str) -> Result<i32, Box<dyn std::error::Error + Send>> {
        text.parse::<i32>().map_err(|error| Box::new(error) as _)
    }

    #[command]
    fn many_kinds(&self, kind: u8) -> Result<()> {
        let lock = std::sync::Mutex::new(kind);
        let boxed: Box<dyn std::error::Error> = "in a box".into();
        match *lock.lock()? {
            0 => Err("as text")?,
            1 => Err(String::from("as a string"))?,
            2 => Err(boxed)?,
            _ => Err(anyhow::anyhow!("by anyhow"))?,
        }
        Ok(())
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
fn the_question_mark_takes_any_std_error() {
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
fn a_question_mark_in_a_helper_loses_the_code() {
    assert_eq!(
        fails(Fails::__plugin_sdk_command_paper_in_passing, ""),
        json!({"code": "failed", "message": "there is no paper"})
    );
}

#[test]
fn the_code_of_a_type_is_kept_on_request() {
    assert_eq!(
        fails(Fails::__plugin_sdk_command_paper_with_its_code, ""),
        json!({"code": "out_of_paper", "message": "there is no paper"})
    );
}

#[test]
fn an_sdk_error_survives_wrapping_in_other_errors() {
    const WHY: &str = "the plugin has not been granted `kv`: `--grant kv` grants it";
    let details = json!({"permission": "kv", "grant": "--grant kv"});
    let whole = json!({
        "code": "permission_denied", "message": "the store is closed", "details": details, "source": [WHY],
    });
    for (name, answer) in [
        (
            "anyhow",
            fails(Fails::__plugin_sdk_command_host_in_anyhow, ""),
        ),
        (
            "through anyhow",
            fails(Fails::__plugin_sdk_command_host_through_anyhow, ""),
        ),
        (
            "thiserror",
            fails(Fails::__plugin_sdk_command_host_through_thiserror, ""),
        ),
        (
            "codes",
            fails(Fails::__plugin_sdk_command_host_beside_codes, ""),
        ),
        (
            "boxes",
            fails(Fails::__plugin_sdk_command_host_in_boxes, ""),
        ),
    ] {
        assert_eq!(answer, whole, "{name}");
    }
    assert_eq!(
        fails(Fails::__plugin_sdk_command_host_in_anyhow_with_context, ""),
        json!({
            "code": "permission_denied", "message": "nothing was read", "details": details,
            "source": ["the store is closed", WHY],
        })
    );
    assert_eq!(
        fails(Fails::__plugin_sdk_command_host_under_a_code, ""),
        json!({
            "code": "store", "message": "the store does not work", "source": ["the store is closed", WHY],
        })
    );
}

#[test]
fn a_transparent_error_has_the_codes_of_its_field() {
    assert_eq!(
        fails(Fails::__plugin_sdk_command_codes_within_codes, ""),
        json!({"code": "out_of_paper", "message": "there is no paper"})
    );
    let codes = <Refused as plugin_sdk::ErrorCodes>::CODES;
    let codes: Vec<&str> = codes.iter().map(|code| code.code).collect();
    assert_eq!(codes, ["none", "store", "out_of_paper"]);
    let handmade = Refused::from(Handmade);
    assert_eq!(
        (handmade.code(), handmade.details()),
        ("handmade", Some(json!(7)))
    );
    assert_eq!(
        Error::from_plugin_error(&handmade).message(),
        "made by hand"
    );
}

#[test]
fn the_code_of_a_displayed_error_does_not_leak_to_another() {
    let denied = denied().unwrap_err();
    assert_eq!(denied.to_string(), "the store is closed");
    assert_eq!(Error::from(fmt::Error).code(), "failed");
    let holder = anyhow::Error::from(denied.clone());
    assert_eq!(Error::from(holder), denied);
    assert_eq!(Error::from(fmt::Error).code(), "failed");
}

#[test]
fn the_question_mark_takes_anything_that_boxes_as_an_error() {
    let message = |kind: u8| {
        let kind = json!({"kind": kind}).to_string();
        let answer = fails(Fails::__plugin_sdk_command_many_kinds, &kind);
        answer["message"].as_str().map(str::to_owned)
    };
    let messages: Vec<_> = (0..4).filter_map(message).collect();
    assert_eq!(
        messages,
        ["as text", "as a string", "in a box", "by anyhow"]
    );
    assert_eq!(
        fails(
            Fails::__plugin_sdk_command_boxed_only_send,
            r#"{"text": "x"}"#
        ),
        json!({"code": "failed", "message": DIGIT})
    );
}

#[test]
fn text_is_accepted_as_an_error() {
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
fn an_uninhabited_error_type_compiles() {
    assert_eq!(
        call(&mut Fails, Fails::__plugin_sdk_command_never, "").unwrap(),
        1
    );
}
