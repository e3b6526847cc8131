//! The way of a host call that may have to be waited for. It is that of every call, but for the waiting: for the implementation, and for the guest's `alloc`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use plugin_sdk::host::{Fault, Serve, Served, Serving};
use tokio::time::Instant;
use wasmtime::Caller;

use super::dispatch::{
    Delivered, HostTrap, deliver, denied, guest, no_room, refuse, settle, too_late, wanted, write,
};
use super::{Bound, Guest};
use crate::instance::State;

/// Serves a call of the import with this number. Numbers and memory are as the guest made them.
pub(super) async fn call(
    caller: &mut Caller<'_, State>,
    number: usize,
    slots: &[u64],
) -> wasmtime::Result<u64> {
    let guest = guest(caller)?;
    let (memory, state) = guest.memory.data_and_store_mut(&mut *caller);
    let bound = state.host.called(number, slots, memory)?;
    let function = bound.function;
    let served = match bound.granted {
        true => serve(caller, &guest, bound, slots).await,
        false => refuse(function, denied(function)),
    };
    let mut answer = caller.data_mut().host.answered(function, served)?;
    let mut first = true;
    loop {
        let address = match wanted(&answer) {
            Some(len) => guest.alloc.call_async(&mut *caller, len).await?,
            None => 0,
        };
        answer = match deliver(caller, &guest, function, answer, address)? {
            Delivered::Slot(slot) => return Ok(slot),
            Delivered::NoRoom { bytes } => no_room(function, bytes, first)?,
        };
        first = false;
    }
}

/// Calls an implementation, and waits for its future if it has one.
async fn serve(
    caller: &mut Caller<'_, State>,
    guest: &Guest,
    bound: Bound,
    slots: &[u64],
) -> Result<plugin_sdk::host::Answer, HostTrap> {
    let (memory, state) = guest.memory.data_and_store_mut(&mut *caller);
    let until = state.deadline.at();
    let serve = match bound.function.serve {
        Serve::Now(_) => return super::dispatch::serve(&mut state.host, bound, memory, slots),
        Serve::Later(serve) => serve,
    };
    let implementation = state.host.implementations.get_mut(bound.implementation);
    let begin = || match implementation {
        Some(implementation) => serve(implementation.erased(), memory, slots),
        None => Err(Fault::Implementation),
    };
    let served = match catch_unwind(AssertUnwindSafe(begin)) {
        Ok(Ok(serving)) => match wait(serving, until).await {
            Some(served) => served,
            None => return Err(too_late(bound.function)),
        },
        Ok(Err(fault)) => Ok(Err(fault)),
        Err(payload) => Err(payload),
    };
    let served = match served {
        Ok(Ok(Served { answer, changed })) => {
            for changed in &changed {
                write(caller, guest, bound.function, changed.address(), changed.bytes())?;
            }
            Ok(Ok(answer))
        }
        Ok(Err(fault)) => Ok(Err(fault)),
        Err(payload) => Err(payload),
    };
    settle(bound.function, served)
}

/// Waits for an implementation, but no longer than the call may take. A panic is a value.
async fn wait(
    mut serving: Serving<'_>,
    until: Option<Instant>,
) -> Option<std::thread::Result<Result<Served, Fault>>> {
    let mut caught = std::future::poll_fn(move |context| {
        let poll = || Pin::new(&mut serving).poll(context);
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    });
    let Some(until) = until else {
        return Some(caught.await);
    };
    // What is done at once needs no timer.
    let at_once = std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut caught).poll(context)));
    match at_once.await {
        Poll::Ready(served) => Some(served),
        Poll::Pending => tokio::time::timeout_at(until, caught).await.ok(),
    }
}
