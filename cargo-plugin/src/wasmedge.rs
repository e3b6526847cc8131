//! The C++ half of a WasmEdge plugin: the registration of the functions that a module imports.
//!
//! It is written for WasmEdge's C API as of version 0.14. The names and types of the functions come
//! from the module's imports, so that both sides agree; what an address means is known to the
//! author of the declaration only.

use std::fmt::Write;

use plugin_sdk_harness::hosts;
use wasmparser::{FuncType, Parser, Payload, TypeRef, ValType};

use crate::error::{Error, Result};
use crate::text;

/// The file that declares the functions, for the author to implement.
const HEADER: &str = "host_functions.h";

/// The file that registers them.
const REGISTRATION: &str = "registration.cpp";

/// A function that a module imports.
struct Function {
    module: String,
    name: String,
    ty: FuncType,
}

/// Returns the names and contents of the files for a module, all but the implementation.
pub fn files(wasm: &[u8]) -> Result<Vec<(&'static str, String)>> {
    let functions = functions(wasm)?;
    Ok(vec![
        (HEADER, header(&functions)),
        (REGISTRATION, registration(&functions)),
        ("CMakeLists.txt", CMAKE.to_owned()),
    ])
}

/// Returns the functions that a module imports from modules that no host of this SDK has.
fn functions(wasm: &[u8]) -> Result<Vec<Function>> {
    let failed = |reason: String| Error::new("the module's imports cannot be read").because(reason);
    let (mut types, mut functions) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|error| failed(error.to_string()))? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    types.push(ty.map_err(|error| failed(error.to_string()))?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.map_err(|error| failed(error.to_string()))?;
                    let is_ours = hosts::all()
                        .iter()
                        .any(|host| host.has_module(import.module));
                    let (TypeRef::Func(ty), false) = (import.ty, is_ours) else {
                        continue;
                    };
                    let ty = types.get(ty as usize).cloned();
                    let ty = ty.ok_or_else(|| failed("a function has no type".to_owned()))?;
                    functions.push(Function::new(import.module, import.name, ty)?);
                }
            }
            _ => {}
        }
    }
    functions.sort_by(|one, other| (&one.module, &one.name).cmp(&(&other.module, &other.name)));
    match functions.is_empty() {
        true => Err(
            Error::new("the module imports no functions of other modules").help(
                "declare them by a trait with `#[host_functions(module = \"…\")]`, and call them",
            ),
        ),
        false => Ok(functions),
    }
}

impl Function {
    fn new(module: &str, name: &str, ty: FuncType) -> Result<Self> {
        let is_word = |word: &str| {
            let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
            word.chars().all(is_letter) && word.starts_with(|c: char| !c.is_ascii_digit())
        };
        let is_number = |ty: &ValType| c_type(*ty).is_some();
        let fits = ty.results().len() <= 1 && ty.params().iter().chain(ty.results()).all(is_number);
        if !(is_word(module) && is_word(name) && fits) {
            let both = text::line(&format!("{module}.{name}"), 100);
            return Err(Error::new(format!("`{both}` cannot be a function in C++"))
                .because("names are identifiers, parameters are numbers, and there is one result at most"));
        }
        Ok(Function {
            module: module.to_owned(),
            name: name.to_owned(),
            ty,
        })
    }

    /// Returns the parameters of the author's function.
    fn parameters(&self) -> String {
        let mut all = "Memory memory".to_owned();
        for (nth, ty) in self.ty.params().iter().enumerate() {
            let _ = write!(all, ", {} p{nth}", c_type(*ty).unwrap_or_default());
        }
        if let Some(result) = self.ty.results().first() {
            let _ = write!(all, ", {} &result", c_type(*result).unwrap_or_default());
        }
        all
    }
}

/// Returns the C++ type of a number. Addresses and lengths are unsigned.
fn c_type(ty: ValType) -> Option<&'static str> {
    match ty {
        ValType::I32 => Some("uint32_t"),
        ValType::I64 => Some("uint64_t"),
        ValType::F32 => Some("float"),
        ValType::F64 => Some("double"),
        _ => None,
    }
}

/// Returns the suffix of the API's functions for a number, and the type that they take.
fn api(ty: ValType) -> (&'static str, &'static str) {
    match ty {
        ValType::I64 => ("I64", "int64_t"),
        ValType::F32 => ("F32", "float"),
        ValType::F64 => ("F64", "double"),
        _ => ("I32", "int32_t"),
    }
}

fn header(functions: &[Function]) -> String {
    let mut header = HEADER_START.to_owned();
    for module in modules(functions) {
        let _ = writeln!(header, "\nnamespace {module} {{");
        for function in functions
            .iter()
            .filter(|function| function.module == module)
        {
            let parameters = function.parameters();
            let _ = writeln!(header, "WasmEdge_Result {}({parameters});", function.name);
        }
        let _ = writeln!(header, "}} // namespace {module}");
    }
    header
}

fn registration(functions: &[Function]) -> String {
    let mut code = REGISTRATION_START.to_owned();
    for function in functions {
        adapter(&mut code, function);
    }
    let modules = modules(functions);
    for module in &modules {
        let _ = writeln!(
            code,
            "\nWasmEdge_ModuleInstanceContext *create_{module}(const WasmEdge_ModuleDescriptor *) {{\n  \
               WasmEdge_ModuleInstanceContext *module = create(\"{module}\");"
        );
        for function in functions
            .iter()
            .filter(|function| function.module == *module)
        {
            let Function { name, ty, .. } = function;
            let list = |types: &[ValType]| {
                let all = types
                    .iter()
                    .map(|ty| format!("WasmEdge_ValTypeGen{}()", api(*ty).0));
                all.collect::<Vec<_>>().join(", ")
            };
            let _ = writeln!(
                code,
                "  add(module, \"{name}\", {{{}}}, {{{}}}, {module}_{name});",
                list(ty.params()),
                list(ty.results())
            );
        }
        code.push_str("  return module;\n}\n");
    }
    code.push_str("\nWasmEdge_ModuleDescriptor modules[] = {\n");
    for module in &modules {
        let _ = writeln!(
            code,
            "    {{\"{module}\", \"Functions of the host\", create_{module}}},"
        );
    }
    let name = modules.first().copied().unwrap_or_default();
    let _ = write!(
        code,
        "}};\n\nWasmEdge_PluginDescriptor descriptor = {{\n    \
           \"{name}\", \"Functions of the host\", WasmEdge_Plugin_CurrentAPIVersion, {{0, 1, 0, 0}},\n    \
           {}, 0, modules, nullptr}};\n}} // namespace\n\n\
         extern \"C\" WASMEDGE_CAPI_PLUGIN_EXPORT const WasmEdge_PluginDescriptor *WasmEdge_Plugin_GetDescriptor(void) {{\n  \
           return &descriptor;\n}}\n",
        modules.len()
    );
    code
}

/// Adds the function that WasmEdge calls, which calls the author's.
fn adapter(code: &mut String, function: &Function) {
    let Function { module, name, ty } = function;
    let result = ty.results().first().copied();
    let mut arguments = "Memory(frame)".to_owned();
    for (nth, ty) in ty.params().iter().enumerate() {
        let c = c_type(*ty).unwrap_or_default();
        let _ = write!(
            arguments,
            ", static_cast<{c}>(WasmEdge_ValueGet{}(in[{nth}]))",
            api(*ty).0
        );
    }
    let _ = writeln!(
        code,
        "\nWasmEdge_Result {module}_{name}(void *, const WasmEdge_CallingFrameContext *frame, const WasmEdge_Value *in, WasmEdge_Value *out) {{\n  \
           static_cast<void>(in), static_cast<void>(out);"
    );
    match result {
        None => {
            let _ = writeln!(code, "  return {module}::{name}({arguments});\n}}");
        }
        Some(ty) => {
            let (suffix, number) = api(ty);
            let c = c_type(ty).unwrap_or_default();
            let _ = writeln!(
                code,
                "  {c} result = 0;\n  \
                   WasmEdge_Result outcome = {module}::{name}({arguments}, result);\n  \
                   out[0] = WasmEdge_ValueGen{suffix}(static_cast<{number}>(result));\n  \
                   return outcome;\n}}"
            );
        }
    }
}

/// Returns the names of the modules, in alphabetical order.
fn modules(functions: &[Function]) -> Vec<&str> {
    let mut modules: Vec<&str> = functions.iter().map(|function| &*function.module).collect();
    modules.dedup();
    modules
}

const HEADER_START: &str = r#"// Made by `cargo plugin header --lang cpp --host-functions`: make it anew instead of changing it.
// Implement these functions in a file of your own. Return WasmEdge_Result_Success, or
// WasmEdge_ResultGen(WasmEdge_ErrCategory_UserLevelError, code), which ends the guest's call.
#pragma once

#include <cstdint>

#include <wasmedge/wasmedge.h>

// The memory of the guest that calls. It may grow and move: keep no pointer from call to call.
class Memory {
public:
  explicit Memory(const WasmEdge_CallingFrameContext *frame)
      : memory(WasmEdge_CallingFrameGetMemoryInstance(frame, 0)) {}

  // Returns the bytes at an address, or nullptr if they are not all within the memory.
  uint8_t *bytes(uint32_t address, uint32_t length) const {
    return memory == nullptr ? nullptr : WasmEdge_MemoryInstanceGetPointer(memory, address, length);
  }

private:
  WasmEdge_MemoryInstanceContext *memory;
};
"#;

const REGISTRATION_START: &str = r#"// Made by `cargo plugin header --lang cpp --host-functions`: make it anew instead of changing it.
#include "host_functions.h"

#include <vector>

namespace {
WasmEdge_ModuleInstanceContext *create(const char *name) {
  WasmEdge_String text = WasmEdge_StringCreateByCString(name);
  WasmEdge_ModuleInstanceContext *module = WasmEdge_ModuleInstanceCreate(text);
  WasmEdge_StringDelete(text);
  return module;
}

void add(WasmEdge_ModuleInstanceContext *module, const char *name, const std::vector<WasmEdge_ValType> &params,
         const std::vector<WasmEdge_ValType> &results, WasmEdge_HostFunc_t function) {
  WasmEdge_FunctionTypeContext *type = WasmEdge_FunctionTypeCreate(
      params.data(), static_cast<uint32_t>(params.size()), results.data(), static_cast<uint32_t>(results.size()));
  WasmEdge_String text = WasmEdge_StringCreateByCString(name);
  WasmEdge_ModuleInstanceAddFunction(module, text, WasmEdge_FunctionInstanceCreate(type, function, nullptr, 0));
  WasmEdge_StringDelete(text);
  WasmEdge_FunctionTypeDelete(type);
}
"#;

const CMAKE: &str = r#"# Made by `cargo plugin header --lang cpp --host-functions`.
cmake_minimum_required(VERSION 3.16)
project(host_functions CXX)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)

find_path(WASMEDGE_INCLUDE wasmedge/wasmedge.h REQUIRED)
find_library(WASMEDGE_LIBRARY wasmedge REQUIRED)

# implementation.cpp is yours.
add_library(host_functions MODULE registration.cpp implementation.cpp)
target_include_directories(host_functions PRIVATE ${WASMEDGE_INCLUDE})
target_link_libraries(host_functions PRIVATE ${WASMEDGE_LIBRARY})
"#;
