package guest

import (
	"errors"
	"fmt"
)

// The reasons for which a guest cannot be loaded or called. Errors of this package wrap one of
// them, so that errors.Is finds it.
var (
	// ErrModule means that the bytes are not a module that this host can compile.
	ErrModule = errors.New("not a loadable WebAssembly module")
	// ErrImport means that the module imports something that the host does not have.
	ErrImport = errors.New("an import that the host does not have")
	// ErrExport means that an export is missing or has another type.
	ErrExport = errors.New("an export is missing or has another type")
	// ErrBounds means that an address and a length are outside the guest's memory.
	ErrBounds = errors.New("outside the guest's memory")
	// ErrTooLarge means that an input, a result or a module exceeds a limit of the host.
	ErrTooLarge = errors.New("too large")
	// ErrNoMemory means that the guest's allocator has no memory left.
	ErrNoMemory = errors.New("the guest has no memory left")
	// ErrTimeout means that a call was ended because it took too long. The instance is dead.
	ErrTimeout = errors.New("the call took too long")
	// ErrTrap means that the guest's code trapped. The instance is dead.
	ErrTrap = errors.New("the guest trapped")
	// ErrDead means that an earlier trap or timeout ended the instance. Load the module again.
	ErrDead = errors.New("the instance is dead; load the module again")
	// ErrClosed means that the host has closed the instance.
	ErrClosed = errors.New("the instance is closed")
)

// A Trap is the error of a call that trapped. It wraps ErrTrap and its cause.
type Trap struct {
	// Export is the function that the host called.
	Export string
	// Panic is the guest's panic, or nil if the trap was not a panic.
	Panic *Panic
	// Cause is the engine's error, with the guest's stack, or the error of a host function.
	Cause error
}

// Error returns the panic, or the first line of the engine's error.
func (t *Trap) Error() string {
	if t.Panic != nil {
		return fmt.Sprintf("%s: %s", t.Export, t.Panic)
	}
	return fmt.Sprintf("%s: %s: %s", t.Export, ErrTrap, firstLine(t.Cause.Error()))
}

// Unwrap returns ErrTrap and the cause.
func (t *Trap) Unwrap() []error {
	return []error{ErrTrap, t.Cause}
}
