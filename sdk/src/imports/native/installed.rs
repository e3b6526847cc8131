//! Host functions on native targets: calls go to the implementation that a test has installed.

use std::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;

#[cfg(not(target_arch = "wasm32"))]
use crate::error::{Error, code};
#[cfg(not(target_arch = "wasm32"))]
use crate::imports::returned::Returned;

#[cfg(not(target_arch = "wasm32"))]
thread_local! {
    /// Implementations as `Rc<RefCell<dyn Trait>>`, the latest last.
    static INSTALLED: RefCell<Vec<(u64, Box<dyn std::any::Any>)>> = const { RefCell::new(Vec::new()) };
    static NEXT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// An implementation of host functions that serves native calls on this thread while this value
/// lives.
///
/// The latest one serves. When it is dropped, also by a panic, the one before serves again. See
/// [`#[host_functions]`](macro@crate::host_functions) for an example.
#[must_use = "the implementation is installed only for as long as this lives"]
pub struct Installed<T> {
    implementation: Rc<RefCell<T>>,
    #[cfg(not(target_arch = "wasm32"))]
    number: u64,
}

impl<T> Installed<T> {
    /// Borrows the implementation, to read what it has noted.
    ///
    /// # Panics
    ///
    /// Panics within one of its own functions, which borrow it exclusively.
    pub fn borrow(&self) -> Ref<'_, T> {
        self.implementation.borrow()
    }

    /// Borrows the implementation mutably, to change its behaviour.
    ///
    /// # Panics
    ///
    /// Panics within one of its own functions, which borrow it exclusively.
    pub fn borrow_mut(&self) -> RefMut<'_, T> {
        self.implementation.borrow_mut()
    }
}

/// Installs an implementation. `erase` converts it to the type that [`call`] looks for.
#[cfg(not(target_arch = "wasm32"))]
pub fn install<T: 'static, D: ?Sized + 'static>(
    implementation: T,
    erase: fn(Rc<RefCell<T>>) -> Rc<RefCell<D>>,
) -> Installed<T> {
    let implementation = Rc::new(RefCell::new(implementation));
    let number = NEXT.replace(NEXT.get().wrapping_add(1));
    let erased = erase(Rc::clone(&implementation));
    INSTALLED.with_borrow_mut(|installed| installed.push((number, Box::new(erased))));
    Installed {
        implementation,
        number,
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl<T> Drop for Installed<T> {
    fn drop(&mut self) {
        // A thread that is ending may have dropped the list already.
        let _ = INSTALLED.try_with(|installed| {
            let mut removed = None;
            if let Ok(mut installed) = installed.try_borrow_mut() {
                let place = installed
                    .iter()
                    .position(|(number, _)| *number == self.number);
                removed = place.map(|place| installed.remove(place));
            }
            // Dropped after the borrow: it may install or remove others in turn.
            drop(removed);
        });
    }
}

/// Returns whether an implementation is installed and not in a call.
#[cfg(not(target_arch = "wasm32"))]
pub fn is_installed<D: ?Sized + 'static>() -> bool {
    let latest = INSTALLED.try_with(|installed| {
        let installed = installed.try_borrow().ok()?;
        let mut latest = installed.iter().rev();
        let found = latest.find_map(|(_, erased)| erased.downcast_ref::<Rc<RefCell<D>>>())?;
        Some(found.try_borrow_mut().is_ok())
    });
    latest.ok().flatten().unwrap_or(false)
}

/// Calls the installed implementation, or fails without one.
#[cfg(not(target_arch = "wasm32"))]
pub fn call<D: ?Sized + 'static, C, R: Returned<C>>(
    function: &'static str,
    call: impl FnOnce(&mut D) -> R,
) -> R {
    let installed = INSTALLED.with_borrow(|installed| {
        let mut latest = installed.iter().rev();
        latest.find_map(|(_, erased)| erased.downcast_ref::<Rc<RefCell<D>>>().cloned())
    });
    let Some(installed) = installed else {
        return R::failed(not_installed(function));
    };
    match installed.try_borrow_mut() {
        Ok(mut implementation) => call(&mut implementation).received(),
        Err(_) => R::failed(Error::new(
            code::BUSY,
            format!("`{function}` was called by its own implementation"),
        )),
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[cold]
fn not_installed(function: &str) -> Error {
    let module = function.split("::").next().unwrap_or_default();
    Error::new(
        code::UNSUPPORTED,
        format!(
            "`{function}` was called natively without a host: install an implementation first, with `let host = {module}::install(…);`"
        ),
    )
}
