//! Functions that the host offers to its guests, declared once by
//! [`#[host_functions]`](macro@crate::host_functions) on a trait.
//!
//! The path of a call: the guest's function (generated) lowers its arguments to numbers
//! (`argument`) and calls the import. The host reads the arguments from the guest's memory
//! (`argument` again), calls the implementation, and answers (`returned`). The guest's function
//! lifts the answer to a value. An implementation whose functions are futures is served the same
//! way, on copies of its arguments (`asynchronous`). To link the functions, a host needs a list of
//! [`HostFunction`]s, which names no engine. On other targets than wasm32, the guest's function
//! calls the implementation that is [installed](Installed).

pub(crate) mod argument;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod asynchronous;
pub(crate) mod call;
pub(crate) mod description;
pub(crate) mod native;
pub(crate) mod region;
pub(crate) mod returned;
pub(crate) mod scalar;
pub(crate) mod wire;

pub use description::{
    Answer, CallError, Form, HostFunction, HostFunctions, Kind, Parameter, Serve, ServeNow,
};
#[cfg(not(target_arch = "wasm32"))]
pub use description::{Changed, ServeLater, Served, Serving};
pub use native::Installed;
pub use returned::{Block, HostError, Payload};
pub use scalar::Scalar;
pub use wire::WasmType;
