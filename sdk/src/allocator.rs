//! The global allocator of a plugin that asks for another than std's.
