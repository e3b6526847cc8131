//! Dispatches host calls that may have to wait, either for the implementation or for the guest's
//! `alloc`. Otherwise the same as `dispatch.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use plugin_sdk::imports::{Answer, CallError, Serve, Served, Serving};
use tokio::time::Instant;

use super::delivery::{deliver, deliver_at_once, wanted, write};
use super::dispatch::{
    self, Begun, begin, bent, end, error_instead, no_import, no_room, refused, settle, take_guest,
    too_late, too_many,
};
use super::state::State;
use crate::engine::{AsyncCaller, Guest, HostTrap};
use crate::services::{Call, Strike, within};

/// Serves a call of the import with this index. Slots and memory are as the guest left them.
pub(super) async fn call<C: AsyncCaller<State>>(
    caller: &mut C,
    number: usize,
    slots: &[u64],
) -> Result<u64, C::Error> {
    let guest = take_guest(caller)?;
    let (memory, state) = caller.memory_and_data(&guest);
    let Some(begun) = begin(state, memory, number, slots) else {
        return Err(no_import::<C>(&state.host, number));
    };
    let function = begun.function;
    let refused = match too_many(&state.host, &begun) {
        Some(trap) => Some(Err(trap)),
        None => refused(&state.host, &begun, slots),
    };
    let (reached, served) = match refused {
        Some(refused) => (false, refused),
        None => {
            let strike = state.host.faults.strike(function.name);
            let instead = strike
                .as_ref()
                .and_then(|strike| error_instead(function, strike));
            let reached = instead.is_none();
            let served = match (instead, strike) {
                (Some(error), _) => Ok(error),
                (None, None) => serve(caller, &guest, &begun, slots).await,
                (None, Some(strike)) => struck(caller, &guest, &begun, slots, strike).await,
            };
            (reached, served)
        }
    };
    let (memory, state) = caller.memory_and_data(&guest);
    let mut answer = end(state, memory, &begun, slots, reached, served)?;
    let mut first = true;
    let slot = loop {
        let (memory, state) = caller.memory_and_data(&guest);
        if let Some(slot) = deliver_at_once(&state.host, memory, &answer) {
            break slot;
        }
        let address = match wanted(&answer) {
            Some(len) => caller.alloc_async(&guest, len).await?,
            None => 0,
        };
        match deliver(caller, &guest, function, &answer, address)? {
            Some(slot) => break slot,
            None => answer = no_room(function, &answer, first)?,
        }
        first = false;
    };
    caller.data_mut().host.guest = Some(guest);
    Ok(slot)
}

/// Serves a call with an injected fault other than an error.
async fn struck(
    caller: &mut impl AsyncCaller<State>,
    guest: &Guest,
    begun: &Begun,
    slots: &[u64],
    strike: Strike,
) -> Result<Answer, HostTrap> {
    if let Strike::Delay(delay) = strike {
        let left = time_left(caller.data_mut().deadline);
        tokio::time::sleep(left.map_or(delay, |left| delay.min(left))).await;
    }
    let answer = serve(caller, guest, begun, slots).await?;
    Ok(bent(&strike, answer))
}

/// Calls an implementation, and awaits its future if it has one.
async fn serve(
    caller: &mut impl AsyncCaller<State>,
    guest: &Guest,
    begun: &Begun,
    slots: &[u64],
) -> Result<Answer, HostTrap> {
    let (memory, state) = caller.memory_and_data(guest);
    let deadline = state.deadline;
    let (function, call) = (begun.function, state.host.call(time_left(deadline)));
    let implementation = state.host.implementations.get_mut(begun.place);
    let serve = match function.serve {
        Serve::Now(_) => return dispatch::serve(function, implementation, memory, slots, call),
        Serve::Later(serve) => serve,
    };
    let called = || match implementation {
        Some(implementation) => serve(implementation.erased(), memory, slots),
        None => Err(CallError::Implementation),
    };
    let served = match catch_unwind(AssertUnwindSafe(called)) {
        Ok(Ok(serving)) => match wait(serving, deadline, call).await {
            Some(served) => served,
            None => return Err(too_late(function)),
        },
        Ok(Err(fault)) => Ok(Err(fault)),
        Err(payload) => Err(payload),
    };
    let answer = match served {
        Ok(Ok(Served { answer, changed })) => {
            for changed in &changed {
                write(caller, guest, function, changed.address(), changed.bytes())?;
            }
            Ok(Ok(answer))
        }
        Ok(Err(fault)) => Ok(Err(fault)),
        Err(payload) => Err(payload),
    };
    settle(function, answer)
}

/// Awaits an implementation, at most until the deadline of the call. A panic is returned as a
/// value.
async fn wait(
    mut serving: Serving<'_>,
    deadline: Option<Instant>,
    call: Call,
) -> Option<std::thread::Result<Result<Served, CallError>>> {
    let mut caught = std::future::poll_fn(move |context| {
        let poll = || Pin::new(&mut serving).poll(context);
        let left = time_left(deadline);
        let poll = || within(Call { left, ..call }, poll);
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    });
    let Some(deadline) = deadline else {
        return Some(caught.await);
    };
    // A future that is ready at once needs no timer.
    let at_once = std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut caught).poll(context)));
    match at_once.await {
        Poll::Ready(served) => Some(served),
        Poll::Pending => tokio::time::timeout_at(deadline, caught).await.ok(),
    }
}

fn time_left(deadline: Option<Instant>) -> Option<Duration> {
    deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
}
