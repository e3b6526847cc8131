//! Plugins as components for `wasi:http`, run by engines that we did not write: `wasmtime serve`,
//! wasmCloud's `wash dev`, and Node's server with jco, which is what `jco serve` runs.
//!
//! | file | |
//! |---|---|
//! | `engines` | the engines, and the server of the SDK |
//! | `requests` | the same requests to all of them, with equal answers |
//! | `services` | the services, configuration and log |
//! | `deployments` | the files of the guide |

mod deployments;
mod engines;
mod requests;
mod services;
