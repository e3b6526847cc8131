//! The flags of commands that take raw bytes.

use clap::{Arg, ArgMatches, Command};
use serde_json::Value;

use super::missing_flags;
use super::parse::{Contents, contents};

const INPUT: &str = "input";
const TEXT: &str = "text";
const NUMBERS: &str = "numbers";

/// Defines the elements, by the types of numbers.
macro_rules! elements {
    ($($element:ident: $number:ident,)*) => {
        /// The elements that the bytes of a raw command consist of.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Element {
            Text,
            $($element,)*
        }

        impl Element {
            /// Returns the element type with a name from a manifest.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    "text" => Some(Element::Text),
                    $(stringify!($number) => Some(Element::$element),)*
                    _ => None,
                }
            }

            /// Returns the element type's name in a manifest.
            pub fn name(self) -> &'static str {
                match self {
                    Element::Text => "text",
                    $(Element::$element => stringify!($number),)*
                }
            }

            /// Appends one number in little-endian order.
            fn write(self, text: &str, bytes: &mut Vec<u8>) -> Result<(), String> {
                match self {
                    Element::Text => return Err("the command takes text".to_owned()),
                    $(Element::$element => {
                        let number: $number = text.parse().map_err(|error| format!("{error}"))?;
                        bytes.extend(number.to_le_bytes());
                    })*
                }
                Ok(())
            }

            /// Decodes bytes to numbers in JSON, and numbers that JSON lacks to text. Returns
            /// `None` if the bytes are text, or not a whole number of elements.
            pub fn decode(self, bytes: &[u8]) -> Option<Vec<Value>> {
                match self {
                    Element::Text => None,
                    $(Element::$element => {
                        let (numbers, rest) = bytes.as_chunks();
                        let numbers = numbers.iter().map(|bytes| $number::from_le_bytes(*bytes));
                        // The shortest form of an f32 is shorter than that of the equal f64.
                        let json = numbers.map(|number| json(format!("{number:?}")));
                        rest.is_empty().then(|| json.collect())
                    })*
                }
            }
        }
    };
}

elements! {
    U8: u8, I8: i8, U16: u16, I16: i16, U32: u32, I32: i32, U64: u64, I64: i64, F32: f32, F64: f64,
}

fn json(number: String) -> Value {
    serde_json::from_str(&number).map_or(Value::String(number), Value::Number)
}

impl Element {
    /// Describes the bytes in words.
    pub fn words(self) -> String {
        match self {
            Element::Text => "text (UTF-8)".to_owned(),
            Element::U8 => "bytes".to_owned(),
            number => format!("little-endian numbers ({})", number.name()),
        }
    }

    /// Encodes numbers one after the other.
    pub fn encode<'t>(self, numbers: impl IntoIterator<Item = &'t str>) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for number in numbers {
            self.write(number, &mut bytes)?;
        }
        Ok(bytes)
    }
}

/// The flags for a raw command's input.
#[derive(Clone, Copy)]
pub struct Bytes {
    /// The type of its input, if known.
    pub input: Option<Element>,
    /// True if the command requires input.
    pub required: bool,
}

impl Bytes {
    /// Adds the flags to a command.
    pub fn add_to(self, command: Command) -> Command {
        let input = Arg::new(INPUT)
            .long(INPUT)
            .value_name("FILE")
            .value_parser(contents)
            .help("The bytes to work on, from a file or `-` for standard input");
        let typed = |name: &'static str| {
            Arg::new(name)
                .long(name)
                .value_name(name.to_uppercase())
                .allow_hyphen_values(true)
                .conflicts_with(INPUT)
        };
        let command = command.arg(input);
        match self.input {
            None => command,
            Some(Element::Text) => {
                let bytes = |text: &str| Ok::<_, String>(Contents(text.as_bytes().to_vec()));
                let text = typed(TEXT).value_parser(bytes);
                command.arg(text.help("A text to work on"))
            }
            Some(element) => {
                let bytes = move |number: &str| element.encode([number.trim()]).map(Contents);
                let numbers = typed(NUMBERS).value_delimiter(',').value_parser(bytes);
                command.arg(numbers.help("Numbers to work on, with commas between them"))
            }
        }
    }

    /// Returns the command line that follows the command's name.
    pub fn usage(self) -> &'static str {
        match (self.required, self.input) {
            (false, _) => " [OPTIONS]",
            (true, None) => " --input <FILE>",
            (true, Some(Element::Text)) => " <--input <FILE>|--text <TEXT>>",
            (true, Some(_)) => " <--input <FILE>|--numbers <NUMBERS>>",
        }
    }

    /// Returns the bytes that a command line gives; `given` are those from before the command.
    ///
    /// # Errors
    ///
    /// Returns clap's error if required input is missing.
    pub fn input(
        self,
        command: &mut Command,
        matches: &ArgMatches,
        given: Option<&Contents>,
    ) -> Result<Option<Vec<u8>>, clap::Error> {
        let flag = |flag: &str| matches.try_get_many::<Contents>(flag).ok().flatten();
        let written = [INPUT, TEXT, NUMBERS].into_iter().find_map(flag);
        match (written, given) {
            (Some(parts), _) => Ok(Some(
                parts.flat_map(|part| part.0.iter().copied()).collect(),
            )),
            (None, Some(contents)) => Ok(Some(contents.0.clone())),
            (None, None) if self.required => {
                Err(missing_flags(command, vec![self.usage().trim().to_owned()]))
            }
            (None, None) => Ok(None),
        }
    }
}
