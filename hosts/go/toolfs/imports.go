package toolfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tetratelabs/wazero/api"

	"plugin-sdk/hosts/guest"
)

// importModule is the module of the functions that a plugin imports.
const importModule = "toolfs"

// failedBit marks the bytes that a host function returns as an error.
const failedBit = 1 << 31

// hostFunctions are the functions that a plugin may import, on top of a file system.
type hostFunctions struct {
	files  FileSystem
	limits guest.Limits
}

// A hostFunction takes the texts and bytes that the guest passes, and returns bytes for it. nil
// means nothing.
type hostFunction struct {
	arguments int
	call      func(arguments [][]byte) ([]byte, error)
}

func (h hostFunctions) all() map[string]hostFunction {
	return map[string]hostFunction{
		"read_file": {1, func(arguments [][]byte) ([]byte, error) {
			return h.files.ReadFile(string(arguments[0]))
		}},
		"write_file": {2, func(arguments [][]byte) ([]byte, error) {
			return nil, h.files.WriteFile(string(arguments[0]), arguments[1])
		}},
		"list_dir": {1, func(arguments [][]byte) ([]byte, error) {
			names, err := h.files.ListDir(string(arguments[0]))
			if err != nil {
				return nil, err
			}
			if names == nil {
				names = []string{}
			}
			return json.Marshal(names)
		}},
		"stat": {1, func(arguments [][]byte) ([]byte, error) {
			info, err := h.files.Stat(string(arguments[0]))
			if err != nil {
				return nil, err
			}
			return json.Marshal(info)
		}},
	}
}

// bind resolves imports by name.
func (h hostFunctions) bind(imports []guest.Function) ([]api.GoModuleFunction, error) {
	functions := h.all()
	bound := make([]api.GoModuleFunction, len(imports))
	for nth, imported := range imports {
		name := guest.Printable(imported.Module+"."+imported.Name, maxName)
		function, found := functions[imported.Name]
		if !found || imported.Module != importModule {
			return nil, fmt.Errorf("%s: %w", name, guest.ErrImport)
		}
		wanted := guest.Function{Results: []api.ValueType{i64}}
		for range function.arguments {
			wanted.Params = append(wanted.Params, i32, i32)
		}
		if !imported.Fits(wanted) {
			return nil, fmt.Errorf("%s is imported as %s instead of %s: %w", name, imported.Type(), wanted.Type(), guest.ErrImport)
		}
		bound[nth] = h.export(function)
	}
	return bound, nil
}

// export makes a host function callable by a guest. An address outside its memory ends the call.
func (h hostFunctions) export(function hostFunction) api.GoModuleFunction {
	return api.GoModuleFunc(func(ctx context.Context, module api.Module, stack []uint64) {
		arguments := make([][]byte, function.arguments)
		for nth := range arguments {
			address, length := api.DecodeU32(stack[2*nth]), api.DecodeU32(stack[2*nth+1])
			bytes, err := guest.Read(module.Memory(), address, length)
			if err != nil {
				panic(fmt.Errorf("an argument of a host function: %w", err))
			}
			arguments[nth] = bytes
		}
		answer, err := function.call(arguments)
		if err == nil && len(answer) > h.limits.InputBytes {
			err = fmt.Errorf("%d bytes, of at most %d: %w", len(answer), h.limits.InputBytes, guest.ErrTooLarge)
		}
		failed := uint32(0)
		if err != nil {
			answer, failed = encodeError(err), failedBit
		}
		if len(answer) == 0 {
			stack[0] = 0
			return
		}
		// The plugin frees it.
		block, err := allocator.Put(ctx, module, answer)
		if err != nil {
			panic(err)
		}
		stack[0] = guest.Pack(block.Address, block.Length|failed)
	})
}

// encodeError returns an error as the guest reads it.
func encodeError(err error) []byte {
	code := "unavailable"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		code = "not_found"
	case errors.Is(err, fs.ErrPermission):
		code = "permission_denied"
	case errors.Is(err, fs.ErrInvalid), errors.Is(err, fs.ErrExist):
		code = "invalid_argument"
	case errors.Is(err, guest.ErrTooLarge):
		code = "too_large"
	case errors.Is(err, context.DeadlineExceeded):
		code = "timeout"
	}
	encoded, err := json.Marshal(map[string]string{"code": code, "message": err.Error()})
	if err != nil {
		// A map of strings can always be encoded.
		panic(err)
	}
	return encoded
}
