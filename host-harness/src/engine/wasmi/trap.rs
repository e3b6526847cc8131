//! Reads errors of wasmi.

use wasmi::TrapCode;
use wasmi::errors::{ErrorKind, HostError, InstantiationError};

use super::super::{Cause, HostTrap, Trap};

impl HostError for Cause {}

/// Lets host functions end the guest's call.
impl From<HostTrap> for wasmi::Error {
    fn from(trap: HostTrap) -> Self {
        wasmi::Error::host(Cause::Host(trap))
    }
}

/// Returns the cause of an error of a call or of an instantiation.
#[cold]
pub(super) fn cause(error: &wasmi::Error) -> Cause {
    if let Some(cause) = error.downcast_ref::<Cause>() {
        return cause.clone();
    }
    let code = match error.kind() {
        ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) => {
            Some(TrapCode::TableOutOfBounds)
        }
        kind => kind.as_trap_code(),
    };
    let Some(code) = code else {
        return Cause::Other(error.to_string());
    };
    let trap = match code {
        TrapCode::OutOfFuel => Trap::OutOfFuel,
        TrapCode::StackOverflow => Trap::StackOverflow,
        TrapCode::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        TrapCode::UnreachableCodeReached => Trap::Unreachable,
        _ => Trap::Other,
    };
    // One of its messages ends with a number that has no meaning.
    let message = match code {
        TrapCode::GrowthOperationLimited => "a table grew when a slice of fuel had ended",
        code => code.trap_message().trim_end_matches(" 2"),
    };
    Cause::trap(trap, message)
}
