//! `#[command(…)]`, `#[event(…)]` and `#[arg(…)]`

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, LitStr, Token, Type};

use super::named::{ERRORS, named_texts, topic_mistake};
use super::values::{Codec, Default, NamedText};
use crate::mistakes::Mistakes;
use crate::options::{self, is};
use crate::schema::model::Annotations;
use crate::schema::options::{AnnotationsReader, Place, unknown};
use crate::sdk_path::SdkPath;

/// Reads `#[event("user.*")]`. Returns the pattern of the topics that the handler takes; `None` for
/// all topics.
pub fn event(arguments: TokenStream, mistakes: &mut Mistakes) -> Option<LitStr> {
    if arguments.is_empty() {
        return None;
    }
    let first = |input: ParseStream<'_>| {
        let pattern = match input.peek(LitStr) {
            true => Some(input.parse::<LitStr>()?),
            false => None,
        };
        input.parse::<Option<Token![,]>>()?;
        Ok((pattern, input.parse::<TokenStream>()?))
    };
    match first.parse2(arguments.clone()) {
        Ok((Some(pattern), rest)) => {
            if !rest.is_empty() {
                mistakes.at(
                    &rest,
                    "a handler has one pattern: use `*` for any one segment, or write a second handler",
                );
            }
            if let Some(mistake) = topic_mistake(&pattern.value()) {
                mistakes.at(&pattern, mistake);
            }
            return Some(pattern);
        }
        Ok((None, _)) => mistakes.at(
            &arguments,
            "write the topic in quotes, as in #[event(\"user.created\")]",
        ),
        Err(error) => mistakes.add(error),
    }
    None
}

/// `#[command(raw, codec = "…", batch, rename = "…", errors(…), schema = T)]`
pub struct CommandOptions {
    pub codec: Codec,
    /// It also takes many inputs in one call.
    pub batch: bool,
    pub rename: Option<LitStr>,
    /// The error codes that the author lists for this command.
    pub errors: Vec<NamedText>,
    /// The type that describes the result, if not the result's own.
    pub schema: Option<Type>,
    /// The path of the SDK, and the span of the option that gives it.
    pub sdk: (SdkPath, Option<Span>),
}

/// Reads the options of `#[command]`.
pub fn command(arguments: TokenStream, mistakes: &mut Mistakes) -> CommandOptions {
    let (mut raw, mut batch) = (false, false);
    let mut codec = None::<LitStr>;
    let mut rename = None;
    let mut errors: Option<Vec<NamedText>> = None;
    let mut schema: Option<Type> = None;
    let (mut sdk, mut sdk_span, mut schema_span) = (SdkPath::default(), None, None);
    options::read(arguments, mistakes, |option| {
        if sdk.read(option)? {
            sdk_span = Some(option.span());
            return Ok(());
        }
        match option.key().as_str() {
            "raw" => option.flag(&mut raw),
            "codec" => option.value(&mut codec),
            "batch" => {
                option.flag(&mut batch)?;
                if option.meta.input.peek(Token![=]) {
                    let value: Expr = option.meta.value()?.parse()?;
                    option.mistakes.at(
                        &value,
                        "the host chooses the number of inputs in a batch: write `batch` without a value",
                    );
                }
                Ok(())
            }
            "rename" => option.name(&mut rename),
            "errors" => {
                option.once(errors.is_some());
                if !option.has_parentheses() {
                    let example = ERRORS.example;
                    return option.unknown(format!("write a list in parentheses: `errors({example})`"));
                }
                errors = Some(named_texts(&option.list()?, &ERRORS, option.mistakes));
                Ok(())
            }
            "schema" => {
                schema_span = Some(option.span());
                option.value(&mut schema)
            }
            _ => option.unknown(
                "unknown option in #[command]: the options are `raw`, `codec = \"…\"`, `batch`, `rename = \"…\"`, `errors(…)`, `schema = …` and `crate = \"…\"`",
            ),
        }
    });
    let name = codec.as_ref().map(LitStr::value);
    let codec = match (raw, codec, name.as_deref()) {
        (true, Some(codec), _) => {
            mistakes.at(&codec, "a raw command has no codec: remove this or `raw`");
            Codec::Raw
        }
        (true, None, _) => Codec::Raw,
        (false, _, None | Some("json")) => Codec::Json,
        (false, _, Some("binary")) => Codec::Binary,
        (false, codec, Some(_)) => {
            let message = "unknown codec: write \"json\" or \"binary\"";
            codec.iter().for_each(|codec| mistakes.at(codec, message));
            Codec::Json
        }
    };
    if let (Codec::Raw, Some(option)) = (codec, schema_span) {
        mistakes.at(
            option,
            "a raw command returns bytes, which have no schema: remove this or `raw`",
        );
    }
    CommandOptions {
        codec,
        batch,
        rename,
        errors: errors.unwrap_or_default(),
        schema,
        sdk: (sdk, sdk_span),
    }
}

/// `#[arg(default, default = …, rename = "…", flatten, schema = T, minimum = 1, example = 2, …)]`
pub struct ArgumentOptions {
    /// The span of `#[arg]`, if there is one.
    pub attribute: Option<Span>,
    pub default: Default,
    pub rename: Option<LitStr>,
    /// The option that makes this argument take the whole object.
    pub flatten: Option<Span>,
    /// The type that describes the argument, if not its own.
    pub schema: Option<Type>,
    /// The doc comment and the constraints.
    pub annotations: Annotations,
}

/// Takes the `#[arg]` attributes off an argument and reads them.
pub fn argument(attributes: &mut Vec<Attribute>, mistakes: &mut Mistakes) -> ArgumentOptions {
    let mut read = ArgumentOptions {
        attribute: None,
        default: Default::None,
        rename: None,
        flatten: None,
        schema: None,
        annotations: Annotations::default(),
    };
    let mut annotations = AnnotationsReader::default();
    for attribute in attributes.extract_if(.., |attribute| is(attribute.path(), "arg")) {
        read.attribute = Some(attribute.path().span());
        let Some(arguments) = mistakes.keep(options::arguments(&attribute)) else {
            continue;
        };
        options::read(arguments, mistakes, |option| {
            let key = option.key();
            match key.as_str() {
                "default" => {
                    option.once(!matches!(read.default, Default::None));
                    read.default = match option.meta.input.peek(Token![=]) {
                        true => Default::Expr(Box::new(option.meta.value()?.parse()?)),
                        false => Default::OfType(option.span()),
                    };
                    Ok(())
                }
                "rename" => option.name(&mut read.rename),
                "flatten" => {
                    option.once(read.flatten.is_some());
                    read.flatten = Some(option.span());
                    Ok(())
                }
                "schema" => option.value(&mut read.schema),
                key if annotations.read(option, key, Place::Argument)? => Ok(()),
                _ => unknown(option, Place::Argument),
            }
        });
    }
    read.annotations = annotations.finish();
    read
}
