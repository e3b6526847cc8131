package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

// riff returns a RIFF file of some chunks, each a name and its content.
func riff(chunks ...string) []byte {
	file := []byte("RIFF\x00\x00\x00\x00WAVE")
	for nth := 0; nth < len(chunks); nth += 2 {
		content := chunks[nth+1]
		file = append(file, chunks[nth]...)
		file = binary.LittleEndian.AppendUint32(file, uint32(len(content)))
		file = append(file, content...)
		if len(content)%2 == 1 {
			file = append(file, 0)
		}
	}
	return file
}

const (
	stereo = "\x01\x00\x02\x00\x44\xac\x00\x00\x10\xb1\x02\x00\x04\x00\x10\x00"
	floats = "\x03\x00\x02\x00\x44\xac\x00\x00\x20\x62\x05\x00\x08\x00\x20\x00"
)

func TestSamplesAreReadFromAnyOrderOfChunks(t *testing.T) {
	sound, err := readWAV(riff("LIST", "odd", "fmt ", stereo, "data", "\x00\x80\xff\x7f\x00\x00"))
	if err != nil {
		t.Fatal(err)
	}
	if sound.channels != 2 || sound.rate != 44_100 {
		t.Errorf("got %+v", sound)
	}
	var want []byte
	for _, sample := range []float32{-1, 32767.0 / 32768, 0} {
		want = binary.LittleEndian.AppendUint32(want, math.Float32bits(sample))
	}
	if !bytes.Equal(sound.samples, want) {
		t.Errorf("got %x", sound.samples)
	}
	if _, err := readWAV(writeWAV(sound, sound.samples)); err == nil {
		t.Error("floating-point samples were read as 16-bit samples")
	}
}

func TestFilesThatAreNoSoundAreRefused(t *testing.T) {
	whole := riff("fmt ", stereo, "data", "\x00\x00")
	for name, file := range map[string][]byte{
		"no bytes":           nil,
		"another file":       []byte("RIFF\x00\x00\x00\x00AVI "),
		"no format":          riff("data", "\x00\x00"),
		"a short format":     riff("fmt ", stereo[:15]),
		"32-bit samples":     riff("fmt ", floats),
		"no channels":        riff("fmt ", "\x01\x00\x00\x00"+stereo[4:]),
		"a chunk cut short":  whole[:len(whole)-1],
		"a chunk of 4 GiB":   append(riff("fmt ", stereo), "data\xff\xff\xff\xff"...),
		"the magic of a WAV": []byte("RIFF"),
	} {
		if sound, err := readWAV(file); err == nil {
			t.Errorf("%s: got %+v", name, sound)
		}
	}
}
