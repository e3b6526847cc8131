package guest

import "time"

// Limits bound what is done on behalf of a guest. A zero member means its default.
type Limits struct {
	// MemoryPages is the greatest size of the linear memory, in pages of 64 KiB. The default is
	// 1024, which is 64 MiB.
	MemoryPages uint32
	// Timeout is the greatest duration of one operation, from the host's call to its return. The
	// default is 30 seconds. A context with an earlier deadline ends it earlier.
	Timeout time.Duration
	// ModuleBytes is the greatest size of the module. The default is 64 MiB.
	ModuleBytes int
	// InputBytes is the greatest size of an input. The default is 16 MiB.
	InputBytes int
	// OutputBytes is the greatest size of a result. The default is 16 MiB.
	OutputBytes int
}

// WithDefaults returns the limits with defaults for the members that are zero.
func (l Limits) WithDefaults() Limits {
	if l.MemoryPages == 0 {
		l.MemoryPages = 1024
	}
	if l.Timeout == 0 {
		l.Timeout = 30 * time.Second
	}
	if l.ModuleBytes == 0 {
		l.ModuleBytes = 64 << 20
	}
	if l.InputBytes == 0 {
		l.InputBytes = 16 << 20
	}
	if l.OutputBytes == 0 {
		l.OutputBytes = 16 << 20
	}
	return l
}
