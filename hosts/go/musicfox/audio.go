package musicfox

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"plugin-sdk/hosts/guest"
)

// ProcessAudio passes a block of audio to the plugin and returns what the plugin made of it: at
// most twice as many bytes.
//
// It returns ErrNotRunning, a *StatusError, guest.ErrTooLarge for a block beyond the limit,
// ErrContract, guest.ErrTimeout, a *guest.Trap, and guest.ErrDead after one of these two.
func (r *WASMRuntime) ProcessAudio(ctx context.Context, input []byte) ([]byte, error) {
	outputs, err := r.ProcessAudioBatch(ctx, [][]byte{input})
	if err != nil {
		return nil, err
	}
	return outputs[0], nil
}

// A BatchError is the error of one block of a batch. It wraps the block's own error.
type BatchError struct {
	// Index is the place of the block in the batch.
	Index int
	Err   error
}

// Error returns the place and the error.
func (e *BatchError) Error() string {
	return fmt.Sprintf("batch process failed at index %d: %v", e.Index, e.Err)
}

// Unwrap returns the block's own error.
func (e *BatchError) Unwrap() error { return e.Err }

// ProcessAudioBatch passes blocks of audio one after another. All of them are in one piece of the
// plugin's memory, and all outputs in another of twice the size, at the same offsets.
//
// It returns the outputs before the first block that failed, and a *BatchError if there is more
// than one block.
func (r *WASMRuntime) ProcessAudioBatch(ctx context.Context, inputs [][]byte) ([][]byte, error) {
	total := 0
	for _, input := range inputs {
		// The guide adds lengths as int32, whose sum may wrap.
		if total += len(input); total > r.config.limits().InputBytes {
			return nil, fmt.Errorf("more than %d bytes of audio: %w", r.config.limits().InputBytes, guest.ErrTooLarge)
		}
	}
	var outputs [][]byte
	err := r.operation(ctx, func(ctx context.Context) error {
		if err := r.instance.Err(); err != nil {
			return err
		}
		if !r.running {
			return ErrNotRunning
		}
		input, err := r.instance.Get(ctx, r.allocator, uint64(total))
		if err != nil {
			return fmt.Errorf("failed to allocate input memory: %w", err)
		}
		output, err := r.instance.Get(ctx, r.allocator, 2*uint64(total))
		if err != nil {
			return r.freeing(ctx, fmt.Errorf("failed to allocate output memory: %w", err), input)
		}
		outputs, err = r.processBlocks(ctx, inputs, input, output)
		return r.freeing(ctx, err, output, input)
	})
	return outputs, err
}

func (r *WASMRuntime) processBlocks(ctx context.Context, inputs [][]byte, input, output guest.Block) ([][]byte, error) {
	outputs := make([][]byte, 0, len(inputs))
	offset := uint32(0)
	for index, block := range inputs {
		// The guide silently writes nothing if the address is outside the memory.
		err := guest.Write(r.instance.Memory(), input.Address+offset, block)
		var processed []byte
		if err == nil {
			processed, err = r.processBlock(ctx, input.Address+offset, uint32(len(block)), output.Address+offset, output.Length-offset)
		}
		if err != nil {
			if len(inputs) > 1 {
				err = &BatchError{Index: index, Err: err}
			}
			return outputs, err
		}
		outputs = append(outputs, processed)
		offset += uint32(len(block))
	}
	return outputs, nil
}

func (r *WASMRuntime) processBlock(ctx context.Context, input, length, output, room uint32) ([]byte, error) {
	result, err := r.instance.Call(ctx, "process_audio", uint64(input), uint64(length), uint64(output))
	if err != nil {
		return nil, err
	}
	written := api.DecodeI32(result)
	if written < 0 {
		return nil, r.checkStatus("process_audio", written)
	}
	// The guide believes any length, and takes a result that it cannot read for no bytes.
	if uint32(written) > room {
		return nil, fmt.Errorf("%w: process_audio returned %d bytes for an output of %d", ErrContract, written, room)
	}
	return guest.Read(r.instance.Memory(), output, uint32(written))
}
