// Command hostile-host runs hostile guests in wazero, by package guest and docs/abi.md.
//
// The lines that it reads and writes are those of tests/hosts/hostile_wasmtime.py.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tetratelabs/wazero/api"

	"plugin-sdk/hosts/guest"
)

// A step is one line of the input.
type step struct {
	Load   string `json:"load"`
	Limits limits `json:"limits"`
	Export string `json:"export"`
	Input  []byte `json:"input"`
	// Read is "json" if the host decodes the result.
	Read string `json:"read"`
}

type limits struct {
	TimeoutMs   int64  `json:"timeout_ms"`
	MemoryPages uint32 `json:"memory_pages"`
	ResultBytes int    `json:"result_bytes"`
}

// An answer is one line of the output.
type answer struct {
	Outcome string `json:"outcome"`
	Output  []byte `json:"output,omitempty"`
	Said    string `json:"said,omitempty"`
}

var (
	i32, i64  = api.ValueTypeI32, api.ValueTypeI64
	two       = []api.ValueType{i32, i32}
	packed    = []api.ValueType{i64}
	allocator = guest.Allocator{Alloc: "alloc", Free: "free", Sized: true}
)

// exports are the functions that every module has, and the hooks that some have.
var exports = []guest.Function{
	{Name: "alloc", Params: []api.ValueType{i32}, Results: []api.ValueType{i32}},
	{Name: "free", Params: two},
	{Name: "plugin_init", Params: two, Results: packed},
	{Name: "plugin_cleanup"},
	{Name: "plugin_start", Results: packed, Optional: true},
	{Name: "plugin_stop", Results: packed, Optional: true},
	{Name: "plugin_event", Params: two, Results: packed, Optional: true},
	{Name: "plugin_state_save", Results: packed, Optional: true},
}

// command has the type of every command.
var command = guest.Function{Params: two, Results: packed}

var errBadResult = errors.New("the result is not what the ABI describes")

type host struct {
	instance *guest.Instance
	limits   limits
}

func main() {
	var host host
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return
		}
		var step step
		if err == nil {
			err = json.Unmarshal(line, &step)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		text, err := json.Marshal(host.take(step))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(string(text))
	}
}

func (h *host) take(step step) answer {
	if step.Load != "" {
		if err := h.load(step); err != nil {
			return ended(err, "refused")
		}
		return answer{Outcome: "answers"}
	}
	output, failed, err := h.call(step)
	switch {
	case err != nil:
		return ended(err, "bad_result")
	case failed:
		return answer{Outcome: "error_value"}
	}
	return answer{Outcome: "answers", Output: output}
}

// ended names an error's outcome.
func ended(err error, otherwise string) answer {
	answer := answer{Outcome: otherwise, Said: err.Error()}
	var trap *guest.Trap
	switch {
	case errors.Is(err, guest.ErrTimeout):
		answer.Outcome = "time_limit"
	case errors.Is(err, guest.ErrDead):
		answer.Outcome = "dead"
	case errors.As(err, &trap) && strings.Contains(err.Error(), "stack overflow"):
		answer.Outcome = "stack_overflow"
	case errors.As(err, &trap):
		answer.Outcome = "trap"
	}
	return answer
}

func (h *host) load(step step) error {
	ctx := context.Background()
	if h.instance != nil {
		_ = h.instance.Close(ctx)
		h.instance = nil
	}
	wasm, err := os.ReadFile(step.Load)
	if err != nil {
		return err
	}
	h.limits = step.Limits
	h.instance, err = guest.New(ctx, wasm, guest.Options{
		Limits: guest.Limits{
			MemoryPages: h.limits.MemoryPages,
			Timeout:     time.Duration(h.limits.TimeoutMs) * time.Millisecond,
			// Results that are not decoded have no limit of their own.
			OutputBytes: 1 << 31,
		},
		Exports: exports,
		Bind: func(imports []guest.Function) ([]api.GoModuleFunction, error) {
			if len(imports) > 0 {
				return nil, guest.ErrImport
			}
			return nil, nil
		},
	})
	if err != nil {
		return err
	}
	return h.check()
}

// check refuses a module that is not marked as one of ABI version 1 and of no other, or that has a
// command of another type.
func (h *host) check() error {
	module := h.instance.Module()
	marker := module.ExportedGlobal("plugin_abi_1")
	if marker == nil || marker.Type() != i32 {
		return guest.ErrExport
	}
	if _, mutable := marker.(api.MutableGlobal); mutable {
		return guest.ErrExport
	}
	for name, definition := range module.ExportedFunctionDefinitions() {
		function := guest.Function{Params: definition.ParamTypes(), Results: definition.ResultTypes()}
		isCommand := strings.HasPrefix(name, "command_")
		if strings.HasPrefix(name, "plugin_abi_") || isCommand && !function.Fits(command) {
			return guest.ErrExport
		}
	}
	return nil
}

// call makes a call as docs/abi.md describes it, and reports whether the result is an error.
func (h *host) call(step step) (output []byte, failed bool, err error) {
	ctx, cancel := h.instance.Begin(context.Background())
	defer cancel()
	var params []uint64
	if function, _ := h.instance.Export(step.Export); len(function.Params) == 2 {
		var block guest.Block
		if len(step.Input) > 0 {
			if block, err = h.instance.Put(ctx, allocator, step.Input); err != nil {
				return nil, false, err
			}
		}
		params = []uint64{uint64(block.Address), uint64(len(step.Input))}
	}
	result, err := h.instance.Call(ctx, step.Export, params...)
	if err != nil {
		return nil, false, err
	}
	failed = result&(1<<31) != 0
	length := int(result & (1<<31 - 1))
	decoded := failed || step.Read == "json"
	if decoded && length > h.limits.ResultBytes {
		return nil, false, errBadResult
	}
	if length > 0 {
		output, err = guest.Read(h.instance.Memory(), uint32(result>>32), uint32(length))
	}
	if err != nil || !decoded {
		return output, failed, err
	}
	return output, failed, decode(output, failed)
}

// decode decodes a result or an error.
func decode(output []byte, failed bool) error {
	// The decoder of Go replaces what is not UTF-8.
	if !utf8.Valid(output) {
		return errBadResult
	}
	if !failed {
		var value any
		return json.Unmarshal(output, &value)
	}
	var value struct {
		Code *string `json:"code"`
	}
	if err := json.Unmarshal(output, &value); err != nil {
		return err
	}
	if value.Code == nil {
		return errBadResult
	}
	return nil
}
