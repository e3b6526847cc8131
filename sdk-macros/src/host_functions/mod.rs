//! `#[host_functions]` on a trait: parse → model → expand, as for plugins.

mod expand;
mod model;
mod parse;
mod scalar;

pub use expand::host_functions;
pub use scalar::host_scalar;
