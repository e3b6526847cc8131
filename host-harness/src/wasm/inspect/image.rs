//! Predicts whether the engine makes one image of the data segments, or code that copies each.

use wasmparser::{ConstExpr, Data, DataKind, Operator};

use crate::wasm::Interface;

/// The size below which the engine makes an image, however little of it is data.
const ALWAYS: u64 = 16 << 20;

/// The bytes of a memory between its first and its last initial data.
#[derive(Clone, Copy)]
struct Extent {
    start: u64,
    end: u64,
    /// The bytes of data.
    filled: u64,
}

/// Returns whether one image replaces all segments. Copying each instead takes the compiler a time
/// that grows with the square of their number.
pub(super) fn is_made(interface: &Interface<'_>) -> bool {
    let mut extents = vec![None; interface.memories.len()];
    let fit = interface
        .data()
        .all(|segment| add(&mut extents, interface, &segment).is_some());
    fit && extents.iter().flatten().all(|extent: &Extent| {
        let size = extent.end - extent.start;
        size < ALWAYS || size < extent.filled.saturating_mul(2)
    })
}

/// Adds a segment to the extent of its memory, if the place of the segment is known before the
/// module runs.
fn add(
    extents: &mut [Option<Extent>],
    interface: &Interface<'_>,
    segment: &Data<'_>,
) -> Option<()> {
    let DataKind::Active {
        memory_index,
        offset_expr,
    } = &segment.kind
    else {
        return Some(());
    };
    let nth = *memory_index as usize;
    let memory = interface.memories.get(nth)?;
    if nth < interface.imported_memories || memory.page_size_log2.is_some() {
        return None;
    }
    let filled = segment.data.len() as u64;
    let start = constant(offset_expr)?;
    let end = start.checked_add(filled)?;
    if end > memory.initial.checked_mul(crate::memory::PAGE)? {
        return None;
    }
    if filled > 0 {
        let extent = extents.get_mut(nth)?.get_or_insert(Extent {
            start,
            end,
            filled: 0,
        });
        extent.start = extent.start.min(start);
        extent.end = extent.end.max(end);
        extent.filled = extent.filled.saturating_add(filled);
    }
    Some(())
}

/// Returns the value of an expression that is a single constant.
fn constant(expression: &ConstExpr<'_>) -> Option<u64> {
    let mut operators = expression.get_operators_reader();
    let value = match operators.read().ok()? {
        Operator::I32Const { value } => u64::from(value.cast_unsigned()),
        Operator::I64Const { value } => value.cast_unsigned(),
        _ => return None,
    };
    matches!(operators.read(), Ok(Operator::End)).then_some(value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::limits::ModuleLimits;

    #[test]
    fn an_image_is_made_of_data_close_together_at_known_places() {
        let half = format!("(data (i32.const 16777214) {:?})", "x".repeat(1 << 23));
        for (fields, expected) in [
            ("(memory 1)", true),
            (
                r#"(memory 1) (data "passive") (data (i32.const 9) "x")"#,
                true,
            ),
            (
                r#"(memory 257) (data (i32.const 0) "x") (data (i32.const 16777214) "x")"#,
                true,
            ),
            (
                r#"(memory 257) (data (i32.const 0) "x") (data (i32.const 16777215) "x")"#,
                false,
            ),
            (
                &format!(r#"(memory 1024) (data (i32.const 8388607) "x") {half}"#),
                true,
            ),
            (r#"(memory 1) (data (i32.const 65535) "xy")"#, false),
            (r#"(memory 1) (data (i32.const -1) "x")"#, false),
            (
                r#"(import "a" "b" (memory 1)) (data (i32.const 0) "x")"#,
                false,
            ),
            (
                r#"(import "a" "b" (global i32)) (memory 1) (data (global.get 0) "x")"#,
                false,
            ),
            (
                r#"(memory 1) (data (offset i32.const 1 i32.const 1 i32.add) "x")"#,
                false,
            ),
        ] {
            let wasm = wat::parse_str(format!("(module {fields})")).unwrap();
            let interface = crate::wasm::examine(&wasm, &ModuleLimits::default()).unwrap();
            let shown: String = fields.chars().take(100).collect();
            assert_eq!(is_made(&interface), expected, "{shown}");
        }
    }
}
