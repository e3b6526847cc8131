//! WebAssembly types in words.

use std::fmt::Write;

use wasmparser::ValType;

use super::interface::ExportType;

/// Describes an export's type: `a function (i32, i32) -> i64`.
pub(crate) fn in_words(ty: &ExportType<'_>) -> String {
    match ty {
        ExportType::Func(ty) => function_type(ty.params(), ty.results()),
        ExportType::Global(global) => {
            let kind = if global.mutable {
                "mutable"
            } else {
                "constant"
            };
            format!("a {kind} global of type {}", global.content_type)
        }
        ExportType::Memory(memory) if memory.memory64 => {
            "a memory with 64-bit addresses".to_owned()
        }
        ExportType::Memory(memory) if memory.shared => "a shared memory".to_owned(),
        ExportType::Memory(_) => "a memory".to_owned(),
        ExportType::Other(what) => (*what).to_owned(),
    }
}

/// Describes a function's type: `a function (i32, i32) -> i64`.
pub(crate) fn function_type(params: &[ValType], results: &[ValType]) -> String {
    let mut shown = String::from("a function (");
    types(params, &mut shown);
    shown.push(')');
    match results {
        [] => {}
        [result] => {
            let _ = write!(shown, " -> {result}");
        }
        results => {
            shown.push_str(" -> (");
            types(results, &mut shown);
            shown.push(')');
        }
    }
    shown
}

/// Appends up to 8 types, because a function may have a thousand parameters.
fn types(types: &[ValType], shown: &mut String) {
    for (nth, ty) in types.iter().enumerate() {
        if nth == 8 {
            let _ = write!(shown, ", and {} more", types.len() - nth);
            break;
        }
        let _ = write!(shown, "{}{ty}", if nth > 0 { ", " } else { "" });
    }
}
