//! The places of values, by the canonical ABI: in bytes of memory, and in flat parameters.

use super::declaration::{Case, Declaration, Ty};
use super::world::World;

/// The size and alignment of a type in bytes, and the number of its flat parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub size: usize,
    pub alignment: usize,
    pub slots: usize,
}

/// The layout of one of several cases with a number before it.
pub struct CasesLayout {
    pub whole: Layout,
    /// The size of the number of the case.
    pub number: usize,
    /// The position and size of the largest payload.
    pub position: usize,
    pub payload: usize,
}

/// Address and length.
const RANGE: Layout = Layout {
    size: 8,
    alignment: 4,
    slots: 2,
};

impl Layout {
    /// Returns the layout of a type.
    pub fn of(ty: &Ty, world: &World) -> Self {
        match ty {
            Ty::Boolean => scalar(1),
            Ty::Integer { size, .. } => scalar(*size),
            Ty::Float => scalar(8),
            Ty::Text | Ty::Json | Ty::List(_) | Ty::Map(_) => RANGE,
            Ty::Tuple(items) => sequence(items, world).0,
            Ty::Option(inner) => cases(2, [&**inner], world).whole,
            Ty::Named(index) => match world.declared(*index).map(|ty| &ty.definition) {
                Some(Declaration::Record(fields)) => {
                    sequence(fields.iter().map(|field| &field.ty), world).0
                }
                Some(Declaration::Enum(all)) => cases(all.len(), [], world).whole,
                Some(Declaration::Variant { cases: all, .. }) => of_cases(all, world).whole,
                None => scalar(1),
            },
        }
    }
}

fn scalar(size: usize) -> Layout {
    Layout {
        size,
        alignment: size,
        slots: 1,
    }
}

/// Returns the layout of values one after the other, and the position and first slot of each.
pub fn sequence<'a>(
    types: impl IntoIterator<Item = &'a Ty>,
    world: &World,
) -> (Layout, Vec<(usize, usize)>) {
    let mut whole = Layout {
        size: 0,
        alignment: 1,
        slots: 0,
    };
    let mut places = Vec::new();
    for ty in types {
        let part = Layout::of(ty, world);
        let position = whole.size.next_multiple_of(part.alignment);
        places.push((position, whole.slots));
        whole.size = position + part.size;
        whole.alignment = whole.alignment.max(part.alignment);
        whole.slots += part.slots;
    }
    whole.size = whole.size.next_multiple_of(whole.alignment);
    (whole, places)
}

/// Returns the layout of the cases of a variant.
pub fn of_cases(all: &[Case], world: &World) -> CasesLayout {
    cases(
        all.len(),
        all.iter().filter_map(|case| case.ty.as_ref()),
        world,
    )
}

/// Returns the layout of a number of cases, some of which have a payload.
pub fn cases<'a>(
    count: usize,
    payloads: impl IntoIterator<Item = &'a Ty>,
    world: &World,
) -> CasesLayout {
    let number = match count {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    };
    let mut largest = Layout {
        size: 0,
        alignment: 1,
        slots: 0,
    };
    for payload in payloads {
        let payload = Layout::of(payload, world);
        largest.size = largest.size.max(payload.size);
        largest.alignment = largest.alignment.max(payload.alignment);
        largest.slots = largest.slots.max(payload.slots);
    }
    let alignment = largest.alignment.max(number);
    let position = number.next_multiple_of(largest.alignment);
    CasesLayout {
        whole: Layout {
            size: (position + largest.size).next_multiple_of(alignment),
            alignment,
            slots: 1 + largest.slots,
        },
        number,
        position,
        payload: largest.size,
    }
}
