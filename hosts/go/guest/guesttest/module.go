// Package guesttest writes small WebAssembly modules for tests of hosts: plugins by hand, whose
// exports return chosen numbers, and which break rules that a compiler keeps.
package guesttest

import (
	"encoding/binary"
	"maps"
	"slices"
)

// The types of parameters and results.
const (
	I32 = byte(0x7f)
	I64 = byte(0x7e)
)

// A Func is an exported function.
type Func struct {
	Params, Results []byte
	// Code is the body, without its final `end`.
	Code []byte
}

// A Module is a module to be written.
type Module struct {
	// Imports come first in the module, in this order.
	Imports []Import
	// Exports are the exported functions by name.
	Exports map[string]Func
	// Pages is the size of the memory, which is exported as memory.
	Pages uint64
	// Data is put into the memory, by its address.
	Data map[uint32]string
	// Globals are exported constants of type i32.
	Globals map[string]uint32
}

// An Import is a function that the module imports.
type Import struct {
	Module, Name    string
	Params, Results []byte
}

// Bytes returns the module in WebAssembly's binary format.
func (m Module) Bytes() []byte {
	var types, imports, functions, exports, code, data, globals [][]byte
	signature := func(params, results []byte) []byte {
		types = append(types, join([]byte{0x60}, vector(params), vector(results)))
		return number(uint64(len(types) - 1))
	}
	for _, imported := range m.Imports {
		index := signature(imported.Params, imported.Results)
		imports = append(imports, join(text(imported.Module), text(imported.Name), []byte{0}, index))
	}
	exports = append(exports, join(text("memory"), []byte{2, 0}))
	for nth, name := range slices.Sorted(maps.Keys(m.Globals)) {
		globals = append(globals, join([]byte{I32, 0}, Const32(m.Globals[name]), []byte{0x0b}))
		exports = append(exports, join(text(name), []byte{3}, number(uint64(nth))))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Exports)) {
		exported := m.Exports[name]
		index := number(uint64(len(m.Imports) + len(functions)))
		functions = append(functions, signature(exported.Params, exported.Results))
		exports = append(exports, join(text(name), []byte{0}, index))
		body := join([]byte{0}, exported.Code, []byte{0x0b})
		code = append(code, join(number(uint64(len(body))), body))
	}
	for _, address := range slices.Sorted(maps.Keys(m.Data)) {
		data = append(data, join([]byte{0}, Const32(address), []byte{0x0b}, text(m.Data[address])))
	}
	memory := [][]byte{join([]byte{0}, number(m.Pages))}
	return join([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, types), section(2, imports), section(3, functions), section(5, memory),
		section(6, globals), section(7, exports), section(10, code), section(11, data))
}

// Const32 is the code that pushes a number.
func Const32(value uint32) []byte { return append([]byte{0x41}, signed(int64(int32(value)))...) }

// Const64 is the code that pushes a number.
func Const64(value uint64) []byte { return append([]byte{0x42}, signed(int64(value))...) }

// Packed is the code that pushes an address and a length as one number.
func Packed(address, length uint32) []byte {
	return Const64(uint64(address)<<32 | uint64(length))
}

// Call is the code that calls a function by its index: imports come first, then exports in
// alphabetical order.
func Call(index uint64) []byte { return append([]byte{0x10}, number(index)...) }

// Local is the code that pushes a parameter.
func Local(index uint64) []byte { return append([]byte{0x20}, number(index)...) }

var (
	// Trap is the code of a trap.
	Trap = []byte{0x00}
	// Forever is the code of a loop without an end.
	Forever = []byte{0x03, 0x40, 0x0c, 0x00, 0x0b}
	// Drop is the code that drops a value.
	Drop = []byte{0x1a}
	// Grow is the code that grows the memory by a number of pages.
	Grow = []byte{0x40, 0x00}
)

// U32s returns numbers as they are in memory.
func U32s(values ...uint32) string {
	var bytes []byte
	for _, value := range values {
		bytes = binary.LittleEndian.AppendUint32(bytes, value)
	}
	return string(bytes)
}

// Join joins pieces of code.
func Join(parts ...[]byte) []byte { return join(parts...) }

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

func section(id byte, items [][]byte) []byte {
	if len(items) == 0 {
		return nil
	}
	content := join(number(uint64(len(items))), join(items...))
	return join([]byte{id}, number(uint64(len(content))), content)
}

func vector(bytes []byte) []byte { return join(number(uint64(len(bytes))), bytes) }

func text(text string) []byte { return vector([]byte(text)) }

func number(value uint64) []byte { return binary.AppendUvarint(nil, value) }

// signed is LEB128 with a sign.
func signed(value int64) []byte {
	var bytes []byte
	for {
		low := byte(value & 0x7f)
		value >>= 7
		if value == 0 && low&0x40 == 0 || value == -1 && low&0x40 != 0 {
			return append(bytes, low)
		}
		bytes = append(bytes, low|0x80)
	}
}
