package musicfox

import (
	"context"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"plugin-sdk/hosts/guest"
)

// A hostFunction is a function that a plugin imports.
type hostFunction struct {
	guest.Function
	call func(ctx context.Context, caller caller, stack []uint64)
}

// A caller is the plugin that calls a host function.
type caller struct {
	module    api.Module
	allocator guest.Allocator
}

// text reads an argument of two numbers. The guide adds address and length as int32, whose sum
// wraps, and takes addresses above 2 GiB for negative. What is outside the memory ends the call.
func (c caller) text(address, length uint64) string {
	bytes, err := guest.Read(c.module.Memory(), api.DecodeU32(address), api.DecodeU32(length))
	if err != nil {
		panic(fmt.Errorf("an argument of a host function: %w", err))
	}
	return string(bytes)
}

// block returns bytes to the plugin, in a block from its malloc, which the plugin frees.
//
// The guide takes a view of the memory, calls malloc, and writes through the old view: if malloc
// has grown the memory, Go panics, and the player ends.
func (c caller) block(ctx context.Context, contents string) uint64 {
	block, err := c.allocator.Put(ctx, c.module, []byte(contents))
	if err != nil {
		panic(err)
	}
	return uint64(block.Address)
}

// function is a host function of `env` with parameters of type i32.
func function(name string, params int, results int, call func(context.Context, caller, []uint64)) hostFunction {
	types := make([]api.ValueType, max(params, results))
	for nth := range types {
		types[nth] = i32
	}
	return hostFunction{
		Function: guest.Function{Module: "env", Name: name, Params: types[:params], Results: types[:results]},
		call:     call,
	}
}

// positional are the three functions that the guide passes to every plugin, in its order.
func (r *WASMRuntime) positional() []hostFunction {
	return []hostFunction{
		function("host_log", 3, 0, func(_ context.Context, c caller, stack []uint64) {
			if message := c.text(stack[1], stack[2]); message != "" {
				r.log(api.DecodeI32(stack[0]), message)
			}
		}),
		function("host_get_config", 2, 1, func(ctx context.Context, c caller, stack []uint64) {
			value := r.host.GetConfig(c.text(stack[0], stack[1]))
			stack[0] = 0
			// An empty setting and a missing one are the same, as in the guide.
			if value != "" {
				stack[0] = c.block(ctx, value)
			}
		}),
		function("host_emit_event", 4, 0, func(_ context.Context, c caller, stack []uint64) {
			kind, data := c.text(stack[0], stack[1]), c.text(stack[2], stack[3])
			if kind != "" && data != "" {
				r.emit(kind, data)
			}
		}),
	}
}

// further are the functions of the guide's HostInterface that its host passes to no plugin.
func (r *WASMRuntime) further() []hostFunction {
	return []hostFunction{
		function("host_set_config", 4, 0, func(_ context.Context, c caller, stack []uint64) {
			if err := r.host.SetConfig(c.text(stack[0], stack[1]), c.text(stack[2], stack[3])); err != nil {
				r.host.Log(levelWarn, err.Error())
			}
		}),
		function("host_http_request", 7, 1, func(ctx context.Context, c caller, stack []uint64) {
			method, url, body := c.text(stack[0], stack[1]), c.text(stack[2], stack[3]), c.text(stack[4], stack[5])
			status, answer := r.host.httpRequest(ctx, method, url, body)
			at := api.DecodeU32(stack[6])
			stack[0] = c.block(ctx, answer)
			// After the block, for which the memory may have grown.
			if !c.module.Memory().WriteUint32Le(at, uint32(status)) {
				panic(fmt.Errorf("the status of host_http_request at %#x: %w", at, guest.ErrBounds))
			}
		}),
		function("host_read_file", 2, 1, func(ctx context.Context, c caller, stack []uint64) {
			contents, err := r.host.ReadFile(c.text(stack[0], stack[1]))
			stack[0] = 0
			if err == nil {
				stack[0] = c.block(ctx, string(contents))
			}
		}),
		function("host_write_file", 4, 1, func(_ context.Context, c caller, stack []uint64) {
			err := r.host.WriteFile(c.text(stack[0], stack[1]), []byte(c.text(stack[2], stack[3])))
			stack[0] = api.EncodeI32(statusOf(err))
		}),
		function("host_subscribe_event", 2, 1, func(_ context.Context, c caller, stack []uint64) {
			stack[0] = api.EncodeI32(statusOf(r.host.subscribePlugin(c.text(stack[0], stack[1]))))
		}),
	}
}

// statusOf returns the number by which the guide reports an error to a plugin.
func statusOf(err error) int32 {
	if err != nil {
		return -1
	}
	return 0
}

// bind links imports by position, as the guide's host does: it passes its functions as a list, so
// that the first import is host_log, whatever it is called. A plugin that imports fewer, or in
// another order, is refused there with an error about types, and here with their names.
//
// With Further, functions are found by name.
func (r *WASMRuntime) bind(imports []guest.Function) ([]api.GoModuleFunction, error) {
	if r.config.Further {
		return r.bindByName(imports)
	}
	functions := r.positional()
	bound := make([]api.GoModuleFunction, len(functions))
	fits := len(imports) == len(functions)
	for nth, function := range functions {
		fits = fits && imports[nth].Fits(function.Function)
		bound[nth] = r.export(function)
	}
	if !fits {
		return nil, fmt.Errorf("the plugin imports %s, and the host passes %s, in this order: %w",
			names(imports), names(functionsOf(functions)), guest.ErrImport)
	}
	return bound, nil
}

func (r *WASMRuntime) bindByName(imports []guest.Function) ([]api.GoModuleFunction, error) {
	functions := append(r.positional(), r.further()...)
	bound := make([]api.GoModuleFunction, len(imports))
	for nth, imported := range imports {
		for _, function := range functions {
			if imported.Module == function.Module && imported.Name == function.Name && imported.Fits(function.Function) {
				bound[nth] = r.export(function)
			}
		}
		if bound[nth] == nil {
			name := guest.Printable(imported.Module+"."+imported.Name, maxShown)
			return nil, fmt.Errorf("%s %s, of %s: %w", name, imported.Type(), names(functionsOf(functions)), guest.ErrImport)
		}
	}
	return bound, nil
}

func (r *WASMRuntime) export(function hostFunction) api.GoModuleFunction {
	return api.GoModuleFunc(func(ctx context.Context, module api.Module, stack []uint64) {
		function.call(ctx, caller{module: module, allocator: r.allocator}, stack)
	})
}

func functionsOf(all []hostFunction) []guest.Function {
	functions := make([]guest.Function, len(all))
	for nth, function := range all {
		functions[nth] = function.Function
	}
	return functions
}

// names lists functions for an error.
func names(functions []guest.Function) string {
	if len(functions) == 0 {
		return "nothing"
	}
	all := make([]string, len(functions))
	for nth, function := range functions {
		all[nth] = function.Name + " " + function.Type()
	}
	return guest.Printable(strings.Join(all, ", "), 5*maxShown)
}
