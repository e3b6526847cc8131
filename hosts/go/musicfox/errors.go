package musicfox

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Errors of this package, in addition to those of package guest. Use errors.Is.
var (
	// ErrContract means that a plugin broke a rule of docs/hosts/musicfox.md.
	ErrContract = errors.New("the plugin breaks the contract of go-musicfox")
	// ErrNotInitialized means that a plugin was used before Initialize succeeded.
	ErrNotInitialized = errors.New("the plugin is not initialised; call Initialize first")
	// ErrNotRunning means that audio was passed before Start, or after Stop.
	ErrNotRunning = errors.New("plugin not running")
	// ErrRunning means that a running plugin was started or initialised again.
	ErrRunning = errors.New("the plugin is already running; call Stop first")
	// ErrUnsupported means that the plugin does not export what was asked for.
	ErrUnsupported = errors.New("the plugin does not export the function")
	// ErrStatus means that a function of the plugin returned the number of an error.
	ErrStatus = errors.New("error code")
	// ErrManifest means that a plugin.json cannot be used.
	ErrManifest = errors.New("invalid plugin.json")
	// ErrDuplicate means that a manager has another plugin of the same id.
	ErrDuplicate = errors.New("a plugin of this id is already loaded")
	// ErrNotFound means that a manager has no plugin of the id.
	ErrNotFound = errors.New("there is no plugin of this id")
)

// A StatusError is the number with which a function of the plugin failed. It wraps ErrStatus.
type StatusError struct {
	Export string
	Status int32
	// Line is the last line about an error that the plugin logged during the call, which is where
	// plugins put the reason.
	Line string
}

// Error returns the guide's words, and the plugin's line.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s returned %s: %d", e.Export, ErrStatus, e.Status)
	if e.Line != "" {
		text += ": " + e.Line
	}
	return text
}

// Unwrap returns ErrStatus.
func (e *StatusError) Unwrap() error { return ErrStatus }

// Code returns the word for the number, as docs/hosts/musicfox.md lists them.
func (e *StatusError) Code() string {
	switch e.Status {
	case -2:
		return "permission_denied"
	case -3:
		return "unsupported"
	case -4:
		return "not_found"
	case -5:
		return "invalid_argument"
	case -6:
		return "too_large"
	case -7:
		return "timeout"
	case -8:
		return "unavailable"
	}
	return "failed"
}

// A CommandError is the error that a command of a plugin returned.
type CommandError struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Details json.RawMessage `json:"details,omitempty"`
	Source  []string        `json:"source,omitempty"`
}

// Error returns the message and the code.
func (e *CommandError) Error() string {
	return fmt.Sprintf("%s (%s)", e.Message, e.Code)
}
