//! Types that contain themselves.

use super::{Definition, NamedType, Type};

/// The types that are directly within each type: not within a list or a map, whose items a language
/// stores elsewhere.
pub struct Recursion {
    inline: Vec<Vec<usize>>,
}

impl Recursion {
    /// Reads the types of a plugin.
    pub fn of(types: &[NamedType]) -> Self {
        let inline = types.iter().map(|ty| {
            let mut found = Vec::new();
            for part in ty.definition.types() {
                inline(part, &mut found);
            }
            found
        });
        Recursion {
            inline: inline.collect(),
        }
    }

    /// Returns whether a mention of `inner` directly within `outer` makes the type contain itself.
    pub fn is_within(&self, outer: usize, inner: usize) -> bool {
        let mut seen = vec![false; self.inline.len()];
        let mut next = vec![inner];
        while let Some(index) = next.pop() {
            if index == outer {
                return true;
            }
            match seen.get_mut(index) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            next.extend(self.inline.get(index).into_iter().flatten());
        }
        false
    }
}

/// Collects the named types whose values are part of a value of this type.
fn inline(ty: &Type, found: &mut Vec<usize>) {
    match ty {
        Type::Named(index) => found.push(*index),
        Type::Option(_) | Type::Tuple(_) => ty.parts().iter().for_each(|part| inline(part, found)),
        _ => {}
    }
}

/// Turns aliases that lead to themselves into any JSON: as types they would have no end.
pub fn cut_endless_aliases(types: &mut [NamedType]) {
    for start in 0..types.len() {
        let mut at = start;
        // A chain is no longer than the number of types, unless it is a circle.
        for _ in 0..types.len() {
            match alias_target(types, at) {
                Some(next) if next != start => at = next,
                Some(_) => {
                    if let Some(ty) = types.get_mut(start) {
                        ty.definition = Definition::Alias(Type::Json);
                    }
                    break;
                }
                None => break,
            }
        }
    }
}

/// Returns the type that an alias is another name of, or of which it is the optional form.
fn alias_target(types: &[NamedType], index: usize) -> Option<usize> {
    let Definition::Alias(ty) = &types.get(index)?.definition else {
        return None;
    };
    let mut ty = ty;
    while let Type::Option(inner) = ty {
        ty = inner;
    }
    match ty {
        Type::Named(index) => Some(*index),
        _ => None,
    }
}
