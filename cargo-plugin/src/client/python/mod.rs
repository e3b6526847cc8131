//! Clients in Python 3.9, on the package `wasmtime`.
//!
//! Records and variants are dataclasses, and a function for each type reads it from what
//! `json.loads` returns, and another one writes it. `read` and `write` are expressions for such
//! functions.

use std::collections::BTreeSet;

use minijinja::Value;

use super::language::{FileNames, Identifiers, Kind, Language, Spelling, quoted};
use super::names::Case;
use crate::interface::{Choice, Content, Definition, Element, Form, Plugin, Tagging, Type};

/// The parts of the template, in their order in a client.
const TEMPLATE: &str = concat!(
    include_str!("types.py.jinja"),
    include_str!("services.py.jinja"),
    include_str!("client.py.jinja"),
    include_str!("instance.py.jinja"),
    include_str!("values.py.jinja"),
);

/// Names of types that the template declares or uses.
const TYPES: &[&str] = &[
    "Any",
    "Callable",
    "Clock",
    "Enum",
    "ErrorCode",
    "Events",
    "Exception",
    "False",
    "Files",
    "IntEnum",
    "Iterable",
    "Json",
    "Limits",
    "Literal",
    "Log",
    "LookupError",
    "Mapping",
    "MemoryLog",
    "MemoryStore",
    "None",
    "Optional",
    "Panic",
    "PluginError",
    "Protocol",
    "RecursionError",
    "Store",
    "TracebackType",
    "True",
    "TypeError",
    "TypeVar",
    "Union",
    "ValueError",
];

/// Keywords, and names that have a meaning where fields and arguments are declared.
const FIELDS: &[&str] = &[
    "I", "O", "and", "array", "as", "assert", "async", "await", "bool", "break", "bytes", "class",
    "continue", "def", "del", "dict", "elif", "else", "except", "field", "finally", "float", "for",
    "from", "global", "if", "import", "in", "int", "is", "l", "lambda", "list", "members",
    "nonlocal", "not", "object", "or", "pass", "raise", "rest", "return", "self", "set", "str",
    "try", "tuple", "type", "while", "with", "yield",
];

/// Keywords, and names of methods that the template declares.
const METHODS: &[&str] = &[
    "and",
    "array",
    "as",
    "assert",
    "async",
    "await",
    "bool",
    "break",
    "bytes",
    "class",
    "classmethod",
    "close",
    "continue",
    "def",
    "del",
    "dict",
    "elif",
    "else",
    "event",
    "except",
    "finally",
    "float",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "int",
    "is",
    "lambda",
    "list",
    "load",
    "load_state",
    "nonlocal",
    "not",
    "object",
    "or",
    "pass",
    "raise",
    "return",
    "save_state",
    "set",
    "start",
    "stop",
    "str",
    "try",
    "type",
    "while",
    "with",
    "yield",
];

/// The language.
pub struct Python;

impl Language for Python {
    const IDENTIFIERS: Identifiers = Identifiers {
        types: Kind {
            case: Case::Pascal,
            reserved: TYPES,
        },
        fields: Kind {
            case: Case::Snake,
            reserved: FIELDS,
        },
        methods: Kind {
            case: Case::Snake,
            reserved: METHODS,
        },
        variants: Kind {
            case: Case::Pascal,
            reserved: TYPES,
        },
        constants: Kind {
            case: Case::Capitals,
            reserved: &[],
        },
    };

    fn files(&self, names: &FileNames) -> Vec<(String, &'static str)> {
        vec![(format!("{}.py", names.module), TEMPLATE)]
    }

    fn spell(&self, ty: &Type, types: &dyn Spelling) -> Vec<(&'static str, String)> {
        let spelled = spelling(ty, types, false);
        let optional = match ty {
            Type::Option(_) | Type::Null => spelled.clone(),
            _ => format!("{spelled} | None"),
        };
        let alias = match ty {
            // A name that is declared later is only a text, unless it is part of something.
            Type::Named(_) => format!("Union[{}]", spelling(ty, types, true)),
            _ => spelling(ty, types, true),
        };
        vec![
            ("type", spelled),
            ("optional", optional),
            // For a module's own statements, which Python runs: names may be declared later.
            ("alias", alias),
            ("read", read(ty, types)),
            ("write", write(ty, types)),
            ("is", test(ty, types)),
        ]
    }

    fn element(&self, element: Element) -> Vec<(&'static str, String)> {
        let code = typecode(element);
        let item = match element {
            Element::F32 | Element::F64 => "float",
            _ => "int",
        };
        let (ty, input, pack, unpack) = match element {
            Element::U8 => (
                "bytes".to_owned(),
                "bytes | bytearray | memoryview".to_owned(),
                "bytes(data)".to_owned(),
                "bytes".to_owned(),
            ),
            Element::Text => (
                "str".to_owned(),
                "str".to_owned(),
                "data.encode()".to_owned(),
                "_decoded".to_owned(),
            ),
            _ => (
                format!("array[{item}]"),
                format!("Iterable[{item}]"),
                format!("_pack(\"{code}\", data)"),
                format!("_unpack(\"{code}\")"),
            ),
        };
        vec![
            ("type", ty),
            ("input", input),
            ("pack", pack),
            ("unpack", unpack),
        ]
    }

    fn quote(&self, text: &str) -> String {
        quoted(text, |character| match u32::from(character) {
            code @ ..=0xff => format!("\\x{code:02x}"),
            code @ ..=0xffff => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        })
    }

    fn comment(&self, line: &str) -> String {
        // For documentation strings: a quote at the end would be next to those that end it.
        let line = line.replace('\\', "\\\\").replace("\"\"", "\\\"\\\"");
        match line.strip_suffix('"') {
            Some(line) => format!("{line}\\\""),
            None => line,
        }
    }

    fn further(&self, plugin: &Plugin, _: &dyn Spelling) -> Vec<(&'static str, Value)> {
        let definitions = || plugin.types.iter().map(|ty| &ty.definition);
        let mut arities = BTreeSet::new();
        for ty in plugin.mentioned() {
            tuples(ty, &mut arities);
        }
        let tuples: String = arities
            .iter()
            .map(|arity| tuple_functions(*arity))
            .collect();
        let has = |test: fn(&Definition) -> bool| definitions().any(test);
        let literals = has(|definition| match definition {
            Definition::Union(union) => {
                union.tagging == Tagging::External
                    && union
                        .variants
                        .iter()
                        .any(|one| matches!(one.content, Content::Unit))
            }
            _ => false,
        });
        let optionals = has(|definition| {
            let is_run = match definition {
                Definition::Alias(_) => true,
                Definition::Union(union) => union.tagging == Tagging::Untagged,
                _ => false,
            };
            let is_option = |ty: &Type| matches!(ty, Type::Option(_));
            is_run && definition.types().iter().any(|ty| ty.contains(is_option))
        });
        let integers =
            has(|definition| matches!(definition, Definition::Choice(Choice::Integers(_))));
        vec![
            ("tuples", tuples.into()),
            (
                "max_tuple",
                arities.last().copied().unwrap_or_default().into(),
            ),
            ("literals", literals.into()),
            ("optionals", optionals.into()),
            ("rests", plugin.has_rest().into()),
            ("integer_enums", integers.into()),
            ("numbers", takes_numbers(plugin).into()),
        ]
    }
}

fn spelling(ty: &Type, types: &dyn Spelling, is_run: bool) -> String {
    let within = |ty: &Type| spelling(ty, types, is_run);
    match ty {
        Type::Json => "Json".to_owned(),
        // `None` alone is a value rather than a type in a statement.
        Type::Null if is_run => "Union[None]".to_owned(),
        Type::Null => "None".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Integer(_) => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::Text => "str".to_owned(),
        Type::List(item) => format!("list[{}]", within(item)),
        Type::Tuple(items) => {
            let items: Vec<String> = items.iter().map(within).collect();
            format!("tuple[{}]", items.join(", "))
        }
        Type::Map(values) => format!("dict[str, {}]", within(values)),
        Type::Option(inner) if is_run => format!("Optional[{}]", within(inner)),
        Type::Option(inner) => format!("{} | None", within(inner)),
        Type::Named(index) if is_run => format!("\"{}\"", types.name(*index)),
        Type::Named(index) => types.name(*index).to_owned(),
    }
}

/// Returns an expression for a function that reads the type.
fn read(ty: &Type, types: &dyn Spelling) -> String {
    let within = |ty: &Type| read(ty, types);
    match ty {
        Type::Json => "_json".to_owned(),
        Type::Null => "_null".to_owned(),
        Type::Boolean => "_boolean".to_owned(),
        Type::Integer(_) => "_integer".to_owned(),
        Type::Float => "_number".to_owned(),
        Type::Text => "_text".to_owned(),
        Type::List(item) => format!("_list({})", within(item)),
        Type::Map(values) => format!("_map({})", within(values)),
        Type::Option(inner) => format!("_nullable({})", within(inner)),
        Type::Tuple(items) => {
            let readers: Vec<String> = items.iter().map(within).collect();
            format!("_tuple{}({})", items.len(), readers.join(", "))
        }
        Type::Named(index) => format!("_read_{}", types.name(*index)),
    }
}

/// Returns an expression for a function that writes the type.
fn write(ty: &Type, types: &dyn Spelling) -> String {
    const SAME: &str = "_same";
    let within = |function: &str, inner: &Type| match write(inner, types) {
        same if same == SAME => same,
        inner => format!("{function}({inner})"),
    };
    match ty {
        Type::List(item) => within("_write_list", item),
        Type::Map(values) => within("_write_map", values),
        Type::Option(inner) => within("_write_nullable", inner),
        Type::Tuple(items) => {
            let writers: Vec<String> = items.iter().map(|item| write(item, types)).collect();
            match writers.iter().all(|writer| writer == SAME) {
                true => SAME.to_owned(),
                false => format!("_write_tuple({})", writers.join(", ")),
            }
        }
        Type::Named(index) => format!("_write_{}", types.name(*index)),
        _ => SAME.to_owned(),
    }
}

/// Returns an expression that is true if `found` may be of the type.
fn test(ty: &Type, types: &dyn Spelling) -> String {
    let is = |class: &str| format!("isinstance(found, {class})");
    match ty {
        Type::Json => "True".to_owned(),
        Type::Null => "found is None".to_owned(),
        Type::Boolean => is("bool"),
        Type::Integer(_) => "isinstance(found, int) and not isinstance(found, bool)".to_owned(),
        Type::Float => "isinstance(found, (float, int)) and not isinstance(found, bool)".to_owned(),
        Type::Text => is("str"),
        Type::List(_) => is("list"),
        Type::Tuple(items) => format!("isinstance(found, tuple) and len(found) == {}", items.len()),
        Type::Map(_) => is("dict"),
        Type::Option(inner) => format!("found is None or {}", test(inner, types)),
        Type::Named(index) => {
            let name = types.name(*index);
            match types.plugin().types.get(*index).map(|ty| &ty.definition) {
                Some(Definition::Record(_) | Definition::Choice(_)) => is(name),
                _ => format!("_fits(_write_{name}, found)"),
            }
        }
    }
}

fn typecode(element: Element) -> &'static str {
    match element {
        Element::I8 => "b",
        Element::U16 => "H",
        Element::I16 => "h",
        Element::U32 => "I",
        Element::I32 => "i",
        Element::U64 => "Q",
        Element::I64 => "q",
        Element::F32 => "f",
        Element::F64 => "d",
        Element::Text | Element::U8 => "B",
    }
}

/// Returns whether a raw command takes or returns numbers other than bytes.
fn takes_numbers(plugin: &Plugin) -> bool {
    let is_number = |element: &Option<Element>| {
        element.is_some_and(|element| !matches!(element, Element::Text | Element::U8))
    };
    plugin.commands.iter().any(|command| match &command.form {
        Form::Raw { input, output, .. } => is_number(input) || is_number(output),
        Form::Typed { .. } => false,
    })
}

fn tuples(ty: &Type, arities: &mut BTreeSet<usize>) {
    if let Type::Tuple(items) = ty {
        arities.insert(items.len());
    }
    for part in ty.parts() {
        tuples(part, arities);
    }
}

/// Returns the function that reads tuples of a length: each element has a type of its own.
fn tuple_functions(arity: usize) -> String {
    let variables: Vec<String> = (1..=arity).map(|nth| format!("_T{nth}")).collect();
    let parameters = (1..=arity).map(|nth| format!("read{nth}: Callable[[object], _T{nth}]"));
    let parameters: Vec<String> = parameters.collect();
    let items: Vec<String> = (1..=arity)
        .map(|nth| format!("read{nth}(items[{}])", nth - 1))
        .collect();
    let types = variables.join(", ");
    let comma = if arity == 1 { "," } else { "" };
    format!(
        "\n\ndef _tuple{arity}({}) -> Callable[[object], tuple[{types}]]:\n    \
         def read(value: object) -> tuple[{types}]:\n        \
         items = _items(value, {arity})\n        \
         return ({}{comma})\n\n    \
         return read\n",
        parameters.join(", "),
        items.join(", ")
    )
}
