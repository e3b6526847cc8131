package guest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/api"

	"plugin-sdk/hosts/guest"
	"plugin-sdk/hosts/guest/guesttest"
)

var (
	i32  = guesttest.I32
	i64  = guesttest.I64
	join = guesttest.Join
)

// function is an export that returns a number, after some code.
func function(code ...[]byte) guesttest.Func {
	return guesttest.Func{Results: []byte{i32}, Code: join(code...)}
}

var allocator = guest.Allocator{Alloc: "alloc", Free: "free", Sized: true}

// module is a guest with an allocator that returns an address, and an export `run`.
func module(address uint32, run ...[]byte) guesttest.Module {
	return guesttest.Module{
		Pages: 1,
		Exports: map[string]guesttest.Func{
			"alloc": {Params: []byte{i32}, Results: []byte{i32}, Code: guesttest.Const32(address)},
			"free":  {Params: []byte{i32, i32}},
			"run":   function(run...),
		},
	}
}

func load(t *testing.T, module guesttest.Module, limits guest.Limits) *guest.Instance {
	t.Helper()
	instance, err := guest.New(context.Background(), module.Bytes(), guest.Options{
		Limits:  limits,
		Exports: []guest.Function{{Name: "run", Results: []api.ValueType{api.ValueTypeI32}}},
		Bind:    none,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = instance.Close(context.Background()) })
	return instance
}

func none(imports []guest.Function) ([]api.GoModuleFunction, error) {
	if len(imports) > 0 {
		return nil, fmt.Errorf("%s: %w", imports[0].Name, guest.ErrImport)
	}
	return nil, nil
}

func run(instance *guest.Instance) (uint64, error) {
	ctx, cancel := instance.Begin(context.Background())
	defer cancel()
	return instance.Call(ctx, "run")
}

func TestModulesThatCannotBeLoadedAreRefused(t *testing.T) {
	whole := module(8, guesttest.Const32(1)).Bytes()
	other := module(8, guesttest.Const32(1))
	other.Exports["run"] = guesttest.Func{Results: []byte{i64}, Code: guesttest.Const64(1)}
	missing := module(8, guesttest.Const32(1))
	delete(missing.Exports, "run")
	importing := module(8, guesttest.Const32(1))
	importing.Imports = []guesttest.Import{{Module: "env", Name: "exit", Params: []byte{i32}}}
	large := module(8, guesttest.Const32(1))
	large.Pages = 11
	for name, test := range map[string]struct {
		wasm   []byte
		limits guest.Limits
		want   error
	}{
		"no bytes":             {nil, guest.Limits{}, guest.ErrModule},
		"no module":            {[]byte("#!/bin/sh"), guest.Limits{}, guest.ErrModule},
		"a module cut short":   {whole[:len(whole)-3], guest.Limits{}, guest.ErrModule},
		"too many bytes":       {whole, guest.Limits{ModuleBytes: len(whole) - 1}, guest.ErrTooLarge},
		"too much memory":      {large.Bytes(), guest.Limits{MemoryPages: 10}, guest.ErrModule},
		"no export":            {missing.Bytes(), guest.Limits{}, guest.ErrExport},
		"an export's type":     {other.Bytes(), guest.Limits{}, guest.ErrExport},
		"no memory":            {[]byte("\x00asm\x01\x00\x00\x00"), guest.Limits{}, guest.ErrExport},
		"an unknown import":    {importing.Bytes(), guest.Limits{}, guest.ErrImport},
		"the largest accepted": {whole, guest.Limits{ModuleBytes: len(whole), MemoryPages: 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			instance, err := guest.New(context.Background(), test.wasm, guest.Options{
				Limits:  test.limits,
				Exports: []guest.Function{{Name: "run", Results: []api.ValueType{api.ValueTypeI32}}},
				Bind:    none,
			})
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if instance != nil {
				_ = instance.Close(context.Background())
			}
		})
	}
}

func TestATrapEndsTheInstance(t *testing.T) {
	instance := load(t, module(8, guesttest.Trap), guest.Limits{})
	_, err := run(instance)
	var trap *guest.Trap
	if !errors.As(err, &trap) || trap.Panic != nil || !errors.Is(err, guest.ErrTrap) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "unreachable") {
		t.Errorf("the message is %q", err)
	}
	if _, err := run(instance); !errors.Is(err, guest.ErrDead) {
		t.Errorf("then %v", err)
	}
}

func TestAPanicIsReadFromItsRecord(t *testing.T) {
	for name, test := range map[string]struct {
		record, text string
		address      uint32
		want         *guest.Panic
	}{
		"whole":              {guesttest.U32s(200, 4, 204, 6, 7, 8), "ouchlib.rs", 100, &guest.Panic{Message: "ouch", File: "lib.rs", Line: 7, Column: 8}},
		"no place":           {guesttest.U32s(200, 4, 0, 0, 0, 0), "ouch", 100, &guest.Panic{Message: "ouch"}},
		"control characters": {guesttest.U32s(200, 4, 0, 0, 0, 0), "a\x1b[2", 100, &guest.Panic{Message: "a\uFFFD[2"}},
		"no panic":           {guesttest.U32s(0, 0, 0, 0, 0, 0), "", 100, nil},
		"outside the memory": {guesttest.U32s(0xffff_fff0, 4, 0, 0, 1, 0), "", 100, &guest.Panic{Line: 1}},
		"a record outside":   {guesttest.U32s(1, 1, 1, 1, 1, 1), "", 65_535, nil},
	} {
		t.Run(name, func(t *testing.T) {
			panicking := module(8, guesttest.Trap)
			panicking.Data = map[uint32]string{100: test.record, 200: test.text}
			panicking.Globals = map[string]uint32{guest.PanicGlobal: test.address}
			_, err := run(load(t, panicking, guest.Limits{}))
			var trap *guest.Trap
			if !errors.As(err, &trap) {
				t.Fatalf("got %v", err)
			}
			if (trap.Panic == nil) != (test.want == nil) || trap.Panic != nil && *trap.Panic != *test.want {
				t.Errorf("got %v, want %v", trap.Panic, test.want)
			}
		})
	}
}

func TestALongPanicIsCut(t *testing.T) {
	long := module(8, guesttest.Trap)
	long.Data = map[uint32]string{100: guesttest.U32s(200, 0xffff_ff00, 0, 0, 0, 0), 200: strings.Repeat("ä", 1000)}
	long.Data[100] = guesttest.U32s(200, 2000, 0, 0, 0, 0)
	long.Globals = map[string]uint32{guest.PanicGlobal: 100}
	_, err := run(load(t, long, guest.Limits{}))
	var trap *guest.Trap
	if !errors.As(err, &trap) || trap.Panic == nil {
		t.Fatalf("got %v", err)
	}
	if want := strings.Repeat("ä", 512) + "…"; trap.Panic.Message != want {
		t.Errorf("got %d bytes", len(trap.Panic.Message))
	}
}

func TestACallEndsAtItsDeadline(t *testing.T) {
	forever := module(8, guesttest.Forever, guesttest.Const32(1))
	instance := load(t, forever, guest.Limits{Timeout: 20 * time.Millisecond})
	start := time.Now()
	if _, err := run(instance); !errors.Is(err, guest.ErrTimeout) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if _, err := run(instance); !errors.Is(err, guest.ErrDead) {
		t.Errorf("then %v", err)
	}
	// The caller's own context ends a call as well.
	instance = load(t, forever, guest.Limits{})
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := instance.Call(ctx, "run"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestMemoryStopsGrowingAtItsLimit(t *testing.T) {
	for pages, want := range map[uint32]uint64{9: 1, 10: 0xffff_ffff} {
		growing := module(8, guesttest.Const32(pages), guesttest.Grow)
		instance := load(t, growing, guest.Limits{MemoryPages: 10})
		got, err := run(instance)
		if err != nil || uint64(uint32(got)) != want {
			t.Errorf("%d more pages: %d, %v", pages, uint32(got), err)
		}
	}
}

func TestAnAllocatorIsNotTrusted(t *testing.T) {
	for name, test := range map[string]struct {
		address uint32
		input   int
		want    error
	}{
		"an address in the memory":      {65_528, 8, nil},
		"one byte beyond the memory":    {65_528, 9, guest.ErrBounds},
		"an address above 2 GiB":        {0xffff_fff8, 8, guest.ErrBounds},
		"no address":                    {0, 8, guest.ErrNoMemory},
		"more bytes than the limit":     {8, 101, guest.ErrTooLarge},
		"no bytes at the memory's end":  {65_536, 0, nil},
		"no bytes beyond the memory":    {65_537, 0, guest.ErrBounds},
		"no bytes at the address of no": {0, 0, guest.ErrNoMemory},
	} {
		t.Run(name, func(t *testing.T) {
			instance := load(t, module(test.address, guesttest.Const32(1)), guest.Limits{InputBytes: 100})
			_, err := instance.Put(context.Background(), allocator, make([]byte, test.input))
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if _, err := run(instance); err != nil {
				t.Errorf("the instance is gone: %v", err)
			}
		})
	}
}

func TestResultsOutsideTheMemoryAreRefused(t *testing.T) {
	instance := load(t, module(8, guesttest.Const32(1)), guest.Limits{OutputBytes: 100})
	for name, test := range map[string]struct {
		address, length uint32
		want            error
	}{
		"within":          {65_500, 36, nil},
		"beyond":          {65_500, 37, guest.ErrBounds},
		"wrapping":        {0xffff_ffff, 2, guest.ErrBounds},
		"longer than can": {0, 101, guest.ErrTooLarge},
	} {
		if _, err := instance.ReadPacked(guest.Pack(test.address, test.length)); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

func TestATerminatedTextEndsSomewhere(t *testing.T) {
	texts := module(8, guesttest.Const32(1))
	texts.Data = map[uint32]string{0: strings.Repeat("a", 64), 64: "\x00", 65_533: "bcd"}
	memory := load(t, texts, guest.Limits{}).Memory()
	for _, test := range []struct {
		address uint32
		text    string
		want    error
	}{
		{0, strings.Repeat("a", 64), nil},
		{60, "aaaa", nil},
		{64, "", nil},
		{65_533, "", guest.ErrTooLarge},
		{65_536, "", guest.ErrBounds},
		{0xffff_ffff, "", guest.ErrBounds},
	} {
		text, err := guest.ReadTerminated(memory, test.address, 64)
		if string(text) != test.text || !errors.Is(err, test.want) {
			t.Errorf("%#x: got %q, %v", test.address, text, err)
		}
	}
	if _, err := guest.ReadTerminated(memory, 0, 63); !errors.Is(err, guest.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestAClosedInstanceTakesNoCalls(t *testing.T) {
	instance := load(t, module(8, guesttest.Const32(1)), guest.Limits{})
	for range 2 {
		if err := instance.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	if _, err := run(instance); !errors.Is(err, guest.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
