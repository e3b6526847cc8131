//! The flags of commands that take raw bytes.

use clap::{Arg, ArgMatches, Command};
use serde_json::{Number, Value};

use super::missing;
use super::parse::{Contents, contents};

const INPUT: &str = "input";
const TEXT: &str = "text";
const NUMBERS: &str = "numbers";

/// The elements that the bytes of a raw command consist of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Element {
    Text,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

/// The flags for a raw command's input.
#[derive(Clone, Copy)]
pub struct Bytes {
    /// The type of its input, if known.
    pub input: Option<Element>,
    /// True if the command requires input.
    pub required: bool,
}

impl Element {
    const ALL: [(&'static str, Element); 11] = [
        ("text", Element::Text),
        ("u8", Element::U8),
        ("i8", Element::I8),
        ("u16", Element::U16),
        ("i16", Element::I16),
        ("u32", Element::U32),
        ("i32", Element::I32),
        ("u64", Element::U64),
        ("i64", Element::I64),
        ("f32", Element::F32),
        ("f64", Element::F64),
    ];

    /// Returns the element type with a name from a manifest.
    pub fn named(name: &str) -> Option<Self> {
        let named = Self::ALL.iter().find(|(known, _)| *known == name);
        named.map(|(_, element)| *element)
    }

    /// Returns the element type's name in a manifest.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, element)| *element == self);
        named.map_or("", |(name, _)| name)
    }

    /// Describes the bytes in words.
    pub fn words(self) -> String {
        match self {
            Element::Text => "text (UTF-8)".to_owned(),
            Element::U8 => "bytes".to_owned(),
            number => format!("little-endian numbers ({})", number.name()),
        }
    }

    /// Appends one number in little-endian order.
    fn write(self, text: &str, bytes: &mut Vec<u8>) -> Result<(), String> {
        fn number<T: std::str::FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
            text.parse().map_err(|error: T::Err| error.to_string())
        }
        match self {
            Element::Text => return Err("the command takes text".to_owned()),
            Element::U8 => bytes.extend(number::<u8>(text)?.to_le_bytes()),
            Element::I8 => bytes.extend(number::<i8>(text)?.to_le_bytes()),
            Element::U16 => bytes.extend(number::<u16>(text)?.to_le_bytes()),
            Element::I16 => bytes.extend(number::<i16>(text)?.to_le_bytes()),
            Element::U32 => bytes.extend(number::<u32>(text)?.to_le_bytes()),
            Element::I32 => bytes.extend(number::<i32>(text)?.to_le_bytes()),
            Element::U64 => bytes.extend(number::<u64>(text)?.to_le_bytes()),
            Element::I64 => bytes.extend(number::<i64>(text)?.to_le_bytes()),
            Element::F32 => bytes.extend(number::<f32>(text)?.to_le_bytes()),
            Element::F64 => bytes.extend(number::<f64>(text)?.to_le_bytes()),
        }
        Ok(())
    }

    /// Encodes numbers one after the other.
    pub fn encode<'t>(self, numbers: impl IntoIterator<Item = &'t str>) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for number in numbers {
            self.write(number, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// Decodes bytes to numbers in JSON, and numbers that JSON lacks to text. Returns `None` if the
    /// bytes are text, or not a whole number of elements.
    pub fn decode(self, bytes: &[u8]) -> Option<Vec<Value>> {
        fn numbers<const N: usize>(
            bytes: &[u8],
            number: fn([u8; N]) -> Value,
        ) -> Option<Vec<Value>> {
            let (chunks, rest) = bytes.as_chunks::<N>();
            rest.is_empty()
                .then(|| chunks.iter().map(|chunk| number(*chunk)).collect())
        }
        fn float(float: f64) -> Value {
            Number::from_f64(float).map_or_else(|| Value::String(float.to_string()), Value::Number)
        }
        match self {
            Element::Text => None,
            Element::U8 => numbers(bytes, |bytes| u8::from_le_bytes(bytes).into()),
            Element::I8 => numbers(bytes, |bytes| i8::from_le_bytes(bytes).into()),
            Element::U16 => numbers(bytes, |bytes| u16::from_le_bytes(bytes).into()),
            Element::I16 => numbers(bytes, |bytes| i16::from_le_bytes(bytes).into()),
            Element::U32 => numbers(bytes, |bytes| u32::from_le_bytes(bytes).into()),
            Element::I32 => numbers(bytes, |bytes| i32::from_le_bytes(bytes).into()),
            Element::U64 => numbers(bytes, |bytes| u64::from_le_bytes(bytes).into()),
            Element::I64 => numbers(bytes, |bytes| i64::from_le_bytes(bytes).into()),
            // Write the shortest form of the f32, not the longer form of the equal f64.
            Element::F32 => numbers(bytes, |bytes| {
                let number = f32::from_le_bytes(bytes);
                float(number.to_string().parse().unwrap_or(f64::from(number)))
            }),
            Element::F64 => numbers(bytes, |bytes| float(f64::from_le_bytes(bytes))),
        }
    }
}

impl Bytes {
    /// Adds the flags to a command.
    pub fn add_to(self, command: Command) -> Command {
        let input = Arg::new(INPUT)
            .long(INPUT)
            .value_name("FILE")
            .value_parser(contents)
            .help("The bytes to work on, from a file or `-` for standard input");
        let text = Arg::new(TEXT)
            .long(TEXT)
            .value_name("TEXT")
            .allow_hyphen_values(true)
            .conflicts_with(INPUT)
            .value_parser(|text: &str| Ok::<_, String>(Contents(text.as_bytes().to_vec())))
            .help("A text to work on");
        let numbers = |element: Element| {
            Arg::new(NUMBERS)
                .long(NUMBERS)
                .value_name("NUMBERS")
                .value_delimiter(',')
                .allow_hyphen_values(true)
                .conflicts_with(INPUT)
                .value_parser(move |number: &str| element.encode([number.trim()]).map(Contents))
                .help("Numbers to work on, with commas between them")
        };
        let command = command.arg(input);
        match self.input {
            None => command,
            Some(Element::Text) => command.arg(text),
            Some(element) => command.arg(numbers(element)),
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
                Err(missing(command, vec![self.usage().trim().to_owned()]))
            }
            (None, None) => Ok(None),
        }
    }
}
