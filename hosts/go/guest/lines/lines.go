// Package lines drives a host from another program: requests are lines of JSON on standard input,
// answers are lines of JSON on standard output.
//
// A request is an object with one member, named after the operation: {"memory": null}. An answer
// is one of these:
//
//	{"ok": …}                                          the result
//	{"error": {"code", "message", …}}                  an error of the plugin
//	{"failed": {"kind", "message", "panic"?}}          a failure of the call, or of the host
package lines

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"plugin-sdk/hosts/guest"
)

// Operations are what a program can be asked to do, by name. Each takes the value of the request's
// member.
type Operations map[string]func(argument json.RawMessage) (any, error)

// A PluginError is an error of the plugin, written to answers as it is.
type PluginError struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Details json.RawMessage `json:"details,omitempty"`
	Source  []string        `json:"source,omitempty"`
}

// Error returns the message and the code.
func (e *PluginError) Error() string {
	return fmt.Sprintf("%s (%s)", e.Message, e.Code)
}

type failure struct {
	Kind    string       `json:"kind"`
	Message string       `json:"message"`
	Panic   *guest.Panic `json:"panic,omitempty"`
}

type answer struct {
	OK     *json.RawMessage `json:"ok,omitempty"`
	Error  *PluginError     `json:"error,omitempty"`
	Failed *failure         `json:"failed,omitempty"`
}

// maxLine is the longest request, in bytes.
const maxLine = 64 << 20

// Serve answers requests until the input ends.
func Serve(input io.Reader, output io.Writer, operations Operations) error {
	lines := bufio.NewScanner(input)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	buffered := bufio.NewWriter(output)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for lines.Scan() {
		if err := encoder.Encode(respond(lines.Bytes(), operations)); err != nil {
			return err
		}
		if err := buffered.Flush(); err != nil {
			return err
		}
	}
	return lines.Err()
}

func respond(line []byte, operations Operations) answer {
	result, err := perform(line, operations)
	if err == nil {
		var encoded json.RawMessage
		if encoded, err = json.Marshal(result); err == nil {
			return answer{OK: &encoded}
		}
	}
	var refused *PluginError
	if errors.As(err, &refused) {
		return answer{Error: refused}
	}
	failed := &failure{Kind: kind(err), Message: err.Error()}
	var trap *guest.Trap
	if errors.As(err, &trap) && trap.Panic != nil {
		failed.Kind, failed.Panic = "panic", trap.Panic
	}
	return answer{Failed: failed}
}

func perform(line []byte, operations Operations) (any, error) {
	var request map[string]json.RawMessage
	if err := json.Unmarshal(line, &request); err != nil {
		return nil, fmt.Errorf("a request is an object: %w", err)
	}
	if len(request) != 1 {
		return nil, fmt.Errorf("a request has one member, and this has %d", len(request))
	}
	for name, argument := range request {
		operation, found := operations[name]
		if !found {
			return nil, fmt.Errorf("there is no operation %q", name)
		}
		return operation(argument)
	}
	return nil, nil
}

// kind names a failure.
func kind(err error) string {
	for _, known := range []struct {
		err  error
		kind string
	}{
		{guest.ErrDead, "dead"},
		{guest.ErrTimeout, "timeout"},
		{guest.ErrTrap, "trap"},
		{guest.ErrBounds, "bounds"},
		{guest.ErrNoMemory, "no_memory"},
		{guest.ErrTooLarge, "too_large"},
		{guest.ErrModule, "module"},
		{guest.ErrImport, "import"},
		{guest.ErrExport, "export"},
		{guest.ErrClosed, "closed"},
	} {
		if errors.Is(err, known.err) {
			return known.kind
		}
	}
	return "host"
}

// Argument decodes the argument of a request.
func Argument[T any](argument json.RawMessage) (T, error) {
	var decoded T
	err := json.Unmarshal(argument, &decoded)
	return decoded, err
}
