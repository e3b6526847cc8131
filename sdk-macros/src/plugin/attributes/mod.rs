//! The attributes of plugins and their functions.

pub mod function;
mod named;
pub mod plugin;
pub mod values;
mod version;
