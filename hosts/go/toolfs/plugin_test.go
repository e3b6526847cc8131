package toolfs

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"plugin-sdk/hosts/guest"
	"plugin-sdk/hosts/guest/guesttest"
)

// Places of texts in the memory of a plugin by hand.
const (
	nameAt     = 64
	versionAt  = 128
	responseAt = 1024
	freeFrom   = 8192
)

// byHand is a plugin that answers every request with the same response.
func byHand(name, response string) guesttest.Module {
	i32, i64 := guesttest.I32, guesttest.I64
	pair, long := []byte{i32, i32}, []byte{i64}
	return guesttest.Module{
		Pages: 1,
		Data:  map[uint32]string{nameAt: name, versionAt: "1.2.0", responseAt: response},
		Exports: map[string]guesttest.Func{
			"PluginInstance": {Results: []byte{i32}, Code: guesttest.Const32(1)},
			"name":           {Results: long, Code: guesttest.Packed(nameAt, uint32(len(name)))},
			"version":        {Results: long, Code: guesttest.Packed(versionAt, 5)},
			"init":           {Params: pair, Results: long, Code: guesttest.Const64(0)},
			"execute":        {Params: pair, Results: long, Code: guesttest.Packed(responseAt, uint32(len(response)))},
			"alloc":          {Params: []byte{i32}, Results: []byte{i32}, Code: guesttest.Const32(freeFrom)},
			"free":           {Params: pair},
		},
	}
}

const success = `{"success":true,"result":{"answer":18446744073709551615}}`

// with returns a plugin by hand whose export has other code.
func with(export string, code ...[]byte) guesttest.Module {
	module := byHand("by-hand", success)
	function := module.Exports[export]
	function.Code = guesttest.Join(code...)
	module.Exports[export] = function
	return module
}

func load(t *testing.T, wasm []byte, options Options) *Plugin {
	t.Helper()
	plugin, err := Load(context.Background(), wasm, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plugin.Close() })
	return plugin
}

func initialized(t *testing.T, wasm []byte, options Options) *Plugin {
	t.Helper()
	plugin := load(t, wasm, options)
	if err := plugin.Init(nil); err != nil {
		t.Fatal(err)
	}
	return plugin
}

func TestAPluginByHandRuns(t *testing.T) {
	plugin := load(t, byHand("by-hand", success).Bytes(), Options{})
	if plugin.Name() != "by-hand" || plugin.Version() != "1.2.0" {
		t.Errorf("got %q, %q", plugin.Name(), plugin.Version())
	}
	if _, err := plugin.Execute([]byte("{}")); !errors.Is(err, ErrNotInitialized) {
		t.Errorf("got %v", err)
	}
	if err := plugin.Init(map[string]any{"limit": 3}); err != nil {
		t.Fatal(err)
	}
	var result struct{ Answer uint64 }
	if err := plugin.Run(context.Background(), PluginRequest{Operation: "ask"}, &result); err != nil {
		t.Fatal(err)
	}
	if result.Answer != 18446744073709551615 {
		t.Errorf("got %d", result.Answer)
	}
}

func TestPluginsThatBreakTheContractAreRefused(t *testing.T) {
	packed := guesttest.Packed
	missing := byHand("by-hand", success)
	delete(missing.Exports, "execute")
	wasi := byHand("by-hand", success)
	wasi.Imports = []guesttest.Import{{Module: "wasi_snapshot_preview1", Name: "fd_write", Results: []byte{guesttest.I32}}}
	wrong := byHand("by-hand", success)
	wrong.Imports = []guesttest.Import{{Module: "toolfs", Name: "stat", Params: []byte{guesttest.I32}, Results: []byte{guesttest.I64}}}
	for name, test := range map[string]struct {
		module guesttest.Module
		want   error
	}{
		"no execute":                  {missing, guest.ErrExport},
		"a function of WASI":          {wasi, guest.ErrImport},
		"a function of another type":  {wrong, guest.ErrImport},
		"no instance":                 {with("PluginInstance", guesttest.Const32(0)), ErrContract},
		"a strange instance":          {with("PluginInstance", guesttest.Const32(7)), ErrContract},
		"no name":                     {with("name", guesttest.Const64(0)), ErrContract},
		"a name that is too long":     {with("name", packed(nameAt, 10_000)), ErrContract},
		"a name outside the memory":   {with("name", packed(0xffff_fff0, 4)), guest.ErrBounds},
		"a trap in name":              {with("name", guesttest.Trap), guest.ErrTrap},
		"no response":                 {with("execute", guesttest.Const64(0)), ErrContract},
		"a response beyond":           {with("execute", packed(65_530, 100)), guest.ErrBounds},
		"a response of 4 GiB":         {with("execute", guesttest.Const64(0xffff_ffff)), guest.ErrTooLarge},
		"a trap":                      {with("execute", guesttest.Trap), guest.ErrTrap},
		"no memory from alloc":        {with("alloc", guesttest.Const32(0)), guest.ErrNoMemory},
		"an address from alloc":       {with("alloc", guesttest.Const32(0xffff_0000)), guest.ErrBounds},
		"a trap in free":              {with("free", guesttest.Trap), guest.ErrTrap},
		"init that returns a success": {with("init", packed(responseAt, uint32(len(success)))), ErrContract},
	} {
		t.Run(name, func(t *testing.T) {
			plugin, err := Load(context.Background(), test.module.Bytes(), Options{})
			if err == nil {
				defer func() { _ = plugin.Close() }()
				err = plugin.Init(nil)
			}
			if err == nil {
				_, err = plugin.Execute([]byte(`{"operation":"ask"}`))
			}
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestResponsesThatToolFSWouldMisreadAreRefused(t *testing.T) {
	for _, response := range []string{
		"", "[]", "success", `{"result":5}`, `{"success":"yes"}`, `{"success":true,"error":"x"}`,
		`{"success":false}`, `{"success":false,"error":5}`, `{"success":true} {}`,
	} {
		if _, err := ParseResponse([]byte(response)); !errors.Is(err, ErrResponse) {
			t.Errorf("%q: got %v", response, err)
		}
	}
}

func TestAnErrorOfThePluginKeepsItsCode(t *testing.T) {
	for response, want := range map[string]OperationError{
		`{"success":false,"error":"no"}`: {Code: "failed", Message: "no"},
		`{"success":false,"error":"no","metadata":{"code":"not_found","details":[1],"source":["disk"],"took":5}}`: {
			Code: "not_found", Message: "no", Details: json.RawMessage("[1]"), Source: []string{"disk"},
		},
		`{"success":false,"error":"a\u001bb","metadata":{"code":7}}`: {Code: "failed", Message: "a\uFFFDb"},
	} {
		plugin := initialized(t, byHand("by-hand", response).Bytes(), Options{})
		err := plugin.Run(context.Background(), PluginRequest{Operation: "ask"}, new(any))
		var failed *OperationError
		if !errors.As(err, &failed) || failed.Code != want.Code || failed.Message != want.Message ||
			string(failed.Details) != string(want.Details) || !slices.Equal(failed.Source, want.Source) {
			t.Errorf("%s: got %+v", response, err)
		}
	}
}

func TestAnAddressOutsideTheMemoryEndsAHostFunction(t *testing.T) {
	module := with("execute", guesttest.Const32(0xffff_ff00), guesttest.Const32(512), guesttest.Call(0))
	module.Imports = []guesttest.Import{{
		Module: "toolfs", Name: "read_file",
		Params: []byte{guesttest.I32, guesttest.I32}, Results: []byte{guesttest.I64},
	}}
	plugin := initialized(t, module.Bytes(), Options{})
	if _, err := plugin.Execute([]byte("{}")); !errors.Is(err, guest.ErrTrap) || !errors.Is(err, guest.ErrBounds) {
		t.Errorf("got %v", err)
	}
	if _, err := plugin.Execute([]byte("{}")); !errors.Is(err, guest.ErrDead) {
		t.Errorf("got %v", err)
	}
}

func TestNamesAreUniqueInARegistry(t *testing.T) {
	registry := NewPluginRegistry()
	defer func() {
		if err := registry.Close(); err != nil {
			t.Error(err)
		}
	}()
	first := initialized(t, byHand("one", success).Bytes(), Options{})
	if err := registry.Register(first); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"one": ErrDuplicate, "toolfs-rag": ErrReserved, "toolfs-memory": ErrReserved} {
		file := filepath.Join(t.TempDir(), "plugin.wasm")
		if err := os.WriteFile(file, byHand(name, success).Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := registry.Load(context.Background(), file, nil, Options{}); !errors.Is(err, want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got := registry.List(); !slices.Equal(got, []string{"one"}) {
		t.Errorf("got %q", got)
	}
	// The plugin that was there first still answers.
	response, err := registry.ExecutePlugin("one", &PluginRequest{Operation: "ask"})
	if err != nil || !response.Success {
		t.Errorf("got %+v, %v", response, err)
	}
	if err := registry.Unregister("one"); err != nil {
		t.Error(err)
	}
	if _, err := registry.ExecutePlugin("one", &PluginRequest{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := first.Execute(nil); !errors.Is(err, guest.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestCallsFromManyGoroutinesRunOneAfterAnother(t *testing.T) {
	plugin := initialized(t, byHand("by-hand", success).Bytes(), Options{})
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := plugin.Execute([]byte(`{"operation":"ask"}`))
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestRAGIndexesAndSearchesRealFolders(t *testing.T) {
	wasm, path := guesttest.Built(t, "rag-toolfs")
	folder := tree(t, map[string]string{
		"docs/axolotl.md":   "An axolotl lives in lakes, and never grows up.",
		"docs/pets/cats.md": "A cat sleeps all day.\n\nAt night, a cat hunts.",
		"docs/tokyo.txt":    "東京は日本の首都です。",
		"docs/image.png":    "\x89PNG\x00",
		"secret/key.txt":    "the axolotl's secret",
	})
	link(t, "../secret", filepath.Join(folder, "docs", "secret"))
	mounts := mounted(t, "docs", filepath.Join(folder, "docs"), true)
	registry := NewPluginRegistry()
	defer func() { _ = registry.Close() }()
	config := map[string]any{"passage_bytes": 30}
	plugin, err := registry.Load(context.Background(), path, config, Options{Files: mounts})
	if err != nil {
		t.Fatal(err)
	}
	if plugin.Name() != "rag" {
		t.Errorf("got %q", plugin.Name())
	}
	ctx := context.Background()
	var indexed struct {
		Files   int
		Skipped []struct{ Path, Reason string }
	}
	if err := plugin.Run(ctx, PluginRequest{Operation: "index", Path: "/toolfs/docs"}, &indexed); err != nil {
		t.Fatal(err)
	}
	if indexed.Files != 3 || len(indexed.Skipped) != 1 || indexed.Skipped[0].Reason != "not_text" {
		t.Errorf("got %+v", indexed)
	}
	for query, want := range map[string][]string{
		"Where does an axolotl live?": {"docs/axolotl.md"},
		"首都":                          {"docs/tokyo.txt"},
		"secret":                      {},
		"cat":                         {"docs/pets/cats.md", "docs/pets/cats.md"},
	} {
		var found []struct {
			Path string
			Text string
		}
		request := PluginRequest{Operation: "search", Data: map[string]any{"query": query}, Options: map[string]any{"limit": 2}}
		if err := plugin.Run(ctx, request, &found); err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, passage := range found {
			if paths = append(paths, passage.Path); passage.Text == "" {
				t.Errorf("%s: a passage without text", query)
			}
		}
		if query == "Where does an axolotl live?" {
			// The words of the question are in other files as well, and matter less.
			paths = paths[:1]
		}
		if !slices.Equal(paths, want) {
			t.Errorf("%s: got %q", query, paths)
		}
	}
	for path, code := range map[string]string{
		"/toolfs/docs/none.md":        "not_found",
		"/toolfs/secret/key.txt":      "not_found",
		"/toolfs/docs/secret/key.txt": "permission_denied",
		"/toolfs/docs/../secret":      "invalid_argument",
		"/etc/passwd":                 "not_found",
	} {
		err := plugin.Run(ctx, PluginRequest{Operation: "read_file", Path: path}, new(string))
		var failed *OperationError
		if !errors.As(err, &failed) || failed.Code != code {
			t.Errorf("%s: got %v, want %s", path, err, code)
		}
	}
	if _, err := registry.Load(ctx, path, config, Options{Files: mounts}); !errors.Is(err, ErrDuplicate) {
		t.Errorf("got %v", err)
	}
	if err := plugin.Init(map[string]any{"passage_bytes": 3}); err == nil {
		t.Error("a configuration out of bounds was accepted")
	}
	if _, err := Load(ctx, wasm[:len(wasm)/2], Options{}); !errors.Is(err, guest.ErrModule) {
		t.Errorf("half a module: %v", err)
	}
}

func TestPluginsOfTheSDKAreStoppedAndTheirPanicsRead(t *testing.T) {
	wasm, _ := guesttest.Built(t, "conformance-toolfs")
	cache := wazero.NewCompilationCache()
	defer func() { _ = cache.Close(context.Background()) }()
	for operation, test := range map[string]struct {
		data  map[string]any
		want  error
		panic string
	}{
		"spin":    {nil, guest.ErrTimeout, ""},
		"panic":   {map[string]any{"message": "ouch"}, guest.ErrTrap, "ouch"},
		"hoard":   {nil, guest.ErrTrap, ""},
		"descend": {map[string]any{"depth": uint32(1<<32 - 1)}, guest.ErrTrap, ""},
	} {
		t.Run(operation, func(t *testing.T) {
			limits := guest.Limits{MemoryPages: 64, Timeout: time.Second}
			plugin := initialized(t, wasm, Options{Limits: limits, Cache: cache})
			err := plugin.Run(context.Background(), PluginRequest{Operation: operation, Data: test.data}, new(any))
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if plugin.MemoryBytes() > 64<<16 {
				t.Errorf("the memory has %d bytes", plugin.MemoryBytes())
			}
			var trap *guest.Trap
			if errors.As(err, &trap) && test.panic != "" {
				if trap.Panic == nil {
					t.Fatalf("no panic: %v", err)
				}
				if trap.Panic.Message != test.panic || trap.Panic.Line == 0 {
					t.Errorf("got %+v", trap.Panic)
				}
			}
			if _, err := plugin.Execute([]byte(`{"operation":"add","data":{"left":1}}`)); !errors.Is(err, guest.ErrDead) {
				t.Errorf("then %v", err)
			}
		})
	}
}
