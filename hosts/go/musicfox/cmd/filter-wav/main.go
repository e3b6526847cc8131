// Command filter-wav filters a WAV file with a plugin for go-musicfox:
//
//	filter-wav plugin.wasm in.wav out.wav
//
// It reads 16-bit samples and writes 32-bit floating-point samples, which is what the plugin gets
// and returns.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"plugin-sdk/hosts/musicfox"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: filter-wav plugin.wasm in.wav out.wav")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "filter-wav:", err)
		os.Exit(1)
	}
}

// blockFrames is the number of samples of each channel that the plugin gets at once.
const blockFrames = 1024

func run(ctx context.Context, module, in, out string) error {
	wasm, err := os.ReadFile(filepath.Clean(module))
	if err != nil {
		return err
	}
	file, err := os.ReadFile(filepath.Clean(in))
	if err != nil {
		return err
	}
	sound, err := readWAV(file)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	plugin, err := musicfox.NewWASMRuntime(ctx, wasm, nil)
	if err != nil {
		return err
	}
	filtered, err := filter(ctx, plugin, sound)
	if closed := plugin.Close(ctx); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.WriteFile(out, writeWAV(sound, filtered), 0o600)
}

func filter(ctx context.Context, plugin *musicfox.WASMRuntime, sound *wav) ([]byte, error) {
	config := map[string]any{"channels": sound.channels, "sample_rate": sound.rate}
	if err := plugin.Initialize(ctx, config); err != nil {
		return nil, err
	}
	if err := plugin.Start(ctx); err != nil {
		return nil, err
	}
	var filtered []byte
	step := 4 * blockFrames * int(sound.channels)
	for samples := sound.samples; len(samples) > 0; {
		block := samples[:min(step, len(samples))]
		samples = samples[len(block):]
		output, err := plugin.ProcessAudio(ctx, block)
		if err != nil {
			return nil, err
		}
		filtered = append(filtered, output...)
	}
	return filtered, plugin.Stop(ctx)
}

// A wav is a sound, its samples as 32-bit floating-point numbers.
type wav struct {
	channels uint16
	rate     uint32
	samples  []byte
}

var errWAV = errors.New("not a WAV file with 16-bit samples")

// readWAV reads the chunks of a RIFF file in any order, and leaves out those that it does not know.
func readWAV(file []byte) (*wav, error) {
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return nil, errWAV
	}
	sound := &wav{}
	for rest := file[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		if size > int64(len(rest)-8) {
			return nil, fmt.Errorf("the chunk %q: %w", name, io.ErrUnexpectedEOF)
		}
		chunk := rest[8 : 8+size]
		// A chunk of odd size is followed by one byte.
		rest = rest[min(int64(len(rest)), 8+size+size%2):]
		switch name {
		case "fmt ":
			if size < 16 || binary.LittleEndian.Uint16(chunk) != 1 || binary.LittleEndian.Uint16(chunk[14:]) != 16 {
				return nil, errWAV
			}
			sound.channels = binary.LittleEndian.Uint16(chunk[2:])
			sound.rate = binary.LittleEndian.Uint32(chunk[4:])
		case "data":
			for ; len(chunk) >= 2; chunk = chunk[2:] {
				sample := float32(int16(binary.LittleEndian.Uint16(chunk))) / 32768
				sound.samples = binary.LittleEndian.AppendUint32(sound.samples, math.Float32bits(sample))
			}
		}
	}
	if sound.channels == 0 || sound.rate == 0 {
		return nil, errWAV
	}
	return sound, nil
}

// writeWAV returns a file with 32-bit floating-point samples.
func writeWAV(sound *wav, samples []byte) []byte {
	const floatingPoint, sampleBytes = 3, 4
	frame := sampleBytes * sound.channels
	file := []byte("RIFF")
	file = binary.LittleEndian.AppendUint32(file, uint32(36+len(samples)))
	file = append(file, "WAVEfmt "...)
	file = binary.LittleEndian.AppendUint32(file, 16)
	file = binary.LittleEndian.AppendUint16(file, floatingPoint)
	file = binary.LittleEndian.AppendUint16(file, sound.channels)
	file = binary.LittleEndian.AppendUint32(file, sound.rate)
	file = binary.LittleEndian.AppendUint32(file, sound.rate*uint32(frame))
	file = binary.LittleEndian.AppendUint16(file, frame)
	file = binary.LittleEndian.AppendUint16(file, 8*sampleBytes)
	file = append(file, "data"...)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(samples)))
	return append(file, samples...)
}
