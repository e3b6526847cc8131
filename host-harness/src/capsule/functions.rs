//! Descriptions of host functions that a capsule carries, for a replay without their declaration.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use plugin_sdk::imports::{
    Answer, CallError, Form, HostFunction, HostFunctions, Kind, Parameter, Serve, WasmType,
};

use super::{CapsuleError, FunctionRecord, ParameterRecord};
use crate::abi::ImportedFunction;
use crate::sync::lock;

/// The most lists of functions that a process keeps.
const MAX_LISTS: usize = 1000;

/// The most functions of a capsule, as many as a module may import, and the bytes of their names.
const MAX_FUNCTIONS: usize = 1000;
const MAX_NAMES: usize = 1 << 20;

/// The names of kinds of arguments, forms of results and types. `Numbers` and `Fixed` have a size.
const KINDS: [(&str, Kind); 10] = [
    ("bool", Kind::Bool),
    ("char", Kind::Char),
    ("unsigned", Kind::Unsigned),
    ("signed", Kind::Signed),
    ("float", Kind::Float),
    ("text", Kind::Text),
    ("c_text", Kind::CText),
    ("json", Kind::Json),
    ("numbers", Kind::Numbers { size: 0 }),
    ("fixed", Kind::Fixed { bytes: 0 }),
];
const FORMS: [(&str, Form); 8] = [
    ("nothing", Form::Nothing),
    ("number", Form::Number(Kind::Unsigned)),
    ("packed", Form::Packed),
    ("c_string", Form::CString),
    ("status", Form::Status),
    ("block", Form::Block),
    ("buffer", Form::Buffer),
    ("in_out", Form::InOut),
];
const TYPES: [(&str, WasmType); 4] = [
    ("i32", WasmType::I32),
    ("i64", WasmType::I64),
    ("f32", WasmType::F32),
    ("f64", WasmType::F64),
];

/// Returns the functions that a module imports and that its host does not have by itself.
pub(crate) fn foreign<'a>(
    imports: &'a [ImportedFunction],
    own: &'a [&'static HostFunction],
    given: &'a [HostFunctions],
) -> impl Iterator<Item = &'static HostFunction> + 'a {
    imports.iter().filter_map(move |import| {
        if own.iter().any(|function| import.is(function)) {
            return None;
        }
        let mut functions = given.iter().rev().flat_map(|given| given.functions());
        functions.find(|function| import.is(function))
    })
}

/// Returns the description of a function for a capsule.
pub(crate) fn described(function: &HostFunction) -> FunctionRecord {
    FunctionRecord {
        module: function.module.to_owned(),
        name: function.name.to_owned(),
        parameters: function.parameters.iter().map(parameter_record).collect(),
        room: function.room.into_iter().flatten().map(type_name).collect(),
        result: function.result.map(type_name),
        form: name_of(&FORMS, |form| {
            // All numbers cross alike.
            std::mem::discriminant(form) == std::mem::discriminant(&function.form)
        }),
    }
}

fn parameter_record(parameter: &Parameter) -> ParameterRecord {
    ParameterRecord {
        name: parameter.name.to_owned(),
        kind: name_of(&KINDS, |kind| {
            std::mem::discriminant(kind) == std::mem::discriminant(&parameter.kind)
        }),
        size: match parameter.kind {
            Kind::Numbers { size } => size,
            Kind::Fixed { bytes } => bytes,
            _ => 0,
        },
        types: parameter
            .types
            .into_iter()
            .flatten()
            .map(type_name)
            .collect(),
        in_place: parameter.in_place,
        only_written: parameter.only_written,
    }
}

fn type_name(ty: WasmType) -> String {
    name_of(&TYPES, |known| *known == ty)
}

fn name_of<T>(names: &[(&str, T)], is_it: impl Fn(&T) -> bool) -> String {
    let found = names.iter().find(|(_, item)| is_it(item));
    found.map_or("", |(name, _)| name).to_owned()
}

/// Returns functions with these descriptions. They can be linked and not called: a replay answers
/// their calls.
///
/// Descriptions live as long as the process; equal lists are kept once.
///
/// # Errors
///
/// Fails if a description is invalid, or if the process has seen very many.
pub(crate) fn provided(records: &[FunctionRecord]) -> Result<HostFunctions, CapsuleError> {
    type Kept = HashMap<Vec<FunctionRecord>, &'static [HostFunction]>;
    static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);
    check(records)?;
    let mut kept = lock(&KEPT);
    let functions = match kept.get(records) {
        Some(functions) => functions,
        None if kept.len() >= MAX_LISTS => {
            let reason = format!("this process has replayed {MAX_LISTS} other ones");
            return Err(CapsuleError::setting("functions", reason));
        }
        None => {
            let functions = records.iter().map(function);
            let functions: Vec<HostFunction> = functions.collect::<Result<_, _>>()?;
            let functions = Box::leak(functions.into_boxed_slice());
            kept.entry(records.to_vec()).or_insert(functions)
        }
    };
    Ok(HostFunctions::new((), functions))
}

/// Checks descriptions, before anything of them is kept for good.
fn check(records: &[FunctionRecord]) -> Result<(), CapsuleError> {
    let mut names = 0;
    for record in records {
        item(&FORMS, &record.form)?;
        types(&record.room)?;
        types(record.result.as_slice())?;
        names += record.module.len() + record.name.len();
        for parameter in &record.parameters {
            item(&KINDS, &parameter.kind)?;
            types(&parameter.types)?;
            names += parameter.name.len() + size_of::<Parameter>();
        }
    }
    if records.len() > MAX_FUNCTIONS || names > MAX_NAMES {
        let reason = format!(
            "there are {}, with {names} bytes; at most {MAX_FUNCTIONS} and {MAX_NAMES} are read",
            records.len()
        );
        return Err(CapsuleError::setting("functions", reason));
    }
    Ok(())
}

fn function(record: &FunctionRecord) -> Result<HostFunction, CapsuleError> {
    let parameters = record.parameters.iter().map(parameter);
    let parameters: Vec<Parameter> = parameters.collect::<Result<_, _>>()?;
    Ok(HostFunction {
        module: leaked(&record.module),
        name: leaked(&record.name),
        parameters: Box::leak(parameters.into_boxed_slice()),
        room: types(&record.room)?,
        result: record
            .result
            .as_ref()
            .map(|name| item(&TYPES, name))
            .transpose()?,
        form: item(&FORMS, &record.form)?,
        permission: None,
        serve: Serve::Now(unavailable),
        refuse: Err,
        documentation: "",
    })
}

fn parameter(record: &ParameterRecord) -> Result<Parameter, CapsuleError> {
    Ok(Parameter {
        name: leaked(&record.name),
        kind: match item(&KINDS, &record.kind)? {
            Kind::Numbers { .. } => Kind::Numbers { size: record.size },
            Kind::Fixed { .. } => Kind::Fixed { bytes: record.size },
            kind => kind,
        },
        types: types(&record.types)?,
        in_place: record.in_place,
        only_written: record.only_written,
    })
}

fn types(names: &[String]) -> Result<[Option<WasmType>; 2], CapsuleError> {
    let ty = |name: &String| item(&TYPES, name);
    match names {
        [] => Ok([None, None]),
        [first] => Ok([Some(ty(first)?), None]),
        [first, second] => Ok([Some(ty(first)?), Some(ty(second)?)]),
        _ => Err(CapsuleError::setting(
            "functions",
            format!(
                "an argument has {} numbers, and at most two cross",
                names.len()
            ),
        )),
    }
}

fn item<T: Copy>(names: &[(&str, T)], name: &str) -> Result<T, CapsuleError> {
    let found = names.iter().find(|(known, _)| *known == name);
    found.map(|(_, item)| *item).ok_or_else(|| {
        let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        CapsuleError::setting(
            "functions",
            format!(
                "`{}` is none of {}",
                crate::text::name(name),
                known.join(", ")
            ),
        )
    })
}

fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn unavailable(_: &mut (dyn Any + Send), _: &mut [u8], _: &[u64]) -> Result<Answer, CallError> {
    Err(CallError::Implementation)
}
