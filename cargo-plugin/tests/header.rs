//! Generates the C headers in `include/`, and checks that they are up to date.
//!
//! After a change of the ABI or of the functions of a host, regenerate them:
//! `UPDATE_HEADERS=1 cargo test --test header`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use plugin_sdk::imports::{Form, HostFunction, Kind, Parameter, WasmType};
use plugin_sdk::{abi, code, host_functions};
use plugin_sdk_harness::hosts::{self, HostContract};

/// The part that every host's functions need.
const COMMON: &str = include_str!("header/common.h");

/// The exports that a host calls, by the host's name.
const EXPORTS: [(&str, &str); 5] = [
    ("native", include_str!("header/native.h")),
    ("cis", include_str!("header/cis.h")),
    ("musicfox", include_str!("header/musicfox.h")),
    ("neotalk", include_str!("header/neotalk.h")),
    ("toolfs", include_str!("header/toolfs.h")),
];

/// The parts that every plugin with such exports needs.
const PANIC: &str = include_str!("header/panic.h");
const MANIFEST: &str = include_str!("header/manifest.h");

/// The record that hosts of the SDK's own ABI read.
const HEAP: &str = include_str!("header/heap.h");

/// The greatest width of generated comments.
const WIDTH: usize = 150;

#[test]
fn checked_in_headers_are_up_to_date() {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    for host in hosts::all() {
        let path = match host.name {
            "native" => include.join("plugin_sdk.h"),
            name => include.join(name).join("plugin_sdk.h"),
        };
        let header = header(host);
        if std::env::var_os("UPDATE_HEADERS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &header).unwrap();
        }
        let checked_in = fs::read_to_string(&path).unwrap_or_else(|error| format!("({error})"));
        assert!(
            checked_in == header,
            "`{}` is out of date: run `UPDATE_HEADERS=1 cargo test --test header`",
            path.display()
        );
    }
}

fn header(host: &HostContract) -> String {
    let mut header = String::new();
    let about = format!(
        "plugin_sdk.h: plugins in C11 and C++, for {}. Made by `cargo plugin header --host {}` of version {}: make it anew \
         instead of changing it. `docs/abi.md` and `docs/languages.md` of plugin-sdk tell the rest.",
        host.summary,
        host.name,
        env!("CARGO_PKG_VERSION")
    );
    comment(&mut header, &[about]);
    header.push_str("#ifndef PLUGIN_SDK_H\n#define PLUGIN_SDK_H\n\n");
    let is_native = host.name == "native";
    let mut parts = vec![COMMON];
    let exports = EXPORTS.iter().find(|(name, _)| *name == host.name);
    if let Some((_, exports)) = exports {
        // A macro refers to functions that are declared before it is used.
        parts.extend([exports, PANIC, MANIFEST]);
    }
    if is_native {
        parts.push(HEAP);
    }
    let parts: Vec<String> = parts
        .into_iter()
        .map(|part| filled_in(part, host))
        .collect();
    header.push_str(&parts.join("\n"));
    if is_native {
        error_codes(&mut header);
    }
    functions(&mut header, &host.functions());
    header.push_str("\n#endif\n");
    header
}

/// A part of the header, with the ABI's own names and numbers.
fn filled_in(part: &str, host: &HostContract) -> String {
    let version_export = format!("{}{}", abi::VERSION_EXPORT_PREFIX, abi::VERSION);
    let numbers = [
        ("@VERSION@", abi::VERSION.to_string()),
        ("@MAX_LEN@", abi::MAX_LEN.to_string()),
        ("@ALIGNMENT@", abi::ALIGNMENT.to_string()),
        ("@PANIC_RECORD_SIZE@", abi::PANIC_RECORD_SIZE.to_string()),
        ("@MAX_PANIC_MESSAGE@", abi::MAX_PANIC_MESSAGE.to_string()),
        ("@HEAP_RECORD_SIZE@", abi::HEAP_RECORD_SIZE.to_string()),
    ];
    let names = [
        (
            "@PANIC_EXPORT@",
            match host.name {
                "native" => version_export.as_str(),
                _ => abi::PANIC_EXPORT,
            },
        ),
        ("@COMMAND@", abi::COMMAND_EXPORT_PREFIX),
        ("@BATCH@", abi::BATCH_EXPORT_PREFIX),
        ("@HEAP_EXPORT@", abi::HEAP_EXPORT),
        ("@SECTION@", "plugin-sdk"),
    ];
    let numbers = numbers.iter().map(|(name, value)| (*name, value.as_str()));
    numbers
        .chain(names)
        .fold(part.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
}

fn error_codes(header: &mut String) {
    title(header, "Codes of errors; plugins may have further codes");
    header.push('\n');
    let codes = [
        code::INVALID_JSON,
        code::MISSING_ARGUMENT,
        code::UNKNOWN_ARGUMENT,
        code::INVALID_ARGUMENT,
        code::INVALID_RESULT,
        code::TOO_LARGE,
        code::NOT_INITIALIZED,
        code::INIT_FAILED,
        code::INVALID_STATE,
        code::BUSY,
        code::FAILED,
        code::PERMISSION_DENIED,
        code::UNSUPPORTED,
        code::NOT_FOUND,
        code::TIMEOUT,
        code::UNAVAILABLE,
        code::BAD_ANSWER,
        code::STATUS,
        code::QUOTA_EXCEEDED,
    ];
    for code in codes {
        put(
            header,
            format_args!("#define PLUGIN_CODE_{} \"{code}\"\n", code.to_uppercase()),
        );
    }
}

fn functions(header: &mut String, functions: &[&HostFunction]) {
    if functions.is_empty() {
        return;
    }
    title(
        header,
        "Functions of the host. Text is UTF-8, with its length in bytes and no zero byte behind it",
    );
    for function in functions {
        header.push('\n');
        self::function(header, function);
    }
}

fn function(header: &mut String, function: &HostFunction) {
    let parameters = Parameters::of(function);
    let mut paragraphs: Vec<String> = function
        .documentation
        .split("\n\n")
        .map(|paragraph| paragraph.replace('\n', " "))
        .filter(|paragraph| !paragraph.trim().is_empty())
        .collect();
    paragraphs.extend(parameters.meanings);
    paragraphs.extend(result_meaning(function.form).map(str::to_owned));
    if let Some(permission) = function.permission {
        paragraphs.push(format!("Needs the permission `{permission}`."));
    }
    comment(header, &paragraphs);
    let declared = match parameters.declared.is_empty() {
        true => "void".to_owned(),
        false => parameters.declared.join(", "),
    };
    put(
        header,
        format_args!(
            "PLUGIN_IMPORT(\"{}\", \"{}\")\n{}{}({declared});\n",
            function.module,
            function.name,
            result_type(function),
            identifier(&format!("{}_{}", function.module, function.name)),
        ),
    );
}

/// Returns the parameters of a declaration, one for each number that is passed.
struct Parameters {
    declared: Vec<String>,
    meanings: Vec<String>,
}

impl Parameters {
    fn of(function: &HostFunction) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut parameters = Parameters {
            declared: Vec::new(),
            meanings: Vec::new(),
        };
        for parameter in function.parameters {
            let name = new_name(&mut names, parameter.name);
            let (first, second) = (parameter.types.first(), parameter.types.get(1));
            let pointer = Pointer::of(parameter);
            if let Some(Some(first)) = first {
                let ty = match &pointer {
                    Some(pointer) => pointer.to.to_owned(),
                    None => number_type(Some(parameter.kind), *first).to_owned(),
                };
                parameters.declared.push(format!("{ty}{name}"));
            }
            let mut count = None;
            if let Some(Some(second)) = second {
                let suffix = pointer
                    .as_ref()
                    .map_or("second", |pointer| pointer.how_many);
                let counted = new_name(&mut names, &format!("{name}_{suffix}"));
                parameters
                    .declared
                    .push(format!("{}{counted}", number_type(None, *second)));
                count = Some(counted);
            }
            if let Some(pointer) = pointer {
                parameters.meanings.push(pointer.meaning(
                    &name,
                    count.as_deref(),
                    parameter.in_place,
                ));
            }
        }
        if let [Some(_), size] = function.room {
            let room = new_name(&mut names, "out");
            parameters.declared.push(format!("void *{room}"));
            let mut meaning = format!("{room}: where the result is written to");
            if let Some(ty) = size {
                let size = new_name(&mut names, "out_size");
                parameters
                    .declared
                    .push(format!("{}{size}", number_type(None, ty)));
                meaning.push_str(&format!(", for which there are {size} bytes"));
            }
            parameters.meanings.push(format!("{meaning}."));
        }
        parameters
    }
}

/// An argument that is passed as an address.
struct Pointer {
    /// The type that it points to, as the beginning of a declaration.
    to: &'static str,
    /// The unit of the number that follows it.
    how_many: &'static str,
    what: String,
}

impl Pointer {
    fn of(parameter: &Parameter) -> Option<Self> {
        let (constant, changed, how_many, what) = match parameter.kind {
            Kind::Text => ("const char *", "char *", "len", "text".to_owned()),
            Kind::CText => (
                "const char *",
                "char *",
                "len",
                "text that ends with a zero byte".to_owned(),
            ),
            Kind::Json => ("const char *", "char *", "len", "JSON".to_owned()),
            Kind::Numbers { size: 1 } => {
                ("const uint8_t *", "uint8_t *", "len", "bytes".to_owned())
            }
            Kind::Numbers { size } => (
                "const void *",
                "void *",
                "count",
                format!("numbers of {size} bytes each"),
            ),
            Kind::Fixed { bytes } => ("const void *", "void *", "len", format!("{bytes} bytes")),
            _ => return None,
        };
        Some(Pointer {
            to: if parameter.in_place {
                changed
            } else {
                constant
            },
            how_many,
            what,
        })
    }

    fn meaning(&self, name: &str, count: Option<&str>, in_place: bool) -> String {
        let names = match count {
            Some(count) => format!("{name}, {count}"),
            None => name.to_owned(),
        };
        let changed = if in_place {
            ", which the host changes"
        } else {
            ""
        };
        format!("{names}: {}{changed}.", self.what)
    }
}

/// Returns a number's type, as the beginning of a declaration.
fn number_type(kind: Option<Kind>, ty: WasmType) -> &'static str {
    match (ty, kind) {
        (WasmType::I32, Some(Kind::Signed)) => "int32_t ",
        (WasmType::I64, Some(Kind::Signed)) => "int64_t ",
        (WasmType::I32, _) => "uint32_t ",
        (WasmType::I64, _) => "uint64_t ",
        (WasmType::F32, _) => "float ",
        (WasmType::F64, _) => "double ",
    }
}

fn result_type(function: &HostFunction) -> &'static str {
    match (function.form, function.result) {
        (_, None) => "void ",
        (Form::Packed, Some(WasmType::I64)) => "plugin_packed ",
        (Form::CString, Some(WasmType::I32)) => "char *",
        (Form::Status | Form::Buffer, Some(ty)) => number_type(Some(Kind::Signed), ty),
        (Form::Number(kind), Some(ty)) => number_type(Some(kind), ty),
        (_, Some(ty)) => number_type(None, ty),
    }
}

fn result_meaning(form: Form) -> Option<&'static str> {
    Some(match form {
        Form::Packed => {
            "Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing."
        }
        Form::CString => {
            "Gives back text that ends with a zero byte, in memory that the host allocated in this plugin and that the plugin frees; NULL is nothing."
        }
        Form::Status => "Gives back a number that says whether it succeeded.",
        Form::Buffer => "Gives back how many bytes were written, or would have been.",
        _ => return None,
    })
}

/// Adds a name that is not a keyword of C or C++, and that no other parameter has.
fn new_name(names: &mut Vec<String>, wanted: &str) -> String {
    let mut name = identifier(wanted);
    while KEYWORDS.contains(&name.as_str()) || names.contains(&name) {
        name.push('_');
    }
    names.push(name.clone());
    name
}

/// Returns an identifier of C for a name that WebAssembly allows.
fn identifier(name: &str) -> String {
    let mut identifier: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !identifier.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        identifier.insert(0, '_');
    }
    identifier
}

/// The words of C11 and C++20 in lower case that a name in Rust could be.
#[rustfmt::skip]
const KEYWORDS: [&str; 86] = [
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char", "class", "co_await", "co_return",
    "co_yield", "compl", "concept", "const", "consteval", "constexpr", "constinit", "const_cast", "continue", "decltype", "default", "delete", "do",
    "double", "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long",
    "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or", "or_eq", "private", "protected", "public", "register",
    "reinterpret_cast", "requires", "restrict", "return", "short", "signed", "sizeof", "static", "static_cast", "struct", "switch", "template", "this",
    "throw", "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile", "while", "xor",
];

fn title(header: &mut String, title: &str) {
    let rule = "-".repeat(WIDTH - 6);
    put(header, format_args!("\n/* {rule}\n * {title}.\n */\n"));
}

/// Returns paragraphs as one comment.
fn comment(header: &mut String, paragraphs: &[String]) {
    let mut lines = Vec::new();
    for paragraph in paragraphs {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH - 6 {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    // These would end the comment, or begin another one in it.
    let text = lines.join("\n * ");
    let text = text.replace("*/", "* /").replace("/*", "/ *");
    put(header, format_args!("/* {text} */\n"));
}

fn put(header: &mut String, text: fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = header.write_fmt(text);
}

#[test]
fn each_header_declares_every_function_of_its_host() {
    for host in hosts::all() {
        let header = header(host);
        for function in host.functions() {
            let import = format!(
                "PLUGIN_IMPORT(\"{}\", \"{}\")",
                function.module, function.name
            );
            assert_eq!(header.matches(&import).count(), 1, "{import}");
        }
        // Belongs to the assembler, and has nothing to fill in.
        let exports = usize::from(EXPORTS.iter().any(|(name, _)| *name == host.name));
        assert_eq!(header.matches('@').count(), exports, "{header}");
        let record = match host.name {
            "native" => "-Wl,--export=plugin_abi_1",
            _ => "-Wl,--export=plugin_panic_1",
        };
        assert_eq!(header.matches(record).count(), exports, "{}", host.name);
        let widest = header.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(180), "{widest:?}");
    }
}

/// Functions of every form that there is.
#[host_functions(module = "some-host")]
trait Forms {
    /// Ends the comment: */ and begins one: /*.
    ///
    /// A second paragraph.
    fn reverse(text: &mut [u8]);
    fn compute(data: &[u8], #[out] digest: &mut [u8; 16]);
    fn mix(register: u64, flag: bool, level: i8, samples: &mut [f32]) -> f64;
    #[host(status)]
    fn status(flag: &str, flag_len: u32) -> plugin_sdk::Result<()>;
    #[host(buffer)]
    fn read(key: &str) -> plugin_sdk::Result<String>;
    #[host(permission = "text")]
    fn named(name: &std::ffi::CStr) -> std::ffi::CString;
    fn plain() -> Option<Vec<u8>>;
    fn nothing();
}

struct Unused;

impl Forms for Unused {
    fn reverse(&mut self, _: &mut [u8]) {}
    fn compute(&mut self, _: &[u8], _: &mut [u8; 16]) {}
    fn mix(&mut self, _: u64, _: bool, _: i8, _: &mut [f32]) -> f64 {
        0.0
    }
    fn status(&mut self, _: &str, _: u32) -> plugin_sdk::Result<()> {
        Ok(())
    }
    fn read(&mut self, _: &str) -> plugin_sdk::Result<String> {
        Ok(String::new())
    }
    fn named(&mut self, name: &std::ffi::CStr) -> std::ffi::CString {
        name.to_owned()
    }
    fn plain(&mut self) -> Option<Vec<u8>> {
        None
    }
    fn nothing(&mut self) {}
}

#[test]
fn every_form_of_function_gets_a_matching_declaration() {
    let provided = forms::provide(Unused);
    let functions: Vec<&HostFunction> = provided.functions().iter().collect();
    let mut header = String::new();
    self::functions(&mut header, &functions);
    let declared: Vec<&str> = header.lines().filter(|line| line.ends_with(");")).collect();
    assert_eq!(
        declared,
        [
            "void some_host_reverse(uint8_t *text, uint32_t text_len);",
            "void some_host_compute(const uint8_t *data, uint32_t data_len, void *digest);",
            "double some_host_mix(uint64_t register_, uint32_t flag, int32_t level, void *samples, uint32_t samples_count);",
            "int32_t some_host_status(const char *flag, uint32_t flag_len, uint32_t flag_len_);",
            "int32_t some_host_read(const char *key, uint32_t key_len, void *out, uint32_t out_size);",
            "char *some_host_named(const char *name);",
            "plugin_packed some_host_plain(void);",
            "void some_host_nothing(void);",
        ]
    );
    for (function, declared) in functions.iter().zip(&declared) {
        let numbers = match declared.split_once('(').unwrap().1 {
            "void);" => 0,
            list => list.split(',').count(),
        };
        assert_eq!(numbers, function.wasm_parameters().count(), "{declared}");
    }
    assert!(
        header.contains("Ends the comment: * / and begins one: / *.\n * A second paragraph."),
        "{header}"
    );
    assert!(
        header.contains("text, text_len: bytes, which the host changes."),
        "{header}"
    );
    assert!(header.contains("Needs the permission `text`."), "{header}");
}
