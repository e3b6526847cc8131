// A plugin in Go that greets people and counts them. It follows docs/abi.md.
package main

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"strings"
	"unsafe"
)

// The host's functions. A string is passed as its address and length.

//go:wasmimport plugin_host log_max_level
func logMaxLevel() uint32

//go:wasmimport plugin_host log_write
func logWrite(level uint32, target, message string)

//go:wasmimport plugin_host kv_get
func kvGet(key string) uint64

//go:wasmimport plugin_host kv_set
func kvSet(key, value string) uint64

const (
	failed    = 1 << 31
	maxLen    = 1<<31 - 1
	alignment = 16
	info      = 3
)

// Memory: free must know what alloc returned, and the garbage collector must keep it.

var blocks = map[uint32][]byte{}

func address(bytes []byte) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes))))
}

// wasi.wat exports go_alloc as alloc.
//
//go:wasmexport go_alloc
func alloc(size uint32) uint32 {
	if size > maxLen-alignment {
		return 0
	}
	block := make([]byte, size+alignment)
	aligned := (address(block) + alignment - 1) &^ (alignment - 1)
	blocks[aligned] = block
	return aligned
}

// Results are slices, which the garbage collector frees.
//
//go:wasmexport free
func free(address, size uint32) {
	delete(blocks, address)
}

// Calls

// True during a call: the host must not make another call then.
var busy bool

// The results of the last two calls; before may be the arguments of the later one.
var result, before []byte

var refused = []byte(`{"code":"busy","message":"the plugin is in the middle of a call"}`)

func packed(bytes []byte) uint64 {
	return uint64(address(bytes))<<32 | uint64(len(bytes))
}

// An Error is an error of the ABI, returned to the host.
type Error struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details,omitempty"`
}

// An error of the host, which is passed on unchanged.
type hostError jsontext.Value

func (e Error) Error() string     { return e.Message }
func (e hostError) Error() string { return string(e) }

// Serves a call, and returns its result or its error, packed.
func serve(call func() (any, error)) uint64 {
	if busy {
		return packed(refused) | failed
	}
	busy = true
	defer func() { busy = false }()
	if level < 0 {
		level = int(logMaxLevel())
	}
	value, err := call()
	flag := uint64(0)
	if err != nil {
		flag = failed
		value = err
		if host, ok := err.(hostError); ok {
			value = jsontext.Value(host)
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	before, result = result, text
	return packed(result) | flag
}

// Returns the bytes at an address that the host chose.
func memory(address, len uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(address))), len)
}

// Takes the host's bytes out of a block from alloc. Returns nil if there are none.
func taken(bits uint64) ([]byte, error) {
	if bits == 0 {
		return nil, nil
	}
	at := uint32(bits >> 32)
	text := bytes.Clone(memory(at, uint32(bits&maxLen)))
	delete(blocks, at)
	if bits&failed != 0 {
		return nil, hostError(text)
	}
	return text, nil
}

// Reads the members of an object; names are the known ones.
func read(address, len uint32, into any, unknown string, names ...string) error {
	text := jsontext.Value("{}")
	if len > 0 {
		text = memory(address, len)
	}
	if text.Kind() != '{' {
		return Error{"invalid_json", "the arguments are not a JSON object", map[string]any{"offset": 0}}
	}
	err := json.Unmarshal(text, into, json.RejectUnknownMembers(true))
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return Error{"invalid_json", "the arguments are not a JSON object", map[string]any{"offset": syntactic.ByteOffset}}
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		path := semantic.JSONPointer.LastToken()
		if errors.Is(err, json.ErrUnknownName) {
			member := "argument"
			if unknown == "invalid_argument" {
				member = "path"
			}
			return Error{unknown, "nothing here has this name", map[string]any{member: path, "expected": names}}
		}
		return Error{"invalid_argument", "it must be " + semantic.GoType.String(), map[string]any{"path": path, "expected": semantic.GoType.String()}}
	}
	return err
}

func missing(argument string) error {
	return Error{"missing_argument", "an argument is missing", map[string]any{"argument": argument}}
}

// The plugin

// The options that a host can set.
type Config struct {
	Greeting string `json:"greeting"`
}

var (
	config  = Config{"Hello"}
	greeted uint64
	// The most detailed log level that the host wants; -1 before the plugin has asked.
	level = -1
)

//go:wasmexport plugin_init
func initialise(address, len uint32) uint64 {
	return serve(func() (any, error) {
		chosen := Config{"Hello"}
		if err := read(address, len, &chosen, "invalid_argument", "greeting"); err != nil {
			return nil, err
		}
		if chosen.Greeting == "" {
			return nil, Error{"init_failed", "the greeting must not be empty", nil}
		}
		config, greeted, level = chosen, 0, int(logMaxLevel())
		return nil, nil
	})
}

//go:wasmexport plugin_cleanup
func cleanup() {
	if !busy {
		config, greeted, level = Config{"Hello"}, 0, -1
	}
}

// Greeting is the answer to a greeted person.
type Greeting struct {
	Message string `json:"message"`
	Greeted uint64 `json:"greeted"`
}

//go:wasmexport command_greet
func greet(address, len uint32) uint64 {
	return serve(func() (any, error) {
		arguments := struct {
			Name  *string `json:"name"`
			Times uint8   `json:"times"`
		}{Times: 1}
		if err := read(address, len, &arguments, "unknown_argument", "name", "times"); err != nil {
			return nil, err
		}
		if arguments.Name == nil {
			return nil, missing("name")
		}
		if *arguments.Name == "" {
			return nil, Error{"name_empty", "a name is needed to greet somebody", nil}
		}
		if level >= info {
			logWrite(info, "greeter", "greeting "+*arguments.Name)
		}
		line := config.Greeting + ", " + *arguments.Name + "!\n"
		greeted++
		return Greeting{strings.TrimSuffix(strings.Repeat(line, int(arguments.Times)), "\n"), greeted}, nil
	})
}

//go:wasmexport command_greeted
func howMany(address, len uint32) uint64 {
	return serve(func() (any, error) {
		return greeted, read(address, len, &struct{}{}, "unknown_argument")
	})
}

// A raw command that works in place: its result is its arguments.
//
//go:wasmexport command_halve
func halve(address, len uint32) uint64 {
	if busy || len%4 != 0 || len > 0 && address%4 != 0 {
		return serve(func() (any, error) {
			return nil, Error{"invalid_argument", "the bytes are not whole, aligned 32-bit floats", nil}
		})
	}
	numbers := unsafe.Slice((*float32)(unsafe.Pointer(uintptr(address))), len/4)
	for nth := range numbers {
		numbers[nth] /= 2
	}
	return uint64(address)<<32 | uint64(len)
}

//go:wasmexport command_remember
func remember(address, len uint32) uint64 {
	return serve(func() (any, error) {
		var arguments struct {
			Name *string `json:"name"`
		}
		if err := read(address, len, &arguments, "unknown_argument", "name"); err != nil {
			return nil, err
		}
		if arguments.Name == nil {
			return nil, missing("name")
		}
		_, err := taken(kvSet("last", *arguments.Name))
		return nil, err
	})
}

//go:wasmexport command_last
func last(address, len uint32) uint64 {
	return serve(func() (any, error) {
		if err := read(address, len, &struct{}{}, "unknown_argument"); err != nil {
			return nil, err
		}
		name, err := taken(kvGet("last"))
		if name == nil {
			return nil, err
		}
		return string(name), nil
	})
}

//go:wasmexport command_panic
func fail(address, len uint32) uint64 {
	return serve(func() (any, error) {
		var arguments struct {
			Message string `json:"message"`
		}
		if err := read(address, len, &arguments, "unknown_argument", "message"); err != nil {
			return nil, err
		}
		panic(arguments.Message) // the line of the panic
	})
}

func main() {}
