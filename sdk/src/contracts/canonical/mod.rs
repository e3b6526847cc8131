//! The pieces of [the canonical ABI](crate::docs::component) that the contracts of components
//! share: calls of imports, the places of values, and the descriptions that `cargo plugin build`
//! adds.

#![allow(
    dead_code,
    unused_imports,
    reason = "a plugin is made for one host, which may use some of them only"
)]

#[macro_use]
mod imports;
mod node;
mod place;

pub(crate) use imports::{Answer, bytes_of, text_of};
pub(crate) use node::Node;
pub(crate) use place::Place;
