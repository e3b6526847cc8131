//! Common reasons for differences between a native run and one in WebAssembly.

use serde_json::{Number, Value};

use crate::observe::transcript::{Data, Return, Step};

const WIDTH: &str = "`usize` and `isize` have 32 bits in WebAssembly, and 64 natively: use `u32` or `u64` in values that leave the plugin";
const FLOAT: &str = "functions such as `sin`, `exp` and `powf` come from the platform's library and may differ in the last bit: round the result, or use the crate `libm`";
const ORDER: &str = "the same parts are in another order: a `HashMap` or a `HashSet` has a random order natively: use a `BTreeMap`, or sort";

const BODY: &str = "the test itself makes another call in each run: it may depend on a random number, on the time, or on a static";
const OVERFLOW: &str = "`usize` and `isize` have 32 bits in WebAssembly, and 64 natively: calculate in `u64`, or with functions such as `checked_mul`";
const CLOCK: &str = "WebAssembly has no clock of its own: `plugin_sdk::time::now()` asks the host";
const SYSTEM: &str = "WebAssembly has no files, sockets or threads of its own: ask the host, for example by `plugin_sdk::files`";

/// Returns the likely reason why two versions of a step differ.
pub(super) fn reason(native: &Step, wasm: &Step) -> Option<&'static str> {
    match (native, wasm) {
        (Step::Call(_), Step::Call(_)) => Some(BODY),
        (_, Step::Return(Return::Failure { message, .. })) => of_failure(message),
        (Step::Return(Return::Ok(_)), Step::Return(Return::Error(error))) => {
            of_failure(&String::from_utf8_lossy(error.bytes()?))
        }
        _ => {
            let [native, wasm] = [native, wasm].map(|step| step.data().filter_map(Data::bytes));
            let mut pairs = native.zip(wasm);
            let (native, wasm) = pairs.find(|(native, wasm)| native != wasm)?;
            of_bytes(native, wasm)
        }
    }
}

/// Returns the likely reason why only WebAssembly has a failure or an error: by std's words.
fn of_failure(message: &str) -> Option<&'static str> {
    let has = |words: &str| message.contains(words);
    if has("attempt to ") && has(" with overflow") {
        return Some(OVERFLOW);
    }
    if has("expected usize") || has("expected isize") {
        return Some(WIDTH);
    }
    if has("time not implemented on this platform") {
        return Some(CLOCK);
    }
    has("operation not supported on this platform").then_some(SYSTEM)
}

fn of_bytes(native: &[u8], wasm: &[u8]) -> Option<&'static str> {
    match [native, wasm].map(serde_json::from_slice::<Value>) {
        [Ok(native), Ok(wasm)] => of_values(&native, &wasm),
        _ => None,
    }
}

fn of_values(native: &Value, wasm: &Value) -> Option<&'static str> {
    match (native, wasm) {
        (Value::Number(native), Value::Number(wasm)) if native != wasm => of_numbers(native, wasm),
        (Value::Array(native), Value::Array(wasm)) => match is_shuffled(native, wasm) {
            true => Some(ORDER),
            false => {
                let mut pairs = native.iter().zip(wasm);
                pairs.find_map(|(native, wasm)| of_values(native, wasm))
            }
        },
        (Value::Object(native), Value::Object(wasm)) => {
            let mut members = native.iter();
            members.find_map(|(key, native)| of_values(native, wasm.get(key)?))
        }
        _ => None,
    }
}

fn of_numbers(native: &Number, wasm: &Number) -> Option<&'static str> {
    let is_float = |number: &Number| number.is_f64();
    match is_float(native) || is_float(wasm) {
        true => {
            let [native, wasm] = [native.as_f64()?, wasm.as_f64()?];
            ((native - wasm).abs() <= native.abs() * 1e-6).then_some(FLOAT)
        }
        false => {
            let [native, wasm] = [bits(native)?, bits(wasm)?];
            // A value that was cut off, or a size.
            let is_width = native as u32 == wasm as u32 || Some(native) == wasm.checked_mul(2);
            is_width.then_some(WIDTH)
        }
    }
}

/// Returns the bits of an integer.
fn bits(integer: &Number) -> Option<u64> {
    let negative = || integer.as_i64().map(i64::cast_unsigned);
    integer.as_u64().or_else(negative)
}

/// The most parts whose order is compared.
const MOST_PARTS: usize = 1000;

/// Returns whether two lists have the same parts in another order.
fn is_shuffled<T: PartialEq>(native: &[T], wasm: &[T]) -> bool {
    if native.len() != wasm.len() || native == wasm || native.len() > MOST_PARTS {
        return false;
    }
    let count = |list: &[T], part: &T| list.iter().filter(|other| *other == part).count();
    let mut parts = native.iter();
    parts.all(|part| count(native, part) == count(wasm, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_reasons_are_recognised() {
        for (native, wasm, expected) in [
            ("18446744073709551614", "4294967294", Some(WIDTH)),
            (
                r#"{"a":[{"size":8}]}"#,
                r#"{"a":[{"size":4}]}"#,
                Some(WIDTH),
            ),
            ("3000000000", "-1294967296", Some(WIDTH)),
            ("1", "2", None),
            ("-1", "1", None),
            ("[0.1,0.84]", "[0.1,0.8400000000000001]", Some(FLOAT)),
            (r#"["a","b","b"]"#, r#"["b","a","b"]"#, Some(ORDER)),
            (r#"{"a":["x","y"]}"#, r#"{"a":["y","x"]}"#, Some(ORDER)),
            (r#"["a","b","b"]"#, r#"["b","a","a"]"#, None),
            ("0.5", "0.75", None),
            (r#""a""#, r#""b""#, None),
            ("a", "b", None),
        ] {
            assert_eq!(
                of_bytes(native.as_bytes(), wasm.as_bytes()),
                expected,
                "{native} {wasm}"
            );
        }
    }
}
