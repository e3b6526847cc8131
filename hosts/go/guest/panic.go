package guest

import (
	"encoding/binary"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// PanicGlobal is the exported global whose value is the address of the panic record.
const PanicGlobal = "plugin_panic_1"

const (
	panicRecordBytes  = 24
	panicMessageBytes = 1024
	panicFileBytes    = 1024
)

// A Panic is what the guest recorded of its panic before it trapped.
type Panic struct {
	Message string `json:"message"`
	// File is empty if the guest does not know its source.
	File string `json:"file"`
	// Line and Column count from 1; they are 0 if they are not known.
	Line   uint32 `json:"line"`
	Column uint32 `json:"column"`
}

// String returns the message and the place.
func (p *Panic) String() string {
	if p.File == "" {
		return fmt.Sprintf("the plugin panicked: %s", p.Message)
	}
	return fmt.Sprintf("the plugin panicked at %s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// readPanic reads the panic record straight from memory, without running the guest's code. It
// returns nil if there is no record, or none that could be true.
func readPanic(module api.Module) *Panic {
	global := module.ExportedGlobal(PanicGlobal)
	memory := module.Memory()
	if global == nil || global.Type() != api.ValueTypeI32 || memory == nil {
		return nil
	}
	record, ok := memory.Read(api.DecodeU32(global.Get()), panicRecordBytes)
	if !ok {
		return nil
	}
	var numbers [panicRecordBytes / 4]uint32
	empty := true
	for nth := range numbers {
		numbers[nth] = binary.LittleEndian.Uint32(record[4*nth:])
		empty = empty && numbers[nth] == 0
	}
	if empty {
		return nil
	}
	text := func(address, length uint32, limit int) string {
		// One byte more than the limit shows that the text was longer.
		bytes, ok := memory.Read(address, min(length, uint32(limit)+1))
		if !ok {
			return ""
		}
		return Printable(string(bytes), limit)
	}
	return &Panic{
		Message: text(numbers[0], numbers[1], panicMessageBytes),
		File:    text(numbers[2], numbers[3], panicFileBytes),
		Line:    numbers[4],
		Column:  numbers[5],
	}
}
