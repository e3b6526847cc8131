package guest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// Read copies bytes out of a guest's memory, so that they outlive the next call.
func Read(memory api.Memory, address, length uint32) ([]byte, error) {
	view, ok := memory.Read(address, length)
	if !ok {
		return nil, outside(memory, address, uint64(length))
	}
	return bytes.Clone(view), nil
}

// Write copies bytes into a guest's memory.
func Write(memory api.Memory, address uint32, contents []byte) error {
	if !memory.Write(address, contents) {
		return outside(memory, address, uint64(len(contents)))
	}
	return nil
}

// ReadTerminated copies a text that ends with a zero byte, without that byte. A text of more than
// limit bytes is ErrTooLarge.
func ReadTerminated(memory api.Memory, address, limit uint32) ([]byte, error) {
	size := memory.Size()
	if address >= size {
		return nil, outside(memory, address, 1)
	}
	view, ok := memory.Read(address, min(limit+1, size-address))
	if !ok {
		return nil, outside(memory, address, uint64(limit))
	}
	end := bytes.IndexByte(view, 0)
	if end < 0 {
		return nil, fmt.Errorf("the text at %#x does not end within %d bytes: %w", address, limit, ErrTooLarge)
	}
	return bytes.Clone(view[:end]), nil
}

// Unpack splits a packed result, address in the upper half and length in the lower.
func Unpack(packed uint64) (address, length uint32) {
	return uint32(packed >> 32), uint32(packed)
}

// Pack is the opposite of Unpack.
func Pack(address, length uint32) uint64 {
	return uint64(address)<<32 | uint64(length)
}

func outside(memory api.Memory, address uint32, length uint64) error {
	return fmt.Errorf("%d bytes at %#x of a memory of %d bytes: %w", length, address, memory.Size(), ErrBounds)
}

// An Allocator names the exports by which a guest gives memory to its host.
type Allocator struct {
	// Alloc takes a size and returns an address, 0 if no memory is left.
	Alloc string
	// Free takes an address and, if Sized, the size.
	Free  string
	Sized bool
}

// A Block is memory that the guest has given to its host.
type Block struct {
	Address, Length uint32
}

// Put allocates a block for some bytes and copies them into it. It may be called from a host
// function, with the module that called it.
func (a Allocator) Put(ctx context.Context, module api.Module, contents []byte) (Block, error) {
	block, err := a.Get(ctx, module, uint64(len(contents)))
	if err != nil {
		return Block{}, err
	}
	// The allocation may have grown the memory: only now is it looked at.
	return block, Write(module.Memory(), block.Address, contents)
}

// Get allocates a block, and checks that it is within the memory.
func (a Allocator) Get(ctx context.Context, module api.Module, length uint64) (Block, error) {
	if length > maxLength {
		return Block{}, fmt.Errorf("a block of %d bytes: %w", length, ErrTooLarge)
	}
	address, err := call(ctx, module, a.Alloc, length)
	if err != nil {
		return Block{}, err
	}
	block := Block{Address: api.DecodeU32(address), Length: uint32(length)}
	if block.Address == 0 {
		return Block{}, fmt.Errorf("%s(%d) returned 0: %w", a.Alloc, length, ErrNoMemory)
	}
	if _, ok := module.Memory().Read(block.Address, block.Length); !ok {
		return Block{}, fmt.Errorf("%s: %w", a.Alloc, outside(module.Memory(), block.Address, length))
	}
	return block, nil
}

// Release frees a block.
func (a Allocator) Release(ctx context.Context, module api.Module, block Block) error {
	params := []uint64{uint64(block.Address), uint64(block.Length)}
	if !a.Sized {
		params = params[:1]
	}
	_, err := call(ctx, module, a.Free, params...)
	return err
}

// maxLength is the greatest length that every contract of this SDK can express: 2^31 - 1.
const maxLength = 1<<31 - 1
